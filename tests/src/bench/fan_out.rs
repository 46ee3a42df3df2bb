//! Fan-out: one room with many members, and many rooms with few, beside a bare server under the
//! same load.
//!
//! Servers take turns, round by round, on the same core, so that what else the machine does falls on
//! all of them; the figures are medians of the rounds.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::bare::Flush;
use super::connection::open_bare;
use super::grounds::Grounds;
use super::load::{self, Outcome, Pace, Peer, Plan, Writes};
use super::process::Process;
use super::report::Report;

/// What people type, in bytes.
pub const TEXT_BYTES: usize = 200;

/// How many of a room's members write, and how many posts each has under way.
pub const WRITERS: usize = 4;
const PIPELINE: usize = 16;

/// How long, and how often.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Before each measurement.
    pub warm_up: Duration,
    /// Each measurement.
    pub measured: Duration,
    /// How often the servers take turns.
    pub rounds: usize,
}

/// A bare server, with the certificate of the grounds.
pub fn start_bare(grounds: &Grounds, flush: Flush) -> anyhow::Result<Process> {
    let flush: &OsStr = match flush {
        Flush::Each => "each".as_ref(),
        Flush::Batch => "batch".as_ref(),
    };
    let keys = grounds.keys();
    let arguments = ["bare".as_ref(), keys.as_os_str(), "--flush".as_ref(), flush];
    Process::start(grounds.cores.server, Path::new("/proc/self/exe"), &arguments, &[])
}

/// One room.
pub async fn one_room(
    grounds: &Grounds,
    members: usize,
    effort: Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let name = format!("Fan-out to {members}");
    let room = grounds.open_room(&name, grounds.officers.iter()).await?;
    let each = start_bare(grounds, Flush::Each)?;
    let batch = start_bare(grounds, Flush::Batch)?;
    let readers = members as u64;
    let Effort { warm_up, measured, .. } = effort;
    let pace = Pace::Pipelined(PIPELINE);
    let plan = Plan { warm_up, measured, pace, text_bytes: TEXT_BYTES, readers };
    let (mut ours, mut bare, mut limit, mut same) = (vec![], vec![], vec![], vec![]);
    for _ in 0..effort.rounds {
        let mut peers = Vec::new();
        for (number, officer) in grounds.officers.iter().cycle().take(members).enumerate() {
            let mut connection = grounds.connect(officer).await?;
            connection.follow(room).await?;
            let writes = (number < WRITERS).then(|| Writes::Posts(vec![room]));
            peers.push(Peer { connection, writes });
        }
        let server = grounds.process()?.id();
        let outcome = load::run(peers, plan, server, grounds.cores).await?;
        let text_bytes = whole(outcome.frame_bytes);
        ours.push(outcome);
        bare.push(run_bare(grounds, &each, members, plan).await?);
        limit.push(run_bare(grounds, &batch, members, plan).await?);
        same.push(run_bare(grounds, &batch, members, Plan { text_bytes, ..plan }).await?);
    }
    let people = grounds.officers.len().min(members);
    let what = format!("1 room × {members}");
    add(report, &format!("{what}, warproom"), &ours);
    if let Some(row) = report.rows.last_mut() {
        row.note =
            format!("{people} people on {members} connections, {WRITERS} writers × {PIPELINE}");
    }
    add(report, &format!("{what}, bare, a flush per message"), &bare);
    add(report, &format!("{what}, bare, batched: the limit"), &limit);
    add(report, &format!("{what}, bare, batched, frames as long as ours"), &same);
    let ratios = format!("{what}, CPU per delivery");
    let ratio = add_ratio(report, &ratios, "warproom / bare", &ours, &bare);
    add_ratio(report, &ratios, "warproom / bare, batched", &ours, &limit);
    add_ratio(report, &ratios, "warproom / bare, batched, frames as long", &ours, &same);
    if members == 50 && !report.quick {
        report.aim("CPU per delivery at 50 members, times that of a bare server", ratio, 2.0);
    }
    Ok(())
}

/// Puts a load on a bare server, with the same writers.
pub async fn run_bare(
    grounds: &Grounds,
    bare: &Process,
    members: usize,
    plan: Plan,
) -> anyhow::Result<Outcome> {
    let mut peers = Vec::new();
    for number in 0..members {
        let connection = open_bare(bare.local, &grounds.tls).await?;
        let writes = (number < WRITERS).then_some(Writes::Bare);
        peers.push(Peer { connection, writes });
    }
    load::run(peers, plan, bare.id(), grounds.cores).await
}

