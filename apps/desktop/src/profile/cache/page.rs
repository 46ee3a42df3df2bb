//! Pages and threads from the cache.
//!
//! A page is right only with everything that amends it, and an amendment may stand anywhere after it.
//! So the cache answers in the server's place only where nothing is missing from the page's first
//! record to the newest one kept: what comes after that one is told live. Nor
//! does it answer with a record that was withheld: by now the reader may be entitled to it. Without a
//! connection it answers with what it has.
//!
//! Times are sealed like all else. A log's times never go back, so the place of a time is found by
//! halving: a dozen records are opened for it.

use rusqlite::params;
use warproom_client::Delivered;
use warproom_client::proto::calls::From;
use warproom_client::proto::{Kind, RoomId, Seq};

use super::entries::{Kept, highest, is_retracted, name, number};
use crate::news::Page;
use crate::profile::Result;
use crate::profile::database::Database;
use crate::profile::seal::Opaque;

/// The most that refers to a page and is looked through for what amends it, and entries of a thread: the newest
/// of them. A few people write a few; a server that means harm may have sent any number.
const MOST: u16 = 2_000;

/// What to do where records are missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::profile) enum Missing {
    /// Answer nothing: the server is asked.
    Ask,
    /// Answer what there is without a gap.
    Leave,
}

/// Reads a page.
pub(super) fn page(
    db: &Database,
    room: RoomId,
    from: From,
    limit: u16,
    missing: Missing,
) -> Result<Option<Page>> {
    let Some(latest) = highest(db, room)? else { return Ok(None) };
    let (room, limit) = (Room { db, id: room, name: name(db, room), latest }, limit.max(1));
    let entries = match from {
        From::Latest => room.backward(latest + 1, limit, missing)?,
        From::Before(seq) => room.backward(seq, limit, missing)?,
        From::After(seq) => room.forward(seq.saturating_add(1), limit, missing)?,
        From::Time(at_ms) => room.forward(room.at_time(at_ms)?, limit, missing)?,
    };
    let Some(entries) = entries else { return Ok(None) };
    let (amendments, are_all) = room.amendments(&entries)?;
    // Behind so many replies there may be a cancellation: the server finds it.
    let is_right = are_all || missing == Missing::Leave;
    Ok(is_right.then_some(Page { entries, amendments, latest }))
}

/// Reads what refers to an entry, oldest first.
pub(super) fn thread(db: &Database, room: RoomId, to: Seq) -> Result<Vec<Delivered>> {
    let room = Room { db, id: room, name: name(db, room), latest: 0 };
    let mut found = room.rows("refers_to = ?2", "seq DESC", number(to), MOST)?;
    found.retain(|record| !record.is_withheld());
    found.reverse();
    Ok(found)
}

/// One room of the cache, that has something.
struct Room<'a> {
    db: &'a Database,
    id: RoomId,
    name: Opaque,
    latest: Seq,
}

