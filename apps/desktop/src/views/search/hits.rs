//! The hits: label, room, author and time, and the words around what was found.

use egui::text::LayoutJob;
use egui::{FontId, Frame, Margin, Role, Sense, Stroke, TextFormat, Ui, WidgetInfo};

use crate::Action as Any;
use crate::look::{Palette, ROUND, size, strong_family};
use crate::model::find::{Action, Hit, Piece, shown_hits, snippet};
use crate::model::log::Shown;
use crate::model::{Model, moment};
use crate::views::directory::rows;
use crate::views::widgets::{chip, exercise_mark, quiet, strong};
use crate::views::{Cx, copying};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let hits = shown_hits(model);
    let names: Vec<_> = hits.iter().map(|hit| (hit.room, hit.delivered.seq)).collect();
    let chosen = model.find.search.chosen;
    let mut taken = None;
    rows(ui, "hits", &names, Some(chosen), |ui, place, _| {
        if let Some(hit) = hits.get(place)
            && row(ui, cx, hit, place == chosen)
        {
            taken = Some(place);
        }
    });
    if let Some(place) = taken {
        cx.act(Any::Find(Action::HitTake(Some(place))));
    }
}

/// What is said of a hit.
struct Told {
    room: String,
    author: String,
    at: String,
    pieces: Vec<Piece>,
    is_changed: bool,
}

impl Told {
    fn new(model: &Model, hit: &Hit<'_>) -> Self {
        let room = model.rooms.rooms.get(&hit.room);
        let words = model.find.search.searched.as_ref().map(|query| query.words.as_str());
        let words = words.unwrap_or_default();
        let author = hit.delivered.author().map(|who| model.directory.name(who));
        let entry = room.and_then(|room| room.log.shown(hit.target()));
        let latest = entry.and_then(Shown::text);
        let text = hit.text(words);
        Self {
            room: room.map(|room| room.settings.name.to_string()).unwrap_or_default(),
            author: author.unwrap_or_default(),
            at: hit.delivered.at_ms.map(moment::short).unwrap_or_default(),
            pieces: snippet(text, words),
            is_changed: entry.is_some_and(|shown| !shown.edits.is_empty()) && latest != Some(text),
        }
    }

    fn spoken(&self, hit: &Hit<'_>) -> String {
        let Self { room, author, at, pieces, is_changed } = self;
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let changed = if *is_changed { ", changed since" } else { "" };
        let exercise = if is_exercise(hit) { "exercise, not real, " } else { "" };
        format!("{exercise}{}, {room}, {author}, {at}{changed}: {text}", hit.label)
    }
}

fn is_exercise(hit: &Hit<'_>) -> bool {
    hit.delivered.entry.as_ref().is_some_and(|entry| entry.handling.exercise)
}

fn row(ui: &mut Ui, cx: &Cx<'_>, hit: &Hit<'_>, is_chosen: bool) -> bool {
    let look = cx.look;
    let told = Told::new(cx.model, hit);
    let fill = if is_chosen { look.raised } else { look.panel };
    let line = if is_chosen { look.accent } else { look.line };
    let frame = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, line))
        .corner_radius(ROUND)
        .inner_margin(Margin::same(8));
    let drawn = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.style_mut().interaction.selectable_labels = false;
        copying::drawn(ui, hit.label);
        ui.horizontal_wrapped(|ui| {
            chip(ui, hit.label);
            if is_exercise(hit) {
                exercise_mark(ui, look);
            }
            strong(ui, &told.author);
            quiet(ui, look, &format!("{} · {}", told.room, told.at));
            if told.is_changed {
                quiet(ui, look, "changed since");
            }
        });
        ui.label(marked(look, &told.pieces));
    });
    let id = drawn.response.id.with("hit");
    let response = ui.interact(drawn.response.rect, id, Sense::click());
    let spoken = told.spoken(hit);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &spoken));
    if response.has_focus() {
        let focus = Stroke::new(2.0, look.accent);
        ui.painter().rect_stroke(response.rect, ROUND, focus, egui::StrokeKind::Inside);
    }
    response.clicked()
}

/// The snippet with what was found semibold and underlined.
fn marked(look: &Palette, pieces: &[Piece]) -> LayoutJob {
    let mut job = LayoutJob::default();
    for piece in pieces {
        let format = if piece.is_found {
            TextFormat {
                font_id: FontId::new(size::BODY, strong_family()),
                color: look.text,
                underline: Stroke::new(2.0, look.accent),
                ..TextFormat::default()
            }
        } else {
            TextFormat {
                font_id: FontId::proportional(size::BODY),
                color: look.text,
                ..TextFormat::default()
            }
        };
        job.append(&piece.text, 0.0, format);
    }
    job
}
