//! Reading: a cheap handle that many threads share, which never shows a record beyond the tip of
//! its log. It waits for no flush and no `fdatasync`; the database holds readers back only for as
//! long as it takes a batch into memory, some 10 µs a record, which is one reason to bound groups.
//!
//! A hole is an error, never skipped over: whoever pages through a log either gets every number
//! or learns which is missing.

use std::sync::{Arc, PoisonError};

use warproom_proto::record::{LogId, Position, Seq};

use super::database::Rows;
use super::fault::guarded;
use super::layout::{self, DraftId, Index, MARKS};
use super::opened::{Opened, ReadError, Reader};
use super::record::{Brief, Stored};
use super::seal::NoKey;

/// A handle to read an open store.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Opened>);

/// Which way to page through a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To higher numbers: later records.
    Forward,
    /// To lower numbers: earlier records.
    Backward,
}

/// A small value that is overwritten in place and stands in no chain: a read position, a session.
///
/// Its key is not sealed; its value is. An empty value removes the mark.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its name, at most [`super::MARK_KEY_BYTES`] long.
    pub key: Vec<u8>,
    /// What it says, at most [`super::MARK_VALUE_BYTES`] long.
    pub value: Vec<u8>,
}

impl Store {
    /// Every log that has a record, in order of id.
    pub fn logs(&self) -> Vec<LogId> {
        let tips = self.0.tips.read().unwrap_or_else(PoisonError::into_inner);
        tips.keys().copied().collect()
    }

    /// How far a log has come. Answered from memory.
    pub fn position(&self, log: LogId) -> Position {
        self.0.tip(log).position
    }

    /// One record; `None` if the log has not come so far.
    pub fn read(&self, log: LogId, seq: Seq) -> Result<Option<Stored>, ReadError> {
        if seq == 0 || seq > self.position(log).seq {
            return Ok(None);
        }
        let found = Reader::default().record(&self.0, log, seq)?;
        found.map(|(_, stored)| Some(stored)).ok_or(ReadError::Missing { log, seq })
    }

    /// What of one record tells who may have it, and how long it is; `None` if the log has not come so far.
    pub fn brief(&self, log: LogId, seq: Seq) -> Result<Option<Brief>, ReadError> {
        if seq == 0 || seq > self.position(log).seq {
            return Ok(None);
        }
        let found = Reader::default().brief(&self.0, log, seq)?;
        found.map(Some).ok_or(ReadError::Missing { log, seq })
    }

    /// The number of the record that was appended under this id.
    pub fn find(&self, log: LogId, id: &DraftId) -> Result<Option<Seq>, ReadError> {
        let found = guarded(|| self.0.db.get(layout::id(log, id)))?;
        Ok(found.and_then(|seq| layout::number(&seq, 0)))
    }

    /// At most `limit` records, from number `from` on, in the order of `direction`. It ends with
    /// the first error, and at the position the log has now.
    pub fn page(&self, log: LogId, from: Seq, limit: usize, direction: Direction) -> Page {
        let last = self.position(log).seq;
        let limit = Seq::try_from(limit).unwrap_or(Seq::MAX);
        let (next, left) = match direction {
            Direction::Forward => {
                let next = from.max(1);
                (next, limit.min((last + 1).saturating_sub(next)))
            }
            Direction::Backward => {
                let next = from.min(last);
                (next, limit.min(next))
            }
        };
        let span = left.saturating_sub(1);
        let (low, high) = match direction {
            Direction::Forward => (next, next.saturating_add(span)),
            Direction::Backward => (next.saturating_sub(span), next),
        };
        // One walk along the leaves, not a search from the root for each record.
        let stored = self.0.db.range(layout::record(log, low)..=layout::record(log, high));
        let (store, reader) = (Arc::clone(&self.0), Reader::default());
        Page { store, reader, log, next, left, direction, stored }
    }

    /// The numbers of the records that were appended as state, in order: all of them, or an error.
    pub fn state(&self, log: LogId) -> Result<Vec<Seq>, ReadError> {
        let mut seq = self.0.tip(log).last_state;
        let mut reader = Reader::default();
        let mut found = Vec::new();
        while seq > 0 {
            let record = reader.record(&self.0, log, seq)?;
            let (header, _) = record.ok_or(ReadError::Missing { log, seq })?;
            if !header.is_state || header.state_before >= seq {
                return Err(ReadError::Damaged { log, seq });
            }
            found.push(seq);
            seq = header.state_before;
        }
        found.reverse();
        Ok(found)
    }

