//! The situation board of an ask: what it asks, how often each answer was given, who has given none,
//! and one row for each organisation with its history behind it.

mod row;
mod shape;

use egui::{Id, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, Vec2, WidgetInfo};
use warproom_client::BoardView;
use warproom_client::proto::{RoomId, Seq};

use super::widgets::{
    button, chip, choice, exercise_mark, heading, primary_button, quiet, strong, takes_focus,
    trouble,
};
use super::{Cx, copying};
use crate::Action;
use crate::look::{ROUND, space};
use crate::model::ask::{self, due};
use crate::model::board::{self, Sort};
use crate::model::desk::Focus;
use crate::model::manage;

pub use shape::shape;

/// The names of organisations without an answer that stand in the summary; the rest is in the rows.
const NAMED: usize = 8;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, of: Seq) {
    let Some(room) = cx.model.rooms.open else { return };
    let view = cx.model.board.boards.get(&(room, of));
    let name = view.map_or_else(|| "board".to_owned(), spoken);
    let id = Id::unique(("board", room, of));
    let builder = UiBuilder::new().scope_id(id).sense(Sense::focusable_noninteractive());
    let response = ui
        .scope_builder(builder, |ui| {
            ScrollArea::vertical().id_salt(("board rows", room, of)).auto_shrink(false).show(
                ui,
                |ui| {
                    ui.set_width(ui.available_width());
                    contents(ui, cx, view, (room, of));
                },
            );
        })
        .response;
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Group, true, &name));
    takes_focus(cx, Focus::Beside, &response);
}

fn spoken(view: &BoardView) -> String {
    let exercise = if view.exercise { "exercise, not real; " } else { "" };
    format!("board: {exercise}{}; {}", view.label, view.title)
}

fn contents(ui: &mut Ui, cx: &mut Cx<'_>, view: Option<&BoardView>, key: (RoomId, Seq)) {
    let why = cx.model.board.trouble.get(&key);
    if let Some(why) = why {
        trouble(ui, cx.look, &format!("The board is not up to date: {why}"));
    }
    let Some(view) = view else {
        if why.is_none() {
            quiet(ui, cx.look, "The board is being read …");
        }
        if why.is_some() && button(ui, "Read it again").clicked() {
            cx.act(Action::Board(board::Action::Show(key.0, key.1)));
        }
        return;
    };
    head(ui, cx, view);
    buttons(ui, cx, view, key);
    ui.add_space(space::S);
    tally(ui, cx, view);
    missing(ui, cx, view);
    ui.add_space(space::S);
    columns(ui, cx);
    row::all(ui, cx, view);
}

fn head(ui: &mut Ui, cx: &Cx<'_>, view: &BoardView) {
    copying::drawn(ui, view.label);
    ui.horizontal_wrapped(|ui| {
        if view.exercise {
            exercise_mark(ui, cx.look);
        }
        chip(ui, view.label);
    });
    heading(ui, &view.title);
    let due = due(view.ask.due_at_ms, cx.model.now_ms);
    if due.is_overdue {
        ui.label(RichText::new(&due.words).color(cx.look.danger));
    } else {
        quiet(ui, cx.look, &due.words);
    }
}

fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView, (room, of): (RoomId, Seq)) {
    ui.horizontal_wrapped(|ui| {
        let ours = cx.model.my_organisation();
        let is_missing = view.outstanding().any(|row| Some(row.organisation) == ours);
        if manage::is_officer(cx.model) {
            let response = if is_missing {
                primary_button(ui, cx.look, "Answer…")
            } else {
                button(ui, "Answer…")
            };
            if response.clicked() {
                cx.act(Action::Ask(ask::Action::OpenAnswer(room, of)));
            }
        }
        if button(ui, "Export…").clicked() {
            cx.act(Action::Board(board::Action::ExportCsv));
        }
        if button(ui, "Copy").on_hover_text("as a table in Markdown, with its label").clicked() {
            cx.act(Action::Board(board::Action::CopyMarkdown));
        }
    });
}

/// How often each answer was given, with a bar: the share of all organisations.
fn tally(ui: &mut Ui, cx: &Cx<'_>, view: &BoardView) {
    for (place, (option, count)) in view.tally().into_iter().enumerate() {
        let total = view.rows.len();
        let size = Vec2::new(
            ui.available_width(),
            ui.text_style_height(&egui::TextStyle::Body) + space::XS,
        );
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let name = format!("{option}: {count} of {total}");
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &name));
        if !ui.is_rect_visible(rect) {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "organisations are some hundred at most")]
        let share = count as f32 / total.max(1) as f32;
        let bar = Rect::from_min_size(rect.min, Vec2::new(rect.width() * share, rect.height()));
        ui.painter().rect_filled(rect, ROUND, cx.look.page);
        ui.painter().rect_filled(bar, ROUND, cx.look.accent.gamma_multiply(0.35));
        let inner = rect.shrink2(Vec2::new(space::S, 0.0));
        row::line(
            ui,
            inner,
            &format!("{} {option}", shape(place)),
            &count.to_string(),
            cx.look.text,
        );
        response.on_hover_text(name);
    }
}

/// Who has given no answer. A withheld one looks the same, so this is what it says.
fn missing(ui: &mut Ui, cx: &Cx<'_>, view: &BoardView) {
    let names: Vec<_> = view.outstanding().map(|row| row.name.as_str()).collect();
    if names.is_empty() {
        strong(ui, "Every organisation has answered.");
        return;
    }
    strong(ui, &format!("Not answered: {}", names.len()))
        .on_hover_text("or with an answer that you may not read");
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {more} more below") } else { String::new() };
    quiet(ui, cx.look, &format!("{shown}{more}"));
}

fn columns(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_wrapped(|ui| {
        quiet(ui, cx.look, "Sort by");
        for (word, sort) in
            [("Answer", Sort::Answer), ("Organisation", Sort::Organisation), ("Latest", Sort::Time)]
        {
            let is_chosen = cx.model.board.sort == sort;
            let response = choice(ui, word, is_chosen);
            let name = format!("sort by {}", word.to_lowercase());
            response.widget_info(|| {
                WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, &name)
            });
            if response.clicked() {
                cx.act(Action::Board(board::Action::Sort(sort)));
            }
        }
    });
}
