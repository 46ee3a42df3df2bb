//! A profile folder, tried with real files.

use serde_json::json;
use warproom_client::proto::RoomId;

use super::*;

const ROOM: RoomId = RoomId::from_bytes([1; 16]);

/// Heads as a profile has them: the walked position of one room, and claimed ones.
fn heads(walked: u64, claimed: &[u64]) -> Heads {
    let position = |seq: &u64| json!({"seq": seq, "head": format!("{seq:064x}")});
    let mut room = position(&walked);
    room["claimed"] = claimed.iter().map(position).collect();
    serde_json::from_value(json!({"rooms": {ROOM.to_string(): room}})).unwrap()
}

fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::at(dir.path().to_owned());
    (dir, folder)
}

#[test]
fn heads_are_kept_for_the_next_command() {
    let (dir, folder) = folder();
    assert_eq!(folder.heads().unwrap(), Heads::default());
    folder.keep_heads(&heads(4, &[9])).unwrap();
    folder.keep_heads(&heads(12, &[])).unwrap();
    assert_eq!(folder.heads().unwrap(), heads(12, &[]));
    fs::write(dir.path().join(HEADS), "{").unwrap();
    assert!(folder.keep_heads(&heads(13, &[])).unwrap_err().to_string().contains("is damaged"));
}

#[cfg(unix)]
#[test]
fn heads_and_their_lock_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, folder) = folder();
    folder.keep_heads(&heads(4, &[])).unwrap();
    for name in [HEADS, HEADS_LOCK] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn commands_side_by_side_lose_nothing_of_each_other() {
    let (_dir, first) = folder();
    first.keep_heads(&heads(4, &[])).unwrap();
    // Sixteen commands, each shown a position of its own, none before all have read.
    let together = std::sync::Barrier::new(16);
    std::thread::scope(|scope| {
        for seq in 10..26 {
            let (together, path) = (&together, first.path());
            scope.spawn(move || {
                let folder = Folder::at(path.to_owned());
                folder.heads().unwrap();
                together.wait();
                folder.keep_heads(&heads(4, &[seq])).unwrap();
            });
        }
    });
    let all: Vec<_> = (10..26).collect();
    assert_eq!(first.heads().unwrap(), heads(4, &all));
}

#[test]
fn a_command_that_was_shown_another_history_says_so_and_keeps_what_was_there() {
    let (_dir, first) = folder();
    let second = Folder::at(first.path().to_owned());
    first.keep_heads(&heads(4, &[9])).unwrap();
    let text = serde_json::to_string(&heads(4, &[9])).unwrap();
    let other = text.replace(&format!("{:064x}", 9), &"ab".repeat(32));
    let refused = second.keep_heads(&serde_json::from_str(&other).unwrap()).unwrap_err();
    assert!(refused.to_string().ends_with("#9 is not what it was"), "{refused}");
    assert_eq!(first.heads().unwrap(), heads(4, &[9]));
}
