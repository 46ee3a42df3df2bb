//! Managing by accessible name.

use egui::Key;
use egui::Role as Kind;
use egui_kittest::kittest::Queryable as _;
use serde_json::{Value, json};
use warproom_client::proto::calls::{
    BotAdded, InvitationAdded, ListRegisterEntries, PendingInvitation, RegisterEntryList,
    RoomMember, RoomMemberList, RoomMembers,
};
use warproom_client::proto::register::{Device, PublicKey};
use warproom_client::proto::{
    BotId, DeviceId, InvitationId, OrganisationId, Principal, RoomRole, Secret,
};

use super::{Screen, screen, sized};
use crate::fixture::{self, member, name, organisation, room};
use crate::model::manage::{self, ManagePage, Shown};
use crate::news::Connection;
use crate::request::{Reply, Request};
use crate::{Action, Effect, Model, News};

fn does(model: &mut Model, action: manage::Action) {
    let _ = model.act(Action::Manage(action));
}

fn managing(mut model: Model, page: ManagePage) -> Screen {
    does(&mut model, manage::Action::Show(page));
    drawn(screen(model))
}

fn drawn(mut screen: Screen) -> Screen {
    screen.run_ok();
    screen
}

/// Clicks a button, which may be further down the page.
fn click(screen: &mut Screen, label: &str) {
    screen.get_by_role_and_label(Kind::Button, label).scroll_to_me();
    screen.run_ok();
    screen.get_by_role_and_label(Kind::Button, label).click();
    screen.run_ok();
}

fn write(screen: &mut Screen, field: &str, text: &str) {
    screen.get_by_role_and_label(Kind::TextInput, field).focus();
    screen.run_ok();
    screen.get_by_role_and_label(Kind::TextInput, field).type_text(text);
    screen.run_ok();
}

fn answer(screen: &mut Screen, request: impl Into<Request>, reply: Reply) {
    screen.state_mut().hear(&News::Answered(request.into(), Ok(reply)));
    screen.run_ok();
}

/// Does what is asked about. (The question itself is drawn by another part.)
fn confirm(screen: &mut Screen) -> String {
    let confirm = screen.state_mut().model.desk.confirm.take();
    let confirm = confirm.expect("something is asked about");
    screen.state_mut().act(*confirm.then);
    screen.run_ok();
    confirm.what_it_does
}

/// What was asked of the server last, as it goes over the wire.
fn asked(screen: &Screen) -> Value {
    let asked = screen.state().world.asked.iter().rev();
    let mut asked = asked.filter_map(|effect| match effect {
        Effect::Call(request) => serde_json::to_value(request).ok(),
        Effect::Send(outgoing) => serde_json::to_value(outgoing).ok(),
        _ => None,
    });
    asked.next().unwrap_or_default()
}

fn has(screen: &Screen, text: &str) -> bool {
    screen.query_all_by_label_contains(text).next().is_some()
        || screen.query_all_by_value(text).next().is_some()
}

#[test]
fn a_person_is_invited_and_the_text_is_shown_once() {
    let mut screen = managing(fixture::model(), ManagePage::Invitations);
    click(&mut screen, "Invite a person");
    write(&mut screen, "Name of the person", "Nia Prosser");
    write(&mut screen, "Find the organisation", "ashford");
    click(&mut screen, "Ashford Borough Council");
    click(&mut screen, "Make the invitation");
    let call = asked(&screen);
    assert_eq!(call["AddInvitation"]["handle"], "nia");
    assert_eq!(call["AddInvitation"]["organisation"], json!(organisation(4)));
    let request: Request = serde_json::from_value(call).unwrap();
    let added = InvitationAdded {
        invitation: InvitationId::from_bytes([8; 16]),
        text: Secret::from("warproom://kent.example:8443/abc/code".to_owned()),
        expires_at_ms: fixture::NOW_MS + 3_600_000,
    };
    answer(&mut screen, request, Reply::AddInvitation(added));
    assert!(has(&screen, "warproom://kent.example:8443/abc/code"));
    assert!(has(&screen, "not by council e-mail"));
    click(&mut screen, "Copy invitation");
    assert!(
        matches!(screen.state().world.asked.last(), Some(Effect::Copy(text)) if text.starts_with("warproom://"))
    );
    click(&mut screen, "I have it: put it away");
    assert!(!has(&screen, "warproom://kent.example:8443/abc/code"));
}

