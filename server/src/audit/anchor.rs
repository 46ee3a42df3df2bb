//! Checkpoints kept outside the database: the file `checkpoints` beside it, one signed note after the
//! other, one an hour while the log grows. `verify` holds the log against each of them; and the file is
//! plain text, to be copied to wherever the operator of this machine cannot change it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use warproom_proto::Note;

/// The file, in the folder of the store.
pub const FILE: &str = "checkpoints";

/// Where the checkpoints of a store are.
#[must_use]
pub fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Adds a checkpoint, durably, in the place of one that a crash cut off.
pub fn append(file: &Path, note: &Note) -> io::Result<()> {
    let is_new = !file.exists();
    let mut to =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(file)?;
    let mut bytes = Vec::new();
    to.read_to_end(&mut bytes)?;
    let whole = whole(&bytes).len() as u64;
    to.set_len(whole)?;
    to.seek(SeekFrom::Start(whole))?;
    to.write_all(note.to_string().as_bytes())?;
    to.sync_data()?;
    if let (true, Some(folder)) = (is_new, file.parent()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A file that should hold checkpoints, and holds something else.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Something in it is no checkpoint.
    #[error("{}: checkpoint {number} of the file is not one, or was edited", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which, from 1.
        number: usize,
    },
}

/// The checkpoints of a file, oldest first; none if there is no file. One that a crash cut off at the
/// end does not count.
pub fn read(path: &Path) -> Result<Vec<Note>, AnchorError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(AnchorError::Io { path: path.to_owned(), cause }),
    };
    let malformed = |number| AnchorError::Malformed { path: path.to_owned(), number };
    let text = std::str::from_utf8(whole(&bytes)).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        malformed(split(&before).count().max(1))
    })?;
    let notes = (1..).zip(split(text));
    notes.map(|(number, piece)| piece.parse().map_err(|_| malformed(number))).collect()
}

/// What is before a checkpoint that was cut off: all up to the end of the last signature.
fn whole(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.starts_with("\u{2014}".as_bytes()) && line.ends_with(b"\n") {
            end = at;
        }
    }
    &bytes[..end]
}

/// Cuts a file after each run of signature lines.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut signed = false;
        let mut at = 0;
        for line in rest.split_inclusive('\n') {
            let is_signature = line.starts_with('\u{2014}');
            if signed && !is_signature {
                break;
            }
            signed |= is_signature;
            at += line.len();
        }
        let (piece, after) = rest.split_at(at);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use warproom_proto::register::{PublicKey, Signature};
    use warproom_proto::{Checkpoint, Head};

    fn note(size: u64) -> Note {
        let checkpoint = Checkpoint { origin: "a/b".into(), size, root: Head([7; 32]) };
        let signature = (PublicKey([1; 32]), Signature([2; 64]));
        Note::new(checkpoint, &[signature, signature])
    }

    #[test]
    fn checkpoints_read_back_and_a_torn_last_one_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        assert!(read(&path).unwrap().is_empty());
        for size in [1, 20, 300] {
            append(&path, &note(size)).unwrap();
        }
        let sizes = |path| {
            let notes = read(path).unwrap();
            notes.iter().map(|note| note.checkpoint().size).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&path), [1, 20, 300]);
        let text = std::fs::read_to_string(&path).unwrap();
        let two: String = split(&text).take(2).collect();
        let first_signature = text.rfind("\n\u{2014}").unwrap();
        for cut in two.len()..text.len() {
            std::fs::write(&path, &text.as_bytes()[..cut]).unwrap();
            // One whole signature is enough.
            let left = if cut > first_signature { &[1, 20, 300][..] } else { &[1, 20] };
            assert_eq!(sizes(&path), left, "cut after {cut} bytes");
            append(&path, &note(4_000)).unwrap();
            assert_eq!(sizes(&path), [left, &[4_000]].concat(), "cut after {cut} bytes");
        }
        std::fs::write(&path, text.replacen("\n20\n", "\n2x\n", 1)).unwrap();
        let edited = read(&path).err().unwrap();
        assert!(matches!(edited, AnchorError::Malformed { number: 2, .. }), "{edited}");
    }
}
