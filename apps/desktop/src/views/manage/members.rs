//! The page of members: who is what, and for managers changing it.

use egui::Ui;
use warproom_client::proto::MemberId;
use warproom_client::proto::register::{Role, Standing};

use super::super::Cx;
use super::super::widgets::{button, heading, quiet};
use super::{ask, devices, form, only_managers, open, picker, table};
use crate::look::space;
use crate::model::manage::{self, Deed, Shown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    match cx.model.manage.shown {
        Shown::Member(id) if cx.model.is_manager() => one(ui, cx, id),
        _ => list(ui, cx),
    }
}

fn list(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    if !model.is_manager() {
        only_managers(ui, cx, "change members, suspend or remove them");
    }
    super::filter(ui, cx, "Find a member");
    let members = picker::members(cx, &model.manage.filter);
    if members.is_empty() {
        quiet(ui, cx.look, "There is no such member.");
    }
    table::rows(ui, "members", members.len(), |ui, place| {
        let member = members[place];
        let organisation = model.directory.organisation(member.organisation);
        let says = match member.standing {
            Standing::Active => manage::role(member.role).to_owned(),
            Standing::Suspended => format!("{}, suspended", manage::role(member.role)),
        };
        let name = format!("{} @{}", member.name, member.handle);
        let cells = [name.as_str(), &organisation, &says];
        if !model.is_manager() {
            table::saying(ui, cx.look, &cells, |_| {});
        } else if table::opening(ui, cx.look, &cells).clicked() {
            open(cx, Shown::Member(member.member));
        }
    });
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, id: MemberId) {
    let model = cx.model;
    let Some(member) = model.directory.member(id) else {
        super::opened(ui, cx, "All members", "Somebody who is no longer a member");
        return;
    };
    super::opened(ui, cx, "All members", member.name.as_str());
    let organisation = model.directory.organisation(member.organisation);
    ui.label(format!("@{}, {organisation}, {}", member.handle, manage::standing(member.standing)));
    ui.add_space(space::S);
    role(ui, cx, id, member.role);
    ui.add_space(space::L);
    heading(ui, "Standing");
    standing(ui, cx, id, member.standing);
    ui.add_space(space::L);
    heading(ui, "Devices");
    devices::list(ui, cx, id);
    ui.add_space(space::L);
    heading(ui, "Leaving the WARP");
    quiet(
        ui,
        cx.look,
        "Removing ends every device, room and connection within a second, and cannot be undone.",
    );
    if form::danger(ui, cx, "Remove from the WARP") {
        ask(cx, Deed::Remove(id));
    }
}

fn role(ui: &mut Ui, cx: &mut Cx<'_>, member: MemberId, now: Role) {
    let roles = [(Role::Guest, "Guest"), (Role::Officer, "Officer"), (Role::Manager, "Manager")];
    let picked = ui
        .add_enabled_ui(cx.model.is_connected(), |ui| form::one_of(ui, "Role", &roles, now))
        .inner;
    quiet(ui, cx.look, &format!("Who is {} {}.", manage::role(now), manage::role_meaning(now)));
    if let Some(role) = picked {
        ask(cx, Deed::GiveRole { member, role });
    }
}

fn standing(ui: &mut Ui, cx: &mut Cx<'_>, member: MemberId, now: Standing) {
    match now {
        Standing::Active => {
            quiet(
                ui,
                cx.look,
                "Suspended, they can do nothing until reinstated; rooms and devices are kept.",
            );
            if form::danger(ui, cx, "Suspend") {
                ask(cx, Deed::Suspend(member));
            }
        }
        Standing::Suspended => {
            quiet(ui, cx.look, "They can do nothing now. Rooms and devices are kept.");
            let is_on = cx.model.is_connected();
            if ui.add_enabled_ui(is_on, |ui| button(ui, "Reinstate")).inner.clicked() {
                ask(cx, Deed::Reinstate(member));
            }
        }
    }
}
