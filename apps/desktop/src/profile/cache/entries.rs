//! Records as rows: keeping them, and erasing what was taken back.
//!
//! A row's number and the number it refers to are in the clear, and bound to its sealed value. That an
//! entry was retracted is kept beside the records, because the records may come again in any order: a
//! page that was asked for before must not bring a retracted text back.

use rusqlite::{Row, params};
use warproom_client::Delivered;
use warproom_client::proto::{Body, Entry, Kind, Record, RoomId, Seq};

use crate::profile::Result;
use crate::profile::database::Database;
use crate::profile::seal::{Opaque, Place};

/// A row of the table.
pub(super) struct Kept {
    seq: i64,
    refers_to: Option<i64>,
    value: Vec<u8>,
}

impl Kept {
    /// The columns that [`Kept::read`] takes, in its order.
    pub(super) const COLUMNS: &str = "seq, refers_to, value";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { seq: row.get(0)?, refers_to: row.get(1)?, value: row.get(2)? })
    }

    /// The record in it.
    pub(super) fn open(&self, db: &Database, room: RoomId) -> Result<Delivered> {
        let place = place(&name(db, room), self.seq, self.refers_to);
        let record: Record = db.open_json(&place, &self.value)?;
        Ok(delivered(room, record))
    }
}

/// The opaque name of a room.
pub(super) fn name(db: &Database, room: RoomId) -> Opaque {
    db.seal().name("entries", room.as_bytes())
}

/// A number as the database has it. No log comes anywhere near the end of either type.
pub(super) fn number(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The highest number kept of a room.
pub(super) fn highest(db: &Database, room: RoomId) -> Result<Option<Seq>> {
    let sql = "SELECT max(seq) FROM entries WHERE room = ?1";
    let highest: Option<i64> = db.read(sql, [name(db, room)], |row| row.get(0))?;
    Ok(highest.map(i64::unsigned_abs))
}

/// Keeps records, each in the place of what was kept of it before.
pub(super) fn keep(db: &Database, room: RoomId, entries: &[Delivered]) -> Result<()> {
    let has_erased = db.change(|_| {
        let mut keeping = Keeping { db, room, name: name(db, room), has_erased: false };
        entries.iter().try_for_each(|delivered| keeping.keep(delivered))?;
        Ok(keeping.has_erased)
    })?;
    if has_erased { db.empty_log() } else { Ok(()) }
}

/// Drops everything of a room.
pub(super) fn forget(db: &Database, room: RoomId) -> Result<()> {
    let name = name(db, room);
    db.change(|_| {
        db.run("DELETE FROM entries WHERE room = ?1", [name])?;
        db.run("DELETE FROM retracted WHERE room = ?1", [name])
    })?;
    db.empty_log()
}

struct Keeping<'a> {
    db: &'a Database,
    room: RoomId,
    name: Opaque,
    has_erased: bool,
}

