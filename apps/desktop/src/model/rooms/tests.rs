//! The list of rooms: following, unread, mentions, stepping.

use warproom_client::proto::calls::{ListRooms, RoomSummary};
use warproom_client::proto::{Kind, Label, Outstanding, Stage};

use super::*;
use crate::fixture::{
    self, crowd, delivered, fill, incident_model, kind, model, post, room, signed_in, summary,
};
use crate::model::room::{Jump, ROWS_ASLEEP};
use crate::news::{Connection, SignedIn};
use warproom_client::proto::calls::From;

fn does(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Rooms(action))
}

fn signs_in(model: &mut Model) -> Vec<Effect> {
    let session = model.session.clone().unwrap();
    model.hear(&News::SignedIn(SignedIn { warp: session.warp, me: session.me }))
}

fn listed(rooms: Vec<RoomSummary>) -> News {
    News::Answered(
        Request::ListRooms(ListRooms { all: false }),
        Ok(Reply::ListRooms(RoomList { rooms })),
    )
}

fn general(read: Seq) -> RoomSummary {
    let mut general = summary(2, "General", Label::Amber, Label::Green);
    general.latest.seq = 10;
    general.read = read;
    general
}

fn follows(effects: &[Effect]) -> Vec<RoomId> {
    let followed = |effect: &Effect| match effect {
        Effect::Follow { room } => Some(*room),
        _ => None,
    };
    effects.iter().filter_map(followed).collect()
}

fn marks(effects: &[Effect]) -> Vec<Seq> {
    let marked = |effect: &Effect| match effect {
        Effect::Call(Request::MarkRead(mark)) => Some(mark.seq),
        _ => None,
    };
    effects.iter().filter_map(marked).collect()
}

#[test]
fn a_sign_in_lists_the_rooms_and_each_is_followed_once() {
    let mut model = model();
    let asked = signs_in(&mut model);
    let lists =
        |one: &Effect| matches!(one, Effect::Call(Request::ListRooms(ListRooms { all: false })));
    assert_eq!(asked.iter().filter(|one| lists(one)).count(), 1);
    assert_eq!(follows(&model.hear(&listed(vec![general(0)]))), [room(2)]);
    assert_eq!(follows(&model.hear(&listed(vec![general(0)]))), []);
    assert_eq!(follows(&model.hear(&News::RoomJoined(general(0)))), []);
    signs_in(&mut model);
    assert_eq!(follows(&model.hear(&listed(vec![general(0)]))), [room(2)], "after a reconnect");
}

#[test]
fn a_remembered_list_is_shown_and_follows_nothing() {
    let mut model = Model::default();
    assert!(follows(&model.hear(&listed(vec![general(0)]))).is_empty());
    assert!(model.rooms.is_known && model.rooms.rooms.contains_key(&room(2)));
}

#[test]
fn the_managers_list_of_all_rooms_is_not_ones_own() {
    let mut model = Model::default();
    let all = Request::ListRooms(ListRooms { all: true });
    let list = RoomList { rooms: vec![general(0)] };
    let _ = model.hear(&News::Answered(all, Ok(Reply::ListRooms(list))));
    assert!(model.rooms.rooms.is_empty());
}

#[test]
fn a_room_that_the_server_lists_no_more_is_gone() {
    let mut model = model();
    signs_in(&mut model);
    let _ = model.hear(&listed(vec![general(0)]));
    assert_eq!(model.rooms.rooms.keys().copied().collect::<Vec<_>>(), [room(2)]);
}

#[test]
fn leaving_a_room_takes_away_what_is_open_of_it() {
    let mut model = incident_model();
    model.desk.overlays = vec![Overlay::Answer { room: room(1), of: 4 }, Overlay::Shortcuts];
    let _ = model.hear(&News::RoomLeft(room(1)));
    assert!(model.rooms.open.is_none() && !model.rooms.rooms.contains_key(&room(1)));
    assert_eq!(model.desk.overlays, [Overlay::Shortcuts]);
}

#[test]
fn unread_counts_rows_of_others_after_what_was_read() {
    let mut model = signed_in(1);
    let _ = model.hear(&News::RoomJoined(general(10)));
    let react = kind(post(2, Label::Green, "👍"), Kind::React { of: 3, withdrawn: false });
    fill(&mut model, room(2), vec![post(2, Label::Green, "a"), react, post(1, Label::Green, "b")]);
    assert_eq!(model.rooms.rooms[&room(2)].unread(), 1);
    let _ = model.hear(&News::RoomJoined(general(11)));
    assert_eq!(model.rooms.rooms[&room(2)].unread(), 0, "read on another device");
}

