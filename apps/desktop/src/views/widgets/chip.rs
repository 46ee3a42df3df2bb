//! Labels, severities and the mark of an exercise: never by colour alone.

use egui::{
    Color32, CornerRadius, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};
use warproom_client::proto::{Label, Severity};

use crate::commands::here;
use crate::look::{Palette, size, space, strong_family};

/// A label as FIRST shows it: spelled out, on black, in every theme.
pub fn chip(ui: &mut Ui, label: Label) -> Response {
    let [red, green, blue] = label.rgb();
    let ink = Color32::from_rgb(red, green, blue);
    let response = mark(ui, label.as_str(), ink, Color32::BLACK, ink.gamma_multiply(0.6));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.as_str()));
    response.on_hover_text(crate::model::label::meaning(label))
}

/// How bad an alert is: a shape, a word and a colour.
pub fn severity_mark(ui: &mut Ui, look: &Palette, severity: Severity) -> Response {
    let (shape, ink) = match severity {
        Severity::Extreme => ("⏺⏺⏺", look.danger),
        Severity::Severe => ("⏺⏺", look.danger),
        Severity::Moderate => ("⏺", look.warning),
        Severity::Minor => ("○", look.text),
        Severity::Unknown => ("?", look.quiet),
    };
    let word = format!("{shape} {}", severity.as_str().to_uppercase());
    let name = format!("severity {}", severity.as_str());
    let response = mark(ui, &word, ink, look.page, ink);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    response
}

/// That something is an exercise and not real.
pub fn exercise_mark(ui: &mut Ui, look: &Palette) -> Response {
    let response = mark(ui, "EXERCISE EXERCISE EXERCISE", look.on_accent, look.accent, look.accent);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "exercise, not real"));
    response
}

/// The five labels to choose from, strictest last; those above the ceiling cannot be clicked. While it has
/// the keyboard, plain 1 to 5 choose: any of them, so that whoever asks can say why one is not to be had.
pub fn label_picker(ui: &mut Ui, look: &Palette, chosen: Label, ceiling: Label) -> Option<Label> {
    let mut picked = None;
    let shown = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (key, label) in (1..).zip(Label::ALL) {
            let is_open = label <= ceiling;
            let [red, green, blue] = label.rgb();
            let full = Color32::from_rgb(red, green, blue);
            let ink = if is_open { full } else { full.gamma_multiply(0.45) };
            let line = if label == chosen { look.accent } else { Color32::BLACK };
            let sense = if is_open { Sense::click() } else { Sense::hover() };
            let response = sensed(ui, label.as_str(), ink, Color32::BLACK, line, sense);
            response.widget_info(|| {
                WidgetInfo::selected(Role::RadioButton, is_open, label == chosen, label.as_str())
            });
            let meaning = crate::model::label::meaning(label);
            let hint = if is_open {
                format!("{meaning} (Alt+{key})")
            } else {
                format!("this room holds nothing stricter than {ceiling}")
            };
            if response.on_hover_text(hint).clicked() {
                picked = Some(label);
            }
        }
    });
    picked.or_else(|| typed_label(ui, shown.response.rect))
}

/// The label whose digit is typed while something in this place has the keyboard.
pub fn typed_label(ui: &Ui, place: Rect) -> Option<Label> {
    let focused = ui.memory(egui::Memory::focused)?;
    let is_here = place.contains_rect(ui.ctx().read_response(focused)?.rect);
    is_here.then(|| here::taken(ui, here::LABELS).pop()).flatten()
}

fn mark(ui: &mut Ui, text: &str, ink: Color32, fill: Color32, line: Color32) -> Response {
    sensed(ui, text, ink, fill, line, Sense::hover())
}

fn sensed(
    ui: &mut Ui,
    text: &str,
    ink: Color32,
    fill: Color32,
    line: Color32,
    sense: Sense,
) -> Response {
    let font = FontId::new(size::SMALL, strong_family());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let padding = Vec2::new(space::XS + 2.0, 2.0);
    let (rect, response) = ui.allocate_exact_size(galley.size() + padding * 2.0, sense);
    if ui.is_rect_visible(rect) {
        let line = if response.has_focus() {
            Stroke::new(2.0, ui.visuals().selection.stroke.color)
        } else {
            Stroke::new(2.0, line)
        };
        ui.painter().rect(rect, CornerRadius::same(3), fill, line, StrokeKind::Inside);
        ui.painter().galley(rect.min + padding, galley, ink);
    }
    response
}
