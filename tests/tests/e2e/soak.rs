//! The soak in its short form: whatever happens, every client ends with what the server has; and a server
//! that does not keep to it is found out. Memory is for the long form, which docs/soak.md is about.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{bail, ensure};
use warproom_tests::bench::machine::raise_open_files;
use warproom_tests::harness::{PLANTED, planted_binary};
use warproom_tests::say;
use warproom_tests::soak::view::How;
use warproom_tests::soak::{self, Plan};

/// A short soak, by a seed that is said, to be asked for again.
fn plan(lasting: Duration) -> anyhow::Result<Plan> {
    raise_open_files()?;
    let asked = std::env::var("WARPROOM_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seed = asked.unwrap_or(now.as_secs());
    say(format_args!("WARPROOM_SOAK_SEED={seed}"));
    Ok(Plan { connections: 60, lasting, seed })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_everything_at_once_every_client_has_what_the_server_has() -> anyhow::Result<()> {
    let outcome = soak::run(plan(Duration::from_secs(40))?, soak::builder()).await?;
    let told = outcome.markdown()?;
    say(&told);
    ensure!(outcome.is_equal(), "{told}");
    let not_met = outcome.not_met();
    ensure!(not_met.is_empty(), "never happened: {}", not_met.join("; "));
    ensure!(outcome.compared.records > 10_000, "too little to prove anything");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_on_serving_who_was_taken_out_differs() -> anyhow::Result<()> {
    /// On a busy machine a short soak may have nobody post where somebody was taken out. The moments differ
    /// from round to round, also where the seed is given.
    const ROUNDS: usize = 4;
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let mut noticed = Vec::new();
    for _ in 0..ROUNDS {
        let builder = soak::builder().binary(binary.clone());
        let builder = builder.env(PLANTED, "no-live-membership-check");
        let outcome = soak::run(plan(Duration::from_secs(20))?, builder).await?;
        let (differences, count) = (outcome.compared.differences, outcome.compared.different);
        if let Some((member, one)) = differences.iter().find(|(_, one)| one.how == How::ReadOn) {
            say(format_args!("{count} differences; a client of {member}: {one}"));
            return Ok(());
        }
        noticed.extend(differences.iter().map(|(_, one)| one.how));
    }
    bail!("in {ROUNDS} rounds not noticed as reading on, but as {noticed:?}")
}
