//! What clients and the relay keep between two runs.

use serde_json::from_slice;
use warproom_client::Heads;
use warproom_desktop::profile::Profiles;
use warproom_relay::cursor::Cursor;

use super::keeping::folder;
use super::wire::settles;

/// What a client remembers of the server's logs, and how two of its programs put theirs together.
pub(super) fn heads(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for part in [bytes, first] {
        let Ok(text) = str::from_utf8(part) else { continue };
        settles::<Heads>(text);
        let Ok(heads) = from_slice::<Heads>(part) else { continue };
        let (merged, rewritten) = heads.merged(&heads, &heads);
        assert!(merged == heads && rewritten.is_empty(), "what was merged with itself has changed");
        if let Ok(other) = from_slice::<Heads>(second) {
            let _ = heads.merged(&other, &Heads::default());
        }
    }
}

/// What the relay remembers of a source.
pub(super) fn cursor(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    settles::<Cursor>(text);
}

/// What opens a profile of the desktop client. A damaged one is listed, and opens to nobody.
pub(super) fn vault(bytes: &[u8]) {
    let root = folder().join("profiles");
    let profile = root.join("profile-1");
    let made = std::fs::create_dir_all(&profile)
        .and_then(|()| std::fs::write(profile.join("vault.json"), bytes));
    assert!(made.is_ok(), "the disk works");
    let Ok(profiles) = Profiles::at(Some(root)) else { return };
    let Ok(listed) = profiles.list() else {
        panic!("profiles are listed whatever one of them says")
    };
    assert_eq!(listed.len(), 1);
}
