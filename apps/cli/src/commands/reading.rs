//! `history`, `thread`, `read`, `seen`: reading what was said, and keeping how far one has read.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use warproom_client::proto::calls::{
    From, HistoryPage, HistoryReferring, MarkRead, Page, RoomSummary, SeenBy,
};
use warproom_client::proto::{Record, RoomId, Seq};

use super::concern::Concern;
use super::in_room;
use crate::args::{History, Read, Seen, Thread};
use crate::chain;
use crate::names::Purpose;
use crate::out::Out;
use crate::session::{PAGE, Session};
use crate::show::{self, Item};

/// `history`
pub(crate) async fn history(session: &Session, args: &History) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?;
    let from = match (args.before, args.after, args.date) {
        (Some(seq), ..) => From::Before(seq),
        (_, Some(seq), _) => From::After(seq),
        (.., Some(date)) => From::Time(midnight(date, session.zone())?),
        _ => From::Latest,
    };
    let found = read(session, &room, from, args.limit.into()).await?;
    print(session, room.room, &found).await
}

/// `thread`
pub(crate) async fn thread(session: &Session, args: &Thread) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?.room;
    let from = From::After(args.of.saturating_sub(1));
    let first = session.call(HistoryPage { room, from, limit: 1 }).await?;
    let mut found = Span { records: first.records, amendments: first.amendments };
    let mut after = 0;
    loop {
        let call = HistoryReferring { room, to: args.of, after, limit: PAGE };
        let page = session.call(call).await?;
        let Some(last) = page.records.last() else { break };
        after = last.seq;
        found.records.extend(page.records);
        found.amendments.extend(page.amendments);
    }
    print(session, room, &found).await
}

/// `read`
pub(crate) async fn mark(session: &Session, args: &Read) -> Result<()> {
    let room = session.room(&args.room, Purpose::Writing).await?;
    let seq = args.seq.unwrap_or(room.latest.seq);
    let done = session.call(MarkRead { room: room.room, seq }).await?;
    session.out().give(&done, |_| format!("Read up to #{seq} of {}", room.settings.name))
}

/// `seen`
pub(crate) async fn seen(session: &Session, args: &Seen) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?.room;
    let reply = session.call(SeenBy { room, seq: args.seq }).await?;
    let people = session.directory(&[room]).await;
    session.give_members(&reply, &reply.members, &people, "Nobody has read as far as that")
}

/// Records in their order, and later ones that change them.
struct Span {
    records: Vec<Record>,
    amendments: Vec<Record>,
}

/// Reads as many records as asked for. A page may hold fewer than its limit, so pages are read until
/// there are enough or the log ends; then the whole span is checked.
async fn read(session: &Session, room: &RoomSummary, from: From, limit: usize) -> Result<Span> {
    let mut found = Span { records: Vec::new(), amendments: Vec::new() };
    let mut next = Some(from);
    while let Some(from) = next {
        let wanted = limit.saturating_sub(found.records.len());
        let limit = u16::try_from(wanted).unwrap_or(PAGE).min(PAGE);
        let page = session.call(HistoryPage { room: room.room, from, limit }).await?;
        next = after(from, &page).filter(|_| page.records.len() < wanted);
        let backwards = matches!(from, From::Latest | From::Before(_));
        let at = if backwards { 0 } else { found.records.len() };
        found.records.splice(at..at, page.records);
        found.amendments.extend(page.amendments);
    }
    chain::check(room.settings.name.as_str(), &mut None, &found.records)?;
    Ok(found)
}

/// Where to read on after a page; nowhere at either end of the log.
fn after(from: From, page: &Page) -> Option<From> {
    let (first, last) = page.records.first().zip(page.records.last())?;
    match from {
        From::Latest | From::Before(_) => (first.seq > 1).then_some(From::Before(first.seq)),
        From::After(_) | From::Time(_) => {
            (last.seq < page.latest.seq).then_some(From::After(last.seq))
        }
    }
}

