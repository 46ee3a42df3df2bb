//! One client of the soak: it stays connected, follows every room its member is in, and folds what it
//! receives.
//!
//! It is the client crate as an application uses it: rooms are listed at first and after a reconnect,
//! followed from the last record that was taken, and left when the server says so. Where the member is
//! suspended it is signed out, and tries again until it may come back or is told to go.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use warproom_client::{Client, Connector, Credentials, Event, Events, Heads};
use warproom_proto::calls::ListRooms;
use warproom_proto::invitation::Address;
use warproom_proto::{ErrorCode, MemberId, RoomId};

use super::counts::{Counts, What};
use super::view::View;

/// How long it waits before it signs in again, where it was refused.
const AGAIN: Duration = Duration::from_millis(400);

/// A client and what it knows.
pub struct Seat {
    /// Whose it is.
    pub member: MemberId,
    address: Address,
    credentials: Credentials,
    counts: Arc<Counts>,
    view: Mutex<View>,
    client: Mutex<Option<Client>>,
    goes: AtomicBool,
}

impl Seat {
    /// A client that is not connected yet.
    #[must_use]
    pub fn new(
        member: MemberId,
        address: Address,
        credentials: Credentials,
        counts: Arc<Counts>,
    ) -> Self {
        let (view, client, goes) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        Self { member, address, credentials, counts, view, client, goes }
    }

    /// What it knows.
    pub fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handle to it, while it is signed in; it may be without a connection all the same.
    pub fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How its member connects, to read everything afresh.
    pub fn afresh(&self) -> Connector {
        Connector::new(self.address.clone(), self.credentials.clone())
    }

    /// Lets it end once the server has signed it out.
    pub fn let_go(&self) {
        self.goes.store(true, Ordering::Relaxed);
    }

    /// Stays signed in until it is let go and signed out.
    pub async fn stay(self: Arc<Self>) {
        let mut heads = Heads::default();
        loop {
            let connecting = self.afresh().heads(heads.clone()).connect();
            if let Ok((client, events)) = connecting.await {
                self.hold(Some(client.clone()));
                self.attend(&client, events).await;
                self.hold(None);
                heads = client.heads();
                self.counts.add(What::SignedOut, 1);
            }
            if self.goes.load(Ordering::Relaxed) {
                return;
            }
            sleep(AGAIN).await;
        }
    }

    fn hold(&self, client: Option<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Takes everything that comes, until the client is signed out.
    async fn attend(&self, client: &Client, mut events: Events) {
        let mut followed = HashSet::new();
        self.list(client, &mut followed).await;
        while let Some(event) = events.next().await {
            match event {
                Event::Entry(entry) => {
                    self.counts.add(What::Delivered, 1);
                    self.view().take(entry.room, &entry.record, entry.entry.as_ref());
                }
                Event::RoomJoined(room) if room.role.is_some() => {
                    self.follow(client, room.room, &mut followed).await;
                }
                Event::RoomLeft(room) => {
                    followed.remove(&room);
                    self.view().room(room).is_here = false;
                    // Whoever is let in again while this waited is told before, and not after.
                    self.list(client, &mut followed).await;
                }
                Event::Reconnected(_) => {
                    self.counts.add(What::Reconnected, 1);
                    self.list(client, &mut followed).await;
                }
                // Nobody rewrites anything: whatever this client makes of it is wrong.
                Event::Rewritten(found) => self.counts.fault(format!(
                    "a client of {} is told that the log \"{}\" does not hold: {found:?}",
                    self.member,
                    found.log()
                )),
                Event::Typing { .. } => self.counts.add(What::TypingSeen, 1),
                Event::Presence { .. } => self.counts.add(What::PresenceSeen, 1),
                _ => {}
            }
        }
    }

    /// Lists the rooms and follows those that are new. Without a connection it is done again after the
    /// next.
    async fn list(&self, client: &Client, followed: &mut HashSet<RoomId>) {
        loop {
            match client.call(ListRooms::default()).await {
                Ok(list) => {
                    let listed: HashSet<_> = list.rooms.iter().map(|room| room.room).collect();
                    for (room, view) in &mut self.view().rooms {
                        view.is_here &= listed.contains(room);
                    }
                    for room in listed {
                        self.follow(client, room, followed).await;
                    }
                    return;
                }
                Err(error) => match error.retry_after() {
                    Some(wait) => sleep(wait).await,
                    None => return,
                },
            }
        }
    }

    async fn follow(&self, client: &Client, room: RoomId, followed: &mut HashSet<RoomId>) {
        if !followed.insert(room) {
            return;
        }
        let after = {
            let mut view = self.view();
            let view = view.room(room);
            view.is_here = true;
            view.last()
        };
        let Err(error) = client.follow(room, Some(after)).await else { return };
        followed.remove(&room);
        // Otherwise signed out or cut off: it is followed from the list of the next connection. That a history
        // does not hold is told by an event as well.
        if error.code() == Some(ErrorCode::NotFound) {
            self.view().room(room).is_here = false;
        }
    }
}
