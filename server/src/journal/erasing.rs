//! What is to be erased, a slice at a time between groups, so that whoever posts waits some
//! milliseconds at most. When a room is done, its fold is built anew from what stayed. What fails, for
//! want of space or otherwise, stays in the store as unfinished, and is tried again when retention asks.
//!
//! A legal hold is asked about where an erasure begins, and nothing is decided between that and the
//! first of it: what is held loses neither records nor files.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use tokio::sync::oneshot;
use warproom_proto::{Error, ErrorCode, FileId, LogId, RoomId, Seq};

use super::read;
use super::rebuild::state_entries;
use crate::domain::{FileChange, State};
use crate::store::{CommitError, Committer, Erasure, Progress, Store};

type Answer = oneshot::Sender<Result<(), Error>>;

/// Erasures that wait or are under way, the first of them.
pub(super) struct Erasing {
    waiting: VecDeque<Waiting>,
}

enum Waiting {
    One(Box<One>),
    /// Somebody wants to know when everything before it is done.
    Asked(Answer),
}

/// An erasure of some of a room's records.
struct One {
    room: RoomId,
    erasure: Erasure,
    /// None where an earlier run, or an earlier try, had begun it.
    answer: Option<Answer>,
}

impl Erasing {
    /// What an earlier run left unfinished.
    pub(super) fn unfinished(committer: &Committer) -> Self {
        let mut erasing = Self { waiting: VecDeque::new() };
        let _ = erasing.add_unfinished(committer);
        erasing
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn add(&mut self, room: RoomId, records: Vec<Seq>, answer: Answer) {
        let erasure = Erasure::new(LogId::room(room), records.into_iter().collect());
        self.push(room, erasure, Some(answer));
    }

    /// Tries again what could not be ended, and answers once nothing is left of it.
    pub(super) fn finish(&mut self, committer: &Committer, answer: Answer) {
        match self.add_unfinished(committer) {
            Ok(()) => self.waiting.push_back(Waiting::Asked(answer)),
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    /// Adds what is not ended and does not wait already.
    fn add_unfinished(&mut self, committer: &Committer) -> Result<(), Error> {
        let found = committer.unfinished().map_err(|error| {
            tracing::error!(%error, "erasures that were cut short could not be read");
            ErrorCode::StorageFailed
        })?;
        for erasure in found {
            let room = RoomId::from_bytes(erasure.log().0);
            let is_here = |one: &Waiting| matches!(one, Waiting::One(one) if one.room == room);
            if !self.waiting.iter().any(is_here) {
                self.push(room, erasure, None);
            }
        }
        Ok(())
    }

    fn push(&mut self, room: RoomId, erasure: Erasure, answer: Option<Answer>) {
        let one = One { room, erasure, answer };
        self.waiting.push_back(Waiting::One(Box::new(one)));
    }

    /// Does the next slice.
    pub(super) fn go_on(
        &mut self,
        committer: &mut Committer,
        store: &Store,
        state: &RwLock<State>,
    ) {
        let done = match self.waiting.front_mut() {
            Some(Waiting::One(one)) => match one.go_on(committer, state) {
                Ok(Progress::More) => return,
                Ok(Progress::Done) => renew(one.room, store, state),
                Err(error) => Err(error),
            },
            Some(Waiting::Asked(_)) => is_all_ended(committer),
            None => return,
        };
        // What of it is left in the store is tried again when somebody asks for it.
        match self.waiting.pop_front() {
            Some(Waiting::One(one)) => {
                if let Some(answer) = one.answer {
                    let _ = answer.send(done);
                }
            }
            Some(Waiting::Asked(answer)) => drop(answer.send(done)),
            None => {}
        }
    }
}

impl One {
    fn go_on(
        &mut self,
        committer: &mut Committer,
        state: &RwLock<State>,
    ) -> Result<Progress, Error> {
        if self.answer.is_some() && !self.erasure.has_begun() {
            self.begin(&read(state))?;
        }
        let progress = committer.erase(&mut self.erasure).map_err(|error| failed(&error))?;
        let gone = self.erasure.take_gone();
        if !gone.is_empty() {
            let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
            for file in gone {
                state.apply_file(&FileChange::Gone(self.room, FileId::from_bytes(file)));
            }
        }
        Ok(progress)
    }

    /// Begins it, unless the room is held: each record goes with the rows of its files, and all of them
    /// before the data key that they are sealed under does.
    fn begin(&mut self, state: &State) -> Result<(), Error> {
        if state.governing.of_room(self.room).held {
            return Err(Error::new(ErrorCode::Conflict, "the room is under a legal hold"));
        }
        let files =
            |seq| state.files.of_entry(self.room, seq).into_iter().map(move |file| (seq, file));
        let files: Vec<_> = self.erasure.to_erase().flat_map(files).collect();
        self.erasure.add_files(files.into_iter().map(|(seq, file)| (seq, *file.as_bytes())));
        Ok(())
    }
}

fn is_all_ended(committer: &Committer) -> Result<(), Error> {
    match committer.unfinished() {
        Ok(left) if left.is_empty() => Ok(()),
        _ => Err(ErrorCode::StorageFailed.into()),
    }
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
