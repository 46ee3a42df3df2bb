//! Promise 1 under `kill -9`: rounds of killing the server at a random moment under load and
//! starting it again on the same store. `WARPROOM_CRASH_ROUNDS` asks for more rounds, and
//! `WARPROOM_CRASH_SEED` for the moments of an earlier run.
//!
//! A killed process leaves what it wrote to the system; that it also left nothing in the system's
//! cache alone is shown by the tests of durability.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use warproom_tests::crash::{Field, How, Random, StoreKills, Wrong};
use warproom_tests::harness::{PLANTED, Warp, planted_binary};
use warproom_tests::say;

const ROUNDS: u64 = 200;

/// How many kills of a process that has the store alone.
const STORE_ROUNDS: u64 = 60;
/// Within so many rounds the planted fault must be noticed.
const NOTICED_WITHIN: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_doubled_or_reordered_by_kills() -> anyhow::Result<()> {
    let rounds = number("WARPROOM_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let mut field = Field::prepare(Warp::builder().start().await?, random()).await?;
    let began = Instant::now();
    for round in 1..=rounds {
        field.round().await.with_context(|| format!("round {round}"))?;
    }
    let (took, entries) = (began.elapsed(), field.entries());
    say(format!("{rounds} kills in {took:.1?}, {entries} entries read back"));
    ensure!(entries as u64 > 10 * rounds, "too little load to prove anything");
    field.finish().await
}

#[test]
fn nothing_that_the_store_said_was_durable_is_lost_by_kills() -> anyhow::Result<()> {
    let rounds = number("WARPROOM_CRASH_ROUNDS").unwrap_or(STORE_ROUNDS);
    let mut kills = StoreKills::prepare(env!("CARGO_BIN_EXE_crashes").into(), random())?;
    for round in 1..=rounds {
        kills.round().with_context(|| format!("round {round}"))?;
    }
    let records = kills.finish()?;
    say(format!("{rounds} kills of the store alone, {records} records"));
    ensure!(records > rounds, "too little load to prove anything");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_it_stores_is_found_out() -> anyhow::Result<()> {
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let warp = Warp::builder().binary(binary).env(PLANTED, "ack-before-flush").start().await?;
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
