//! The one writer: it decides, commits and applies, in one order for everything.
//!
//! A job carries a decision, a pure function of the state. The writer drains what waits, decides each
//! in turn, commits all of it in one durable group, applies it to the state, hands it on for
//! delivery, and only then answers. A plan that changes the state ends its group, so nothing is ever
//! decided on a state that misses something accepted before it: there is no gap between check and
//! use. Reading never waits for writing: readers see a record once it is durable.

mod erasing;
mod files;
mod marks;
mod rebuild;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use warproom_proto::audit;
use warproom_proto::calls::Posted;
use warproom_proto::entry::Entry;
use warproom_proto::register::Act;
use warproom_proto::{EntryId, Error, ErrorCode, Head, LogId, Principal, RoomId, Salt, Seq};

use crate::audit::Audit;
use crate::domain::{FileChange, Mark, Plan, Planned, State, Summary, changes_state};
use crate::metrics::Metrics;
use crate::store::{self, Appended, CommitError, Committer, Draft, Store};

use erasing::Erasing;
use marks::{keep, sealed, unsealed};

pub use files::noted;
pub use rebuild::{RebuildError, rebuild};

/// How many jobs wait at most. A caller beyond it waits for room; each connection has few in flight.
const WAITING: usize = 4096;

/// How many jobs one group commit takes at most: where the measured gain of larger groups ends.
const GROUP: usize = 512;

/// The name of an append within its log: who, and the id their client chose.
pub type AppendId = (LogId, [u8; 33]);

