//! Checkpoints kept outside the database: the file `checkpoints` beside it, one signed note after the
//! other, one an hour while the log grows. `verify` holds the log against each of them; and the file is
//! plain text, to be copied to wherever the operator of this machine cannot change it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use warproom_proto::Note;

/// The file, in the folder of the store.
pub const FILE: &str = "checkpoints";

/// Where the checkpoints of a store are.
#[must_use]
pub fn file(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Adds a checkpoint, durably.
pub fn append(file: &Path, note: &Note) -> io::Result<()> {
    let is_new = !file.exists();
    let mut to = OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
    to.seek(SeekFrom::End(0))?;
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
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(AnchorError::Io { path: path.to_owned(), cause }),
    };
    let mut notes = Vec::new();
    let mut pieces = split(&text).peekable();
    while let Some(piece) = pieces.next() {
        match piece.parse() {
            Ok(note) => notes.push(note),
            Err(_) if pieces.peek().is_none() && !piece.ends_with('\n') => {}
            Err(_) => {
                let number = notes.len() + 1;
                return Err(AnchorError::Malformed { path: path.to_owned(), number });
            }
        }
    }
    Ok(notes)
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
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        assert_eq!(sizes(&path), [1, 20]);
        std::fs::write(&path, text.replacen("\n20\n", "\n2x\n", 1)).unwrap();
        let edited = read(&path).err().unwrap();
        assert!(matches!(edited, AnchorError::Malformed { number: 2, .. }), "{edited}");
    }
}
