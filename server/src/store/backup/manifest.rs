//! The manifest: what belongs to a backup, where every log ended, and the digest of every file.
//!
//! ```text
//! "warproom-backup 1 " ‖ owner ‖ "\n" ‖ length 2 ‖ data key, wrapped ‖ manifest as JSON, sealed
//! ```
//!
//! The first line is for people and for telling whose folder it is; it is part of what the seal
//! authenticates. It knows no records.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use warproom_proto::record::{LogId, Position, Seq};

use super::segment::forget_cached;
use super::{About, BackupDamage, BackupError, io_at};
use crate::store::fault::Fault;
use crate::store::layout::BACKUPS;
use crate::store::opened::Tip;
use crate::store::seal::{DataKey, KeyRing};

pub(super) const FILE: &str = "manifest";
pub(super) const NEW_FILE: &str = "manifest.new";

const PREFIX: &str = "warproom-backup ";
const VERSION: u32 = 1;

/// Far more than a WARP's logs and backups of a century take; whatever is longer is none.
const MOST_BYTES: u64 = 64 << 20;

/// What belongs to a backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// How many backups were taken into this folder, with this one.
    pub(super) number: u64,
    pub(super) about: About,
    /// Every log that has a record, in order, and how far it had come.
    pub(super) logs: Vec<End>,
    /// The files with records, in order.
    pub(super) segments: Vec<Written>,
    pub(super) state: Written,
    pub(super) files: Written,
}

/// Where a log ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    /// Which log.
    log: [u8; 16],
    #[serde(flatten)]
    position: Position,
    at_ms: i64,
    last_state: Seq,
}

/// A file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// SHA-256 of it all, in hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn tips(&self) -> BTreeMap<LogId, Tip> {
        let tips = self.logs.iter().map(|end| {
            let End { log, position, at_ms, last_state } = end.clone();
            (LogId(log), Tip { position, at_ms, last_state })
        });
        tips.collect()
    }

    pub(super) fn ends(tips: &BTreeMap<LogId, Tip>) -> Vec<End> {
        let ends = tips.iter().filter(|(_, tip)| tip.position.seq > 0).map(|(log, tip)| {
            let Tip { position, at_ms, last_state } = *tip;
            End { log: log.0, position, at_ms, last_state }
        });
        ends.collect()
    }

    pub(super) fn records(&self) -> u64 {
        self.logs.iter().map(|end| end.position.seq).sum()
    }

    /// Every file that belongs to it, but the manifest itself and the copied files.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Written> {
        self.segments.iter().chain([&self.state, &self.files])
    }
}

/// A manifest as it lies in its folder, not yet opened.
pub(super) struct Sealed {
    first_line: String,
    wrapped: Vec<u8>,
    body: Vec<u8>,
}

impl Sealed {
    /// Reads a folder's manifest; none if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, BackupError> {
        let path = folder.join(FILE);
        let length = match fs::metadata(&path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BackupError::Io { path, source }),
        };
        if length > MOST_BYTES {
            return Err(damaged(folder));
        }
        let bytes = fs::read(&path).map_err(io_at(&path))?;
        Self::parse(folder, &bytes).map(Some)
    }

    /// Reads the bytes of a folder's manifest.
    pub(super) fn parse(folder: &Path, bytes: &[u8]) -> Result<Self, BackupError> {
        let damaged = || damaged(folder);
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        let line = std::str::from_utf8(line).map_err(|_| damaged())?;
        let version = line.strip_prefix(PREFIX).and_then(|rest| rest.split(' ').next());
        match version.and_then(|version| version.parse::<u32>().ok()) {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => {
                return Err(BackupError::Version { folder: folder.to_owned() });
            }
            _ => return Err(damaged()),
        }
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
        let wrapped_bytes = usize::from(u16::from_be_bytes(*length));
        let (wrapped, sealed) = rest.split_at_checked(wrapped_bytes).ok_or_else(damaged)?;
        let (wrapped, body) = (wrapped.to_vec(), sealed.to_vec());
        Ok(Self { first_line: line.to_owned(), wrapped, body })
    }

    /// Whose backup it says it is.
    pub(super) fn owner(&self) -> &str {
        self.first_line.rsplit(' ').next().unwrap_or_default()
    }

    /// Opens it with the keys of its moment.
    pub(super) fn open_with(&self, folder: &Path, keys: &KeyRing) -> Result<Manifest, BackupError> {
        let key = keys.unwrap(BACKUPS, 0, &self.wrapped);
        let key = key.map_err(|_| BackupError::WrongKey { folder: folder.to_owned() })?;
        self.open(folder, &key)
    }

    /// Opens it with the data key of the store that made it.
    pub(super) fn open(&self, folder: &Path, key: &DataKey) -> Result<Manifest, BackupError> {
        let mut text = Vec::new();
        key.open(self.first_line.as_bytes(), &self.body, &mut text).map_err(|_| damaged(folder))?;
        serde_json::from_slice(&text)
            .map_err(|_| BackupError::Version { folder: folder.to_owned() })
    }
}

/// Puts a manifest in its folder in place of the one there is: the old one or the new one, whole.
pub(super) fn replace(
    folder: &Path,
    manifest: &Manifest,
    key: &DataKey,
    wrapped: &[u8],
) -> Result<u64, BackupError> {
    let first_line = format!("{PREFIX}{VERSION} {}", manifest.about.owner);
    let text = serde_json::to_vec(manifest)
        .map_err(|_| Fault::broken("a manifest could not be encoded"))?;
    let sealed = key.seal(0, first_line.as_bytes(), &text)?;
    let length = u16::try_from(wrapped.len()).map_err(|_| Fault::broken("a key is too long"))?;
    let bytes = [first_line.as_bytes(), b"\n", &length.to_be_bytes(), wrapped, &sealed].concat();
    let (new, path) = (folder.join(NEW_FILE), folder.join(FILE));
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        forget_cached(&file);
        if fs::read(&new)? != bytes {
            return Err(io::Error::other("it does not read back as it was written"));
        }
        // Everything it names is durable under its name before it is.
        fs::File::open(folder)?.sync_all()?;
        fs::rename(&new, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(io_at(&path))?;
    Ok(bytes.len() as u64)
}

fn damaged(folder: &Path) -> BackupError {
    let damage = vec![BackupDamage::Changed(FILE.to_owned())];
    BackupError::Damaged { folder: folder.to_owned(), damage }
}