#[test]
fn a_flood_into_a_closed_room_is_counted_and_not_kept() {
    let mut model = model();
    crowd(&mut model, room(2), 5_000);
    let general = &model.rooms.rooms[&room(2)];
    assert_eq!(general.unread(), 5_000);
    assert_eq!(general.log.items.len(), ROWS_ASLEEP);
}

#[test]
fn being_called_by_name_puts_a_room_first_until_it_is_read() {
    let mut model = model();
    let mut calls_priya = post(1, Label::Green, "@priya?");
    calls_priya.handling.mentions = vec![fixture::member(5)];
    fill(&mut model, room(6), vec![calls_priya]);
    fill(&mut model, room(2), vec![post(1, Label::Green, "hello")]);
    let groups = |model: &Model| -> Vec<_> {
        model.listed_rooms().iter().map(|(group, room)| (*group, room.id)).collect()
    };
    assert_eq!(groups(&model)[..2], [(Group::ForYou, room(6)), (Group::Unread, room(2))]);
    let _ = does(&mut model, Action::MarkRead(room(6)));
    assert_eq!(groups(&model)[0], (Group::Unread, room(2)));
    assert!(model.rooms.rooms[&room(6)].mentions.is_empty());
}

/// An alert about Civica that asks nothing.
fn about_civica() -> warproom_client::proto::Entry {
    let severity = warproom_client::proto::Severity::Moderate;
    fixture::alert(1, Label::Green, severity, "Civica is down", "Since eleven.")
}

#[test]
fn what_concerns_ones_organisation_puts_its_room_first_until_it_is_read() {
    for is_known_before in [true, false] {
        let mut model = model();
        let told = fixture::told_of(fixture::depends_on(5, "Civica UK Ltd"));
        if is_known_before {
            let _ = model.hear(&told);
        }
        fill(&mut model, room(6), vec![about_civica()]);
        fill(&mut model, room(2), vec![post(1, Label::Green, "hello")]);
        let _ = model.hear(&told);
        let first = |model: &Model| model.listed_rooms()[0].0;
        assert_eq!(model.listed_rooms()[0].1.id, room(6));
        assert_eq!(first(&model), Group::ForYou);
        assert_eq!(model.rooms.rooms[&room(6)].for_you(), 1);
        let _ = does(&mut model, Action::MarkRead(room(6)));
        assert_eq!(first(&model), Group::Unread);
    }
}

#[test]
fn what_is_of_no_concern_ones_own_or_taken_back_puts_no_room_first() {
    let mut own = about_civica();
    own.handling.author = warproom_client::proto::Principal::Member(fixture::member(5));
    let back = kind(post(1, Label::Green, "x"), Kind::Retract { of: 1 });
    for (supplier, entries) in [
        ("Capita", vec![about_civica()]),
        ("Civica", vec![own]),
        ("Civica", vec![about_civica(), back]),
    ] {
        let mut model = model();
        let told = fixture::told_of(fixture::depends_on(5, supplier));
        let _ = model.hear(&told);
        fill(&mut model, room(6), entries);
        let _ = model.hear(&told);
        assert_eq!(model.rooms.rooms[&room(6)].for_you(), 0, "{supplier}");
    }
}

#[test]
fn a_mention_that_was_taken_back_calls_nobody() {
    let mut model = model();
    let mut calls_priya = post(1, Label::Green, "@priya?");
    calls_priya.handling.mentions = vec![fixture::member(5)];
    let back = kind(post(1, Label::Green, "x"), Kind::Retract { of: 1 });
    fill(&mut model, room(6), vec![calls_priya, back]);
    assert!(model.rooms.rooms[&room(6)].mentions.is_empty());
}

#[test]
fn a_room_with_an_ask_that_waits_is_for_you() {
    let mut model = model();
    model.ask.outstanding.push(Outstanding {
        room: room(4),
        ask: 1,
        stage: Stage::Asked,
        due_at_ms: None,
        organisations: Vec::new(),
        exercise: false,
    });
    let listed = model.listed_rooms();
    assert_eq!((listed[0].0, listed[0].1.id), (Group::ForYou, room(4)));
}

