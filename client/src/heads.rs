//! What a client remembers of the server's logs, so that the server cannot change them unseen.
//!
//! It is plain data: an application keeps it in a profile and hands it back when it connects. It is
//! not a cursor of what an application has dealt with: a head may be ahead of that.
//!
//! What it holds to: *whoever changes or takes back anything at or before a position that this client
//! was shown is found out, at the latest when the client reads across that position*. For that, each
//! log has two kinds of positions:
//!
//! - The **walked** one moves over records alone, each of which follows the one before. It vouches for
//!   everything at or before it. The first position ever shown of a log is where its walk begins.
//! - **Claimed** ones lie beyond it: positions that the server named without the records in between, as
//!   in the reply to a post, a list of rooms, a sign-in, or "from now on". Nothing replaces a claim but
//!   a record that follows it; the walk must meet each of them, and then it goes.
//!
//! ```text
//! 1 ──────────▶ walked ─ ─ ─ ─ ─ ◆ claimed ─ ─ ─ ─ ─ ◆──▶ claimed, and read on from
//!               │ every record from here is checked against the one before
//! ```
//!
//! Claims are few because a log with too many of them is walked, a page or two after each call. Who may
//! not read a log (the register, for guests and bots) never reads across a claim: of such a log the
//! first claims are kept, and the latest. What is read from the middle of a log (search, threads,
//! boards, older pages) is held against what is remembered, and not remembered itself.
//!
//! Besides, a client remembers by which authority it knows the server, once that was changed for another:
//! from then on it believes the earlier one no more.

mod log;
mod merge;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use warproom_proto::invitation::{Address, Fingerprint};
use warproom_proto::{Head, LogId, Position, Record, RoomId, Seq};

use crate::audit::AuditHead;
use crate::event::Discontinuity;
use log::Log;

/// How many rooms are remembered that were named and never read.
const ROOMS: usize = 4096;

/// The first record found not to fit, and how.
pub(crate) type Break = (Seq, Discontinuity);

/// The positions the server has shown, of each room and of the register, and the authority it is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    register: Option<Log>,
    #[serde(default)]
    rooms: BTreeMap<RoomId, Log>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audit: Option<AuditHead>,
    /// The WARP's authority, where it is a later one than the address says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<Fingerprint>,
    /// Logs that a person decided to believe anew, so that merging does not bring them back.
    #[serde(skip)]
    forgotten: BTreeSet<Option<RoomId>>,
    #[serde(skip)]
    is_audit_forgotten: bool,
    /// Logs that do not hold: nothing more is taken into them, so that merging does not bring back what
    /// another client with this profile decided to forget.
    #[serde(skip)]
    broken: BTreeSet<Option<RoomId>>,
}

impl Heads {
    /// The walked position of the register: everything shown up to it is vouched for.
    #[must_use]
    pub fn register(&self) -> Option<Position> {
        self.register.as_ref().map(|log| log.walked)
    }

    /// The walked position of a room: everything shown up to it is vouched for.
    #[must_use]
    pub fn room(&self, room: RoomId) -> Option<Position> {
        self.rooms.get(&room).map(|log| log.walked)
    }

