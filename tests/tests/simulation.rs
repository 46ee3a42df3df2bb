//! The room core and the resume protocol in simulations: one thread, virtual time, all chance from one
//! seed. Each seed founds a small WARP, lets people write while links break, programs crash and the power
//! goes, and holds what everybody got against the rules. A seed that fails says so and fails again.

#![expect(clippy::print_stdout, reason = "seeds are printed, so that they can be run again")]
#![expect(clippy::expect_used, reason = "a test may")]

#[path = "simulation/chance.rs"]
mod chance;
#[path = "simulation/damage.rs"]
mod damage;
#[path = "simulation/link.rs"]
mod link;
#[path = "simulation/member.rs"]
mod member;
#[path = "simulation/options.rs"]
mod options;
#[path = "simulation/rules.rs"]
mod rules;
#[path = "simulation/watch.rs"]
mod watch;
#[path = "simulation/world.rs"]
mod world;
#[path = "simulation/writing.rs"]
mod writing;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chance::Chance;
use options::Options;
use world::{Outcome, Simulation};

/// How many seeds the ordinary run tries, and how many a planted fault gets to be noticed in.
const SEEDS: u64 = 2_000;
const NOTICED_WITHIN: u64 = 50;

/// The first moment of every simulation: 15 January 2024, in milliseconds since 1970 UTC.
const BEGAN_MS: i64 = 1_705_305_600_000;

/// Runs one seed, on this thread.
fn simulate(seed: u64, planted: Option<&str>) -> anyhow::Result<Outcome> {
    simulate_with(seed, planted, |_| {})
}

/// The same with other circumstances than the seed says.
fn simulate_with(
    seed: u64,
    planted: Option<&str>,
    change: fn(&mut Options),
) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let mut chance = Chance::of(seed);
    let outcome = runtime.block_on(async {
        let slowest = Duration::from_millis(chance.pick([0, 5, 50, 500]));
        warproom_server::simulated::begin(chance.next(), BEGAN_MS, slowest, planted);
        warproom_client::simulated::seed(Some(chance.next()));
        Simulation::begin(chance, change).await?.run().await
    });
    warproom_server::simulated::end();
    warproom_client::simulated::seed(None);
    outcome
}

/// How to run one seed again.
fn again(seed: u64) -> String {
    format!(
        "WARPROOM_SEED={seed} cargo test -p warproom-tests --test simulation every_seed -- --nocapture"
    )
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn every_seed_keeps_the_promises() {
    if let Some(seed) = number("WARPROOM_SEED") {
        let outcome = simulate(seed, None).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
        return println!("seed {seed}: {outcome:?}");
    }
    let (first, seeds) =
        (number("WARPROOM_FIRST_SEED").unwrap_or(0), number("WARPROOM_SEEDS").unwrap_or(SEEDS));
    let (next, answered, deliveries) =
        (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let failed = std::sync::Mutex::new(Vec::new());
    let began = Instant::now();
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds || failed.lock().unwrap().len() >= 20 {
                        break;
                    }
                    match simulate(seed, None) {
                        Ok(outcome) => {
                            answered.fetch_add(outcome.answered as u64, Ordering::Relaxed);
                            deliveries.fetch_add(outcome.deliveries, Ordering::Relaxed);
                        }
                        Err(error) => {
                            println!("seed {seed} failed: {error:#}\nagain: {}", again(seed));
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let (answered, deliveries) = (answered.into_inner(), deliveries.into_inner());
    let took = began.elapsed();
    println!(
        "{seeds} seeds from {first} on: {answered} appends answered, {deliveries} records delivered, {took:.1?}"
    );
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "seeds that failed: {failed:?}; again: {}", again(failed[0]));
    assert!(answered > 10 * seeds && deliveries > 10 * seeds, "the simulations are idle");
}

#[test]
fn the_same_seed_is_the_same_to_the_last_byte_and_millisecond() {
    for seed in 0..20 {
        let (once, twice) = (simulate(seed, None).unwrap(), simulate(seed, None).unwrap());
        assert_eq!(once, twice, "seed {seed}");
    }
    assert_ne!(simulate(0, None).unwrap().traced, simulate(1, None).unwrap().traced);
}

/// Found by simulation: a page or a post that took longer than ten seconds to get through ended the
/// connection at either end, again and again.
#[test]
fn a_line_however_slow_brings_everything_in_the_end() {
    for seed in 0..12 {
        let slow = |options: &mut Options| {
            options.capacity_bytes = 1 << 10;
            options.delay = Duration::from_millis(800);
            options.long_posts = 20;
            options.steps = 20;
            (options.fragile, options.tears, options.stills) = (0, 0, 0);
        };
        simulate_with(seed, None, slow).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
}

/// The first seed that notices a fault planted in the server.
fn noticed(planted: &str) -> (u64, String) {
    let found =
        (0..NOTICED_WITHIN).find_map(|seed| Some((seed, simulate(seed, Some(planted)).err()?)));
    let (seed, error) = found.unwrap_or_else(|| panic!("{planted} is not noticed"));
    println!("{planted}: seed {seed}: {}", error.root_cause());
    (seed, format!("{error:#}"))
}

#[test]
fn an_answer_before_the_flush_is_noticed() {
    assert!(noticed("ack-before-flush").1.contains("before it is on stable storage"));
}

#[test]
fn a_live_connection_that_nobody_checks_is_noticed() {
    assert!(noticed("no-live-membership-check").1.contains("against label and membership"));
}

#[test]
fn a_skipped_check_of_positions_is_noticed() {
    assert!(noticed("skip-position-check").1.contains("the disk was put back"));
}

#[test]
fn a_skipped_check_of_tags_is_noticed() {
    assert!(noticed("skip-tag-check").1.contains("a bit was bent"));
}
