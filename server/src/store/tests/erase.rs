//! Erasing: what goes, what stays, and what a crash in the middle leaves.

use std::collections::BTreeSet;

use proptest::prelude::*;
use warproom_proto::record::{LogId, Seq};

use crate::store::layout;
use crate::store::record::CHUNK_BYTES;
use crate::store::tests::{Place, ROOM, draft, with_id};
use crate::store::{Committer, Direction, Draft, Erasure, FileChange, Progress, Store};

/// Days in milliseconds: a month is sealed under one key.
const DAY_MS: i64 = 86_400_000;
const SECRET: &str = "canary-of-march";

fn all(committer: &mut Committer, records: impl IntoIterator<Item = Seq>) -> usize {
    let mut erasure = Erasure::new(ROOM, records.into_iter().collect());
    let mut slices = 1;
    while committer.erase(&mut erasure).unwrap() == Progress::More {
        slices += 1;
    }
    slices
}

fn texts(store: &Store) -> Vec<Option<String>> {
    let page = store.page(ROOM, 1, usize::MAX, Direction::Forward).map(Result::unwrap);
    page.map(|stored| match stored.erased {
        Some(_) => None,
        None => Some(String::from_utf8(stored.item).unwrap()),
    })
    .collect()
}

#[test]
fn what_is_erased_is_gone_and_the_chain_holds() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let long = format!("{SECRET}{}", "x".repeat(3 * CHUNK_BYTES));
    let state = Draft { is_state: true, ..draft(ROOM, "an ask") };
    let reply = Draft { refers_to: Some((1, 7)), ..with_id(ROOM, "a reply", 4) };
    let drafts = vec![draft(ROOM, &long), state, reply, draft(ROOM, "stays")];
    let before = committer.commit(drafts, &[], DAY_MS).unwrap();
    all(&mut committer, [1, 2, 3, 99]);

    assert_eq!(texts(&store), [None, None, None, Some("stays".to_owned())]);
    for one in &before[..3] {
        let stored = store.read(ROOM, one.seq).unwrap().unwrap();
        assert_eq!((stored.at_ms, stored.head), (one.at_ms, one.head));
        assert_eq!(stored.commitment(), one.commitment);
        assert!(stored.summary.is_empty() && stored.salt.0 == [0; 16], "nothing to guess by");
    }
    assert_eq!(store.state(ROOM).unwrap(), [2]);
    let again = committer.commit(vec![with_id(ROOM, "a reply", 4)], &[], DAY_MS).unwrap();
    assert!(again[0].repeated, "an erased post does not come back by being sent again");
    committer.commit(vec![draft(ROOM, "later")], &[], DAY_MS).unwrap();
    drop((store, committer));

    assert!(place.verify().damage.is_empty(), "{:?}", place.verify().damage);
    let (store, _committer) = place.open();
    assert_eq!(texts(&store).iter().flatten().collect::<Vec<_>>(), ["stays", "later"]);
}

#[test]
fn the_old_key_is_destroyed_and_other_months_and_logs_keep_theirs() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    for (log, day) in [(ROOM, 1), (ROOM, 40), (LogId::AUDIT, 1)] {
        committer.commit(vec![draft(log, SECRET), draft(log, "b")], &[], day * DAY_MS).unwrap();
    }
    all(&mut committer, [1]);
    drop((store, committer));
    let keys: Vec<_> = [(ROOM, 0), (ROOM, 1 << 11), (ROOM, 1), (LogId::AUDIT, 0)].into();
    let there = |place: &Place| {
        let is_there = |(log, period): &(LogId, u16)| {
            place.raw(|db| db.get(layout::data_key(*log, *period)).unwrap().is_some())
        };
        keys.iter().map(is_there).collect::<Vec<_>>()
    };
    assert_eq!(there(&place), [false, true, true, true]);
    let (store, mut committer) = place.open();
    all(&mut committer, [2]);
    drop((store, committer));
    assert_eq!(there(&place), [true, false, true, true], "generations take turns");
    assert!(place.raw(|db| db.scan_prefix(layout::ERASING).next().is_none()));
}

