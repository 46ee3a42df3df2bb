//! One log's positions: the walked one and the claimed ones. Pure; the rules are those of the module
//! above.

use serde::{Deserialize, Serialize};
use warproom_proto::{Head, LogId, Position, Record, Seq};

use super::Break;
use crate::event::Discontinuity;

/// From so many claims on a log is walked. With fewer, every list of rooms would make a client read the
/// history of all of them, and who only posts would read as often as post.
const CROWDED: usize = 16;

/// Never more claims than this: some 6 KiB in a profile. Beyond it the latest takes the place of the one
/// before it; that happens only to logs that cannot be walked.
const CLAIMS: usize = 64;

/// What is remembered of one log. In a profile it is the walked position with the claims beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Log {
    /// Everything shown at or before it was walked over, or is vouched for by its head.
    #[serde(flatten)]
    pub(super) walked: Position,
    /// Shown beyond it, in order, each number once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) claimed: Vec<Position>,
}

impl From<Position> for Log {
    fn from(walked: Position) -> Self {
        Self { walked, claimed: Vec::new() }
    }
}

impl Log {
    /// Takes records that follow each other. See [`super::Heads::pass`].
    pub(super) fn pass(&mut self, records: &[Record]) -> Result<(), Break> {
        let Some((first, last)) = records.first().zip(records.last()) else { return Ok(()) };
        let before = first.seq.saturating_sub(1);
        if let Some(head) = self.at(before)
            && !first.follows(Position { seq: before, head })
        {
            return Err((first.seq, Discontinuity::Changed));
        }
        for record in records {
            self.check(record.position())?;
        }
        let furthest = self.furthest().seq;
        let claims = self.claimed.len();
        // What these records cover was met by them.
        self.claimed.retain(|claim| claim.seq < before || claim.seq > last.seq);
        let has_met = self.claimed.len() < claims;
        if before <= self.walked.seq {
            if last.seq > self.walked.seq {
                self.walked = last.position();
            }
        } else if has_met || last.seq > furthest {
            self.claim(last.position())?;
        }
        Ok(())
    }

    /// Takes a position shown without what lies before it. See [`super::Heads::show`].
    pub(super) fn claim(&mut self, shown: Position) -> Result<(), Break> {
        self.check(shown)?;
        if shown.seq <= self.walked.seq {
            return Ok(());
        }
        if let Err(at) = self.claimed.binary_search_by_key(&shown.seq, |claim| claim.seq) {
            self.claimed.insert(at, shown);
        }
        if self.claimed.len() > CLAIMS {
            self.claimed.remove(CLAIMS - 1);
        }
        Ok(())
    }

    /// Whether a position is not another one than was shown at its number.
    pub(super) fn check(&self, position: Position) -> Result<(), Break> {
        if self.at(position.seq).is_none_or(|head| head == position.head) {
            Ok(())
        } else {
            Err((position.seq, Discontinuity::Changed))
        }
    }

    pub(super) fn at(&self, seq: Seq) -> Option<Head> {
        self.positions().find(|position| position.seq == seq).map(|position| position.head)
    }

    pub(super) fn furthest(&self) -> Position {
        self.claimed.last().copied().unwrap_or(self.walked)
    }

    pub(super) const fn is_crowded(&self) -> bool {
        self.claimed.len() >= CROWDED
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = Position> {
        std::iter::once(self.walked).chain(self.claimed.iter().copied())
    }
}

/// Whether each record follows the one before it; the first of all follows the log's id.
pub(super) fn check_chain(id: LogId, first: &Record, records: &[Record]) -> Result<(), Break> {
    if first.seq <= 1 && !first.follows(Position::start(id)) {
        return Err((first.seq, Discontinuity::Changed));
    }
    for pair in records.windows(2) {
        if let [before, after] = pair
            && (before.seq == Seq::MAX || !after.follows(before.position()))
        {
            return Err((after.seq, Discontinuity::Changed));
        }
    }
    Ok(())
}
