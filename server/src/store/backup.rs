//! Backups: a folder that a running store writes to, and that grows by what is new each time.
//!
//! ```text
//! manifest          what belongs to the backup, sealed; replaced as the last step of each backup
//! 000001.records    records, as sealed as in the store, appended up to the first backup
//! 000004.records    … since the backup before the fourth; a backup without news has none
//! 000004.state      marks and wrapped data keys of that moment, whole each time
//! 000004.files      the list of the files beside the database at that moment
//! files/            those of them that were whole, each copied once
//! ```
//!
//! The moment is between two groups of the one writer: the end of every log, and all that is
//! overwritten in place, are noted there ([`moment`](super::Committer::moment)); the records up to those ends never
//! change, and are read while writing goes on. Nothing is opened on the way out. What was written is
//! made durable and read back from the disk, each record opened, each chain followed to the noted
//! head; only then is the manifest replaced. So a backup that is cut short leaves the former one
//! whole, and one that was said to be taken can be read.
//!
//! The manifest is sealed under a data key of its own, which stands before it wrapped by the master
//! key: whoever has the keys of the moment opens it, and nobody else can have made it. A store knows
//! its former backup by that data key also after its master key was changed.
//!
//! Erasing changes records in place: what is left of a month is sealed anew under another data key. So a
//! backup from before an erasure cannot be gone on from, and none is taken while one is under way.
//! Refusing is also what is wanted: the older folder still has what was erased, and is to be destroyed.
//!
//! It knows nothing of what a WARP is: whose backup it is, and what else goes with it, are texts.

mod check;
pub(in crate::store) mod decoders;
mod files;
mod manifest;
mod moment;
mod restore;
mod segment;
mod take;
mod verify;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Damage, OpenError};
use super::fault::Fault;

pub use moment::Moment;
pub use restore::restore;
pub use take::take;
pub use verify::{BackupReport, describe, verify};

/// Whose backup it is and what goes with it, opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Whose it is. A folder takes backups of one owner.
    pub owner: String,
    /// A text that is kept sealed with the backup, and given back when it is restored.
    pub configuration: String,
    /// When it is taken, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// What a backup came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its number in its folder, from 1.
    pub number: u64,
    /// How many records the backup holds now.
    pub records: u64,
    /// How many of those are new.
    pub new_records: u64,
    /// How many files beside the database it holds.
    pub files: u64,
    /// How many bytes were written for it.
    pub written_bytes: u64,
}

/// Why a backup was not taken, verified or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder holds something else.
    #[error("{} is not empty and holds no backup: choose a new folder", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no backup in the folder.
    #[error("there is no backup in {}: it has no manifest", folder.display())]
    NotABackup {
        /// The folder.
        folder: PathBuf,
    },
    /// A newer version of this program made it.
    #[error("the backup in {} was made by a newer version: use the newer warproom-server", folder.display())]
    Version {
        /// The folder.
        folder: PathBuf,
    },
    /// The master key does not open it.
    #[error(
        "this master key does not open the backup in {}: it is another WARP's, or was changed since or before",
        folder.display()
    )]
    WrongKey {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder's backup is another store's.
    #[error("the backup in {} is not of this WARP: choose another folder", folder.display())]
    OtherOwner {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder's backup has records that the store has not, as after an older one was restored.
    #[error(
        "the backup in {} has a later or another history than this store ({damage}): this store was put back to \
         an older state. Keep that backup, and choose another folder",
        folder.display()
    )]
    OtherHistory {
        /// The folder.
        folder: PathBuf,
        /// Where they part.
        damage: Damage,
    },
    /// Records that the folder's backup has were erased from the store, and others sealed anew.
    #[error(
        "records were erased since the backup in {} was taken: take the next backup into a new folder, and then \
         destroy that one",
        folder.display()
    )]
    Erased {
        /// The folder.
        folder: PathBuf,
    },
    /// Records are being erased at this moment, so keys and records are not of one state.
    #[error(
        "records are being erased at this moment: take the backup again when that is done, in a minute or so. If this \
         is said for longer, the server's log says what keeps it from ending"
    )]
    Erasing,
    /// The master key was changed meanwhile, and the keys in this backup are under the one before.
    #[error("the master key was changed while the backup was taken: take it again")]
    Rewrapped,
    /// A file that was whole at the moment of the backup is not there any more.
    #[error(
        "the file {path} was destroyed while the backup was taken: take it again; the one before it is whole. If this \
         is said again, the file is lost: `verify` names what is damaged"
    )]
    Gone {
        /// Where it lay in the folder of files.
        path: String,
    },
    /// Another process uses the folder.
    #[error("the backup in {} is in use by another process", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// Too little space is left where it goes to.
    #[error("there is too little space left for a backup in {}; the one before it is whole", folder.display())]
    Full {
        /// The folder.
        folder: PathBuf,
    },
    /// It was to end before it was done. The former backup is whole.
    #[error("the backup was cut short because the server stops; the one before it is whole")]
    Stopped,
    /// It is not what was written.
    #[error("the backup in {} is damaged: {}", folder.display(), sentence(damage))]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        damage: Vec<BackupDamage>,
    },
    /// A file or folder cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store's database.
    #[error("the store could not be read or written")]
    Store(#[from] Fault),
    /// The store that a backup was restored to.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Where a backup is to be restored to there is something already.
    #[error("{} is there already: a backup is restored to a new folder", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
}

/// One thing that is wrong with a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupDamage {
    /// A file is not there.
    Missing(String),
    /// A file is shorter than it was.
    Cut(String),
    /// A file is not what was written.
    Changed(String),
    /// A log is not what was stored, from this record on.
    Log(Damage),
}

impl fmt::Display for BackupDamage {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(to, "{file} is missing"),
            Self::Cut(file) => write!(to, "{file} is cut short"),
            Self::Changed(file) => write!(to, "{file} is not what was written"),
            Self::Log(damage) => damage.fmt(to),
        }
    }
}

fn sentence(damage: &[BackupDamage]) -> String {
    damage.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// An error of the system at a path.
fn io_at(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}
