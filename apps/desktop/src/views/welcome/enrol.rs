//! Making this computer one more device of somebody who is a member already.

use egui::Ui;

use super::form as fields;
use crate::Action;
use crate::model::welcome::{self, EnrolForm, Step};
use crate::views::Cx;
use crate::views::widgets;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, form: &EnrolForm) {
    let mut new = form.clone();
    let mut is_new = false;
    widgets::title(ui, "Set up another device");
    let (field, changed) = widgets::field(ui, "Address of the server", &form.address);
    fields::first(ui, cx, &field);
    let hint = "As warproom://warp.example:7443/… with its fingerprint at the end. Take it from a place you \
                trust, not from a mail that asks you to sign in.";
    widgets::quiet(ui, cx.look, hint);
    take(&mut new.address, changed, &mut is_new);
    let (field, changed) = widgets::field(ui, "Handle", &form.handle);
    fields::goes_on(ui, cx, &field);
    take(&mut new.handle, changed, &mut is_new);
    let (field, changed) = fields::secret(ui, "Password", &form.password);
    fields::goes_on(ui, cx, &field);
    take(&mut new.password, changed, &mut is_new);
    let (field, changed) = widgets::field(ui, "Six-digit code", &form.code);
    fields::goes_on(ui, cx, &field);
    widgets::quiet(ui, cx.look, "The code that your authenticator app shows now.");
    take(&mut new.code, changed, &mut is_new);
    let changed = fields::keeping(ui, cx, &form.keeping);
    take(&mut new.keeping, changed, &mut is_new);
    if is_new {
        cx.act(Action::Welcome(welcome::Action::Edit(Box::new(Step::Enrol(new)))));
    }
    fields::buttons(ui, cx, "Set up this computer", Some("Back"));
}

fn take<T>(field: &mut T, changed: Option<T>, is_new: &mut bool) {
    if let Some(value) = changed {
        *field = value;
        *is_new = true;
    }
}
