//! How far a room has been read: what is unread, who is called by name, and telling the server.

use warproom_client::Delivered;
use warproom_client::proto::calls::MarkRead;
use warproom_client::proto::concern::concerns;
use warproom_client::proto::register::Dependency;
use warproom_client::proto::{Entry, Kind, Principal, RoomId, Seq};

use super::Room;
use crate::Effect;
use crate::model::Session;
use crate::model::directory::Directory;
use crate::model::log::{Item, has_row};

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

/// Who reads, and what their organisation depends on.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    me: Option<Principal>,
    depends_on: &'a [Dependency],
}

impl<'a> Reader<'a> {
    pub(super) fn of(session: Option<&Session>, directory: &'a Directory) -> Self {
        let me = session.map(|session| session.me.principal);
        Self { me, depends_on: directory.depends_on(me.and_then(Principal::member)) }
    }

    fn is_concerned(self, entry: &Entry) -> bool {
        let subjects = &entry.handling.subjects;
        !subjects.is_empty() && !concerns(self.depends_on, subjects).is_empty()
    }
}

fn note(seqs: &mut Vec<Seq>, seq: Seq) {
    if let Err(place) = seqs.binary_search(&seq) {
        seqs.insert(place, seq);
        seqs.truncate(COUNTED);
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
            self.concerning.retain(|one| *one > seq);
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
    pub(super) fn count(&mut self, delivered: &Delivered, reader: Reader<'_>) {
        let (seq, Some(entry)) = (delivered.seq, &delivered.entry) else { return };
        let handling = &entry.handling;
        if let Kind::Retract { of } = handling.kind {
            self.mentions.retain(|mention| *mention != of);
            self.concerning.retain(|one| *one != of);
        }
        if seq <= self.read {
            return;
        }
        let is_mine = reader.me == Some(handling.author);
        if is_mine || !has_row(&handling.kind) {
            self.quiet.insert(seq);
            if self.quiet.len() > COUNTED {
                // Further than that nobody counts what is unread.
                self.quiet.pop_first();
            }
            return;
        }
        let me = reader.me.and_then(Principal::member);
        if me.is_some_and(|me| handling.mentions.contains(&me)) {
            note(&mut self.mentions, seq);
        }
        if reader.is_concerned(entry) {
            note(&mut self.concerning, seq);
        }
    }

    /// How many of the unread entries call one by name, or are about what one's organisation depends on.
    pub fn for_you(&self) -> usize {
        let both = self.concerning.iter().filter(|seq| self.mentions.binary_search(seq).is_ok());
        self.mentions.len() + self.concerning.len() - both.count()
    }

    /// Finds anew what concerns one's organisation, of what is held: what it depends on became known, or is
    /// something else by now.
    pub(super) fn find_concerning(&mut self, reader: Reader<'_>) {
        let unread = self.log.items.range(self.read + 1..);
        let concerns = unread.filter(|(_, item)| match item {
            Item::Shown(shown) => {
                reader.me != Some(shown.entry.handling.author) && reader.is_concerned(&shown.entry)
            }
            Item::Withheld(_) | Item::Erased | Item::Unreadable { .. } => false,
        });
        self.concerning = concerns.map(|(seq, _)| *seq).take(COUNTED).collect();
    }

    /// Tells the server how far the room is read, as often as it may be told.
    pub(in crate::model) fn tell_read(&mut self, now_ms: i64, out: &mut Vec<Effect>) {
        self.marking.flush(self.id, now_ms, out);
    }
}
