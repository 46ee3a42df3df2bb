//! An open store, as readers and the committer share it: the database, the keys, and the tip of
//! every log. A tip moves only when its records are durable, and every read stops at it; so nobody
//! sees a record that a power cut could still take back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use warproom_proto::record::{LogId, Position, Seq};

use super::database::Database;
use super::fault::{Fault, guarded};
use super::folder::ASIDES_SINCE;
use super::layout::{self, Index};
use super::record::{Brief, Header, Stored};
use super::seal::{DataKey, KeyRing, NoKey, period_of_sealed};

/// Why something stored could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is a hole in a log.
    #[error("record {seq} of the {log} log is missing")]
    Missing {
        /// The log.
        log: LogId,
        /// The number that is not there.
        seq: Seq,
    },
    /// A record is not what was stored.
    #[error("record {seq} of the {log} log is not what was stored")]
    Damaged {
        /// The log.
        log: LogId,
        /// The number of the record.
        seq: Seq,
    },
    /// What is kept of a file is not what was stored.
    #[error("what the {log} log keeps of a file is not what was stored")]
    DamagedFile {
        /// The log.
        log: LogId,
    },
    /// A mark is not what was stored.
    #[error("a mark is not what was stored")]
    DamagedMark,
    /// The database failed.
    #[error("the database could not be read")]
    Database(#[from] Fault),
}

/// How far a log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) position: Position,
    /// The time of the last record, which the next may not precede.
    pub(super) at_ms: i64,
    /// The last record that is state; 0 if none is.
    pub(super) last_state: Seq,
}

impl Tip {
    /// Of an empty log.
    pub(super) fn start(log: LogId) -> Self {
        Self { position: Position::start(log), at_ms: 0, last_state: 0 }
    }
}

/// The parts of an open store. The fields are dropped in this order: the lock goes last.
pub(super) struct Opened {
    pub(super) db: Database,
    pub(super) keys: KeyRing,
    pub(super) tips: RwLock<BTreeMap<LogId, Tip>>,
    pub(super) folder: PathBuf,
    /// The version of its form when it was opened.
    pub(super) version: u32,
    /// Held for as long as the store is open, so that no other process opens it.
    pub(super) lock: File,
}

impl Opened {
    /// The indices that a store of its version has.
    pub(super) fn indices(&self) -> impl Iterator<Item = Index> + use<> {
        let version = self.version;
        Index::ALL
            .into_iter()
            .filter(move |index| *index != Index::Aside || version >= ASIDES_SINCE)
    }

    pub(super) fn has(&self, index: Index) -> bool {
        self.indices().any(|has| has == index)
    }

    /// The tip of a log; an empty log is at its start.
    pub(super) fn tip(&self, log: LogId) -> Tip {
        let tips = self.tips.read().unwrap_or_else(PoisonError::into_inner);
        tips.get(&log).copied().unwrap_or_else(|| Tip::start(log))
    }

    /// How far every log has come.
    pub(super) fn positions(&self) -> BTreeMap<LogId, Position> {
        let tips = self.tips.read().unwrap_or_else(PoisonError::into_inner);
        tips.iter().map(|(log, tip)| (*log, tip.position)).collect()
    }

    pub(super) fn advance(&self, ahead: impl IntoIterator<Item = (LogId, Tip)>) {
        self.tips.write().unwrap_or_else(PoisonError::into_inner).extend(ahead);
    }

    /// The number of the last record of a log in the database, whatever its tip says.
    pub(super) fn last(&self, log: LogId) -> Result<Seq, Fault> {
        let all = layout::record(log, 0)..=layout::record(log, Seq::MAX);
        let last = guarded(|| self.db.range(all).next_back().transpose())?;
        Ok(last.and_then(|(key, _)| layout::parse_record(&key)).map_or(0, |(_, seq)| seq))
    }
}

/// Opens records one after another, keeping its buffer and the data key between them.
///
/// It reads what the database has; whoever owns it keeps to the tips.
#[derive(Default)]
pub(super) struct Reader {
    plain: Vec<u8>,
    key: Option<(LogId, u16, Arc<DataKey>)>,
}

