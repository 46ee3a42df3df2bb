//! What the server has too: records that were read, and replies that are shown before there is a
//! connection. Damaged in any way, it is dropped whole and read again.

mod entries;
mod page;

use std::cell::{Ref, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::params;
use warproom_client::Delivered;
use warproom_client::proto::calls::From;
use warproom_client::proto::{RoomId, Seq};

use super::database::{self, Database, Design};
use super::seal::{Opaque, Place, Seal};
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
}

impl Cache {
    /// Opens the cache, or makes an empty one where there is none that can be read.
    pub(super) fn open(folder: &Path, seal: Arc<Seal>) -> Result<Self> {
        let cache = Self { folder: folder.to_owned(), seal, database: RefCell::default() };
        match Database::open(folder, &DESIGN, Arc::clone(&cache.seal)) {
            Ok(database) => drop(cache.database.replace(Some(database))),
            Err(error) if is_damage(&error) => cache.replace()?,
            Err(error) => return Err(error),
        }
        Ok(cache)
    }

    /// The replies that were remembered, in the order their requests were first made.
    pub(super) fn remembered(&self) -> Result<Vec<(Request, Reply)>> {
        self.with(Vec::new, |db| {
            let sql = "SELECT request, value FROM remembered ORDER BY rowid";
            let rows =
                db.list(sql, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            rows.iter().map(|(name, value)| db.open_json(&of_reply(name), value)).collect()
        })
    }

    /// Remembers the reply to a request in the place of the one before.
    pub(super) fn remember(&self, request: &Request, reply: &Reply) -> Result<()> {
        self.retry(|db| {
            let name = name_of(db, request)?;
            let value = db.seal_json(&of_reply(&name), &(request, reply))?;
            db.run(
                "INSERT INTO remembered (request, value) VALUES (?1, ?2)
                 ON CONFLICT (request) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
            Ok(())
        })
    }

    /// Forgets the replies that tell of a room.
    pub(super) fn forget_replies(&self, room: RoomId) -> Result<()> {
        let remembered = self.remembered()?;
        let of_room = remembered.iter().map(|(request, _)| request);
        let of_room: Vec<_> = of_room.filter(|one| one.tells_of() == Some(room)).collect();
        if of_room.is_empty() {
            return Ok(());
        }
        self.retry(|db| {
            for request in &of_room {
                let name = name_of(db, request)?;
                db.run("DELETE FROM remembered WHERE request = ?1", [name])?;
            }
            db.empty_log()
        })
    }

    /// Keeps records of a room: all, or none.
    pub(super) fn keep(&self, room: RoomId, entries: &[Delivered]) -> Result<()> {
        self.retry(|db| entries::keep(db, room, entries))
    }

    /// The highest number kept of a room; 0 if there is none.
    pub(super) fn last(&self, room: RoomId) -> Result<Seq> {
        self.with(|| 0, |db| Ok(entries::highest(db, room)?.unwrap_or(0)))
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

    /// Drops everything of a room.
    pub(super) fn forget(&self, room: RoomId) -> Result<()> {
        self.retry(|db| entries::forget(db, room))
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
    fn retry(&self, work: impl Fn(&Database) -> Result<()>) -> Result<()> {
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
    pub(super) fn for_test<T>(&self, look: impl FnOnce(&Database) -> T) -> T {
        look(&self.database().unwrap())
    }
}

/// Whether it cannot be read, now or ever: what an older or newer version kept counts too.
const fn is_damage(error: &ProfileError) -> bool {
    matches!(error, ProfileError::Damaged(_) | ProfileError::Newer)
}

/// What a remembered request is kept under: nothing can be read from it.
fn name_of(db: &Database, request: &Request) -> Result<Opaque> {
    let json =
        serde_json::to_vec(request).map_err(|_| ProfileError::Sealing("a request is not JSON"))?;
    Ok(db.seal().name("remembered", &json))
}

fn of_reply(name: &[u8]) -> Place {
    Place::new("remembered", &[name])
}
