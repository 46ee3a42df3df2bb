//! What a reader gets to see of what is stored: records whole or as stubs, pages, rooms.

mod amendments;

use serde_json::value::RawValue;
use warproom_proto::calls::RoomSummary;
use warproom_proto::disclosure::Why;
use warproom_proto::{
    Body, Error, ErrorCode, Head, Label, LogId, Principal, Record, RoomId, Salt, Seq, limits,
    record,
};

pub use amendments::{amending, fetch_amendments};

use crate::domain::{Reader, Room, State, Summary};
use crate::store::{Brief, Direction, ReadError, Store, Stored};

/// A record's body for a reader who may have it.
pub fn shown(at_ms: i64, salt: Salt, commitment: Head, item: String, label: Option<Label>) -> Body {
    match RawValue::from_string(item) {
        Ok(item) => Body::Shown { at_ms, salt, item, label },
        Err(error) => {
            tracing::error!(%error, "a stored item is not JSON; it is withheld");
            stub(commitment)
        }
    }
}

/// A record's body for everyone else.
pub const fn stub(commitment: Head) -> Body {
    Body::Withheld { commitment, erased: false }
}

/// How much of a record a reader gets.
pub enum Sight {
    /// All of it, with the label it has now where that is not the one it was written with.
    Whole(Option<Label>),
    /// That it is there.
    Stub,
}

/// A stored record, for a reader who may have it or not.
pub fn stored(of: Stored, sight: Sight) -> Record {
    let (commitment, is_erased) = (of.commitment(), of.erased.is_some());
    let Stored { seq, at_ms, salt, head, item, .. } = of;
    let body = match (String::from_utf8(item), sight) {
        (Ok(item), Sight::Whole(label)) => shown(at_ms, salt, commitment, item, label),
        _ => Body::Withheld { commitment, erased: is_erased },
    };
    Record { seq, head, body }
}

/// The summary kept beside an entry. What was erased has none, and is not found any more.
pub fn summary(of: &Stored, log: LogId) -> Result<Summary, Error> {
    summary_of((log, of.seq), &of.summary, of.erased.is_some())?.ok_or(ErrorCode::NotFound.into())
}

/// Who wrote an entry, if it was not erased.
pub fn author(of: &Brief, log: LogId) -> Result<Option<Principal>, Error> {
    let summary = summary_of((log, of.seq), &of.summary, of.is_erased)?;
    Ok(summary.map(|summary| summary.author))
}

/// The summary kept beside an entry; none of what was erased.
fn summary_of(
    (log, seq): (LogId, Seq),
    bytes: &[u8],
    is_erased: bool,
) -> Result<Option<Summary>, Error> {
    if is_erased {
        return Ok(None);
    }
    let unreadable = || {
        tracing::error!(%log, seq, "a record's summary is not readable");
        ErrorCode::ServerFault.into()
    };
    Summary::from_bytes(bytes).ok_or_else(unreadable).map(Some)
}

/// A room, as somebody sees it; `None` for a log that does not begin as a room.
pub fn room_summary(
    state: &State,
    who: Principal,
    id: RoomId,
    latest: record::Position,
) -> Option<RoomSummary> {
    let room = state.rooms.get(&id)?;
    Some(RoomSummary {
        room: id,
        settings: room.settings()?.clone(),
        role: room.role(who),
        latest,
        read: state.read.get(&(id, who)).copied().unwrap_or(0),
    })
}

/// Reads records of a log in one direction, until there are enough or they fill a page; oldest
/// first.
pub fn fetch(
    store: &Store,
    log: LogId,
    from: Seq,
    limit: usize,
    direction: Direction,
) -> Result<Vec<Stored>, Error> {
    let mut records = Vec::new();
    let mut bytes = 0;
    for stored in store.page(log, from, limit, direction) {
        let stored = stored.map_err(|error| unreadable(&error))?;
        bytes += stored.item.len();
        if bytes > limits::PAGE_BYTES && !records.is_empty() {
            break;
        }
        records.push(stored);
    }
    if direction == Direction::Backward {
        records.reverse();
    }
    Ok(records)
}

/// Reads these records of a room, until they fill a page.
pub fn fetch_each(
    store: &Store,
    room: RoomId,
    seqs: impl Iterator<Item = Seq>,
) -> Result<Vec<Stored>, Error> {
    let mut records = Vec::new();
    let mut bytes = 0;
    for seq in seqs {
        let read = store.read(LogId::room(room), seq).map_err(|error| unreadable(&error))?;
        bytes += read.as_ref().map_or(0, |stored| stored.item.len());
        records.extend(read);
        if bytes >= limits::PAGE_BYTES {
            break;
        }
    }
    Ok(records)
}

/// Stored records of a room as one reader gets them: the labels decide on each. A reader who is not
/// in the room is refused, also where they went while it was read: stubs they would keep for good, and
/// not ask again when they come back.
pub fn show(
    state: &State,
    who: Principal,
    room: RoomId,
    records: Vec<Stored>,
) -> Result<Vec<Record>, Error> {
    let entitled = Entitled::to(state, who, room).ok_or(ErrorCode::NotFound)?;
    let shown = |of: Stored| {
        let sight = entitled.sight(&of)?;
        Ok(stored(of, sight))
    };
    records.into_iter().map(shown).collect()
}

