//! Calls on the audit log, and taking a room's records out, which lands there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calls::From;
use crate::checkpoint::Note;
use crate::id::RoomId;
use crate::record::{Head, Seq};
use crate::register::PublicKey;

/// Reads a page of the audit log. What does not concern you comes as stubs; a manager sees all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// Where the page lies.
    pub from: From,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}

/// Asks how far the audit log has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {}

/// How far the audit log has come, and the key that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignedCheckpoint {
    /// A C2SP tlog-checkpoint in a signed note. While a key is being replaced, both sign.
    pub note: Note,
    /// The key that signs now. The register has the act by which it was set.
    pub key: PublicKey,
}

/// Asks for the proof that the audit log of one size continues that of a smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditConsistency {
    /// The smaller size, of a checkpoint you have.
    pub from: Seq,
    /// The larger one, of another.
    pub to: Seq,
}

/// Asks for the proof that a record is among the first so many of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditInclusion {
    /// The record's number, from 1; its leaf in the tree is number `seq - 1`, and the data of that leaf
    /// the 32 bytes of its commitment.
    pub seq: Seq,
    /// The size of a checkpoint.
    pub size: Seq,
}

/// A path in the Merkle tree: a proof as RFC 6962 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// The hashes, in the order of RFC 6962 §2.1.1 and §2.1.2.
    pub hashes: Vec<Head>,
}

/// Reads records of a room in order to keep them outside of it. TLP:RED is withheld from everyone;
/// otherwise you get what history gives you, and everyone in the room can see that you did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomExport {
    /// Which room.
    pub room: RoomId,
    /// Only records after this one; 0 for all.
    #[serde(default)]
    pub after: Seq,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}
