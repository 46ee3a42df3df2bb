//! Entries of every kind, and what can be done with them.

use egui::{Ui, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use warproom_client::proto::{Kind, Label, Principal, Seq, Severity};

use crate::model::desk::{self, Overlay};
use crate::model::log::{Item, Retracted, Shown};
use crate::model::room::{self, Beside};
use crate::model::{ask, board, compose};
use crate::views::{self, Cx};
use crate::{Action, Model, fixture, look};

/// A part of the window, drawn alone.
pub(super) struct Part {
    pub(super) model: Model,
    pub(super) acted: Vec<Action>,
}

/// Draws a part of the window for a model.
pub(super) fn part(
    model: Model,
    draw: impl Fn(&mut Ui, &mut Cx<'_>) + 'static,
) -> Harness<'static, Part> {
    let mut has_fonts = false;
    let part = Part { model, acted: Vec::new() };
    Harness::builder().with_size(Vec2::new(1000.0, 2400.0)).build_ui_state(
        move |ui, part: &mut Part| {
            if !has_fonts {
                look::load_fonts(ui.ctx());
                has_fonts = true;
                ui.ctx().request_repaint();
                return;
            }
            let look = look::apply(ui.ctx(), &part.model.settings);
            let mut cx = Cx { model: &part.model, look, actions: &mut part.acted };
            draw(ui, &mut cx);
        },
        part,
    )
}

/// Every entry of the open room, one under the other.
fn entries(model: Model) -> Harness<'static, Part> {
    let mut screen = part(model, |ui, cx| {
        let model = cx.model;
        let room = model.rooms.open().unwrap();
        for (seq, item) in &room.log.items {
            views::entry::ui(ui, cx, room, *seq, item, false);
        }
    });
    screen.run_ok();
    screen
}

fn shown(model: &mut Model, seq: Seq) -> &mut Shown {
    match model.rooms.open_mut().unwrap().log.items.get_mut(&seq) {
        Some(Item::Shown(shown)) => shown,
        _ => panic!("number {seq} is not shown"),
    }
}

fn choose(model: &mut Model, seq: Seq) {
    model.rooms.open_mut().unwrap().reading.chosen = Some(seq);
}

