//! Running a server: opens the store, rebuilds the state, listens, and stops in order.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinHandle as Task;
use warproom_proto::invitation::Address;
use warproom_proto::register::{Act, Event};
use warproom_proto::{LogId, Position, RoomId, audit};

use crate::audit::keeper::Keeper;
use crate::audit::{Audit, AuditKeyError, Keys, Tree, anchor};
use crate::backup::latest;
use crate::config::{Config, FileLimits};
use crate::context::Context;
use crate::control::{self, Controlled};
use crate::domain::{FileBounds, Plan, Planned, State};
use crate::files::{self, Files};
use crate::hub::Hub;
use crate::identity::{PasswordError, Passwords, Throttle};
use crate::journal::{self, Journal, RebuildError};
use crate::keys::{self, KeysError};
use crate::metrics::Metrics;
use crate::rate::Rates;
use crate::readiness::Readiness;
use crate::retention::clock::Clock;
use crate::store::{self, OpenError, Store};
use crate::tls::{self, Certificate, TlsError};
use crate::{http, listen, reminders, retention, setup};

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
    Key(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What is stored.
    #[error("the store opens, but its logs cannot be read: {0}. Run: warproom-server verify")]
    Rebuild(#[from] RebuildError),
    /// When something was last stored.
    #[error(
        "the store opens, but its latest records cannot be read: {0}. Run: warproom-server verify"
    )]
    Clock(#[source] store::ReadError),
    /// The audit log's tree.
    #[error("the store opens, but its audit log cannot be read: {0}. Run: warproom-server verify")]
    Audit(#[from] store::ReadError),
    /// The audit log's key.
    #[error(transparent)]
    AuditKey(#[from] AuditKeyError),
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
        "cannot listen on {address}: {cause}. Is another server running there? Change `{setting}` in {}",
        crate::config::FILE
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// By which setting.
        setting: &'static str,
        /// What the system said.
        cause: io::Error,
    },
    /// Threads.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
    /// The folder of files.
    #[error("the folder of files in the data folder cannot be used: {0}")]
    Files(#[source] io::Error),
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
    /// The operator's channel, where there could be one.
    controlling: Option<Task<()>>,
    reminding: Task<()>,
    metering: Option<Task<()>>,
    retaining: Task<()>,
    sweeping: Task<()>,
    keeping: Task<()>,
    writing: JoinHandle<()>,
}

impl Server {
    /// Starts from a configuration.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let key = keys::load(&config)?;
        let settled = tls::authority::settle(&config.keys)?;
        let certificate = Certificate::load(&config.keys)?;
        let listener = bind(config.listen, "listen").await?;
        let metrics_listener = match config.metrics {
            Some(address) => Some(bind(address, "metrics").await?),
            None => None,
        };
        let local = listener.local_addr()?;
        let host_port = setup::with_port(&config.address, local.port());

        let options = store::Options {
            cache_bytes: config.cache_mib << 20,
            reserve_bytes: config.reserve_mib << 20,
        };
        let (store, committer) = store::open(&config.data, &key, options)?;
        let state = Arc::new(RwLock::new(journal::rebuild(&store)?));
        let clock = clock(&config, &store)?;
        let (outgoing, to_deliver) = mpsc::channel(COMMITTED);
        let metrics = Arc::new(Metrics::default());
        let audit = Arc::new(opened_audit(&config, &store, &state)?);
        let counted = (audit.clone(), metrics.clone());
        let (journal, writing) =
            Journal::start(store.clone(), committer, state.clone(), outgoing, counted)?;
        announce(&journal, &state, &audit, settled.is_changed).await;
        let hub = Hub::new(state.clone(), rooms(&store), metrics.clone());
        let delivering = tokio::spawn(hub.clone().deliver(to_deliver));
        let reminding = tokio::spawn(reminders::remind(state.clone(), hub.clone()));

        let (stop, stopping) = watch::channel(false);
        let turn = Arc::new(keys::Turn::default());
        let controlled = Controlled {
            config: config.clone(),
            journal: journal.clone(),
            store: store.clone(),
            state: state.clone(),
            turn: turn.clone(),
            certificate: certificate.clone(),
            progress: control::Progress::default(),
        };
        let controlling = open_control(controlled, stopping.clone());
        let keeper = Keeper {
            audit: audit.clone(),
            journal: journal.clone(),
            hub: hub.clone(),
            anchors: anchor::file(&config.data),
            every: Duration::from_millis(config.limits.refusals_ms),
        };
        let keeping = tokio::spawn(keeper.keep(stopping.clone()));
        let context = Arc::new(Context {
            state,
            store,
            journal,
            audit,
            hub,
            passwords: Passwords::new()?,
            throttle: Throttle::new(config.limits.failures_per_source),
            rates: Rates::default(),
            host_port,
            retention: Arc::new(Notify::new()),
            limits: config.limits,
            metrics,
            readiness: Readiness {
                delivering: delivering.abort_handle(),
                reserve_bytes: options.reserve_bytes,
            },
            certificate: certificate.clone(),
            latest_backup: latest::file(&config.data),
            files: Arc::new(
                Files::open(&config.data, options.reserve_bytes).map_err(StartError::Files)?,
            ),
            file_bounds: file_bounds(&config.files),
            reading: Arc::new(Semaphore::new(READING)),
            searching: Arc::new(Semaphore::new(SEARCHING)),
        });
        let address = context.address();
        let sweeping = tokio::spawn(files::keep(context.clone()));
        let changed = retention::Keys { folder: config.keys.clone(), turn };
        let retaining = tokio::spawn(retention::keep(context.clone(), changed, clock));
        let acceptor = tls::acceptor(certificate.clone())?;
        let metering = metrics_listener.map(|listener| show_metrics(listener, &context));
        let listening = tokio::spawn(listen::listen(listener, acceptor, context, stopping));
        tracing::info!(%local, "listening");
        Ok(Self {
            local,
            address,
            certificate,
            stop,
            listening,
            delivering,
            controlling,
            reminding,
            metering,
            retaining,
            sweeping,
            keeping,
            writing,
        })
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
        if let Some(metering) = self.metering {
            metering.abort();
        }
        if let Some(controlling) = self.controlling {
            let _ = controlling.await;
        }
        // They hold the context, and with it the journal.
        self.sweeping.abort();
        self.retaining.abort();
        // The context goes with the last connection, the journal's last handle with the context;
        // so the writer ends, then delivery.
        let _ = self.listening.await;
        let _ = self.keeping.await;
        let writing = self.writing;
        let _ = tokio::task::spawn_blocking(move || writing.join()).await;
        let _ = self.delivering.await;
        tracing::info!("stopped");
    }
}

const fn file_bounds(of: &FileLimits) -> FileBounds {
    FileBounds {
        largest_bytes: of.largest_mib << 20,
        waiting: of.waiting,
        room_bytes: of.room_mib << 20,
        organisation_bytes: of.organisation_mib << 20,
    }
}

/// The clock that retention goes by, before anything is stored at the time it shows now.
fn clock(config: &Config, store: &Store) -> Result<Clock, StartError> {
    let wait = Duration::from_secs(config.limits.retention_wait_hours.saturating_mul(60 * 60));
    Clock::start(&config.data, store, wait).map_err(StartError::Clock)
}

fn show_metrics(listener: TcpListener, context: &Arc<Context>) -> Task<()> {
    if let Ok(local) = listener.local_addr() {
        tracing::info!(%local, "showing metrics");
    }
    tokio::spawn(http::metrics::listen(listener, context.clone()))
}

async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|cause| StartError::Listen { address, setting, cause })
}

