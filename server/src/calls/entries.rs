//! Calls that append an entry: posts, edits, retractions, relabellings, reactions.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use warproom_proto::calls::{
    EditEntry, PostAlert, PostEntry, Posted, ReactToEntry, RelabelEntry, RetractEntry,
};
use warproom_proto::entry::{Content, Entry, Handling, Kind};
use warproom_proto::{Error, ErrorCode, LogId, Principal, Reporting, RoomId, Seq};

use super::Session;
use super::history::blocking;
use crate::context::Context;
use crate::domain::{
    CHANGES, Given, KindTag, Plan, Planned, REACTIONS_BY_ALL, State, Target, carries,
};
use crate::files;
use crate::journal::{AppendId, append_id};
use crate::rate::Rate;
use crate::view;

pub async fn post(session: &Session, call: PostEntry) -> Result<Posted, Error> {
    allowed_rate(&session.context, session.who())?;
    post_as(&session.context, session.who(), call).await
}

/// A post of somebody's, whichever way it came in; taken off a bot's rate already.
pub async fn post_as(
    context: &Arc<Context>,
    author: Principal,
    call: PostEntry,
) -> Result<Posted, Error> {
    // Asked here too, so that a stranger to the room costs no reading of it.
    context.state().room_of(author, call.room)?;
    let answered = match call.reply_to {
        Some(answered) => answered_by(context, call.room, answered).await?,
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
        ask: call.ask.clone(),
        common_cause: Reporting::No,
        exercise: call.exercise || answered.iter().any(|target| target.summary.exercise),
        files: Vec::new(),
    };
    let mut entry = Entry { handling, content: Content::text(call.text.clone()) };
    // Encoded here, on this connection's time, and not by the one writer; unless it carries files,
    // of which only the decision knows what they are.
    let encoded = if call.files.is_empty() {
        Some(serde_json::to_string(&entry).map_err(|_| ErrorCode::ServerFault)?)
    } else {
        None
    };
    let id = append_id(call.room, author, call.id);
    let carries = carries(thread);
    let decide = move |state: &State, now_ms| {
        state.decide_post(author, &call, &answered, now_ms)?;
        let files = state.give_files(call.room, &call.files, &mut entry)?;
        let record = Planned::Entry { room: call.room, entry: Box::new(entry), carries, encoded };
        Ok(Plan { files, ..Plan::of(record) })
    };
    context.journal.append_one(id, decide).await
}

pub async fn alert(session: &Session, call: PostAlert) -> Result<Posted, Error> {
    allowed_rate(&session.context, session.who())?;
    alert_as(&session.context, session.who(), call).await
}

/// An alert of somebody's, whichever way it came in; taken off a bot's rate already.
pub async fn alert_as(
    context: &Arc<Context>,
    author: Principal,
    call: PostAlert,
) -> Result<Posted, Error> {
    context.state().room_of(author, call.room)?;
    let superseded = match call.alert.supersedes {
        Some(seq) => {
            let target = target(context, call.room, seq).await?;
            Some(with_changes(context, author, call.room, target).await?)
        }
        None => None,
    };
    let id = append_id(call.room, author, call.id);
    let decide =
        move |state: &State, now_ms| state.decide_alert(author, call, superseded.as_ref(), now_ms);
    context.journal.append_one(id, decide).await
}

/// A bot appends no faster than its grant says, over all its connections.
pub fn allowed_rate(context: &Context, who: Principal) -> Result<(), Error> {
    let Principal::Bot(bot) = who else { return Ok(()) };
    let per_minute = context.state().register.bot(bot).map(|bot| bot.grant.per_minute);
    context.rates.take(who, Rate::of_bot(per_minute.ok_or(ErrorCode::SignInRequired)?))
}

pub async fn edit(session: &Session, call: EditEntry) -> Result<Posted, Error> {
    let target = meant(session, call.room, call.of).await?;
    let target = with_changes(&session.context, session.who(), call.room, target).await?;
    let id = append_id(call.room, session.who(), call.id);
    append(session, id, move |state, author| state.decide_edit(author, &call, &target)).await
}

pub async fn retract(session: &Session, call: RetractEntry) -> Result<Posted, Error> {
    let files = session.context.state().files.of_entry(call.room, call.of);
    let target = meant(session, call.room, call.of).await?;
    let id = append_id(call.room, session.who(), call.id);
    let decide = move |state: &State, author| state.decide_retract(author, &call, &target);
    let posted = append(session, id, decide).await?;
    // Their keys went with the retraction; answered once their bytes are gone too.
    files::erase(&session.context, files).await;
    Ok(posted)
}

