//! An act of the register, in one line.

use jiff::tz::TimeZone;
use warproom_client::proto::register::{Act, Event};
use warproom_client::proto::{Body, DeviceId, OrganisationId, Principal, Record, RoomId, Subject};
use warproom_client::{Called, act_in_words};

use super::{FAINT, marked, safe, styled, subject, when};
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
            is_exercise = matches!(&act.event, Event::CommonCauseFound(found) if found.exercise);
            safe(&act_in_words(&act, &Names { people, zone }))
        },
    );
    let line = format!("{}  {number}  {what}", styled(FAINT, &when(*at_ms, zone)));
    marked(is_exercise, &line)
}

/// What things are called here.
pub(crate) struct Names<'a> {
    pub(crate) people: &'a Directory,
    pub(crate) zone: &'a TimeZone,
}

impl Called for Names<'_> {
    fn person(&self, who: Principal) -> String {
        self.people.describe(who)
    }

    fn organisation(&self, id: OrganisationId) -> String {
        self.people.organisation(id)
    }

    fn room(&self, id: RoomId) -> String {
        self.people.room(id)
    }

    fn device(&self, id: DeviceId) -> String {
        self.people.device(id)
    }

    fn subject(&self, named: &Subject) -> String {
        subject(named)
    }

    fn moment(&self, at_ms: i64) -> String {
        when(at_ms, self.zone)
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
