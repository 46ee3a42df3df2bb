//! Recall: who has an entry already, as far as the server can know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{Principal, RoomId};
use crate::record::Seq;
use crate::text::Name;

/// Asks who may have a post or an alert already: for its author, and for managers, also after it was
/// taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReachedBy {
    /// Which room.
    pub room: RoomId,
    /// The post or alert.
    pub of: Seq,
}

/// Whom an entry may have reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// Everyone but its author who was in the room while it could be read, and whom a label that it
    /// had let read it; by name. Never fewer than have it, and perhaps more.
    pub recipients: Vec<Recipient>,
    /// When it was taken back, in milliseconds since 1970 UTC, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back_at_ms: Option<i64>,
}

/// Somebody whom an entry may have reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recipient {
    /// Who: a member or a bot, also one who is gone.
    pub who: Principal,
    /// What they are called.
    pub name: Name,
    /// What a member's organisation is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<Name>,
    /// Whether they are in the room still.
    pub here: bool,
    /// What tells that they have it. Nothing does not say that they have it not: what a client was
    /// sent, and which files it fetched, is not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
}

/// What tells that somebody has an entry.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// They have read as far as it, or further. When is not kept: asked long after it was taken back,
    /// it may be the place where it stood.
    Read,
    /// They answered it or reacted to it.
    Answered,
    /// A client of theirs is connected and has the room as far as it.
    Connected,
    /// They exported or disclosed records of the room among which it stands.
    Exported,
    /// A sign of a newer server.
    #[serde(other)]
    Unknown,
}

impl Sign {
    /// What it tells of somebody, in words.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Read => "has read as far",
            Self::Answered => "answered it or reacted",
            Self::Connected => "is connected and was sent it",
            Self::Exported => "exported it",
            Self::Unknown => "has it, by a sign this version does not know",
        }
    }
}
