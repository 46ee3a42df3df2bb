//! Writing, the label, sending, being refused and sending again, by accessible name.
//!
//! The part is drawn alone: composer, the room's outbox, the pane of the outbox and the question.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use warproom_client::proto::calls::PostEntry;
use warproom_client::proto::{EntryId, Label};

use super::Screen;
use crate::controller::Controller;
use crate::effect::Outgoing;
use crate::fixture::{self, Script};
use crate::model::compose::{Action, Sending};
use crate::model::desk::{self, Focus, Pane};
use crate::model::settings::SendWith;
use crate::news::{Connection, Refusal};
use crate::views::{Cx, composer, confirm, outbox};
use crate::{Effect, Model, News, look};

const FIELD: &str = "Your message";

fn screen(model: Model) -> Screen {
    sized(model, 800.0)
}

fn sized(model: Model, width: f32) -> Screen {
    let mut has_fonts = false;
    let controller = Controller { model, world: Script::default() };
    let mut screen = Harness::builder().with_size(egui::vec2(width, 600.0)).build_ui_state(
        move |ui, controller: &mut Controller<Script>| {
            if !has_fonts {
                look::load_fonts(ui.ctx());
                has_fonts = true;
                ui.ctx().request_repaint();
                return;
            }
            controller.turn();
            let mut actions = Vec::new();
            let model = &controller.model;
            let look = look::apply(ui.ctx(), &model.settings);
            let mut cx = Cx { model, look, actions: &mut actions };
            if model.desk.pane == Pane::Outbox {
                outbox::ui(ui, &mut cx);
            } else if let Some(room) = model.rooms.open {
                outbox::rows(ui, &mut cx, room);
                composer::ui(ui, &mut cx);
            }
            confirm::ui(ui, &mut cx);
            for action in actions {
                controller.act(action);
                ui.ctx().request_repaint();
            }
        },
        controller,
    );
    screen.run_ok();
    screen
}

/// The incident room, with the keyboard in the composer.
fn incident() -> Screen {
    let mut model = fixture::incident_model();
    let _ = model.act(crate::Action::Desk(desk::Action::Focus(Focus::Composer)));
    screen(model)
}

fn write(screen: &mut Screen, text: &str) {
    screen.get_by_label(FIELD).type_text(text);
    screen.run_ok();
}

fn press(screen: &mut Screen, key: Key) {
    screen.key_press(key);
    screen.run_ok();
}

