//! A server in a simulation: the core as it is, on one thread, in virtual time, without TLS and HTTP.
//!
//! What is real: connections from the WebSocket on, every call, the one writer, the domain, delivery,
//! and the store with its seals, chains, checkpoints and opening. What is put in its place here: the disk
//! under the store ([`Disk`]), the clock, the writer's thread and those that read (tasks, which take a
//! while), and the stream below the WebSocket, which the simulation brings. Not there at all: listening,
//! TLS, HTTP, passwords, what is done by the clock alone.
//!
//! Only builds with the feature `simulated` have this, and no build that is used has it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep};
use warproom_proto::entry::RoomSettings;
use warproom_proto::register::Act;
use warproom_proto::{Entry, Error, ErrorCode, LogId, Principal, Record, RoomId, Seq};

use crate::audit::{Audit, Keys, Tree};
use crate::backup::latest;
use crate::calls::Stranger;
use crate::config::Limits;
use crate::connection;
use crate::context::Context;
use crate::domain::{FileBounds, Plan, Planned, State};
use crate::files::Files;
use crate::hub::Hub;
use crate::identity::{Passwords, Throttle};
use crate::journal::{self, Committed, Journal, What};
use crate::metrics::Metrics;
use crate::planted::Plant;
use crate::progress::Noting;
use crate::rate::Rates;
use crate::readiness::Readiness;
use crate::store::{self, Direction, MasterKey, Options};
use crate::tls::{self, Certificate};
use crate::transport::Socket;
use crate::view::{self, Sight};

pub use crate::store::{Disk, Fate};

thread_local! {
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

/// What the server of this thread lives in.
struct Scene {
    began: Instant,
    began_ms: i64,
    /// The state of the generator that says how long things take.
    chance: u64,
    slowest: Duration,
    planted: Option<Plant>,
}

/// Begins a simulation on this thread: from now on its clock is the runtime's, and starts at `began_ms`
/// (milliseconds since 1970 UTC); what waits for a disk takes up to `slowest`, as the seed says; and the
/// planted fault of this name is awake.
pub fn begin(seed: u64, began_ms: i64, slowest: Duration, planted: Option<&str>) {
    let planted = planted.map(Plant::named);
    let scene = Scene { began: Instant::now(), began_ms, chance: seed, slowest, planted };
    SCENE.set(Some(scene));
}

/// Ends it.
pub fn end() {
    SCENE.set(None);
}

pub(crate) fn is_on() -> bool {
    SCENE.with_borrow(Option::is_some)
}

pub(crate) fn is_planted(plant: Plant) -> bool {
    SCENE.with_borrow(|scene| scene.as_ref().is_some_and(|scene| scene.planted == Some(plant)))
}

pub(crate) fn now_ms() -> Option<i64> {
    SCENE.with_borrow(|scene| {
        let scene = scene.as_ref()?;
        i64::try_from(scene.began.elapsed().as_millis()).ok()?.checked_add(scene.began_ms)
    })
}

/// What waits for a disk takes a while: often none, sometimes a turn of everyone else, sometimes time.
pub(crate) async fn pause() {
    let wait = SCENE.with_borrow_mut(|scene| {
        let scene = scene.as_mut()?;
        // SplitMix64 (Steele, Lea and Flood 2014).
        scene.chance = scene.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = scene.chance;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        drawn ^= drawn >> 31;
        match drawn % 4 {
            0 => None,
            1 => Some(Duration::ZERO),
            _ => {
                let most_ms = u64::try_from(scene.slowest.as_millis()).unwrap_or(u64::MAX);
                Some(Duration::from_millis((drawn >> 8) % most_ms.saturating_add(1)))
            }
        }
    });
    match wait {
        None => {}
        Some(Duration::ZERO) => yield_now().await,
        Some(wait) => sleep(wait).await,
    }
}

/// What a server leaves behind when it is killed: its folder and its disk.
pub struct Machine {
    home: TempDir,
    /// The disk under its database.
    pub disk: Disk,
    key: MasterKey,
}

impl Drop for Machine {
    fn drop(&mut self) {
        Disk::unmount(&self.folder());
    }
}

impl Machine {
    /// A machine with an empty store.
    pub fn new() -> anyhow::Result<Self> {
        // What is not on the simulated disk is small, and best kept in memory.
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory)? } else { TempDir::new()? };
        let machine = Self { home, disk: Disk::default(), key: MasterKey::generate()? };
        machine.disk.mount(&machine.folder());
        store::create(&machine.folder(), &machine.key)?;
        Ok(machine)
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("store")
    }

    /// Reads every record of a machine that does not run, as `warproom-server verify` does: the first
    /// bad one of each log.
    pub fn verify(&self) -> anyhow::Result<Vec<String>> {
        let report = store::verify(&self.folder(), &self.key)?;
        Ok(report.damage.iter().map(ToString::to_string).collect())
    }

    /// What a start with another disk in place of this machine's would serve: every record of every log,
    /// or why it would not.
    pub fn served_from(&self, disk: &Disk) -> anyhow::Result<Vec<(LogId, Vec<Record>)>> {
        disk.mount(&self.folder());
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let read = store::open(&self.folder(), &self.key, options).map_err(anyhow::Error::from);
        let read = read.and_then(|(store, _committer)| {
            let logs = store.logs().into_iter().map(|log| Ok((log, records(&store, log)?)));
            logs.collect()
        });
        self.disk.mount(&self.folder());
        read
    }
}

