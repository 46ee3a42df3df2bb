//! What one manager alone may not do, and how long entries are kept: a fold over the register, and the
//! decisions on it.
//!
//! A proposal may be approved by whoever was a manager when it was made, but its maker: so nobody makes
//! a second manager to approve with. It is carried out by the act that approves it, in one group. Which
//! records are to be erased is computed here; erasing them is the store's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use warproom_proto::calls::{HoldRoom, MakeProposal};
use warproom_proto::register::{Act, Event, Role};
use warproom_proto::retention::{Proposal, Proposed, Retention, RoomRetention};
use warproom_proto::{
    EntryId, Error, ErrorCode, Kind, Label, MemberId, Principal, ProposalId, RoomId, Seq, audit,
};

use super::posting::notice_entry;
use super::room::Room;
use super::summary::{KindTag, Summary};
use super::{Plan, Planned, Register, State};

/// How long a proposal waits: a fortnight covers a holiday.
const LAPSE_MS: i64 = 14 * DAY_MS;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How many members one manager removes within a day. One more is a mass removal: a manager's stolen
/// device must not empty a WARP.
const REMOVALS_A_DAY: usize = 5;

/// How many proposals wait at most, over all managers.
const WAITING: usize = 100;

/// The most entries and members of one proposal.
const ENTRIES: usize = 100;
const MEMBERS: usize = 50;

/// Proposals that wait, rules of retention, legal holds, and who removed how many lately.
#[derive(Default)]
pub struct Governing {
    proposals: BTreeMap<ProposalId, Proposal>,
    usual: Retention,
    rooms: BTreeMap<RoomId, Retention>,
    held: BTreeSet<RoomId>,
    /// What two managers had erased before its time.
    to_erase: BTreeMap<RoomId, BTreeSet<Seq>>,
    /// When somebody removed a member alone, oldest first.
    removals: VecDeque<(Principal, i64)>,
}

impl Governing {
    /// Takes a committed act in. `register` has not taken it in yet.
    pub fn apply(&mut self, Act { by, event }: &Act, at_ms: i64, register: &Register) {
        match event {
            Event::ProposalMade { proposal, what, reason, lapses_at_ms } => {
                let Some(by) = by.and_then(Principal::member) else { return };
                let managers = register.members().filter(|one| one.role == Role::Manager);
                let may_approve = managers.map(|one| one.member).filter(|one| *one != by).collect();
                let (what, reason) = (what.clone(), reason.clone());
                let (proposal, lapses_at_ms) = (*proposal, *lapses_at_ms);
                let made = Proposal { proposal, by, what, reason, lapses_at_ms, may_approve };
                self.proposals.retain(|_, one| at_ms < one.lapses_at_ms);
                self.proposals.insert(proposal, made);
            }
            Event::ProposalApproved { proposal } => {
                let approved = self.proposals.remove(proposal).map(|approved| approved.what);
                if let Some(Proposed::EraseEntries { room, entries }) = approved {
                    self.to_erase.entry(room).or_default().extend(entries);
                }
            }
            Event::ProposalEnded { proposal } => {
                self.proposals.remove(proposal);
            }
            Event::RetentionSet { room: None, retention } => {
                self.usual = retention.unwrap_or_default();
            }
            Event::RetentionSet { room: Some(room), retention: Some(retention) } => {
                self.rooms.insert(*room, *retention);
            }
            Event::RetentionSet { room: Some(room), retention: None } => {
                self.rooms.remove(room);
            }
            Event::HoldSet { room, held: true, .. } => {
                self.held.insert(*room);
            }
            Event::HoldSet { room, held: false, .. } => {
                self.held.remove(room);
            }
            Event::MemberRemoved { .. } => {
                self.removals.retain(|(_, removed_ms)| at_ms - removed_ms < DAY_MS);
                self.removals.extend(by.map(|by| (by, at_ms)));
            }
            _ => {}
        }
    }

    /// The proposals that wait at this time, oldest first.
    pub fn waiting(&self, now_ms: i64) -> impl Iterator<Item = &Proposal> {
        // Ids are made in the order of time.
        self.proposals.values().filter(move |one| now_ms < one.lapses_at_ms)
    }

    /// The rule for every room without one of its own.
    #[must_use]
    pub const fn usual(&self) -> &Retention {
        &self.usual
    }

