//! What is told in passing, at the lower edge, spoken by a screen reader when it comes.

use egui::{
    Align2, Area, CornerRadius, Frame, Id, Margin, Order, RichText, Stroke, Ui, Vec2, WidgetInfo,
};

use super::Cx;
use super::widgets;
use crate::Action;
use crate::look::{ROUND, TARGET, space};
use crate::model::desk;

/// The widest a notice is, in points.
const WIDTH: f32 = 480.0;

/// How far above the lower edge they stand, in points: above where one writes.
const ABOVE: f32 = TARGET * 4.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.model.desk.notices.is_empty() {
        return;
    }
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, Vec2::new(0.0, -ABOVE))
        .show(ui.ctx(), |ui| {
            ui.set_max_width(WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::L));
            for place in 0..cx.model.desk.notices.len() {
                notice(ui, cx, place);
            }
        });
}

fn notice(ui: &mut Ui, cx: &mut Cx<'_>, place: usize) {
    let notice = &cx.model.desk.notices[place];
    let line = if notice.is_trouble { cx.look.danger } else { cx.look.line };
    let frame = Frame::new()
        .fill(cx.look.raised)
        .stroke(Stroke::new(1.0, line))
        .corner_radius(CornerRadius::same(ROUND))
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            let (sign, ink) =
                if notice.is_trouble { ("⚠ ", cx.look.danger) } else { ("", cx.look.text) };
            let said = ui.label(RichText::new(format!("{sign}{}", notice.text)).color(ink));
            let role = if notice.is_trouble { egui::Role::Alert } else { egui::Role::Status };
            said.widget_info(|| WidgetInfo::labeled(role, true, &notice.text));
            let dismiss =
                widgets::button(ui, "Dismiss").accessible_name(format!("Dismiss: {}", notice.text));
            if dismiss.clicked() {
                cx.act(Action::Desk(desk::Action::Dismiss(place)));
            }
        });
    });
}
