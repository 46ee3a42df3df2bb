//! What is selected with the mouse and copied carries its label too, as everything does that leaves
//! the window.
//!
//! egui copies selected text by itself at the end of a frame, and knows no labels. So whatever draws text
//! that has a label says under which, and what egui puts on the clipboard is given the strictest of them.
//! It may be stricter than the words that were selected, never milder. What is cut or copied out of a
//! field is told apart by when it comes: fields copy while they are drawn, egui's selection after
//! everything is. It is left alone where it has not been said yet; where the field holds what was said
//! before, quoted or to be edited, it has that label. Put back into a field that is as strict, it is as it
//! was: whoever moves a sentence gets no label in the middle of it.

use std::ops::Range;

use egui::{Context, Event, FullOutput, Id, OutputCommand, Plugin, RawInput, Ui};
use warproom_client::proto::Label;

use crate::model::label;

/// Text with this label is being drawn, and can be selected.
pub(super) fn drawn(ui: &Ui, label: Label) {
    let now = ui.ctx().cumulative_pass_nr();
    ui.data_mut(|data| {
        let (at, strictest) = data.get_temp_mut_or(id(), (now, Label::Clear));
        *strictest = if *at == now { label.max(*strictest) } else { label };
        *at = now;
    });
}

/// What was copied out of a field last: as it stood there, and as it left.
#[derive(Clone)]
struct Left {
    label: Label,
    bare: String,
    labelled: String,
}

/// Draws fields that hold what was said before, under the strictest label of it; none: what is written
/// in them is new.
pub(super) fn said<T>(ui: &mut Ui, label: Option<Label>, draw: impl FnOnce(&mut Ui) -> T) -> T {
    let Some(label) = label else { return draw(ui) };
    let left = ui.data(|data| data.get_temp::<Left>(id().with("left")));
    let left = left.filter(|left| left.label <= label);
    let back = left.filter(|left| exchange(ui, &left.labelled, &left.bare));
    let before = commands(ui);
    let drawn = draw(ui);
    if let Some(left) = back {
        // Whatever is drawn after these fields is another place.
        exchange(ui, &left.bare, &left.labelled);
    }
    let new = before..commands(ui);
    if let Some(left) = give_label(ui, label, new) {
        ui.data_mut(|data| data.insert_temp(id().with("left"), left));
    }
    drawn
}

/// Puts one text in the place of another in what is pasted now. Whether there was such.
fn exchange(ui: &Ui, from: &str, to: &str) -> bool {
    ui.input_mut(|input| {
        let mut is_there = false;
        for event in &mut input.events {
            if let Event::Paste(text) = event
                && text == from
            {
                to.clone_into(text);
                is_there = true;
            }
        }
        is_there
    })
}

fn commands(ui: &Ui) -> usize {
    ui.ctx().output(|output| output.commands.len())
}

fn give_label(ui: &Ui, label: Label, new: Range<usize>) -> Option<Left> {
    ui.ctx().output_mut(|output| {
        let new = output.commands.get_mut(new)?;
        let text = new.iter_mut().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text),
            _ => None,
        })?;
        let left = Left { label, bare: text.clone(), labelled: label::copied(label, text) };
        left.labelled.clone_into(text);
        Some(left)
    })
}

/// Everything is drawn: whatever is put on the clipboard from now on was selected, not written.
pub(super) fn all_drawn(ui: &Ui) {
    let so_far = commands(ui);
    ui.data_mut(|data| data.insert_temp(id().with("so far"), so_far));
}

/// Where it is kept in which pass entries were drawn, and the strictest label of them.
fn id() -> Id {
    Id::unique("strictest label drawn")
}

/// Gives what is copied its label. Added once to the context of a window.
#[derive(Default)]
pub struct Copying {
    /// Whether the person copies in this pass.
    is_copying: bool,
}

