//! Checking what a backup holds, record by record, in one pass and with little memory: every value
//! opens in its place, every record follows its predecessor, every log ends where the manifest says.
//! Backing up, verifying and restoring all go by it.
//!
//! It goes on after damage, so that all of it is named: the first bad record of each log, each file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use warproom_proto::record::{LogId, Seq};

use super::manifest::{Manifest, Written};
use super::segment::{Frame, Reading};
use super::{BackupDamage, BackupError, io_at};
use crate::store::error::{Damage, DamageKind};
use crate::store::fault::Fault;
use crate::store::layout::{self, MARKS};
use crate::store::open::follow;
use crate::store::opened::Tip;
use crate::store::record::Header;
use crate::store::seal::{DataKey, KeyRing, period_of_sealed};

/// Every key and value that a backup keeps whole.
pub(super) type State = Vec<(Vec<u8>, Vec<u8>)>;

/// A record that was found sound, with its values as they are sealed.
pub(super) struct Sound {
    pub(super) header: Header,
    pub(super) frames: Vec<Frame>,
}

/// What is done with each sound record.
pub(super) type Sink<'a> = dyn FnMut(Sound) -> Result<(), Fault> + 'a;

/// A pass over the records of a backup.
pub(super) struct Checker<'a> {
    keys: &'a KeyRing,
    wrapped: BTreeMap<(LogId, u16), &'a [u8]>,
    /// The data key used last: records of a log stand together.
    last: Option<((LogId, u16), DataKey)>,
    tips: BTreeMap<LogId, Tip>,
    broken: BTreeMap<LogId, Damage>,
    /// Whether a file was not as it was written.
    is_bent: bool,
}

impl<'a> Checker<'a> {
    /// Goes on from `tips`, with the data keys that are in `state`.
    pub(super) fn new(keys: &'a KeyRing, state: &'a State, tips: BTreeMap<LogId, Tip>) -> Self {
        let wrapped = state
            .iter()
            .filter_map(|(key, value)| Some((layout::parse_data_key(key)?, value.as_slice())));
        Self {
            keys,
            wrapped: wrapped.collect(),
            last: None,
            tips,
            broken: BTreeMap::new(),
            is_bent: false,
        }
    }

    /// Passes over one file of records; whether it is as it was written.
    pub(super) fn segment(
        &mut self,
        folder: &Path,
        what: &Written,
        sink: &mut Sink<'_>,
    ) -> Result<Option<BackupDamage>, BackupError> {
        let damage = self.segment_damage(folder, what, sink)?;
        self.is_bent |= damage.is_some();
        Ok(damage)
    }

    fn segment_damage(
        &mut self,
        folder: &Path,
        what: &Written,
        sink: &mut Sink<'_>,
    ) -> Result<Option<BackupDamage>, BackupError> {
        let io = io_at(&folder.join(&what.name));
        let mut reading = match found(folder, what) {
            Ok(Found::Sound(reading)) => reading,
            Ok(Found::Cut(reading)) => {
                self.frames(reading, sink)?;
                return Ok(Some(BackupDamage::Cut(what.name.clone())));
            }
            Ok(Found::Missing) => return Ok(Some(BackupDamage::Missing(what.name.clone()))),
            Err(source) => return Err(io(source)),
        };
        reading = self.frames(reading, sink)?;
        let is_as_written = reading.ends_as_written(what).map_err(io)?;
        Ok((!is_as_written).then(|| BackupDamage::Changed(what.name.clone())))
    }

    fn frames(&mut self, mut from: Reading, sink: &mut Sink<'_>) -> Result<Reading, BackupError> {
        let cannot = |error: io::Error| BackupError::Store(error.into());
        let mut next = from.frame().map_err(cannot)?;
        while let Some(first) = next.take() {
            let (log, seq) = (first.log, first.seq);
            if self.broken.contains_key(&log) {
                next = from.frame().map_err(cannot)?;
                continue;
            }
            let mut plain = Vec::new();
            let header = self.opens(&first, &mut plain).then(|| Header::decode(&plain)).flatten();
            let parts = header.filter(|_| first.part == 0).map(|header| header.parts);
            let mut frames = vec![first];
            next = from.frame().map_err(cannot)?;
            for part in 1..=parts.unwrap_or_default() {
                let Some(frame) = next.take() else { break };
                if (frame.log, frame.seq, frame.part) != (log, seq, part)
                    || !self.opens(&frame, &mut plain)
                {
                    next = Some(frame);
                    break;
                }
                frames.push(frame);
                next = from.frame().map_err(cannot)?;
            }
            let is_whole = parts.is_some_and(|parts| frames.len() == usize::from(parts) + 1);
            let header = header.filter(|_| is_whole);
            match self.follows(log, seq, header, &plain) {
                Ok(header) => sink(Sound { header, frames })?,
                Err(damage) => drop(self.broken.insert(log, damage)),
            }
        }
        Ok(from)
    }

