//! Making, opening and refusing to open.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use warproom_proto::record::{LogId, Position, Seq};

use crate::store::layout;
use crate::store::tests::{Place, ROOM, draft};
use crate::store::{CreateError, Draft, KeyError, MasterKey, OpenError, create, open, verify};

#[test]
fn a_store_is_only_made_in_an_empty_folder() {
    let home = tempfile::tempdir().unwrap();
    let key = MasterKey::generate().unwrap();
    create(home.path(), &key).unwrap();
    assert_eq!(fs::metadata(home.path()).unwrap().permissions().mode() & 0o777, 0o700);
    let again = create(home.path(), &key).unwrap_err();
    assert!(matches!(again, CreateError::NotEmpty { .. }), "{again}");
    let (store, _committer) = open(home.path(), &key, Place::options()).unwrap();
    assert!(store.logs().is_empty());
}

#[test]
fn a_folder_without_a_store_says_how_to_make_one() {
    let home = tempfile::tempdir().unwrap();
    let key = MasterKey::generate().unwrap();
    for folder in [home.path().to_owned(), home.path().join("none")] {
        let error = open(&folder, &key, Place::options()).err().unwrap();
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        assert!(error.to_string().contains("warproom-server init"));
        assert!(!folder.join("db").exists(), "opening makes nothing");
    }
}

#[test]
fn another_version_is_named_as_newer_or_older() {
    let place = Place::new();
    for (text, found, word) in
        [("warproom-store 4\n", 4, "newer"), ("warproom-store 0\n", 0, "older")]
    {
        fs::write(place.folder().join("version"), text).unwrap();
        let error = place.refused();
        assert!(
            matches!(error, OpenError::Version { found: is, known: 3 } if is == found),
            "{error}"
        );
        assert!(error.to_string().contains(word));
    }
    fs::write(place.folder().join("version"), "warproom-store").unwrap();
    assert!(matches!(place.refused(), OpenError::Damaged { .. }));
}

#[test]
fn a_store_of_the_first_form_is_sound_and_gets_the_form_of_now() {
    gets_the_form_of_now("warproom-store 1\n", |_, _, _| {});
}

#[test]
fn a_store_of_the_second_form_gets_the_form_of_now_and_loses_the_index_it_had() {
    gets_the_form_of_now("warproom-store 2\n", |db, seq, kind| {
        let key = layout::mixed_aside_of(&layout::reference(ROOM, 1, seq));
        db.insert(key, &[kind]).unwrap();
    });
}

/// Has a store of an earlier form opened. `had` is given each aside, to put where that form had it.
fn gets_the_form_of_now(form: &str, had: impl Fn(&sled::Db, Seq, u8)) {
    let place = Place::new();
    let referring = |kind| Draft { refers_to: Some((1, kind)), ..draft(ROOM, "about 1") };
    let (_, mut committer) = place.open();
    committer.commit(vec![draft(ROOM, "1")], &[], 1).unwrap();
    // More than one batch of them, replies between.
    for _ in 0..700 {
        committer.commit(vec![referring(1), referring(2), referring(6)], &[], 1).unwrap();
    }
    drop(committer);
    // Some of the index is there, since making it was cut short once.
    place.raw(|db| {
        let rows: Vec<_> = db.scan_prefix(b"A").map(Result::unwrap).collect();
        for (key, kind) in rows.into_iter().skip(100) {
            db.remove(&key).unwrap();
            had(db, layout::parse_aside(&key).unwrap().2, kind[0]);
        }
    });
    let version = place.folder().join("version");
    fs::write(&version, form).unwrap();
    let made = SystemTime::now() - Duration::from_hours(24);
    File::options().write(true).open(&version).unwrap().set_modified(made).unwrap();
    assert!(place.verify().damage.is_empty(), "{:?}", place.verify().damage);
    assert_eq!(fs::read_to_string(&version).unwrap(), form, "looking changes nothing");

    let (store, committer) = place.open();
    let asides: Vec<_> = store.asides(ROOM, 1, 2).map(Result::unwrap).collect();
    assert_eq!(asides, (0..700).map(|n| 3 + 3 * n).collect::<Vec<_>>());
    drop((store, committer));
    assert_eq!(fs::read_to_string(&version).unwrap(), "warproom-store 3\n");
    assert_eq!(
        fs::metadata(&version).unwrap().modified().unwrap(),
        made,
        "it is no newer for that"
    );
    assert!(place.verify().damage.is_empty());
}

