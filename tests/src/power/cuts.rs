//! Traced runs of the server, cuts of each, and what must be in the images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use warproom_proto::entry::Entry;
use warproom_proto::{EntryId, Head, LogId, Position, RoomId, Seq};
use warproom_server::files;
use warproom_server::store::{self, Direction, Mark, MasterKey, Options, Store};

use super::disk::{Disk, Keep};
use super::trace::{self, Step, What};
use crate::crash::{Acknowledged, Acts, Author, Door, Field, How, Order, Random, Wrong};
use crate::harness::{Traced, Warp, copy_folder};

/// How many posts a run takes before the server is killed, of whoever is the first to have them answered:
/// enough to see some of the database's own syncs, which come twice a second.
const POSTS: std::ops::Range<u64> = 30..250;

/// How many cuts of one trace are worth their while.
pub const CUTS_OF_A_RUN: u64 = 50;

/// The longest piece of data in a trace, in bytes: more than the database writes at once.
const LONGEST: &str = "33554432";

const OPTIONS: Options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };

/// What cuts showed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// How many images were opened.
    pub cuts: u64,
    /// How many changes were not sure, in all of them together.
    pub unsure: u64,
    /// How many acknowledged entries were looked for, in all of them together.
    pub acknowledged: u64,
    /// How many records were read, in all of them together.
    pub records: u64,
    /// How many files were read, in all of them together.
    pub files: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.unsure += other.unsure;
        self.acknowledged += other.acknowledged;
        self.records += other.records;
        self.files += other.files;
    }
}

/// The cut whose image is not as it must be: context of the error that says what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    number: u64,
    moment: usize,
    steps: usize,
    keep: Keep,
}

impl fmt::Display for Cut {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, moment, steps, keep } = self;
        write!(to, "cut {number}, after step {moment} of {steps}, of the unsure: {keep:?}")
    }
}

/// A WARP to cut the power of.
pub struct Power {
    field: Field,
    binary: PathBuf,
    planted: Option<&'static str>,
    key: MasterKey,
    random: Random,
}

/// What a traced run left.
struct Run {
    /// The folder before it.
    before: TempDir,
    /// How far each log had come before it.
    positions: BTreeMap<LogId, Position>,
    steps: Vec<Step>,
    /// Each acknowledgement, and the number of the step in which it was said.
    acknowledged: Vec<(usize, Acknowledged)>,
    /// The same of numbered acts.
    acts: Vec<(usize, u64)>,
}

impl Power {
    /// Prepares a WARP with this server, in which a fault may be awake.
    ///
    /// # Errors
    /// If the server does not do as it is asked.
    pub async fn prepare(
        binary: PathBuf,
        planted: Option<&'static str>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let warp = Warp::builder().binary(binary.clone()).start().await?;
        let mut field = Field::prepare(warp, Random::new(seed)).await?;
        field.warp.stop().await?;
        let key = MasterKey::load(&field.warp.folder().join("keys/master.key"))?;
        Ok(Self { field, binary, planted, key, random: Random::new(seed) })
    }

    /// One traced run, and so many cuts of it.
    ///
    /// # Errors
    /// [`Cut`] as their context for what is wrong in an image: [`Wrong`] if something acknowledged is lost,
    /// doubled or reordered; others if it cannot be opened or is damaged. Without it, if no image could be
    /// made.
    pub async fn run(&mut self, cuts: u64) -> anyhow::Result<Tally> {
        let run = self.traced().await?;
        let mut tally = Tally::default();
        let mut moments: Vec<usize> = (0..cuts).map(|_| self.moment(run.steps.len())).collect();
        moments.sort_unstable();
        let goes_on = self.random.below(cuts);
        let mut disk = Disk::of(run.before.path())?;
        let mut done = 0;
        for (number, moment) in (0..).zip(moments) {
            for step in &run.steps[done..moment] {
                match &step.what {
                    What::Begins { call, change } => disk.begin(*call, change)?,
                    What::Ended { call, change } => disk.end(*call, change)?,
                    What::Said => {}
                }
            }
            done = moment;
            let image = tempfile::tempdir()?;
            let (keep, data) = (self.keep(), image.path().join("data"));
            disk.cut(&data, keep, &mut self.random)?;
            tally.unsure += disk.unsure() as u64;
            let judged = self.judge(&data, &run, moment, &mut tally);
            judged.with_context(|| Cut { number, moment, steps: run.steps.len(), keep })?;
            tally.cuts += 1;
            if number == goes_on {
                let folder = self.field.warp.folder().join("data");
                fs::remove_dir_all(&folder)?;
                copy_folder(&data, &folder)?;
            }
        }
        Ok(tally)
    }

    fn moment(&mut self, steps: usize) -> usize {
        usize::try_from(self.random.below(steps as u64 + 1)).unwrap_or(steps)
    }

    fn keep(&mut self) -> Keep {
        match self.random.below(8) {
            0 => Keep::Nothing,
            1 | 2 => Keep::First(self.random.below(1001)),
            3 => Keep::Sectors(0),
            _ => Keep::Sectors(self.random.below(1000)),
        }
    }

