//! Damage, each kind of it: found when the store is opened or verified, and named exactly.

use std::fs;

use warproom_proto::record::{LogId, Seq};

use crate::store::seal::KeyRing;
use crate::store::tests::{Place, ROOM, copy_folder, draft, with_id};
use crate::store::{Damage, DamageKind, Direction, Draft, Mark, OpenError, ReadError, layout};

const LAST: Seq = 9;

fn filled() -> Place {
    let place = Place::new();
    place.fill((1..=LAST).map(|n| n.to_string()));
    place
}

fn damage(seq: Seq, what: DamageKind) -> Damage {
    Damage { log: ROOM, seq, what }
}

fn refused(place: &Place) -> Damage {
    match place.refused() {
        OpenError::Log(damage) => damage,
        other => panic!("{other}"),
    }
}

#[test]
fn a_flipped_byte_is_an_edited_record() {
    let place = filled();
    let key = layout::record(ROOM, 4);
    let sealed = place.raw(|db| db.get(key).unwrap().unwrap());
    for at in 0..sealed.len() {
        let mut bent = sealed.to_vec();
        bent[at] ^= 0x10;
        place.raw(|db| db.insert(key, bent).unwrap());
        if at % 20 == 0 {
            assert_eq!(place.verify().damage, [damage(4, DamageKind::Edited)], "byte {at}");
        }
        let (store, _committer) = place.open();
        let error = store.read(ROOM, 4).err().unwrap();
        assert!(matches!(error, ReadError::Damaged { log: ROOM, seq: 4 }), "{error}");
    }
    let report = place.verify();
    assert_eq!((report.records, report.logs[0].1.seq), (3, 3), "sound up to there");
    assert!(report.damage[0].to_string().starts_with("room "));
}

#[test]
fn a_removed_record_is_missing_and_never_skipped_over() {
    let place = filled();
    place.raw(|db| db.remove(layout::record(ROOM, 5)).unwrap().unwrap());
    assert_eq!(place.verify().damage, [damage(5, DamageKind::Missing)]);
    let (store, _committer) = place.open();
    for (from, direction) in [(1, Direction::Forward), (9, Direction::Backward)] {
        let page: Vec<_> = store.page(ROOM, from, 9, direction).collect();
        assert_eq!(page.len(), 5);
        assert!(matches!(page[4], Err(ReadError::Missing { log: ROOM, seq: 5 })));
    }
}

#[test]
fn a_shorter_log_is_truncated() {
    for left in [0, 6] {
        let place = filled();
        place.raw(|db| {
            for seq in left + 1..=LAST {
                db.remove(layout::record(ROOM, seq)).unwrap().unwrap();
            }
        });
        assert_eq!(place.verify().damage, [damage(left + 1, DamageKind::Truncated)]);
        assert_eq!(refused(&place), damage(left + 1, DamageKind::Truncated));
    }
}

#[test]
fn an_empty_database_under_a_checkpoint_is_not_opened() {
    let place = filled();
    let empty = Place::new();
    fs::remove_dir_all(place.folder().join("db")).unwrap();
    assert!(matches!(place.refused(), OpenError::Damaged { .. }), "no database is made instead");
    copy_folder(&empty.folder().join("db"), &place.folder().join("db"));
    assert_eq!(refused(&place), damage(1, DamageKind::Truncated));
}

#[test]
fn swapped_records_are_edited() {
    let place = filled();
    place.raw(|db| {
        let [three, seven] = [3, 7].map(|seq| db.get(layout::record(ROOM, seq)).unwrap().unwrap());
        db.insert(layout::record(ROOM, 3), seven).unwrap();
        db.insert(layout::record(ROOM, 7), three).unwrap();
    });
    assert_eq!(place.verify().damage, [damage(3, DamageKind::Edited)]);
}

