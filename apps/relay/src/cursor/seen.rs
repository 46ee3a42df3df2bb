//! What is remembered of one item: what it said last, and which rooms were told of it.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use warproom_client::proto::RoomId;

/// What was seen of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The revision seen last.
    pub revision: String,
    /// When that was issued. What is older comes too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at_ms: Option<i64>,
    /// The keys it is posted under, where it took the place of items with others; empty: its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roots: Vec<String>,
    /// Who speaks at its source under this id; empty where its format has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sender: String,
    /// The rooms that were told, as the server has stored it; a room that is not here knows nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<RoomId, Told>,
    /// Which revisions were planned to be posted.
    #[serde(default)]
    pub turns: Turns,
    /// When it was last there, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// How a room was told of an item. The order is by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// As a line of a digest.
    Digest,
    /// By a post of its own.
    Alone,
}

/// Counts how often an item went back to what it had said before. Without it the way back would have
/// the entry id of the first time, and the server would take it for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turns {
    /// How often.
    turn: u32,
    /// Hashes of the revisions of this turn, each once.
    revisions: Vec<String>,
}

impl Turns {
    /// Takes the revision that is posted next, and says in which turn. A revision comes once in each.
    pub fn take(&mut self, revision: &str) -> u32 {
        /// A turn is over after so many, whatever they say: a list has an end.
        const REVISIONS: usize = 32;
        /// Two that are alike by accident only begin another turn.
        const HASH_BYTES: usize = 8;
        let hash = HEXLOWER.encode(&Sha256::digest(revision)[..HASH_BYTES]);
        if self.revisions.contains(&hash) || self.revisions.len() == REVISIONS {
            self.turn = self.turn.saturating_add(1);
            self.revisions.clear();
        }
        self.revisions.push(hash);
        self.turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_comes_once_in_each_turn() {
        let mut turns = Turns::default();
        let taken: Vec<_> = ["a", "b", "a", "b", "c", "c"].map(|one| turns.take(one)).into();
        assert_eq!(taken, [0, 0, 1, 1, 1, 2]);
        let mut pairs: Vec<_> = (0..200)
            .map(|number| {
                let revision = (number % 45).to_string();
                (turns.take(&revision), revision)
            })
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), 200);
    }
}
