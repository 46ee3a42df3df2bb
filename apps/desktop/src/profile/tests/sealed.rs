//! Nothing that somebody wrote or is called stands in any file.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use warproom_client::proto::register::{Member, Standing};

use super::*;
use crate::fixture::{NOW_MS, delivered, organisation, post};

/// Every byte of every file below, and its name.
fn bytes_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(bytes_below(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(found: &[(PathBuf, Vec<u8>)], needle: &[u8]) -> Option<PathBuf> {
    let has = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let in_file = |(path, bytes): &&(PathBuf, Vec<u8>)| {
        has(bytes) || has(path.file_name().unwrap().as_encoded_bytes())
    };
    found.iter().find(in_file).map(|(path, _)| path.clone())
}

fn write_everything(profile: &Profile) {
    profile.keep_draft(room(1), &draft("canary draft")).unwrap();
    let waiting = outgoing("canary outbox");
    profile.keep_outgoing(&waiting).unwrap();
    profile.keep_refusal(waiting.id(), &Refusal::new("canary refusal", "")).unwrap();
    let entry = post(1, Label::Red, "canary entry");
    profile.keep_entries(room(1), &[delivered(room(1), 1, NOW_MS, entry)]).unwrap();
    let member = Member {
        member: member(1),
        name: name("canary member"),
        handle: "canary-other".parse().unwrap(),
        organisation: organisation(1),
        role: Role::Officer,
        standing: Standing::Active,
    };
    let members = Reply::ListMembers(MemberList { members: vec![member] });
    profile.remember(&Request::ListMembers(ListMembers {}), &members).unwrap();
    let position = serde_json::json!({ "seq": 7, "head": "ab".repeat(32) });
    let heads = serde_json::json!({ "register": position });
    profile.keep_heads(&serde_json::from_value(heads).unwrap()).unwrap();
    profile.keep_settings(&Settings::default()).unwrap();
}

/// What must not be found: as people write it, and as programs do.
fn canaries(identity: &Identity) -> Vec<Vec<u8>> {
    let key = identity.key.to_text();
    let mut all: Vec<Vec<u8>> = ["canary", "Canary", "right", "high_contrast", "amber"]
        .map(|word| word.as_bytes().to_vec())
        .into();
    all.push(key.expose().as_bytes().to_vec());
    all.push(HEXLOWER.decode(key.expose().as_bytes()).unwrap());
    all.push(identity.address.authority.0.to_vec());
    all.push(BASE64URL_NOPAD.encode(&identity.address.authority.0).into_bytes());
    all.push([0xab; 32].to_vec());
    let ids = [*room(1).as_bytes(), *identity.device.as_bytes(), *identity.warp_id.as_bytes()];
    for id in ids.into_iter().chain([*member(1).as_bytes(), *member(5).as_bytes()]) {
        all.push(id.to_vec());
        all.push(DeviceId::from_bytes(id).to_string().into_bytes());
    }
    all
}

fn check(folder: &Path, identity: &Identity) {
    let found = bytes_below(folder);
    // What is looked for would be found: this stands in the clear.
    assert!(holds(&found, b"CREATE TABLE outbox").is_some());
    for canary in canaries(identity) {
        let shown = String::from_utf8_lossy(&canary).into_owned();
        assert_eq!(holds(&found, &canary), None, "{shown}");
    }
}

#[test]
fn no_file_of_a_profile_has_anything_of_its_owner_in_it() {
    for lock in [Lock::Passphrase(secret("right")), Lock::KeyStore] {
        let dir = tempfile::tempdir().unwrap();
        let profiles = Profiles::for_test(dir.path().to_owned());
        let identity = identity();
        let kept = profiles.create(&identity, &lock).unwrap();
        let profile = profiles.open(&kept.name, Some(&secret("right"))).unwrap();
        write_everything(&profile);
        let logs = bytes_below(dir.path());
        let has_log = |(path, bytes): &(PathBuf, Vec<u8>)| {
            path.to_string_lossy().ends_with("-wal") && !bytes.is_empty()
        };
        assert_eq!(logs.iter().filter(|file| has_log(file)).count(), 2, "written, not yet moved");
        check(dir.path(), &identity);
        drop(profile);
        check(dir.path(), &identity);
    }
}

#[test]
fn the_sizes_of_what_is_kept_say_little() {
    let computer = Computer::new();
    let profile = computer.open();
    profile.keep_draft(room(1), &draft("no")).unwrap();
    profile.keep_draft(room(2), &draft("yes, we are affected")).unwrap();
    let (store, _) = profile.parts();
    let sizes = store
        .database()
        .list("SELECT length(value) FROM drafts", [], |row| row.get::<_, i64>(0))
        .unwrap();
    assert_eq!(sizes[0], sizes[1]);
}

#[test]
fn no_sentence_about_a_profile_repeats_what_is_kept() {
    let computer = Computer::new();
    let wrong = computer.profiles.open(&computer.name, Some(&secret("canary"))).err().unwrap();
    let refusal = Refusal::from(wrong);
    assert_eq!(refusal.sentence, "this is not the passphrase of this profile");
    assert!(refusal.advice.contains("enter it again"));
}
