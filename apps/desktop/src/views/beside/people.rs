//! Who is in the room.

use egui::{ScrollArea, Ui};
use warproom_client::proto::calls::RoomMember;
use warproom_client::proto::{Principal, RoomRole};

use crate::Action;
use crate::look::space;
use crate::model::compose;
use crate::model::desk::{self, Focus};
use crate::model::manage::{self, Shown};
use crate::model::room::Room;
use crate::views::Cx;
use crate::views::widgets::{button, link_button, quiet, strong};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room) {
    if room.role == Some(RoomRole::Lead) || cx.model.is_manager() {
        if button(ui, "Bring in or take out people…").clicked() {
            cx.act(Action::Manage(manage::Action::Open(Shown::Room(room.id))));
        }
        ui.add_space(space::S);
    }
    let Some(people) = &room.people else {
        quiet(ui, cx.look, "Who is in this room is not known yet.");
        return;
    };
    quiet(
        ui,
        cx.look,
        &match people.len() {
            1 => "1 person or bot".to_owned(),
            count => format!("{count} people and bots"),
        },
    );
    ScrollArea::vertical().id_salt("people").auto_shrink([false, true]).show(ui, |ui| {
        for person in people {
            one(ui, cx, room, person);
        }
    });
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, room: &Room, person: &RoomMember) {
    ui.separator();
    ui.push_id(person.who, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.spacing_mut().interact_size.y = space::XL;
        ui.horizontal_wrapped(|ui| {
            strong(ui, person.name.as_str());
            quiet(ui, cx.look, &standing(room, person));
        });
        ui.horizontal_wrapped(|ui| {
            if let Some(organisation) = &person.organisation_name {
                quiet(ui, cx.look, organisation.as_str());
            }
            call_by_name(ui, cx, person);
        });
    });
}

/// Their part, and whether they are connected where the room tells.
fn standing(room: &Room, person: &RoomMember) -> String {
    let part = match (person.who, person.role) {
        (Principal::Bot(_), _) => "bot",
        (_, RoomRole::Lead) => "lead",
        (_, RoomRole::Participant) => "participant",
    };
    let is_here = person.who.member().is_some_and(|member| room.here.contains(&member));
    match (room.settings.presence, is_here) {
        (false, _) => part.to_owned(),
        (true, true) => format!("{part}, here"),
        (true, false) => format!("{part}, not here"),
    }
}

fn call_by_name(ui: &mut Ui, cx: &mut Cx<'_>, person: &RoomMember) {
    let member = person.who.member().filter(|member| Some(*member) != cx.model.me());
    let Some(member) = member.and_then(|member| cx.model.directory.member(member)) else { return };
    let name = format!("Call {} by name", person.name);
    if link_button(ui, cx.look, "Call by name").accessible_name(name).clicked() {
        cx.act(Action::Compose(compose::Action::Insert(format!("@{} ", member.handle))));
        cx.act(Action::Desk(desk::Action::Focus(Focus::Composer)));
    }
}
