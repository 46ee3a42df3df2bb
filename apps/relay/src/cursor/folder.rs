//! Cursors in a folder: one JSON file per source, readable by its owner alone, replaced as a whole.
//! A lock keeps a second relay out of the same folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use warproom_client::proto::Name;

use super::{Cursor, Shelf};

/// The state folder. While it is held, no other relay has it.
pub struct StateFolder {
    folder: PathBuf,
    _lock: File,
}

/// Why what is remembered cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The folder or a file.
    #[error("{}: {cause}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Another relay has the folder.
    #[error("{} is in use by another relay: stop it, or give this one a folder of its own", .0.display())]
    InUse(PathBuf),
    /// A file is not what was written.
    #[error(
        "{} is damaged ({problem}): bring it back from a backup, or remove it, and the source is \
         read as if for the first time",
        path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where.
        problem: String,
    },
}

impl StateFolder {
    /// Opens the folder, and makes it where it is missing.
    pub fn open(folder: &Path) -> Result<Self, CursorError> {
        let failed = |cause| CursorError::Io { path: folder.to_owned(), cause };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(CursorError::InUse(folder.to_owned())),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Reads a cursor without holding the folder, for looking only.
    pub fn peek(folder: &Path, source: &Name) -> Result<Cursor, CursorError> {
        read(&folder.join(file_name(source)))
    }
}

impl Shelf for StateFolder {
    fn load(&self, source: &Name) -> Result<Cursor, CursorError> {
        read(&self.folder.join(file_name(source)))
    }

    fn save(&self, source: &Name, cursor: &Cursor) -> Result<(), CursorError> {
        let path = self.folder.join(file_name(source));
        let written = replace(&self.folder, &path, cursor);
        written.map_err(|cause| CursorError::Io { path, cause })
    }
}

fn read(path: &Path) -> Result<Cursor, CursorError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Cursor::default()),
        Err(cause) => return Err(CursorError::Io { path: path.to_owned(), cause }),
    };
    serde_json::from_slice(&text).map_err(|error| {
        // The place only: the error's own words may repeat what stands there.
        let problem = format!("line {}, column {}", error.line(), error.column());
        CursorError::Damaged { path: path.to_owned(), problem }
    })
}

/// Writes beside it, makes that durable, and puts it in its place: at any moment there is the earlier
/// cursor or the new one, whole.
fn replace(folder: &Path, path: &Path, cursor: &Cursor) -> io::Result<()> {
    let beside = path.with_extension("new");
    let text = serde_json::to_vec(cursor)?;
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

/// A file name that no source's name can lead out of the folder: what is readable of it, and a hash.
fn file_name(source: &Name) -> String {
    /// Enough to recognise it.
    const READABLE: usize = 40;
    /// Enough that no two sources of one relay share it.
    const HASH_BYTES: usize = 6;
    let folded = source.folded();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let readable: String = folded.chars().take(READABLE).map(plain).collect();
    let hash = Sha256::digest(folded.as_bytes());
    format!("{readable}.{}.json", HEXLOWER.encode(&hash[..HASH_BYTES]))
}
