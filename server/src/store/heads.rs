//! The checkpoint: the last known position of every log, in a file outside the database, so that a
//! database that comes back empty, shorter or other than it was is noticed.
//!
//! It is written after the database is durable and never before, so it never runs ahead: after a
//! kill it is exact, after a power cut it is a lower bound. It is one slot per log, and a first
//! slot that counts them:
//!
//! ```text
//! log 16 ‖ seq 8 ‖ head 32 ‖ HMAC-SHA256 over slot number 8 and these 32 ‖ zeros 40
//! ```
//!
//! It knows nothing of the database; comparing is the work of whoever opens or verifies.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use warproom_proto::record::{Head, LogId, Position, Seq};

use super::key::MasterKey;
use super::layout::field;

/// The file's name within the store's folder.
pub(super) const FILE: &str = "heads";

/// What its successor is called until it is durable. A crash may leave one behind; nothing reads it.
const NEW_FILE: &str = "heads.new";

/// A power of two, so that no slot lies across two sectors: a power cut leaves it old or new.
const SLOT_BYTES: usize = 128;
const SIGNED_BYTES: usize = 56;

/// What stands in the first slot in place of a log. Its number is how many slots follow.
const COUNT: LogId = LogId(*b"warproom-heads 1");

/// How long a checkpoint may stay in the system's cache. It costs one `fdatasync` each time; what
/// a power cut takes back is only how much of the logs' ends is protected, never a record.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// The open checkpoint file.
pub(super) struct Heads {
    file: File,
    key: hmac::Key,
    slots: BTreeMap<LogId, u64>,
    synced: Instant,
    changed: bool,
}

/// Why a checkpoint cannot be used.
pub(super) enum Unusable {
    Io(io::Error),
    WrongKey,
    Damaged(&'static str),
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Heads {
    /// Makes the file of a store without logs, and makes it durable; its folder is the caller's.
    pub(super) fn create(folder: &Path, master: &MasterKey) -> io::Result<()> {
        let mut new = OpenOptions::new();
        let file = new.write(true).create_new(true).mode(0o600).open(folder.join(FILE))?;
        let header = encode(&signing_key(master), 0, COUNT, 0, &Head([0; 32]));
        file.write_all_at(&header, 0)?;
        file.sync_all()
    }

    /// Writes the file anew, signed by this key and with these positions, and puts it in place of
    /// the one there is, if any: a crash leaves the old one or the new one, whole. Durable on return.
    pub(super) fn replace(
        folder: &Path,
        master: &MasterKey,
        positions: &BTreeMap<LogId, Position>,
    ) -> io::Result<Self> {
        let key = signing_key(master);
        let (new, path) = (folder.join(NEW_FILE), folder.join(FILE));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&new)?;
        let count = positions.len() as u64;
        file.write_all_at(&encode(&key, 0, COUNT, count, &Head([0; 32])), 0)?;
        let mut slots = BTreeMap::new();
        for (slot, (log, position)) in (1..).zip(positions) {
            let bytes = encode(&key, slot, *log, position.seq, &position.head);
            file.write_all_at(&bytes, slot * SLOT_BYTES as u64)?;
            slots.insert(*log, slot);
        }
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()?;
        Ok(Self { file, key, slots, synced: Instant::now(), changed: false })
    }

    /// Opens the file and checks every slot.
    pub(super) fn open(
        folder: &Path,
        master: &MasterKey,
    ) -> Result<(Self, BTreeMap<LogId, Position>), Unusable> {
        let path = folder.join(FILE);
        let bytes = std::fs::read(&path)?;
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let key = signing_key(master);
        let mut positions = BTreeMap::new();
        let mut slots = BTreeMap::new();
        let count = count(&key, &bytes)?;
        if (bytes.len() / SLOT_BYTES) as u64 <= count {
            return Err(Unusable::Damaged("it is shorter than it says"));
        }
        for (slot, bytes) in (0..).zip(bytes.chunks_exact(SLOT_BYTES)).skip(1) {
            // A power cut may leave zeros beyond the count, where a new log's slot was to be.
            if slot > count && bytes.iter().all(|byte| *byte == 0) {
                break;
            }
            let (log, position) = decode(&key, slot, bytes)
                .ok_or(Unusable::Damaged("one of its slots is not ours"))?;
            positions.insert(log, position);
            slots.insert(log, slot);
        }
        let heads = Self { file, key, slots, synced: Instant::now(), changed: false };
        Ok((heads, positions))
    }

    /// Notes new positions. The records they stand for must be durable.
    pub(super) fn write(
        &mut self,
        positions: impl IntoIterator<Item = (LogId, Position)>,
    ) -> io::Result<()> {
        let counted = self.slots.len();
        for (log, position) in positions {
            let next = self.slots.len() as u64 + 1;
            let slot = *self.slots.entry(log).or_insert(next);
            if slot == next {
                // Whatever a power cut left beyond the last slot must not be taken for one later.
                self.file.set_len(slot * SLOT_BYTES as u64)?;
            }
            let bytes = encode(&self.key, slot, log, position.seq, &position.head);
            self.file.write_all_at(&bytes, slot * SLOT_BYTES as u64)?;
            self.changed = true;
        }
        if self.slots.len() > counted {
            // The count may never promise a slot that a power cut can take away.
            self.file.sync_all()?;
            let count = self.slots.len() as u64;
            let header = encode(&self.key, 0, COUNT, count, &Head([0; 32]));
            self.file.write_all_at(&header, 0)?;
        }
        if self.synced.elapsed() >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Makes what was noted durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.changed {
            self.file.sync_data()?;
            self.changed = false;
            self.synced = Instant::now();
        }
        Ok(())
    }
}

fn signing_key(master: &MasterKey) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, master.derive("warproom.store.heads.v1").as_ref())
}

