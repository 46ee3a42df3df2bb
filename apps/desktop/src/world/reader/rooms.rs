//! What the world knows of the rooms: which are followed, how far their logs have come, and from where
//! one is to be followed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use warproom_client::Event;
use warproom_client::proto::{Position, RoomId, Seq};

use crate::profile::ProfileError;
use crate::request::Reply;
use crate::world::shelf::Held;

/// Of a room that is new on this computer so much is followed at once: a screen, and a good deal to
/// scroll. The rest is read as one scrolls.
const NEW: Seq = 200;

/// Who has been away for longer than this follows no more than this. What was held of the room is
/// erased then, because what was taken back in between is not known.
const MOST: Seq = 5_000;

/// The rooms. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::world) struct Rooms(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// Rooms that are to be followed, with whether they are: the client crate goes on following them
    /// over each reconnect.
    followed: HashMap<RoomId, bool>,
    latest: HashMap<RoomId, Seq>,
}

/// Where following begins.
pub(super) struct Start {
    /// After this record; none: from now on.
    pub(super) after: Option<Seq>,
    /// Where what is held of the room ends.
    pub(super) held: Option<Position>,
}

impl Rooms {
    /// Whether following a room begins now: not if it is followed already.
    pub(super) fn begin(&self, room: RoomId) -> bool {
        match self.known().followed.entry(room) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(false);
                true
            }
        }
    }

    /// A room is followed from now on, and its log has come this far; unless it was given up meanwhile.
    pub(super) fn follows(&self, room: RoomId, latest: Seq) {
        if let Some(is_followed) = self.known().followed.get_mut(&room) {
            *is_followed = true;
        }
        self.note(room, latest);
    }

    /// Whether what comes of a room is told live.
    pub(super) fn is_followed(&self, room: RoomId) -> bool {
        self.known().followed.get(&room).copied().unwrap_or(false)
    }

    /// Whether a room is to be followed still.
    pub(super) fn is_wanted(&self, room: RoomId) -> bool {
        self.known().followed.contains_key(&room)
    }

    /// A room is followed no more.
    pub(super) fn end(&self, room: RoomId) {
        self.known().followed.remove(&room);
    }

    /// A room's log is believed as it is from now on, however far it had come.
    pub(super) fn forget(&self, room: RoomId) {
        self.end(room);
        self.known().latest.remove(&room);
    }

    /// A room's log has come this far at least.
    pub(super) fn note(&self, room: RoomId, seq: Seq) {
        let mut known = self.known();
        let latest = known.latest.entry(room).or_default();
        *latest = seq.max(*latest);
    }

    /// Takes from an event what it tells.
    pub(in crate::world) fn note_event(&self, event: &Event) {
        match event {
            Event::RoomJoined(summary) => self.note(summary.room, summary.latest.seq),
            Event::RoomLeft(room) => self.end(*room),
            Event::Rewritten(rewritten) => rewritten.room.iter().for_each(|room| self.end(*room)),
            _ => {}
        }
    }

    /// Takes from a reply what it tells.
    pub(in crate::world) fn note_reply(&self, reply: &Reply) {
        if let Reply::ListRooms(list) = reply {
            list.rooms.iter().for_each(|room| self.note(room.room, room.latest.seq));
        }
    }

    /// Where following a room begins, given what is held of it.
    pub(super) fn start(&self, held: &mut Held, room: RoomId) -> Result<Start, ProfileError> {
        let last = held.profile.last(room)?;
        let latest = self.known().latest.get(&room).copied();
        if is_too_far(last, latest) {
            held.renew(room)?;
        }
        Ok(Start { after: after(last, latest), held: held.profile.last_position(room)? })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what is held ends too long before the log does. 0 is held of a room that is new.
fn is_too_far(last: Seq, latest: Option<Seq>) -> bool {
    last > 0 && latest.is_some_and(|latest| latest.saturating_sub(last) > MOST)
}

fn after(last: Seq, latest: Option<Seq>) -> Option<Seq> {
    match latest {
        Some(latest) if is_too_far(last, Some(latest)) => Some(latest - MOST),
        Some(latest) if last == 0 => Some(latest.saturating_sub(NEW)),
        None if last == 0 => None,
        _ => Some(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_goes_on_after_what_is_held() {
        assert_eq!(after(70, Some(90)), Some(70));
        assert_eq!(after(70, None), Some(70));
        assert_eq!(after(70, Some(5_070)), Some(70));
    }

    #[test]
    fn of_a_new_room_the_latest_are_followed_and_of_one_left_alone_for_long_no_more_than_that() {
        assert_eq!(after(0, Some(90)), Some(0));
        assert_eq!(after(0, Some(100_000)), Some(99_800));
        assert_eq!(after(0, None), None);
        assert_eq!(after(70, Some(5_071)), Some(71));
        assert!(is_too_far(70, Some(5_071)) && !is_too_far(70, Some(5_070)));
        assert!(!is_too_far(0, Some(100_000)));
    }

    #[test]
    fn a_room_is_followed_once_until_it_is_left() {
        let (rooms, room) = (Rooms::default(), RoomId::random());
        assert!(rooms.begin(room));
        assert!(!rooms.begin(room) && !rooms.is_followed(room));
        rooms.follows(room, 7);
        assert!(!rooms.begin(room) && rooms.is_followed(room));
        rooms.note_event(&Event::RoomLeft(room));
        rooms.follows(room, 8);
        assert!(!rooms.is_followed(room), "it was left while it was being followed");
        assert!(rooms.begin(room));
    }

    #[test]
    fn a_room_that_is_believed_anew_is_not_followed_from_where_it_had_come_to() {
        let (rooms, room) = (Rooms::default(), RoomId::random());
        assert!(rooms.begin(room));
        rooms.follows(room, 100_000);
        assert_eq!(rooms.known().latest.get(&room), Some(&100_000));
        rooms.forget(room);
        assert_eq!(rooms.known().latest.get(&room), None);
        assert!(!rooms.is_wanted(room) && rooms.begin(room));
    }
}
