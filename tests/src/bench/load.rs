//! A load: readers that only find frames and the moment each post was sent, some of them writers
//! that keep posting; bounded in time.
//!
//! Everything runs on one thread. A post carries the moment it was sent in its text, as
//! `@` and 16 hexadecimal digits of nanoseconds, then its writer's number; a delivery is found by
//! that mark and read no further.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hdrhistogram::Histogram;
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use warproom_proto::{EntryId, RoomId};

use super::connection::{Connection, REPLY};
use super::machine::{self, Cores};

/// What a reader may be behind before writers wait for it: half of what the server queues, so that
/// no reader is ever told that it fell behind.
const LAG: u64 = 128;

/// How every delivery of a room's entry begins.
const ENTRY: &[u8] = br#"{"jsonrpc":"2.0","method":"entry""#;

/// How much of a core counts as all of it.
const SATURATED: f64 = 0.9;

/// What a writer writes.
pub enum Writes {
    /// Posts, to these rooms in turn; acknowledged by the reply.
    Posts(Vec<RoomId>),
    /// Bare text; acknowledged by the writer's own copy.
    Bare,
}

/// One connection of a load.
pub struct Peer {
    /// The connection, signed in and following.
    pub connection: Connection,
    /// What it writes, if it does.
    pub writes: Option<Writes>,
}

/// How a load is put on.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How long before anything is measured.
    pub warm_up: Duration,
    /// How long is measured.
    pub measured: Duration,
    /// How writers go on.
    pub pace: Pace,
    /// How long a text is, at least 32 bytes.
    pub text_bytes: usize,
    /// How many readers each post goes to.
    pub readers: u64,
}

/// How a writer goes on.
#[derive(Clone, Copy)]
pub enum Pace {
    /// As soon as fewer than this many are unacknowledged.
    Pipelined(usize),
    /// After this time, whatever became of the last.
    Every(Duration),
}

/// What a load found.
pub struct Outcome {
    /// How long was measured.
    pub seconds: f64,
    /// Frames that reached readers.
    pub deliveries: f64,
    /// The size of a delivered frame.
    pub frame_bytes: f64,
    /// Processor time of the server.
    pub server_seconds: f64,
    /// From just before a post was sent to its arrival at a reader, in microseconds.
    pub latency: Histogram<u64>,
    /// The share of the server's core that others took meanwhile.
    pub others: f64,
    /// What else makes the figures doubtful.
    pub doubts: Vec<String>,
}

impl Outcome {
    /// Deliveries each second.
    pub fn rate(&self) -> f64 {
        self.deliveries / self.seconds
    }

    /// Seconds of processor time that the server spends on a million deliveries.
    pub fn cpu_per_million(&self) -> f64 {
        self.server_seconds / self.deliveries * 1e6
    }

    /// A quantile of the latency, in milliseconds.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        Duration::from_micros(self.latency.value_at_quantile(quantile)).as_secs_f64() * 1e3
    }
}

struct Shared {
    begun: Instant,
    plan: Plan,
    measuring: Cell<bool>,
    writing: Cell<bool>,
    sent: Cell<u64>,
    delivered: Cell<u64>,
    /// What each connection received.
    received: Vec<Cell<u64>>,
    bytes: Cell<u64>,
    refused: Cell<u64>,
    other: Cell<u64>,
    latency: RefCell<Histogram<u64>>,
    failure: RefCell<Option<anyhow::Error>>,
}

impl Shared {
    /// How many posts the slowest reader still has to get. Where a post goes to some of them only,
    /// the mean of all.
    fn lag(&self) -> u64 {
        let readers = self.plan.readers;
        if readers < self.received.len() as u64 {
            return self.sent.get().saturating_sub(self.delivered.get() / readers);
        }
        let least = self.received.iter().map(Cell::get).min().unwrap_or_default();
        self.sent.get().saturating_sub(least)
    }
}

