//! The server's memory while it runs, sampled from outside, and its metrics.
//!
//! A *life* is from one start of the server to its end. Compared is the median of the samples just after
//! warming up with the median of the last ones; only samples with every connection there count, since a
//! connection costs memory. A median, because hashing a password takes 64 MiB for a moment.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Plan;
use crate::bench::load::to_float;
use crate::bench::machine::resident_kib;
use crate::harness::Warp;

/// How much of the connections must be there for a sample to count, in hundredths.
const NEARLY_ALL: f64 = 0.98;

/// One look.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Since the beginning.
    pub at: Duration,
    /// Which life.
    pub life: usize,
    /// Memory in RAM, in KiB.
    pub resident_kib: f64,
    /// Of it, what is of this process alone and not of a file: its heap.
    pub anonymous_kib: f64,
    /// Signed-in connections.
    pub connections: f64,
    /// What the store takes on the disk, in bytes.
    pub store_bytes: f64,
    /// How often a connection fell behind in this life.
    pub fell_behind: f64,
}

/// All that was sampled.
pub struct Memory {
    plan: Plan,
    /// The samples, oldest first.
    pub samples: Vec<Sample>,
    /// How each life began.
    pub lives: Vec<&'static str>,
    /// Where the server of this life shows its metrics.
    metrics: Option<SocketAddr>,
}

/// A stretch of samples.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// How many counted.
    pub samples: usize,
    /// The median of memory in RAM, in KiB.
    pub resident_kib: f64,
    /// The median of the heap, in KiB.
    pub anonymous_kib: f64,
    /// The store at its end, in bytes.
    pub store_bytes: f64,
}

impl Memory {
    /// Nothing sampled yet.
    pub const fn new(plan: Plan) -> Self {
        Self { plan, samples: Vec::new(), lives: Vec::new(), metrics: None }
    }

    /// How often to look.
    pub fn period(&self) -> Duration {
        self.plan.every(600).clamp(Duration::from_millis(200), Duration::from_secs(3))
    }

    /// The server was started again.
    pub fn new_life(&mut self, how: &'static str) {
        self.lives.push(how);
        self.metrics = None;
    }

    /// Looks. A server that just does not answer is passed over.
    pub async fn sample(&mut self, warp: &Warp, at: Duration) {
        if let Ok(sample) = self.look(warp, at).await {
            self.samples.push(sample);
        }
    }

    /// Looks once more at the end of a life.
    pub async fn last(&mut self, warp: &Warp) {
        let at = self.samples.last().map_or(self.plan.lasting, |last| last.at);
        self.sample(warp, at).await;
    }

    async fn look(&mut self, warp: &Warp, at: Duration) -> anyhow::Result<Sample> {
        let process = warp.process().context("the server does not run")?;
        let shown_at = match self.metrics {
            Some(known) => known,
            None => *self.metrics.insert(shown_at(&warp.log()?)?),
        };
        let metrics = scrape(shown_at).await?;
        let of = |name| value(&metrics, name).unwrap_or_default();
        Ok(Sample {
            at,
            life: self.lives.len(),
            resident_kib: resident_kib(process)?,
            anonymous_kib: anonymous_kib(process)?,
            connections: of("warproom_member_connections"),
            store_bytes: of("warproom_store_bytes"),
            fell_behind: of("warproom_fallen_behind_total"),
        })
    }

    /// How often a connection fell behind, over all lives.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    pub fn fell_behind(&self) -> u64 {
        let of_life = |life| {
            let samples = self.samples.iter().filter(|sample| sample.life == life);
            samples.map(|sample| sample.fell_behind).fold(0.0, f64::max)
        };
        (0..=self.lives.len()).map(of_life).sum::<f64>() as u64
    }

    /// The samples from one time to another with every connection there.
    #[must_use]
    pub fn stretch(&self, from: Duration, to: Duration) -> Option<Stretch> {
        let most = to_float(self.plan.connections as u64) * NEARLY_ALL;
        let counts =
            |sample: &&Sample| (from..=to).contains(&sample.at) && sample.connections >= most;
        let samples: Vec<_> = self.samples.iter().filter(counts).collect();
        Some(Stretch {
            samples: samples.len(),
            resident_kib: median(samples.iter().map(|sample| sample.resident_kib))?,
            anonymous_kib: median(samples.iter().map(|sample| sample.anonymous_kib))?,
            store_bytes: samples.last()?.store_bytes,
        })
    }

    /// Just after warming up: a tenth of the whole run.
    #[must_use]
    pub fn warm(&self) -> Option<Stretch> {
        let warm = self.plan.warm_up();
        self.stretch(warm, warm + self.plan.every(10))
    }

    /// The last tenth.
    #[must_use]
    pub fn end(&self) -> Option<Stretch> {
        let lasting = self.plan.lasting;
        self.stretch(lasting.saturating_sub(self.plan.every(10)), lasting)
    }

    /// How much larger it is at the end than after warming up, in percent.
    #[must_use]
    pub fn growth_percent(&self) -> Option<f64> {
        let (warm, end) = (self.warm()?, self.end()?);
        Some((end.resident_kib / warm.resident_kib - 1.0) * 100.0)
    }
}

/// The middle one.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// What is of the process alone and of no file, in KiB (proc(5), `smaps_rollup`).
fn anonymous_kib(process: u32) -> anyhow::Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no such line")?;
    Ok(kib.trim().parse()?)
}

/// Where the latest server shows its metrics, by its log.
fn shown_at(log: &str) -> anyhow::Result<SocketAddr> {
    let (_, at) = log.rsplit_once("showing metrics local=").context("no metrics are shown")?;
    Ok(at.split_whitespace().next().context("no address")?.parse()?)
}

async fn scrape(from: SocketAddr) -> anyhow::Result<String> {
    const WITHIN: Duration = Duration::from_secs(5);
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {from}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut tcp = TcpStream::connect(from).await?;
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = timeout(WITHIN, exchange).await??;
    ensure!(answer.starts_with("HTTP/1.1 200"), "no metrics: {answer}");
    Ok(answer)
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    let mut lines = metrics.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.find_map(|value| value.trim().parse().ok())
}
