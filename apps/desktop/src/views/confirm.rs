//! The question before an act. Nothing behind it can be reached until it is answered.

use egui::accesskit::Role;
use egui::{CornerRadius, Frame, Id, Margin, Modal, Response, Stroke, Ui, UiBuilder};

use super::Cx;
use super::widgets;
use crate::Action;
use crate::look::{BESIDE_WIDTH, ROUND, space};
use crate::model::desk::{self, Confirm};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(confirm) = &model.desk.confirm else { return };
    let is_fresh = is_fresh(ui, &confirm.title);
    let frame = Frame::new()
        .fill(cx.look.panel)
        .stroke(Stroke::new(1.0, cx.look.line))
        .corner_radius(CornerRadius::same(ROUND))
        .inner_margin(Margin::same(16));
    Modal::new(Id::unique("confirm")).frame(frame).backdrop_color(cx.look.shade).show(
        ui.ctx(),
        |ui| {
            let dialog = UiBuilder::new().accessibility_role(Role::AlertDialog);
            let shown = ui.scope_builder(dialog, |ui| question(ui, cx, confirm, is_fresh));
            shown.response.labelled_by(shown.inner.id);
        },
    );
}

/// What is asked, and the answers. Answers the heading.
fn question(ui: &mut Ui, cx: &mut Cx<'_>, confirm: &Confirm, is_fresh: bool) -> Response {
    ui.set_width((BESIDE_WIDTH * 1.5).min(ui.ctx().content_rect().width() - space::XXL * 2.0));
    let heading = widgets::heading(ui, &confirm.title);
    ui.label(&confirm.what_it_does);
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        let verb = if confirm.is_dangerous {
            widgets::danger_button(ui, cx.look, confirm.verb)
        } else {
            widgets::primary_button(ui, cx.look, confirm.verb)
        };
        let cancel = widgets::button(ui, "Cancel");
        if is_fresh {
            // Enter by habit must not do what cannot be undone.
            let first = if confirm.is_dangerous { &cancel } else { &verb };
            first.request_focus();
        }
        if verb.clicked() {
            cx.act(Action::Desk(desk::Action::Confirm));
        } else if cancel.clicked() {
            cx.act(Action::Desk(desk::Action::Back));
            cx.act(Action::Desk(desk::Action::Focus(cx.model.desk.focus.0)));
        }
    });
    heading
}

/// Whether this question was not on the screen in the frame before.
fn is_fresh(ui: &Ui, title: &str) -> bool {
    let key = Id::unique("confirm shown");
    let now = ui.ctx().cumulative_pass_nr();
    let shown = (now, title.to_owned());
    let before = ui.data_mut(|data| {
        let before = data.get_temp::<(u64, String)>(key);
        data.insert_temp(key, shown);
        before
    });
    before.is_none_or(|(at, before)| at + 1 < now || before != title)
}
