//! The key that signs checkpoints of the audit log: an Ed25519 seed in a file of its own among the keys.
//!
//! Replacing it keeps the former one beside it: checkpoints are then signed by both, so that whoever
//! trusts the former learns the new one from a checkpoint they can check. The act that announces a key
//! stands in the register.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::HEXLOWER;
use warproom_proto::register::{PublicKey, Signature};
use warproom_proto::{Checkpoint, Note};
use zeroize::Zeroizing;

/// The file of the key that signs now, in the keys folder.
pub const KEY: &str = "audit.key";

/// The file of the key that signed before.
pub const FORMER_KEY: &str = "audit.former.key";

/// How the file starts, so that a person who finds one knows what it is.
const PREFIX: &str = "warproom-audit-key-v1:";

/// A key.
pub struct AuditKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum AuditKeyError {
    /// The file is not there, though members know the key.
    #[error(
        "the audit log's key {} is missing, and members know it: put it back from where the keys are kept, or make a new one with `warproom-server audit-key`",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The key was replaced already, and the former one still signs beside it.
    #[error(
        "the audit log's key was replaced before, and not every member may have learnt of the new one: once all of them have been connected since, or at once if the present key may have been seen, delete {}, and replace the key again",
        path.display()
    )]
    BeingReplaced {
        /// The file of the former key.
        path: PathBuf,
    },
    /// The file is not a key.
    #[error("{} is not an audit key: it should be one line that starts with \"{PREFIX}\"", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error("the audit log's key {} cannot be used: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system gave no random numbers.
    #[error("the system gave no random numbers for an audit key")]
    NoRandom,
}

impl AuditKey {
    /// Makes a new key and writes it to a file that does not exist yet.
    pub fn make(path: &Path) -> Result<Self, AuditKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed).map_err(|_| AuditKeyError::NoRandom)?;
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 65));
        text.push_str(PREFIX);
        HEXLOWER.encode_append(&*seed, &mut text);
        text.push('\n');
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|cause| AuditKeyError::Io { path: path.to_owned(), cause })?;
        Self::of(&seed).ok_or(AuditKeyError::Malformed { path: path.to_owned() })
    }

    /// The key in a file; `None` if there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, AuditKeyError> {
        let text = match std::fs::read(path).map(Zeroizing::new) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(AuditKeyError::Io { path: path.to_owned(), cause }),
        };
        let mut seed = Zeroizing::new([0; 32]);
        let hex = text.strip_prefix(PREFIX.as_bytes()).filter(|hex| hex.len() >= 64);
        let read = hex.is_some_and(|hex| {
            hex[64..].trim_ascii().is_empty() && HEXLOWER.decode_mut(&hex[..64], &mut *seed).is_ok()
        });
        let key = if read { Self::of(&seed) } else { None };
        key.map(Some).ok_or_else(|| AuditKeyError::Malformed { path: path.to_owned() })
    }

    fn of(seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = PublicKey(pair.public_key().as_ref().try_into().ok()?);
        Some(Self { pair, public })
    }

    /// The public half.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Signature {
        // RFC 8032 fixes the size of a signature.
        let mut signature = Signature([0; 64]);
        signature.0.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

/// The key that signs now, and the one before it while both do.
pub struct Keys {
    /// Signs now.
    pub present: AuditKey,
    /// Signed before, and still does beside it.
    pub former: Option<AuditKey>,
}

impl Keys {
    /// The keys of a folder. Where there is none and none was ever announced, it is made.
    pub fn load(folder: &Path, announced: Option<PublicKey>) -> Result<Self, AuditKeyError> {
        let path = folder.join(KEY);
        let present = match (AuditKey::load(&path)?, announced) {
            (Some(key), _) => key,
            (None, None) => AuditKey::make(&path)?,
            (None, Some(_)) => return Err(AuditKeyError::Missing { path }),
        };
        Ok(Self { present, former: AuditKey::load(&folder.join(FORMER_KEY))? })
    }

