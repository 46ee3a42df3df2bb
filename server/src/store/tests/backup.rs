//! Backups: whole, incremental, checked; whatever is bent in one is named.

use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::store::backup::{
    self, About, BackupDamage, BackupError, BackupReport, Moment, Taken, restore, take,
    verify as verify_backup,
};

const OTHER: LogId = LogId([0x43; 16]);

impl Place {
    fn backup(&self) -> PathBuf {
        self.home.path().join("backup")
    }

    /// The files beside the database: all of them are done, but for one that says it is not.
    fn files(&self) -> BTreeSet<String> {
        let beside = self.folder().join("files");
        let paths = if beside.exists() { files(&beside) } else { Vec::new() }.into_iter();
        let paths = paths.map(|path| path.strip_prefix(&beside).unwrap().to_owned());
        let paths = paths.filter(|path| !path.ends_with("half"));
        paths.map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    fn try_back_up(&self) -> Result<Taken, BackupError> {
        let (store, mut committer) = self.open();
        let moment = committer.moment(self.files()).unwrap();
        take(&store, &moment, about("ours"), &self.backup(), &mut |_| true)
    }

    fn back_up(&self) -> Taken {
        self.try_back_up().unwrap()
    }

    fn verify_backup(&self) -> BackupReport {
        verify_backup(&self.backup(), &self.key).unwrap()
    }

    fn restored(&self) -> PathBuf {
        self.home.path().join("restored")
    }

    /// Everything that the restored store says it holds.
    fn restore(&self) -> Vec<String> {
        restore(&self.backup(), &self.restored(), &self.key).unwrap();
        let (store, _committer) = open(&self.restored(), &self.key, Self::options()).unwrap();
        everything(&store)
    }
}

fn about(owner: &str) -> About {
    About { owner: owner.to_owned(), configuration: "listen = 1".to_owned(), at_ms: 7 }
}

/// Every record, index entry, state and mark, as text to compare.
fn everything(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    for log in store.logs() {
        for stored in store.page(log, 1, usize::MAX, Direction::Forward) {
            let Stored { seq, at_ms, head, item, .. } = stored.unwrap();
            let item = String::from_utf8(item).unwrap();
            all.push(format!("{log} {seq} {at_ms} {head} {} {item:.20}", item.len()));
        }
        let last = store.position(log).seq;
        let references = store.newest_asides(log, 1..=last, usize::MAX, |_, _| true).unwrap();
        all.push(format!("{:?} {references:?}", store.state(log).unwrap()));
    }
    for mark in store.marks(&[]) {
        let Mark { key, value } = mark.unwrap();
        all.push(format!("{key:?} {value:?}"));
    }
    all
}

/// A store with long records, references, names, state and marks in two logs.
fn filled() -> Place {
    let place = Place::new();
    let (_, mut committer) = place.open();
    let long = "x".repeat(20_000);
    let mut second = with_id(ROOM, &long, 1);
    second.refers_to = Some((1, 9));
    let mut third = draft(OTHER, "state");
    third.is_state = true;
    let mark = Mark { key: b"rone".to_vec(), value: b"1".to_vec() };
    let drafts = vec![draft(ROOM, "first"), second, third, draft(OTHER, "fourth")];
    committer.commit(drafts, &[mark], 1_000).unwrap();
    drop(committer);
    place
}

#[test]
fn what_is_restored_is_what_the_store_was_at_the_moment() {
    let place = filled();
    let (store, mut committer) = place.open();
    let then = everything(&store);
    let moment = committer.moment(place.files()).unwrap();
    // Written after the moment, and so not of the backup.
    let later = Mark { key: b"rone".to_vec(), value: b"2".to_vec() };
    committer.commit(vec![draft(ROOM, "later")], &[later], 2_000).unwrap();
    let taken = take(&store, &moment, about("ours"), &place.backup(), &mut |_| true).unwrap();
    assert_eq!((taken.number, taken.records, taken.new_records), (1, 4, 4));
    drop((store, committer));

    let report = place.verify_backup();
    assert_eq!((report.records, &*report.damage), (4, &[][..]));
    assert_eq!(report.about, about("ours"));
    assert_eq!(place.restore(), then);
    // A name that was used is known.
    let (_, mut committer) = open(&place.restored(), &place.key, Place::options()).unwrap();
    let again = committer.commit(vec![with_id(ROOM, "again", 1)], &[], 3_000).unwrap();
    assert!(again[0].repeated && again[0].seq == 2);
}

#[test]
fn the_next_backup_writes_only_what_is_new() {
    let place = filled();
    place.back_up();
    let first = fs::read(place.backup().join("000001.records")).unwrap();
    let idle = place.back_up();
    assert_eq!((idle.number, idle.new_records), (2, 0));
    assert!(!place.backup().join("000002.records").exists(), "no news, no file");
    place.fill(["fifth"]);
    let third = place.back_up();
    assert_eq!((third.number, third.records, third.new_records), (3, 5, 1));
    assert!(third.written_bytes < 4096, "{third:?}");
    assert_eq!(fs::read(place.backup().join("000001.records")).unwrap(), first);
    let mut names: Vec<_> = files(&place.backup())
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let expected = ["000001.records", "000003.files", "000003.records", "000003.state", "manifest"];
    assert_eq!(names, expected);
    let now = everything(&place.open().0);
    assert_eq!(place.restore(), now);
}

#[test]
fn a_backup_that_is_cut_short_leaves_the_former_one_whole() {
    let place = filled();
    place.back_up();
    let long = "y".repeat(40_000);
    place.fill((0..60).map(|_| &long));
    let (store, mut committer) = place.open();
    let moment = committer.moment(place.files()).unwrap();
    let mut slices = 0;
    let stopped = take(&store, &moment, about("ours"), &place.backup(), &mut |_| {
        slices += 1;
        false
    });
    assert!(matches!(stopped, Err(BackupError::Stopped)) && slices == 1);
    drop((store, committer));
    assert!(!place.backup().join("000002.records").exists(), "left behind");
    // As one that was killed leaves it.
    fs::write(place.backup().join("000002.records"), "half").unwrap();
    fs::write(place.backup().join("manifest.new"), "half").unwrap();
    let report = place.verify_backup();
    assert_eq!((report.number, report.records, &*report.damage), (1, 4, &[][..]));
    assert_eq!(place.back_up().new_records, 60);
    assert!(!place.backup().join("manifest.new").exists());
    assert_eq!(place.verify_backup().damage, []);
}

#[test]
fn every_bit_that_is_bent_is_named() {
    let place = filled();
    place.back_up();
    place.fill(["fifth"]);
    place.back_up();
    let mut bent = 0;
    for path in files(&place.backup()) {
        let sound = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let step = (sound.len() / 60).max(1);
        for at in (0..sound.len()).step_by(step) {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(&path, bytes).unwrap();
            bent += 1;
            match verify_backup(&place.backup(), &place.key) {
                Ok(report) => {
                    let changed = BackupDamage::Changed(name.clone());
                    assert!(report.damage.contains(&changed), "{name} {at}: {:?}", report.damage);
                }
                Err(error) => assert!(name == "manifest", "{name} {at}: {error}"),
            }
        }
        for length in (0..sound.len()).step_by(step) {
            fs::write(&path, &sound[..length]).unwrap();
            let found = verify_backup(&place.backup(), &place.key);
            let cut = BackupDamage::Cut(name.clone());
            let named = found.as_ref().is_ok_and(|report| report.damage.contains(&cut));
            assert!(named || (name == "manifest" && found.is_err()), "{name} {length}: {found:?}");
        }
        fs::remove_file(&path).unwrap();
        let found = verify_backup(&place.backup(), &place.key);
        let missing = BackupDamage::Missing(name.clone());
        let named = found.as_ref().is_ok_and(|report| report.damage.contains(&missing));
        let is_none = matches!(found, Err(BackupError::NotABackup { .. }));
        assert!(named || (name == "manifest" && is_none), "{name}: {found:?}");
        fs::write(&path, sound).unwrap();
    }
    assert!(bent > 200, "{bent}");
    assert_eq!(place.verify_backup().damage, []);
}

#[test]
fn a_damaged_backup_is_not_restored_and_not_gone_on_from() {
    let place = filled();
    place.back_up();
    let path = place.backup().join("000001.records");
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let refused = restore(&place.backup(), &place.restored(), &place.key).unwrap_err();
    let BackupError::Damaged { damage, .. } = refused else { panic!("{refused}") };
    assert!(damage.contains(&BackupDamage::Changed("000001.records".to_owned())), "{damage:?}");
    assert!(damage.iter().any(|one| matches!(one, BackupDamage::Log(_))), "{damage:?}");
    let cut = open(&place.restored(), &place.key, Place::options()).err().unwrap();
    assert!(matches!(cut, OpenError::NotAStore { .. }), "{cut}");

    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let refused = place.try_back_up().unwrap_err();
    assert!(matches!(refused, BackupError::Damaged { .. }), "{refused}");
}

#[test]
fn only_the_key_of_its_moment_opens_a_backup() {
    let place = filled();
    place.back_up();
    let other = MasterKey::generate().unwrap();
    for refused in [
        verify_backup(&place.backup(), &other).map(drop),
        restore(&place.backup(), &place.restored(), &other).map(drop),
    ] {
        assert!(matches!(refused, Err(BackupError::WrongKey { .. })), "{refused:?}");
    }
    assert!(!place.restored().exists(), "nothing was begun");
}

#[test]
fn after_a_change_of_the_master_key_the_next_backup_opens_with_the_new_one() {
    let place = filled();
    place.back_up();
    let first = fs::read(place.backup().join("000001.records")).unwrap();
    let new = MasterKey::generate().unwrap();
    let (store, mut committer) = place.open();
    committer.rekey(&new, &[]).unwrap();
    let early = verify_backup(&place.backup(), &new);
    assert!(matches!(early, Err(BackupError::WrongKey { .. })), "not before the next backup");
    let moment = committer.moment(place.files()).unwrap();
    let taken = take(&store, &moment, about("ours"), &place.backup(), &mut |_| true).unwrap();
    assert_eq!((taken.number, taken.new_records), (2, 0), "no record is copied again");
    drop((store, committer));
    assert_eq!(fs::read(place.backup().join("000001.records")).unwrap(), first);
    let old = verify_backup(&place.backup(), &place.key);
    assert!(matches!(old, Err(BackupError::WrongKey { .. })), "{old:?}");
    let place = Place { key: new, ..place };
    assert_eq!(place.verify_backup().damage, []);
    let now = everything(&place.open().0);
    assert_eq!(place.restore(), now);
}

#[test]
fn a_dropped_data_key_is_in_no_backup_that_the_new_master_key_opens() {
    let place = Place::new();
    let (_, mut committer) = place.open();
    for (item, at_ms) in [("january", 1_000), ("february", 40 * 86_400_000)] {
        committer.commit(vec![draft(ROOM, item)], &[], at_ms).unwrap();
    }
    drop(committer);
    place.back_up();
    let older = place.home.path().join("older");
    copy_folder(&place.backup(), &older);
    let new = MasterKey::generate().unwrap();
    let (_, mut committer) = place.open();
    committer.rekey(&new, &[(ROOM, 0)]).unwrap();
    // The old key is destroyed: what is left opens nothing of an older backup.
    let refused = restore(&older, &place.restored(), &new).unwrap_err();
    assert!(matches!(refused, BackupError::WrongKey { .. }), "{refused}");
}

#[test]
fn a_store_that_was_put_back_does_not_go_on_from_a_later_backup() {
    let place = filled();
    let earlier = tempfile::tempdir().unwrap();
    place.back_up();
    copy_folder(&place.folder(), earlier.path());
    place.fill(["fifth"]);
    place.back_up();

    fs::remove_dir_all(place.folder()).unwrap();
    copy_folder(earlier.path(), &place.folder());
    let refused = place.try_back_up().unwrap_err().to_string();
    assert!(refused.contains("record 3") && refused.contains("put back"), "{refused}");
    place.fill(["another fifth", "sixth"]);
    let refused = place.try_back_up().unwrap_err();
    let BackupError::OtherHistory { damage, .. } = refused else { panic!("{refused}") };
    assert_eq!((damage.seq, damage.what), (3, DamageKind::Forked));
    assert_eq!(place.verify_backup().records, 5, "and it is as it was");
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let place = filled();
    fs::create_dir(place.backup()).unwrap();
    fs::write(place.backup().join("letter.txt"), "dear").unwrap();
    assert!(matches!(place.try_back_up(), Err(BackupError::NotEmpty { .. })));
    fs::remove_file(place.backup().join("letter.txt")).unwrap();
    place.back_up();
    let stranger = filled();
    let (store, mut committer) = stranger.open();
    let moment = committer.moment(stranger.files()).unwrap();
    let refused = take(&store, &moment, about("theirs"), &place.backup(), &mut |_| true);
    assert!(matches!(refused, Err(BackupError::OtherOwner { .. })), "{refused:?}");
    // Of the same name, and not the same store.
    let refused = take(&store, &moment, about("ours"), &place.backup(), &mut |_| true);
    assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{refused:?}");
    assert_eq!(place.verify_backup().damage, []);

    fs::create_dir(place.restored()).unwrap();
    fs::write(place.restored().join("letter.txt"), "dear").unwrap();
    let refused = restore(&place.backup(), &place.restored(), &place.key);
    assert!(matches!(refused, Err(BackupError::Exists { .. })), "{refused:?}");
}

#[test]
fn a_file_that_is_destroyed_while_it_is_taken_makes_it_of_the_past() {
    let place = filled();
    place.back_up();
    let beside = place.folder().join("files");
    fs::create_dir_all(&beside).unwrap();
    fs::write(beside.join("one"), b"taken back").unwrap();
    let (store, mut committer) = place.open();
    let moment = committer.moment(place.files()).unwrap();
    fs::remove_file(beside.join("one")).unwrap();
    let taken = take(&store, &moment, about("ours"), &place.backup(), &mut |_| true);
    assert!(matches!(taken, Err(BackupError::Gone { path }) if path == "one"));
    drop((store, committer));
    let report = place.verify_backup();
    assert_eq!((report.number, &*report.damage), (1, &[][..]));
    assert_eq!(place.back_up().number, 2);
}

#[test]
fn files_beside_the_database_are_copied_once_and_restored() {
    let place = filled();
    let beside = place.folder().join("files/ab");
    fs::create_dir_all(&beside).unwrap();
    fs::write(beside.join("one"), vec![7; 100_000]).unwrap();
    let first = place.back_up();
    assert!(first.files == 1 && first.written_bytes > 100_000, "{first:?}");
    fs::write(beside.join("two"), b"second").unwrap();
    let second = place.back_up();
    assert!(second.files == 2 && second.written_bytes < 10_000, "{second:?}");
    fs::remove_file(beside.join("one")).unwrap();
    assert_eq!(place.back_up().files, 1);
    assert!(!place.backup().join("files/ab/one").exists(), "deleted here, deleted there");
    assert_eq!(place.verify_backup().files, 1);
    place.restore();
    assert_eq!(fs::read(place.restored().join("files/ab/two")).unwrap(), b"second");

    fs::write(place.backup().join("files/ab/two"), b"secont").unwrap();
    let expected = [BackupDamage::Changed("files/ab/two".to_owned())];
    assert_eq!(place.verify_backup().damage, expected);
    fs::remove_file(place.backup().join("files/ab/two")).unwrap();
    let expected = [BackupDamage::Missing("files/ab/two".to_owned())];
    assert_eq!(place.verify_backup().damage, expected);
}

#[test]
fn a_file_that_is_not_done_is_not_backed_up_and_what_was_copied_is_never_written_again() {
    let place = filled();
    let beside = place.folder().join("files");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("done"), b"as it was").unwrap();
    fs::write(beside.join("half"), b"as it will be").unwrap();
    assert_eq!(place.back_up().files, 1);
    // On a disk that loses what it keeps, the backup is what there is.
    fs::write(beside.join("done"), b"bent").unwrap();
    let next = place.back_up();
    assert_eq!((next.files, place.verify_backup().damage), (1, Vec::new()));
    place.restore();
    assert_eq!(fs::read(place.restored().join("files/done")).unwrap(), b"as it was");
    assert!(!place.restored().join("files/half").exists());
}

