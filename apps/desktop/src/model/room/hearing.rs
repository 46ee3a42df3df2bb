//! What a room hears: entries, pages, threads, who is there and who types.

use warproom_client::Delivered;
use warproom_client::proto::calls::{From, PresentInRoom, RoomMembers, SeenBy};
use warproom_client::proto::{Kind, Principal, RoomId, Seq};

use super::{
    BYTES_ASLEEP, BYTES_OPEN, Jump, PEOPLE, ROWS_ASLEEP, ROWS_OPEN, Reader, Room, Seek, recall,
};
use crate::model::Model;
use crate::news::{Page, Refusal};
use crate::request::{Reply, Request};
use crate::{Effect, News};

/// Somebody who says no more that they type has stopped after this long.
const TYPING_MS: i64 = 6_000;

pub(in crate::model) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Entry(delivered) => entry(model, delivered, out),
        News::Page { room, from, page } => self::page(model, *room, *from, page, out),
        News::Thread { room, to, entries } => thread(model, *room, *to, entries),
        News::Typing { room, member } => {
            let (now_ms, me) = (model.now_ms, model.me());
            if let Some(room) = model.rooms.rooms.get_mut(room)
                && me != Some(*member)
                && (room.typing.len() < PEOPLE || room.typing.contains_key(member))
            {
                room.typing.insert(*member, now_ms + TYPING_MS);
            }
        }
        News::Presence { room, member, here } => {
            if let Some(room) = model.rooms.rooms.get_mut(room) {
                room.here.retain(|one| one != member);
                room.here.extend(here.then_some(*member).filter(|_| room.here.len() < PEOPLE));
            }
        }
        News::Rewritten(rewritten) => {
            if let Some(room) = rewritten.room.and_then(|id| model.rooms.rooms.get_mut(&id)) {
                room.rewritten = Some(*rewritten);
            }
        }
        News::Answered(Request::ReachedBy(call), Ok(Reply::ReachedBy(reached))) => {
            recall::reached(model, call, reached);
        }
        // Which organisation is one's own stands among the members, and what it depends on in its entry.
        News::Answered(_, Ok(Reply::ListRegisterEntries(_) | Reply::ListMembers(_))) => {
            let reader = Reader::of(model.session.as_ref(), &model.directory);
            model.rooms.rooms.values_mut().for_each(|room| room.find_concerning(reader));
        }
        News::Answered(request, Ok(reply)) => answered(model, request, reply),
        News::Sent(id, Ok(_)) => recall::taken_back(model, *id, out),
        News::SignedIn(_) => {
            // Pages asked for on the connection that was lost may be asked for again.
            for room in model.rooms.rooms.values_mut() {
                room.reading.trouble = None;
                room.reading.thread_trouble = None;
            }
        }
        News::Clock(now_ms) => clock(model, *now_ms, out),
        _ => {}
    }
}

fn clock(model: &mut Model, now_ms: i64, out: &mut Vec<Effect>) {
    let is_connected = model.is_connected();
    for room in model.rooms.rooms.values_mut() {
        room.typing.retain(|_, until_ms| *until_ms > now_ms);
        if is_connected {
            room.tell_read(now_ms, out);
        }
    }
}

fn entry(model: &mut Model, delivered: &Delivered, out: &mut Vec<Effect>) {
    let reader = Reader::of(model.session.as_ref(), &model.directory);
    let is_looked_at = model.desk.is_looked_at;
    let is_open = model.rooms.open == Some(delivered.room);
    let Some(room) = model.rooms.rooms.get_mut(&delivered.room) else { return };
    if let Some(author) = delivered.author().and_then(Principal::member) {
        room.typing.remove(&author);
    }
    let was_unread = room.unread();
    room.log.take(delivered);
    room.count(delivered, reader);
    if is_open && !is_looked_at && was_unread == 0 && room.unread() > 0 {
        // Nobody looks: what comes now is what will be new to them.
        room.reading.unread_after = Some(room.read.max(delivered.seq.saturating_sub(1)));
    }
    room.trim(is_open);
    if let Some(entry) = &delivered.entry {
        room.settle(&entry.handling.kind, delivered.seq, is_open, out);
    }
}

impl Room {
    /// Takes in what an entry changes about the room itself.
    fn settle(&mut self, kind: &Kind, seq: Seq, is_open: bool, out: &mut Vec<Effect>) {
        match kind {
            Kind::Opened { settings } | Kind::Changed { settings } if seq > self.settings_at => {
                self.settings = settings.clone();
                self.settings_at = seq;
            }
            Kind::Joined { .. } | Kind::Left { .. } if is_open => {
                out.push(Effect::Call(RoomMembers { room: self.id }.into()));
            }
            _ => {}
        }
    }

    /// Keeps no more rows than it may.
    pub(in crate::model) fn trim(&mut self, is_open: bool) {
        if !is_open {
            self.log.keep(self.log.latest, ROWS_ASLEEP);
            return self.log.keep_bytes(self.log.latest, BYTES_ASLEEP);
        }
        let latest = self.log.latest;
        let visible = self.reading.visible.as_ref();
        let around = visible.map_or(latest, |range| range.start().midpoint(*range.end()));
        self.log.keep(around, ROWS_OPEN);
        self.log.keep_bytes(around, BYTES_OPEN);
    }
}

