//! A long run of everything at once: a thousand clients of a hundred people who talk, come, go, lose
//! their lines and read too slowly, while the server is killed once and restarted once. At the end the
//! server's memory is what it was after warming up, and every client knows what the server knows.
//!
//! What it is: the parts of the `soak` binary; a test runs it in its short form. The server is the real
//! one, as a process, with the limits it has by default; each client is the client crate over TLS of its
//! own. What it is not: a bench, or a search for lost writes, though what was acknowledged is compared.
//!
//! How things flow: [`Club`] is the WARP. Each council has a [line](mod@line) to the server that can
//! be cut and slowed. Each client is a [`seat`] that folds what it receives into a [`view`]. [`load`],
//! [`coming`] and [`weather`] go on at once, each with random numbers of the one seed, while [`memory`] is
//! sampled; then [`compare`] reads everything afresh as each member, and [`report`] makes the table.

pub mod club;
pub mod coming;
pub mod compare;
pub mod counts;
pub mod line;
pub mod load;
pub mod memory;
pub mod report;
pub mod seat;
pub mod view;
pub mod weather;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use self::club::{Club, Member};
use self::compare::Compared;
use self::counts::What;
use self::memory::Memory;
use crate::crash::Random;
use crate::harness::{Builder, Warp};
use crate::say;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many connections there are, the managers' two included.
    pub connections: usize,
    /// How long it lasts, without preparing and comparing.
    pub lasting: Duration,
    /// Where the random choices come from.
    pub seed: u64,
}

impl Plan {
    /// From so many connections it is a soak, below a test.
    const LARGE: usize = 400;

    const fn is_large(&self) -> bool {
        self.connections >= Self::LARGE
    }

    /// Clients of people.
    const fn seats(&self) -> usize {
        self.connections.saturating_sub(2)
    }

    /// Clients of one person. A member may have 16 connections; some are left for reading afresh.
    const fn seats_each(&self) -> usize {
        if self.is_large() { 8 } else { 4 }
    }

    const fn people(&self) -> usize {
        self.seats().div_ceil(self.seats_each())
    }

    const fn councils(&self) -> usize {
        self.people().div_ceil(club::COLLEAGUES)
    }

    const fn rooms(&self) -> usize {
        if self.is_large() { 40 } else { 8 }
    }

    /// Rooms of old posts: of a large one some 40 MB, more than the cache may hold.
    const fn old_rooms(&self) -> usize {
        if self.is_large() { 40 } else { 2 }
    }

    /// Entries a second.
    const fn per_second(&self) -> u64 {
        if self.is_large() { 15 } else { 25 }
    }

    /// How often something rare happens that happens so often in the whole run.
    fn every(&self, times: u32) -> Duration {
        self.lasting / times
    }

    /// When the server has warmed up: since it was killed there was a storm, a short slow spell and a long one.
    fn warm_up(&self) -> Duration {
        self.lasting / 4
    }

    /// When it is killed: still while it warms up, so that one life lasts from there to the restart.
    fn kill(&self) -> Duration {
        self.lasting / 12
    }

    fn restart(&self) -> Duration {
        self.lasting / 2
    }
}

/// The server's cache, small enough to be full when the server has warmed up.
pub const CACHE_MIB: u32 = 16;

/// How the system's allocator is set by the unit and in the container: what a burst took goes back.
pub const ALLOCATOR: [(&str, u32); 3] = [
    ("MALLOC_ARENA_MAX", 1),
    ("MALLOC_MMAP_THRESHOLD_", 131_072),
    ("MALLOC_TRIM_THRESHOLD_", 131_072),
];

/// A WARP for a soak: with the limits a real server has and its allocator as the packages set it, a small
/// cache, and its metrics shown. Only signing in may take longer: hashing 250 passwords waits its turn on a busy machine.
#[must_use]
pub fn builder() -> Builder {
    ALLOCATOR
        .into_iter()
        .fold(Warp::builder(), |builder, (name, value)| builder.env(name, value))
        .true_limits()
        .env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", 60_000)
        // One person brings everybody in and takes them out.
        .env("WARPROOM_SERVER_LIMITS__ACTS_PER_HOUR", 100_000)
        .env("WARPROOM_SERVER_CACHE_MIB", CACHE_MIB)
        .env("WARPROOM_SERVER_METRICS", "127.0.0.1:0")
}