/// The present time, in milliseconds since 1970 UTC.
#[must_use]
pub fn now_ms() -> i64 {
    #[cfg(all(feature = "simulated", not(test)))]
    if let Some(now_ms) = crate::simulated::now_ms() {
        return now_ms;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The name of an append of an author's.
#[must_use]
pub fn append_id(room: RoomId, author: Principal, id: EntryId) -> AppendId {
    let mut bytes = [0; 33];
    bytes[..17].copy_from_slice(&author.to_bytes());
    bytes[17..].copy_from_slice(id.as_bytes());
    (LogId::room(room), bytes)
}

/// A record that is on stable storage.
pub struct Committed {
    /// Its number in its log.
    pub seq: Seq,
    /// When the log took it.
    pub at_ms: i64,
    /// What its commitment was salted with.
    pub salt: Salt,
    /// The head at it.
    pub head: Head,
    /// Its commitment, for those from whom it is withheld.
    pub commitment: Head,
    /// Its exact text.
    pub item: String,
    /// What it is.
    pub what: What,
}

/// What a committed record is.
pub enum What {
    /// An administrative act.
    Act(Act),
    /// An entry of a room.
    Entry {
        /// Which room.
        room: RoomId,
        /// The entry.
        entry: Box<Entry>,
        /// What the server decides by.
        summary: Summary,
    },
    /// A record of the audit log, which is delivered to nobody.
    Audit,
}

/// Where a job's answer goes.
type Answer = oneshot::Sender<Result<Vec<Posted>, Error>>;

type Decide = Box<dyn FnOnce(&State, i64) -> Result<Plan, Error> + Send>;

/// What the writer is handed.
enum Work {
    Append(Job),
    /// Records of a room are to be erased.
    Erase(RoomId, Vec<Seq>, oneshot::Sender<Result<(), Error>>),
    /// Erasures that were cut short are to be ended.
    FinishErasing(oneshot::Sender<Result<(), Error>>),
    Between(Between),
}

/// What is done between two groups.
type Between = Box<dyn FnOnce(&mut Committer) + Send>;

struct Job {
    id: Option<AppendId>,
    decide: Decide,
    answer: Answer,
}

/// A handle on the writer.
#[derive(Clone)]
pub struct Journal {
    jobs: mpsc::Sender<Work>,
    /// Set once the store takes no more.
    failed: Arc<AtomicBool>,
}

impl Journal {
    /// Starts the writer on a thread of its own. It ends when every handle is dropped.
    pub fn start(
        store: Store,
        committer: Committer,
        state: Arc<RwLock<State>>,
        to_deliver: mpsc::Sender<Vec<Committed>>,
        (audit, metrics): (Arc<Audit>, Arc<Metrics>),
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let counted = (audit, metrics);
        let (journal, writer) = Self::new(store, committer, state, to_deliver, counted);
        let runtime = tokio::runtime::Handle::current();
        let write = move || runtime.block_on(writer.run());
        let thread = std::thread::Builder::new().name("journal".into()).spawn(write)?;
        Ok((journal, thread))
    }

    /// A handle, and the writer behind it, which is yet to be run.
    pub fn new(
        store: Store,
        committer: Committer,
        state: Arc<RwLock<State>>,
        to_deliver: mpsc::Sender<Vec<Committed>>,
        (audit, metrics): (Arc<Audit>, Arc<Metrics>),
    ) -> (Self, Writer) {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let failed = Arc::new(AtomicBool::new(false));
        let erasing = Erasing::unfinished(&committer);
        let writer = Writer {
            postponed: None,
            store,
            committer,
            state,
            audit,
            to_deliver,
            waiting,
            metrics,
            failed: failed.clone(),
            erasing,
        };
        (Self { jobs, failed }, writer)
    }

    /// Whether appends are stored: the writer runs, and its store has not failed.
    pub fn is_storing(&self) -> bool {
        !self.jobs.is_closed() && !self.failed.load(Ordering::Relaxed)
    }

    /// How many appends wait for the writer.
    pub fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Decides, appends, and answers once it is durable: a position for each record of the plan.
    /// With an id, a repeated append answers with the first one's result and decides nothing.
    pub async fn append(
        &self,
        id: Option<AppendId>,
        decide: impl FnOnce(&State, i64) -> Result<Plan, Error> + Send + 'static,
    ) -> Result<Vec<Posted>, Error> {
        let (answer, answered) = oneshot::channel();
        let job = Job { id, decide: Box::new(decide), answer };
        self.jobs.send(Work::Append(job)).await.map_err(|_| ErrorCode::StorageFailed)?;
        answered.await.map_err(|_| ErrorCode::StorageFailed)?
    }

    /// Erases records of a room, with the keys of their files; answers when they are gone. Groups are
    /// committed in between. The files' bytes are left to the caller.
    pub async fn erase(&self, room: RoomId, records: Vec<Seq>) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let work = Work::Erase(room, records, answer);
        self.jobs.send(work).await.map_err(|_| ErrorCode::StorageFailed)?;
        answered.await.map_err(|_| ErrorCode::StorageFailed)?
    }

    /// Ends erasures that were cut short, by a stop or for want of space; answers when none is left, or
    /// that one cannot be ended.
    pub async fn finish_erasing(&self) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let work = Work::FinishErasing(answer);
        self.jobs.send(work).await.map_err(|_| ErrorCode::StorageFailed)?;
        answered.await.map_err(|_| ErrorCode::StorageFailed)?
    }

    /// Does something with the store between two groups, behind what waits already. Nothing is
    /// committed meanwhile, so it must be short. None if the writer has ended.
    pub fn between<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Committer) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let work: Between = Box::new(move |committer| drop(answer.send(work(committer))));
        self.jobs.blocking_send(Work::Between(work)).ok()?;
        answered.blocking_recv().ok()
    }

    /// Appends to the audit log, and answers once it is durable.
    pub async fn audit(&self, record: audit::Record) -> Result<(), Error> {
        self.audit_all(vec![record]).await
    }

    /// The same for several records at once.
    pub async fn audit_all(&self, records: Vec<audit::Record>) -> Result<(), Error> {
        let records = records.into_iter().map(Planned::Audit).collect();
        let plan = Plan { records, ..Plan::default() };
        self.append(None, |_, _| Ok(plan)).await.map(drop)
    }

    /// An append of exactly one record.
    pub async fn append_one(
        &self,
        id: AppendId,
        decide: impl FnOnce(&State, i64) -> Result<Plan, Error> + Send + 'static,
    ) -> Result<Posted, Error> {
        let posted = self.append(Some(id), decide).await?;
        posted.first().copied().ok_or_else(|| ErrorCode::ServerFault.into())
    }
}

/// The one writer.
pub struct Writer {
    /// A job of an append whose first one was not yet committed, or work between groups: the first
    /// of the next group.
    postponed: Option<Work>,
    store: Store,
    committer: Committer,
    state: Arc<RwLock<State>>,
    /// The tree grows with each group.
    audit: Arc<Audit>,
    to_deliver: mpsc::Sender<Vec<Committed>>,
    waiting: mpsc::Receiver<Work>,
    erasing: Erasing,
    metrics: Arc<Metrics>,
    failed: Arc<AtomicBool>,
}

/// What a group commit will write, and whom to answer.
#[derive(Default)]
struct Group {
    drafts: Vec<Draft>,
    whats: Vec<What>,
    marks: Vec<Mark>,
    files: Vec<FileChange>,
    answers: Vec<(usize, Answer)>,
    /// The names of its appends: the same again waits until the first is committed.
    ids: HashSet<AppendId>,
    changes_state: bool,
}

impl Writer {
    /// Writes until every handle is dropped. It waits for the disk, and so has a thread of its own.
    pub async fn run(mut self) {
        while let Some(first) = self.next_job().await {
            let now_ms = now_ms();
            let group = self.collect(first, now_ms);
            if !group.answers.is_empty() {
                #[cfg(all(feature = "simulated", not(test)))]
                crate::simulated::pause().await;
                self.commit(group, now_ms).await;
            }
        }
    }

