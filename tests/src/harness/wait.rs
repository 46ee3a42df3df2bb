//! Waiting for conditions, always with a deadline and never for a fixed time.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep, timeout};
use warproom_client::{Delivered, Event, Events};
use warproom_proto::{RoomId, Seq};

/// How long anything may take that a test waits for: long enough for a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// How often a condition is asked.
const AGAIN: Duration = Duration::from_millis(20);

/// Asks until there is an answer, or the deadline has passed.
pub async fn eventually<T>(
    within: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("it did not come true within {within:?}");
        }
        sleep(AGAIN).await;
    }
}

/// The next event, within [`DEADLINE`].
pub async fn next_event(events: &mut Events) -> anyhow::Result<Event> {
    let next = timeout(DEADLINE, events.next()).await.context("no event came in time")?;
    next.context("the client is signed out or closed")
}

/// The first event that a question finds something in; those before it are passed over.
pub async fn until<T>(
    events: &mut Events,
    mut find: impl FnMut(&Event) -> Option<T>,
) -> anyhow::Result<T> {
    let search = async {
        loop {
            let event = events.next().await.context("the client is signed out or closed")?;
            if let Some(found) = find(&event) {
                return Ok(found);
            }
        }
    };
    timeout(DEADLINE, search).await.context("no such event came in time")?
}

/// The next entry of any room, within [`DEADLINE`]; other events are passed over.
pub async fn next_entry(events: &mut Events) -> anyhow::Result<Delivered> {
    until(events, |event| match event {
        Event::Entry(entry) => Some(entry.clone()),
        _ => None,
    })
    .await
}

/// The entries of a room as they are delivered, up to and with this one.
pub async fn entries_up_to(
    events: &mut Events,
    room: RoomId,
    last: Seq,
) -> anyhow::Result<Vec<Delivered>> {
    let mut entries = Vec::new();
    loop {
        let entry = next_entry(events).await?;
        if entry.room != room {
            continue;
        }
        let seq = entry.seq;
        entries.push(entry);
        if seq >= last {
            return Ok(entries);
        }
    }
}

/// Holds while nothing that the question finds comes for as long as told.
pub async fn silence(
    events: &mut Events,
    lasting: Duration,
    mut breaks: impl FnMut(&Event) -> bool,
) -> anyhow::Result<()> {
    let broken = async {
        while let Some(event) = events.next().await {
            if breaks(&event) {
                return;
            }
        }
        std::future::pending::<()>().await;
    };
    match timeout(lasting, broken).await {
        Ok(()) => bail!("something came that should not"),
        Err(_) => Ok(()),
    }
}
