//! What is on its way to one connection: a queue with a bound, and the end of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use warproom_proto::RoomId;

use crate::transport::Frame;

/// The most frames that wait, and the most bytes: what a client that reads at all takes at once.
/// Beyond either the connection falls behind.
const FRAMES: usize = 256;
const BYTES: usize = 1024 * 1024;

/// The most notices that wait beyond that: one for each room that appears, goes or falls behind. A
/// connection that leaves more unread is ended.
const NOTICES: usize = 1024;

/// How full the queue may be for what may be lost.
const FAINT: usize = 64;

/// The most space, in frames, that is kept when nothing waits: a connection that once fell behind would hold
/// that of a full queue for as long as it lasts.
const KEPT: usize = 64;

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

/// A frame on its way, and the room it tells of, if any.
pub struct Queued {
    /// The room; whoever is taken out of it gets nothing more of it, also not from here.
    pub room: Option<RoomId>,
    /// The frame.
    pub frame: Frame,
}

impl Queued {
    /// A frame that tells of no room, or that its reader may have whatever happens.
    #[must_use]
    pub const fn plain(frame: Frame) -> Self {
        Self { room: None, frame }
    }
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Queued>,
    bytes: usize,
    ended: Option<Ended>,
    /// Rooms left since frames were last taken.
    left: Vec<RoomId>,
}

impl Queue {
    fn has_room_for(&self, frame: &Frame) -> bool {
        self.ended.is_none() && self.frames.len() < FRAMES && self.bytes + frame.len() <= BYTES
    }

    fn push(&mut self, room: Option<RoomId>, frame: Frame) {
        self.bytes += frame.len();
        self.frames.push_back(Queued { room, frame });
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
            queue.push(Some(room), frame);
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
            queue.push(Some(room), frame);
            drop(queue);
            self.changed.notify_one();
        }
    }

    /// Queues a notice that the client must not miss, beyond the bound of the entries.
    pub fn push_notice(&self, frame: Frame) {
        let mut queue = self.lock();
        if queue.frames.len() < FRAMES + NOTICES {
            queue.push(None, frame);
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
            queue.frames.clear();
            queue.bytes = 0;
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

    /// Drops what waits of a room that its reader is out of.
    pub fn leave(&self, room: RoomId) {
        let mut queue = self.lock();
        queue.frames.retain(|queued| queued.room != Some(room));
        queue.bytes = queue.frames.iter().map(|queued| queued.frame.len()).sum();
        // Told of each once; more rooms than frames can be left only by leaving some again.
        if !queue.left.contains(&room) {
            queue.left.push(room);
        }
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
                    queue.bytes = 0;
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
        outgoing.leave(ROOM);
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        assert!(frames.len() == 1 && frames[0].room == Some(other));
        assert!(outgoing.left().is_empty(), "taken after it was left: nothing of it is in there");
        outgoing.leave(other);
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
        (0..=FRAMES + NOTICES).for_each(|_| outgoing.push_notice(frame(1)));
        let mut frames = VecDeque::new();
        outgoing.take(&mut frames).await.unwrap();
        assert_eq!(outgoing.take(&mut VecDeque::new()).await, Err(Ended::TooSlow));
    }
}
