//! The rules, pure: folds over the logs and decisions on them. No I/O, no clock of its own, no wire.
//!
//! [`State`] is everything the server decides by: the [`Register`] and every [`Room`]. It is rebuilt
//! from the logs at start and changed only by [`State::apply`], one committed record at a time, by the
//! journal's one writer. A decision is a function of a state to a [`Plan`] or a refusal.

mod administration;
mod alerting;
mod asking;
pub mod audience;
mod causes;
mod credentials;
mod files;
mod governing;
mod posting;
mod quotas;
mod register;
mod reminding;
mod room;
mod sources;
mod summary;
mod telling;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap};

use warproom_proto::calls::Preferences;
use warproom_proto::entry::{Entry, Handling};
use warproom_proto::register::Act;
use warproom_proto::{Error, ErrorCode, Kind, MemberId, Principal, RoomId, Seq};

pub use administration::Redemption;
pub use asking::Row;
pub use audience::Reader;
pub use credentials::{Checked, Renewal};
pub use files::{FileBounds, FileChange, Files, Upload};
pub use governing::{Expiry, Governing};
pub use posting::{Target, carries};
pub use quotas::{CHANGES, Given, REACTIONS_BY_ALL};
pub use register::{Invited, Register};
pub use reminding::Reminder;
pub use room::{Lifetime, Room};
pub use sources::Latest;
pub use summary::{KindTag, Summary};
pub use telling::Tells;

/// Everything the server decides by.
#[derive(Default)]
pub struct State {
    /// Who exists and who may do what.
    pub register: Register,
    /// Every room, by id.
    pub rooms: HashMap<RoomId, Room>,
    /// How far each member has read each room.
    pub read: BTreeMap<(RoomId, Principal), Seq>,
    /// What may interrupt each member, where they have said so.
    pub preferences: BTreeMap<MemberId, Preferences>,
    /// What takes two managers, and how long entries are kept.
    pub governing: Governing,
    /// Every file, carried by an entry or on its way up.
    pub files: Files,
    /// The last TOTP step whose code each member used.
    pub totp_used: HashMap<MemberId, u64>,
    /// What organisations reported lately, towards common causes.
    reports: causes::Reports,
}

/// What a decision wants appended, in this order, all or nothing.
#[derive(Default)]
pub struct Plan {
    /// The records.
    pub records: Vec<Planned>,
    /// A mark to keep.
    pub mark: Option<Mark>,
    /// What changes of files.
    pub files: Vec<FileChange>,
}

/// Something small that is kept beside the logs: only its latest value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// How far somebody has read a room.
    Read(RoomId, Principal, Seq),
    /// What may interrupt a member.
    Preferences(MemberId, Preferences),
    /// The last TOTP step whose code a member used. It and earlier ones are used up.
    TotpUsed(MemberId, u64),
}

/// One record to be appended.
pub enum Planned {
    /// To the register.
    Act(Act),
    /// To the audit log. It changes nothing that is decided by.
    Audit(warproom_proto::audit::Record),
    /// To a room's log.
    Entry {
        /// Which room.
        room: RoomId,
        /// The entry.
        entry: Box<Entry>,
        /// The entries it carries; see [`Summary::carries`].
        carries: Vec<Seq>,
        /// Its exact encoding, where the caller has already made it.
        encoded: Option<String>,
    },
}

impl Planned {
    /// Whether a fold changes by it, so that nothing may be decided before it is applied.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        match self {
            Self::Act(_) => true,
            Self::Audit(_) => false,
            Self::Entry { entry, .. } => changes_state(&entry.handling),
        }
    }
}

/// Whether an entry changes its room's fold, and so is among the records that rebuild it.
#[must_use]
pub const fn changes_state(handling: &Handling) -> bool {
    handling.kind.is_notice()
        || handling.ask.is_some()
        || !handling.files.is_empty()
        || matches!(handling.kind, Kind::Alert(_) | Kind::Answer { .. })
}

