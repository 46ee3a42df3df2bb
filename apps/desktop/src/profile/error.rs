//! Why a profile cannot be used, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::news::Refusal;

/// Why something was not done with a profile. None of the sentences says anything of what is kept.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The system names no place for settings.
    #[error("this system does not say where settings are kept")]
    NoPlace,
    /// There is none of that name, or no more.
    #[error("there is no such profile on this computer")]
    NotFound,
    /// Another program, or another window, has it.
    #[error("this profile is open already, in another window")]
    InUse,
    /// It is sealed under a passphrase, and none was given.
    #[error("this profile is sealed under a passphrase")]
    NeedsPassphrase,
    /// The passphrase is another one.
    #[error("this is not the passphrase of this profile")]
    WrongPassphrase,
    /// The system's key store does not answer, is locked, or refuses.
    #[error("the system's key store does not give its key: {0}")]
    KeyStore(String),
    /// The key store works, but has no key of this profile.
    #[error("the system's key store does not hold the key of this profile")]
    KeyGone,
    /// A profile's files are gone, but its key could not be taken out of the key store.
    #[error("the profile's files are destroyed, but its key is still in the system's key store")]
    KeyRemains(#[source] Box<Self>),
    /// Something kept is not what was written: changed, or cut off.
    #[error("this profile is damaged: {0} cannot be read")]
    Damaged(&'static str),
    /// Written by a newer version of this program.
    #[error("this profile was written by a newer version of Warproom")]
    Newer,
    /// There is no room left.
    #[error("the disk is full, so nothing more can be kept")]
    DiskFull,
    /// The system refuses to read or write.
    #[error("{} cannot be read or written: {cause}", path.display())]
    Disk {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The database refuses.
    #[error("the profile's database cannot be used: {0}")]
    Database(#[source] rusqlite::Error),
    /// The system gives no randomness, or no memory for the passphrase.
    #[error("this computer cannot seal a profile now: {0}")]
    Sealing(&'static str),
}

impl ProfileError {
    /// What the person can do about it; empty where nothing is to be said.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NoPlace => "start Warproom with a folder of your own for its profiles",
            Self::NotFound => "choose another one, or join with an invitation",
            Self::InUse => "go to the window that has it, or close that one first",
            Self::NeedsPassphrase => "enter the passphrase",
            Self::WrongPassphrase => {
                "enter it again; whoever has lost it removes the profile and enrols this computer anew"
            }
            Self::KeyStore(_) => "unlock the key store of this computer, then try again",
            Self::KeyGone => {
                "log in to this computer as the user who made the profile; if the key is lost, remove the profile and enrol this computer anew"
            }
            Self::KeyRemains(_) => {
                "open the key store of this computer and delete the items called \"Warproom profile\" there"
            }
            Self::Damaged(_) => {
                "put the profile's folder back from a copy; without one, have a manager revoke this device, remove the profile and enrol this computer anew"
            }
            Self::Newer => "start the newer version",
            Self::DiskFull => "make room on this disk, then try again",
            Self::Disk { .. } => "check that the folder is there, and that it is yours",
            Self::Database(_) => {
                "try again; if it stays so, put the profile's folder back from a copy"
            }
            Self::Sealing(_) => "close other programs, then try again",
        }
    }

    /// For a failure of the file system at this place.
    pub(super) fn disk(path: &Path, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk { path: path.to_owned(), cause },
        }
    }
}

impl From<&ProfileError> for Refusal {
    fn from(error: &ProfileError) -> Self {
        Self::new(error.to_string(), error.advice())
    }
}

impl From<ProfileError> for Refusal {
    fn from(error: ProfileError) -> Self {
        Self::from(&error)
    }
}
