//! An answer with a note.

use egui::Ui;
use warproom_client::proto::{RoomId, Seq, limits};

use super::{fields, radio};
use crate::Action;
use crate::model::ask;
use crate::model::desk::Focus;
use crate::views::widgets::{chip, exercise_mark, heading, quiet, strong, takes_focus};
use crate::views::{Cx, copying};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, of: Seq) {
    let model = cx.model;
    let (Some(shown), Some(asked)) = (model.asking((room, of)), model.asked((room, of))) else {
        quiet(ui, cx.look, "What is asked has not been read yet.");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        if shown.entry.handling.exercise {
            exercise_mark(ui, cx.look);
        }
        copying::drawn(ui, shown.label);
        chip(ui, shown.label);
        heading(ui, &ask::title(shown));
    });
    let mut form = model.ask.answer.clone();
    let mut is_changed = false;
    strong(ui, "Your organisation's answer");
    ui.horizontal_wrapped(|ui| {
        for (place, option) in asked.options.iter().enumerate() {
            let response = radio(ui, option.as_str(), "", form.choice == Some(place));
            if place == 0 {
                takes_focus(cx, Focus::Field, &response);
            }
            if response.clicked() {
                form.choice = Some(place);
                is_changed = true;
            }
        }
    });
    quiet(
        ui,
        cx.look,
        "It counts for your whole organisation until it gives another; both are kept.",
    );
    is_changed |= fields::long(ui, "Note", &mut form.note, 3).1;
    let left = i64::try_from(limits::NOTE_BYTES).unwrap_or(i64::MAX)
        - i64::try_from(form.note.trim().len()).unwrap_or(i64::MAX);
    quiet(ui, cx.look, &format!("{left} bytes left"));
    let ceiling = model.rooms.rooms.get(&room).map_or(shown.label, |room| room.settings.ceiling);
    is_changed |= fields::label(ui, cx, shown.label, ceiling, &mut form.label);
    quiet(ui, cx.look, "An answer is never more open than its ask.");
    is_changed |= fields::about(ui, cx, &mut form.subjects);
    is_changed |= fields::reporting(ui, cx, &mut form.reporting);
    if is_changed {
        cx.act(Action::Ask(ask::Action::AnswerForm(form)));
    }
}
