//! What waits for an answer, and how the connection is, wherever one is.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;

use super::ask::{asked, said};
use super::{Screen, screen};
use crate::effect::Outgoing;
use crate::model::desk::{self, Overlay, Pane};
use crate::news::Connection;
use crate::{Action, Effect, Model, News, fixture};

fn shown(model: Model) -> Screen {
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn answers(screen: &Screen) -> Vec<String> {
    let answer = |effect: &Effect| match effect {
        Effect::Send(Outgoing::Answer(answer)) => Some(answer.choice.to_string()),
        _ => None,
    };
    screen.state().world.asked.iter().filter_map(answer).collect()
}

/// Ctrl+J, and then a number.
fn answer_by_key(screen: &mut Screen) {
    screen.key_press_modifiers(Modifiers::COMMAND, Key::J);
    screen.run_ok();
    screen.key_press(Key::Num2);
    screen.run_ok();
}

#[test]
fn what_waits_stands_at_the_top_of_every_page_and_one_key_answers_it() {
    for pane in [Pane::Room, Pane::Manage, Pane::Directory, Pane::Settings, Pane::Outbox] {
        let mut model = asked(false);
        let _ = model.act(Action::Desk(desk::Action::Show(pane)));
        let mut screen = shown(model);
        let card = said(&screen, Role::Group, "waits for an answer: severity severe").rect();
        assert!(card.max.y < 400.0, "{pane:?}: {card}");
        answer_by_key(&mut screen);
        assert_eq!(answers(&screen), ["investigating"], "{pane:?}");
        assert_eq!(screen.state().model.desk.pane, pane, "one stays where one was");
    }
}

#[test]
fn what_waits_is_there_while_no_room_is_open() {
    let mut model = asked(false);
    model.rooms.open = None;
    let mut screen = shown(model);
    screen.get_by_label("Choose a room");
    answer_by_key(&mut screen);
    assert_eq!(answers(&screen), ["investigating"]);
}

#[test]
fn what_waits_stands_at_the_top_of_a_search_once() {
    let mut screen = shown(asked(false));
    screen.key_press_modifiers(Modifiers::COMMAND, Key::F);
    screen.run_ok();
    let card = said(&screen, Role::Group, "waits for an answer").rect();
    assert!(card.max.y < screen.get_by_label("Words, in this order").rect().min.y);
    answer_by_key(&mut screen);
    assert_eq!(answers(&screen), ["investigating"]);
    assert_eq!(screen.state().model.desk.overlays, [Overlay::Search], "the search is still open");
}

#[test]
fn a_card_leads_to_its_room_from_anywhere() {
    let mut model = asked(false);
    let _ = model.act(Action::Desk(desk::Action::Show(Pane::Settings)));
    let mut screen = shown(model);
    screen.get_by_label("in Incident: East Kent Services").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.pane, Pane::Room);
    let mut screen = shown(asked(false));
    screen.key_press_modifiers(Modifiers::COMMAND, Key::F);
    screen.run_ok();
    // Behind it is the button of the entry.
    screen.get_all_by_label("Board").last().unwrap().click();
    screen.run_ok();
    assert!(screen.state().model.desk.overlays.is_empty());
    assert!(screen.state().model.open_board().is_some());
}

#[test]
fn the_connection_is_said_in_words_also_while_it_is_there() {
    let mut screen = shown(fixture::model());
    screen.get_by_role_and_label(Role::Status, "Connected");
    let why = "the server cannot be reached".to_owned();
    let lost = Connection::Reconnecting { at_ms: fixture::NOW_MS + 8_000, why, intercepted: false };
    screen.state_mut().hear(&News::Connection(lost));
    screen.run_ok();
    screen.get_by_role_and_label(Role::Status, "Not connected");
    screen.get_by_label_contains("Reconnecting in 8 s");
    screen.state_mut().hear(&News::Connection(Connection::Connected));
    screen.run_ok();
    screen.get_by_role_and_label(Role::Status, "Connected");
    let told = "Connected again. Nothing of yours is waiting to be sent.";
    screen.get_by_role_and_label(Role::Status, told);
    let why = "this device was revoked".to_owned();
    screen.state_mut().hear(&News::Connection(Connection::SignedOut { why }));
    screen.run_ok();
    screen.get_by_role_and_label(Role::Status, "Signed out");
    screen.get_by_label_contains("Signed out: this device was revoked");
}
