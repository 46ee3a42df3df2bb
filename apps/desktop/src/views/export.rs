//! Taking a room out: what the file will hold and who sees that it was made, said before it is.

use egui::Ui;
use warproom_client::proto::RoomId;

use super::Cx;
use super::switcher::is_on_top;
use super::widgets::{
    button, chip, choice, field, overlay, primary_button, quiet, strong, takes_focus, title,
    trouble,
};
use crate::Action;
use crate::commands::here;
use crate::look::space;
use crate::model::desk::{Focus, Overlay};
use crate::model::export::{self, Form};

/// As wide as a path, in points.
const WIDTH: f32 = 560.0;

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>) {
    let Some(room) = cx.model.export.room else { return };
    let name = format!("Export {}", cx.model.managed_room_name(room));
    overlay(ui, cx.look, &name, WIDTH, |ui| {
        title(ui, &name);
        what(ui, cx, room);
        ui.add_space(space::S);
        form(ui, cx);
        under_way(ui, cx);
    });
}

/// What it will hold, and who sees that it was done.
fn what(ui: &mut Ui, cx: &Cx<'_>, room: RoomId) {
    ui.label(
        "The file holds everything that was said in this room and that you may read: entries with their \
         labels, times, authors and the names of their files. Left out is what is TLP:RED, which leaves \
         no room, and what is withheld from you; both are counted.",
    );
    ui.horizontal_wrapped(|ui| {
        ui.label(match cx.model.export.form {
            Form::Text => "First and last in it stands the strictest label it has, at most",
            Form::Json => "Each record in it carries its label, at most",
        });
        let ceiling = cx.model.managed_room(room).map(|room| room.settings.ceiling);
        let strictest = warproom_client::proto::Label::AmberStrict;
        chip(ui, ceiling.unwrap_or(strictest).min(strictest));
    });
    strong(
        ui,
        "That you took it out stands in the audit log. Everyone in the room, and every manager, can see it.",
    );
    quiet(
        ui,
        cx.look,
        "On this computer the file is unsealed: whoever can read its folder can read it. Keep it as its \
         label says.",
    );
}

fn form(ui: &mut Ui, cx: &mut Cx<'_>) {
    let exporting = &cx.model.export;
    let forms = [("Text, to be read", Form::Text), ("Lines of JSON, for programs", Form::Json)];
    ui.horizontal_wrapped(|ui| {
        for (says, form) in forms {
            if choice(ui, says, form == exporting.form).clicked() {
                cx.act(export::Action::Form(form).into());
            }
        }
    });
    let (response, changed) = field(ui, "File", &exporting.file);
    if is_on_top(cx, Overlay::Export) {
        takes_focus(cx, Focus::Field, &response);
    }
    if let Some(file) = changed {
        cx.act(export::Action::File(file).into());
    }
    quiet(
        ui,
        cx.look,
        "A name alone goes into your folder of downloads; or type a whole path, as ~/incident.txt. \
         Nothing that is there is written over.",
    );
    if let Some(why) = &exporting.trouble {
        trouble(ui, cx.look, why);
    }
    let is_entered = response.lost_focus() && here::seen(ui, here::FIELD).is_some();
    let may = exporting.under_way.is_none() && cx.model.is_connected();
    ui.horizontal_wrapped(|ui| {
        let verb = ui.add_enabled_ui(may, |ui| primary_button(ui, cx.look, "Export it"));
        if verb.inner.clicked() || (is_entered && may) {
            cx.act(export::Action::Export.into());
        }
        if button(ui, "Cancel").clicked() {
            cx.act(Action::Desk(crate::model::desk::Action::Back));
        }
    });
}

fn under_way(ui: &mut Ui, cx: &Cx<'_>) {
    let said = match cx.model.export.under_way {
        None => return,
        Some((_, 0)) => "Asking the server…".to_owned(),
        Some((done, latest)) => format!("Read up to number {done} of {latest}…"),
    };
    let said = quiet(ui, cx.look, &said);
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
}