    /// How long a room's entries are kept.
    #[must_use]
    pub fn of_room(&self, room: RoomId) -> RoomRetention {
        let own = self.rooms.get(&room);
        RoomRetention {
            retention: *own.unwrap_or(&self.usual),
            own: own.is_some(),
            held: self.held.contains(&room),
        }
    }

    /// Whether somebody may remove one more member alone.
    fn may_remove_alone(&self, by: Principal, now_ms: i64) -> bool {
        let lately = |(who, at_ms): &&(Principal, i64)| *who == by && now_ms - at_ms < DAY_MS;
        self.removals.iter().filter(lately).count() < REMOVALS_A_DAY
    }
}

impl State {
    /// Whether a removal by one manager is not yet a mass removal.
    pub(super) fn removes_alone(&self, by: Principal, now_ms: i64) -> Result<(), Error> {
        if self.governing.may_remove_alone(by, now_ms) {
            return Ok(());
        }
        let sentence = "you have removed 5 members within a day: propose the rest (proposal.make, \
                        remove_members), and another manager approves it";
        Err(Error::new(ErrorCode::Conflict, sentence))
    }

    /// Making a proposal.
    pub fn decide_propose(
        &self,
        by: Principal,
        proposal: ProposalId,
        call: MakeProposal,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        if self.governing.waiting(now_ms).count() >= WAITING {
            let sentence = "too many proposals wait: approve or end some of them first";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        self.is_sound(by, &call.what)?;
        let is_another = |one: &warproom_proto::register::Member| {
            one.role == Role::Manager && Principal::Member(one.member) != by
        };
        if !self.register.members().any(is_another) {
            let sentence = "there is no other manager who could approve it: make somebody a \
                            manager first";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let MakeProposal { what, reason } = call;
        let lapses_at_ms = now_ms + LAPSE_MS;
        Ok(Plan::act(by, Event::ProposalMade { proposal, what, reason, lapses_at_ms }))
    }

    fn is_sound(&self, by: Principal, what: &Proposed) -> Result<(), Error> {
        let bad = |sentence: &str| Err(Error::new(ErrorCode::BadParams, sentence.to_owned()));
        match what {
            Proposed::SetRetention { room, retention } => {
                if let Some(room) = room {
                    self.room_seen_by(by, *room)?;
                }
                if !retention.as_ref().is_none_or(Retention::is_sound) {
                    return bad("proposal.make: days are 1 to 36500");
                }
            }
            Proposed::EraseEntries { room, entries } => {
                if entries.is_empty() || entries.len() > ENTRIES {
                    return bad("proposal.make: 1 to 100 entries");
                }
                self.room_of(by, *room)?;
                self.is_free(*room)?;
            }
            Proposed::LiftHold { room } => {
                self.room_seen_by(by, *room)?;
                if !self.governing.held.contains(room) {
                    let sentence = "there is no legal hold on this room";
                    return Err(Error::new(ErrorCode::Conflict, sentence));
                }
            }
            Proposed::RemoveMembers { members } => {
                if members.is_empty() || members.len() > MEMBERS {
                    return bad("proposal.make: 1 to 50 members");
                }
                for member in members {
                    self.register.present_member(*member).ok_or(ErrorCode::NotFound)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn is_free(&self, room: RoomId) -> Result<(), Error> {
        if self.governing.held.contains(&room) {
            let sentence = "the room is under a legal hold: nothing in it is erased until two \
                            managers lift the hold";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        Ok(())
    }

    /// What a proposal is about, for whoever may approve it now.
    pub fn to_approve(
        &self,
        by: Principal,
        proposal: ProposalId,
        now_ms: i64,
    ) -> Result<&Proposed, Error> {
        let found = self.governing.waiting(now_ms).find(|one| one.proposal == proposal);
        let found = found.ok_or(ErrorCode::NotFound)?;
        if !by.member().is_some_and(|by| found.may_approve.contains(&by)) {
            let sentence =
                "a proposal is approved by another manager, who was one when it was made";
            return Err(Error::new(ErrorCode::NotAllowed, sentence));
        }
        Ok(&found.what)
    }

    /// Approving a proposal, and so carrying it out.
    pub fn decide_approve(
        &self,
        by: Principal,
        proposal: ProposalId,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let what = self.to_approve(by, proposal, now_ms)?;
        let mut plan = Plan::act(by, Event::ProposalApproved { proposal });
        let act = |event| Planned::Act(Act { by: Some(by), event });
        match what {
            Proposed::SetRetention { room, retention } => {
                let (room, retention) = (*room, *retention);
                plan.records.push(act(Event::RetentionSet { room, retention }));
                let changed = audit::Event::RetentionChanged { room };
                plan.records.push(Planned::Audit(audit::Record::by(by, changed)));
            }
            Proposed::EraseEntries { room, entries } => {
                self.is_free(*room)?;
                let of = self.rooms.get(room).ok_or(ErrorCode::NotFound)?;
                let entries: BTreeSet<Seq> = entries.iter().copied().collect();
                for seq in entries {
                    plan.files.extend(self.without_files(*room, seq));
                    if !of.is_retracted(seq) {
                        let entry = notice_entry(EntryId::random(), by, Kind::Retract { of: seq });
                        plan.records.extend(Plan::entry(*room, entry, Vec::new()).records);
                    }
                }
            }
            Proposed::LiftHold { room } => {
                let reason = self.governing.proposals[&proposal].reason.clone();
                plan.records.push(act(Event::HoldSet { room: *room, held: false, reason }));
            }
            Proposed::RemoveMembers { members } => {
                self.keep_a_manager(members)?;
                let present = |member: &&MemberId| self.register.present_member(**member).is_some();
                for member in members.iter().filter(present) {
                    plan.records.extend(self.removal(by, *member, now_ms)?.records);
                }
            }
        }
        Ok(plan)
    }

    /// Taking a proposal back, or turning it down.
    pub fn decide_end_proposal(
        &self,
        by: Principal,
        proposal: ProposalId,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let waits = self.governing.waiting(now_ms).any(|one| one.proposal == proposal);
        if !waits {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Plan::act(by, Event::ProposalEnded { proposal }))
    }

    /// Putting a room under a legal hold.
    pub fn decide_hold(
        &self,
        by: Principal,
        HoldRoom { room, reason }: HoldRoom,
    ) -> Result<Plan, Error> {
        self.room_seen_by(by, room)?;
        if self.governing.held.contains(&room) {
            return Err(Error::new(ErrorCode::Conflict, "the room is under a legal hold already"));
        }
        Ok(Plan::act(by, Event::HoldSet { room, held: true, reason }))
    }

    /// Until when the entries of each label are past their time; `None` for a room where nothing is
    /// to be erased now.
    #[must_use]
    pub fn expiry(&self, room: RoomId, now_ms: i64) -> Option<Expiry> {
        let RoomRetention { retention, held, .. } = self.governing.of_room(room);
        if held {
            return None;
        }
        let until = |days: u32| now_ms.saturating_sub(i64::from(days) * DAY_MS);
        let until = retention.limited().map(|(label, days)| (label, until(days)));
        let early = self.governing.to_erase.get(&room).cloned().unwrap_or_default();
        Some(Expiry { until_ms: until.collect(), early })
    }
}

/// Which of a room's entries are past their time.
pub struct Expiry {
    until_ms: BTreeMap<Label, i64>,
    early: BTreeSet<Seq>,
}

impl Expiry {
    /// Before when there may be entries to erase because of their age.
    #[must_use]
    pub fn latest_ms(&self) -> Option<i64> {
        self.until_ms.values().copied().max()
    }

    /// Whether two managers had anything erased before its time.
    #[must_use]
    pub fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Whether an entry is to be erased: it is past the time of its label, or two managers had it, or
    /// what it is about, erased early. (What one person takes back is read by nobody, and stays as long
    /// as its label says.) What tells who was in the room and which entries were relabelled or taken
    /// back stays for ever: the rules rest on it.
    #[must_use]
    pub fn is_due(&self, room: &Room, (seq, at_ms): (Seq, i64), summary: &Summary) -> bool {
        if summary.kind == KindTag::Notice {
            return false;
        }
        let is_about = matches!(summary.kind, KindTag::Edit | KindTag::React | KindTag::Answer);
        let of_early =
            is_about && summary.carries.first().is_some_and(|of| self.early.contains(of));
        let until_ms = self.until_ms.get(&room.label(seq, summary));
        self.early.contains(&seq) || of_early || until_ms.is_some_and(|until| at_ms < *until)
    }
}
