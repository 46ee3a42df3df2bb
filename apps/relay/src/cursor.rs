//! What the relay remembers of one source: how far it has read, which revision of what it has seen,
//! and which posts are on their way. Kept by a [`Shelf`]: one JSON file per source.
//!
//! The order that makes a crash harmless: a plan's posts are put on the cursor together with what they
//! are about, and saved; then they are sent; then, as the server has answered each, they are taken
//! off. After a crash what is still on the cursor is sent again under the same entry ids, and the
//! server answers without storing it twice. So nothing is planned twice and nothing is forgotten.

mod folder;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use warproom_client::proto::Name;
use warproom_client::proto::calls::PostAlert;

use crate::fetch::Validators;

pub use folder::{CursorError, StateFolder};

/// Where cursors are kept.
pub trait Shelf: Sync {
    /// Reads a source's cursor; a new one if there is none.
    fn load(&self, source: &Name) -> Result<Cursor, CursorError>;

    /// Keeps a source's cursor on stable storage, or leaves the earlier one as it was.
    fn save(&self, source: &Name, cursor: &Cursor) -> Result<(), CursorError>;
}

/// What is remembered of one source. It holds posts on their way, so it has no `Debug`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Whether the source was looked at whole once: the first look is one digest.
    pub looked: bool,
    /// How far it was read.
    #[serde(default)]
    pub marks: Marks,
    /// What was seen of it, by key.
    #[serde(default)]
    pub items: BTreeMap<String, Seen>,
    /// What is on its way, in order.
    #[serde(default)]
    pub pending: Vec<Pending>,
}

/// How far a source was read. Which of these are used depends on its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Marks {
    /// What place these marks are of, as a hash: another address begins anew.
    pub place: String,
    /// Of its one document, or its index.
    pub validators: Validators,
    /// TAXII: the time up to which objects were read.
    pub added_after: Option<String>,
    /// CSAF feeds and directories: each document's time of change, by address.
    pub documents: BTreeMap<String, String>,
    /// Folders: each file as it was when it was read, by name.
    pub files: BTreeMap<String, FileMark>,
    /// Folders: when each content was last there, in milliseconds since 1970 UTC, by hash.
    pub contents: BTreeMap<String, i64>,
}

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMark {
    /// Its size.
    pub bytes: u64,
    /// When it was changed, in nanoseconds since 1970 UTC.
    pub modified_ns: i64,
    /// The SHA-256 of its content.
    pub hash: String,
}

/// What was seen of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The revision seen last.
    pub revision: String,
    /// The key it is posted under, where it took the place of an item with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Whether the rooms were told.
    pub told: Told,
    /// When it was last there, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// Whether the rooms were told of an item. The order is by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// No: a filter held it back, or it was over already.
    No,
    /// As a line of a digest.
    Digest,
    /// By a post of its own.
    Alone,
}

/// A post on its way.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// What it is about, for reports: an item's id, or "digest".
    pub about: String,
    /// The post, the same each time it is sent.
    pub call: PostAlert,
}

/// How long something is remembered that is no longer there: longer than any feed's window, and than
/// a document withdrawn and put back.
const REMEMBERED_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// The most items remembered that are no longer there.
const REMEMBERED: usize = 100_000;

impl Cursor {
    /// The key under which an item is posted from its first revision on.
    pub fn root<'a>(&'a self, key: &'a str) -> &'a str {
        self.items.get(key).and_then(|seen| seen.root.as_deref()).unwrap_or(key)
    }

    /// Forgets what is not among these keys, has not been there for 90 days, or is more than is kept.
    pub fn forget(&mut self, present: &BTreeSet<String>, now_ms: i64) {
        let oldest_ms = now_ms.saturating_sub(REMEMBERED_MS);
        self.items.retain(|key, seen| seen.at_ms >= oldest_ms || present.contains(key));
        let absent: Vec<_> = self.items.iter().filter(|(key, _)| !present.contains(*key)).collect();
        let excess = absent.len().saturating_sub(REMEMBERED);
        if excess > 0 {
            let mut by_age: Vec<_> =
                absent.into_iter().map(|(key, seen)| (seen.at_ms, key.clone())).collect();
            by_age.sort_unstable();
            for (_, key) in by_age.into_iter().take(excess) {
                self.items.remove(&key);
            }
        }
    }
}

impl Marks {
    /// Forgets contents that no file has any more and that were not there for 90 days.
    pub fn forget_contents(&mut self, now_ms: i64) {
        let oldest_ms = now_ms.saturating_sub(REMEMBERED_MS);
        self.contents.retain(|_, at_ms| *at_ms >= oldest_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at_ms: i64) -> Seen {
        Seen { revision: "1".into(), root: None, told: Told::Alone, at_ms }
    }

    #[test]
    fn what_is_gone_for_ninety_days_is_forgotten_and_what_is_there_is_not() {
        let now_ms = REMEMBERED_MS + 1_000_000;
        let mut cursor = Cursor::default();
        for (key, at_ms) in [("gone", 1), ("there", 1), ("lately", now_ms - REMEMBERED_MS)] {
            cursor.items.insert(key.into(), seen(at_ms));
        }
        cursor.forget(&BTreeSet::from(["there".to_owned()]), now_ms);
        assert_eq!(cursor.items.keys().collect::<Vec<_>>(), ["lately", "there"]);
    }

    #[test]
    fn of_too_many_gone_the_oldest_go_first() {
        let mut cursor = Cursor::default();
        for number in 0..i64::try_from(REMEMBERED).unwrap() + 2 {
            cursor.items.insert(format!("{number:09}"), seen(number));
        }
        let present = BTreeSet::from(["000000000".to_owned()]);
        cursor.forget(&present, 10);
        assert_eq!(cursor.items.len(), REMEMBERED + 1);
        assert!(cursor.items.contains_key("000000000") && !cursor.items.contains_key("000000001"));
    }
}