impl Plugin for Copying {
    fn debug_name(&self) -> &'static str {
        "copying"
    }

    fn input_hook(&mut self, _: &Context, input: &mut RawInput) {
        let copies = |event: &Event| matches!(event, Event::Copy | Event::Cut);
        self.is_copying = input.events.iter().any(copies);
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        if !std::mem::take(&mut self.is_copying) {
            return;
        }
        let drawn = context.data(|data| data.get_temp::<(u64, Label)>(id()));
        let now = context.cumulative_pass_nr();
        // Without an entry on the screen there is nothing that has a label.
        let Some((_, strictest)) = drawn.filter(|(at, _)| now - at <= 1) else { return };
        let so_far = context.data(|data| data.get_temp::<usize>(id().with("so far")));
        let commands = &mut output.platform_output.commands;
        for command in commands.iter_mut().skip(so_far.unwrap_or_default()) {
            if let OutputCommand::CopyText(text) = command {
                *text = label::copied(strictest, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;
    use warproom_client::proto::Message;

    use super::*;
    use crate::fixture::{self, asking, fill, post, room};
    use crate::model::board::tests::{answer, roll_call, show};
    use crate::model::desk::{self, Overlay, Pane};
    use crate::model::room::Beside;
    use crate::model::{compose, find};
    use crate::views::tests::{Screen, alone, screen};
    use crate::views::{beside, board, composer, outbox, waiting};
    use crate::{Action, Model, News};

    /// Drags over the last text that has this in it, copies, and answers what is copied.
    fn copied(part: &str) -> Option<String> {
        copied_from(screen(fixture::incident_model()), part)
    }

    fn copied_from(mut screen: Screen, part: &str) -> Option<String> {
        screen.run_ok();
        let rect = screen.get_all_by_label_contains(part).last()?.rect();
        screen.drag_at(rect.left_center());
        screen.run_ok();
        screen.hover_at(rect.right_center());
        screen.run_ok();
        screen.drop_at(rect.right_center());
        screen.run_ok();
        screen.event(Event::Copy);
        screen.step();
        screen.output().platform_output.commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// Copies all of a field, and answers what is copied.
    fn copied_out_of(screen: &mut Screen, field: &str) -> Option<String> {
        screen.get_by_role_and_label(egui::Role::MultilineTextInput, field).focus();
        screen.run_ok();
        screen.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        screen.run_ok();
        screen.event(Event::Copy);
        screen.step();
        screen.output().platform_output.commands.iter().find_map(|command| match command {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    }

    fn composing(model: Model, action: compose::Action) -> Screen {
        let mut model = model;
        let _ = model.act(Action::Compose(action));
        let mut screen = screen(model);
        screen.run_ok();
        screen
    }

    #[test]
    fn what_is_copied_out_of_the_draft_has_not_been_said_yet() {
        let write = compose::Action::Write("half a thought".to_owned(), 14);
        let mut screen = composing(fixture::incident_model(), write);
        let text = copied_out_of(&mut screen, "Your message");
        assert_eq!(text.as_deref(), Some("half a thought"));
    }

    #[test]
    fn what_a_draft_quotes_leaves_it_with_its_label() {
        let mut screen = composing(fixture::incident_model(), compose::Action::Quote(7));
        let text = copied_out_of(&mut screen, "Your message");
        assert!(text.as_ref().is_some_and(|text| text.contains("> For this room only")));
        is_labelled(text, Label::Red);
    }

    #[test]
    fn what_is_edited_leaves_its_field_with_its_label() {
        let mut model = fixture::model();
        fill(&mut model, room(1), vec![post(5, Label::Amber, "The call is at 15:00.")]);
        let _ = model.act(Action::Rooms(crate::model::rooms::Action::Open(room(1))));
        let mut screen = composing(model, compose::Action::Edit(1));
        is_labelled(copied_out_of(&mut screen, "Your message"), Label::Amber);
    }

    #[test]
    fn what_an_update_takes_over_leaves_its_form_with_the_label_of_its_alert() {
        let mut model = fixture::incident_model();
        let update = crate::model::ask::Action::Revise(4, Message::Update);
        let _ = model.act(Action::Ask(update));
        // A milder one was chosen meanwhile: the words are the earlier alert's all the same.
        model.ask.alert.label = Some(Label::Green);
        let mut screen = screen(model);
        screen.run_ok();
        let text = copied_out_of(&mut screen, "What has happened");
        assert!(text.as_ref().is_some_and(|text| text.contains("Canterbury, Dover and Thanet")));
        is_labelled(text, Label::AmberStrict);
    }

    #[test]
    fn what_is_put_back_into_its_field_has_no_label_in_the_middle_of_it() {
        let mut screen = composing(fixture::incident_model(), compose::Action::Quote(7));
        let text = copied_out_of(&mut screen, "Your message").unwrap();
        screen.event(Event::Paste(text.clone()));
        screen.run_ok();
        let drafts = &screen.state().model.compose.drafts;
        assert!(!drafts[&room(1)].text.contains("TLP:RED"), "{}", drafts[&room(1)].text);

        // What is new elsewhere gets it with its label.
        let open = crate::model::rooms::Action::Open(room(2));
        screen.state_mut().act(Action::Rooms(open));
        screen.run_ok();
        screen.get_by_label("Your message").focus();
        screen.run_ok();
        screen.event(Event::Paste(text));
        screen.run_ok();
        let drafts = &screen.state().model.compose.drafts;
        assert!(drafts[&room(2)].text.starts_with("TLP:RED\n"), "{}", drafts[&room(2)].text);
    }

    #[test]
    fn what_is_selected_and_copied_carries_the_strictest_label_on_the_screen() {
        let text = copied("For this room only").unwrap();
        assert!(text.starts_with("TLP:RED\n") && text.ends_with("\nTLP:RED"), "{text}");
    }

    /// A room whose one entry has this label, open.
    fn one(label: Label) -> Model {
        let mut model = fixture::model();
        fill(&mut model, room(1), vec![asking(post(1, label, "Who is hit?"), &["yes", "no"], 45)]);
        let _ = model.act(Action::Rooms(crate::model::rooms::Action::Open(room(1))));
        model
    }

    fn is_labelled(text: Option<String>, label: Label) {
        let text = text.expect("something is copied");
        assert!(text.starts_with(&format!("{label}\n")), "{text}");
        assert!(text.ends_with(&format!("\n{label}")), "{text}");
    }

    #[test]
    fn a_card_of_what_waits_is_copied_with_its_label() {
        let screen = alone(one(Label::Red), waiting::ui);
        is_labelled(copied_from(screen, "Who is hit?"), Label::Red);
    }

    #[test]
    fn a_board_is_copied_with_the_strictest_label_on_it() {
        let (model, _) = show(roll_call(Label::Green, false));
        let screen = alone(model, |ui, cx| board::ui(ui, cx, 1));
        // The ask is TLP:GREEN, and an answer is not.
        is_labelled(copied_from(screen, "Who is hit?"), Label::AmberStrict);
    }

    #[test]
    fn an_earlier_answer_that_is_open_below_its_row_counts_too() {
        let (mut model, _) = show(roll_call(Label::Green, false));
        let organisation = fixture::organisation(1);
        let action = crate::model::board::Action::History(Some(organisation));
        let _ = model.act(Action::Board(action));
        let earlier = answer(1, Label::Red, "investigating", "Only for you");
        let earlier = fixture::delivered(room(1), 2, fixture::NOW_MS, earlier);
        model.board.history = Some((organisation, Some(vec![earlier])));
        let screen = alone(model, |ui, cx| board::ui(ui, cx, 1));
        is_labelled(copied_from(screen, "Who is hit?"), Label::Red);
    }

    #[test]
    fn what_is_replied_to_is_copied_out_of_its_bar_with_its_label() {
        let mut model = one(Label::Amber);
        let _ = model.act(Action::Compose(compose::Action::Reply(Some(1))));
        let screen = alone(model, composer::ui);
        is_labelled(copied_from(screen, "Replying to"), Label::Amber);
    }

    #[test]
    fn what_waits_in_the_outbox_is_copied_with_its_label() {
        let mut model = one(Label::Green);
        let act = |model: &mut Model, action| drop(model.act(Action::Compose(action)));
        act(&mut model, compose::Action::Label(Label::Red));
        act(&mut model, compose::Action::Write("For this room only".to_owned(), 0));
        act(&mut model, compose::Action::Send);
        let screen = alone(model, outbox::ui);
        is_labelled(copied_from(screen, "For this room only"), Label::Red);
    }

    #[test]
    fn details_are_copied_with_the_label_of_their_entry() {
        let mut model = one(Label::AmberStrict);
        let beside = crate::model::room::Action::Beside(Some(Beside::Details(1)));
        let _ = model.act(Action::Room(beside));
        let screen = alone(model, beside::ui);
        is_labelled(copied_from(screen, "Who is hit?"), Label::AmberStrict);
    }

    #[test]
    fn what_a_search_found_cannot_be_selected_and_makes_what_is_copied_as_strict_as_it_is() {
        let mut model = one(Label::Green);
        let _ = model.act(Action::Desk(desk::Action::Show(Pane::Settings)));
        let _ = model.act(Action::Desk(desk::Action::Toggle(Overlay::Search)));
        let query = find::Query { words: "hit".to_owned(), ..find::Query::default() };
        let _ = model.act(Action::Find(find::Action::Query(query)));
        let _ = model.act(Action::Find(find::Action::Search));
        let hit = post(1, Label::Red, "It hit us too");
        let hit = fixture::delivered(room(1), 7, fixture::NOW_MS, hit);
        let _ = model.hear(&News::Found { search: model.find.search.number, hit });
        let again = {
            let mut again = fixture::model();
            again.find = model.find.clone();
            again.desk = model.desk.clone();
            again
        };
        assert_eq!(copied_from(screen(model), "It hit us too"), None);
        is_labelled(copied_from(screen(again), "1 found."), Label::Red);
    }
}