impl Keeping<'_> {
    fn keep(&mut self, delivered: &Delivered) -> Result<()> {
        let Some(entry) = &delivered.entry else {
            if delivered.is_withheld() {
                return self.withhold(&delivered.record);
            }
            // Of a form from a newer server: nothing is known of what it refers to.
            return self.put(&delivered.record, None);
        };
        let kind = &entry.handling.kind;
        if self.is_taken_back(delivered.seq, kind)? {
            return self.erase(&delivered.record);
        }
        self.put(&delivered.record, kind.refers_to())?;
        if let Kind::Retract { of } = kind { self.retract(*of) } else { Ok(()) }
    }

    /// Erases an entry, and what would tell of its content: its edits, answers and reactions.
    fn retract(&mut self, of: Seq) -> Result<()> {
        self.never_again(of)?;
        let sql = format!(
            "SELECT {} FROM entries WHERE room = ?1 AND (seq = ?2 OR refers_to = ?2)",
            Kept::COLUMNS
        );
        let rows = self.db.list(&sql, params![self.name, number(of)], Kept::read)?;
        for row in rows {
            let kept = row.open(self.db, self.room)?;
            let goes_with = |entry: &Entry| goes_with(&entry.handling.kind).is_some();
            if kept.seq == of || kept.entry.as_ref().is_some_and(goes_with) {
                self.erase(&kept.record)?;
            }
        }
        Ok(())
    }

    /// Keeps no more than that there is a record.
    fn withhold(&mut self, record: &Record) -> Result<()> {
        let sql = format!("SELECT {} FROM entries WHERE room = ?1 AND seq = ?2", Kept::COLUMNS);
        let before = self.db.find(&sql, params![self.name, number(record.seq)], Kept::read)?;
        if let Some(before) = before {
            self.has_erased |= !before.open(self.db, self.room)?.is_withheld();
        }
        self.put(record, None)
    }

    fn put(&self, record: &Record, refers_to: Option<Seq>) -> Result<()> {
        let (seq, refers_to) = (number(record.seq), refers_to.map(number));
        let value = self.db.seal_json(&place(&self.name, seq, refers_to), record)?;
        self.db.run(
            "INSERT INTO entries (room, seq, refers_to, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (room, seq) DO UPDATE
             SET refers_to = excluded.refers_to, value = excluded.value",
            params![self.name, seq, refers_to, value],
        )?;
        Ok(())
    }

    /// Whether an entry was retracted, or is about one that was.
    fn is_taken_back(&self, seq: Seq, kind: &Kind) -> Result<bool> {
        let about = goes_with(kind).map_or(Ok(false), |of| is_retracted(self.db, self.room, of));
        Ok(about? || is_retracted(self.db, self.room, seq)?)
    }

    /// Keeps no more than that there is a record, and that it does not come back.
    fn erase(&mut self, record: &Record) -> Result<()> {
        self.never_again(record.seq)?;
        self.withhold(&stub(record))
    }

    fn never_again(&self, seq: Seq) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO retracted (room, entry) VALUES (?1, ?2)";
        self.db.run(sql, params![self.name, retracted(self.db, self.room, seq)])?;
        Ok(())
    }
}

/// Whether a record is kept back because it, or what it is about, was retracted.
pub(super) fn is_retracted(db: &Database, room: RoomId, seq: Seq) -> Result<bool> {
    let sql = "SELECT 1 FROM retracted WHERE room = ?1 AND entry = ?2";
    let found = db.find(sql, params![name(db, room), retracted(db, room, seq)], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The opaque name of an entry that was retracted.
fn retracted(db: &Database, room: RoomId, seq: Seq) -> Opaque {
    let entry = [&room.as_bytes()[..], &seq.to_be_bytes()].concat();
    db.seal().name("retracted", &entry)
}

/// The entry with which an entry of this kind is taken back, as the server has it.
const fn goes_with(kind: &Kind) -> Option<Seq> {
    match kind {
        Kind::Edit { of } | Kind::React { of, .. } | Kind::Answer { of, .. } => Some(*of),
        _ => None,
    }
}

/// The record without what it says: the chain can still be checked by it.
fn stub(record: &Record) -> Record {
    let body = Body::Withheld { commitment: record.body.commitment() };
    Record { seq: record.seq, head: record.head, body }
}

/// The record as the client crate hands it out.
fn delivered(room: RoomId, record: Record) -> Delivered {
    let (at_ms, entry) = match &record.body {
        Body::Shown { at_ms, item, .. } => (Some(*at_ms), serde_json::from_str(item.get()).ok()),
        Body::Withheld { .. } => (None, None),
    };
    Delivered { room, seq: record.seq, at_ms, entry, record }
}

/// What a row's value is bound to. Record 0 is none: numbers begin at 1.
fn place(room: &Opaque, seq: i64, refers_to: Option<i64>) -> Place {
    let refers_to = refers_to.unwrap_or(0).to_be_bytes();
    Place::new("entries", &[room, &seq.to_be_bytes(), &refers_to])
}
