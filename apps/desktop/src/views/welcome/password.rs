//! Choosing a password, and how this computer keeps the profile.

use egui::Ui;
use warproom_client::proto::limits;

use super::form;
use crate::Action;
use crate::model::welcome::{self, Passwords, Step};
use crate::news::Invitation;
use crate::views::Cx;
use crate::views::widgets;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, invitation: &Invitation, passwords: &Passwords) {
    let mut new = None;
    widgets::title(ui, "Choose a password");
    let least = limits::PASSWORD_CHARS;
    let hint = format!(
        "You need it, with your authenticator app, to set up another device: when this computer is lost, \
         it is your way back in. At least {least} characters; four words that do not belong together are \
         easier to keep in mind than signs and digits."
    );
    widgets::quiet(ui, cx.look, &hint);
    let (field, changed) = form::secret(ui, "Password", &passwords.password);
    form::first(ui, cx, &field);
    if let Some(password) = changed {
        new = Some(Passwords { password, ..passwords.clone() });
    }
    form::strength(ui, cx, "password", cx.model.welcome.password.as_ref());
    let (field, changed) = form::secret(ui, "The same password again", &passwords.again);
    form::goes_on(ui, cx, &field);
    if let Some(again) = changed {
        new = Some(Passwords { again, ..passwords.clone() });
    }
    if let Some(keeping) = form::keeping(ui, cx, &passwords.keeping) {
        new = Some(Passwords { keeping, ..passwords.clone() });
    }
    if let Some(new) = new {
        let step = Step::Password(invitation.clone(), new);
        cx.act(Action::Welcome(welcome::Action::Edit(Box::new(step))));
    }
    form::buttons(ui, cx, "Go on to the authenticator app", Some("Back"));
}
