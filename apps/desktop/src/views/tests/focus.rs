//! What is shown has the keyboard, and what lies over the window is a dialog.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _};

use super::names::states::{every_overlay, incident, over, questioned};
use super::{Screen, screen};
use crate::commands::here::in_place;
use crate::model::desk::{self, Focus, Overlay, Pane};
use crate::model::find;
use crate::model::manage::ManagePage;
use crate::model::room::{self, Beside};
use crate::{Action, Model};

fn shown(model: Model) -> Screen {
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn does(screen: &mut Screen, action: Action) {
    screen.state_mut().act(action);
    screen.run_ok();
}

/// The names of what has the keyboard and of what it stands in, from the inside out.
fn focused(screen: &Screen) -> Vec<String> {
    let mut nodes = screen.root().children_recursive().map(|node| node.accesskit_node());
    let Some(focused) = nodes.find(AccessKitNode::is_focused) else { return Vec::new() };
    let up = std::iter::successors(Some(focused), AccessKitNode::parent);
    up.filter_map(|node| node.label()).filter(|name| !name.is_empty()).collect()
}

fn is_within(screen: &Screen, name: &str) -> bool {
    focused(screen).iter().any(|one| one == name)
}

const PANES: [(Pane, &str); 4] = [
    (Pane::Manage, "managing"),
    (Pane::Directory, "the member directory"),
    (Pane::Settings, "the settings"),
    (Pane::Outbox, "the outbox"),
];

#[test]
fn every_pane_has_the_keyboard_when_it_is_shown_and_the_composer_has_it_back() {
    for (pane, name) in PANES {
        let mut screen = shown(incident());
        does(&mut screen, desk::Action::Show(pane).into());
        assert!(is_within(&screen, name), "{pane:?}: {:?}", focused(&screen));
        does(&mut screen, desk::Action::Show(Pane::Room).into());
        assert!(is_within(&screen, "Your message"), "{pane:?}: {:?}", focused(&screen));
    }
}

#[test]
fn every_page_of_managing_has_the_keyboard_when_it_is_gone_to() {
    for page in ManagePage::ALL {
        let mut screen = shown(incident());
        does(&mut screen, find::Action::Manage(page).into());
        assert!(is_within(&screen, "managing"), "{page:?}: {:?}", focused(&screen));
    }
}

#[test]
fn f6_goes_round_between_the_rooms_and_every_pane() {
    for (pane, name) in PANES {
        let mut screen = shown(incident());
        does(&mut screen, desk::Action::Show(pane).into());
        screen.key_press(Key::F6);
        screen.run_ok();
        assert_eq!(screen.state().model.desk.focus.0, Focus::Rooms);
        assert!(!is_within(&screen, name), "{pane:?}: {:?}", focused(&screen));
        screen.key_press(Key::F6);
        screen.run_ok();
        assert!(is_within(&screen, name), "{pane:?}: {:?}", focused(&screen));
    }
}

#[test]
fn f6_reaches_whatever_stands_beside_the_timeline() {
    for (open, name) in [
        (room::Action::OpenThread(4), "beside: thread"),
        (room::Action::Beside(Some(Beside::People)), "beside: people in this room"),
        (room::Action::Beside(Some(Beside::Details(2))), "beside: details"),
    ] {
        let mut screen = shown(incident());
        does(&mut screen, open.into());
        does(&mut screen, desk::Action::Focus(Focus::Composer).into());
        screen.key_press(Key::F6);
        screen.run_ok();
        assert!(is_within(&screen, name), "{name}: {:?}", focused(&screen));
    }
}

/// The dialogs on the screen, by their names.
fn dialogs(screen: &Screen, role: Role) -> Vec<String> {
    let all = screen.root().children_recursive().map(|node| node.accesskit_node());
    all.filter(|node| node.role() == role).filter_map(|node| node.label()).collect()
}

#[test]
fn every_overlay_is_a_dialog_called_as_its_title_and_has_the_keyboard() {
    for overlay in every_overlay() {
        let screen = shown(over(overlay).model);
        let dialogs = dialogs(&screen, Role::Dialog);
        let [name] = &dialogs[..] else { panic!("{overlay:?}: {dialogs:?}") };
        assert!(is_within(&screen, name), "{overlay:?}: {:?}", focused(&screen));
        let is_title = screen.get_all_by_label_contains(name.as_str()).count() > 1;
        assert!(is_title, "{overlay:?}: nothing on the screen says {name:?}");
    }
}

#[test]
fn a_question_is_a_dialog_called_as_what_is_asked() {
    let screen = shown(questioned());
    assert_eq!(dialogs(&screen, Role::AlertDialog), ["Leave this room?"]);
    assert!(is_within(&screen, "Leave this room?"), "{:?}", focused(&screen));
}

#[test]
fn the_list_of_shortcuts_has_the_keys_of_every_place() {
    let screen = shown(over(Overlay::Shortcuts).model);
    let settings = screen.state().model.settings.clone();
    for (place, rows) in in_place(&settings) {
        assert!(!rows.is_empty(), "{place}");
        screen.get_by_label(place);
        for (keys, name) in rows {
            assert!(screen.get_all_by_label(name).count() > 0, "{name}");
            assert!(screen.get_all_by_label(&keys).count() > 0, "{keys}");
        }
    }
}

#[test]
fn the_palette_shows_the_key_of_one_place_beside_its_command() {
    let mut model = incident();
    model.rooms.open_mut().unwrap().reading.chosen = Some(2);
    let mut screen = shown(model);
    screen.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    screen.run_ok();
    screen.event(egui::Event::Text("reply to the chosen".to_owned()));
    screen.run_ok();
    screen.get_by_label("Reply to the chosen entry, R in the timeline");
    screen.key_press(Key::Enter);
    screen.run_ok();
    let draft = screen.state().model.compose.drafts.values().next().unwrap();
    assert_eq!(draft.reply_to, Some(2));
    assert!(is_within(&screen, "Your message"), "{:?}", focused(&screen));
}

#[test]
fn calling_somebody_by_name_from_the_palette_offers_who_is_here() {
    let mut screen = shown(incident());
    does(&mut screen, crate::model::compose::Action::Mention.into());
    assert!(is_within(&screen, "Your message"), "{:?}", focused(&screen));
    assert!(screen.state().model.compose.completing.is_some());
    screen.key_press(Key::Enter);
    screen.run_ok();
    let draft = screen.state().model.compose.drafts.values().next().unwrap();
    assert_eq!(draft.mentions.len(), 1, "{}", draft.text);
}
