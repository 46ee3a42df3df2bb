//! Taking a backup: what is new since the last one is copied as it is sealed, made durable, read back
//! and checked, and then named by a new manifest.
//!
//! It runs beside a server that serves. It reads and writes in slices of a megabyte and pauses after
//! each for as long as it took, so that at most half of a core and of the disk is its.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use warproom_proto::record::{LogId, Seq};

use super::check::{self, Checker};
use super::files::{self, Files, add_pair};
use super::manifest::{self, Manifest, Sealed, Written};
use super::moment::{self, Moment};
use super::segment::{Frame, Writing};
use super::{About, BackupDamage, BackupError, Taken, io_at};
use crate::store::error::{Damage, DamageKind};
use crate::store::fault::{Fault, guarded};
use crate::store::folder::sync_parent;
use crate::store::layout;
use crate::store::opened::{Opened, Reader, Tip};
use crate::store::read::Store;

/// The longest pause after a slice: a slow disk is not made slower than half.
const PAUSE: Duration = Duration::from_millis(100);

/// Free space below which a backup is given up: the server may live on the same disk, and needs its
/// reserve there, which is as large unless it was set otherwise.
const RESERVE_BYTES: u64 = 64 << 20;

/// Asked after each slice with how many bytes were written: whether to go on.
pub type Watch<'a> = dyn FnMut(u64) -> bool + 'a;

/// Takes a backup of a moment of this store into a folder: a new one, or one with earlier backups of
/// the same store. Whatever goes wrong, the former backup in the folder stays whole.
pub fn take(
    store: &Store,
    moment: &Moment,
    about: About,
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<Taken, BackupError> {
    let _lock = prepare(folder)?;
    if moment.is_erasing() {
        return Err(BackupError::Erasing);
    }
    let former = former(store, moment, &about, folder)?;
    let number = former.as_ref().map_or(1, |former| former.manifest.number + 1);
    let pace = Pace { folder, watch, slice: Instant::now(), copied_bytes: 0 };
    let taking = Taking { store, moment, folder, number, pace, written_bytes: 0 };
    let taken = taking.run(about, former).inspect_err(|_| {
        // What nothing names is of no use, and the disk may be full.
        let is_unnamed = match Sealed::read(folder) {
            Ok(None) => true,
            Ok(Some(sealed)) => {
                sealed.open(folder, &moment.key).is_ok_and(|manifest| manifest.number < number)
            }
            Err(_) => false,
        };
        if is_unnamed {
            for kind in KINDS {
                let _ = fs::remove_file(folder.join(format!("{number:06}.{kind}")));
            }
        }
    });
    // Then keys and records may not be of one state, and the master key may be another already: what
    // does not read back is no damage, and what does is of no use for long.
    let is_done = matches!(taken, Ok(_) | Err(BackupError::Damaged { .. }));
    if is_done && moment.is_left_by(&store.0.db)? {
        return Err(BackupError::Erased { folder: folder.to_owned() });
    }
    if is_done && moment.is_rewrapped(&store.0.db)? {
        return Err(BackupError::Rewrapped);
    }
    taken
}

/// The kinds of numbered files.
const KINDS: [&str; 3] = ["records", "state", "files"];

/// Makes the folder if need be, and sees to it that nobody else writes to it.
fn prepare(folder: &Path) -> Result<File, BackupError> {
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        sync_parent(folder)?;
        File::open(folder)
    };
    let lock = make().map_err(io_at(folder))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(BackupError::InUse { folder: folder.to_owned() });
        }
        Err(error) => return Err(io_at(folder)(error.into())),
    }
    if !folder.join(manifest::FILE).exists() {
        // What a first backup that was cut short has left may stay.
        for entry in fs::read_dir(folder).map_err(io_at(folder))? {
            let name = entry.map_err(io_at(folder))?.file_name();
            if !is_ours(&name.to_string_lossy()) {
                return Err(BackupError::NotEmpty { folder: folder.to_owned() });
            }
        }
    }
    Ok(lock)
}

