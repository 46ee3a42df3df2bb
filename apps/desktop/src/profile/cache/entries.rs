//! Records as rows: keeping them, and erasing what was taken back or may not be ours any more.
//!
//! A row's number and the number it refers to are in the clear, and bound to its sealed value. That an
//! entry was retracted is kept beside the records, because the records may come again in any order: a
//! page that was asked for before must not bring a retracted text back.
//!
//! Who may read an entry with a stricter label, the server decides, and tells nobody. So what is kept of an
//! entry under a milder label than it was given is erased, with all that carries it, until the server has
//! been asked again.

use std::collections::BTreeSet;

use rusqlite::{Row, params};
use warproom_client::Delivered;
use warproom_client::proto::{Body, Entry, Kind, Label, Position, Record, RoomId, Seq};

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

/// How many entries up a chain of answers is looked for one that got a stricter label: an answer points at
/// the first entry of its thread, or at an answer that does.
const CHAIN: usize = 4;

/// The position of the highest record kept of a room.
pub(super) fn last(db: &Database, room: RoomId) -> Result<Option<Position>> {
    let Some(highest) = highest(db, room)? else { return Ok(None) };
    let row = find(db, &name(db, room), highest)?;
    row.map(|row| Ok(row.open(db, room)?.record.position())).transpose()
}

/// The first of these records that is not the one that is kept under its number. Erasing and relabelling
/// leave both, what it is bound by and its place in the chain, as they were.
pub(super) fn other(db: &Database, room: RoomId, entries: &[Delivered]) -> Result<Option<Seq>> {
    let name = name(db, room);
    for delivered in entries {
        let Some(row) = find(db, &name, delivered.seq)? else { continue };
        let (kept, shown) = (row.open(db, room)?.record, &delivered.record);
        if (kept.head, kept.body.commitment()) != (shown.head, shown.body.commitment()) {
            return Ok(Some(delivered.seq));
        }
    }
    Ok(None)
}

fn find(db: &Database, room: &Opaque, seq: Seq) -> Result<Option<Kept>> {
    let sql = format!("SELECT {} FROM entries WHERE room = ?1 AND seq = ?2", Kept::COLUMNS);
    db.find(&sql, params![room, number(seq)], Kept::read)
}

/// What keeping records did to what was kept before.
#[derive(Default)]
pub(super) struct Changed {
    /// Whether something was erased.
    pub(super) has_erased: bool,
    /// What was erased because it, or what it carries, got a stricter label: the server says whether it can
    /// still be read.
    pub(super) tightened: BTreeSet<Seq>,
}

/// Keeps records, each in the place of what was kept of it before. Within a change.
pub(super) fn keep(db: &Database, room: RoomId, entries: &[Delivered]) -> Result<Changed> {
    let changed = Changed::default();
    let mut keeping = Keeping { db, room, name: name(db, room), changed };
    entries.iter().try_for_each(|delivered| keeping.keep(delivered))?;
    Ok(keeping.changed)
}

/// Drops everything of a room. Within a change.
pub(super) fn forget(db: &Database, room: RoomId) -> Result<()> {
    let name = name(db, room);
    db.run("DELETE FROM entries WHERE room = ?1", [name])?;
    db.run("DELETE FROM retracted WHERE room = ?1", [name])?;
    Ok(())
}

struct Keeping<'a> {
    db: &'a Database,
    room: RoomId,
    name: Opaque,
    changed: Changed,
}

