//! One line for each thing that is listed.

use jiff::tz::TimeZone;
use warproom_client::proto::calls::{PendingInvitation, RoomMember, RoomSummary};
use warproom_client::proto::register::{Bot, Device, Member, Organisation, Standing};
use warproom_client::proto::{Label, Principal, RoomRole};

use super::entry::role;
use super::{FAINT, STRONG, chip, safe, styled, when};
use crate::directory::Directory;

/// A room: what it is called and allows, and how far you are.
pub(crate) fn room(room: &RoomSummary) -> String {
    let settings = &room.settings;
    let part = match room.role {
        Some(RoomRole::Lead) => ", you lead it",
        Some(RoomRole::Participant) => "",
        None => ", you are not in it",
    };
    let unread = match room.latest.seq.saturating_sub(room.read) {
        _ if room.role.is_none() => String::new(),
        0 => ", all read".to_owned(),
        entries => format!(", {entries} unread"),
    };
    format!(
        "{}  ceiling {}  default {}  {} {}{unread}{part}",
        styled(STRONG, &safe(settings.name.as_str())),
        chip(settings.ceiling),
        chip(settings.default_label),
        room.latest.seq,
        if room.latest.seq == 1 { "entry" } else { "entries" },
    )
}

/// Somebody in a room.
pub(crate) fn room_member(member: &RoomMember, people: &Directory) -> String {
    let name = styled(STRONG, &safe(member.name.as_str()));
    let handle = match member.who {
        Principal::Member(id) => {
            people.known_handle(id).map_or_else(String::new, |h| format!(" @{h}"))
        }
        Principal::Bot(_) => " (bot)".to_owned(),
    };
    let organisation = member
        .organisation_name
        .as_ref()
        .map_or_else(String::new, |name| format!(", {}", safe(name.as_str())));
    let lead = if member.role == RoomRole::Lead { ", lead" } else { "" };
    format!("{name}{handle}{organisation}{lead}")
}

/// A member of the WARP.
pub(crate) fn member(member: &Member, people: &Directory) -> String {
    let suspended = if member.standing == Standing::Suspended { ", SUSPENDED" } else { "" };
    format!(
        "{} @{}, {}, {}{suspended}",
        styled(STRONG, &safe(member.name.as_str())),
        member.handle,
        people.organisation(member.organisation),
        role(member.role),
    )
}

/// An organisation with its aliases and clients.
pub(crate) fn organisation(organisation: &Organisation, people: &Directory) -> String {
    let mut line = styled(STRONG, &safe(organisation.name.as_str()));
    if !organisation.aliases.is_empty() {
        let aliases: Vec<_> = organisation.aliases.iter().map(|name| safe(name.as_str())).collect();
        line.push_str("  also ");
        line.push_str(&aliases.join(", "));
    }
    if !organisation.clients.is_empty() {
        let clients: Vec<_> =
            organisation.clients.iter().map(|id| people.organisation(*id)).collect();
        line.push_str("  serves ");
        line.push_str(&clients.join(", "));
    }
    line
}

/// A device.
pub(crate) fn device(device: &Device) -> String {
    let id = styled(FAINT, &device.device.to_string());
    format!("{}  {id}", styled(STRONG, &safe(device.name.as_str())))
}

/// A bot and its grant.
pub(crate) fn bot(bot: &Bot, people: &Directory, zone: &TimeZone) -> String {
    let up_to = |label: Option<Label>| label.map_or_else(|| " nothing ".to_owned(), chip);
    let rooms: Vec<_> = bot.grant.rooms.iter().map(|id| people.room(*id)).collect();
    format!(
        "{}  reads up to {}  posts up to {}  in {}, until {}, owner {}",
        styled(STRONG, &safe(bot.name.as_str())),
        up_to(bot.grant.read),
        up_to(bot.grant.post),
        rooms.join(", "),
        when(bot.grant.expires_at_ms, zone),
        people.describe(Principal::Member(bot.owner)),
    )
}

/// An invitation that can still be redeemed.
pub(crate) fn invitation(
    pending: &PendingInvitation,
    people: &Directory,
    zone: &TimeZone,
) -> String {
    format!("{}, lapses {}", member(&pending.member, people), when(pending.expires_at_ms, zone))
}
