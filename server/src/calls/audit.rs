//! Calls on the audit log, what other calls leave in it, and export, which nobody does unseen.

use warproom_proto::audit::{Acted, Event, Reading, Record};
use warproom_proto::calls::{
    AuditCheckpoint, AuditConsistency, AuditInclusion, AuditPage, Page, Path, RoomExport,
    SignedCheckpoint,
};
use warproom_proto::{Body, Error, ErrorCode, Head, Label, LogId, Principal, RoomId, limits};

use super::Session;
use super::history::{blocking, limit, place, reading_allowed};
use crate::audit::Refusal;
use crate::domain::State;
use crate::journal::now_ms;
use crate::store::{Direction, ReadError, Stored};
use crate::view::{self, Entitled, Sight};

/// Counts a call that somebody had no right to make.
pub fn count(session: &Session, call: &'static str, code: ErrorCode) {
    use ErrorCode::{LabelRefused, NotAllowed, NotFound, SignInRequired};
    if matches!(code, LabelRefused | NotAllowed | NotFound | SignInRequired) {
        let who = (Some(session.who()), None);
        session.context.audit.counts.refused(who, Refusal::Call { call, code }, now_ms());
    }
}

/// Records what a manager is about to read, durably. The same a moment ago is recorded already.
pub async fn read(session: &Session, read: Reading) -> Result<(), Error> {
    let (context, who, now_ms) = (&session.context, session.who(), now_ms());
    if context.audit.counts.is_new_read(who, read, now_ms) {
        context.journal.audit(Record::by(who, Event::ManagerRead { read })).await?;
        context.audit.counts.has_read(who, read, now_ms);
    }
    Ok(())
}

pub async fn page(session: &Session, call: AuditPage) -> Result<Page, Error> {
    let AuditPage { from, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let (context, who) = (&session.context, session.who());
    if context.state().register.is_manager(who) {
        read(session, Reading::AuditLog).await?;
    }
    let latest = context.store.position(LogId::AUDIT);
    let stored = blocking(context, move |store| {
        let (from, direction) = place(store, LogId::AUDIT, from, latest.seq)?;
        if (1..=latest.seq).contains(&from) {
            view::fetch(store, LogId::AUDIT, from, limit, direction)
        } else {
            Ok(Vec::new())
        }
    })
    .await?;
    let state = context.state();
    let seen = |of: Stored| {
        let record = serde_json::from_slice::<Record>(&of.item);
        let readable = record.is_ok_and(|record| concerns(&state, who, &record));
        view::stored(of, if readable { Sight::Whole(None) } else { Sight::Stub })
    };
    Ok(Page { records: stored.into_iter().map(seen).collect(), amendments: Vec::new(), latest })
}

/// Whether a record concerns somebody: what they did, what was done about them, and who reads or takes
/// out what is in their rooms. Everything concerns a manager.
fn concerns(state: &State, who: Principal, record: &Record) -> bool {
    let Some(member) = who.member() else { return false };
    if state.register.is_manager(who) {
        return true;
    }
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
    proof(session, move |tree| tree.consistency(from, to)).await
}

pub async fn inclusion(session: &Session, call: AuditInclusion) -> Result<Path, Error> {
    let AuditInclusion { seq, size } = call;
    proof(session, move |tree| tree.inclusion(seq, size)).await
}

async fn proof(
    session: &Session,
    make: impl FnOnce(&crate::audit::Tree) -> Result<Option<Vec<Head>>, ReadError> + Send + 'static,
) -> Result<Path, Error> {
    let audit = session.context.audit.clone();
    let made = blocking(&session.context, move |_| {
        make(&audit.tree).map_err(|error| view::unreadable(&error))
    });
    let hashes = made.await?.ok_or_else(|| {
        Error::new(ErrorCode::BadParams, "the audit log has never had these numbers of records")
    })?;
    Ok(Path { hashes })
}

pub async fn export(session: &Session, call: RoomExport) -> Result<Page, Error> {
    let RoomExport { room, after, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let (context, who) = (&session.context, session.who());
    reading_allowed(&context.state(), who, room)?;
    let log = LogId::room(room);
    let latest = context.store.position(log);
    let (stored, amendments) = blocking(context, move |store| {
        let from = after.saturating_add(1);
        let stored = if after < latest.seq {
            view::fetch(store, log, from, limit, Direction::Forward)?
        } else {
            Vec::new()
        };
        let amendments = view::fetch_amendments(store, room, &stored)?;
        Ok((stored, amendments))
    })
    .await?;
    let page = {
        let state = context.state();
        let entitled = Entitled::to(&state, who, room).ok_or(ErrorCode::NotFound)?;
        let carried = |of: &Stored| entitled.exported(of);
        let records = shown(stored, carried)?;
        let mut amendments = shown(amendments, carried)?;
        amendments.retain(|(record, _)| matches!(record.body, Body::Shown { .. }));
        (records, amendments)
    };
    if let Some(record) = exported(who, room, &page.0, &page.1) {
        context.journal.audit(record).await?;
    }
    // Asked again: whoever was taken out while it was recorded gets none of it.
    reading_allowed(&context.state(), who, room)?;
    let [records, amendments] =
        [page.0, page.1].map(|records| records.into_iter().map(|(record, _)| record).collect());
    Ok(Page { records, amendments, latest })
}

/// Records as they are taken out, each with its label if it is shown.
fn shown(
    stored: Vec<Stored>,
    sight: impl Fn(&Stored) -> Result<(Sight, Option<Label>), Error>,
) -> Result<Vec<(warproom_proto::Record, Option<Label>)>, Error> {
    let show = |of: Stored| {
        let (sight, label) = sight(&of)?;
        Ok((view::stored(of, sight), label))
    };
    stored.into_iter().map(show).collect()
}

type Shown = (warproom_proto::Record, Option<Label>);

/// What of an export goes into the audit log; nothing for a page with nothing on it.
fn exported(who: Principal, room: RoomId, page: &[Shown], amendments: &[Shown]) -> Option<Record> {
    let (first, last) = (page.first()?.0.seq, page.last()?.0.seq);
    let labels = || page.iter().chain(amendments).filter_map(|(_, label)| *label);
    let records = u64::try_from(labels().count()).unwrap_or(u64::MAX);
    let strictest = labels().max();
    Some(Record::by(who, Event::Exported { room, first, last, records, strictest }))
}