/// Whether a file in the folder has a name that backups give.
fn is_ours(name: &str) -> bool {
    let numbered = name.split_once('.').is_some_and(|(number, kind)| {
        number.len() >= 6
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && KINDS.contains(&kind)
    });
    numbered || [manifest::FILE, manifest::NEW_FILE, files::FOLDER].contains(&name)
}

/// The backup that a folder has already.
struct Former {
    manifest: Manifest,
    files: Files,
}

/// The former backup, if there is one, once it is sure that this one may go on from it.
fn former(
    store: &Store,
    moment: &Moment,
    about: &About,
    folder: &Path,
) -> Result<Option<Former>, BackupError> {
    let Some(sealed) = Sealed::read(folder)? else { return Ok(None) };
    if sealed.owner() != about.owner {
        return Err(BackupError::OtherOwner { folder: folder.to_owned() });
    }
    let manifest = sealed.open(folder, &moment.key)?;
    for (log, tip) in manifest.tips() {
        if let Some(damage) = parted(&store.0, moment, log, &tip)? {
            return Err(BackupError::OtherHistory { folder: folder.to_owned(), damage });
        }
    }
    // The content of what was written earlier is for `verify`; that it is there is seen to now.
    let mut damage = Vec::new();
    for part in manifest.parts() {
        match fs::metadata(folder.join(&part.name)) {
            Ok(found) if found.len() == part.bytes => {}
            Ok(_) => damage.push(BackupDamage::Changed(part.name.clone())),
            Err(_) => damage.push(BackupDamage::Missing(part.name.clone())),
        }
    }
    match check::pairs(folder, &manifest.state)? {
        Ok(state) if moment::erasures(&state) != moment.erasures() => {
            return Err(BackupError::Erased { folder: folder.to_owned() });
        }
        Err(wrong) if !damage.contains(&wrong) => damage.push(wrong),
        _ => {}
    }
    let list = match check::pairs(folder, &manifest.files)? {
        Ok(pairs) => files::read_list(&pairs),
        Err(wrong) if damage.contains(&wrong) => None,
        Err(wrong) => {
            damage.push(wrong);
            None
        }
    };
    match list {
        Some(files) if damage.is_empty() => Ok(Some(Former { manifest, files })),
        _ => Err(damaged(folder, damage)),
    }
}

/// Where the store and a backup part: the backup must be an earlier state of this very history.
fn parted(
    store: &Opened,
    moment: &Moment,
    log: LogId,
    tip: &Tip,
) -> Result<Option<Damage>, BackupError> {
    let seq = tip.position.seq;
    let has = moment.tips.get(&log).map_or(0, |tip| tip.position.seq);
    if has < seq {
        return Ok(Some(Damage { log, seq: has + 1, what: DamageKind::Truncated }));
    }
    match Reader::default().header(store, log, seq) {
        Ok(Some(header)) if header.head == tip.position.head => Ok(None),
        Err(crate::store::ReadError::Database(fault)) => Err(fault.into()),
        Ok(Some(_)) => Ok(Some(Damage { log, seq, what: DamageKind::Forked })),
        Ok(None) => Ok(Some(Damage { log, seq, what: DamageKind::Missing })),
        Err(_) => Ok(Some(Damage { log, seq, what: DamageKind::Edited })),
    }
}

/// A backup in the making.
struct Taking<'a, 'w> {
    store: &'a Store,
    moment: &'a Moment,
    folder: &'a Path,
    number: u64,
    pace: Pace<'a, 'w>,
    written_bytes: u64,
}

