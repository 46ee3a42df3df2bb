//! The files beside the database, in a backup: each is copied once, because none is changed after it
//! was made, and the list of them is written whole each time. They are sealed as they are; here they
//! are bytes with a path.
//!
//! A file that is still being made is not backed up: neither its length nor its name tells whether it is
//! done, so whoever makes them says which are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use data_encoding::HEXLOWER;

use super::check::{Found, State, found};
use super::manifest::Written;
use super::segment::Writing;
use super::{BackupDamage, BackupError, io_at};

/// The folder beside the database, and the one in the backup.
pub(super) const FOLDER: &str = "files";

/// The files that belong to a backup, by their path below [`FOLDER`].
pub(super) type Files = BTreeMap<String, Written>;

/// What is called after each slice that was copied, with its bytes; an error ends the copying.
pub(super) type Each<'a> = dyn FnMut(u64) -> Result<(), BackupError> + 'a;

/// Copies those of the files that are not in the former backup; all that are in this one then, and how
/// many bytes were copied. What the former one has is never written to, so it stays whole whatever
/// becomes of this one.
pub(super) fn copy(
    (data, backup): (&Path, &Path),
    whole: &BTreeSet<String>,
    former: &Files,
    each: &mut Each<'_>,
) -> Result<(Files, u64), BackupError> {
    let (from, to) = (data.join(FOLDER), backup.join(FOLDER));
    let mut files = Files::new();
    let mut copied_bytes = 0;
    for path in whole {
        if let Some(known) = former.get(path) {
            files.insert(path.clone(), known.clone());
        } else {
            let copied = copy_one((&from, &to), path, each)?;
            let copied = copied.ok_or_else(|| BackupError::Gone { path: path.clone() })?;
            copied_bytes += copied.bytes;
            files.insert(path.clone(), copied);
        }
    }
    Ok((files, copied_bytes))
}

/// Copies one file and makes it durable; none if it is gone by now.
pub(super) fn copy_one(
    (from, to): (&Path, &Path),
    path: &str,
    each: &mut Each<'_>,
) -> Result<Option<Written>, BackupError> {
    let target = to.join(path);
    let mut source = match File::open(from.join(path)) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_at(&from.join(path))(error)),
    };
    let folder = target.parent().unwrap_or(to);
    let make = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let made = make.and_then(|()| Writing::create(to, path.to_owned()));
    let mut writing = made.map_err(io_at(&target))?;
    let (mut buffer, mut unpaced_bytes) = (vec![0; 64 * 1024], 0);
    loop {
        let length = source.read(&mut buffer).map_err(io_at(&from.join(path)))?;
        if length == 0 {
            break;
        }
        unpaced_bytes += length as u64;
        if writing.add(&[&buffer[..length]]).map_err(io_at(&target))? {
            each(std::mem::take(&mut unpaced_bytes))?;
        }
    }
    let written = writing.finish().map_err(io_at(&target))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_at(&target))?;
    Ok(Some(written))
}

/// What is wrong with the files of a backup, but for those that are in `but`.
pub(super) fn check(
    backup: &Path,
    files: &Files,
    but: &Files,
) -> Result<Vec<BackupDamage>, BackupError> {
    let folder = backup.join(FOLDER);
    let mut damage = Vec::new();
    for (path, what) in files.iter().filter(|(path, what)| but.get(*path) != Some(what)) {
        let name = || format!("{FOLDER}/{path}");
        let io = io_at(&folder.join(path));
        let is_as_written = |reading: super::segment::Reading| reading.ends_as_written(what);
        let wrong = match found(&folder, what) {
            Ok(Found::Missing) => Some(BackupDamage::Missing(name())),
            Ok(Found::Cut(_)) => Some(BackupDamage::Cut(name())),
            Ok(Found::Sound(reading)) => {
                let sound = is_as_written(reading).map_err(io)?;
                (!sound).then(|| BackupDamage::Changed(name()))
            }
            Err(source) => return Err(io(source)),
        };
        damage.extend(wrong);
    }
    Ok(damage)
}

/// Writes the list of the files.
pub(super) fn write_list(writing: &mut Writing, files: &Files) -> io::Result<()> {
    for (path, what) in files {
        let sha256 = HEXLOWER.decode(what.sha256.as_bytes()).unwrap_or_default();
        let value = [&what.bytes.to_be_bytes()[..], &sha256].concat();
        add_pair(writing, path.as_bytes(), &value)?;
    }
    Ok(())
}

/// Adds a key and a value to a file of pairs.
pub(super) fn add_pair(writing: &mut Writing, key: &[u8], value: &[u8]) -> io::Result<bool> {
    let too_long = |_| io::Error::other("a name or value is too long for a backup");
    let key_length = u16::try_from(key.len()).map_err(too_long)?;
    let length = u16::try_from(value.len()).map_err(too_long)?;
    writing.add(&[&key_length.to_be_bytes(), key, &length.to_be_bytes(), value])
}

/// Reads the list of the files back; none if it is not a list.
pub(super) fn read_list(pairs: &State) -> Option<Files> {
    let files = pairs.iter().map(|(path, value)| {
        let path = String::from_utf8(path.clone()).ok()?;
        // The list is ours; but nothing is ever written outside of where it belongs.
        let mut steps = Path::new(&path).components();
        steps.all(|step| matches!(step, Component::Normal(_))).then_some(())?;
        let (bytes, sha256) = value.split_first_chunk::<8>()?;
        let (bytes, sha256) = (u64::from_be_bytes(*bytes), HEXLOWER.encode(sha256));
        Some((path.clone(), Written { name: path, bytes, sha256 }))
    });
    files.collect()
}

/// The paths of all files below a folder, in order; none if there is no such folder.
pub(super) fn below(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let here = folder.join(&inner);
        let entries = match fs::read_dir(&here) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(BackupError::Io { path: here, source }),
        };
        for entry in entries {
            let entry = entry.map_err(io_at(&here))?;
            let path = inner.join(entry.file_name());
            if entry.file_type().map_err(io_at(&here))?.is_dir() {
                folders.push(path);
            } else {
                let text = path.to_str().map(ToOwned::to_owned);
                let odd = || io::Error::other("its name is not UTF-8");
                paths.push(text.ok_or_else(odd).map_err(io_at(&folder.join(&path)))?);
            }
        }
    }
    paths.sort();
    Ok(paths)
}