#[test]
fn opening_a_room_of_which_nothing_is_held_asks_for_its_newest_page_and_people() {
    let mut model = model();
    let _ = model.hear(&News::RoomJoined(general(4)));
    model.desk.pane = Pane::Settings;
    let asked = does(&mut model, Action::Open(room(2)));
    let is_page = |effect: &Effect| matches!(effect, Effect::Page { room: id, from: From::Latest } if *id == room(2));
    assert!(asked.iter().any(is_page));
    assert!(asked.iter().any(|effect| matches!(effect, Effect::Call(Request::RoomMembers(_)))));
    let reading = &model.rooms.open().unwrap().reading;
    assert_eq!(reading.unread_after, Some(4));
    assert_eq!((model.desk.pane, model.desk.focus.0), (Pane::Room, Focus::Composer));
}

#[test]
fn a_room_opens_at_its_unread_line_if_that_is_held_and_the_line_stays() {
    let mut model = model();
    fill(&mut model, room(2), vec![post(1, Label::Green, "a"), post(1, Label::Green, "b")]);
    let _ = does(&mut model, Action::Open(room(2)));
    let room = model.rooms.open().unwrap();
    assert!(matches!(room.reading.jump, Some((Jump::Unread, _))));
    let _ = does(&mut model, Action::MarkRead(fixture::room(2)));
    assert_eq!(model.rooms.open().unwrap().reading.unread_after, Some(0));
    let _ = does(&mut model, Action::Open(fixture::room(3)));
    let _ = does(&mut model, Action::Open(fixture::room(2)));
    assert_eq!(model.rooms.open().unwrap().reading.unread_after, None);
}

#[test]
fn opening_at_an_entry_goes_there() {
    let mut model = incident_model();
    let _ = does(&mut model, Action::Open(room(2)));
    let _ = does(&mut model, Action::OpenAt(room(1), 3));
    assert!(matches!(model.rooms.open().unwrap().reading.jump, Some((Jump::Entry(3), _))));
}

#[test]
fn previous_goes_back_and_forth_and_rooms_that_were_left_are_passed_over() {
    let mut model = model();
    for number in [1, 2, 3] {
        let _ = does(&mut model, Action::Open(room(number)));
    }
    assert_eq!(model.rooms.visited, [room(1), room(2)]);
    let _ = model.hear(&News::RoomLeft(room(2)));
    let _ = does(&mut model, Action::Previous);
    assert_eq!(model.rooms.open, Some(room(1)));
    let _ = does(&mut model, Action::Previous);
    assert_eq!(model.rooms.open, Some(room(3)));
}

#[test]
fn stepping_reaches_every_room_although_reading_them_moves_them() {
    let mut model = model();
    for number in [2, 4, 5] {
        fill(&mut model, room(number), vec![post(1, Label::Green, "x")]);
    }
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let _ = does(&mut model, Action::NextUnread);
        let open = model.rooms.open.unwrap();
        seen.insert(open);
        let _ = does(&mut model, Action::MarkRead(open));
    }
    assert_eq!(seen, BTreeSet::from([room(2), room(4), room(5)]));
    let at = model.rooms.open;
    let _ = does(&mut model, Action::NextUnread);
    assert_eq!(model.rooms.open, at, "nothing is unread");
}

#[test]
fn stepping_goes_through_the_list_and_stops_at_its_ends() {
    let mut model = model();
    let listed: Vec<_> = model.listed_rooms().iter().map(|(_, room)| room.id).collect();
    for id in listed.iter().chain(listed.last()) {
        let _ = does(&mut model, Action::Step(Direction::On));
        assert_eq!(model.rooms.open, Some(*id));
    }
    for id in listed.iter().rev().skip(1).chain(listed.first()) {
        let _ = does(&mut model, Action::Step(Direction::Back));
        assert_eq!(model.rooms.open, Some(*id));
    }
}

#[test]
fn what_was_read_without_a_connection_is_told_later() {
    let mut model = model();
    crowd(&mut model, room(2), 3);
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(marks(&does(&mut model, Action::MarkRead(room(2)))).is_empty());
    let _ = model.hear(&News::Connection(Connection::Connected));
    assert_eq!(marks(&model.hear(&News::Clock(model.now_ms + 1_000))), [3]);
}

#[test]
fn the_settings_are_those_of_the_newest_change() {
    let mut model = model();
    let mut settings = model.rooms.rooms[&room(2)].settings.clone();
    settings.ceiling = Label::Red;
    let changed = kind(post(5, Label::Green, "x"), Kind::Changed { settings });
    let _ = model.hear(&News::Entry(delivered(room(2), 20, 1, changed)));
    assert_eq!(model.rooms.rooms[&room(2)].settings.ceiling, Label::Red);
    let _ = model.hear(&News::RoomJoined(general(0)));
    assert_eq!(model.rooms.rooms[&room(2)].settings.ceiling, Label::Red, "that is older");
}