#[test]
fn an_erasure_cut_short_goes_on_and_loses_nothing_that_is_to_stay() {
    for slices in 1..5 {
        let place = Place::new();
        let (store, mut committer) = place.open();
        for group in 0..5 {
            let drafts = (0..100).map(|n| draft(ROOM, &format!("{group}/{n}"))).collect();
            committer.commit(drafts, &[], DAY_MS).unwrap();
        }
        let mut erasure = Erasure::new(ROOM, (1..=150).collect());
        for slice in 0..slices {
            assert_eq!(committer.erase(&mut erasure).unwrap(), Progress::More, "{slice}");
            committer.commit(vec![draft(ROOM, "meanwhile")], &[], DAY_MS).unwrap();
        }
        drop((store, committer));
        let (store, mut committer) = place.open();
        let unfinished = committer.unfinished().unwrap();
        assert_eq!(unfinished.len(), 1);
        for mut erasure in unfinished {
            while committer.erase(&mut erasure).unwrap() == Progress::More {}
        }
        assert!(committer.unfinished().unwrap().is_empty());
        let texts = texts(&store);
        assert!(texts[150..].iter().all(Option::is_some));
        let erased = texts.iter().filter(|text| text.is_none()).count();
        assert_eq!(erased, if slices == 1 { 128 } else { 150 });
        assert_eq!(texts.len(), 500 + slices);
        drop((store, committer));
        assert!(place.verify().damage.is_empty());
        assert!(place.raw(|db| db.get(layout::data_key(ROOM, 0)).unwrap().is_none()));
    }
}

#[test]
fn a_record_and_the_rows_of_its_files_go_in_one_moment() {
    let place = Place::new();
    let (_, mut committer) = place.open();
    let id = |seq: Seq| [u8::try_from(seq).unwrap(); 16];
    let (drafts, files): (Vec<_>, Vec<_>) = (1..=200)
        .map(|seq| {
            let keep = FileChange::Keep { log: ROOM, file: id(seq), note: Vec::new() };
            (draft(ROOM, SECRET), keep)
        })
        .unzip();
    committer.commit_with(drafts, (&[], &files), DAY_MS, |_| Ok(Vec::new())).unwrap();
    let mut erasure = Erasure::new(ROOM, (1..=150).collect());
    erasure.add_files((1..=150).map(|seq| (seq, id(seq))));
    let mut gone = 0;
    loop {
        let progress = committer.erase(&mut erasure).unwrap();
        gone += erasure.take_gone().len();
        // What a crash would leave now.
        drop(committer);
        let store;
        (store, committer) = place.open();
        for seq in 1..=200 {
            let is_erased = store.read(ROOM, seq).unwrap().unwrap().erased.is_some();
            assert_eq!(store.file(ROOM, id(seq)).unwrap().is_none(), is_erased, "{seq}");
        }
        if progress == Progress::Done {
            break;
        }
    }
    assert_eq!(gone, 150);
}

#[test]
fn readers_see_a_record_whole_or_erased_while_it_is_under_way() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let long = "y".repeat(2 * CHUNK_BYTES);
    for _ in 0..4 {
        let drafts = (0..100).map(|_| draft(ROOM, &long)).collect();
        committer.commit(drafts, &[], DAY_MS).unwrap();
    }
    let reading = store.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let reader = std::thread::spawn(move || {
        let mut read = 0;
        while stopped.try_recv().is_err() {
            for stored in reading.page(ROOM, 1, usize::MAX, Direction::Forward) {
                let stored = stored.unwrap();
                assert!(stored.erased.is_some() || stored.item == long.as_bytes());
                read += 1;
            }
        }
        read
    });
    for round in 0..4 {
        all(&mut committer, (1 + round * 10..=10 + round * 10).collect::<BTreeSet<_>>());
    }
    stop.send(()).unwrap();
    assert!(reader.join().unwrap() >= 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_erased_in_whatever_steps_the_rest_is_as_it_was(
        months in proptest::collection::vec(0..3i64, 1..60),
        rounds in proptest::collection::vec(proptest::collection::btree_set(1..70u64, 0..20), 1..4),
    ) {
        let place = Place::new();
        let (store, mut committer) = place.open();
        let mut month = 0;
        for (n, step) in months.iter().enumerate() {
            month += step / 2;
            committer.commit(vec![draft(ROOM, &n.to_string())], &[], month * 31 * DAY_MS).unwrap();
        }
        let erased: BTreeSet<Seq> = rounds.iter().flatten().copied().collect();
        for round in rounds {
            all(&mut committer, round);
        }
        let expected = (0..months.len())
            .map(|n| (!erased.contains(&(n as Seq + 1))).then(|| n.to_string()))
            .collect::<Vec<_>>();
        prop_assert_eq!(texts(&store), expected);
        drop((store, committer));
        prop_assert!(place.verify().damage.is_empty());
    }
}