fn records(store: &store::Store, log: LogId) -> Result<Vec<Record>, store::ReadError> {
    let page = store.page(log, 1, usize::MAX, Direction::Forward);
    page.map(|stored| Ok(view::stored(stored?, Sight::Whole(None)))).collect()
}

/// A record that was committed, told before anybody else learns of it.
pub struct Noted {
    /// Its room.
    pub room: RoomId,
    /// Its number.
    pub seq: Seq,
    /// What it is.
    pub entry: Entry,
}

/// Who is told of what is committed.
pub type Note = Arc<dyn Fn(Noted) + Send + Sync>;

/// A running server.
pub struct Server {
    context: Arc<Context>,
    tasks: JoinSet<()>,
}

/// What is the same in every simulation, and dear to make.
struct Dear {
    passwords: Passwords,
    certificate: Arc<Certificate>,
}

fn dear() -> anyhow::Result<&'static Dear> {
    static DEAR: OnceLock<Dear> = OnceLock::new();
    if let Some(dear) = DEAR.get() {
        return Ok(dear);
    }
    let keys = TempDir::new()?;
    tls::make_authority(keys.path(), "Simulated")?;
    tls::make_server_certificate(keys.path(), &["localhost".to_owned()])?;
    let certificate = Certificate::load(keys.path())?;
    let passwords = Passwords::new()?;
    Ok(DEAR.get_or_init(|| Dear { passwords, certificate }))
}

