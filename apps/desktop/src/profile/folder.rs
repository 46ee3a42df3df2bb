//! A profile's folder: for its owner alone, made out of sight and shown when it is whole, and held by
//! one program at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{ProfileError, Result};

/// How the passing names of folders begin that are no profiles yet.
const PASSING: &str = ".passing-";

/// The file that is locked while a program has the profile.
const LOCK: &str = "lock";

/// A profile held by this program until this goes.
pub(super) struct Held {
    _file: File,
}

/// Holds a profile, so that no other program uses it at the same time.
pub(super) fn hold(folder: &Path) -> Result<Held> {
    let path = folder.join(LOCK);
    let file = match private_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(ProfileError::NotFound);
        }
        file => file.map_err(|error| ProfileError::disk(&path, error))?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Held { _file: file }),
        Err(TryLockError::WouldBlock) => Err(ProfileError::InUse),
        Err(TryLockError::Error(error)) => Err(ProfileError::disk(&path, error)),
    }
}

/// Makes the folder of all profiles, if it is not there.
pub(super) fn make(root: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(root).map_err(|error| ProfileError::disk(root, error))
}

/// A folder that is no profile yet, and goes with the value.
pub(super) fn make_hidden(root: &Path) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let made = builder.prefix(PASSING).tempdir_in(root);
    made.map_err(|error| ProfileError::disk(root, error))
}

/// Shows a whole folder under the first of these names that is free, and answers which.
pub(super) fn show(
    hidden: TempDir,
    root: &Path,
    names: impl Iterator<Item = String>,
) -> Result<String> {
    sync(hidden.path())?;
    for name in names {
        let path = root.join(&name);
        if path.exists() {
            continue;
        }
        match fs::rename(hidden.path(), &path) {
            // Another program took the name just now.
            Err(_) if path.exists() => {}
            Err(error) => return Err(ProfileError::disk(&path, error)),
            Ok(()) => {
                // Under its old name there is nothing left to remove.
                let _ = hidden.keep();
                sync(root)?;
                return Ok(name);
            }
        }
    }
    Err(ProfileError::disk(root, io::ErrorKind::AlreadyExists.into()))
}

/// Writes a file for its owner alone, whole or not at all, also across a power cut.
pub(super) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        // Made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(name))?;
        Ok(())
    };
    write().map_err(|error| ProfileError::disk(&folder.join(name), error))?;
    sync(folder)
}

/// Writes zeros over a file and removes it. On most disks of today that is no more than removing; where
/// it is more, it counts.
pub(super) fn wipe(path: &Path) -> Result<()> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        file.write_all(&vec![0; length])?;
        file.sync_all()?;
        drop(file);
        fs::remove_file(path)
    };
    match write() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|error| ProfileError::disk(path, error)),
    }
}

/// Removes a folder and all that is in it. It is out of sight before that begins.
pub(super) fn remove(root: &Path, folder: &Path) -> Result<()> {
    let hidden = make_hidden(root)?;
    // Inside of the hidden one. Where that does not work, it goes from where it is.
    let gone = hidden.path().join("gone");
    let now = if fs::rename(folder, &gone).is_ok() { &gone } else { folder };
    fs::remove_dir_all(now).map_err(|error| ProfileError::disk(folder, error))?;
    sync(root)
}

/// Removes what interrupted attempts left under passing names. Nothing in there is a profile, and what
/// is of the last day may be somebody's who is still at it.
pub(super) fn sweep(root: &Path) {
    const DAY: Duration = Duration::from_hours(24);
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).map(|at| at.elapsed());
        let is_old = matches!(age, Ok(Ok(age)) if age > DAY);
        if is_old && entry.file_name().to_string_lossy().starts_with(PASSING) {
            // Another attempt will come to it.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A file for its owner alone, empty if it was not there.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What was renamed is durable once its folder is.
fn sync(folder: &Path) -> Result<()> {
    let sync = || if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) };
    sync().map_err(|error| ProfileError::disk(folder, error))
}
