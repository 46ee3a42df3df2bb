//! What waits, and the forms, through their accessible names.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{AccessKitNode, NodeT, Queryable};
use egui_kittest::{Harness, Node};
use warproom_client::proto::{Ask, Label, Outstanding, Reporting, Severity, Stage};

use super::Screen;
use crate::controller::Controller;
use crate::effect::Outgoing;
use crate::fixture::{self, NOW_MS, Script, alert, asking, fill, name, organisation, post, room};
use crate::model::desk::{self, Focus, Overlay};
use crate::model::{ask, rooms};
use crate::views::{Cx, waiting};
use crate::{Action, Effect, Model, News, look};

/// A part of the window alone, of this size in points.
pub(super) fn part(
    model: Model,
    (width, height): (f32, f32),
    draw: fn(&mut egui::Ui, &mut Cx<'_>),
) -> Screen {
    let mut has_fonts = false;
    let controller = Controller { model, world: Script::default() };
    Harness::builder().with_size(egui::vec2(width, height)).build_ui_state(
        move |ui, controller: &mut Controller<Script>| {
            if !has_fonts {
                look::load_fonts(ui.ctx());
                has_fonts = true;
                ui.ctx().request_repaint();
                return;
            }
            controller.turn();
            let look = look::apply(ui.ctx(), &controller.model.settings);
            let mut actions = Vec::new();
            draw(ui, &mut Cx { model: &controller.model, look, actions: &mut actions });
            for action in actions {
                controller.act(action);
                ui.ctx().request_repaint();
            }
        },
        controller,
    )
}

/// The node of this role whose name, or text, has this part.
pub(super) fn said<'s>(screen: &'s Screen, role: Role, part: &'s str) -> Node<'s> {
    screen.get_by(move |node| has(node, role, part))
}

fn has(node: &AccessKitNode<'_>, role: Role, part: &str) -> bool {
    let named = |name: Option<String>| name.is_some_and(|name| name.contains(part));
    node.role() == role && (named(node.label()) || named(node.value()))
}

/// Priya's model with a roll call of Ffion's in the open incident room.
pub(super) fn asked(exercise: bool) -> Model {
    let mut model = fixture::model();
    let _ = model.act(Action::Rooms(rooms::Action::Open(room(1))));
    let mut entry =
        alert(1, Label::AmberStrict, Severity::Severe, "Shared service offline", "Three councils.");
    entry.handling.exercise = exercise;
    fill(&mut model, room(1), vec![asking(entry, &Ask::ROLL_CALL, 45)]);
    model
}

fn top(model: Model) -> Screen {
    let mut screen = part(model, (780.0, 600.0), waiting::ui);
    screen.run_ok();
    screen
}

/// A form as it lies over the window of the smallest size.
fn form(mut model: Model, open: Action) -> Screen {
    let _ = model.act(open);
    let mut screen = super::sized(model, 1024.0, 700.0);
    screen.run_ok();
    screen
}

fn does(screen: &mut Screen, action: Action) {
    screen.state_mut().act(action);
    screen.run_ok();
}

fn sent(screen: &Screen) -> Option<Outgoing> {
    screen.state().world.asked.iter().find_map(|effect| match effect {
        Effect::Send(outgoing) => Some(outgoing.clone()),
        _ => None,
    })
}

fn chosen(screen: &Screen) -> Option<String> {
    match sent(screen)? {
        Outgoing::Answer(answer) => Some(answer.choice.to_string()),
        _ => None,
    }
}

#[test]
fn one_key_answers_a_roll_call_once_what_waits_has_the_keyboard() {
    let mut screen = top(asked(false));
    screen.key_press(Key::Num2);
    screen.run_ok();
    assert_eq!(chosen(&screen), None, "nothing has the keyboard yet");
    does(&mut screen, Action::Desk(desk::Action::Focus(Focus::Waiting)));
    screen.key_press(Key::Num2);
    screen.run_ok();
    assert_eq!(chosen(&screen).as_deref(), Some("investigating"));
    screen.get_by_label("investigating: sending …");
    assert!(screen.query_by_label("1 affected").is_none());
}

#[test]
fn an_ask_that_comes_later_does_not_take_the_keyboard() {
    let mut model = fixture::model();
    let _ = model.act(Action::Desk(desk::Action::Focus(Focus::Waiting)));
    let mut screen = top(model);
    let entry = asking(post(1, Label::AmberStrict, "Who is hit?"), &Ask::ROLL_CALL, 45);
    screen.state_mut().hear(&News::Entry(fixture::delivered(room(1), 1, NOW_MS, entry)));
    screen.run_ok();
    screen.key_press(Key::Num2);
    screen.run_ok();
    assert_eq!(chosen(&screen), None);
    does(&mut screen, Action::Ask(ask::Action::NextWaiting));
    screen.key_press(Key::Num2);
    screen.run_ok();
    assert_eq!(chosen(&screen).as_deref(), Some("investigating"));
}

#[test]
fn a_number_with_a_modifier_answers_nothing() {
    let mut screen = top(asked(false));
    does(&mut screen, Action::Desk(desk::Action::Focus(Focus::Waiting)));
    screen.key_press_modifiers(Modifiers::ALT, Key::Num2);
    screen.run_ok();
    assert_eq!(chosen(&screen), None);
}

#[test]
fn a_click_answers_a_roll_call() {
    let mut screen = top(asked(false));
    screen.get_by_label("4 separate incident").click();
    screen.run_ok();
    assert_eq!(chosen(&screen).as_deref(), Some("separate incident"));
}

#[test]
fn enter_opens_the_form_and_arrows_go_to_the_next_card() {
    let mut model = asked(false);
    fill(
        &mut model,
        room(1),
        vec![asking(post(2, Label::AmberStrict, "Next?"), &["yes", "no"], 50)],
    );
    let mut screen = top(model);
    does(&mut screen, Action::Desk(desk::Action::Focus(Focus::Waiting)));
    screen.key_press(Key::ArrowRight);
    screen.run_ok();
    let card = said(&screen, Role::Group, "Next?");
    assert!(card.is_focused());
    screen.key_press(Key::Enter);
    screen.run_ok();
    let open = screen.state().model.desk.overlays.clone();
    assert_eq!(open, [Overlay::Answer { room: room(1), of: 2 }]);
}

#[test]
fn a_card_says_everything_in_words() {
    let screen = top(asked(false));
    let card = said(&screen, Role::Group, "Shared service offline");
    let name = card.accesskit_node().label().unwrap_or_default();
    for word in ["severity severe", "TLP:AMBER+STRICT", "due in 45 minutes", "2 investigating"] {
        assert!(name.contains(word), "{name}");
    }
    assert!(!name.contains("exercise"), "{name}");
}

#[test]
fn an_exercise_is_unmistakable() {
    let screen = top(asked(true));
    screen.get_by_label("exercise, not real");
    said(&screen, Role::Group, "waits for an answer: exercise, not real");
}

#[test]
fn what_is_overdue_says_so() {
    let mut model = asked(false);
    let _ = model.hear(&News::Clock(NOW_MS + 50 * 60_000));
    let screen = top(model);
    said(&screen, Role::Label, "⚠ OVERDUE by 5 minutes");
}

#[test]
fn three_cards_are_shown_and_the_rest_is_a_step_away() {
    let mut model = asked(false);
    let more = (1..5).map(|number| {
        asking(
            post(2, Label::AmberStrict, &format!("Question {number}")),
            &["yes", "no"],
            60 + number,
        )
    });
    fill(&mut model, room(1), more.collect());
    let mut screen = top(model);
    assert!(screen.query_by_label("Question 3").is_none());
    screen.get_by_label("and 2 more that wait for an answer").click();
    screen.run_ok();
    screen.get_by_label("Question 3");
    screen.get_by_label("Question 4");
}

#[test]
fn a_common_cause_is_put_away_with_a_button() {
    use warproom_client::proto::register::CommonCause;
    use warproom_client::proto::{CauseId, Subject};
    let mut model = fixture::model();
    let _ = model.hear(&News::CommonCause(CommonCause {
        cause: CauseId::from_bytes([1; 16]),
        subject: Subject::Vendor(name("Civica")),
        organisations: 3,
        named: vec![organisation(1), organisation(2)],
        since_ms: NOW_MS,
        at_ms: NOW_MS,
        exercise: true,
    }));
    let mut screen = top(model);
    let names = "3 organisations name Civica (Canterbury City Council, Dover District Council and 1 not named)";
    said(&screen, Role::Label, names);
    screen.get_by_label("exercise, not real");
    screen.get_by_label("Put away").click();
    screen.run_ok();
    assert!(screen.query_by(|node| has(node, Role::Label, "Civica")).is_none());
}

#[test]
fn a_guest_is_offered_no_answer_on_an_entry() {
    for (number, offers) in [(8, 0), (5, 1)] {
        let mut model = fixture::signed_in(number);
        let _ = model.act(Action::Rooms(rooms::Action::Open(room(1))));
        let entry = asking(post(1, Label::Amber, "Who is hit?"), &Ask::ROLL_CALL, 45);
        fill(&mut model, room(1), vec![entry]);
        // Only the entry is meant, not the card above it.
        model.ask.outstanding.clear();
        let mut screen = super::screen(model);
        screen.run_ok();
        screen.get_by_label("Board");
        assert_eq!(screen.query_all_by_label("Answer…").count(), offers, "{number}");
    }
}

#[test]
fn a_digit_chooses_a_label_in_a_form_while_its_labels_have_the_keyboard() {
    let mut model = fixture::incident_model();
    let _ = model.act(Action::Desk(desk::Action::Toggle(Overlay::NewAlert)));
    let mut screen = super::screen(model);
    screen.run_ok();
    let press = |screen: &mut Screen, key| {
        screen.key_press(key);
        screen.run_ok();
        screen.state().model.ask.alert.label
    };
    assert_eq!(press(&mut screen, Key::Num2), None, "the headline has the keyboard");
    let form = said(&screen, Role::Dialog, "Alert everyone in");
    form.get_by_role_and_label(Role::RadioButton, "TLP:AMBER+STRICT").focus();
    screen.run_ok();
    assert_eq!(press(&mut screen, Key::Num2), Some(Label::Green));
    assert_eq!(press(&mut screen, Key::Num5), Some(Label::Red));
    assert!(screen.state().model.ask.alert.headline.is_empty());
    let draft = screen.state().model.compose.drafts.get(&room(1));
    assert_eq!(draft.and_then(|draft| draft.label), None, "what lies under it keeps its own");
}

#[test]
fn a_manager_is_told_who_has_not_answered_and_offered_no_answer() {
    let mut model = asked(false);
    let told = Outstanding {
        room: room(1),
        ask: 1,
        stage: Stage::Managers,
        due_at_ms: Some(NOW_MS - 1),
        organisations: vec![organisation(2), organisation(3)],
        exercise: false,
    };
    let _ = model.hear(&News::Reminder(told));
    let screen = top(model);
    screen.get_by_label("Not answered: Dover District Council, Thanet District Council");
    assert!(screen.query_by_label("1 affected").is_none());
}

#[test]
fn an_answer_with_a_note_is_written_by_keyboard() {
    let open = Action::Ask(ask::Action::OpenAnswer(room(1), 1));
    let mut screen = form(asked(false), open);
    let option = screen.get_by_role_and_label(Role::RadioButton, "affected");
    assert!(option.is_focused());
    screen.key_press(Key::Enter);
    screen.run_ok();
    screen.get_by_role_and_label(Role::MultilineTextInput, "Note").focus();
    screen.run_ok();
    screen.get_by_role_and_label(Role::MultilineTextInput, "Note").type_text("Planning is down");
    screen.run_ok();
    screen.key_press_modifiers(Modifiers::CTRL | Modifiers::COMMAND, Key::Enter);
    screen.run_ok();
    let Some(Outgoing::Answer(answer)) = sent(&screen) else { panic!("no answer") };
    assert_eq!(answer.choice.as_str(), "affected");
    assert_eq!(answer.note.map(|note| note.to_string()).as_deref(), Some("Planning is down"));
    assert!(screen.state().model.desk.overlays.is_empty());
}

#[test]
fn a_refused_form_says_why_and_stays_open() {
    let open = Action::Ask(ask::Action::OpenAnswer(room(1), 1));
    let mut screen = form(asked(false), open);
    screen.get_by_label("Send answer").click();
    screen.run_ok();
    screen.get_by_label("⚠ Choose one of the answers.");
    assert_eq!(sent(&screen).map(|_| ()), None);
}

#[test]
fn a_roll_call_is_asked_with_a_preset() {
    let mut screen = form(asked(false), Action::Desk(desk::Action::Toggle(Overlay::NewAsk)));
    assert!(screen.get_by_role_and_label(Role::MultilineTextInput, "What you ask").is_focused());
    screen.get_by_role_and_label(Role::MultilineTextInput, "What you ask").type_text("Who is hit?");
    screen.run_ok();
    screen.get_by_label("Roll call").click();
    screen.run_ok();
    screen.get_by_role_and_label(Role::RadioButton, "30 minutes").click();
    screen.run_ok();
    screen.get_by_label("Ask").click();
    screen.run_ok();
    let Some(Outgoing::Post(post)) = sent(&screen) else { panic!("no ask") };
    let ask = post.ask.unwrap();
    assert_eq!(ask.options, Ask::ROLL_CALL.map(name));
    assert_eq!(ask.due_at_ms, Some(NOW_MS + 30 * 60_000));
}

#[test]
fn an_alert_is_written_in_words_with_their_meanings() {
    let mut screen = form(asked(false), Action::Desk(desk::Action::Toggle(Overlay::NewAlert)));
    screen.get_by_label("Headline").type_text("Remote access exploited");
    screen.run_ok();
    screen.get_by_label("severe: significant threat").click();
    screen.run_ok();
    screen.get_by_label("Send alert").click();
    screen.run_ok();
    let Some(Outgoing::Alert(alert)) = sent(&screen) else { panic!("no alert") };
    assert_eq!(alert.alert.severity, Severity::Severe);
    assert_eq!(alert.common_cause, Reporting::No);
}

#[test]
fn the_button_that_sends_is_in_sight_in_the_smallest_window() {
    for (overlay, verb) in [(Overlay::NewAsk, "Ask"), (Overlay::NewAlert, "Send alert")] {
        let mut screen = form(asked(false), Action::Desk(desk::Action::Toggle(overlay)));
        screen.get_by_label(verb).click();
        screen.run_ok();
        let sends = screen.get_by_label(verb).rect();
        assert!(sends.max.y < 700.0, "{verb}: {sends}");
        let why = said(&screen, Role::Label, "⚠").rect();
        assert!(why.max.y <= sends.min.y, "{why} {sends}");
    }
}