    /// The next job. What is to be done between groups is, and while no job waits, what is to be
    /// erased.
    async fn next_job(&mut self) -> Option<Job> {
        loop {
            let work = match self.postponed.take() {
                Some(work) => work,
                None if self.erasing.is_idle() => self.waiting.recv().await?,
                None => {
                    #[cfg(all(feature = "simulated", not(test)))]
                    crate::simulated::pause().await;
                    self.erasing.go_on(&mut self.committer, &self.store, &self.state);
                    match self.waiting.try_recv() {
                        Ok(work) => work,
                        Err(TryRecvError::Empty) => continue,
                        // What is left of it goes on at the next start.
                        Err(TryRecvError::Disconnected) => return None,
                    }
                }
            };
            match work {
                Work::Append(job) => return Some(job),
                Work::Erase(room, records, answer) => self.erasing.add(room, records, answer),
                Work::FinishErasing(answer) => self.erasing.finish(&self.committer, answer),
                Work::Between(work) => work(&mut self.committer),
            }
        }
    }

    /// Decides the first job and those that wait behind it, up to one that changes the state.
    fn collect(&mut self, first: Job, now_ms: i64) -> Group {
        let mut group = Group::default();
        let state = Arc::clone(&self.state);
        let state = read(&state);
        let mut next = Some(first);
        while let Some(job) = next {
            if job.id.is_some_and(|id| group.ids.contains(&id)) {
                self.postponed = Some(Work::Append(job));
                break;
            }
            self.take(job, &state, now_ms, &mut group);
            next = if group.changes_state || group.answers.len() >= GROUP {
                None
            } else {
                self.next_append()
            };
        }
        group
    }

    /// The next job that waits; other work ends the group instead.
    fn next_append(&mut self) -> Option<Job> {
        match self.waiting.try_recv().ok()? {
            Work::Append(job) => Some(job),
            work => {
                self.postponed = Some(work);
                None
            }
        }
    }

