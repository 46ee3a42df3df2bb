//! From an invitation's text to a labelled message and an answered roll call, without a mouse.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::calls::{ListMembers, ListRooms, Me, MemberList, RoomList};
use warproom_client::proto::register::{Member, Role, Standing};
use warproom_client::proto::{Ask, DeviceId, Label, Outstanding, Principal, Stage};

use super::super::Screen;
use super::super::welcome::{PASSWORD, TEXT, invitation, profile, started};
use super::{begin, has_keyboard, only_sent, press, tell, write};
use crate::effect::{Lock, Outgoing};
use crate::fixture::{self, member, name, organisation, post, room};
use crate::model::settings::Settings;
use crate::news::{Connection, Opened, SignedIn};
use crate::request::{Reply, Request};
use crate::{Effect, News};

fn enter(screen: &mut Screen) {
    press(screen, Modifiers::NONE, Key::Enter);
}

fn me() -> Me {
    Me {
        principal: Principal::Member(member(5)),
        name: name("Priya Raman"),
        handle: Some("priya".parse().unwrap()),
        role: Some(Role::Officer),
    }
}

/// By keyboard from the first page to the profile that is opened.
fn join(screen: &mut Screen) {
    write(screen, TEXT);
    enter(screen);
    assert!(matches!(screen.state().world.asked[..], [Effect::OpenInvitation(_)]));
    tell(screen, News::Invited(Ok(invitation())));
    enter(screen);
    write(screen, PASSWORD);
    press(screen, Modifiers::NONE, Key::Tab);
    assert!(has_keyboard(screen, "The same password again"));
    write(screen, PASSWORD);
    enter(screen);
    write(screen, "123456");
    enter(screen);
    let Some(Effect::Redeem { password, code, device, lock: Lock::KeyStore }) =
        screen.state().world.asked.last()
    else {
        panic!("it is not redeemed");
    };
    assert_eq!((password.expose(), code.expose()), (PASSWORD, "123456"));
    assert_eq!(device.as_str(), "council-laptop-7");
    tell(screen, News::Joined(Ok(profile("Kent", false))));
    assert!(matches!(
        screen.state().world.asked.last(),
        Some(Effect::OpenProfile { profile, passphrase: None }) if profile.0 == "kent"
    ));
}

/// What the world tells of a profile that was joined just now.
fn opens(screen: &mut Screen) {
    let opened = Opened {
        profile: crate::model::profile::ProfileName("kent".to_owned()),
        warp: name("Kent & Medway WARP"),
        me: me(),
        device: DeviceId::from_bytes([9; 16]),
        address: String::new(),
        settings: Settings::default(),
        drafts: Vec::new(),
        outbox: Vec::new(),
    };
    tell(screen, News::Opened(Ok(opened)));
    tell(screen, News::Connection(Connection::Connecting));
    tell(screen, News::Connection(Connection::Connected));
    tell(screen, News::SignedIn(SignedIn { warp: name("Kent & Medway WARP"), me: me() }));
    let asks = |wanted: fn(&Request) -> bool| {
        let mut asked = screen.state().world.asked.iter();
        asked.any(|effect| matches!(effect, Effect::Call(request) if wanted(request)))
    };
    assert!(asks(|request| matches!(request, Request::ListRooms(ListRooms { all: false }))));
    assert!(asks(|request| matches!(request, Request::ListMembers(_))));
}

fn lists(screen: &mut Screen) {
    let priya = Member {
        member: member(5),
        name: name("Priya Raman"),
        handle: "priya".parse().unwrap(),
        organisation: organisation(5),
        role: Role::Officer,
        standing: Standing::Active,
    };
    let members = Reply::ListMembers(MemberList { members: vec![priya] });
    tell(screen, News::Answered(Request::ListMembers(ListMembers {}), Ok(members)));
    let rooms = vec![fixture::summary(1, "Incident", Label::Red, Label::AmberStrict)];
    let rooms = Reply::ListRooms(RoomList { rooms });
    tell(screen, News::Answered(Request::ListRooms(ListRooms { all: false }), Ok(rooms)));
    let asked = &screen.state().world.asked;
    assert!(asked.iter().any(|one| matches!(one, Effect::Follow { room: to } if *to == room(1))));
}

#[test]
fn a_new_user_posts_a_labelled_message_and_answers_a_roll_call_without_a_mouse() {
    let mut screen = begin(started(Vec::new(), true));
    join(&mut screen);
    opens(&mut screen);
    lists(&mut screen);
    screen.get_by_label_contains("Incident, ceiling TLP:RED");

    press(&mut screen, Modifiers::ALT, Key::ArrowDown);
    assert_eq!(screen.state().model.rooms.open, Some(room(1)));
    assert!(has_keyboard(&screen, super::FIELD));
    write(&mut screen, "Hello from Medway");
    enter(&mut screen);
    let Outgoing::Post(sent) = only_sent(&screen) else { panic!("it is no post") };
    assert_eq!((sent.room, sent.label), (room(1), Label::AmberStrict));
    assert_eq!(sent.text.as_str(), "Hello from Medway");

    let ask = fixture::asking(post(1, Label::AmberStrict, "Who is hit?"), &Ask::ROLL_CALL, 45);
    let ask = fixture::delivered(room(1), 1, fixture::NOW_MS, ask);
    tell(&mut screen, News::Entry(ask));
    let waits = Outstanding {
        room: room(1),
        ask: 1,
        stage: Stage::Asked,
        due_at_ms: Some(fixture::NOW_MS + 45 * 60_000),
        organisations: vec![organisation(5)],
        exercise: false,
    };
    tell(&mut screen, News::Reminder(waits));
    press(&mut screen, Modifiers::COMMAND, Key::J);
    press(&mut screen, Modifiers::NONE, Key::Num3);
    let Some(Outgoing::Answer(answer)) = super::sent(&screen).last() else {
        panic!("it is no answer");
    };
    assert_eq!((answer.room, answer.of), (room(1), 1));
    assert_eq!(answer.choice.as_str(), "not affected");
}