#[test]
fn an_older_database_under_a_newer_checkpoint_is_truncated() {
    let place = filled();
    let old = place.home.path().join("old");
    copy_folder(&place.folder().join("db"), &old);
    place.fill(["10", "11"]);
    fs::remove_dir_all(place.folder().join("db")).unwrap();
    copy_folder(&old, &place.folder().join("db"));
    assert_eq!(place.verify().damage, [damage(10, DamageKind::Truncated)]);
    assert_eq!(refused(&place), damage(10, DamageKind::Truncated));
}

#[test]
fn another_history_under_the_checkpoint_is_forked() {
    let place = filled();
    let before = place.home.path().join("before");
    copy_folder(&place.folder(), &before);
    place.fill(["10", "11"]);
    let heads = fs::read(place.folder().join("heads")).unwrap();
    fs::remove_dir_all(place.folder()).unwrap();
    copy_folder(&before, &place.folder());
    place.fill(["ten", "eleven", "twelve"]);
    fs::write(place.folder().join("heads"), heads).unwrap();
    assert_eq!(place.verify().damage, [damage(11, DamageKind::Forked)]);
    assert_eq!(refused(&place), damage(11, DamageKind::Forked));
}

#[test]
fn a_record_of_another_history_does_not_follow() {
    // Sealed by the right key for the right place, but with another past.
    let place = filled();
    let before = place.home.path().join("before");
    copy_folder(&place.folder(), &before);
    place.fill(["10", "11"]);
    let ten = place.raw(|db| db.get(layout::record(ROOM, 10)).unwrap().unwrap());
    fs::remove_dir_all(place.folder()).unwrap();
    copy_folder(&before, &place.folder());
    place.fill(["ten", "eleven"]);
    place.raw(|db| db.insert(layout::record(ROOM, 10), ten).unwrap());
    assert_eq!(place.verify().damage, [damage(11, DamageKind::Edited)]);
}

#[test]
fn damage_beyond_the_checkpoint_is_found_on_opening() {
    for (what, bend) in [(DamageKind::Missing, None), (DamageKind::Edited, Some(vec![0; 300]))] {
        let place = filled();
        let heads = fs::read(place.folder().join("heads")).unwrap();
        place.fill(["10", "11", "12"]);
        fs::write(place.folder().join("heads"), heads).unwrap();
        place.raw(|db| match bend {
            None => db.remove(layout::record(ROOM, 11)).unwrap(),
            Some(bytes) => db.insert(layout::record(ROOM, 11), bytes).unwrap(),
        });
        assert_eq!(refused(&place), damage(11, what));
        assert_eq!(place.verify().damage, [damage(11, what)]);
    }
}

#[test]
fn a_missing_part_is_an_edited_record() {
    let place = filled();
    place.fill(["long ".repeat(5_000)]);
    place.raw(|db| db.remove(layout::part(ROOM, 10, 3)).unwrap().unwrap());
    assert_eq!(place.verify().damage, [damage(10, DamageKind::Edited)]);
}

#[test]
fn a_destroyed_data_key_closes_its_month() {
    let place = filled();
    place.raw(|db| db.remove(layout::data_key(ROOM, 0)).unwrap().unwrap());
    assert_eq!(place.verify().damage, [damage(1, DamageKind::Edited)]);
    assert_eq!(refused(&place), damage(LAST, DamageKind::Edited));
}

/// A change to a database, behind the store's back.
type Bend = fn(&sled::Db);

