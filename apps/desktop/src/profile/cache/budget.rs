//! How much the cache may hold. Beyond it the oldest records of the longest room go, whose newest stay:
//! they are read again from the server by whoever scrolls so far back.

use rusqlite::params;

use crate::profile::Result;
use crate::profile::database::Database;

/// A club's talk of years: over a million records of usual length. A server that means harm fills no more
/// of a disk than this.
pub(super) const BYTES: u64 = 1 << 30;

/// The newest records that every room keeps: what is shown first, and some scrolling.
const NEWEST: u32 = 200;

/// Records dropped in one transaction: more than come in one, so that dropping is ahead of keeping.
const AT_ONCE: u32 = 500;

/// Drops what is too much; whether the rest fits.
pub(super) fn keep_to(db: &Database, bytes: u64) -> Result<bool> {
    while used(db)? > bytes {
        let Some((room, before)) = longest(db)? else { return Ok(false) };
        db.change(|_| {
            db.run(
                "DELETE FROM entries WHERE room = ?1 AND seq IN (SELECT seq FROM entries
                 WHERE room = ?1 AND seq < ?2 ORDER BY seq LIMIT ?3)",
                params![room, before, AT_ONCE],
            )
        })?;
    }
    Ok(true)
}

/// The bytes in use: what was dropped is written over before the file grows.
fn used(db: &Database) -> Result<u64> {
    let read = |sql| db.read(sql, [], |row| row.get::<_, i64>(0));
    let pages = read("PRAGMA page_count")? - read("PRAGMA freelist_count")?;
    Ok(pages.unsigned_abs() * read("PRAGMA page_size")?.unsigned_abs())
}

/// The room that has the most records before its newest, by their numbers, and where its newest begin.
fn longest(db: &Database) -> Result<Option<(Vec<u8>, i64)>> {
    // From room to room in the index, without reading what lies between.
    let rooms = db.list(
        "WITH RECURSIVE rooms (room) AS (
             SELECT min(room) FROM entries
             UNION ALL
             SELECT (SELECT min(room) FROM entries WHERE room > rooms.room)
             FROM rooms WHERE rooms.room IS NOT NULL)
         SELECT room,
                (SELECT min(seq) FROM entries WHERE entries.room = rooms.room),
                (SELECT seq FROM entries WHERE entries.room = rooms.room
                 ORDER BY seq DESC LIMIT 1 OFFSET ?1)
         FROM rooms WHERE room IS NOT NULL",
        // The last of the newest; whatever is before it can go.
        [NEWEST - 1],
        |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?)),
    )?;
    let spans = rooms.into_iter().filter_map(|(room, first, newest)| {
        let newest = newest?;
        (first < newest).then_some((newest - first, room, newest))
    });
    Ok(spans.max().map(|(_, room, newest)| (room, newest)))
}
