//! Calls that append an entry to a room's log. Each carries an id of the client's choosing: sent
//! again, it answers with the first one's result and appends nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::ask::{Ask, Reporting};
use crate::entry::Subject;
use crate::file::NamedFile;
use crate::id::{EntryId, MemberId, RoomId};
use crate::label::Label;
use crate::record::{Head, Seq};
use crate::text::{Line, Text};

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
    /// What it asks every organisation in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Whether it belongs to an exercise. What refers to an exercise always does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
    /// The files it carries, at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<NamedFile>,
}

/// Posts an alert to a room.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostAlert {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry.
    pub id: EntryId,
    /// Who may read it.
    pub label: Label,
    /// How bad, how soon, how sure, when, and what it takes the place of.
    pub alert: Alert,
    /// What it says in one line.
    pub headline: Line,
    /// What has happened, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// What its readers should do, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_to_do: Option<Text>,
    /// Where more is to be read: at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Line>,
    /// Who issued it, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Line>,
    /// Vendors, products and vulnerabilities it is about: at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// What it asks every organisation in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Whether it counts, as a report of your organisation, towards a common cause of its subjects.
    #[serde(default, skip_serializing_if = "Reporting::is_no")]
    pub common_cause: Reporting,
    /// Whether it belongs to an exercise. What takes the place of an exercise always does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
    /// The files it carries, at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<NamedFile>,
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
