//! What refers to one entry, as facts by their number in the log, and how they show on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use warproom_client::label_now;
use warproom_client::proto::{Entry, Kind, Label, Principal, Seq};

use super::{Retracted, Shown};

/// Of each kind so many are kept, the newest: more than people write about one entry, and not as many as a
/// server that means harm may send.
const EDITS: usize = 32;
const RELABELS: usize = 32;
const REACTIONS: usize = 512;
const REPLIES: usize = 2_000;

/// What refers to one entry.
#[derive(Clone, Default)]
pub(super) struct Referring {
    edits: BTreeMap<Seq, (Principal, Arc<str>, i64)>,
    relabels: BTreeMap<Seq, (Principal, Label, i64)>,
    reactions: BTreeMap<Seq, Reaction>,
    replies: BTreeSet<Seq>,
    supersedes: BTreeSet<Seq>,
    retractions: BTreeMap<Seq, Retracted>,
}

/// Keeps the newest so many; those that went are added.
fn newest<T>(of: &mut BTreeMap<Seq, T>, most: usize, gone: &mut Vec<Seq>) {
    while of.len() > most {
        gone.extend(of.pop_first().map(|(by, _)| by));
    }
}

#[derive(Clone)]
struct Reaction {
    who: Principal,
    emoji: String,
    is_withdrawn: bool,
}

impl Referring {
    /// Keeps the entry of this number; whether it was new.
    pub(super) fn note(&mut self, by: Seq, entry: &Entry, at_ms: i64) -> bool {
        let who = entry.handling.author;
        let text = || entry.content.text.as_ref().map(ToString::to_string).unwrap_or_default();
        match entry.handling.kind {
            Kind::Edit { .. } => self.edits.insert(by, (who, text().into(), at_ms)).is_none(),
            Kind::Relabel { to, .. } => self.relabels.insert(by, (who, to, at_ms)).is_none(),
            Kind::React { withdrawn, .. } => {
                let reaction = Reaction { who, emoji: text(), is_withdrawn: withdrawn };
                self.reactions.insert(by, reaction).is_none()
            }
            Kind::Post { .. } => self.replies.insert(by),
            Kind::Alert(_) => self.supersedes.insert(by),
            Kind::Retract { .. } => {
                self.retractions.insert(by, Retracted { by: who, at_ms }).is_none()
            }
            _ => false,
        }
    }

    /// Lets go of what is more than is kept, the oldest first; of retractions the newest, because the first
    /// one counts. Answers the numbers of what went.
    pub(super) fn keep_newest(&mut self) -> Vec<Seq> {
        let mut gone = Vec::new();
        newest(&mut self.edits, EDITS, &mut gone);
        newest(&mut self.relabels, RELABELS, &mut gone);
        newest(&mut self.reactions, REACTIONS, &mut gone);
        for numbers in [&mut self.replies, &mut self.supersedes] {
            while numbers.len() > REPLIES {
                gone.extend(numbers.pop_first());
            }
        }
        while self.retractions.len() > 1 {
            gone.extend(self.retractions.pop_last().map(|(by, _)| by));
        }
        gone
    }

    /// What it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        /// A number with what stands beside it, in the tree it is in.
        const EACH: usize = 64;
        let texts: usize = self.edits.values().map(|(_, text, _)| text.len()).sum();
        let others = self.relabels.len() + self.reactions.len() + self.replies.len();
        texts + EACH * (1 + self.edits.len() + others)
    }

    /// Lets go of what the entry of this number says.
    pub(super) fn remove(&mut self, by: Seq) {
        self.edits.remove(&by);
        self.relabels.remove(&by);
        self.reactions.remove(&by);
        self.replies.remove(&by);
        self.supersedes.remove(&by);
        self.retractions.remove(&by);
    }

    /// Lets go of everything but that it was taken back; answers the numbers of what went.
    pub(super) fn erase(&mut self) -> Vec<Seq> {
        let kept = Self { retractions: std::mem::take(&mut self.retractions), ..Self::default() };
        std::mem::replace(self, kept).numbers()
    }

    /// Lets go of everything but the replies and alerts of which this holds; answers the numbers of
    /// what went.
    pub(super) fn keep_rows(&mut self, holds: impl Fn(Seq) -> bool) -> Vec<Seq> {
        let all = std::mem::take(self);
        let kept =
            |numbers: &BTreeSet<Seq>| numbers.iter().copied().filter(|by| holds(*by)).collect();
        (self.replies, self.supersedes) = (kept(&all.replies), kept(&all.supersedes));
        let is_kept = |by: &Seq| self.replies.contains(by) || self.supersedes.contains(by);
        all.numbers().into_iter().filter(|by| !is_kept(by)).collect()
    }

    /// The numbers of everything in it.
    pub(super) fn numbers(&self) -> Vec<Seq> {
        let edits = self.edits.keys().chain(self.relabels.keys()).chain(self.reactions.keys());
        let others = self.replies.iter().chain(&self.supersedes).chain(self.retractions.keys());
        edits.chain(others).copied().collect()
    }

    /// Who took it back first, if anybody did.
    pub(super) fn retracted(&self) -> Option<Retracted> {
        self.retractions.values().next().copied()
    }

    /// Makes the entry what it is now.
    pub(super) fn show_on(&self, shown: &mut Shown) {
        let author = shown.entry.handling.author;
        // Only the author's own edits count.
        let edits = self.edits.iter().filter(|(_, (who, ..))| *who == author);
        shown.edits = edits.map(|(seq, (_, text, at_ms))| (*seq, text.clone(), *at_ms)).collect();
        shown.relabelled = self.relabels.values().copied().collect();
        shown.label = self.label(shown);
        shown.reactions = self.reactions();
        shown.replies = self.replies.iter().copied().collect();
        shown.superseded_by = self.supersedes.last().copied();
    }

    /// The label now. The latest relabelling that is known counts, and so does what the server said
    /// when the entry was read. Where it said something that no known relabelling explains, one of
    /// the two is older and it cannot be told which: the stricter counts. A milder one than it was written
    /// with counts only where its author relaxed it.
    fn label(&self, shown: &Shown) -> Label {
        let known = self.relabels.values().next_back().map(|(_, to, _)| *to);
        let explains = |label: &Label| self.relabels.values().any(|(_, to, _)| to == label);
        let said = shown.said.iter().copied().filter(|label| !explains(label)).max();
        let handling = &shown.entry.handling;
        let by_author = self.relabels.values().filter(|(who, ..)| *who == handling.author);
        let relaxed = by_author.map(|(_, to, _)| *to).min();
        label_now(handling.label, known.max(said), relaxed)
    }

    /// The last word of each person on each emoji, in the order of the log.
    fn reactions(&self) -> BTreeMap<String, Vec<Principal>> {
        let mut last: BTreeMap<(&str, Principal), (Seq, bool)> = BTreeMap::new();
        for (seq, reaction) in &self.reactions {
            last.insert((&reaction.emoji, reaction.who), (*seq, reaction.is_withdrawn));
        }
        let mut given: BTreeMap<String, Vec<(Seq, Principal)>> = BTreeMap::new();
        for ((emoji, who), (seq, is_withdrawn)) in last {
            if !is_withdrawn {
                given.entry(emoji.to_owned()).or_default().push((seq, who));
            }
        }
        let in_order = |mut people: Vec<(Seq, Principal)>| {
            people.sort_unstable_by_key(|(seq, _)| *seq);
            people.into_iter().map(|(_, who)| who).collect()
        };
        given.into_iter().map(|(emoji, people)| (emoji, in_order(people))).collect()
    }
}
