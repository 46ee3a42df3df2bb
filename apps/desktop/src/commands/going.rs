//! Going somewhere: overlays, panes, parts of the window, rooms, pages of managing.

use warproom_client::proto::RoomId;

use crate::model::desk::{self, Focus, Overlay, Pane};
use crate::model::markdown::Target;
use crate::model::rooms::Direction;
use crate::model::{find, room, rooms};
use crate::{Action, Model};

/// Opens an overlay, or closes it if it is the topmost. One that lies under another stays there.
pub(super) fn open(model: &Model, overlay: Overlay) -> Option<Action> {
    let overlays = &model.desk.overlays;
    let is_below = overlays.last() != Some(&overlay) && overlays.contains(&overlay);
    (!is_below).then_some(Action::Desk(desk::Action::Toggle(overlay)))
}

/// Only where a room is open.
pub(super) fn in_room(model: &Model, action: Action) -> Option<Action> {
    model.rooms.open().map(|_| action)
}

pub(super) fn room(model: &Model, action: room::Action) -> Option<Action> {
    in_room(model, Action::Room(action))
}

pub(super) fn rooms(model: &Model, action: rooms::Action) -> Option<Action> {
    (!model.rooms.rooms.is_empty()).then_some(Action::Rooms(action))
}

pub(super) fn previous_room(model: &Model) -> Option<Action> {
    model.rooms.visited.last().map(|_| Action::Rooms(rooms::Action::Previous))
}

pub(super) fn show(model: &Model, pane: Pane) -> Option<Action> {
    (model.desk.pane != pane).then_some(Action::Desk(desk::Action::Show(pane)))
}

pub(super) fn show_or_leave(model: &Model, pane: Pane) -> Action {
    let pane = if model.desk.pane == pane { Pane::Room } else { pane };
    Action::Desk(desk::Action::Show(pane))
}

pub(super) fn dismiss(model: &Model) -> Option<Action> {
    let last = model.desk.notices.len().checked_sub(1)?;
    Some(Action::Desk(desk::Action::Dismiss(last)))
}

pub(super) fn close_beside(model: &Model) -> Option<Action> {
    let reading = &model.rooms.open()?.reading;
    if reading.thread.is_some() {
        return Some(Action::Room(room::Action::CloseThread));
    }
    reading.beside.map(|_| Action::Room(room::Action::Beside(None)))
}

/// Something to do with the search, while its overlay is there.
pub(super) fn search(model: &Model, action: find::Action) -> Option<Action> {
    (super::top(model) == Some(Overlay::Search)).then_some(action.into())
}

/// Searches on where there may be more.
pub(super) fn search_on(model: &Model) -> Option<Action> {
    let has_more = !model.find.search.more.is_empty();
    search(model, find::Action::SearchOn).filter(|_| has_more)
}

/// The search in this room, or in all.
pub(super) fn search_in(model: &Model, room: Option<RoomId>) -> Option<Action> {
    let query = find::Query { room, ..model.find.search.query.clone() };
    let is_other = query != model.find.search.query;
    search(model, find::Action::Query(query)).filter(|_| is_other)
}

/// The link that is looked at, opened.
pub(super) fn open_link(model: &Model) -> Option<Action> {
    let link = model.desk.link.as_ref().filter(|_| super::top(model) == Some(Overlay::Link))?;
    Target::parse(link).map(|_| desk::Action::OpenLink.into())
}

/// Asks whether the register or the audit log is believed, where it was found rewritten.
pub(super) fn register(model: &Model) -> Option<Action> {
    let found = model.desk.rewritten.first()?;
    Some(desk::Action::Ask(desk::believing(found)).into())
}

/// Asks whether the open room's history is believed, where it was found rewritten.
pub(super) fn history(model: &Model) -> Option<Action> {
    model.rooms.open()?.rewritten.as_ref().map(|_| room::Action::TrustHistory.into())
}

/// The page of the open room that did not come.
pub(super) fn retry(model: &Model) -> Option<Action> {
    model.rooms.open()?.reading.trouble.as_ref().map(|_| room::Action::Retry.into())
}

/// The parts of the window that can have the keyboard now, in their order. What lies on top has it
/// alone.
fn parts(model: &Model) -> Vec<Focus> {
    let is_clear = model.desk.overlays.is_empty();
    if is_clear { parts_of_pane(model) } else { vec![Focus::Field] }
}

fn parts_of_pane(model: &Model) -> Vec<Focus> {
    if model.desk.pane != Pane::Room {
        let waiting = (!model.waiting().is_empty()).then_some(Focus::Waiting);
        return [Focus::Rooms].into_iter().chain(waiting).chain([Focus::Field]).collect();
    }
    let reading = model.rooms.open().map(|room| &room.reading);
    let has_beside = reading.is_some_and(|one| one.beside.is_some() || one.thread.is_some());
    let has_waiting = !model.waiting().is_empty();
    let all = [
        (Focus::Rooms, true),
        (Focus::Waiting, has_waiting),
        (Focus::Timeline, true),
        (Focus::Composer, true),
        (Focus::Beside, has_beside),
    ];
    all.into_iter().filter(|(_, is_there)| *is_there).map(|(focus, _)| focus).collect()
}

/// A part by its name. The palette, from which this comes, is closed by then.
pub(super) fn part(model: &Model, focus: Focus) -> Option<Action> {
    let is_there = parts_of_pane(model).contains(&focus);
    is_there.then_some(Action::Desk(desk::Action::Focus(focus)))
}

pub(super) fn next_part(model: &Model, direction: Direction) -> Option<Action> {
    let parts = parts(model);
    let at = parts.iter().position(|part| *part == model.desk.focus.0);
    let next = match (at, direction) {
        (None, _) => 0,
        (Some(at), Direction::On) => (at + 1) % parts.len(),
        (Some(at), Direction::Back) => (at + parts.len() - 1) % parts.len(),
    };
    Some(Action::Desk(desk::Action::Focus(*parts.get(next)?)))
}
