//! Keeping to the rules of retention: what is past its time is erased at the turn of each month, at
//! the start, and when two managers want it earlier.
//!
//! Ages are counted to the first of the month (UTC). So whatever happens in between, a month's runs
//! find the same, and the keys that have to be kept apart change once a month and not every day. It
//! finds what is due; the journal erases it between its groups. Age counts only while the clock is
//! believed ([`clock`]).

pub mod clock;

use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tokio::task::spawn_blocking;
use warproom_proto::{Error, ErrorCode, LogId, RoomId, Seq, audit};

use crate::context::Context;
use crate::domain::{Expiry, State, Summary};
use crate::journal;
use crate::store::{CommitError, Direction, ReadError, Store, Stored, month_began_ms};
use crate::{files, keys};

use clock::{Clock, Note};

/// How often it looks at the clock and whether a month has begun, and tries again what failed.
const PERIOD: Duration = Duration::from_hours(1);

/// How many records it looks at under one lock of the state.
const STRIDE: usize = 512;

/// The folder of the master key, and whose turn it is to change it.
pub struct Keys {
    /// The folder.
    pub folder: PathBuf,
    /// Whose turn it is.
    pub turn: Arc<keys::Turn>,
}

/// Keeps to the rules until it is aborted.
pub async fn keep(context: Arc<Context>, keys: Keys, mut clock: Clock) {
    let mut kept_to_ms = None;
    loop {
        let looked = spawn_blocking(move || {
            let note = clock.look();
            (clock, note)
        });
        // Looking does not panic, and nobody aborts it.
        let Ok((looked_at, note)) = looked.await else { return };
        clock = looked_at;
        context.metrics.now.retention_wait_s.set(note.left_ms / 1000);
        let due_ms = due_by(note);
        if kept_to_ms != Some(due_ms) && erase_what_is_due(&context, &keys, due_ms).await {
            kept_to_ms = Some(due_ms);
        }
        tokio::select! {
            () = context.retention.notified() => kept_to_ms = None,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Up to when ages are counted. While the clock is not believed nothing is old; what two managers had
/// erased early goes all the same.
fn due_by(note: Note) -> i64 {
    if note.left_ms == 0 { month_began_ms(note.seen_ms) } else { i64::MIN }
}

/// Erases what is due at this moment, room by room; whether all of it could be.
async fn erase_what_is_due(context: &Arc<Context>, keys: &Keys, due_ms: i64) -> bool {
    let rooms: Vec<RoomId> = context.state().rooms.keys().copied().collect();
    let (mut kept, mut erased) = (true, 0);
    for room in rooms {
        match erase(context, room, due_ms).await {
            Ok(count) => erased += count,
            Err(error) => {
                tracing::error!(%room, code = ?error.code, "not everything due was erased");
                kept = false;
            }
        }
    }
    if erased > 0 {
        tracing::info!(records = erased, "what was due was erased");
    }
    // Also what an earlier run has erased, if it was stopped before it came to this.
    match context.store.needs_new_master_key() {
        Ok(true) => kept && change_master_key(context, keys).await,
        Ok(false) => kept,
        Err(error) => {
            tracing::error!(%error, "whether the master key is to be changed could not be read");
            false
        }
    }
}

/// Erases what is due of a room, with its files; how many records that were.
async fn erase(context: &Arc<Context>, room: RoomId, due_ms: i64) -> Result<usize, Error> {
    let (state, store) = (context.state.clone(), context.store.clone());
    let due = spawn_blocking(move || due(&state, &store, room, due_ms)).await;
    let due = due.map_err(|_| ErrorCode::ServerFault)?.map_err(|error| {
        tracing::error!(%room, %error, "what is past its time could not be found");
        ErrorCode::ServerFault
    })?;
    if due.is_empty() {
        return Ok(0);
    }
    let count = due.len();
    let carrying = due.clone();
    let of_these = move |state: &State, _| {
        let files = carrying.into_iter().flat_map(|seq| state.files.of_entry(room, seq));
        Ok(files.map(|file| (room, file)).collect())
    };
    files::destroy(context, of_these).await?;
    context.journal.erase(room, due).await?;
    tracing::info!(%room, count, "records were erased");
    Ok(count)
}

/// Backups have the destroyed data keys under the old master key: with it they go there too.
async fn change_master_key(context: &Arc<Context>, keys: &Keys) -> bool {
    let journal = context.journal.clone();
    let (folder, turn) = (keys.folder.clone(), keys.turn.clone());
    let store = context.store.clone();
    let changed = spawn_blocking(move || {
        let is_needed = || store.needs_new_master_key();
        keys::change_if_needed(&folder, &turn, is_needed, |new| {
            let rekeyed = journal.between(move |committer| committer.rekey(&new, &[]));
            rekeyed.unwrap_or(Err(CommitError::Stopped))
        })
    });
    match changed.await {
        // Somebody did it while this waited for the turn.
        Ok(Ok(None)) => true,
        Ok(Ok(Some(_))) => {
            let event = audit::Event::KeyRotated { key: audit::KeyKind::Master };
            // That it is not noted changes nothing about what was done; the cause is in the log.
            let _ = context.journal.audit(audit::Record::of_server(event)).await;
            tracing::warn!(
                "records were erased and the master key changed with them: renew the copy of the \
                 keys, take a backup into a new folder, and destroy the older ones"
            );
            true
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the master key is the old one, older backups open with it");
            false
        }
        Err(_) => false,
    }
}

/// The records of a room that are to be erased.
fn due(
    state: &RwLock<State>,
    store: &Store,
    room: RoomId,
    due_ms: i64,
) -> Result<Vec<Seq>, ReadError> {
    let log = LogId::room(room);
    let mut found = Vec::new();
    let mut next = 1;
    let Some(until) = last_to_look_at(state, store, room, due_ms)? else { return Ok(found) };
    while next <= until {
        let page = store.page(log, next, STRIDE, Direction::Forward);
        let records =
            page.map(|one| one.map(|one| Looked::at(&one))).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = records.last() else { break };
        next = last.seq + 1;
        let state = journal::read(state);
        let Some(expiry) = state.expiry(room, due_ms) else { return Ok(Vec::new()) };
        found.extend(
            records.iter().filter(|one| is_due(&state, &expiry, room, one)).map(|one| one.seq),
        );
    }
    Ok(found)
}

/// Up to which record there may be something to erase: by age or, where two managers had something
/// erased early, to the end.
fn last_to_look_at(
    state: &RwLock<State>,
    store: &Store,
    room: RoomId,
    due_ms: i64,
) -> Result<Option<Seq>, ReadError> {
    let expiry = journal::read(state).expiry(room, due_ms);
    let Some(expiry) = expiry else { return Ok(None) };
    let log = LogId::room(room);
    if expiry.has_early() {
        return Ok(Some(store.position(log).seq));
    }
    let Some(latest_ms) = expiry.latest_ms() else { return Ok(None) };
    Ok(Some(store.at_or_after(log, latest_ms)?.saturating_sub(1)))
}

/// What decides whether a record is due, without its text: hundreds are looked at together.
struct Looked {
    seq: Seq,
    at_ms: i64,
    /// None where it is erased already.
    summary: Option<Summary>,
}

impl Looked {
    fn at(record: &Stored) -> Self {
        let kept = record.erased.is_none();
        let summary = kept.then(|| Summary::from_bytes(&record.summary)).flatten();
        Self { seq: record.seq, at_ms: record.at_ms, summary }
    }
}

fn is_due(state: &State, expiry: &Expiry, id: RoomId, of: &Looked) -> bool {
    let (Some(summary), Some(room)) = (&of.summary, state.rooms.get(&id)) else { return false };
    expiry.is_due(room, (of.seq, of.at_ms), summary)
}
