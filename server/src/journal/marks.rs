//! Marks: small values beside the logs of which only the latest counts, as the writer gathers them and
//! as the store keeps them.

use warproom_proto::{MemberId, Principal, RoomId, Seq};

use crate::domain::Mark;
use crate::store;

/// Adds a mark to those of a group. Two devices may tell of one thing in one group: of two positions
/// the further one stays, of two preferences the later.
pub(super) fn keep(marks: &mut Vec<Mark>, mark: Mark) {
    for kept in &mut *marks {
        match (kept, mark) {
            (Mark::Read(room, who, kept), Mark::Read(new_room, new_who, seq))
                if (*room, *who) == (new_room, new_who) =>
            {
                *kept = seq.max(*kept);
                return;
            }
            (Mark::Preferences(member, kept), Mark::Preferences(new_member, preferences))
                if *member == new_member =>
            {
                *kept = preferences;
                return;
            }
            (Mark::TotpUsed(member, kept), Mark::TotpUsed(new_member, step))
                if *member == new_member =>
            {
                *kept = step.max(*kept);
                return;
            }
            _ => {}
        }
    }
    marks.push(mark);
}

/// The kinds of marks, as the first byte of their keys; `t` is the audit log's tree.
const READ: &[u8] = b"r";
const PREFERENCES: &[u8] = b"p";
const TOTP_USED: &[u8] = b"o";

/// Every kind, for reading them back.
pub(super) const KINDS: [&[u8]; 3] = [READ, PREFERENCES, TOTP_USED];

/// A mark as the store keeps it. Preferences always encode: they are numbers and flags.
pub(super) fn sealed(mark: &Mark) -> Option<store::Mark> {
    let (key, value) = match mark {
        Mark::Read(room, who, seq) => {
            let key = [READ, room.as_bytes(), &who.to_bytes()].concat();
            (key, seq.to_be_bytes().to_vec())
        }
        Mark::Preferences(member, preferences) => {
            let key = [PREFERENCES, member.as_bytes()].concat();
            (key, serde_json::to_vec(preferences).ok()?)
        }
        Mark::TotpUsed(member, step) => {
            ([TOTP_USED, member.as_bytes()].concat(), step.to_be_bytes().to_vec())
        }
    };
    Some(store::Mark { key, value })
}

/// Reads back what [`sealed`] wrote.
pub(super) fn unsealed(mark: &store::Mark) -> Option<Mark> {
    if let Some(key) = mark.key.strip_prefix(READ) {
        let (room, who) = key.split_first_chunk::<16>()?;
        let who = Principal::from_bytes(who.try_into().ok()?)?;
        let seq = Seq::from_be_bytes(mark.value.as_slice().try_into().ok()?);
        return Some(Mark::Read(RoomId::from_bytes(*room), who, seq));
    }
    if let Some(member) = mark.key.strip_prefix(TOTP_USED) {
        let member = MemberId::from_bytes(member.try_into().ok()?);
        let step = u64::from_be_bytes(mark.value.as_slice().try_into().ok()?);
        return Some(Mark::TotpUsed(member, step));
    }
    let member = mark.key.strip_prefix(PREFERENCES)?;
    let member = MemberId::from_bytes(member.try_into().ok()?);
    Some(Mark::Preferences(member, serde_json::from_slice(&mark.value).ok()?))
}
