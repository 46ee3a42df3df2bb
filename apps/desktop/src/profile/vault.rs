//! What opens a profile: `vault.json`, the one file in it that is not sealed.
//!
//! It says how the key is found, and nothing of whose profile it is: that it lies in the system's key
//! store, and under which random name; or what an attacker needs to try passphrases, one by one and
//! slowly: argon2id (RFC 9106) with 64 MiB.

use std::fs;
use std::io;
use std::path::Path;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use warproom_client::proto::{Name, Secret};
use zeroize::Zeroizing;

use super::folder;
use super::key_store::Keys;
use super::seal::{KEY_BYTES, Place, ProfileKey, Seal, random};
use super::{ProfileError, Result};

pub(super) const VAULT: &str = "vault.json";

/// The version of a profile's folder: of this file, and of how everything beside it is sealed.
const VERSION: u32 = 1;

/// The bytes of salt (RFC 9106 §3.1 recommends 16).
const SALT_BYTES: usize = 16;

/// More memory than this is no parameter of ours: the file was changed, to bring this computer down.
const MOST_KIB: u32 = 1024 * 1024;

/// More passes than this likewise.
const MOST_PASSES: u32 = 64;

/// What a passphrase costs to try.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// The second choice of RFC 9106 §4 with one lane: 64 MiB, three passes.
    pub(super) const FULL: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// For tests that make many profiles.
    #[cfg(test)]
    pub(super) const TEST: Self = Self { memory_kib: 64, passes: 1 };
}

/// What opens a profile.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Vault {
    version: u32,
    key: Kept,
    /// The SHA-256 of the rest, so that a damaged file is not taken for a wrong passphrase.
    check: String,
}

/// Where the key is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    /// In the system's key store, under this name.
    KeyStore(String),
    /// Here, sealed under a passphrase.
    Passphrase { salt: String, cost: Cost, sealed: String },
}

impl Vault {
    /// Puts a new profile's key into the key store.
    pub(super) fn in_key_store(key: &ProfileKey, warp: &Name, keys: &dyn Keys) -> Result<Self> {
        let item = HEXLOWER.encode(&*random::<16>()?);
        keep_warp(&item, warp, keys)?;
        keys.keep(&item, &hex(key))?;
        Ok(Self::new(Kept::KeyStore(item)))
    }

    /// Seals a new profile's key under a passphrase.
    pub(super) fn under_passphrase(
        key: &ProfileKey,
        passphrase: &Secret,
        cost: Cost,
    ) -> Result<Self> {
        if passphrase.expose().is_empty() {
            return Err(ProfileError::NeedsPassphrase);
        }
        let salt = random::<SALT_BYTES>()?;
        let seal = Seal::new(&stretched(passphrase, &*salt, cost)?)?;
        let sealed = HEXLOWER.encode(&seal.seal(&place(), &**key)?);
        Ok(Self::new(Kept::Passphrase { salt: HEXLOWER.encode(&*salt), cost, sealed }))
    }

    fn new(key: Kept) -> Self {
        let check = check(&key);
        Self { version: VERSION, key, check }
    }

