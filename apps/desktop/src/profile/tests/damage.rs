//! Bytes that were changed, cut off, moved, or could not be written.

use std::fs;

use rusqlite::Connection;

use warproom_client::proto::calls::From;

use super::*;
use crate::fixture::{NOW_MS, delivered, post};

/// Changes a database of a closed profile as somebody with the folder in hand would.
fn change(computer: &Computer, file: &str, sql: &str) {
    let connection = Connection::open(computer.file(file)).unwrap();
    connection.execute_batch(sql).unwrap();
}

const FLIP_IDENTITY: &str =
    "UPDATE kept SET value = substr(value, 1, 40) || x'00' || substr(value, 42)";

fn filled() -> Computer {
    let computer = Computer::new();
    let profile = computer.open();
    for text in ["first", "second"] {
        profile.keep_outgoing(&outgoing(text)).unwrap();
    }
    profile.keep_draft(room(1), &draft("one")).unwrap();
    profile.keep_draft(room(2), &draft("two")).unwrap();
    let entries = (1..=4)
        .map(|seq| delivered(room(1), seq, NOW_MS, post(1, Label::Green, &format!("text {seq}"))));
    profile.keep_entries(room(1), &entries.collect::<Vec<_>>()).unwrap();
    computer
}

#[test]
fn a_changed_identity_is_told_and_left_as_it_is() {
    let computer = filled();
    // A blob put together from pieces is a text in SQLite's eyes.
    change(
        &computer,
        "store.sqlite",
        &FLIP_IDENTITY.replace("= substr", "= CAST(substr").replace("42)", "42) AS BLOB)"),
    );
    let before = fs::read(computer.file("store.sqlite")).unwrap();
    assert!(matches!(computer.refused(), ProfileError::Damaged(_)));
    assert_eq!(fs::read(computer.file("store.sqlite")).unwrap(), before);
    let refusal = Refusal::from(computer.refused());
    assert!(refusal.advice.contains("enrol this computer anew"), "{refusal}");
}

#[test]
fn values_that_changed_places_are_refused() {
    let swap = |table: &str, key: &str| {
        format!(
            "CREATE TEMP TABLE was AS SELECT {key} AS k, value AS v FROM {table};
             UPDATE {table} SET value = (SELECT v FROM was WHERE k <> {key} LIMIT 1);"
        )
    };
    let computer = filled();
    change(&computer, "store.sqlite", &swap("drafts", "room"));
    assert!(matches!(computer.open().drafts(), Err(ProfileError::Damaged(_))));
    change(&computer, "store.sqlite", &swap("outbox", "place"));
    assert!(matches!(computer.open().outbox(), Err(ProfileError::Damaged(_))));
    // Their order is bound to them too.
    let computer = filled();
    change(&computer, "store.sqlite", "UPDATE outbox SET place = 3 WHERE place = 1");
    assert!(matches!(computer.open().outbox(), Err(ProfileError::Damaged(_))));
}

#[test]
fn a_changed_cache_is_dropped_and_read_again() {
    let tampering = [
        "UPDATE entries SET value = (SELECT value FROM entries WHERE seq = 1) WHERE seq = 2",
        "UPDATE entries SET seq = 7 WHERE seq = 3",
        "UPDATE entries SET refers_to = 1 WHERE seq = 4",
        "UPDATE entries SET value = zeroblob(300) WHERE seq = 4",
        "DROP TABLE entries",
    ];
    for sql in tampering {
        let computer = filled();
        change(&computer, "cache.sqlite", sql);
        let profile = computer.open();
        let page = profile.page_offline(room(1), From::Latest, 10).unwrap();
        assert!(page.is_none(), "{sql}");
        assert_eq!(profile.last(room(1)).unwrap(), 0, "{sql}");
        let entry = delivered(room(1), 9, NOW_MS, post(1, Label::Green, "again"));
        profile.keep_entries(room(1), &[entry]).unwrap();
        assert_eq!(profile.last(room(1)).unwrap(), 9);
        assert_eq!(texts(&profile), ["first", "second"]);
    }
}

#[test]
fn a_cache_that_is_cut_or_gone_or_no_database_is_replaced() {
    for keep in [0, 10, 4096, 9000] {
        let computer = filled();
        let bytes = fs::read(computer.file("cache.sqlite")).unwrap();
        fs::write(computer.file("cache.sqlite"), &bytes[..keep]).unwrap();
        let profile = computer.open();
        assert!(profile.page_offline(room(1), From::Latest, 10).unwrap().is_none(), "{keep}");
        assert_eq!(texts(&profile), ["first", "second"]);
    }
    let computer = filled();
    fs::remove_file(computer.file("cache.sqlite")).unwrap();
    assert_eq!(computer.open().last(room(1)).unwrap(), 0);
    fs::write(computer.file("cache.sqlite"), vec![b'x'; 9000]).unwrap();
    assert_eq!(computer.open().last(room(1)).unwrap(), 0);
}

