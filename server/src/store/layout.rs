//! The keys of the database: one tag byte, then fields of fixed width, numbers big-endian, so that
//! the order of the keys is the order of the logs.
//!
//! ```text
//! A ‖ log 16 ‖ target 8 ‖ kind 1 ‖ seq 8 -> kind tag 1      of R, what stands aside of the target's thread
//! E ‖ log 16 ‖ period 2            -> period 2              what is being erased, and sealed anew as
//! F ‖ log 16 ‖ file 16             -> key and note of a file, sealed
//! I ‖ log 16 ‖ id 33               -> seq 8                 which record took this id
//! K ‖ log 16 ‖ period 2            -> data key, wrapped
//! L ‖ log 16 ‖ seq 8               -> record, sealed        (its first part)
//! M ‖ key                          -> mark, sealed
//! N                                -> number 8              of the last erasure that began
//! O                                -> nothing               the master key is to be changed
//! P ‖ log 16 ‖ seq 8 ‖ part 2      -> a further part, sealed; parts count from 1
//! R ‖ log 16 ‖ target 8 ‖ seq 8    -> kind tag 1            who refers to the target
//! ```
//!
//! Keys are not sealed: they show which log grew and who refers to what, never what was said.
//! It knows nothing of what the values hold.

use warproom_proto::record::{LogId, Seq};

/// An id within a log: the author's seventeen bytes, then the sixteen its client chose.
pub type DraftId = [u8; 33];

/// The kind tags of what makes a thread longer, without a bound: replies and answers. Everything else that
/// refers to a record stands aside of its thread.
pub const THREAD_TAGS: [u8; 2] = [1, 6];

/// The pseudo log whose data key seals the marks. No room has this id: it is no `UUIDv7`.
pub(super) const MARKS: LogId = LogId([0xfe; 16]);

/// The pseudo log whose data key seals what a backup says of itself. It outlives the master key that
/// wraps it, so that a server knows its earlier backups again.
pub(super) const BACKUPS: LogId = LogId([0xfd; 16]);

/// The indices, each written with the record it points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Index {
    /// From an id to its record.
    Id,
    /// Further parts of long records.
    Part,
    /// From a target to the records that refer to it.
    Reference,
    /// The same for those alone that make no thread longer, by kind: the newest of each kind are found
    /// however long the thread is, and however many there are of another kind.
    Aside,
}

impl Index {
    pub(super) const ALL: [Self; 4] = [Self::Id, Self::Part, Self::Reference, Self::Aside];

    const fn tag(self) -> u8 {
        match self {
            Self::Id => b'I',
            Self::Part => b'P',
            Self::Reference => b'R',
            Self::Aside => b'A',
        }
    }

    /// What every entry of this index for `log` starts with.
    pub(super) fn prefix(self, log: LogId) -> [u8; 17] {
        join(self.tag(), &[&log.0])
    }
}

/// What every row of a file starts with.
pub(super) const FILE: u8 = b'F';

pub(super) const RECORD_BYTES: usize = 25;
pub(super) const PART_BYTES: usize = 27;
const ASIDE_BYTES: usize = 34;

pub(super) fn record(log: LogId, seq: Seq) -> [u8; RECORD_BYTES] {
    join(b'L', &[&log.0, &seq.to_be_bytes()])
}

pub(super) fn part(log: LogId, seq: Seq, part: u16) -> [u8; PART_BYTES] {
    join(Index::Part.tag(), &[&log.0, &seq.to_be_bytes(), &part.to_be_bytes()])
}

pub(super) fn reference(log: LogId, target: Seq, seq: Seq) -> [u8; 33] {
    join(Index::Reference.tag(), &[&log.0, &target.to_be_bytes(), &seq.to_be_bytes()])
}

pub(super) fn aside(log: LogId, target: Seq, kind: u8, seq: Seq) -> [u8; ASIDE_BYTES] {
    join(Index::Aside.tag(), &[&log.0, &target.to_be_bytes(), &[kind], &seq.to_be_bytes()])
}

/// The target, the kind and the number in the key of an aside.
pub(super) fn parse_aside(key: &[u8]) -> Option<(Seq, u8, Seq)> {
    let key: &[u8; ASIDE_BYTES] = key.try_into().ok()?;
    Some((number(key, 17)?, key[25], number(key, 26)?))
}

