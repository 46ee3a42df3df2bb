//! Search: each room in its turn, and its hits as they come.
//!
//! The server finds words. Label, author and days are compared on this side, with what it found, so
//! that they can be changed without searching again.

use warproom_client::Delivered;
use warproom_client::proto::calls::Found;
use warproom_client::proto::{Kind, RoomId, Seq, Text};

use super::hits::target;
use super::{Hit, Query, Search, narrowing, shown_hits};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;

/// The longest text that the server looks for, in bytes: a sentence.
const WORDS_BYTES: usize = 256;

/// The hits after which the person is asked whether to search on: more than anybody reads through.
const ENOUGH: usize = 500;

/// The hits that may come beyond those: what one search of the server's brings.
const OVER: usize = 100;

/// What is looked for is now this. The chosen hit stays chosen if it is still there.
pub(super) fn query(model: &mut Model, query: Query) {
    let search = &mut model.find.search;
    if query.author != search.query.author {
        search.person.clear();
    }
    let open = model.rooms.open;
    keeping_chosen(model, |search| {
        if query.room != search.query.room {
            search.place.clear();
            search.is_elsewhere = query.room.is_some() && query.room != open;
        }
        search.query = query;
    });
}

pub(super) fn begin(model: &mut Model, out: &mut Vec<Effect>) {
    let query = model.find.search.query.clone();
    let wrong = wrong_with(&query, model.now_ms);
    let rooms = rooms(model, &query);
    let search = &mut model.find.search;
    if let Some(sentence) = wrong {
        search.trouble = Some(sentence);
        return;
    }
    // A search that runs still is another one from now on: what it finds is dropped.
    search.number += 1;
    search.hits.clear();
    search.relabelled.clear();
    search.retracted.clear();
    search.more.clear();
    search.chosen = 0;
    search.trouble = None;
    search.searched = Some(query);
    search.enough = ENOUGH;
    search.running = rooms.iter().copied().collect();
    search.queue = rooms.into_iter().map(|room| (room, None)).collect();
    next(search, out);
}

/// Why this cannot be searched, if it cannot.
fn wrong_with(query: &Query, now_ms: i64) -> Option<String> {
    let words = query.words.trim();
    if words.is_empty() {
        let sentence = "Write the words to look for. The rest only narrows what they find.";
        Some(sentence.to_owned())
    } else if words.len() > WORDS_BYTES {
        Some("That is too long to look for: write one sentence at most.".to_owned())
    } else {
        narrowing(query, now_ms).err()
    }
}

/// The rooms to search, the open one first.
fn rooms(model: &Model, query: &Query) -> Vec<RoomId> {
    if let Some(room) = query.room {
        return vec![room];
    }
    let mut rooms: Vec<_> = model.rooms.listed().iter().map(|(_, room)| room.id).collect();
    rooms.sort_by_key(|id| Some(*id) != model.rooms.open);
    rooms
}

pub(super) fn go_on(model: &mut Model, out: &mut Vec<Effect>) {
    let search = &mut model.find.search;
    search.trouble = None;
    search.enough = search.hits.len() + ENOUGH;
    for (room, before) in std::mem::take(&mut search.more) {
        search.running.insert(room);
        search.queue.push_back((room, Some(before)));
    }
    next(search, out);
}

/// Searches the room whose turn it is, unless the server is still at one.
fn next(search: &mut Search, out: &mut Vec<Effect>) {
    if search.in_flight.is_some() {
        return;
    }
    if search.hits.len() >= search.enough {
        let rest = search.queue.drain(..).map(|(room, before)| (room, before.unwrap_or(Seq::MAX)));
        search.more.extend(rest);
        search.running.clear();
    }
    let words = search.searched.as_ref().and_then(|query| query.words.trim().parse::<Text>().ok());
    let (Some(text), Some((room, before))) = (words, search.queue.pop_front()) else { return };
    search.number += 1;
    search.in_flight = Some((search.number, room, before));
    out.push(Effect::Search { search: search.number, room, text, before });
}

pub(super) fn found(model: &mut Model, number: u64, hit: &Delivered) {
    let is_now = number == model.find.search.number && model.rooms.rooms.contains_key(&hit.room);
    let search = &model.find.search;
    let is_full = search.hits.len() >= search.enough + OVER;
    let is_gone = !is_readable(hit) || is_taken_back(search, hit);
    if !is_now || is_full || is_gone || is_told(search, hit) {
        return;
    }
    keeping_chosen(model, |search| {
        let is_before = |(room, one): &(RoomId, Delivered)| *room == hit.room && one.seq > hit.seq;
        let of_room = |(room, _): &(RoomId, Delivered)| *room == hit.room;
        let place = search.hits.iter().rposition(is_before).map(|place| place + 1);
        let place = place.or_else(|| search.hits.iter().position(of_room));
        let place = place.unwrap_or(search.hits.len());
        search.hits.insert(place, (hit.room, hit.clone()));
    });
}

