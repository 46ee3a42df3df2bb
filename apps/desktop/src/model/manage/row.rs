//! What is done on a row of a page, for whoever does it by its name: the rows are listed, one is chosen,
//! and the question is the same as on the row itself.

use warproom_client::proto::calls::RoomMember;
use warproom_client::proto::{Principal, RoomRole};

use super::{Deed, ManagePage, Shown, words};
use crate::model::Model;
use crate::model::desk::Pane;

/// Something done on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAct {
    /// Taking somebody out of the room that is shown.
    TakeOut,
    /// Giving somebody another part in the room that is shown.
    GivePart,
    /// Taking an invitation back.
    RevokeInvitation,
    /// Revoking a device.
    RevokeDevice,
}

impl RowAct {
    /// What is asked where the rows are listed.
    pub const fn question(self) -> &'static str {
        match self {
            Self::TakeOut => "Take whom out of the room",
            Self::GivePart => "Give whom another part in the room",
            Self::RevokeInvitation => "Take whose invitation back",
            Self::RevokeDevice => "Revoke which device",
        }
    }
}

/// A row that something can be done on.
#[derive(Clone, Debug)]
pub struct RowOffer {
    /// Whom or what it is about.
    pub name: String,
    /// What tells it from others, or what comes of it.
    pub beside: String,
    /// What is asked about when it is chosen.
    pub deed: Deed,
}

/// The rows of the page that is shown on which this can be done now.
pub fn row_offers(model: &Model, act: RowAct) -> Vec<RowOffer> {
    if model.desk.pane != Pane::Manage || !model.is_connected() {
        return Vec::new();
    }
    match act {
        RowAct::TakeOut | RowAct::GivePart => of_room(model, act),
        RowAct::RevokeInvitation => invitations(model),
        RowAct::RevokeDevice => devices(model),
    }
}

fn of_room(model: &Model, act: RowAct) -> Vec<RowOffer> {
    let Shown::Room(room) = model.manage.shown else { return Vec::new() };
    let leads = model.managed_room(room).is_some_and(|room| words::may_lead(model, room.part));
    let people = model.manage.people.iter().flatten().filter(|_| leads);
    let offer = |person: &RoomMember| {
        let name = person.name.to_string();
        let organisation = person.organisation_name.as_ref().map(ToString::to_string);
        let organisation = organisation.or_else(|| model.directory.organisation_of(person.who));
        let organisation = organisation.unwrap_or_default();
        let is_me = person.who.member().is_some() && person.who.member() == model.me();
        match (act, person.who) {
            (RowAct::TakeOut, who) if !is_me => {
                Some(RowOffer { name, beside: organisation, deed: Deed::TakeOut { room, who } })
            }
            (RowAct::GivePart, Principal::Member(member)) => {
                let role = match person.role {
                    RoomRole::Lead => RoomRole::Participant,
                    RoomRole::Participant => RoomRole::Lead,
                };
                let beside = format!("make {}", words::part(role));
                Some(RowOffer { name, beside, deed: Deed::GivePart { room, member, role } })
            }
            _ => None,
        }
    };
    people.filter_map(offer).collect()
}

fn invitations(model: &Model) -> Vec<RowOffer> {
    let is_shown = model.manage.page == ManagePage::Invitations && model.is_manager();
    let open = model.manage.invitations.iter().flatten().filter(|_| is_shown);
    let offer = |one: &warproom_client::proto::calls::PendingInvitation| RowOffer {
        name: one.member.name.to_string(),
        beside: model.directory.organisation(one.member.organisation),
        deed: Deed::RevokeInvitation(one.invitation),
    };
    open.map(offer).collect()
}

fn devices(model: &Model) -> Vec<RowOffer> {
    let whose = match (model.manage.page, model.manage.shown) {
        (ManagePage::Devices, _) => model.me(),
        (ManagePage::Members, Shown::Member(member)) if model.is_manager() => Some(member),
        _ => None,
    };
    let Some(member) = whose else { return Vec::new() };
    let this = model.session.as_ref().map(|session| session.device);
    let all = model.manage.devices.get(&member).into_iter().flatten();
    let offer = |device: &warproom_client::proto::register::Device| {
        let is_this = Some(device.device) == this;
        RowOffer {
            name: device.name.to_string(),
            beside: if is_this { "this device".to_owned() } else { String::new() },
            deed: Deed::RevokeDevice { member, device: device.device },
        }
    };
    all.map(offer).collect()
}
