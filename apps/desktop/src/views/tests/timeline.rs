//! The timeline by the accessible names of its rows: what is drawn, and what moves it.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Rect};
use egui_kittest::kittest::{NodeT, Queryable};
use warproom_client::proto::calls::From;
use warproom_client::proto::{Label, Seq};

use super::{Screen, screen};
use crate::fixture::{crowd, crowd_page, delivered, incident_model, model, post, room};
use crate::model::desk::{Action as Desk, Focus, Overlay};
use crate::model::{moment, room as reading, rooms};
use crate::{Action, Effect, Model, News, fixture};

/// A room of this many entries, all read, of which the newest 300 are held.
fn long(latest: Seq) -> Model {
    let mut model = model();
    let _ = model.act(Action::Rooms(rooms::Action::Open(room(2))));
    let entries = crowd_page(room(2), latest.saturating_sub(299).max(1)..=latest, latest);
    let _ = model.hear(&News::Page { room: room(2), from: From::Latest, page: Ok(entries) });
    model.desk.is_looked_at = true;
    let _ = model.act(Action::Rooms(rooms::Action::MarkRead(room(2))));
    model
}

fn rows(screen: &Screen) -> Vec<(Seq, Rect)> {
    let row = |node: egui_kittest::Node<'_>| {
        let number = node.accesskit_node().label()?;
        Some((number.strip_prefix("number ")?.parse().ok()?, node.rect()))
    };
    screen.query_all_by_role(Role::ListItem).filter_map(row).collect()
}

fn place(screen: &Screen, seq: Seq) -> Option<Rect> {
    rows(screen).into_iter().find(|(one, _)| *one == seq).map(|(_, rect)| rect)
}

fn focus(screen: &mut Screen) {
    screen.state_mut().act(Action::Desk(Desk::Focus(Focus::Timeline)));
    screen.run_ok();
}

fn does(screen: &mut Screen, action: reading::Action) {
    screen.state_mut().act(Action::Room(action));
    screen.run_ok();
}

fn press(screen: &mut Screen, key: Key) {
    screen.key_press(key);
    screen.run_ok();
}

fn comes(screen: &mut Screen, seq: Seq) {
    let entry = post(1, Label::Amber, "just now");
    let news = News::Entry(delivered(room(2), seq, fixture::NOW_MS + 1_000, entry));
    screen.state_mut().hear(&news);
    screen.run_ok();
}

fn pages(screen: &Screen) -> Vec<From> {
    let page = |effect: &Effect| match effect {
        Effect::Page { from, .. } => Some(*from),
        _ => None,
    };
    screen.state().world.asked.iter().filter_map(page).collect()
}

#[test]
fn a_frame_of_a_hundred_thousand_entries_draws_a_screen_or_two() {
    let mut model = long(50);
    crowd(&mut model, room(2), 100_000);
    let mut screen = screen(model);
    screen.run_ok();
    let drawn = rows(&screen).len();
    assert!((5..250).contains(&drawn), "{drawn} rows were drawn");
    let before = Instant::now();
    for _ in 0..10 {
        screen.step();
    }
    // A debug build on a busy machine; the bench is what measures it.
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
}

#[test]
fn the_newest_entry_is_shown_and_followed() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    let last = place(&screen, 1_000).unwrap();
    comes(&mut screen, 1_001);
    let new = place(&screen, 1_001).unwrap();
    assert!((new.max.y - last.max.y).abs() < 1.0, "it stands where the last one stood");
    assert!(place(&screen, 1_000).unwrap().max.y <= new.min.y);
    assert_eq!(screen.state().model.rooms.open().unwrap().unread(), 0, "and is read");
}

#[test]
fn new_entries_do_not_move_what_is_being_read() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    focus(&mut screen);
    press(&mut screen, Key::PageUp);
    let is_seen = |rect: &Rect| rect.min.y > 150.0 && rect.max.y < 650.0;
    let before: Vec<_> = rows(&screen).into_iter().filter(|(_, rect)| is_seen(rect)).collect();
    assert!(before.len() > 3);
    for seq in 1_001..=1_003 {
        comes(&mut screen, seq);
    }
    let after = rows(&screen);
    assert!(before.iter().all(|row| after.contains(row)));
    screen.get_by_label("3 new ↓").click();
    screen.run_ok();
    assert!(screen.query_by_label_contains("new ↓").is_none());
    comes(&mut screen, 1_004);
    assert!(screen.query_by_label_contains("new ↓").is_none(), "it follows again");
}

#[test]
fn scrolling_up_fetches_what_is_missing_and_stays_where_it_is() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    focus(&mut screen);
    for _ in 0..40 {
        press(&mut screen, Key::PageUp);
    }
    assert_eq!(pages(&screen), [From::Latest, From::Before(701)][1..]);
    screen.get_by_label("Reading entries…");
    let first = place(&screen, 701).unwrap();
    let page = Ok(crowd_page(room(2), 501..=700, 1_000));
    screen.state_mut().hear(&News::Page { room: room(2), from: From::Before(701), page });
    screen.run_ok();
    let now = place(&screen, 701).unwrap();
    assert!((now.min.y - first.min.y).abs() < 1.0, "{first:?} {now:?}");
    assert!(place(&screen, 700).unwrap().max.y <= now.min.y + 1.0);
}

