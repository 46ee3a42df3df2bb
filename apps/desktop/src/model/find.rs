//! Finding: the room switcher, the command palette, search, the member directory, jumping to a date.
//!
//! What is shown is always a pure function of what is held: [`switcher_rooms`], [`shown_hits`] and
//! [`people`] narrow as the person types, and nothing is remembered of an earlier list.

mod dates;
mod hits;
mod matching;
mod search;
mod snippet;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use warproom_client::Delivered;
use warproom_client::proto::{Label, Principal, RoomId, Seq};

use crate::model::desk::{Focus, Overlay, Pane};
use crate::model::manage::{ManagePage, RowAct, RowOffer};
use crate::model::rooms::Direction;
use crate::model::{Model, manage, room, rooms};
use crate::news::Connection;
use crate::{Effect, News};

pub use dates::{day, start_ms, today};
pub use hits::{Hit, narrowing, people, places, shown_hits};
pub use matching::Wanted;
pub use snippet::{Piece, snippet};

/// What is being looked for.
#[derive(Clone, Default)]
pub struct Find {
    /// The switcher's words.
    pub switcher: Picker,
    /// The palette's words.
    pub palette: Picker,
    /// The words that narrow the rows of a page.
    pub row: Picker,
    /// The directory's words.
    pub directory: String,
    /// The date to jump to, as it is being written: `2026-11-22`.
    pub date: String,
    /// The search.
    pub search: Search,
}

/// A list that is narrowed by words, and one of it chosen.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// The words.
    pub words: String,
    /// The place of the chosen one.
    pub chosen: usize,
}

impl Picker {
    /// Other words: the best that they find is chosen.
    fn write(&mut self, words: String) {
        *self = Self { words, chosen: 0 };
    }
}

/// The place beside this one in a list of so many.
fn step(chosen: usize, direction: Direction, count: usize) -> usize {
    let next = match direction {
        Direction::Back => chosen.saturating_sub(1),
        Direction::On => chosen.saturating_add(1),
    };
    next.min(count.saturating_sub(1))
}

/// A search.
#[derive(Clone, Default)]
pub struct Search {
    /// Its number: what an older one finds is dropped.
    pub number: u64,
    /// What is looked for, and where.
    pub query: Query,
    /// The name of a person or bot, as it is being written to choose one.
    pub person: String,
    /// The name of another room, likewise.
    pub place: String,
    /// Whether another room than the open one was chosen: it stays when another one is opened.
    is_elsewhere: bool,
    /// What was found, newest first in each room, with the room.
    pub hits: Vec<(RoomId, Delivered)>,
    /// The rooms still being searched.
    pub running: BTreeSet<RoomId>,
    /// Rooms in which there may be more, before this record.
    pub more: Vec<(RoomId, Seq)>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// The place of the chosen hit among those shown.
    pub chosen: usize,
    /// What the hits were found by; none: nothing was searched yet.
    pub searched: Option<Query>,
    /// Hits that got another label since they were found.
    relabelled: BTreeMap<(RoomId, Seq), Label>,
    /// What was taken back since it began: it may still be found.
    retracted: BTreeSet<(RoomId, Seq)>,
    /// The rooms whose turn comes, each with where it begins.
    queue: VecDeque<(RoomId, Option<Seq>)>,
    /// The search that the server is at, by its number, and where it began: one at a time, because
    /// the server takes no second one of the same connection.
    in_flight: Option<(u64, RoomId, Option<Seq>)>,
    /// The number of hits at which the rest of the rooms waits to be asked for.
    enough: usize,
}

/// What a search looks for. The server looks for the words; the rest narrows what they found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The words, in this order.
    pub words: String,
    /// Only in this room; none: in all.
    pub room: Option<RoomId>,
    /// Only with this label.
    pub label: Option<Label>,
    /// Only from this person or bot.
    pub author: Option<Principal>,
    /// Only from this day on, as written: `2026-11-22`; empty: from the beginning.
    pub since: String,
    /// Only until this day, as written; empty: until now.
    pub until: String,
}

