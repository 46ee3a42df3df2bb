//! Running a server: opens the store, rebuilds the state, listens, and stops in order.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle as Task;
use warproom_proto::invitation::Address;
use warproom_proto::{LogId, RoomId};

use crate::config::Config;
use crate::context::Context;
use crate::hub::Hub;
use crate::identity::{PasswordError, Passwords, Throttle, TotpCodes};
use crate::journal::{self, Journal, RebuildError};
use crate::rate::Rates;
use crate::store::{self, KeyError, MasterKey, OpenError};
use crate::tls::{self, Certificate, TlsError};
use crate::{listen, reminders, setup};

/// How many committed groups wait for delivery. Delivery never waits for a peer, so few do.
const COMMITTED: usize = 64;

/// How many pages are read at once, and how many searches run at once: enough to keep a disk busy,
/// too few to take every thread.
const READING: usize = 16;
const SEARCHING: usize = 2;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What is stored.
    #[error("the store opens, but its logs cannot be read: {0}. Run: warproom-server verify")]
    Rebuild(#[from] RebuildError),
    /// Certificates.
    #[error(
        "{0}. A server certificate that is lost or broken is made anew by `warproom-server certificate`; the authority it comes from is not"
    )]
    Tls(#[from] TlsError),
    /// TLS itself.
    #[error("TLS cannot be set up: {0}")]
    Acceptor(#[from] tls::SetupError),
    /// The port.
    #[error(
        "cannot listen on {address}: {cause}. Is another server running there? Change `listen` in {}",
        crate::config::FILE
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// Threads.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
    /// Hashing.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub local: SocketAddr,
    /// Where members reach it.
    pub address: Address,
    certificate: Arc<Certificate>,
    stop: watch::Sender<bool>,
    listening: Task<()>,
    delivering: Task<()>,
    reminding: Task<()>,
    writing: JoinHandle<()>,
}

impl Server {
    /// Starts from a configuration.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let key = MasterKey::load(&config.keys.join(setup::MASTER_KEY))?;
        let certificate = Certificate::load(&config.keys)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|cause| StartError::Listen { address: config.listen, cause })?;
        let local = listener.local_addr()?;
        let address = Address {
            host_port: setup::with_port(&config.address, local.port()),
            authority: tls::fingerprint(&config.keys)?,
        };

        let options = store::Options {
            cache_bytes: config.cache_mib << 20,
            reserve_bytes: config.reserve_mib << 20,
        };
        let (store, committer) = store::open(&config.data, &key, options)?;
        let state = Arc::new(RwLock::new(journal::rebuild(&store)?));
        let (outgoing, to_deliver) = mpsc::channel(COMMITTED);
        let (journal, writing) = Journal::start(store.clone(), committer, state.clone(), outgoing)?;
        let rooms = store.logs().into_iter();
        let rooms = rooms.filter(|log| ![LogId::REGISTER, LogId::AUDIT].contains(log));
        let positions = rooms.map(|log| (RoomId::from_bytes(log.0), store.position(log)));
        let hub = Hub::new(state.clone(), positions);
        let delivering = tokio::spawn(hub.clone().deliver(to_deliver));
        let reminding = tokio::spawn(reminders::remind(state.clone(), hub.clone()));

        let context = Arc::new(Context {
            state,
            store,
            journal,
            hub,
            passwords: Passwords::new()?,
            totp: TotpCodes::default(),
            throttle: Throttle::default(),
            rates: Rates::default(),
            address: address.clone(),
            limits: config.limits,
            reading: Arc::new(Semaphore::new(READING)),
            searching: Arc::new(Semaphore::new(SEARCHING)),
        });
        let acceptor = tls::acceptor(certificate.clone())?;
        let (stop, stopping) = watch::channel(false);
        let listening = tokio::spawn(listen::listen(listener, acceptor, context, stopping));
        tracing::info!(%local, "listening");
        Ok(Self { local, address, certificate, stop, listening, delivering, reminding, writing })
    }

    /// Loads the certificate again. Connections stay; new ones get the new certificate.
    pub fn reload(&self) {
        match self.certificate.reload() {
            Ok(()) => tracing::info!("certificate reloaded"),
            Err(error) => tracing::error!(%error, "certificate not reloaded; the last one stays"),
        }
    }

    /// Ends only when the writer or delivery has ended by itself, which neither should: nothing more
    /// would be stored, delivered or enforced, so the server must not go on.
    pub async fn failed(&mut self) {
        let _ = (&mut self.delivering).await;
    }

    /// Stops: no new connections, goodbyes said, everything accepted on stable storage.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.reminding.abort();
        // The context goes with the last connection, the journal's last handle with the context;
        // so the writer ends, then delivery.
        let _ = self.listening.await;
        let writing = self.writing;
        let _ = tokio::task::spawn_blocking(move || writing.join()).await;
        let _ = self.delivering.await;
        tracing::info!("stopped");
    }
}