/// The same, without what the reader may not have: for records that are chosen by what they refer
/// to, of which a stub would tell just that.
pub fn show_readable(
    state: &State,
    who: Principal,
    room: RoomId,
    records: Vec<Stored>,
) -> Result<Vec<Record>, Error> {
    let mut shown = show(state, who, room, records)?;
    shown.retain(|record| matches!(record.body, Body::Shown { .. }));
    Ok(shown)
}

/// Which of these records of a room somebody may read now. What is compared with what they look for is
/// asked here first, each text of it.
pub fn readable(
    state: &State,
    who: Principal,
    room: RoomId,
    records: &[Stored],
) -> Result<Vec<bool>, Error> {
    let entitled = Entitled::to(state, who, room).ok_or(ErrorCode::NotFound)?;
    records.iter().map(|stored| entitled.may_read(stored)).collect()
}

/// A reader who is in a room now.
pub struct Entitled<'a> {
    log: LogId,
    room: &'a Room,
    reader: Reader,
}

impl<'a> Entitled<'a> {
    /// Who they are in the room; `None` if they are not in it or may do nothing now.
    pub fn to(state: &'a State, who: Principal, room: RoomId) -> Option<Self> {
        let (log, room) = (LogId::room(room), state.room_of(who, room).ok()?);
        Some(Self { log, room, reader: Reader::of(&state.register, who)? })
    }

    /// Whether they may have a record.
    pub fn may_read(&self, of: &Stored) -> Result<bool, Error> {
        let gone = of.erased.is_some();
        Ok(!gone && self.room.may_read(&self.reader, of.seq, &summary(of, self.log)?))
    }

    /// The label of a record now, if they may have it.
    pub fn label(&self, of: &Brief) -> Result<Option<Label>, Error> {
        let summary = summary_of((self.log, of.seq), &of.summary, of.is_erased)?;
        let readable = summary.filter(|summary| self.room.may_read(&self.reader, of.seq, summary));
        Ok(readable.map(|summary| self.room.label(of.seq, &summary)))
    }

    /// Who wrote a record, if they may know: they may read it, or might, were what it is about not taken
    /// back.
    pub fn author_told(&self, of: &Stored) -> Result<Option<Principal>, Error> {
        if of.erased.is_some() {
            return Ok(None);
        }
        let summary = summary(of, self.log)?;
        let is_told = self.room.might_read(&self.reader, of.seq, &summary);
        Ok(is_told.then_some(summary.author))
    }

    /// How much of a record they may have.
    pub fn sight(&self, of: &Stored) -> Result<Sight, Error> {
        if of.erased.is_some() {
            return Ok(Sight::Stub);
        }
        let summary = summary(of, self.log)?;
        if !self.room.may_read(&self.reader, of.seq, &summary) {
            return Ok(Sight::Stub);
        }
        let label = self.room.label(of.seq, &summary);
        Ok(Sight::Whole((label != summary.label).then_some(label)))
    }

    /// The label under which they may take a record out of the room, and the one now where it was written
    /// with another; none of what they may not read, and of TLP:RED.
    pub fn exported(&self, of: &Stored) -> Result<Option<(Label, Option<Label>)>, Error> {
        if of.erased.is_some() {
            return Ok(None);
        }
        let label = self.room.label(of.seq, &summary(of, self.log)?);
        Ok(match self.sight(of)? {
            Sight::Whole(now) if label != Label::Red => Some((label, now)),
            _ => None,
        })
    }

    /// The same for disclosure, up to a label; or why not. Of what is about an entry that was taken back it is not said, because that
    /// would tell what it is about.
    pub fn disclosed(
        &self,
        of: &Stored,
        up_to: Label,
    ) -> Result<Result<(Label, Option<Label>), Why>, Error> {
        if of.erased.is_some() {
            return Ok(Err(Why::Erased));
        }
        let label = self.room.label(of.seq, &summary(of, self.log)?);
        Ok(match self.sight(of)? {
            _ if self.room.is_retracted(of.seq) => Err(Why::TakenBack),
            Sight::Stub => Err(Why::NotYours),
            Sight::Whole(_) if label == Label::Red || label > up_to => Err(Why::Label { label }),
            Sight::Whole(now) => Ok((label, now)),
        })
    }
}

/// A read that failed: named in the log, and to the client no more than that.
pub fn unreadable(error: &ReadError) -> Error {
    tracing::error!(%error, "the store could not be read");
    ErrorCode::ServerFault.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KindTag;
    use crate::store::THREAD_TAGS;
    use warproom_proto::MemberId;

    #[test]
    fn what_makes_a_thread_longer_is_known_to_the_store_by_its_kind() {
        assert_eq!(THREAD_TAGS, [KindTag::Post as u8, KindTag::Answer as u8]);
    }

    #[test]
    fn whoever_went_while_a_page_was_read_is_refused_and_gets_no_stubs() {
        let of = Stored {
            seq: 1,
            at_ms: 0,
            salt: Salt([0; 16]),
            head: Head([0; 32]),
            summary: Vec::new(),
            item: Vec::new(),
            erased: None,
        };
        let who = Principal::Member(MemberId::random());
        let shown = show(&State::default(), who, RoomId::random(), vec![of]);
        assert_eq!(shown.err().map(|error| error.code), Some(ErrorCode::NotFound));
    }
}
