//! Calls on the audit log, and what other calls leave in it.

use std::sync::Arc;

use warproom_proto::audit::{Acted, Event, Reading, Record};
use warproom_proto::calls::{
    AuditCheckpoint, AuditConsistency, AuditInclusion, AuditPage, Page, Path, SignedCheckpoint,
};
use warproom_proto::{Error, ErrorCode, Head, LogId, Principal, RoomId, Seq, limits};

use super::Session;
use super::history::{blocking, fetch, limit};
use crate::audit::Refusal;
use crate::context::Context;
use crate::domain::State;
use crate::journal::now_ms;
use crate::store::{ReadError, Store, Stored};
use crate::view::{self, Sight};

/// Counts a call that somebody had no right to make.
pub fn count(session: &Session, call: &'static str, code: ErrorCode) {
    use ErrorCode::{LabelRefused, NotAllowed, NotFound, SignInRequired};
    if matches!(code, LabelRefused | NotAllowed | NotFound | SignInRequired) {
        let who = (Some(session.who()), None);
        session.context.audit.counts.refused(who, Refusal::Call { call, code }, now_ms());
    }
}

/// Records what a manager is about to read, durably. The same a moment ago is recorded already. Whoever
/// is no manager any more when it is recorded does not read it.
pub async fn read(session: &Session, read: Reading) -> Result<(), Error> {
    let (context, who, now_ms) = (&session.context, session.who(), now_ms());
    if context.audit.counts.is_new_read(who, read, now_ms) {
        context.journal.audit(Record::by(who, Event::ManagerRead { read })).await?;
        context.audit.counts.has_read(who, read, now_ms);
    }
    if context.state().register.is_manager(who) {
        Ok(())
    } else {
        Err(ErrorCode::NotAllowed.into())
    }
}

pub async fn page(session: &Session, call: AuditPage) -> Result<Page, Error> {
    let AuditPage { from, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let (context, who) = (&session.context, session.who());
    // Asked now: whoever becomes one meanwhile has not been recorded as reading all.
    let as_manager = context.state().register.is_manager(who);
    if as_manager {
        read(session, Reading::AuditLog).await?;
    }
    let latest = context.store.position(LogId::AUDIT);
    let fetched = move |store: &Store| fetch(store, LogId::AUDIT, (from, limit), latest.seq);
    let stored = blocking(context, fetched).await?;
    let state = context.state();
    let all = as_manager && state.register.is_manager(who);
    let seen = |of: Stored| {
        let record = serde_json::from_slice::<Record>(&of.item);
        let readable = record.is_ok_and(|record| all || concerns(&state, who, &record));
        view::stored(of, if readable { Sight::Whole(None) } else { Sight::Stub })
    };
    Ok(Page { records: stored.into_iter().map(seen).collect(), amendments: Vec::new(), latest })
}

/// Whether a record concerns somebody: what they did, what was done about them, and who reads or takes
/// out what is in their rooms.
fn concerns(state: &State, who: Principal, record: &Record) -> bool {
    let Some(member) = who.member() else { return false };
    let is_mine = |one: Principal| match one {
        Principal::Member(_) => one == who,
        Principal::Bot(bot) => state.register.bot(bot).is_some_and(|bot| bot.owner == member),
    };
    let is_in = |room: RoomId| state.room_of(who, room).is_ok();
    if record.by.is_some_and(is_mine) {
        return true;
    }
    match &record.event {
        Event::SignInRefused { of, .. } => *of == Some(member),
        Event::Act { log, of, .. } => {
            of.is_some_and(is_mine) || matches!(log, Acted::Room(room) if is_in(*room))
        }
        Event::ManagerRead { read: Reading::Devices { member: whose } } => *whose == member,
        Event::ManagerRead { read: Reading::RoomMembers { room } }
        | Event::Exported { room, .. } => is_in(*room),
        Event::RetentionChanged { room } | Event::Disclosed { room, .. } => room.is_none_or(is_in),
        Event::KeyRotated { .. } => true,
        _ => false,
    }
}

pub async fn checkpoint(session: &Session, _: AuditCheckpoint) -> Result<SignedCheckpoint, Error> {
    session.context.audit.checkpoint().map_err(|error| view::unreadable(&error))
}

pub async fn consistency(session: &Session, call: AuditConsistency) -> Result<Path, Error> {
    let AuditConsistency { from, to } = call;
    continuation(&session.context, from, to).await?.ok_or_else(never_had)
}

/// The proof that the audit log of one size continues that of another; `None` if it never had so many.
pub async fn continuation(
    context: &Arc<Context>,
    from: Seq,
    to: Seq,
) -> Result<Option<Path>, Error> {
    proof(context, move |tree| tree.consistency(from, to)).await
}

pub async fn inclusion(session: &Session, call: AuditInclusion) -> Result<Path, Error> {
    let AuditInclusion { seq, size } = call;
    let path = proof(&session.context, move |tree| tree.inclusion(seq, size)).await?;
    path.ok_or_else(never_had)
}

async fn proof(
    context: &Arc<Context>,
    make: impl FnOnce(&crate::audit::Tree) -> Result<Option<Vec<Head>>, ReadError> + Send + 'static,
) -> Result<Option<Path>, Error> {
    let audit = context.audit.clone();
    let made =
        blocking(context, move |_| make(&audit.tree).map_err(|error| view::unreadable(&error)));
    Ok(made.await?.map(|hashes| Path { hashes }))
}

fn never_had() -> Error {
    let sentence = "the audit log has never had these numbers of records";
    Error::new(ErrorCode::BadParams, sentence)
}