fn count(key: &hmac::Key, bytes: &[u8]) -> Result<u64, Unusable> {
    let header = bytes.get(..SLOT_BYTES).ok_or(Unusable::Damaged("it is too short"))?;
    if header[..16] != COUNT.0 {
        return Err(Unusable::Damaged("it does not start as it should"));
    }
    if let Some((_, position)) = decode(key, 0, header) {
        return Ok(position.seq);
    }
    // If this key made any other slot, then it is the right key, and the first slot was bent.
    let mut others = (0..).zip(bytes.chunks_exact(SLOT_BYTES)).skip(1);
    if others.any(|(slot, bytes)| decode(key, slot, bytes).is_some()) {
        return Err(Unusable::Damaged("its first slot is not ours"));
    }
    Err(Unusable::WrongKey)
}

fn encode(key: &hmac::Key, slot: u64, log: LogId, seq: Seq, head: &Head) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..16].copy_from_slice(&log.0);
    bytes[16..24].copy_from_slice(&seq.to_be_bytes());
    bytes[24..SIGNED_BYTES].copy_from_slice(&head.0);
    let mut signing = hmac::Context::with_key(key);
    signing.update(&slot.to_be_bytes());
    signing.update(&bytes[..SIGNED_BYTES]);
    bytes[SIGNED_BYTES..SIGNED_BYTES + 32].copy_from_slice(signing.sign().as_ref());
    bytes
}

fn decode(key: &hmac::Key, slot: u64, bytes: &[u8]) -> Option<(LogId, Position)> {
    let signed = bytes.get(..SIGNED_BYTES)?;
    let what = [&slot.to_be_bytes(), signed].concat();
    hmac::verify(key, &what, bytes.get(SIGNED_BYTES..SIGNED_BYTES + 32)?).ok()?;
    let seq = Seq::from_be_bytes(field(signed, 16)?);
    Some((LogId(field(signed, 0)?), Position { seq, head: Head(field(signed, 24)?) }))
}
