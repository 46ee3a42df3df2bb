//! `audit`, `export`

use anyhow::Result;
use warproom_client::proto::calls::{AuditCheckpoint, AuditPage, From, RoomExport};
use warproom_client::proto::{Body, Entry, Label, Record, Seq};

use super::in_room;
use crate::args::{Audit, Export};
use crate::chain;
use crate::names::Purpose;
use crate::session::{PAGE, Session};
use crate::show;

/// `audit`
pub(crate) async fn audit(session: &Session, args: &Audit) -> Result<()> {
    if args.checkpoint {
        let signed = session.call(AuditCheckpoint {}).await?;
        let text = signed.note.to_string();
        return session.out().give(&signed, |_| text.trim_end().to_owned());
    }
    if args.check {
        let checked = session.client().check_audit().await?;
        let size = checked.note.checkpoint().size;
        return session.out().give(&checked.note, |_| {
            format!("{size} records, as the checkpoint says; {} of them concern you", checked.shown)
        });
    }
    list(session, args).await
}

async fn list(session: &Session, args: &Audit) -> Result<()> {
    let people = session.directory(&[]).await;
    let mut after = args.after;
    loop {
        let page = session.patiently(AuditPage { from: From::After(after), limit: PAGE }).await?;
        let Some(last) = page.records.last() else { return Ok(()) };
        chain::check("the audit log", &page.records, page.latest, None)?;
        after = last.seq;
        let shown = |record: &&Record| args.all || matches!(record.body, Body::Shown { .. });
        for record in page.records.iter().filter(shown) {
            session.out().give(record, |record| show::audit(record, &people, session.zone()))?;
        }
        if after >= page.latest.seq {
            return Ok(());
        }
    }
}

/// `export`: everything that may leave the room, between two lines that say under which label.
pub(crate) async fn export(session: &Session, args: &Export) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?;
    let (mut records, mut amendments): (Vec<Record>, Vec<Record>) = (Vec::new(), Vec::new());
    let mut after: Seq = args.after;
    loop {
        let page = session.patiently(RoomExport { room: room.room, after, limit: PAGE }).await?;
        let Some(last) = page.records.last() else { break };
        after = last.seq;
        records.extend(page.records);
        amendments.extend(page.amendments);
        if after >= page.latest.seq {
            break;
        }
    }
    if session.out() == crate::out::Out::Json {
        // Each record carries its label and its place in the chain.
        let mut all = records.iter().chain(&amendments);
        return all.try_for_each(|record| {
            session.out().give(&in_room(room.room, record), |_| String::new())
        });
    }
    let withheld = records.iter().filter(|one| matches!(one.body, Body::Withheld { .. })).count();
    let labels = records.iter().chain(&amendments).filter_map(label);
    let strictest = labels.max().unwrap_or(Label::Clear);
    let people = session.directory(&[room.room]).await;
    let scene = session.scene(&people, room.room);
    session.out().say(&show::chip(strictest))?;
    session.out().say(&show::heading(room.settings.name.as_str()))?;
    for line in show::page(&records, &amendments, |_| Vec::new(), &scene) {
        session.out().say(&line)?;
    }
    session.out().say(&format!(
        "{} records; {withheld} are withheld: TLP:RED leaves no room, and what you may not read leaves none with you",
        records.len()
    ))?;
    session.out().say(&show::chip(strictest))
}

/// The label that a record has now, if it is shown.
fn label(record: &Record) -> Option<Label> {
    let Body::Shown { item, label, .. } = &record.body else { return None };
    let written = || Some(serde_json::from_str::<Entry>(item.get()).ok()?.handling.label);
    label.or_else(written)
}