/// Puts a load on a server and measures.
pub async fn run(
    peers: Vec<Peer>,
    plan: Plan,
    server: u32,
    cores: Cores,
) -> anyhow::Result<Outcome> {
    let shared = Rc::new(Shared {
        begun: Instant::now(),
        plan,
        measuring: Cell::new(false),
        writing: Cell::new(true),
        sent: Cell::new(0),
        delivered: Cell::new(0),
        received: vec![Cell::new(0); peers.len()],
        bytes: Cell::new(0),
        refused: Cell::new(0),
        other: Cell::new(0),
        latency: RefCell::new(Histogram::new_with_bounds(1, 60_000_000, 3)?),
        failure: RefCell::default(),
    });
    let tasks = LocalSet::new();
    for (number, peer) in (0..).zip(peers) {
        let shared = shared.clone();
        tasks.spawn_local(async move {
            if let Err(error) = attend(peer, number, &shared).await {
                shared.failure.borrow_mut().get_or_insert(error);
            }
        });
    }
    tasks.run_until(measure(&shared, server, cores)).await
}

async fn measure(shared: &Shared, server: u32, cores: Cores) -> anyhow::Result<Outcome> {
    /// Long enough for what is on its way to arrive, so that nothing is left for the next load.
    const DRAIN: Duration = Duration::from_millis(300);
    let server = server.to_string();
    let used = || -> anyhow::Result<[f64; 3]> {
        let on_core = machine::core_busy_seconds(cores.server)?;
        Ok([machine::cpu_seconds(&server)?, machine::cpu_seconds("self")?, on_core])
    };
    sleep(shared.plan.warm_up).await;
    let (before, at) = (used()?, Instant::now());
    let counted = (shared.delivered.get(), shared.bytes.get());
    shared.measuring.set(true);
    sleep(shared.plan.measured).await;
    shared.measuring.set(false);
    let (seconds, after) = (at.elapsed().as_secs_f64(), used()?);
    let delivered = shared.delivered.get() - counted.0;
    let bytes = shared.bytes.get() - counted.1;
    shared.writing.set(false);
    sleep(DRAIN).await;
    if let Some(error) = shared.failure.borrow_mut().take() {
        return Err(error.context("a connection of the load failed"));
    }
    ensure!(delivered > 0, "nothing was delivered");
    let [server, own, core] = [0, 1, 2].map(|n| (after[n] - before[n]) / seconds);
    let mut doubts = Vec::new();
    if own > SATURATED && server < SATURATED {
        doubts.push("the load's core is the limit".to_owned());
    }
    let others = if cores.server == cores.load { 0.0 } else { core - server };
    for (count, what) in
        [(&shared.refused, "refusals"), (&shared.other, "notices that fell behind")]
    {
        if count.get() > 0 {
            doubts.push(format!("{} {what}", count.get()));
        }
    }
    let (deliveries, bytes) = (to_float(delivered), to_float(bytes));
    Ok(Outcome {
        seconds,
        deliveries,
        frame_bytes: bytes / deliveries,
        server_seconds: server * seconds,
        latency: shared.latency.borrow().clone(),
        others,
        doubts,
    })
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "what a bench counts is far below 2^52")]
pub const fn to_float(count: u64) -> f64 {
    count as f64
}

async fn attend(peer: Peer, number: u8, shared: &Shared) -> anyhow::Result<()> {
    let Peer { mut connection, writes } = peer;
    let Some(writes) = writes else {
        loop {
            connection.read().await?;
            take(&mut connection, number, &Writes::Bare, shared)?;
            connection.flush().await?;
        }
    };
    let mut writer = Writer { writes, number, posted: 0, unanswered: 0 };
    match shared.plan.pace {
        Pace::Pipelined(most) => loop {
            let waits = !writer.fill_up(&mut connection, most, shared);
            connection.flush().await?;
            if waits {
                // Readers are behind, and nothing may come to wake this writer when they are not.
                let read = timeout(Duration::from_millis(1), connection.read()).await;
                read.unwrap_or(Ok(()))?;
            } else {
                connection.read().await?;
            }
            writer.unanswered -= take(&mut connection, number, &writer.writes, shared)?;
        },
        Pace::Every(period) => {
            let mut turns = interval(period);
            turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                tokio::select! {
                    _ = turns.tick() => if shared.writing.get() {
                        writer.post(&mut connection, shared);
                    },
                    read = connection.read() => {
                        read?;
                        writer.unanswered -= take(&mut connection, number, &writer.writes, shared)?;
                    }
                }
                connection.flush().await?;
            }
        }
    }
}