/// What came of it.
pub struct Outcome {
    /// What was asked for.
    pub plan: Plan,
    /// What happened how often.
    pub counts: Arc<counts::Counts>,
    /// What the views were compared with, and how they differ.
    pub compared: Compared,
    /// What was sampled.
    pub memory: Memory,
    /// What should not have happened.
    pub faults: Vec<String>,
}

/// Runs a soak.
///
/// # Errors
/// If it cannot be run; what it finds is in the outcome.
pub async fn run(plan: Plan, builder: Builder) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let mut warp = builder.start().await?;
    let club = Arc::new(Club::found(&mut warp, plan).await?);
    let everyone: Vec<Member> = club.facts().people.iter().flatten().cloned().collect();
    for member in everyone {
        for seat in member.seats {
            club.admit(&seat);
            // As people come in the morning: a hundred a second.
            sleep(Duration::from_millis(10)).await;
        }
    }
    compare::settle(&club).await.context("not everyone came at the beginning")?;
    say(format_args!("{} connections after {:.0?}", plan.connections, began.elapsed()));
    let mut memory = Memory::new(plan);
    live(&mut warp, &club, &mut memory).await?;
    say("everyone reads to the end");
    compare::settle(&club).await.unwrap_or_else(|error| club.counts.fault(format!("{error:#}")));
    memory.last(&warp).await;
    club.counts.add(What::FellBehind, memory.fell_behind());
    let ended = club.councils.iter().map(|council| council.line.ended_while_slow()).sum();
    club.counts.add(What::EndedWhileSlow, ended);
    say("everything is read afresh");
    let compared = compare::compare(&club).await?;
    club.close();
    warp.stop().await?;
    let verified = warp.verify()?;
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    ensure!(verified.status.success(), "the store does not verify: {said}");
    Ok(Outcome {
        plan,
        counts: club.counts.clone(),
        compared,
        memory,
        faults: club.counts.faults(),
    })
}

/// The run itself: everything goes on until its time is over.
async fn live(warp: &mut Warp, club: &Arc<Club>, memory: &mut Memory) -> anyhow::Result<()> {
    let (began, plan) = (Instant::now(), club.plan);
    let until = began + plan.lasting;
    let random = |number| Random::new(plan.seed.wrapping_add(number));
    let mut tasks = JoinSet::new();
    tasks.spawn(load::talk(club.clone(), random(1), until));
    tasks.spawn(load::read_back(club.clone(), until));
    tasks.spawn(coming::rooms(club.clone(), random(2), until));
    tasks.spawn(coming::suspensions(club.clone(), random(3), until));
    tasks.spawn(coming::newcomers(club.clone(), random(4), until));
    tasks.spawn(weather::storms(club.clone(), random(5), until));
    tasks.spawn(weather::slow_spells(club.clone(), random(6), until));
    let mut turns = interval(memory.period());
    let (mut is_killed, mut is_restarted) = (false, false);
    while Instant::now() < until {
        turns.tick().await;
        if !is_killed && began.elapsed() >= plan.kill() {
            is_killed = true;
            say("the server is killed");
            warp.kill()?;
            warp.restart().await?;
            memory.new_life("killed");
            club.counts.add(What::Kills, 1);
        }
        if !is_restarted && began.elapsed() >= plan.restart() {
            is_restarted = true;
            say("the server is restarted");
            memory.last(warp).await;
            warp.stop().await?;
            warp.restart().await?;
            memory.new_life("restarted");
            club.counts.add(What::Restarts, 1);
        }
        memory.sample(warp, began.elapsed()).await;
        while let Some(done) = tasks.try_join_next() {
            done??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
