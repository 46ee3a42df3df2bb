//! The room switcher: a field, and the rooms that fit what is written in it.

mod picker;

use egui::Ui;
use warproom_client::proto::RoomId;

use super::Cx;
use crate::model::desk::Overlay;
use crate::model::find::{self, Action};
use crate::{Action as Any, Model};

pub(super) use picker::{Line, Picker, is_on_top};

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let lines: Vec<_> =
        find::switcher_rooms(model).into_iter().map(|room| line(model, room)).collect();
    let picker = Picker {
        overlay: Overlay::Switcher,
        name: "Go to a room",
        words: &model.find.switcher.words,
        chosen: model.find.switcher.chosen,
        nothing: "No room of yours is called so.",
    };
    let picked = picker.ui(ui, cx, &lines);
    if let Some(words) = picked.words {
        cx.act(Any::Find(Action::SwitcherWords(words)));
    }
    for direction in picked.steps {
        cx.act(Any::Find(Action::SwitcherStep(direction)));
    }
    if let Some(place) = picked.taken {
        cx.act(Any::Find(Action::SwitcherTake(Some(place))));
    }
}

fn line(model: &Model, id: RoomId) -> Line {
    let Some(room) = model.rooms.rooms.get(&id) else { return Line::default() };
    let mut counts = Vec::new();
    if model.rooms.open == Some(id) {
        counts.push("open".to_owned());
    }
    if room.for_you() > 0 {
        counts.push(format!("{} for you", room.for_you()));
    }
    if room.unread() > 0 {
        counts.push(format!("{} unread", room.unread()));
    }
    Line { name: room.settings.name.to_string(), beside: counts.join(" · ") }
}
