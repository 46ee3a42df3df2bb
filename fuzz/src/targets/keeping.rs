//! What a server keeps on its disk and writes to backups: read from whatever bytes are there, and never
//! taken for what was not written.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use warproom_server::audit::anchor;
use warproom_server::decoders;

use super::wire::must;

/// The plaintext of a record, and what is kept beside it: read as it was written, or not at all.
pub(super) fn stored(bytes: &[u8]) {
    let again = |read: Option<Vec<u8>>| read.is_none_or(|again| again == bytes);
    if let Some(record) = decoders::record(bytes) {
        // Whoever holds the keys may write more behind an erased record: it is not read.
        assert!(bytes.starts_with(&record), "a record is read in another way than it stands there");
    }
    assert!(again(decoders::summary(bytes)), "a summary was read in another way");
    for key_bytes in [17, 34] {
        let Some((key, value)) = bytes.split_at_checked(key_bytes) else { continue };
        let Some((again, kept)) = decoders::mark(key, value) else { continue };
        assert_eq!(again, key, "a mark is of something else");
        let twice = decoders::mark(&again, &kept);
        assert_eq!(twice, Some((again, kept)), "a mark is written in two ways");
    }
}

/// The keys of records and of wrapped data keys, and a tile of the audit log's tree: as they were written, or
/// not at all.
pub(super) fn rows(bytes: &[u8]) {
    for again in [decoders::key(bytes), decoders::tile(bytes)] {
        assert!(again.is_none_or(|again| again == bytes), "it was read in another way");
    }
}

/// A backup's list of files never names a place outside of the folder that is restored.
pub(super) fn files_list(bytes: &[u8]) {
    let path = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let value = bytes.get(path.len() + 1..).unwrap_or_default();
    let folder = Path::new("/restored/data");
    for path in decoders::files_list(path, value).unwrap_or_default() {
        let steps = || Path::new(&path).components();
        assert!(folder.join(&path).starts_with(folder), "{path:?} leaves the folder");
        assert!(steps().all(|step| step.as_os_str() != ".."), "{path:?} leaves the folder");
    }
}

/// A sealed value of somebody who has not the key never opens.
pub(super) fn sealed(bytes: &[u8]) {
    let (place, sealed) = bytes.split_at(bytes.len() / 3);
    assert!(!decoders::opens(place, sealed), "it opens");
    assert!(!decoders::opens(b"place", bytes), "it opens");
}

/// A file of heads that nobody signed is never taken.
pub(super) fn heads(bytes: &[u8]) {
    let positions = must(decoders::heads(&folder(), bytes).ok(), "the disk works");
    assert_eq!(positions, None, "heads were taken that nobody signed");
}

/// A backup's manifest: its first line may be read by anyone, the rest opens with its key alone.
pub(super) fn manifest(bytes: &[u8]) {
    if let Some(owner) = decoders::manifest(bytes) {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        assert!(line.ends_with(owner.as_bytes()));
    }
}

/// A backup's files of records and of state: what is read stands there, one after the other.
pub(super) fn segment(bytes: &[u8]) {
    let read = must(decoders::segment(&folder(), bytes).ok(), "the disk works");
    assert!(read.iter().all(|read| bytes.starts_with(read)), "what was read does not stand there");
}

/// The file of checkpoints: those that are read stand there, one after the other, and nothing is passed
/// over but what a crash may have cut off at the end.
pub(super) fn checkpoints(bytes: &[u8]) {
    let path = folder().join(anchor::FILE);
    assert!(std::fs::write(&path, bytes).is_ok(), "the disk works");
    let Ok(notes) = anchor::read(&path) else { return };
    let whole: String = notes.iter().map(ToString::to_string).collect();
    assert!(bytes.starts_with(whole.as_bytes()), "what was read does not stand there");
    let rest = &bytes[whole.len()..];
    let signed = rest.strip_prefix("\u{2014}".as_bytes()).is_some() && rest.ends_with(b"\n");
    assert!(!signed, "a signed checkpoint was passed over");
}

/// A folder for files that a reader wants by their paths; in memory, where the system has that.
pub(super) fn folder() -> PathBuf {
    static FOLDER: LazyLock<Option<tempfile::TempDir>> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        tempfile::Builder::new().prefix("warproom-fuzz-").tempdir_in(place).ok()
    });
    let folder = must(FOLDER.as_ref(), "a folder can be made").path();
    // Targets of one process run beside each other in tests.
    let thread = std::thread::current();
    let own: String = thread.name().unwrap_or("main").replace(|c: char| !c.is_alphanumeric(), "-");
    let own = folder.join(own);
    assert!(std::fs::create_dir_all(&own).is_ok(), "a folder can be made");
    own
}
