//! The keys that mean something everywhere.

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use super::{Screen, screen};
use crate::commands::{COMMANDS, keys_name};
use crate::fixture;
use crate::model::desk::{self, Confirm, Overlay, Pane};
use crate::{Action, Model};

fn press(screen: &mut Screen, modifiers: Modifiers, key: Key) {
    screen.key_press_modifiers(modifiers, key);
    screen.run_ok();
}

fn incident() -> Screen {
    let mut screen = screen(fixture::incident_model());
    screen.run_ok();
    screen
}

#[test]
fn every_shortcut_is_listed_with_its_keys() {
    let mut screen = incident();
    press(&mut screen, Modifiers::NONE, Key::F1);
    assert_eq!(screen.state().model.desk.overlays, [Overlay::Shortcuts]);
    for command in COMMANDS.iter().filter(|command| command.keys.is_some()) {
        screen.get_by_label(command.name);
        let keys = command.keys.map(keys_name).unwrap_or_default();
        assert!(screen.get_all_by_label(&keys).count() > 0, "{keys}");
    }
    screen.get_by_label("Close").click();
    screen.run_ok();
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn before_somebody_is_signed_in_the_shortcuts_are_shown_and_the_desk_is_not_reached() {
    let mut screen = screen(Model::default());
    screen.run_ok();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    assert!(screen.state().model.desk.overlays.is_empty());
    press(&mut screen, Modifiers::NONE, Key::F1);
    screen.get_by_label("Go to a room…");
    press(&mut screen, Modifiers::NONE, Key::Escape);
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn while_a_question_is_asked_only_escape_means_something() {
    let mut model = fixture::incident_model();
    let confirm = Confirm {
        title: "Leave?".to_owned(),
        what_it_does: "You are out.".to_owned(),
        verb: "Leave",
        is_dangerous: true,
        then: Box::new(Action::Desk(desk::Action::Show(Pane::Outbox))),
    };
    let _ = model.act(Action::Desk(desk::Action::Ask(confirm)));
    let mut screen = screen(model);
    screen.run_ok();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    assert!(screen.state().model.desk.overlays.is_empty());
    press(&mut screen, Modifiers::NONE, Key::Escape);
    assert!(screen.state().model.desk.confirm.is_none());
    assert_eq!(screen.state().model.desk.pane, Pane::Room);
}

#[test]
fn a_key_with_alt_writes_nothing_and_alt_gr_writes_its_sign() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    let key = |modifiers| Event::Key {
        key: Key::Num1,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers,
    };
    let words = |screen: &Screen| screen.state().model.find.switcher.words.clone();
    // Both come from one press, in one frame.
    screen.input_mut().events.extend([key(Modifiers::ALT), Event::Text("1".to_owned())]);
    screen.run_ok();
    assert_eq!(words(&screen), "");
    // What Windows reports for AltGr.
    let alt_gr = Modifiers { alt: true, ctrl: true, command: true, ..Modifiers::NONE };
    screen.input_mut().events.extend([key(alt_gr), Event::Text("¹".to_owned())]);
    screen.run_ok();
    assert_eq!(words(&screen), "¹");
}

#[test]
fn panes_are_shown_and_left_by_the_same_keys() {
    let mut screen = incident();
    for (key, pane) in [(Key::O, Pane::Outbox), (Key::Comma, Pane::Settings)] {
        press(&mut screen, Modifiers::COMMAND, key);
        assert_eq!(screen.state().model.desk.pane, pane);
        press(&mut screen, Modifiers::COMMAND, key);
        assert_eq!(screen.state().model.desk.pane, Pane::Room);
    }
}
