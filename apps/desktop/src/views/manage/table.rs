//! Rows of a list: only those in sight are drawn, so that a hundred organisations cost what ten do.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Button, Color32, FontId, Galley, Id, Label, Layout, Response, Role, Sense, Stroke, StrokeKind,
    Ui, UiBuilder, Vec2, WidgetInfo,
};

use super::super::Cx;
use crate::look::{Palette, ROUND, TARGET, size, space};

/// The height of a row, in points.
const ROW: f32 = TARGET + space::XS;

/// Draws those of so many rows that are in sight, and leaves room for the others.
pub(super) fn rows(ui: &mut Ui, key: &str, count: usize, mut row: impl FnMut(&mut Ui, usize)) {
    let key = Id::unique(("manage rows", key));
    ui.scope_builder(UiBuilder::new().scope_id(key), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let top = ui.cursor().top();
        let clip = ui.clip_rect();
        // One more on either side: the keyboard reaches it, and what has the keyboard is scrolled to.
        let first = whole(clip.top() - top).saturating_sub(1).min(count);
        let end = (whole(clip.bottom() - top) + 2).clamp(first, count);
        ui.add_space(height(first));
        for place in first..end {
            let size = Vec2::new(ui.available_width(), ROW);
            let (_, rect) = ui.allocate_space(size);
            let layout = Layout::left_to_right(egui::Align::Center);
            let builder = UiBuilder::new().scope_id(key.with(place)).max_rect(rect).layout(layout);
            let mut line = ui.new_child(builder);
            row(&mut line, place);
        }
        ui.add_space(height(count - end));
    });
}

/// How many whole rows fit into this height.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and a screen is not that high"
)]
fn whole(points: f32) -> usize {
    (points / ROW).floor().max(0.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "no list has so many rows")]
fn height(rows: usize) -> f32 {
    rows as f32 * ROW
}

/// A row that opens something: its cells side by side, the first one the widest.
pub(super) fn opening(ui: &mut Ui, look: &Palette, cells: &[&str]) -> Response {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click());
    let name = cells.iter().filter(|cell| !cell.is_empty()).copied().collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.hovered() || response.has_focus() {
        let line = if response.has_focus() { look.accent } else { look.line };
        ui.painter().rect(
            rect,
            f32::from(ROUND),
            look.raised,
            Stroke::new(1.0, line),
            StrokeKind::Inside,
        );
    }
    let mut left = rect.left() + space::S;
    let mut is_elided = false;
    for (place, cell) in cells.iter().enumerate() {
        let width = width(rect.width() - space::S, cells.len(), place);
        let color = if place == 0 { look.text } else { look.quiet };
        let galley = fitted(ui, cell, color, width - space::S);
        is_elided |= galley.elided;
        let at = egui::pos2(left, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, color);
        left += width;
    }
    if is_elided { response.on_hover_text(name) } else { response }
}

/// The text of a cell: on one line, or where it is too long for that, on two smaller ones. Of what is longer
/// still, the whole is told by pointing at it, and by the name of what it stands in.
fn fitted(ui: &Ui, cell: &str, color: Color32, width: f32) -> Arc<Galley> {
    let laid = |size: f32, max_rows: usize| {
        let format = TextFormat::simple(FontId::proportional(size), color);
        let mut job = LayoutJob::single_section(cell.to_owned(), format);
        job.wrap = TextWrapping { max_width: width, max_rows, ..TextWrapping::default() };
        ui.painter().layout_job(job)
    };
    let galley = laid(size::BODY, 1);
    if galley.elided { laid(size::SMALL, 2) } else { galley }
}

/// A row that only says something, with what can be done about it at its end.
pub(super) fn saying(ui: &mut Ui, look: &Palette, cells: &[&str], acts: impl FnOnce(&mut Ui)) {
    // A little more than half for the texts: two buttons fit into the rest at 1024 points.
    let room = ui.available_width() * 0.56;
    for (place, cell) in cells.iter().enumerate() {
        let size = Vec2::new(width(room, cells.len(), place) - space::S, ROW);
        let color = if place == 0 { look.text } else { look.quiet };
        let layout = Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_width(size.x);
            let galley = fitted(ui, cell, color, size.x);
            ui.add(Label::new(galley));
        });
    }
    acts(ui);
}

/// The width of one of so many columns: the first has half as much again as each other.
#[expect(clippy::cast_precision_loss, reason = "no table has so many columns")]
fn width(all: f32, columns: usize, place: usize) -> f32 {
    let share = all / (columns as f32 + 0.5);
    if place == 0 { share * 1.5 } else { share }
}

/// A button in a row: what it says, and to a screen reader also whom it is about.
pub(super) fn act(ui: &mut Ui, cx: &Cx<'_>, says: &str, about: &str) -> Response {
    let is_on = cx.model.is_connected();
    let response = ui.add_enabled(is_on, Button::new(says));
    let name = format!("{says} {about}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_on, &name));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_too_long_for_a_line_has_two_within_its_row() {
        let context = egui::Context::default();
        crate::look::load_fonts(&context);
        let mut laid = Vec::new();
        let mut output = context.run_ui(egui::RawInput::default(), |ui| {
            // As wide as a column of three at 1024 points.
            laid =
                ["Dover District Council", "Folkestone & Hythe District Council and its clients"]
                    .map(|name| fitted(ui, name, Color32::WHITE, 200.0))
                    .into();
        });
        // Nothing is drawn of it.
        output.textures_delta.clear();
        let [short, long] = &laid[..] else { panic!("two names") };
        assert_eq!((short.rows.len(), short.elided), (1, false));
        assert_eq!((long.rows.len(), long.elided), (2, false));
        assert!(long.size().y <= ROW, "{}", long.size().y);
    }
}
