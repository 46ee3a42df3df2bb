//! Recall: once an entry of this person's is taken back, whom it may have reached already.
//!
//! It is asked at once, because the server keeps no times of reading: asked later, the answer would
//! count those who came to the place where it stood.

use warproom_client::proto::calls::{Reached, ReachedBy};
use warproom_client::proto::{EntryId, RoomId, Seq};

use super::Beside;
use crate::Effect;
use crate::model::Model;

/// What was taken back last in a room, and whom it may have reached once that is known.
#[derive(Clone)]
pub struct Recall {
    /// The retraction.
    pub id: EntryId,
    /// What it takes back.
    pub of: Seq,
    /// Whom that may have reached.
    pub reached: Option<Reached>,
}

/// Keeps that an entry is being taken back.
pub(super) fn begin(model: &mut Model, room: RoomId, id: EntryId, of: Seq) {
    if let Some(room) = model.rooms.rooms.get_mut(&room) {
        room.reading.recall = Some(Recall { id, of, reached: None });
    }
}

/// Asks whom it has reached, once the server has taken it back.
pub(super) fn taken_back(model: &Model, id: EntryId, out: &mut Vec<Effect>) {
    let asked = model.rooms.rooms.values().find_map(|room| {
        let recall = room.reading.recall.as_ref().filter(|recall| recall.id == id)?;
        Some(ReachedBy { room: room.id, of: recall.of })
    });
    out.extend(asked.map(|call| Effect::Call(call.into())));
}

/// Shows it beside the timeline, where nothing else stands there.
pub(super) fn reached(model: &mut Model, call: &ReachedBy, reached: &Reached) {
    let Some(room) = model.rooms.rooms.get_mut(&call.room) else { return };
    let reading = &mut room.reading;
    let Some(recall) = reading.recall.as_mut().filter(|recall| recall.of == call.of) else {
        return;
    };
    recall.reached = Some(reached.clone());
    if reading.beside.is_none() && reading.thread.is_none() {
        reading.beside = Some(Beside::Details(call.of));
    }
    let said = match reached.recipients.len() {
        0 => "It can have reached nobody but its author.".to_owned(),
        1 => "It may have reached one reader already.".to_owned(),
        count => format!("It may have reached {count} readers already."),
    };
    model.tell(said);
}