fn press_with(screen: &mut Screen, modifiers: Modifiers, key: Key) {
    screen.key_press_modifiers(modifiers, key);
    screen.run_ok();
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

fn act(screen: &mut Screen, action: Action) {
    screen.state_mut().act(crate::Action::Compose(action));
    screen.run_ok();
}

fn tell(screen: &mut Screen, news: News) {
    screen.state_mut().world.to_tell.push_back(news);
    screen.run_ok();
}

fn posts(screen: &Screen) -> Vec<&PostEntry> {
    let post = |effect| match effect {
        &Effect::Send(Outgoing::Post(ref post)) => Some(post),
        _ => None,
    };
    screen.state().world.asked.iter().filter_map(post).collect()
}

fn text(screen: &Screen) -> String {
    let model = &screen.state().model;
    let room = model.rooms.open.unwrap();
    model.compose.drafts.get(&room).map(|draft| draft.text.clone()).unwrap_or_default()
}

fn label(screen: &Screen) -> Label {
    let model = &screen.state().model;
    model.draft_label(model.rooms.open.unwrap()).unwrap()
}

/// Whether this label is the one chosen in the picker, as a screen reader says it.
fn is_chosen(screen: &Screen, label: Label) -> bool {
    let node = screen.get_by_role_and_label(egui::accesskit::Role::RadioButton, label.as_str());
    node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn somebody_writes_and_sends_by_enter() {
    let mut screen = incident();
    assert!(screen.get_by_label(FIELD).is_focused(), "the keyboard is where writing goes");
    write(&mut screen, "We are affected");
    press_with(&mut screen, Modifiers::SHIFT, Key::Enter);
    write(&mut screen, "since 11:40");
    assert!(posts(&screen).is_empty());
    press(&mut screen, Key::Enter);
    let [post] = posts(&screen)[..] else { panic!("it is not sent") };
    assert_eq!(post.text.as_str(), "We are affected\nsince 11:40");
    assert_eq!(post.label, Label::AmberStrict);
    assert_eq!(text(&screen), "");
    assert!(screen.get_by_label(FIELD).is_focused(), "one goes on writing");
}

#[test]
fn labels_and_buttons_do_not_lie_over_each_other_at_any_width() {
    for width in (1024..1600).step_by(24) {
        for is_beside in [true, false] {
            let mut model = fixture::incident_model();
            if is_beside {
                let people = crate::model::room::Beside::People;
                let _ = model.act(crate::model::room::Action::Beside(Some(people)).into());
            }
            #[expect(clippy::cast_precision_loss, reason = "a window is not that wide")]
            let mut screen = super::sized(model, width as f32, 700.0);
            screen.run_ok();
            let labels = ["TLP:AMBER+STRICT", "TLP:RED"]
                .map(|label| screen.get_by_role_and_label(egui::Role::RadioButton, label).rect());
            for button in ["Exercise", "Attach a file…", "Emoji", "Send"] {
                let button = screen.get_by_role_and_label(egui::Role::Button, button).rect();
                for label in labels {
                    let over = label.intersect(button);
                    assert!(!over.is_positive(), "{width} points, {is_beside}: {label} {button}");
                }
            }
        }
    }
}

#[test]
fn what_is_typed_with_the_enter_that_sends_is_sent() {
    let mut screen = incident();
    screen.get_by_label(FIELD).type_text("at once");
    screen.key_press(Key::Enter);
    screen.run_ok();
    assert_eq!(posts(&screen)[0].text.as_str(), "at once");
    assert_eq!(text(&screen), "");
}

#[test]
fn enter_begins_a_line_where_ctrl_enter_sends() {
    let mut model = fixture::incident_model();
    model.settings.send_with = SendWith::CtrlEnter;
    let _ = model.act(crate::Action::Desk(desk::Action::Focus(Focus::Composer)));
    let mut screen = screen(model);
    write(&mut screen, "one");
    press(&mut screen, Key::Enter);
    write(&mut screen, "two");
    assert!(posts(&screen).is_empty());
    press_with(&mut screen, Modifiers::COMMAND, Key::Enter);
    assert_eq!(posts(&screen)[0].text.as_str(), "one\ntwo");
}

#[test]
fn the_label_is_changed_by_click_and_by_action_and_by_number() {
    let mut screen = incident();
    assert!(is_chosen(&screen, Label::AmberStrict));
    screen.get_by_label_contains("TLP:AMBER+STRICT may be shared within the organisations");
    click(&mut screen, "TLP:RED");
    assert!(is_chosen(&screen, Label::Red));
    screen.get_by_label_contains("TLP:RED for the people who are in this room now");
    assert!(screen.get_by_label(FIELD).is_focused(), "one goes on writing");

    act(&mut screen, Action::Label(Label::Amber));
    assert!(is_chosen(&screen, Label::Amber) && !is_chosen(&screen, Label::Red));

    screen.get_by_label("TLP:GREEN").focus();
    screen.run_ok();
    press(&mut screen, Key::Num4);
    assert_eq!(label(&screen), Label::AmberStrict);
    press(&mut screen, Key::Space);
    assert_eq!(label(&screen), Label::Green);
    screen.get_by_label(FIELD).focus();
    screen.run_ok();
    press(&mut screen, Key::Num5);
    assert_eq!(label(&screen), Label::Green, "a number that is written chooses nothing");
}

#[test]
fn something_milder_is_asked_about_and_cancel_is_nearest() {
    let mut screen = incident();
    act(&mut screen, Action::Label(Label::Green));
    write(&mut screen, "The portal is down.");
    press(&mut screen, Key::Enter);
    assert!(posts(&screen).is_empty());
    screen.get_by_label("Send this as TLP:GREEN?");
    assert!(screen.get_by_label("Cancel").is_focused());
    press(&mut screen, Key::Enter);
    assert!(posts(&screen).is_empty() && text(&screen) == "The portal is down.");
    assert!(screen.query_by_label("Cancel").is_none());
    assert!(screen.get_by_label(FIELD).is_focused());
    press(&mut screen, Key::Enter);
    click(&mut screen, "Send as TLP:GREEN");
    assert_eq!(posts(&screen)[0].label, Label::Green);
}

#[test]
fn what_is_refused_is_sent_again() {
    let mut screen = incident();
    write(&mut screen, "We are affected");
    click(&mut screen, "Send");
    let id = posts(&screen)[0].id;
    screen.get_by_label("being kept on this computer");
    tell(&mut screen, News::Kept(id, Ok(())));
    screen.get_by_label("being sent");
    tell(&mut screen, News::Connection(Connection::Connecting));
    screen.get_by_label("waiting for the connection");
    tell(&mut screen, News::Connection(Connection::Connected));
    tell(&mut screen, News::Sent(id, Err(Refusal::new("too many requests", "wait a little"))));
    screen.get_by_label_contains("refused: too many requests: wait a little");
    screen.get_by_label("We are affected");
    click(&mut screen, "Send again");
    let ids: Vec<EntryId> = posts(&screen).iter().map(|post| post.id).collect();
    assert_eq!(ids, [id, id], "the same entry");
    assert_eq!(screen.state().model.compose.outbox[0].state, Sending::Keeping);
}

#[test]
fn what_is_refused_is_let_go_after_a_question() {
    let mut screen = incident();
    write(&mut screen, "We are affected");
    press(&mut screen, Key::Enter);
    let id = posts(&screen)[0].id;
    tell(&mut screen, News::Sent(id, Err(Refusal::new("too long", ""))));
    click(&mut screen, "Discard");
    screen.get_by_label_contains("its text is gone");
    click(&mut screen, "Discard it");
    assert!(screen.query_by_label("Send again").is_none());
    assert!(matches!(screen.state().world.asked.last(), Some(Effect::Discard(one)) if *one == id));
}

#[test]
fn the_pane_lists_what_waits_by_room() {
    let mut screen = incident();
    write(&mut screen, "We are affected");
    press(&mut screen, Key::Enter);
    screen.state_mut().model.desk.pane = Pane::Outbox;
    screen.run_ok();
    screen.get_by_label("Incident: East Kent Services");
    screen.get_by_label("We are affected");
    screen.get_by_label("TLP:AMBER+STRICT");
    let id = posts(&screen)[0].id;
    act(&mut screen, Action::DiscardNow(id));
    screen.get_by_label_contains("Nothing is waiting");
}

#[test]
fn somebody_is_called_by_two_letters_and_tab() {
    let mut screen = incident();
    write(&mut screen, "ask @de");
    screen.get_by_label("Dele Okafor @dele, Dover District Council");
    press(&mut screen, Key::Tab);
    assert_eq!(text(&screen), "ask @dele ");
    write(&mut screen, "first, then @");
    press(&mut screen, Key::ArrowDown);
    press(&mut screen, Key::Enter);
    assert!(posts(&screen).is_empty(), "Enter took the offer");
    press(&mut screen, Key::Enter);
    assert_eq!(posts(&screen)[0].mentions.len(), 2);
}

#[test]
fn escape_closes_offers_and_the_text_stays() {
    let mut screen = incident();
    write(&mut screen, "ask @de");
    press(&mut screen, Key::Escape);
    assert!(screen.query_by_label("Dele Okafor @dele, Dover District Council").is_none());
    assert!(screen.get_by_label(FIELD).is_focused());
    press(&mut screen, Key::Enter);
    assert_eq!(posts(&screen)[0].text.as_str(), "ask @de");
}

#[test]
fn an_offer_is_taken_by_click_and_writing_goes_on_behind_it() {
    let mut screen = incident();
    write(&mut screen, "done :thumbs u");
    write(&mut screen, " :thum");
    click(&mut screen, "👍 thumbs up");
    write(&mut screen, " thanks");
    assert_eq!(text(&screen), "done :thumbs u 👍 thanks");
}

#[test]
fn up_in_an_empty_field_edits_the_latest() {
    let mut model = fixture::incident_model();
    let mine = fixture::post(5, Label::Red, "mine");
    fixture::fill(&mut model, fixture::room(1), vec![mine]);
    let _ = model.act(crate::Action::Desk(desk::Action::Focus(Focus::Composer)));
    let mut screen = screen(model);
    press(&mut screen, Key::ArrowUp);
    screen.get_by_label("Editing your entry: Priya Raman, “mine”");
    assert!(
        screen.query_by_role(egui::accesskit::Role::RadioButton).is_none(),
        "it keeps its label"
    );
    write(&mut screen, ", mended");
    click(&mut screen, "Save the edit");
    let edit = screen.state().world.asked.iter().find_map(|effect| match effect {
        Effect::Send(Outgoing::Edit(edit)) => Some(edit),
        _ => None,
    });
    assert_eq!(edit.unwrap().text.as_str(), "mine, mended", "the cursor was at the end");
}

#[test]
fn what_is_answered_stands_above_and_can_be_closed() {
    let mut screen = incident();
    act(&mut screen, Action::Reply(Some(2)));
    screen.get_by_label_contains("Replying to: Ffion Gwŷn, “Planning portal");
    click(&mut screen, "Stop replying");
    assert!(screen.query_by_label_contains("Replying to").is_none());
}

#[test]
fn an_exercise_says_so() {
    let mut screen = incident();
    assert!(screen.query_by_label("exercise, not real").is_none());
    click(&mut screen, "Exercise");
    screen.get_by_label("exercise, not real");
}

#[test]
fn the_field_grows_with_its_text_and_then_scrolls() {
    let mut screen = incident();
    let height = |screen: &Screen| screen.get_by_label("Send").rect().min.y;
    let empty = height(&screen);
    act(&mut screen, Action::Write("1\n2\n3".to_owned(), 5));
    let three = height(&screen);
    act(&mut screen, Action::Write("x\n".repeat(12), 24));
    let twelve = height(&screen);
    act(&mut screen, Action::Write("x\n".repeat(60), 120));
    assert!(three > empty && twelve > three);
    assert!((height(&screen) - twelve).abs() < 1.0, "as high as it gets");
}

/// Between the list of rooms and a board, in the smallest window, there are 416 points.
#[test]
fn nothing_is_cut_off_beside_a_board_in_the_smallest_window() {
    let mut model = fixture::incident_model();
    let _ = model.act(crate::Action::Compose(Action::Reply(Some(2))));
    let _ = model.act(crate::Action::Compose(Action::Write("@d".to_owned(), 2)));
    let screen = sized(model, 416.0);
    let nodes: Vec<_> = screen.query_all_by(|node| node.label().is_some()).collect();
    assert!(nodes.len() > 10);
    for node in nodes {
        let rect = node.rect();
        let name = node.accesskit_node().label().unwrap_or_default();
        assert!(rect.min.x >= 0.0 && rect.max.x <= 416.0, "{name}: {rect:?}");
    }
}

#[test]
fn a_room_that_is_not_yours_any_more_says_so_and_gives_the_text_back() {
    let mut screen = incident();
    write(&mut screen, "half a thought");
    screen.state_mut().model.rooms.open_mut().unwrap().role = None;
    screen.run_ok();
    assert!(screen.query_by_label(FIELD).is_none());
    click(&mut screen, "Copy what you were writing");
    assert!(matches!(
        screen.state().world.asked.last(),
        Some(Effect::Copy(text)) if text.starts_with("TLP:AMBER+STRICT\nhalf a thought")
    ));
}

#[test]
fn what_is_not_on_disk_does_not_stand_under_what_is() {
    let mut model = fixture::incident_model();
    for text in ["kept", "not kept"] {
        let _ = model.act(crate::Action::Compose(Action::Write(text.to_owned(), 0)));
        let _ = model.act(crate::Action::Compose(Action::Send));
    }
    let [kept, lost] = &model.compose.outbox[..] else { panic!("two wait") };
    let (kept, lost) = (kept.outgoing.id(), lost.outgoing.id());
    let _ = model.hear(&News::Kept(kept, Ok(())));
    let _ = model.hear(&News::Kept(lost, Err(Refusal::new("the disk is full", "make room"))));
    model.desk.pane = Pane::Outbox;
    let screen = screen(model);
    let top = |part: &str| screen.get_by_label_contains(part).rect().min.y;
    assert!(top("gone when the program ends") < top("not kept on disk: the disk is full"));
    assert!(top("not kept on disk: the disk is full") < top("on this computer only"));
    let kept = screen.get_all_by_label("kept").map(|node| node.rect().min.y);
    assert!(kept.fold(0.0, f32::max) > top("on this computer only"));
}

#[test]
fn a_draft_that_keeps_a_stricter_label_than_the_room_has_now_says_so() {
    let mut model = fixture::incident_model();
    let _ = model.act(crate::Action::Compose(Action::Write("The portal".to_owned(), 0)));
    let mut settings = model.rooms.open().unwrap().settings.clone();
    settings.default_label = Label::Green;
    let changed = warproom_client::proto::Kind::Changed { settings };
    let entry = fixture::kind(fixture::post(1, Label::Green, "-"), changed);
    let room = fixture::room(1);
    let _ = model.hear(&News::Entry(fixture::delivered(room, 99, fixture::NOW_MS, entry)));
    let screen = screen(model);
    screen.get_by_label_contains("What you are writing stays TLP:AMBER+STRICT");
}