#[test]
fn every_index_entry_is_checked_both_ways() {
    let bends: [(Seq, Bend); 13] = [
        (3, |db| drop(db.remove(layout::id(ROOM, &[7; 33])).unwrap().unwrap())),
        (3, |db| drop(db.insert(&layout::id(ROOM, &[7; 33])[..], &2_u64.to_be_bytes()).unwrap())),
        (2, |db| drop(db.insert(&layout::id(ROOM, &[8; 33])[..], &2_u64.to_be_bytes()).unwrap())),
        (4, |db| drop(db.remove(layout::reference(ROOM, 1, 4)).unwrap().unwrap())),
        (4, |db| drop(db.insert(layout::reference(ROOM, 1, 4), &[6]).unwrap())),
        (5, |db| drop(db.insert(layout::reference(ROOM, 1, 5), &[6]).unwrap())),
        (99, |db| drop(db.insert(layout::reference(ROOM, 1, 99), &[6]).unwrap())),
        (4, |db| drop(db.remove(layout::aside(ROOM, 1, 5, 4)).unwrap().unwrap())),
        (4, |db| drop(db.insert(layout::aside(ROOM, 1, 5, 4), &[4]).unwrap())),
        (5, |db| drop(db.insert(layout::aside(ROOM, 1, 5, 5), &[5]).unwrap())),
        (7, |db| drop(db.insert(layout::aside(ROOM, 1, 1, 7), &[1]).unwrap())),
        (4, |db| drop(db.insert(layout::aside(ROOM, 1, 6, 4), &[5]).unwrap())),
        (6, |db| drop(db.insert(&layout::part(ROOM, 6, 1)[..], &[]).unwrap())),
    ];
    for (at, (seq, bend)) in bends.into_iter().enumerate() {
        let place = Place::new();
        let (_, mut committer) = place.open();
        let group = vec![
            draft(ROOM, "1"),
            draft(ROOM, "2"),
            with_id(ROOM, "3", 7),
            Draft { refers_to: Some((1, 5)), ..draft(ROOM, "4") },
            draft(ROOM, "5"),
            draft(ROOM, "6"),
            Draft { refers_to: Some((1, 1)), ..draft(ROOM, "7") },
        ];
        committer.commit(group, &[], 1).unwrap();
        drop(committer);
        assert!(place.verify().damage.is_empty());
        place.raw(bend);
        let report = place.verify();
        // An id that leads elsewhere is wrong where it should lead and where it does.
        let seq = if at == 1 { 2 } else { seq };
        assert_eq!(report.damage, [damage(seq, DamageKind::Index)], "bend {at}");
        assert_eq!(report.logs[0].1.seq, report.records);
    }
}

/// Nine records of which 2, 5 and 7 are state.
fn with_state() -> Place {
    let place = Place::new();
    let (_, mut committer) = place.open();
    let one = |n: Seq| Draft { is_state: [2, 5, 7].contains(&n), ..draft(ROOM, &n.to_string()) };
    committer.commit((1..=LAST).map(one).collect(), &[], 1).unwrap();
    place
}

#[test]
fn a_lost_state_record_is_never_left_out_of_the_state() {
    for lost in [2, 5, 7] {
        let place = with_state();
        let key = layout::record(ROOM, lost);
        let sealed = place.raw(|db| db.remove(key).unwrap().unwrap());
        let error = place.open().0.state(ROOM).err().unwrap();
        assert!(matches!(error, ReadError::Missing { log: ROOM, seq } if seq == lost), "{error}");
        place.raw(|db| db.insert(key, &sealed[..60]).unwrap());
        let error = place.open().0.state(ROOM).err().unwrap();
        assert!(matches!(error, ReadError::Damaged { log: ROOM, seq } if seq == lost), "{error}");
        place.raw(|db| db.insert(key, sealed).unwrap());
        let state = place.open().0.state(ROOM).unwrap();
        assert!(state == [2, 5, 7]);
    }
}

#[test]
fn a_record_that_names_the_wrong_state_before_it_is_edited() {
    // 7 passes 5 over, ends the list, leads to no state, to itself, and ahead; 8 passes 7 over.
    for (seq, before, shows) in
        [(7, 2, false), (7, 0, false), (7, 4, true), (7, 7, true), (7, 9, true), (8, 5, false)]
    {
        let place = with_state();
        place.raw(|db| {
            let (key, mut plain) = (layout::record(ROOM, seq), Vec::new());
            let data_key = KeyRing::new(&place.key).find(db, ROOM, 0).ok().flatten().unwrap();
            data_key.open(&key, &db.get(key).unwrap().unwrap(), &mut plain).unwrap();
            plain[64..72].copy_from_slice(&Seq::to_be_bytes(before));
            db.insert(key, data_key.seal(0, &key, &plain).unwrap()).unwrap();
        });
        assert_eq!(place.verify().damage, [damage(seq, DamageKind::Edited)]);
        assert_eq!(place.open().0.state(ROOM).is_err(), shows, "{seq} names {before}");
    }
}

