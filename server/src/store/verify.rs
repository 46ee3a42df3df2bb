//! Verifying: every record of every log read from the first, its commitment and head recomputed
//! and compared with what is stored and with the checkpoint, the list of state followed, and every
//! index entry compared with what the sealed record says. Offline, and it changes nothing in the
//! logs.
//!
//! It finds what opening cannot afford to look for. What it cannot find is a whole store put back
//! to an earlier state, checkpoint included: that is what clients remember heads for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use warproom_proto::record::{LogId, Position, Seq};

use super::Options;
use super::error::{Damage, DamageKind, OpenError};
use super::fault::{Fault, guarded};
use super::key::MasterKey;
use super::layout::{self, Index, THREAD_TAGS};
use super::open::{Bad, existing, follow, lasts, start};
use super::opened::{Opened, ReadError, Reader, Tip};
use super::read::{Store, index};
use super::record::Header;

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every log, and how far it is sound.
    pub logs: Vec<(LogId, Position)>,
    /// How many records are sound.
    pub records: u64,
    /// How many marks are sound.
    pub marks: u64,
    /// The first bad record of each log that has one, in order of log.
    pub damage: Vec<Damage>,
}

/// Reads a whole store that no process has open.
///
/// # Errors
/// Only if the store cannot be read at all; damage to what it holds is in the report.
pub fn verify(folder: &Path, key: &MasterKey) -> Result<Report, OpenError> {
    verify_to_read(folder, key).map(|(report, _)| report)
}

/// The same, and a handle to read each log as far as it is sound, with the store still locked.
///
/// # Errors
/// As [`verify`].
pub fn verify_to_read(folder: &Path, key: &MasterKey) -> Result<(Report, Store), OpenError> {
    let (opened, _heads, checkpoint) = start(folder, key, Options::default())?;
    let failed = |fault: Fault| Bad::Database(fault).into_error(folder);
    let mut report = Report { logs: Vec::new(), records: 0, marks: 0, damage: Vec::new() };
    for (log, last) in lasts(&opened, &checkpoint).map_err(failed)? {
        let known = checkpoint.get(&log).copied();
        let (position, damage) = verify_log(&opened, log, last, known).map_err(failed)?;
        report.records += position.seq;
        report.logs.push((log, position));
        report.damage.extend(damage);
    }
    let sound = |&(log, position): &(LogId, Position)| (log, Tip { position, ..Tip::start(log) });
    opened.advance(report.logs.iter().map(sound));
    let store = Store(Arc::new(opened));
    for mark in store.marks(&[]) {
        match mark {
            Ok(_) => report.marks += 1,
            Err(error) => match Bad::from(error) {
                Bad::Log(damage) => report.damage.push(damage),
                Bad::Database(fault) => return Err(failed(fault)),
            },
        }
    }
    for row in store.files() {
        match row.map_err(Bad::from) {
            Ok(_) => {}
            Err(Bad::Log(damage)) => report.damage.push(damage),
            Err(Bad::Database(fault)) => return Err(failed(fault)),
        }
    }
    Ok((report, store))
}

/// How far a log is sound, and its first bad record.
pub(super) fn verify_log(
    opened: &Opened,
    log: LogId,
    last: Seq,
    known: Option<Position>,
) -> Result<(Position, Option<Damage>), Fault> {
    let mut walk = Walk::new(opened, log);
    let broken = match walk.to(last, known) {
        Ok(()) => None,
        Err(Bad::Log(damage)) => Some(damage),
        Err(Bad::Database(fault)) => return Err(fault),
    };
    // Left-over entries are looked for one by one only where the numbers differ, or where the walk
    // ended early and there is nothing to compare them with.
    let left_over = match broken {
        None if walk.entries == count(opened, log)? => None,
        _ => first_left_over(opened, log)?,
    };
    let damage = [broken, left_over].into_iter().flatten().min_by_key(|bad| (bad.seq, bad.what));
    let sound = damage.map_or(walk.tip.position, |bad| {
        if bad.seq > walk.tip.position.seq { walk.tip.position } else { walk.before(bad.seq) }
    });
    Ok((sound, damage))
}

/// A walk along a log from its start.
struct Walk<'a> {
    opened: &'a Opened,
    log: LogId,
    reader: Reader,
    tip: Tip,
    /// How many index entries the records so far must have.
    entries: BTreeMap<Index, u64>,
}

impl<'a> Walk<'a> {
    fn new(opened: &'a Opened, log: LogId) -> Self {
        let entries = opened.indices().map(|index| (index, 0)).collect();
        Self { opened, log, reader: Reader::default(), tip: Tip::start(log), entries }
    }