#[test]
fn a_damaged_record_is_not_backed_up_as_if_it_were_sound() {
    let place = filled();
    place.raw(|db| {
        let key = db.scan_prefix(b"L").next().unwrap().unwrap().0;
        let mut value = db.get(&key).unwrap().unwrap().to_vec();
        value[20] ^= 1;
        db.insert(key, value).unwrap();
    });
    let refused = place.try_back_up().unwrap_err();
    let BackupError::Damaged { damage, .. } = refused else { panic!("{refused}") };
    let named = Damage { log: ROOM, seq: 1, what: DamageKind::Edited };
    assert_eq!(damage, [BackupDamage::Log(named)]);
    let none = backup::verify(&place.backup(), &place.key);
    assert!(matches!(none, Err(BackupError::NotABackup { .. })), "{none:?}");
}

#[test]
fn after_an_erasure_a_backup_goes_into_a_new_folder() {
    let place = filled();
    place.back_up();
    for _ in 0..2 {
        // Twice, after which the month is of the first generation again.
        let (_store, mut committer) = place.open();
        committer.commit(vec![draft(ROOM, "to be erased")], &[], 1_000).unwrap();
        let last = committer.opened.tip(ROOM).position.seq;
        let mut erasure = Erasure::new(ROOM, [last].into());
        while committer.erase(&mut erasure).unwrap() == Progress::More {}
    }
    let refused = place.try_back_up().unwrap_err();
    assert!(matches!(&refused, BackupError::Erased { .. }), "{refused}");
    assert!(refused.to_string().contains("into a new folder"), "{refused}");
    let before = place.restore();
    fs::remove_dir_all(place.backup()).unwrap();
    fs::remove_dir_all(place.restored()).unwrap();
    let taken = place.back_up();
    assert_eq!((taken.number, taken.records), (1, 6));
    let (store, committer) = place.open();
    let now = everything(&store);
    drop((store, committer));
    assert_ne!(before, now);
    assert_eq!(place.restore(), now);
    assert_eq!(place.back_up().number, 2, "and the next ones go there too");
}

