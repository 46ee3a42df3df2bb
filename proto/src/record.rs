//! Records of a log, and the hash chain that lets a reader check them.
//!
//! A log is numbered from 1. Each record's *head* covers everything before it:
//!
//! ```text
//! head(0)       = SHA-256("warproom.log.v1"    ‖ log id, 16 bytes)
//! commitment(n) = SHA-256("warproom.record.v1" ‖ salt, 16 bytes ‖ at_ms, 8 bytes big-endian ‖ item)
//! head(n)       = SHA-256("warproom.head.v1"   ‖ head(n-1) ‖ n, 8 bytes big-endian ‖ commitment(n))
//! ```
//!
//! `item` is the exact JSON text as it stands in the frame. A reader from whom a record is withheld
//! gets the commitment instead: it can still check the chain, and the salt keeps it from guessing.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::id::RoomId;
use crate::label::Label;
use crate::newtype::hex_newtype;

/// The number of a record in its log, from 1. Zero means "before the first".
pub type Seq = u64;

hex_newtype!(
    /// A SHA-256 value of the chain: a head or a commitment.
    Head, 32, "Head", "^[0-9a-f]{64}$", "32 bytes of SHA-256 as lower-case hexadecimal."
);
hex_newtype!(
    /// The random bytes that keep a commitment from being guessed.
    Salt, 16, "Salt", "^[0-9a-f]{32}$", "16 random bytes as lower-case hexadecimal."
);

/// Which log: the register, the audit log, or a room's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 16]);

impl LogId {
    /// The log of who exists and who may do what.
    pub const REGISTER: Self = Self([0; 16]);
    /// The log of sign-ins, refusals, reads by managers and exports.
    pub const AUDIT: Self = Self([0xff; 16]);

    /// The log of a room.
    #[must_use]
    pub const fn room(room: RoomId) -> Self {
        Self(*room.as_bytes())
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::REGISTER => to.write_str("register"),
            Self::AUDIT => to.write_str("audit"),
            Self(bytes) => write!(to, "room {}", RoomId::from_bytes(bytes)),
        }
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, to)
    }
}

/// How far a log has come: its last number and the head there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The number of the last record; 0 for an empty log.
    pub seq: Seq,
    /// The head at that record.
    pub head: Head,
}

impl Position {
    /// The position before the first record.
    #[must_use]
    pub fn start(log: LogId) -> Self {
        let head = Sha256::new().chain_update(b"warproom.log.v1").chain_update(log.0).finalize();
        Self { seq: 0, head: Head(head.into()) }
    }

    /// The position after one more record.
    #[must_use]
    pub fn next(self, commitment: &Head) -> Self {
        let seq = self.seq + 1;
        let head = Sha256::new()
            .chain_update(b"warproom.head.v1")
            .chain_update(self.head.0)
            .chain_update(seq.to_be_bytes())
            .chain_update(commitment.0)
            .finalize();
        Self { seq, head: Head(head.into()) }
    }
}

/// The commitment to a record's time and exact text.
#[must_use]
pub fn commitment(salt: &Salt, at_ms: i64, item: &[u8]) -> Head {
    let hash = Sha256::new()
        .chain_update(b"warproom.record.v1")
        .chain_update(salt.0)
        .chain_update(at_ms.to_be_bytes())
        .chain_update(item)
        .finalize();
    Head(hash.into())
}

/// One record as a reader gets it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Its number in the log.
    pub seq: Seq,
    /// The head of the chain at this record.
    pub head: Head,
    /// The record itself, or the proof that there is one.
    pub body: Body,
}

/// What of a record the reader may have.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The record, whole.
    Shown {
        /// When the log took it, in milliseconds since 1970 UTC; never earlier than its predecessor.
        at_ms: i64,
        /// What the commitment was salted with.
        salt: Salt,
        /// The exact JSON text of the entry (in a room) or of the act (in the register).
        #[schemars(with = "serde_json::Value")]
        item: Box<RawValue>,
        /// The label an entry has now, where that is not the one it was written with: it was
        /// relabelled, or what it carries was. Not part of the chain; the relabelling is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<Label>,
    },
    /// A stub: the reader is not entitled to this record, or its author retracted it.
    Withheld {
        /// The commitment, so that the chain can be checked.
        commitment: Head,
        /// Whether it was erased under the rules of retention: then nobody can read it any more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        erased: bool,
    },
}

impl Body {
    /// The commitment, given or recomputed.
    #[must_use]
    pub fn commitment(&self) -> Head {
        match self {
            Self::Shown { at_ms, salt, item, .. } => {
                commitment(salt, *at_ms, item.get().as_bytes())
            }
            Self::Withheld { commitment, .. } => *commitment,
        }
    }
}

impl Record {
    /// Whether this record follows `before` in an unbroken chain.
    #[must_use]
    pub fn follows(&self, before: Position) -> bool {
        before.next(&self.body.commitment()) == self.position()
    }

    /// The position after this record.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { seq: self.seq, head: self.head }
    }
}
