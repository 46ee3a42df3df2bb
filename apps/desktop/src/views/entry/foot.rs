//! Under an entry: reactions and its thread.

use egui::{Button, Ui};

use super::Row;
use crate::Action;
use crate::look::space;
use crate::model::markdown::visible;
use crate::model::{moment, room};
use crate::views::Cx;
use crate::views::widgets::link_button;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    if !row.shown.reactions.is_empty() {
        reactions(ui, cx, row);
    }
    if !row.is_thread && !row.shown.replies.is_empty() {
        thread(ui, cx, row);
    }
}

fn reactions(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let me = cx.model.session.as_ref().map(|session| session.me.principal);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (emoji, who) in &row.shown.reactions {
            let is_mine = me.is_some_and(|me| who.contains(&me));
            let shown = format!("{} {}", visible(emoji), who.len());
            let name = if is_mine { format!("{shown}, with yours") } else { shown.clone() };
            let names = || {
                let names: Vec<_> = who.iter().map(|one| cx.model.directory.name(*one)).collect();
                names.join(", ")
            };
            let response = ui.add(Button::new(shown).selected(is_mine)).accessible_name(name);
            let clicked = response.clicked();
            response.on_hover_ui(|ui| {
                ui.label(names());
            });
            if clicked {
                cx.act(Action::Room(room::Action::React(row.seq, emoji.clone())));
            }
        }
    });
}

fn thread(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let log = &row.room.log;
    // What was taken back is no reply any more.
    let held = row.shown.replies.iter().filter_map(|seq| log.shown(*seq));
    let times: Vec<_> = held.map(|reply| reply.at_ms).collect();
    let Some(last_ms) = times.iter().max() else { return };
    let count = times.len();
    let noun = if count == 1 { "reply" } else { "replies" };
    let said = format!("{count} {noun}, last {}", moment::brief(cx.model.now_ms, *last_ms));
    if link_button(ui, cx.look, &said).clicked() {
        cx.act(Action::Room(room::Action::OpenThread(row.seq)));
    }
}