/// How far the log of each room has come.
fn rooms(store: &Store) -> impl Iterator<Item = (RoomId, Position)> {
    let logs = store.logs().into_iter();
    let rooms = logs.filter(|log| ![LogId::REGISTER, LogId::AUDIT].contains(log));
    rooms.map(|log| (RoomId::from_bytes(log.0), store.position(log)))
}

/// Opens the operator's channel. A server that cannot have one serves all the same.
fn open_control(controlled: Controlled, stopping: watch::Receiver<bool>) -> Option<Task<()>> {
    let folder = controlled.config.folder.clone();
    match control::listen(&folder, Arc::new(controlled), stopping) {
        Ok(controlling) => Some(controlling),
        Err(error) => {
            let folder = folder.display();
            tracing::error!(%error, %folder, "no backups or rotations: no socket can be made here");
            None
        }
    }
}

/// The audit log of a store, with its keys.
fn opened_audit(
    config: &Config,
    store: &Store,
    state: &RwLock<State>,
) -> Result<Audit, StartError> {
    let (warp, announced) = {
        let state = journal::read(state);
        let register = &state.register;
        (register.warp().map(|(warp, _)| *warp), register.audit_key())
    };
    let warp = warp.ok_or(RebuildError::Record { log: LogId::REGISTER, seq: 1 })?;
    let keys = Keys::load(&config.keys, announced)?;
    Ok(Audit::new(Tree::load(store.clone())?, keys, warp))
}

/// Puts the key that signs into the register, where it is not the one that stands there: at the first
/// start with one, and after it was replaced. A change of the authority that only now was finished goes into
/// the audit log.
async fn announce(journal: &Journal, state: &RwLock<State>, audit: &Audit, is_led: bool) {
    let public_key = audit.keys().present.public();
    let known = journal::read(state).register.audit_key();
    let rotated = |key| Planned::Audit(audit::Record::of_server(audit::Event::KeyRotated { key }));
    let mut records = Vec::new();
    if is_led {
        records.push(rotated(audit::KeyKind::Authority));
    }
    if known != Some(public_key) {
        records.push(Planned::Act(Act { by: None, event: Event::AuditKeySet { public_key } }));
        records.extend(known.map(|_| rotated(audit::KeyKind::Audit)));
    }
    if records.is_empty() {
        return;
    }
    let plan = Plan { records, ..Plan::default() };
    // A full disk keeps nobody from reading; the next start announces the key.
    if let Err(error) = journal.append(None, |_, _| Ok(plan)).await {
        tracing::error!(%error, "a change of the server's keys could not be recorded");
    }
}
