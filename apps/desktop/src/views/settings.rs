//! How this computer shows and tells things, and what may interrupt on every device.

mod interrupt;

use egui::{Frame, Margin, ScrollArea, Ui};

use super::Cx;
use super::widgets::{self, choice, heading, quiet, title};
use crate::look::{READING_WIDTH, space};
use crate::model::credentials::{self, What};
use crate::model::settings::{Action, Notify, SendWith, Settings, Theme};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        Frame::new().inner_margin(Margin::same(24)).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(READING_WIDTH));
            title(ui, "Settings");
            ui.add_space(space::M);
            this_computer(ui, cx);
            ui.add_space(space::L);
            interrupt::ui(ui, cx);
            ui.add_space(space::L);
            sign_in(ui, cx);
            ui.add_space(space::L);
            profile(ui, cx);
        });
    });
}

fn this_computer(ui: &mut Ui, cx: &mut Cx<'_>) {
    let old = cx.model.settings.clone();
    let mut new = old.clone();
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, "On this computer");
        theme(ui, &mut new);
        zoom(ui, cx);
        ui.checkbox(&mut new.reduced_motion, "Nothing moves by itself");
        ui.add_space(space::S);
        notify(ui, cx, &mut new);
        ui.add_space(space::S);
        send_with(ui, &mut new);
    });
    if new != old {
        set(cx, new);
    }
}

fn set(cx: &mut Cx<'_>, settings: Settings) {
    cx.act(crate::Action::Settings(Action::Set(settings)));
}

fn theme(ui: &mut Ui, settings: &mut Settings) {
    ui.horizontal_wrapped(|ui| {
        ui.label("Colours");
        for (name, theme) in [
            ("As the system", Theme::System),
            ("Light", Theme::Light),
            ("Dark", Theme::Dark),
            ("High contrast", Theme::HighContrast),
        ] {
            if choice(ui, name, settings.theme == theme).clicked() {
                settings.theme = theme;
            }
        }
    });
}

fn zoom(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("Size {:.0} %", cx.model.settings.zoom * 100.0));
        for (name, action) in [
            ("Smaller", Action::ZoomOut),
            ("Larger", Action::ZoomIn),
            ("Usual size", Action::ZoomReset),
        ] {
            if widgets::button(ui, name).clicked() {
                cx.act(crate::Action::Settings(action));
            }
        }
    });
}

fn notify(ui: &mut Ui, cx: &Cx<'_>, settings: &mut Settings) {
    ui.label("The system's notifications");
    for (name, notify) in [
        ("None", Notify::Off),
        ("Without content: that there is something, and its label", Notify::WithoutContent),
        ("With content: label, room, author and first line", Notify::WithContent),
    ] {
        if ui.radio(settings.notify == notify, name).clicked() {
            settings.notify = notify;
        }
    }
    quiet(
        ui,
        cx.look,
        "Of anything stricter than TLP:GREEN a notification never shows a word: a screen may be seen by anybody.",
    );
}

fn send_with(ui: &mut Ui, settings: &mut Settings) {
    ui.label("Sending");
    for (name, send_with) in [
        ("Enter sends, Shift+Enter begins a new line", SendWith::Enter),
        ("Ctrl+Enter sends, Enter begins a new line", SendWith::CtrlEnter),
    ] {
        if ui.radio(settings.send_with == send_with, name).clicked() {
            settings.send_with = send_with;
        }
    }
}

/// What proves who one is, beside this device.
fn sign_in(ui: &mut Ui, cx: &mut Cx<'_>) {
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, "Your password and authenticator");
        quiet(
            ui,
            cx.look,
            "With both you set up another device. When one of them changes, the connections of your other devices end.",
        );
        ui.add_enabled_ui(cx.model.is_connected(), |ui| {
            ui.horizontal_wrapped(|ui| {
                for (says, what) in [
                    ("Change password…", What::Password),
                    ("New authenticator…", What::Authenticator),
                ] {
                    if widgets::button(ui, says).clicked() {
                        cx.act(credentials::Action::Begin(what).into());
                    }
                }
            });
        });
        if !cx.model.is_connected() {
            quiet(ui, cx.look, "Changing them needs a connection.");
        }
    });
}

fn profile(ui: &mut Ui, cx: &mut Cx<'_>) {
    use crate::model::desk;
    use crate::model::welcome;
    let Some(session) = &cx.model.session else { return };
    let (name, warp) = (session.me.name.clone(), session.warp.clone());
    let address = session.address.clone();
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, "This profile");
        ui.label(format!("{name} in {warp}"));
        quiet(
            ui,
            cx.look,
            "Another device of yours is set up with this address, your handle, your password and a code:",
        );
        ui.horizontal_wrapped(|ui| {
            ui.monospace(&address);
            if widgets::button(ui, "Copy the address").clicked() {
                cx.act(crate::Action::Desk(desk::Action::Copy(address.clone())));
            }
        });
        ui.horizontal_wrapped(|ui| {
            if widgets::button(ui, "Close the profile").clicked() {
                cx.act(crate::Action::Welcome(welcome::Action::SignOut));
            }
            let destroy = widgets::danger_button(ui, cx.look, "Destroy the profile…");
            if destroy.clicked()
                && let Some(question) = welcome::ask_destroy_open(cx.model)
            {
                cx.act(question);
            }
        });
        quiet(ui, cx.look, "Closing keeps everything, sealed, until the profile is opened again.");
    });
}
