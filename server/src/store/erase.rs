//! Erasing records for good: what stays of a month is sealed anew under a new data key, and the old
//! one is destroyed. What stays of an erased record is its number, its time, its head and what it was
//! committed to, so the chain holds and can be checked; what was said is gone.
//!
//! ```text
//! E row, new key, erased records ─▶ every other record of the month, sealed anew ─▶ old key, E row gone
//!        (slice by slice)                    (slice by slice)
//! ```
//!
//! Each slice is one durable batch, between which other groups are committed; new records of the month
//! are sealed under the new key from the first slice on. A crash in between leaves both keys and the
//! `E` row, and [`Committer::unfinished`] goes on from there. Records that were still to be erased are
//! then sealed anew like the others: whoever decides what is to be erased decides again.
//!
//! A backup has the old key too, sealed by the master key of its time: only changing the master key
//! takes it from there. It knows nothing of why something is erased.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use warproom_proto::record::{LogId, Seq};
use zeroize::Zeroizing;

use super::commit::{CommitError, Committer};
use super::database::{Batch, Database};
use super::fault::{Fault, guarded};
use super::file::FileKeyId;
use super::layout::{self, field};
use super::opened::{Opened, ReadError, Reader};
use super::read::Store;
use super::seal::{DataKey, NoKey, generations, month_in, month_of, period_of_sealed};

/// How many records one slice seals anew: some milliseconds of work, which whoever posts waits for.
const SLICE: usize = 128;

/// How many records one slice looks at. Most of those between two months concerned need only that.
const LOOKED_AT: usize = 8 * SLICE;

/// An erasure under way.
pub struct Erasure {
    log: LogId,
    to_erase: BTreeSet<Seq>,
    /// The files that go with a record, and those that went.
    files: BTreeMap<Seq, Vec<FileKeyId>>,
    gone: Vec<FileKeyId>,
    /// From each period that loses records to the one that takes its place.
    periods: BTreeMap<u16, u16>,
    /// What is still to be looked at for sealing anew, once nothing more is to be erased.
    left: Option<Range<Seq>>,
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another slice is needed.
    More,
    /// It is done: the old keys are gone.
    Done,
}

impl Erasure {
    /// An erasure of these records of a log. Those that are erased already, or not there, stay as
    /// they are.
    #[must_use]
    pub const fn new(log: LogId, records: BTreeSet<Seq>) -> Self {
        Self {
            log,
            to_erase: records,
            files: BTreeMap::new(),
            gone: Vec::new(),
            periods: BTreeMap::new(),
            left: None,
        }
    }

    /// Lets files go with the records that carry them: what the store keeps of a file is gone in the
    /// moment in which its record is.
    pub fn add_files(&mut self, files: impl IntoIterator<Item = (Seq, FileKeyId)>) {
        for (seq, file) in files {
            self.files.entry(seq).or_default().push(file);
        }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// What is still to be erased of it.
    pub fn to_erase(&self) -> impl Iterator<Item = Seq> {
        self.to_erase.iter().copied()
    }

    /// The files that went with the slices since this was asked last.
    pub fn take_gone(&mut self) -> Vec<FileKeyId> {
        std::mem::take(&mut self.gone)
    }

    /// Whether anything was erased by it.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        !self.periods.is_empty()
    }
}

impl Committer {
    /// The erasures that a crash or a stop cut short.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn unfinished(&self) -> Result<Vec<Erasure>, Fault> {
        let db = &self.opened.db;
        let rows = guarded(|| db.scan_prefix(layout::ERASING).collect::<sled::Result<Vec<_>>>())?;
        let mut found: BTreeMap<LogId, Erasure> = BTreeMap::new();
        for (key, to) in rows {
            let row = (field(&key, 1), field(&key, 17), field(&to, 0));
            let (Some(log), Some(from), Some(to)) = row else {
                return Err(Fault::broken("an erasure under way is not readable"));
            };
            let log = LogId(log);
            let erasure = found.entry(log).or_insert_with(|| Erasure::new(log, BTreeSet::new()));
            erasure.periods.insert(u16::from_be_bytes(from), u16::from_be_bytes(to));
        }
        Ok(found.into_values().collect())
    }

    /// Does a slice of an erasure, durably.
    ///
    /// # Errors
    /// As [`Committer::commit`]. A record that has to be sealed anew and does not open is a failure
    /// too; the old key stays then. After an error the erasure is of no use any more: what is left of
    /// it is among [`Committer::unfinished`].
    pub fn erase(&mut self, erasure: &mut Erasure) -> Result<Progress, CommitError> {
        let opened = Arc::clone(&self.opened);
        let mut slice = Slice::new(&opened, erasure);
        let progress = slice.fill()?;
        let Slice { batch, new_keys, .. } = slice;
        self.write(batch)?;
        for (period, key) in new_keys {
            opened.keys.remember(erasure.log, period, &key);
            opened.keys.turn_to(erasure.log, period);
        }
        if progress == Progress::Done {
            for period in erasure.periods.keys() {
                opened.keys.forget(erasure.log, *period);
            }
        }
        Ok(progress)
    }
}