    /// Moves the tip of a log on over a record, if it is the next one.
    fn follows(
        &mut self,
        log: LogId,
        seq: Seq,
        header: Option<Header>,
        plain: &[u8],
    ) -> Result<Header, Damage> {
        let tip = self.tips.get(&log).copied().unwrap_or_else(|| Tip::start(log));
        let expected = tip.position.seq + 1;
        if seq > expected {
            return Err(Damage { log, seq: expected, what: DamageKind::Missing });
        }
        let edited = Damage { log, seq, what: DamageKind::Edited };
        let header = header.ok_or(edited)?;
        let stored = header.stored(seq, plain).ok_or(edited)?;
        let tip = follow(tip, log, &header, &stored).map_err(|_| edited)?;
        self.tips.insert(log, tip);
        Ok(header)
    }

    /// Opens a value in its place, and adds it to what was opened of its record.
    fn opens(&mut self, frame: &Frame, plain: &mut Vec<u8>) -> bool {
        let Some(month) = period_of_sealed(&frame.sealed) else { return false };
        let of = (frame.log, month);
        if self.last.as_ref().is_none_or(|(known, _)| *known != of) {
            let Some(wrapped) = self.wrapped.get(&of) else { return false };
            let Ok(key) = self.keys.unwrap(frame.log, month, wrapped) else { return false };
            self.last = Some((of, key));
        }
        let Some((_, key)) = &self.last else { return false };
        let opened = if frame.part == 0 {
            key.open(&layout::record(frame.log, frame.seq), &frame.sealed, plain)
        } else {
            key.open(&layout::part(frame.log, frame.seq, frame.part), &frame.sealed, plain)
        };
        opened.is_ok()
    }

    /// What is wrong with the logs, now that every file was passed over: each must end as it should.
    pub(super) fn finish(mut self, expected: &BTreeMap<LogId, Tip>) -> Vec<Damage> {
        for (log, expected) in expected {
            let tip = self.tips.get(log).copied().unwrap_or_else(|| Tip::start(*log));
            if self.broken.contains_key(log) || tip == *expected {
                continue;
            }
            let (found, last) = (tip.position.seq, expected.position.seq);
            let (seq, what) = if found < last {
                (found + 1, DamageKind::Truncated)
            } else {
                (last, DamageKind::Forked)
            };
            self.broken.insert(*log, Damage { log: *log, seq, what });
        }
        if self.is_bent {
            // A bent heading names logs that there never were; the file is named in their stead.
            self.broken.retain(|log, _| expected.contains_key(log));
        }
        let unknown = self.tips.keys().filter(|log| !expected.contains_key(log));
        let unknown: Vec<_> = unknown.copied().collect();
        for log in unknown {
            self.broken.entry(log).or_insert(Damage { log, seq: 1, what: DamageKind::Forked });
        }
        self.broken.into_values().collect()
    }
}

/// A file that belongs to a backup, as it is found.
pub(super) enum Found {
    Sound(Reading),
    /// It is shorter than it was.
    Cut(Reading),
    Missing,
}

pub(super) fn found(folder: &Path, what: &Written) -> io::Result<Found> {
    let length = match std::fs::metadata(folder.join(&what.name)) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Missing),
        Err(error) => return Err(error),
    };
    let reading = Reading::open(folder, what)?;
    Ok(if length < what.bytes { Found::Cut(reading) } else { Found::Sound(reading) })
}

/// The pairs of a file of the backup; and what is wrong with it.
pub(super) fn pairs(
    folder: &Path,
    what: &Written,
) -> Result<Result<State, BackupDamage>, BackupError> {
    let io = io_at(&folder.join(&what.name));
    let read = || {
        let mut reading = match found(folder, what)? {
            Found::Sound(reading) => reading,
            Found::Cut(_) => return Ok(Err(BackupDamage::Cut(what.name.clone()))),
            Found::Missing => return Ok(Err(BackupDamage::Missing(what.name.clone()))),
        };
        let mut pairs = State::new();
        while let Some(pair) = reading.pair()? {
            pairs.push(pair);
        }
        let is_as_written = reading.ends_as_written(what)?;
        Ok(is_as_written.then_some(pairs).ok_or(BackupDamage::Changed(what.name.clone())))
    };
    read().map_err(io)
}

/// The state of a backup, every data key and every mark of which opens; and what is wrong with it.
pub(super) fn state(
    folder: &Path,
    manifest: &Manifest,
    keys: &KeyRing,
) -> Result<Result<State, BackupDamage>, BackupError> {
    let state = match pairs(folder, &manifest.state)? {
        Ok(state) => state,
        Err(damage) => return Ok(Err(damage)),
    };
    let mut marks_key = None;
    let mut are_sound = true;
    for (key, wrapped) in &state {
        let Some((log, month)) = layout::parse_data_key(key) else { continue };
        match keys.unwrap(log, month, wrapped) {
            Ok(key) if log == MARKS => marks_key = Some(key),
            Ok(_) => {}
            Err(_) => are_sound = false,
        }
    }
    let is_mark = |key: &[u8]| key.starts_with(&layout::mark(&[]));
    for (place, sealed) in state.iter().filter(|(key, _)| is_mark(key)) {
        let key = marks_key.as_ref();
        are_sound &= key.is_some_and(|key| key.open(place, sealed, &mut Vec::new()).is_ok());
    }
    let changed = BackupDamage::Changed(manifest.state.name.clone());
    Ok(are_sound.then_some(state).ok_or(changed))
}
