//! What stands aside of a record's thread: what refers to it and makes its thread no longer.
//!
//! It stands by kind, so what is asked for is found without going through anything else, whatever there is
//! of it. Nothing beyond the tip of the log is shown.

use std::ops::{Bound, RangeInclusive};

use warproom_proto::record::{LogId, Seq};

use super::fault::guarded;
use super::layout;
use super::opened::ReadError;
use super::read::{Store, guarded_items};

/// A record that stands aside of another's thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The record it refers to.
    pub target: Seq,
    /// The tag it was appended with.
    pub kind: u8,
    /// Its number.
    pub seq: Seq,
    /// How many newer ones of its kind refer to the same record.
    pub newer: usize,
}

impl Store {
    /// The numbers of what stands aside of a record's thread, of one kind, in order.
    pub fn asides(
        &self,
        log: LogId,
        target: Seq,
        kind: u8,
    ) -> impl Iterator<Item = Result<Seq, ReadError>> + use<> {
        let last = self.position(log).seq;
        let all = layout::aside(log, target, kind, 0)..=layout::aside(log, target, kind, last);
        guarded_items(self.0.db.range(all)).map(move |entry| Ok(place(log, &entry?.0)?.2))
    }

    /// What stands aside of the threads of these records: of each of them the newest of each kind that is
    /// wanted, `most` of it, newest first. What is not wanted is stepped over, however much it is.
    pub fn newest_asides(
        &self,
        log: LogId,
        targets: RangeInclusive<Seq>,
        most: usize,
        is_wanted: impl Fn(Seq, u8) -> bool,
    ) -> Result<Vec<Aside>, ReadError> {
        let (db, last) = (&self.0.db, self.position(log).seq);
        let end = Bound::Included(layout::aside(log, *targets.end(), u8::MAX, Seq::MAX));
        let mut from = Bound::Included(layout::aside(log, *targets.start(), 0, 0));
        let mut found = Vec::new();
        loop {
            let first = guarded(|| db.range((from, end)).next().transpose())?;
            let Some((key, _)) = first else { return Ok(found) };
            let (target, kind, _) = place(log, &key)?;
            if is_wanted(target, kind) {
                let all =
                    layout::aside(log, target, kind, 0)..=layout::aside(log, target, kind, last);
                let mut rows = db.range(all);
                for newer in 0..most {
                    let Some((key, _)) = guarded(|| rows.next_back().transpose())? else { break };
                    found.push(Aside { target, kind, seq: place(log, &key)?.2, newer });
                }
            }
            from = Bound::Excluded(layout::aside(log, target, kind, Seq::MAX));
        }
    }
}

fn place(log: LogId, key: &[u8]) -> Result<(Seq, u8, Seq), ReadError> {
    layout::parse_aside(key).ok_or(ReadError::Damaged { log, seq: 0 })
}
