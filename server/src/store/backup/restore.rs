//! Restoring: a new store from a backup, every record checked on the way in, and all of it again once
//! it is there.
//!
//! Indices are not in a backup; they follow from the records. `version` is written last, so a folder
//! whose restoring was cut short is no store.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use super::check::{Sound, State};
use super::verify::{BackupReport, Wrong, opened, pass};
use super::{BackupDamage, BackupError, files, io_at};
use crate::store::database::{Batch, Database};
use crate::store::error::OpenError;
use crate::store::fault::{Fault, guarded};
use crate::store::folder::{self, data_file};
use crate::store::heads::Heads;
use crate::store::key::MasterKey;
use crate::store::layout;
use crate::store::seal::KeyRing;
use crate::store::{Options, verify as verify_store};

/// How many values the database takes at once.
const GROUP: usize = 512;

/// Makes a store from a backup, in a folder that does not exist yet or is empty. Durable and verified
/// on return; what was restored.
pub fn restore(from: &Path, to: &Path, key: &MasterKey) -> Result<BackupReport, BackupError> {
    let keys = KeyRing::new(key);
    let manifest = opened(from, &keys)?;
    empty_folder(to)?;
    let db = folder::start_database(to, Options::default())?;
    let mut filling = Filling { db: &db, batch: Batch::default(), values: 0 };
    let passed = pass(from, &manifest, &keys, &mut |sound| filling.record(sound));
    let (state, list) = passed.map_err(|wrong| match wrong {
        Wrong::Error(error) => error,
        Wrong::Damage(damage) => BackupError::Damaged { folder: from.to_owned(), damage },
    })?;
    filling.state(&state)?;
    filling.write()?;
    guarded(|| db.flush())?;
    drop(db);
    for path in list.keys() {
        let (from, to) = (from.join(files::FOLDER), to.join(files::FOLDER));
        let copied = files::copy_one((&from, &to), path, &mut |_| Ok(()))?;
        if copied.as_ref() != list.get(path) {
            let damage = vec![BackupDamage::Changed(format!("{}/{path}", files::FOLDER))];
            return Err(BackupError::Damaged { folder: from, damage });
        }
    }
    let tips = manifest.tips();
    let positions = tips.iter().map(|(log, tip)| (*log, tip.position)).collect();
    let finish = || -> io::Result<()> {
        folder::sync_tree(&to.join(folder::DATABASE))?;
        OpenOptions::new().write(true).open(data_file(to))?.sync_all()?;
        drop(Heads::replace(to, key, &positions)?);
        folder::write_version(to)
    };
    finish().map_err(io_at(to))?;
    is_sound(from, to, key)?;
    let logs = positions.into_iter().collect();
    let (number, about, records) = (manifest.number, manifest.about.clone(), manifest.records());
    let files = list.len() as u64;
    Ok(BackupReport { number, about, logs, records, files, damage: Vec::new() })
}

/// Reads the new store back, as `verify` does.
fn is_sound(from: &Path, to: &Path, key: &MasterKey) -> Result<(), BackupError> {
    let report = verify_store(to, key)?;
    match report.damage.first() {
        None => Ok(()),
        Some(damage) => {
            tracing::error!(from = %from.display(), "what was restored does not read back");
            Err(OpenError::Log(*damage).into())
        }
    }
}

fn empty_folder(folder: &Path) -> Result<(), BackupError> {
    let io = |source| BackupError::Io { path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::read_dir(folder).map_err(io)?.next().is_some() {
                return Err(BackupError::Exists { path: folder.to_owned() });
            }
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

/// Values on their way into the new database.
struct Filling<'a> {
    db: &'a Database,
    batch: Batch,
    values: usize,
}

impl Filling<'_> {
    fn record(&mut self, sound: Sound) -> Result<(), Fault> {
        let Sound { header, frames } = sound;
        let Some((log, seq)) = frames.first().map(|frame| (frame.log, frame.seq)) else {
            return Ok(());
        };
        if let Some((target, kind)) = header.refers_to {
            for (_, key) in layout::references(log, target, seq, kind) {
                self.insert(&key, vec![kind])?;
            }
        }
        if let Some(id) = &header.id {
            self.insert(&layout::id(log, id), seq.to_be_bytes().to_vec())?;
        }
        for frame in frames {
            if frame.part == 0 {
                self.insert(&layout::record(log, seq), frame.sealed)?;
            } else {
                self.insert(&layout::part(log, seq, frame.part), frame.sealed)?;
            }
        }
        Ok(())
    }

    fn state(&mut self, state: &State) -> Result<(), Fault> {
        state.iter().try_for_each(|(key, value)| self.insert(key, value.clone()))
    }

    fn insert(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), Fault> {
        self.batch.insert(key, value);
        self.values += 1;
        if self.values >= GROUP { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Fault> {
        let batch = std::mem::take(&mut self.batch);
        self.values = 0;
        guarded(|| self.db.apply_batch(batch))
    }
}
