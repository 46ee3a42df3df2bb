//! What of a WARP a backup is: its store, whose it is, and its configuration; never its keys. And the
//! way back: a new folder with all of it, from a backup and the keys that were kept elsewhere.
//!
//! How a store is copied and checked is the store's own affair.

pub mod latest;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError, FILE};
use crate::domain::State;
use crate::journal::{self, RebuildError, now_ms};
use crate::keys::{self, KeysError};
use crate::setup::{self, MASTER_KEY, SetupError};
use crate::store::backup::{self, About, BackupError, BackupReport, Moment, Taken};
use crate::store::{self, CommitError, KeyError, MasterKey, OpenError, Options, Store};

use latest::Latest;

/// Why a backup was not taken or restored.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The backup itself.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The moment could not be noted.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The server's writer has ended.
    #[error("the server takes no more; its log says why")]
    Ended,
    /// The stopped store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What is stored.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The configuration in a backup.
    #[error("the configuration in the backup: {0}")]
    Config(#[from] ConfigError),
    /// A folder or file of the WARP that is made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A file cannot be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A backup cannot go there.
    #[error("a backup goes to an absolute path outside of {}", data.display())]
    Place {
        /// The store's folder.
        data: PathBuf,
    },
    /// There is no WARP in the store.
    #[error("the store holds no WARP yet")]
    Unfounded,
}

impl From<KeyError> for KeepError {
    fn from(error: KeyError) -> Self {
        Self::Keys(error.into())
    }
}

/// Takes a backup of a store at a moment.
pub fn take(
    config: &Config,
    store: &Store,
    (moment, owner): (&Moment, String),
    to: &Path,
    watch: &mut dyn FnMut(u64) -> bool,
) -> Result<Taken, KeepError> {
    let data = std::path::absolute(&config.data).unwrap_or_else(|_| config.data.clone());
    if !to.is_absolute() || to.starts_with(&data) {
        return Err(KeepError::Place { data });
    }
    let path = config.folder.join(FILE);
    let configuration =
        fs::read_to_string(&path).map_err(|cause| KeepError::File { path, cause })?;
    let at_ms = now_ms();
    let about = About { owner, configuration, at_ms };
    let taken = backup::take(store, moment, about, to, watch)?;
    let latest = Latest { at_ms, number: taken.number, to: to.to_owned() };
    // It is taken, whether or not that can be noted.
    if let Err(error) = latest::note(&latest::file(&config.data), &latest) {
        tracing::warn!(%error, "when the latest backup was taken could not be noted");
    }
    Ok(taken)
}

/// Whose backup it is: the WARP's id.
pub fn owner(state: &State) -> Result<String, KeepError> {
    let (warp, _) = state.register.warp().ok_or(KeepError::Unfounded)?;
    Ok(warp.to_string())
}

/// The files that go into a backup, by their names: those that are whole. One that is still on its way up
/// changes, and is brought up from its beginning after it was restored.
pub fn files(state: &State) -> BTreeSet<String> {
    state.files.on_disk().map(|file| file.to_string()).collect()
}

/// Takes a backup of a stopped server's store.
pub fn take_stopped(config: &Config, to: &Path) -> Result<Taken, KeepError> {
    let key = keys::load(config)?;
    let options = Options { reserve_bytes: config.reserve_mib << 20, ..Options::default() };
    let (store, mut committer) = store::open(&config.data, &key, options)?;
    let state = journal::rebuild(&store)?;
    let owner = owner(&state)?;
    let moment = committer.moment(files(&state))?;
    take(config, &store, (&moment, owner), to, &mut |_| true)
}

/// Makes a WARP's folder anew from a backup and a copy of its keys. Everything is checked on the way;
/// the configuration comes last, so a folder whose restoring was cut short is no WARP.
pub fn restore(folder: &Path, from: &Path, keys: &Path) -> Result<BackupReport, KeepError> {
    let file = folder.join(FILE);
    if file.exists() {
        return Err(SetupError::Exists { file }.into());
    }
    let key = MasterKey::load(&keys.join(MASTER_KEY))?;
    let text = backup::describe(from, &key)?.about.configuration;
    let config = Config::read(&text, folder)?;
    let brings_keys = !is_same(keys, &config.keys);
    if brings_keys && config.keys.join(MASTER_KEY).exists() {
        return Err(SetupError::Exists { file: config.keys.join(MASTER_KEY) }.into());
    }
    setup::private_folder(folder)?;
    let had_data = config.data.exists();
    let report = backup::restore(from, &config.data, &key).inspect_err(|_| {
        if !had_data {
            // It is no store; a second try finds the place free.
            let _ = fs::remove_dir_all(&config.data);
        }
    })?;
    if brings_keys {
        copy_keys(keys, &config.keys)?;
    }
    setup::write_private(&file, &text)?;
    let made = fs::File::open(folder).and_then(|folder| folder.sync_all());
    made.map_err(|cause| KeepError::File { path: folder.to_owned(), cause })?;
    Ok(report)
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Copies the files of a keys folder, for their owner alone.
fn copy_keys(from: &Path, to: &Path) -> Result<(), KeepError> {
    setup::private_folder(to)?;
    let at = |cause| KeepError::File { path: from.to_owned(), cause };
    for entry in fs::read_dir(from).map_err(at)? {
        let entry = entry.map_err(at)?;
        if entry.file_type().map_err(at)?.is_file() {
            let path = entry.path();
            let text = fs::read_to_string(&path);
            let text = text.map_err(|cause| KeepError::File { path, cause })?;
            setup::write_private(&to.join(entry.file_name()), &text)?;
        }
    }
    Ok(())
}
