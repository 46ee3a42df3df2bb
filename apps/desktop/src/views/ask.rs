//! The forms of a new ask, a new alert, and an answer with a note.
//!
//! Each lies over the page, scrolls within itself, and keeps the button that sends in sight.

mod alert;
mod answer;
mod fields;
mod new;

use egui::{Role, ScrollArea, Ui, WidgetInfo};
use warproom_client::proto::{RoomId, Seq};

use super::widgets::{button, overlay, primary_button, title, trouble};
use super::{Cx, copying};
use crate::Action;
use crate::commands::here;
use crate::look::{TARGET, size, space};
use crate::model::desk::Overlay;
use crate::model::{ask, desk};

/// The width of a form, in points: lines of some 80 characters.
const WIDTH: f32 = 640.0;

/// What one form has of its own.
struct Form {
    overlay: Overlay,
    does: &'static str,
    room: RoomId,
    verb: &'static str,
    send: ask::Action,
}

pub(super) fn new_ask(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(room) = cx.model.rooms.open else { return };
    let (overlay, send) = (Overlay::NewAsk, ask::Action::SendAsk);
    Form { overlay, does: "Ask everyone in", room, verb: "Ask", send }.ui(ui, cx, new::ui);
}

pub(super) fn new_alert(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(room) = cx.model.rooms.open else { return };
    let (overlay, send) = (Overlay::NewAlert, ask::Action::SendAlert);
    let form = Form { overlay, does: "Alert everyone in", room, verb: "Send alert", send };
    let said = cx.model.alert_said();
    form.ui(ui, cx, |ui, cx| copying::said(ui, said, |ui| alert::ui(ui, cx)));
}

pub(super) fn answer(ui: &mut Ui, cx: &mut Cx<'_>, room: RoomId, of: Seq) {
    let (overlay, send) = (Overlay::Answer { room, of }, ask::Action::SendAnswer);
    let form = Form { overlay, does: "Answer in", room, verb: "Send answer", send };
    form.ui(ui, cx, |ui, cx| answer::ui(ui, cx, room, of));
}

impl Form {
    /// The form with its heading above and what sends it below.
    fn ui(self, ui: &Ui, cx: &mut Cx<'_>, fields: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
        let room = cx.model.rooms.rooms.get(&self.room);
        let called = room.map_or("a room", |room| room.settings.name.as_str());
        let name = format!("{} {called}", self.does);
        overlay(ui, cx.look, &name, WIDTH, |ui| {
            title(ui, &name);
            let height = (ui.available_height() - footer_height(cx)).max(TARGET * 3.0);
            let area = ScrollArea::vertical().id_salt(self.verb).max_height(height);
            area.auto_shrink([false, true]).show(ui, |ui| {
                fields(ui, cx);
                ui.add_space(space::S);
            });
            self.footer(ui, cx);
        });
    }

    fn footer(self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.add_space(space::XS);
        if let Some(why) = &cx.model.ask.trouble {
            trouble(ui, cx.look, why);
        }
        let desk = &cx.model.desk;
        let is_topmost = desk.confirm.is_none() && desk.overlays.last() == Some(&self.overlay);
        let by_key = is_topmost && here::seen(ui, here::FORM).is_some();
        ui.horizontal(|ui| {
            let sends = primary_button(ui, cx.look, self.verb).on_hover_text("Ctrl+Enter");
            if sends.clicked() || by_key {
                cx.act(Action::Ask(self.send));
            }
            if button(ui, "Cancel").on_hover_text("what is typed is kept").clicked() {
                cx.act(Action::Desk(desk::Action::Back));
            }
        });
    }
}

/// What the buttons take, and two lines of what is wrong if anything is.
fn footer_height(cx: &Cx<'_>) -> f32 {
    let lines = if cx.model.ask.trouble.is_some() { 4.0 * size::BODY } else { 0.0 };
    TARGET + space::L * 2.0 + lines
}

/// One of several that exclude each other: a word to see, and what it means for whoever asks.
fn radio(ui: &mut Ui, word: &str, meaning: &str, is_chosen: bool) -> egui::Response {
    let response = super::widgets::choice(ui, word, is_chosen);
    let name = if meaning.is_empty() { word.to_owned() } else { format!("{word}: {meaning}") };
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
    if meaning.is_empty() { response } else { response.on_hover_text(meaning) }
}
