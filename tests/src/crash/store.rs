//! Kills of a process that has the store alone: no network, no people, so many more in the same time.
//!
//! The child appends numbered records in groups and tells on its output which are durable. It is killed
//! at a random moment; then the store is opened here and read on. Each log must hold its numbers without
//! a gap, a repetition or another order, and everything the child told. What the child appended and could
//! not tell of, its successor appends again under the same ids: it may not be there twice.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use warproom_proto::{Head, LogId, Position, Seq};
use warproom_server::store::{self, Committer, Direction, Draft, MasterKey, Options, Store};

use super::Random;

const LOGS: u64 = 3;
const OPTIONS: Options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };

/// When the child is killed, counted from when it first tells something; one in four is killed before,
/// while it opens the store.
const MOMENTS_US: std::ops::Range<u64> = 0..30_000;

/// Appends groups for ever, from a number on, and tells what is durable, a line for each group.
///
/// # Errors
/// If the store refuses anything.
pub fn append_until_killed(home: &Path, from: u64) -> anyhow::Result<()> {
    let (_store, mut committer) = open(home)?;
    let mut random = Random::new(from);
    let mut out = std::io::stdout().lock();
    let mut next = from;
    loop {
        let end = next + 1 + random.below(24);
        let appended = committer.commit((next..end).map(draft).collect(), &[], 1_000)?;
        let told = (next..)
            .zip(&appended)
            .map(|(number, one)| format!("{number} {} {}\n", one.seq, one.head));
        out.write_all(told.collect::<String>().as_bytes())?;
        out.flush()?;
        next = end;
    }
}

/// A store, and what must be in it.
pub struct StoreKills {
    program: PathBuf,
    home: TempDir,
    random: Random,
    /// How far each log was read.
    read: BTreeMap<LogId, Position>,
    /// The first number that no child told of.
    next: u64,
}

impl StoreKills {
    /// Makes a store. The program's command `store FOLDER NUMBER` is [`append_until_killed`].
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn prepare(program: PathBuf, random: Random) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        let key = MasterKey::generate()?;
        key.save_new(&home.path().join("key"))?;
        store::create(&home.path().join("store"), &key)?;
        let read = (0..LOGS).map(|number| (log(number), Position::start(log(number)))).collect();
        Ok(Self { program, home, random, read, next: 0 })
    }

    /// A child appends and is killed; what it told is compared with what is there.
    ///
    /// # Errors
    /// If anything told is not there, or anything is there that should not be.
    pub fn round(&mut self) -> anyhow::Result<()> {
        let told = self.killed()?;
        let (store, _committer) = open(self.home.path())?;
        for (log, read) in &mut self.read {
            read_on(&store, *log, read, &told)?;
        }
        if let Some((last, _)) = told.last_key_value() {
            self.next = last + 1;
        }
        Ok(())
    }

    /// Verifies the whole store; how many records it has.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn finish(self) -> anyhow::Result<u64> {
        let key = MasterKey::load(&self.home.path().join("key"))?;
        let report = store::verify(&self.home.path().join("store"), &key)?;
        ensure!(report.damage.is_empty(), "{:?}", report.damage);
        let read: Seq = self.read.values().map(|read| read.seq).sum();
        ensure!(report.records == read, "not all was read");
        Ok(report.records)
    }

    /// What a child told before it was killed: number, then place and head.
    fn killed(&mut self) -> anyhow::Result<BTreeMap<u64, (Seq, Head)>> {
        let mut command = Command::new(&self.program);
        command.arg("store").arg(self.home.path()).arg(self.next.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("the output was piped")?);
        let mut told = String::new();
        if !self.random.bits().is_multiple_of(4) {
            output.read_line(&mut told)?;
        }
        let span = Duration::from_micros(self.random.below(MOMENTS_US.end));
        let until = Instant::now() + span;
        // What it tells is read while it runs: a full pipe would hold it up.
        let reader = std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.collect::<Vec<_>>()
        });
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        let ended = child.try_wait()?;
        child.kill()?;
        child.wait()?;
        ensure!(ended.is_none(), "the child ended by itself: {ended:?}");
        let lines = reader.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?;
        told.lines().map(str::to_owned).chain(lines).map(|line| parse(&line)).collect()
    }
}

fn parse(line: &str) -> anyhow::Result<(u64, (Seq, Head))> {
    let mut words = line.split(' ');
    let mut word = || words.next().context("a line is cut short");
    Ok((word()?.parse()?, (word()?.parse()?, word()?.parse()?)))
}

/// Reads a log from where it was read to; everything in it and everything told must agree.
fn read_on(
    store: &Store,
    log: LogId,
    read: &mut Position,
    told: &BTreeMap<u64, (Seq, Head)>,
) -> anyhow::Result<()> {
    for stored in store.page(log, read.seq + 1, usize::MAX, Direction::Forward) {
        let stored = stored?;
        let number = (stored.seq - 1) * LOGS + number_of(log);
        ensure!(
            stored.item == item(number),
            "record {} of {log} is not number {number}",
            stored.seq
        );
        *read = Position { seq: stored.seq, head: stored.head };
    }
    ensure!(store.position(log) == *read, "{log} does not end where it was read to");
    for (number, at) in told.iter().filter(|(number, _)| **number % LOGS == number_of(log)) {
        let stored = store.read(log, number / LOGS + 1)?;
        let stored = stored.with_context(|| format!("number {number} was told and is lost"))?;
        ensure!((stored.seq, stored.head) == *at, "number {number} is not where it was told to be");
    }
    Ok(())
}

fn open(home: &Path) -> anyhow::Result<(Store, Committer)> {
    let key = MasterKey::load(&home.join("key"))?;
    Ok(store::open(&home.join("store"), &key, OPTIONS)?)
}

fn log(number: u64) -> LogId {
    LogId([u8::try_from(number % LOGS).unwrap_or_default() + 1; 16])
}

fn number_of(log: LogId) -> u64 {
    u64::from(log.0[0]) - 1
}

fn draft(number: u64) -> Draft {
    let mut id = [0; 33];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Draft {
        log: log(number),
        summary: Vec::new(),
        item: item(number),
        refers_to: None,
        is_state: false,
        id: Some(id),
    }
}

/// Some are longer than one value of the database, so that records in parts are cut too.
fn item(number: u64) -> Vec<u8> {
    let filler = if number.is_multiple_of(37) { 9_000 } else { 40 };
    format!("{number} {}", "x".repeat(filler)).into_bytes()
}
