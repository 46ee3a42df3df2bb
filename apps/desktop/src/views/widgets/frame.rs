//! Headings, cards, overlays, and taking the keyboard.

use egui::{
    Align2, Area, CornerRadius, Frame, Id, LayerId, Margin, Order, Rect, Response, RichText,
    Stroke, Ui, Vec2, accesskit,
};

use crate::look::{Palette, ROUND, size, space, strong_family};
use crate::model::desk::Focus;
use crate::views::Cx;

/// The heading of a page.
pub fn title(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).font(egui::FontId::new(size::TITLE, strong_family())))
}

/// A heading within a page.
pub fn heading(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).heading())
}

/// Semibold text.
pub fn strong(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).family(strong_family()))
}

/// What is read second: times, counts, a sentence that helps under a field.
pub fn quiet(ui: &mut Ui, look: &Palette, text: &str) -> Response {
    ui.label(RichText::new(text).size(size::SMALL).color(look.quiet))
}

/// Why something was not done.
pub fn trouble(ui: &mut Ui, look: &Palette, text: &str) -> Response {
    ui.label(RichText::new(format!("⚠ {text}")).color(look.danger))
}

/// Tells assistive technology where something stands that has a name and holds other things: it is not told by
/// itself.
pub fn say_where(ui: &Ui, id: Id, rect: Rect) {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_bounds(accesskit::Rect {
            x0: rect.min.x.into(),
            y0: rect.min.y.into(),
            x1: rect.max.x.into(),
            y1: rect.max.y.into(),
        });
    });
}

/// A part of a page on its own ground.
pub fn card<R>(ui: &mut Ui, look: &Palette, add: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .fill(look.panel)
        .stroke(Stroke::new(1.0, look.line))
        .corner_radius(CornerRadius::same(ROUND))
        .inner_margin(Margin::same(12))
        .show(ui, add)
        .inner
}

/// Something that lies over the page, in the upper middle, as wide as it says in points or as the
/// window allows: a dialog of this name.
pub fn overlay(ui: &Ui, look: &Palette, name: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    let screen = ui.ctx().content_rect();
    let width = width.min(screen.width() - 2.0 * space::XL);
    let under = LayerId::new(Order::Middle, Id::unique((name, "under")));
    ui.ctx().layer_painter(under).rect_filled(screen, CornerRadius::ZERO, look.shade);
    Area::new(Id::unique(name))
        .role(accesskit::Role::Dialog)
        .accessible_name(name)
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, Vec2::new(0.0, space::XXL * 2.0))
        .show(ui.ctx(), |ui| {
            // Tab stays in what lies on top: what is under it cannot be seen.
            ui.memory_mut(|memory| memory.set_modal_layer(ui.layer_id()));
            Frame::new()
                .fill(look.panel)
                .stroke(Stroke::new(1.0, look.line))
                .corner_radius(CornerRadius::same(ROUND))
                .inner_margin(Margin::same(16))
                .show(ui, |ui| {
                    ui.set_width(width);
                    ui.set_max_height(screen.height() - space::XXL * 4.0);
                    add(ui);
                });
        });
}

/// Gives the keyboard to a control if the model wishes it to have it: each wish once.
pub fn takes_focus(cx: &Cx<'_>, focus: Focus, response: &Response) {
    let is_under = response.layer_id.order == Order::Background;
    if is_under && focus == Focus::Field && !cx.model.desk.overlays.is_empty() {
        // The wish is that of what lies on top.
        return;
    }
    let (wanted, number) = cx.model.desk.focus;
    let key = Id::unique("focus taken");
    let taken = response.ctx.data(|data| data.get_temp::<u64>(key)).unwrap_or_default();
    if wanted == focus && number > taken {
        response.ctx.data_mut(|data| data.insert_temp(key, number));
        response.request_focus();
    }
}