/// Whether there is something to show: withheld records and reactions are no hits.
fn is_readable(hit: &Delivered) -> bool {
    let kind = hit.entry.as_ref().map(|entry| &entry.handling.kind);
    let is_said = matches!(
        kind,
        Some(Kind::Post { .. } | Kind::Alert(_) | Kind::Answer { .. } | Kind::Edit { .. })
    );
    is_said && !hit.is_withheld()
}

/// Whether the entry is among the hits, as it is or with a later text.
fn is_told(search: &Search, hit: &Delivered) -> bool {
    search.hits.iter().any(|(room, one)| *room == hit.room && target(one) == target(hit))
}

/// Whether it was taken back since, or answers what was.
fn is_taken_back(search: &Search, hit: &Delivered) -> bool {
    let is = |seq| search.retracted.contains(&(hit.room, seq));
    is(target(hit)) || answered(hit).is_some_and(is)
}

/// The ask that it answers, if it is an answer: it goes with it.
fn answered(hit: &Delivered) -> Option<Seq> {
    match hit.entry.as_ref()?.handling.kind {
        Kind::Answer { of, .. } => Some(of),
        _ => None,
    }
}

pub(super) fn ended(
    model: &mut Model,
    number: u64,
    end: &Result<Found, Refusal>,
    out: &mut Vec<Effect>,
) {
    let search = &mut model.find.search;
    let Some((_, room, before)) = search.in_flight.filter(|(own, ..)| *own == number) else {
        return;
    };
    search.in_flight = None;
    if number == search.number {
        search.running.remove(&room);
        match end {
            Ok(found) => more(model, room, found),
            Err(refusal) => {
                if let Some(known) = model.rooms.rooms.get(&room) {
                    let name = &known.settings.name;
                    search.trouble = Some(format!("{name} could not be searched: {refusal}"));
                    search.more.push((room, before.unwrap_or(Seq::MAX)));
                }
            }
        }
    }
    next(&mut model.find.search, out);
}

/// Remembers where to search on, unless everything before is too old to be wanted.
fn more(model: &mut Model, room: RoomId, found: &Found) {
    let Some(before) = found.next_before else { return };
    let narrowing = narrowing(&model.find.search.query, model.now_ms).unwrap_or_default();
    let oldest = model.find.search.hits.iter().rev().find(|(one, _)| *one == room);
    let reached_ms = oldest.and_then(|(_, hit)| hit.at_ms);
    let is_over = reached_ms.zip(narrowing.since_ms).is_some_and(|(at, since)| at < since);
    if !is_over {
        model.find.search.more.push((room, before));
    }
}

/// A record came that may change what was found.
pub(super) fn amended(search: &mut Search, by: &Delivered) {
    let room = by.room;
    if by.is_withheld() {
        // Not ours any more.
        search
            .hits
            .retain(|(one, hit)| *one != room || (hit.seq != by.seq && target(hit) != by.seq));
        return;
    }
    match by.entry.as_ref().map(|entry| &entry.handling.kind) {
        Some(Kind::Retract { of }) => {
            search.retracted.insert((room, *of));
            let hits = std::mem::take(&mut search.hits);
            search.hits = hits.into_iter().filter(|(_, hit)| !is_taken_back(search, hit)).collect();
        }
        Some(Kind::Relabel { of, to }) => {
            let hits = search.hits.iter().filter(|(one, hit)| *one == room && target(hit) == *of);
            for seq in hits.map(|(_, hit)| hit.seq).collect::<Vec<_>>() {
                search.relabelled.insert((room, seq), *to);
            }
        }
        _ => {}
    }
}

/// One is out of a room: what was found in it is gone with it.
pub(super) fn left(model: &mut Model, left: RoomId) {
    keeping_chosen(model, |search| {
        search.hits.retain(|(room, _)| *room != left);
        search.more.retain(|(room, _)| *room != left);
        search.queue.retain(|(room, _)| *room != left);
        search.running.remove(&left);
        if search.query.room == Some(left) {
            search.query.room = None;
            search.is_elsewhere = false;
        }
    });
}

/// Changes what is found, and keeps the hit chosen that was, wherever it stands afterwards.
fn keeping_chosen(model: &mut Model, change: impl FnOnce(&mut Search)) {
    let name = |hit: &Hit<'_>| (hit.room, hit.delivered.seq);
    let chosen = shown_hits(model).get(model.find.search.chosen).map(name);
    let was_moved = model.find.search.chosen > 0;
    change(&mut model.find.search);
    let hits = shown_hits(model);
    // The first one is chosen until somebody chooses another.
    let place = hits.iter().position(|hit| was_moved && Some(name(hit)) == chosen);
    let place = place.unwrap_or(0);
    model.find.search.chosen = place;
}
