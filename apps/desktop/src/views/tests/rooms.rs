//! The list of rooms by accessible name, by mouse and by keyboard.

use egui::{Key, Role};
use egui_kittest::kittest::Queryable;
use warproom_client::proto::Label;

use super::{Screen, screen};
use crate::fixture::{crowd, incident_model, many_rooms, member, model, post, room};
use crate::model::desk::{Action as Desk, Focus, Overlay, Pane};
use crate::{Action, Effect, Model, News, fixture};

fn open(screen: &Screen) -> Option<warproom_client::proto::RoomId> {
    screen.state().model.rooms.open
}

fn focus_rooms(screen: &mut Screen) {
    screen.state_mut().act(Action::Desk(Desk::Focus(Focus::Rooms)));
    screen.run_ok();
}

#[test]
fn a_room_says_all_that_its_row_shows() {
    let mut model = model();
    let mut calls_priya = post(1, Label::Green, "@priya?");
    calls_priya.handling.mentions = vec![member(5)];
    let entries = vec![post(1, Label::Green, "a"), post(2, Label::Green, "b"), calls_priya];
    fixture::fill(&mut model, room(2), entries);
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("General, 3 unread, 1 mention, ceiling TLP:AMBER");
    screen.get_by_label("Good practice, ceiling TLP:GREEN");
    screen.get_by_label("For you");
    assert!(screen.query_by_label("Unread").is_none(), "no group without a room");
}

#[test]
fn a_room_with_an_alert_on_our_supplier_is_for_us_and_the_alert_says_why() {
    let mut model = model();
    let _ = model.hear(&fixture::told_of(fixture::depends_on(5, "Civica UK Ltd")));
    let severity = warproom_client::proto::Severity::Moderate;
    let alert = fixture::alert(1, Label::Green, severity, "Civica is down", "Since eleven.");
    fixture::fill(&mut model, room(2), vec![alert]);
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("For you");
    screen
        .get_by_label("General, 1 unread, 1 concerns your organisation, ceiling TLP:AMBER")
        .click();
    screen.run_ok();
    screen.get_by_label("concerns your supplier: Civica UK Ltd");
}

#[test]
fn a_long_name_has_two_lines_and_is_said_whole_where_it_is_longer_still() {
    let called = "Working group on shared revenues and benefits";
    let mut model = model();
    for (number, called) in [(20, called), (21, &"x".repeat(80))] {
        let summary = fixture::summary(number, called, Label::Amber, Label::Green);
        let _ = model.hear(&News::RoomJoined(summary));
    }
    let mut screen = super::sized(model, 1024.0, 700.0);
    screen.run_ok();
    let height = |part: &str| screen.get_by_label_contains(part).rect().height();
    assert!(height(called) > height("General"), "it is on two lines");
    assert!(height(&"x".repeat(80)) > height("General"), "all of it is its name");
    let one = screen.get_by_label_contains(called).rect();
    let next = screen.get_by_label_contains(&"x".repeat(80)).rect();
    assert!(one.bottom() <= next.top(), "rows do not lie over each other");
}

#[test]
fn a_click_opens_a_room() {
    let mut screen = screen(incident_model());
    screen.run_ok();
    screen.get_by_label_contains("Good practice").click();
    screen.run_ok();
    assert_eq!(open(&screen), Some(room(6)));
    assert!(screen.state().world.asked.iter().any(|effect| matches!(effect, Effect::Page { .. })));
}

#[test]
fn arrows_and_enter_open_a_room() {
    let mut screen = screen(incident_model());
    screen.run_ok();
    focus_rooms(&mut screen);
    assert!(screen.get_by_label_contains("Services, 6 unread, 1 mention").is_focused());
    let listed: Vec<_> =
        screen.state().model.listed_rooms().iter().map(|(_, room)| room.id).collect();
    let at = listed.iter().position(|id| Some(*id) == open(&screen)).unwrap();
    screen.key_press(Key::ArrowDown);
    screen.run_ok();
    screen.key_press(Key::Enter);
    screen.run_ok();
    assert_eq!(open(&screen), Some(listed[at + 1]));
}

#[test]
fn arrows_reach_rooms_that_are_out_of_sight() {
    let mut model = model();
    many_rooms(&mut model, 200);
    let last = model.listed_rooms().last().unwrap().1.settings.name.to_string();
    let mut screen = screen(model);
    screen.run_ok();
    focus_rooms(&mut screen);
    assert!(screen.query_by_label_contains(&last).is_none(), "it is out of sight");
    for _ in 0..210 {
        screen.key_press(Key::ArrowDown);
        screen.step();
    }
    screen.run_ok();
    assert!(screen.get_by_label_contains(&last).is_focused());
}

#[test]
fn of_two_hundred_rooms_only_those_in_sight_are_drawn() {
    let mut model = model();
    many_rooms(&mut model, 200);
    let mut screen = screen(model);
    screen.run_ok();
    let drawn = screen.get_all_by_label_contains("ceiling TLP:").count();
    assert!((5..40).contains(&drawn), "{drawn} of 206");
    screen.get_by_label_contains(", 5000 unread, ceiling TLP:AMBER");
}

#[test]
fn the_foot_leads_everywhere_and_back() {
    let mut screen = screen(incident_model());
    screen.run_ok();
    for (name, pane) in [
        ("Directory", Pane::Directory),
        ("Manage", Pane::Manage),
        ("Settings", Pane::Settings),
        ("Outbox", Pane::Outbox),
    ] {
        screen.get_by_role_and_label(Role::Button, name).click();
        screen.run_ok();
        assert_eq!(screen.state().model.desk.pane, pane);
    }
    screen.get_by_role_and_label(Role::Button, "Outbox").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.pane, Pane::Room);
    screen.get_by_label("Go to room…").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.overlays, [Overlay::Switcher]);
}

#[test]
fn the_outbox_says_what_waits() {
    let mut model = incident_model();
    let react = crate::model::room::Action::React(2, "👍".to_owned());
    let _ = model.act(Action::Room(react));
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("Outbox: 1 waiting");
}

#[test]
fn without_a_room_it_says_what_to_do() {
    let mut model = model();
    let mut screen = screen(model_without_rooms(&mut model));
    screen.run_ok();
    screen.get_by_label("No room yet");
    assert!(screen.get_all_by_label_contains("manager").count() >= 2);
}

fn model_without_rooms(model: &mut Model) -> Model {
    for number in 1..=6 {
        let _ = model.hear(&News::RoomLeft(room(number)));
    }
    std::mem::take(model)
}

#[test]
fn with_no_room_open_it_says_what_to_do() {
    let mut screen = screen(model());
    screen.run_ok();
    screen.get_by_label("Choose a room");
    screen.get_by_label("Go to a room by name").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.overlays, [Overlay::Switcher]);
}

#[test]
fn the_header_names_the_room_its_ceiling_and_who_types() {
    let mut model = incident_model();
    for number in [1, 2] {
        let _ = model.hear(&News::Typing { room: room(1), member: member(number) });
    }
    crowd(&mut model, room(2), 1);
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_role_and_label(Role::Heading, "Incident: East Kent Services");
    screen.get_by_label("ceiling TLP:RED");
    screen.get_by_label("Ffion and Dele are typing");
    screen.get_by_label("Jump to date").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.overlays, [Overlay::JumpToDate]);
}
