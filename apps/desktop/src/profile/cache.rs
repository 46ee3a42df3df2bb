//! What the server has too: records that were read, and replies that are shown before there is a
//! connection. Damaged in any way, it is dropped whole and read again. It keeps to a budget.

mod budget;
mod entries;
mod page;
mod replies;

use std::cell::{Cell, Ref, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use warproom_client::Delivered;
use warproom_client::proto::calls::From;
use warproom_client::proto::{Kind, Position, RoomId, Seq};

use super::database::{self, Database, Design};
use super::seal::Seal;
use super::{ProfileError, Result};
use crate::news::Page;
use crate::request::{Reply, Request};

pub(super) use page::Missing;

const DESIGN: Design = Design {
    file: "cache.sqlite",
    tables: "
        CREATE TABLE remembered (request BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT;
        CREATE TABLE entries (
            room BLOB NOT NULL, seq INTEGER NOT NULL, refers_to INTEGER, value BLOB NOT NULL,
            PRIMARY KEY (room, seq)) STRICT;
        CREATE INDEX referring ON entries (room, refers_to) WHERE refers_to IS NOT NULL;
        CREATE TABLE retracted (
            room BLOB NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (room, entry)) STRICT, WITHOUT ROWID;",
    version: 1,
    // What a power cut takes from it is read again.
    synchronous: "NORMAL",
    what: "the file cache.sqlite",
};

/// The open cache.
pub(super) struct Cache {
    folder: PathBuf,
    seal: Arc<Seal>,
    /// None only if a damaged one could not be replaced: the disk is full, say.
    database: RefCell<Option<Database>>,
    /// How much it may hold.
    budget_bytes: Cell<u64>,
}

impl Cache {
    /// Opens the cache, or makes an empty one where there is none that can be read.
    pub(super) fn open(folder: &Path, seal: Arc<Seal>) -> Result<Self> {
        let (folder_of, database) = (folder.to_owned(), RefCell::default());
        let budget_bytes = Cell::new(budget::BYTES);
        let cache = Self { folder: folder_of, seal, database, budget_bytes };
        match Database::open(folder, &DESIGN, Arc::clone(&cache.seal)) {
            Ok(database) => drop(cache.database.replace(Some(database))),
            Err(error) if is_damage(&error) => cache.replace()?,
            Err(error) => return Err(error),
        }
        Ok(cache)
    }

    /// The replies that were remembered, in the order their requests were first made.
    pub(super) fn remembered(&self) -> Result<Vec<(Request, Reply)>> {
        self.with(Vec::new, replies::all)
    }

    /// Remembers the reply to a request in the place of the one before.
    pub(super) fn remember(&self, request: &Request, reply: &Reply) -> Result<()> {
        self.retry(|db| replies::put(db, request, reply))
    }

    /// Keeps records of a room: all, or none. Answers what was erased because of a stricter label.
    pub(super) fn keep(&self, room: RoomId, entries: &[Delivered]) -> Result<Vec<Seq>> {
        let changed = self.retry(|db| {
            let changed = db.change(|_| {
                let changed = entries::keep(db, room, entries)?;
                // A board may quote what was taken back, or may not be read any more.
                if entries.iter().any(takes_away) {
                    replies::forget_about(db, room)?;
                }
                Ok(changed)
            })?;
            if changed.has_erased {
                db.empty_log()?;
            }
            Ok(changed)
        })?;
        self.make_room()?;
        Ok(changed.tightened.into_iter().collect())
    }

    /// Whether an entry was retracted, as far as this computer was told.
    pub(super) fn is_retracted(&self, room: RoomId, seq: Seq) -> Result<bool> {
        self.with(|| false, |db| entries::is_retracted(db, room, seq))
    }

    /// The highest number kept of a room; 0 if there is none.
    pub(super) fn last(&self, room: RoomId) -> Result<Seq> {
        self.with(|| 0, |db| Ok(entries::highest(db, room)?.unwrap_or(0)))
    }

    /// The position of the highest record kept of a room.
    pub(super) fn last_position(&self, room: RoomId) -> Result<Option<Position>> {
        self.with(|| None, |db| entries::last(db, room))
    }

    /// The first of these records that is not the one that is kept under its number.
    pub(super) fn other(&self, room: RoomId, entries: &[Delivered]) -> Result<Option<Seq>> {
        self.with(|| None, |db| entries::other(db, room, entries))
    }

    /// A page of a room.
    pub(super) fn page(
        &self,
        room: RoomId,
        from: From,
        limit: u16,
        missing: Missing,
    ) -> Result<Option<Page>> {
        self.with(|| None, |db| page::page(db, room, from, limit, missing))
    }

    /// What refers to an entry, as far as it is kept, oldest first.
    pub(super) fn thread(&self, room: RoomId, to: Seq) -> Result<Vec<Delivered>> {
        self.with(Vec::new, |db| page::thread(db, room, to))
    }

    /// Drops everything of a room, at once: its records, what tells of it, and its place in lists.
    pub(super) fn forget(&self, room: RoomId) -> Result<()> {
        self.retry(|db| {
            db.change(|_| {
                entries::forget(db, room)?;
                replies::forget(db, room)
            })?;
            db.empty_log()
        })
    }

    /// Holds no more than it may. Where the newest of each room is too much already, it begins anew.
    fn make_room(&self) -> Result<()> {
        let fits = self.with(|| true, |db| budget::keep_to(db, self.budget_bytes.get()))?;
        if fits { Ok(()) } else { self.replace() }
    }

    /// Reads something. A damaged cache is replaced by an empty one, and has `nothing`.
    fn with<T>(
        &self,
        nothing: impl FnOnce() -> T,
        work: impl FnOnce(&Database) -> Result<T>,
    ) -> Result<T> {
        let done = work(&*self.database()?);
        match done {
            Err(error) if is_damage(&error) => self.replace().map(|()| nothing()),
            done => done,
        }
    }

    /// Writes something; once more if the cache turned out to be damaged and was replaced.
    fn retry<T>(&self, work: impl Fn(&Database) -> Result<T>) -> Result<T> {
        let done = work(&*self.database()?);
        match done {
            Err(error) if is_damage(&error) => {
                self.replace()?;
                work(&*self.database()?)
            }
            done => done,
        }
    }

    fn database(&self) -> Result<Ref<'_, Database>> {
        if self.database.borrow().is_none() {
            self.replace()?;
        }
        Ref::filter_map(self.database.borrow(), Option::as_ref)
            .map_err(|_| ProfileError::Damaged(DESIGN.what))
    }

    /// Drops the cache and begins an empty one.
    fn replace(&self) -> Result<()> {
        // Its file must be closed before it can be removed.
        let old = self.database.take();
        if old.is_some() {
            tracing::warn!("the cache of the profile is damaged and is read again");
        }
        drop(old);
        database::remove(&self.folder, &DESIGN)?;
        let new = Database::create(&self.folder, &DESIGN, Arc::clone(&self.seal))?;
        self.database.replace(Some(new));
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn may_hold(&self, bytes: u64) {
        self.budget_bytes.set(bytes);
    }

    #[cfg(test)]
    pub(super) fn for_test<T>(&self, look: impl FnOnce(&Database) -> T) -> T {
        look(&self.database().unwrap())
    }
}

/// Whether it cannot be read, now or ever: what an older or newer version kept counts too.
const fn is_damage(error: &ProfileError) -> bool {
    matches!(error, ProfileError::Damaged(_) | ProfileError::Newer)
}

/// Whether somebody may read less after this than before.
fn takes_away(delivered: &Delivered) -> bool {
    let kind = delivered.entry.as_ref().map(|entry| &entry.handling.kind);
    matches!(kind, Some(Kind::Retract { .. } | Kind::Relabel { .. }))
}
