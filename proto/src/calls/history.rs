//! Calls that read logs: pages of history, what refers to an entry, search, and the register.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::RoomId;
use crate::record::{Position, Record, Seq};
use crate::text::Text;

/// Reads a page of a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryPage {
    /// Which room.
    pub room: RoomId,
    /// Where the page lies.
    pub from: From,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The newest records.
    Latest,
    /// The records just before this one.
    Before(Seq),
    /// The records just after this one.
    After(Seq),
    /// The records from this time on, in milliseconds since 1970 UTC.
    Time(i64),
}

/// A page of a log.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// Oldest first.
    pub records: Vec<Record>,
    /// Edits, relabellings and retractions of these records that are not among them and that you may
    /// read, oldest first: whoever shows the page needs them to show it as it is now. Where they are
    /// more than fill a page, the newest of each kind that each record has come first;
    /// `history.referring` has all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Record>,
    /// How far the log has come.
    pub latest: Position,
}

/// Reads the entries that refer to an entry; those that you may not read are left out, because a stub
/// among them would tell what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryReferring {
    /// Which room.
    pub room: RoomId,
    /// The entry referred to.
    pub to: Seq,
    /// Only those after this one; 0 for all.
    #[serde(default)]
    pub after: Seq,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}

/// Searches a room.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSearch {
    /// Your number for the search; what it finds carries it.
    pub search: u64,
    /// Which room.
    pub room: RoomId,
    /// Words that stand in the text, in this order, whatever their case.
    pub text: Text,
    /// Only entries before this one; not said: from the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// How many hits at most, 1 to 100.
    pub limit: u16,
}

/// A search has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// How many records were found.
    pub hits: u64,
    /// How many records were looked at.
    pub looked_at: u64,
    /// Search on before this one; none: the beginning of the log was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<Seq>,
}

/// Reads the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPage {
    /// Only records after this one; 0 for all.
    #[serde(default)]
    pub after: Seq,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}
