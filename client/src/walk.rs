//! Holding replies against what is remembered of the logs, and walking a log from where its walk ended.
//!
//! Every reply that names a position passes here before the application gets it. A page or board that
//! does not fit is not handed out; a list that names one room too short still is, and an event tells of the
//! room. What the positions mean is in [`crate::heads`].

use std::any::{Any, TypeId};

use warproom_proto::calls::{
    AuditPage, Board, BoardHistory, Call, DiscloseRoom, DisclosedPage, From, HistoryPage,
    HistoryReferring, Page, RegisterPage, RoomExport, RoomList, ShowBoard,
};
use warproom_proto::{LogId, Position, Record, RoomId, Seq};

use crate::client::{Client, Command};
use crate::error::CallError;
use crate::event::{AuditBreak, Discontinuity, Rewritten};
use crate::heads::{Break, Heads};

/// Pages walked after a call, where a log has too many claims. Few, because the caller waits for them
/// and the server counts them.
const PAGES: usize = 2;

/// As many records as one page may hold.
const PAGE: u16 = 200;

impl Client {
    /// Walks the register to its end, so that what was only claimed of it is checked: at sign-in its
    /// end is named, and nothing of what lies before. For managers and officers.
    ///
    /// Reading [`RegisterPage`]s one after the other does the same.
    pub async fn walk_register(&self) -> Result<(), CallError> {
        while self.walk_on(None).await? {}
        Ok(())
    }

    /// Makes a call, and holds its reply against what is remembered.
    pub(crate) async fn ask<C: Call>(&self, call: &C) -> Result<C::Reply, CallError> {
        let before = names_positions::<C>().then(|| self.heads());
        let (id, text) = self.encode(call)?;
        let reply = self.send(|reply| Command::Call { id, text, reply, found: None }).await?;
        let reply = serde_json::from_str(reply.get()).map_err(CallError::Unreadable)?;
        let Some(before) = before else { return Ok(reply) };
        let found = look::<C>(call, &reply, &before, &mut self.memory.known().heads);
        for found in &found {
            self.tell(*found).await;
        }
        match found.first() {
            Some(found) if TypeId::of::<C::Reply>() != TypeId::of::<RoomList>() => {
                Err(CallError::Rewritten(*found))
            }
            _ => Ok(reply),
        }
    }

    /// Remembers a position of a room that the server showed before, which the application holds: whatever
    /// it shows of the room must go on from there.
    pub async fn holds(&self, room: RoomId, held: Position) {
        let checked = self.memory.known().heads.show(Some(room), held);
        if let Err((seq, how)) = checked {
            self.tell(Rewritten { room: Some(room), seq, how }).await;
        }
    }

    /// Tells that the application holds another record of a room than the server shows now under its number:
    /// the room's history does not hold.
    pub async fn holds_another(&self, room: RoomId, seq: Seq) {
        self.tell(Rewritten { room: Some(room), seq, how: Discontinuity::Changed }).await;
    }

    /// Walks a log with too many claims, some way, if there is one. Whatever passing trouble keeps it
    /// from that, a later call tries again.
    pub(crate) async fn settle(&self) {
        let Ok(_turn) = self.memory.walking.try_lock() else { return };
        for _ in 0..PAGES {
            let Some(room) = self.memory.known().crowded().next() else { return };
            match self.walk_on(room).await {
                Ok(_) => {}
                Err(error) if error.code().is_some() && !error.is_worth_retrying() => {
                    self.memory.known().closed.insert(room);
                }
                Err(_) => return,
            }
        }
    }

    /// Reads the page after the walked position; whether there is more.
    async fn walk_on(&self, room: Option<RoomId>) -> Result<bool, CallError> {
        self.check_log(room.map_or(LogId::REGISTER, LogId::room))?;
        let walked = |heads: Heads| room.map_or(heads.register(), |room| heads.room(room));
        let after = walked(self.heads()).map_or(0, |at| at.seq);
        let page = match room {
            Some(room) => {
                self.ask(&HistoryPage { room, from: From::After(after), limit: PAGE }).await?
            }
            None => self.ask(&RegisterPage { after, limit: PAGE }).await?,
        };
        Ok(page.records.last().is_some_and(|last| last.seq < page.latest.seq))
    }

    /// Tells that a history does not hold. Waits until it is told, so that an application that closes
    /// next has the event.
    async fn tell(&self, found: Rewritten) {
        // Also when the worker is gone: calls say it from now on.
        if self.send(|reply| Command::Rewritten { found, reply }).await.is_err() {
            self.memory.known().rewritten(found);
        }
    }
}

fn names_positions<C: Call>() -> bool {
    let reply = TypeId::of::<C::Reply>();
    let pages = [TypeId::of::<Page>(), TypeId::of::<Board>(), TypeId::of::<DisclosedPage>()];
    reply == TypeId::of::<RoomList>() || pages.contains(&reply)
}

