//! Calls on asks: answering, the board of who answered what, and what waits for an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ask::{Outstanding, Reporting};
use crate::entry::Subject;
use crate::id::{EntryId, OrganisationId, RoomId};
use crate::label::Label;
use crate::record::{Position, Record, Seq};
use crate::text::{Name, Text};

/// Answers an ask for your organisation. The latest answer is the one that counts.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerAsk {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// The entry that asks.
    pub of: Seq,
    /// One of its options.
    pub choice: Name,
    /// Who may read the answer; not said: whoever may read the ask. Never milder than the ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// What there is to add, in Markdown, up to 2,048 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// The suppliers, products and vulnerabilities it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// Whether it counts towards a common cause of these.
    #[serde(default, skip_serializing_if = "Reporting::is_no")]
    pub common_cause: Reporting,
}

/// Shows the answers to an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBoard {
    /// Which room.
    pub room: RoomId,
    /// The entry that asks.
    pub of: Seq,
}

/// The answers to an ask, as far as you may read them.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Board {
    /// The entry that asks.
    pub ask: Record,
    /// Every organisation that has somebody in the room who may read the ask, and every other that
    /// answered; by name.
    pub rows: Vec<BoardRow>,
    /// How far the room's log has come.
    pub latest: Position,
}

/// An organisation on a board.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct BoardRow {
    /// Which.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: Name,
    /// Its latest answer that you may read; none: there is no such answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Record>,
    /// How many answers it gave that you may read.
    pub answers: u32,
}

/// Reads the answers that one organisation gave to an ask, as far as you may read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoardHistory {
    /// Which room.
    pub room: RoomId,
    /// The entry that asks.
    pub of: Seq,
    /// Whose answers.
    pub organisation: OrganisationId,
    /// Only those after this one; 0 for all.
    #[serde(default)]
    pub after: Seq,
    /// How many records at most, 1 to 200.
    pub limit: u16,
}

/// Lists the asks that wait for you.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOutstanding {}

/// The asks that wait for you.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutstandingList {
    /// What is overdue first, the latest of it; then what is due next; then what has no time. At most 200.
    pub outstanding: Vec<Outstanding>,
}
