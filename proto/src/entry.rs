//! Entries: the items of a room's log.
//!
//! Every entry has two parts. [`Handling`] is what the server decides by; [`Content`] is what people
//! read. The server's rules never look into content (search in open rooms is the one exception), so
//! that content can one day be sealed end to end without changing a rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::ask::{Ask, Reporting};
use crate::file::{CarriedFile, File};
use crate::id::{EntryId, MemberId, OrganisationId, Principal};
use crate::label::Label;
use crate::record::Seq;
use crate::text::{Line, Name, Text};

/// One item of a room's log.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// What the server decides by.
    pub handling: Handling,
    /// What people read.
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    pub content: Content,
}

/// What the server decides by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handling {
    /// What the author's client calls this entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: Principal,
    /// Who may read it and where it may be carried.
    pub label: Label,
    /// What it is, and what it refers to.
    #[serde(flatten)]
    pub kind: Kind,
    /// Whom it calls by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<MemberId>,
    /// Vendors, products and vulnerabilities it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// What it asks every organisation in the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// Whether it counts towards a common cause of its subjects.
    #[serde(default, skip_serializing_if = "Reporting::is_no")]
    pub common_cause: Reporting,
    /// Whether it belongs to an exercise and must never look real.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exercise: bool,
    /// The files it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<CarriedFile>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Somebody says something.
    Post {
        /// The first entry of the thread it answers. Threads are one level deep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
    },
    /// A warning in a standard form.
    Alert(Alert),
    /// An organisation's answer to an ask: the current one until it gives another.
    Answer {
        /// The entry that asks.
        of: Seq,
        /// The organisation it counts for: its author's, or that of a bot's owner.
        organisation: OrganisationId,
        /// One of the ask's options.
        choice: Name,
    },
    /// The author puts a new text in the place of an earlier one; both stay in the log.
    Edit {
        /// The post.
        of: Seq,
    },
    /// The author, or a manager, takes a post back: its content is served to nobody any more.
    Retract {
        /// The post.
        of: Seq,
    },
    /// The author, or towards the stricter side a manager, gives a post another label.
    Relabel {
        /// The post.
        of: Seq,
        /// Its label from now on.
        to: Label,
    },
    /// A reaction to a post; which one is content.
    React {
        /// The post.
        of: Seq,
        /// Whether it is given or taken back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        withdrawn: bool,
    },
    /// The room begins. Always entry 1.
    Opened {
        /// Its first settings.
        settings: RoomSettings,
    },
    /// The room's settings change.
    Changed {
        /// The settings from now on, whole.
        settings: RoomSettings,
    },
    /// Somebody comes in, or gets another part.
    Joined {
        /// Who.
        who: Principal,
        /// As what.
        role: RoomRole,
    },
    /// Somebody goes, or is taken out.
    Left {
        /// Who.
        who: Principal,
    },
    /// A kind from a newer server. Show that there is something, and no more.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// The entry it refers to, if any.
    #[must_use]
    pub const fn refers_to(&self) -> Option<Seq> {
        match self {
            Self::Post { reply_to } => *reply_to,
            Self::Alert(alert) => alert.supersedes,
            Self::Answer { of, .. }
            | Self::Edit { of }
            | Self::Retract { of }
            | Self::Relabel { of, .. }
            | Self::React { of, .. } => Some(*of),
            Self::Opened { .. }
            | Self::Changed { .. }
            | Self::Joined { .. }
            | Self::Left { .. }
            | Self::Unknown => None,
        }
    }

    /// Whether it is a notice: handling only, about the room or a label, for everyone in the room.
    #[must_use]
    pub const fn is_notice(&self) -> bool {
        matches!(
            self,
            Self::Retract { .. }
                | Self::Relabel { .. }
                | Self::Opened { .. }
                | Self::Changed { .. }
                | Self::Joined { .. }
                | Self::Left { .. }
        )
    }
}

/// What people read.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// The text of a post or an edit (Markdown), the summary of an alert, the note of an answer, or
    /// the emoji of a reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// What an alert says in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Line>,
    /// What an alert's readers should do (Markdown).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_to_do: Option<Text>,
    /// Where more is to be read: web addresses, as their source gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Line>,
    /// Who issued an alert, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Line>,
    /// The files it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
}

impl Content {
    /// Content of just this text.
    #[must_use]
    pub const fn text(text: Text) -> Self {
        Self {
            text: Some(text),
            headline: None,
            what_to_do: None,
            references: Vec::new(),
            issuer: None,
            files: Vec::new(),
        }
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_none()
            && self.headline.is_none()
            && self.what_to_do.is_none()
            && self.references.is_empty()
            && self.issuer.is_none()
            && self.files.is_empty()
    }
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A supplier.
    Vendor(Name),
    /// A product.
    Product(Name),
    /// A vulnerability, as `CVE-2024-21887`.
    Cve(Name),
    /// A vendor and product as CPE 2.3 names them, the two parts only: `ivanti:connect_secure`.
    Cpe(Name),
    /// Anything else that members follow: `ransomware`, `phishing`, `elections`.
    Topic(Name),
}

/// What a room is and allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomSettings {
    /// What it is called.
    pub name: Name,
    /// The strictest label it may hold.
    pub ceiling: Label,
    /// The label offered to a writer.
    pub default_label: Label,
    /// Whether members see who is typing. Never stored.
    #[serde(default)]
    pub typing: bool,
    /// Whether members see who is connected. Never stored.
    #[serde(default)]
    pub presence: bool,
}

/// What part a member plays in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    /// May bring people in, take them out and change the settings.
    Lead,
    /// Reads and writes.
    Participant,
}
