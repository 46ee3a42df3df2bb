//! The moment of a backup: where every log ends, and a copy of all that is overwritten in place.
//!
//! It is taken by the one writer between two groups, so all of it is of one moment. What is copied is
//! small: marks, wrapped data keys, and whatever else the database keeps that does not grow with
//! the logs. Which files beside the database are done is said by whoever makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError};

use warproom_proto::record::LogId;

use super::check::State;
use crate::store::commit::{CommitError, Committer};
use crate::store::database::{Batch, Database};
use crate::store::fault::{Fault, guarded};
use crate::store::layout::{self, BACKUPS};
use crate::store::opened::Tip;
use crate::store::seal::{DataKey, NoKey};

/// What a store was at one moment.
pub struct Moment {
    pub(super) tips: BTreeMap<LogId, Tip>,
    /// Every key and value that does not grow with the logs, in order.
    pub(super) state: State,
    /// The files beside the database that are done, and never change again.
    pub(super) files: BTreeSet<String>,
    /// What seals the manifest, and its wrapped form.
    pub(super) key: Arc<DataKey>,
    pub(super) wrapped: Vec<u8>,
}

impl Committer {
    /// Notes the present moment for a backup, with the paths of the files beside the database that are
    /// done. Nothing is committed meanwhile, for as long as copying the marks takes: some milliseconds
    /// for a WARP of a hundred people.
    pub fn moment(&mut self, files: BTreeSet<String>) -> Result<Moment, CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        let key = self.backup_key()?;
        let opened = &self.opened;
        let place = layout::data_key(BACKUPS, 0);
        let wrapped = guarded(|| opened.db.get(place))?;
        let wrapped = wrapped.ok_or(Fault::broken("the key of the backups is missing"))?;
        let tips = opened.tips.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Moment { tips, state: state(&opened.db)?, files, key, wrapped: wrapped.to_vec() })
    }

    /// The data key of this store's backups; the first one makes it.
    fn backup_key(&mut self) -> Result<Arc<DataKey>, CommitError> {
        match self.opened.keys.find(&self.opened.db, BACKUPS, 0) {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {}
            Err(NoKey::Damaged) => return Err(Fault::broken("a data key does not open").into()),
            Err(NoKey::Fault(fault)) => return Err(fault.into()),
        }
        self.check_space()?;
        let new = self.opened.keys.make(BACKUPS, 0)?;
        let mut batch = Batch::default();
        batch.insert(&layout::data_key(BACKUPS, 0)[..], new.wrapped);
        let made = self.make_durable(batch, std::iter::empty());
        self.stopped = made.is_err();
        made?;
        self.opened.keys.remember(BACKUPS, 0, &new.key);
        Ok(new.key)
    }
}

impl Moment {
    /// Whether records were being erased at that moment.
    pub(super) fn is_erasing(&self) -> bool {
        self.state.iter().any(|(key, _)| key.starts_with(layout::ERASING))
    }

    /// Whether an erasure began since, so that records read after the moment may be of other keys.
    pub(super) fn is_left_by(&self, db: &Database) -> Result<bool, Fault> {
        let now = guarded(|| db.get(layout::ERASURES))?;
        Ok(now.as_deref() != self.erasures())
    }

    /// Whether the master key was changed since: then no key that is left opens what it wrapped.
    pub(super) fn is_rewrapped(&self, db: &Database) -> Result<bool, Fault> {
        let now = guarded(|| db.get(layout::data_key(BACKUPS, 0)))?;
        Ok(now.as_deref() != Some(self.wrapped.as_slice()))
    }

    /// The number of the last erasure that had begun.
    pub(super) fn erasures(&self) -> Option<&[u8]> {
        erasures(&self.state)
    }
}

/// The number of the last erasure that had begun by a state; none where there was none.
pub(super) fn erasures(state: &State) -> Option<&[u8]> {
    let found = state.iter().find(|(key, _)| key == layout::ERASURES);
    found.map(|(_, number)| number.as_slice())
}

/// Everything in the database but what grows with the logs.
fn state(db: &Database) -> Result<State, Fault> {
    let mut found = State::new();
    let mut from = Bound::Unbounded;
    let ends = layout::GROWING.map(|tag| (Bound::Excluded(vec![tag]), vec![tag + 1]));
    let ends = ends.into_iter().map(|(end, next)| (end, Some(next)));
    for (end, next) in ends.chain([(Bound::Unbounded, None)]) {
        let mut entries = db.range((from, end));
        while let Some((key, value)) = guarded(|| entries.next().transpose())? {
            found.push((key.to_vec(), value.to_vec()));
        }
        from = next.map_or(Bound::Unbounded, Bound::Included);
    }
    Ok(found)
}
