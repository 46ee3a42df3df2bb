//! Whom an entry may have reached: who could read it while it stood there, and what tells that they
//! have it.
//!
//! What tells it is what the server keeps anyway: read positions, entries that refer to it, who is
//! connected, and the audit log's exports. Nothing is kept for it, so nobody is watched the closer for
//! the sake of it.

use std::collections::HashSet;

use warproom_proto::audit::{Event, Record};
use warproom_proto::calls::{Reached, ReachedBy, Recipient, Sign};
use warproom_proto::entry::{Entry, Kind};
use warproom_proto::{Error, ErrorCode, Label, LogId, Principal, RoomId, Seq};

use super::Session;
use super::entries::target;
use super::history::a_few_at_a_time;
use crate::domain::{KindTag, Lifetime, State};
use crate::store::{Direction, Store, Stored};
use crate::view::{Entitled, unreadable};

/// How many records that refer to an entry are looked at for who answered: more than a WARP has people.
const REFERRING: usize = 20_000;

/// How many records of the audit log are looked through for exports, the newest: about a second's
/// work, and years of a WARP's exports.
const AUDITED: u64 = 200_000;

/// What is found of an entry in the logs.
struct Traces {
    lifetime: Lifetime,
    taken_back_at_ms: Option<i64>,
    /// What refers to it, without the texts: whether it is told of is asked when it is answered.
    referring: Vec<Stored>,
    exported: HashSet<Principal>,
}

pub async fn reached(session: &Session, call: ReachedBy) -> Result<Reached, Error> {
    let ReachedBy { room, of } = call;
    let (context, who) = (&session.context, session.who());
    context.state().room_of(who, room)?;
    // One at a time for each connection, as searches are: it goes through as much.
    let Ok(_searching) = session.searching.try_acquire() else { return Err(Error::slow_down(500)) };
    let target = target(context, room, of).await?;
    context.state().may_ask_who_has(who, room, &target)?;
    let lifetime = context.state().room_of(who, room)?.lifetime(&target);
    let store = context.store.clone();
    let look = move || traces(&store, room, lifetime);
    let traces = a_few_at_a_time(&context.searching, look).await?;
    let connected = context.hub.has_come_to(room, of);
    let state = context.state();
    // Asked again: they may be out of the room since.
    state.may_ask_who_has(who, room, &target)?;
    let answered = answered(&state, who, room, &traces.referring)?;
    let reached = state.room_of(who, room)?.reached_by(&state.register, &traces.lifetime);
    // Who is online is told only where the room tells it.
    let shows_presence =
        state.room_of(who, room)?.settings().is_some_and(|settings| settings.presence);
    let signs = |who: Principal| {
        let has_read = state.read.get(&(room, who)).is_some_and(|read| *read >= of);
        let signs = [
            (has_read, Sign::Read),
            (answered.contains(&who), Sign::Answered),
            (shows_presence && connected.contains(&who), Sign::Connected),
            (traces.exported.contains(&who), Sign::Exported),
        ];
        signs.into_iter().filter_map(|(is_there, sign)| is_there.then_some(sign)).collect()
    };
    let recipient = |(who, here)| recipient(&state, who, here, signs(who));
    let mut recipients: Vec<_> = reached.into_iter().filter_map(recipient).collect();
    recipients.sort_by_key(|one| (one.name.folded(), one.who));
    Ok(Reached { recipients, taken_back_at_ms: traces.taken_back_at_ms })
}

/// Who has referred to the entry by something that whoever asks may read: a reply that is withheld from
/// them tells neither its author nor what it is about, here as in a page of history.
fn answered(
    state: &State,
    who: Principal,
    room: RoomId,
    referring: &[Stored],
) -> Result<HashSet<Principal>, Error> {
    let entitled = Entitled::to(state, who, room).ok_or(ErrorCode::NotFound)?;
    let authors = referring.iter().map(|stored| entitled.author_told(stored));
    authors.filter_map(Result::transpose).collect()
}

fn recipient(state: &State, who: Principal, here: bool, signs: Vec<Sign>) -> Option<Recipient> {
    let organisation = who.member().and_then(|_| state.register.organisation_of(who));
    let organisation = organisation.and_then(|one| state.register.organisation(one));
    Some(Recipient {
        who,
        name: state.register.name(who)?.clone(),
        organisation_name: organisation.map(|one| one.name.clone()),
        here,
        signs,
    })
}

