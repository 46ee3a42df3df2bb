//! Starting a client: the first sign-in, and the worker that keeps it signed in.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use warproom_proto::invitation::Address;

use crate::client::{Client, Hold, Memory};
use crate::error::ConnectError;
use crate::event::{Delivery, Events};
use crate::heads::Heads;
use crate::key::Credentials;
use crate::sign_in::{FIRST_ID, sign_in};
use crate::state::State;
use crate::transport::Dialler;
use crate::worker::Worker;

/// Connects and signs in, with the usual options and nothing remembered.
pub async fn connect(
    address: Address,
    credentials: Credentials,
) -> Result<(Client, Events), ConnectError> {
    Connector::new(address, credentials).connect().await
}

/// How to connect.
#[derive(Clone)]
pub struct Connector {
    address: Address,
    credentials: Credentials,
    heads: Heads,
    event_queue: usize,
    outbox: usize,
    #[cfg(feature = "simulated")]
    network: Option<crate::simulated::Network>,
}

impl Connector {
    /// To this address, as this device or bot.
    #[must_use]
    pub fn new(address: Address, credentials: Credentials) -> Self {
        /// A few screens of a busy room; what exceeds it is read from history.
        const EVENTS: usize = 256;
        /// Hours of typing without a network.
        const OUTBOX: usize = 1024;
        Self {
            address,
            credentials,
            heads: Heads::default(),
            event_queue: EVENTS,
            outbox: OUTBOX,
            #[cfg(feature = "simulated")]
            network: None,
        }
    }

    /// In a simulated network, whatever the address says.
    #[cfg(feature = "simulated")]
    #[must_use]
    pub fn network(mut self, network: crate::simulated::Network) -> Self {
        self.network = Some(network);
        self
    }

    /// Remembering what an earlier client saw of the server's logs.
    #[must_use]
    pub fn heads(mut self, heads: Heads) -> Self {
        self.heads = heads;
        self
    }

    /// With an event queue of this many events (256 if not said, and at least 1).
    #[must_use]
    pub fn event_queue(mut self, events: usize) -> Self {
        self.event_queue = events.max(1);
        self
    }

    /// With an outbox of this many entries (1024 if not said, and at least 1).
    #[must_use]
    pub fn outbox(mut self, entries: usize) -> Self {
        self.outbox = entries.max(1);
        self
    }

    /// Connects and signs in. Waits for the first sign-in and tells why it failed; afterwards the
    /// client reconnects by itself for as long as its credentials are good.
    pub async fn connect(self) -> Result<(Client, Events), ConnectError> {
        /// Commands that wait for their turn; who makes more of them waits to hand them in.
        const COMMANDS: usize = 64;
        let dialler = Dialler::new(&self.heads.address(self.address))?;
        #[cfg(feature = "simulated")]
        let dialler = dialler.within(self.network);
        let seen = self.heads.audit().map(|known| known.size);
        let (link, signed_in) = sign_in(&dialler, &self.credentials, seen).await?;

        let (commands, commands_in) = mpsc::channel(COMMANDS);
        let (outbox, outbox_in) = mpsc::channel(self.outbox);
        let (events_in, events) = mpsc::channel(self.event_queue);
        let (state_in, state) = watch::channel(State::Connected);
        let closing = Arc::new(Notify::new());
        let memory = Arc::new(Memory::new(FIRST_ID + 1, self.heads, signed_in.clone()));
        let mut worker = Worker {
            dialler,
            credentials: self.credentials,
            memory: memory.clone(),
            closing: closing.clone(),
            commands: commands_in,
            state: state_in,
            delivery: Delivery::new(events_in),
            rooms: crate::worker::rooms::Rooms::default(),
            calls: crate::worker::calls::Calls::default(),
            outbox: crate::worker::outbox::Outbox::new(outbox_in),
            audit: crate::worker::audit::Audit::default(),
            attempt: 0,
        };
        worker.check_sign_in(&signed_in, link.established.authority);
        tokio::spawn(worker.run(link));
        let client = Client { commands, outbox, state, memory, hold: Arc::new(Hold { closing }) };
        Ok((client, Events(events)))
    }
}
