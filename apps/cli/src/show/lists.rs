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
    let answers = if bot.grant.answer { ", answers asks for its owner's organisation" } else { "" };
    let hook = bot.hook.map_or_else(String::new, |hook| {
        format!(", a webhook to {} under {}", people.room(hook.room), chip(hook.label))
    });
    format!(
        "{}  reads up to {}  posts up to {}  in {}, at most {} a minute{answers}{hook}, until {}, owner {}",
        styled(STRONG, &safe(bot.name.as_str())),
        up_to(bot.grant.read),
        up_to(bot.grant.post),
        rooms.join(", "),
        bot.grant.per_minute,
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

#[cfg(test)]
mod tests {
    use warproom_client::proto::register::{Grant, Hook};
    use warproom_client::proto::{BotId, MemberId, RoomId};

    use super::*;

    #[test]
    fn a_bot_says_what_it_may_do_and_where_its_webhook_posts() {
        let room = RoomId::from_bytes([7; 16]);
        let owner = MemberId::from_bytes([1; 16]);
        let mut people = Directory::default();
        people.learn(Principal::Member(owner), "Jo Smith", Some("Dover"));
        let grant = Grant {
            rooms: vec![room],
            read: Some(Label::Green),
            post: Some(Label::Amber),
            answer: true,
            per_minute: 30,
            expires_at_ms: 1_705_568_400_000,
        };
        let hook = Some(Hook { room, label: Label::Amber });
        let name = "Monitoring".parse().unwrap();
        let shown = bot(
            &Bot { bot: BotId::from_bytes([2; 16]), name, owner, grant, hook },
            &people,
            &TimeZone::UTC,
        );
        let shown = anstream::adapter::strip_str(&shown).to_string();
        for part in [
            "reads up to  TLP:GREEN   posts up to  TLP:AMBER ",
            "at most 30 a minute, answers asks for its owner's organisation, a webhook to ",
            " under  TLP:AMBER , until 2024-01-18 09:00, owner Jo Smith, Dover",
        ] {
            assert!(shown.contains(part), "{part:?}: {shown}");
        }
    }
}
