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
    if let Err(error) = context.journal.finish_erasing().await {
        tracing::error!(
            code = ?error.code,
            "an erasure cannot be ended, and no backup can be taken until it is; it is tried again"
        );
        kept = false;
    }
    // Also what an earlier run has erased, if it was stopped before it came to this; and where one room's
    // rules could not be kept to, what went from the others.
    match context.store.needs_new_master_key() {
        Ok(true) => change_master_key(context, keys).await && kept,
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
    erase_these(context, room, due).await
}

/// Erases records of a room, with their files; how many records that were.
async fn erase_these(context: &Arc<Context>, room: RoomId, due: Vec<Seq>) -> Result<usize, Error> {
    if due.is_empty() {
        return Ok(0);
    }
    let count = due.len();
    let files: Vec<_> = {
        let state = context.state();
        due.iter().flat_map(|seq| state.files.of_entry(room, *seq)).collect()
    };
    context.journal.erase(room, due).await?;
    files::erase(context, files).await;
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

#[cfg(test)]
mod tests {
    use warproom_proto::register::Event;
    use warproom_proto::{CarriedFile, FileId, Label, OrganisationId, Sha256};

    use super::*;
    use crate::context::alone::Alone;
    use crate::domain::tests::{ROOM, person, with_room};
    use crate::domain::{FileChange, Plan, Upload};
    use crate::journal::now_ms;
    use crate::store::{Committer, Erasure, MasterKey, Progress};

    const FILE: FileId = FileId::from_bytes([5; 16]);

    /// A room whose second record carries a file.
    async fn carrying() -> Alone {
        let alone = Alone::with(with_room(Label::Amber), &[(LogId::room(ROOM), 3)]);
        let context = &alone.context;
        let upload = Upload {
            file: FILE,
            room: ROOM,
            owner: person(10),
            organisation: OrganisationId::from_bytes([10; 16]),
            size_bytes: 7,
            sha256: Sha256([0; 32]),
            begun_ms: now_ms(),
            whole: true,
        };
        let files = vec![FileChange::Kept(Box::new(upload))];
        context.journal.append(None, |_, _| Ok(Plan { files, ..Plan::default() })).await.unwrap();
        let carried = [CarriedFile { file: FILE, size_bytes: 7 }];
        context.state.write().unwrap().files.carry(ROOM, 2, &carried);
        alone
    }

    fn is_kept(context: &Context) -> bool {
        let row = context.store.file(LogId::room(ROOM), *FILE.as_bytes()).unwrap();
        let is_known = context.state().files.carried(ROOM, 2, FILE).is_some();
        assert_eq!(row.is_some(), is_known, "state and store differ");
        is_known
    }

    #[tokio::test]
    async fn a_legal_hold_that_comes_after_what_is_due_was_found_keeps_its_files() {
        let alone = carrying().await;
        let context = &alone.context;
        let hold = Event::HoldSet { room: ROOM, held: true, reason: "a request".parse().unwrap() };
        let hold = Plan::act(person(11), hold);
        context.journal.append(None, |_, _| Ok(hold)).await.unwrap();
        let refused = erase_these(context, ROOM, vec![2]).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Conflict);
        assert!(is_kept(context), "its file is gone");
    }

    #[tokio::test]
    async fn what_is_erased_goes_with_its_files() {
        let alone = carrying().await;
        let context = &alone.context;
        assert_eq!(erase_these(context, ROOM, vec![2]).await.unwrap(), 1);
        assert!(!is_kept(context), "its file is there");
        let stored = context.store.read(LogId::room(ROOM), 2).unwrap().unwrap();
        assert!(stored.erased.is_some());
    }

    #[tokio::test]
    async fn an_erasure_that_the_disk_cut_short_is_ended_once_there_is_space_and_then_the_key_changes()
     {
        let alone = carrying().await;
        let context = &alone.context;
        let between = async |work: fn(&mut Committer)| {
            let journal = context.journal.clone();
            spawn_blocking(move || journal.between(work)).await.unwrap().unwrap();
        };
        between(|committer| {
            let mut erasure = Erasure::new(LogId::room(ROOM), [1].into());
            assert_eq!(committer.erase(&mut erasure).unwrap(), Progress::More);
            committer.reserve(u64::MAX);
        })
        .await;
        MasterKey::generate().unwrap().save_new(&alone.home.path().join("master.key")).unwrap();
        let keys = Keys { folder: alone.home.path().to_owned(), turn: Arc::default() };
        assert!(!erase_what_is_due(context, &keys, i64::MIN).await, "it was not ended");
        let refused = erase_these(context, ROOM, vec![2]).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::StorageFull);
        assert!(is_kept(context), "its record is there, and its file is not");

        between(|committer| committer.reserve(0)).await;
        let key = || std::fs::read(alone.home.path().join("master.key")).unwrap();
        let before = key();
        assert!(erase_what_is_due(context, &keys, i64::MIN).await);
        between(|committer| assert!(committer.unfinished().unwrap().is_empty())).await;
        assert_ne!(key(), before, "older backups open to what went");
        assert!(!context.store.needs_new_master_key().unwrap());
        assert_eq!(erase_these(context, ROOM, vec![2]).await.unwrap(), 1);
        assert!(!is_kept(context));
    }
}
