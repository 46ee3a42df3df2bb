//! Calls that read logs by page.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use warproom_proto::calls::{From, HistoryPage, HistoryReferring, Page, RegisterPage};
use warproom_proto::register::Act;
use warproom_proto::{Error, ErrorCode, LogId, Principal, RoomId, Seq, limits};

use super::Session;
use crate::context::Context;
use crate::domain::State;
use crate::store::{Direction, Store, Stored};
use crate::view::{self, Entitled, Sight};

/// Reads the store on a thread where it may wait for the disk, a few at a time.
pub async fn blocking<T: Send + 'static>(
    context: &Arc<Context>,
    read: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let store = context.store.clone();
    a_few_at_a_time(&context.reading, move || read(&store)).await
}

/// Does blocking work under a limit.
///
/// The wait for a permit is a task of its own: a connection that is busy writing does not poll its
/// requests, and a permit given to one of them would be kept from everyone else meanwhile. A request
/// that is dropped takes its waiting task along.
pub async fn a_few_at_a_time<T: Send + 'static>(
    limit: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let permits = limit.clone();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let permit = permits.acquire_owned().await.map_err(|_| ErrorCode::ServerFault)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        #[cfg(all(feature = "simulated", not(test)))]
        if crate::simulated::is_on() {
            crate::simulated::pause().await;
            return work();
        }
        tokio::task::spawn_blocking(work).await.map_err(|_| ErrorCode::ServerFault)?
    });
    let done = task.join_next().await;
    done.and_then(Result::ok).unwrap_or_else(|| Err(ErrorCode::ServerFault.into()))
}

/// Whether somebody may read a room's log at all: they are in it, and if it is a bot, its grant
/// lets it read something.
pub fn reading_allowed(state: &State, who: Principal, room: RoomId) -> Result<(), Error> {
    state.room_of(who, room)?;
    if let Principal::Bot(bot) = who
        && state.register.bot(bot).is_none_or(|bot| bot.grant.read.is_none())
    {
        return Err(Error::new(ErrorCode::NotAllowed, "this bot's grant lets it read nothing"));
    }
    Ok(())
}

/// A limit of a call, checked.
pub fn limit(asked: u16, most: usize) -> Result<usize, Error> {
    let asked = usize::from(asked);
    if (1..=most).contains(&asked) {
        return Ok(asked);
    }
    Err(Error::new(ErrorCode::BadParams, format!("limit: 1 to {most}")))
}

/// The records of a page of a log that has come to `latest`, at most so many. None lies beyond that, though
/// the log may have grown meanwhile: whoever reads on ends where a page says that the log does.
pub fn fetch(
    store: &Store,
    log: LogId,
    (from, limit): (From, usize),
    latest: Seq,
) -> Result<Vec<Stored>, Error> {
    let (from, direction) = match from {
        From::Latest => (latest, Direction::Backward),
        From::Before(seq) => (seq.saturating_sub(1).min(latest), Direction::Backward),
        From::After(seq) => (seq.saturating_add(1), Direction::Forward),
        From::Time(at_ms) => {
            let found = store.at_or_after(log, at_ms);
            (found.map_err(|error| view::unreadable(&error))?, Direction::Forward)
        }
    };
    if !(1..=latest).contains(&from) {
        return Ok(Vec::new());
    }
    let limit = match direction {
        Direction::Forward => {
            limit.min(usize::try_from(latest - from).unwrap_or(usize::MAX).saturating_add(1))
        }
        Direction::Backward => limit,
    };
    view::fetch(store, log, from, limit, direction)
}

