//! The rows of a board. The height of each is known before it is drawn, so that only those on the
//! screen are; a history is as high as it needs.

use egui::{
    Align, Align2, Color32, CornerRadius, FontId, Rect, Response, Sense, Stroke, StrokeKind,
    TextStyle, Ui, UiBuilder, Vec2, WidgetInfo,
};
use warproom_client::proto::{Kind, Label, Name, Principal};
use warproom_client::{Answered, BoardLine, BoardView, Delivered};

use super::shape;
use crate::Action;
use crate::look::{ROUND, size, space};
use crate::model::board::{self, option_of};
use crate::model::{ask::subjects, moment};
use crate::views::widgets::{chip, quiet};
use crate::views::{Cx, copying};

/// What stands where an answer would.
const NONE: &str = "no answer that you may read";

/// Draws the rows that are on the screen.
pub(super) fn all(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView) {
    let open = cx.model.board.history.as_ref().map(|(organisation, _)| *organisation);
    for line in cx.model.board.rows(view) {
        let height = row_height(ui, line);
        // One row more on either side, so that the keyboard can go on.
        let next = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), height));
        if ui.is_rect_visible(next.expand2(Vec2::new(0.0, height))) {
            row(ui, cx, view, line, height);
        } else {
            ui.allocate_space(next.size());
        }
        if open == Some(line.organisation) {
            history(ui, cx, view, line);
        }
    }
}

/// The organisation, its answer, and its note if there is one, with the space around them.
fn row_height(ui: &Ui, line: &BoardLine) -> f32 {
    let has_note = line.answer.as_ref().is_some_and(|answer| answer.note.is_some());
    let lines = if has_note { 3.0 } else { 2.0 };
    line_height(ui) * lines + space::XS * 2.0
}

fn line_height(ui: &Ui) -> f32 {
    ui.text_style_height(&TextStyle::Body) + space::XS
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView, line: &BoardLine, height: f32) {
    let is_open =
        cx.model.board.history.as_ref().is_some_and(|(open, _)| *open == line.organisation);
    let id = egui::Id::unique(("board row", line.organisation));
    let size = Vec2::new(ui.available_width(), height);
    let (_, rect) = ui.allocate_space(size);
    let response = ui.interact(rect, id, Sense::click());
    let name = spoken(line, is_open);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_open, &name));
    paint(ui, cx, view, line, &response);
    // A name or a note that is too long for its line is told whole; the row's own name has both too.
    let hint = if is_open { "close its earlier answers" } else { "all its answers" };
    let hint = format!("{}: {hint}", line.name);
    if response.on_hover_text(hint).clicked() {
        let open = (!is_open).then_some(line.organisation);
        cx.act(Action::Board(board::Action::History(open)));
    }
}

fn spoken(line: &BoardLine, is_open: bool) -> String {
    let open = if is_open { "; all its answers are open below" } else { "" };
    let Some(answer) = &line.answer else { return format!("{}: {NONE}{open}", line.name) };
    let note = answer.note.as_ref().map(|note| format!("; note: {}", one_line(note.as_str())));
    format!(
        "{}: {} since {}; {}; {}{}{open}",
        line.name,
        answer.choice,
        moment::short(answer.at_ms),
        answer.label,
        given(line.answers),
        note.unwrap_or_default()
    )
}

fn given(answers: u32) -> String {
    if answers == 1 { "1 answer".to_owned() } else { format!("{answers} answers") }
}

/// The row itself: text is painted, not laid out, so that nothing in it is a stop for the keyboard
/// and nothing makes it higher.
fn paint(ui: &mut Ui, cx: &Cx<'_>, view: &BoardView, line: &BoardLine, response: &Response) {
    let rect = response.rect;
    let fill = if response.hovered() { cx.look.raised } else { cx.look.page };
    let stroke = if response.has_focus() {
        Stroke::new(2.0, cx.look.accent)
    } else {
        Stroke::new(1.0, cx.look.line)
    };
    ui.painter().rect(rect, CornerRadius::same(ROUND), fill, stroke, StrokeKind::Inside);
    let inner = rect.shrink2(Vec2::new(space::S, space::XS));
    let text = line_height(ui);
    let at = |place: f32| {
        Rect::from_min_size(inner.min + Vec2::new(0.0, place), Vec2::new(inner.width(), text))
    };
    let Some(answer) = &line.answer else {
        self::line(ui, at(0.0), line.name.as_str(), "", cx.look.text);
        self::line(ui, at(text), &format!("– {NONE}"), "", cx.look.quiet);
        return;
    };
    self::line(ui, at(0.0), line.name.as_str(), &since(cx, answer.at_ms), cx.look.text);
    let right = label_at(ui, at(text), answer.label);
    let mut said = said(view, &answer.choice);
    if line.answers > 1 {
        said = format!("{said} · {}", given(line.answers));
    }
    let mut left = at(text);
    left.max.x = right.min.x - space::XS;
    self::line(ui, left, &said, "", cx.look.text);
    let note = answer.note.as_ref().map(|note| one_line(note.as_str())).unwrap_or_default();
    self::line(ui, at(text * 2.0), &note, "", cx.look.quiet);
}