async fn print(session: &Session, room: RoomId, found: &Span) -> Result<()> {
    if session.out() == Out::Json {
        let all = found.records.iter().chain(&found.amendments);
        return all
            .into_iter()
            .try_for_each(|record| session.out().give(&in_room(room, record), |_| String::new()));
    }
    let mut people = session.directory(&[room]).await;
    session.learn_missing(&mut people, &found.records).await;
    let later = later(session, room, found).await?;
    let concern = Concern::ask(session).await;
    let (reasons, scene) = (|item: &Item| concern.reasons(item), session.scene(&people, room));
    for entry in show::page(&found.records, &later, reasons, &scene) {
        session.out().say(&entry)?;
    }
    if found.records.is_empty() {
        session.out().say("There is nothing there.")?;
    }
    Ok(())
}

/// Everything later that changes what is shown. A page comes with no more amendments than fill one, and
/// an alert that was cancelled must not look as if it held: so what took the place of an alert is looked
/// for unless it is there.
async fn later(session: &Session, room: RoomId, found: &Span) -> Result<Vec<Record>> {
    let mut later = found.amendments.clone();
    for alert in holding(found) {
        later.extend(session.superseding(room, alert).await?);
    }
    Ok(later)
}

/// The alerts whose place nothing has taken that came with them. That nothing came at all says nothing.
fn holding(found: &Span) -> Vec<Seq> {
    let all = found.records.iter().chain(&found.amendments);
    let gone: HashSet<Seq> =
        all.filter_map(|record| Item::from(record).supersedes()).map(|(of, _)| of).collect();
    let alerts = found.records.iter().filter(|record| Item::from(*record).is_alert());
    alerts.map(|record| record.seq).filter(|seq| !gone.contains(seq)).collect()
}

/// The moment a day begins here.
fn midnight(date: Date, zone: &TimeZone) -> Result<i64> {
    let start = date.to_zoned(zone.clone()).context("this day is out of reach")?;
    Ok(start.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::{EntryId, MemberId};

    use super::*;

    #[test]
    fn a_day_begins_at_local_midnight() {
        let london = TimeZone::get("Europe/London").unwrap();
        let date = "2024-07-18".parse().unwrap();
        assert_eq!(midnight(date, &london).unwrap(), 1_721_257_200_000);
    }

    #[test]
    fn an_alert_is_looked_after_unless_what_took_its_place_is_there() {
        let record = |seq: u64, supersedes: Option<u64>| {
            let mut handling = serde_json::json!({
                "id": EntryId::from_bytes([9; 16]), "label": "TLP:GREEN",
                "author": {"member": MemberId::from_bytes([1; 16])},
                "kind": "alert", "severity": "severe", "urgency": "unknown", "certainty": "unknown",
            });
            if let Some(of) = supersedes {
                handling["message"] = "cancel".into();
                handling["supersedes"] = of.into();
            }
            let item = serde_json::json!({"handling": handling});
            let shown = serde_json::json!({"at_ms": 0, "salt": "00".repeat(16), "item": item});
            let body = serde_json::json!({"shown": shown});
            let record = serde_json::json!({"seq": seq, "head": "00".repeat(32), "body": body});
            serde_json::from_value::<Record>(record).unwrap()
        };
        let alerts = || vec![record(1, None), record(2, None)];
        let nothing_came = Span { records: alerts(), amendments: vec![] };
        assert_eq!(holding(&nothing_came), [1, 2]);
        let one_came = Span { records: alerts(), amendments: vec![record(9, Some(2))] };
        assert_eq!(holding(&one_came), [1]);
    }

    #[test]
    fn reading_on_stops_at_the_ends_of_the_log() {
        let page = |seqs: &[u64]| {
            let head = "00".repeat(32);
            let record = |seq: &u64| {
                serde_json::json!({
                    "seq": seq, "head": head, "body": {"withheld": {"commitment": head}},
                })
            };
            let records: Vec<_> = seqs.iter().map(record).collect();
            let latest = serde_json::json!({"seq": 9, "head": head});
            let page = serde_json::json!({"records": records, "latest": latest});
            serde_json::from_str::<Page>(&page.to_string()).unwrap()
        };
        assert_eq!(after(From::Latest, &page(&[8, 9])), Some(From::Before(8)));
        assert_eq!(after(From::Before(3), &page(&[1, 2])), None);
        assert_eq!(after(From::After(3), &page(&[4, 5])), Some(From::After(5)));
        assert_eq!(after(From::Time(0), &page(&[8, 9])), None);
        assert_eq!(after(From::Latest, &page(&[])), None);
    }
}
