//! What is selected with the mouse and copied carries its label too, as everything does that leaves
//! the window.
//!
//! egui copies selected text by itself at the end of a frame, and knows no labels. So each entry says
//! under which label it was drawn, and what egui puts on the clipboard is given the strictest of them.
//! It may be stricter than the words that were selected, never milder. What is cut or copied out of a
//! field is left alone: it has not been said yet. The two are told apart by when they come: fields copy
//! while they are drawn, egui's selection after everything is.

use egui::{Context, Event, FullOutput, Id, OutputCommand, Plugin, RawInput, Ui};
use warproom_client::proto::Label;

use crate::model::label;

/// An entry with this label is being drawn.
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
    use crate::fixture;
    use crate::views::tests::screen;

    /// Drags over the text of the entry that has this in it, copies, and answers what is copied.
    fn copied(part: &str) -> Option<String> {
        let mut screen = screen(fixture::incident_model());
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
}