impl Store {
    /// Whether something was erased since the master key was changed last: then older backups still
    /// open to what is gone here. Not as long as an erasure is under way: the data keys that it is to
    /// destroy would be wrapped by the new master key too.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn needs_new_master_key(&self) -> Result<bool, Fault> {
        let db = &self.0.db;
        Ok(guarded(|| db.contains_key(layout::OLD_MASTER_KEY))? && !is_erasing(db)?)
    }
}

/// Whether an erasure is under way, or was cut short.
pub(super) fn is_erasing(db: &Database) -> Result<bool, Fault> {
    Ok(guarded(|| db.scan_prefix(layout::ERASING).next().transpose())?.is_some())
}

/// One batch of an erasure in the making.
struct Slice<'a> {
    opened: &'a Opened,
    erasure: &'a mut Erasure,
    reader: Reader,
    batch: Batch,
    new_keys: Vec<(u16, Arc<DataKey>)>,
}

impl<'a> Slice<'a> {
    fn new(opened: &'a Opened, erasure: &'a mut Erasure) -> Self {
        let (reader, batch) = (Reader::default(), Batch::default());
        Self { opened, erasure, reader, batch, new_keys: Vec::new() }
    }

    fn fill(&mut self) -> Result<Progress, Fault> {
        if !self.erasure.to_erase.is_empty() {
            for _ in 0..SLICE {
                let Some(seq) = self.erasure.to_erase.pop_first() else { break };
                self.erase(seq)?;
            }
            return Ok(Progress::More);
        }
        let mut left = match self.erasure.left.take() {
            Some(left) => left,
            None => self.concerned()?,
        };
        let mut renewed = 0;
        for seq in left.by_ref().take(LOOKED_AT) {
            renewed += usize::from(self.renew(seq)?);
            if renewed == SLICE {
                break;
            }
        }
        if !left.is_empty() {
            self.erasure.left = Some(left);
            return Ok(Progress::More);
        }
        self.renew_files()?;
        for period in self.erasure.periods.keys() {
            self.batch.remove(&layout::data_key(self.erasure.log, *period)[..]);
            self.batch.remove(&layout::erasing(self.erasure.log, *period)[..]);
        }
        Ok(Progress::Done)
    }

    /// Puts in a record's place what stays of it.
    fn erase(&mut self, seq: Seq) -> Result<(), Fault> {
        let log = self.erasure.log;
        for file in self.erasure.files.remove(&seq).unwrap_or_default() {
            self.batch.remove(&layout::file(log, &file)[..]);
            self.erasure.gone.push(file);
        }
        let place = layout::record(log, seq);
        let Some(sealed) = guarded(|| self.opened.db.get(place))? else { return Ok(()) };
        let found = self.reader.sealed_record(self.opened, log, seq, &sealed);
        let (header, stored) = found.map_err(fault)?;
        if header.is_erased {
            return Ok(());
        }
        let (to, key) = self.next(period_of(&sealed)?)?;
        let plain = header.erased(&stored.commitment());
        self.batch.insert(&place[..], key.seal(to, &place, &plain)?);
        for part in 1..=header.parts {
            self.batch.remove(&layout::part(log, seq, part)[..]);
        }
        Ok(())
    }

    /// Seals a record anew with all its parts, if it is of a period that ends; whether it is.
    fn renew(&mut self, seq: Seq) -> Result<bool, Fault> {
        let log = self.erasure.log;
        let place = layout::record(log, seq);
        let Some(sealed) = guarded(|| self.opened.db.get(place))? else { return Ok(false) };
        let from = period_of(&sealed)?;
        if !self.erasure.periods.contains_key(&from) {
            return Ok(false);
        }
        let header = self.reader.header(self.opened, log, seq).map_err(fault)?;
        self.renew_value(from, &place, &sealed)?;
        for part in 1..=header.map_or(0, |header| header.parts) {
            let place = layout::part(log, seq, part);
            let sealed = guarded(|| self.opened.db.get(place))?;
            let sealed = sealed.ok_or(Fault::broken("a part of a record is missing"))?;
            self.renew_value(from, &place, &sealed)?;
        }
        Ok(true)
    }

