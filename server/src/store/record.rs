//! What stands inside a sealed record. Written once, read forever: a change is a new version byte.
//!
//! ```text
//! version 1 ‖ flags 1 ‖ at_ms 8 ‖ salt 16 ‖ head 32 ‖ further parts 2 ‖ summary length 4
//!   ‖ state before 8
//!   [‖ target 8 ‖ kind 1]   if it refers to another record
//!   [‖ id 33]               if it has an id
//! ‖ summary ‖ item
//! ```
//!
//! An erased record has no summary, salt zero, and in the place of the item the commitment to what it
//! was: enough for the chain and the list of state, and nothing of what was said.
//!
//! Numbers are big-endian. The whole is cut into chunks of [`CHUNK_BYTES`], each sealed by itself;
//! the header is always within the first. What the indices say is here too, so that they can be
//! checked. The records that are state are a list, each naming the one before, and every other
//! record names the last of them: so none can be lost unnoticed. It knows no keys and no database.

use warproom_proto::record::{Head, LogId, Salt, Seq, commitment};

use super::layout::{DraftId, field};

/// The most plaintext in one value: with seal and key it stays under the 7 KB above which the
/// database would keep it in a side file that is never synced.
pub(super) const CHUNK_BYTES: usize = 6 * 1024;

const VERSION: u8 = 1;
const IS_STATE: u8 = 1;
const REFERS: u8 = 2;
const HAS_ID: u8 = 4;
const IS_ERASED: u8 = 8;
const FIXED_BYTES: usize = 72;

/// A record to be appended.
pub struct Draft {
    /// The log it goes to.
    pub log: LogId,
    /// A short form of it for whoever folds the log, opaque here. Sealed, but not in the chain.
    pub summary: Vec<u8>,
    /// The exact text that the chain commits to.
    pub item: Vec<u8>,
    /// The record of the same log that it refers to, and a tag for how.
    pub refers_to: Option<(Seq, u8)>,
    /// Whether it belongs to what [`super::Store::state`] returns.
    pub is_state: bool,
    /// Under which id it may be sent again without being appended again.
    pub id: Option<DraftId>,
}

/// A record as it was stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub seq: Seq,
    /// When the log took it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What its commitment was salted with.
    pub salt: Salt,
    /// The head of the chain at this record.
    pub head: Head,
    /// The short form.
    pub summary: Vec<u8>,
    /// The exact text; nothing, if it was erased.
    pub item: Vec<u8>,
    /// What the chain committed to, where the text was erased.
    pub erased: Option<Head>,
}

impl Stored {
    /// What the chain commits to at this record: recomputed, or as it was kept when it was erased.
    #[must_use]
    pub fn commitment(&self) -> Head {
        self.erased.unwrap_or_else(|| commitment(&self.salt, self.at_ms, &self.item))
    }
}

/// What of a record tells who may have it, and how long it is. It is read without the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Brief {
    /// Its number.
    pub seq: Seq,
    /// The short form.
    pub summary: Vec<u8>,
    /// The length of its text: exact where all of it stands in the first part, and elsewhere less than a part
    /// too much.
    pub item_bytes: usize,
    /// Whether its text was erased.
    pub is_erased: bool,
}

/// What stands before summary and item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) at_ms: i64,
    pub(super) salt: Salt,
    pub(super) head: Head,
    /// How many parts follow the first.
    pub(super) parts: u16,
    pub(super) refers_to: Option<(Seq, u8)>,
    pub(super) is_state: bool,
    /// The last record before this one that is state; 0 if none is.
    pub(super) state_before: Seq,
    pub(super) id: Option<DraftId>,
    /// Whether summary, salt and item are gone, and the commitment stands in the item's place.
    pub(super) is_erased: bool,
    /// Where the summary starts, and where it ends and the item starts.
    summary_at: usize,
    item_at: usize,
}

/// The record has more parts than two bytes can count.
#[derive(Debug)]
pub(super) struct TooLong;

/// The plaintext of a record.
pub(super) fn encode(
    draft: &Draft,
    at_ms: i64,
    salt: &Salt,
    head: &Head,
    state_before: Seq,
) -> Result<Vec<u8>, TooLong> {
    let optional =
        if draft.refers_to.is_some() { 9 } else { 0 } + draft.id.as_ref().map_or(0, |id| id.len());
    let length = FIXED_BYTES + optional + draft.summary.len() + draft.item.len();
    let parts = u16::try_from((length - 1) / CHUNK_BYTES).map_err(|_| TooLong)?;
    let summary_length = u32::try_from(draft.summary.len()).map_err(|_| TooLong)?;
    let header = Header {
        at_ms,
        salt: *salt,
        head: *head,
        parts,
        refers_to: draft.refers_to,
        is_state: draft.is_state,
        state_before,
        id: draft.id,
        is_erased: false,
        summary_at: 0,
        item_at: 0,
    };
    let mut plain = Vec::with_capacity(length);
    header.write(summary_length, &mut plain);
    plain.extend_from_slice(&draft.summary);
    plain.extend_from_slice(&draft.item);
    Ok(plain)
}

