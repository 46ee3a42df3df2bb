//! Reading for the window: following rooms, pages, threads, searches, calls. Each is a task of its own;
//! what comes from the server is kept before it is told. Without a connection it answers from what
//! this computer holds.

mod offline;
mod rooms;

use warproom_client::proto::calls::{self, From, HistoryPage, HistoryReferring};
use warproom_client::proto::{Body, ErrorCode, Record, RoomId, Seq, Text, limits};
use warproom_client::{CallError, Client, Delivered, State};

use crate::News;
use crate::news::{Page, Refusal};
use crate::request::{Reply, Request};
use crate::world::keeper::Link;
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
    /// Follows a room, once there is a connection, unless it is followed already.
    pub(super) async fn follow(mut self, room: RoomId) {
        if !self.rooms.begin(room) {
            return;
        }
        let start = self.rooms.clone();
        let start = self.shelf.with(move |held| start.start(held, room)).await;
        let followed = match (start, self.client().await) {
            (Err(refusal), _) => Err(refusal),
            (Ok(_), None) => Ok(()),
            (Ok(Start { after }), Some(client)) => match client.follow(room, after).await {
                Ok(latest) => return self.rooms.note(room, latest.seq),
                // Being out of the room, and a history that does not hold, are told as such.
                Err(CallError::Rewritten(_) | CallError::SignedOut(_)) => Ok(()),
                Err(error) if error.code().is_some_and(is_not_here) => Ok(()),
                Err(error) => Err(refusal::of_call(&error)),
            },
        };
        self.rooms.end(room);
        if let Err(refusal) = followed {
            self.teller.trouble(refusal).await;
        }
    }

    /// Believes a history as it is now.
    pub(super) async fn trust(self, room: Option<RoomId>) {
        let client = self.link.borrow().clone();
        let Some(room) = room else {
            return client.iter().for_each(Client::forget_register);
        };
        if let Some(client) = client {
            client.forget(room);
        }
        // What is held of it may not be what the server has now.
        match self.shelf.with(move |held| held.renew(room)).await {
            Ok(()) => {
                self.rooms.end(room);
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
        let held = self.shelf.with(move |held| held.profile.page(room, from, PAGE)).await?;
        if let Some(page) = held {
            return Ok(page);
        }
        let call = HistoryPage { room, from, limit: PAGE };
        let page = match self.ask(async |client| client.call(call).await).await {
            Ok(page) => in_room(room, page),
            Err(Unread::Refused(refusal)) => return Err(refusal),
            Err(Unread::Offline) => return self.page_offline(room, from).await,
        };
        self.keep(room, page.entries.iter().chain(&page.amendments).cloned().collect()).await;
        Ok(page)
    }

    /// Keeps what was read, for when there is no connection.
    async fn keep(&self, room: RoomId, entries: Vec<Delivered>) {
        let kept = self.shelf.with(move |held| held.keep_read(room, entries)).await;
        if let Err(refusal) = kept {
            // It can be read all the same.
            tracing::warn!(%refusal, "what was read could not be kept");
        }
    }

    /// Reads what refers to an entry.
    pub(super) async fn thread(self, room: RoomId, to: Seq) {
        let entries = match self.ask(async |client| thread(client, room, to).await).await {
            Ok(entries) => {
                self.keep(room, entries.clone()).await;
                Ok(entries)
            }
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
            while let Some(hit) = hits.next().await {
                self.teller.tell(News::Found { search, hit }).await;
            }
            hits.end().await
        };
        let end = match self.ask(found).await {
            Ok(end) => Ok(end),
            Err(Unread::Refused(refusal)) => Err(refusal),
            Err(Unread::Offline) => self.search_offline(search, room, &text, before).await,
        };
        self.teller.tell(News::SearchEnded { search, end }).await;
    }

    /// Makes a call, and remembers its reply if that is to be.
    pub(super) async fn call(self, request: Request) {
        let answer = match self.ask(async |client| request.clone().make(client).await).await {
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

    async fn remember(&self, request: &Request, reply: &Reply) {
        if !request.is_remembered() {
            return;
        }
        let (request, reply) = (request.clone(), reply.clone());
        let keep = move |held: &mut Held| {
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
        ask: impl AsyncFnOnce(&Client) -> Result<T, CallError>,
    ) -> Result<T, Unread> {
        let client = self.link.borrow().clone().ok_or(Unread::Offline)?;
        let was_connected = *client.state().borrow() == State::Connected;
        match ask(&client).await {
            Ok(reply) => Ok(reply),
            Err(CallError::Disconnected) if !was_connected => Err(Unread::Offline),
            Err(error) => Err(Unread::Refused(refusal::of_call(&error))),
        }
    }

    /// The client, as soon as there is one; none if there will not be one.
    async fn client(&mut self) -> Option<Client> {
        self.link.wait_for(Option::is_some).await.ok()?.clone()
    }
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
