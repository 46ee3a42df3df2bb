//! What cannot be had again: who this device is, the settings, drafts, what waits to be sent, and the
//! heads of the logs. Durable when a call returns.

use std::path::Path;
use std::sync::Arc;

use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use warproom_client::proto::{EntryId, RoomId};

use super::Result;
use super::database::{Database, Design};
use super::seal::{Place, Seal};
use crate::effect::Outgoing;
use crate::model::compose::Draft;
use crate::news::Refusal;

const DESIGN: Design = Design {
    file: "store.sqlite",
    tables: "
        CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
        CREATE TABLE drafts (room BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT;
        CREATE TABLE outbox
            (place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, value BLOB NOT NULL) STRICT;",
    version: 1,
    synchronous: "FULL",
    what: "the file store.sqlite",
};

/// The open store.
pub(super) struct Store {
    database: Database,
}

/// An entry of the outbox.
#[derive(Serialize, Deserialize)]
struct Waiting {
    outgoing: Outgoing,
    refusal: Option<Refusal>,
}

impl Store {
    /// Makes an empty one.
    pub(super) fn create(folder: &Path, seal: Arc<Seal>) -> Result<Self> {
        Ok(Self { database: Database::create(folder, &DESIGN, seal)? })
    }

    /// Opens the one that is there, and checks that it is whole.
    pub(super) fn open(folder: &Path, seal: Arc<Seal>) -> Result<Self> {
        let database = Database::open(folder, &DESIGN, seal)?;
        database.check()?;
        Ok(Self { database })
    }

    /// Something there is one of, if it was kept.
    pub(super) fn kept<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>> {
        let db = &self.database;
        let value: Option<Vec<u8>> =
            db.find("SELECT value FROM kept WHERE name = ?1", [name], |row| row.get(0))?;
        value.map(|sealed| db.open_json(&of_kept(name), &sealed)).transpose()
    }

    /// Keeps something there is one of.
    pub(super) fn keep(&self, name: &'static str, value: &impl Serialize) -> Result<()> {
        let db = &self.database;
        let sealed = db.seal_json(&of_kept(name), value)?;
        db.run("INSERT OR REPLACE INTO kept (name, value) VALUES (?1, ?2)", params![name, sealed])?;
        Ok(())
    }

    /// All drafts.
    pub(super) fn drafts(&self) -> Result<Vec<(RoomId, Draft)>> {
        let db = &self.database;
        let rows = db.list("SELECT room, value FROM drafts ORDER BY rowid", [], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?;
        let opened = rows.iter().map(|(room, value)| db.open_json(&of_draft(room), value));
        opened.collect()
    }

    /// Keeps a draft; an empty one is dropped.
    pub(super) fn keep_draft(&self, room: RoomId, draft: &Draft) -> Result<()> {
        let db = &self.database;
        let name = db.seal().name("drafts", room.as_bytes());
        let is_empty = draft.text.is_empty() && draft.files.is_empty();
        if is_empty && draft.reply_to.is_none() && draft.edit_of.is_none() {
            db.run("DELETE FROM drafts WHERE room = ?1", [name])?;
            return Ok(());
        }
        let sealed = db.seal_json(&of_draft(&name), &(room, draft))?;
        db.run(
            "INSERT INTO drafts (room, value) VALUES (?1, ?2)
             ON CONFLICT (room) DO UPDATE SET value = excluded.value",
            params![name, sealed],
        )?;
        Ok(())
    }

    /// What waits and what was refused, in the order it was first kept.
    pub(super) fn outbox(&self) -> Result<Vec<(Outgoing, Option<Refusal>)>> {
        let db = &self.database;
        let rows = db.list("SELECT place, id, value FROM outbox ORDER BY place", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let open = |(place, id, value): &(i64, Vec<u8>, Vec<u8>)| {
            let waiting: Waiting = db.open_json(&of_waiting(*place, id), value)?;
            Ok((waiting.outgoing, waiting.refusal))
        };
        rows.iter().map(open).collect()
    }

    /// Keeps an entry at the end; or in its place, if it is there already.
    pub(super) fn keep_outgoing(&self, outgoing: &Outgoing) -> Result<()> {
        let db = &self.database;
        let id = self.name(outgoing.id());
        let mut waiting = Waiting { outgoing: outgoing.clone(), refusal: None };
        db.change(|_| {
            let place = match self.place(&id)? {
                Some(place) => {
                    let before: Waiting = self.waiting(place, &id)?;
                    remember_announced(&mut waiting.outgoing, &before.outgoing);
                    place
                }
                None => {
                    db.read("SELECT coalesce(max(place), 0) + 1 FROM outbox", [], |row| row.get(0))?
                }
            };
            self.put(place, &id, &waiting)
        })
    }

    /// Keeps an entry as it is now, if it is still there and waits.
    pub(super) fn renew_outgoing(&self, outgoing: &Outgoing) -> Result<()> {
        let db = &self.database;
        let id = self.name(outgoing.id());
        db.change(|_| {
            let Some(place) = self.place(&id)? else { return Ok(()) };
            self.put(place, &id, &Waiting { outgoing: outgoing.clone(), refusal: None })
        })
    }

    /// Writes down why an entry was refused, if it is still there.
    pub(super) fn keep_refusal(&self, id: EntryId, refusal: &Refusal) -> Result<()> {
        let db = &self.database;
        let id = self.name(id);
        db.change(|_| {
            let Some(place) = self.place(&id)? else { return Ok(()) };
            let mut waiting = self.waiting(place, &id)?;
            waiting.refusal = Some(refusal.clone());
            self.put(place, &id, &waiting)
        })
    }

    /// Takes an entry out.
    pub(super) fn drop_outgoing(&self, id: EntryId) -> Result<()> {
        self.database.run("DELETE FROM outbox WHERE id = ?1", [self.name(id)])?;
        Ok(())
    }

    fn waiting(&self, place: i64, id: &[u8; 16]) -> Result<Waiting> {
        let sql = "SELECT value FROM outbox WHERE place = ?1";
        let value: Vec<u8> = self.database.read(sql, [place], |row| row.get(0))?;
        self.database.open_json(&of_waiting(place, id), &value)
    }

    fn name(&self, id: EntryId) -> [u8; 16] {
        self.database.seal().name("outbox", id.as_bytes())
    }

    fn place(&self, id: &[u8; 16]) -> Result<Option<i64>> {
        self.database.find("SELECT place FROM outbox WHERE id = ?1", [id], |row| row.get(0))
    }

    fn put(&self, place: i64, id: &[u8; 16], waiting: &Waiting) -> Result<()> {
        let value = self.database.seal_json(&of_waiting(place, id), waiting)?;
        let sql = "INSERT OR REPLACE INTO outbox (place, id, value) VALUES (?1, ?2, ?3)";
        self.database.run(sql, params![place, id, value])?;
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn database(&self) -> &Database {
        &self.database
    }
}

/// Sent again, an entry comes as it was written: what the server was told of its files since is not lost.
fn remember_announced(outgoing: &mut Outgoing, before: &Outgoing) {
    let (Outgoing::PostWithFiles(now), Outgoing::PostWithFiles(before)) = (outgoing, before) else {
        return;
    };
    for (file, known) in now.files.iter_mut().zip(&before.files) {
        if file.path == known.path && file.announced.is_none() {
            file.announced = known.announced;
        }
    }
}

fn of_kept(name: &'static str) -> Place {
    Place::new("kept", &[name.as_bytes()])
}

fn of_draft(room: &[u8]) -> Place {
    Place::new("drafts", &[room])
}

fn of_waiting(place: i64, id: &[u8]) -> Place {
    Place::new("outbox", &[&place.to_be_bytes(), id])
}