pub async fn page(session: &Session, call: HistoryPage) -> Result<Page, Error> {
    let HistoryPage { room, from, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let context = &session.context;
    reading_allowed(&context.state(), session.who(), room)?;
    let latest = context.store.position(LogId::room(room));
    let (ours, who) = (Arc::clone(context), session.who());
    let (stored, amendments) = blocking(context, move |store| {
        let stored = fetch(store, LogId::room(room), (from, limit), latest.seq)?;
        let amendments = amendments(&ours, who, room, &stored)?;
        Ok((stored, amendments))
    })
    .await?;
    // Asked again: what is not for them any more is withheld.
    let state = context.state();
    let records = view::show(&state, who, room, stored)?;
    let amendments = view::show_readable(&state, who, room, amendments)?;
    Ok(Page { records, amendments, latest })
}

/// What amends a page, of what somebody may read.
fn amendments(
    context: &Context,
    who: Principal,
    room: RoomId,
    page: &[Stored],
) -> Result<Vec<Stored>, Error> {
    view::fetch_amendments(&context.store, room, page, |found| {
        let state = context.state();
        let entitled = Entitled::to(&state, who, room).ok_or(ErrorCode::NotFound)?;
        found.iter().map(|of| Ok(entitled.label(of)?.is_some())).collect()
    })
}

pub async fn referring(session: &Session, call: HistoryReferring) -> Result<Page, Error> {
    let HistoryReferring { room, to, after, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let context = &session.context;
    let who = session.who();
    reading_allowed(&context.state(), who, room)?;
    let latest = context.store.position(LogId::room(room));
    // What refers to an entry tells of it: who may not read the one may not ask for the others.
    let of = blocking(context, move |store| view::fetch_each(store, room, std::iter::once(to)));
    let of = of.await?.pop().ok_or(ErrorCode::NotFound)?;
    {
        let state = context.state();
        let entitled = Entitled::to(&state, who, room).ok_or(ErrorCode::NotFound)?;
        if !entitled.may_read(&of)? {
            return Err(ErrorCode::NotFound.into());
        }
    }
    // Withheld ones are left out, so a page is read on until there is something to show.
    let mut after = after;
    loop {
        let ours = Arc::clone(context);
        let (stored, amendments) = blocking(context, move |store| {
            let seqs = store.referring(LogId::room(room), to, after).take(limit);
            let seqs = seqs.map(|found| found.map(|(seq, _)| seq)).collect::<Result<Vec<_>, _>>();
            let seqs = seqs.map_err(|error| view::unreadable(&error))?;
            let stored = view::fetch_each(store, room, seqs.into_iter())?;
            let amendments = amendments(&ours, who, room, &stored)?;
            Ok((stored, amendments))
        })
        .await?;
        let last = stored.last().map(|last| last.seq);
        let state = context.state();
        let records = view::show_readable(&state, who, room, stored)?;
        let amendments = view::show_readable(&state, who, room, amendments)?;
        match last {
            Some(last) if records.is_empty() => after = last,
            _ => return Ok(Page { records, amendments, latest }),
        }
    }
}

pub async fn register_page(session: &Session, call: RegisterPage) -> Result<Page, Error> {
    let RegisterPage { after, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let context = &session.context;
    let latest = context.store.position(LogId::REGISTER);
    let stored = blocking(context, move |store| {
        fetch(store, LogId::REGISTER, (From::After(after), limit), latest.seq)
    });
    let stored = stored.await?;
    let state = context.state();
    let who = session.who();
    let is_in = |room| state.room_of(who, room).is_ok();
    let seen = |of: Stored| {
        let act = serde_json::from_slice::<Act>(&of.item);
        let readable = act.is_ok_and(|act| state.register.may_see(who, &act, is_in));
        view::stored(of, if readable { Sight::Whole(None) } else { Sight::Stub })
    };
    Ok(Page { records: stored.into_iter().map(seen).collect(), amendments: Vec::new(), latest })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use warproom_proto::calls::{AddToRoom, RemoveFromRoom};
    use warproom_proto::entry::{Kind, RoomRole};
    use warproom_proto::{EntryId, Label, MemberId};

    use super::*;
    use crate::calls::{entries, rooms};
    use crate::context::alone::Alone;
    use crate::domain::tests::{ROOM, enter, person, with_room};

    fn call<T: serde::de::DeserializeOwned>(more: &Value) -> T {
        let mut call = json!({"room": ROOM, "id": EntryId::random()});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(call).unwrap()
    }

    #[tokio::test]
    async fn a_page_ends_where_it_says_that_the_log_does_though_it_has_grown_meanwhile() {
        let alone = Alone::with(with_room(Label::Red), &[(LogId::room(ROOM), 6)]);
        let page = |from, limit, latest| {
            let stored = fetch(&alone.context.store, LogId::room(ROOM), (from, limit), latest);
            stored.unwrap().iter().map(|one| one.seq).collect::<Vec<_>>()
        };
        assert_eq!(page(From::After(1), 10, 4), [2, 3, 4]);
        assert_eq!(page(From::After(0), 2, 4), [1, 2]);
        assert!(page(From::After(4), 10, 4).is_empty());
        assert_eq!(page(From::Time(0), 10, 5), [1, 2, 3, 4, 5]);
        assert_eq!(page(From::Latest, 2, 4), [3, 4]);
        assert_eq!(page(From::Before(9), 2, 4), [3, 4]);
        assert_eq!(page(From::Before(2), 10, 4), [1]);
        assert!(page(From::After(0), 10, 0).is_empty());
    }

    #[tokio::test]
    async fn long_edits_that_one_may_not_read_hide_no_cancellation() {
        let mut state = with_room(Label::Red);
        enter(&mut state, 4, Kind::Joined { who: person(11), role: RoomRole::Participant });
        let alone = Alone::with(state, &[(LogId::room(ROOM), 4)]);
        let (author, reader) = (alone.session(person(10)), alone.session(person(11)));
        let alert = |more: Value| {
            let mut alert =
                json!({"severity": "severe", "urgency": "unknown", "certainty": "unknown"});
            alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            entries::alert(
                &author,
                call(&json!({"label": "TLP:GREEN", "headline": "x", "alert": alert})),
            )
        };
        let first = alert(json!({})).await.unwrap().seq;
        let post = call(&json!({"label": "TLP:RED", "text": "x"}));
        let post = entries::post(&author, post).await.unwrap().seq;
        let cancel = json!({"message": "cancel", "supersedes": first});
        let cancel = alert(cancel).await.unwrap().seq;
        let leave = RemoveFromRoom { room: ROOM, id: EntryId::random(), who: person(11) };
        rooms::remove(&reader, leave).await.unwrap();
        for _ in 0..3 {
            let edit = json!({"of": post, "text": "x".repeat(60 * 1024)});
            entries::edit(&author, call(&edit)).await.unwrap();
        }
        let (member, role) = (MemberId::from_bytes([11; 16]), RoomRole::Participant);
        let back = AddToRoom { room: ROOM, id: EntryId::random(), member, role };
        rooms::add(&reader, back).await.unwrap();
        let read = HistoryPage { room: ROOM, from: From::After(first - 1), limit: 2 };
        let page = page(&reader, read).await.unwrap();
        assert_eq!(page.records.iter().map(|one| one.seq).collect::<Vec<_>>(), [first, post]);
        assert_eq!(page.amendments.iter().map(|one| one.seq).collect::<Vec<_>>(), [cancel]);
    }
}
