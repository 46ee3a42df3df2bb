//! What keys do while the timeline has the keyboard: walking, and acting on the chosen entry.

use egui::{EventFilter, Key, Modifiers, Response, Ui};
use warproom_client::proto::Seq;

use super::super::Cx;
use super::scroll::Scroll;
use crate::Action;
use crate::model::compose;
use crate::model::desk::{self, Overlay};
use crate::model::room::{self, Room};
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
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::PageUp) {
        scroll.by_screen(1.0);
    }
    if pressed(Key::PageDown) {
        scroll.by_screen(-1.0);
    }
    for (key, action) in [
        (Key::ArrowUp, room::Action::Choose(Direction::Back)),
        (Key::ArrowDown, room::Action::Choose(Direction::On)),
        (Key::Home, room::Action::ToEntry(room.log.begins.max(1))),
        (Key::End, room::Action::ToLatest),
    ] {
        if pressed(key) {
            cx.act(Action::Room(action));
        }
    }
    if let Some(chosen) = room.reading.chosen {
        act_on(cx, room, chosen, pressed);
        // Shift stands in the way of a plain key on most keyboards.
        if ui.input(|input| input.key_pressed(Key::Plus)) {
            cx.act(Action::Desk(desk::Action::Toggle(Overlay::Emoji { react_to: Some(chosen) })));
        }
    }
}

fn act_on(cx: &mut Cx<'_>, room: &Room, chosen: Seq, pressed: impl Fn(Key) -> bool) {
    let me = cx.model.session.as_ref().map(|session| session.me.principal);
    let author = room.log.shown(chosen).map(|shown| shown.entry.handling.author);
    let Some(author) = author else { return };
    if pressed(Key::Enter) {
        cx.act(Action::Room(room::Action::OpenThread(chosen)));
    }
    if pressed(Key::C) {
        cx.act(Action::Room(room::Action::CopyEntry(chosen)));
    }
    let writing = [
        (Key::R, compose::Action::Reply(Some(chosen))),
        (Key::Q, compose::Action::Quote(chosen)),
        (Key::E, compose::Action::Edit(chosen)),
    ];
    for (key, action) in writing {
        let may = key != Key::E || me == Some(author);
        if pressed(key) && may {
            cx.act(Action::Compose(action));
            cx.act(Action::Desk(desk::Action::Focus(desk::Focus::Composer)));
        }
    }
}
