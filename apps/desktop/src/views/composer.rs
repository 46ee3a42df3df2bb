//! Where writing goes: what it answers, the text, its label, and what that label means.

mod bars;
mod field;
mod offers;

use egui::{Align, Layout, Ui};
use warproom_client::proto::{Label, RoomId};

use super::Cx;
use super::room::who_types;
use super::{copying, files, widgets};
use crate::Action;
use crate::look::{WORKING_WIDTH, space};
use crate::model::compose::{self, Draft};
use crate::model::desk::{self, Focus, Overlay};
use crate::model::label;
use crate::model::settings::SendWith;

/// The least width in which the labels and the buttons stand in one row, in points: they do not lie over each
/// other then.
const ONE_ROW: f32 = 720.0;

/// The least width in which the meaning of a label and what stands aside of it do, in points.
const ONE_LINE: f32 = 720.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(room) = cx.model.rooms.open else { return };
    if cx.model.compose.has_unkept_elsewhere(room) {
        cx.act(Action::Compose(compose::Action::Keep));
    }
    ui.set_max_width(ui.available_width().min(WORKING_WIDTH));
    ui.spacing_mut().item_spacing.y = space::XS;
    if cx.model.may_write(room) {
        open(ui, cx, room);
    } else {
        closed(ui, cx, room);
    }
}

/// One is not in the room any more: what was written can be taken elsewhere.
fn closed(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId) {
    ui.label("You are not in this room any more, so you cannot write here.");
    let draft = cx.model.compose.drafts.get(&room);
    let Some((draft, label)) = draft.zip(cx.model.draft_label(room)) else { return };
    if draft.text.trim().is_empty() {
        return;
    }
    widgets::quiet(ui, cx.look, "What you were writing is kept on this computer.");
    if widgets::button(ui, "Copy what you were writing").clicked() {
        cx.act(Action::Desk(desk::Action::Copy(label::copied(label, &draft.text))));
    }
}

fn open(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId) {
    let draft = cx.model.compose.drafts.get(&room).cloned().unwrap_or_default();
    let Some(label) = cx.model.draft_label(room) else { return };
    bars::ui(ui, cx, room, &draft);
    offers::ui(ui, cx, room);
    copying::said(ui, cx.model.draft_said(room), |ui| field::ui(ui, cx, room, &draft.text));
    files::of_draft(ui, cx, &draft.files);
    controls(ui, cx, room, &draft, label);
    told(ui, cx, room, &draft, label);
    if let Some(begun) = cx.model.draft_keeps(room) {
        let hint = format!(
            "This room's label is more relaxed than {begun} by now. What you are writing stays {begun} unless you choose another."
        );
        widgets::quiet(ui, cx.look, &hint);
    }
    for handle in &cx.model.draft_calls(room).elsewhere {
        let hint = format!("@{handle} is not in this room, would not read it, and is not called.");
        widgets::quiet(ui, cx.look, &hint);
    }
    if let Some(trouble) = &cx.model.compose.trouble {
        let said = widgets::trouble(ui, cx.look, trouble);
        let live = egui::accesskit::Live::Polite;
        ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(live));
    }
}

/// The label and the buttons: in one row where they fit.
fn controls(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, draft: &Draft, label: Label) {
    ui.spacing_mut().button_padding.x = space::S;
    if ui.available_width() < ONE_ROW {
        labels(ui, cx, room, draft, label);
        ui.horizontal_wrapped(|ui| buttons(ui, cx, room, draft));
        return;
    }
    ui.horizontal(|ui| {
        labels(ui, cx, room, draft, label);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| buttons(ui, cx, room, draft));
    });
}

/// What the label means; and who is typing, or else what Enter does. Both have their place whatever
/// they say, so that nothing moves when somebody begins to type.
fn told(ui: &mut Ui, cx: &Cx<'_>, room: RoomId, draft: &Draft, label: Label) {
    let means = format!("{label} {}", label::meaning(label));
    let typing = cx.model.rooms.rooms.get(&room).map(|room| who_types(cx.model, room));
    let aside = typing.filter(|names| !names.is_empty()).unwrap_or_else(|| {
        let is_empty = draft.text.trim().is_empty();
        match cx.model.settings.send_with {
            _ if !cx.model.is_connected() && !is_empty => {
                "Not connected: it will wait in the outbox.".to_owned()
            }
            SendWith::Enter => "Enter sends, Shift+Enter begins a new line".to_owned(),
            SendWith::CtrlEnter => "Ctrl+Enter sends, Enter begins a new line".to_owned(),
        }
    });
    ui.spacing_mut().interact_size.y = 0.0;
    if ui.available_width() < ONE_LINE {
        widgets::quiet(ui, cx.look, &means);
        widgets::quiet(ui, cx.look, &aside);
        return;
    }
    ui.horizontal(|ui| {
        widgets::quiet(ui, cx.look, &means);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::quiet(ui, cx.look, &aside);
        });
    });
}

/// The label is chosen here, by a click or by its digit.
fn labels(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, draft: &Draft, label: Label) {
    if draft.edit_of.is_some() {
        widgets::chip(ui, label);
        return;
    }
    let ceiling = cx.model.rooms.rooms.get(&room).map_or(label, |room| room.settings.ceiling);
    if let Some(chosen) = widgets::label_picker(ui, cx.look, label, ceiling) {
        cx.act(Action::Compose(compose::Action::Label(chosen)));
        // Who typed it stays there.
        if ui.input(|input| input.pointer.any_released()) {
            cx.act(Action::Desk(desk::Action::Focus(Focus::Composer)));
        }
    }
}

fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, draft: &Draft) {
    let is_edit = draft.edit_of.is_some();
    let is_empty = draft.text.trim().is_empty() && (is_edit || draft.files.is_empty());
    let verb = if is_edit { "Save the edit" } else { "Send" };
    let send = ui.add_enabled_ui(!is_empty, |ui| widgets::primary_button(ui, cx.look, verb));
    if send.inner.clicked() {
        cx.act(Action::Compose(compose::Action::Send));
    }
    if widgets::button(ui, "Emoji").clicked() {
        let overlay = Overlay::Emoji { react_to: None };
        cx.act(Action::Desk(desk::Action::Toggle(overlay)));
    }
    if !is_edit {
        if widgets::button(ui, "Attach").accessible_name("Attach a file…").clicked() {
            cx.act(Action::Desk(desk::Action::Toggle(Overlay::AttachFile)));
        }
        let exercise = cx.model.draft_is_exercise(room);
        if widgets::choice(ui, "Exercise", exercise).clicked() {
            cx.act(Action::Compose(compose::Action::Exercise(!exercise)));
        }
    }
}
