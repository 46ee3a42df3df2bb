//! What handlers work with. It holds the parts and no behaviour.

#[cfg(test)]
pub mod alone;

use std::path::PathBuf;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use tokio::sync::{Notify, Semaphore};
use warproom_proto::invitation::Address;

use crate::audit::Audit;
use crate::config::Limits;
use crate::domain::{FileBounds, State};
use crate::files::Files;
use crate::hub::Hub;
use crate::identity::{Passwords, Throttle};
use crate::journal::{self, Journal};
use crate::metrics::Metrics;
use crate::rate::Rates;
use crate::readiness::Readiness;
use crate::store::Store;
use crate::tls::Certificate;

/// The parts of a running server.
pub struct Context {
    /// What everything is decided by.
    pub state: Arc<RwLock<State>>,
    /// Reads of what is stored.
    pub store: Store,
    /// The one writer.
    pub journal: Journal,
    /// The audit log, apart from its records.
    pub audit: Arc<Audit>,
    /// Live delivery.
    pub hub: Arc<Hub>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Brakes on guessing.
    pub throttle: Throttle,
    /// How fast bots append.
    pub rates: Rates,
    /// Where members reach this server: host and port.
    pub host_port: String,
    /// The bounds.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What tells whether the server is ready.
    pub readiness: Readiness,
    /// The certificate it shows.
    pub certificate: Arc<Certificate>,
    /// The file that says when the latest backup was taken.
    pub latest_backup: PathBuf,
    /// Wakes the keeping to retention before its time.
    pub retention: Arc<Notify>,
    /// The bytes of files.
    pub files: Arc<Files>,
    /// The bounds on files.
    pub file_bounds: FileBounds,
    /// How many pages are read from disk at once.
    pub reading: Arc<Semaphore>,
    /// How many searches run at once.
    pub searching: Arc<Semaphore>,
}

impl Context {
    /// Where members reach this server, and by which authority they know it now.
    pub fn address(&self) -> Address {
        Address { host_port: self.host_port.clone(), authority: self.certificate.authority() }
    }

    /// The state, to read. Not held across an await.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        journal::read(&self.state)
    }
}