    /// Makes a new key in a folder, and keeps the present one as the former. Where there is a former one,
    /// it stays: it may be the only one that somebody knows.
    pub fn renew(folder: &Path) -> Result<PublicKey, AuditKeyError> {
        let (path, former) = (folder.join(KEY), folder.join(FORMER_KEY));
        let is_there = |path: &Path| {
            path.try_exists().map_err(|cause| AuditKeyError::Io { path: path.to_owned(), cause })
        };
        if is_there(&path)? {
            if is_there(&former)? {
                return Err(AuditKeyError::BeingReplaced { path: former });
            }
            std::fs::rename(&path, &former)
                .map_err(|cause| AuditKeyError::Io { path: path.clone(), cause })?;
        }
        Ok(AuditKey::make(&path)?.public())
    }

    /// A checkpoint, signed.
    pub fn sign(&self, checkpoint: Checkpoint) -> Note {
        let text = checkpoint.text();
        let signatures: Vec<_> =
            self.all().map(|key| (key.public(), key.sign(text.as_bytes()))).collect();
        Note::new(checkpoint, &signatures)
    }

    /// Each key's signature of a message.
    pub fn sign_message(&self, message: &[u8]) -> Vec<Signature> {
        self.all().map(|key| key.sign(message)).collect()
    }

    fn all(&self) -> impl Iterator<Item = &AuditKey> {
        std::iter::once(&self.present).chain(&self.former)
    }
}

/// Whether a signature of a message is a key's.
pub fn is_right(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    UnparsedPublicKey::new(&ED25519, key.0).verify(message, &signature.0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use warproom_proto::merkle::empty_root;

    #[test]
    fn a_key_that_members_know_is_never_silently_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::load(folder.path(), None).unwrap();
        let known = first.present.public();
        assert_eq!(Keys::load(folder.path(), Some(known)).unwrap().present.public(), known);
        std::fs::remove_file(folder.path().join(KEY)).unwrap();
        let lost = Keys::load(folder.path(), Some(known)).err().unwrap();
        assert!(matches!(lost, AuditKeyError::Missing { .. }), "{lost}");
    }

    #[test]
    fn a_key_is_replaced_again_only_once_the_former_one_was_put_away() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::load(folder.path(), None).unwrap().present.public();
        let second = Keys::renew(folder.path()).unwrap();
        let again = Keys::renew(folder.path()).err().unwrap();
        assert!(
            matches!(&again, AuditKeyError::BeingReplaced { path } if path.ends_with(FORMER_KEY))
        );
        let keys = || {
            let keys = Keys::load(folder.path(), Some(second)).unwrap();
            (keys.former.map(|key| key.public()), keys.present.public())
        };
        assert_eq!(keys(), (Some(first), second), "both are as they were");
        std::fs::remove_file(folder.path().join(FORMER_KEY)).unwrap();
        let third = Keys::renew(folder.path()).unwrap();
        assert_eq!(keys(), (Some(second), third));
        // A lost one is made anew, whatever stands beside it.
        std::fs::remove_file(folder.path().join(KEY)).unwrap();
        let fourth = Keys::renew(folder.path()).unwrap();
        assert_eq!(keys(), (Some(second), fourth));
    }

    #[test]
    fn while_a_key_is_replaced_both_sign() {
        let folder = tempfile::tempdir().unwrap();
        let former = Keys::load(folder.path(), None).unwrap().present.public();
        let present = Keys::renew(folder.path()).unwrap();
        let keys = Keys::load(folder.path(), Some(former)).unwrap();
        let checkpoint = Checkpoint { origin: "a".into(), size: 0, root: empty_root() };
        let note = keys.sign(checkpoint).to_string().parse::<Note>().unwrap();
        assert!(former != present && keys.present.public() == present);
        assert!(note.is_signed_by(&former, is_right) && note.is_signed_by(&present, is_right));
        assert!(!note.is_signed_by(&PublicKey([7; 32]), is_right));
    }

    #[test]
    fn what_is_not_a_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY);
        for bad in ["", "warproom-audit-key-v1:", "warproom-audit-key-v1:00", "other"] {
            std::fs::write(&path, bad).unwrap();
            let error = AuditKey::load(&path).err().unwrap();
            assert!(matches!(error, AuditKeyError::Malformed { .. }), "{bad}");
        }
    }
}
