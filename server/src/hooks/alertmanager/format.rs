//! The fields of Alertmanager's webhook format that are read. Others are passed over: every version
//! of it has added some.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// A notification: what a group is like now.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// What the group is told by, the same for as long as it exists.
    pub group_key: String,
    /// Firing as long as any of them fires.
    pub status: Status,
    /// Labels that all of them have.
    #[serde(default, deserialize_with = "or_none")]
    pub common_labels: Labels,
    /// Annotations that all of them have.
    #[serde(default, deserialize_with = "or_none")]
    pub common_annotations: Labels,
    /// The alerts.
    pub alerts: Vec<One>,
    /// How many were left out of the list.
    #[serde(default)]
    pub truncated_alerts: u64,
}

/// One alert of a group.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct One {
    /// Whether it fires.
    pub status: Status,
    /// What it is about.
    #[serde(default, deserialize_with = "or_none")]
    pub labels: Labels,
    /// What its rule says of it.
    #[serde(default, deserialize_with = "or_none")]
    pub annotations: Labels,
    /// When it began, RFC 3339.
    #[serde(default)]
    pub starts_at: String,
    /// When it ended, RFC 3339; year 1 while it has not.
    #[serde(default)]
    ends_at: String,
    /// A hash of its labels.
    #[serde(default)]
    pub fingerprint: String,
}

/// Whether something is so.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Firing,
    /// It is no more.
    Resolved,
}

impl Status {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl One {
    /// When it began, in milliseconds since 1970 UTC.
    pub fn started_at_ms(&self) -> Option<i64> {
        moment(&self.starts_at)
    }

    /// When it ended, in milliseconds since 1970 UTC.
    pub fn ended_at_ms(&self) -> Option<i64> {
        moment(&self.ends_at)
    }
}

/// A moment; none for year 1, Go's way of saying that there is none.
fn moment(text: &str) -> Option<i64> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(at.as_millisecond()).filter(|ms| *ms > 0)
}

/// A `null` is as good as nothing.
fn or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Labels, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
