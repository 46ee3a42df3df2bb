//! Writing, labels, answering, offline and back, mending and taking back.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::Label;

use super::super::Screen;
use super::super::ask::asked;
use super::{
    FIELD, begin, click, has_keyboard, incident, only_sent, press, sent, stored, tab_to, tell,
    write,
};
use crate::News;
use crate::effect::Outgoing;
use crate::fixture::{self, NOW_MS, post, room};
use crate::news::Connection;

const NONE: Modifiers = Modifiers::NONE;

fn enter(screen: &mut Screen) {
    press(screen, NONE, Key::Enter);
}

/// The post that was to be sent.
fn posted(screen: &Screen) -> (&str, Label) {
    match only_sent(screen) {
        Outgoing::Post(post) => (post.text.as_str(), post.label),
        _ => panic!("it is no post"),
    }
}

fn shown(screen: &Screen, text: &str) -> usize {
    screen
        .query_all_by_role(Role::Label)
        .filter(|node| node.value().as_deref() == Some(text))
        .count()
}

#[test]
fn a_label_is_changed_by_a_click_and_goes_out_with_the_post() {
    let mut screen = incident();
    screen.get_by_role_and_label(Role::RadioButton, "TLP:RED").click();
    screen.run_ok();
    assert!(has_keyboard(&screen, FIELD));
    write(&mut screen, "For this room only");
    enter(&mut screen);
    assert_eq!(posted(&screen), ("For this room only", Label::Red));
}

#[test]
fn a_label_is_changed_by_its_key_wherever_the_keyboard_is() {
    let mut screen = incident();
    press(&mut screen, Modifiers::ALT, Key::Num5);
    press(&mut screen, Modifiers::ALT, Key::Num4);
    write(&mut screen, "We are affected");
    enter(&mut screen);
    assert_eq!(posted(&screen), ("We are affected", Label::AmberStrict));
}

#[test]
fn a_milder_label_is_asked_about_once_and_by_keyboard() {
    let mut screen = incident();
    press(&mut screen, Modifiers::ALT, Key::Num2);
    write(&mut screen, "The portal is down.");
    enter(&mut screen);
    assert!(sent(&screen).is_empty(), "it is asked first");
    screen.get_by_label("Send this as TLP:GREEN?");
    assert!(has_keyboard(&screen, "Cancel"));
    press(&mut screen, NONE, Key::Escape);
    assert!(has_keyboard(&screen, FIELD) && sent(&screen).is_empty());
    enter(&mut screen);
    press(&mut screen, Modifiers::SHIFT, Key::Tab);
    assert!(has_keyboard(&screen, "Send as TLP:GREEN"));
    enter(&mut screen);
    assert_eq!(posted(&screen), ("The portal is down.", Label::Green));
}

#[test]
fn a_roll_call_is_answered_by_one_key() {
    let mut screen = begin(asked(false));
    assert!(has_keyboard(&screen, FIELD));
    press(&mut screen, Modifiers::COMMAND, Key::J);
    press(&mut screen, NONE, Key::Num1);
    let Outgoing::Answer(answer) = only_sent(&screen) else { panic!("it is no answer") };
    assert_eq!((answer.room, answer.of), (room(1), 1));
    assert_eq!(answer.choice.as_str(), "affected");
    assert!(answer.note.is_none());
    press(&mut screen, NONE, Key::Num2);
    assert_eq!(sent(&screen).len(), 1, "it is answered once");
}

