//! The latest alert of each source in a room: what a later revision takes the place of.
//!
//! A source is somebody's: two authors may use the same id. An exercise is a source of its own, so
//! that it never takes the place of what is real, nor the other way round.

use std::collections::{BTreeMap, HashMap};

use warproom_proto::alert::Source;
use warproom_proto::{Label, Line, Principal, Seq};

use super::summary::Summary;

/// The most sources remembered of one room: several catalogues whole. Beyond it the one whose latest
/// alert is the oldest is forgotten, and a later revision of it stands alone.
const REMEMBERED: usize = 16 * 1024;

/// Whose, which, and whether it is an exercise.
type Key = (Principal, Line, bool);

/// The latest alert of each source.
#[derive(Default)]
pub(super) struct Sources {
    latest: HashMap<Key, Alerted>,
    by_seq: BTreeMap<Seq, Key>,
}

/// An alert as it is remembered.
pub(super) struct Alerted {
    pub(super) seq: Seq,
    pub(super) revision: Line,
    pub(super) summary: Summary,
}

/// The latest alert of a source, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Its number.
    pub seq: Seq,
    /// Which revision it is.
    pub revision: Line,
    /// The label it has now.
    pub label: Label,
}

impl Sources {
    /// Takes an alert in.
    pub(super) fn insert(&mut self, seq: Seq, source: &Source, summary: Summary) {
        let key = (summary.author, source.id.clone(), summary.exercise);
        let alerted = Alerted { seq, revision: source.revision.clone(), summary };
        if let Some(before) = self.latest.insert(key.clone(), alerted) {
            self.by_seq.remove(&before.seq);
        }
        self.by_seq.insert(seq, key);
        if self.latest.len() > REMEMBERED
            && let Some((_, oldest)) = self.by_seq.pop_first()
        {
            self.latest.remove(&oldest);
        }
    }

    /// The latest alert of a source.
    pub(super) fn latest(&self, author: Principal, id: &Line, exercise: bool) -> Option<&Alerted> {
        self.latest.get(&(author, id.clone(), exercise))
    }
}