#[test]
fn a_wrong_key_opens_nothing_and_is_told_from_damage() {
    let place = Place::new();
    let wrong = || open(&place.folder(), &MasterKey::generate().unwrap(), Place::options()).err();
    assert!(matches!(wrong().unwrap(), OpenError::WrongKey), "an empty store");
    place.fill(["one"]);
    assert!(matches!(wrong().unwrap(), OpenError::WrongKey));
    let verified = verify(&place.folder(), &MasterKey::generate().unwrap());
    assert!(matches!(verified.unwrap_err(), OpenError::WrongKey));
}

#[test]
fn a_store_is_open_once() {
    let place = Place::new();
    let (store, committer) = place.open();
    assert!(matches!(place.refused(), OpenError::InUse { .. }));
    drop(committer);
    assert!(matches!(place.refused(), OpenError::InUse { .. }), "a reader is left");
    assert!(matches!(verify(&place.folder(), &place.key), Err(OpenError::InUse { .. })));
    drop(store);
    place.open();
}

#[test]
fn the_state_is_whole_from_whichever_checkpoint_the_store_is_opened() {
    let place = Place::new();
    let heads = place.folder().join("heads");
    let mut checkpoints = vec![fs::read(&heads).unwrap()];
    for is_state in [false, true, false, true, false] {
        let (_, mut committer) = place.open();
        committer.commit(vec![Draft { is_state, ..draft(ROOM, "x") }], &[], 1).unwrap();
        drop(committer);
        checkpoints.push(fs::read(&heads).unwrap());
    }
    for checkpoint in checkpoints {
        fs::write(&heads, checkpoint).unwrap();
        let (store, _) = place.open();
        assert!(store.state(ROOM).unwrap() == [2, 4]);
    }
}

#[test]
fn a_checkpoint_behind_the_database_is_brought_up_to_it() {
    let place = Place::new();
    let heads = place.folder().join("heads");
    let empty = fs::read(&heads).unwrap();
    place.fill(["one", "two"]);
    let behind = fs::read(&heads).unwrap();
    place.fill(["three", "four"]);
    let exact = fs::read(&heads).unwrap();
    for older in [&empty, &behind] {
        fs::write(&heads, older).unwrap();
        assert!(place.verify().damage.is_empty(), "verifying accepts it too");
        let (store, _) = place.open();
        assert_eq!(store.position(ROOM).seq, 4);
        assert_eq!(fs::read(&heads).unwrap(), exact);
    }
}

#[test]
fn what_a_power_cut_leaves_beyond_the_counted_slots_does_no_harm() {
    let place = Place::new();
    place.fill(["one"]);
    let heads = place.folder().join("heads");
    let mut bytes = fs::read(&heads).unwrap();
    bytes.extend([0; 200]);
    fs::write(&heads, bytes).unwrap();
    let (_, mut committer) = place.open();
    committer.commit(vec![draft(LogId::AUDIT, "a")], &[], 1).unwrap();
    drop(committer);
    assert_eq!(fs::read(&heads).unwrap().len(), 3 * 128);
    place.open();
}

#[test]
fn a_torn_snapshot_is_removed() {
    let place = Place::new();
    place.fill(["one"]);
    let torn = place.folder().join("db/snap.00000000000000FF.generating");
    fs::write(&torn, "torn").unwrap();
    let (store, _committer) = place.open();
    assert!(!torn.exists());
    assert_eq!(store.position(ROOM).seq, 1);
}

#[test]
fn logs_with_the_least_and_the_greatest_ids_are_found() {
    let place = Place::new();
    let logs = [LogId::REGISTER, ROOM, LogId::AUDIT];
    let (_, mut committer) = place.open();
    for _ in 0..300 {
        committer.commit(logs.map(|log| draft(log, "x")).into(), &[], 1).unwrap();
    }
    drop(committer);
    let (store, _committer) = place.open();
    assert_eq!(store.logs(), logs);
    for log in logs {
        assert_eq!(store.position(log).seq, 300);
        assert_ne!(store.position(log).head, Position::start(log).head);
    }
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("key");
    let key = MasterKey::generate().unwrap();
    key.save_new(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(key.save_new(&path), Err(KeyError::Io { .. })));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("warproom-master-key-v1:") && text.ends_with('\n'));

    create(&home.path().join("store"), &key).unwrap();
    let loaded = MasterKey::load(&path).unwrap();
    open(&home.path().join("store"), &loaded, Place::options()).unwrap();

    for bad in [
        "",
        "warproom-master-key-v1:",
        &text[..60],
        &text.replace("v1", "v2"),
        &(text.clone() + "x"),
    ] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(MasterKey::load(&path), Err(KeyError::Malformed { .. })), "{bad}");
    }
    let missing = MasterKey::load(&home.path().join("none"));
    assert!(matches!(missing, Err(KeyError::Io { .. })));
}