impl Room<'_> {
    /// The records just before this number.
    fn backward(
        &self,
        before: Seq,
        limit: u16,
        missing: Missing,
    ) -> Result<Option<Vec<Delivered>>> {
        let found = self.rows("seq < ?2", "seq DESC", number(before), limit)?;
        let mut found = unbroken(found, |newer, older| older + 1 == newer);
        found.reverse();
        if missing == Missing::Leave {
            return Ok((!found.is_empty() || before <= 1).then_some(found));
        }
        let reaches = found.last().map_or(0, |last| last.seq) + 1 == before.max(1);
        let is_whole = found.len() >= usize::from(limit) || found.first().is_none_or(is_first);
        let is_right = reaches && is_whole && self.is_up_to_date(&found)?;
        Ok(is_right.then_some(found))
    }

    /// The records from this number on.
    fn forward(&self, first: Seq, limit: u16, missing: Missing) -> Result<Option<Vec<Delivered>>> {
        let found = self.rows("seq >= ?2", "seq", number(first), limit)?;
        let found = unbroken(found, |older, newer| older + 1 == newer);
        if missing == Missing::Leave {
            return Ok(Some(found));
        }
        let is_whole = found.len() >= usize::from(limit);
        let begins = found.first().is_some_and(|found| found.seq == first.max(1));
        let is_right = begins && is_whole && self.is_up_to_date(&found)?;
        Ok(is_right.then_some(found))
    }

    /// Whether the server would give these records as they are kept: none of them is withheld for a
    /// reason that may have passed, and every record from the first of them to the newest is kept.
    fn is_up_to_date(&self, found: &[Delivered]) -> Result<bool> {
        let Some(first) = found.first() else { return Ok(true) };
        for withheld in found.iter().filter(|record| record.is_withheld()) {
            if !is_retracted(self.db, self.id, withheld.seq)? {
                return Ok(false);
            }
        }
        let sql = "SELECT count(*) FROM entries WHERE room = ?1 AND seq >= ?2";
        let values = params![self.name, number(first.seq)];
        let count: i64 = self.db.read(sql, values, |row| row.get(0))?;
        Ok(count.unsigned_abs() == self.latest - first.seq + 1)
    }

    /// The number from which on every record that is shown is of this time or later. Before it stands
    /// one that is kept and older, or nothing: records may be missing from it on.
    fn at_time(&self, at_ms: i64) -> Result<Seq> {
        // Invariant: whatever is shown before `low` is older, and from `high` on nothing is.
        let (mut low, mut high) = (1, self.latest + 1);
        while low < high {
            let middle = low.midpoint(high);
            match self.shown_from(middle, high)? {
                Some((seq, found_ms)) if found_ms < at_ms => low = seq + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The first record that is shown from one number on, before another, and its time.
    fn shown_from(&self, from: Seq, before: Seq) -> Result<Option<(Seq, i64)>> {
        let mut from = from;
        loop {
            let next = self.rows("seq >= ?2", "seq", number(from), 1)?.pop();
            let Some(next) = next.filter(|next| next.seq < before) else { return Ok(None) };
            if let Some(at_ms) = next.at_ms {
                return Ok(Some((next.seq, at_ms)));
            }
            from = next.seq + 1;
        }
    }

    /// What amends these records and is not among them, oldest first: as the server chooses it, and
    /// reactions too. And whether that is all of it, as far as is kept.
    fn amendments(&self, entries: &[Delivered]) -> Result<(Vec<Delivered>, bool)> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok((Vec::new(), true));
        };
        let sql = format!(
            "SELECT {} FROM entries WHERE room = ?1 AND refers_to BETWEEN ?2 AND ?3
             AND seq NOT BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT ?4",
            Kept::COLUMNS
        );
        let values = params![self.name, number(first.seq), number(last.seq), MOST];
        let rows = self.db.list(&sql, values, Kept::read)?;
        let are_all = rows.len() < usize::from(MOST);
        let mut found = self.opened(&rows)?;
        found.reverse();
        found.retain(amends);
        Ok((found, are_all))
    }

    /// Opens the rows of which this holds, `limit` of them at most.
    fn rows(&self, holds: &str, order: &str, value: i64, limit: u16) -> Result<Vec<Delivered>> {
        let sql = format!(
            "SELECT {} FROM entries WHERE room = ?1 AND {holds} ORDER BY {order} LIMIT ?3",
            Kept::COLUMNS
        );
        self.opened(&self.db.list(&sql, params![self.name, value, limit], Kept::read)?)
    }

    fn opened(&self, rows: &[Kept]) -> Result<Vec<Delivered>> {
        rows.iter().map(|row| row.open(self.db, self.id)).collect()
    }
}

/// The records up to the first that does not follow the one before it.
fn unbroken(mut found: Vec<Delivered>, follows: impl Fn(Seq, Seq) -> bool) -> Vec<Delivered> {
    let breaks = |pair: &[Delivered]| !follows(pair[0].seq, pair[1].seq);
    if let Some(end) = found.windows(2).position(breaks) {
        found.truncate(end + 1);
    }
    found
}

const fn is_first(record: &Delivered) -> bool {
    record.seq == 1
}

fn amends(record: &Delivered) -> bool {
    record.entry.as_ref().is_some_and(|entry| {
        matches!(
            entry.handling.kind,
            Kind::Edit { .. }
                | Kind::Retract { .. }
                | Kind::Relabel { .. }
                | Kind::React { .. }
                | Kind::Alert(_)
        )
    })
}