    /// Reads it.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let path = folder.join(VAULT);
        let text = match fs::read(&path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(ProfileError::NotFound);
            }
            text => text.map_err(|error| ProfileError::disk(&path, error))?,
        };
        let versioned: Versioned = serde_json::from_slice(&text).map_err(|_| damaged())?;
        if versioned.version != VERSION {
            return Err(ProfileError::Newer);
        }
        let vault: Self = serde_json::from_slice(&text).map_err(|_| damaged())?;
        if vault.check == check(&vault.key) { Ok(vault) } else { Err(damaged()) }
    }

    /// Writes it.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|_| damaged())?;
        folder::write_whole(folder, VAULT, &text)
    }

    /// Whether a passphrase opens it.
    pub(super) const fn needs_passphrase(&self) -> bool {
        matches!(self.key, Kept::Passphrase { .. })
    }

    /// The name in the key store, if the key is there.
    pub(super) const fn item(&self) -> Option<&String> {
        match &self.key {
            Kept::KeyStore(item) => Some(item),
            Kept::Passphrase { .. } => None,
        }
    }

    /// The WARP's name, where the key store tells it at once.
    pub(super) fn warp(&self, keys: &dyn Keys) -> Option<Name> {
        keys.glance(&of_warp(self.item()?))?.expose().parse().ok()
    }

    /// Takes the key out of the key store, if it is there.
    pub(super) fn forget_key(&self, keys: &dyn Keys) -> Result<()> {
        let Some(item) = self.item() else { return Ok(()) };
        keys.remove(item)?;
        keys.remove(&of_warp(item))
    }

    /// The profile's key.
    pub(super) fn open(&self, passphrase: Option<&Secret>, keys: &dyn Keys) -> Result<ProfileKey> {
        match &self.key {
            Kept::KeyStore(item) => {
                let text = keys.find(item)?.ok_or(ProfileError::KeyGone)?;
                key_of_hex(&text).ok_or(ProfileError::KeyGone)
            }
            Kept::Passphrase { salt, cost, sealed } => {
                let passphrase = passphrase.ok_or(ProfileError::NeedsPassphrase)?;
                let bytes = |text: &String| HEXLOWER.decode(text.as_bytes()).map_err(|_| damaged());
                if cost.memory_kib > MOST_KIB || cost.passes > MOST_PASSES {
                    return Err(damaged());
                }
                let seal = Seal::new(&stretched(passphrase, &bytes(salt)?, *cost)?)?;
                let key = seal.open(&place(), &bytes(sealed)?);
                let key = key.ok_or(ProfileError::WrongPassphrase)?;
                key_of(&key).ok_or_else(damaged)
            }
        }
    }
}

/// Keeps a WARP's name beside a key. The key itself is never written twice.
pub(super) fn keep_warp(item: &str, warp: &Name, keys: &dyn Keys) -> Result<()> {
    keys.keep(&of_warp(item), &warp.as_str().to_owned().into())
}

fn of_warp(item: &str) -> String {
    format!("{item}-warp")
}

/// The key that a passphrase stands for.
fn stretched(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<ProfileKey> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(KEY_BYTES));
    let params = params.map_err(|_| damaged())?;
    let mut memory: Vec<Block> = Vec::new();
    let blocks = params.block_count();
    memory
        .try_reserve_exact(blocks)
        .map_err(|_| ProfileError::Sealing("it has no memory left for checking a passphrase"))?;
    memory.resize(blocks, Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = ProfileKey::default();
    let passphrase = passphrase.expose().as_bytes();
    argon2
        .hash_password_into_with_memory(passphrase, salt, &mut *key, &mut memory)
        .map_err(|_| damaged())?;
    // The key follows from what is in there.
    memory.fill(Block::default());
    std::hint::black_box(&memory);
    Ok(key)
}

fn hex(key: &ProfileKey) -> Secret {
    HEXLOWER.encode(&**key).into()
}

fn key_of_hex(text: &Secret) -> Option<ProfileKey> {
    let bytes = Zeroizing::new(HEXLOWER.decode(text.expose().as_bytes()).ok()?);
    key_of(&bytes)
}

fn key_of(bytes: &[u8]) -> Option<ProfileKey> {
    let mut key = ProfileKey::default();
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(bytes);
    Some(key)
}

/// What the key is bound to.
fn place() -> Place {
    Place::new("vault", &[&VERSION.to_be_bytes()])
}

fn check(key: &Kept) -> String {
    // It is JSON at any rate: it was read from it, or will be written.
    let text = serde_json::to_vec(key).unwrap_or_default();
    HEXLOWER.encode(digest::digest(&digest::SHA256, &text).as_ref())
}

const fn damaged() -> ProfileError {
    ProfileError::Damaged("the file vault.json")
}