fn page(
    model: &mut Model,
    id: RoomId,
    from: From,
    page: &Result<Page, Refusal>,
    out: &mut Vec<Effect>,
) {
    let reader = Reader::of(model.session.as_ref(), &model.directory);
    let is_open = model.rooms.open == Some(id);
    let Some(room) = model.rooms.rooms.get_mut(&id) else { return };
    room.reading.loading.retain(|one| *one != from);
    let page = match page {
        Ok(page) => page,
        Err(refusal) => {
            room.reading.trouble = Some(refusal.to_string());
            return;
        }
    };
    room.reading.trouble = None;
    room.take_page(from, page, reader);
    if room.arrive(from, page) == Arrival::Nowhere {
        model.tell("Nothing was written in this room since then.");
        return super::going::to(model, Seek::Latest, out);
    }
    room.trim(is_open);
}

/// Where a page left the reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// Where they were, or where they wanted to go.
    Somewhere,
    /// There is no such place.
    Nowhere,
}

impl Room {
    fn take_page(&mut self, from: From, page: &Page, reader: Reader<'_>) {
        self.log.latest = self.log.latest.max(page.latest);
        let ends = page.entries.first().zip(page.entries.last());
        let ends = ends.map(|(first, last)| (first.seq, last.seq));
        match (from, ends) {
            // Whatever it leaves out towards where it was asked from is not to be had.
            (From::Before(seq), Some((first, _))) => {
                self.log.hold(&(first..=seq.saturating_sub(1)));
            }
            (From::After(seq), Some((_, last))) => self.log.hold(&(seq + 1..=last)),
            (_, Some((first, last))) => self.log.hold(&(first..=last)),
            (From::Before(seq), None) => self.log.begins = seq,
            (From::After(seq), None) => self.log.hold(&(seq + 1..=page.latest)),
            (From::Latest | From::Time(_), None) => {}
        }
        for delivered in &page.entries {
            self.log.take(delivered);
            self.count(delivered, reader);
        }
        for delivered in &page.amendments {
            self.log.take_amendment(delivered);
        }
    }

    /// Goes where one wanted to go, if that has come.
    fn arrive(&mut self, from: From, page: &Page) -> Arrival {
        let jump = match self.reading.seeking {
            Some(Seek::Latest) if self.log.holds_latest() || from == From::Latest => Jump::Latest,
            Some(Seek::Entry(seq)) if self.log.is_held(seq) => {
                Jump::Entry(self.log.row_near(seq).unwrap_or(seq))
            }
            Some(Seek::Time(at_ms)) if from == From::Time(at_ms) => {
                let row = page.entries.iter().find(|one| self.log.items.contains_key(&one.seq));
                let Some(row) = row else {
                    self.reading.seeking = None;
                    return Arrival::Nowhere;
                };
                Jump::Entry(row.seq)
            }
            Some(Seek::Entry(seq)) if from == From::After(seq.saturating_sub(1)) => {
                // There is no such entry.
                self.reading.seeking = None;
                return Arrival::Somewhere;
            }
            _ => return Arrival::Somewhere,
        };
        self.reading.seeking = None;
        self.reading.go(jump);
        // That is what is looked at from now on, before the screen says so.
        self.reading.visible = match jump {
            Jump::Entry(seq) => Some(seq..=seq),
            Jump::Latest | Jump::Unread => None,
        };
        Arrival::Somewhere
    }
}

fn thread(model: &mut Model, id: RoomId, to: Seq, entries: &Result<Vec<Delivered>, Refusal>) {
    let Some(room) = model.rooms.rooms.get_mut(&id) else { return };
    if room.reading.thread != Some(to) {
        return;
    }
    match entries {
        Ok(entries) => {
            room.reading.thread_trouble = None;
            for delivered in entries {
                room.log.take_aside(delivered);
            }
        }
        Err(refusal) => room.reading.thread_trouble = Some(refusal.to_string()),
    }
}

fn answered(model: &mut Model, request: &Request, reply: &Reply) {
    let rooms = &mut model.rooms.rooms;
    match (request, reply) {
        (Request::RoomMembers(RoomMembers { room }), Reply::RoomMembers(list)) => {
            if let Some(room) = rooms.get_mut(room) {
                room.people = Some(list.members.clone());
            }
        }
        (Request::PresentInRoom(PresentInRoom { room }), Reply::PresentInRoom(list)) => {
            if let Some(room) = rooms.get_mut(room) {
                room.here = list.members.iter().copied().take(PEOPLE).collect();
            }
        }
        (Request::SeenBy(SeenBy { room, seq }), Reply::SeenBy(list)) => {
            if let Some(room) = rooms.get_mut(room) {
                room.reading.seen_by = Some((*seq, list.members.clone()));
            }
        }
        _ => {}
    }
}