fn click(screen: &mut Harness<'static, Part>, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

fn acted(screen: &Harness<'static, Part>, what: impl Fn(&Action) -> bool) -> bool {
    screen.state().acted.iter().any(what)
}

#[test]
fn an_entry_is_a_group_named_by_author_label_and_time_and_how_it_begins() {
    let screen = entries(fixture::incident_model());
    let at = crate::model::moment::time(fixture::NOW_MS);
    let name = format!("Ffion Gwŷn, TLP:AMBER+STRICT, {at}: @priya can you take the call");
    let group = screen.get_by_label_contains(&name);
    assert!(group.rect().height() > 0.0);
    screen.get_by_label_contains("alert, severity extreme: Shared IT service");
    screen.get_by_label("calls you by name");
}

#[test]
fn each_entry_shows_its_label() {
    let screen = entries(fixture::incident_model());
    assert_eq!(screen.get_all_by_label("TLP:RED").count(), 1);
    assert!(screen.get_all_by_label("TLP:AMBER+STRICT").count() >= 6);
}

#[test]
fn what_happened_to_the_room_is_one_sentence() {
    let screen = entries(fixture::incident_model());
    screen.get_by_label_contains("Priya Raman joined as lead");
}

#[test]
fn what_is_not_shown_says_why() {
    let mut model = fixture::incident_model();
    let items = &mut model.rooms.open_mut().unwrap().log.items;
    let by = Principal::Member(fixture::member(2));
    items.insert(17, Item::Withheld(None));
    items.insert(18, Item::Withheld(Some(Retracted { by, at_ms: fixture::NOW_MS })));
    items.insert(19, Item::Unreadable { at_ms: fixture::NOW_MS });
    let screen = entries(model);
    let at = crate::model::moment::time(fixture::NOW_MS);
    screen.get_by_label("Withheld from you (number 17)");
    screen.get_by_label(&format!("Taken back by Dele Okafor at {at}"));
    screen.get_by_label("From a newer server; update this program to read it");
}

#[test]
fn an_alert_says_how_bad_what_and_what_to_do() {
    let mut model = fixture::incident_model();
    let alert = shown(&mut model, 4);
    alert.entry.content.what_to_do = Some("Unplug the **tunnel**.".parse().unwrap());
    alert.entry.content.references = vec!["https://www.ncsc.gov.uk/a".parse().unwrap()];
    alert.entry.content.issuer = Some("NCSC".parse().unwrap());
    let Kind::Alert(inner) = &mut alert.entry.handling.kind else { panic!("an alert") };
    inner.severity = Severity::Severe;
    inner.expires_at_ms = Some(fixture::NOW_MS - 1);
    alert.superseded_by = Some(6);
    let mut screen = entries(model);
    for text in [
        "severity severe",
        "Shared IT service of three councils is offline",
        "act at once, observed",
        "About Civica (supplier)",
        "What to do",
        "Unplug the tunnel.",
        "Issued by NCSC",
    ] {
        screen.get_by_label(text);
    }
    screen.get_by_label_contains("Holds no more since");
    click(&mut screen, "Go to the newer alert");
    assert!(acted(&screen, |act| matches!(act, Action::Room(room::Action::ToEntry(6)))));
    click(&mut screen, "https://www.ncsc.gov.uk/a");
    assert!(acted(&screen, |act| matches!(act, Action::Desk(desk::Action::LookAtLink(_)))));
}

#[test]
fn an_ask_offers_answering_and_its_board_and_says_when_it_is_due() {
    let mut screen = entries(fixture::incident_model());
    screen.get_by_label("due in 45 min");
    screen.get_by_label_contains("Answers: affected");
    click(&mut screen, "Answer…");
    click(&mut screen, "Board");
    let room = fixture::room(1);
    assert!(acted(&screen, |act| {
        matches!(act, Action::Ask(ask::Action::OpenAnswer(of, 4)) if *of == room)
    }));
    assert!(acted(&screen, |act| {
        matches!(act, Action::Board(board::Action::Show(of, 4)) if *of == room)
    }));
}

#[test]
fn an_exercise_is_marked() {
    let mut model = fixture::incident_model();
    assert!(entries(fixture::incident_model()).query_by_label("exercise, not real").is_none());
    shown(&mut model, 2).entry.handling.exercise = true;
    let screen = entries(model);
    screen.get_by_label("exercise, not real");
    screen.get_by_label_contains(", exercise: Planning portal");
}

#[test]
fn what_was_changed_says_so_and_leads_to_its_details() {
    let mut model = fixture::incident_model();
    let entry = shown(&mut model, 2);
    entry.label = Label::Red;
    entry.edits.push((9, "Now it says this.".into(), fixture::NOW_MS));
    let mut screen = entries(model);
    screen.get_by_label("was TLP:AMBER+STRICT");
    screen.get_by_label("Now it says this.");
    let at = crate::model::moment::time(fixture::NOW_MS);
    click(&mut screen, &format!("edited {at}"));
    let details =
        |act: &Action| matches!(act, Action::Room(room::Action::Beside(Some(Beside::Details(2)))));
    assert!(acted(&screen, details));
}

#[test]
fn reactions_tell_who_and_are_given_by_a_click() {
    let mut model = fixture::incident_model();
    let me = Principal::Member(fixture::member(5));
    let other = Principal::Member(fixture::member(1));
    shown(&mut model, 2).reactions.insert("👍".to_owned(), vec![me, other]);
    shown(&mut model, 2).reactions.insert("👀".to_owned(), vec![other]);
    let mut screen = entries(model);
    screen.get_by_label("👍 2, with yours");
    click(&mut screen, "👀 1");
    let reacts =
        |act: &Action| matches!(act, Action::Room(room::Action::React(2, emoji)) if emoji == "👀");
    assert!(acted(&screen, reacts));
}

#[test]
fn a_thread_is_offered_at_its_first_entry_and_named_in_its_replies() {
    let mut model = fixture::incident_model();
    shown(&mut model, 4).replies = vec![5];
    let mut screen = entries(model);
    screen.get_by_label_contains("in answer to Priya Raman: Shared IT service");
    let link = screen.get_by_label_contains("1 reply, last");
    link.click();
    screen.run_ok();
    assert!(acted(&screen, |act| matches!(act, Action::Room(room::Action::OpenThread(4)))));
}

#[test]
fn a_chosen_entry_offers_its_actions_without_moving_anything() {
    let before = entries(fixture::incident_model());
    assert!(before.query_by_label("Reply").is_none());
    let mut model = fixture::incident_model();
    choose(&mut model, 2);
    let mut screen = entries(model);
    for text in ["Planning portal and online forms", "Same at Dover"] {
        let rect = |screen: &Harness<'static, Part>| {
            screen.get_all_by_label_contains(text).last().map(|node| node.rect())
        };
        assert_eq!(rect(&before), rect(&screen));
    }
    for name in ["Reply", "React", "Quote", "Copy"] {
        click(&mut screen, name);
    }
    let did = |what: fn(&Action) -> bool| assert!(acted(&screen, what));
    did(|act| matches!(act, Action::Compose(compose::Action::Reply(Some(2)))));
    did(|act| {
        let wanted = Overlay::Emoji { react_to: Some(2) };
        matches!(act, Action::Desk(desk::Action::Toggle(overlay)) if *overlay == wanted)
    });
    did(|act| matches!(act, Action::Compose(compose::Action::Quote(2))));
    did(|act| matches!(act, Action::Room(room::Action::CopyEntry(2))));
}

