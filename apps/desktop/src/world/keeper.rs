//! Keeps the connection of the open profile: makes it, hands on its events, tells how it is.
//!
//! What events bring is on disk before it is told. Until the first sign-in this tries again and again
//! itself; afterwards the client crate does.

use std::future::ready;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use warproom_client::proto::Name;
use warproom_client::proto::calls::{Me, SignedIn};
use warproom_client::proto::invitation::Address;
use warproom_client::{
    Client, ConnectError, Connector, Credentials, Event, Events, Heads, SignOut, State, Trouble,
};

use crate::News;
use crate::news::{self, Connection};
use crate::profile::Identity;
use crate::world::reader::{Reader, Rooms};
use crate::world::refusal;
use crate::world::shelf::Shelf;
use crate::world::teller::{Teller, now_ms};

/// The client, once there is one that is not signed out.
pub(super) type Link = watch::Receiver<Option<Client>>;

/// How often what is remembered of the server's logs is kept, if it changed. What is lost of it in a
/// crash is learnt again.
const HEADS: Duration = Duration::from_secs(2);

/// The longest wait that a server may ask for, as in the client crate.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

/// Events that are kept in one transaction at most: a frame's worth of a flood.
const BATCH: usize = 256;

/// Keeps a connection.
pub(super) struct Keeper {
    pub(super) shelf: Shelf,
    pub(super) teller: Teller,
    pub(super) rooms: Rooms,
    pub(super) link: watch::Sender<Option<Client>>,
    /// As the profile has it: kept again if the server says otherwise.
    pub(super) known: (Me, Name),
    /// What was told last.
    pub(super) told: Connection,
    /// Reads again what got a stricter label.
    pub(super) reader: Reader,
    /// What it is at.
    pub(super) reading: JoinSet<()>,
}

impl Keeper {
    /// Runs until this device is signed out for good.
    pub(super) async fn run(mut self, identity: Identity, heads: Heads) {
        self.say(Connection::Connecting).await;
        let enrolled = identity.address.clone();
        let credentials = Credentials::Device { device: identity.device, key: identity.key };
        let connector = Connector::new(identity.address, credentials).heads(heads);
        let reason = match self.connect(connector).await {
            Ok((client, events)) => self.serve(client, events, enrolled).await,
            Err(error) => refusal::of_connect(&error),
        };
        self.link.send_replace(None);
        self.say(Connection::SignedOut { why: reason.to_string() }).await;
    }

    /// Signs in for the first time. Fails where trying again is of no use.
    async fn connect(&mut self, connector: Connector) -> Result<(Client, Events), ConnectError> {
        let mut attempt = 0;
        loop {
            let error = match Box::pin(connector.clone().connect()).await {
                Ok(connected) => return Ok(connected),
                Err(error) if !error.is_worth_retrying() => return Err(error),
                Err(error) => error,
            };
            tracing::info!(%error, attempt, "cannot connect");
            let asked = error.retry_after().unwrap_or_default().min(LONGEST_ASKED);
            let wait = wait(attempt, fastrand::u16(..)).max(asked);
            attempt += 1;
            let intercepted = Trouble::from(&error) == Trouble::Untrusted;
            let why = refusal::of_connect(&error).to_string();
            self.say(Connection::Reconnecting { at_ms: after(wait), why, intercepted }).await;
            sleep(wait).await;
        }
    }

    async fn serve(
        &mut self,
        client: Client,
        mut events: Events,
        enrolled: Address,
    ) -> news::Refusal {
        // First the client, so that what is asked for on signing in can be asked.
        self.link.send_replace(Some(client.clone()));
        self.signed_in(client.signed_in()).await;
        self.say_address(&client, &enrolled).await;
        let mut state = client.state();
        let mut heads = Remembered::of(&client);
        loop {
            tokio::select! {
                biased;
                Ok(()) = state.changed() => {
                    let now = state.borrow_and_update().clone();
                    self.say_state(&now).await;
                }
                event = events.next() => match event {
                    Some(event) => {
                        let batch = batch(event, &mut events).await;
                        let now = state.borrow_and_update().clone();
                        let is_back = batch.iter().any(|one| matches!(one, Event::Reconnected(_)));
                        self.take(batch, &now).await;
                        if is_back {
                            self.say_address(&client, &enrolled).await;
                        }
                    }
                    None => break,
                },
                _ = heads.tick.tick() => heads.keep(&client, &self.shelf).await,
            }
        }
        let last = state.borrow().clone();
        match last {
            State::SignedOut { reason } => refusal::of_sign_out(&reason),
            State::Connected | State::Reconnecting { .. } => refusal::of_sign_out(&SignOut::Closed),
        }
    }

