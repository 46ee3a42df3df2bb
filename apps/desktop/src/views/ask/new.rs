//! A new ask.

use egui::Ui;

use super::fields;
use crate::Action;
use crate::model::ask::{self, Preset};
use crate::model::desk::Focus;
use crate::views::Cx;
use crate::views::widgets::{button, quiet, strong, takes_focus};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(room) = model.rooms.open() else { return };
    let mut form = model.ask.ask.clone();
    let (response, mut is_changed) = fields::long(ui, "What you ask", &mut form.text, 3);
    takes_focus(cx, Focus::Field, &response);
    strong(ui, "Answers to choose from");
    ui.horizontal_wrapped(|ui| {
        for (word, preset) in
            [("Roll call", Preset::RollCall), ("Acknowledge", Preset::Acknowledge)]
        {
            let does = preset.options().join(", ");
            if button(ui, word).on_hover_text(does).clicked() {
                form.options = preset.options().join("\n");
                is_changed = true;
            }
        }
    });
    is_changed |= fields::long(ui, "Answers, one a line", &mut form.options, 4).1;
    quiet(ui, cx.look, "2 to 8. Every organisation in the room gives one of them.");
    is_changed |= fields::time(ui, cx, &mut form.due_in_minutes);
    let settings = &room.settings;
    let usual = model.form_default().unwrap_or(settings.default_label);
    is_changed |= fields::label(ui, cx, usual, settings.ceiling, &mut form.label);
    is_changed |= fields::exercise(ui, cx, &mut form.exercise);
    if is_changed {
        cx.act(Action::Ask(ask::Action::AskForm(form)));
    }
}
