//! A room at the pace of a busy hour: what people wait for, with nothing near its limit, beside a
//! bare server at the same pace.

use std::time::Duration;

use warproom_proto::RoomId;

use super::bare::Flush;
use super::fan_out::{TEXT_BYTES, WRITERS, doubts, run_bare, start_bare};
use super::grounds::Grounds;
use super::load::{self, Outcome, Pace, Peer, Plan, Writes};
use super::report::Report;

/// How often each of the four writers posts: 200 posts a second together.
const EVERY: Duration = Duration::from_millis(20);

/// Measures a room of 50.
pub async fn run(
    grounds: &Grounds,
    members: usize,
    measured: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let room = grounds.open_room("Paced", grounds.officers.iter()).await?;
    let (peers, plan) = (peers(grounds, room, members).await?, plan(members, measured));
    let outcome = load::run(peers, plan, grounds.process()?.id(), grounds.cores).await?;
    let bare = start_bare(grounds, Flush::Each)?;
    let bare = run_bare(grounds, &bare, members, plan).await?;
    let what = format!("200 posts/s to {members}");
    add(report, &format!("{what}, warproom"), &outcome);
    add(report, &format!("{what}, bare, a flush per message"), &bare);
    let ratio = outcome.cpu_per_million() / bare.cpu_per_million();
    report.add(&format!("{what}, CPU per delivery"), "warproom / bare", ratio, "times");
    Ok(())
}

/// Members of a room, each on a connection of their own, of which some write.
pub async fn peers(grounds: &Grounds, room: RoomId, members: usize) -> anyhow::Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for (number, officer) in grounds.officers.iter().cycle().take(members).enumerate() {
        let mut connection = grounds.connect(officer).await?;
        connection.follow(room).await?;
        let writes = (number < WRITERS).then(|| Writes::Posts(vec![room]));
        peers.push(Peer { connection, writes });
    }
    Ok(peers)
}

/// How they write.
pub const fn plan(members: usize, measured: Duration) -> Plan {
    Plan {
        warm_up: Duration::from_millis(500),
        measured,
        pace: Pace::Every(EVERY),
        text_bytes: TEXT_BYTES,
        readers: members as u64,
    }
}

fn add(report: &mut Report, what: &str, outcome: &Outcome) {
    report.add(what, "deliveries", outcome.rate(), "/s").note =
        doubts(std::slice::from_ref(outcome));
    let busy = outcome.server_seconds / outcome.seconds * 100.0;
    report.add(what, "server CPU", busy, "% of a core");
    for (name, quantile) in [("latency p50", 0.5), ("latency p99", 0.99), ("latency p99.9", 0.999)]
    {
        report.add(what, name, outcome.latency_ms(quantile), "ms");
    }
}
