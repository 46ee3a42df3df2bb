//! Calls on what concerns whom: register entries, common causes, and what may interrupt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::Severity;
use crate::id::MemberId;
use crate::register::{CommonCause, Dependency, RegisterEntry};

/// Lists the register entries that you may see: your own organisation's, those that are shown to
/// every officer, and for a manager all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRegisterEntries {}

/// Register entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegisterEntryList {
    /// By the organisation's name; one that was never set is left out.
    pub entries: Vec<RegisterEntry>,
}

/// Replaces your organisation's register entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRegisterEntry {
    /// What it depends on, whole: at most 256.
    pub depends_on: Vec<Dependency>,
    /// Whether every officer of the WARP may see it.
    #[serde(default)]
    pub shown: bool,
    /// Who is reminded when nobody else answers, in this order: members of your organisation, at
    /// most 4.
    #[serde(default)]
    pub deputies: Vec<MemberId>,
}

/// Lists the common causes that concern you: for a manager all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCauses {}

/// Common causes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CauseList {
    /// Newest first, at most 200.
    pub causes: Vec<CommonCause>,
}

/// Says what may interrupt you.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPreferences {}

/// Sets what may interrupt you.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPreferences {
    /// From now on, whole.
    pub preferences: Preferences,
}

/// What may interrupt a member: any of these is enough. An alert of severity *extreme* always does.
/// Kept by the server so that every device of a member does the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preferences {
    /// Every entry.
    #[serde(default)]
    pub all: bool,
    /// Whatever is about something the organisation depends on, or mentions the member.
    #[serde(default)]
    pub concerns_us: bool,
    /// Alerts of this severity or worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When nothing but severity *extreme* interrupts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

impl Default for Preferences {
    /// What concerns the organisation, and whatever is severe.
    fn default() -> Self {
        Self { all: false, concerns_us: true, severity: Some(Severity::Severe), quiet: None }
    }
}

/// Hours of the day, in the member's local time. They may go past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuietHours {
    /// The first minute, counted from midnight: 0 to 1439.
    pub from_minute: u16,
    /// The minute they end, counted from midnight: 0 to 1439.
    pub to_minute: u16,
}

impl QuietHours {
    /// Whether they hold at a minute of the day. Hours that end when they begin hold all day.
    #[must_use]
    pub const fn cover(self, minute: u16) -> bool {
        if self.from_minute < self.to_minute {
            self.from_minute <= minute && minute < self.to_minute
        } else {
            self.from_minute <= minute || minute < self.to_minute
        }
    }
}
