//! Calls that append an entry: posts, edits, retractions, relabellings, reactions.

use warproom_proto::calls::{
    EditEntry, PostEntry, Posted, ReactToEntry, RelabelEntry, RetractEntry,
};
use warproom_proto::entry::{Content, Entry, Handling, Kind};
use warproom_proto::{EntryId, Error, ErrorCode, LogId, RoomId, Seq};

use super::Session;
use super::history::blocking;
use crate::domain::{Plan, Planned, State, Target, carries};
use crate::journal::append_id;
use crate::view;

pub async fn post(session: &Session, call: PostEntry) -> Result<Posted, Error> {
    let author = session.who();
    // Asked here too, so that a stranger to the room costs no reading of it.
    session.context.state().room_of(author, call.room)?;
    let answered = match call.reply_to {
        Some(answered) => answered_by(session, call.room, answered).await?,
        None => Vec::new(),
    };
    let thread = answered.first();
    let handling = Handling {
        id: call.id,
        author,
        label: call.label,
        kind: Kind::Post { reply_to: thread.map(|thread| thread.seq) },
        mentions: call.mentions.clone(),
        subjects: call.subjects.clone(),
        exercise: call.exercise,
    };
    let entry = Entry { handling, content: Content::text(call.text.clone()) };
    // Encoded here, on this connection's time, and not by the one writer.
    let encoded = serde_json::to_string(&entry).map_err(|_| ErrorCode::ServerFault)?;
    let id = append_id(call.room, author, call.id);
    let carries = carries(thread);
    let decide = move |state: &State, _| {
        state.decide_post(author, &call, &answered)?;
        let record = Planned::Entry {
            room: call.room,
            entry: Box::new(entry),
            carries,
            encoded: Some(encoded),
        };
        Ok(Plan { records: vec![record], read: None })
    };
    session.context.journal.append_one(id, decide).await
}

pub async fn edit(session: &Session, call: EditEntry) -> Result<Posted, Error> {
    let (room, id, of) = (call.room, call.id, call.of);
    on_target(session, (room, id, of), move |state, author, target| {
        state.decide_edit(author, &call, target)
    })
    .await
}

pub async fn retract(session: &Session, call: RetractEntry) -> Result<Posted, Error> {
    on_target(session, (call.room, call.id, call.of), move |state, author, target| {
        state.decide_retract(author, &call, target)
    })
    .await
}

pub async fn relabel(session: &Session, call: RelabelEntry) -> Result<Posted, Error> {
    let author = session.who();
    session.context.state().room_of(author, call.room)?;
    let of = target(session, call.room, call.of).await?;
    let thread = match of.summary.carries.last() {
        Some(first) => Some(target(session, call.room, *first).await?),
        None => None,
    };
    let id = append_id(call.room, author, call.id);
    let decide = move |state: &State, _| state.decide_relabel(author, &call, &of, thread.as_ref());
    session.context.journal.append_one(id, decide).await
}

pub async fn react(session: &Session, call: ReactToEntry) -> Result<Posted, Error> {
    let (room, id, of) = (call.room, call.id, call.of);
    on_target(session, (room, id, of), move |state, author, target| {
        state.decide_react(author, &call, target)
    })
    .await
}

/// Appends an entry about another one.
async fn on_target(
    session: &Session,
    (room, id, of): (RoomId, EntryId, Seq),
    decide: impl FnOnce(&State, warproom_proto::Principal, &Target) -> Result<Plan, Error>
    + Send
    + 'static,
) -> Result<Posted, Error> {
    let author = session.who();
    session.context.state().room_of(author, room)?;
    let target = target(session, room, of).await?;
    let decide = move |state: &State, _| decide(state, author, &target);
    session.context.journal.append_one(append_id(room, author, id), decide).await
}

/// What the server knows of an entry.
async fn target(session: &Session, room: RoomId, seq: Seq) -> Result<Target, Error> {
    let read = blocking(&session.context, move |store| {
        view::fetch_each(store, room, std::iter::once(seq))
    });
    let stored = read.await?.pop().ok_or(ErrorCode::NotFound)?;
    Ok(Target { seq, summary: view::summary(&stored, LogId::room(room))? })
}

/// What a reply answers: the first entry of the thread, and the reply in it that was pointed at.
async fn answered_by(session: &Session, room: RoomId, seq: Seq) -> Result<Vec<Target>, Error> {
    let answered = target(session, room, seq).await?;
    Ok(match answered.summary.carries.last() {
        Some(first) => vec![target(session, room, *first).await?, answered],
        None => vec![answered],
    })
}
