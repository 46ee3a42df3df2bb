//! The form of another password, or of another authenticator app: advice and QR code as in joining.

use egui::{ScrollArea, Ui};
use warproom_client::proto::calls::OtherDevices;
use warproom_client::proto::limits;

use super::Cx;
use super::switcher::is_on_top;
use super::welcome::{form as first, totp};
use super::widgets::{
    button, field, heading, overlay, primary_button, quiet, takes_focus, title, trouble,
};
use crate::Action;
use crate::commands::here;
use crate::look::space;
use crate::model::credentials::{self, Form, What};
use crate::model::desk::{self, Focus, Overlay};
use crate::model::manage::Asked;

/// As wide as a sentence is read with ease, in points.
const WIDTH: f32 = 560.0;

pub(super) fn ui(ui: &Ui, cx: &mut Cx<'_>) {
    let Some(before) = &cx.model.credentials.form else { return };
    let name = match before.what {
        What::Password => "Change your password",
        What::Authenticator => "Set up a new authenticator",
    };
    overlay(ui, cx.look, name, WIDTH, |ui| {
        title(ui, name);
        ui.add_space(space::S);
        // The buttons stay in sight, whatever the height of the window.
        let room = ui.ctx().content_rect().height() - space::XXL * 9.0;
        ScrollArea::vertical().max_height(room).show(ui, |ui| fields(ui, cx, before));
        send(ui, cx, before.what);
    });
}

fn fields(ui: &mut Ui, cx: &mut Cx<'_>, before: &Form) {
    let mut form = before.clone();
    let mut is_changed = present(ui, cx, &mut form);
    ui.add_space(space::M);
    is_changed |= match form.what {
        What::Password => password(ui, cx, &mut form),
        What::Authenticator => authenticator(ui, cx, &mut form),
    };
    ui.add_space(space::M);
    is_changed |= others(ui, cx, &mut form);
    if is_changed {
        cx.act(credentials::Action::Fill(Box::new(form)).into());
    }
}

/// What proves who is at the keyboard.
fn present(ui: &mut Ui, cx: &mut Cx<'_>, form: &mut Form) -> bool {
    heading(ui, "What you have now");
    let (response, typed) = first::secret(ui, "Password until now", &form.password);
    if is_on_top(cx, Overlay::Credentials) {
        takes_focus(cx, Focus::Field, &response);
    }
    let mut is_changed = typed.is_some();
    form.password = typed.unwrap_or_else(|| form.password.clone());
    let (_, typed) = field(ui, "Six-digit code of your authenticator now", &form.code);
    is_changed |= typed.is_some();
    form.code = typed.unwrap_or_else(|| form.code.clone());
    is_changed
}

fn password(ui: &mut Ui, cx: &mut Cx<'_>, form: &mut Form) -> bool {
    heading(ui, "From now on");
    let (_, new) = first::secret(ui, "New password", &form.new);
    first::strength(ui, cx, "password", cx.model.credentials.strength.as_ref());
    if cx.model.credentials.strength.is_none() {
        let least = limits::PASSWORD_CHARS;
        let hint = format!(
            "At least {least} characters; four words that do not belong together are easier to keep in \
             mind than signs and digits."
        );
        quiet(ui, cx.look, &hint);
    }
    let (response, again) = first::secret(ui, "The same new password again", &form.again);
    enter_sends(ui, cx, &response);
    let is_changed = new.is_some() || again.is_some();
    form.new = new.unwrap_or_else(|| form.new.clone());
    form.again = again.unwrap_or_else(|| form.again.clone());
    is_changed
}

fn authenticator(ui: &mut Ui, cx: &mut Cx<'_>, form: &mut Form) -> bool {
    heading(ui, "The new authenticator");
    let Some(made) = &cx.model.credentials.totp else {
        quiet(ui, cx.look, "Its secret is being made…");
        return false;
    };
    quiet(
        ui,
        cx.look,
        "Scan this with the authenticator app that you will use. The secret until now is of no use from \
         then on: take it out of the old app.",
    );
    if let Some(qr) = &made.qr {
        totp::draw(ui, qr);
    }
    ui.label("No camera? Type this into the app instead:");
    ui.horizontal_wrapped(|ui| {
        ui.monospace(totp::in_fours(made.secret.expose()));
        if button(ui, "Copy the secret").clicked() {
            cx.act(credentials::Action::CopySecret.into());
        }
    });
    let (response, typed) = field(ui, "Six-digit code of the new one", &form.new_code);
    enter_sends(ui, cx, &response);
    quiet(ui, cx.look, "The code that it shows now: proof that it has the new secret.");
    let is_changed = typed.is_some();
    form.new_code = typed.unwrap_or_else(|| form.new_code.clone());
    is_changed
}

/// What becomes of the other devices: they are signed out in any case.
fn others(ui: &mut Ui, cx: &Cx<'_>, form: &mut Form) -> bool {
    heading(ui, "Your other devices");
    quiet(
        ui,
        cx.look,
        "Their connections end as soon as it is changed; this one stays signed in. If somebody else may \
         have one of them, or know your password, revoke them.",
    );
    let mut is_changed = false;
    for (says, other) in [
        ("They connect again by themselves, each by its own key", OtherDevices::Keep),
        ("They are revoked, and have to be set up anew", OtherDevices::Revoke),
    ] {
        if ui.radio(form.other_devices == other, says).clicked() && form.other_devices != other {
            (form.other_devices, is_changed) = (other, true);
        }
    }
    is_changed
}

fn send(ui: &mut Ui, cx: &mut Cx<'_>, what: What) {
    ui.add_space(space::S);
    match &cx.model.credentials.asked {
        Asked::NotYet => {}
        Asked::Waiting => drop(quiet(ui, cx.look, "Waiting for the server…")),
        Asked::Refused(sentence) => {
            let said = trouble(ui, cx.look, sentence);
            ui.ctx().accesskit_node_builder(said.id, |node| {
                node.set_live(egui::accesskit::Live::Polite);
            });
        }
    }
    let verb = match what {
        What::Password => "Change the password",
        What::Authenticator => "Use the new authenticator",
    };
    let may = cx.model.is_connected() && cx.model.credentials.asked != Asked::Waiting;
    ui.horizontal_wrapped(|ui| {
        let button_of_it = ui.add_enabled_ui(may, |ui| primary_button(ui, cx.look, verb)).inner;
        if button_of_it.clicked() {
            cx.act(credentials::Action::Submit.into());
        }
        if button(ui, "Cancel").clicked() {
            cx.act(Action::Desk(desk::Action::Back));
        }
    });
}

/// Enter in the last field sends the form, and the keyboard stays for what there may be to mend.
fn enter_sends(ui: &Ui, cx: &mut Cx<'_>, response: &egui::Response) {
    if response.lost_focus() && here::seen(ui, here::FIELD).is_some() {
        response.request_focus();
        cx.act(credentials::Action::Submit.into());
    }
}
