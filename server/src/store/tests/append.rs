//! Appending, reading back, and the indices.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use warproom_proto::record::{LogId, Position, commitment};

use crate::store::tests::{Place, ROOM, draft, files, numbers, with_id};
use crate::store::{CommitError, Direction, Draft, Mark, Options, open};

#[test]
fn what_is_appended_is_read_back_and_follows_in_the_chain() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let drafts = vec![draft(ROOM, "one"), draft(LogId::REGISTER, "act"), draft(ROOM, "two")];
    let appended = committer.commit(drafts, &[], 5_000).unwrap();

    assert_eq!(appended.iter().map(|one| one.seq).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(appended[2].item, b"two", "handed back to be published");
    let mut position = Position::start(ROOM);
    for one in [&appended[0], &appended[2]] {
        let stored = store.read(ROOM, one.seq).unwrap().unwrap();
        assert_eq!(stored.item, one.item);
        assert_eq!(stored.summary, one.summary);
        assert_eq!((stored.at_ms, stored.salt, stored.head), (5_000, one.salt, one.head));
        assert_eq!(one.commitment, commitment(&stored.salt, stored.at_ms, &stored.item));
        position = position.next(&one.commitment);
        assert_eq!(position.head, one.head);
    }
    assert_eq!(store.position(ROOM), position);
    assert_eq!(store.logs(), [LogId::REGISTER, ROOM]);
    assert!(store.read(ROOM, 0).unwrap().is_none());
    assert!(store.read(ROOM, 3).unwrap().is_none());
    assert_eq!(store.position(LogId::AUDIT), Position::start(LogId::AUDIT));
}

#[test]
fn a_repeated_append_answers_with_the_first_result_also_after_reopening() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let group = vec![with_id(ROOM, "said", 7), with_id(ROOM, "said", 7), with_id(ROOM, "more", 8)];
    let in_group = committer.commit(group, &[], 10).unwrap();
    drop((store, committer));
    let (store, mut committer) = place.open();
    let group = vec![with_id(ROOM, "said", 7), with_id(LogId::AUDIT, "said", 7)];
    let later = committer.commit(group, &[], 99).unwrap();

    let first = &in_group[0];
    assert!(!first.repeated && !in_group[2].repeated && !later[1].repeated, "ids are per log");
    for again in [&in_group[1], &later[0]] {
        assert!(again.repeated && again.item.is_empty() && again.summary.is_empty());
        assert_eq!((again.seq, again.at_ms, again.head), (1, 10, first.head));
        assert_eq!((again.salt, again.commitment), (first.salt, first.commitment));
    }
    assert_eq!((in_group[2].seq, store.position(ROOM).seq), (2, 2));
    assert_eq!(store.position(LogId::AUDIT).seq, 1);
}

#[test]
fn time_never_goes_backwards_in_a_log() {
    let place = Place::new();
    for (now_ms, at_ms) in [(-5, 0), (700, 700), (300, 700), (900, 900)] {
        let (_, mut committer) = place.open();
        let done = committer.commit(vec![draft(ROOM, "x"), draft(ROOM, "y")], &[], now_ms).unwrap();
        assert_eq!((done[0].at_ms, done[1].at_ms), (at_ms, at_ms));
    }
    let (store, mut committer) = place.open();
    assert_eq!(committer.commit(vec![draft(LogId::AUDIT, "z")], &[], 1).unwrap()[0].at_ms, 1);
    for (at_ms, seq) in [(i64::MIN, 1), (0, 1), (1, 3), (700, 3), (701, 7), (900, 7), (901, 9)] {
        assert_eq!(store.at_or_after(ROOM, at_ms).unwrap(), seq, "{at_ms}");
    }
    assert_eq!(store.at_or_after(LogId::REGISTER, 0).unwrap(), 1);
}

#[test]
fn pages_run_both_ways_and_stop_at_the_ends() {
    let place = Place::new();
    place.fill((1..=9).map(|n| n.to_string()));
    let (store, _committer) = place.open();
    let page = |from, limit, way| numbers(store.page(ROOM, from, limit, way));
    assert_eq!(page(3, 4, Direction::Forward), [3, 4, 5, 6]);
    assert_eq!(page(0, 2, Direction::Forward), [1, 2]);
    assert_eq!(page(8, 50, Direction::Forward), [8, 9]);
    assert!(page(10, 50, Direction::Forward).is_empty());
    assert!(page(u64::MAX, 50, Direction::Forward).is_empty());
    assert_eq!(page(3, 2, Direction::Backward), [3, 2]);
    assert_eq!(page(u64::MAX, 2, Direction::Backward), [9, 8]);
    assert_eq!(page(2, usize::MAX, Direction::Backward), [2, 1]);
    assert!(page(0, 5, Direction::Backward).is_empty());
    assert!(page(5, 0, Direction::Forward).is_empty());
    let backward = store.page(ROOM, 4, 1, Direction::Backward).next();
    assert_eq!(backward.unwrap().unwrap().item, b"4");
    assert!(numbers(store.page(LogId::AUDIT, 1, 5, Direction::Forward)).is_empty());
}

#[test]
fn a_long_item_is_kept_in_parts_and_never_in_a_side_file() {
    let place = Place::new();
    let lengths = [0, 1, 6_000, 6_059, 6_060, 6_144, 7_500, 100_000, 1_000_000];
    let text = |length: usize| (b'a'..=b'z').cycle().take(length).map(char::from).collect();
    let texts: Vec<String> = lengths.into_iter().map(text).collect();
    place.fill(&texts);
    let (store, committer) = place.open();
    let page = store.page(ROOM, 1, 100, Direction::Forward);
    let items: Vec<Vec<u8>> = page.map(|stored| stored.unwrap().item).collect();
    assert!(items.iter().eq(texts.iter().map(String::as_bytes)), "every text, whole");
    drop((store, committer));
    assert!(place.verify().damage.is_empty());
    assert!(files(&place.folder().join("db/blobs")).is_empty());
}

