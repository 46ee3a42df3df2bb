//! What may interrupt: kept by the server, so that every device of a member does the same.

use egui::{ComboBox, Ui};
use warproom_client::proto::Severity;
use warproom_client::proto::calls::Preferences;

use crate::look::space;
use crate::model::settings::{Action, USUAL_QUIET};
use crate::views::Cx;
use crate::views::widgets::{self, heading, quiet};

/// Half an hour: as fine as quiet hours are chosen here.
const STEP_MINUTES: u16 = 30;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, "What may interrupt you, on every device");
        let Some(old) = cx.model.settings.preferences else {
            quiet(ui, cx.look, "The server tells this once there is a connection.");
            return;
        };
        let mut new = old;
        ui.add_enabled_ui(cx.model.is_connected(), |ui| edit(ui, &mut new));
        ui.add_space(space::XS);
        quiet(
            ui,
            cx.look,
            "Everything is shown in its room whatever you choose here. An alert of severity extreme interrupts everyone, always.",
        );
        if !cx.model.is_connected() {
            quiet(ui, cx.look, "Changing this needs a connection.");
        }
        if new != old {
            cx.act(crate::Action::Settings(Action::Prefer(new)));
        }
    });
}

fn edit(ui: &mut Ui, preferences: &mut Preferences) {
    ui.checkbox(&mut preferences.all, "Every entry");
    ui.checkbox(&mut preferences.concerns_us, "What concerns my organisation, or calls me by name");
    ui.horizontal_wrapped(|ui| {
        let name = ui.label("Alerts from this severity on");
        let chosen = preferences.severity.map_or("none", Severity::as_str);
        ComboBox::from_id_salt("severity")
            .selected_text(chosen)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut preferences.severity, None, "none");
                for severity in Severity::ALL.iter().rev() {
                    ui.selectable_value(
                        &mut preferences.severity,
                        Some(*severity),
                        severity.as_str(),
                    );
                }
            })
            .response
            .labelled_by(name.id);
    });
    let mut is_quiet = preferences.quiet.is_some();
    ui.checkbox(&mut is_quiet, "Quiet hours");
    preferences.quiet = is_quiet.then(|| preferences.quiet.unwrap_or(USUAL_QUIET));
    if let Some(quiet) = &mut preferences.quiet {
        ui.horizontal_wrapped(|ui| {
            minute(ui, "from", &mut quiet.from_minute);
            minute(ui, "to", &mut quiet.to_minute);
        });
    }
}

fn minute(ui: &mut Ui, name: &str, minute: &mut u16) {
    let label = ui.label(name);
    ComboBox::from_id_salt(name)
        .selected_text(clock(*minute))
        .show_ui(ui, |ui| {
            for step in (0..24 * 60).step_by(usize::from(STEP_MINUTES)) {
                ui.selectable_value(minute, step, clock(step));
            }
        })
        .response
        .labelled_by(label.id);
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
