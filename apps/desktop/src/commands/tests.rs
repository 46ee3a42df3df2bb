//! The list holds together, and every command can be run anywhere.

mod placed;

use std::collections::BTreeSet;

use egui::Key;

use super::{COMMANDS, GROUPS, offered};
use crate::fixture;
use crate::model::{desk, find, room};
use crate::{Action, Model};

#[test]
fn every_command_has_its_own_name_and_keys_and_a_listed_group() {
    let names: BTreeSet<_> = COMMANDS.iter().map(|command| command.name).collect();
    assert_eq!(names.len(), COMMANDS.len());
    let keys: Vec<_> = COMMANDS.iter().filter_map(|command| command.keys).collect();
    let distinct: BTreeSet<_> =
        keys.iter().map(|keys| (keys.logical_key, format!("{:?}", keys.modifiers))).collect();
    assert_eq!(distinct.len(), keys.len());
    for command in COMMANDS {
        assert!(GROUPS.contains(&command.group), "{}", command.name);
    }
}

#[test]
fn no_shortcut_is_what_one_writes_with() {
    let plain = [Key::Escape, Key::F1, Key::F6];
    for keys in COMMANDS.iter().filter_map(|command| command.keys) {
        let modifiers = keys.modifiers;
        let is_free = modifiers.command != modifiers.alt || plain.contains(&keys.logical_key);
        assert!(is_free, "{keys:?}");
    }
}

#[test]
fn every_command_can_be_run_wherever_one_is() {
    let officer = fixture::signed_in(1);
    let guest = fixture::signed_in(8);
    let mut chosen = fixture::incident_model();
    if let Some(room) = chosen.rooms.open_mut() {
        room.reading.chosen = Some(8);
        room.reading.beside = Some(room::Beside::Board(4));
    }
    let models = vec![Model::default(), fixture::incident_model(), officer, guest, chosen];
    for make in &models {
        for command in COMMANDS {
            let mut model = copy_of(make);
            if let Some(action) = command.now(&model) {
                let _ = model.act(action);
            }
        }
    }
}

/// A model like this one, as far as commands go.
fn copy_of(model: &Model) -> Model {
    Model {
        now_ms: model.now_ms,
        connection: model.connection.clone(),
        welcome: model.welcome.clone(),
        session: model.session.clone(),
        desk: model.desk.clone(),
        settings: model.settings.clone(),
        directory: model.directory.clone(),
        rooms: model.rooms.clone(),
        compose: model.compose.clone(),
        files: model.files.clone(),
        ask: model.ask.clone(),
        board: model.board.clone(),
        find: model.find.clone(),
        manage: model.manage.clone(),
        credentials: model.credentials.clone(),
        export: model.export.clone(),
    }
}

fn possible(model: &Model) -> Vec<&'static str> {
    offered(model).into_iter().map(|(command, _)| command.name).collect()
}

#[test]
fn before_somebody_is_signed_in_only_this_computer_can_be_set() {
    let names = possible(&Model::default());
    assert!(names.contains(&"Dark theme") && names.contains(&"Every shortcut"));
    assert!(!names.contains(&"Go to a room…") && !names.contains(&"Sign out: close this profile"));
}

#[test]
fn what_is_not_possible_now_is_left_out() {
    let mut model = fixture::incident_model();
    assert!(!possible(&model).contains(&"Quote the chosen entry"));
    assert!(!possible(&model).contains(&"Send what I wrote"));
    // Somebody else's.
    model.rooms.open_mut().unwrap().reading.chosen = Some(2);
    let names = possible(&model);
    assert!(names.contains(&"Quote the chosen entry"));
    assert!(!names.contains(&"Edit the chosen entry"));
    // A manager may make it stricter, and not milder.
    assert!(names.contains(&"Label the chosen entry TLP:RED"));
    assert!(!names.contains(&"Label the chosen entry TLP:GREEN"));
}

#[test]
fn managing_is_offered_to_whom_it_is_for() {
    let of = |number| possible(&fixture::signed_in(number));
    assert!(of(5).contains(&"Manage invitations"));
    assert!(!of(1).contains(&"Manage invitations") && of(1).contains(&"Manage organisations"));
    assert!(!of(8).contains(&"Manage organisations") && of(8).contains(&"Manage devices"));
}

#[test]
fn the_palette_finds_by_words_of_the_name_and_of_the_group() {
    let mut model = fixture::incident_model();
    let _ = model.act(Action::Find(find::Action::PaletteWords("theme dark".to_owned())));
    assert_eq!(possible(&model), ["Dark theme"]);
    let _ = model.act(Action::Find(find::Action::PaletteWords("managing bots".to_owned())));
    assert_eq!(possible(&model), ["Manage bots"]);
}

fn next_focus(model: &mut Model, name: &str) -> desk::Focus {
    let command = COMMANDS.iter().find(|command| command.name == name).unwrap();
    let _ = model.act(command.now(model).unwrap());
    model.desk.focus.0
}

#[test]
fn the_parts_of_the_window_follow_each_other_round_both_ways() {
    use desk::Focus::{Beside, Composer, Rooms, Timeline};
    let mut model = fixture::incident_model();
    model.rooms.open_mut().unwrap().reading.beside = Some(room::Beside::Board(4));
    model.desk.give_focus(Composer);
    let on: Vec<_> = (0..4).map(|_| next_focus(&mut model, "Next part of the window")).collect();
    assert_eq!(on.last(), Some(&Composer));
    assert_eq!(on[..2], [Beside, Rooms]);
    assert_eq!(next_focus(&mut model, "Previous part of the window"), Timeline);
}

#[test]
fn the_label_keys_write_into_the_form_on_top() {
    let mut model = fixture::incident_model();
    let red = COMMANDS.iter().find(|command| command.name == "Label what I write TLP:RED").unwrap();
    let _ = model.act(Action::Desk(desk::Action::Toggle(desk::Overlay::NewAsk)));
    let Some(Action::Ask(crate::model::ask::Action::AskForm(form))) = red.now(&model) else {
        panic!("the form has the label");
    };
    assert_eq!(form.label, Some(warproom_client::proto::Label::Red));
    // General holds nothing stricter than AMBER.
    model.rooms.open = Some(fixture::room(2));
    assert!(red.now(&model).is_none());
}
