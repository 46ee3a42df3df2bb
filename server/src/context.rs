//! What handlers work with. It holds the parts and no behaviour.

use std::sync::{Arc, RwLock, RwLockReadGuard};

use tokio::sync::Semaphore;
use warproom_proto::invitation::Address;

use crate::config::Limits;
use crate::domain::State;
use crate::hub::Hub;
use crate::identity::{Passwords, Throttle, TotpCodes};
use crate::journal::{self, Journal};
use crate::rate::Rates;
use crate::store::Store;

/// The parts of a running server.
pub struct Context {
    /// What everything is decided by.
    pub state: Arc<RwLock<State>>,
    /// Reads of what is stored.
    pub store: Store,
    /// The one writer.
    pub journal: Journal,
    /// Live delivery.
    pub hub: Arc<Hub>,
    /// Password hashing.
    pub passwords: Passwords,
    /// TOTP codes that were used.
    pub totp: TotpCodes,
    /// Brakes on guessing.
    pub throttle: Throttle,
    /// How fast bots append.
    pub rates: Rates,
    /// Where members reach this server, for invitations.
    pub address: Address,
    /// The bounds.
    pub limits: Limits,
    /// How many pages are read from disk at once.
    pub reading: Arc<Semaphore>,
    /// How many searches run at once.
    pub searching: Arc<Semaphore>,
}

impl Context {
    /// The state, to read. Not held across an await.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        journal::read(&self.state)
    }
}