#[test]
fn a_member_is_suspended_and_removed_only_after_being_asked() {
    let mut screen = managing(fixture::model(), ManagePage::Members);
    click(&mut screen, "Tom Ashdown @tom, Ashford Borough Council, officer");
    click(&mut screen, "Suspend");
    assert!(asked(&screen)["ListDevices"].is_object());
    confirm(&mut screen);
    let expected = json!({"member": member(4), "role": null, "standing": "suspended"});
    assert_eq!(asked(&screen)["ChangeMember"], expected);
    click(&mut screen, "Remove from the WARP");
    assert!(asked(&screen)["RemoveMember"].is_null());
    assert!(confirm(&mut screen).contains("cannot be undone"));
    assert_eq!(asked(&screen)["RemoveMember"], json!({"member": member(4)}));
}

#[test]
fn a_room_is_opened_with_its_labels() {
    let mut screen = managing(fixture::model(), ManagePage::Rooms);
    click(&mut screen, "Open a room");
    write(&mut screen, "Name of the room", "Incident: Housing");
    screen.get_by_label("Strictest label: TLP:GREEN").click();
    screen.run_ok();
    assert!(screen.query_by_label("Label offered to a writer: TLP:AMBER").is_none());
    screen.get_by_label("Members see who is typing").click();
    screen.run_ok();
    click(&mut screen, "Open the room");
    let expected = json!({"settings": {
        "name": "Incident: Housing", "ceiling": "TLP:GREEN", "default_label": "TLP:GREEN",
        "typing": false, "presence": true,
    }});
    assert_eq!(asked(&screen)["OpenRoom"], expected);
}

/// The page of General with two people in it.
fn in_general(model: Model) -> Screen {
    let mut screen = managing(model, ManagePage::Rooms);
    click(&mut screen, "General, up to TLP:AMBER, lead");
    let person = |number: u8, called: &str, role| RoomMember {
        who: Principal::Member(member(number)),
        name: name(called),
        organisation: Some(organisation(number)),
        organisation_name: Some(name("A council")),
        role,
    };
    let members = vec![
        person(5, "Priya Raman", RoomRole::Lead),
        person(1, "Ffion Gwŷn", RoomRole::Participant),
    ];
    let reply = Reply::RoomMembers(RoomMemberList { members });
    answer(&mut screen, RoomMembers { room: room(2) }, reply);
    screen
}

#[test]
fn somebody_is_brought_into_a_room_and_what_they_will_see_is_said() {
    let mut screen = in_general(fixture::model());
    write(&mut screen, "Bring in: name, organisation or handle", "ashford");
    click(&mut screen, "Tom Ashdown, Ashford Borough Council");
    assert!(has(
        &screen,
        "Of what was said before, Tom Ashdown will see what is TLP:GREEN and TLP:CLEAR."
    ));
    click(&mut screen, "Bring in Tom Ashdown");
    assert_eq!(asked(&screen)["AddToRoom"]["member"], json!(member(4)));
    assert_eq!(asked(&screen)["AddToRoom"]["role"], "participant");
}

#[test]
fn somebody_is_taken_out_of_a_room_after_being_asked() {
    let mut screen = in_general(fixture::model());
    assert!(screen.query_by_label("Take out Priya Raman").is_none());
    click(&mut screen, "Take out Ffion Gwŷn");
    assert!(confirm(&mut screen).contains("at once, on every device"));
    assert_eq!(asked(&screen)["RemoveFromRoom"]["who"], json!(Principal::Member(member(1))));
}

