//! Files beside the database: what the database keeps of each, and how its parts are sealed.
//!
//! A file has a row in the database: a key of its own and whatever its keeper notes of it, sealed
//! under the data key of its log and month. So destroying that data key, or the row, destroys the
//! file wherever copies of its bytes are. The bytes are elsewhere; this module only seals and opens
//! their parts, each for its place: file, number and how many there are. It knows no disk beside the
//! database and does not look into what is noted.

use std::sync::Arc;

use aws_lc_rs::rand;
use warproom_proto::record::LogId;
use zeroize::Zeroizing;

use super::fault::{Fault, guarded};
use super::layout;
use super::opened::{Opened, ReadError};
use super::read::{Store, guarded_items};
use super::seal::{DataKey, NoKey, SEAL_BYTES, period_of_sealed};

/// The sixteen bytes of a file's id.
pub type FileKeyId = [u8; 16];

const KEY_BYTES: usize = 32;

/// How much longer a part is when it is sealed.
pub const PART_SEAL_BYTES: usize = SEAL_BYTES;

/// What changes of a file's row, with the records of a group.
pub enum FileChange {
    /// It is there from now on with this note: a new one with a new key, one that is there with its
    /// own. It is sealed again, under the month in which this happens.
    Keep {
        /// The log it belongs to.
        log: LogId,
        /// Its id.
        file: FileKeyId,
        /// What is noted of it.
        note: Vec<u8>,
    },
    /// It is gone, and its key with it.
    Drop {
        /// The log it belonged to.
        log: LogId,
        /// Its id.
        file: FileKeyId,
    },
}

/// A file's row.
pub struct FileRow {
    /// The log it belongs to.
    pub log: LogId,
    /// Its id.
    pub file: FileKeyId,
    /// What is noted of it.
    pub note: Vec<u8>,
    /// What opens its parts.
    pub key: FileKey,
}

/// The key of one file.
pub struct FileKey {
    key: DataKey,
    file: FileKeyId,
}

/// A part is not what was sealed in its place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of a file is not what was stored")]
pub struct DamagedPart;

impl FileKey {
    /// Seals one of `parts` parts. The result is [`PART_SEAL_BYTES`] longer.
    pub fn seal(&self, part: u32, parts: u32, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        self.key.seal(0, &self.place(part, parts), plain)
    }

    /// Opens a part that was sealed in this place, at the end of `plain`.
    pub fn open(
        &self,
        part: u32,
        parts: u32,
        sealed: &[u8],
        plain: &mut Vec<u8>,
    ) -> Result<(), DamagedPart> {
        if sealed.len() < PART_SEAL_BYTES {
            return Err(DamagedPart);
        }
        self.key.open(&self.place(part, parts), sealed, plain).map_err(|_| DamagedPart)
    }

    fn place(&self, part: u32, parts: u32) -> Vec<u8> {
        [b"warproom.file.v1", &self.file[..], &part.to_be_bytes(), &parts.to_be_bytes()].concat()
    }
}

impl Store {
    /// The row of a file, if there is one.
    pub fn file(&self, log: LogId, file: FileKeyId) -> Result<Option<FileRow>, ReadError> {
        let place = layout::file(log, &file);
        let found = guarded(|| self.0.db.get(place))?;
        found.map(|sealed| open_row(&self.0, &place, &sealed)).transpose()
    }

    /// The rows of all files, in order of log.
    pub fn files(&self) -> impl Iterator<Item = Result<FileRow, ReadError>> + use<> {
        let from = Arc::clone(&self.0);
        guarded_items(from.db.scan_prefix([layout::FILE])).map(move |entry| {
            let (place, sealed) = entry?;
            open_row(&from, &place, &sealed)
        })
    }
}

/// The plaintext of a row: that of before with another note, or one with a new key.
pub(super) fn row(before: Option<&[u8]>, note: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut row = Zeroizing::new(Vec::with_capacity(KEY_BYTES + note.len()));
    if let Some(key) = before.and_then(|before| before.get(..KEY_BYTES)) {
        row.extend_from_slice(key);
    } else {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(key.as_mut()).map_err(|_| Fault::broken("the system gave no random numbers"))?;
        row.extend_from_slice(key.as_ref());
    }
    row.extend_from_slice(note);
    Ok(row)
}

/// The plaintext of the row that stands in this place now.
pub(super) fn plain_row(
    from: &Opened,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let log = layout::field(place, 1).map_or(layout::MARKS, LogId);
    let damaged = || ReadError::DamagedFile { log };
    let month = period_of_sealed(sealed).ok_or_else(damaged)?;
    let key = match from.keys.find(&from.db, log, month) {
        Ok(Some(key)) => key,
        Ok(None) | Err(NoKey::Damaged) => return Err(damaged()),
        Err(NoKey::Fault(fault)) => return Err(fault.into()),
    };
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    key.open(place, sealed, &mut plain).map_err(|_| damaged())?;
    Ok(plain)
}

fn open_row(from: &Opened, place: &[u8], sealed: &[u8]) -> Result<FileRow, ReadError> {
    let log = layout::field(place, 1).map_or(layout::MARKS, LogId);
    let damaged = || ReadError::DamagedFile { log };
    let plain = plain_row(from, place, sealed)?;
    let (key, note) = plain.split_first_chunk::<KEY_BYTES>().ok_or_else(damaged)?;
    let file = layout::field(place, 17).ok_or_else(damaged)?;
    Ok(FileRow { log, file, note: note.to_vec(), key: FileKey { key: DataKey::new(key), file } })
}
