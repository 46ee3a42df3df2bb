//! What a room notices of strangers who have passwords checked as fast as the server checks any: the
//! paced room with them and without, by turns.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use futures_util::future::try_join_all;
use tokio::time::sleep;
use warproom_client::DeviceKey;
use warproom_proto::ErrorCode;
use warproom_proto::calls::{EnrolDevice, NewDevice, sign_in_message};
use warproom_proto::rpc::Incoming;

use super::connection::Connection;
use super::fan_out::{doubts, median};
use super::grounds::Grounds;
use super::load::{self, Outcome, to_float};
use super::machine::resident_kib;
use super::paced;
use super::report::Report;

/// As many as may wait for a check; whoever comes beyond them is told to come later.
const STRANGERS: usize = 64;

/// How often the room has its turn, with them and without.
const ROUNDS: usize = 5;

/// The aim: a post takes at most so many times as long, at the 99th percentile.
const AIM_TIMES: f64 = 2.0;

/// Measures a room of so many.
pub async fn run(
    grounds: &Grounds,
    members: usize,
    measured: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let room = grounds.open_room("Flooded", grounds.officers.iter()).await?;
    let (server, plan) = (grounds.process()?.id(), paced::plan(members, measured));
    let load = async || {
        let peers = paced::peers(grounds, room, members).await?;
        load::run(peers, plan, server, grounds.cores).await
    };
    let (mut calm, mut flooded, mut grown, mut rates) = (vec![], vec![], vec![], vec![]);
    for _ in 0..if report.quick { 1 } else { ROUNDS } {
        calm.push(load().await?);
        let (before, checked, began) = (resident_kib(server)?, Cell::new(0), Instant::now());
        let outcome = tokio::select! {
            outcome = load() => outcome?,
            broken = flood(grounds, &checked) => bail!("the flood ended: {broken:?}"),
        };
        grown.push((resident_kib(server)? - before) / 1024.0);
        ensure!(checked.get() > 0, "no password was checked");
        rates.push(to_float(checked.get()) / began.elapsed().as_secs_f64());
        flooded.push(outcome);
    }
    let what = format!("200 posts/s to {members}");
    add(report, &format!("{what}, nobody else there"), &calm);
    let beside = format!("{what}, {STRANGERS} strangers guess passwords");
    add(report, &beside, &flooded);
    report.add(&beside, "passwords checked", median(rates.into_iter()), "/s");
    report.add(&beside, "memory more", median(grown.into_iter()), "MiB");
    let p99 = |outcome: &Outcome| outcome.latency_ms(0.99);
    let times = median(flooded.iter().zip(&calm).map(|(with, without)| p99(with) / p99(without)));
    report.add(&beside, "latency p99", times, "times that without them");
    if !report.quick {
        report.aim("p99 in a flood of password checks, times that without", times, AIM_TIMES);
    }
    Ok(())
}

fn add(report: &mut Report, what: &str, outcomes: &[Outcome]) {
    for (name, quantile) in [("latency p50", 0.5), ("latency p99", 0.99)] {
        let ms = median(outcomes.iter().map(|one| one.latency_ms(quantile)));
        report.add(what, name, ms, "ms").note = doubts(outcomes);
    }
}

/// Strangers who guess without a pause, until somebody drops it.
async fn flood(grounds: &Grounds, checked: &Cell<u64>) -> anyhow::Result<()> {
    let strangers = (0..STRANGERS).map(|number| guess(grounds, number, checked));
    try_join_all(strangers).await?;
    Ok(())
}

/// One of them. The server ends a connection that takes too long to sign in: then there is another.
async fn guess(grounds: &Grounds, number: usize, checked: &Cell<u64>) -> anyhow::Result<()> {
    let local = grounds.process()?.local;
    for round in 0.. {
        let mut connection = Connection::open(local, &grounds.tls).await?;
        let key = DeviceKey::generate();
        let signature = key.sign(&sign_in_message(&connection.exporter()?));
        let device = NewDevice { name: "Guess".parse()?, public_key: key.public_key(), signature };
        for guess in 0.. {
            // A handle each, so that the brake of an account does not answer instead.
            let call = EnrolDevice {
                handle: format!("nobody-{number}-{round}-{guess}").parse()?,
                password: "a guess of a password".to_owned().into(),
                totp_code: "000000".to_owned().into(),
                device: device.clone(),
            };
            let Ok(frame) = connection.ask_raw(&call, |_| ()).await else { break };
            match Incoming::read(std::str::from_utf8(connection.bytes(frame))?)? {
                Incoming::Reply { result: Err(refusal), .. } => match refusal.code {
                    ErrorCode::SignInRefused => checked.set(checked.get() + 1),
                    ErrorCode::SlowDown => sleep(Duration::from_millis(50)).await,
                    _ => bail!("a guess is refused otherwise: {refusal}"),
                },
                _ => bail!("a guess is not refused"),
            }
        }
    }
    Ok(())
}