#[test]
fn a_bot_is_added_and_its_token_is_shown_once() {
    let mut screen = managing(fixture::model(), ManagePage::Bots);
    click(&mut screen, "Add a bot");
    write(&mut screen, "Name of the bot", "Feeds");
    write(&mut screen, "Put it into a room", "warn");
    click(&mut screen, "Warnings");
    assert!(screen.query_by_label("It reads up to: TLP:RED").is_none());
    screen.get_by_label("It posts up to: TLP:GREEN").click();
    screen.run_ok();
    click(&mut screen, "Add the bot");
    let call = asked(&screen);
    let expected = json!({
        "rooms": [room(3)], "read": null, "post": "TLP:GREEN", "per_minute": 60,
        "expires_at_ms": fixture::NOW_MS + 90 * 86_400_000,
    });
    assert_eq!(call["AddBot"]["grant"], expected);
    let request: Request = serde_json::from_value(call).unwrap();
    let token = Secret::from("token-of-the-bot".to_owned());
    let added = BotAdded { bot: BotId::from_bytes([2; 16]), token, hook: None };
    answer(&mut screen, request, Reply::AddBot(added));
    assert!(has(&screen, "token-of-the-bot"));
    screen.get_by_label("Members").click();
    screen.run_ok();
    assert!(screen.state().model.manage.once.is_none());
}

#[test]
fn what_adding_and_changing_an_organisation_does_is_said_before_it_is_done() {
    let page = |shown| {
        let mut model = fixture::model();
        does(&mut model, manage::Action::Show(ManagePage::Organisations));
        does(&mut model, manage::Action::Open(shown));
        drawn(screen(model))
    };
    let adding = page(Shown::New);
    adding.get_by_label_contains("for every officer and manager to see");
    adding.get_by_label_contains("cannot be taken out again");
    let changing = page(Shown::Organisation(organisation(4)));
    changing.get_by_label_contains("Under another name it stands everywhere");
    assert!(changing.query_by_label_contains("cannot be taken out again").is_none());
}

#[test]
fn an_officer_says_what_their_organisation_depends_on() {
    let mut screen = managing(fixture::signed_in(1), ManagePage::Organisations);
    click(&mut screen, "What your organisation depends on");
    let reply = Reply::ListRegisterEntries(RegisterEntryList { entries: Vec::new() });
    answer(&mut screen, ListRegisterEntries {}, reply);
    click(&mut screen, "Add a row");
    write(&mut screen, "Name 1", "Civica");
    write(&mut screen, "Also called 1", "EKS, Civica UK");
    click(&mut screen, "Add Ffion Gwŷn as a deputy");
    screen.get_by_label("Every officer of the WARP may see it").click();
    screen.run_ok();
    click(&mut screen, "Save what we depend on");
    let expected = json!({
        "depends_on": [{"subject": {"vendor": "Civica"}, "aliases": ["EKS", "Civica UK"]}],
        "shown": true,
        "deputies": [member(1)],
    });
    assert_eq!(asked(&screen)["SetRegisterEntry"], expected);
}

#[test]
fn an_officer_sees_no_controls_of_managers_but_who_has_them() {
    for (page, control) in [
        (ManagePage::Members, "Tom Ashdown @tom, Ashford Borough Council, officer"),
        (ManagePage::Invitations, "Invite a person"),
        (ManagePage::Organisations, "Add an organisation"),
        (ManagePage::Bots, "Add a bot"),
    ] {
        let is_there =
            |screen: &Screen| screen.query_by_role_and_label(Kind::Button, control).is_some();
        assert!(is_there(&managing(fixture::model(), page)), "{control}");
        let screen = managing(fixture::signed_in(1), page);
        assert!(!is_there(&screen), "{control}");
        assert!(has(&screen, "ask Priya Raman"), "{control}");
    }
}

#[test]
fn a_participant_may_look_and_leave_and_no_more() {
    let mut model = fixture::signed_in(1);
    let mut summary = fixture::summary(2, "General", fixture::ROOMS[1].1, fixture::ROOMS[1].2);
    summary.role = Some(RoomRole::Participant);
    let _ = model.hear(&News::RoomJoined(summary));
    does(&mut model, manage::Action::Show(ManagePage::Rooms));
    does(&mut model, manage::Action::Open(Shown::Room(room(2))));
    let screen = drawn(screen(model));
    assert!(screen.query_by_label("Save the settings").is_none());
    assert!(screen.query_by_label("Bring in: name, organisation or handle").is_none());
    assert!(has(&screen, "Only this room's leads and managers change it"));
    screen.get_by_label("Leave this room");
}