/// The time of day, with the day if it is another one.
fn since(cx: &Cx<'_>, at_ms: i64) -> String {
    if moment::day(at_ms) == moment::day(cx.model.now_ms) {
        format!("since {}", moment::time(at_ms))
    } else {
        format!("since {}", moment::short(at_ms))
    }
}

fn said(view: &BoardView, choice: &Name) -> String {
    format!("{} {choice}", shape(option_of(view, choice).unwrap_or(usize::MAX)))
}

/// The chip at the right end of a line; answers where it stands.
fn label_at(ui: &mut Ui, line: Rect, label: Label) -> Rect {
    let layout = egui::Layout::right_to_left(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(line).layout(layout));
    chip(&mut ui, label).rect
}

/// A line of text, cut to its room, with something at its right end.
pub(super) fn line(ui: &Ui, rect: Rect, left: &str, right: &str, ink: Color32) {
    let font = FontId::proportional(size::BODY);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let taken = painter.text(rect.right_center(), Align2::RIGHT_CENTER, right, font.clone(), ink);
    let width = rect.width() - taken.width() - space::S;
    let mut job = egui::text::LayoutJob::simple_singleline(left.to_owned(), font, ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    let galley = painter.layout_job(job);
    let top = rect.center().y - galley.size().y / 2.0;
    painter.galley(egui::pos2(rect.left(), top), galley, ink);
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every answer of an organisation, oldest first, with whoever gave it.
fn history(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView, line: &BoardLine) {
    let model = cx.model;
    let Some((_, answers)) = &model.board.history else { return };
    ui.indent(("history", line.organisation), |ui| match answers {
        Some(answers) if answers.is_empty() => {
            quiet(ui, cx.look, NONE);
        }
        Some(answers) => answers.iter().for_each(|answer| earlier(ui, cx, view, answer)),
        None => {
            if let Some(answer) = &line.answer {
                one(ui, cx, view, answer);
            }
            quiet(ui, cx.look, "Its earlier answers are being read …");
        }
    });
}

fn earlier(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView, delivered: &Delivered) {
    let answer = delivered.entry.as_ref().zip(delivered.at_ms).zip(delivered.label());
    let Some(((entry, at_ms), label)) = answer else {
        quiet(ui, cx.look, "An answer that is withheld from you, or was taken back.");
        return;
    };
    let Kind::Answer { choice, .. } = &entry.handling.kind else { return };
    let answered = Answered {
        seq: delivered.seq,
        choice: choice.clone(),
        note: entry.content.text.clone(),
        by: entry.handling.author,
        at_ms,
        label,
        subjects: entry.handling.subjects.clone(),
    };
    one(ui, cx, view, &answered);
}

/// One answer in full.
fn one(ui: &mut Ui, cx: &mut Cx<'_>, view: &BoardView, answer: &Answered) {
    copying::drawn(ui, answer.label);
    ui.horizontal_wrapped(|ui| {
        chip(ui, answer.label);
        ui.label(said(view, &answer.choice));
        quiet(ui, cx.look, &when_and_who(cx, answer.at_ms, answer.by));
    });
    if !answer.subjects.is_empty() {
        let about: Vec<_> = answer.subjects.iter().map(subjects::line).collect();
        quiet(ui, cx.look, &format!("about {}", about.join(", ")));
    }
    if let Some(note) = &answer.note {
        crate::views::markdown::ui(ui, cx, answer.label, note.as_str());
    }
}

fn when_and_who(cx: &Cx<'_>, at_ms: i64, by: Principal) -> String {
    format!("{} by {}", moment::short(at_ms), cx.model.directory.name(by))
}
