//! The page of rooms: the list, and the form of a new one.

use egui::Ui;
use warproom_client::proto::Label;

use super::super::Cx;
use super::super::widgets::{field, primary_button, quiet};
use super::{form, labels, open, picker, room, table};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, Managed, RoomForm, Shown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    match cx.model.manage.shown {
        Shown::Room(id) => room::ui(ui, cx, id),
        Shown::New => new(ui, cx),
        _ => list(ui, cx),
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    if manage::is_officer(model) {
        if primary_button(ui, cx.look, "Open a room").clicked() {
            open(cx, Shown::New);
        }
    } else {
        quiet(ui, cx.look, "Officers and managers open rooms. Leads and managers bring people in.");
    }
    if model.is_manager() {
        quiet(
            ui,
            cx.look,
            "As a manager you see every room's name and people. What is said in one you are not in, you do not see.",
        );
    }
    super::filter(ui, cx, "Find a room");
    let rooms = model.managed_rooms();
    let is_found =
        |room: &Managed<'_>| picker::finds(&model.manage.filter, &[room.settings.name.as_str()]);
    let rooms: Vec<_> = rooms.into_iter().filter(is_found).collect();
    if rooms.is_empty() {
        quiet(ui, cx.look, "There is no such room.");
    }
    table::rows(ui, "rooms", rooms.len(), |ui, place| {
        let room = rooms[place];
        let part = room.part.map_or("you are not in it", manage::part);
        let ceiling = format!("up to {}", room.settings.ceiling);
        if table::opening(ui, cx.look, &[room.settings.name.as_str(), &ceiling, part]).clicked() {
            open(cx, Shown::Room(room.room));
        }
    });
}

fn new(ui: &mut Ui, cx: &mut Cx<'_>) {
    super::opened(ui, cx, "All rooms", "Open a room");
    quiet(
        ui,
        cx.look,
        "You are its lead, and alone in it until you bring people in. Nobody else learns of it but managers.",
    );
    settings(ui, cx, "Open the room");
}

/// The fields of a room's settings, for a new one and for one that is changed.
pub(super) fn settings(ui: &mut Ui, cx: &mut Cx<'_>, verb: &str) {
    let before = &cx.model.manage.room;
    let mut form = before.clone();
    let mut is_changed = false;
    form::part(ui, "room", |ui| {
        ui.add_space(space::S);
        let (response, name) = field(ui, "Name of the room", &form.name);
        super::takes_focus(cx, &response);
        is_changed |= name.is_some();
        form.name = name.unwrap_or(form.name.clone());
        is_changed |= of_labels(ui, cx, &mut form);
        ui.add_space(space::S);
        for (says, on) in [
            ("Members see who is typing", &mut form.typing),
            ("Members see who is connected", &mut form.presence),
        ] {
            let turned = form::switch(ui, says, *on);
            is_changed |= turned.is_some();
            *on = turned.unwrap_or(*on);
        }
        quiet(ui, cx.look, "Neither is ever stored.");
    });
    if is_changed {
        cx.act(Action::Manage(manage::Action::FillRoom(form)));
    }
    ui.add_space(space::S);
    if form::send(ui, cx, &before.asked, verb) {
        cx.act(Action::Manage(manage::Action::SubmitRoom));
    }
}

/// The ceiling and the label offered to a writer, with what they do.
fn of_labels(ui: &mut Ui, cx: &Cx<'_>, form: &mut RoomForm) -> bool {
    ui.add_space(space::S);
    let ceiling =
        labels::choose(ui, cx, "Strictest label", Some(form.ceiling), (Label::Red, None)).flatten();
    if let Some(ceiling) = ceiling {
        form.ceiling = ceiling;
        // The label offered is never above what the room holds.
        form.default_label = form.default_label.min(ceiling);
    }
    quiet(ui, cx.look, &manage::ceiling(form.ceiling));
    ui.scope(|ui| {
        let was = form.of.as_ref().map(|(_, settings)| settings.ceiling);
        if let Some(sentence) = was.and_then(|was| manage::changed_ceiling(was, form.ceiling)) {
            ui.colored_label(cx.look.warning, format!("⚠ {sentence}"));
        }
    });
    ui.add_space(space::S);
    let chosen = Some(form.default_label);
    let offered =
        labels::choose(ui, cx, "Label offered to a writer", chosen, (form.ceiling, None)).flatten();
    form.default_label = offered.unwrap_or(form.default_label);
    quiet(
        ui,
        cx.look,
        "It is preset for every new post. A writer may choose another, and is asked before one that is more open.",
    );
    ceiling.is_some() || offered.is_some()
}
