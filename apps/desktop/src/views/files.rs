//! Files: dropped onto the room, attached by their path, and saved from an entry.

use egui::{Panel, Ui};
use warproom_client::proto::{File, RoomId, Seq};

use super::Cx;
use super::switcher::is_on_top;
use super::widgets::{
    button, chip, field, overlay, primary_button, quiet, strong, takes_focus, title, trouble,
};
use crate::Action;
use crate::commands::here;
use crate::model::desk::{Focus, Overlay};
use crate::model::files::{self, may_attach, size};
use crate::model::label;
use crate::model::log::Shown;
use crate::model::markdown::visible;
use crate::model::room::Room;

/// As wide as a path, in points.
const WIDTH: f32 = 560.0;

/// What is dropped onto the open room is attached to what is being written in it; while something is
/// held over it, that is said.
pub(super) fn dropped(ui: &mut Ui, cx: &mut Cx<'_>) {
    let is_covered = !cx.model.desk.overlays.is_empty() || cx.model.desk.confirm.is_some();
    let Some(room) = cx.model.rooms.open().filter(|_| !is_covered) else { return };
    let (hovers, paths) = ui.input(|input| {
        let dropped = input.raw.dropped_files.iter();
        let paths: Vec<_> =
            dropped.map(|file| file.path().to_string_lossy().into_owned()).collect();
        (!input.raw.hovered_files.is_empty(), paths)
    });
    if !paths.is_empty() {
        cx.act(files::Action::Drop(paths).into());
    }
    if hovers {
        let said = match may_attach(cx.model, room.id) {
            Ok(()) => format!("Let go to attach it to what you write in {}", room.settings.name),
            Err(why) => why.to_owned(),
        };
        Panel::top("a file is held over the room").show(ui, |ui| strong(ui, &said));
    }
}

/// Attaching a file by its path.
pub(super) fn attach(ui: &Ui, cx: &mut Cx<'_>) {
    overlay(ui, cx.look, "Attach a file", WIDTH, |ui| {
        title(ui, "Attach a file");
        let model = cx.model;
        let (response, changed) = field(ui, "Path of the file", &model.files.path);
        if is_on_top(cx, Overlay::AttachFile) {
            takes_focus(cx, Focus::Field, &response);
        }
        if let Some(path) = changed {
            cx.act(files::Action::Path(path).into());
        }
        let is_entered = response.lost_focus() && here::seen(ui, here::FIELD).is_some();
        quiet(
            ui,
            cx.look,
            "All of it, as /home/ann/report.pdf or ~/report.pdf. A file can also be dropped onto the room. \
             It is sent with your entry, under its label, to everyone who reads that.",
        );
        if let Some(why) = &model.files.trouble {
            trouble(ui, cx.look, why);
        }
        let is_typed = !model.files.path.trim().is_empty();
        let attach = ui.add_enabled_ui(is_typed, |ui| primary_button(ui, cx.look, "Attach it"));
        if attach.inner.clicked() || (is_entered && is_typed) {
            cx.act(files::Action::Attach.into());
        }
        if is_entered {
            // Until it is attached there may be something to mend.
            response.request_focus();
        }
    });
}

/// Saving files of an entry of the open room.
pub(super) fn save(ui: &Ui, cx: &mut Cx<'_>, of: Seq) {
    overlay(ui, cx.look, "Save files", WIDTH, |ui| {
        title(ui, "Save files");
        let model = cx.model;
        let open = model.rooms.open();
        let shown = open.and_then(|room| Some((room.id, room.log.shown(of)?)));
        let Some((room, shown)) = shown else {
            quiet(ui, cx.look, "This entry is not to be read any more, and its files neither.");
            return;
        };
        super::copying::drawn(ui, shown.label);
        ui.horizontal_wrapped(|ui| {
            chip(ui, shown.label);
            quiet(ui, cx.look, label::meaning(shown.label));
        });
        let (response, changed) = field(ui, "Folder", &model.files.folder);
        if is_on_top(cx, Overlay::SaveFiles { of }) {
            takes_focus(cx, Focus::Field, &response);
        }
        if let Some(folder) = changed {
            cx.act(files::Action::Folder(folder).into());
        }
        quiet(
            ui,
            cx.look,
            "Empty: your folder of downloads. Nothing that is there is written over. What comes is checked \
             to be what the entry names, and nothing is opened.",
        );
        for file in &shown.entry.content.files {
            ui.horizontal_wrapped(|ui| {
                let name = visible(file.name.as_str());
                let save = primary_button(ui, cx.look, "Save");
                if save.accessible_name(format!("Save {name}")).clicked() {
                    cx.act(files::Action::Save(of, file.file).into());
                }
                strong(ui, &name);
                quiet(ui, cx.look, &about(cx, (room, of), file));
            });
        }
    });
}

/// The files of an entry, in the entry.
pub(super) fn of_entry(ui: &mut Ui, cx: &mut Cx<'_>, (room, of): (&Room, Seq), shown: &Shown) {
    for file in &shown.entry.content.files {
        let name = visible(file.name.as_str());
        ui.horizontal_wrapped(|ui| {
            strong(ui, &name);
            chip(ui, shown.label);
            quiet(ui, cx.look, &about(cx, (room.id, of), file));
            if button(ui, "Save…").accessible_name(format!("Save {name}…")).clicked() {
                let overlay = Overlay::SaveFiles { of };
                cx.act(crate::model::desk::Action::Toggle(overlay).into());
            }
        });
    }
}

/// How long a file is, what it is said to be, and how far it has come.
fn about(cx: &Cx<'_>, (room, of): (RoomId, Seq), file: &File) -> String {
    let mut about = size(file.size_bytes);
    if let Some(said) = &file.media_type {
        about.push_str(", said to be ");
        about.push_str(&visible(said.as_str()));
    }
    if let Some(moved) = cx.model.files.down.get(&(room, of, file.file)) {
        about.push_str(", being saved: ");
        about.push_str(&moved.in_words());
    }
    about
}

/// The files of what is being written, each to be taken out again.
pub(super) fn of_draft(ui: &mut Ui, cx: &mut Cx<'_>, attached: &[files::Attached]) {
    if attached.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for (place, file) in attached.iter().enumerate() {
            quiet(ui, cx.look, &file.in_words());
            let take_out = format!("Take out {}", visible(&file.name));
            if button(ui, "Take out").accessible_name(take_out).clicked() {
                cx.act(Action::Files(files::Action::TakeOut(place)));
            }
        }
    });
}
