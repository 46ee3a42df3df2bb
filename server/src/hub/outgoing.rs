//! What is on its way to one connection: a queue with a bound, and the end of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use warproom_proto::RoomId;

use crate::domain::Tells;
use crate::transport::Frame;

/// The most frames that wait, and the most bytes: what a client that reads at all takes at once.
/// Beyond either the connection falls behind. Of rooms only: what others have it told must not hold up
/// what it follows.
const FRAMES: usize = 256;
const BYTES: usize = 1024 * 1024;

/// The most of everything else that waits beyond that: of each room that it is there and that it was left, of
/// each that fell behind, and what a search answers. A connection that leaves more unread is ended.
const NOTICES: usize = 1024;

/// How full the queue may be for what may be lost.
const FAINT: usize = 64;

/// The most space, in frames, that is kept when nothing waits: a connection that was once behind would hold
/// what it needed then for as long as it lasts, and all are behind at one time or other.
const KEPT: usize = 8;

/// Why a connection ends from the server's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Removed, suspended or revoked: nothing more is sent, not even what waited.
    SignedOut,
    /// The member's credentials changed on another device: it may sign in again if it still can.
    CredentialsChanged,
    /// The server stops.
    ShuttingDown,
    /// It does not read.
    TooSlow,
}

impl Ended {
    /// Whether nothing more may be sent, not even what was taken from the queue already.
    const fn cuts(self) -> bool {
        matches!(self, Self::SignedOut | Self::CredentialsChanged)
    }
}

/// The queue of one connection. Pushing never waits.
#[derive(Default)]
pub struct Outgoing {
    queue: Mutex<Queue>,
    changed: Notify,
    /// Told once, when the connection is signed out.
    cut: Notify,
}

/// What a frame is: it decides what becomes of it while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Said in a room: whoever is taken out of it gets nothing more of it, also not from here.
    Said(RoomId),
    /// A room that is there, or has other settings: the latest is enough.
    Joined(RoomId),
    /// A room that was left.
    Left(RoomId),
    /// The answer to a request: asked about again when it is sent.
    Reply {
        /// The request's id.
        request: u64,
        /// What of rooms it tells.
        tells: Tells,
    },
    /// What tells of no room, or what its reader may have whatever happens.
    Plain,
}

/// A frame on its way.
pub struct Queued {
    /// What it is.
    pub what: Waiting,
    /// The frame.
    pub frame: Frame,
}

impl Queued {
    /// A frame that tells of no room, or that its reader may have whatever happens.
    #[must_use]
    pub const fn plain(frame: Frame) -> Self {
        Self { what: Waiting::Plain, frame }
    }

    /// Whether it is not to be sent to somebody who left a room.
    #[must_use]
    pub fn goes_with(&self, room: RoomId) -> bool {
        self.what == Waiting::Said(room) || self.what == Waiting::Joined(room)
    }

    const fn is_said(&self) -> bool {
        matches!(self.what, Waiting::Said(_))
    }
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Queued>,
    /// How many of them are said in rooms, and their bytes.
    said: usize,
    bytes: usize,
    ended: Option<Ended>,
    /// Rooms left since frames were last taken.
    left: Vec<RoomId>,
}

impl Queue {
    fn has_room_for(&self, frame: &Frame) -> bool {
        self.ended.is_none() && self.said < FRAMES && self.bytes + frame.len() <= BYTES
    }

    fn say(&mut self, room: RoomId, frame: Frame) {
        self.said += 1;
        self.bytes += frame.len();
        self.frames.push_back(Queued { what: Waiting::Said(room), frame });
    }

    fn retain(&mut self, which: impl Fn(&Queued) -> bool) {
        self.frames.retain(which);
        let said = || self.frames.iter().filter(|queued| queued.is_said());
        (self.said, self.bytes) = (said().count(), said().map(|one| one.frame.len()).sum());
    }
}

impl Outgoing {
    /// Queues a frame of a room, if there is space.
    pub fn push(&self, room: RoomId, frame: Frame) -> bool {
        self.push_all(room, std::iter::once(frame)) == 1
    }

