//! The windows of the log that are held: finding one's way in them, and keeping them small.

use std::ops::RangeInclusive;

use warproom_client::proto::Seq;

use super::{Item, Log};

/// Entries that are not held may have this many others referring to them before those are let go.
/// They come again with the page of what they refer to.
const WAITING: usize = 2_000;

/// The asks that are kept after their rows were let go of: more than anybody answers in a day.
const ASKS: usize = 64;

/// Whether an entry asks for something.
pub(super) fn asks(item: &Item) -> bool {
    item.shown().is_some_and(|shown| shown.entry.handling.ask.is_some())
}

impl Log {
    /// Whether the record of this number was read at its place, or is known to have no content.
    pub fn is_held(&self, seq: Seq) -> bool {
        self.held.around(seq).is_some()
    }

    /// The first and last number of what is held around this one without a gap.
    pub fn held_around(&self, seq: Seq) -> Option<(Seq, Seq)> {
        self.held.around(seq)
    }

    /// Whether nothing stands between a row and the one before it, or the beginning of the room, that
    /// was not read.
    pub fn is_joined_to_before(&self, row: Seq) -> bool {
        let first = self.held.around(row).map_or(row, |(first, _)| first);
        let before = self.row_before(row);
        before.map_or_else(|| first <= self.begins.max(1), |before| first <= before + 1)
    }

    /// Whether everything up to the newest record is held behind this one.
    pub fn is_joined_to_latest(&self, seq: Seq) -> bool {
        seq >= self.latest || self.held.around(seq).is_some_and(|(_, last)| last >= self.latest)
    }

    /// Whether the newest record is held.
    pub fn holds_latest(&self) -> bool {
        self.latest > 0 && self.is_held(self.latest)
    }

    /// Takes in that everything in this range was read.
    pub fn hold(&mut self, range: &RangeInclusive<Seq>) {
        if !range.is_empty() {
            self.held.add(*range.start(), *range.end());
            self.revision += 1;
        }
    }

    /// The row after this number.
    pub fn row_after(&self, seq: Seq) -> Option<Seq> {
        self.items.range(seq.saturating_add(1)..).next().map(|(seq, _)| *seq)
    }

    /// The row before this number.
    pub fn row_before(&self, seq: Seq) -> Option<Seq> {
        self.items.range(..seq).next_back().map(|(seq, _)| *seq)
    }

    /// The newest row that is held.
    pub fn last_row(&self) -> Option<Seq> {
        self.items.keys().next_back().copied()
    }

    /// The row of this number, or the nearest one before it, or else after it.
    pub fn row_near(&self, seq: Seq) -> Option<Seq> {
        let at = self.items.range(..=seq).next_back().map(|(seq, _)| *seq);
        at.or_else(|| self.row_after(seq))
    }

    /// The last number before the next row, of what is held: whoever has seen this row has seen all
    /// there is to see until there.
    pub fn seen_with(&self, row: Seq) -> Seq {
        let held = self.held.around(row).map_or(row, |(_, last)| last);
        self.row_after(row).map_or(held, |next| held.min(next - 1))
    }

    /// Whether there are no more than `most` rows between two numbers, the first one counted.
    pub fn has_at_most(&self, most: usize, from: Seq, to: Seq) -> bool {
        from >= to || self.items.range(from..to).nth(most).is_none()
    }

    /// Lets go of rows until there are at most `limit`, those farthest from `around` first.
    pub fn keep(&mut self, around: Seq, limit: usize) {
        while self.items.len() > limit {
            let (Some((&first, _)), Some((&last, _))) =
                (self.items.first_key_value(), self.items.last_key_value())
            else {
                return;
            };
            let gone = if around.abs_diff(first) >= around.abs_diff(last) { first } else { last };
            if gone == first {
                self.held.drop_until(first);
            } else {
                self.held.drop_from(last);
            }
            let item = self.items.remove(&gone);
            self.revision += 1;
            match item {
                // An ask may wait for an answer at the top long after it scrolled away.
                Some(item) if asks(&item) => {
                    self.aside.insert(gone, item);
                }
                _ => self.forget(gone),
            }
        }
        self.drop_old_asks();
        if self.referring.len() > self.items.len() + self.aside.len() + WAITING {
            self.drop_waiting();
        }
    }

    /// Lets go of what refers to an entry that is held no more: that comes again with its page.
    /// Replies do not, so those that are held stay known.
    pub(super) fn forget(&mut self, seq: Seq) {
        let Some(referring) = self.referring.get_mut(&seq) else { return };
        for by in referring.keep_rows(|by| self.items.contains_key(&by)) {
            self.refers_to.remove(&by);
        }
        if referring.numbers().is_empty() {
            self.referring.remove(&seq);
        }
    }

    fn drop_old_asks(&mut self) {
        let kept = self.aside.iter().filter(|(_, item)| asks(item)).rev().nth(ASKS - 1);
        let Some(oldest) = kept.map(|(seq, _)| *seq) else { return };
        let old = self.aside.range(..oldest).filter(|(_, item)| asks(item));
        for seq in old.map(|(seq, _)| *seq).collect::<Vec<_>>() {
            self.aside.remove(&seq);
            self.forget(seq);
        }
    }

    pub(super) fn drop_waiting(&mut self) {
        let waiting = self.referring.keys().copied().filter(|seq| self.item(*seq).is_none());
        for seq in waiting.collect::<Vec<_>>() {
            self.forget(seq);
        }
    }
}
