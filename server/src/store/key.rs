//! The master key: thirty-two bytes in a file of their own, kept apart from the store. Whoever
//! destroys it destroys the history in every backup.
//!
//! It seals nothing itself: each use has a key of its own, derived with HMAC-SHA256.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};
use data_encoding::HEXLOWER;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::folder::sync_parent;

/// How the file starts, so that a person who finds one knows what it is, and a later form can
/// differ.
const PREFIX: &str = "warproom-master-key-v1:";

/// The key from which every other key of a store comes.
#[derive(ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

/// Why a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is not a master key.
    #[error("{} is not a Warproom master key: it should be one line that starts with \"{PREFIX}\"", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error("the master key {} cannot be used: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no random numbers.
    #[error("the system gave no random numbers for a master key")]
    NoRandom,
}

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Self([0; 32]);
        rand::fill(&mut key.0).map_err(|_| KeyError::NoRandom)?;
        Ok(key)
    }

    /// A key that no WARP has, for reading what nobody sealed.
    pub(super) const fn of_nobody() -> Self {
        Self([7; 32])
    }

    /// The key in a file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = fs::read(path).map(Zeroizing::new);
        let text = text.map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        parse(&text).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })
    }

    /// Writes the key to a file that does not exist yet, readable to its owner alone, and makes it
    /// durable.
    pub fn save_new(&self, path: &Path) -> Result<(), KeyError> {
        self.write(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })
    }

    /// A key for one purpose. The purpose names the use and its version.
    pub(super) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes());
        let mut derived = Zeroizing::new([0; 32]);
        derived.copy_from_slice(tag.as_ref());
        derived
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 65));
        text.push_str(PREFIX);
        HEXLOWER.encode_append(&self.0, &mut text);
        text.push('\n');
        let mut file: File =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        sync_parent(path)
    }
}

fn parse(text: &[u8]) -> Option<MasterKey> {
    let hex = text.strip_prefix(PREFIX.as_bytes())?;
    let hex = hex.strip_suffix(b"\n").unwrap_or(hex);
    let mut bytes = Zeroizing::new([0; 32]);
    if hex.len() != 64 {
        return None;
    }
    HEXLOWER.decode_mut(hex, bytes.as_mut()).ok()?;
    Some(MasterKey(*bytes))
}
