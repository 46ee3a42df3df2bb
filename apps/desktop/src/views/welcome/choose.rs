//! Pasting an invitation, opening a profile of this computer, or setting up another device.

use egui::{Response, TextEdit, Ui};
use zeroize::Zeroizing;

use super::form;
use crate::Action;
use crate::commands::here;
use crate::look::{TARGET, space};
use crate::model::desk::Focus;
use crate::model::profile::ProfileSummary;
use crate::model::welcome::{self, Step};
use crate::views::Cx;
use crate::views::widgets::{self, takes_focus};

/// An invitation is a good line and a half: what is pasted is seen whole.
const ROWS: usize = 3;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, invitation: &Zeroizing<String>) {
    widgets::title(ui, "Warproom");
    let profiles = cx.model.welcome.profiles.clone();
    for (place, profile) in profiles.iter().enumerate() {
        let open = card(ui, cx, profile);
        if place == 0 {
            takes_focus(cx, Focus::Field, &open);
        }
    }
    if !profiles.is_empty() {
        ui.add_space(space::L);
    }
    widgets::heading(ui, "Join with an invitation");
    let field = pasted(ui, cx, invitation);
    if profiles.is_empty() {
        takes_focus(cx, Focus::Field, &field);
    }
    let hint = "Paste what your WARP's manager sent you: the whole mail will do. The invitation in it \
                begins with warproom:// and works once.";
    widgets::quiet(ui, cx.look, hint);
    form::buttons(ui, cx, "Look at the invitation", None);
    widgets::heading(ui, "You are a member already?");
    if widgets::button(ui, "Set up another device").clicked() {
        cx.act(Action::Welcome(welcome::Action::Another));
    }
    let hint = "With your handle, your password and your authenticator app this computer becomes one \
                more device of yours.";
    widgets::quiet(ui, cx.look, hint);
}

fn card(ui: &mut Ui, cx: &mut Cx<'_>, profile: &ProfileSummary) -> Response {
    widgets::card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        widgets::strong(ui, &profile.called());
        let lock = if profile.needs_passphrase { ", opened by its passphrase" } else { "" };
        widgets::quiet(ui, cx.look, &format!("profile {}{lock}", profile.name));
        let row = ui.horizontal_wrapped(|ui| {
            let open = widgets::primary_button(ui, cx.look, &format!("Open {}", profile.called()));
            if open.clicked() {
                cx.act(Action::Welcome(welcome::Action::Open(profile.name.clone())));
            }
            let destroy = format!("Destroy {} …", profile.name);
            if widgets::danger_button(ui, cx.look, &destroy).clicked() {
                cx.act(welcome::ask_destroy(profile));
            }
            open
        });
        row.inner
    })
}

/// A field of several lines in which Enter goes on all the same.
fn pasted(ui: &mut Ui, cx: &mut Cx<'_>, invitation: &Zeroizing<String>) -> Response {
    let mut text = invitation.clone();
    let label = ui.label("Invitation");
    let edit = TextEdit::multiline(&mut *text)
        .desired_rows(ROWS)
        .desired_width(f32::INFINITY)
        .min_size(egui::vec2(0.0, TARGET))
        .return_key(None);
    let field = ui.add(edit).labelled_by(label.id);
    if field.changed() {
        cx.act(Action::Welcome(welcome::Action::Edit(Box::new(Step::Choose { invitation: text }))));
    }
    if field.has_focus() && here::seen(ui, here::FIELD).is_some() {
        cx.act(Action::Welcome(welcome::Action::Next));
    }
    field
}
