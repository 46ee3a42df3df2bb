//! An act of the register, in one line.

use jiff::tz::TimeZone;
use warproom_client::proto::register::{Act, Event, Standing};
use warproom_client::proto::{Body, Principal, Record};

use super::entry::role;
use super::lists::{bot, member, organisation};
use super::{FAINT, safe, styled, when};
use crate::directory::Directory;

/// A record of the register: when, who, what.
pub(crate) fn act(record: &Record, people: &Directory, zone: &TimeZone) -> String {
    let number = styled(FAINT, &format!("#{}", record.seq));
    let Body::Shown { at_ms, item, .. } = &record.body else {
        return format!("{number} {}", styled(FAINT, "withheld from you"));
    };
    let what = serde_json::from_str::<Act>(item.get()).map_or_else(
        |_| "something this version cannot show".to_owned(),
        |act| {
            let by = act.by.map_or_else(
                || "The operator, at the server's console,".to_owned(),
                |who| people.describe(who),
            );
            format!("{by} {}", done(&act.event, people, zone))
        },
    );
    format!("{}  {number}  {what}", styled(FAINT, &when(*at_ms, zone)))
}

fn done(event: &Event, people: &Directory, zone: &TimeZone) -> String {
    let person = |id| people.describe(Principal::Member(id));
    match event {
        Event::WarpFounded { name, .. } => format!("founded the WARP {}", safe(name.as_str())),
        Event::OrganisationSet(entry) => {
            format!("set an organisation's entry: {}", organisation(entry, people))
        }
        Event::InvitationAdded { member: invited, expires_at_ms, .. } => {
            format!("invited {} until {}", member(invited, people), when(*expires_at_ms, zone))
        }
        Event::InvitationRevoked { invitation } => format!("took invitation {invitation} back"),
        Event::MemberJoined { member, .. } => {
            format!("redeemed an invitation; member from now on: {}", person(*member))
        }
        Event::CredentialsSet { member, .. } => format!("set credentials of {}", person(*member)),
        Event::MemberChanged { member, role: now, standing } => {
            let standing = match standing {
                Standing::Active => "active",
                Standing::Suspended => "suspended",
            };
            format!("made {} {}, {standing}", person(*member), role(*now))
        }
        Event::MemberRemoved { member } => format!("removed {}", person(*member)),
        Event::DeviceEnrolled(device) => format!(
            "enrolled device \"{}\" of {}",
            safe(device.name.as_str()),
            person(device.member)
        ),
        Event::DeviceRevoked { device } => format!("revoked {}", people.device(*device)),
        Event::RoomOpened { room } => format!("opened {}", people.room(*room)),
        Event::BotAdded { bot: added, .. } => format!("added a bot: {}", bot(added, people, zone)),
        Event::BotRevoked { bot } => format!("revoked {}", people.describe(Principal::Bot(*bot))),
        Event::Unknown => "did something this version cannot show".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(body: &serde_json::Value) -> String {
        let text = json!({"seq": 3, "head": "00".repeat(32), "body": body}).to_string();
        let record: Record = serde_json::from_str(&text).unwrap();
        let line = act(&record, &Directory::default(), &TimeZone::UTC);
        anstream::adapter::strip_str(&line).to_string()
    }

    #[test]
    fn an_act_says_when_who_and_what() {
        let item = json!({"event": "warp_founded", "warp": "00000000-0000-0000-0000-000000000000", "name": "KCWARP"});
        let body = json!({"shown": {"at_ms": 0, "salt": "00".repeat(16), "item": item}});
        assert_eq!(
            shown(&body),
            "1970-01-01 00:00  #3  The operator, at the server's console, founded the WARP KCWARP"
        );
    }

    #[test]
    fn a_withheld_act_is_a_number_and_no_more() {
        let body = json!({"withheld": {"commitment": "00".repeat(32)}});
        assert_eq!(shown(&body), "#3 withheld from you");
    }
}
