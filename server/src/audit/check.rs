//! Checking the audit log of a stopped server: its tree made anew from its records and held against
//! every checkpoint there is, and every act it refers to looked up in its own log.
//!
//! It takes records that [`crate::store::verify`] found sound, so what it finds beyond that was done by
//! somebody who had the keys.

use std::collections::BTreeMap;

use warproom_proto::audit::{Acted, Event, Record};
use warproom_proto::merkle::{Frontier, leaf_hash};
use warproom_proto::record::commitment;
use warproom_proto::register::{Act, Event as ActEvent, PublicKey};
use warproom_proto::{Head, LogId, Note, Seq};

use super::is_right;
use super::tree::Growing;
use crate::store::{Direction, ReadError, Store, Stored};

/// What is wrong with an audit log, and from which record on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A checkpoint knows more records than there are.
    #[error("audit log, record {}: it and all later records are gone, though a checkpoint of {} knows them", .have + 1, .known)]
    Truncated {
        /// How many records there are.
        have: Seq,
        /// How many the checkpoint knows.
        known: Seq,
    },
    /// A checkpoint knows other records.
    #[error(
        "audit log, record {first}: it, or a later one up to {last}, is another than a checkpoint of {last} knows"
    )]
    Forked {
        /// The first record that no sound checkpoint vouches for.
        first: Seq,
        /// The size of the checkpoint.
        last: Seq,
    },
    /// A checkpoint is not signed by a key of this WARP's.
    #[error("a checkpoint of {size} records is not signed by a key that the register announces")]
    Unsigned {
        /// Its size.
        size: Seq,
    },
    /// A checkpoint is of another log.
    #[error("a checkpoint is of another log, {origin}")]
    Foreign {
        /// That log's name.
        origin: String,
    },
    /// A tile of the tree is not what the records make.
    #[error("audit log, record {seq}: a tile of the tree that begins with it was edited")]
    Tile {
        /// The first record under it.
        seq: Seq,
    },
    /// An act is not the one that was recorded.
    #[error("{log} log, record {seq}: it is not the act that record {by} of the audit log names")]
    Act {
        /// The act's log.
        log: LogId,
        /// Its number.
        seq: Seq,
        /// The audit log's record of it.
        by: Seq,
    },
}

/// What checking found.
pub struct Checked {
    /// How many records there are, and the root over them.
    pub root: (Seq, Head),
    /// How many checkpoints it agrees with.
    pub agreed: usize,
    /// What is wrong, the first record first.
    pub problems: Vec<Problem>,
}

/// Checks an audit log, as far as the store shows it, against checkpoints.
pub fn check(store: &Store, notes: &[Note]) -> Result<Checked, ReadError> {
    let sound = store.position(LogId::AUDIT);
    let register = Register::read(store)?;
    let mut wanted: BTreeMap<Seq, Option<Head>> =
        notes.iter().map(|note| (note.checkpoint().size, None)).collect();
    let mut walk = Walk { store, frontier: Frontier::default(), tree: Growing::default() };
    let mut problems = Vec::new();
    let limit = usize::try_from(sound.seq).unwrap_or(usize::MAX);
    if let Some(root) = wanted.get_mut(&0) {
        *root = Some(walk.frontier.root());
    }
    for stored in store.page(LogId::AUDIT, 1, limit, Direction::Forward) {
        let stored = stored?;
        problems.extend(walk.tile(&stored)?);
        problems.extend(walk.act(&stored)?);
        if let Some(root) = wanted.get_mut(&stored.seq) {
            *root = Some(walk.frontier.root());
        }
    }
    let (agreed, unfit) = compare(notes, &wanted, sound.seq, &register);
    problems.extend(unfit);
    Ok(Checked { root: (sound.seq, walk.frontier.root()), agreed, problems })
}

/// Holds checkpoints against the roots at their sizes; how many agree.
fn compare(
    notes: &[Note],
    roots: &BTreeMap<Seq, Option<Head>>,
    have: Seq,
    register: &Register,
) -> (usize, Vec<Problem>) {
    let mut notes: Vec<_> = notes.iter().collect();
    notes.sort_by_key(|note| note.checkpoint().size);
    let (mut agreed, mut vouched, mut problems) = (0, 0, Vec::new());
    for note in notes {
        let checkpoint = note.checkpoint();
        let size = checkpoint.size;
        if checkpoint.origin != register.origin {
            problems.push(Problem::Foreign { origin: checkpoint.origin.clone() });
        } else if !register.keys.iter().any(|key| note.is_signed_by(key, is_right)) {
            problems.push(Problem::Unsigned { size });
        } else if size > have {
            problems.push(Problem::Truncated { have, known: size });
        } else if roots.get(&size).copied().flatten() == Some(checkpoint.root) {
            vouched = size;
            agreed += 1;
        } else {
            problems.push(Problem::Forked { first: vouched + 1, last: size });
        }
    }
    // One edit makes every later checkpoint disagree: the first tells it.
    let mut forked = false;
    problems.retain(|problem| {
        !matches!(problem, Problem::Forked { .. }) || !std::mem::replace(&mut forked, true)
    });
    (agreed, problems)
}

struct Walk<'a> {
    store: &'a Store,
    frontier: Frontier,
    tree: Growing,
}

impl Walk<'_> {
    /// Grows the tree by a record; the tiles that this fills must be those in the store, if they are.
    fn tile(&mut self, stored: &Stored) -> Result<Option<Problem>, ReadError> {
        let leaf = leaf_hash(&commitment(&stored.salt, stored.at_ms, &stored.item).0);
        self.frontier.push(leaf);
        self.tree.push(leaf);
        let wrong = self.tree.first_wrong(self.store)?;
        Ok(wrong.map(|first| Problem::Tile { seq: first + 1 }))
    }

    /// Looks up the act that a record refers to.
    fn act(&self, stored: &Stored) -> Result<Option<Problem>, ReadError> {
        let record = serde_json::from_slice::<Record>(&stored.item);
        let Ok(Record { event: Event::Act { log, seq, head, .. }, .. }) = record else {
            return Ok(None);
        };
        let log = match log {
            Acted::Register => LogId::REGISTER,
            Acted::Room(room) => LogId::room(room),
        };
        let is_it = match self.store.read(log, seq) {
            Ok(found) => found.is_some_and(|found| found.head == head),
            // The walk of that log names it.
            Err(ReadError::Missing { .. } | ReadError::Damaged { .. }) => true,
            Err(error) => return Err(error),
        };
        Ok((!is_it).then_some(Problem::Act { log, seq, by: stored.seq }))
    }
}

/// What the register says of checkpoints.
struct Register {
    origin: String,
    keys: Vec<PublicKey>,
}

impl Register {
    fn read(store: &Store) -> Result<Self, ReadError> {
        let mut register = Self { origin: String::new(), keys: Vec::new() };
        for stored in store.page(LogId::REGISTER, 1, usize::MAX, Direction::Forward) {
            match serde_json::from_slice::<Act>(&stored?.item).map(|act| act.event) {
                Ok(ActEvent::WarpFounded { warp, .. }) => {
                    register.origin = warproom_proto::Checkpoint::origin_of(warp);
                }
                Ok(ActEvent::AuditKeySet { public_key }) => register.keys.push(public_key),
                _ => {}
            }
        }
        Ok(register)
    }
}

#[cfg(test)]
mod tests;
