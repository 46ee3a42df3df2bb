//! Ask and answer: any post or alert may ask every organisation in the room something, with fixed
//! options and a time to answer by. An answer counts for its author's organisation, may change, and
//! keeps its history. Acknowledging an alert and answering a roll call are this one mechanism.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{OrganisationId, RoomId};
use crate::record::Seq;
use crate::text::Name;

/// What an entry asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ask {
    /// What may be answered: 2 to 8 options, each once.
    pub options: Vec<Name>,
    /// When the answer is due, in milliseconds since 1970 UTC; none: nobody is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at_ms: Option<i64>,
}

impl Ask {
    /// The options of an acknowledgement.
    pub const ACKNOWLEDGE: [&'static str; 4] = ["seen", "acting", "done", "not applicable"];

    /// The options of a roll call.
    pub const ROLL_CALL: [&'static str; 4] =
        ["affected", "investigating", "not affected", "separate incident"];
}

/// Whether what somebody says about a supplier or product counts towards a *common cause*: that
/// several organisations name the same one. Nothing counts unless its author says so, because the
/// warning goes further than the entry itself (FIRST TLP 2.0: wider sharing needs the permission of
/// the source); `TLP:RED` never counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reporting {
    /// It does not count.
    #[default]
    No,
    /// It counts, and nobody is told whose report it was.
    Anonymous,
    /// It counts, and the organisation may be named.
    Named,
}

impl Reporting {
    /// Whether it does not count.
    #[must_use]
    pub const fn is_no(&self) -> bool {
        matches!(self, Self::No)
    }
}

/// An ask that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outstanding {
    /// The room.
    pub room: RoomId,
    /// The entry that asks.
    pub ask: Seq,
    /// How far reminding has come.
    pub stage: Stage,
    /// When the answer is due, in milliseconds since 1970 UTC, if there is a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at_ms: Option<i64>,
    /// The organisations it waits for: your own; for a manager at [`Stage::Managers`] all that have
    /// not answered.
    pub organisations: Vec<OrganisationId>,
    /// Whether it belongs to an exercise and must never look real.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
}

/// How far reminding has come. Each stage begins at its moment and goes on beside the later ones.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It was asked.
    Asked,
    /// Three quarters of the time have passed.
    Soon,
    /// The answer is due.
    Due,
    /// It is overdue: the organisation's deputies are reminded, one after the other.
    Deputies,
    /// Nobody of the organisation has answered: the managers are told.
    Managers,
}
