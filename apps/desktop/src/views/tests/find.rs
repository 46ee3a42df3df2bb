//! Finding by keyboard: switcher, palette, search, a day, the directory.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::calls::Found;
use warproom_client::proto::{EntryId, Label};

use super::{Screen, screen};
use crate::fixture::{self, NOW_MS, delivered, post};
use crate::model::desk::{Action, Overlay, Pane};
use crate::{Action as Any, Effect, News};

fn press(screen: &mut Screen, modifiers: Modifiers, key: Key) {
    screen.key_press_modifiers(modifiers, key);
    screen.run_ok();
}

fn write(screen: &mut Screen, text: &str) {
    screen.event(egui::Event::Text(text.to_owned()));
    screen.run_ok();
}

fn incident() -> Screen {
    let mut screen = screen(fixture::incident_model());
    screen.run_ok();
    screen
}

#[test]
fn a_room_is_opened_by_keyboard_alone() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    assert!(screen.get_by_role_and_label(Role::TextInput, "Go to a room").is_focused());
    write(&mut screen, "good");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert_eq!(screen.state().model.rooms.open, Some(fixture::room(6)));
    assert!(screen.query_by_label("Go to a room").is_none());
}

#[test]
fn arrows_choose_another_room_and_a_click_takes_any() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    write(&mut screen, "e");
    let chosen = |screen: &Screen| screen.state().model.find.switcher.chosen;
    press(&mut screen, Modifiers::NONE, Key::ArrowDown);
    assert_eq!(chosen(&screen), 1);
    assert!(screen.get_by_role_and_label(Role::TextInput, "Go to a room").is_focused());
    screen.get_by_label("General, 1 unread").click();
    screen.run_ok();
    assert_eq!(screen.state().model.rooms.open, Some(fixture::room(2)));
}

#[test]
fn escape_closes_the_switcher_and_nothing_else() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::K);
    press(&mut screen, Modifiers::NONE, Key::Escape);
    assert!(screen.state().model.desk.overlays.is_empty());
    assert_eq!(screen.state().model.rooms.open, Some(fixture::room(1)));
}

#[test]
fn the_palette_does_what_it_names() {
    let mut screen = incident();
    let ctrl_shift = Modifiers { shift: true, ..Modifiers::COMMAND };
    press(&mut screen, ctrl_shift, Key::P);
    write(&mut screen, "directory");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert_eq!(screen.state().model.desk.pane, Pane::Directory);
    assert!(screen.state().model.desk.overlays.is_empty());
    screen.get_by_label("Member directory");
}

#[test]
fn the_palette_shows_the_keys_beside_the_name() {
    let mut screen = incident();
    let ctrl_shift = Modifiers { shift: true, ..Modifiers::COMMAND };
    press(&mut screen, ctrl_shift, Key::P);
    write(&mut screen, "alert");
    screen.get_by_label("New alert: warn the room…, Ctrl+Shift+W").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.overlays, [Overlay::NewAlert]);
}

/// The number of the search that was asked for last.
fn asked(screen: &Screen) -> Option<u64> {
    screen.state().world.asked.iter().rev().find_map(|effect| match effect {
        Effect::Search { search, .. } => Some(*search),
        _ => None,
    })
}

fn tell(screen: &mut Screen, news: News) {
    screen.state_mut().world.to_tell.push_back(news);
    screen.run_ok();
}

#[test]
fn a_search_shows_its_hits_and_opens_the_chosen_one() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    write(&mut screen, "minutes");
    screen.get_by_label("All my rooms").click();
    screen.run_ok();
    // Behind it is the room's own button of that name.
    screen.get_all_by_label("Search").last().unwrap().click();
    screen.run_ok();
    screen.get_by_label_contains("Nothing yet. Searching Incident: East Kent Services and 5 more");
    let search = asked(&screen).unwrap();
    let found = Found { hits: 0, looked_at: 8, next_before: None };
    tell(&mut screen, News::SearchEnded { search, end: Ok(found) });
    let search = asked(&screen).unwrap();
    let mut entry = post(2, Label::Green, "Minutes of Thursday's meeting");
    entry.handling.id = EntryId::random();
    let hit = delivered(fixture::room(2), 1, NOW_MS, entry);
    tell(&mut screen, News::Found { search, hit });
    screen.get_by_label_contains("1 found.");
    screen.get_by_label_contains("TLP:GREEN, General, Dele Okafor").click();
    screen.run_ok();
    assert!(screen.state().model.desk.overlays.is_empty());
    assert_eq!(screen.state().model.rooms.open, Some(fixture::room(2)));
}

