//! Reading for the window: following rooms, pages, threads, searches, calls. Each is a task of its own;
//! what comes from the server is kept before it is told. Without a connection it answers from what
//! this computer holds.

mod offline;
mod rooms;

use std::time::Duration;

use tokio::time::{sleep, timeout};
use warproom_client::proto::calls::{self, From, HistoryPage, HistoryReferring};
use warproom_client::proto::{Body, ErrorCode, LogId, Record, RoomId, Seq, Text, limits};
use warproom_client::{CallError, Client, Delivered, Discontinuity, Rewritten, State};

use crate::News;
use crate::news::{Page, Refusal};
use crate::request::{Reply, Request};
use crate::world::keeper::{Link, wait};
use crate::world::refusal;
use crate::world::shelf::{Held, Shelf};
use crate::world::teller::Teller;

pub(super) use rooms::Rooms;
use rooms::Start;

/// Records of a page: as many as the server gives.
#[expect(clippy::cast_possible_truncation, reason = "200 fits")]
const PAGE: u16 = limits::PAGE as u16;

/// Pages of one thread that are read: more replies than anybody reads beside a room.
const THREAD_PAGES: usize = 10;

/// Hits of one search: a few screens. Searching on brings more.
const HITS: u16 = 50;

/// How long a page or a call may take: the server answers in milliseconds, and a bad line ends the
/// connection sooner than this.
const ANSWER: Duration = Duration::from_secs(30);

/// How long what is asked for in many parts may take: a thread, a search through a long room.
const ANSWERS: Duration = Duration::from_mins(2);

/// Reads for the window. Cheap to clone.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) shelf: Shelf,
    pub(super) teller: Teller,
    pub(super) link: Link,
    pub(super) rooms: Rooms,
}

/// Why something was not read from the server.
enum Unread {
    /// There is no connection.
    Offline,
    /// It says no.
    Refused(Refusal),
}

impl Reader {
    /// Follows a room, once there is a connection, unless it is followed already. Tries until it can or
    /// need not any more; that it could not is told once.
    pub(super) async fn follow(mut self, room: RoomId) {
        if !self.rooms.begin(room) {
            return;
        }
        for attempt in 0_u32.. {
            match self.try_to_follow(room).await {
                Ok(Some(latest)) => return self.rooms.follows(room, latest),
                Ok(None) => break,
                Err(refusal) if attempt == 0 => self.teller.trouble(refusal).await,
                Err(refusal) => tracing::info!(%refusal, attempt, "a room cannot be followed"),
            }
            sleep(wait(attempt, fastrand::u16(..))).await;
            if !self.rooms.is_wanted(room) {
                // Left, or rewritten, meanwhile.
                return;
            }
        }
        self.rooms.end(room);
    }

    /// The last record of the room that is followed now; none: it is not to be followed, which is told
    /// otherwise.
    async fn try_to_follow(&mut self, room: RoomId) -> Result<Option<Seq>, Refusal> {
        let rooms = self.rooms.clone();
        let Start { after, held } = self.shelf.with(move |held| rooms.start(held, room)).await?;
        let Some(client) = self.client().await else { return Ok(None) };
        connected(&client).await;
        if let Some(held) = held {
            // The client's own memory is written less often than what is held.
            client.holds(room, held).await;
        }
        match timeout(ANSWER, client.follow(room, after)).await {
            Ok(Ok(latest)) => Ok(Some(latest.seq)),
            Ok(Err(CallError::Rewritten(_) | CallError::SignedOut(_))) => Ok(None),
            Ok(Err(error)) if error.code().is_some_and(is_not_here) => Ok(None),
            Ok(Err(error)) => Err(refusal::of_call(&error)),
            Err(_) => Err(refusal::no_answer()),
        }
    }

    /// Believes the register or the audit log as it is now.
    pub(super) fn trust_log(&self, log: LogId) {
        let Some(client) = self.link.borrow().clone() else { return };
        if log == LogId::AUDIT {
            client.forget_audit();
        } else {
            client.forget_register();
        }
    }

    /// Believes a room's history as it is now.
    pub(super) async fn trust(self, room: RoomId) {
        if let Some(client) = self.link.borrow().clone() {
            client.forget(room);
        }
        // What is held of it may not be what the server has now.
        match self.shelf.with(move |held| held.renew(room)).await {
            Ok(()) => {
                self.rooms.forget(room);
                self.follow(room).await;
            }
            Err(refusal) => self.teller.trouble(refusal).await,
        }
    }

    /// Reads a page.
    pub(super) async fn page(self, room: RoomId, from: From) {
        let page = self.find_page(room, from).await;
        self.teller.tell(News::Page { room, from, page }).await;
    }

