//! Why a store could not be made or opened, and what is wrong with a damaged one.
//!
//! Each says what the person at the machine can do. What the database said underneath is kept as
//! the source, for the log.

use std::fmt;
use std::io;
use std::path::PathBuf;

use warproom_proto::record::{LogId, Seq};

use super::commit::CommitError;
use super::fault::Fault;
use super::layout::MARKS;

/// Why a store could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something is there already; nothing was touched.
    #[error("{} is not empty: a store is only made in a new or empty folder", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be made.
    #[error("no store can be made in {}: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database could not be started.
    #[error("the database could not be started")]
    Database(#[source] Fault),
}

/// Why a store could not be opened. Nothing that it holds was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no store here.
    #[error("there is no store in {}: make one with `warproom-server init`", folder.display())]
    NotAStore {
        /// The folder.
        folder: PathBuf,
    },
    /// The store was made by another version of this program.
    #[error("{}", version_sentence(*found, *known))]
    Version {
        /// The store's version.
        found: u32,
        /// The latest version this program knows.
        known: u32,
    },
    /// The master key is not this store's.
    #[error("this master key is not the one the store was made with")]
    WrongKey,
    /// Another process has it open.
    #[error("the store in {} is in use by another process", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the store is not what was written.
    #[error("{} is damaged: {why}; restore the store from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        why: &'static str,
    },
    /// The database does not start, or does not read.
    #[error("the database in {} cannot be opened; if the disk is sound and has space, restore the \
             store from a backup", path.display())]
    Database {
        /// Its folder.
        path: PathBuf,
        /// What it said.
        source: Fault,
    },
    /// The store has an earlier form, and could not be given the form of now.
    #[error("the store in {} could not be given the form of this release: {source}; nothing is lost: \
             see that its disk has space and is sound, and start again", folder.display())]
    Form {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: Box<CommitError>,
    },
    /// A log is not what was stored.
    #[error("{0}; restore the store from a backup")]
    Log(Damage),
}

/// What is wrong with a log, and from where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The log. For a mark, no log at all.
    pub log: LogId,
    /// The first record that is not as it should be.
    pub seq: Seq,
    /// In what way.
    pub what: DamageKind,
}

/// In what way a record is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DamageKind {
    /// It does not open, or does not follow from its predecessor.
    Edited,
    /// It is not there, though later ones are.
    Missing,
    /// It and all after it are gone, though the checkpoint knows them.
    Truncated,
    /// It is not the record that the checkpoint knows under this number.
    Forked,
    /// An index does not agree with it.
    Index,
    /// A mark does not open.
    Mark,
    /// What is kept of a file does not open.
    File,
}

impl fmt::Display for Damage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, seq, what } = self;
        if *log == MARKS {
            return to.write_str("a mark was edited");
        }
        if *what == DamageKind::File {
            return write!(to, "{log} log: what is kept of a file was edited");
        }
        write!(to, "{log} log, record {seq}: ")?;
        to.write_str(match what {
            DamageKind::Edited => "it was edited, or does not follow from the one before",
            DamageKind::Missing => "it is missing, though later records are there",
            DamageKind::Truncated => "it and all later records are gone",
            DamageKind::Forked => "another record was stored under this number before",
            DamageKind::Index => "an index entry of it is missing, wrong or left over",
            DamageKind::Mark => "a mark was edited",
            DamageKind::File => "what is kept of a file was edited",
        })
    }
}

fn version_sentence(found: u32, known: u32) -> String {
    if found > known {
        format!(
            "the store has version {found}, newer than the {known} this program knows: use the \
             newer warproom-server"
        )
    } else {
        format!(
            "the store has version {found}, older than the {known} this program knows: open it \
             with the older warproom-server, or move it to the newer form first"
        )
    }
}
