//! The followed rooms: asking for pages, taking them and live records, and handing on what is new.
//!
//! Each room's own logic is in [`crate::follow`]. Here is what they share: few questions at a time,
//! asked only while the application keeps up, so that at most a few pages wait for it. It sends
//! nothing itself: the worker asks it for the next request.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::oneshot;
use tokio::time::Instant;
use warproom_proto::calls::{FollowRoom, Followed};
use warproom_proto::{Error, ErrorCode, Head, Position, Record, RoomId, Seq};

use crate::client::Memory;
use crate::error::{CallError, retry_after};
use crate::event::{Delivered, Delivery, Discontinuity, Event, Rewritten};
use crate::follow::{Follow, Live, Then};
use crate::heads::Break;

/// Questions under way at a time. With the worker's calls they stay within what a server takes.
pub(crate) const ASKED_AT_ONCE: usize = 4;

/// The wait after an answer that brought nothing though more was promised, or a failure of the
/// server's: it should not be asked in a circle.
const LATER: Duration = Duration::from_secs(1);

/// Who waits to hear that following has begun.
type Caller = oneshot::Sender<Result<Position, CallError>>;

/// The followed rooms.
#[derive(Default)]
pub(crate) struct Rooms {
    followed: BTreeMap<RoomId, Room>,
    /// Rooms to ask about, first come first served.
    wanted: VecDeque<RoomId>,
    /// Questions under way, by the number of their request.
    asked: BTreeMap<u64, RoomId>,
    paused_until: Option<Instant>,
}

struct Room {
    follow: Follow,
    /// How far the log had been shown when the question under way was asked.
    floor: Seq,
    caller: Option<Caller>,
}

/// Where records go, and what is remembered of them.
pub(crate) struct Outlet<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) delivery: &'a mut Delivery,
}

impl Outlet<'_> {
    /// Delivers a record if it is the one that was shown before, if any was.
    fn deliver(&mut self, room: RoomId, record: Record) -> Result<(), Break> {
        self.memory.known().heads.pass(Some(room), std::slice::from_ref(&record))?;
        self.delivery.push(Event::Entry(Delivered::new(room, record)));
        Ok(())
    }

    /// Tells that the history of a log does not hold: once, until it is forgotten.
    pub(crate) fn rewritten(&mut self, found: Rewritten) -> Rewritten {
        let (first, is_new) = self.memory.known().rewritten(found);
        if is_new {
            tracing::warn!(room = ?found.room, seq = found.seq, how = ?found.how, "a history does not hold");
            self.delivery.push(Event::Rewritten(first));
        }
        first
    }
}

impl Rooms {
    /// Follows a room from after a record, whose head may be known, or from now on.
    pub(crate) fn follow(
        &mut self,
        room: RoomId,
        after: Option<Seq>,
        head: Option<Head>,
        caller: Caller,
    ) {
        self.remove(room);
        let follow = Follow::new(room, after, head);
        self.followed.insert(room, Room { follow, floor: 0, caller: Some(caller) });
        self.wanted.push_back(room);
    }

    /// Follows a room no more. An answer that is under way will find nobody.
    pub(crate) fn remove(&mut self, room: RoomId) {
        self.asked.retain(|_, asked| *asked != room);
        self.wanted.retain(|wanted| *wanted != room);
        self.followed.remove(&room);
    }

    /// This reader is out of a room. Who waits to follow it gets the answer of a stranger.
    pub(crate) fn left(&mut self, room: RoomId) {
        let caller = self.followed.get_mut(&room).and_then(|entry| entry.caller.take());
        let refusal = CallError::Refused(ErrorCode::NotFound.into());
        let _ = caller.map(|caller| caller.send(Err(refusal)));
        self.remove(room);
    }

    /// What to ask next, and under which number; nothing while enough is under way. While
    /// the application has events to take, only rooms whose follow somebody waits for: they may be
    /// waiting before they take the next event.
    pub(crate) fn ask(&mut self, is_caught_up: bool, memory: &Memory) -> Option<(u64, FollowRoom)> {
        if self.wakes_at().is_some() || self.asked.len() >= ASKED_AT_ONCE {
            return None;
        }
        while let Some(room) = self.next_wanted(is_caught_up) {
            if let Some(entry) = self.followed.get_mut(&room)
                && entry.follow.is_wanted()
            {
                let id = memory.next_id();
                entry.floor = memory.known().heads.reach(Some(room));
                self.asked.insert(id, room);
                return Some((id, entry.follow.ask()));
            }
        }
        None
    }

    fn next_wanted(&mut self, is_caught_up: bool) -> Option<RoomId> {
        let may_ask = |room: &RoomId| {
            is_caught_up || self.followed.get(room).is_none_or(|entry| entry.caller.is_some())
        };
        let at = self.wanted.iter().position(may_ask)?;
        self.wanted.remove(at)
    }

