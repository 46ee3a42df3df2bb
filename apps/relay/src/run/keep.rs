//! Rounds, once or until told to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use super::{Round, RoundError, round};
use crate::config::Source;
use crate::cursor::Shelf;
use crate::fetch::Backoff;
use crate::item::Problem;
use crate::plain;
use crate::post::Warp;
use crate::source::GatherError;

/// How soon a source is read again that has more: a pause for its server, and no more.
const MORE_AFTER: Duration = Duration::from_secs(10);

/// How often in a row a source is read at once because it says it has more. A server that always says
/// so is then read as often as any.
const AT_ONCE: u32 = 100;

/// How much is logged of what is wrong: a sentence or two.
const WORDS_CHARS: usize = 500;

/// Runs one round of every source, all at the same time. Answers with the names of those that failed.
pub async fn once<S, W>(sources: Vec<Source>, shelf: Arc<S>, warp: W) -> Vec<String>
where
    S: Shelf + Send + 'static,
    W: Warp + Clone + 'static,
{
    let mut rounds = JoinSet::new();
    let names: Vec<_> = sources.iter().map(|source| source.name.to_string()).collect();
    for source in sources {
        let (source, shelf, warp) = (Arc::new(source), shelf.clone(), warp.clone());
        rounds.spawn(async move {
            let round = round(&source, &shelf, &warp).await;
            report(&source, &round);
            if let Some(reason) = &round.failure {
                error!(source = %source.name, reason = %said(reason), "the source failed");
            }
            round.failure.is_none().then(|| source.name.to_string())
        });
    }
    let mut well = Vec::new();
    while let Some(done) = rounds.join_next().await {
        // A round that ended in a fault is not among those that went well.
        well.extend(done.ok().flatten());
    }
    names.into_iter().filter(|name| !well.contains(name)).collect()
}

/// Reads every source again and again, until told to stop. What a round is doing then is given up
/// where it stands, which loses nothing.
pub async fn until<S, W>(sources: Vec<Source>, shelf: Arc<S>, warp: W, stop: watch::Receiver<bool>)
where
    S: Shelf + Send + 'static,
    W: Warp + Clone + 'static,
{
    let mut tasks = JoinSet::new();
    for source in sources {
        let (source, shelf, warp) = (Arc::new(source), shelf.clone(), warp.clone());
        let mut stop = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = keep_reading(&source, &shelf, &warp) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        if ended.is_err() {
            error!("a source is not read any more because of a fault of the relay; restart it");
        }
    }
}

async fn keep_reading<S, W>(source: &Arc<Source>, shelf: &Arc<S>, warp: &W)
where
    S: Shelf + Send + 'static,
    W: Warp,
{
    let mut backoff = Backoff::default();
    let mut in_a_row = 0;
    loop {
        let round = round(source, shelf, warp).await;
        report(source, &round);
        let wait = if let Some(reason) = &round.failure {
            if backoff.failed() {
                error!(source = %source.name, reason = %said(reason), "the source fails again and again");
            }
            backoff.wait(source.every, retry_after(reason), fastrand::f64())
        } else {
            if backoff.succeeded() {
                info!(source = %source.name, "the source can be read again");
            }
            in_a_row = if round.more { in_a_row + 1 } else { 0 };
            let wait = backoff.wait(source.every, None, fastrand::f64());
            if (1..AT_ONCE).contains(&in_a_row) { wait.min(MORE_AFTER) } else { wait }
        };
        debug!(source = %source.name, seconds = wait.as_secs(), "waits");
        tokio::time::sleep(wait).await;
    }
}

/// Logs what a round did: names and numbers, and of what is wrong its id and the reason.
fn report(source: &Source, round: &Round) {
    for Problem { item, reason } in &round.problems {
        // They may repeat what a feed or a server says.
        let (item, reason) = (plain::line(item, WORDS_CHARS), plain::line(reason, WORDS_CHARS));
        warn!(source = %source.name, %item, %reason, "left out");
    }
    if round.posted > 0 || round.held_back > 0 {
        let Round { posted, held_back, .. } = round;
        info!(source = %source.name, posted, held_back, "round");
    }
    if let Some(reason) = &round.failure {
        debug!(source = %source.name, reason = %said(reason), "the round failed");
    }
}

/// A failure as it is logged: it may repeat what a server says.
fn said(reason: &RoundError) -> String {
    plain::line(&reason.to_string(), WORDS_CHARS)
}

fn retry_after(error: &RoundError) -> Option<Duration> {
    match error {
        RoundError::Gather(GatherError::Fetch(error)) => error.retry_after(),
        RoundError::Post { cause, .. } | RoundError::Rooms(cause) => cause.retry_after(),
        _ => None,
    }
}
