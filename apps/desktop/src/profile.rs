//! What this computer keeps of a member's device: sealed, in one folder for each profile. Who steals
//! the folder learns no name, no address, no text and no key.
//!
//! ```text
//! <config dir>/warproom/desktop/profile-1/vault.json    what opens it: the system's key store, or a passphrase
//!                                         store.sqlite  who this device is, settings, drafts, outbox, heads
//!                                         cache.sqlite  what was read, and can be read again
//!                                         lock          held by the program that has the profile open
//! ```
//!
//! What the thief does learn: that Warproom is used here, and how much. The databases tell how many
//! rooms there are, how many records of each are kept, with their numbers, which record refers to
//! which, how many of a room were retracted, how many drafts there are and entries wait, and how long
//! each is, rounded up to 256 bytes. Who can also write to the folder can take rows away, or put a
//! whole older folder in its place; changing or moving anything is noticed.
//!
//! What it is not: it knows neither the server nor the screen. It is used by one thread at a time, and
//! its calls wait for the disk.

mod cache;
mod database;
mod error;
mod folder;
mod identity;
mod key_store;
mod open;
mod seal;
mod store;
mod vault;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::one_for_test;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use warproom_client::proto::Secret;

use crate::effect::Lock;
use key_store::{Keys, SystemKeys};
use seal::ProfileKey;
use vault::{Cost, Vault};

pub use error::ProfileError;
pub use identity::Identity;
pub use key_store::key_store_is_usable;
pub use open::Profile;

pub use crate::model::profile::{ProfileName, ProfileSummary};

type Result<T> = std::result::Result<T, ProfileError>;

/// All profiles of this computer's user.
#[derive(Clone)]
pub struct Profiles {
    root: PathBuf,
    keys: Arc<dyn Keys>,
    cost: Cost,
}

impl Profiles {
    /// In this folder, or else in the system's place for settings.
    pub fn at(root: Option<PathBuf>) -> Result<Self> {
        let root = match root {
            Some(root) => root,
            None => etcetera::choose_base_strategy()
                .map_err(|_| ProfileError::NoPlace)?
                .config_dir()
                .join("warproom")
                .join("desktop"),
        };
        Ok(Self { root, keys: Arc::new(SystemKeys), cost: Cost::FULL })
    }

    /// With a key store that is gone with this value, and passphrases that are quick to check.
    #[cfg(test)]
    pub(crate) fn for_test(root: PathBuf) -> Self {
        Self { root, keys: Arc::<tests::MemoryKeys>::default(), cost: Cost::TEST }
    }

    /// All of them, in order of their names. One that is damaged is listed too: opening it says how.
    pub fn list(&self) -> Result<Vec<ProfileSummary>> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| ProfileError::disk(&self.root, error))?,
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut summaries: Vec<_> = names.filter_map(|name| self.summary(name)).collect();
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(summaries)
    }

    /// Keeps a new device. Its folder appears when it is whole.
    pub fn create(&self, identity: &Identity, lock: &Lock) -> Result<ProfileSummary> {
        folder::make(&self.root)?;
        folder::sweep(&self.root);
        let key = seal::new_key()?;
        let vault = match lock {
            Lock::KeyStore => Vault::in_key_store(&key, &identity.warp, &*self.keys)?,
            Lock::Passphrase(passphrase) => Vault::under_passphrase(&key, passphrase, self.cost)?,
        };
        match self.fill(&vault, &key, identity) {
            Ok(name) => Ok(ProfileSummary {
                name: ProfileName(name),
                needs_passphrase: vault.needs_passphrase(),
                warp: vault.item().map(|_| identity.warp.clone()),
            }),
            Err(error) => {
                // A key without a profile opens nothing: whether it goes does not matter now.
                let _ = vault.forget_key(&*self.keys);
                Err(error)
            }
        }
    }

    /// Opens a profile. Slow where a passphrase opens it; and where the system's key store does, the
    /// person may be asked to unlock it first.
    pub fn open(&self, name: &ProfileName, passphrase: Option<&Secret>) -> Result<Profile> {
        let folder = self.folder(name)?;
        let vault = Vault::read(&folder)?;
        let held = folder::hold(&folder)?;
        let key = vault.open(passphrase, &*self.keys)?;
        let key_store = (Arc::clone(&self.keys), vault.item().cloned());
        Profile::open(name.clone(), &folder, &key, held, key_store)
    }

    /// Destroys a profile: its key first, then its files. The files go also where the key store does not
    /// let go of the key.
    pub fn destroy(&self, name: &ProfileName) -> Result<()> {
        let folder = self.folder(name)?;
        let vault = match Vault::read(&folder) {
            Ok(vault) => Some(vault),
            // Where its key was cannot be told any more.
            Err(ProfileError::Damaged(_) | ProfileError::Newer) => None,
            Err(error) => return Err(error),
        };
        let held = folder::hold(&folder)?;
        let key = vault.map_or(Ok(()), |vault| vault.forget_key(&*self.keys));
        folder::wipe(&folder.join(vault::VAULT))?;
        // Where a folder with an open file in it cannot be removed, this one must be closed first.
        // Without a vault, nobody opens it in between.
        drop(held);
        folder::remove(&self.root, &folder)?;
        key.map_err(|error| ProfileError::KeyRemains(Box::new(error)))
    }

    fn fill(&self, vault: &Vault, key: &ProfileKey, identity: &Identity) -> Result<String> {
        let hidden = folder::make_hidden(&self.root)?;
        open::create(hidden.path(), key, identity)?;
        vault.write(hidden.path())?;
        folder::show(hidden, &self.root, (1..=u16::MAX).map(|number| format!("profile-{number}")))
    }

    fn summary(&self, name: String) -> Option<ProfileSummary> {
        let name = ProfileName(name);
        let vault = Vault::read(&self.folder(&name).ok()?);
        if matches!(vault, Err(ProfileError::NotFound)) {
            return None;
        }
        let needs_passphrase = vault.as_ref().is_ok_and(Vault::needs_passphrase);
        let warp = vault.ok().and_then(|vault| vault.warp(&*self.keys));
        Some(ProfileSummary { name, needs_passphrase, warp })
    }

    /// A profile's name is a file's name: nothing in it may lead elsewhere.
    fn folder(&self, name: &ProfileName) -> Result<PathBuf> {
        let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        let is_name = !name.0.is_empty() && !name.0.starts_with('.') && name.0.chars().all(plain);
        if is_name { Ok(self.root.join(&name.0)) } else { Err(ProfileError::NotFound) }
    }
}