    async fn traced(&mut self) -> anyhow::Result<Run> {
        let folder = self.field.warp.folder();
        let (before, home) = (tempfile::tempdir()?, tempfile::tempdir()?);
        copy_folder(&folder.join("data"), before.path())?;
        let copy = home.path().join("data");
        copy_folder(before.path(), &copy)?;
        let (store, _committer) = store::open(&copy, &self.key, OPTIONS)?;
        let positions = store.logs().into_iter().map(|log| (log, store.position(log))).collect();
        let trace = home.path().join("trace");
        let to = trace.to_str().context("a plain path")?;
        let arguments = [
            "-f",
            "--seccomp-bpf",
            "-ttt",
            "-y",
            "-xx",
            "-s",
            LONGEST,
            "-e",
            trace::CALLS,
            "-e",
            "signal=none",
            "-o",
            to,
        ];
        let environment = self.planted.map(|name| (crate::harness::PLANTED, name));
        let mut server = Traced::start(&self.binary, &folder, &arguments, environment.as_slice())?;
        self.field.door = Door { host_port: server.host_port.clone(), ..self.field.door.clone() };
        let posts = POSTS.start + self.random.below(POSTS.end - POSTS.start);
        // The last run may go on from before what its courier was doing.
        for author in &mut self.field.authors {
            if let Author::Courier(courier) = author {
                courier.begin_anew();
            }
        }
        let mut writing = self.field.set_off(usize::try_from(posts)?);
        let (mut heard, mut acts) = (Vec::new(), Vec::new());
        while let Some(written) = writing.join_next().await {
            let (author, said) = written??;
            self.field.authors.push(author);
            // Whoever could not sign in, on a busy machine, is not waited for, and ends nothing.
            let is_first = heard.is_empty() && !said.entries.is_empty();
            heard.extend(said.entries);
            acts.extend(said.acts);
            if is_first {
                server.end().await?;
            }
        }
        let text = String::from_utf8(fs::read(&trace)?).context("a trace is ASCII")?;
        let steps = trace::read(&text, &folder.join("data"))?;
        ensure!(!heard.is_empty(), "nothing was acknowledged");
        let acknowledged = heard.into_iter().map(|one| (said(&steps, one.heard_us), one)).collect();
        let acts = acts.into_iter().map(|(one, heard_us)| (said(&steps, heard_us), one)).collect();
        Ok(Run { before, positions, steps, acknowledged, acts })
    }

    fn judge(
        &mut self,
        image: &Path,
        run: &Run,
        moment: usize,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let mut expected: BTreeMap<LogId, BTreeMap<Seq, (Head, Option<EntryId>)>> = BTreeMap::new();
        for (log, at) in run.positions.iter().filter(|(_, at)| at.seq > 0) {
            expected.entry(*log).or_default().insert(at.seq, (at.head, None));
        }
        for (_, one) in run.acknowledged.iter().filter(|(said, _)| *said < moment) {
            let place = (one.at.head, Some(one.id));
            expected.entry(LogId::room(one.room)).or_default().insert(one.at.seq, place);
            tally.acknowledged += 1;
        }
        {
            let (store, mut committer) = store::open(image, &self.key, OPTIONS)?;
            for (log, expected) in expected {
                tally.records += read(&store, log, expected)?;
            }
            let mut acts = Acts::default();
            let said = run.acts.iter().filter(|(said, _)| *said < moment);
            said.for_each(|(_, number)| acts.expect(*number));
            for stored in store.page(LogId::REGISTER, 1, usize::MAX, Direction::Forward) {
                let stored = stored?;
                acts.take(stored.seq, &String::from_utf8(stored.item)?)?;
            }
            acts.are_there()?;
            let carried = files::verify(&store, image)?;
            ensure!(carried.damage.is_empty(), "{}", carried.damage[0]);
            tally.files += carried.files;
            // The store goes on: whatever the cut left, something new can be made durable.
            let mark = Mark { key: b"after the cut".to_vec(), value: b"goes on".to_vec() };
            committer.commit(Vec::new(), &[mark], 0)?;
        }
        let report = store::verify(image, &self.key)?;
        ensure!(report.damage.is_empty(), "verify finds {:?}", report.damage);
        Ok(())
    }
}

/// The step in which something was said that was heard at this time: the last on a socket before.
fn said(steps: &[Step], heard_us: u64) -> usize {
    let until = steps.partition_point(|step| step.at_us <= heard_us);
    let last = steps[..until].iter().rposition(|step| matches!(step.what, What::Said));
    last.unwrap_or(until)
}

/// Reads a whole log and compares; how many records it has.
fn read(
    store: &Store,
    log: LogId,
    mut expected: BTreeMap<Seq, (Head, Option<EntryId>)>,
) -> anyhow::Result<u64> {
    let room = RoomId::from_bytes(log.0);
    let mut order = Order::default();
    let mut records = 0;
    for stored in store.page(log, 1, usize::MAX, Direction::Forward) {
        let stored = stored?;
        let seq = stored.seq;
        records += 1;
        let entry: Option<Entry> = match log {
            LogId::REGISTER | LogId::AUDIT => None,
            _ => Some(serde_json::from_slice(&stored.item)?),
        };
        if let Some((head, id)) = expected.remove(&seq) {
            let found = entry.as_ref().map(|entry| entry.handling.id);
            let is_it = stored.head == head && (id.is_none() || id == found);
            ensure!(is_it, Wrong { room, seq, how: How::Other });
        }
        if let Some(entry) = &entry {
            order.take(room, seq, entry)?;
        }
    }
    match expected.first_key_value() {
        Some((seq, _)) => Err(Wrong { room, seq: *seq, how: How::Lost }.into()),
        None => Ok(records),
    }
}