impl Header {
    /// Reads the header from the start of the plaintext; `None` if this version does not know it.
    pub(super) fn decode(plain: &[u8]) -> Option<Self> {
        let [version, flags] = field(plain, 0)?;
        if version != VERSION || flags & !(IS_STATE | REFERS | HAS_ID | IS_ERASED) != 0 {
            return None;
        }
        let mut at = FIXED_BYTES;
        let refers_to = if flags & REFERS == 0 {
            None
        } else {
            let target = Seq::from_be_bytes(field(plain, at)?);
            at += 9;
            Some((target, *plain.get(at - 1)?))
        };
        let id = if flags & HAS_ID == 0 {
            None
        } else {
            at += 33;
            Some(field(plain, at - 33)?)
        };
        let summary_length = u32::from_be_bytes(field(plain, 60)?);
        Some(Self {
            at_ms: i64::from_be_bytes(field(plain, 2)?),
            salt: Salt(field(plain, 10)?),
            head: Head(field(plain, 26)?),
            parts: u16::from_be_bytes(field(plain, 58)?),
            refers_to,
            is_state: flags & IS_STATE != 0,
            state_before: Seq::from_be_bytes(field(plain, 64)?),
            id,
            is_erased: flags & IS_ERASED != 0,
            summary_at: at,
            item_at: at.checked_add(usize::try_from(summary_length).ok()?)?,
        })
    }

    /// The plaintext of this record once it is erased.
    pub(super) fn erased(&self, commitment: &Head) -> Vec<u8> {
        let header = Self { salt: Salt([0; 16]), parts: 0, is_erased: true, ..*self };
        let mut plain = Vec::new();
        header.write(0, &mut plain);
        plain.extend_from_slice(&commitment.0);
        plain
    }

    fn write(&self, summary_length: u32, plain: &mut Vec<u8>) {
        let flags = if self.is_state { IS_STATE } else { 0 }
            | if self.refers_to.is_some() { REFERS } else { 0 }
            | if self.id.is_some() { HAS_ID } else { 0 }
            | if self.is_erased { IS_ERASED } else { 0 };
        plain.extend_from_slice(&[VERSION, flags]);
        plain.extend_from_slice(&self.at_ms.to_be_bytes());
        plain.extend_from_slice(&self.salt.0);
        plain.extend_from_slice(&self.head.0);
        plain.extend_from_slice(&self.parts.to_be_bytes());
        plain.extend_from_slice(&summary_length.to_be_bytes());
        plain.extend_from_slice(&self.state_before.to_be_bytes());
        if let Some((target, kind)) = self.refers_to {
            plain.extend_from_slice(&target.to_be_bytes());
            plain.push(kind);
        }
        if let Some(id) = &self.id {
            plain.extend_from_slice(id);
        }
    }

    /// The record, from its header and its whole plaintext; `None` if they do not belong together.
    pub(super) fn stored(&self, seq: Seq, plain: &[u8]) -> Option<Stored> {
        let (summary, item) = (self.summary(plain)?.to_vec(), self.item(plain)?);
        let (item, erased) =
            if self.is_erased { (&[][..], Some(Head(field(item, 0)?))) } else { (item, None) };
        let (item, at_ms) = (item.to_vec(), self.at_ms);
        Some(Stored { seq, at_ms, salt: self.salt, head: self.head, summary, item, erased })
    }

    /// What tells who may have the record, from the plaintext of its first part; `None` where the summary is
    /// longer than that.
    pub(super) fn brief(&self, seq: Seq, first: &[u8]) -> Option<Brief> {
        let summary = self.summary(first)?.to_vec();
        let item_bytes = self.item(first)?.len() + usize::from(self.parts) * CHUNK_BYTES;
        Some(Brief { seq, summary, item_bytes, is_erased: self.is_erased })
    }

    /// The plaintext that this header and what belongs to it were read from.
    pub(super) fn again(&self, stored: &Stored) -> Vec<u8> {
        let mut plain = Vec::new();
        self.write(u32::try_from(stored.summary.len()).unwrap_or(u32::MAX), &mut plain);
        plain.extend_from_slice(&stored.summary);
        plain.extend_from_slice(stored.erased.as_ref().map_or(&stored.item, |head| &head.0[..]));
        plain
    }

    /// The last record that is state, up to and with this one, whose number is `seq`.
    pub(super) fn last_state(&self, seq: Seq) -> Seq {
        if self.is_state { seq } else { self.state_before }
    }

    /// The summary within the whole plaintext.
    pub(super) fn summary<'a>(&self, plain: &'a [u8]) -> Option<&'a [u8]> {
        plain.get(self.summary_at..self.item_at)
    }

    /// The item within the whole plaintext.
    pub(super) fn item<'a>(&self, plain: &'a [u8]) -> Option<&'a [u8]> {
        plain.get(self.item_at..)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_decodes(
            summary in proptest::collection::vec(any::<u8>(), 0..300),
            item in proptest::collection::vec(any::<u8>(), 0..7000),
            refers_to in any::<Option<(u64, u8)>>(),
            is_state in any::<bool>(),
            id in proptest::option::of(proptest::array::uniform32(any::<u8>())),
            at_ms in any::<i64>(),
            state_before in any::<u64>(),
        ) {
            let id = id.map(|id| { let mut whole = [9; 33]; whole[1..].copy_from_slice(&id); whole });
            let draft = Draft { log: LogId::AUDIT, summary, item, refers_to, is_state, id };
            let (salt, head) = (Salt([1; 16]), Head([2; 32]));
            let plain = encode(&draft, at_ms, &salt, &head, state_before).unwrap();
            let header = Header::decode(&plain).unwrap();
            prop_assert_eq!(header.summary(&plain), Some(&draft.summary[..]));
            prop_assert_eq!(header.item(&plain), Some(&draft.item[..]));
            prop_assert_eq!(usize::from(header.parts), plain.len().div_ceil(CHUNK_BYTES) - 1);
            prop_assert_eq!((header.at_ms, header.salt, header.head), (at_ms, salt, head));
            prop_assert_eq!(header.state_before, state_before);
            prop_assert_eq!(header.last_state(5), if is_state { 5 } else { state_before });
            prop_assert_eq!((header.refers_to, header.is_state, header.id), (refers_to, is_state, id));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(header) = Header::decode(&bytes) {
                let _ = (header.summary(&bytes), header.item(&bytes));
            }
        }
    }
}
