//! How many bytes a log holds, and keeping them few. Rows are bounded in number; texts may be of any
//! length that the protocol allows, and a server that means harm sends the longest.

use warproom_client::Delivered;
use warproom_client::proto::{Body, Seq};

use super::{Item, Log};

/// What an entry takes beside the bytes it came in: its fields, and its place in the tree.
const EACH: usize = 512;

/// What is known of a log's bytes without counting them: how many they were, and what came since.
#[derive(Clone, Default)]
pub(super) struct Weighed {
    then: usize,
    since: usize,
}

impl Weighed {
    /// A record came.
    pub(super) fn add(&mut self, delivered: &Delivered) {
        let bytes = match &delivered.record.body {
            Body::Shown { item, .. } => item.get().len(),
            Body::Withheld { .. } => 0,
        };
        self.since += bytes + EACH;
    }
}

impl Log {
    /// Lets go of rows until the log holds at most so many bytes, those farthest from `around` first.
    pub fn keep_bytes(&mut self, around: Seq, most: usize) {
        if self.weighed.then.saturating_add(self.weighed.since) <= most {
            return;
        }
        let mut bytes = self.bytes();
        if bytes > most {
            self.drop_waiting();
            bytes = self.bytes();
        }
        // Somewhat below, so that it is not counted anew with each entry.
        let aim = if bytes > most { most / 8 * 7 } else { most };
        while bytes > aim && self.items.len() > 1 {
            self.keep(around, self.items.len() * 7 / 8);
            bytes = self.bytes();
        }
        while bytes > aim
            && let Some((seq, _)) = self.aside.pop_first()
        {
            self.forget(seq);
            bytes = self.bytes();
        }
        self.weighed = Weighed { then: bytes, since: 0 };
    }

    fn bytes(&self) -> usize {
        let items = self.items.values().chain(self.aside.values());
        let items: usize = items.map(of_item).sum();
        let referring: usize = self.referring.values().map(super::Referring::bytes).sum();
        items + referring
    }
}

fn of_item(item: &Item) -> usize {
    EACH + item.shown().map_or(0, |shown| shown.bytes)
}
