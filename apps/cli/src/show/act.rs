//! An act of the register, in one line.

use jiff::tz::TimeZone;
use warproom_client::proto::register::{Act, Event, Standing};
use warproom_client::proto::{Body, Principal, Record};

use super::concern::{cause_line, register_entry_line};
use super::entry::role;
use super::lists::{bot, member, organisation};
use super::{FAINT, marked, safe, styled, when};
use crate::directory::Directory;

/// A record of the register: when, who, what.
pub(crate) fn act(record: &Record, people: &Directory, zone: &TimeZone) -> String {
    let number = styled(FAINT, &format!("#{}", record.seq));
    let Body::Shown { at_ms, item, .. } = &record.body else {
        return format!("{number} {}", styled(FAINT, "withheld from you"));
    };
    let mut is_exercise = false;
    let what = serde_json::from_str::<Act>(item.get()).map_or_else(
        |_| "something this version cannot show".to_owned(),
        |act| {
            let by = match (act.by, &act.event) {
                (Some(who), _) => people.describe(who),
                (None, Event::CommonCauseFound(_)) => "The server".to_owned(),
                (None, _) => "The operator, at the server's console,".to_owned(),
            };
            is_exercise = matches!(&act.event, Event::CommonCauseFound(found) if found.exercise);
            format!("{by} {}", done(&act.event, people, zone))
        },
    );
    let line = format!("{}  {number}  {what}", styled(FAINT, &when(*at_ms, zone)));
    marked(is_exercise, &line)
}

fn done(event: &Event, people: &Directory, zone: &TimeZone) -> String {
    let person = |id| people.describe(Principal::Member(id));
    match event {
        Event::WarpFounded { name, .. } => format!("founded the WARP {}", safe(name.as_str())),
        Event::OrganisationSet(entry) => {
            format!("set an organisation's entry: {}", organisation(entry, people))
        }
        Event::RegisterEntrySet(entry) => {
            format!("set a register entry: {}", register_entry_line(entry, people))
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
        Event::BotRotated { bot, hook_hash, .. } => {
            let bot = people.describe(Principal::Bot(*bot));
            let hook = if hook_hash.is_some() { " and another webhook address" } else { "" };
            format!("gave {bot} another token{hook}; the old ones have ended")
        }
        Event::BotRevoked { bot } => format!("revoked {}", people.describe(Principal::Bot(*bot))),
        Event::CommonCauseFound(found) => {
            format!("found a common cause: {}", cause_line(found, people))
        }
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

    #[test]
    fn what_the_server_finds_has_nobody_beside_it_and_an_exercise_says_so() {
        let act = |exercise: bool| {
            let id = "00000000-0000-0000-0000-000000000000";
            let item = json!({"event": "common_cause_found", "cause": id,
                "subject": {"vendor": "Civica"}, "organisations": 2, "since_ms": 0, "at_ms": 0,
                "exercise": exercise});
            shown(&json!({"shown": {"at_ms": 0, "salt": "00".repeat(16), "item": item}}))
        };
        let expected = "1970-01-01 00:00  #3  The server found a common cause: 2 organisations name vendor Civica";
        assert_eq!(act(false), expected);
        assert_eq!(act(true), format!("EXERCISE  {expected}"));
    }

    #[test]
    fn a_register_entry_and_a_new_token_are_told_in_words() {
        let id = "00000000-0000-0000-0000-000000000000";
        let shown = |item: serde_json::Value| {
            shown(&json!({"shown": {"at_ms": 0, "salt": "00".repeat(16), "item": item}}))
        };
        let entry = json!({"event": "register_entry_set", "organisation": id,
            "depends_on": [{"subject": {"vendor": "Civica"}, "aliases": ["EKS"]}], "shown": true});
        assert!(shown(entry).ends_with(
            "depends on: vendor Civica (also EKS); deputies: none; shown to every officer"
        ));
        let rotated = json!({"event": "bot_rotated", "bot": id, "token_hash": "00".repeat(32),
            "hook_hash": "00".repeat(32)});
        assert!(shown(rotated).contains("another token and another webhook address"));
    }
}
