//! What is to be erased, a slice at a time between groups, so that whoever posts waits some
//! milliseconds at most. When a room is done, its fold is built anew from what stayed.
//!
//! A legal hold is asked about where an erasure begins, and nothing is decided between that and the
//! first of it: what is held loses neither records nor files.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use tokio::sync::oneshot;
use warproom_proto::{Error, ErrorCode, LogId, RoomId, Seq};

use super::files::kept;
use super::read;
use super::rebuild::state_entries;
use crate::domain::State;
use crate::store::{CommitError, Committer, Erasure, Progress, Store};

type Answer = oneshot::Sender<Result<(), Error>>;

/// Erasures that wait or are under way, the first of them.
pub(super) struct Erasing {
    waiting: VecDeque<(RoomId, Erasure, Option<Answer>)>,
}

impl Erasing {
    /// What an earlier run left unfinished.
    pub(super) fn unfinished(committer: &Committer) -> Self {
        let found = committer.unfinished().unwrap_or_else(|error| {
            tracing::error!(%error, "erasures that were cut short could not be read");
            Vec::new()
        });
        let room = |erasure: &Erasure| RoomId::from_bytes(erasure.log().0);
        Self { waiting: found.into_iter().map(|one| (room(&one), one, None)).collect() }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn add(&mut self, room: RoomId, records: Vec<Seq>, answer: Answer) {
        let erasure = Erasure::new(LogId::room(room), records.into_iter().collect());
        self.waiting.push_back((room, erasure, Some(answer)));
    }

    /// Does the next slice.
    pub(super) fn go_on(
        &mut self,
        committer: &mut Committer,
        store: &Store,
        state: &RwLock<State>,
    ) {
        let Some((room, erasure, answer)) = self.waiting.front_mut() else { return };
        let begins = answer.is_some() && !erasure.has_begun();
        let begun = if begins { begin(*room, erasure, committer, state) } else { Ok(()) };
        let done = match begun.map(|()| committer.erase(erasure)) {
            Ok(Ok(Progress::More)) => return,
            Ok(Ok(Progress::Done)) => renew(*room, store, state),
            Ok(Err(error)) => Err(failed(&error)),
            Err(refusal) => Err(refusal),
        };
        if let Some(answer) = answer.take() {
            let _ = answer.send(done);
        }
        self.waiting.pop_front();
    }
}

/// Begins an erasure, unless the room is held: the keys of its files are destroyed before the data key
/// that they are sealed under is.
fn begin(
    room: RoomId,
    erasure: &Erasure,
    committer: &mut Committer,
    state: &RwLock<State>,
) -> Result<(), Error> {
    let gone: Vec<_> = {
        let state = read(state);
        if state.governing.of_room(room).held {
            return Err(Error::new(ErrorCode::Conflict, "the room is under a legal hold"));
        }
        erasure.to_erase().flat_map(|seq| state.without_files(room, seq)).collect()
    };
    let dropped: Vec<_> = gone.iter().filter_map(kept).collect();
    let done = committer.commit_with(Vec::new(), (&[], &dropped), 0, |_| Ok(Vec::new()));
    done.map_err(|error| failed(&error))?;
    let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
    for change in &gone {
        state.apply_file(change);
    }
    Ok(())
}

fn renew(room: RoomId, store: &Store, state: &RwLock<State>) -> Result<(), Error> {
    let entries = state_entries(store, LogId::room(room)).map_err(|error| {
        tracing::error!(%room, %error, "a room could not be read anew");
        ErrorCode::ServerFault
    })?;
    let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
    state.replace_room(room, entries.iter().map(|(at, entry, summary)| (*at, entry, summary)));
    Ok(())
}

fn failed(error: &CommitError) -> Error {
    tracing::error!(%error, "records could not be erased");
    match error {
        CommitError::StorageFull { .. } => ErrorCode::StorageFull.into(),
        _ => ErrorCode::StorageFailed.into(),
    }
}
