//! What an application is told without asking: entries, rooms, people, and histories that do not
//! hold.
//!
//! [`Events`] is the reading end of a bounded queue. An application that reads slowly loses no entry:
//! delivery of a room pauses and resumes from the room's history. Reading nothing at all does not
//! hold up calls, and dropping [`Events`] does not stop the client.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use warproom_proto::calls::{RoomSummary, SignedIn};
use warproom_proto::register::CommonCause;
use warproom_proto::{
    Alert, Body, Entry, Kind, Label, Line, LogId, MemberId, Outstanding, Principal, Record, RoomId,
    Seq, Text,
};

use crate::label::{label_now, said};

/// The reading end.
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` once the client is signed out or closed and every event was taken.
    /// May be dropped while it waits: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

/// What happened.
#[derive(Clone)]
#[non_exhaustive]
pub enum Event {
    /// A followed room has one more record: each once, in order.
    Entry(Delivered),
    /// You are in a room you were not in, or its settings or your part in it changed.
    RoomJoined(RoomSummary),
    /// You are out of a room, and it is followed no more. Follow it anew should you come back.
    RoomLeft(RoomId),
    /// Somebody is typing. Dropped rather than queued when events are taken slowly.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        member: MemberId,
    },
    /// Somebody came or went. Dropped rather than queued when events are taken slowly.
    Presence {
        /// Where.
        room: RoomId,
        /// Who.
        member: MemberId,
        /// Whether they are connected now.
        here: bool,
    },
    /// An ask waits for you. Dropped rather than queued when events are taken slowly:
    /// [`ListOutstanding`](crate::proto::calls::ListOutstanding) lists them all.
    Reminder(Outstanding),
    /// Several organisations name the same supplier or product, one that concerns you. Dropped rather
    /// than queued when events are taken slowly: [`ListCauses`](crate::proto::calls::ListCauses) lists
    /// them all.
    CommonCause(CommonCause),
    /// The client is back after a lost connection. Followed rooms go on by themselves; changes to the
    /// list of rooms in between were not told, so list them again.
    Reconnected(SignedIn),
    /// The server's history does not continue what this client remembers of it: it was changed, or
    /// put back from an older copy.
    Rewritten(Rewritten),
    /// The audit log was [not proved](AuditBreak::Unproved) to continue what this client remembers, and now
    /// it is.
    AuditProved,
}

/// One record of a room.
#[derive(Clone)]
pub struct Delivered {
    /// The room.
    pub room: RoomId,
    /// Its number in the room's log.
    pub seq: Seq,
    /// When the log took it, in milliseconds since 1970 UTC; none if it is withheld.
    pub at_ms: Option<i64>,
    /// The entry; none if it is withheld from you, was retracted, or comes from a newer server in a
    /// form this client cannot read.
    pub entry: Option<Entry>,
    /// The record as the server sent it, for checking the chain.
    pub record: Record,
}

impl Delivered {
    pub(crate) fn new(room: RoomId, record: Record) -> Self {
        let (at_ms, entry) = match &record.body {
            Body::Shown { at_ms, item, .. } => {
                (Some(*at_ms), serde_json::from_str(item.get()).ok())
            }
            Body::Withheld { .. } => (None, None),
        };
        Self { room, seq: record.seq, at_ms, entry, record }
    }

    /// Whether the server withholds it from this reader.
    #[must_use]
    pub const fn is_withheld(&self) -> bool {
        matches!(self.record.body, Body::Withheld { .. })
    }

    /// Whether it was erased under the rules of retention: then nobody can read it any more.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        matches!(self.record.body, Body::Withheld { erased: true, .. })
    }

    /// Who wrote it, if it is shown.
    #[must_use]
    pub fn author(&self) -> Option<Principal> {
        self.entry.as_ref().map(|entry| entry.handling.author)
    }

    /// Who may read it and where it may be carried, if it is shown. One that its author relaxed has the label
    /// it was written with as long as the relabelling is not seen: see [`Relaxed`](crate::Relaxed).
    #[must_use]
    pub fn label(&self) -> Option<Label> {
        let entry = self.entry.as_ref()?;
        Some(label_now(entry.handling.label, said(&self.record.body), None))
    }

    /// The label that the server says it has now, if it is shown: that by which the server decides who may
    /// read it.
    #[must_use]
    pub fn said_label(&self) -> Option<Label> {
        let entry = self.entry.as_ref()?;
        Some(said(&self.record.body).unwrap_or(entry.handling.label))
    }

    /// The text of a post, or the summary of an alert, if it is one and shown.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let entry = self.entry.as_ref()?;
        let is_said = matches!(entry.handling.kind, Kind::Post { .. } | Kind::Alert(_));
        entry.content.text.as_ref().filter(|_| is_said).map(Text::as_str)
    }

    /// What it says in one line, if it is an alert and shown.
    #[must_use]
    pub fn headline(&self) -> Option<&str> {
        self.alert()?;
        self.entry.as_ref()?.content.headline.as_ref().map(Line::as_str)
    }

    /// What the server and a reader's filter decide by, if it is an alert and shown.
    #[must_use]
    pub fn alert(&self) -> Option<&Alert> {
        match &self.entry.as_ref()?.handling.kind {
            Kind::Alert(alert) => Some(alert),
            _ => None,
        }
    }
}

/// A history that does not hold. The room is delivered no further until it is
/// [forgotten](crate::Client::forget).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The room; none for the register and for the audit log, which [`Rewritten::log`] tells apart.
    pub room: Option<RoomId>,
    /// The first record found not to fit.
    pub seq: Seq,
    /// How it does not fit.
    pub how: Discontinuity,
}

/// How a history does not continue what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discontinuity {
    /// The log ends before what was already seen of it, as after restoring an older backup.
    RolledBack {
        /// The last record that was seen.
        remembered: Seq,
    },
    /// A record is missing or is not the one that was there.
    Changed,
    /// The log is the audit log, which is remembered by its checkpoints.
    Audit(AuditBreak),
}

/// How the audit log does not continue the checkpoint that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditBreak {
    /// It has fewer records than it had.
    RolledBack {
        /// How many it had.
        remembered: Seq,
    },
    /// A record at or before the remembered number is missing or is not the one that was there.
    Forked,
    /// The server shows a longer one, and does not prove that it continues the one it had.
    Unproved,
    /// Its checkpoint is not signed by the key that is remembered.
    Signature,
    /// The server shows no checkpoint, though it did before.
    Withheld,
}

impl Rewritten {
    /// Which log does not hold.
    #[must_use]
    pub const fn log(&self) -> LogId {
        match (self.how, self.room) {
            (Discontinuity::Audit(_), _) => LogId::AUDIT,
            (_, Some(room)) => LogId::room(room),
            (_, None) => LogId::REGISTER,
        }
    }
}

/// Live entries beyond this many waiting make their room catch up from history instead.
const LIVE_BACKLOG: usize = 256;

/// Beyond this many events waiting, nothing more is read from the connection. Only what cannot be
/// read again later (rooms joined and left) can fill it that far.
const BACKLOG: usize = 2048;

/// The writing end: the queue, and what does not fit into it yet.
///
/// Invariant: the backlog is empty, or the queue was full and is owed the backlog first.
pub(crate) struct Delivery {
    /// `None` once the application has dropped its end: events are then discarded.
    queue: Option<mpsc::Sender<Event>>,
    backlog: VecDeque<Event>,
}

impl Delivery {
    pub(crate) const fn new(queue: mpsc::Sender<Event>) -> Self {
        Self { queue: Some(queue), backlog: VecDeque::new() }
    }

    /// Queues an event. Callers keep the backlog within bounds by the questions below.
    pub(crate) fn push(&mut self, event: Event) {
        let Some(queue) = &self.queue else { return };
        if !self.backlog.is_empty() {
            return self.hold_back(event);
        }
        match queue.try_send(event) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(event)) => self.backlog.push_back(event),
            Err(mpsc::error::TrySendError::Closed(_)) => self.queue = None,
        }
    }

    /// Adds to the backlog. A room's news takes the place of older news of it that nobody has had yet,
    /// so that somebody who changes a room's settings over and over cannot fill the backlog.
    fn hold_back(&mut self, event: Event) {
        if let Event::RoomJoined(news) = &event {
            let is_of_it = |waiting: &&mut Event| match waiting {
                Event::RoomJoined(older) => older.room == news.room,
                Event::RoomLeft(room) => *room == news.room,
                _ => false,
            };
            // Behind a leaving it stays a joining of its own.
            let last = self.backlog.iter_mut().rev().find(is_of_it);
            if let Some(older @ Event::RoomJoined(_)) = last {
                *older = event;
                return;
            }
        }
        self.backlog.push_back(event);
    }

    /// Whether a whole page of history may be asked for.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Whether what can be read again, or does without, may still be queued.
    pub(crate) fn takes_live(&self) -> bool {
        self.backlog.len() < LIVE_BACKLOG
    }

    /// Whether anything more may be read from the connection.
    pub(crate) fn takes_more(&self) -> bool {
        self.backlog.len() < BACKLOG
    }

    /// Moves one event from the backlog once the queue has room. May be dropped while it waits.
    pub(crate) async fn drain(&mut self) {
        let Some(queue) = &self.queue else {
            self.backlog.clear();
            return;
        };
        if let Ok(place) = queue.reserve().await {
            if let Some(event) = self.backlog.pop_front() {
                place.send(event);
            }
            return;
        }
        self.queue = None;
        self.backlog.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warproom_proto::{Head, Position, RoomSettings};

    fn room_of(event: &Event) -> RoomId {
        let Event::RoomLeft(room) = event else { panic!("only rooms left are pushed here") };
        *room
    }

    #[tokio::test]
    async fn a_slow_reader_gets_every_event_in_order() {
        let (queue, events) = mpsc::channel(2);
        let (mut delivery, mut events) = (Delivery::new(queue), Events(events));
        let rooms: Vec<_> = (0..5).map(|_| RoomId::random()).collect();
        for room in &rooms {
            delivery.push(Event::RoomLeft(*room));
        }
        assert!(!delivery.is_caught_up());
        let mut read = Vec::new();
        while read.len() < rooms.len() {
            read.extend(events.next().await.as_ref().map(room_of));
            if !delivery.is_caught_up() {
                delivery.drain().await;
            }
        }
        assert_eq!(read, rooms);
    }

    fn joined(room: RoomId, read: Seq) -> Event {
        let name = "Incident".parse().unwrap();
        let (ceiling, default_label) = (Label::Amber, Label::Amber);
        let settings =
            RoomSettings { name, ceiling, default_label, typing: false, presence: false };
        let latest = Position { seq: 1, head: Head([1; 32]) };
        Event::RoomJoined(RoomSummary { room, settings, role: None, latest, read })
    }

    #[tokio::test]
    async fn of_the_news_of_a_room_that_nobody_had_yet_the_newest_is_told() {
        let (queue, events) = mpsc::channel(1);
        let (mut delivery, mut events) = (Delivery::new(queue), Events(events));
        let (room, other) = (RoomId::random(), RoomId::random());
        for read in 0..1000 {
            delivery.push(joined(room, read));
            delivery.push(joined(other, read));
        }
        delivery.push(Event::RoomLeft(room));
        delivery.push(joined(room, 1000));
        delivery.push(joined(room, 1001));
        let mut read = Vec::new();
        while read.len() < 5 {
            match events.next().await {
                Some(Event::RoomJoined(news)) => read.push((news.room, news.read)),
                Some(Event::RoomLeft(room)) => read.push((room, 0)),
                _ => panic!("nothing else was pushed"),
            }
            if !delivery.is_caught_up() {
                delivery.drain().await;
            }
        }
        assert!(delivery.is_caught_up());
        let told = [(room, 0), (other, 999), (room, 999), (room, 0), (room, 1001)];
        assert_eq!(read, told);
    }

    #[tokio::test]
    async fn a_reader_that_went_away_leaves_no_backlog() {
        let (queue, events) = mpsc::channel(1);
        let mut delivery = Delivery::new(queue);
        for _ in 0..=LIVE_BACKLOG {
            delivery.push(Event::RoomLeft(RoomId::random()));
        }
        assert!(!delivery.takes_live() && delivery.takes_more());
        drop(events);
        delivery.drain().await;
        delivery.push(Event::RoomLeft(RoomId::random()));
        assert!(delivery.is_caught_up() && delivery.takes_live());
    }
}
