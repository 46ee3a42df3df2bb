//! A database file of a profile: `SQLite`, for its owner alone, with every value sealed.
//!
//! A profile has two. What cannot be had again (who this device is, drafts, what waits to be sent, the
//! heads of the logs) is in one, and damage to it is told. What the server has too is in the other, the
//! cache, and damage to it costs no more than reading it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::folder;
use super::seal::{Place, Seal};
use super::{ProfileError, Result};

/// One kind of database.
pub(super) struct Design {
    /// The file's name.
    pub(super) file: &'static str,
    /// Which tables it has.
    pub(super) tables: &'static str,
    /// The version of that, kept in the file's header.
    pub(super) version: i32,
    /// How a write becomes durable: `FULL` is durable when it returns, `NORMAL` is never half done.
    pub(super) synchronous: &'static str,
    /// What it is, in the sentence about its being damaged.
    pub(super) what: &'static str,
}

/// An open database.
pub(super) struct Database {
    connection: Connection,
    seal: Arc<Seal>,
    what: &'static str,
}

impl Database {
    /// Makes the file, empty.
    pub(super) fn create(folder: &Path, design: &Design, seal: Arc<Seal>) -> Result<Self> {
        let path = folder.join(design.file);
        folder::private_file(&path).map_err(|error| ProfileError::disk(&path, error))?;
        let database = Self::connect(&path, design, seal)?;
        let set_up = || {
            let change = database.connection.unchecked_transaction()?;
            change.execute_batch(design.tables)?;
            change.pragma_update(None, "user_version", design.version)?;
            change.commit()
        };
        set_up().map_err(|error| database.error(error))?;
        Ok(database)
    }

    /// Opens the file, which must be there.
    pub(super) fn open(folder: &Path, design: &Design, seal: Arc<Seal>) -> Result<Self> {
        let path = folder.join(design.file);
        // SQLite would take an empty file for a new database, and begin to write to it.
        if fs::metadata(&path).map_or(0, |data| data.len()) == 0 {
            return Err(ProfileError::Damaged(design.what));
        }
        let database = Self::connect(&path, design, seal)?;
        let version: i32 = database.read("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            version if version == design.version => Ok(database),
            // An empty file counts as a database without tables.
            0 => Err(ProfileError::Damaged(design.what)),
            _ => Err(ProfileError::Newer),
        }
    }

    /// Reads the whole file, and fails if its form is broken anywhere. For small ones.
    pub(super) fn check(&self) -> Result<()> {
        let found: String = self.read("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(self.damaged()) }
    }

    fn connect(path: &Path, design: &Design, seal: Arc<Seal>) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .map_err(|error| failure(error, design.what))?;
        let database = Self { connection, seal, what: design.what };
        // Exclusive before the log is first used: then it needs no file for sharing it. What is deleted
        // is overwritten, and nothing passes through temporary files.
        let settings = format!(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
             PRAGMA synchronous = {}; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
            design.synchronous
        );
        database.connection.execute_batch(&settings).map_err(|error| database.error(error))?;
        Ok(database)
    }

    /// Seals and opens what is kept here.
    pub(super) fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Changes something: all of it, or nothing.
    pub(super) fn change<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        // Nothing here begins one inside another.
        let change = self.connection.unchecked_transaction().map_err(|error| self.error(error))?;
        let done = work(&change)?;
        change.commit().map_err(|error| self.error(error))?;
        Ok(done)
    }

    /// Runs one statement; answers how many rows it changed.
    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.connection.execute(sql, values).map_err(|error| self.error(error))
    }

    /// Reads one row, which is there.
    pub(super) fn read<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.connection.query_row(sql, values, row).map_err(|error| self.error(error))
    }

    /// Reads one row, if it is there.
    pub(super) fn find<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        match self.connection.query_row(sql, values, row) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            found => found.map(Some).map_err(|error| self.error(error)),
        }
    }

    /// Reads all rows.
    pub(super) fn list<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let list = || {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map(values, row)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        list().map_err(|error| self.error(error))
    }

    /// Takes what was overwritten out of the write-ahead log too.
    pub(super) fn empty_log(&self) -> Result<()> {
        self.read("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    /// Seals a value as JSON.
    pub(super) fn seal_json(&self, place: &Place, value: &impl Serialize) -> Result<Vec<u8>> {
        let not_json = |_| ProfileError::Sealing("it is not JSON");
        let mut length = Length(0);
        serde_json::to_writer(&mut length, value).map_err(not_json)?;
        // As large as it gets: growing would leave copies behind.
        let mut json = Zeroizing::new(Vec::with_capacity(length.0));
        serde_json::to_writer(&mut *json, value).map_err(not_json)?;
        self.seal.seal(place, &json)
    }

    /// Opens what was sealed for this place.
    pub(super) fn open_json<T: DeserializeOwned>(&self, place: &Place, sealed: &[u8]) -> Result<T> {
        let json = self.seal.open(place, sealed).ok_or_else(|| self.damaged())?;
        // What was sealed is what was written: another version of this program wrote it.
        serde_json::from_slice(&json).map_err(|_| ProfileError::Newer)
    }

    pub(super) fn damaged(&self) -> ProfileError {
        ProfileError::Damaged(self.what)
    }

    fn error(&self, error: rusqlite::Error) -> ProfileError {
        failure(error, self.what)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Counts what is written to it.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes a database's files.
pub(super) fn remove(folder: &Path, design: &Design) -> Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let path: PathBuf = folder.join(format!("{}{end}", design.file));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ProfileError::disk(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn failure(error: rusqlite::Error, what: &'static str) -> ProfileError {
    use rusqlite::Error as E;
    match &error {
        E::SqliteFailure(why, _) => match why.code {
            ErrorCode::DiskFull => ProfileError::DiskFull,
            // Unknown: a table or column that we made is not there.
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => {
                ProfileError::Damaged(what)
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ProfileError::InUse,
            _ => ProfileError::Database(error),
        },
        E::InvalidColumnType(..)
        | E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..)
        | E::QueryReturnedNoRows => ProfileError::Damaged(what),
        _ => ProfileError::Database(error),
    }
}