impl Taking<'_, '_> {
    fn run(mut self, about: About, former: Option<Former>) -> Result<Taken, BackupError> {
        let Self { store, moment, folder, number, .. } = self;
        let (tips, known, mut segments) = match former {
            Some(former) => (former.manifest.tips(), former.files, former.manifest.segments),
            None => Default::default(),
        };
        let new = self.records(format!("{number:06}.records"), &tips)?;
        let state = self.state(format!("{number:06}.state"))?;
        let mut each = |bytes| self.pace.after(bytes);
        let (copied, copied_bytes) =
            files::copy((&store.0.folder, folder), &moment.files, &known, &mut each)?;
        self.written_bytes += copied_bytes;
        let list = self.list(format!("{number:06}.files"), &copied)?;
        segments.extend(new.clone());
        let logs = Manifest::ends(&moment.tips);
        let manifest = Manifest { number, about, logs, segments, state, files: list };

        let before: Seq = tips.values().map(|tip| tip.position.seq).sum();
        check(store, folder, &manifest, (new.as_ref(), tips), (&copied, &known))?;
        self.written_bytes += manifest::replace(folder, &manifest, &moment.key, &moment.wrapped)?;
        remove_others(folder, &manifest, &copied);
        Ok(Taken {
            number,
            records: manifest.records(),
            new_records: manifest.records() - before,
            files: copied.len() as u64,
            written_bytes: self.written_bytes,
        })
    }

    /// Copies the records after `tips` up to the moment; none if there are none.
    fn records(
        &mut self,
        name: String,
        tips: &BTreeMap<LogId, Tip>,
    ) -> Result<Option<Written>, BackupError> {
        let io = io_at(&self.folder.join(&name));
        let before = |log: &LogId| tips.get(log).map_or(0, |tip| tip.position.seq);
        let ends = self.moment.tips.iter().map(|(log, tip)| (*log, tip.position.seq));
        let new: Vec<_> = ends.filter(|(log, last)| before(log) < *last).collect();
        if new.is_empty() {
            return Ok(None);
        }
        let mut copying = Copying {
            writing: Writing::create(self.folder, name).map_err(io)?,
            path: self.folder,
            unpaced_bytes: 0,
        };
        let opened = Arc::clone(&self.store.0);
        for (log, last) in new {
            let from = before(&log) + 1;
            copying.log(&opened, log, (from, last), &mut self.pace)?;
        }
        let written = copying.writing.finish().map_err(io_at(self.folder))?;
        self.written_bytes += written.bytes;
        Ok(Some(written))
    }

    fn state(&mut self, name: String) -> Result<Written, BackupError> {
        let moment = self.moment;
        self.whole(name, |writing| {
            for (key, value) in &moment.state {
                add_pair(writing, key, value)?;
            }
            Ok(())
        })
    }

    fn list(&mut self, name: String, files: &Files) -> Result<Written, BackupError> {
        self.whole(name, |writing| files::write_list(writing, files))
    }

    fn whole(
        &mut self,
        name: String,
        fill: impl FnOnce(&mut Writing) -> io::Result<()>,
    ) -> Result<Written, BackupError> {
        let io = io_at(&self.folder.join(&name));
        let write = || {
            let mut writing = Writing::create(self.folder, name)?;
            fill(&mut writing)?;
            writing.finish()
        };
        let written = write().map_err(io)?;
        self.written_bytes += written.bytes;
        Ok(written)
    }
}

/// How fast a backup goes on.
struct Pace<'a, 'w> {
    folder: &'a Path,
    watch: &'a mut Watch<'w>,
    slice: Instant,
    copied_bytes: u64,
}

impl Pace<'_, '_> {
    /// After a slice of so many bytes: whether to go on, and then a pause.
    fn after(&mut self, bytes: u64) -> Result<(), BackupError> {
        self.copied_bytes += bytes;
        if !(self.watch)(self.copied_bytes) {
            return Err(BackupError::Stopped);
        }
        let disk = rustix::fs::statvfs(self.folder).map_err(io::Error::from);
        let disk = disk.map_err(io_at(self.folder))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < RESERVE_BYTES {
            return Err(BackupError::Full { folder: self.folder.to_owned() });
        }
        thread::sleep(self.slice.elapsed().min(PAUSE));
        self.slice = Instant::now();
        Ok(())
    }
}

