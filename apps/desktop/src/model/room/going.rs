//! Finding one's way in a room: what is on the screen, fetching what is missing around it, jumping.

use std::ops::RangeInclusive;

use warproom_client::proto::calls::{From, PresentInRoom, RoomMembers, SeenBy, ShowBoard};
use warproom_client::proto::{RoomId, Seq};

use super::{Beside, Jump, Room, Seek};
use crate::Effect;
use crate::model::Model;
use crate::model::rooms::Direction;

/// A gap this many rows from what is visible is fetched before anybody sees it.
const ROWS_AHEAD: usize = 60;

/// Begins to read a room that was just opened.
pub(in crate::model) fn begin(model: &mut Model, out: &mut Vec<Effect>) {
    model.compose.trouble = None;
    model.ask.trouble = None;
    let Some(room) = model.rooms.open_mut() else { return };
    let unread_after = (room.unread() > 0).then_some(room.read);
    let reading = &mut room.reading;
    reading.visible = None;
    reading.chosen = None;
    reading.seeking = None;
    reading.trouble = None;
    reading.unread_after = unread_after;
    let first_unread = room.read + 1;
    if unread_after.is_some() && room.log.is_held(first_unread) {
        room.reading.go(Jump::Unread);
    } else {
        room.reading.go(Jump::Latest);
    }
    if !room.log.holds_latest() {
        room.reading.seeking = Some(Seek::Latest);
        room.fetch(From::Latest, out);
    }
    out.push(Effect::Call(RoomMembers { room: room.id }.into()));
    if room.settings.presence {
        out.push(Effect::Call(PresentInRoom { room: room.id }.into()));
    }
}

impl Room {
    /// Asks for a page, if it is not on its way.
    fn fetch(&mut self, from: From, out: &mut Vec<Effect>) {
        if !self.reading.loading.contains(&from) {
            self.reading.loading.push(from);
            out.push(Effect::Page { room: self.id, from });
        }
    }

    /// Asks for what is missing around what is visible: one page at a time on each side.
    fn fetch_around(&mut self, out: &mut Vec<Effect>) {
        let Some(visible) = self.reading.visible.clone() else { return };
        if self.reading.trouble.is_some() || self.reading.seeking.is_some() {
            return;
        }
        let (start, end) = (*visible.start(), *visible.end());
        let is_before = |from: &From| matches!(from, From::Before(_));
        if !self.reading.loading.iter().any(is_before)
            && let Some((first, _)) = self.log.held_around(start)
            && first > self.log.begins.max(1)
            && self.log.has_at_most(ROWS_AHEAD, first, start)
        {
            self.fetch(From::Before(first), out);
        }
        let is_after = |from: &From| matches!(from, From::After(_));
        if self.reading.loading.iter().any(is_after) {
            return;
        }
        let gap = self.log.held_around(start).map(|(_, last)| last).filter(|last| *last < end);
        let behind =
            self.log.held_around(end).map(|(_, last)| last).filter(|last| {
                *last < self.log.latest && self.log.has_at_most(ROWS_AHEAD, end, *last)
            });
        if let Some(last) = gap.or(behind) {
            self.fetch(From::After(last), out);
        }
    }
}

pub(super) fn visible(model: &mut Model, range: RangeInclusive<Seq>, out: &mut Vec<Effect>) {
    let (is_looked_at, is_connected) = (model.desk.is_looked_at, model.is_connected());
    let now_ms = model.now_ms;
    let Some(room) = model.rooms.open_mut() else { return };
    let seen = room.log.seen_with(*range.end());
    room.reading.visible = Some(range);
    room.fetch_around(out);
    if is_looked_at {
        room.person_read(seen);
        if is_connected {
            room.tell_read(now_ms, out);
        }
    }
}

pub(super) fn choose(model: &mut Model, direction: Direction) {
    let Some(room) = model.rooms.open_mut() else { return };
    let log = &room.log;
    let next = match (room.reading.chosen, direction) {
        (Some(chosen), Direction::Back) => log.row_before(chosen),
        (Some(chosen), Direction::On) => log.row_after(chosen),
        (None, _) => {
            let end = room.reading.visible.as_ref().map(|range| *range.end());
            end.filter(|end| log.items.contains_key(end)).or_else(|| log.last_row())
        }
    };
    room.reading.chosen = next.or(room.reading.chosen);
}

/// Goes somewhere: at once where it is held, else once its page has come.
pub(super) fn to(model: &mut Model, seek: Seek, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open_mut() else { return };
    room.reading.trouble = None;
    match seek {
        Seek::Latest if room.log.holds_latest() || room.log.latest == 0 => {
            room.reading.seeking = None;
            return room.reading.go(Jump::Latest);
        }
        Seek::Entry(seq) if room.log.is_held(seq) => {
            room.reading.seeking = None;
            let row = room.log.row_near(seq).unwrap_or(seq);
            return room.reading.go(Jump::Entry(row));
        }
        _ => {}
    }
    room.reading.seeking = Some(seek);
    let from = match seek {
        Seek::Latest => From::Latest,
        // The page begins with the entry, so that it is on it whatever the size of what follows.
        Seek::Entry(seq) => From::After(seq.saturating_sub(1)),
        Seek::Time(at_ms) => From::Time(at_ms),
    };
    room.fetch(from, out);
}

pub(super) fn to_unread(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open_mut() else { return };
    match room.reading.unread_after {
        Some(after) if room.log.is_held(after + 1) => room.reading.go(Jump::Unread),
        Some(after) => to(model, Seek::Entry(after + 1), out),
        None => to(model, Seek::Latest, out),
    }
}

pub(super) fn retry(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open_mut() else { return };
    room.reading.trouble = None;
    if let Some(seek) = room.reading.seeking {
        return to(model, seek, out);
    }
    if room.log.items.is_empty() {
        return room.fetch(From::Latest, out);
    }
    room.fetch_around(out);
}

pub(super) fn open_thread(model: &mut Model, seq: Seq, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open_mut() else { return };
    let first = room.log.shown(seq).and_then(super::super::log::Shown::reply_to).unwrap_or(seq);
    if room.reading.thread != Some(first) {
        room.log.drop_aside();
    }
    room.reading.thread = Some(first);
    room.reading.thread_trouble = None;
    // One thing stands beside the timeline.
    room.reading.beside = None;
    out.push(Effect::Thread { room: room.id, to: first });
    if !room.log.is_held(first) {
        room.fetch(From::After(first.saturating_sub(1)), out);
    }
}

pub(super) fn close_thread(model: &mut Model) {
    if let Some(room) = model.rooms.open_mut() {
        room.reading.thread = None;
        room.log.drop_aside();
    }
}

pub(super) fn beside(model: &mut Model, beside: Option<Beside>, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open_mut() else { return };
    room.reading.beside = beside;
    if beside.is_some() && room.reading.thread.take().is_some() {
        room.log.drop_aside();
    }
    let id = room.id;
    out.extend(beside.map(|beside| Effect::Call(needs(id, beside))));
    if beside == Some(Beside::People) && room.settings.presence {
        out.push(Effect::Call(PresentInRoom { room: id }.into()));
    }
}

/// What has to be asked for something to stand beside the timeline.
fn needs(room: RoomId, beside: Beside) -> crate::request::Request {
    match beside {
        Beside::Board(of) => ShowBoard { room, of }.into(),
        Beside::People => RoomMembers { room }.into(),
        Beside::Details(seq) => SeenBy { room, seq }.into(),
    }
}
