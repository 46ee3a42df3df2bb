//! Holding replies against what is remembered of the logs, and walking a log from where its walk ended.
//!
//! Every reply that names a position passes here before the application gets it. A page or board that
//! does not fit is not handed out; a list that names one room too short still is, and an event tells of the
//! room. What the positions mean is in [`crate::heads`].

use std::any::{Any, TypeId};

use warproom_proto::calls::{
    Board, BoardHistory, Call, DiscloseRoom, DisclosedPage, From, HistoryPage, HistoryReferring,
    Page, Posted, RegisterPage, RoomExport, RoomList, ShowBoard,
};
use warproom_proto::{Position, Record, RoomId};

use crate::client::{Client, Command};
use crate::error::CallError;
use crate::event::Rewritten;
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

    /// Remembers where an entry came to stand.
    pub(crate) async fn look_at_posted(&self, room: RoomId, posted: &Posted) {
        let shown = Position { seq: posted.seq, head: posted.head };
        let checked = self.memory.known().heads.show(Some(room), shown);
        if let Err((seq, how)) = checked {
            self.tell(Rewritten { room: Some(room), seq, how }).await;
        }
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
        if let Some(HistoryPage { room, .. }) = call.downcast_ref() {
            look.at(Some(*room), page.latest, row, &single);
        } else if let Some(RegisterPage { .. }) = call.downcast_ref() {
            look.at(None, page.latest, row, &single);
        } else if let Some(RoomExport { room, .. }) = call.downcast_ref() {
            look.at(Some(*room), page.latest, row, &single);
        } else if let Some(HistoryReferring { room, .. }) = call.downcast_ref() {
            look.at(Some(*room), page.latest, &[], &single);
        } else if let Some(BoardHistory { room, .. }) = call.downcast_ref() {
            look.at(Some(*room), page.latest, &[], &single);
        }
    }
    look.found
}

struct Look<'a> {
    before: &'a Heads,
    heads: &'a mut Heads,
    found: Vec<Rewritten>,
}

impl Look<'_> {
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
        // A log that was forgotten meanwhile is believed as it is.
        let floor = self.before.reach(room).min(self.heads.reach(room));
        self.heads.check_latest(room, latest, floor)?;
        self.heads.pass(room, row)?;
        let mut single = single.iter().map(|record| record.position());
        single.try_for_each(|position| self.heads.check(room, position))?;
        self.heads.show(room, latest)
    }
}
