//! Lines: what is posted under one key, by whatever items say it. Of each line is known which rooms
//! were told and how new the newest word of it is.

use std::collections::BTreeMap;

use warproom_client::proto::RoomId;

use crate::cursor::{Cursor, Seen, Told};

/// A line that an item goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its key: that of its first item.
    pub root: String,
    /// Which rooms were told of it, and how.
    pub told: BTreeMap<RoomId, Told>,
}

impl Line {
    /// Whether a room was told by a post of its own, which is to be followed up.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.told.values().any(|told| *told == Told::Alone)
    }
}

/// The lines of one source.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<String, State>);

#[derive(Default)]
struct State {
    told: BTreeMap<RoomId, Told>,
    newest_ms: Option<i64>,
}

impl Lines {
    pub(super) fn of(cursor: &Cursor) -> Self {
        let mut lines = Self::default();
        for (key, seen) in &cursor.items {
            lines.add(key, seen);
        }
        lines
    }

    /// Takes in what is remembered of an item.
    pub(super) fn add(&mut self, key: &str, seen: &Seen) {
        for root in roots(key, seen) {
            let state = self.0.entry(root).or_default();
            state.newest_ms = state.newest_ms.max(seen.issued_at_ms);
            for (room, told) in &seen.told {
                let known = state.told.entry(*room).or_insert(*told);
                *known = (*told).max(*known);
            }
        }
    }

    /// The line of this key.
    pub(super) fn line(&self, root: String) -> Line {
        let told = self.0.get(&root).map(|state| state.told.clone()).unwrap_or_default();
        Line { root, told }
    }

    /// Whether something newer than this was said in the line. What has no time is not older.
    pub(super) fn has_newer(&self, root: &str, issued_at_ms: Option<i64>) -> bool {
        let newest_ms = self.0.get(root).and_then(|state| state.newest_ms);
        issued_at_ms.zip(newest_ms).is_some_and(|(issued_ms, newest_ms)| issued_ms < newest_ms)
    }
}

/// The keys an item is posted under.
pub(super) fn roots(key: &str, seen: &Seen) -> Vec<String> {
    if seen.roots.is_empty() { vec![key.to_owned()] } else { seen.roots.clone() }
}
