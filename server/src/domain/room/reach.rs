//! Whom an entry may have reached, as the room's fold knows it, and who may ask.
//!
//! The list errs on one side alone: whoever may have the entry is on it. So it goes by the mildest
//! label that the entry ever had, by everyone who was in the room at any time while it could be read,
//! and by what the register says of people also after their time.

use warproom_proto::{Error, ErrorCode, Label, Principal, RoomId, Seq};

use crate::domain::audience::{self, Reader};
use crate::domain::posting::is_said;
use crate::domain::{Register, Room, State, Summary, Target};

/// An entry while it could be read.
pub struct Lifetime {
    /// Its number.
    pub seq: Seq,
    /// What the server knows of it.
    pub summary: Summary,
    /// The mildest label that it had.
    pub mildest: Label,
    /// Where it was taken back, if it was.
    pub until: Option<Seq>,
}

impl Room {
    /// What the room knows of an entry while it could be read.
    #[must_use]
    pub fn lifetime(&self, of: &Target) -> Lifetime {
        let Target { seq, summary, .. } = of.clone();
        let given = self.mildest.get(&seq).copied();
        let mildest = given.map_or(summary.label, |given| given.min(summary.label));
        Lifetime { seq, summary, mildest, until: self.retracted.get(&seq).copied() }
    }

    /// Everyone but its author who may have got an entry, and whether they are in the room still.
    #[must_use]
    pub fn reached_by(&self, register: &Register, of: &Lifetime) -> Vec<(Principal, bool)> {
        let Lifetime { seq, summary, mildest, until } = of;
        let was_in = |spans: &[(Seq, Option<Seq>)]| {
            spans.iter().any(|&(from, end)| {
                until.is_none_or(|until| from < until) && end.is_none_or(|end| end > *seq)
            })
        };
        let may_have = |who: Principal| {
            let reader = Reader::even_gone(register, who);
            reader.is_some_and(|reader| {
                // Whose client somebody was then is not kept, so for TLP:AMBER everyone counts.
                let is_for_anyone = *mildest == Label::Amber;
                (is_for_anyone && audience::is_within(*mildest, reader.bound))
                    || self.is_for(&reader, *mildest, (*seq, summary))
            })
        };
        let stays = self.stays.iter().filter(|(who, _)| **who != summary.author);
        let reached = stays.filter(|(who, stay)| was_in(&stay.spans) && may_have(**who));
        reached.map(|(who, stay)| (*who, stay.role.is_some())).collect()
    }
}

impl State {
    /// Whether somebody may ask whom an entry has reached: its author, or a manager whom its label lets
    /// read it or would, had it not been taken back. To everyone else whom it does not, it does not
    /// exist.
    pub fn may_ask_who_has(
        &self,
        who: Principal,
        room: RoomId,
        target: &Target,
    ) -> Result<(), Error> {
        let room = self.room_of(who, room)?;
        let of = (target.seq, &target.summary);
        if target.summary.author != who {
            let reader = Reader::of(&self.register, who).ok_or(ErrorCode::NotFound)?;
            if !room.is_for(&reader, room.label(of.0, of.1), of) {
                return Err(ErrorCode::NotFound.into());
            }
            if !self.register.is_manager(who) {
                return Err(Error::new(
                    ErrorCode::NotAllowed,
                    "only its author and managers may ask whom it has reached",
                ));
            }
        }
        is_said(target)
    }
}
