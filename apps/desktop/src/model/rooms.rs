//! The list of rooms: what is unread, who is mentioned, which one is open.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use warproom_client::proto::calls::{ListRooms, RoomList, RoomSummary};
use warproom_client::proto::{RoomId, Seq};

use crate::model::Model;
use crate::model::desk::{Focus, Overlay, Pane};
use crate::model::room::{self, Room};
use crate::request::{Reply, Request};
use crate::{Effect, News};

/// The rooms.
#[derive(Clone, Default)]
pub struct Rooms {
    /// Each with what has been read of it.
    pub rooms: BTreeMap<RoomId, Room>,
    /// The one that is open.
    pub open: Option<RoomId>,
    /// Those that were open before, the latest last: what "back" goes to, and what the switcher lists
    /// first.
    pub visited: Vec<RoomId>,
    /// Whether the list was told at least once.
    pub is_known: bool,
    /// Where the open room stood in the list when it was opened: it stays there while it is open, so
    /// that stepping through the list does not lose its place.
    opened_in: Option<Group>,
    /// The rooms asked to be followed since the last sign-in; none: there was none.
    followed: Option<BTreeSet<RoomId>>,
}

/// Where a room stands in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// You are called by name there, something unread is about what your organisation depends on, or an ask
    /// waits for you.
    ForYou,
    /// There is something unread.
    Unread,
    /// The rest.
    Others,
}

/// What a person does with the list.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Open a room.
    Open(RoomId),
    /// Open a room at an entry.
    OpenAt(RoomId, Seq),
    /// Open the next room of the list, or the one before.
    Step(Direction),
    /// Open the next room that has something unread.
    NextUnread,
    /// Open the room that was open before this one.
    Previous,
    /// Everything in this room is read.
    MarkRead(RoomId),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Up, or towards the past.
    Back,
    /// Down, or towards the present.
    On,
}

/// The rooms that are shown: ten times those of a large WARP.
const MOST: usize = 2_000;

impl Rooms {
    /// The open room.
    pub fn open(&self) -> Option<&Room> {
        self.rooms.get(&self.open?)
    }

    /// The open room, to be changed.
    pub fn open_mut(&mut self) -> Option<&mut Room> {
        self.rooms.get_mut(&self.open?)
    }

    /// The rooms as they are listed: by group, and by name within it. An ask that waits counts only
    /// in [`Model::listed_rooms`].
    pub fn listed(&self) -> Vec<(Group, &Room)> {
        self.grouped(|_| false)
    }

    fn grouped(&self, waits_in: impl Fn(RoomId) -> bool) -> Vec<(Group, &Room)> {
        let group = |room: &Room| {
            let now = if waits_in(room.id) { Group::ForYou } else { room.group() };
            let opened_in = self.opened_in.filter(|_| self.open == Some(room.id));
            opened_in.map_or(now, |then| now.min(then))
        };
        let mut rooms: Vec<_> = self.rooms.values().map(|room| (group(room), room)).collect();
        rooms.sort_by_cached_key(|(group, room)| (*group, room.settings.name.folded()));
        rooms
    }

    /// Takes in what a room is now, and follows it if it is not followed.
    fn tell(&mut self, summary: &RoomSummary, out: &mut Vec<Effect>) {
        if self.rooms.len() >= MOST && !self.rooms.contains_key(&summary.room) {
            return;
        }
        let room = self.rooms.entry(summary.room).or_insert_with(|| Room::new(summary));
        room.tell(summary);
        if let Some(followed) = &mut self.followed
            && followed.insert(summary.room)
        {
            out.push(Effect::Follow { room: summary.room });
        }
    }
}

impl Model {
    /// The rooms as they are listed, with what waits for an answer among what is for you.
    pub fn listed_rooms(&self) -> Vec<(Group, &Room)> {
        let waiting: BTreeSet<_> = self.ask.outstanding.iter().map(|ask| ask.room).collect();
        self.rooms.grouped(|id| waiting.contains(&id))
    }
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Open(id) => open(model, id, out),
        Action::OpenAt(id, seq) => {
            open(model, id, out);
            if model.rooms.open == Some(id) {
                out.extend(model.act(crate::Action::Room(room::Action::ToEntry(seq))));
            }
        }
        Action::Step(direction) => step(model, direction, out),
        Action::NextUnread => next_unread(model, out),
        Action::Previous => {
            let before = model.rooms.visited.iter().rev();
            let before = before.copied().find(|id| model.rooms.rooms.contains_key(id));
            if let Some(id) = before {
                open(model, id, out);
            }
        }
        Action::MarkRead(id) => {
            let (now_ms, is_connected) = (model.now_ms, model.is_connected());
            if let Some(room) = model.rooms.rooms.get_mut(&id) {
                room.read_all();
                if is_connected {
                    room.tell_read(now_ms, out);
                }
            }
        }
    }
}