#[test]
fn references_and_state_are_found_again() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let referring = |target, kind| Draft { refers_to: Some((target, kind)), ..draft(ROOM, "ref") };
    let state = |item| Draft { is_state: true, ..draft(ROOM, item) };
    let group = vec![draft(ROOM, "1"), referring(1, 5), state("a"), referring(1, 6)];
    committer.commit(group, &[], 1).unwrap();
    committer.commit(vec![referring(2, 7), state("b"), referring(1, 8)], &[], 1).unwrap();

    let of = |target, after| -> Vec<_> {
        store.referring(ROOM, target, after).map(Result::unwrap).collect()
    };
    assert_eq!(of(1, 0), [(2, 5), (4, 6), (7, 8)]);
    assert_eq!(of(1, 2), [(4, 6), (7, 8)]);
    assert_eq!(of(1, 7), []);
    assert_eq!(of(1, u64::MAX), []);
    assert_eq!(of(2, 0), [(5, 7)]);
    // Replies and answers have the tags 1 and 6.
    let asides = store.newest_asides(ROOM, 1..=2, 10, |_, _| true).unwrap();
    let places: Vec<_> = asides.iter().map(|one| (one.target, one.seq, one.kind)).collect();
    assert_eq!(places, [(1, 2, 5), (1, 7, 8), (2, 5, 7)]);
    assert_eq!(store.state(ROOM).unwrap(), [3, 6]);
    assert!(store.state(LogId::AUDIT).unwrap().is_empty());
    assert_eq!(store.referring(LogId::AUDIT, 1, 0).count(), 0);
}

#[test]
fn marks_are_overwritten_in_place_and_removed_by_an_empty_value() {
    let place = Place::new();
    let mark = |key: &str, value: &str| Mark { key: key.into(), value: value.into() };
    let (store, mut committer) = place.open();
    let group =
        [mark("read/1", "5"), mark("read/2", "6"), mark("session/1", "s"), mark("reader", "x")];
    committer.commit(Vec::new(), &group, 1).unwrap();
    committer.commit(Vec::new(), &[mark("read/1", "8"), mark("read/2", "")], 2).unwrap();
    drop((store, committer));
    let (store, mut committer) = place.open();
    let with = |prefix: &str| -> Vec<_> {
        let marks = store.marks(prefix.as_bytes()).map(Result::unwrap);
        marks.map(|mark| String::from_utf8([mark.key, mark.value].join(&b'=')).unwrap()).collect()
    };
    assert_eq!(with("read/"), ["read/1=8"]);
    assert_eq!(with(""), ["read/1=8", "reader=x", "session/1=s"]);
    assert!(store.logs().is_empty(), "marks stand in no log");
    let long = committer.commit(Vec::new(), &[mark("k", &"v".repeat(7_000))], 3).err().unwrap();
    assert!(matches!(long, CommitError::TooLong), "{long}");
    committer.commit(vec![draft(ROOM, "goes on")], &[], 4).unwrap();
}

#[test]
fn a_full_disk_refuses_appends_and_still_answers_repeats_and_reads() {
    let place = Place::new();
    let (_, mut committer) = place.open();
    committer.commit(vec![with_id(ROOM, "before", 1)], &[], 1).unwrap();
    drop(committer);
    let full = Options { reserve_bytes: u64::MAX, ..Place::options() };
    let (store, mut committer) = open(&place.folder(), &place.key, full).unwrap();
    for _ in 0..2 {
        // A month of its own: the data key that was made for it must not be taken for stored.
        let refused = committer.commit(vec![draft(ROOM, "no")], &[], 9_000_000_000).err().unwrap();
        assert!(matches!(refused, CommitError::StorageFull { .. }), "{refused}");
    }
    assert!(committer.commit(vec![with_id(ROOM, "before", 1)], &[], 2).unwrap()[0].repeated);
    assert_eq!(store.read(ROOM, 1).unwrap().unwrap().item, b"before");
    drop((store, committer));
    let (store, mut committer) = place.open();
    committer.commit(vec![draft(ROOM, "after")], &[], 9_000_000_000).unwrap();
    assert_eq!(store.read(ROOM, 2).unwrap().unwrap().item, b"after");
    drop((store, committer));
    assert!(place.verify().damage.is_empty());
}

#[test]
fn no_reader_meets_a_hole_while_the_writer_writes() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut read = 0;
            while !done.load(Ordering::Relaxed) || read == 0 {
                let last = store.position(ROOM).seq;
                let page = store.page(ROOM, u64::MAX, 50, Direction::Backward);
                let found = page.map(|stored| stored.map(|stored| stored.seq).unwrap());
                let found: Vec<_> = found.collect();
                assert!(found.first().copied().unwrap_or(0) >= last);
                read += found.len();
            }
        });
        for n in 0..40 {
            let group = (0..25).map(|_| draft(ROOM, "line")).collect();
            committer.commit(group, &[], n).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn nothing_said_stands_readable_in_any_file() {
    let place = Place::new();
    let canary = "CANARY-of-the-text";
    let (_, mut committer) = place.open();
    let spoken = Draft { summary: canary.into(), id: Some([1; 33]), ..draft(ROOM, canary) };
    let long = draft(ROOM, &canary.repeat(1_000));
    let mark = Mark { key: b"key".to_vec(), value: canary.into() };
    committer.commit(vec![spoken, long], &[mark], 1).unwrap();
    drop(committer);
    let files = files(&place.folder());
    assert!(files.len() >= 4, "the database, the checkpoint and the version");
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{}", path.display());
    }
}