/// What a person does to find something.
#[derive(Clone, Debug)]
pub enum Action {
    /// The switcher's words.
    SwitcherWords(String),
    /// Choose another room in the switcher.
    SwitcherStep(Direction),
    /// Open the room at this place; none: the chosen one.
    SwitcherTake(Option<usize>),
    /// The palette's words.
    PaletteWords(String),
    /// Choose another command; the number of those shown is handed in, because the commands are not
    /// the model's.
    PaletteStep(Direction, usize),
    /// A command was chosen in the palette: it closes, and the command follows.
    PaletteDone,
    /// The words that narrow the rows of a page.
    RowWords(String),
    /// Choose another row.
    RowStep(RowAct, Direction),
    /// Ask about what is done on the row at this place.
    RowTake(RowAct, usize),
    /// The directory's words.
    DirectoryWords(String),
    /// What is looked for.
    Query(Query),
    /// The name of whom it is from, as it is being written.
    PersonWords(String),
    /// The name of a room, as it is being written.
    PlaceWords(String),
    /// Search.
    Search,
    /// Search on in the rooms where there may be more.
    SearchOn,
    /// Choose another hit.
    HitStep(Direction),
    /// Go to the hit at this place; none: the chosen one.
    HitTake(Option<usize>),
    /// The date to jump to.
    Date(String),
    /// Jump to it.
    JumpToDate,
    /// Show a page of managing, from wherever one is.
    Manage(ManagePage),
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::SwitcherWords(words) => model.find.switcher.write(words),
        Action::SwitcherStep(direction) => {
            let count = switcher_rooms(model).len();
            model.find.switcher.chosen = step(model.find.switcher.chosen, direction, count);
        }
        Action::SwitcherTake(place) => switch(model, place, out),
        Action::PaletteWords(words) => model.find.palette.write(words),
        Action::PaletteStep(direction, count) => {
            model.find.palette.chosen = step(model.find.palette.chosen, direction, count);
        }
        Action::PaletteDone => close(model, Overlay::Palette),
        Action::RowWords(words) => model.find.row.write(words),
        Action::RowStep(act, direction) => {
            let count = shown_rows(model, act).len();
            model.find.row.chosen = step(model.find.row.chosen, direction, count);
        }
        Action::RowTake(act, place) => take_row(model, act, place, out),
        Action::DirectoryWords(words) => model.find.directory = words,
        Action::Query(query) => search::query(model, query),
        Action::PersonWords(words) => model.find.search.person = words,
        Action::PlaceWords(words) => model.find.search.place = words,
        Action::Search => search::begin(model, out),
        Action::SearchOn => search::go_on(model, out),
        Action::HitStep(direction) => {
            let count = shown_hits(model).len();
            model.find.search.chosen = step(model.find.search.chosen, direction, count);
        }
        Action::HitTake(place) => take_hit(model, place, out),
        Action::Date(date) => model.find.date = date,
        Action::JumpToDate => jump(model, out),
        Action::Manage(page) => {
            model.desk.pane = Pane::Manage;
            out.extend(model.act(crate::Action::Manage(manage::Action::Show(page))));
            model.desk.give_focus(Focus::Field);
        }
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Found { search, hit } => search::found(model, *search, hit),
        News::SearchEnded { search, end } => search::ended(model, *search, end, out),
        News::Entry(delivered) => search::amended(&mut model.find.search, delivered),
        News::Page { page: Ok(page), .. } => {
            let withheld = page.entries.iter().filter(|entry| entry.is_withheld());
            withheld.for_each(|entry| search::amended(&mut model.find.search, entry));
        }
        News::RoomLeft(room) => search::left(model, *room),
        // What was found for somebody else is nobody's business.
        News::Opened(Ok(_)) | News::Connection(Connection::None) => {
            let number = model.find.search.number + 1;
            model.find = Find::default();
            model.find.search.number = number;
        }
        _ => {}
    }
}

impl Find {
    /// An overlay opens: what was written in it last time is gone, but for the search, which one
    /// comes back to from a hit.
    pub(super) fn begin(&mut self, overlay: Overlay, open: Option<RoomId>) {
        match overlay {
            Overlay::Switcher => self.switcher = Picker::default(),
            Overlay::Palette => self.palette = Picker::default(),
            Overlay::Row(_) => self.row = Picker::default(),
            Overlay::JumpToDate => self.date.clear(),
            // "This room" is always the one that is open.
            Overlay::Search
                if !self.search.is_elsewhere
                    && (self.search.searched.is_none() || self.search.query.room.is_some()) =>
            {
                self.search.query.room = open;
            }
            _ => {}
        }
    }
}

