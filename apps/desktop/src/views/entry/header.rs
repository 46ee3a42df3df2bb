//! The first line of an entry: who, for whom, when, under which label, and what was changed since.

use egui::Ui;
use warproom_client::proto::{Kind, Principal, Seq};

use super::{Row, words};
use crate::look::space;
use crate::model::moment;
use crate::model::room::{self, Beside};
use crate::views::Cx;
use crate::views::widgets::{chip, exercise_mark, link_button, quiet, strong};
use crate::{Action, Model};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let handling = &row.shown.entry.handling;
    if handling.exercise {
        exercise_mark(ui, cx.look);
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        who_and_when(ui, cx, row, handling.author);
        chip(ui, row.shown.label);
        changes(ui, cx, row);
        if cx.model.me().is_some_and(|me| handling.mentions.contains(&me)) {
            quiet(ui, cx.look, "calls you by name");
        }
        if let Some(ours) = concern(cx.model, handling.author, row) {
            quiet(ui, cx.look, &format!("concerns {ours}"));
        }
    });
    if let Kind::Post { reply_to: Some(of) } = handling.kind
        && !row.is_thread
    {
        in_answer_to(ui, cx, row, of);
    }
}

/// What of one's own organisation it is about. Whoever wrote it knows.
fn concern(model: &Model, author: Principal, row: Row<'_>) -> Option<String> {
    let is_mine = model.me().is_some_and(|me| author == Principal::Member(me));
    if is_mine { None } else { model.concern(&row.shown.entry) }
}

fn who_and_when(ui: &mut Ui, cx: &Cx<'_>, row: Row<'_>, author: Principal) {
    let directory = &cx.model.directory;
    strong(ui, &directory.name(author));
    if let Some(organisation) = directory.organisation_of(author) {
        quiet(ui, cx.look, &organisation);
    }
    let at_ms = row.shown.at_ms;
    // A thread has no lines between the days.
    let when =
        if row.is_thread { moment::brief(cx.model.now_ms, at_ms) } else { moment::time(at_ms) };
    quiet(ui, cx.look, &when).on_hover_ui(|ui| {
        ui.label(moment::full(at_ms));
    });
}

fn changes(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    let written = row.shown.entry.handling.label;
    if written != row.shown.label {
        quiet(ui, cx.look, &format!("was {written}"));
    }
    if let Some((.., at_ms)) = row.shown.edits.last() {
        let edited = format!("edited {}", moment::brief(cx.model.now_ms, *at_ms));
        let hint = "Shows what it said before";
        if link_button(ui, cx.look, &edited).on_hover_text(hint).clicked() {
            let details = Some(Beside::Details(row.seq));
            cx.act(Action::Room(room::Action::Beside(details)));
        }
    }
}

fn in_answer_to(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, of: Seq) {
    let said = match row.room.log.shown(of) {
        Some(first) => {
            let who = cx.model.directory.name(first.entry.handling.author);
            format!("in answer to {who}: {}", words::beginning(first))
        }
        None => format!("in answer to number {of}"),
    };
    let link = egui::Button::new(egui::RichText::new(said).color(cx.look.accent)).frame(false);
    if ui.add(link.truncate()).clicked() {
        cx.act(Action::Room(room::Action::OpenThread(of)));
    }
}
