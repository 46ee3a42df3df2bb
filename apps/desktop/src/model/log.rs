//! What has been read of a room's log, folded: entries with their edits, relabellings, retractions,
//! reactions and threads.
//!
//! It holds windows of the log, not the log: pages come and go, with gaps between them. What refers to
//! an entry that is not held is kept until the entry comes. Whatever the order in which records come,
//! and however often, the fold is the same: every rule below goes by the numbers of the log, never by
//! arrival.

mod held;
mod referring;
mod weight;
mod window;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use warproom_client::proto::{Body, Entry, EntryId, Kind, Label, Line, Principal, Seq, Text};
use warproom_client::{Delivered, label_now};

use held::Held;
use referring::Referring;

/// What has been read of one room.
#[derive(Clone, Default)]
pub struct Log {
    /// What has a row in the timeline, by number. Edits, relabellings, retractions, reactions and
    /// answers have none: they show on what they refer to.
    pub items: BTreeMap<Seq, Item>,
    /// The last number of the log, as far as is known.
    pub latest: Seq,
    /// Grows with each change, so that a screen knows that there was one.
    pub revision: u64,
    /// The first number there is: 1, unless the server says that nothing stands before a later one.
    pub begins: Seq,
    held: Held,
    /// Entries without a row: read out of their place, as a thread is, and asks whose rows were let
    /// go of.
    aside: BTreeMap<Seq, Item>,
    /// What refers to an entry, by the entry, held or not.
    referring: BTreeMap<Seq, Referring>,
    /// What each of those refers to.
    refers_to: BTreeMap<Seq, Seq>,
    weighed: weight::Weighed,
}

/// One record of the log.
#[derive(Clone)]
pub enum Item {
    /// A number and no more: withheld from you, or taken back.
    Withheld(Option<Retracted>),
    /// Erased under the rules of retention.
    Erased,
    /// Of a form from a newer server.
    Unreadable {
        /// When the log took it, in milliseconds since 1970 UTC.
        at_ms: i64,
    },
    /// Something to show.
    Shown(Box<Shown>),
}

/// Who took an entry back, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retracted {
    /// Who.
    pub by: Principal,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// An entry as it is now.
#[derive(Clone)]
pub struct Shown {
    /// The entry as it was written.
    pub entry: Entry,
    /// When the log took it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Its label now.
    pub label: Label,
    /// Its relabellings: who, to what, when; oldest first.
    pub relabelled: Vec<(Principal, Label, i64)>,
    /// Its edits: the number of the edit, its text, when; oldest first. The last one is what it says.
    pub edits: Vec<(Seq, Arc<str>, i64)>,
    /// Who reacted with what, in the order they did.
    pub reactions: BTreeMap<String, Vec<Principal>>,
    /// The numbers of its replies that are known, in order.
    pub replies: Vec<Seq>,
    /// The newest alert that takes this one's place, if it is one and there is one held.
    pub superseded_by: Option<Seq>,
    /// Every label other than its first that the server said it has, whenever it was read.
    said: Vec<Label>,
    /// The bytes it came in.
    bytes: usize,
}

impl Shown {
    fn new(entry: Entry, at_ms: i64, said: Option<Label>, bytes: usize) -> Self {
        Self {
            bytes,
            label: label_now(entry.handling.label, said, None),
            entry,
            at_ms,
            relabelled: Vec::new(),
            edits: Vec::new(),
            reactions: BTreeMap::new(),
            replies: Vec::new(),
            superseded_by: None,
            said: said.into_iter().collect(),
        }
    }

    /// The text as it is now.
    pub fn text(&self) -> Option<&str> {
        let written = self.entry.content.text.as_ref().map(Text::as_str);
        self.edits.last().map(|(_, text, _)| &**text).or(written)
    }

    /// All that it says now: its headline, its text, what to do.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let content = &self.entry.content;
        let headline = content.headline.as_ref().map(Line::as_str);
        let what_to_do = content.what_to_do.as_ref().map(Text::as_str);
        headline.into_iter().chain(self.text()).chain(what_to_do)
    }

    /// Its author's name for it.
    pub const fn id(&self) -> EntryId {
        self.entry.handling.id
    }

    /// The entry it answers, if it is a reply.
    pub const fn reply_to(&self) -> Option<Seq> {
        match self.entry.handling.kind {
            Kind::Post { reply_to } => reply_to,
            _ => None,
        }
    }
}

impl Item {
    fn of(delivered: &Delivered) -> Self {
        match (&delivered.entry, delivered.at_ms) {
            (Some(entry), Some(at_ms)) => {
                let (said, bytes) = match &delivered.record.body {
                    Body::Shown { label, item, .. } => (*label, item.get().len()),
                    Body::Withheld { .. } => (None, 0),
                };
                Self::Shown(Box::new(Shown::new(entry.clone(), at_ms, said, bytes)))
            }
            (None, Some(at_ms)) => Self::Unreadable { at_ms },
            (_, None) if delivered.is_erased() => Self::Erased,
            (_, None) => Self::Withheld(None),
        }
    }

    /// The entry, if it is shown.
    pub fn shown(&self) -> Option<&Shown> {
        match self {
            Self::Shown(shown) => Some(shown),
            Self::Withheld(_) | Self::Erased | Self::Unreadable { .. } => None,
        }
    }

    /// When the log took it, in milliseconds since 1970 UTC, if that is known.
    pub fn at_ms(&self) -> Option<i64> {
        match self {
            Self::Shown(shown) => Some(shown.at_ms),
            Self::Unreadable { at_ms } => Some(*at_ms),
            Self::Withheld(_) | Self::Erased => None,
        }
    }
}