fn open(model: &mut Model, id: RoomId, out: &mut Vec<Effect>) {
    if !model.rooms.rooms.contains_key(&id) {
        return;
    }
    model.desk.pane = Pane::Room;
    model.desk.give_focus(Focus::Composer);
    if model.rooms.open == Some(id) {
        return;
    }
    let listed = model.listed_rooms();
    let group = listed.iter().find(|(_, room)| room.id == id).map(|(group, _)| *group);
    let rooms = &mut model.rooms;
    rooms.opened_in = group;
    if let Some(before) = rooms.open.replace(id) {
        rooms.visited.retain(|one| *one != before && *one != id);
        rooms.visited.push(before);
        if let Some(room) = rooms.rooms.get_mut(&before) {
            room.reading.unread_after = None;
            room.trim(false);
        }
    }
    room::begin(model, out);
}

fn step(model: &mut Model, direction: Direction, out: &mut Vec<Effect>) {
    let listed: Vec<_> = model.listed_rooms().iter().map(|(_, room)| room.id).collect();
    let at = listed.iter().position(|id| Some(*id) == model.rooms.open);
    let next = match (at, direction) {
        (None, _) => 0,
        (Some(at), Direction::On) => at + 1,
        (Some(0), Direction::Back) => return,
        (Some(at), Direction::Back) => at - 1,
    };
    if let Some(id) = listed.get(next) {
        open(model, *id, out);
    }
}

/// The next one below the open room, and from the top again behind the last one.
fn next_unread(model: &mut Model, out: &mut Vec<Effect>) {
    let listed = model.listed_rooms();
    let at = listed.iter().position(|(_, room)| Some(room.id) == model.rooms.open);
    let from = at.map_or(0, |at| at + 1);
    let around = listed.iter().skip(from).chain(listed.iter().take(from));
    let is_open = |id: RoomId| Some(id) == model.rooms.open;
    let wants = |(group, room): &&(Group, &Room)| {
        !is_open(room.id) && (room.unread() > 0 || *group == Group::ForYou)
    };
    if let Some(id) = around.clone().find(wants).map(|(_, room)| room.id) {
        open(model, id, out);
    } else {
        model.tell("Nothing is unread.");
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.rooms = Rooms::default(),
        News::SignedIn(_) => {
            model.rooms.followed = Some(BTreeSet::new());
            out.push(Effect::Call(ListRooms { all: false }.into()));
        }
        // A manager's list of every room is not the list of one's own.
        News::Answered(
            Request::ListRooms(ListRooms { all: false }),
            Ok(Reply::ListRooms(list)),
        ) => {
            list_told(model, list, out);
        }
        News::RoomJoined(summary) => model.rooms.tell(summary, out),
        News::RoomLeft(id) => left(model, *id),
        _ => {}
    }
}

fn list_told(model: &mut Model, list: &RoomList, out: &mut Vec<Effect>) {
    for summary in &list.rooms {
        model.rooms.tell(summary, out);
    }
    model.rooms.is_known = true;
    if model.rooms.followed.is_some() {
        // From the server itself: what it does not list was left while there was no connection.
        let here: BTreeSet<_> = list.rooms.iter().map(|summary| summary.room).collect();
        let gone = model.rooms.rooms.keys().copied().filter(|id| !here.contains(id));
        for id in gone.collect::<Vec<_>>() {
            left(model, id);
        }
    }
}

/// Takes a room away, and whatever is open of it.
fn left(model: &mut Model, id: RoomId) {
    let rooms = &mut model.rooms;
    let Some(room) = rooms.rooms.remove(&id) else { return };
    model.board.forget(id);
    rooms.visited.retain(|one| *one != id);
    if let Some(followed) = &mut rooms.followed {
        followed.remove(&id);
    }
    let is_of_it =
        |overlay: &Overlay| matches!(overlay, Overlay::Answer { room, .. } if *room == id);
    model.desk.overlays.retain(|overlay| !is_of_it(overlay));
    if model.rooms.open == Some(id) {
        model.rooms.open = None;
        model.rooms.opened_in = None;
        let is_of_open = |overlay: &Overlay| {
            use Overlay::{AttachFile, Emoji, JumpToDate, NewAlert, NewAsk, SaveFiles};
            matches!(
                overlay,
                AttachFile | Emoji { .. } | JumpToDate | NewAlert | NewAsk | SaveFiles { .. }
            )
        };
        model.desk.overlays.retain(|overlay| !is_of_open(overlay));
        model.desk.confirm = None;
    }
    model.tell(format!("You are not in {} any more.", room.settings.name));
}
