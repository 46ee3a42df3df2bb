//! What the directory asks for, and what it lists.

use warproom_client::proto::calls::{RegisterEntryList, RoomMember, RoomMemberList, RoomMembers};
use warproom_client::proto::register::{Bot, Dependency, Grant, RegisterEntry, Role};
use warproom_client::proto::{BotId, Entry, Kind, Label, Principal, RoomRole, Subject};

use super::{Row, grant, listed};
use crate::fixture::{self, NOW_MS, delivered, member, name, organisation, post};
use crate::model::Model;
use crate::model::find;
use crate::news::SignedIn;
use crate::request::{Reply, Request};
use crate::{Action, Effect, News};

/// The calls among the effects that are of the directory, by name.
fn calls(effects: &[Effect]) -> Vec<&'static str> {
    let call = |effect: &Effect| match effect {
        Effect::Call(Request::ListMembers(_)) => Some("members"),
        Effect::Call(Request::ListBots(_)) => Some("bots"),
        Effect::Call(Request::ListOrganisations(_)) => Some("organisations"),
        Effect::Call(Request::ListRegisterEntries(_)) => Some("entries"),
        _ => None,
    };
    effects.iter().filter_map(call).collect()
}

fn sign_in(model: &mut Model) -> Vec<&'static str> {
    let session = model.session.clone().unwrap();
    calls(&model.hear(&News::SignedIn(SignedIn { warp: session.warp, me: session.me })))
}

#[test]
fn a_sign_in_asks_for_every_list_that_one_may_see() {
    assert_eq!(
        sign_in(&mut fixture::signed_in(1)),
        ["members", "bots", "organisations", "entries"]
    );
    assert_eq!(sign_in(&mut fixture::signed_in(8)), ["members", "entries"]);
    assert_eq!(fixture::MEMBERS[7].3, Role::Guest);
}

fn comes(number: u8) -> Entry {
    let kind = Kind::Joined { who: Principal::Member(member(number)), role: RoomRole::Participant };
    fixture::kind(post(5, Label::Green, "x"), kind)
}

#[test]
fn somebody_unknown_in_a_room_refreshes_the_lists_at_most_once_in_five_seconds() {
    let mut model = fixture::incident_model();
    let room = fixture::room(1);
    let joins = |model: &mut Model, seq, number| {
        calls(&model.hear(&News::Entry(delivered(room, seq, NOW_MS, comes(number)))))
    };
    assert!(joins(&mut model, 20, 1).is_empty(), "is in the list");
    assert!(joins(&mut model, 21, 70).contains(&"members"));
    assert!(joins(&mut model, 22, 71).is_empty());
    assert!(calls(&model.hear(&News::Clock(NOW_MS + 4_999))).is_empty());
    assert!(calls(&model.hear(&News::Clock(NOW_MS + 5_000))).contains(&"members"));
    assert!(calls(&model.hear(&News::Clock(NOW_MS + 20_000))).is_empty());
}

#[test]
fn a_new_room_refreshes_the_lists() {
    let mut model = fixture::model();
    let summary = fixture::summary(9, "New", Label::Amber, Label::Green);
    assert!(calls(&model.hear(&News::RoomJoined(summary))).contains(&"members"));
}

fn words(model: &mut Model, words: &str) -> Vec<Row> {
    let _ = model.act(Action::Find(find::Action::DirectoryWords(words.to_owned())));
    listed(model)
}

#[test]
fn members_stand_under_their_organisation_by_name() {
    let mut model = fixture::model();
    let rows = words(&mut model, "");
    assert_eq!(rows.len(), 16);
    assert_eq!(
        rows[..2],
        [Row::Organisation(organisation(4)), Row::Member(member(4))],
        "Ashford is the first"
    );
}

#[test]
fn people_are_found_by_name_handle_and_what_their_organisation_depends_on() {
    let mut model = fixture::model();
    let subject = Subject::Vendor(name("Civica"));
    let depends_on = vec![Dependency { subject, aliases: vec![name("OpenRevenues")] }];
    let entry = RegisterEntry {
        organisation: organisation(2),
        depends_on,
        shown: true,
        deputies: Vec::new(),
    };
    let list = RegisterEntryList { entries: vec![entry] };
    let request = warproom_client::proto::calls::ListRegisterEntries {}.into();
    let _ = model.hear(&News::Answered(request, Ok(Reply::ListRegisterEntries(list))));
    let dover = [Row::Organisation(organisation(2)), Row::Member(member(2))];
    for found in ["civica", "openrev", "dover district", "@dele", "okafor dover"] {
        assert_eq!(words(&mut model, found), dover, "{found}");
    }
    assert_eq!(words(&mut model, "nobody at all"), []);
}

#[test]
fn a_guest_knows_the_people_of_their_rooms_and_their_organisations() {
    let mut model = fixture::signed_in(8);
    let who = Principal::Member(member(70));
    let met = RoomMember {
        who,
        name: name("Rhian Pugh"),
        organisation: Some(organisation(70)),
        organisation_name: Some(name("Cyngor Môn")),
        role: RoomRole::Participant,
    };
    let request = RoomMembers { room: fixture::room(1) }.into();
    let list = RoomMemberList { members: vec![met] };
    let _ = model.hear(&News::Answered(request, Ok(Reply::RoomMembers(list))));
    assert_eq!(model.directory.organisation_of(who).as_deref(), Some("Cyngor Môn"));
    assert!(words(&mut model, "pugh").ends_with(&[Row::Others, Row::Other(who)]));
}

#[test]
fn a_bots_grant_is_told_in_words() {
    let model = fixture::incident_model();
    let bot = Bot {
        bot: BotId::from_bytes([1; 16]),
        name: name("Feeds"),
        owner: member(5),
        grant: Grant {
            rooms: vec![fixture::room(3), fixture::room(99)],
            read: None,
            post: Some(Label::Green),
            answer: true,
            per_minute: 60,
            expires_at_ms: NOW_MS - 1,
        },
        hook: None,
    };
    let said = grant(&model, &bot);
    for part in [
        "Priya Raman answers for it",
        "reads nothing, posts nothing stricter than TLP:GREEN, 60 entries a minute",
        "answers asks for Medway Council",
        "In Warnings, a room you are not in",
        "Ended on Sunday 21 January 2024",
    ] {
        assert!(said.contains(part), "{part:?} in {said:?}");
    }
}

#[test]
fn nobody_is_learnt_from_a_room_that_was_left_before_its_people_were_told() {
    let mut model = fixture::signed_in(8);
    let _ = model.hear(&News::RoomLeft(fixture::room(1)));
    let met = RoomMember {
        who: Principal::Member(member(77)),
        name: name("Nia Prosser"),
        organisation: None,
        organisation_name: None,
        role: RoomRole::Participant,
    };
    let reply = || Ok(Reply::RoomMembers(RoomMemberList { members: vec![met.clone()] }));
    let _ = model.hear(&News::Answered(RoomMembers { room: fixture::room(1) }.into(), reply()));
    assert!(model.directory.others.is_empty());
    let _ = model.hear(&News::Answered(RoomMembers { room: fixture::room(2) }.into(), reply()));
    assert_eq!(model.directory.others.len(), 1, "one is still in the other");
}
