//! Promise 1 under power cuts: what the disk may hold at any moment, of what the real server wrote, opens
//! and has everything that was acknowledged. `WARPROOM_CUT_ROUNDS` asks for more cuts, and
//! `WARPROOM_CUT_SEED` for those of an earlier run.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use warproom_tests::crash::{How, Wrong};
use warproom_tests::harness::{planted_binary, server_binary};
use warproom_tests::power::{Cut, Power, Tally};
use warproom_tests::{are_here, say};

const CUTS: u64 = 100;

/// How many traced runs there are; each begins on what a cut of the one before left.
const RUNS: u64 = 4;

/// Within so many cuts the planted fault must be noticed.
const NOTICED_WITHIN: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_doubled_or_reordered_by_power_cuts() -> anyhow::Result<()> {
    if !are_here(&["strace"])? {
        return Ok(());
    }
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let mut power = Power::prepare(binary, None, seed()).await?;
    let (cuts, mut all) = (number("WARPROOM_CUT_ROUNDS").unwrap_or(CUTS), Tally::default());
    for run in 1..=RUNS {
        all += power.run(cuts.div_ceil(RUNS)).await.with_context(|| format!("run {run}"))?;
    }
    say(format!("{all:?}"));
    ensure!(all.unsure > all.cuts && all.acknowledged > 10 * all.cuts, "too little at stake");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_before_it_syncs_is_found_out_by_a_power_cut() -> anyhow::Result<()> {
    if !are_here(&["strace"])? {
        return Ok(());
    }
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let mut power = Power::prepare(binary, Some("ack-before-flush"), seed()).await?;
    let noticed = power.run(NOTICED_WITHIN).await.err().context("the fault was not noticed")?;
    say(format!("noticed: {noticed:#}"));
    // What is not synced may also be half there: then the image does not open, or is damaged.
    ensure!(noticed.is::<Cut>(), "nothing was cut: {noticed:#}");
    if let Some(wrong) = noticed.downcast_ref::<Wrong>() {
        ensure!(matches!(wrong.how, How::Lost | How::Other), "{wrong}");
    }
    Ok(())
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = number("WARPROOM_CUT_SEED").unwrap_or(now.as_secs());
    say(format!("WARPROOM_CUT_SEED={seed}"));
    seed
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
