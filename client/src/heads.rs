//! What a client remembers of the server's logs, so that the server cannot change them unseen.
//!
//! It is plain data: an application keeps it in a profile and hands it back when it connects. It is
//! not a cursor of what an application has dealt with: a head may be ahead of that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use warproom_proto::{Position, RoomId, Seq};

use crate::event::Discontinuity;

/// The furthest position the server has shown, of each room and of the register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    register: Option<Position>,
    #[serde(default)]
    rooms: BTreeMap<RoomId, Position>,
}

impl Heads {
    /// The furthest position of the register.
    #[must_use]
    pub const fn register(&self) -> Option<Position> {
        self.register
    }

    /// The furthest position of a room.
    #[must_use]
    pub fn room(&self, room: RoomId) -> Option<Position> {
        self.rooms.get(&room).copied()
    }

    /// Forgets a room, so that whatever the server says of it next is believed.
    pub fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
    }

    /// Remembers a position of a room if it is further than the one remembered.
    pub(crate) fn remember(&mut self, room: RoomId, position: Position) {
        let kept = self.rooms.entry(room).or_insert(position);
        if kept.seq < position.seq {
            *kept = position;
        }
    }

    /// Compares the register's position with the one remembered, and remembers it if it fits. What
    /// lies between the two is only checked by reading it.
    pub(crate) fn check_register(&mut self, latest: Position) -> Result<(), (Seq, Discontinuity)> {
        if let Some(known) = self.register {
            check_latest(known, latest)?;
        }
        self.register = Some(latest);
        Ok(())
    }
}

/// Whether a log that has come to `latest` may still continue what is remembered of it.
pub(crate) fn check_latest(known: Position, latest: Position) -> Result<(), (Seq, Discontinuity)> {
    if latest.seq < known.seq {
        Err((latest.seq, Discontinuity::RolledBack { remembered: known.seq }))
    } else if latest.seq == known.seq && latest.head != known.head {
        Err((latest.seq, Discontinuity::Changed))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warproom_proto::Head;

    const fn at(seq: Seq, head: u8) -> Position {
        Position { seq, head: Head([head; 32]) }
    }

    #[test]
    fn heads_survive_a_profile_file() {
        let mut heads = Heads::default();
        let room = RoomId::random();
        heads.remember(room, at(3, 3));
        heads.check_register(at(9, 1)).unwrap();
        let text = serde_json::to_string(&heads).unwrap();
        assert_eq!(serde_json::from_str::<Heads>(&text).unwrap(), heads);
        assert_eq!(serde_json::from_str::<Heads>("{}").unwrap(), Heads::default());
    }

    #[test]
    fn only_the_furthest_position_is_remembered() {
        let mut heads = Heads::default();
        let room = RoomId::random();
        heads.remember(room, at(3, 3));
        heads.remember(room, at(2, 2));
        assert_eq!(heads.room(room), Some(at(3, 3)));
        heads.forget(room);
        assert_eq!(heads.room(room), None);
    }

    #[test]
    fn a_register_that_went_back_or_changed_is_named() {
        let mut heads = Heads::default();
        assert_eq!(heads.check_register(at(9, 1)), Ok(()));
        let back = Err((8, Discontinuity::RolledBack { remembered: 9 }));
        assert_eq!(heads.check_register(at(8, 1)), back);
        assert_eq!(heads.check_register(at(9, 2)), Err((9, Discontinuity::Changed)));
        assert_eq!(heads.check_register(at(10, 2)), Ok(()));
        assert_eq!(heads.register(), Some(at(10, 2)));
    }
}
