//! What is shown only now: the text of an invitation, the token of a bot.

use egui::{Label, RichText, Ui};
use warproom_client::proto::Secret;

use super::super::Cx;
use super::super::widgets::{button, card, heading, quiet, strong};
use crate::Action;
use crate::model::manage::{self, Once, Part};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(once) = &model.manage.once else { return };
    card(ui, cx.look, |ui| {
        match once {
            Once::Invitation { name, organisation, text, expires_at_ms } => {
                heading(ui, &format!("The invitation of {name}, {organisation}"));
                secret(ui, cx, "Invitation", (text, Part::Invitation));
                let until = manage::expiry(model.now_ms, *expires_at_ms);
                ui.label(format!("It works once, {until}."));
                quiet(
                    ui,
                    cx.look,
                    "Hand it over in person, or by phone or a messenger that is encrypted from end to end; not by council e-mail, which an attacker may be reading. Whoever has it becomes this member. It is shown only now: if it is lost, revoke it and invite again.",
                );
            }
            Once::Bot { name, token, hook, is_another } => {
                let which = if *is_another { "The new token of" } else { "The token of" };
                heading(ui, &format!("{which} {name}"));
                secret(ui, cx, "Token", (token, Part::Token));
                quiet(
                    ui,
                    cx.look,
                    "The bot signs in with it. Keep it where only the bot can read it.",
                );
                if let Some(hook) = hook {
                    secret(ui, cx, "Webhook", (hook, Part::Hook));
                    quiet(
                        ui,
                        cx.look,
                        "The address of its webhook: whoever has it may post as the bot. Put it into the program that posts, nowhere else.",
                    );
                }
                if *is_another {
                    ui.label("The old one works no more.");
                }
                quiet(ui, cx.look, "They are shown only now.");
            }
        }
        if button(ui, "I have it: put it away").clicked() {
            cx.act(Action::Manage(manage::Action::PutAway));
        }
    });
}

fn secret(ui: &mut Ui, cx: &mut Cx<'_>, name: &str, (secret, part): (&Secret, Part)) {
    strong(ui, name);
    ui.add(Label::new(RichText::new(secret.expose()).monospace()).wrap());
    if button(ui, &format!("Copy {}", name.to_lowercase())).clicked() {
        cx.act(Action::Manage(manage::Action::Copy(part)));
    }
}