    async fn find_page(&self, room: RoomId, from: From) -> Result<Page, Refusal> {
        if let Some(page) = self.page_held(room, from).await? {
            return Ok(page);
        }
        let call = HistoryPage { room, from, limit: PAGE };
        let page = match self.ask(ANSWER, async |client| client.call(call).await).await {
            Ok(page) => in_room(room, page),
            Err(Unread::Refused(refusal)) => return Err(refusal),
            Err(Unread::Offline) => return self.page_offline(room, from).await,
        };
        self.keep(room, page.entries.iter().chain(&page.amendments).cloned().collect()).await?;
        Ok(page)
    }

    /// A page from what is held, where that is what the server would give: only of a room that is followed,
    /// with everything kept. Of another one it is not known what was taken back since.
    async fn page_held(&self, room: RoomId, from: From) -> Result<Option<Page>, Refusal> {
        if !self.rooms.is_followed(room) {
            return Ok(None);
        }
        let look = move |held: &mut Held| {
            if held.is_closed(room) { Ok(None) } else { held.profile.page(room, from, PAGE) }
        };
        self.shelf.with(look).await
    }

    /// Keeps what was read, for when there is no connection. Fails if it is not what was read before.
    async fn keep(&self, room: RoomId, entries: Vec<Delivered>) -> Result<(), Refusal> {
        match self.shelf.with(move |held| held.keep_read(room, entries)).await {
            Ok(None) => Ok(()),
            Ok(Some(seq)) => {
                let client = self.link.borrow().clone();
                if let Some(client) = client {
                    client.holds_another(room, seq).await;
                }
                let found = Rewritten { room: Some(room), seq, how: Discontinuity::Changed };
                Err(refusal::of_call(&CallError::Rewritten(found)))
            }
            Err(refusal) => {
                // It can be read all the same.
                tracing::warn!(%refusal, "what was read could not be kept");
                Ok(())
            }
        }
    }

    /// Reads what refers to an entry.
    pub(super) async fn thread(self, room: RoomId, to: Seq) {
        let entries = match self.ask(ANSWERS, async |client| thread(client, room, to).await).await {
            Ok(entries) => self.keep(room, entries.clone()).await.map(|()| entries),
            Err(Unread::Refused(refusal)) => Err(refusal),
            Err(Unread::Offline) => {
                self.shelf.with(move |held| held.profile.thread(room, to)).await
            }
        };
        self.teller.tell(News::Thread { room, to, entries }).await;
    }

    /// Searches a room.
    pub(super) async fn search(self, search: u64, room: RoomId, text: Text, before: Option<Seq>) {
        let found = async |client: &Client| {
            let mut hits = client.search(room, text.clone(), before, HITS).await?;
            let mut room_left = usize::from(HITS);
            while let Some(hit) = hits.next().await {
                // More than were asked for are none of ours.
                if room_left > 0 {
                    room_left -= 1;
                    self.teller.tell(News::Found { search, hit }).await;
                }
            }
            hits.end().await
        };
        let end = match self.ask(ANSWERS, found).await {
            Ok(end) => Ok(end),
            Err(Unread::Refused(refusal)) => Err(refusal),
            Err(Unread::Offline) => self.search_offline(search, room, &text, before).await,
        };
        self.teller.tell(News::SearchEnded { search, end }).await;
    }