    /// Seals anew what is kept of files under a key that ends. They are few beside the records.
    fn renew_files(&mut self) -> Result<(), Fault> {
        let mut rows = self.opened.db.scan_prefix(layout::files(self.erasure.log));
        while let Some((place, sealed)) = guarded(|| rows.next().transpose())? {
            let from = period_of(&sealed)?;
            if self.erasure.periods.contains_key(&from) {
                self.renew_value(from, &place, &sealed)?;
            }
        }
        Ok(())
    }

    fn renew_value(&mut self, from: u16, place: &[u8], sealed: &[u8]) -> Result<(), Fault> {
        let old = key(self.opened, self.erasure.log, from)?;
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let opens = old.open(place, sealed, &mut plain);
        opens.map_err(|_| Fault::broken("a record to be sealed anew does not open"))?;
        let (to, new) = self.next(from)?;
        self.batch.insert(place, new.seal(to, place, &plain)?);
        Ok(())
    }

    /// The period that takes another's place, and its key. The first time, both join the batch.
    fn next(&mut self, from: u16) -> Result<(u16, Arc<DataKey>), Fault> {
        let log = self.erasure.log;
        if let Some(to) = self.erasure.periods.get(&from) {
            let new = self.new_keys.iter().find(|(period, _)| period == to);
            let key = match new {
                Some((_, key)) => Arc::clone(key),
                None => key(self.opened, log, *to)?,
            };
            return Ok((*to, key));
        }
        let mut free = None;
        for period in generations(month_in(from)) {
            if guarded(|| self.opened.db.get(layout::data_key(log, period)))?.is_none() {
                free = Some(period);
                break;
            }
        }
        let to = free.ok_or(Fault::broken("a month has no generation left"))?;
        let new = self.opened.keys.make(log, to)?;
        self.batch.insert(&layout::data_key(log, to)[..], new.wrapped);
        self.batch.insert(&layout::erasing(log, from)[..], &to.to_be_bytes());
        let erasures = guarded(|| self.opened.db.get(layout::ERASURES))?;
        let erasures = erasures.and_then(|number| layout::number(&number, 0)).unwrap_or(0);
        self.batch.insert(layout::ERASURES, &(erasures + 1).to_be_bytes());
        self.batch.insert(layout::OLD_MASTER_KEY, &[]);
        self.erasure.periods.insert(from, to);
        self.new_keys.push((to, Arc::clone(&new.key)));
        Ok((to, new.key))
    }

    /// The records of the months concerned, and those between them.
    fn concerned(&mut self) -> Result<Range<Seq>, Fault> {
        let months = || self.erasure.periods.keys().map(|period| month_in(*period));
        let (Some(first), Some(last)) = (months().min(), months().max()) else { return Ok(0..0) };
        Ok(self.first_from(first)?..self.first_from(last + 1)?)
    }

    /// The first record of a month or a later one; times never go backwards within a log.
    fn first_from(&mut self, month: u16) -> Result<Seq, Fault> {
        let log = self.erasure.log;
        let (mut low, mut high) = (1, self.opened.tip(log).position.seq + 1);
        while low < high {
            let seq = low + (high - low) / 2;
            let header = self.reader.header(self.opened, log, seq).map_err(fault)?;
            let header = header.ok_or(Fault::broken("a record is missing"))?;
            if month_of(header.at_ms) < month {
                low = seq + 1;
            } else {
                high = seq;
            }
        }
        Ok(low)
    }
}

fn key(opened: &Opened, log: LogId, period: u16) -> Result<Arc<DataKey>, Fault> {
    match opened.keys.find(&opened.db, log, period) {
        Ok(Some(key)) => Ok(key),
        Ok(None) | Err(NoKey::Damaged) => Err(Fault::broken("a data key does not open")),
        Err(NoKey::Fault(fault)) => Err(fault),
    }
}

fn period_of(sealed: &[u8]) -> Result<u16, Fault> {
    period_of_sealed(sealed).ok_or(Fault::broken("a record has no period"))
}

fn fault(error: ReadError) -> Fault {
    match error {
        ReadError::Database(fault) => fault,
        _ => Fault::broken("a record of a month that is sealed anew cannot be read"),
    }
}
