//! Opening: the lock, the checkpoint, the database, then every log against its checkpoint.
//!
//! For each log only its end is looked at: the last number, the record at the checkpoint, and the
//! chain from there on, which a crash between making records durable and noting them may have left
//! up to a second long. So it is fast however long the logs are. [`super::verify()`] reads them all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, RwLock};

use warproom_proto::record::{LogId, Position, Seq};

use super::Options;
use super::commit::Committer;
use super::error::{Damage, DamageKind, OpenError};
use super::fault::{Fault, guarded};
use super::folder;
use super::heads::{self, Heads, Unusable};
use super::key::MasterKey;
use super::layout;
use super::opened::{Opened, ReadError, Reader, Tip};
use super::read::Store;
use super::record::{Header, Stored};
use super::seal::KeyRing;
use super::upgrade;
use crate::planted::{Plant, is_planted};

/// Opens a store: a handle to read, to be cloned freely, and the one writer.
pub fn open(
    folder: &Path,
    key: &MasterKey,
    options: Options,
) -> Result<(Store, Committer), OpenError> {
    let (opened, mut heads, checkpoint) = start(folder, key, options)?;
    let mut tips = BTreeMap::new();
    let mut ahead = Vec::new();
    for (log, last) in lasts(&opened, &checkpoint).map_err(|fault| cannot_read(folder, fault))? {
        let known = checkpoint.get(&log).copied();
        let tip = check_end(&opened, log, last, known).map_err(|why| why.into_error(folder))?;
        if known != Some(tip.position) {
            ahead.push((log, tip.position));
        }
        tips.insert(log, tip);
    }
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { path, source }
    };
    let note = heads.write(ahead).and_then(|()| heads.sync());
    note.map_err(io(&folder.join(heads::FILE)))?;
    let opened = Arc::new(Opened { tips: RwLock::new(tips), ..opened });
    let committer = Committer::new(Arc::clone(&opened), heads, options.reserve_bytes);
    let mut committer = committer.map_err(io(&folder::data_file(folder)))?;
    upgrade::to_now(&mut committer).map_err(|source| {
        let folder = folder.to_owned();
        OpenError::Form { folder, source: Box::new(source) }
    })?;
    Ok((Store(opened), committer))
}

/// Locks the store, reads its checkpoint and starts its database. No log has a tip yet.
pub(super) fn start(
    folder: &Path,
    key: &MasterKey,
    options: Options,
) -> Result<(Opened, Heads, BTreeMap<LogId, Position>), OpenError> {
    let (lock, version) = folder::lock(folder)?;
    let (heads, mut checkpoint) =
        Heads::open(folder, key).map_err(|why| unusable_checkpoint(folder, why))?;
    if is_planted(Plant::SkipPositionCheck) {
        checkpoint.clear();
    }
    let opened = Opened {
        db: folder::open_database(folder, options)?,
        keys: KeyRing::new(key),
        tips: RwLock::default(),
        folder: folder.to_owned(),
        version,
        lock,
    };
    Ok((opened, heads, checkpoint))
}

pub(super) fn unusable_checkpoint(folder: &Path, why: Unusable) -> OpenError {
    let path = folder.join(heads::FILE);
    match why {
        Unusable::WrongKey => OpenError::WrongKey,
        Unusable::Damaged(why) => OpenError::Damaged { path, why },
        Unusable::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            OpenError::Damaged { path, why: "it is missing" }
        }
        Unusable::Io(source) => OpenError::Io { path, source },
    }
}

/// Every log that the database or the checkpoint knows, and its last number in the database.
pub(super) fn lasts(
    opened: &Opened,
    checkpoint: &BTreeMap<LogId, Position>,
) -> Result<BTreeMap<LogId, Seq>, Fault> {
    let mut logs: BTreeSet<LogId> = checkpoint.keys().copied().collect();
    let end = layout::record(LogId([0xff; 16]), Seq::MAX);
    let mut from = layout::record(LogId([0; 16]), 0);
    // One step per log, however many records it has: on from the greatest key a log can have.
    while let Some((key, _)) = guarded(|| opened.db.range(from..=end).next().transpose())? {
        let (log, _) = layout::parse_record(&key)
            .ok_or(Fault::broken("a key among the records is not a record's"))?;
        logs.insert(log);
        from = layout::record(log, Seq::MAX);
    }
    logs.into_iter().map(|log| Ok((log, opened.last(log)?))).collect()
}

/// Why a log cannot be used from its checkpoint on.
pub(super) enum Bad {
    Log(Damage),
    Database(Fault),
}

impl Bad {
    pub(super) fn into_error(self, folder: &Path) -> OpenError {
        match self {
            Self::Log(damage) => OpenError::Log(damage),
            Self::Database(fault) => cannot_read(folder, fault),
        }
    }
}

impl From<ReadError> for Bad {
    fn from(error: ReadError) -> Self {
        let damage = |log, seq, what| Self::Log(Damage { log, seq, what });
        match error {
            ReadError::Missing { log, seq } => damage(log, seq, DamageKind::Missing),
            ReadError::Damaged { log, seq } => damage(log, seq, DamageKind::Edited),
            ReadError::DamagedFile { log } => damage(log, 0, DamageKind::File),
            ReadError::DamagedMark => damage(layout::MARKS, 0, DamageKind::Mark),
            ReadError::Database(fault) => Self::Database(fault),
        }
    }
}

/// Checks a log's end against its checkpoint, and answers its tip.
fn check_end(opened: &Opened, log: LogId, last: Seq, known: Option<Position>) -> Result<Tip, Bad> {
    let known = known.unwrap_or_else(|| Position::start(log));
    if last < known.seq {
        let (seq, what) = (last + 1, DamageKind::Truncated);
        return Err(Bad::Log(Damage { log, seq, what }));
    }
    let mut reader = Reader::default();
    let mut tip = Tip::start(log);
    if known.seq > 0 {
        let (header, _) = existing(&mut reader, opened, log, known.seq)?;
        if header.head != known.head {
            let (seq, what) = (known.seq, DamageKind::Forked);
            return Err(Bad::Log(Damage { log, seq, what }));
        }
        let last_state = header.last_state(known.seq);
        tip = Tip { position: known, at_ms: header.at_ms, last_state };
    }
    for seq in known.seq + 1..=last {
        let (header, stored) = existing(&mut reader, opened, log, seq)?;
        tip = follow(tip, log, &header, &stored)?;
    }
    Ok(tip)
}

/// A record that must be there.
pub(super) fn existing(
    reader: &mut Reader,
    opened: &Opened,
    log: LogId,
    seq: Seq,
) -> Result<(Header, Stored), Bad> {
    Ok(reader.record(opened, log, seq)?.ok_or(ReadError::Missing { log, seq })?)
}

/// The tip after `stored`, if it follows in the chain, in time and in the list of state.
pub(super) fn follow(
    before: Tip,
    log: LogId,
    header: &Header,
    stored: &Stored,
) -> Result<Tip, Bad> {
    let position = before.position.next(&stored.commitment());
    if (position.seq, position.head) == (stored.seq, stored.head)
        && stored.at_ms >= before.at_ms
        && header.state_before == before.last_state
    {
        Ok(Tip { position, at_ms: stored.at_ms, last_state: header.last_state(stored.seq) })
    } else {
        Err(ReadError::Damaged { log, seq: stored.seq }.into())
    }
}

pub(super) fn cannot_read(folder: &Path, source: Fault) -> OpenError {
    let path = folder::data_file(folder);
    OpenError::Database { path: path.parent().unwrap_or(folder).to_owned(), source }
}
