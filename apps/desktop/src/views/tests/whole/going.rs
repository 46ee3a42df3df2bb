//! Going somewhere by keyboard: rooms, hits, days, the board.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use warproom_client::proto::Label;
use warproom_client::proto::calls::{Found, From};

use super::super::Screen;
use super::{FIELD, begin, has_keyboard, incident, press, tell, write};
use crate::fixture::{NOW_MS, delivered, post, room};
use crate::model::desk::Overlay;
use crate::model::room::{Beside, Jump};
use crate::request::Request;
use crate::{Effect, News};

const NONE: Modifiers = Modifiers::NONE;

fn open(screen: &Screen) -> Option<warproom_client::proto::RoomId> {
    screen.state().model.rooms.open
}

fn asked(screen: &Screen, what: impl Fn(&Effect) -> bool) -> usize {
    screen.state().world.asked.iter().filter(|effect| what(effect)).count()
}

#[test]
fn rooms_are_switched_by_keyboard_and_writing_goes_on_there() {
    let mut screen = incident();
    write(&mut screen, "half a thought");
    press(&mut screen, Modifiers::COMMAND, Key::K);
    write(&mut screen, "warn");
    press(&mut screen, NONE, Key::Enter);
    assert_eq!(open(&screen), Some(room(3)));
    assert!(has_keyboard(&screen, FIELD));
    assert!(screen.query_by_label("Go to a room").is_none());
    write(&mut screen, "Patched here");
    press(&mut screen, NONE, Key::Enter);
    let [crate::effect::Outgoing::Post(sent)] = super::sent(&screen)[..] else {
        panic!("it is not sent");
    };
    assert_eq!((sent.room, sent.label), (room(3), Label::Green));

    press(&mut screen, Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(open(&screen), Some(room(1)));
    assert_eq!(screen.get_by_label(FIELD).value().as_deref(), Some("half a thought"));
}

#[test]
fn the_next_room_is_opened_by_alt_and_arrow_down() {
    let mut screen = incident();
    let listed: Vec<_> =
        screen.state().model.listed_rooms().iter().map(|(_, room)| room.id).collect();
    let at = listed.iter().position(|id| Some(*id) == open(&screen)).unwrap();
    press(&mut screen, Modifiers::ALT, Key::ArrowDown);
    assert_eq!(open(&screen), Some(listed[at + 1]));
    assert!(has_keyboard(&screen, FIELD));
    // What was read stands lower in the list now: the way back is a key of its own.
    press(&mut screen, Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(open(&screen), Some(room(1)));
    assert!(has_keyboard(&screen, FIELD));
}

#[test]
fn something_is_found_and_opened_by_keyboard() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::F);
    write(&mut screen, "Civica");
    press(&mut screen, NONE, Key::Enter);
    let number = screen.state().world.asked.iter().find_map(|effect| match effect {
        Effect::Search { search, room: at, text, before: None } => {
            assert_eq!((*at, text.as_str()), (room(1), "Civica"));
            Some(*search)
        }
        _ => None,
    });
    let search = number.expect("nothing is searched");
    let hit = delivered(room(1), 3, NOW_MS, post(2, Label::AmberStrict, "Civica does not answer"));
    tell(&mut screen, News::Found { search, hit });
    let end = Ok(Found { hits: 1, looked_at: 8, next_before: None });
    tell(&mut screen, News::SearchEnded { search, end });
    screen.get_by_label_contains("1 found.");
    press(&mut screen, NONE, Key::Enter);
    assert!(screen.state().model.desk.overlays.is_empty());
    let reading = &screen.state().model.rooms.open().unwrap().reading;
    assert_eq!(reading.jump.map(|(to, _)| to), Some(Jump::Entry(3)), "it is where the hit is");
}

#[test]
fn a_day_is_gone_to_by_keyboard() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::G);
    write(&mut screen, "20 jan");
    press(&mut screen, NONE, Key::Enter);
    assert!(screen.state().model.desk.overlays.is_empty());
    // 20 January 2024, 00:00 UTC.
    let day = From::Time(1_705_708_800_000);
    let is_there = |effect: &Effect| matches!(effect, Effect::Page { room: at, from } if *at == room(1) && *from == day);
    assert_eq!(asked(&screen, is_there), 1);
}

#[test]
fn the_board_is_opened_and_closed_by_keyboard() {
    let mut screen = incident();
    press(&mut screen, Modifiers::COMMAND, Key::B);
    let beside = |screen: &Screen| screen.state().model.rooms.open().unwrap().reading.beside;
    assert_eq!(beside(&screen), Some(Beside::Board(4)));
    let is_asked = |effect: &Effect| matches!(effect, Effect::Call(Request::ShowBoard(show)) if show.room == room(1));
    assert_eq!(asked(&screen, is_asked), 1);
    press(&mut screen, Modifiers::COMMAND, Key::B);
    assert_eq!(beside(&screen), None);
}

#[test]
fn what_lies_on_top_has_the_keyboard_until_escape() {
    let mut screen = begin(crate::fixture::incident_model());
    press(&mut screen, Modifiers::COMMAND, Key::G);
    for _ in 0..5 {
        press(&mut screen, NONE, Key::Tab);
        assert!(!has_keyboard(&screen, FIELD), "it lies under the question for a day");
    }
    assert_eq!(screen.state().model.desk.overlays, [Overlay::JumpToDate]);
    press(&mut screen, NONE, Key::Escape);
    assert!(has_keyboard(&screen, FIELD));
}
