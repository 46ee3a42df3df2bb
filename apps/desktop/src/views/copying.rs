//! What is selected with the mouse and copied carries its label too, as everything does that leaves
//! the window.
//!
//! egui copies selected text by itself at the end of a frame, and knows no labels. So whatever draws text
//! that has a label says under which, and what egui puts on the clipboard is given the strictest of them.
//! It may be stricter than the words that were selected, never milder. What is cut or copied out of a
//! field is left alone: it has not been said yet. The two are told apart by when they come: fields copy
//! while they are drawn, egui's selection after everything is.

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

/// Everything is drawn: whatever is put on the clipboard from now on was selected, not written.
pub(super) fn all_drawn(ui: &Ui) {
    let so_far = ui.ctx().output(|output| output.commands.len());
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

    #[test]
    fn what_is_copied_out_of_the_draft_has_not_been_said_yet() {
        let mut screen = screen(fixture::incident_model());
        screen.run_ok();
        screen.get_by_label("Your message").focus();
        screen.run_ok();
        screen.event(Event::Text("half a thought".to_owned()));
        screen.run_ok();
        screen.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        screen.run_ok();
        screen.event(Event::Copy);
        screen.step();
        let commands = &screen.output().platform_output.commands;
        let is_bare = |one: &OutputCommand| matches!(one, OutputCommand::CopyText(text) if text == "half a thought");
        assert!(commands.iter().any(is_bare), "{commands:?}");
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
