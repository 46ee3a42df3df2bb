//! The details of an entry: every text and every label it had, who reacted, and who has read it.

use egui::{ScrollArea, Ui};
use warproom_client::proto::calls::Reached;
use warproom_client::proto::{Principal, Seq};

use crate::Model;
use crate::look::space;
use crate::model::log::Shown;
use crate::model::markdown::visible;
use crate::model::moment;
use crate::model::room::Room;
use crate::views::widgets::{card, chip, heading, quiet, strong};
use crate::views::{Cx, markdown};

use super::recall;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, seq: Seq) {
    let Some(shown) = room.log.shown(seq) else {
        if let Some(reached) = reached(room, seq) {
            return recall::ui(ui, cx, reached);
        }
        quiet(ui, cx.look, &format!("Number {seq} is not shown to you, or was taken back."));
        return;
    };
    ScrollArea::vertical().id_salt(("details", seq)).auto_shrink([false, true]).show(ui, |ui| {
        let who = cx.model.directory.name(shown.entry.handling.author);
        strong(ui, &format!("Number {seq}, by {who}"));
        quiet(ui, cx.look, &moment::full(shown.at_ms));
        ui.add_space(space::S);
        texts(ui, cx, shown);
        labels(ui, cx, shown);
        reactions(ui, cx, shown);
        readers(ui, cx, room, seq);
    });
}

/// Whom an entry that was taken back may have reached, once the server has said.
fn reached(room: &Room, seq: Seq) -> Option<&Reached> {
    let recall = room.reading.recall.as_ref().filter(|recall| recall.of == seq)?;
    recall.reached.as_ref()
}

/// Every text, the newest first: an edit takes nothing away.
fn texts(ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown) {
    let written = shown.entry.content.text.as_ref().map(|text| (shown.at_ms, text.as_str()));
    let edits = shown.edits.iter().map(|(_, text, at_ms)| (*at_ms, &**text));
    let texts: Vec<_> = written.into_iter().chain(edits).collect();
    if texts.is_empty() {
        return;
    }
    heading(ui, "Texts");
    for (place, (at_ms, text)) in texts.iter().enumerate().rev() {
        let what = if place == 0 { "written" } else { "edited" };
        let at = moment::short(*at_ms);
        ui.push_id(("text", place), |ui| {
            card(ui, cx.look, |ui| {
                ui.set_min_width(ui.available_width());
                ui.horizontal_wrapped(|ui| {
                    quiet(ui, cx.look, &format!("{what} {at}"));
                    chip(ui, shown.label);
                });
                markdown::ui(ui, cx, shown.label, text);
            });
        });
    }
    ui.add_space(space::S);
}

fn labels(ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown) {
    heading(ui, "Labels");
    let written = (shown.entry.handling.author, shown.entry.handling.label, shown.at_ms);
    for (by, label, at_ms) in std::iter::once(&written).chain(&shown.relabelled) {
        ui.horizontal_wrapped(|ui| {
            chip(ui, *label);
            let who = cx.model.directory.name(*by);
            quiet(ui, cx.look, &format!("by {who}, {}", moment::short(*at_ms)));
        });
    }
    ui.add_space(space::S);
}

fn reactions(ui: &mut Ui, cx: &Cx<'_>, shown: &Shown) {
    if shown.reactions.is_empty() {
        return;
    }
    heading(ui, "Reactions");
    for (emoji, who) in &shown.reactions {
        ui.label(format!("{} {}", visible(emoji), names(cx.model, who)));
    }
}

/// Who has read as far as it, once the server has said.
fn readers(ui: &mut Ui, cx: &Cx<'_>, room: &Room, seq: Seq) {
    let Some((_, members)) = room.reading.seen_by.as_ref().filter(|(of, _)| *of == seq) else {
        return;
    };
    ui.add_space(space::S);
    heading(ui, "Read by");
    let who: Vec<_> = members.iter().copied().map(Principal::Member).collect();
    let names = if who.is_empty() { "nobody yet".to_owned() } else { names(cx.model, &who) };
    ui.label(names);
}

fn names(model: &Model, who: &[Principal]) -> String {
    let names: Vec<_> = who.iter().map(|one| model.directory.name(*one)).collect();
    names.join(", ")
}