    /// Queues frames of a room in order until there is no more space; how many were taken.
    pub fn push_all(&self, room: RoomId, frames: impl Iterator<Item = Frame>) -> usize {
        let mut queue = self.lock();
        let mut taken = 0;
        for frame in frames {
            if !queue.has_room_for(&frame) {
                break;
            }
            queue.say(room, frame);
            taken += 1;
        }
        drop(queue);
        self.changed.notify_one();
        taken
    }

    /// Queues what may be lost, if little waits: it must not crowd out entries.
    pub fn push_faint(&self, room: RoomId, frame: Frame) {
        let mut queue = self.lock();
        if queue.frames.len() < FAINT && queue.has_room_for(&frame) {
            queue.say(room, frame);
            drop(queue);
            self.changed.notify_one();
        }
    }

    /// Queues a notice that the client must not miss, beyond the bound of the entries.
    pub fn push_notice(&self, frame: Frame) {
        self.push_last(Queued::plain(frame));
    }

    /// Queues the notice that a room is there, or has other settings. It takes the place of an earlier one,
    /// so that somebody who changes them over and over crowds out nothing. It comes last, like what it tells,
    /// and behind a leaving that waits: between the two the room was followed no more.
    pub fn push_joined(&self, room: RoomId, frame: Frame) {
        self.lock().retain(|queued| queued.what != Waiting::Joined(room));
        self.push_last(Queued { what: Waiting::Joined(room), frame });
    }

