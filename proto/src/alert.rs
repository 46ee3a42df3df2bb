//! Alerts: a warning in a standard form, whoever it comes from. The words for severity, urgency,
//! certainty and for what a message does to an earlier one are those of the Common Alerting Protocol
//! 1.2 (OASIS, section 3.2.2), so that a feed and an officer mean the same by them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::Seq;
use crate::text::Line;

/// What the server and a reader's filter decide by. What people read stands in the entry's content,
/// and what it is about in the entry's subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// How soon something is to be done.
    pub urgency: Urgency,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it does to an earlier one.
    #[serde(default)]
    pub message: Message,
    /// When its issuer issued it, in milliseconds since 1970 UTC, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at_ms: Option<i64>,
    /// From when it holds, if not from its issue, in milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at_ms: Option<i64>,
    /// Until when it holds, in milliseconds since 1970 UTC; from then on it is shown as expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    /// Where it comes from, if a program brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The alert it takes the place of. The server fills it in where an earlier alert of the same
    /// author in the same room has the same source id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Seq>,
}

impl Alert {
    /// Whether it holds no more at this time, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now_ms)
    }
}

/// What an alert is where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its id there, the same for every revision: a CAP identifier, a CVE of a catalogue, a group key.
    pub id: Line,
    /// Which revision of it this is: a version, a time, a status.
    pub revision: Line,
}

/// How bad it is. The order is from the mildest; what is not known is taken for moderate by nobody.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is not known.
    Unknown,
    /// Minimal to no known threat.
    Minor,
    /// Possible threat.
    Moderate,
    /// Significant threat.
    Severe,
    /// Extraordinary threat. Interrupts everyone, always.
    Extreme,
}

/// How soon something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once.
    Immediate,
    /// Soon: within the next hour.
    Expected,
    /// In the near future.
    Future,
    /// No more.
    Past,
    /// It is not known.
    Unknown,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It has happened or goes on.
    Observed,
    /// More likely than not.
    Likely,
    /// Possible, but not likely.
    Possible,
    /// Not expected to happen.
    Unlikely,
    /// It is not known.
    Unknown,
}

/// What an alert does to an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Nothing: it is a new one.
    #[default]
    Alert,
    /// It takes an earlier one's place.
    Update,
    /// It says that an earlier one holds no more.
    Cancel,
}

macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl $type {
            /// All of them, in the order above.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it, as on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.pad(self.as_str())
            }
        }
    )*};
}

words! {
    Severity { Unknown = "unknown", Minor = "minor", Moderate = "moderate", Severe = "severe", Extreme = "extreme" }
    Urgency { Immediate = "immediate", Expected = "expected", Future = "future", Past = "past", Unknown = "unknown" }
    Certainty { Observed = "observed", Likely = "likely", Possible = "possible", Unlikely = "unlikely", Unknown = "unknown" }
    Message { Alert = "alert", Update = "update", Cancel = "cancel" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Serialize + Copy>(all: &[T], word: impl Fn(T) -> &'static str) {
        for one in all {
            assert_eq!(serde_json::to_value(one).unwrap(), word(*one));
        }
    }

    #[test]
    fn the_words_are_those_on_the_wire() {
        check(Severity::ALL, Severity::as_str);
        check(Urgency::ALL, Urgency::as_str);
        check(Certainty::ALL, Certainty::as_str);
        check(Message::ALL, Message::as_str);
        assert!(Severity::ALL.is_sorted());
    }
}