pub async fn relabel(session: &Session, call: RelabelEntry) -> Result<Posted, Error> {
    let (context, author) = (&session.context, session.who());
    let of = meant(session, call.room, call.of).await?;
    let of = with_changes(context, author, call.room, of).await?;
    let thread = match of.summary.carries.last() {
        Some(first) => Some(target(context, call.room, *first).await?),
        None => None,
    };
    let id = append_id(call.room, author, call.id);
    let decide =
        move |state: &State, author| state.decide_relabel(author, &call, &of, thread.as_ref());
    append(session, id, decide).await
}

pub async fn react(session: &Session, call: ReactToEntry) -> Result<Posted, Error> {
    let (context, who) = (&session.context, session.who());
    let target = meant(session, call.room, call.of).await?;
    let given = if is_for(context, who, call.room, &target)? {
        given(context, who, call.room, call.of).await?
    } else {
        Given::default()
    };
    let id = append_id(call.room, who, call.id);
    append(session, id, move |state, author| state.decide_react(author, &call, &target, given))
        .await
}

/// An entry that somebody in its room means, within their rate.
async fn meant(session: &Session, room: RoomId, of: Seq) -> Result<Target, Error> {
    let (context, who) = (&session.context, session.who());
    context.state().room_of(who, room)?;
    allowed_rate(context, who)?;
    target(context, room, of).await
}

/// Appends an entry about another one.
async fn append(
    session: &Session,
    id: AppendId,
    decide: impl FnOnce(&State, Principal) -> Result<Plan, Error> + Send + 'static,
) -> Result<Posted, Error> {
    let author = session.who();
    session.context.journal.append_one(id, move |state: &State, _| decide(state, author)).await
}

/// Whether somebody may read an entry. Only for them is counted what refers to it: for anybody else the time
/// would tell how much that is.
fn is_for(context: &Context, who: Principal, room: RoomId, target: &Target) -> Result<bool, Error> {
    let state = context.state();
    let in_room = state.room_of(who, room)?;
    Ok(state.may_read(who, in_room, target.seq, &target.summary))
}

/// An entry, and how often it was changed. Changes at the same moment may each miss the others.
async fn with_changes(
    context: &Arc<Context>,
    who: Principal,
    room: RoomId,
    target: Target,
) -> Result<Target, Error> {
    if !is_for(context, who, room, &target)? {
        return Ok(target);
    }
    let (log, seq) = (LogId::room(room), target.seq);
    let changes = blocking(context, move |store| {
        let is_change = |_, kind| kind != KindTag::React as u8;
        let changes = store.newest_asides(log, seq..=seq, CHANGES, is_change);
        Ok(changes.map_err(|error| view::unreadable(&error))?.len())
    });
    Ok(Target { changes: changes.await?, ..target })
}

/// The reactions that an entry has, their number bounding what is read to tell whose they are. Several at once
/// may each miss the others: no more of them than requests may be in flight.
async fn given(
    context: &Arc<Context>,
    who: Principal,
    room: RoomId,
    of: Seq,
) -> Result<Given, Error> {
    let log = LogId::room(room);
    blocking(context, move |store| {
        let unreadable = |error| view::unreadable(&error);
        let reactions = store.asides(log, of, KindTag::React as u8).take(REACTIONS_BY_ALL);
        let reactions = reactions.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        let mut given = Given { own: 0, by_all: reactions.len() };
        if given.is_full() {
            return Ok(given);
        }
        for seq in reactions {
            if let Some(reaction) = store.brief(log, seq).map_err(unreadable)? {
                given.own += usize::from(view::author(&reaction, log)? == Some(who));
            }
        }
        Ok(given)
    })
    .await
}

/// What the server knows of an entry, but for how often it was changed.
pub async fn target(context: &Arc<Context>, room: RoomId, seq: Seq) -> Result<Target, Error> {
    let read = blocking(context, move |store| view::fetch_each(store, room, std::iter::once(seq)));
    let stored = read.await?.pop().ok_or(ErrorCode::NotFound)?;
    Ok(Target { seq, summary: view::summary(&stored, LogId::room(room))?, changes: 0 })
}

/// What a reply answers: the first entry of the thread, and the reply in it that was pointed at.
async fn answered_by(context: &Arc<Context>, room: RoomId, seq: Seq) -> Result<Vec<Target>, Error> {
    let answered = target(context, room, seq).await?;
    Ok(match answered.summary.carries.last() {
        Some(first) => vec![target(context, room, *first).await?, answered],
        None => vec![answered],
    })
}
