//! Calls on how long entries are kept, and on what takes two managers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ProposalId, RoomId};
use crate::retention::{Proposal, Proposed, Retention, RoomRetention};
use crate::text::Line;

/// Proposes something that takes two managers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeProposal {
    /// What.
    pub what: Proposed,
    /// Why; the other manager reads it.
    pub reason: Line,
}

/// A proposal was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalMade {
    /// Its id.
    pub proposal: ProposalId,
    /// When it lapses, in milliseconds since 1970 UTC.
    pub lapses_at_ms: i64,
}

/// Approves a proposal of another manager: it is carried out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveProposal {
    /// Which.
    pub proposal: ProposalId,
}

/// Ends a proposal that was not approved: one's own is taken back, another's turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndProposal {
    /// Which.
    pub proposal: ProposalId,
}

/// Lists the proposals that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListProposals {}

/// The proposals that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalList {
    /// Oldest first.
    pub proposals: Vec<Proposal>,
}

/// Puts a room under a legal hold: nothing in it is erased until two managers lift the hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRoom {
    /// Which.
    pub room: RoomId,
    /// Why.
    pub reason: Line,
}

/// Asks how long entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowRetention {
    /// In which room; not said: in rooms without a rule of their own.
    #[serde(default)]
    pub room: Option<RoomId>,
}

/// How long entries are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetentionShown {
    /// The rule for every room without one of its own.
    pub usual: Retention,
    /// Of the room asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomRetention>,
}
