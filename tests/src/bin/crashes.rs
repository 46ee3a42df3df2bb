//! `crashes`: kills, power cuts and damage in numbers, as a table. docs/crashes.md says what each row means
//! and holds the last table.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use warproom_tests::are_here;
use warproom_tests::crash::{Field, Random, StoreKills, append_until_killed};
use warproom_tests::damage::{DATABASE, Damaging, HEADS, Sound, cut, flip};
use warproom_tests::harness::{Warp, server_binary};
use warproom_tests::power::{CUTS_OF_A_RUN, Power, Tally};
use warproom_tests::say;

/// One in so many kills is of a whole server over TLS, the others of a process with the store alone.
const OF_A_SERVER: u64 = 10;

/// After how many kills of the store it is begun anew, so that opening stays quick.
const KILLS_OF_A_STORE: u64 = 500;

/// Kill, cut the power and damage, and compare with what was acknowledged.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many kills; one in ten is of a whole server.
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// How many simulated power cuts.
    #[arg(long, default_value_t = 0)]
    cuts: u64,
    /// How many times bits are flipped in the database, and as often in the checkpoint.
    #[arg(long, default_value_t = 0)]
    flips: u64,
    /// How many times the database is cut short, and as often the checkpoint.
    #[arg(long, default_value_t = 0)]
    truncations: u64,
    /// Where the random choices come from; the time if not said.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Subcommand)]
enum Part {
    /// Append to a store until killed.
    #[command(hide = true)]
    Store {
        /// The store's folder.
        folder: PathBuf,
        /// The first number.
        from: u64,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Part::Store { folder, from }) = arguments.part {
        return append_until_killed(&folder, from);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(measure(&arguments))
}

/// One row.
struct Row {
    what: &'static str,
    rounds: u64,
    checked: String,
    took: Duration,
    outcome: anyhow::Result<()>,
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seed = arguments.seed.unwrap_or(now.as_secs());
    let of_a_server = arguments.kills / OF_A_SERVER;
    let mut rows = Vec::new();
    add(&mut rows, "kills of the server, over TLS", of_a_server, kill_server(of_a_server, seed))
        .await;
    let of_the_store = arguments.kills - of_a_server;
    let kills = async { kill_store(of_the_store, seed) };
    add(&mut rows, "kills of a process with the store alone", of_the_store, kills).await;
    add(
        &mut rows,
        "simulated power cuts of the server",
        arguments.cuts,
        cut_power(arguments.cuts, seed),
    )
    .await;
    let damages: [(_, _, _, Damaging); 4] = [
        ("bit flips in the database", DATABASE, arguments.flips, flip),
        ("bit flips in the checkpoint", HEADS, arguments.flips, flip),
        ("truncations of the database", DATABASE, arguments.truncations, cut),
        ("truncations of the checkpoint", HEADS, arguments.truncations, cut),
    ];
    for (what, file, rounds, damage) in damages {
        add(&mut rows, what, rounds, bend(file, rounds, damage, seed)).await;
    }
    std::io::stdout().write_all(table(&rows, seed)?.as_bytes())?;
    let failed = rows.iter().filter(|row| row.outcome.is_err()).count();
    anyhow::ensure!(failed == 0, "{failed} rows failed");
    Ok(())
}

async fn add(
    rows: &mut Vec<Row>,
    what: &'static str,
    rounds: u64,
    work: impl Future<Output = anyhow::Result<String>>,
) {
    if rounds == 0 {
        return;
    }
    say(format_args!("{rounds} {what}"));
    let began = Instant::now();
    let done = work.await;
    let took = began.elapsed();
    let (checked, outcome) = match done {
        Ok(checked) => (checked, Ok(())),
        Err(error) => (String::new(), Err(error)),
    };
    rows.push(Row { what, rounds, checked, took, outcome });
}

async fn kill_server(kills: u64, seed: u64) -> anyhow::Result<String> {
    let mut field = Field::prepare(Warp::start().await?, Random::new(seed)).await?;
    for round in 1..=kills {
        field.round().await.with_context(|| format!("kill {round}"))?;
    }
    let entries = field.entries();
    field.finish().await?;
    Ok(format!("{entries} entries"))
}

fn kill_store(kills: u64, seed: u64) -> anyhow::Result<String> {
    let (mut left, mut records, mut stores) = (kills, 0, 0);
    while left > 0 {
        let random = Random::new(seed + stores);
        let mut killing = StoreKills::prepare(std::env::current_exe()?, random)?;
        let rounds = left.min(KILLS_OF_A_STORE);
        for round in 1..=rounds {
            killing.round().with_context(|| format!("store {stores}, kill {round}"))?;
        }
        records += killing.finish()?;
        left -= rounds;
        stores += 1;
    }
    Ok(format!("{records} records"))
}

async fn cut_power(cuts: u64, seed: u64) -> anyhow::Result<String> {
    anyhow::ensure!(are_here(&["strace"])?, "strace is needed to simulate power cuts");
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let (mut all, mut warps) = (Tally::default(), 0);
    while all.cuts < cuts {
        let mut power = Power::prepare(binary.clone(), None, seed + warps).await?;
        // Some runs one after another, each on what a cut of the one before left.
        for run in 1..=4 {
            let cuts = (cuts - all.cuts).min(CUTS_OF_A_RUN);
            if cuts > 0 {
                let tally = power.run(cuts).await;
                all += tally.with_context(|| format!("WARP {warps}, run {run}"))?;
            }
        }
        warps += 1;
    }
    let Tally { unsure, acknowledged, records, files, .. } = all;
    Ok(format!(
        "{records} records, {files} files, {acknowledged} acknowledgements, {unsure} unsure changes"
    ))
}

async fn bend(file: &str, rounds: u64, damage: Damaging, seed: u64) -> anyhow::Result<String> {
    let sound = Sound::prepare().await?;
    let told = sound.rounds(file, damage, rounds, &mut Random::new(seed)).await?;
    let without_effect = told.rounds - told.reported;
    Ok(format!("{} reported, {without_effect} changed nothing that is read", told.reported))
}

fn table(rows: &[Row], seed: u64) -> anyhow::Result<String> {
    let mut table = String::new();
    let said = |program: &str, arguments: &[&str]| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new(program).args(arguments).current_dir(folder).output();
        output.map_or_else(
            |_| "unknown".into(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let date = said("date", &["-u", "+%-d %B %Y"]);
    writeln!(table, "Commit {commit}, {date}, seed {seed}.\n")?;
    writeln!(table, "| What | Rounds | Checked | Failures | Minutes |")?;
    writeln!(table, "|---|---:|---|---|---:|")?;
    for Row { what, rounds, checked, took, outcome } in rows {
        let failures = match outcome {
            Ok(()) => "none".to_owned(),
            Err(error) => format!("{error:#}").replace('\n', " "),
        };
        let minutes = took.as_secs_f64() / 60.0;
        writeln!(table, "| {what} | {rounds} | {checked} | {failures} | {minutes:.1} |")?;
    }
    Ok(table)
}
