//! What stands beside the timeline: a thread, a board, who is in the room, the details of an entry.

mod details;
mod people;
mod recall;
mod thread;

use egui::accesskit::Role;
use egui::{Align, Frame, Id, Layout, Margin, Sense, Ui, UiBuilder};
use warproom_client::proto::Seq;

use super::widgets::{button, heading, say_where, takes_focus};
use super::{Cx, board};
use crate::look::space;
use crate::model::desk::{Focus, Pane};
use crate::model::room::{self, Beside, Room};
use crate::{Action, Model};

/// Whether there is anything.
pub(super) fn is_open(model: &Model) -> bool {
    model.desk.pane == Pane::Room && model.rooms.open().and_then(open).is_some()
}

/// What is shown: a thread, or what else was put beside the timeline.
#[derive(Clone, Copy)]
enum Open {
    Thread(Seq),
    Beside(Beside),
}

fn open(room: &Room) -> Option<Open> {
    let beside = room.reading.beside.map(Open::Beside);
    beside.or_else(|| room.reading.thread.map(Open::Thread))
}

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(room) = model.rooms.open() else { return };
    let Some(open) = open(room) else { return };
    Frame::new().inner_margin(Margin::same(12)).show(ui, |ui| {
        head(ui, cx, open);
        ui.add_space(space::S);
        if let Open::Beside(Beside::Board(seq)) = open {
            // It has the keyboard as one thing by itself.
            return board::ui(ui, cx, seq);
        }
        let builder = UiBuilder::new()
            .scope_id(Id::unique("beside"))
            .sense(Sense::focusable_noninteractive())
            .accessibility_role(Role::Group)
            .accessibility_label(format!("beside: {}", name(open).to_lowercase()));
        let response = ui.scope_builder(builder, |ui| contents(ui, cx, room, open)).response;
        say_where(ui, response.id, response.rect);
        takes_focus(cx, Focus::Beside, &response);
    });
}

fn contents(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, open: Open) {
    match open {
        Open::Thread(first) => thread::ui(ui, cx, room, first),
        Open::Beside(Beside::Board(seq)) => board::ui(ui, cx, seq),
        Open::Beside(Beside::People) => people::ui(ui, cx, room),
        Open::Beside(Beside::Details(seq)) => details::ui(ui, cx, room, seq),
    }
}

const fn name(open: Open) -> &'static str {
    match open {
        Open::Thread(_) => "Thread",
        Open::Beside(Beside::Board(_)) => "Situation board",
        Open::Beside(Beside::People) => "People in this room",
        Open::Beside(Beside::Details(_)) => "Details",
    }
}

fn head(ui: &mut Ui, cx: &mut Cx<'_>, open: Open) {
    let name = name(open);
    let close = match open {
        Open::Thread(_) => room::Action::CloseThread,
        Open::Beside(_) => room::Action::Beside(None),
    };
    ui.horizontal(|ui| {
        heading(ui, name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Close: {name}");
            if button(ui, "Close").accessible_name(name).clicked() {
                cx.act(Action::Room(close));
            }
        });
    });
}
