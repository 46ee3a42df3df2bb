//! What a connection costs that does nothing: memory of the server per signed-in connection that
//! follows one room, and of a bare server per connection.

use std::time::Duration;

use super::bare::Flush;
use super::connection::{Connection, open_bare};
use super::fan_out::start_bare;
use super::grounds::Grounds;
use super::load::to_float;
use super::machine::resident_kib;
use super::report::Report;

/// Opened and closed first, so that code and pools are in memory before anything is counted.
const FIRST: usize = 20;

/// Long enough for the server to have settled after the last sign-in.
const SETTLE: Duration = Duration::from_secs(1);

/// Measures with so many connections.
pub async fn run(
    grounds: &mut Grounds,
    connections: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let room = grounds.open_room("Idle", grounds.officers.iter()).await?;
    grounds.restart()?;
    let grounds = &*grounds;
    let server = grounds.process()?.id();
    let sign_in = async |number: usize| {
        let officer = &grounds.officers[number % grounds.officers.len()];
        let mut connection = grounds.connect(officer).await?;
        connection.follow(room).await?;
        Ok(connection)
    };
    let ours = kib_each(server, connections, sign_in).await?;
    let bare = start_bare(grounds, Flush::Each)?;
    let open = async |_| open_bare(bare.local, &grounds.tls).await;
    let bare_kib = kib_each(bare.id(), connections, open).await?;
    let what = format!("{connections} idle connections");
    report.add(&what, "warproom", ours, "KiB each").note = "signed in, following one room".into();
    report.add(&what, "bare", bare_kib, "KiB each");
    if !report.quick {
        report.aim("KiB per idle connection", ours, 40.0);
    }
    Ok(())
}

async fn kib_each(
    server: u32,
    connections: usize,
    open: impl AsyncFn(usize) -> anyhow::Result<Connection>,
) -> anyhow::Result<f64> {
    let mut first = Vec::new();
    for number in 0..FIRST {
        first.push(open(number).await?);
    }
    drop(first);
    tokio::time::sleep(SETTLE).await;
    let before = resident_kib(server)?;
    let mut open_ones = Vec::new();
    for number in 0..connections {
        open_ones.push(open(number).await?);
    }
    tokio::time::sleep(SETTLE).await;
    let after = resident_kib(server)?;
    Ok((after - before) / to_float(open_ones.len() as u64))
}