/// Goes through what refers to an entry, and through the exports while it could be read.
fn traces(store: &Store, room: RoomId, lifetime: Lifetime) -> Result<Traces, Error> {
    let log = LogId::room(room);
    let seq = lifetime.seq;
    let mut answering = Vec::new();
    let is_said = |found: &Result<(Seq, u8), _>| {
        found.as_ref().map_or(true, |(_, kind)| *kind != KindTag::Notice as u8)
    };
    let referring = store.referring(log, seq, 0).filter(is_said).take(REFERRING);
    for found in referring {
        let (referring, _) = found.map_err(|error| unreadable(&error))?;
        let Some(stored) = store.read(log, referring).map_err(|error| unreadable(&error))? else {
            continue;
        };
        answering.push(Stored { item: Vec::new(), ..stored });
    }
    let taken_back_at_ms = match lifetime.until {
        Some(until) => {
            let notice = store.read(log, until).map_err(|error| unreadable(&error))?;
            notice.map(|notice| notice.at_ms)
        }
        None => None,
    };
    let exported = if lifetime.mildest == Label::Red {
        // It leaves no room.
        HashSet::new()
    } else {
        exported(store, room, &lifetime, taken_back_at_ms)?
    };
    Ok(Traces { lifetime, taken_back_at_ms, referring: answering, exported })
}

/// Whoever exported or disclosed records among which an entry stood, while it could be read.
fn exported(
    store: &Store,
    room: RoomId,
    of: &Lifetime,
    until_ms: Option<i64>,
) -> Result<HashSet<Principal>, Error> {
    let log = LogId::AUDIT;
    let read = store.read(LogId::room(room), of.seq).map_err(|error| unreadable(&error))?;
    let posted_ms = read.as_ref().map_or(i64::MIN, |posted| posted.at_ms);
    let superseded = read.as_ref().and_then(superseded);
    let since = store.at_or_after(log, posted_ms).map_err(|error| unreadable(&error))?;
    let first = since.max((store.position(log).seq + 1).saturating_sub(AUDITED));
    let mut found = HashSet::new();
    for stored in store.page(log, first, usize::MAX, Direction::Forward) {
        let stored = stored.map_err(|error| unreadable(&error))?;
        if until_ms.is_some_and(|until_ms| stored.at_ms > until_ms) {
            break;
        }
        // Most records are something else, and need not be read.
        let text = std::str::from_utf8(&stored.item).unwrap_or_default();
        if !text.contains(r#""exported""#) && !text.contains(r#""disclosed""#) {
            continue;
        }
        if let Ok(Record { by: Some(by), event, .. }) = serde_json::from_str(text)
            && holds(&event, room, of, superseded)
        {
            found.insert(by);
        }
    }
    Ok(found)
}

/// The alert whose place an alert took. Where that one goes, this one goes along.
fn superseded(by: &Stored) -> Option<Seq> {
    let Entry { handling, .. } = serde_json::from_slice(&by.item).ok()?;
    if let Kind::Alert(alert) = handling.kind { alert.supersedes } else { None }
}

/// Whether what was exported may hold an entry: it stands among the records, or amends one of them.
fn holds(event: &Event, id: RoomId, of: &Lifetime, superseded: Option<Seq>) -> bool {
    let stands_in = |first: Option<Seq>, last: Option<Seq>| {
        let is_within = |seq: Seq| {
            first.is_none_or(|first| first <= seq) && last.is_none_or(|last| seq <= last)
        };
        is_within(of.seq) || superseded.is_some_and(is_within)
    };
    match *event {
        Event::Exported { room, first, last, records, .. } => {
            room == id && records > 0 && stands_in(Some(first), Some(last))
        }
        Event::Disclosed { room, first, last, records, up_to, .. } => {
            let is_mild_enough = up_to.is_none_or(|up_to| of.mildest <= up_to);
            let is_of_it = room.is_none_or(|room| room == id);
            is_of_it && records > 0 && stands_in(first, last) && is_mild_enough
        }
        _ => false,
    }
}