    /// The numbers of the records after `after` that refer to `target`, in order, each with the tag
    /// it was appended with.
    pub fn referring(
        &self,
        log: LogId,
        target: Seq,
        after: Seq,
    ) -> impl Iterator<Item = Result<(Seq, u8), ReadError>> + use<> {
        let last = self.position(log).seq;
        let from = layout::reference(log, target, after.saturating_add(1));
        let entries =
            (after < last).then(|| self.0.db.range(from..=layout::reference(log, target, last)));
        guarded_items(entries.into_iter().flatten()).map(move |entry| {
            let (key, kind) = entry?;
            let seq = layout::number(&key, 25).unwrap_or_default();
            kind.first().map(|kind| (seq, *kind)).ok_or(ReadError::Damaged { log, seq })
        })
    }

    /// The first number whose time is `at_ms` or later; one more than the last if there is none.
    pub fn at_or_after(&self, log: LogId, at_ms: i64) -> Result<Seq, ReadError> {
        // Times never go backwards within a log, so the numbers can be halved.
        let mut reader = Reader::default();
        let (mut low, mut high) = (1, self.position(log).seq + 1);
        while low < high {
            let seq = low + (high - low) / 2;
            let header = reader.header(&self.0, log, seq)?;
            if header.ok_or(ReadError::Missing { log, seq })?.at_ms < at_ms {
                low = seq + 1;
            } else {
                high = seq;
            }
        }
        Ok(low)
    }

    /// The marks whose keys start with `prefix`, in order of key.
    pub fn marks(&self, prefix: &[u8]) -> impl Iterator<Item = Result<Mark, ReadError>> + use<> {
        let from = Arc::clone(&self.0);
        let entries = from.db.scan_prefix(layout::mark(prefix));
        guarded_items(entries).map(move |entry| {
            let (place, sealed) = entry?;
            open_mark(&from, &place, &sealed)
        })
    }
}

/// The records of one page.
pub struct Page {
    store: Arc<Opened>,
    reader: Reader,
    log: LogId,
    next: Seq,
    left: u64,
    direction: Direction,
    /// The stored records in question, in the order of their keys.
    stored: Rows,
}

impl Iterator for Page {
    type Item = Result<Stored, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (log, seq) = (self.log, self.next);
        let stored = &mut self.stored;
        let found = guarded(|| match self.direction {
            Direction::Forward => stored.next().transpose(),
            Direction::Backward => stored.next_back().transpose(),
        });
        self.next = match self.direction {
            Direction::Forward => seq.saturating_add(1),
            Direction::Backward => seq.saturating_sub(1),
        };
        let record = match found {
            Ok(Some((key, sealed))) if *key == layout::record(log, seq) => {
                self.reader.sealed_record(&self.store, log, seq, &sealed)
            }
            Ok(_) => Err(ReadError::Missing { log, seq }),
            Err(fault) => Err(fault.into()),
        };
        match record {
            Ok((_, stored)) => Some(Ok(stored)),
            Err(error) => {
                self.left = 0;
                Some(Err(error))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, usize::try_from(self.left).ok())
    }
}

fn open_mark(from: &Opened, place: &[u8], sealed: &[u8]) -> Result<Mark, ReadError> {
    let key = match from.keys.find(&from.db, MARKS, 0) {
        Ok(Some(key)) => key,
        Ok(None) | Err(NoKey::Damaged) => return Err(ReadError::DamagedMark),
        Err(NoKey::Fault(fault)) => return Err(fault.into()),
    };
    let mut value = Vec::new();
    key.open(place, sealed, &mut value).map_err(|_| ReadError::DamagedMark)?;
    Ok(Mark { key: place.get(1..).unwrap_or_default().to_vec(), value })
}

/// Every entry of an index for a log: its key and value.
pub(super) fn index(
    from: &Opened,
    index: Index,
    log: LogId,
) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), ReadError>> + use<> {
    guarded_items(from.db.scan_prefix(index.prefix(log)))
}

/// The same items, with panics of the database turned into faults. It ends with the first error.
pub(super) fn guarded_items<I>(
    mut entries: I,
) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), ReadError>>
where
    I: Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
{
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let entry = guarded(|| entries.next().transpose()).map_err(ReadError::from).transpose();
        ended = !matches!(entry, Some(Ok(_)));
        entry
    })
}