#[test]
fn enter_searches_and_then_opens_the_hit() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    write(&mut screen, "Planning");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    let search = asked(&screen).unwrap();
    let hit = delivered(fixture::room(1), 2, NOW_MS, post(1, Label::Green, "Planning portal"));
    tell(&mut screen, News::Found { search, hit });
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn a_day_that_is_none_is_said_to_be_none_while_it_is_written() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    screen.get_by_label("From the day").focus();
    screen.run_ok();
    write(&mut screen, "31/4");
    screen.get_by_label_contains("From: There is no such day.");
}

#[test]
fn a_person_is_chosen_by_writing_their_name() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    screen.get_by_label("From a person").focus();
    screen.run_ok();
    write(&mut screen, "gwyn");
    // Behind it is the name of whoever wrote an entry.
    screen.get_all_by_label("Ffion Gwŷn").last().unwrap().click();
    screen.run_ok();
    let author = screen.state().model.find.search.query.author;
    assert_eq!(
        author.and_then(warproom_client::proto::Principal::member),
        Some(fixture::member(1))
    );
    screen.get_by_label("From anybody");
}

#[test]
fn a_day_is_told_before_one_goes_there() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::G);
    write(&mut screen, "20 jan");
    screen.get_by_label("Saturday 20 January 2024");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn a_day_that_is_not_understood_keeps_the_field() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::G);
    write(&mut screen, "soon");
    screen.get_by_label_contains("Not understood");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert_eq!(screen.state().model.desk.overlays, [Overlay::JumpToDate]);
    assert!(screen.get_by_role_and_label(Role::TextInput, "Go to a day").is_focused());
}

#[test]
fn somebody_is_called_by_name_from_the_directory() {
    let mut model = fixture::incident_model();
    let _ = model.act(Any::Desk(Action::Show(Pane::Directory)));
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("Call Ffion Gwŷn by name").click();
    screen.run_ok();
    assert_eq!(screen.state().model.desk.pane, Pane::Room);
}

#[test]
fn a_long_directory_draws_what_is_seen() {
    let mut model = fixture::incident_model();
    let one = model.directory.members[&fixture::member(1)].clone();
    for number in 0..5_000_u16 {
        let mut bytes = [0xee; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        let member = warproom_client::proto::MemberId::from_bytes(bytes);
        let mut another = one.clone();
        another.member = member;
        model.directory.members.insert(member, another);
    }
    let _ = model.act(Any::Desk(Action::Show(Pane::Directory)));
    let mut screen = screen(model);
    screen.run_ok();
    let drawn = screen.query_all_by_label("Call Ffion Gwŷn by name").count();
    assert!((1..100).contains(&drawn), "{drawn}");
}

#[test]
fn what_is_found_is_seen_in_a_small_window() {
    let mut screen = super::sized(fixture::incident_model(), 1024.0, 700.0);
    screen.run_ok();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    write(&mut screen, "Civica");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    let search = asked(&screen).unwrap();
    let long = "Civica does not answer, and nobody knows why. ".repeat(20);
    for seq in (1..=40).rev() {
        let hit = delivered(fixture::room(1), seq, NOW_MS, post(1, Label::Green, &long));
        screen.state_mut().world.to_tell.push_back(News::Found { search, hit });
    }
    screen.run_ok();
    let hits = screen.query_all_by_label_contains("TLP:GREEN, Incident").collect::<Vec<_>>();
    assert!((3..20).contains(&hits.len()), "{} are drawn", hits.len());
    for hit in &hits[..2] {
        assert!(hit.rect().bottom() < 700.0 && hit.rect().right() < 1024.0, "{:?}", hit.rect());
    }
    for _ in 0..39 {
        screen.key_press(Key::ArrowDown);
    }
    screen.run_ok();
    assert_eq!(screen.state().model.find.search.chosen, 39);
    let chosen = screen.get_all_by_label_contains("TLP:GREEN, Incident").last().unwrap().rect();
    assert!(chosen.bottom() < 700.0, "{chosen:?}");
}

#[test]
fn another_room_is_chosen_by_writing_its_name() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    screen.get_by_label("In another room").focus();
    screen.run_ok();
    write(&mut screen, "warn");
    screen.get_by_label("Search in Warnings").click();
    screen.run_ok();
    assert_eq!(screen.state().model.find.search.query.room, Some(fixture::room(3)));
    screen.get_by_label("In Warnings");
    screen.get_by_label("All my rooms").click();
    screen.run_ok();
    assert_eq!(screen.state().model.find.search.query.room, None);
    screen.get_by_label("In another room").focus();
    screen.run_ok();
    write(&mut screen, "good");
    press(&mut screen, Modifiers::NONE, Key::Enter);
    assert_eq!(screen.state().model.find.search.query.room, Some(fixture::room(6)));
}
