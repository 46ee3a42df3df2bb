//! Calls that bring files up and down, in parts.
//!
//! A file is announced with its size and hash, put in parts in any order, and then carried by an
//! entry ([`super::PostEntry`], [`super::PostAlert`]), whose readers read it in parts. Until an entry
//! carries it, it is known to nobody but whoever began it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::{PartData, Sha256};
use crate::id::{FileId, RoomId};
use crate::record::Seq;

/// Announces a file for a room. The same of the same author again finds what was put before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginFile {
    /// The room whose entry is to carry it.
    pub room: RoomId,
    /// How long it is.
    pub size_bytes: u64,
    /// The SHA-256 of all of it.
    pub sha256: Sha256,
}

/// How far a file has come up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadStatus {
    /// Its id.
    pub file: FileId,
    /// How long each part is, but the last.
    pub part_bytes: u32,
    /// How many parts there are. They count from 0.
    pub parts: u32,
    /// The parts that are still to be put, in order.
    pub missing: Vec<PartRange>,
}

/// Parts from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartRange {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// Puts one part of a file. A part that is there already stays as it is.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutPart {
    /// The file.
    pub file: FileId,
    /// Which part, from 0.
    pub part: u32,
    /// Its bytes, all of them.
    pub data: PartData,
}

/// A part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartTaken {
    /// Whether the file is whole with it, has the hash it was announced with, and is on stable
    /// storage.
    pub whole: bool,
}

/// Asks how far a file of yours has come up.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowUpload {
    /// The file.
    pub file: FileId,
}

/// Gives up a file of yours that no entry carries.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbandonFile {
    /// The file.
    pub file: FileId,
}

/// Reads one part of a file that an entry carries.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPart {
    /// Which room.
    pub room: RoomId,
    /// The entry that carries it.
    pub seq: Seq,
    /// The file.
    pub file: FileId,
    /// Which part, from 0.
    pub part: u32,
}

/// One part of a file.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its bytes.
    pub data: PartData,
}
