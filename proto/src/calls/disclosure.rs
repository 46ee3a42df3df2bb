//! The call by which records are disclosed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::disclosure::{Purpose, Withheld};
use crate::id::{MemberId, RoomId};
use crate::label::Label;
use crate::record::{Position, Record, Seq};
use crate::text::Line;

/// Reads records of a room in order to disclose them, selected by time, people and words. What you may
/// not read, what was taken back and what is stricter than `up_to` is not given out, but said to be
/// there. Everyone in the room can see that you did; not whom or what you looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscloseRoom {
    /// Which room.
    pub room: RoomId,
    /// Only records of this time or later, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Only records from before this time, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Only records by one of these people, or that mention or name one of them: at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<MemberId>,
    /// Only records with one of these words or phrases, whatever their case: at most 32, each of at
    /// most 256 bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Line>,
    /// The strictest label that is given out; TLP:RED never is.
    pub up_to: Label,
    /// What for.
    pub purpose: Purpose,
    /// The request's number. It stands in the audit log, so let it name nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Line>,
    /// Only records after this one; 0 to begin.
    #[serde(default)]
    pub after: Seq,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}

/// A page of a disclosure.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct DisclosedPage {
    /// The records that are given out, oldest first.
    pub records: Vec<Record>,
    /// Edits, relabellings and later alerts that amend them and are not among them, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Record>,
    /// What is there and not given out, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// Read on after this record; none: the end was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<Seq>,
    /// How far the room's log has come.
    pub latest: Position,
    /// The record of the audit log that says so; none where there was nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audited: Option<Position>,
}