/// The rooms as the switcher lists them: the best match first; without words those visited last, then
/// the others as they are listed, and the open one at the end.
pub fn switcher_rooms(model: &Model) -> Vec<RoomId> {
    let visited = model.rooms.visited.iter().rev().copied();
    let listed = model.rooms.listed();
    let listed = listed.iter().map(|(_, room)| room.id);
    let mut seen = BTreeSet::new();
    let mut rooms: Vec<_> = visited
        .chain(listed)
        .filter(|id| model.rooms.rooms.contains_key(id) && seen.insert(*id))
        .collect();
    rooms.sort_by_key(|id| Some(*id) == model.rooms.open);
    let wanted = Wanted::new(&model.find.switcher.words);
    let name = |id: &RoomId| model.rooms.rooms.get(id).map(|room| room.settings.name.as_str());
    wanted.best_first(rooms, |id| (name(id).unwrap_or_default(), ""))
}

fn switch(model: &mut Model, place: Option<usize>, out: &mut Vec<Effect>) {
    let rooms = switcher_rooms(model);
    let last = rooms.len().saturating_sub(1);
    let place = place.unwrap_or(model.find.switcher.chosen.min(last));
    let Some(id) = rooms.get(place).copied() else { return };
    close(model, Overlay::Switcher);
    model.desk.pane = Pane::Room;
    out.extend(model.act(crate::Action::Rooms(rooms::Action::Open(id))));
}

/// The rows of the page that is shown on which this can be done: the best match first.
pub fn shown_rows(model: &Model, act: RowAct) -> Vec<RowOffer> {
    let offers = manage::row_offers(model, act);
    let wanted = Wanted::new(&model.find.row.words);
    let places = wanted.best_first((0..offers.len()).collect(), |place: &usize| {
        let offer = &offers[*place];
        (offer.name.as_str(), offer.beside.as_str())
    });
    places.into_iter().map(|place| offers[place].clone()).collect()
}

fn take_row(model: &mut Model, act: RowAct, place: usize, out: &mut Vec<Effect>) {
    let Some(offer) = shown_rows(model, act).into_iter().nth(place) else { return };
    close(model, Overlay::Row(act));
    out.extend(model.act(manage::Action::Ask(offer.deed).into()));
}

fn take_hit(model: &mut Model, place: Option<usize>, out: &mut Vec<Effect>) {
    let place = place.unwrap_or(model.find.search.chosen);
    let Some((room, seq)) = shown_hits(model).get(place).map(|hit| (hit.room, hit.target())) else {
        return;
    };
    model.find.search.chosen = place;
    close(model, Overlay::Search);
    model.desk.pane = Pane::Room;
    out.extend(model.act(crate::Action::Rooms(rooms::Action::OpenAt(room, seq))));
}

/// When the day begins that is written to jump to, in milliseconds since 1970 UTC, or a sentence that
/// says why there is none.
pub fn jump_to(model: &Model) -> Result<i64, &'static str> {
    let day = day(&model.find.date, today(model.now_ms))?;
    let at_ms = start_ms(day).ok_or("That day is out of reach.")?;
    if at_ms > model.now_ms { Err("That day has not come yet.") } else { Ok(at_ms) }
}

fn jump(model: &mut Model, out: &mut Vec<Effect>) {
    let Ok(at_ms) = jump_to(model) else { return };
    close(model, Overlay::JumpToDate);
    model.desk.pane = Pane::Room;
    out.extend(model.act(crate::Action::Room(room::Action::ToTime(at_ms))));
}

/// Closes an overlay: something was found by it. The keyboard goes to what lies under it.
fn close(model: &mut Model, overlay: Overlay) {
    model.desk.overlays.retain(|one| *one != overlay);
    let is_clear = model.desk.overlays.is_empty();
    model.desk.give_focus(if is_clear { Focus::Composer } else { Focus::Field });
}