    /// Queues a frame that the client must not miss behind all that waits.
    pub fn push_last(&self, queued: Queued) {
        let mut queue = self.lock();
        if queue.frames.len() - queue.said < NOTICES {
            queue.frames.push_back(queued);
        } else {
            queue.ended.get_or_insert(Ended::TooSlow);
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Ends the connection. The first reason stays.
    pub fn end(&self, why: Ended) {
        let mut queue = self.lock();
        queue.ended.get_or_insert(why);
        if why.cuts() {
            let is_out = queue.ended == Some(Ended::SignedOut);
            queue.ended = Some(if is_out { Ended::SignedOut } else { why });
            queue.retain(|_| false);
            self.cut.notify_one();
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Waits until the connection is signed out, for one waiter.
    pub async fn cut(&self) {
        while !self.is_signed_out() {
            self.cut.notified().await;
        }
    }

    /// Drops what waits of a room that its reader is out of, and says with this notice that they are. One
    /// leaving that waits is enough.
    pub fn leave(&self, room: RoomId, frame: Frame) {
        let mut queue = self.lock();
        queue.retain(|queued| !queued.goes_with(room) && queued.what != Waiting::Left(room));
        // Told of each once; more rooms than frames can be left only by leaving some again.
        if !queue.left.contains(&room) {
            queue.left.push(room);
        }
        drop(queue);
        self.push_last(Queued { what: Waiting::Left(room), frame });
    }

    /// The rooms left since frames were last taken, each told once: what was taken of them is not to
    /// be sent either.
    pub fn left(&self) -> Vec<RoomId> {
        std::mem::take(&mut self.lock().left)
    }

    /// Waits until there is something to send, and moves it into `frames`, which are empty; or says why to
    /// end.
    pub async fn take(&self, frames: &mut VecDeque<Queued>) -> Result<(), Ended> {
        if frames.capacity() > KEPT {
            *frames = VecDeque::new();
        }
        loop {
            {
                let mut queue = self.lock();
                if !queue.frames.is_empty() {
                    (queue.said, queue.bytes) = (0, 0);
                    queue.left.clear();
                    std::mem::swap(&mut queue.frames, frames);
                    return Ok(());
                }
                if let Some(why) = queue.ended {
                    return Err(why);
                }
            }
            self.changed.notified().await;
        }
    }

    /// How many frames wait.
    pub fn waiting(&self) -> usize {
        self.lock().frames.len()
    }

    /// Whether the connection is to end without sending what it already took.
    pub fn is_signed_out(&self) -> bool {
        self.lock().ended.is_some_and(Ended::cuts)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId::from_bytes([1; 16]);

    fn frame(bytes: usize) -> Frame {
        "x".repeat(bytes).into()
    }

    #[tokio::test]
    async fn a_full_queue_takes_no_more_and_keeps_its_order() {
        let outgoing = Outgoing::default();
        let taken = outgoing.push_all(ROOM, (0..300).map(|n: i32| n.to_string().into()));
        assert_eq!(taken, FRAMES);
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        assert!(frames.iter().enumerate().all(|(n, queued)| queued.frame == n.to_string()));
        assert!(outgoing.push(ROOM, frame(BYTES)));
        assert!(!outgoing.push(ROOM, frame(1)), "the bound on bytes");
    }

    #[tokio::test]
    async fn the_space_of_a_full_queue_is_given_back() {
        let (outgoing, mut frames) = (Outgoing::default(), VecDeque::new());
        for burst in [FRAMES, 1, 1] {
            (0..burst).for_each(|_| assert!(outgoing.push(ROOM, frame(1))));
            outgoing.take(&mut frames).await.unwrap();
            frames.clear();
        }
        assert!(frames.capacity() <= KEPT && outgoing.lock().frames.capacity() <= KEPT);
    }

    #[tokio::test]
    async fn what_waits_of_a_room_goes_when_its_reader_leaves_it() {
        let (outgoing, other) = (Outgoing::default(), RoomId::from_bytes([2; 16]));
        outgoing.push(ROOM, frame(1));
        outgoing.push(other, frame(2));
        outgoing.leave(ROOM, frame(3));
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        let what: Vec<_> = frames.iter().map(|queued| queued.what).collect();
        assert_eq!(what, [Waiting::Said(other), Waiting::Left(ROOM)]);
        assert!(outgoing.left().is_empty(), "taken after it was left: nothing of it is in there");
        outgoing.leave(other, frame(3));
        assert_eq!(outgoing.left(), [other], "what was taken before is to be dropped");
    }

    #[tokio::test]
    async fn signing_out_drops_what_waits() {
        let outgoing = Outgoing::default();
        outgoing.push(ROOM, frame(1));
        outgoing.end(Ended::SignedOut);
        assert!(!outgoing.push(ROOM, frame(1)));
        assert_eq!(outgoing.take(&mut VecDeque::new()).await, Err(Ended::SignedOut));
    }

    #[tokio::test]
    async fn notices_have_a_bound_too() {
        let outgoing = Outgoing::default();
        (0..=NOTICES).for_each(|_| outgoing.push_notice(frame(1)));
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        assert_eq!(outgoing.take(&mut VecDeque::new()).await, Err(Ended::TooSlow));
    }

    #[tokio::test]
    async fn of_a_room_that_changes_without_end_the_latest_waits_and_crowds_out_nothing() {
        let outgoing = Outgoing::default();
        for _ in 0..2 * NOTICES {
            outgoing.push_joined(ROOM, frame(1));
            outgoing.leave(ROOM, frame(2));
            outgoing.push_joined(ROOM, frame(3));
            outgoing.push_joined(ROOM, frame(4));
        }
        let others = (0..FRAMES).map(|_| frame(5));
        assert_eq!(outgoing.push_all(RoomId::from_bytes([2; 16]), others), FRAMES);
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        let lengths: Vec<_> = frames.iter().map(|queued| queued.frame.len()).collect();
        assert_eq!(lengths[..3], [2, 4, 5], "out of it, and in it again as it is now");
        assert_eq!(lengths.len(), 2 + FRAMES);
    }

    #[test]
    fn what_comes_in_between_stays_before_the_latest() {
        let (outgoing, other) = (Outgoing::default(), RoomId::from_bytes([2; 16]));
        outgoing.push_joined(ROOM, frame(1));
        outgoing.push(other, frame(2));
        outgoing.push_joined(other, frame(3));
        outgoing.push_joined(ROOM, frame(4));
        let queue = outgoing.lock();
        let lengths: Vec<_> = queue.frames.iter().map(|queued| queued.frame.len()).collect();
        assert_eq!(lengths, [2, 3, 4]);
        assert_eq!((queue.said, queue.bytes), (1, 2));
    }
}