#[test]
fn a_store_that_is_cut_or_gone_is_told_and_not_replaced() {
    let computer = filled();
    let whole = fs::read(computer.file("store.sqlite")).unwrap();
    for keep in [0, 10, 4096, whole.len() - 20, whole.len() / 2] {
        fs::write(computer.file("store.sqlite"), &whole[..keep]).unwrap();
        assert!(matches!(seen(&computer), Err(ProfileError::Damaged(_))), "{keep}");
        assert_eq!(fs::read(computer.file("store.sqlite")).unwrap(), whole[..keep], "{keep}");
    }
    fs::remove_file(computer.file("store.sqlite")).unwrap();
    assert!(matches!(computer.refused(), ProfileError::Damaged(_)));
    assert!(!computer.file("store.sqlite").exists());
    fs::write(computer.file("store.sqlite"), &whole).unwrap();
    assert_eq!(texts(&computer.open()), ["first", "second"]);
}

/// What a person would miss, if it were not as it was.
fn seen(computer: &Computer) -> Result<(String, Vec<String>, usize)> {
    let profile = computer.profiles.open(&computer.name, Some(&secret("right")))?;
    let outbox = profile.outbox()?.into_iter().map(|(outgoing, _)| text(&outgoing).to_owned());
    let key = profile.identity().key.to_text().expose().to_owned();
    Ok((key, outbox.collect(), profile.drafts()?.len()))
}

#[test]
fn no_byte_of_a_store_can_be_changed_so_that_something_else_is_read() {
    let computer = filled();
    let whole = fs::read(computer.file("store.sqlite")).unwrap();
    let right = seen(&computer).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(307) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(computer.file("store.sqlite"), &changed).unwrap();
        match seen(&computer) {
            Ok(read) => assert!(read == right, "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 5, "{refused}");
}

#[test]
fn a_changed_vault_is_told_from_a_wrong_passphrase() {
    let computer = filled();
    let whole = fs::read_to_string(computer.file("vault.json")).unwrap();
    let digit = whole.find("\"sealed\": \"").unwrap() + 20;
    let mut changed = whole.clone().into_bytes();
    changed[digit] = if changed[digit] == b'0' { b'1' } else { b'0' };
    fs::write(computer.file("vault.json"), &changed).unwrap();
    assert!(matches!(computer.refused(), ProfileError::Damaged(_)));
    fs::write(computer.file("vault.json"), &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(computer.refused(), ProfileError::Damaged(_)));
    assert_eq!(computer.profiles.list().unwrap().len(), 1, "it is still there to be removed");
    fs::write(computer.file("vault.json"), whole.replace("\"version\": 1", "\"version\": 2"))
        .unwrap();
    assert!(matches!(computer.refused(), ProfileError::Newer));
    computer.profiles.destroy(&computer.name).unwrap();
    assert_eq!(computer.profiles.list().unwrap(), []);
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_that_was_kept() {
    let computer = filled();
    let profile = computer.open();
    let (store, cache) = profile.parts();
    let fill = |database: &database::Database| {
        let pages: i64 = database.read("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        database.connection().pragma_update(None, "max_page_count", pages).unwrap();
    };
    fill(store.database());
    cache.for_test(fill);
    let long = "x".repeat(20_000);
    let refused = profile.keep_outgoing(&outgoing(&long));
    assert!(matches!(refused, Err(ProfileError::DiskFull)));
    let entry = delivered(room(1), 5, NOW_MS, post(1, Label::Green, &long));
    assert!(matches!(profile.keep_entries(room(1), &[entry]), Err(ProfileError::DiskFull)));
    assert_eq!(texts(&profile), ["first", "second"]);
    assert_eq!(profile.last(room(1)).unwrap(), 4);
    let full = io::Error::from(io::ErrorKind::StorageFull);
    assert!(matches!(ProfileError::disk(&computer.file(""), full), ProfileError::DiskFull));
}

#[test]
fn a_profile_that_cannot_be_made_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("desktop");
    fs::write(&root, "a file in the way").unwrap();
    let keys = Arc::<MemoryKeys>::default();
    let profiles = with_keys(root, Arc::clone(&keys) as Arc<dyn Keys>);
    let refused = profiles.create(&identity(), &Lock::KeyStore);
    assert!(matches!(refused, Err(ProfileError::Disk { .. })));
    assert!(keys.0.lock().unwrap().is_empty());
}
