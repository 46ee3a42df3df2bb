//! `soak`: half an hour of everything at once against the real server, as tables. docs/soak.md says what
//! happens in it and holds the last tables.

use std::io::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use warproom_tests::bench::machine::raise_open_files;
use warproom_tests::{say, soak};

/// A thousand clients for half an hour; memory must stay and every view must be the server's.
#[derive(Parser)]
struct Arguments {
    /// How many minutes, without preparing and comparing.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// How many connections, at least 60.
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Where the random choices come from; the time if not said.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.connections >= 60, "a soak needs 60 connections");
    raise_open_files()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seed = arguments.seed.unwrap_or(now.as_secs());
    let lasting = Duration::from_secs_f64(arguments.minutes * 60.0);
    let plan = soak::Plan { connections: arguments.connections, lasting, seed };
    say(format_args!("seed {seed}"));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(soak::run(plan, soak::builder()))?;
    std::io::stdout().write_all(outcome.markdown()?.as_bytes())?;
    let not_met = outcome.not_met();
    anyhow::ensure!(outcome.is_equal(), "not every client knows what the server knows");
    anyhow::ensure!(not_met.is_empty(), "never happened: {}", not_met.join("; "));
    anyhow::ensure!(
        outcome.is_steady(),
        "memory grew by more than {} %",
        soak::report::GROWTH_PERCENT
    );
    Ok(())
}