/// The place that an aside had in the second form, in which the kinds of a target stood mixed.
pub(super) fn mixed_aside_of(reference: &[u8]) -> Vec<u8> {
    [&[Index::Aside.tag()], reference.get(1..).unwrap_or_default()].concat()
}

/// What every reference starts with.
pub(super) const REFERENCES: &[u8] = b"R";

/// The key in the index of asides for an entry of the index of references, if it belongs there.
pub(super) fn aside_of(reference: &[u8], kind: &[u8]) -> Option<[u8; ASIDE_BYTES]> {
    let (log, kind) = (LogId(field(reference, 1)?), *kind.first()?);
    let key = aside(log, number(reference, 17)?, kind, number(reference, 25)?);
    (!THREAD_TAGS.contains(&kind)).then_some(key)
}

/// The keys of the indices that have a reference of this kind.
pub(super) fn references(
    log: LogId,
    target: Seq,
    seq: Seq,
    kind: u8,
) -> impl Iterator<Item = (Index, Vec<u8>)> {
    let reference = reference(log, target, seq);
    let aside = aside_of(&reference, &[kind]).map(|aside| (Index::Aside, aside.to_vec()));
    [(Index::Reference, reference.to_vec())].into_iter().chain(aside)
}

pub(super) fn id(log: LogId, id: &DraftId) -> [u8; 50] {
    join(Index::Id.tag(), &[&log.0, id])
}

pub(super) fn data_key(log: LogId, period: u16) -> [u8; 19] {
    join(b'K', &[&log.0, &period.to_be_bytes()])
}

pub(super) fn erasing(log: LogId, period: u16) -> [u8; 19] {
    join(b'E', &[&log.0, &period.to_be_bytes()])
}

/// Where every erasure under way starts.
pub(super) const ERASING: &[u8] = b"E";

/// The number of the last erasure that began. Generations of data keys take turns, so they do not
/// tell whether anything was erased since; this does.
pub(super) const ERASURES: &[u8] = b"N";

/// There since something was erased and until the master key is changed: older backups have the
/// destroyed data keys still.
pub(super) const OLD_MASTER_KEY: &[u8] = b"O";

/// What every wrapped data key's place starts with.
pub(super) const DATA_KEYS: &[u8] = b"K";

/// The log and month in the key of a data key.
pub(super) fn parse_data_key(key: &[u8]) -> Option<(LogId, u16)> {
    let key: &[u8; 19] = key.try_into().ok()?;
    (key[0] == b'K').then_some(())?;
    Some((LogId(field(key, 1)?), u16::from_be_bytes(field(key, 17)?)))
}

/// The keys of what grows with the logs and follows from them or is numbered by them, by tag, in
/// order. Everything else is small.
pub(super) const GROWING: [u8; 5] = *b"AILPR";

/// What every row of a file of `log` starts with.
pub(super) fn files(log: LogId) -> [u8; 17] {
    join(FILE, &[&log.0])
}

pub(super) fn file(log: LogId, file: &[u8; 16]) -> [u8; 33] {
    join(FILE, &[&log.0, file])
}

pub(super) fn mark(key: &[u8]) -> Vec<u8> {
    [b"M", key].concat()
}

/// The log and number in the key of a record.
pub(super) fn parse_record(key: &[u8]) -> Option<(LogId, Seq)> {
    let key: &[u8; RECORD_BYTES] = key.try_into().ok()?;
    (key[0] == b'L').then_some(())?;
    Some((LogId(field(key, 1)?), Seq::from_be_bytes(field(key, 17)?)))
}

/// The number at `at` in a key.
pub(super) fn number(key: &[u8], at: usize) -> Option<u64> {
    field(key, at).map(u64::from_be_bytes)
}

/// The `N` bytes at `at`.
pub(super) fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn join<const N: usize>(tag: u8, fields: &[&[u8]]) -> [u8; N] {
    let mut key = [tag; N];
    let mut at = 1;
    for field in fields {
        key[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    }
    debug_assert_eq!(at, N, "the fields fill the key");
    key
}