    fn to(&mut self, last: Seq, known: Option<Position>) -> Result<(), Bad> {
        let log = self.log;
        for seq in 1..=last {
            let (header, stored) = existing(&mut self.reader, self.opened, log, seq)?;
            let tip = follow(self.tip, log, &header, &stored)?;
            if known.is_some_and(|known| known.seq == seq && known.head != stored.head) {
                return Err(Bad::Log(Damage { log, seq, what: DamageKind::Forked }));
            }
            self.check_indices(seq, &header)?;
            self.tip = tip;
        }
        if known.is_some_and(|known| known.seq > last) {
            let (seq, what) = (last + 1, DamageKind::Truncated);
            return Err(Bad::Log(Damage { log, seq, what }));
        }
        Ok(())
    }

    /// Whether every index entry that this record must have is there.
    fn check_indices(&mut self, seq: Seq, header: &Header) -> Result<(), Bad> {
        let (db, log) = (&self.opened.db, self.log);
        let mut agrees = true;
        let mut check = |index, key: &[u8], value: &[u8]| -> Result<(), Fault> {
            *self.entries.entry(index).or_default() += 1;
            agrees &= guarded(|| db.get(key))?.is_some_and(|found| found == value);
            Ok(())
        };
        let checked = (|| {
            if let Some(id) = &header.id {
                check(Index::Id, &layout::id(log, id), &seq.to_be_bytes())?;
            }
            if let Some((target, kind)) = header.refers_to {
                for (index, key) in layout::references(log, target, seq, kind) {
                    if self.opened.has(index) {
                        check(index, &key, &[kind])?;
                    }
                }
            }
            Ok(())
        })();
        checked.map_err(Bad::Database)?;
        *self.entries.entry(Index::Part).or_default() += u64::from(header.parts);
        if agrees { Ok(()) } else { Err(Bad::Log(Damage { log, seq, what: DamageKind::Index })) }
    }

    /// The position before a record that the walk went past.
    fn before(&mut self, seq: Seq) -> Position {
        let start = Position::start(self.log);
        match self.reader.header(self.opened, self.log, seq.saturating_sub(1)) {
            Ok(Some(header)) => Position { seq: seq - 1, head: header.head },
            _ => start,
        }
    }
}

/// How many entries each index has for a log.
fn count(opened: &Opened, log: LogId) -> Result<BTreeMap<Index, u64>, Fault> {
    let mut counts = BTreeMap::new();
    for which in opened.indices() {
        let mut entries = 0;
        for entry in index(opened, which, log) {
            only_fault(entry)?;
            entries += 1;
        }
        counts.insert(which, entries);
    }
    Ok(counts)
}

/// The lowest record of which an index has an entry that the record does not confirm.
///
/// Entries of records that are missing or do not open are left to the walk, unless the number is
/// one that the log never reached.
fn first_left_over(opened: &Opened, log: LogId) -> Result<Option<Damage>, Fault> {
    let last = opened.last(log)?;
    let mut reader = Reader::default();
    let mut first: Option<Seq> = None;
    for which in opened.indices() {
        for entry in index(opened, which, log) {
            let (key, value) = only_fault(entry)?;
            let seq = match which {
                Index::Id => layout::number(&value, 0),
                Index::Part => layout::number(&key, 17),
                Index::Reference => layout::number(&key, 25),
                Index::Aside => layout::parse_aside(&key).map(|(_, _, seq)| seq),
            };
            let seq = seq.unwrap_or_default();
            let confirmed = match reader.header(opened, log, seq) {
                Ok(Some(header)) => confirms(&header, which, &key, &value),
                Ok(None) => (1..=last).contains(&seq),
                Err(ReadError::Database(fault)) => return Err(fault),
                Err(_) => true,
            };
            if !confirmed {
                first = Some(first.map_or(seq, |first| first.min(seq)));
            }
        }
    }
    Ok(first.map(|seq| Damage { log, seq, what: DamageKind::Index }))
}

fn confirms(header: &Header, which: Index, key: &[u8], value: &[u8]) -> bool {
    match which {
        Index::Id => header.id.is_some_and(|id| key.ends_with(&id)),
        Index::Part => {
            let part = layout::field(key, 25).map_or(0, u16::from_be_bytes);
            (1..=header.parts).contains(&part)
        }
        Index::Reference => header.refers_to.is_some_and(|(target, kind)| {
            layout::number(key, 17) == Some(target) && value == [kind]
        }),
        Index::Aside => header.refers_to.is_some_and(|(target, kind)| {
            let place = layout::parse_aside(key).map(|(of, kind, _)| (of, kind));
            !THREAD_TAGS.contains(&kind) && place == Some((target, kind)) && value == [kind]
        }),
    }
}

fn only_fault<T>(entry: Result<T, ReadError>) -> Result<T, Fault> {
    entry.map_err(|error| match error {
        ReadError::Database(fault) => fault,
        // Stepping through an index opens nothing, so nothing else can be wrong with it.
        _ => Fault::broken("an index could not be read"),
    })
}