/// Many rooms of ten members. Every officer has one connection and follows all of their rooms.
pub async fn many_rooms(
    grounds: &Grounds,
    rooms: usize,
    effort: Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    /// Members of each room, or all officers if there are fewer.
    const MEMBERS: usize = 10;
    /// Spread over a third of the officers, with as many posts under way as in one room.
    const MANY_WRITERS: usize = 16;
    const FEW_EACH: usize = 4;
    let officers = &grounds.officers;
    let members = MEMBERS.min(officers.len());
    let mut follows = vec![Vec::new(); officers.len()];
    for number in 0..rooms {
        let inside: Vec<_> =
            (0..members).map(|n| (number * members + n) % officers.len()).collect();
        let name = format!("Room {number}");
        let room = grounds.open_room(&name, inside.iter().map(|one| &officers[*one])).await?;
        for one in inside {
            follows[one].push(room);
        }
    }
    let writers = MANY_WRITERS.min(officers.len());
    let plan = Plan {
        warm_up: effort.warm_up,
        measured: effort.measured,
        pace: Pace::Pipelined(FEW_EACH),
        text_bytes: TEXT_BYTES,
        readers: members as u64,
    };
    let mut outcomes = Vec::new();
    for _ in 0..effort.rounds {
        let mut peers = Vec::new();
        for (number, (officer, rooms)) in officers.iter().zip(&follows).enumerate() {
            let mut connection = grounds.connect(officer).await?;
            for room in rooms {
                connection.follow(*room).await?;
            }
            // Every third officer, so that writers and readers are spread over the rooms.
            let writes = number % 3 == 0 && number / 3 < writers;
            let writes = writes.then(|| Writes::Posts(rooms.clone()));
            peers.push(Peer { connection, writes });
        }
        let server = grounds.process()?.id();
        outcomes.push(load::run(peers, plan, server, grounds.cores).await?);
    }
    add(report, &format!("{rooms} rooms × {members}, warproom"), &outcomes);
    if let Some(row) = report.rows.last_mut() {
        let each = rooms * members / officers.len();
        row.note = format!("{} connections, each follows {each} rooms", officers.len());
    }
    Ok(())
}

/// The rows of one server under load, each the median of the rounds.
pub fn add(report: &mut Report, what: &str, outcomes: &[Outcome]) {
    let of = |figure: fn(&Outcome) -> f64| median(outcomes.iter().map(figure));
    report.add(what, "deliveries", of(Outcome::rate), "/s").note = doubts(outcomes);
    let cpu = of(Outcome::cpu_per_million);
    let spread = outcomes.iter().map(|one| (one.cpu_per_million() / cpu - 1.0).abs());
    let spread = spread.fold(0.0, f64::max) * 100.0;
    let row = report.add(what, "server CPU", cpu, "s per million deliveries");
    row.note = format!("rounds within ±{spread:.0} %");
    report.add(what, "latency p50", of(|one| one.latency_ms(0.5)), "ms");
    report.add(what, "latency p99", of(|one| one.latency_ms(0.99)), "ms");
    report.add(what, "frame", of(|one| one.frame_bytes), "bytes");
}

/// What makes the figures of these rounds doubtful.
pub fn doubts(outcomes: &[Outcome]) -> String {
    /// As much is always taken by the system itself.
    const USUAL: f64 = 0.05;
    let mut doubts: Vec<_> = outcomes.iter().flat_map(|one| one.doubts.clone()).collect();
    let others = outcomes.iter().map(|one| one.others).fold(0.0, f64::max);
    if others > USUAL {
        doubts.push(format!("others took up to {:.0} % of the server's core", others * 100.0));
    }
    doubts.sort();
    doubts.dedup();
    doubts.join("; ")
}

fn add_ratio(
    report: &mut Report,
    what: &str,
    figure: &str,
    ours: &[Outcome],
    other: &[Outcome],
) -> f64 {
    let rounds = ours.iter().zip(other).map(|(a, b)| a.cpu_per_million() / b.cpu_per_million());
    let ratio = median(rounds);
    report.add(what, figure, ratio, "times");
    ratio
}

/// The middle value.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A size as a whole number of bytes.
fn whole(bytes: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean size of frames that were received"
    )]
    let whole = bytes.round() as usize;
    whole
}