/// Whether a record of this kind has a row in the timeline.
pub const fn has_row(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Edit { .. }
            | Kind::Retract { .. }
            | Kind::Relabel { .. }
            | Kind::React { .. }
            | Kind::Answer { .. }
    )
}

impl Log {
    /// Takes a record in at its place. Taking it twice changes nothing.
    pub fn take(&mut self, delivered: &Delivered) {
        let seq = delivered.seq;
        self.latest = self.latest.max(seq);
        self.held.add(seq, seq);
        if let Some(item) = self.aside.remove(&seq) {
            self.items.insert(seq, item);
        }
        self.fold(delivered);
    }

    /// Takes in what refers to an entry and stands elsewhere: its place is not held by that. An alert that
    /// takes another's place is one, too, and has no row by that.
    pub fn take_amendment(&mut self, delivered: &Delivered) {
        let kind = delivered.entry.as_ref().map(|entry| &entry.handling.kind);
        if kind.is_some_and(|kind| kind.refers_to().is_some()) {
            self.take_aside(delivered);
        }
    }

    /// Takes in an entry out of its place, as one of a thread: it can be shown, and has no row.
    pub fn take_aside(&mut self, delivered: &Delivered) {
        if !delivered.is_withheld() {
            self.fold(delivered);
        }
    }

    /// Lets go of what was taken out of its place, but for asks.
    pub fn drop_aside(&mut self) {
        let all = std::mem::take(&mut self.aside);
        for (seq, item) in all {
            if window::asks(&item) {
                self.aside.insert(seq, item);
            } else {
                self.forget(seq);
            }
        }
    }

    /// An entry, if it is held and shown.
    pub fn shown(&self, seq: Seq) -> Option<&Shown> {
        self.item(seq)?.shown()
    }

    /// A record that has a row, or was read out of its place.
    pub fn item(&self, seq: Seq) -> Option<&Item> {
        self.items.get(&seq).or_else(|| self.aside.get(&seq))
    }

    fn fold(&mut self, delivered: &Delivered) {
        let seq = delivered.seq;
        self.revision += 1;
        self.weighed.add(delivered);
        if matches!(self.item(seq), Some(Item::Withheld(_) | Item::Erased)) {
            return;
        }
        if delivered.is_withheld() || self.is_taken_back(seq) {
            self.withhold(seq);
            let nobody_took_it_back = matches!(self.items.get(&seq), Some(Item::Withheld(None)));
            if delivered.is_erased() && nobody_took_it_back {
                self.items.insert(seq, Item::Erased);
            }
            return;
        }
        if let Some(entry) = &delivered.entry
            && let Some(of) = entry.handling.kind.refers_to()
        {
            self.note(of, seq, entry, delivered.at_ms.unwrap_or_default());
            if !has_row(&entry.handling.kind) {
                return;
            }
        }
        let item = Item::of(delivered);
        let place = if self.is_held(seq) { &mut self.items } else { &mut self.aside };
        match (place.get_mut(&seq), item) {
            (Some(Item::Shown(shown)), Item::Shown(again)) => {
                shown.said.extend(again.said);
                shown.said.sort_unstable();
                shown.said.dedup();
            }
            (Some(_), _) => {}
            (None, item) => {
                place.insert(seq, item);
            }
        }
        self.refold(seq);
    }

    /// Whether an entry was taken back, as far as is known.
    pub(super) fn is_taken_back(&self, seq: Seq) -> bool {
        self.referring.get(&seq).is_some_and(|referring| referring.retracted().is_some())
    }

    /// Keeps that `by` refers to `of`, and shows it there.
    fn note(&mut self, of: Seq, by: Seq, entry: &Entry, at_ms: i64) {
        let is_retraction = matches!(entry.handling.kind, Kind::Retract { .. });
        // Of what is withheld nothing is kept but that it was taken back.
        let is_gone = matches!(self.item(of), Some(Item::Withheld(_) | Item::Erased))
            || self.is_taken_back(of);
        if is_gone && !is_retraction {
            return;
        }
        let referring = self.referring.entry(of).or_default();
        if referring.note(by, entry, at_ms) {
            self.refers_to.insert(by, of);
            for gone in referring.keep_newest() {
                self.refers_to.remove(&gone);
            }
            if is_retraction {
                self.withhold(of);
            } else {
                self.refold(of);
            }
        }
    }

    /// Erases what is held of a record, and what its edits said.
    fn withhold(&mut self, seq: Seq) {
        if let Some(of) = self.refers_to.remove(&seq) {
            if let Some(referring) = self.referring.get_mut(&of) {
                referring.remove(seq);
            }
            self.refold(of);
        }
        let mut retracted = None;
        if let Some(referring) = self.referring.get_mut(&seq) {
            for by in referring.erase() {
                self.refers_to.remove(&by);
            }
            retracted = referring.retracted();
        }
        self.aside.remove(&seq);
        if self.is_held(seq) {
            self.items.insert(seq, Item::Withheld(retracted));
        }
    }

    /// Makes an entry what it is now, from what refers to it.
    fn refold(&mut self, seq: Seq) {
        let nothing = Referring::default();
        let referring = self.referring.get(&seq).unwrap_or(&nothing);
        let item = match self.items.get_mut(&seq) {
            Some(item) => Some(item),
            None => self.aside.get_mut(&seq),
        };
        if let Some(Item::Shown(shown)) = item {
            referring.show_on(shown);
        }
    }
}
