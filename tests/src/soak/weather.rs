//! What happens to lines: storms, in which many are cut at once, and spells in which one is slow while a
//! flood of long posts comes, which two managers then have erased.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use warproom_proto::{Label, Proposed, Seq};

use super::club::{COLLEAGUES, Club, STEADY};
use super::counts::What;
use super::load::pick;
use crate::crash::Random;

/// How much of all lines is cut in a storm, in percent.
const STORM_PERCENT: usize = 40;

/// More than the system keeps for a reader on loopback (some 3 MB) and the server's queue (1 MiB)
/// together; and what one proposal may erase.
const FLOOD: usize = 100;
const LONG_POST_BYTES: usize = 60_000;

/// How long after one another they come: all at once, delivery would stop before the system has taken all
/// it can, and nobody would be waited for.
const LONG_POST_EVERY: Duration = Duration::from_millis(40);

/// A spell may last beyond the ten seconds after which the server ends a stalled connection.
const SPELL_MS: std::ops::Range<u64> = 3_000..16_000;

/// Cuts many lines at once, again and again.
pub async fn storms(club: Arc<Club>, mut random: Random, until: Instant) -> anyhow::Result<()> {
    let period = club.plan.every(10);
    loop {
        sleep(period).await;
        if Instant::now() + period / 2 >= until {
            return Ok(());
        }
        let (mut cut, mut councils) = (0, BTreeSet::new());
        while cut * 100 < club.plan.connections * STORM_PERCENT
            && councils.len() < club.councils.len()
        {
            let council = pick(&mut random, club.councils.len());
            if councils.insert(council) {
                cut += club.councils[council].line.cut();
            }
        }
        club.counts.add(What::Storms, 1);
        club.counts.add(What::Cut, cut as u64);
    }
}

/// Slows a line down while long posts come, again and again.
pub async fn slow_spells(
    club: Arc<Club>,
    mut random: Random,
    until: Instant,
) -> anyhow::Result<()> {
    // A short run has a short spell and a long one all the same.
    let (period, mut is_long) = (club.plan.every(15), false);
    loop {
        sleep(period).await;
        let (short, long) = (SPELL_MS.start, SPELL_MS.end);
        let some_ms = if is_long { long } else { short + random.below(long - short) / 2 };
        is_long = !is_long;
        let lasting = Duration::from_millis(some_ms);
        if Instant::now() + lasting >= until {
            return Ok(());
        }
        // The lines of the first two; the third one posts.
        let council = STEADY[pick(&mut random, STEADY.len() - 1)] / COLLEAGUES;
        let slowed = club.councils[council].line.slow_down(lasting);
        club.counts.add(What::SlowSpells, 1);
        club.counts.add(What::Slowed, slowed as u64);
        let began = Instant::now();
        let posted = flood(&club).await;
        sleep(lasting.saturating_sub(began.elapsed())).await;
        erase(&club, posted).await;
    }
}

/// Posts what is long; the numbers of what was stored.
async fn flood(club: &Club) -> Vec<Seq> {
    let (room, author) = {
        let facts = club.facts();
        (facts.rooms[0].room, facts.people[STEADY[STEADY.len() - 1]].clone())
    };
    let clients: Vec<_> =
        author.iter().flat_map(|author| &author.seats).filter_map(|seat| seat.client()).collect();
    let text = "the whole log, as it was found ".repeat(LONG_POST_BYTES / 31);
    let posts = clients.iter().cycle().take(FLOOD).zip(1..).map(async |(client, number)| {
        sleep(LONG_POST_EVERY * number).await;
        match client.post(room, Label::Green, &text).await {
            Ok(posted) => {
                club.counts.add(What::Posts, 1);
                club.stored(room, posted);
                Some(posted.seq)
            }
            Err(error) => {
                club.counts.failed("a long post", &error);
                None
            }
        }
    });
    join_all(posts).await.into_iter().flatten().collect()
}

async fn erase(club: &Club, entries: Vec<Seq>) {
    if entries.is_empty() {
        return;
    }
    let room = club.facts().rooms[0].room;
    club.facts().erased.entry(room).or_default().extend(&entries);
    club.facts().rooms[0].said.retain(|said| !entries.contains(&said.seq));
    let count = entries.len() as u64;
    match club.both(Proposed::EraseEntries { room, entries }).await {
        Ok(()) => club.counts.add(What::ErasedEntries, count),
        Err(error) => club.counts.failed("an erasure", &error),
    }
}