    /// Forgets a room, so that whatever the server says of it next is believed.
    pub fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.forgotten.insert(Some(room));
        self.broken.remove(&Some(room));
    }

    /// Forgets the register, so that whatever the server says of it next is believed.
    pub fn forget_register(&mut self) {
        self.register = None;
        self.forgotten.insert(None);
        self.broken.remove(&None);
    }

    /// The audit log's latest checkpoint that was proved to continue those before it.
    #[must_use]
    pub const fn audit(&self) -> Option<AuditHead> {
        self.audit
    }

    /// Forgets the audit log, so that whatever the server says of it next is believed.
    pub fn forget_audit(&mut self) {
        self.audit = None;
        self.is_audit_forgotten = true;
    }

    /// An address that was kept when the device was enrolled, with the authority that the server is known
    /// by since: the one of the address may have been replaced.
    #[must_use]
    pub fn address(&self, enrolled: Address) -> Address {
        Address { authority: self.authority.unwrap_or(enrolled.authority), ..enrolled }
    }

    pub(crate) const fn set_authority(&mut self, authority: Fingerprint) {
        self.authority = Some(authority);
    }

    pub(crate) const fn set_audit(&mut self, head: AuditHead) {
        self.audit = Some(head);
    }

    /// Takes records of a log that stand one after the other. Fails, and keeps what it was, if they do
    /// not follow each other, or are not what was shown before. No room means the register.
    pub(crate) fn pass(&mut self, room: Option<RoomId>, records: &[Record]) -> Result<(), Break> {
        let Some((first, last)) = records.first().zip(records.last()) else { return Ok(()) };
        let id = room.map_or(LogId::REGISTER, LogId::room);
        log::check_chain(id, first, records)?;
        let is_broken = self.broken.contains(&room);
        if let Some(log) = self.log_mut(room) {
            return if is_broken { log.clone().pass(records) } else { log.pass(records) };
        }
        self.set(room, Some(last.position().into()));
        Ok(())
    }

    /// Takes a position of a log that was shown without what lies before it. Fails if another head was
    /// shown there before.
    pub(crate) fn show(&mut self, room: Option<RoomId>, shown: Position) -> Result<(), Break> {
        let is_broken = self.broken.contains(&room);
        if let Some(log) = self.log_mut(room) {
            return if is_broken { log.check(shown) } else { log.claim(shown) };
        }
        // Nobody is in so many rooms: what is only named of more is not kept. What is read of them is.
        if room.is_none() || self.rooms.len() < ROOMS {
            self.set(room, Some(shown.into()));
        }
        Ok(())
    }

    /// A log does not hold: it stays as it is until it is forgotten.
    pub(crate) fn set_broken(&mut self, room: Option<RoomId>) {
        self.broken.insert(room);
    }

    /// Whether a log that has come to `latest` may still continue what is remembered of it. `floor` is
    /// how far it had been shown when the question was asked: answers overtake each other. One that was
    /// forgotten meanwhile is believed as it is.
    pub(crate) fn check_latest(
        &self,
        room: Option<RoomId>,
        latest: Position,
        floor: Seq,
    ) -> Result<(), Break> {
        let floor = floor.min(self.reach(room));
        if latest.seq < floor {
            return Err((latest.seq, Discontinuity::RolledBack { remembered: floor }));
        }
        self.check(room, latest)
    }

    /// Whether a position of a log is not another one than was shown at its number.
    pub(crate) fn check(&self, room: Option<RoomId>, position: Position) -> Result<(), Break> {
        self.log(room).map_or(Ok(()), |log| log.check(position))
    }

    /// How far a log was shown; 0 if it never was.
    pub(crate) fn reach(&self, room: Option<RoomId>) -> Seq {
        self.log(room).map_or(0, |log| log.furthest().seq)
    }

    /// The head at a record, where it is remembered.
    pub(crate) fn at(&self, room: Option<RoomId>, seq: Seq) -> Option<Head> {
        self.log(room)?.at(seq)
    }

    /// The logs that have so many claims that they should be walked.
    pub(crate) fn crowded(&self) -> impl Iterator<Item = Option<RoomId>> {
        let rooms = self.rooms.iter().map(|(room, log)| (Some(*room), log));
        let logs = self.register.iter().map(|log| (None, log)).chain(rooms);
        logs.filter(|(_, log)| log.is_crowded()).map(|(room, _)| room)
    }

    fn log(&self, room: Option<RoomId>) -> Option<&Log> {
        room.map_or(self.register.as_ref(), |room| self.rooms.get(&room))
    }

    fn log_mut(&mut self, room: Option<RoomId>) -> Option<&mut Log> {
        match room {
            Some(room) => self.rooms.get_mut(&room),
            None => self.register.as_mut(),
        }
    }

    fn set(&mut self, room: Option<RoomId>, log: Option<Log>) {
        match (room, log) {
            (None, log) => self.register = log,
            (Some(room), Some(log)) => drop(self.rooms.insert(room, log)),
            (Some(room), None) => drop(self.rooms.remove(&room)),
        }
    }
}
