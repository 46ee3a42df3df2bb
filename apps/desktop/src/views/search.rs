//! Search: the words, what narrows them, and the hits as they come.

mod hits;
mod narrow;

use egui::{Response, Ui};

use super::switcher::is_on_top;
use super::widgets::{button, field, overlay, primary_button, quiet, takes_focus, trouble};
use super::{Cx, waiting};
use crate::Action as Any;
use crate::commands::here;
use crate::model::Model;
use crate::model::desk::{Focus, Overlay};
use crate::model::find::{Action, Query, narrowing, shown_hits};

/// As wide as a hit reads well, in points.
const WIDTH: f32 = 760.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    overlay(ui, cx.look, "Search", WIDTH, |ui| {
        if is_on_top(cx, Overlay::Search) {
            for direction in here::taken(ui, here::PICKER) {
                cx.act(Any::Find(Action::HitStep(direction)));
            }
        }
        waiting::ui(ui, cx);
        words(ui, cx);
        narrow::ui(ui, cx);
        ui.horizontal_wrapped(|ui| {
            if primary_button(ui, cx.look, "Search").clicked() {
                cx.act(Any::Find(Action::Search));
            }
            quiet(ui, cx.look, &state(cx.model));
            if !cx.model.find.search.more.is_empty() && button(ui, "Search on").clicked() {
                cx.act(Any::Find(Action::SearchOn));
            }
        });
        let search = &cx.model.find.search;
        let wrong = narrowing(&search.query, cx.model.now_ms).err();
        if let Some(sentence) = wrong.as_ref().or(search.trouble.as_ref()) {
            trouble(ui, cx.look, sentence);
        }
        hits::ui(ui, cx);
    });
}

fn words(ui: &mut Ui, cx: &mut Cx<'_>) {
    let query = &cx.model.find.search.query;
    let (response, changed) = field(ui, "Words, in this order", &query.words);
    if is_on_top(cx, Overlay::Search) {
        takes_focus(cx, Focus::Field, &response);
    }
    if let Some(words) = changed {
        cx.act(Any::Find(Action::Query(Query { words, ..query.clone() })));
    }
    if is_entered(ui, &response) {
        let is_found = is_searched(cx.model) && !shown_hits(cx.model).is_empty();
        cx.act(Any::Find(if is_found { Action::HitTake(None) } else { Action::Search }));
        response.request_focus();
    }
}

/// Whether Enter was pressed in a field.
fn is_entered(ui: &Ui, response: &Response) -> bool {
    response.lost_focus() && here::seen(ui, here::FIELD).is_some()
}

/// Whether the hits belong to the words and the room as they are written now.
fn is_searched(model: &Model) -> bool {
    let search = &model.find.search;
    let same = |searched: &Query| {
        searched.words == search.query.words && searched.room == search.query.room
    };
    search.searched.as_ref().is_some_and(same)
}

/// How the search stands, in words.
fn state(model: &Model) -> String {
    let search = &model.find.search;
    if search.searched.is_none() {
        return "Every room keeps what was said in it: search one, or all.".to_owned();
    }
    let (shown, all) = (shown_hits(model).len(), search.hits.len());
    let found = match (shown, all) {
        (0, 0) if search.running.is_empty() => "Nothing was found.".to_owned(),
        (0, 0) => "Nothing yet.".to_owned(),
        _ if shown == all => format!("{all} found."),
        _ => format!("{all} found, {shown} of them as narrowed."),
    };
    let older = if is_searched(model) { "" } else { " These are for other words: press Enter." };
    format!("{found}{}{older}", running(model))
}

/// What is still being searched, or could be.
fn running(model: &Model) -> String {
    let search = &model.find.search;
    let name = |room| model.rooms.rooms.get(room).map(|room| room.settings.name.as_str());
    match (search.running.first().and_then(name), search.running.len()) {
        (Some(room), 1) => format!(" Searching {room}…"),
        (Some(room), rooms) => format!(" Searching {room} and {} more…", rooms - 1),
        (None, _) if search.more.is_empty() => String::new(),
        (None, _) => " There may be more further back.".to_owned(),
    }
}
