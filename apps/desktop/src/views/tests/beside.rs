//! What stands beside the timeline.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use warproom_client::proto::calls::{Reached, Recipient, RoomMember, Sign};
use warproom_client::proto::{Label, Principal, RoomRole, Seq};

use super::entry::{Part, part};
use crate::model::compose;
use crate::model::log::{Item, Shown};
use crate::model::room::{self, Beside, Room};
use crate::views::beside;
use crate::{Action, Model, fixture, look};

fn drawn(with: impl FnOnce(&mut Room)) -> Harness<'static, Part> {
    let mut model = fixture::incident_model();
    with(model.rooms.open_mut().unwrap());
    let mut screen = part(model, |ui, cx| {
        ui.set_max_width(look::BESIDE_WIDTH);
        assert!(beside::is_open(cx.model));
        beside::ui(ui, cx);
    });
    screen.run_ok();
    screen
}

fn shown(room: &mut Room, seq: Seq) -> &mut Shown {
    match room.log.items.get_mut(&seq) {
        Some(Item::Shown(shown)) => shown,
        _ => panic!("number {seq} is not shown"),
    }
}

fn acted(screen: &Harness<'static, Part>, what: impl Fn(&Action) -> bool) -> bool {
    screen.state().acted.iter().any(what)
}

fn click(screen: &mut Harness<'static, Part>, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

#[test]
fn nothing_is_open_at_first() {
    let model: Model = fixture::incident_model();
    assert!(!beside::is_open(&model));
}

#[test]
fn a_thread_shows_its_first_entry_and_its_replies() {
    let mut screen = drawn(|room| {
        room.reading.thread = Some(4);
        shown(room, 4).replies = vec![5];
    });
    screen.get_by_label("Thread");
    screen.get_by_label("Shared IT service of three councils is offline");
    screen.get_by_label_contains("Tom Ashdown, TLP:AMBER+STRICT");
    assert!(screen.query_by_label_contains("1 reply").is_none());
    click(&mut screen, "Reply in this thread");
    assert!(acted(&screen, |act| matches!(act, Action::Compose(compose::Action::Reply(Some(4))))));
    click(&mut screen, "Close: Thread");
    assert!(acted(&screen, |act| matches!(act, Action::Room(room::Action::CloseThread))));
}

#[test]
fn a_thread_whose_first_entry_is_not_here_says_so() {
    let screen = drawn(|room| room.reading.thread = Some(4000));
    screen.get_by_label("Number 4000 has not been read yet.");
}

fn person(number: u8, role: RoomRole) -> RoomMember {
    let (name, _, organisation, _) = fixture::MEMBERS[usize::from(number) - 1];
    RoomMember {
        who: Principal::Member(fixture::member(number)),
        name: fixture::name(name),
        organisation: Some(fixture::organisation(organisation)),
        organisation_name: Some(fixture::name("Dover District Council")),
        role,
    }
}

#[test]
fn people_are_listed_with_their_part_and_can_be_called_by_name() {
    let mut screen = drawn(|room| {
        room.reading.beside = Some(Beside::People);
        room.people = Some(vec![person(2, RoomRole::Participant), person(5, RoomRole::Lead)]);
        room.here = vec![fixture::member(2)];
    });
    screen.get_by_label("Dele Okafor");
    screen.get_by_label("participant, here");
    screen.get_by_label("lead, not here");
    // Nobody calls themselves.
    assert!(screen.query_by_label("Call Priya Raman by name").is_none());
    click(&mut screen, "Call Dele Okafor by name");
    assert!(acted(&screen, |act| {
        matches!(act, Action::Compose(compose::Action::Insert(text)) if text == "@dele ")
    }));
    click(&mut screen, "Close: People in this room");
    assert!(acted(&screen, |act| matches!(act, Action::Room(room::Action::Beside(None)))));
}

#[test]
fn details_show_every_text_and_every_label() {
    let screen = drawn(|room| {
        room.reading.beside = Some(Beside::Details(3));
        let entry = shown(room, 3);
        entry.edits.push((9, "Their desk answered.".into(), fixture::NOW_MS));
        entry.relabelled.push((Principal::Member(fixture::member(5)), Label::Red, fixture::NOW_MS));
        entry.label = Label::Red;
    });
    screen.get_by_label("Number 3, by Dele Okafor");
    screen.get_by_label("Same at Dover. Supplier's desk does not pick up.");
    screen.get_by_label("Their desk answered.");
    screen.get_by_label("TLP:AMBER+STRICT");
    screen.get_by_label_contains("by Priya Raman,");
}

#[test]
fn details_of_what_was_taken_back_show_whom_it_may_have_reached() {
    let recipient = |name: &str, here, signs: &[Sign]| Recipient {
        who: Principal::Member(fixture::member(2)),
        name: fixture::name(name),
        organisation_name: Some(fixture::name("Dover District Council")),
        here,
        signs: signs.to_vec(),
    };
    let recipients = vec![
        recipient("Dele Okafor", true, &[Sign::Read, Sign::Exported]),
        recipient("Tom Ashdown", false, &[]),
    ];
    let reached = Reached { recipients, taken_back_at_ms: Some(fixture::NOW_MS) };
    let screen = drawn(|room| {
        room.reading.beside = Some(Beside::Details(4000));
        let id = warproom_client::proto::EntryId::random();
        room.reading.recall = Some(room::Recall { id, of: 4000, reached: Some(reached) });
    });
    screen.get_by_label("May have reached");
    screen.get_by_label("Dele Okafor, Dover District Council: has read as far; exported it");
    screen.get_by_label_contains("Tom Ashdown, Dover District Council (not in the room any more)");
}

#[test]
fn bringing_people_in_begins_with_this_room() {
    let mut model = fixture::incident_model();
    let _ = model.act(Action::Room(room::Action::Beside(Some(Beside::People))));
    let mut screen = super::screen(model);
    screen.run_ok();
    screen.get_by_label("Bring in or take out people…").click();
    screen.run_ok();
    let manage = &screen.state().model.manage;
    assert_eq!(manage.shown, crate::model::manage::Shown::Room(fixture::room(1)));
    assert_eq!(screen.state().model.desk.pane, crate::model::desk::Pane::Manage);
}
