//! A profile's folder: for its owner alone, every file written whole or not at all.
//!
//! Commands that run side by side share a profile. Its heads are therefore read, joined with what this
//! command was shown and written again under a lock; nothing that either was shown gets lost.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use warproom_client::Heads;
use warproom_client::proto::Secret;

use super::{Profile, slug};
use crate::chain;

pub(super) const PROFILE: &str = "profile.json";
/// How the passing names of folders begin that are no profiles yet.
const PASSING: &str = ".new-";
const KEY: &str = "device.key";
const HEADS: &str = "heads.json";
const HEADS_LOCK: &str = "heads.lock";

/// A profile's folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The heads as this command last read or kept them: what it has gone on from.
    base: Arc<Mutex<Heads>>,
}

impl Folder {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, base: Arc::default() }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    pub(crate) fn profile(&self) -> Result<Profile> {
        let path = self.path.join(PROFILE);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged or of a newer version", path.display()))
    }

    /// The device's key as text.
    pub(crate) fn key(&self) -> Result<Secret> {
        let path = self.path.join(KEY);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.into())
    }

    /// The remembered heads; none where none were kept yet.
    pub(crate) fn heads(&self) -> Result<Heads> {
        let heads = self.kept_heads()?;
        self.set_base(heads.clone());
        Ok(heads)
    }

    /// Keeps the heads beside what other commands kept since. Where the server showed another command
    /// something else, that is an error; the rest is kept.
    pub(crate) fn keep_heads(&self, heads: &Heads) -> Result<()> {
        let path = self.path.join(HEADS_LOCK);
        let lock = || -> std::io::Result<fs::File> {
            let file = private_file(&path)?;
            file.lock()?;
            Ok(file)
        };
        // Held until it goes.
        let _lock = lock().with_context(|| format!("cannot lock {}", path.display()))?;
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (merged, rewritten) = heads.merged(&self.kept_heads()?, &base);
        write_whole(&self.path, HEADS, &serde_json::to_vec_pretty(&merged)?)?;
        self.set_base(heads.clone());
        rewritten.first().map_or(Ok(()), |found| {
            let name = found.room.map_or("the register".into(), |room| format!("room {room}"));
            Err(chain::rewritten(found, &name).into())
        })
    }

    fn kept_heads(&self) -> Result<Heads> {
        let path = self.path.join(HEADS);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Heads::default()),
            Err(error) => Err(error).context(format!("cannot read {}", path.display())),
        }
    }

    fn set_base(&self, heads: Heads) {
        *self.base.lock().unwrap_or_else(PoisonError::into_inner) = heads;
    }
}

/// A folder under a passing name, made before there is anything to keep, so that no key is lost for
/// want of a place. It goes again unless something is kept.
pub(crate) struct NewFolder {
    pub(super) folder: TempDir,
    pub(super) profiles: PathBuf,
    /// What it is to be called, if it was said; nothing was there of that name.
    pub(super) chosen: Option<String>,
}

impl NewFolder {
    /// Keeps the new device, called as asked for or after the WARP.
    pub(crate) fn keep(self, profile: &Profile, key: &str) -> Result<Folder> {
        // From here on the key is the only one of its device: whatever happens, it stays.
        let path = self.folder.keep();
        write_whole(&path, KEY, key.as_bytes())?;
        write_whole(&path, PROFILE, &serde_json::to_vec_pretty(profile)?)?;
        let name = self
            .chosen
            .unwrap_or_else(|| free_name(&self.profiles, &slug(profile.warp_name.as_str())));
        let kept = self.profiles.join(name);
        fs::rename(&path, &kept).and_then(|()| sync_folder(&self.profiles)).with_context(|| {
            format!(
                "the profile is whole, but cannot be moved from {} to {}",
                path.display(),
                kept.display()
            )
        })?;
        Ok(Folder::at(kept))
    }
}

/// The name, or the name with the first number that is free.
fn free_name(profiles: &Path, name: &str) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !profiles.join(name).exists()).unwrap_or_else(|| name.to_owned())
}

/// Writes a file for its owner alone, whole or not at all, also across a power cut.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(name))?;
        sync_folder(folder)
    };
    write().with_context(|| format!("cannot write {}", folder.join(name).display()))
}

/// What was renamed is durable once its folder is.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A file for its owner alone, empty if it was not there.
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A folder for its owner alone, if it is not there.
pub(crate) fn make_private_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path).with_context(|| format!("cannot make {}", path.display()))
}

/// A folder that is no profile yet, and goes with the value.
pub(super) fn make_hidden_dir(path: &Path) -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix(PASSING).tempdir_in(path)
}

/// Removes what interrupted attempts left: empty folders under passing names. Those of the last day
/// stay, because somebody may be at a prompt in another window.
pub(super) fn sweep(profiles: &Path) {
    const DAY: Duration = Duration::from_hours(24);
    for entry in fs::read_dir(profiles).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).map(|at| at.elapsed());
        let is_old = matches!(age, Ok(Ok(age)) if age > DAY);
        if is_old && entry.file_name().to_string_lossy().starts_with(PASSING) {
            // Only an empty one goes: one with a key in it may be somebody's only one.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
