//! How much of the server one member can take for good. Rates bound what comes in a second; these bound
//! what stays. Each is far above what a WARP of a hundred councils uses, and each refusal says what to
//! do. What is counted anew per entry or per alert has its bound where it is decided.

use warproom_proto::{Error, ErrorCode, MemberId, Principal};

use super::{Room, State, Target};

/// Rooms one member opens in all. A room is never deleted, so this is for years: one a week for five.
/// Whoever has opened so many asks a colleague to open the next.
pub const ROOMS: u32 = 256;

/// Devices of one member that are not revoked: desk, laptop, phone, a spare, and those forgotten.
pub const DEVICES: usize = 32;

/// Invitations that can still be redeemed. A whole region joins in one fortnight.
pub const INVITATIONS: usize = 1024;

/// Bots that are not revoked, in the whole WARP: some for each council.
pub const BOTS: usize = 256;

/// Organisations. There are fewer than 400 councils in England, and suppliers and partners beside them.
pub const ORGANISATIONS: usize = 2048;

/// How often one member reacts to one entry, or takes a reaction back.
pub const REACTIONS: usize = 16;

/// Reactions to one entry by all, those taken back included: what is read to count one member's.
pub const REACTIONS_BY_ALL: usize = 512;

/// How often an entry is changed: edited, relabelled, superseded. Everybody who reads a page with it goes
/// through its changes.
pub const CHANGES: usize = 1_000;

/// How often one member joins one room. Each joining is kept for ever, and asked about for every record that
/// they read: this is for somebody who comes and goes every week, for five years.
pub const JOININGS: usize = 256;

impl State {
    pub(super) fn may_open_another(&self, member: MemberId) -> Result<(), Error> {
        let full = self.register.opened(member) >= ROOMS;
        refused_if(full, "you have opened 256 rooms; ask a colleague to open this one")
    }

    pub(super) fn may_enrol_another(&self, member: MemberId) -> Result<(), Error> {
        let full = self.register.devices(member).take(DEVICES).count() == DEVICES;
        refused_if(full, "you have 32 devices; revoke one that you no longer use first")
    }

    pub(super) fn may_invite_another(&self, now_ms: i64) -> Result<(), Error> {
        let full = self.register.pending(now_ms).take(INVITATIONS).count() == INVITATIONS;
        refused_if(full, "1,024 invitations wait to be redeemed; revoke some first")
    }

    pub(super) fn may_add_another_bot(&self) -> Result<(), Error> {
        let full = self.register.bots().take(BOTS).count() == BOTS;
        refused_if(full, "the WARP has 256 bots; revoke one that is no longer used first")
    }

    pub(super) fn may_add_another_organisation(&self) -> Result<(), Error> {
        let full = self.register.organisations().take(ORGANISATIONS).count() == ORGANISATIONS;
        let sentence = "the register has 2,048 organisations; change one that is no longer used";
        refused_if(full, sentence)
    }
}

impl Room {
    /// Whoever is in it may be given another part at any time.
    pub(super) fn may_join_again(&self, who: Principal) -> Result<(), Error> {
        let full = self.role(who).is_none() && self.joinings(who) >= JOININGS;
        refused_if(full, "they have joined this room 256 times; open a new room with them instead")
    }
}

/// What was given to an entry already, by one member and by all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// By the one who reacts.
    pub own: usize,
    /// By all, them included.
    pub by_all: usize,
}

impl Given {
    /// Whether nobody gives anything more to it.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.by_all >= REACTIONS_BY_ALL
    }

    pub(super) fn may_react(self) -> Result<(), Error> {
        refused_if(
            self.own >= REACTIONS,
            "you have reacted to this 16 times; what you gave stays as it is",
        )?;
        let sentence = "this has 512 reactions, and no more are kept; reply to it instead";
        refused_if(self.is_full(), sentence)
    }
}

impl Target {
    /// Taking it back and tightening its label are always possible.
    pub(super) fn may_change_again(&self) -> Result<(), Error> {
        let sentence = "this was changed 1,000 times, and stays as it is; post it anew instead";
        refused_if(self.changes >= CHANGES, sentence)
    }
}

fn refused_if(full: bool, sentence: &'static str) -> Result<(), Error> {
    if full { Err(Error::new(ErrorCode::Conflict, sentence)) } else { Ok(()) }
}