#[test]
fn the_actions_come_with_the_keyboard() {
    let mut screen = entries(fixture::incident_model());
    screen.get_by_label_contains("Dele Okafor, TLP:AMBER+STRICT").focus();
    screen.run_ok();
    screen.get_by_label("More actions").focus();
    screen.run_ok();
    screen.key_press(egui::Key::Enter);
    screen.run_ok();
    click(&mut screen, "Details");
    let details =
        |act: &Action| matches!(act, Action::Room(room::Action::Beside(Some(Beside::Details(3)))));
    assert!(acted(&screen, details));
}

fn menu(author: u8, seq: Seq) -> Harness<'static, Part> {
    let mut model = fixture::signed_in(author);
    fixture::fill(&mut model, fixture::room(1), fixture::incident());
    let _ = model.act(Action::Rooms(crate::model::rooms::Action::Open(fixture::room(1))));
    choose(&mut model, seq);
    let mut screen = entries(model);
    click(&mut screen, "More actions");
    screen
}

#[test]
fn only_its_author_or_a_manager_takes_an_entry_back_and_is_asked_first() {
    assert!(menu(3, 2).query_by_label("Take back…").is_none());
    for who in [1, 5] {
        let mut screen = menu(who, 2);
        assert_eq!(screen.query_by_label("Edit").is_some(), who == 1);
        click(&mut screen, "Take back…");
        // The model asks, in one place for every way there.
        assert!(acted(&screen, |act| matches!(act, Action::Room(room::Action::Retract(2)))));
        assert!(!acted(&screen, |act| matches!(act, Action::Room(room::Action::RetractNow(..)))));
    }
}

#[test]
fn a_milder_label_is_asked_about_and_a_stricter_one_is_not() {
    let mut screen = menu(1, 2);
    click(&mut screen, "Change label to TLP:RED");
    let stricter = |act: &Action| matches!(act, Action::Room(room::Action::Relabel(2, Label::Red)));
    assert!(acted(&screen, stricter));
    let mut screen = menu(1, 2);
    click(&mut screen, "Change label to TLP:CLEAR");
    let milder = |act: &Action| matches!(act, Action::Room(room::Action::Relabel(2, Label::Clear)));
    assert!(acted(&screen, milder), "the model asks, in one place for every way there");
    assert!(!acted(&screen, |act| matches!(act, Action::Room(room::Action::RelabelNow(..)))));
    // A manager makes another's entry stricter, and no milder.
    let screen = menu(5, 2);
    assert!(screen.query_by_label("Change label to TLP:CLEAR").is_none());
    screen.get_by_label("Change label to TLP:RED");
    assert!(menu(3, 2).query_by_label("Change label to TLP:RED").is_none());
}