struct Writer {
    writes: Writes,
    number: u8,
    posted: usize,
    unanswered: usize,
}

impl Writer {
    /// Posts as much as may be under way; `false` if readers have to catch up first.
    fn fill_up(&mut self, connection: &mut Connection, most: usize, shared: &Shared) -> bool {
        while shared.writing.get() && self.unanswered < most {
            if shared.lag() >= LAG {
                return false;
            }
            self.post(connection, shared);
        }
        true
    }

    fn post(&mut self, connection: &mut Connection, shared: &Shared) {
        let sent = u64::try_from(shared.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut text = format!("@{sent:016x}{:02x} ", self.number);
        while text.len() < shared.plan.text_bytes {
            text.push_str("the council's own words ");
        }
        text.truncate(shared.plan.text_bytes);
        match &self.writes {
            Writes::Bare => connection.queue(text.as_bytes()),
            Writes::Posts(rooms) => {
                let room = rooms[self.posted % rooms.len()];
                connection.queue(post_text(self.posted, room, &text).as_bytes());
            }
        }
        self.posted += 1;
        self.unanswered += 1;
        shared.sent.set(shared.sent.get() + 1);
    }
}

/// The request that posts a plain text.
pub fn post_text(id: usize, room: RoomId, text: &str) -> String {
    // Written out: encoding the call would cost the load more than the sending.
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"entry.post","params":{{"room":"{room}","id":"{}","label":"TLP:AMBER","text":"{text}"}}}}"#,
        EntryId::random()
    )
}

/// Whether a reply is a refusal; its id is within the first bytes.
pub fn is_refusal(reply: &[u8]) -> bool {
    let rest = reply[REPLY.len()..].iter().position(|byte| *byte == b',');
    rest.is_some_and(|comma| reply[REPLY.len() + comma..].starts_with(br#","error""#))
}

/// Counts what was read; answers how many of the connection's own posts it acknowledges.
fn take(
    connection: &mut Connection,
    number: u8,
    writes: &Writes,
    shared: &Shared,
) -> anyhow::Result<usize> {
    let now = u64::try_from(shared.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let (mut answered, mut delivered, mut bytes) = (0, 0, 0);
    while let Some(frame) = connection.take()? {
        let frame = connection.bytes(frame);
        if frame.starts_with(REPLY) {
            answered += 1;
            shared.refused.set(shared.refused.get() + u64::from(is_refusal(frame)));
            continue;
        }
        if frame.first() != Some(&b'@') && !frame.starts_with(ENTRY) {
            shared.other.set(shared.other.get() + 1);
            continue;
        }
        let Some((sent, writer)) = mark(frame, shared.plan.text_bytes) else { continue };
        answered += usize::from(matches!(writes, Writes::Bare) && writer == number);
        delivered += 1;
        bytes += frame.len() as u64;
        if shared.measuring.get() {
            shared.latency.borrow_mut().saturating_record(now.saturating_sub(sent) / 1_000);
        }
    }
    shared.delivered.set(shared.delivered.get() + delivered);
    if let Some(received) = shared.received.get(usize::from(number)) {
        received.set(received.get() + delivered);
    }
    shared.bytes.set(shared.bytes.get() + bytes);
    Ok(answered)
}

/// When a post was sent and by whom. Its text is the last thing in a frame, but for some brackets.
fn mark(frame: &[u8], text_bytes: usize) -> Option<(u64, u8)> {
    /// `"}` and the brackets of everything around the text.
    const BRACKETS: usize = 16;
    let tail = &frame[frame.len().saturating_sub(text_bytes + BRACKETS)..];
    let at = tail.iter().position(|byte| *byte == b'@')?;
    let mark = std::str::from_utf8(tail.get(at + 1..at + 19)?).ok()?;
    let sent = u64::from_str_radix(mark.get(..16)?, 16).ok()?;
    Some((sent, u8::from_str_radix(mark.get(16..)?, 16).ok()?))
}
