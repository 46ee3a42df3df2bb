//! Verifying a backup, without its store: every record opens and follows its predecessor, every log
//! ends where the manifest says, no file is missing, cut or changed.
//!
//! What it cannot find is a backup put back whole to an earlier one: for that, the heads that it
//! prints are worth keeping elsewhere, and clients remember theirs.

use std::collections::BTreeMap;
use std::path::Path;

use warproom_proto::record::{LogId, Position};

use super::check::{self, Checker, Sink, State};
use super::files::{self, Files};
use super::manifest::{Manifest, Sealed};
use super::{About, BackupDamage, BackupError};
use crate::store::key::MasterKey;
use crate::store::seal::KeyRing;

/// What verifying a backup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// How many backups were taken into the folder.
    pub number: u64,
    /// Whose it is, when it was taken, and what goes with it.
    pub about: About,
    /// Every log, and how far it had come.
    pub logs: Vec<(LogId, Position)>,
    /// How many records those are.
    pub records: u64,
    /// How many files beside the database.
    pub files: u64,
    /// All that is wrong with it.
    pub damage: Vec<BackupDamage>,
}

/// Reads a whole backup and checks it with the master key of its moment.
///
/// # Errors
/// Only if it cannot be opened or read at all; damage to what it holds is in the report.
pub fn verify(folder: &Path, key: &MasterKey) -> Result<BackupReport, BackupError> {
    let keys = KeyRing::new(key);
    let manifest = opened(folder, &keys)?;
    let checked = pass(folder, &manifest, &keys, &mut |_| Ok(()));
    let (damage, list) = match checked {
        Ok((_, list)) => (Vec::new(), list),
        Err(Wrong::Damage(damage)) => (damage, Files::new()),
        Err(Wrong::Error(error)) => return Err(error),
    };
    Ok(report(&manifest, list.len() as u64, damage))
}

/// What a backup says of itself, with no more of it read than its manifest.
pub fn describe(folder: &Path, key: &MasterKey) -> Result<BackupReport, BackupError> {
    Ok(report(&opened(folder, &KeyRing::new(key))?, 0, Vec::new()))
}

pub(super) fn opened(folder: &Path, keys: &KeyRing) -> Result<Manifest, BackupError> {
    let sealed = Sealed::read(folder)?;
    let sealed = sealed.ok_or_else(|| BackupError::NotABackup { folder: folder.to_owned() })?;
    sealed.open_with(folder, keys)
}

fn report(manifest: &Manifest, files: u64, damage: Vec<BackupDamage>) -> BackupReport {
    let tips = manifest.tips().into_iter();
    BackupReport {
        number: manifest.number,
        about: manifest.about.clone(),
        logs: tips.map(|(log, tip)| (log, tip.position)).collect(),
        records: manifest.records(),
        files,
        damage,
    }
}

/// Why a backup did not pass.
pub(super) enum Wrong {
    Damage(Vec<BackupDamage>),
    Error(BackupError),
}

impl From<BackupError> for Wrong {
    fn from(error: BackupError) -> Self {
        Self::Error(error)
    }
}

/// Passes over everything that a backup holds, and hands each sound record on. Its state and its
/// files, if nothing at all is wrong with it.
pub(super) fn pass(
    folder: &Path,
    manifest: &Manifest,
    keys: &KeyRing,
    sink: &mut Sink<'_>,
) -> Result<(State, Files), Wrong> {
    let mut damage = Vec::new();
    let state = match check::state(folder, manifest, keys)? {
        Ok(state) => state,
        Err(wrong) => {
            damage.push(wrong);
            State::new()
        }
    };
    let mut checker = Checker::new(keys, &state, BTreeMap::new());
    for segment in &manifest.segments {
        damage.extend(checker.segment(folder, segment, sink)?);
    }
    // Without its state no record opens, which says nothing of the records.
    let logs = checker.finish(&manifest.tips());
    if !state.is_empty() || damage.is_empty() {
        damage.extend(logs.into_iter().map(BackupDamage::Log));
    }
    let list = match check::pairs(folder, &manifest.files)? {
        Ok(pairs) => files::read_list(&pairs),
        Err(wrong) => {
            damage.push(wrong);
            None
        }
    };
    let list = list.unwrap_or_default();
    damage.extend(files::check(folder, &list, &Files::new())?);
    if damage.is_empty() { Ok((state, list)) } else { Err(Wrong::Damage(damage)) }
}