impl Plan {
    /// A plan of one entry.
    #[must_use]
    pub fn entry(room: RoomId, entry: Entry, carries: Vec<Seq>) -> Self {
        let record = Planned::Entry { room, entry: Box::new(entry), carries, encoded: None };
        Self::of(record)
    }

    /// A plan of one administrative act.
    #[must_use]
    pub fn act(by: Principal, event: warproom_proto::register::Event) -> Self {
        Self::of(Planned::Act(Act { by: Some(by), event }))
    }

    /// A plan of one record.
    #[must_use]
    pub fn of(record: Planned) -> Self {
        Self { records: vec![record], ..Self::default() }
    }
}

impl State {
    /// Takes a committed register record into the fold.
    pub fn apply_act(&mut self, act: &Act, at_ms: i64) {
        self.governing.apply(act, at_ms, &self.register);
        self.register.apply(act);
    }

    /// Takes a committed entry into its room's fold. Entries that change no fold change nothing.
    pub fn apply_entry(
        &mut self,
        id: RoomId,
        (seq, at_ms): (Seq, i64),
        entry: &Entry,
        of: &Summary,
    ) {
        let Self { register, rooms, reports, files, .. } = self;
        let room = rooms.entry(id).or_default();
        room.apply((seq, at_ms), &entry.handling, of, |who| register.organisation_of(who));
        files.carry(id, seq, &entry.handling.files);
        reports.apply(id, (seq, at_ms), &entry.handling, |who| register.organisation_of(who));
    }

    /// Replaces a room's fold by one of these entries, each with its number and time.
    pub fn replace_room<'a>(
        &mut self,
        id: RoomId,
        entries: impl Iterator<Item = ((Seq, i64), &'a Entry, &'a Summary)>,
    ) {
        let mut room = Room::default();
        for (at, entry, summary) in entries {
            room.apply(at, &entry.handling, summary, |who| self.register.organisation_of(who));
        }
        self.rooms.insert(id, room);
    }

    /// Takes a mark in.
    pub fn apply_mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Read(room, who, seq) => {
                let kept = self.read.entry((*room, *who)).or_insert(0);
                *kept = (*kept).max(*seq);
            }
            Mark::Preferences(member, preferences) => {
                self.preferences.insert(*member, *preferences);
            }
            Mark::TotpUsed(member, step) => {
                let kept = self.totp_used.entry(*member).or_insert(0);
                *kept = (*kept).max(*step);
            }
        }
    }

    /// Takes in what changed of a file.
    pub fn apply_file(&mut self, change: &FileChange) {
        match change {
            FileChange::Kept(upload) => self.files.keep(Upload::clone(upload)),
            FileChange::Gone(_, file) => self.files.remove(*file),
        }
    }

    /// A room that somebody is in, and may act in now. For everyone else, and for a room that does
    /// not exist, the answer is the same.
    pub fn room_of(&self, who: Principal, room: RoomId) -> Result<&Room, Error> {
        let found = self.rooms.get(&room).filter(|room| room.role(who).is_some());
        let active = self.register.is_active(who);
        found.filter(|_| active).ok_or_else(|| ErrorCode::NotFound.into())
    }

    /// A room that somebody is in, or sees as a manager.
    pub fn room_seen_by(&self, who: Principal, room: RoomId) -> Result<&Room, Error> {
        if self.register.is_manager(who) {
            return self.rooms.get(&room).ok_or_else(|| ErrorCode::NotFound.into());
        }
        self.room_of(who, room)
    }

    /// Whether somebody may read a record of a room now: the one question that delivery, history
    /// and search ask.
    #[must_use]
    pub fn may_read(&self, who: Principal, room: &Room, seq: Seq, summary: &Summary) -> bool {
        let Some(reader) = Reader::of(&self.register, who) else { return false };
        room.role(who).is_some() && room.may_read(&reader, seq, summary)
    }
}
