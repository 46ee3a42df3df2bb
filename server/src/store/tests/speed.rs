//! How fast it is. Run in release, by hand: `cargo test --release store -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "printing the figures is what this is for")]

use std::env;
use std::time::Instant;

use crate::store::tests::{Place, ROOM, draft};
use crate::store::{Direction, Options, open, verify};

#[test]
#[ignore = "a measurement, not a check"]
fn speed() {
    let count: usize = env::var("RECORDS").map_or(200_000, |text| text.parse().unwrap());
    let place = Place::new();
    let item = "x".repeat(300);
    let per = |start: Instant, count: usize| start.elapsed() / u32::try_from(count).unwrap();
    let options = Options { cache_bytes: 1 << 30, reserve_bytes: 0 };
    let (_, mut committer) = open(&place.folder(), &place.key, options).unwrap();
    for size in [1, 8, 64, 512] {
        let (start, groups) = (Instant::now(), (count / 4 / size).clamp(1, 2_000));
        for _ in 0..groups {
            let group = (0..size).map(|_| draft(ROOM, &item)).collect();
            committer.commit(group, &[], 1).unwrap();
        }
        println!("group of {size}: {:?} a record", per(start, groups * size));
    }
    for _ in 0..count / 2_000 {
        committer.commit((0..2_000).map(|_| draft(ROOM, &item)).collect(), &[], 1).unwrap();
    }
    drop(committer);
    let start = Instant::now();
    let (store, committer) = open(&place.folder(), &place.key, options).unwrap();
    println!("open {} records: {:?}", store.position(ROOM).seq, start.elapsed());
    for direction in [Direction::Forward, Direction::Backward, Direction::Backward] {
        let from = if direction == Direction::Forward { 1 } else { u64::MAX };
        let start = Instant::now();
        let read = store.page(ROOM, from, usize::MAX, direction).map(Result::unwrap).count();
        println!("scan {direction:?}: {:?} a record", per(start, read));
    }
    let start = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(store.page(ROOM, u64::MAX, 50, Direction::Backward).count(), 50);
    }
    println!("page of 50: {:?}", per(start, 1_000));
    let start = Instant::now();
    for at_ms in 0..1_000 {
        store.at_or_after(ROOM, at_ms).unwrap();
    }
    println!("at_or_after: {:?}", per(start, 1_000));
    drop((store, committer));
    let start = Instant::now();
    let records = verify(&place.folder(), &place.key).unwrap().records;
    println!("verify: {:?} a record", per(start, usize::try_from(records).unwrap()));
}