    /// Keeps a batch of events, then tells it. `state` is how the connection is after them.
    async fn take(&mut self, batch: Vec<Event>, state: &State) {
        let kept = self.shelf.with(|held| {
            let kept = held.keep(&batch);
            Ok((batch, kept))
        });
        // Closed meanwhile: nobody is told what was not kept.
        let Ok((batch, (tightened, kept))) = kept.await else { return };
        let mut told = Vec::with_capacity(batch.len());
        if let Err(error) = kept {
            tracing::error!(%error, "entries could not be kept");
            told.push(News::Trouble(error.into()));
        }
        for event in batch {
            if let Event::Reconnected(signed_in) = event {
                self.teller.tell_all(std::mem::take(&mut told)).await;
                self.say_state(state).await;
                self.signed_in(signed_in).await;
            } else {
                self.rooms.note_event(&event);
                told.extend(in_words(event));
            }
        }
        self.teller.tell_all(told).await;
        while self.reading.try_join_next().is_some() {}
        // After it was told what they are labelled now.
        for (room, seqs) in tightened {
            self.reading.spawn(self.reader.clone().read_again(room, seqs));
        }
    }

    async fn signed_in(&mut self, signed_in: SignedIn) {
        let SignedIn { me, warp_name: warp, .. } = signed_in;
        if self.known != (me.clone(), warp.clone()) {
            self.known = (me.clone(), warp.clone());
            let (me, warp) = (me.clone(), warp.clone());
            let kept = self.shelf.with(move |held| held.profile.keep_identity(&me, &warp)).await;
            if let Err(refusal) = kept {
                self.teller.trouble(refusal).await;
            }
        }
        self.say(Connection::Connected).await;
        self.teller.tell(News::SignedIn(news::SignedIn { warp, me })).await;
    }

    /// Tells by which authority the server is known: it may be another since the last sign-in.
    async fn say_address(&self, client: &Client, enrolled: &Address) {
        let address = client.address(enrolled.clone());
        self.teller.tell(News::Address(address.to_string())).await;
    }

    async fn say_state(&mut self, state: &State) {
        match state {
            State::Connected => self.say(Connection::Connected).await,
            State::Reconnecting { wait, trouble, .. } => {
                let (at_ms, why) = (after(*wait), trouble.to_string());
                let intercepted = *trouble == Trouble::Untrusted;
                self.say(Connection::Reconnecting { at_ms, why, intercepted }).await;
            }
            // Told at the end, after everything that came before it.
            State::SignedOut { .. } => {}
        }
    }

    /// Says how the connection is, if that is news.
    async fn say(&mut self, connection: Connection) {
        if self.told != connection {
            self.told = connection.clone();
            self.teller.tell(News::Connection(connection)).await;
        }
    }
}

/// An event, and those that wait behind it.
async fn batch(first: Event, events: &mut Events) -> Vec<Event> {
    let mut batch = vec![first];
    while batch.len() < BATCH {
        tokio::select! {
            biased;
            Some(event) = events.next() => batch.push(event),
            () = ready(()) => break,
        }
    }
    batch
}

/// What an event is to the window.
fn in_words(event: Event) -> Option<News> {
    Some(match event {
        Event::Entry(delivered) => News::Entry(delivered),
        Event::RoomJoined(summary) => News::RoomJoined(summary),
        Event::RoomLeft(room) => News::RoomLeft(room),
        Event::Typing { room, member } => News::Typing { room, member },
        Event::Presence { room, member, here } => News::Presence { room, member, here },
        Event::Reminder(outstanding) => News::Reminder(outstanding),
        Event::CommonCause(cause) => News::CommonCause(cause),
        Event::Rewritten(rewritten) => News::Rewritten(rewritten),
        Event::AuditProved => News::AuditProved,
        // Told as a sign-in, or of a newer client crate.
        _ => return None,
    })
}

/// What was kept last of what is remembered of the server's logs.
struct Remembered {
    heads: Heads,
    tick: Interval,
}

impl Remembered {
    fn of(client: &Client) -> Self {
        let mut tick = interval(HEADS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset_after(HEADS);
        Self { heads: client.heads(), tick }
    }

    async fn keep(&mut self, client: &Client, shelf: &Shelf) {
        let heads = client.heads();
        if heads == self.heads {
            return;
        }
        self.heads = heads.clone();
        // Tried again with the next change, and at the end.
        if let Err(refusal) = shelf.with(move |held| held.profile.keep_heads(&heads)).await {
            tracing::warn!(%refusal, "heads could not be kept");
        }
    }
}

/// The wait before the next attempt, at the first sign-in and at following a room: spans of 1, 2, 4 … 30 seconds, half of which is
/// drawn, so that the clients of a restarted server do not all come at once. `chance` is anything
/// random.
pub(super) fn wait(attempt: u32, chance: u16) -> Duration {
    /// The most that an officer waits once the network is back.
    const LONGEST: Duration = Duration::from_secs(30);
    let span = Duration::from_secs(2_u64.saturating_pow(attempt.min(5))).min(LONGEST);
    span / 2 + span / 2 * u32::from(chance) / u32::from(u16::MAX)
}

/// So long from now, in milliseconds since 1970 UTC.
fn after(wait: Duration) -> i64 {
    now_ms().saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_second_to_half_a_minute() {
        let longest: Vec<_> = (0..7).map(|attempt| wait(attempt, u16::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(wait(0, 0), Duration::from_millis(500));
        assert_eq!(wait(u32::MAX, 0), Duration::from_secs(15));
    }
}
