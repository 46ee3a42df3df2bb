//! Lays out a text in Markdown: no images, links shown with their real target, indicators kept
//! defanged and copyable.
//!
//! A text is read once and kept in egui's memory, so that a frame only lays out. Nothing is wider
//! than the row it stands in: long words break, code and tables scroll sideways.

mod cache;
mod line;

use egui::{CornerRadius, Frame, Grid, Label, Margin, RichText, ScrollArea, Stroke, Ui};
use warproom_client::proto;

use super::widgets::link_button;
use super::{Cx, copying};
use crate::Action;
use crate::look::{ROUND, size, space};
use crate::model::markdown::{Block, Span};
use crate::model::{desk, label};

pub(super) use line::{address, link_label};

/// Draws a text of this label.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, text: &str) {
    copying::drawn(ui, label);
    let document = cache::document(ui.ctx(), text);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        blocks(ui, cx, label, &document.blocks);
    });
}

fn blocks(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, blocks: &[Block]) {
    for (place, block) in blocks.iter().enumerate() {
        match block {
            Block::Paragraph(spans) => line::ui(ui, cx, label, spans, size::BODY),
            Block::Heading(level, spans) => heading(ui, cx, label, *level, spans),
            Block::List { first, items } => list(ui, cx, label, *first, items),
            Block::Quote(inner) => quote(ui, cx, label, inner),
            Block::Code(code) => code_block(ui, cx, label, (place, code)),
            Block::Rule => {
                ui.separator();
            }
            Block::Table(rows) => table(ui, cx, label, (place, rows)),
        }
    }
}

fn heading(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, level: u8, spans: &[Span]) {
    ui.add_space(space::XS);
    let strong = |span: &Span| {
        let mut span = span.clone();
        span.style.strong = true;
        span
    };
    let spans: Vec<_> = spans.iter().map(strong).collect();
    line::ui(ui, cx, label, &spans, if level <= 2 { size::HEADING } else { size::BODY });
}

fn list(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    label: proto::Label,
    first: Option<u64>,
    items: &[Vec<Block>],
) {
    for (number, item) in (first.unwrap_or_default()..).zip(items) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.add_space(space::XS);
            let mark = first.map_or_else(|| "•".to_owned(), |_| format!("{number}."));
            ui.add(Label::new(mark).extend());
            ui.vertical(|ui| blocks(ui, cx, label, item));
        });
    }
}

fn quote(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, inner: &[Block]) {
    let margin = Margin { left: 12, ..Margin::ZERO };
    let rect =
        Frame::new().inner_margin(margin).show(ui, |ui| blocks(ui, cx, label, inner)).response.rect;
    let line = Stroke::new(2.0, cx.look.quiet);
    ui.painter().vline(rect.left() + space::XS, rect.y_range(), line);
}

/// Code as it stands, in a frame that scrolls sideways.
fn code_block(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, (place, code): (usize, &str)) {
    Frame::new()
        .fill(cx.look.raised)
        .corner_radius(CornerRadius::same(ROUND))
        .inner_margin(Margin::same(8))
        .show(ui, |ui| {
            ScrollArea::horizontal().id_salt(("code", place)).show(ui, |ui| {
                ui.add(Label::new(RichText::new(code).monospace()).extend());
            });
            let copy = link_button(ui, cx.look, "Copy").accessible_name("Copy this code");
            if copy.on_hover_text("Copies the code with its label").clicked() {
                let copied = label::copied(label, code);
                cx.act(Action::Desk(desk::Action::Copy(copied)));
            }
        });
}

fn table(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    label: proto::Label,
    (place, rows): (usize, &[Vec<Vec<Span>>]),
) {
    ScrollArea::horizontal().id_salt(("table", place)).show(ui, |ui| {
        let widest = ui.available_width() / 2.0;
        Grid::new(("cells", place)).striped(true).max_col_width(widest).show(ui, |ui| {
            for row in rows {
                for cell in row {
                    line::ui(ui, cx, label, cell, size::BODY);
                }
                ui.end_row();
            }
        });
    });
}
