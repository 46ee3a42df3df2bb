//! Calls that append an entry to a room's log. Each carries an id of the client's choosing: sent
//! again, it answers with the first one's result and appends nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entry::Subject;
use crate::id::{EntryId, MemberId, RoomId};
use crate::label::Label;
use crate::record::{Head, Seq};
use crate::text::Text;

/// Posts to a room.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostEntry {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// Who may read it.
    pub label: Label,
    /// What it says, in Markdown.
    pub text: Text,
    /// The entry it answers. In a thread, the server keeps the thread's first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Whom it calls by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<MemberId>,
    /// Vendors, products and vulnerabilities it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// Whether it belongs to an exercise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
}

/// An entry is on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Posted {
    /// Its number in the room's log.
    pub seq: Seq,
    /// When the log took it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The head of the chain at it.
    pub head: Head,
}

/// Puts a new text in the place of your post.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditEntry {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// The post.
    pub of: Seq,
    /// What it says from now on.
    pub text: Text,
}

/// Takes a post back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetractEntry {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// The post.
    pub of: Seq,
}

/// Gives a post another label.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelabelEntry {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// The post.
    pub of: Seq,
    /// Its label from now on.
    pub to: Label,
}

/// Gives or takes back a reaction.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactToEntry {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// The post.
    pub of: Seq,
    /// One emoji, up to 32 bytes.
    pub reaction: Text,
    /// Whether it is taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}
