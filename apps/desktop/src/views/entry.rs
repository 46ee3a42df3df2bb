//! One entry of a timeline or a thread.
//!
//! An entry is a group with a name of its own, and a stop of the Tab key. Its actions lie over its
//! header while it is pointed at, has the keyboard or is chosen, so that they never move anything.

mod actions;
mod alert;
mod ask;
mod foot;
mod header;
mod notice;
mod words;

use egui::accesskit::{self, Role};
use egui::{Color32, Frame, Id, Margin, Rect, Sense, Ui, UiBuilder};
use warproom_client::proto::{Kind, Seq};

use super::widgets::quiet;
use super::{Cx, files, markdown};
use crate::look::{self, space};
use crate::model::log::{Item, Shown};
use crate::model::room::Room;

/// An entry that can be shown, and where it stands.
#[derive(Clone, Copy)]
struct Row<'a> {
    room: &'a Room,
    seq: Seq,
    shown: &'a Shown,
    is_thread: bool,
}

/// Draws an entry. `is_thread`: it stands in a thread, so its replies are not offered.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    room: &Room,
    seq: Seq,
    item: &Item,
    is_thread: bool,
) {
    match item {
        Item::Shown(shown) => {
            super::copying::drawn(ui, shown.label);
            let row = Row { room, seq, shown, is_thread };
            match notice::sentence(cx.model, row) {
                Some(sentence) => quiet_line(ui, cx, &sentence),
                None => group(ui, cx, row),
            }
        }
        item => quiet_line(ui, cx, &words::missing(cx.model, seq, item)),
    }
}

/// What is told in one line.
fn quiet_line(ui: &mut Ui, cx: &Cx<'_>, sentence: &str) {
    Frame::new().inner_margin(Margin::symmetric(8, 2)).show(ui, |ui| {
        quiet(ui, cx.look, sentence);
    });
}

fn group(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let Row { room, seq, is_thread, .. } = row;
    // By what it is and not by where it is drawn: it keeps the keyboard when the timeline moves.
    let id = Id::unique(("entry", room.id, seq, is_thread));
    let builder = UiBuilder::new()
        .scope_id(id)
        .sense(Sense::focusable_noninteractive())
        .accessibility_role(Role::Group)
        .accessibility_label(words::name(cx.model, row));
    let drawn = ui.scope_builder(builder, |ui| {
        let response = ui.response();
        let is_chosen = room.reading.chosen == Some(seq) && !is_thread;
        let was_within = ui.ctx().data(|data| data.get_temp::<bool>(id)).is_some();
        let has_focus = response.has_focus();
        let is_pointed_at = response.contains_pointer();
        let is_active = is_chosen || has_focus || was_within || is_pointed_at;
        let fill = if is_chosen || has_focus { cx.look.raised } else { Color32::TRANSPARENT };
        let rect = Frame::new()
            .fill(fill)
            .corner_radius(look::ROUND)
            .inner_margin(Margin::symmetric(8, 4))
            .show(ui, |ui| content(ui, cx, row))
            .response
            .rect;
        let is_within = is_active && actions::ui(ui, cx, row, rect);
        if has_focus || is_within {
            ui.ctx().data_mut(|data| data.insert_temp(id, true));
        } else if was_within {
            ui.ctx().data_mut(|data| data.remove::<bool>(id));
        }
    });
    place(ui, id, drawn.response.rect);
}

/// Tells screen readers where a group is: egui names it before that is known.
fn place(ui: &Ui, id: Id, rect: Rect) {
    let bounds = accesskit::Rect {
        x0: rect.min.x.into(),
        y0: rect.min.y.into(),
        x1: rect.max.x.into(),
        y1: rect.max.y.into(),
    };
    ui.ctx().accesskit_node_builder(id, |node| node.set_bounds(bounds));
}

fn content(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let shown = row.shown;
    ui.set_max_width(ui.available_width().min(look::READING_WIDTH));
    ui.set_min_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.spacing_mut().interact_size.y = space::XL;
    header::ui(ui, cx, row);
    match &shown.entry.handling.kind {
        Kind::Alert(alert) => alert::ui(ui, cx, row, alert),
        Kind::Answer { organisation, choice, .. } => {
            let who = cx.model.directory.organisation(*organisation);
            ui.label(format!("{who} answers: {choice}"));
            text(ui, cx, row);
        }
        _ => text(ui, cx, row),
    }
    files::of_entry(ui, cx, (row.room, row.seq), row.shown);
    if let Some(ask) = &shown.entry.handling.ask {
        ask::ui(ui, cx, row, ask);
    }
    foot::ui(ui, cx, row);
}

fn text(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    if let Some(text) = row.shown.text() {
        markdown::ui(ui, cx, row.shown.label, text);
    }
}
