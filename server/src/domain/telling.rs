//! What a reply tells of rooms. It is asked about again when the reply is sent, because that may be long
//! after it was made: whoever is out by then gets nothing more.

use warproom_proto::{Principal, RoomId};

use super::State;

/// What a reply tells of rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// What is said in a room.
    Said(RoomId),
    /// What managers may know of every room: who is in it, and how long its entries are kept.
    Known(RoomId),
    /// Something of each of the rooms that somebody is in.
    Rooms {
        /// How often they had left one when they asked.
        times_left: usize,
    },
}

impl State {
    /// Whether a reply is still for whoever asked.
    #[must_use]
    pub fn is_still_for(&self, who: Principal, tells: Tells) -> bool {
        match tells {
            Tells::Said(room) => self.room_of(who, room).is_ok(),
            Tells::Known(room) => self.room_seen_by(who, room).is_ok(),
            Tells::Rooms { times_left } => self.times_left(who) == times_left,
        }
    }

    /// How often somebody has left a room, all of them together.
    #[must_use]
    pub fn times_left(&self, who: Principal) -> usize {
        self.rooms.values().map(|room| room.times_left(who)).sum()
    }
}

#[cfg(test)]
mod tests {
    use warproom_proto::{Kind, Label, RoomRole};

    use super::*;
    use crate::domain::tests::{ROOM, enter, person, with_room};

    #[test]
    fn a_reply_is_not_for_whoever_has_left_a_room_that_it_tells_of() {
        let mut state = with_room(Label::Amber);
        let (who, manager) = (person(10), person(11));
        let rooms = Tells::Rooms { times_left: state.times_left(who) };
        let all = [Tells::Said(ROOM), Tells::Known(ROOM), rooms];
        assert!(all.iter().all(|tells| state.is_still_for(who, *tells)));
        enter(&mut state, 10, Kind::Left { who });
        assert!(!all.iter().any(|tells| state.is_still_for(who, *tells)));
        assert!(state.is_still_for(manager, Tells::Known(ROOM)), "managers know of every room");
        assert!(!state.is_still_for(manager, Tells::Said(ROOM)));
        // Back again: what was said may be read again; what was listed is asked for again.
        enter(&mut state, 11, Kind::Joined { who, role: RoomRole::Lead });
        assert!(state.is_still_for(who, Tells::Said(ROOM)) && !state.is_still_for(who, rooms));
    }
}
