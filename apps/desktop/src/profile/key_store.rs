//! The system's key store: the Secret Service on Linux, the Credential Manager on Windows. The one
//! file that names them.
//!
//! It may be locked and ask the person, or not answer at all. Every question is therefore asked on a
//! thread of its own, and given up after a time. What is kept there is text: one of the stores of KDE
//! takes nothing else.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use data_encoding::HEXLOWER;
use keyring_core::{CredentialStore, Entry, Error};
use warproom_client::proto::Secret;

use super::{ProfileError, Result, seal};

/// Under what everything of this program is kept.
const SERVICE: &str = "warproom";

/// What the person sees in the system's own window of the key store.
#[cfg(target_os = "linux")]
const SEEN_AS: &str = "Warproom profile";

/// How long to wait where nobody is asked anything: a profile is listed without its WARP's name then.
const BRIEFLY: Duration = Duration::from_secs(3);

/// How long to wait where the system may be asking the person for the key store's own password.
const PATIENTLY: Duration = Duration::from_mins(2);

/// Where the keys of profiles are kept outside of their folders.
pub(super) trait Keys: Send + Sync {
    /// Keeps a text under a name, in the place of what is there.
    fn keep(&self, name: &str, secret: &Secret) -> Result<()>;
    /// The text of that name, if there is one.
    fn find(&self, name: &str) -> Result<Option<Secret>>;
    /// The same, for a start that must not wait: none too if it takes long.
    fn glance(&self, name: &str) -> Option<Secret>;
    /// Removes it, if it is there.
    fn remove(&self, name: &str) -> Result<()>;
}

/// Whether the system has a key store that can be used: an item is really kept, read and removed. Waits
/// for 3 seconds at most.
pub fn key_store_is_usable() -> bool {
    let probe = || -> Result<bool> {
        let name = format!("probe-{}", HEXLOWER.encode(&*seal::random::<8>()?));
        with_entry(BRIEFLY, &name, |entry| {
            entry.set_password("probe")?;
            let found = entry.get_password();
            entry.delete_credential()?;
            Ok(found? == "probe")
        })
    };
    probe().unwrap_or(false)
}

/// The key store of this system.
pub(super) struct SystemKeys;

impl Keys for SystemKeys {
    fn keep(&self, name: &str, secret: &Secret) -> Result<()> {
        let secret = secret.clone();
        with_entry(PATIENTLY, name, move |entry| entry.set_password(secret.expose()))
    }

    fn find(&self, name: &str) -> Result<Option<Secret>> {
        with_entry(PATIENTLY, name, read)
    }

    fn glance(&self, name: &str) -> Option<Secret> {
        with_entry(BRIEFLY, name, read).ok().flatten()
    }

    fn remove(&self, name: &str) -> Result<()> {
        with_entry(PATIENTLY, name, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            done => done,
        })
    }
}

fn read(entry: &Entry) -> keyring_core::Result<Option<Secret>> {
    match entry.get_password() {
        Ok(text) => Ok(Some(text.into())),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Does something with an item, on a thread of its own: a system that never answers costs a thread, and
/// no more.
fn with_entry<T: Send + 'static>(
    wait: Duration,
    name: &str,
    work: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T> {
    let (done, answer) = mpsc::channel();
    let name = name.to_owned();
    let ask = move || {
        let entry = store().and_then(|store| store.build(SERVICE, &name, Some(&modifiers())));
        // Nobody may be waiting any more.
        let _ = done.send(entry.and_then(|entry| work(&entry)));
    };
    let thread = thread::Builder::new().name("key store".to_owned()).spawn(ask);
    thread.map_err(|error| ProfileError::KeyStore(error.to_string()))?;
    match answer.recv_timeout(wait) {
        Ok(answer) => answer.map_err(|error| ProfileError::KeyStore(sentence(&error))),
        Err(_) => Err(ProfileError::KeyStore("it does not answer".to_owned())),
    }
}

/// Why, without what the error carries: that may be what is kept.
fn sentence(error: &Error) -> String {
    match error {
        Error::PlatformFailure(why) => why.to_string(),
        Error::NoStorageAccess(_) => "it is locked".to_owned(),
        Error::Ambiguous(_) => "it has several items of one name".to_owned(),
        Error::NotSupportedByStore(why) => why.clone(),
        _ => "it holds something else".to_owned(),
    }
}

#[cfg(target_os = "linux")]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "linux")]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::from([("label", SEEN_AS)])
}

#[cfg(windows)]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// It stays on this computer: elsewhere there is no profile that it opens.
#[cfg(windows)]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::from([("persistence", "Local")])
}

#[cfg(not(any(target_os = "linux", windows)))]
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(Error::NotSupportedByStore("this program knows none on this system".to_owned()))
}

#[cfg(not(any(target_os = "linux", windows)))]
fn modifiers() -> HashMap<&'static str, &'static str> {
    HashMap::new()
}
