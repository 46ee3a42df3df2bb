//! A disk in memory, whose power can be cut at any step of a commit.
//!
//! It has what a database promises and no more: a batch is there at once for readers and goes to the
//! disk whole or not at all; what was flushed stays. What was not flushed when the power is cut may have
//! got there or not, in the order it was written. It knows nothing of what the values hold.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

use sled::IVec;

use crate::store::folder::data_file;

/// A value written, or one removed.
type Change = (IVec, Option<IVec>);

type Row = sled::Result<(IVec, IVec)>;

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The power is cut before any of it is written.
    CutBefore,
    /// The power is cut between writing and flushing; the batch got there, or not.
    CutWithin {
        /// Whether it did.
        kept: bool,
    },
    /// The power is cut when all is flushed and nobody has been answered.
    CutAfter,
    /// Flushing fails and says so, and the machine runs on; the batch is there at the next start, or not.
    Fails {
        /// Whether it is.
        kept: bool,
    },
}

/// A disk. Clones are the same one.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Medium>>);

#[derive(Default)]
struct Medium {
    /// What readers see.
    present: BTreeMap<IVec, IVec>,
    /// What is there after a power cut.
    durable: BTreeMap<IVec, IVec>,
    /// What was written and not flushed, oldest first.
    unflushed: VecDeque<Vec<Change>>,
    /// What happens after so many further commits.
    armed: Option<(u32, Fate)>,
    has_power: bool,
}

thread_local! {
    /// The folders of this thread whose database is on a simulated disk.
    static MOUNTED: RefCell<HashMap<PathBuf, Disk>> = RefCell::default();
}

impl Disk {
    /// Puts the database of a folder on this disk, for this thread, and turns on the power.
    pub fn mount(&self, folder: &Path) {
        self.medium().has_power = true;
        MOUNTED.with_borrow_mut(|mounted| mounted.insert(folder.to_owned(), self.clone()));
    }

    /// The folder's database is where it would be without a simulation.
    pub fn unmount(folder: &Path) {
        MOUNTED.with_borrow_mut(|mounted| mounted.remove(folder));
    }

    /// After so many further commits this happens.
    pub fn arm(&self, commits: u32, fate: Fate) {
        self.medium().armed = Some((commits, fate));
    }

    /// Cuts the power now, if it is still on, and starts anew with what is durable.
    pub fn restart(&self) {
        let mut medium = self.medium();
        medium.armed = None;
        medium.unflushed.clear();
        medium.present = medium.durable.clone();
        medium.has_power = true;
    }

    /// Whether the machine runs.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.medium().has_power
    }

    /// How many batches were written that are not flushed.
    #[must_use]
    pub fn unflushed(&self) -> usize {
        self.medium().unflushed.len()
    }

    /// Every key and value that is durable, to be damaged and put back.
    #[must_use]
    pub fn image(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let medium = self.medium();
        medium.durable.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    /// A disk that holds this.
    #[must_use]
    pub fn of(image: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let rows =
            image.iter().map(|(key, value)| (key.as_slice().into(), value.as_slice().into()));
        let durable: BTreeMap<IVec, IVec> = rows.collect();
        let present = durable.clone();
        Self(Arc::new(Mutex::new(Medium {
            present,
            durable,
            has_power: true,
            ..Medium::default()
        })))
    }

    fn medium(&self) -> MutexGuard<'_, Medium> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium {
    fn write(&mut self, changes: Vec<Change>) -> sled::Result<()> {
        if let Some((0, Fate::CutBefore)) = self.armed {
            self.has_power = false;
        }
        if !self.has_power {
            return Err(gone("the power is cut"));
        }
        apply(&mut self.present, &changes);
        self.unflushed.push_back(changes);
        Ok(())
    }

    fn flush(&mut self) -> sled::Result<usize> {
        if !self.has_power {
            return Err(gone("the power is cut"));
        }
        let fate = match &mut self.armed {
            Some((0, fate)) => Some(*fate),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        match fate {
            None | Some(Fate::CutBefore) => {
                self.settle();
                Ok(0)
            }
            Some(Fate::CutAfter) => {
                self.settle();
                self.has_power = false;
                // Whoever goes on after this is heard by nobody.
                Ok(0)
            }
            Some(Fate::CutWithin { kept }) => {
                if kept {
                    self.settle();
                }
                self.unflushed.clear();
                self.has_power = false;
                Err(gone("the power is cut"))
            }
            Some(Fate::Fails { kept }) => {
                if kept {
                    self.settle();
                }
                self.unflushed.clear();
                self.armed = None;
                Err(gone("the disk fails"))
            }
        }
    }

    fn settle(&mut self) {
        for changes in self.unflushed.drain(..) {
            apply(&mut self.durable, &changes);
        }
    }
}

fn apply(to: &mut BTreeMap<IVec, IVec>, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(to.insert(key.clone(), value.clone())),
            None => drop(to.remove(key)),
        }
    }
}

