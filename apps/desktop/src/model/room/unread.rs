//! How far a room has been read: what is unread, who is called by name, and telling the server.

use warproom_client::Delivered;
use warproom_client::proto::calls::MarkRead;
use warproom_client::proto::{Kind, Principal, RoomId, Seq};

use super::Room;
use crate::Effect;
use crate::model::log::has_row;

/// The server is told how far a room is read at most once in this long: scrolling reads many entries
/// a second, and only the last of them matters.
const MARK_MS: i64 = 1_000;

/// Unread records that are counted one by one: more than anybody leaves unread, and reads then.
const COUNTED: usize = 20_000;

/// What the server is still to be told.
#[derive(Clone, Debug, Default)]
pub struct Marking {
    wanted: Option<Seq>,
    sent_at_ms: Option<i64>,
}

impl Marking {
    /// The server is to be told that everything up to here is read.
    pub(super) fn want(&mut self, seq: Seq) {
        self.wanted = self.wanted.max(Some(seq));
    }

    /// Tells the server, if there is something to tell and the last time is long enough ago.
    pub(super) fn flush(&mut self, room: RoomId, now_ms: i64, out: &mut Vec<Effect>) {
        if self.sent_at_ms.is_some_and(|sent_at_ms| (0..MARK_MS).contains(&(now_ms - sent_at_ms))) {
            return;
        }
        if let Some(seq) = self.wanted.take() {
            self.sent_at_ms = Some(now_ms);
            out.push(Effect::Call(MarkRead { room, seq }.into()));
        }
    }
}

impl Room {
    /// How many rows there are after what was read that are not your own. Where the log is not held,
    /// every record counts.
    pub fn unread(&self) -> u64 {
        let quiet = u64::try_from(self.quiet.len()).unwrap_or(u64::MAX);
        self.log.latest.saturating_sub(self.read).saturating_sub(quiet)
    }

    /// Everything up to here is read.
    pub(super) fn read_until(&mut self, seq: Seq) {
        if seq > self.read {
            self.read = seq;
            self.quiet = self.quiet.split_off(&(seq + 1));
            self.mentions.retain(|mention| *mention > seq);
        }
    }

    /// Everything up to here is read by the person, and the server is to be told.
    pub(super) fn person_read(&mut self, seq: Seq) {
        if seq > self.read {
            self.read_until(seq);
            self.marking.want(seq);
        }
    }

    /// Everything in the room is read.
    pub(in crate::model) fn read_all(&mut self) {
        self.person_read(self.log.latest);
    }

    /// Counts a record as something to be read, or not.
    pub(super) fn count(&mut self, delivered: &Delivered, me: Option<Principal>) {
        let (seq, Some(entry)) = (delivered.seq, &delivered.entry) else { return };
        let handling = &entry.handling;
        if let Kind::Retract { of } = handling.kind {
            self.mentions.retain(|mention| *mention != of);
        }
        if seq <= self.read {
            return;
        }
        let is_mine = me == Some(handling.author);
        if is_mine || !has_row(&handling.kind) {
            self.quiet.insert(seq);
            if self.quiet.len() > COUNTED {
                // Further than that nobody counts what is unread.
                self.quiet.pop_first();
            }
            return;
        }
        let calls_me =
            me.and_then(Principal::member).is_some_and(|me| handling.mentions.contains(&me));
        if let (true, Err(place)) = (calls_me, self.mentions.binary_search(&seq)) {
            self.mentions.insert(place, seq);
            self.mentions.truncate(COUNTED);
        }
    }

    /// Tells the server how far the room is read, as often as it may be told.
    pub(in crate::model) fn tell_read(&mut self, now_ms: i64, out: &mut Vec<Effect>) {
        self.marking.flush(self.id, now_ms, out);
    }
}