    /// Reads records again that got a stricter label, and tells them: whoever may not read them any more
    /// gets no more than stubs, which erase what was held. Tries until the server has said.
    pub(super) async fn read_again(mut self, room: RoomId, mut seqs: Vec<Seq>) {
        let mut attempt = 0;
        while let Some(first) = seqs.iter().min().copied() {
            let Some(client) = self.client().await else { return };
            connected(&client).await;
            let from = From::After(first.saturating_sub(1));
            let call = HistoryPage { room, from, limit: PAGE };
            match timeout(ANSWER, client.call(call)).await {
                Ok(Ok(page)) => {
                    let page = in_room(room, page);
                    let last = page.entries.last().map_or(first, |entry| entry.seq.max(first));
                    seqs.retain(|seq| *seq > last);
                    let read = page.entries.iter().chain(&page.amendments).cloned().collect();
                    if self.keep(room, read).await.is_err() {
                        return;
                    }
                    self.teller.tell(News::Page { room, from, page: Ok(page) }).await;
                    attempt = 0;
                }
                // Signed out, or out of the room: what is held goes with that.
                Ok(Err(CallError::SignedOut(_))) => return,
                Ok(Err(error)) if error.code().is_some_and(is_not_here) => return,
                Ok(Err(_)) | Err(_) => {
                    sleep(wait(attempt, fastrand::u16(..))).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Makes a call, and remembers its reply if that is to be.
    pub(super) async fn call(self, request: Request) {
        let answer = match self.ask(ANSWER, async |client| request.clone().make(client).await).await
        {
            Ok(reply) => Ok(reply),
            Err(Unread::Refused(refusal)) => Err(refusal),
            Err(Unread::Offline) => Err(refusal::not_connected()),
        };
        if let Ok(reply) = &answer {
            self.rooms.note_reply(reply);
            self.remember(&request, reply).await;
        }
        self.teller.tell(News::Answered(request, answer)).await;
    }

    /// Proves that a record is in the audit log.
    pub(super) async fn prove(self, seq: Seq) {
        let proof = self.asked(async |client| client.prove_audit(seq).await).await;
        self.teller.tell(News::Proved { seq, proof }).await;
    }

    /// Reads the audit log's present checkpoint.
    pub(super) async fn checkpoint(self) {
        let signed = self.asked(async |client| client.audit_checkpoint().await).await;
        self.teller.tell(News::Checkpoint(signed)).await;
    }

    /// Asks the server for what this computer does not hold.
    async fn asked<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, CallError>,
    ) -> Result<T, Refusal> {
        self.ask(ANSWER, ask).await.map_err(|unread| match unread {
            Unread::Refused(refusal) => refusal,
            Unread::Offline => refusal::not_connected(),
        })
    }

    async fn remember(&self, request: &Request, reply: &Reply) {
        if !request.is_remembered() {
            return;
        }
        let (request, reply) = (request.clone(), reply.clone());
        let keep = move |held: &mut Held| {
            // Its room was left while it was on its way.
            if request.tells_of().is_some_and(|room| held.is_closed(room)) {
                return Ok(());
            }
            if let Reply::ListRooms(list) = &reply {
                held.forget_all_but(list)?;
            }
            held.profile.remember(&request, &reply)
        };
        let kept = self.shelf.with(keep).await;
        if let Err(refusal) = kept {
            tracing::warn!(%refusal, "a reply could not be kept");
        }
    }

    /// Asks the server, if there is a connection.
    async fn ask<T>(
        &self,
        within: Duration,
        ask: impl AsyncFnOnce(&Client) -> Result<T, CallError>,
    ) -> Result<T, Unread> {
        let client = self.link.borrow().clone().ok_or(Unread::Offline)?;
        let was_connected = *client.state().borrow() == State::Connected;
        match timeout(within, ask(&client)).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(CallError::Disconnected)) if !was_connected => Err(Unread::Offline),
            Ok(Err(error)) => Err(Unread::Refused(refusal::of_call(&error))),
            Err(_) => Err(Unread::Refused(refusal::no_answer())),
        }
    }

    /// The client, as soon as there is one; none if there will not be one.
    async fn client(&mut self) -> Option<Client> {
        self.link.wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// Waits while there is no connection; not for one that is signed out for good.
async fn connected(client: &Client) {
    let is_settled = |state: &State| !matches!(state, State::Reconnecting { .. });
    // The client is gone with its last state otherwise.
    let _ = client.state().wait_for(is_settled).await;
}

/// What refers to an entry, and what amends that.
async fn thread(client: &Client, room: RoomId, to: Seq) -> Result<Vec<Delivered>, CallError> {
    let mut entries = Vec::new();
    let mut after = 0;
    for _ in 0..THREAD_PAGES {
        let page = client.call(HistoryReferring { room, to, after, limit: PAGE }).await?;
        // A page may be short and not the last: what may not be read is left out of it.
        let Some(last) = page.records.last() else { break };
        after = last.seq;
        let records = page.records.into_iter().chain(page.amendments);
        entries.extend(records.map(|record| delivered(room, record)));
    }
    entries.sort_by_key(|entry: &Delivered| entry.seq);
    entries.dedup_by_key(|entry| entry.seq);
    Ok(entries)
}

fn is_not_here(code: ErrorCode) -> bool {
    code == ErrorCode::NotFound
}

/// A page as the server gave it.
fn in_room(room: RoomId, page: calls::Page) -> Page {
    let all = |records: Vec<Record>| {
        records.into_iter().map(|record| delivered(room, record)).collect::<Vec<_>>()
    };
    let latest = page.latest.seq;
    Page { entries: all(page.records), amendments: all(page.amendments), latest }
}

/// A record as it is delivered.
fn delivered(room: RoomId, record: Record) -> Delivered {
    let (at_ms, entry) = match &record.body {
        Body::Shown { at_ms, item, .. } => (Some(*at_ms), serde_json::from_str(item.get()).ok()),
        Body::Withheld { .. } => (None, None),
    };
    Delivered { room, seq: record.seq, at_ms, entry, record }
}
