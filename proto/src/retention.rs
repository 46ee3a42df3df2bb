//! How long entries are kept, and what one manager alone may not do: a *proposal* is carried out when
//! a second manager approves it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{MemberId, ProposalId, RoomId};
use crate::label::Label;
use crate::record::Seq;
use crate::text::Line;

/// For how many days entries are kept, by the label they have now: 1 to 36500. A label without a number
/// keeps its entries for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retention {
    /// TLP:CLEAR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<u32>,
    /// TLP:GREEN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub green: Option<u32>,
    /// TLP:AMBER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amber: Option<u32>,
    /// TLP:AMBER+STRICT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amber_strict: Option<u32>,
    /// TLP:RED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red: Option<u32>,
}

impl Retention {
    /// The most days that can be said: a century.
    pub const MOST_DAYS: u32 = 36_500;

    /// For how many days entries of a label are kept; `None`: for ever.
    #[must_use]
    pub const fn days(&self, label: Label) -> Option<u32> {
        match label {
            Label::Clear => self.clear,
            Label::Green => self.green,
            Label::Amber => self.amber,
            Label::AmberStrict => self.amber_strict,
            Label::Red => self.red,
        }
    }

    /// Each label whose entries are not kept for ever, with its days.
    pub fn limited(&self) -> impl Iterator<Item = (Label, u32)> + use<> {
        let this = *self;
        Label::ALL.into_iter().filter_map(move |label| Some((label, this.days(label)?)))
    }

    /// Whether every number of days is one that can be said.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.limited().all(|(_, days)| (1..=Self::MOST_DAYS).contains(&days))
    }
}

/// What takes two managers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proposed {
    /// How long entries are kept from now on.
    SetRetention {
        /// In which room; not said: in every room without a rule of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        /// The rule; not said: none of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention: Option<Retention>,
    },
    /// Entries are erased before their time.
    EraseEntries {
        /// Their room.
        room: RoomId,
        /// Their numbers, 1 to 100.
        entries: Vec<Seq>,
    },
    /// A legal hold ends.
    LiftHold {
        /// On which room.
        room: RoomId,
    },
    /// More members are removed than one manager may remove within a day.
    RemoveMembers {
        /// Who, 1 to 50.
        members: Vec<MemberId>,
    },
}

/// A proposal that waits for a second manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// Its id.
    pub proposal: ProposalId,
    /// Who made it.
    pub by: MemberId,
    /// What is to be done.
    pub what: Proposed,
    /// Why.
    pub reason: Line,
    /// When it lapses, in milliseconds since 1970 UTC.
    pub lapses_at_ms: i64,
    /// Who may approve it: those who were managers when it was made, but its maker.
    pub may_approve: Vec<MemberId>,
}

/// How long a room's entries are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomRetention {
    /// The rule in force: the room's own, or else the one for every room.
    pub retention: Retention,
    /// Whether it is the room's own.
    pub own: bool,
    /// Whether a legal hold keeps everything, whatever the rule says.
    pub held: bool,
}
