//! Running text: one label where it has no links, else labels and links that wrap together.

use egui::text::{LayoutJob, TextFormat};
use egui::{FontFamily, FontId, Id, Label, Stroke, Ui};
use warproom_client::proto;

use super::{Cx, copying};
use crate::Action;
use crate::look::{Palette, italic_family, size, strong_family};
use crate::model::desk;
use crate::model::markdown::{Link, Span, SpanKind, Style, Target, visible};

/// Draws running text of this size.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, spans: &[Span], points: f32) {
    let is_link = |span: &Span| matches!(span.kind, SpanKind::Link(_));
    if !spans.iter().any(is_link) {
        ui.add(Label::new(job(cx.look, spans, points)));
        return;
    }
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        // Rows of text, not of controls.
        ui.spacing_mut().interact_size.y = 0.0;
        ui.horizontal_wrapped(|ui| {
            for run in spans.chunk_by(|one, next| !is_link(one) && !is_link(next)) {
                match run {
                    [span @ Span { kind: SpanKind::Link(to), .. }] => {
                        link(ui, cx, label, span, to, points);
                    }
                    run => {
                        ui.add(Label::new(job(cx.look, run, points)));
                    }
                }
            }
        });
    });
}

/// Draws an address that stands alone: a link if it can be opened, else text.
pub(in crate::views) fn address(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, text: &str) {
    copying::drawn(ui, label);
    let kind = match Target::parse(text) {
        Some(target) => SpanKind::Link(Link { target, misleads: false }),
        None => SpanKind::Indicator,
    };
    let span = Span { text: visible(text), style: Style::default(), kind };
    self::ui(ui, cx, label, &[span], size::BODY);
}

fn link(ui: &mut Ui, cx: &mut Cx<'_>, label: proto::Label, span: &Span, to: &Link, points: f32) {
    let target = to.target.as_str();
    let response = ui.add(egui::Link::new(job(cx.look, std::slice::from_ref(span), points)));
    if response.on_hover_text(target).clicked() {
        ui.ctx().data_mut(|data| data.insert_temp(label_key(), (target.to_owned(), label)));
        cx.act(Action::Desk(desk::Action::LookAtLink(target.to_owned())));
    }
    if to.misleads {
        let mut job = LayoutJob::default();
        let mut format = format(cx.look, span, points);
        format.underline = Stroke::NONE;
        format.color = cx.look.danger;
        format.font_id.family = strong_family();
        job.append(&format!(" ⚠ leads to {}", to.target.host()), 0.0, format);
        ui.add(Label::new(job));
    }
}

/// The label of the text that a link was clicked in: what is copied from it carries it. The strictest
/// there is, if nobody knows.
pub(in crate::views) fn link_label(ui: &Ui, link: &str) -> proto::Label {
    let clicked = ui.ctx().data(|data| data.get_temp::<(String, proto::Label)>(label_key()));
    clicked.filter(|(of, _)| of == link).map_or(proto::Label::Red, |(_, label)| label)
}

fn label_key() -> Id {
    Id::unique("label of the link that is looked at")
}

fn job(look: &Palette, spans: &[Span], points: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    for span in spans {
        job.append(&span.text, 0.0, format(look, span, points));
    }
    job
}

fn format(look: &Palette, span: &Span, points: f32) -> TextFormat {
    let Style { strong, emphasis, strike } = span.style;
    let family = match (strong, emphasis) {
        (true, _) => strong_family(),
        (false, true) => italic_family(),
        (false, false) => FontFamily::Proportional,
    };
    let mut format = TextFormat::simple(FontId::new(points, family), look.text);
    // There is no font that is both: a slanted one.
    format.italics = strong && emphasis;
    match &span.kind {
        SpanKind::Text => {}
        SpanKind::Code | SpanKind::Indicator => {
            format.font_id = FontId::new(size::MONO, FontFamily::Monospace);
            format.background = look.raised;
        }
        SpanKind::Sign => {
            format.font_id = FontId::new(size::MONO, FontFamily::Monospace);
            format.color = look.warning;
            format.background = look.raised;
        }
        SpanKind::Link(_) => {
            format.color = look.accent;
            format.underline = Stroke::new(1.0, look.accent);
        }
    }
    if strike {
        format.strikethrough = Stroke::new(1.0, format.color);
    }
    format
}
