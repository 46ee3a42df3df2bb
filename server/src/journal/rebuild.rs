//! The state, built anew from the logs when the server starts. It only reads: what is decided and
//! stored afterwards is the writer's.

use warproom_proto::entry::{Entry, Kind};
use warproom_proto::register::{Act, Event};
use warproom_proto::{LogId, RoomId, Seq};

use crate::domain::{State, Summary};
use crate::store::{self, Store};

use super::files;
use super::marks::{KINDS, unsealed};

/// Why the state cannot be rebuilt from the store.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A record cannot be read.
    #[error("{0}")]
    Read(#[from] store::ReadError),
    /// What is kept of a file opens, and is not what this version can read.
    #[error("what is kept of a file of the {0} log is not readable by this version")]
    File(LogId),
    /// A record opens, and is not what this version can fold.
    #[error("record {seq} of the {log} is not readable by this version")]
    Record {
        /// Its log.
        log: LogId,
        /// Its number.
        seq: Seq,
    },
}

/// Rebuilds the state from the logs.
pub fn rebuild(store: &Store) -> Result<State, RebuildError> {
    let mut state = State::default();
    for stored in store.page(LogId::REGISTER, 1, usize::MAX, store::Direction::Forward) {
        let stored = stored?;
        let unreadable = |_| RebuildError::Record { log: LogId::REGISTER, seq: stored.seq };
        let act: Act = serde_json::from_slice(&stored.item).map_err(unreadable)?;
        // What a newer server decided may restrict: to pass it over would open what it closed.
        if matches!(act.event, Event::Unknown) {
            return Err(RebuildError::Record { log: LogId::REGISTER, seq: stored.seq });
        }
        state.apply_act(&act, stored.at_ms);
    }
    // Before the rooms, whose entries carry files.
    for row in store.files() {
        let row = row?;
        state.files.keep(files::noted(&row).ok_or(RebuildError::File(row.log))?);
    }
    let rooms =
        store.logs().into_iter().filter(|log| ![LogId::REGISTER, LogId::AUDIT].contains(log));
    for log in rooms {
        let room = RoomId::from_bytes(log.0);
        for (at, entry, summary) in state_entries(store, log)? {
            state.apply_entry(room, at, &entry, &summary);
        }
    }
    for kind in KINDS {
        for mark in store.marks(kind) {
            if let Some(mark) = unsealed(&mark?) {
                state.apply_mark(&mark);
            }
        }
    }
    Ok(state)
}

/// What of a room's log its fold is built from: each entry with its number and time.
pub(super) type StateEntries = Vec<((Seq, i64), Entry, Summary)>;

/// Reads the entries that a room's fold is built from.
pub(super) fn state_entries(store: &Store, log: LogId) -> Result<StateEntries, RebuildError> {
    let mut entries = Vec::new();
    for seq in store.state(log)? {
        let stored = store.read(log, seq)?.ok_or(RebuildError::Record { log, seq })?;
        if stored.erased.is_some() {
            continue;
        }
        let unreadable = |_| RebuildError::Record { log, seq };
        let entry: Entry = serde_json::from_slice(&stored.item).map_err(unreadable)?;
        if entry.handling.kind == Kind::Unknown {
            return Err(RebuildError::Record { log, seq });
        }
        let summary =
            Summary::from_bytes(&stored.summary).ok_or(RebuildError::Record { log, seq })?;
        entries.push(((seq, stored.at_ms), entry, summary));
    }
    Ok(entries)
}
