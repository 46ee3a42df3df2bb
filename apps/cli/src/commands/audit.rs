//! `audit`, `export`

use anyhow::Result;
use warproom_client::proto::calls::{AuditPage, Done, From};
use warproom_client::proto::{Body, Record};

use crate::args::{Audit, Export};
use crate::chain;
use crate::names::Purpose;
use crate::out::document;
use crate::session::{PAGE, Session};
use crate::show;

/// `audit`
pub(crate) async fn audit(session: &Session, args: &Audit) -> Result<()> {
    if args.checkpoint {
        let signed = session.client().audit_checkpoint().await?;
        return session.out().give(&signed, show::checkpoint);
    }
    if args.check {
        let checked = session.client().check_audit().await?;
        let size = checked.note.checkpoint().size;
        return session.out().give(&checked.note, |_| {
            format!("{size} records, as the checkpoint says; {} of them concern you", checked.shown)
        });
    }
    if let Some(seq) = args.prove {
        let proved = session.client().prove_audit(seq).await?;
        return session.out().give(&proved.signed, |signed| {
            let (size, note) = (signed.note.checkpoint().size, show::checkpoint(signed));
            format!("#{seq} is among the {size} records that this checkpoint stands for:\n{note}")
        });
    }
    if args.believe.forget {
        session.client().forget_audit();
        return session.out().give(&Done {}, |_| {
            "The history of the audit log is believed as the server shows it next".to_owned()
        });
    }
    list(session, args).await
}

async fn list(session: &Session, args: &Audit) -> Result<()> {
    let people = session.directory(&[]).await;
    let (mut after, mut end) = (args.after, None);
    loop {
        let page = session.patiently(AuditPage { from: From::After(after), limit: PAGE }).await?;
        let Some(last) = page.records.last() else { return Ok(()) };
        chain::check("the audit log", &mut end, &page.records)?;
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
    let export = session.client().export(room.room, args.after, |_, _| {}).await?;
    if session.out() == crate::out::Out::Json {
        return document(&export.json_lines()?);
    }
    let people = session.directory(&[room.room]).await;
    let names = show::Names { people: &people, zone: session.zone() };
    document(&export.text(room.settings.name.as_str(), &names))
}