impl Server {
    /// Starts on what a machine has.
    pub fn start(machine: &Machine, note: Note) -> anyhow::Result<Self> {
        let folder = machine.folder();
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let (store, committer) = store::open(&folder, &machine.key, options)?;
        let state = Arc::new(RwLock::new(journal::rebuild(&store)?));
        let metrics = Arc::new(Metrics::default());
        let (announced, warp) = {
            let state = journal::read(&state);
            (state.register.audit_key(), state.register.warp().map(|(warp, _)| *warp))
        };
        let keys = Keys::load(machine.home.path(), announced)?;
        let warp = warp.unwrap_or_else(|| warproom_proto::WarpId::from_bytes([1; 16]));
        let audit = Arc::new(Audit::new(Tree::load(store.clone())?, keys, warp));
        let (committed, mut to_note) = mpsc::channel(1);
        let (noted, to_deliver) = mpsc::channel(64);
        let counted = (audit.clone(), metrics.clone());
        let (journal, writer) =
            Journal::new(store.clone(), committer, state.clone(), committed, counted);
        let rooms = store.logs().into_iter();
        let rooms = rooms.filter(|log| ![LogId::REGISTER, LogId::AUDIT].contains(log));
        let positions = rooms.map(|log| (RoomId::from_bytes(log.0), store.position(log)));
        let hub = Hub::new(state.clone(), positions, metrics.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(writer.run());
        tasks.spawn(async move {
            while let Some(group) = to_note.recv().await {
                group.iter().filter_map(as_noted).for_each(|one| note(one));
                if noted.send(group).await.is_err() {
                    break;
                }
            }
        });
        let delivering = tasks.spawn(hub.clone().deliver(to_deliver));
        let context = Arc::new(Context {
            state,
            store,
            journal,
            audit,
            hub,
            passwords: dear()?.passwords.clone(),
            throttle: Throttle::new(u32::MAX),
            rates: Rates::default(),
            host_port: "localhost:1".to_owned(),
            limits: Limits { acts_per_hour: u32::MAX, ..Limits::default() },
            metrics,
            readiness: Readiness { delivering, reserve_bytes: 0 },
            certificate: dear()?.certificate.clone(),
            retention: Arc::new(Notify::new()),
            latest_backup: latest::file(&folder),
            files: Arc::new(Files::open(&folder, 0)?),
            file_bounds: FileBounds {
                largest_bytes: 1,
                waiting: 1,
                room_bytes: 1,
                organisation_bytes: 1,
            },
            reading: Arc::new(Semaphore::new(16)),
            searching: Arc::new(Semaphore::new(2)),
        });
        Ok(Self { context, tasks })
    }

    /// Serves a connection that has got as far as the WebSocket; both ends know what its TLS would have
    /// exported.
    pub fn serve<S>(&mut self, stream: S, exporter: [u8; 32])
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let context = self.context.clone();
        let source = std::net::IpAddr::from([127, 0, 0, 1]).into();
        self.tasks.spawn(async move {
            let socket = Socket::upgraded(Noting::new(stream), &[]).await;
            connection::converse(socket, Stranger { context, source, exporter }, ()).await;
        });
    }

    /// What founds a WARP, or an operator does.
    pub async fn act(&self, acts: Vec<Act>) -> Result<(), Error> {
        let records = acts.into_iter().map(Planned::Act).collect();
        let plan = Plan { records, ..Plan::default() };
        self.context.journal.append(None, |_, _| Ok(plan)).await.map(drop)
    }

    /// Opens a room under an id that the simulation chose.
    pub async fn open_room(
        &self,
        who: Principal,
        room: RoomId,
        settings: RoomSettings,
    ) -> Result<(), Error> {
        let decide = move |state: &State, _| state.decide_open_room(who, room, settings);
        self.context.journal.append(None, decide).await.map(drop)
    }

    /// Who erases records of a room; it answers once they are gone.
    pub fn erasing(
        &self,
        room: RoomId,
        records: Vec<Seq>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let journal = self.context.journal.clone();
        async move { journal.erase(room, records).await }
    }

    /// Every record of a room's log, whole.
    pub fn log(&self, room: RoomId) -> Result<Vec<Record>, Error> {
        let read = records(&self.context.store, LogId::room(room));
        read.map_err(|_| ErrorCode::StorageFailed.into())
    }

    /// How far a room's log has come.
    pub fn length(&self, room: RoomId) -> Seq {
        self.context.store.position(LogId::room(room)).seq
    }

    /// Kills it: nothing more is done, and nothing is said. Whether a part of it had panicked before.
    pub async fn kill(mut self) -> bool {
        self.tasks.abort_all();
        let mut panicked = false;
        while let Some(ended) = self.tasks.join_next().await {
            panicked |= ended.is_err_and(|error| error.is_panic());
        }
        drop(self.context);
        // What reads for a call is a task of its own, and goes at its next turn.
        for _ in 0..16 {
            yield_now().await;
        }
        panicked
    }
}

fn as_noted(of: &Committed) -> Option<Noted> {
    match &of.what {
        What::Entry { room, entry, .. } => {
            Some(Noted { room: *room, seq: of.seq, entry: Entry::clone(entry) })
        }
        What::Act(_) | What::Audit => None,
    }
}
