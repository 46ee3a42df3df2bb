//! What keys do while the timeline has the keyboard: walking, and acting on the chosen entry. Which
//! keys those are, the table of the timeline says.

use egui::{EventFilter, Response, Ui};

use super::super::Cx;
use super::scroll::Scroll;
use crate::Action;
use crate::commands::here::{self, Timeline};
use crate::model::room::{self, Act, Room, may};
use crate::model::rooms::Direction;

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>, room: &Room, response: &Response, scroll: &mut Scroll) {
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    if !ui.memory(|memory| memory.had_focus_last_frame(response.id)) {
        // Arrows are ours only from the frame after the one in which the keyboard came.
        ui.ctx().request_repaint();
    }
    for key in here::taken(ui, here::TIMELINE) {
        match key {
            Timeline::Choose(direction) => cx.act(room::Action::Choose(direction).into()),
            Timeline::Screen(Direction::Back) => scroll.by_screen(1.0),
            Timeline::Screen(Direction::On) => scroll.by_screen(-1.0),
            Timeline::First => cx.act(room::Action::ToEntry(room.log.begins.max(1)).into()),
            Timeline::Newest => cx.act(room::Action::ToLatest.into()),
            Timeline::Do(act) => on_chosen(cx, room, act),
        }
    }
}

fn on_chosen(cx: &mut Cx<'_>, room: &Room, act: Act) {
    let may = room.reading.chosen.and_then(|seq| may(cx.model, room, seq));
    let action: Option<Action> = may.and_then(|may| may.action(act));
    if let Some(action) = action {
        cx.act(action);
    }
}
