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

/// Adds a checkpoint, durably, in the place of one that a crash cut off.
pub fn append(file: &Path, note: &Note) -> io::Result<()> {
    let before = match std::fs::read(file) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let (_, rest) = whole(&before);
    let torn_bytes = if is_torn(rest) { rest.len() } else { 0 };
    let mut to = OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
    to.set_len((before.len() - torn_bytes) as u64)?;
    to.seek(SeekFrom::End(0))?;
    to.write_all(note.to_string().as_bytes())?;
    to.sync_data()?;
    if let (true, Some(folder)) = (before.is_empty(), file.parent()) {
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
    let (notes, rest) = whole(&bytes);
    if is_torn(rest) {
        return Ok(notes);
    }
    Err(AnchorError::Malformed { path: path.to_owned(), number: notes.len() + 1 })
}

/// The checkpoints that a file begins with, and what stands behind them that is none.
fn whole(bytes: &[u8]) -> (Vec<Note>, &[u8]) {
    // A crash may cut within a character.
    let text = bytes.utf8_chunks().next().map_or("", |first| first.valid());
    let mut notes = Vec::new();
    let mut at = 0;
    for piece in split(text) {
        let Ok(note) = piece.parse() else { break };
        notes.push(note);
        at += piece.len();
    }
    (notes, &bytes[at..])
}

/// Whether what stands at the end may be what a crash left of one checkpoint: nothing, or one whose last
/// line is not whole, or that has no signature yet. No checkpoint begins with a signature.
fn is_torn(rest: &[u8]) -> bool {
    let rest = String::from_utf8_lossy(rest);
    let is_signed = rest.starts_with('\u{2014}') || rest.contains("\n\u{2014}");
    let is_whole = rest.ends_with('\n') && is_signed;
    split(&rest).count() <= 1 && !is_whole
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
        // Wherever it was cut, within a line, between two or within a character, the last one alone is
        // gone, and the next one stands in its place.
        let third = text.len() - note(300).to_string().len();
        let begins = text.rfind('\u{2014}').unwrap();
        for cut in third..text.len() {
            std::fs::write(&path, &text.as_bytes()[..cut]).unwrap();
            let last = sizes(&path);
            // Cut where its second signature begins, it has the first.
            let has_the_first = (begins..begins + '\u{2014}'.len_utf8()).contains(&cut);
            let left = if has_the_first { vec![1, 20, 300] } else { vec![1, 20] };
            assert_eq!(last, left, "{cut}");
            append(&path, &note(400)).unwrap();
            assert_eq!(sizes(&path), [last, vec![400]].concat(), "{cut}");
        }
        std::fs::write(&path, text.replacen("\n20\n", "\n2x\n", 1)).unwrap();
        let edited = read(&path).err().unwrap();
        assert!(matches!(edited, AnchorError::Malformed { number: 2, .. }), "{edited}");
        // What was edited stays as it is, whatever comes behind it.
        append(&path, &note(400)).unwrap();
        let edited = read(&path).err().unwrap();
        assert!(matches!(edited, AnchorError::Malformed { number: 2, .. }), "{edited}");
        let last = text.replacen("\n300\n", "\n3x0\n", 1);
        std::fs::write(&path, last).unwrap();
        assert!(matches!(read(&path), Err(AnchorError::Malformed { number: 3, .. })));
    }
}
