//! The open room: what it is, what waits, its timeline, and where writing goes.

use egui::{
    Align, Frame, Label, Layout, Margin, Panel, RichText, Role, TextWrapMode, Ui, WidgetInfo,
};

use super::widgets::{button, card, chip, choice, danger_button, heading, title, trouble};
use super::{Cx, composer, files, timeline, waiting};
use crate::look::WORKING_WIDTH;
use crate::model::desk::{self, Overlay};
use crate::model::room::{self, Beside, Room};
use crate::{Action, Model};

/// The least width in which a room's name and the ways stand in one row, in points.
const ONE_ROW: f32 = 480.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(room) = model.rooms.open() else { return empty(ui, cx) };
    files::dropped(ui, cx);
    let plain = Frame::new().fill(cx.look.page).inner_margin(Margin::symmetric(12, 8));
    Panel::top("room header").resizable(false).frame(plain).show(ui, |ui| {
        ui.scope(|ui| header(ui, cx, room));
        if room.rewritten.is_some() {
            rewritten(ui, cx);
        }
        waiting::ui(ui, cx);
    });
    let ground = Frame::new().fill(cx.look.panel).inner_margin(Margin::symmetric(12, 8));
    Panel::bottom("composer").resizable(false).frame(ground).show(ui, |ui| {
        ui.scope(|ui| composer::ui(ui, cx));
    });
    timeline::ui(ui, cx);
}

fn empty(ui: &mut Ui, cx: &mut Cx<'_>) {
    Frame::new().inner_margin(Margin::same(32)).show(ui, |ui| {
        if cx.model.rooms.rooms.is_empty() {
            title(ui, "No room yet");
            ui.label(if cx.model.rooms.is_known {
                "Ask your WARP's manager to bring you into a room. It appears here by itself."
            } else {
                "Your rooms appear here as soon as the server has told them."
            });
            return;
        }
        title(ui, "Choose a room");
        ui.label("Pick one from the list on the left, or go to one by its name.");
        if button(ui, "Go to a room by name").on_hover_text("Ctrl+K").clicked() {
            cx.act(Action::Desk(desk::Action::Toggle(Overlay::Switcher)));
        }
    });
}

fn header(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room) {
    ui.set_max_width(ui.available_width().min(WORKING_WIDTH));
    if ui.available_width() < ONE_ROW {
        ui.horizontal_wrapped(|ui| what(ui, room));
        ui.horizontal_wrapped(|ui| ways(ui, cx, room));
        return;
    }
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            ways(ui, cx, room);
            ui.with_layout(Layout::left_to_right(Align::Center).with_main_wrap(true), |ui| {
                what(ui, room);
            });
        });
    });
}

/// Which room it is, and the strictest label it holds.
fn what(ui: &mut Ui, room: &Room) {
    let name = RichText::new(room.settings.name.as_str()).heading();
    let response = ui.add(Label::new(name).wrap_mode(TextWrapMode::Wrap));
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, room.settings.name.as_str()));
    let ceiling = room.settings.ceiling;
    let spoken = format!("ceiling {ceiling}");
    chip(ui, ceiling).widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
}

/// The ways from here to somewhere in the room, the one used most at the edge.
fn ways(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room) {
    if choice(ui, "Search", false).on_hover_text("Ctrl+F").clicked() {
        cx.act(Action::Desk(desk::Action::Toggle(Overlay::Search)));
    }
    if choice(ui, "Jump to date", false).on_hover_text("Ctrl+G").clicked() {
        cx.act(Action::Desk(desk::Action::Toggle(Overlay::JumpToDate)));
    }
    let is_open = room.reading.beside == Some(Beside::People);
    if choice(ui, &people(room), is_open).clicked() {
        let beside = (!is_open).then_some(Beside::People);
        cx.act(Action::Room(room::Action::Beside(beside)));
    }
}

fn people(room: &Room) -> String {
    let Some(people) = &room.people else { return "People".to_owned() };
    let count = match people.len() {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    if room.settings.presence { format!("{count}, {} here", room.here.len()) } else { count }
}

/// The history of the room was found rewritten: nothing of it is delivered until a person decides.
fn rewritten(ui: &mut Ui, cx: &mut Cx<'_>) {
    let look = cx.look;
    card(ui, look, |ui| {
        heading(ui, "This room's history does not hold");
        trouble(
            ui,
            look,
            "What the server shows is not what this computer remembers. Nothing new of this room is \
             shown until you decide.",
        );
        if danger_button(ui, look, "Believe it as it is now…").clicked() {
            cx.act(Action::Room(room::Action::TrustHistory));
        }
    });
}

/// Who is typing; nothing if nobody is.
pub(super) fn who_types(model: &Model, room: &Room) -> String {
    let first_name = |id| {
        let name = model.directory.name(warproom_client::proto::Principal::Member(id));
        name.split(' ').next().unwrap_or_default().to_owned()
    };
    let names: Vec<_> = room.typing.keys().copied().map(first_name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("{one} is typing"),
        [one, two] => format!("{one} and {two} are typing"),
        [one, two, rest @ ..] => match rest.len() {
            1 => format!("{one}, {two} and one more are typing"),
            more => format!("{one}, {two} and {more} more are typing"),
        },
    }
}