#[test]
fn an_answer_with_a_note_is_given_by_keyboard() {
    let mut screen = begin(asked(false));
    press(&mut screen, Modifiers::COMMAND, Key::J);
    enter(&mut screen);
    assert!(has_keyboard(&screen, "affected"));
    press(&mut screen, NONE, Key::Tab);
    press(&mut screen, NONE, Key::Space);
    tab_to(&mut screen, "Note");
    write(&mut screen, "Looking at the gateway logs");
    press(&mut screen, Modifiers::COMMAND, Key::Enter);
    let Outgoing::Answer(answer) = only_sent(&screen) else { panic!("it is no answer") };
    assert_eq!(answer.choice.as_str(), "investigating");
    let note = answer.note.as_ref().map(warproom_client::proto::Text::as_str);
    assert_eq!(note, Some("Looking at the gateway logs"));
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn what_is_written_offline_waits_is_sent_once_and_shown_once() {
    let mut screen = incident();
    let why = "the server went away".to_owned();
    let lost = Connection::Reconnecting { at_ms: NOW_MS + 8_000, why, intercepted: false };
    tell(&mut screen, News::Connection(lost));
    screen.get_by_label_contains("econnecting");
    write(&mut screen, "Written offline");
    enter(&mut screen);
    let id = only_sent(&screen).id();
    tell(&mut screen, News::Kept(id, Ok(())));
    screen.get_by_label("waiting for the connection");
    screen.get_by_label("Outbox: 1 waiting");
    assert_eq!(shown(&screen, "Written offline"), 1);

    tell(&mut screen, News::Connection(Connection::Connected));
    screen.get_by_label("being sent");
    assert_eq!(only_sent(&screen).id(), id, "the world sends what it has kept");
    stored(&mut screen, id, 9, post(5, Label::AmberStrict, "Written offline"));
    assert!(screen.query_by_label("being sent").is_none());
    screen.get_by_label("Outbox");
    assert_eq!(shown(&screen, "Written offline"), 1);
    assert!(screen.state().model.compose.outbox.is_empty());
}

/// Priya has written the latest entry of the room.
fn with_mine() -> Screen {
    let mut model = fixture::incident_model();
    fixture::fill(&mut model, room(1), vec![post(5, Label::AmberStrict, "The call is at 15:00")]);
    begin(model)
}

#[test]
fn the_latest_is_edited_by_arrow_up() {
    let mut screen = with_mine();
    press(&mut screen, NONE, Key::ArrowUp);
    write(&mut screen, ", not 14:00");
    enter(&mut screen);
    let Outgoing::Edit(edit) = only_sent(&screen) else { panic!("it is no edit") };
    assert_eq!((edit.room, edit.of), (room(1), 9));
    assert_eq!(edit.text.as_str(), "The call is at 15:00, not 14:00");
    assert!(has_keyboard(&screen, FIELD));
}

/// Chooses the latest entry, by keyboard.
fn choose_latest(screen: &mut Screen) {
    press(screen, Modifiers::SHIFT, Key::F6);
    press(screen, NONE, Key::End);
    press(screen, NONE, Key::ArrowUp);
}

#[test]
fn a_reaction_is_given_by_keyboard() {
    let mut screen = incident();
    choose_latest(&mut screen);
    let chosen = screen.state().model.rooms.open().unwrap().reading.chosen;
    assert_eq!(chosen, Some(8));
    write_plus(&mut screen);
    assert!(has_keyboard(&screen, "Search emoji"));
    write(&mut screen, "thumbs up");
    enter(&mut screen);
    let Outgoing::React(reaction) = only_sent(&screen) else { panic!("it is no reaction") };
    assert_eq!((reaction.room, reaction.of), (room(1), 8));
    assert_eq!(reaction.reaction.as_str(), "👍");
}

fn write_plus(screen: &mut Screen) {
    press(screen, Modifiers::SHIFT, Key::Plus);
}

#[test]
fn an_entry_is_taken_back_only_after_a_question() {
    let mut screen = with_mine();
    choose_latest(&mut screen);
    press(&mut screen, Modifiers { shift: true, ..Modifiers::COMMAND }, Key::P);
    write(&mut screen, "take the chosen entry back");
    enter(&mut screen);
    assert!(sent(&screen).is_empty(), "it is asked first");
    assert!(has_keyboard(&screen, "Cancel"));
    press(&mut screen, Modifiers::SHIFT, Key::Tab);
    enter(&mut screen);
    let Outgoing::Retract(retract) = only_sent(&screen) else { panic!("nothing is taken back") };
    assert_eq!((retract.room, retract.of), (room(1), 9));
}

#[test]
fn an_entry_is_taken_back_by_its_menu() {
    let mut screen = with_mine();
    screen.get_by_label("The call is at 15:00").hover();
    screen.run_ok();
    click(&mut screen, "More actions");
    click(&mut screen, "Take back…");
    assert!(sent(&screen).is_empty(), "it is asked first");
    assert!(has_keyboard(&screen, "Cancel"));
    press(&mut screen, Modifiers::SHIFT, Key::Tab);
    enter(&mut screen);
    assert!(matches!(only_sent(&screen), Outgoing::Retract(_)));
}

#[test]
fn a_posted_entry_gets_a_milder_label_by_its_menu_after_one_question() {
    let mut screen = with_mine();
    screen.get_by_label("The call is at 15:00").hover();
    screen.run_ok();
    click(&mut screen, "More actions");
    click(&mut screen, "Change label to TLP:GREEN");
    assert!(sent(&screen).is_empty() && has_keyboard(&screen, "Cancel"));
    press(&mut screen, Modifiers::SHIFT, Key::Tab);
    enter(&mut screen);
    let Outgoing::Relabel(relabel) = only_sent(&screen) else { panic!("it keeps its label") };
    assert_eq!((relabel.room, relabel.of, relabel.to), (room(1), 9, Label::Green));
}