#[test]
fn a_page_that_does_not_come_says_so_and_can_be_asked_for_again() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    does(&mut screen, reading::Action::ToEntry(701));
    let page = Err(crate::news::Refusal::new("The server is busy.", ""));
    screen.state_mut().hear(&News::Page { room: room(2), from: From::Before(701), page });
    screen.run_ok();
    screen.get_by_label_contains("The server is busy.");
    screen.get_by_label("Try again").click();
    screen.run_ok();
    assert_eq!(pages(&screen), [From::Before(701), From::Before(701)]);
}

#[test]
fn the_beginning_of_a_room_is_said() {
    let mut screen = screen(long(3));
    screen.run_ok();
    screen.get_by_label("The beginning of General");
    screen.get_by_label(&moment::day(fixture::NOW_MS));
}

#[test]
fn a_room_opens_at_its_unread_line() {
    let mut model = model();
    crowd(&mut model, room(2), 150);
    let read = 40;
    let mut summary = fixture::summary(2, "General", Label::Amber, Label::Green);
    summary.read = read;
    let _ = model.hear(&News::RoomJoined(summary));
    let _ = model.act(Action::Rooms(rooms::Action::Open(room(2))));
    let mut screen = screen(model);
    screen.run_ok();
    let at = moment::time(fixture::NOW_MS - 109 * 60_000);
    let line = screen.get_by_label(&format!("Unread since {at}")).rect();
    let first = place(&screen, 41).unwrap();
    assert!(line.max.y <= first.min.y + 1.0 && line.min.y > 0.0 && first.max.y < 400.0);
}

#[test]
fn a_jump_shows_the_entry_once() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    assert!(place(&screen, 750).is_none());
    does(&mut screen, reading::Action::ToEntry(750));
    let there = place(&screen, 750).unwrap();
    assert!((100.0..700.0).contains(&there.center().y), "{there:?}");
    focus(&mut screen);
    press(&mut screen, Key::PageUp);
    assert_ne!(place(&screen, 750).map(|rect| rect.min.y), Some(there.min.y));
}

#[test]
fn arrows_choose_and_keys_act_on_what_is_chosen() {
    let mut screen = screen(incident_model());
    screen.run_ok();
    focus(&mut screen);
    press(&mut screen, Key::ArrowUp);
    press(&mut screen, Key::ArrowUp);
    let chosen = |screen: &Screen| screen.state().model.rooms.open().unwrap().reading.chosen;
    assert_eq!(chosen(&screen), Some(7));
    screen.get_by_label_contains("chosen: Jakub Lis, TLP:RED");
    press(&mut screen, Key::Plus);
    assert_eq!(screen.state().model.desk.overlays, [Overlay::Emoji { react_to: Some(7) }]);
    screen.state_mut().act(Action::Desk(Desk::Back));
    focus(&mut screen);
    press(&mut screen, Key::C);
    let copied =
        |effect: &Effect| matches!(effect, Effect::Copy(text) if text.starts_with("TLP:RED"));
    assert!(screen.state().world.asked.iter().any(copied));
    press(&mut screen, Key::Enter);
    assert_eq!(screen.state().model.rooms.open().unwrap().reading.thread, Some(7));
}

#[test]
fn a_choice_out_of_sight_is_brought_into_sight() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    focus(&mut screen);
    press(&mut screen, Key::ArrowUp);
    for _ in 0..200 {
        screen.key_press(Key::ArrowUp);
        screen.step();
    }
    screen.run_ok();
    let chosen = screen.state().model.rooms.open().unwrap().reading.chosen.unwrap();
    assert_eq!(chosen, 800);
    let there = place(&screen, chosen).unwrap();
    assert!(there.min.y >= 0.0 && there.max.y <= 800.0, "{there:?}");
}

#[test]
fn an_empty_room_says_what_to_do() {
    let mut model = model();
    let _ = model.act(Action::Rooms(rooms::Action::Open(room(2))));
    let page = crate::news::Page { entries: vec![], amendments: vec![], latest: 0 };
    let _ = model.hear(&News::Page { room: room(2), from: From::Latest, page: Ok(page) });
    let mut screen = screen(model);
    screen.run_ok();
    screen.get_by_label("Nothing has been written here yet.");
}

#[test]
fn the_wheel_scrolls_and_the_end_is_followed_again() {
    let mut screen = screen(long(1_000));
    screen.run_ok();
    let middle = egui::pos2(700.0, 400.0);
    screen.hover_at(middle);
    screen.run_ok();
    let before = place(&screen, 999).unwrap();
    let turn = |screen: &mut Screen, y| {
        screen.event(egui::Event::MouseWheel {
            source: egui::MouseWheelSource::Wheel,
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, y),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
        });
        for _ in 0..30 {
            screen.step();
        }
    };
    turn(&mut screen, 60.0);
    let after = place(&screen, 999).unwrap();
    assert!((after.min.y - before.min.y - 60.0).abs() < 2.0, "{before:?} {after:?}");
    screen.get_by_label("To the newest ↓");
    turn(&mut screen, -500.0);
    assert!(screen.query_by_label("To the newest ↓").is_none());
}
