//! Disclosure: records of a room for somebody outside, selected by time, people and words, and each
//! page of them in the audit log before it is answered.
//!
//! How things flow: a stride of records is judged by the labels under the state, then held against what
//! is wanted without it ([`wanted`]), and what was found ([`page`]) is recorded and answered. What is not
//! given out is said to be there. It is never held against what is wanted unless whoever asks may read it, so that
//! neither its place in the list nor the time it takes tells what is in it; a stub in a page of history
//! tells as much.

mod page;
mod wanted;

use std::sync::Arc;

use warproom_proto::audit::{Event, Record as Audited};
use warproom_proto::calls::{DiscloseRoom, DisclosedPage};
use warproom_proto::disclosure::Why;
use warproom_proto::{Error, ErrorCode, LogId, Position, Principal, RoomId, Seq, limits};

use super::Session;
use super::history::{a_few_at_a_time, limit, reading_allowed};
use crate::context::Context;
use crate::domain::{Plan, Planned, State};
use crate::store::{Direction, Store, Stored};
use crate::view::{self, Entitled, unreadable};
use page::{Found, Given, Judged};
use wanted::Wanted;

/// How many records are looked at for one page, as many as in one stride of a search; and how many
/// versions of them more.
const STRIDE: u64 = 16 * 1024;

/// How many records are judged under one look at the state: well under a millisecond.
const BATCH: u64 = 256;

/// How many people, and how many words, one selection names.
const TERMS: usize = 32;

/// The longest word or phrase looked for, in bytes: a sentence.
const WORDS_BYTES: usize = 256;

pub async fn run(session: &Session, call: DiscloseRoom) -> Result<DisclosedPage, Error> {
    let most = limit(call.limit, limits::PAGE)?;
    check(&call)?;
    let (context, who, room) = (&session.context, session.who(), call.room);
    reading_allowed(&context.state(), who, room)?;
    // One at a time for each connection, as searches are.
    let Ok(_searching) = session.searching.try_acquire() else { return Err(Error::slow_down(500)) };
    let wanted = Wanted::new(&context.state(), &call);
    let asked = call.clone();
    let ours = Arc::clone(context);
    let look = move || look(&ours, who, &asked, wanted, most);
    let found = Arc::new(a_few_at_a_time(&context.searching, look).await?);
    // A page on which there is nothing is noted once, with the first.
    let audited = if found.is_empty() && call.after > 0 {
        None
    } else {
        let (found, call) = (found.clone(), call.clone());
        let plan = move |state: &State, _| {
            let judged = found.judged(state, who, &call)?;
            Ok(Plan::of(Planned::Audit(audited(who, &call, &found, &judged))))
        };
        let posted = context.journal.append(None, plan).await?;
        posted.first().map(|posted| Position { seq: posted.seq, head: posted.head })
    };
    // Asked again: whoever was taken out, or is no manager any more, gets none of it, and what is not
    // for them any more is withheld.
    let state = context.state();
    reading_allowed(&state, who, room)?;
    if !state.register.is_manager(who) {
        return Err(ErrorCode::NotAllowed.into());
    }
    let ([records, amendments], withheld) = found.judged(&state, who, &call)?.shown();
    let latest = context.store.position(LogId::room(room));
    let next_after = found.next_after;
    Ok(DisclosedPage { records, amendments, withheld, next_after, latest, audited })
}

fn check(call: &DiscloseRoom) -> Result<(), Error> {
    let bad = |sentence: String| Err(Error::new(ErrorCode::BadParams, sentence));
    if call.people.len() > TERMS || call.words.len() > TERMS {
        return bad(format!("disclosure.run: at most {TERMS} people and {TERMS} words"));
    }
    if call.words.iter().any(|words| words.as_str().len() > WORDS_BYTES) {
        return bad(format!("disclosure.run: at most {WORDS_BYTES} bytes are looked for"));
    }
    if call.from_ms.zip(call.until_ms).is_some_and(|(from_ms, until_ms)| from_ms >= until_ms) {
        return bad("disclosure.run: this time ends before it begins".to_owned());
    }
    Ok(())
}

