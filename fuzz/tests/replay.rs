//! Every seed of every target, and for a short while what mutations make of them, in an ordinary test.
//!
//! `WARPROOM_FUZZ_MS` says for how long each target is tried, `WARPROOM_FUZZ_SEED` with which numbers; both
//! are said when something fails, and so is the input.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use warproom_fuzz::mutate::mutated;
use warproom_fuzz::{TARGETS, Target, seeds, target};

/// How long each target is tried by default, in milliseconds: some seconds in all.
const EACH_MS: u64 = 300;

/// How long one input of the greatest length may take, in a build for tests.
const LARGEST: Duration = Duration::from_secs(20);

macro_rules! targets {
    ($($name:ident)*) => {
        /// A test for each target.
        mod what_must_hold_holds {
            $(#[test] fn $name() { super::try_out(stringify!($name)); })*
        }

        /// A test for each target.
        mod the_largest_input_takes_bounded_time {
            $(#[test] fn $name() { super::enlarge(stringify!($name)); })*
        }

        #[test]
        fn every_target_is_tried() {
            let tried = [$(stringify!($name)),*];
            let all: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, tried, "name each target in this file");
        }
    };
}

targets! {
    request incoming item texts note tree webhook
    feed kev cap csaf stix misp lists taxii plain label
    stored rows sealed heads manifest segment files_list checkpoints certificate
    remembered cursor vault order server_settings relay_settings
    markdown board
    stranger upgraded signed_in
}

#[test]
fn what_must_hold_of_every_target_is_written_down() {
    let document = include_str!("../../docs/fuzzing.md");
    let table = document.split("## ").find(|part| part.starts_with("What holds\n"));
    let rows =
        table.expect("docs/fuzzing.md has the part").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let mut written: Vec<_> =
        cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`')).collect();
    let mut all: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    written.sort_unstable();
    all.sort_unstable();
    assert_eq!(written, all, "a row for each target, in the table of docs/fuzzing.md");
}

fn try_out(name: &str) {
    let (target, seeds) = (named(name), seeds_of(name));
    for (seed, input) in &seeds {
        run(target, input, &format!("seed {seed}"));
    }
    let start = number("WARPROOM_FUZZ_SEED", 1);
    let until = Instant::now() + Duration::from_millis(number("WARPROOM_FUZZ_MS", EACH_MS));
    for turn in 0_u64.. {
        let mut random = Rng::with_seed(start.wrapping_add(turn));
        let [from, other] = [(); 2].map(|()| &seeds[random.usize(0..seeds.len())]);
        let input = mutated(&from.1, &other.1, target.most_bytes, &mut random);
        run(target, &input, &format!("seed {}, WARPROOM_FUZZ_SEED={}", from.0, start + turn));
        if Instant::now() >= until {
            warproom_tests::say(format_args!("{name}: {} mutations held", turn + 1));
            break;
        }
    }
}

/// Inputs as long as they get: of one seed over and over, and of what nests or opens without end.
fn enlarge(name: &str) {
    let (target, seeds) = (named(name), seeds_of(name));
    let mut parts: Vec<Vec<u8>> = vec![seeds[0].1.clone(), seeds[seeds.len() - 1].1.clone()];
    // What is started for all inputs together is no part of any.
    run(target, b"", "nothing");
    let nesting = [
        "[", "{\"a\":", "(", "<a>", "<!--", "> ", "**a ", "[a](", "`", "&lt;", "- ", "\n", " ",
        "\\",
    ];
    parts.extend(nesting.map(|part| part.as_bytes().to_vec()));
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let mut input = part.repeat(target.most_bytes / part.len() + 1);
        input.truncate(target.most_bytes);
        let began = Instant::now();
        run(target, &input, "an input of the greatest length");
        let took = began.elapsed();
        let of = String::from_utf8_lossy(&part[..part.len().min(40)]).into_owned();
        assert!(took < LARGEST, "{name}: {took:?} for {} bytes of {of:?}", input.len());
    }
}

fn named(name: &str) -> &'static Target {
    target(name).unwrap_or_else(|| panic!("no target {name}"))
}

fn seeds_of(name: &str) -> Vec<(String, Vec<u8>)> {
    let seeds = seeds::of(name).unwrap_or_else(|error| panic!("the seeds of {name}: {error}"));
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds
}

fn number(variable: &str, or: u64) -> u64 {
    std::env::var(variable)
        .map_or(or, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// Panics of threads that are not a test's: those of the server.
static ELSEWHERE: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn run(target: &Target, input: &[u8], from: &str) {
    listen_elsewhere();
    let held = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let elsewhere = std::mem::take(&mut *ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner));
    if held.is_err() || !elsewhere.is_empty() {
        let file = std::env::temp_dir().join(format!("warproom-fuzz-{}", target.name));
        let kept = std::fs::write(&file, input).map(|()| file.display().to_string());
        panic!("{} does not hold for {from}; the input is in {kept:?}; {elsewhere:?}", target.name);
    }
}

fn listen_elsewhere() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            // Tests run in threads with their own names, which are paths.
            if !thread.name().is_some_and(|name| name.contains("::") || name == "main") {
                let mut elsewhere = ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner);
                elsewhere.push(info.to_string());
            }
            usual(info);
        }));
    });
}
