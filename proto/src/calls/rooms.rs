//! Calls on rooms: who is in them, following them, and the marks that people leave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entry::{RoomRole, RoomSettings};
use crate::id::{EntryId, MemberId, OrganisationId, Principal, RoomId};
use crate::record::{Position, Record, Seq};
use crate::text::Name;

/// Lists rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRooms {
    /// For managers: every room, also those you are not in.
    #[serde(default)]
    pub all: bool,
}

/// Rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomList {
    /// By name.
    pub rooms: Vec<RoomSummary>,
}

/// A room, as somebody in it (or a manager) sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomSummary {
    /// Its id.
    pub room: RoomId,
    /// What it is and allows.
    pub settings: RoomSettings,
    /// Your part in it; none if you are not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
    /// How far its log has come.
    pub latest: Position,
    /// How far you have read.
    #[serde(default)]
    pub read: Seq,
}

/// Opens a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRoom {
    /// Its first settings.
    pub settings: RoomSettings,
}

/// A room was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomOpened {
    /// Its id.
    pub room: RoomId,
}

/// Replaces a room's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRoom {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry that says so.
    pub id: EntryId,
    /// The settings from now on, whole.
    pub settings: RoomSettings,
}

/// Brings somebody into a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddToRoom {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry that says so.
    pub id: EntryId,
    /// Who.
    pub member: MemberId,
    /// As what.
    pub role: RoomRole,
}

/// Leaves a room, or takes somebody out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFromRoom {
    /// Which room.
    pub room: RoomId,
    /// Your name for the entry that says so.
    pub id: EntryId,
    /// Who; yourself to leave.
    pub who: Principal,
}

/// Lists who is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomMembers {
    /// Which room.
    pub room: RoomId,
}

/// Who is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomMemberList {
    /// By name.
    pub members: Vec<RoomMember>,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomMember {
    /// Who.
    pub who: Principal,
    /// What they are called.
    pub name: Name,
    /// The organisation they act for; none for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationId>,
    /// That organisation's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<Name>,
    /// Their part.
    pub role: RoomRole,
}

/// Asks for what came after a position, and then for live delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowRoom {
    /// Which room.
    pub room: RoomId,
    /// The last record you have; 0 for none. Not said: from now on.
    #[serde(default)]
    pub after: Option<Seq>,
}

/// What came after, as far as one page goes.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct Followed {
    /// The records after the position, oldest first.
    pub records: Vec<Record>,
    /// Whether live delivery has begun right after these records. If not, there are more: follow
    /// again after the last of them.
    pub live: bool,
    /// How far the room's log has come.
    pub latest: Position,
}

/// Ends live delivery of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnfollowRoom {
    /// Which room.
    pub room: RoomId,
}

/// Keeps how far you have read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// Which room.
    pub room: RoomId,
    /// The last record you have read. An earlier one than kept changes nothing.
    pub seq: Seq,
}

/// Asks who has read as far as an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenBy {
    /// Which room.
    pub room: RoomId,
    /// The entry.
    pub seq: Seq,
}

/// Who has read as far as an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenList {
    /// Those who have, and who may read the entry.
    pub members: Vec<MemberId>,
}

/// Tells a room that you are typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeInRoom {
    /// Which room.
    pub room: RoomId,
}

/// Asks who is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentInRoom {
    /// Which room.
    pub room: RoomId,
}

/// Who is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PresentList {
    /// The members of the room who follow it now.
    pub members: Vec<MemberId>,
}
