//! Which numbers of a log are held: ranges with gaps between them.

use std::collections::BTreeMap;

use warproom_client::proto::Seq;

/// Ranges by their first number, each with its last. They never touch each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held(BTreeMap<Seq, Seq>);

impl Held {
    /// Holds these too.
    pub(super) fn add(&mut self, first: Seq, last: Seq) {
        let (mut start, mut end) = (first, last);
        // A range that begins at or before the number behind ours, from the last such one on, may
        // touch it.
        while let Some((&from, &to)) = self.0.range(..=end.saturating_add(1)).next_back()
            && to.saturating_add(1) >= start
        {
            self.0.remove(&from);
            (start, end) = (start.min(from), end.max(to));
        }
        self.0.insert(start, end);
    }

    /// The range this number stands in.
    pub(super) fn around(&self, seq: Seq) -> Option<(Seq, Seq)> {
        let (&first, &last) = self.0.range(..=seq).next_back()?;
        (seq <= last).then_some((first, last))
    }

    /// Lets go of everything up to this number.
    pub(super) fn drop_until(&mut self, seq: Seq) {
        let rest = self.around(seq).filter(|(_, last)| *last > seq);
        self.0 = self.0.split_off(&(seq + 1));
        if let Some((_, last)) = rest {
            self.0.insert(seq + 1, last);
        }
    }

    /// Lets go of everything from this number on.
    pub(super) fn drop_from(&mut self, seq: Seq) {
        drop(self.0.split_off(&seq));
        if let Some((_, last)) = self.0.iter_mut().next_back() {
            *last = (*last).min(seq.saturating_sub(1));
        }
    }
}
