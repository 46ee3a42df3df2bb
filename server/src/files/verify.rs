//! Verifying: of every entry that carries files, each file that was not destroyed with it is read whole and
//! compared with its hash and with what the entry says. Offline; it changes nothing.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use warproom_proto::entry::{Entry, Kind};
use warproom_proto::{File, FileId, LogId, RoomId, Seq};

use super::{FileError, Files};
use crate::domain::Upload;
use crate::store::{Direction, FileRow, ReadError, Store};

/// What verifying files found.
#[derive(Default)]
pub struct FileReport {
    /// How many files are sound.
    pub files: u64,
    /// Every file that is not.
    pub damage: Vec<FileDamage>,
}

/// A file that is not what its entry says.
pub struct FileDamage {
    room: RoomId,
    seq: Seq,
    file: FileId,
    what: &'static str,
}

impl fmt::Display for FileDamage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { room, seq, file, what } = self;
        write!(to, "{room} log, record {seq}: its file {file} {what}")
    }
}

/// Reads every file that an entry carries. What is wrong with the entries themselves is the store's
/// to report.
pub fn verify(store: &Store, data: &Path) -> std::io::Result<FileReport> {
    let files = Files::open(data, 0)?;
    let mut report = FileReport::default();
    let rooms = store.logs().into_iter();
    for log in rooms.filter(|log| ![LogId::REGISTER, LogId::AUDIT].contains(log)) {
        let (found, retracted) = carrying(store, log);
        for (seq, entry) in found {
            for carried in &entry.handling.files {
                // What was taken back may have been destroyed with it.
                if retracted.contains(&seq) && matches!(row(store, log, carried.file), Ok(None)) {
                    continue;
                }
                let said = entry.content.files.iter().find(|said| said.file == carried.file);
                match check(store, &files, log, (carried.file, said)) {
                    None => report.files += 1,
                    Some(what) => {
                        let room = RoomId::from_bytes(log.0);
                        report.damage.push(FileDamage { room, seq, file: carried.file, what });
                    }
                }
            }
        }
    }
    Ok(report)
}

/// The entries of a log that carry files, and which entries were taken back.
fn carrying(store: &Store, log: LogId) -> (BTreeMap<Seq, Entry>, HashSet<Seq>) {
    let mut found = BTreeMap::new();
    let mut retracted = HashSet::new();
    for stored in store.page(log, 1, usize::MAX, Direction::Forward).flatten() {
        let Ok(entry) = serde_json::from_slice::<Entry>(&stored.item) else { continue };
        if let Kind::Retract { of } = entry.handling.kind {
            retracted.insert(of);
        }
        if !entry.handling.files.is_empty() {
            found.insert(stored.seq, entry);
        }
    }
    (found, retracted)
}

fn row(store: &Store, log: LogId, file: FileId) -> Result<Option<FileRow>, ReadError> {
    store.file(log, *file.as_bytes())
}

/// What is wrong with a file, if anything is.
fn check(
    store: &Store,
    files: &Files,
    log: LogId,
    (file, said): (FileId, Option<&File>),
) -> Option<&'static str> {
    let row = match row(store, log, file) {
        Ok(Some(row)) => row,
        Ok(None) => return Some("is missing from the database"),
        Err(_) => return Some("has a key that does not open"),
    };
    let Ok(upload) = serde_json::from_slice::<Upload>(&row.note) else {
        return Some("is kept in a form that this version does not read");
    };
    let is_as_said = said
        .is_some_and(|said| (said.size_bytes, said.sha256) == (upload.size_bytes, upload.sha256));
    if !is_as_said || upload.file != file {
        return Some("is not the one that the entry names");
    }
    match files.check_whole(&row.key, &upload) {
        Ok(()) => None,
        Err(FileError::OtherHash) => Some("does not have its hash"),
        Err(FileError::Damaged(_)) => Some("was edited, cut or removed"),
        Err(_) => Some("cannot be read"),
    }
}