    /// Whether this is the number of a question under way.
    pub(crate) fn has_asked(&self, id: u64) -> bool {
        self.asked.contains_key(&id)
    }

    /// Takes the answer to a question. Fails if it cannot be read.
    pub(crate) fn answer(
        &mut self,
        id: u64,
        result: Result<Box<RawValue>, Error>,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), serde_json::Error> {
        let Some(room) = self.asked.remove(&id) else { return Ok(()) };
        match result {
            Ok(text) => self.take_page(room, serde_json::from_str(text.get())?, outlet),
            Err(error) => self.take_refusal(room, error, outlet),
        }
        Ok(())
    }

    fn take_page(&mut self, room: RoomId, page: Followed, outlet: &mut Outlet<'_>) {
        let Some(entry) = self.followed.get_mut(&room) else { return };
        let latest = page.latest;
        let continues = {
            let heads = &outlet.memory.known().heads;
            heads.check_latest(Some(room), latest, entry.floor)
        };
        if let Err((seq, how)) = continues {
            return self.stop(room, seq, how, outlet);
        }
        let taken = entry.follow.take_page(page);
        for record in taken.records {
            if let Err((seq, how)) = outlet.deliver(room, record) {
                return self.stop(room, seq, how, outlet);
            }
        }
        if let Then::Stop(seq, how) = taken.then {
            return self.stop(room, seq, how, outlet);
        }
        let shown = outlet.memory.known().heads.show(Some(room), latest);
        if let Err((seq, how)) = shown {
            return self.stop(room, seq, how, outlet);
        }
        if let Some(caller) = entry.caller.take() {
            // Who stopped waiting for the answer follows all the same.
            let _ = caller.send(Ok(latest));
        }
        if taken.then != Then::Listen {
            self.wanted.push_back(room);
        }
        if taken.then == Then::AskLater {
            self.pause(LATER);
        }
    }

    fn take_refusal(&mut self, room: RoomId, error: Error, outlet: &mut Outlet<'_>) {
        let passing = matches!(
            error.code,
            ErrorCode::SlowDown
                | ErrorCode::ServerFault
                | ErrorCode::StorageFull
                | ErrorCode::StorageFailed
        );
        let Some(entry) = self.followed.get_mut(&room) else { return };
        if passing && (entry.caller.is_none() || error.code == ErrorCode::SlowDown) {
            entry.follow.interrupt();
            self.wanted.push_back(room);
            self.pause(retry_after(&error).unwrap_or(LATER));
            return;
        }
        match entry.caller.take() {
            Some(caller) => drop(caller.send(Err(CallError::Refused(error)))),
            // It was followed before: it was left while there was no connection.
            None => outlet.delivery.push(Event::RoomLeft(room)),
        }
        self.remove(room);
    }

    /// Takes a record that came by itself.
    pub(crate) fn take_live(&mut self, room: RoomId, record: Record, outlet: &mut Outlet<'_>) {
        let Some(entry) = self.followed.get_mut(&room) else { return };
        if !outlet.delivery.takes_live() {
            return self.behind(room);
        }
        match entry.follow.take_live(&record) {
            Live::Deliver => {
                if let Err((seq, how)) = outlet.deliver(room, record) {
                    self.stop(room, seq, how, outlet);
                }
            }
            Live::Skip => {}
            Live::Ask => self.wanted.push_back(room),
            Live::Stop(seq, how) => self.stop(room, seq, how, outlet),
        }
    }

    /// Live delivery of a room has stopped, or cannot be taken: ask from where it is.
    pub(crate) fn behind(&mut self, room: RoomId) {
        if let Some(entry) = self.followed.get_mut(&room)
            && entry.follow.is_live()
        {
            entry.follow.interrupt();
            self.wanted.push_back(room);
        }
    }

    /// The connection ended: every room is asked about on the next one.
    pub(crate) fn disconnected(&mut self) {
        self.asked.clear();
        self.paused_until = None;
        self.wanted = self.followed.keys().copied().collect();
        for room in self.followed.values_mut() {
            room.follow.interrupt();
        }
    }

    /// When a pause ends, if there is one.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        self.paused_until.filter(|until| *until > Instant::now())
    }

    fn pause(&mut self, wait: Duration) {
        self.paused_until = Some(Instant::now() + wait);
    }

    /// The history of a room does not hold: it is followed no more.
    pub(crate) fn stop(
        &mut self,
        room: RoomId,
        seq: Seq,
        how: Discontinuity,
        outlet: &mut Outlet<'_>,
    ) {
        let rewritten = outlet.rewritten(Rewritten { room: Some(room), seq, how });
        let caller = self.followed.get_mut(&room).and_then(|entry| entry.caller.take());
        // Who stopped waiting is told by the event.
        let _ = caller.map(|caller| caller.send(Err(CallError::Rewritten(rewritten))));
        self.remove(room);
    }
}

#[cfg(test)]
mod tests;