/// Records on their way into a file.
struct Copying<'a> {
    writing: Writing,
    path: &'a Path,
    /// Added since the last slice.
    unpaced_bytes: u64,
}

impl Copying<'_> {
    /// Copies the records of a log within two numbers, each with its further parts.
    fn log(
        &mut self,
        opened: &Opened,
        log: LogId,
        (first, last): (Seq, Seq),
        pace: &mut Pace<'_, '_>,
    ) -> Result<(), BackupError> {
        let mut records = opened.db.range(layout::record(log, first)..=layout::record(log, last));
        let parts = layout::part(log, first, 0)..=layout::part(log, last, u16::MAX);
        let mut parts = opened.db.range(parts);
        let mut part = guarded(|| parts.next().transpose())?;
        while let Some((key, sealed)) = guarded(|| records.next().transpose())? {
            let seq = layout::parse_record(&key).map_or(0, |(_, seq)| seq);
            self.add((log, seq, 0), &sealed, pace)?;
            while let Some((key, sealed)) = &part {
                let of = layout::number(key, 17).unwrap_or_default();
                if of > seq {
                    break;
                }
                if of == seq {
                    let number = layout::field(key, 25).map_or(0, u16::from_be_bytes);
                    self.add((log, seq, number), sealed, pace)?;
                }
                part = guarded(|| parts.next().transpose())?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        (log, seq, part): (LogId, Seq, u16),
        sealed: &[u8],
        pace: &mut Pace<'_, '_>,
    ) -> Result<(), BackupError> {
        let length =
            u16::try_from(sealed.len()).map_err(|_| Fault::broken("a value is too long"))?;
        let heading = Frame::heading(log, seq, part, length);
        self.unpaced_bytes += heading.len() as u64 + u64::from(length);
        if self.writing.add(&[&heading, sealed]).map_err(io_at(self.path))? {
            pace.after(std::mem::take(&mut self.unpaced_bytes))?;
        }
        Ok(())
    }
}

/// Reads back what was written and checks all of it, before a manifest names it.
fn check(
    store: &Store,
    folder: &Path,
    manifest: &Manifest,
    (new, before): (Option<&Written>, BTreeMap<LogId, Tip>),
    (copied, known): (&Files, &Files),
) -> Result<(), BackupError> {
    let keys = &store.0.keys;
    let state = match check::state(folder, manifest, keys)? {
        Ok(state) => state,
        Err(damage) => return Err(damaged(folder, vec![damage])),
    };
    let mut checker = Checker::new(keys, &state, before);
    let mut damage = Vec::new();
    if let Some(new) = new {
        damage.extend(checker.segment(folder, new, &mut |_| Ok(()))?);
    }
    let expected = manifest.tips();
    damage.extend(checker.finish(&expected).into_iter().map(BackupDamage::Log));
    damage.extend(check::pairs(folder, &manifest.files)?.err());
    damage.extend(files::check(folder, copied, known)?);
    if damage.is_empty() { Ok(()) } else { Err(damaged(folder, damage)) }
}

/// Removes what the new manifest does not name: the last state, and what was cut short. What cannot
/// be removed does no harm, and is tried again the next time.
fn remove_others(folder: &Path, manifest: &Manifest, files: &Files) {
    let named = |name: &str| {
        name == manifest::FILE
            || name == files::FOLDER
            || manifest.parts().any(|part| part.name == name)
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_ours(&name) && !named(&name) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let copied = folder.join(files::FOLDER);
    for path in files::below(&copied).unwrap_or_default() {
        if !files.contains_key(&path) {
            let _ = fs::remove_file(copied.join(path));
        }
    }
}

fn damaged(folder: &Path, damage: Vec<BackupDamage>) -> BackupError {
    BackupError::Damaged { folder: folder.to_owned(), damage }
}