fn gone(why: &'static str) -> sled::Error {
    sled::Error::Io(io::Error::other(why))
}

/// An open database, on a real disk or a simulated one.
pub(in crate::store) enum Database {
    Sled(sled::Db),
    Simulated(Disk),
}

impl Database {
    /// The database of a folder that is on a simulated disk.
    pub(in crate::store) fn mounted(folder: &Path) -> Option<Self> {
        let disk = MOUNTED.with_borrow(|mounted| mounted.get(folder).cloned())?;
        // What the store looks for beside the database is there, and empty.
        let data = data_file(folder);
        if !data.exists() {
            data.parent()
                .map(fs::create_dir_all)
                .transpose()
                .and_then(|_| fs::write(data, []))
                .ok()?;
        }
        Some(Self::Simulated(disk))
    }

    pub(in crate::store) fn get(&self, key: impl AsRef<[u8]>) -> sled::Result<Option<IVec>> {
        match self {
            Self::Sled(db) => db.get(key),
            Self::Simulated(disk) => Ok(disk.medium().present.get(key.as_ref()).cloned()),
        }
    }

    pub(in crate::store) fn contains_key(&self, key: impl AsRef<[u8]>) -> sled::Result<bool> {
        self.get(key).map(|found| found.is_some())
    }

    pub(in crate::store) fn range<K: AsRef<[u8]>>(&self, keys: impl RangeBounds<K>) -> Rows {
        match self {
            Self::Sled(db) => Rows::Sled(Box::new(db.range(keys))),
            Self::Simulated(disk) => {
                let bounds = (plain(keys.start_bound()), plain(keys.end_bound()));
                let medium = disk.medium();
                let rows = medium.present.range::<[u8], _>(bounds);
                let rows: Vec<_> = rows.map(|(key, value)| (key.clone(), value.clone())).collect();
                Rows::Simulated(rows.into_iter())
            }
        }
    }

    pub(in crate::store) fn scan_prefix(&self, prefix: impl AsRef<[u8]>) -> Rows {
        match self {
            Self::Sled(db) => Rows::Sled(Box::new(db.scan_prefix(prefix))),
            Self::Simulated(disk) => {
                let prefix = prefix.as_ref();
                let medium = disk.medium();
                let from = (Bound::Included(prefix), Bound::Unbounded);
                let rows = medium.present.range::<[u8], _>(from);
                let rows = rows.take_while(|(key, _)| key.starts_with(prefix));
                let rows: Vec<_> = rows.map(|(key, value)| (key.clone(), value.clone())).collect();
                Rows::Simulated(rows.into_iter())
            }
        }
    }

    pub(in crate::store) fn apply_batch(&self, batch: Batch) -> sled::Result<()> {
        match self {
            Self::Simulated(disk) => disk.medium().write(batch.0),
            Self::Sled(db) => {
                let mut into = sled::Batch::default();
                for (key, value) in batch.0 {
                    match value {
                        Some(value) => into.insert(key, value),
                        None => into.remove(key),
                    }
                }
                db.apply_batch(into)
            }
        }
    }

    pub(in crate::store) fn flush(&self) -> sled::Result<usize> {
        match self {
            Self::Sled(db) => db.flush(),
            Self::Simulated(disk) => disk.medium().flush(),
        }
    }
}

fn plain<K: AsRef<[u8]>>(bound: Bound<&K>) -> Bound<&[u8]> {
    bound.map(AsRef::as_ref)
}

/// What is written at once or not at all. As with sled's, of several changes of one key the last stays.
#[derive(Default)]
pub(in crate::store) struct Batch(Vec<Change>);

impl Batch {
    pub(in crate::store) fn insert(&mut self, key: impl Into<IVec>, value: impl Into<IVec>) {
        self.0.push((key.into(), Some(value.into())));
    }

    pub(in crate::store) fn remove(&mut self, key: impl Into<IVec>) {
        self.0.push((key.into(), None));
    }
}

/// Keys with their values, in order from either end.
pub(in crate::store) enum Rows {
    Sled(Box<sled::Iter>),
    Simulated(vec::IntoIter<(IVec, IVec)>),
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        match self {
            Self::Sled(rows) => rows.next(),
            Self::Simulated(rows) => rows.next().map(Ok),
        }
    }
}

impl DoubleEndedIterator for Rows {
    fn next_back(&mut self) -> Option<Row> {
        match self {
            Self::Sled(rows) => rows.next_back(),
            Self::Simulated(rows) => rows.next_back().map(Ok),
        }
    }
}
