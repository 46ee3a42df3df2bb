//! The page of invitations: those that are open, and inviting a person.

use egui::Ui;
use warproom_client::proto::register::Role;

use super::super::Cx;
use super::super::widgets::{field, heading, primary_button, quiet};
use super::picker::{Picked, picker};
use super::{ask, form, once, only_managers, open, picker as finding, table};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, Deed, InviteForm, Shown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !cx.model.is_manager() {
        only_managers(ui, cx, "invite people");
        return;
    }
    if cx.model.manage.shown == Shown::New {
        invite(ui, cx);
        return;
    }
    once::ui(ui, cx);
    if primary_button(ui, cx.look, "Invite a person").clicked() {
        open(cx, Shown::New);
    }
    pending(ui, cx);
}

fn pending(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(pending) = &model.manage.invitations else {
        quiet(ui, cx.look, "The open invitations are not known yet.");
        return;
    };
    heading(ui, "Open invitations");
    if pending.is_empty() {
        quiet(ui, cx.look, "None waits to be redeemed.");
    }
    table::rows(ui, "invitations", pending.len(), |ui, place| {
        let invitation = &pending[place];
        let member = &invitation.member;
        let name = format!("{} @{}", member.name, member.handle);
        let organisation = model.directory.organisation(member.organisation);
        let whose = format!("{}, {organisation}", manage::role(member.role));
        let until = manage::expiry(model.now_ms, invitation.expires_at_ms);
        table::saying(ui, cx.look, &[&name, &whose, &until], |ui| {
            if table::act(ui, cx, "Revoke", &format!("the invitation of {}", member.name)).clicked()
            {
                ask(cx, Deed::RevokeInvitation(invitation.invitation));
            }
        });
    });
}

fn invite(ui: &mut Ui, cx: &mut Cx<'_>) {
    super::opened(ui, cx, "Open invitations", "Invite a person");
    if cx.model.manage.once.is_some() {
        once::ui(ui, cx);
        ui.add_space(space::L);
        heading(ui, "Invite somebody else");
    }
    let before = &cx.model.manage.invite;
    let mut form = before.clone();
    let is_changed = form::part(ui, "invite", |ui| fields(ui, cx, &mut form));
    if is_changed {
        cx.act(Action::Manage(manage::Action::FillInvite(form)));
    }
    ui.add_space(space::S);
    quiet(
        ui,
        cx.look,
        "Nothing is sent to them. You get a text to hand over, which works once and for a fortnight; the name, organisation and role in it cannot be changed by whoever redeems it.",
    );
    if form::send(ui, cx, &before.asked, "Make the invitation") {
        cx.act(Action::Manage(manage::Action::Invite));
    }
}

fn fields(ui: &mut Ui, cx: &Cx<'_>, form: &mut InviteForm) -> bool {
    let mut is_changed = false;
    let (response, name) = field(ui, "Name of the person", &form.name);
    super::takes_focus(cx, &response);
    is_changed |= name.is_some();
    form.name = name.unwrap_or(std::mem::take(&mut form.name));
    let (_, handle) = field(ui, "Handle", &form.handle);
    is_changed |= handle.is_some();
    form.handle = handle.unwrap_or(std::mem::take(&mut form.handle));
    quiet(
        ui,
        cx.look,
        "For signing in and for @mentions: a-z, 0-9, full stop, hyphen, underscore.",
    );
    ui.add_space(space::S);
    is_changed |= organisation(ui, cx, form);
    ui.add_space(space::S);
    let roles = [(Role::Officer, "Officer"), (Role::Manager, "Manager"), (Role::Guest, "Guest")];
    let role = form::one_of(ui, "Role", &roles, form.role);
    is_changed |= role.is_some();
    form.role = role.unwrap_or(form.role);
    let meaning = format!("Who {}.", manage::role_meaning(form.role));
    quiet(ui, cx.look, &meaning);
    is_changed
}

fn organisation(ui: &mut Ui, cx: &Cx<'_>, form: &mut InviteForm) -> bool {
    let offers = finding::organisations(cx, &form.finding);
    let offers = offers.into_iter().map(|one| (one.organisation, one.name.to_string())).collect();
    let chosen = form.organisation.map(|id| cx.model.directory.organisation(id));
    ui.label(format!("Organisation: {}", chosen.as_deref().unwrap_or("not chosen yet")));
    match picker(ui, cx, ("Find the organisation", &form.finding), offers) {
        Some(Picked::Typed(text)) => form.finding = text,
        Some(Picked::Taken(id)) => {
            form.organisation = Some(id);
            form.finding.clear();
        }
        None => return false,
    }
    true
}