/// Goes through the room until a page is full, a stride is done, or the time asked for ends.
fn look(
    context: &Context,
    who: Principal,
    call: &DiscloseRoom,
    mut wanted: Wanted,
    most: usize,
) -> Result<Found, Error> {
    let (store, log) = (&context.store, LogId::room(call.room));
    let (mut next, end) = stretch(store, call)?;
    let mut found = Found::new((next < end).then_some(next), end);
    let stop = end.min(next.saturating_add(STRIDE));
    // What may not be read does not count, so that where a page ends says nothing of it.
    let mut looked_into = 0;
    'page: while next < stop {
        let count = usize::try_from(BATCH.min(stop - next)).unwrap_or(usize::MAX);
        let batch = store.page(log, next, count, Direction::Forward);
        let batch = batch.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&error))?;
        let judged = judged(context, who, call, batch)?;
        if judged.is_empty() {
            break;
        }
        for (stored, verdict) in judged {
            let seq = stored.seq;
            let versions = |post| {
                let versions = wanted::versions(context, who, call.room, post)?;
                looked_into += versions.len() as u64;
                Ok(versions)
            };
            found.take(stored, verdict, |of| wanted.has(of, versions))?;
            (found.last, next) = (Some(seq), seq + 1);
            if found.is_full(most) || looked_into >= STRIDE {
                break 'page;
            }
        }
    }
    found.next_after = (next < end).then_some(next - 1);
    let left_out = amend(store, call.room, &mut found)?;
    found.left_out = listed(context, who, call, &mut wanted, (found.end, left_out))?;
    Ok(found)
}

/// The first record that may be on the page, and the one before which the time asked for ends.
fn stretch(store: &Store, call: &DiscloseRoom) -> Result<(Seq, Seq), Error> {
    let log = LogId::room(call.room);
    let at = |time_ms: Option<i64>, otherwise: Seq| match time_ms {
        Some(at_ms) => store.at_or_after(log, at_ms).map_err(|error| unreadable(&error)),
        None => Ok(otherwise),
    };
    let end = at(call.until_ms, store.position(log).seq + 1)?;
    Ok((at(call.from_ms, 1)?.max(call.after.saturating_add(1)), end))
}

/// Adds what amends the records. Where that is more than a page, there are fewer records on it, until
/// one is left: what was changed after the time asked for comes with no other page. Then it is the newest
/// changes that fill the page, and the others are answered here.
fn amend(store: &Store, room: RoomId, found: &mut Found) -> Result<Vec<Seq>, Error> {
    loop {
        // One more of a kind than a page has is enough to know that they do not fit; of the last record all
        // are named.
        let most = if found.records.len() > 1 { limits::PAGE + 1 } else { usize::MAX };
        let amending = view::amending(store, room, &found.records, most)?;
        let mut seqs: Vec<_> = amending.into_iter().map(|one| one.seq).collect();
        seqs.sort_unstable();
        let newest = seqs.iter().copied().rev().take(limits::PAGE);
        found.amendments = view::fetch_each(store, room, newest)?;
        found.amendments.reverse();
        let others = seqs.len() - found.amendments.len();
        match (found.records.len() / 2).checked_sub(1) {
            Some(half) if others > 0 => found.end_at(found.records[half].seq),
            _ => {
                seqs.truncate(others);
                return Ok(seqs);
            }
        }
    }
}

/// Those changes that fit no page and have no place in the list on their own account: what is from within the time
/// asked for and wanted comes with a later page, and of what may not be read it is not said what it amends.
fn listed(
    context: &Context,
    who: Principal,
    call: &DiscloseRoom,
    wanted: &mut Wanted,
    (end, left_out): (Seq, Vec<Seq>),
) -> Result<Vec<Stored>, Error> {
    let mut listed = Vec::new();
    for seq in left_out {
        let stored = view::fetch_each(&context.store, call.room, std::iter::once(seq))?;
        for (stored, verdict) in judged(context, who, call, stored)? {
            let versions = |post| wanted::versions(context, who, call.room, post);
            if seq >= end || (verdict.is_ok() && !wanted.has(&stored, versions)?) {
                listed.push(Stored { item: Vec::new(), ..stored });
            }
        }
    }
    Ok(listed)
}

/// A record, and what becomes of it.
type Verdict = (Stored, Result<Given, Why>);

/// What becomes of each of these by the labels, as they are now.
fn judged(
    context: &Context,
    who: Principal,
    call: &DiscloseRoom,
    batch: Vec<Stored>,
) -> Result<Vec<Verdict>, Error> {
    let state = context.state();
    let entitled = Entitled::to(&state, who, call.room).ok_or(ErrorCode::NotFound)?;
    let judge = |stored: Stored| {
        let verdict = entitled.disclosed(&stored, call.up_to)?;
        Ok((stored, verdict))
    };
    batch.into_iter().map(judge).collect()
}

/// What goes into the audit log: how much, for what, and never whom or what was looked for.
fn audited(who: Principal, call: &DiscloseRoom, found: &Found, judged: &Judged) -> Audited {
    let event = Event::Disclosed {
        room: Some(call.room),
        first: found.first,
        last: found.last,
        records: judged.labels().count() as u64,
        withheld: judged.withheld.iter().map(|row| row.last - row.first + 1).sum(),
        strictest: judged.labels().max(),
        up_to: Some(call.up_to),
        purpose: Some(call.purpose),
        reference: call.reference.clone(),
    };
    Audited::by(who, event)
}