impl Keeping<'_> {
    fn keep(&mut self, delivered: &Delivered) -> Result<()> {
        let Some(entry) = &delivered.entry else {
            if delivered.is_withheld() {
                let before = self.rows("seq = ?2", delivered.seq)?.pop();
                let refers_to = before.and_then(|row| row.refers_to).map(i64::unsigned_abs);
                return self.withhold(&delivered.record, refers_to);
            }
            // Of a form from a newer server: nothing is known of what it refers to.
            return self.put(&delivered.record, None);
        };
        let kind = &entry.handling.kind;
        if self.is_taken_back(delivered.seq, kind)? {
            return self.erase(&delivered.record);
        }
        if self.is_milder_than_now(delivered, entry)? {
            self.changed.tightened.insert(delivered.seq);
            return self.withhold(&stub(&delivered.record), kind.refers_to());
        }
        self.put(&delivered.record, kind.refers_to())?;
        match kind {
            Kind::Retract { of } => self.retract(*of),
            Kind::Relabel { of, to } => self.tighten(*of, *to),
            _ => Ok(()),
        }
    }

    /// Erases an entry that is kept under a milder label, and all that carries it.
    fn tighten(&mut self, of: Seq, to: Label) -> Result<()> {
        let (mut rest, mut seen) = (vec![of], BTreeSet::from([of]));
        while let Some(seq) = rest.pop() {
            let rows = self.rows("seq = ?2 OR refers_to = ?2", seq)?;
            for row in rows {
                let kept = row.open(self.db, self.room)?;
                let Some(entry) = &kept.entry else { continue };
                if is_notice(&entry.handling.kind)
                    || kept.said_label().is_none_or(|label| label >= to)
                {
                    continue;
                }
                self.changed.tightened.insert(kept.seq);
                self.withhold(&stub(&kept.record), entry.handling.kind.refers_to())?;
                if seen.insert(kept.seq) {
                    rest.push(kept.seq);
                }
            }
        }
        Ok(())
    }

    /// Whether an entry comes with a milder label than it, or what it carries, is known to have got: it was
    /// read before that.
    fn is_milder_than_now(&self, delivered: &Delivered, entry: &Entry) -> Result<bool> {
        let Some(label) = delivered.said_label().filter(|_| !is_notice(&entry.handling.kind))
        else {
            return Ok(false);
        };
        let (mut at, mut carried) = (delivered.seq, entry.handling.kind.refers_to());
        for _ in 0..CHAIN {
            if self.given(at)?.is_some_and(|given| given > label) {
                return Ok(true);
            }
            let Some(next) = carried else { break };
            let row = self.rows("seq = ?2", next)?.pop();
            carried = row.and_then(|row| row.refers_to).map(i64::unsigned_abs);
            at = next;
        }
        Ok(false)
    }

    /// The label that was given to an entry last, as far as is kept.
    fn given(&self, of: Seq) -> Result<Option<Label>> {
        let mut latest = None;
        for row in self.rows("refers_to = ?2", of)? {
            let kept = row.open(self.db, self.room)?;
            if let Some(Kind::Relabel { to, .. }) = kept.entry.map(|entry| entry.handling.kind) {
                latest = latest.max(Some((kept.seq, to)));
            }
        }
        Ok(latest.map(|(_, to)| to))
    }

    fn rows(&self, holds: &str, seq: Seq) -> Result<Vec<Kept>> {
        let sql = format!("SELECT {} FROM entries WHERE room = ?1 AND ({holds})", Kept::COLUMNS);
        self.db.list(&sql, params![self.name, number(seq)], Kept::read)
    }

    /// Erases an entry, and what would tell of its content: its edits, answers and reactions.
    fn retract(&mut self, of: Seq) -> Result<()> {
        self.never_again(of)?;
        for row in self.rows("seq = ?2 OR refers_to = ?2", of)? {
            let kept = row.open(self.db, self.room)?;
            let goes_with = |entry: &Entry| goes_with(&entry.handling.kind).is_some();
            if kept.seq == of || kept.entry.as_ref().is_some_and(goes_with) {
                self.erase(&kept.record)?;
            }
        }
        Ok(())
    }

    /// Keeps no more than that there is a record, and what it refers to, if that is given.
    fn withhold(&mut self, record: &Record, refers_to: Option<Seq>) -> Result<()> {
        if let Some(before) = self.rows("seq = ?2", record.seq)?.pop() {
            self.changed.has_erased |= !before.open(self.db, self.room)?.is_withheld();
        }
        self.put(record, refers_to)
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
        self.withhold(&stub(record), None)
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

/// Whether an entry of this kind says nothing of another one's content.
const fn is_notice(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Post { .. }
            | Kind::Alert(_)
            | Kind::Edit { .. }
            | Kind::React { .. }
            | Kind::Answer { .. }
    )
}

/// The record without what it says: the chain can still be checked by it.
fn stub(record: &Record) -> Record {
    let body = Body::Withheld { commitment: record.body.commitment(), erased: false };
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