#[test]
fn no_backup_is_of_two_states_while_records_are_erased() {
    let place = filled();
    let (store, mut committer) = place.open();
    let moment = committer.moment(place.files()).unwrap();
    let mut erasure = Erasure::new(ROOM, [1].into());
    assert_eq!(committer.erase(&mut erasure).unwrap(), Progress::More);
    let take =
        |moment: &Moment| take(&store, moment, about("ours"), &place.backup(), &mut |_| true);
    let left = take(&moment).unwrap_err();
    assert!(matches!(left, BackupError::Erased { .. }), "{left}");
    let within = take(&committer.moment(place.files()).unwrap()).unwrap_err();
    assert!(matches!(within, BackupError::Erasing), "{within}");
    while committer.erase(&mut erasure).unwrap() == Progress::More {}
    assert_eq!(take(&committer.moment(place.files()).unwrap()).unwrap().number, 1);
}

#[test]
fn a_backup_across_a_change_of_the_master_key_is_taken_again() {
    let mut place = filled();
    let (store, mut committer) = place.open();
    let moment = committer.moment(place.files()).unwrap();
    let new = MasterKey::generate().unwrap();
    committer.rekey(&new, &[]).unwrap();
    let take =
        |moment: &Moment| take(&store, moment, about("ours"), &place.backup(), &mut |_| true);
    let left = take(&moment).unwrap_err();
    assert!(matches!(left, BackupError::Rewrapped), "{left}");
    take(&committer.moment(place.files()).unwrap()).unwrap();
    drop((store, committer));
    place.key = new;
    assert!(place.verify_backup().damage.is_empty());
    place.restore();
}

#[test]
fn a_new_master_key_is_needed_from_an_erasure_until_it_is_changed() {
    let mut place = filled();
    let (store, mut committer) = place.open();
    assert!(!store.needs_new_master_key().unwrap());
    let mut erasure = Erasure::new(ROOM, [1].into());
    while committer.erase(&mut erasure).unwrap() == Progress::More {}
    drop((store, committer));
    let (store, mut committer) = place.open();
    assert!(store.needs_new_master_key().unwrap(), "a restart forgets it");
    let new = MasterKey::generate().unwrap();
    committer.rekey(&new, &[]).unwrap();
    assert!(!store.needs_new_master_key().unwrap());
    drop((store, committer));
    place.key = new;
    assert!(!place.open().0.needs_new_master_key().unwrap());
}
