//! The latest alert of each source in a room: what a later revision takes the place of.
//!
//! A source is somebody's: two authors may use the same id. An exercise is a source of its own, so
//! that it never takes the place of what is real, nor the other way round.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use warproom_proto::alert::Source;
use warproom_proto::{Label, Line, Principal, Seq};

use super::summary::Summary;

/// The most sources remembered of one room, and of one author there: several catalogues whole. Beyond it the
/// one whose latest alert is the oldest is forgotten, the author's own before anybody else's; a later revision
/// of it stands alone.
const REMEMBERED: usize = 16 * 1024;
const REMEMBERED_OF_ONE: usize = 4 * 1024;

/// Whose, which, and whether it is an exercise.
type Key = (Principal, Line, bool);

/// The latest alert of each source.
#[derive(Default)]
pub(super) struct Sources {
    latest: HashMap<Key, Alerted>,
    by_seq: BTreeMap<Seq, Key>,
    by_author: HashMap<Principal, BTreeSet<Seq>>,
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
        let author = summary.author;
        let key = (author, source.id.clone(), summary.exercise);
        if let Some(before) = self.latest.get(&key).map(|before| before.seq) {
            self.forget(before);
        }
        let alerted = Alerted { seq, revision: source.revision.clone(), summary };
        self.latest.insert(key.clone(), alerted);
        self.by_seq.insert(seq, key);
        let own = self.by_author.entry(author).or_default();
        own.insert(seq);
        let oldest_own = own.first().copied().filter(|_| own.len() > REMEMBERED_OF_ONE);
        let oldest =
            || self.by_seq.keys().next().copied().filter(|_| self.latest.len() > REMEMBERED);
        if let Some(oldest) = oldest_own.or_else(oldest) {
            self.forget(oldest);
        }
    }

    /// Forgets the alert of this number.
    fn forget(&mut self, seq: Seq) {
        let Some(key) = self.by_seq.remove(&seq) else { return };
        self.latest.remove(&key);
        if let Some(own) = self.by_author.get_mut(&key.0) {
            own.remove(&seq);
            if own.is_empty() {
                self.by_author.remove(&key.0);
            }
        }
    }

    /// The latest alert of a source.
    pub(super) fn latest(&self, author: Principal, id: &Line, exercise: bool) -> Option<&Alerted> {
        self.latest.get(&(author, id.clone(), exercise))
    }
}