    fn take(&self, job: Job, state: &State, now_ms: i64, group: &mut Group) {
        let Job { id, decide, answer } = job;
        if let Some(answered) = id.and_then(|id| self.answered_before(&id)) {
            let _ = answer.send(answered);
            return;
        }
        let drafted = decide(state, now_ms).and_then(|plan| {
            let drafts = plan
                .records
                .iter()
                .map(|record| draft(record, id.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            Ok((plan, drafts))
        });
        match drafted {
            Err(refusal) => {
                let _ = answer.send(Err(refusal));
            }
            Ok((plan, drafts)) => {
                group.ids.extend(id);
                // A file is changed once in a group, and decided on only as the last one left it.
                group.changes_state |= !plan.files.is_empty();
                group.files.extend(plan.files);
                group.changes_state |= plan.records.iter().any(Planned::changes_state);
                group.answers.push((drafts.len(), answer));
                group.drafts.extend(drafts);
                group.whats.extend(plan.records.into_iter().map(what));
                if let Some(mark) = plan.mark {
                    keep(&mut group.marks, mark);
                }
            }
        }
    }

    /// The first result of an append that is already in its log.
    fn answered_before(&self, (log, id): &AppendId) -> Option<Result<Vec<Posted>, Error>> {
        let found = self.store.find(*log, id).transpose()?;
        let first = found.and_then(|seq| self.store.read(*log, seq));
        if let Ok(Some(first)) = first {
            return Some(Ok(vec![Posted { seq: first.seq, at_ms: first.at_ms, head: first.head }]));
        }
        tracing::error!(%log, "an append's index names a record that cannot be read");
        Some(Err(ErrorCode::StorageFailed.into()))
    }

    async fn commit(&mut self, group: Group, now_ms: i64) {
        let Group { drafts, whats, marks, files, answers, changes_state, .. } = group;
        let mut sealed: Vec<store::Mark> = marks.iter().filter_map(sealed).collect();
        let tiles = self.audit.tree.unsaved();
        let saved = tiles.len();
        sealed.extend(tiles);
        let kept: Vec<_> = files.iter().filter_map(files::kept).collect();
        let acts = |appended: &[Appended]| {
            crate::audit::references(appended.iter().zip(&whats)).map_err(|_| CommitError::TooLong)
        };
        let began = Instant::now();
        let done = self.committer.commit_with(drafts, (&sealed, &kept), now_ms, acts);
        let appended = match done {
            Ok(appended) => appended,
            Err(error) => {
                let is_over = matches!(error, CommitError::Failed(_) | CommitError::Stopped);
                self.failed.fetch_or(is_over, Ordering::Relaxed);
                return self.metrics.storing.failed(refuse(&error, answers));
            }
        };
        let took = began.elapsed();
        let audited = appended.iter().filter(|one| one.log == LogId::AUDIT && !one.repeated);
        self.audit.tree.push(audited.map(|one| one.commitment));
        self.audit.tree.saved(saved);
        let mut posted = Vec::with_capacity(appended.len());
        let mut committed = Vec::with_capacity(appended.len());
        for (appended, what) in appended.into_iter().zip(whats) {
            posted.push(Posted { seq: appended.seq, at_ms: appended.at_ms, head: appended.head });
            committed.extend(taken_in(appended, what));
        }
        if changes_state || !marks.is_empty() {
            self.apply(&committed, &marks, &files);
        }
        if !committed.is_empty() {
            let is_act = |record: &&Committed| matches!(record.what, What::Act(_));
            let acts = committed.iter().filter(is_act).count();
            self.metrics.storing.committed((acts, committed.len() - acts), took);
            // Delivery ends only at shutdown, when nobody is left to deliver to.
            let _ = self.to_deliver.send(committed).await;
        }
        let mut posted = posted.into_iter();
        for (count, answer) in answers {
            let _ = answer.send(Ok(posted.by_ref().take(count).collect()));
        }
    }

    fn apply(&self, committed: &[Committed], marks: &[Mark], files: &[FileChange]) {
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for record in committed {
            match &record.what {
                What::Act(act) => state.apply_act(act, record.at_ms),
                What::Audit => {}
                What::Entry { room, entry, summary } => {
                    state.apply_entry(*room, (record.seq, record.at_ms), entry, summary);
                }
            }
        }
        for mark in marks {
            state.apply_mark(mark);
        }
        for change in files {
            state.apply_file(change);
        }
    }
}

/// Reads a mark and writes it again, for the fuzz targets.
pub fn reread_mark(key: &[u8], value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mark = store::Mark { key: key.to_vec(), value: value.to_vec() };
    sealed(&unsealed(&mark)?).map(|mark| (mark.key, mark.value))
}

/// The state, to read. A panic while it was written is none of its readers' business: it is changed
/// by whole records only.
pub fn read(state: &RwLock<State>) -> std::sync::RwLockReadGuard<'_, State> {
    state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Tells those who wait that nothing was stored, and why.
fn refuse(error: &CommitError, answers: Vec<(usize, Answer)>) -> ErrorCode {
    let code = match error {
        CommitError::StorageFull { .. } => ErrorCode::StorageFull,
        _ => ErrorCode::StorageFailed,
    };
    tracing::error!(%error, refused = answers.len(), "nothing was stored");
    for (_, answer) in answers {
        let _ = answer.send(Err(code.into()));
    }
    code
}

fn draft(planned: &Planned, id: Option<&AppendId>) -> Result<Draft, Error> {
    let fault = |_| Error::from(ErrorCode::ServerFault);
    Ok(match planned {
        Planned::Audit(record) => crate::audit::draft(record).map_err(fault)?,
        Planned::Act(act) => Draft {
            log: LogId::REGISTER,
            summary: Vec::new(),
            item: serde_json::to_vec(act).map_err(fault)?,
            refers_to: None,
            is_state: false,
            id: None,
        },
        Planned::Entry { room, entry, carries, encoded } => {
            let summary = Summary::of(&entry.handling, carries.clone());
            let log = LogId::room(*room);
            Draft {
                log,
                refers_to: entry.handling.kind.refers_to().map(|seq| (seq, summary.kind as u8)),
                is_state: changes_state(&entry.handling),
                summary: summary.to_bytes(),
                item: match encoded {
                    Some(text) => text.clone().into_bytes(),
                    None => serde_json::to_vec(entry).map_err(fault)?,
                },
                id: id.filter(|(of, _)| *of == log).map(|(_, id)| *id),
            }
        }
    })
}

fn what(planned: Planned) -> What {
    match planned {
        Planned::Act(act) => What::Act(act),
        Planned::Audit(_) => What::Audit,
        Planned::Entry { room, entry, carries, .. } => {
            What::Entry { room, summary: Summary::of(&entry.handling, carries), entry }
        }
    }
}

/// A record to apply and deliver; `None` for one that was there before, or whose text is not text.
fn taken_in(appended: Appended, what: What) -> Option<Committed> {
    if appended.repeated || matches!(what, What::Audit) {
        return None;
    }
    let Appended { seq, at_ms, salt, head, commitment, item, .. } = appended;
    let item = String::from_utf8(item).ok()?;
    Some(Committed { seq, at_ms, salt, head, commitment, item, what })
}
