//! A context with a store of its own and nobody connected, for tests of what works with one.

use std::net::IpAddr;
use std::sync::{Arc, RwLock};

use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;
use warproom_proto::{LogId, Principal, WarpId};

use super::Context;
use crate::audit::{Audit, Keys, Tree};
use crate::backup::latest;
use crate::calls::{PARTS_AT_ONCE, Session};
use crate::config::Limits;
use crate::domain::{FileBounds, State};
use crate::files::Files;
use crate::hub::Hub;
use crate::identity::{Passwords, Throttle};
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::rate::Rates;
use crate::readiness::Readiness;
use crate::store::{self, Draft, MasterKey, Options};
use crate::tls::{self, Certificate};

/// A context, and what it lives on.
pub struct Alone {
    pub context: Arc<Context>,
    _writing: JoinHandle<()>,
    pub home: TempDir,
}

impl Alone {
    /// One whose state is made by hand. Each of these logs has as many records, which say nothing.
    pub fn with(state: State, logs: &[(LogId, usize)]) -> Self {
        let all = logs.iter().flat_map(|(log, records)| {
            let log = *log;
            std::iter::repeat_with(move || nothing(log)).take(*records)
        });
        Self::start(state, all.collect(), 0)
    }

    /// One whose state is made by hand, and its records too.
    pub fn holding(state: State, drafts: Vec<Draft>) -> Self {
        Self::start(state, drafts, 0)
    }

    /// One whose disk takes nothing.
    pub fn on_a_full_disk(state: State) -> Self {
        Self::start(state, Vec::new(), u64::MAX)
    }

    fn start(state: State, drafts: Vec<Draft>, reserve_bytes: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (data, key) = (home.path().join("data"), MasterKey::generate().unwrap());
        store::create(&data, &key).unwrap();
        let options = Options { reserve_bytes, ..Options::default() };
        let (store, mut committer) = store::open(&data, &key, options).unwrap();
        if !drafts.is_empty() {
            committer.commit(drafts, &[], 1).unwrap();
        }
        let (state, metrics) = (Arc::new(RwLock::new(state)), Arc::new(Metrics::default()));
        let keys = Keys::load(home.path(), None).unwrap();
        let tree = Tree::load(store.clone()).unwrap();
        let audit = Arc::new(Audit::new(tree, keys, WarpId::from_bytes([1; 16])));
        let (committed, to_deliver) = mpsc::channel(64);
        let counted = (audit.clone(), metrics.clone());
        let (journal, writer) =
            Journal::new(store.clone(), committer, state.clone(), committed, counted);
        let hub = Hub::new(state.clone(), std::iter::empty(), metrics.clone());
        let delivering = tokio::spawn(hub.clone().deliver(to_deliver)).abort_handle();
        let context = Arc::new(Context {
            state,
            store,
            journal,
            audit,
            hub,
            passwords: Passwords::new().unwrap(),
            throttle: Throttle::new(u32::MAX),
            rates: Rates::default(),
            host_port: "localhost:1".to_owned(),
            limits: Limits { acts_per_hour: u32::MAX, ..Limits::default() },
            metrics,
            readiness: Readiness { delivering, reserve_bytes: 0 },
            certificate: certificate(&home),
            latest_backup: latest::file(&data),
            retention: Arc::new(Notify::new()),
            files: Arc::new(Files::open(&data, 0).unwrap()),
            file_bounds: FileBounds {
                largest_bytes: u64::MAX,
                waiting: usize::MAX,
                room_bytes: u64::MAX,
                organisation_bytes: u64::MAX,
            },
            reading: Arc::new(Semaphore::new(16)),
            searching: Arc::new(Semaphore::new(2)),
        });
        Self { context, _writing: tokio::spawn(writer.run()), home }
    }

    /// Somebody's connection.
    pub fn session(&self, who: Principal) -> Session {
        let context = self.context.clone();
        let peer = context.hub.register(who, None, usize::MAX).unwrap().peer.clone();
        let (searching, moving) = (Semaphore::new(1), Semaphore::new(PARTS_AT_ONCE));
        Session { context, peer, source: IpAddr::from([127, 0, 0, 1]).into(), searching, moving }
    }
}

/// A record that says nothing.
pub fn nothing(log: LogId) -> Draft {
    let (summary, item) = (Vec::new(), b"nothing".to_vec());
    Draft { log, summary, item, refers_to: None, is_state: false, id: None }
}

fn certificate(home: &TempDir) -> Arc<Certificate> {
    tls::make_authority(home.path(), "Alone").unwrap();
    tls::make_server_certificate(home.path(), &["localhost".to_owned()]).unwrap();
    Certificate::load(home.path()).unwrap()
}
