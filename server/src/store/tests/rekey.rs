//! Changing the master key: everything reads on, and a crash between any two steps leaves a store that
//! one of the two keys opens.

use std::fs;

use super::*;
use crate::store::{Erasure, Needs, Progress, settle};

/// A store with records of two months, rekeyed; and a copy of it from before.
struct Rekeyed {
    place: Place,
    before: TempDir,
    new: MasterKey,
}

impl Rekeyed {
    fn make() -> Self {
        let place = Place::new();
        place.fill(["one", "two", "three"]);
        let before = tempfile::tempdir().unwrap();
        copy_folder(&place.folder(), before.path());
        let new = MasterKey::generate().unwrap();
        let (store, mut committer) = place.open();
        assert_eq!(committer.rekey(&new, &[]).unwrap(), 1);
        // The store serves and takes more, without having been opened again.
        assert_eq!(store.read(ROOM, 2).unwrap().unwrap().item, b"two");
        committer.commit(vec![draft(ROOM, "four")], &[], 40 * 86_400_000).unwrap();
        Self { place, before, new }
    }

    /// The file or folder as it was before.
    fn put_back(&self, what: &str) {
        let (from, to) = (self.before.path().join(what), self.place.folder().join(what));
        if from.is_dir() {
            fs::remove_dir_all(&to).unwrap();
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn after_a_change_of_the_master_key_only_the_new_one_opens_the_store() {
    let Rekeyed { place, new, .. } = Rekeyed::make();
    assert!(matches!(place.refused(), OpenError::WrongKey));
    let report = verify(&place.folder(), &new).unwrap();
    assert_eq!((report.records, report.damage), (4, Vec::new()));
    assert_eq!(settle(&place.folder(), &place.key, &new).unwrap(), Needs::New);
}

#[test]
fn a_change_that_had_not_reached_the_database_needs_the_old_key() {
    let rekeyed = Rekeyed::make();
    rekeyed.put_back("db");
    rekeyed.put_back("heads");
    let Rekeyed { place, new, .. } = rekeyed;
    assert_eq!(settle(&place.folder(), &place.key, &new).unwrap(), Needs::Old);
    assert_eq!(place.verify().records, 3);
}

#[test]
fn a_change_that_had_reached_the_database_alone_is_finished() {
    let rekeyed = Rekeyed::make();
    rekeyed.put_back("heads");
    // As a crash while the new checkpoint was written.
    fs::write(rekeyed.place.folder().join("heads.new"), b"half").unwrap();
    let Rekeyed { place, new, .. } = rekeyed;
    assert_eq!(settle(&place.folder(), &place.key, &new).unwrap(), Needs::New);
    assert!(matches!(place.refused(), OpenError::WrongKey));
    let report = verify(&place.folder(), &new).unwrap();
    assert_eq!((report.records, report.damage), (4, Vec::new()));
}

#[test]
fn neither_of_two_strange_keys_is_needed() {
    let Rekeyed { place, .. } = Rekeyed::make();
    let (one, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    assert!(matches!(settle(&place.folder(), &one, &other), Err(OpenError::WrongKey)));
}

#[test]
fn a_store_without_records_is_settled_by_its_checkpoint() {
    let place = Place::new();
    let new = MasterKey::generate().unwrap();
    assert_eq!(settle(&place.folder(), &place.key, &new).unwrap(), Needs::Old);
    let (_, mut committer) = place.open();
    assert_eq!(committer.rekey(&new, &[]).unwrap(), 0);
    drop(committer);
    assert_eq!(settle(&place.folder(), &place.key, &new).unwrap(), Needs::New);
}

#[test]
fn a_dropped_data_key_is_gone_with_what_it_sealed_and_nothing_else() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    for (item, at_ms) in [("january", 1_000), ("february", 40 * 86_400_000)] {
        committer.commit(vec![draft(ROOM, item)], &[], at_ms).unwrap();
    }
    store.read(ROOM, 1).unwrap().unwrap();
    let new = MasterKey::generate().unwrap();
    assert_eq!(committer.rekey(&new, &[(ROOM, 0)]).unwrap(), 1);
    // Also not from what was remembered of it.
    assert!(matches!(store.read(ROOM, 1), Err(ReadError::Damaged { seq: 1, .. })));
    assert_eq!(store.read(ROOM, 2).unwrap().unwrap().item, b"february");
}

#[test]
fn readers_find_every_record_while_the_key_changes() {
    let place = Place::new();
    let (store, mut committer) = place.open();
    let day = 86_400_000;
    for month in 0..24 {
        committer.commit(vec![draft(ROOM, "kept")], &[], month * 31 * day).unwrap();
    }
    std::thread::scope(|threads| {
        let reading = threads.spawn(|| {
            for round in 0..400 {
                let page = store.page(ROOM, 1, usize::MAX, Direction::Forward);
                assert_eq!(page.flatten().count(), 24, "round {round}");
            }
        });
        while !reading.is_finished() {
            committer.rekey(&MasterKey::generate().unwrap(), &[]).unwrap();
        }
    });
}

#[test]
fn a_change_in_the_middle_of_an_erasure_leaves_another_one_to_do_after_it() {
    let mut place = Place::new();
    place.fill(["one", "two", "three"]);
    let (store, mut committer) = place.open();
    let mut erasure = Erasure::new(ROOM, [1].into());
    assert_eq!(committer.erase(&mut erasure).unwrap(), Progress::More);
    assert!(!store.needs_new_master_key().unwrap(), "the new one would wrap what is to go");
    let new = MasterKey::generate().unwrap();
    committer.rekey(&new, &[]).unwrap();
    while committer.erase(&mut erasure).unwrap() == Progress::More {}
    drop((store, committer));
    place.key = new;
    let (store, mut committer) = place.open();
    assert!(store.needs_new_master_key().unwrap(), "what went was under the present one too");
    committer.rekey(&MasterKey::generate().unwrap(), &[]).unwrap();
    assert!(!store.needs_new_master_key().unwrap());
}
