//! The first minutes: one calm page for each step, whole by keyboard. Enter goes on, Escape goes back.

mod check;
mod choose;
mod enrol;
pub(super) mod form;
mod password;
pub(super) mod totp;
mod unlock;

use egui::{CentralPanel, Frame, Margin, ScrollArea, Ui, UiBuilder};

use super::Cx;
use super::widgets;
use crate::look::{READING_WIDTH, space};
use crate::model::welcome::Step;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let margin = Margin::same(24);
    let frame = Frame::new().fill(cx.look.page).inner_margin(margin);
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let mut column = ui.available_rect_before_wrap();
            let spare = (column.width() - READING_WIDTH).max(0.0);
            column = column.shrink2(egui::vec2(spare / 2.0, 0.0));
            ui.scope_builder(UiBuilder::new().max_rect(column), |ui| page(ui, cx));
        });
    });
}

fn page(ui: &mut Ui, cx: &mut Cx<'_>) {
    let welcome = &cx.model.welcome;
    ui.add_space(space::L);
    if let Some(progress) = welcome.progress() {
        widgets::quiet(ui, cx.look, progress);
    }
    ui.add_enabled_ui(!welcome.is_busy, |ui| match &welcome.step {
        Step::Starting => _ = widgets::quiet(ui, cx.look, "Starting …"),
        Step::Choose { invitation } => choose::ui(ui, cx, invitation),
        Step::Check(invitation) => check::ui(ui, cx, invitation),
        Step::Password(invitation, passwords) => password::ui(ui, cx, invitation, passwords),
        Step::Totp(invitation, passwords, code) => totp::ui(ui, cx, invitation, passwords, code),
        Step::Enrol(form) => enrol::ui(ui, cx, form),
        Step::Unlock(profile, passphrase) => unlock::ui(ui, cx, profile, passphrase),
    });
}
