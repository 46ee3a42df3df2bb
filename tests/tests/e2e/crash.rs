//! Promise 1 under `kill -9`: rounds of killing the server at a random moment under load and
//! starting it again on the same store. `WARPROOM_CRASH_ROUNDS` asks for more rounds, and
//! `WARPROOM_CRASH_SEED` for the moments of an earlier run.
//!
//! A killed process leaves what it wrote to the system; that it also left nothing in the system's
//! cache alone is shown by the tests of durability.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;
use tokio::time::sleep;
use warproom_proto::{Label, RoomId};
use warproom_tests::crash::{Acknowledged, Door, How, Ledger, Random, Writer, Wrong};
use warproom_tests::harness::{Warp, server_binary_with};
use warproom_tests::say;
use warproom_tests::wire::Wire;

const ROUNDS: u64 = 200;
const WRITERS: usize = 4;
const ROOMS: usize = 3;

/// When the server is killed, counted from when the writers begin to connect.
const MOMENTS_MS: std::ops::Range<u64> = 20..150;

/// Within so many rounds the planted fault must be noticed.
const NOTICED_WITHIN: u64 = 50;

/// How much a writer posts in the last, undisturbed round: all it still owes, and a little more.
const LAST: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_doubled_or_reordered_by_kills() -> anyhow::Result<()> {
    let rounds = number("WARPROOM_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let mut field = Field::prepare(Warp::builder().start().await?, random()).await?;
    let began = Instant::now();
    for round in 1..=rounds {
        field.round().await.with_context(|| format!("round {round}"))?;
    }
    let (took, entries) = (began.elapsed(), field.ledger.entries());
    say(format!("{rounds} kills in {took:.1?}, {entries} entries read back"));
    ensure!(entries as u64 > 10 * rounds, "too little load to prove anything");
    field.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_it_stores_is_found_out() -> anyhow::Result<()> {
    let planted = || server_binary_with(&["planted-ack-before-flush"]);
    let binary = tokio::task::spawn_blocking(planted).await??;
    let warp = Warp::builder().binary(binary).start().await?;
    let mut field = Field::prepare(warp, random()).await?;
    for round in 1..=NOTICED_WITHIN {
        if let Err(error) = field.round().await {
            let wrong: Wrong = error.downcast().context("noticed, but not as a loss")?;
            say(format!("noticed in round {round}: {wrong}"));
            ensure!(matches!(wrong.how, How::Lost | How::Other), "{wrong}");
            return Ok(());
        }
    }
    anyhow::bail!("the planted fault was not noticed within {NOTICED_WITHIN} rounds")
}

/// A WARP whose rooms are written to by several writers.
struct Field {
    warp: Warp,
    door: Door,
    random: Random,
    writers: Vec<Writer>,
    ledger: Ledger,
}

impl Field {
    async fn prepare(mut warp: Warp, random: Random) -> anyhow::Result<Self> {
        let council = warp.organisation("Canterbury City Council").await?;
        let mut officers = Vec::new();
        for number in 0..WRITERS {
            officers.push(warp.officer(&format!("officer{number}"), council).await?);
        }
        let mut rooms: Vec<RoomId> = Vec::new();
        let people: Vec<_> = std::iter::once(warp.manager()).chain(&officers).collect();
        for _ in 0..ROOMS {
            rooms.push(warp.room(&people, Label::Green, Label::Green).await?);
        }
        let writer = |(name, officer): (usize, &warproom_tests::harness::Person)| {
            Writer::new(name, officer.credentials(), rooms.clone())
        };
        let writers = officers.iter().enumerate().map(writer).collect();
        let door = Door {
            host_port: warp.local().to_string(),
            authority: warp.folder().join("keys/authority.pem"),
        };
        // What was prepared is not what the rounds are about: it is on stable storage first.
        warp.stop().await?;
        warp.restart().await?;
        Ok(Self { warp, door, random, writers, ledger: Ledger::new(&rooms) })
    }

    /// Everyone writes, the server is killed, starts again, and is asked what it has.
    async fn round(&mut self) -> anyhow::Result<()> {
        let span = MOMENTS_MS.end - MOMENTS_MS.start;
        let moment = Duration::from_millis(MOMENTS_MS.start + self.random.below(span));
        let mut writing = self.set_off(usize::MAX);
        sleep(moment).await;
        self.warp.kill()?;
        self.collect(&mut writing).await?;
        self.warp.restart().await?;
        self.check().await
    }

    /// One undisturbed round, then everything is read once more, and verified offline.
    async fn finish(mut self) -> anyhow::Result<()> {
        let mut writing = self.set_off(LAST);
        self.collect(&mut writing).await?;
        self.check().await?;
        let mut again = self.ledger.afresh();
        again.check(&mut self.connect().await?).await?;
        ensure!(again.entries() == self.ledger.entries(), "the logs changed");
        self.warp.stop().await?;
        let verified = self.warp.verify()?;
        let said = String::from_utf8_lossy(&verified.stdout);
        ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        ensure!(said.contains("every chain whole"), "{said}");
        Ok(())
    }

    fn set_off(&mut self, most: usize) -> Writing {
        let mut writing = JoinSet::new();
        for mut writer in self.writers.drain(..) {
            let door = self.door.clone();
            writing.spawn(async move {
                let acknowledged = writer.write(&door, most).await?;
                anyhow::Ok((writer, acknowledged))
            });
        }
        writing
    }

    async fn collect(&mut self, writing: &mut Writing) -> anyhow::Result<()> {
        while let Some(done) = writing.join_next().await {
            let (writer, acknowledged) = done??;
            self.writers.push(writer);
            self.ledger.note(acknowledged)?;
        }
        Ok(())
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let mut wire = self.connect().await?;
        self.ledger.check(&mut wire).await
    }

    async fn connect(&self) -> anyhow::Result<Wire> {
        let credentials = self.warp.manager().credentials();
        Wire::signed_in(&self.door.host_port, &self.door.authority, &credentials).await
    }
}

type Writing = JoinSet<anyhow::Result<(Writer, Vec<Acknowledged>)>>;

/// Random moments from a seed that is said, to be asked for again.
fn random() -> Random {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = number("WARPROOM_CRASH_SEED").unwrap_or(now.as_secs());
    say(format!("WARPROOM_CRASH_SEED={seed}"));
    Random::new(seed)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
