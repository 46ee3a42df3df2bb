//! What the relay remembers of one source: how far it has read, which revision of what it has seen,
//! and which posts are on their way. Kept by a [`Shelf`]: one JSON file per source.
//!
//! The order that makes a crash harmless: a plan's posts are put on the cursor together with what they
//! are about, and saved; then they are sent; then, as the server has answered each, they are taken
//! off. After a crash what is still on the cursor is sent again under the same entry ids, and the
//! server answers without storing it twice. So nothing is planned twice and nothing is forgotten.
//!
//! That the rooms were told is noted with the server's answer, not before: what had no place in a room,
//! or was never taken by the server, is not followed up there.

mod folder;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use warproom_client::proto::Name;
use warproom_client::proto::calls::PostAlert;

use crate::fetch::Validators;

pub use folder::{CursorError, StateFolder};
pub use seen::{Seen, Told, Turns};

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
    /// What another item takes the place of, by a hash of its key and of who said so, and when that
    /// was last there: it may come in after its end.
    #[serde(default)]
    pub replaced: BTreeMap<String, i64>,
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
    /// The same of documents that could not be fetched.
    pub failed: BTreeMap<String, Failed>,
    /// Folders: each file as it was when it was read, by name.
    pub files: BTreeMap<String, FileMark>,
    /// Folders: when each content was last there, in milliseconds since 1970 UTC, by hash.
    pub contents: BTreeMap<String, i64>,
}

/// A document that could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// Its time of change then, as the list has it.
    pub changed: String,
    /// How often it was tried.
    pub tries: u32,
}

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMark {
    /// Its size.
    pub bytes: u64,
    /// When it was changed, in nanoseconds since 1970 UTC.
    pub modified_ns: i64,
    /// The SHA-256 of its content, or why there is none.
    pub hash: String,
    /// When anything about it was changed, its permissions too, where it could not be opened: it is
    /// tried again when that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_ns: Option<i64>,
}

/// A post on its way.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// What it is about, for reports: an item's id, or "digest".
    pub about: String,
    /// The post, the same each time it is sent.
    pub call: PostAlert,
    /// The keys of the items that the room is told of by it.
    pub keys: Vec<String>,
    /// The key it is posted under; none for a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What is sent instead where its label is refused: a digest without its strictest items, and
    /// those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<Self>,
    /// Whether a person was told that its label is refused.
    #[serde(default)]
    pub reported: bool,
    /// Whether the server has refused its label in this very round, so that it is certainly not stored.
    #[serde(skip)]
    pub refused: bool,
}

/// How long something is remembered that is no longer there: longer than any feed's window, and than
/// a document withdrawn and put back.
const REMEMBERED_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// The most items remembered that are no longer there.
const REMEMBERED: usize = 100_000;

impl Cursor {
    /// Notes that the room of a post that is stored was told.
    pub fn tell(&mut self, stored: &Pending) {
        let how = if stored.root.is_some() { Told::Alone } else { Told::Digest };
        for key in &stored.keys {
            if let Some(seen) = self.items.get_mut(key) {
                let told = seen.told.entry(stored.call.room).or_insert(how);
                *told = how.max(*told);
            }
        }
    }

    /// Notes that an item takes the place of the one with this key.
    pub fn replace(&mut self, key: &str, sender: &str, now_ms: i64) {
        self.replaced.insert(replacement(key, sender), now_ms);
    }

    /// Whether another item of the same sender takes the place of the one with this key.
    #[must_use]
    pub fn is_replaced(&self, key: &str, sender: &str) -> bool {
        self.replaced.contains_key(&replacement(key, sender))
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
        self.forget_replaced(oldest_ms);
    }

    fn forget_replaced(&mut self, oldest_ms: i64) {
        self.replaced.retain(|_, at_ms| *at_ms >= oldest_ms);
        let excess = self.replaced.len().saturating_sub(REMEMBERED);
        if excess > 0 {
            let mut by_age: Vec<_> =
                self.replaced.iter().map(|(hash, at_ms)| (*at_ms, hash.clone())).collect();
            by_age.sort_unstable();
            for (_, hash) in by_age.into_iter().take(excess) {
                self.replaced.remove(&hash);
            }
        }
    }
}

/// The key and who replaced it, as one short name. Nobody else's word ends a sender's item.
fn replacement(key: &str, sender: &str) -> String {
    /// Nobody makes half of SHA-256 collide cheaply.
    const HASH_BYTES: usize = 16;
    let mut hash = Sha256::new();
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(sender);
    HEXLOWER.encode(&hash.finalize()[..HASH_BYTES])
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
        Seen {
            revision: "1".into(),
            issued_at_ms: None,
            roots: Vec::new(),
            sender: String::new(),
            told: BTreeMap::new(),
            turns: Turns::default(),
            at_ms,
        }
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
        cursor.replace("old", "", 1);
        cursor.replace("new", "", now_ms);
        cursor.forget(&BTreeSet::new(), now_ms);
        assert!(!cursor.is_replaced("old", "") && cursor.is_replaced("new", ""));
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
