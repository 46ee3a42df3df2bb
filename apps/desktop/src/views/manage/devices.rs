//! The page of one's own devices, and the devices of a member.

use egui::Ui;
use warproom_client::proto::MemberId;

use super::super::Cx;
use super::super::widgets::{button, heading, quiet};
use super::{ask, table};
use crate::Action;
use crate::look::{READING_WIDTH, space};
use crate::model::desk;
use crate::model::manage::Deed;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(me) = cx.model.me() else { return };
    heading(ui, "Your devices");
    quiet(
        ui,
        cx.look,
        "A device is one profile on one computer. Revoke one that is lost, lent or sold: your password alone does not lock it out.",
    );
    list(ui, cx, me);
    ui.add_space(space::L);
    ui.set_max_width(ui.available_width().min(READING_WIDTH));
    heading(ui, "Add another device");
    ui.label(
        "Start this program there, choose to set it up for somebody who is a member already, and give your handle, your password and a code of your authenticator app.",
    );
    quiet(ui, cx.look, "It also asks for the server's address:");
    if let Some(address) = cx.model.session.as_ref().map(|session| session.address.clone()) {
        ui.horizontal_wrapped(|ui| {
            ui.monospace(&address);
            if button(ui, "Copy the address").clicked() {
                cx.act(Action::Desk(desk::Action::Copy(address.clone())));
            }
        });
    }
    if !cx.model.is_manager() {
        quiet(
            ui,
            cx.look,
            "Managers can revoke any member's device, for when yours is lost and you have no other.",
        );
    }
}

/// The devices of a member, each with how it is revoked.
pub(super) fn list(ui: &mut Ui, cx: &mut Cx<'_>, member: MemberId) {
    let model = cx.model;
    let Some(devices) = model.manage.devices.get(&member) else {
        quiet(ui, cx.look, "The devices are not known yet.");
        return;
    };
    if devices.is_empty() {
        quiet(ui, cx.look, "There is no device.");
    }
    let this = model.session.as_ref().map(|session| session.device);
    table::rows(ui, "devices", devices.len(), |ui, place| {
        let device = &devices[place];
        let says = if Some(device.device) == this { "this device" } else { "" };
        table::saying(ui, cx.look, &[device.name.as_str(), says], |ui| {
            if table::act(ui, cx, "Revoke", device.name.as_str()).clicked() {
                ask(cx, Deed::RevokeDevice { member, device: device.device });
            }
        });
    });
}
