//! Drafts on their way to the disk. Each key makes a new one, and a disk may be slower than a typist: of
//! each room only the newest waits, and takes the place of the one before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use warproom_client::proto::RoomId;

use crate::model::compose::Draft;

/// The newest draft of each room that is not on disk. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Drafts(Arc<Mutex<HashMap<RoomId, Draft>>>);

impl Drafts {
    /// Puts a draft in. Whether somebody must come for it: not if they are on their way for an older one.
    pub(super) fn put(&self, room: RoomId, draft: Draft) -> bool {
        self.drafts().insert(room, draft).is_none()
    }

    /// Takes the newest draft of a room.
    pub(super) fn take(&self, room: RoomId) -> Option<Draft> {
        self.drafts().remove(&room)
    }

    fn drafts(&self) -> MutexGuard<'_, HashMap<RoomId, Draft>> {
        // Nothing panics while it is held halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_drafts_the_newest_is_written_once() {
        let (drafts, room) = (Drafts::default(), RoomId::random());
        let draft = |text: &str| Draft { text: text.to_owned(), ..Draft::default() };
        assert!(drafts.put(room, draft("o")));
        assert!(!drafts.put(room, draft("on")));
        assert_eq!(drafts.take(room), Some(draft("on")));
        assert_eq!(drafts.take(room), None);
        assert!(drafts.put(room, draft("one")));
    }
}
