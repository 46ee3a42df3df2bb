//! When the latest backup of a store was taken, and where to: the file `latest-backup` beside the store, one
//! line of JSON, so that the doctor and the metrics can tell how much a lost disk would cost.
//!
//! It is a note, not a proof: whether a backup is whole, `verify --backup` says. A store that was restored
//! has none, because nobody has backed *it* up yet. It holds no secret.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file, in the folder of the store.
const FILE: &str = "latest-backup";

/// The latest backup, as it was noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// The moment that it is of, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Its number in its folder.
    pub number: u64,
    /// The folder.
    pub to: PathBuf,
}

/// Where the note of a store is.
#[must_use]
pub fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The latest backup of a store; none if none was taken.
pub fn read(file: &Path) -> io::Result<Option<Latest>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a note in the place of the one before.
pub fn note(file: &Path, latest: &Latest) -> io::Result<()> {
    let next = file.with_extension("next");
    let mut to = File::create(&next)?;
    to.write_all(&serde_json::to_vec(latest)?)?;
    to.write_all(b"\n")?;
    to.sync_all()?;
    fs::rename(&next, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_note_is_read_and_another_text_is_none() {
        let home = tempfile::tempdir().unwrap();
        let file = file(home.path());
        assert_eq!(read(&file).unwrap(), None);
        for number in 1..=2 {
            let latest = Latest { at_ms: 1_700_000_000_000, number, to: "/mnt/ü".into() };
            note(&file, &latest).unwrap();
            assert_eq!(read(&file).unwrap(), Some(latest));
        }
        fs::write(&file, "{\"at_ms\":").unwrap();
        assert_eq!(read(&file).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