#[test]
fn without_a_connection_nothing_can_be_sent_and_that_is_said() {
    let mut model = fixture::model();
    let _ = model.hear(&News::Connection(Connection::Connecting));
    does(&mut model, manage::Action::Show(ManagePage::Rooms));
    does(&mut model, manage::Action::Open(Shown::New));
    let mut screen = drawn(screen(model));
    write(&mut screen, "Name of the room", "Incident");
    click(&mut screen, "Open the room");
    assert!(has(&screen, "There is no connection to the server"));
    assert_eq!(asked(&screen), Value::Null);
}

#[test]
fn the_keyboard_goes_to_what_was_opened() {
    let mut screen = managing(fixture::model(), ManagePage::Invitations);
    screen.get_by_role_and_label(Kind::Button, "Invite a person").focus();
    screen.run_ok();
    screen.key_press(Key::Enter);
    screen.run_ok();
    assert!(screen.get_by_role_and_label(Kind::TextInput, "Name of the person").is_focused());
}

#[test]
fn the_tabs_are_walked_by_arrow_keys() {
    let mut screen = managing(fixture::model(), ManagePage::Rooms);
    screen.get_by_role_and_label(Kind::Tab, "Rooms").focus();
    screen.run_ok();
    screen.key_press(Key::ArrowRight);
    screen.run_ok();
    assert_eq!(screen.state().model.manage.page, ManagePage::Members);
    assert!(screen.get_by_role_and_label(Kind::Tab, "Members").is_focused());
    screen.key_press(Key::ArrowLeft);
    screen.run_ok();
    assert_eq!(screen.state().model.manage.page, ManagePage::Rooms);
}

#[test]
fn of_five_hundred_organisations_only_those_in_sight_are_drawn() {
    let mut model = fixture::model();
    for number in 0..500_u16 {
        let mut bytes = [0x50; 16];
        bytes[14..].copy_from_slice(&number.to_be_bytes());
        let id = OrganisationId::from_bytes(bytes);
        let mut one = model.directory.organisations[&organisation(1)].clone();
        one.organisation = id;
        one.name = name(&format!("Council {number:03}"));
        model.directory.organisations.insert(id, one);
    }
    let screen = managing(model, ManagePage::Organisations);
    let drawn = screen.query_all_by_label_contains("Council ").count();
    assert!((10..60).contains(&drawn), "{drawn}");
}

/// Lists with names as long as they come.
fn fill_with_long_names(model: &mut Model) {
    let long = name(&"Långstrump ".repeat(8)[..80]);
    let people = |role| RoomMember {
        who: Principal::Member(member(3)),
        name: long.clone(),
        organisation: Some(organisation(3)),
        organisation_name: Some(long.clone()),
        role,
    };
    model.manage.people = Some(vec![people(RoomRole::Lead), people(RoomRole::Participant)]);
    for one in model.directory.organisations.values_mut() {
        one.name = long.clone();
        one.aliases = vec![long.clone()];
    }
    let mut invited = model.directory.members[&member(3)].clone();
    invited.name = long.clone();
    let pending = PendingInvitation {
        invitation: InvitationId::from_bytes([8; 16]),
        member: invited,
        expires_at_ms: fixture::NOW_MS + 1,
    };
    model.manage.invitations = Some(vec![pending]);
    let device = Device {
        device: DeviceId::from_bytes([3; 16]),
        member: member(3),
        name: long,
        public_key: PublicKey([3; 32]),
    };
    model.manage.devices.extend([3, 5].map(|of| (member(of), vec![device.clone()])));
}

#[test]
fn nothing_of_a_page_is_wider_than_a_small_window() {
    for page in ManagePage::ALL {
        for shown in [Shown::List, Shown::New, Shown::Room(room(1)), Shown::Member(member(3))] {
            let mut model = fixture::model();
            does(&mut model, manage::Action::Show(page));
            does(&mut model, manage::Action::Open(shown));
            fill_with_long_names(&mut model);
            let screen = drawn(sized(model, 1024.0, 700.0));
            for node in screen.query_all_by(|node| node.role() == Kind::Button) {
                assert!(node.rect().right() <= 1024.0, "{page:?} {shown:?}: {:?}", node.rect());
            }
        }
    }
}