impl Reader {
    /// The header of a record, from its first part alone; `None` if there is no such record.
    pub(super) fn header(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
    ) -> Result<Option<Header>, ReadError> {
        let place = layout::record(log, seq);
        let Some(sealed) = guarded(|| from.db.get(place))? else { return Ok(None) };
        let read = self.sealed_header(from, log, seq, &sealed);
        if let Err(ReadError::Damaged { .. }) = read {
            // As in `sealed_record`.
            let now = guarded(|| from.db.get(place))?;
            if let Some(now) = now.filter(|now| *now != sealed) {
                return self.sealed_header(from, log, seq, &now).map(Some);
            }
        }
        read.map(Some)
    }

    fn sealed_header(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
        sealed: &[u8],
    ) -> Result<Header, ReadError> {
        self.plain.clear();
        self.open(from, log, seq, &layout::record(log, seq), sealed)?;
        Header::decode(&self.plain).ok_or(ReadError::Damaged { log, seq })
    }

    /// What of a record tells who may have it, from its first part alone unless its summary is longer.
    pub(super) fn brief(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
    ) -> Result<Option<Brief>, ReadError> {
        let Some(header) = self.header(from, log, seq)? else { return Ok(None) };
        if let Some(brief) = header.brief(seq, &self.plain) {
            return Ok(Some(brief));
        }
        let Some((header, _)) = self.record(from, log, seq)? else { return Ok(None) };
        let brief = header.brief(seq, &self.plain);
        brief.map(Some).ok_or(ReadError::Damaged { log, seq })
    }

    /// A whole record and its header.
    pub(super) fn record(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
    ) -> Result<Option<(Header, Stored)>, ReadError> {
        let Some(sealed) = guarded(|| from.db.get(layout::record(log, seq)))? else {
            return Ok(None);
        };
        self.sealed_record(from, log, seq, &sealed).map(Some)
    }

    /// A whole record and its header, from what is stored of its first part.
    pub(super) fn sealed_record(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
        sealed: &[u8],
    ) -> Result<(Header, Stored), ReadError> {
        let read = self.whole(from, log, seq, sealed);
        if let Err(ReadError::Damaged { .. }) = read {
            // It may have been erased, or sealed under another key, since its first part was read.
            let now = guarded(|| from.db.get(layout::record(log, seq)))?;
            if let Some(now) = now.filter(|now| now != sealed) {
                return self.whole(from, log, seq, &now);
            }
        }
        read
    }

    fn whole(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
        sealed: &[u8],
    ) -> Result<(Header, Stored), ReadError> {
        let damaged = ReadError::Damaged { log, seq };
        let header = self.sealed_header(from, log, seq, sealed)?;
        for part in 1..=header.parts {
            let place = layout::part(log, seq, part);
            let Some(sealed) = guarded(|| from.db.get(place))? else { return Err(damaged) };
            self.open(from, log, seq, &place, &sealed)?;
        }
        let stored = header.stored(seq, &self.plain).ok_or(damaged)?;
        Ok((header, stored))
    }

    fn open(
        &mut self,
        from: &Opened,
        log: LogId,
        seq: Seq,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<(), ReadError> {
        let damaged = || ReadError::Damaged { log, seq };
        let month = period_of_sealed(sealed).ok_or_else(damaged)?;
        if self.key.as_ref().is_none_or(|known| (known.0, known.1) != (log, month)) {
            match from.keys.find(&from.db, log, month) {
                Ok(Some(key)) => self.key = Some((log, month, key)),
                Ok(None) | Err(NoKey::Damaged) => return Err(damaged()),
                Err(NoKey::Fault(fault)) => return Err(fault.into()),
            }
        }
        let Some((_, _, key)) = &self.key else { return Err(damaged()) };
        key.open(place, sealed, &mut self.plain).map_err(|_| damaged())
    }
}
