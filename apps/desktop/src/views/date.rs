//! Jumping to a day: a field, and what it was understood as before anything moves.

use egui::Ui;

use super::Cx;
use super::switcher::is_on_top;
use super::widgets::{field, overlay, primary_button, quiet, strong, takes_focus, trouble};
use crate::Action as Any;
use crate::commands::here;
use crate::model::desk::{Focus, Overlay};
use crate::model::find::{self, Action};
use crate::model::moment;

/// As wide as a day spelled out, in points.
const WIDTH: f32 = 420.0;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    overlay(ui, cx.look, "Go to a day", WIDTH, |ui| {
        let model = cx.model;
        let (response, changed) = field(ui, "Go to a day", &model.find.date);
        if is_on_top(cx, Overlay::JumpToDate) {
            takes_focus(cx, Focus::Field, &response);
        }
        if let Some(date) = changed {
            cx.act(Any::Find(Action::Date(date)));
        }
        let is_entered = response.lost_focus() && here::seen(ui, here::FIELD).is_some();
        let understood = find::jump_to(model);
        match understood {
            _ if model.find.date.trim().is_empty() => {
                quiet(ui, cx.look, "2026-11-22, 22 Nov, 22/11, yesterday, last Monday");
            }
            Ok(at_ms) => {
                strong(ui, &moment::day(at_ms));
            }
            Err(why) => {
                trouble(ui, cx.look, why);
            }
        }
        let button = ui.add_enabled_ui(understood.is_ok(), |ui| {
            primary_button(ui, cx.look, "Go there").clicked()
        });
        if button.inner || (is_entered && understood.is_ok()) {
            cx.act(Any::Find(Action::JumpToDate));
        } else if is_entered {
            // There is something to mend.
            response.request_focus();
        }
    });
}