#[test]
fn the_first_bad_record_of_each_log_is_named() {
    let place = filled();
    let (_, mut committer) = place.open();
    committer.commit(vec![draft(LogId::AUDIT, "a"), draft(LogId::AUDIT, "b")], &[], 1).unwrap();
    drop(committer);
    place.raw(|db| {
        for (log, seq) in [(ROOM, 8), (ROOM, 3), (LogId::AUDIT, 1)] {
            db.insert(layout::record(log, seq), vec![1; 80]).unwrap();
        }
        db.remove(layout::record(ROOM, 5)).unwrap().unwrap();
    });
    let audit = Damage { log: LogId::AUDIT, seq: 1, what: DamageKind::Edited };
    assert_eq!(place.verify().damage, [damage(3, DamageKind::Edited), audit]);
    assert_eq!(
        audit.to_string(),
        "audit log, record 1: it was edited, or does not follow from the one before"
    );
}

#[test]
fn an_edited_mark_is_found() {
    let place = Place::new();
    let (_, mut committer) = place.open();
    let marks = ["a", "b"].map(|key| Mark { key: key.into(), value: key.into() });
    committer.commit(Vec::new(), &marks, 1).unwrap();
    drop(committer);
    place.raw(|db| {
        let other = db.get(layout::mark(b"a")).unwrap().unwrap();
        db.insert(layout::mark(b"b"), other).unwrap();
    });
    let report = place.verify();
    assert_eq!((report.marks, report.damage[0].what), (1, DamageKind::Mark));
    let (store, _committer) = place.open();
    let read: Vec<_> = store.marks(b"").collect();
    assert!(read[0].is_ok() && matches!(read[1], Err(ReadError::DamagedMark)));
}

#[test]
fn a_bent_or_shortened_checkpoint_is_damage() {
    let place = filled();
    let heads = place.folder().join("heads");
    let sound = fs::read(&heads).unwrap();
    assert_eq!(sound.len(), 2 * 128);
    for at in [0, 20, 60, 130, 150, 200] {
        let mut bent = sound.clone();
        bent[at] ^= 1;
        fs::write(&heads, bent).unwrap();
        assert!(matches!(place.refused(), OpenError::Damaged { .. }), "byte {at}");
    }
    for length in [0, 100, 128, 255] {
        fs::write(&heads, &sound[..length]).unwrap();
        assert!(matches!(place.refused(), OpenError::Damaged { .. }), "{length} bytes");
    }
    fs::remove_file(&heads).unwrap();
    assert!(matches!(place.refused(), OpenError::Damaged { .. }));
    fs::write(&heads, sound).unwrap();
    place.open();
}

#[test]
fn a_database_file_cut_or_overwritten_is_never_served() {
    let place = filled();
    let file = place.folder().join("db/db");
    let sound = fs::read(&file).unwrap();
    let backup = place.home.path().join("sound");
    copy_folder(&place.folder(), &backup);
    for cut in [0, 100, sound.len() / 4, sound.len() / 2] {
        fs::remove_dir_all(place.folder()).unwrap();
        copy_folder(&backup, &place.folder());
        fs::write(&file, &sound[..cut]).unwrap();
        let opened = crate::store::open(&place.folder(), &place.key, Place::options());
        if let Ok((store, _committer)) = opened {
            let page: Vec<_> = store.page(ROOM, 1, 9, Direction::Forward).collect();
            let items = page.into_iter().map(|stored| stored.unwrap().item);
            assert!(items.eq((1..=9).map(|n: u8| n.to_string().into_bytes())), "cut at {cut}");
        }
    }
}