/// What of a reply does not fit. `before` is what was remembered when the call was made.
fn look<C: Call>(call: &C, reply: &C::Reply, before: &Heads, heads: &mut Heads) -> Vec<Rewritten> {
    let (call, reply) = (call as &dyn Any, reply as &dyn Any);
    let mut look = Look { before, heads, found: Vec::new() };
    if let Some(list) = reply.downcast_ref::<RoomList>() {
        list.rooms.iter().for_each(|room| look.at(Some(room.room), room.latest, &[], &[]));
    } else if let Some(board) = reply.downcast_ref::<Board>()
        && let Some(ShowBoard { room, .. }) = call.downcast_ref()
    {
        let answers = board.rows.iter().filter_map(|row| row.answer.as_ref());
        let single: Vec<_> = std::iter::once(&board.ask).chain(answers).collect();
        look.at(Some(*room), board.latest, &[], &single);
    } else if let Some(page) = reply.downcast_ref::<DisclosedPage>()
        && let Some(DiscloseRoom { room, .. }) = call.downcast_ref()
    {
        let single: Vec<_> = page.records.iter().chain(&page.amendments).collect();
        look.at(Some(*room), page.latest, &[], &single);
    } else if let Some(page) = reply.downcast_ref::<Page>() {
        let row = &page.records[..];
        let single: Vec<_> = row.iter().chain(&page.amendments).collect();
        if let Some(HistoryPage { room, from, limit }) = call.downcast_ref() {
            look.stands(Some(*room), page, (*from, *limit));
            look.at(Some(*room), page.latest, row, &single);
        } else if let Some(RegisterPage { after, limit }) = call.downcast_ref() {
            look.stands(None, page, (From::After(*after), *limit));
            look.at(None, page.latest, row, &single);
        } else if let Some(RoomExport { room, after, limit }) = call.downcast_ref() {
            look.stands(Some(*room), page, (From::After(*after), *limit));
            look.at(Some(*room), page.latest, row, &single);
        } else if let Some(HistoryReferring { room, after, limit, .. }) = call.downcast_ref() {
            look.goes_on(*room, row, (*after, *limit));
            look.at(Some(*room), page.latest, &[], &single);
        } else if let Some(BoardHistory { room, after, limit, .. }) = call.downcast_ref() {
            look.goes_on(*room, row, (*after, *limit));
            look.at(Some(*room), page.latest, &[], &single);
        } else if let Some(AuditPage { from, limit }) = call.downcast_ref()
            && let Err((seq, _)) = stands(page, (*from, *limit))
        {
            let how = Discontinuity::Audit(AuditBreak::Forked);
            look.found.push(Rewritten { room: None, seq, how });
        }
    }
    look.found
}

/// Whether a page begins or ends where it was asked to, has something if there is something, and not more
/// than was asked for: whoever reads on is neither led in a circle nor past anything.
fn stands(page: &Page, (from, limit): (From, u16)) -> Result<(), Break> {
    let latest = page.latest.seq;
    let (asked, shown) = match from {
        From::Latest => (latest, page.records.last()),
        From::Before(seq) => (seq.saturating_sub(1).min(latest), page.records.last()),
        From::After(seq) => (seq.saturating_add(1), page.records.first()),
        // Only the server knows which record was the first from then on.
        From::Time(_) => (page.records.first().map_or(0, |first| first.seq), page.records.first()),
    };
    let is_there = (1..=latest).contains(&asked);
    let fits = page.records.len() <= usize::from(limit)
        && shown.map(|shown| shown.seq) == is_there.then_some(asked);
    if fits { Ok(()) } else { Err((asked, Discontinuity::Changed)) }
}

struct Look<'a> {
    before: &'a Heads,
    heads: &'a mut Heads,
    found: Vec<Rewritten>,
}

impl Look<'_> {
    /// A page of records that stand in a row must stand where it was asked for.
    fn stands(&mut self, room: Option<RoomId>, page: &Page, asked: (From, u16)) {
        if let Err((seq, how)) = stands(page, asked) {
            self.found.push(Rewritten { room, seq, how });
        }
    }

    /// A page of records picked from a log must come after the one that was asked for.
    fn goes_on(&mut self, room: RoomId, records: &[Record], (after, limit): (Seq, u16)) {
        let mut at = after;
        let goes_on = |record: &Record| std::mem::replace(&mut at, record.seq) < record.seq;
        let fits = records.len() <= usize::from(limit) && records.iter().all(goes_on);
        if !fits {
            self.found.push(Rewritten { room: Some(room), seq: at, how: Discontinuity::Changed });
        }
    }

    /// A log has come to `latest`; of it were shown records that stand in a row, and single ones.
    fn at(&mut self, room: Option<RoomId>, latest: Position, row: &[Record], single: &[&Record]) {
        if let Err((seq, how)) = self.check(room, latest, row, single) {
            self.found.push(Rewritten { room, seq, how });
        }
    }

    fn check(
        &mut self,
        room: Option<RoomId>,
        latest: Position,
        row: &[Record],
        single: &[&Record],
    ) -> Result<(), Break> {
        self.heads.check_latest(room, latest, self.before.reach(room))?;
        self.heads.pass(room, row)?;
        let mut single = single.iter().map(|record| record.position());
        single.try_for_each(|position| self.heads.check(room, position))?;
        self.heads.show(room, latest)
    }
}

#[cfg(test)]
mod tests;
