//! The lists that the pages draw: asked for when a page is shown and after each change.

use warproom_client::proto::MemberId;
use warproom_client::proto::calls::{
    ListBots, ListDevices, ListInvitations, ListMembers, ListOrganisations, ListProposals,
    ListRegisterEntries, ListRooms, RoomMembers, ShowRetention,
};

use super::{ManagePage, Shown, acts, audit};
use crate::Effect;
use crate::model::Model;
use crate::news::Refusal;
use crate::request::{Reply, Request};

/// Asks for what the page shows. Without a connection nothing is asked: signing in asks.
pub(super) fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    if model.is_connected() {
        ask(model, out);
    }
}

/// Asks for what the page shows, as far as the one signed in may have it.
pub(super) fn ask(model: &mut Model, out: &mut Vec<Effect>) {
    let mut requests: Vec<Request> = Vec::new();
    match model.manage.page {
        ManagePage::Rooms => {
            requests.push(ListRooms { all: model.is_manager() }.into());
            if let Shown::Room(room) = model.manage.shown {
                requests.push(RoomMembers { room }.into());
                requests.push(ShowRetention { room: Some(room) }.into());
            }
        }
        ManagePage::Members => {
            requests.push(ListMembers {}.into());
            if let Shown::Member(member) = model.manage.shown {
                devices(model, Some(member), out);
            }
        }
        ManagePage::Invitations if model.is_manager() => {
            requests.extend([
                ListInvitations {}.into(),
                ListMembers {}.into(),
                ListOrganisations {}.into(),
            ]);
        }
        ManagePage::Organisations if super::is_officer(model) => {
            requests.extend([ListOrganisations {}.into(), ListRegisterEntries {}.into()]);
        }
        ManagePage::Devices => devices(model, None, out),
        ManagePage::Bots if super::is_officer(model) => {
            requests.extend([
                ListBots {}.into(),
                ListRooms { all: model.is_manager() }.into(),
                ListMembers {}.into(),
            ]);
        }
        ManagePage::Proposals if model.is_manager() => {
            requests.extend([ListProposals {}.into(), ListRooms { all: true }.into()]);
        }
        ManagePage::Acts => acts::refresh(model, out),
        ManagePage::Audit => audit::refresh(model, out),
        ManagePage::Disclosure if model.is_manager() => {
            requests.extend([ListRooms { all: false }.into(), ListMembers {}.into()]);
        }
        ManagePage::Disclosure
        | ManagePage::Invitations
        | ManagePage::Organisations
        | ManagePage::Bots
        | ManagePage::Proposals => {}
    }
    out.extend(requests.into_iter().map(Effect::Call));
}

/// Asks for the devices of a member; none: one's own. Others' are a manager's to see.
pub(super) fn devices(model: &Model, member: Option<MemberId>, out: &mut Vec<Effect>) {
    let member = member.filter(|member| Some(*member) != model.me());
    if member.is_none() || model.is_manager() {
        out.push(Effect::Call(ListDevices { member }.into()));
    }
}

/// Takes in the lists that only managing shows. What everyone shows is in the directory and the rooms.
pub(super) fn answered(model: &mut Model, request: &Request, result: &Result<Reply, Refusal>) {
    let me = model.me();
    let manage = &mut model.manage;
    match (request, result) {
        (Request::ListRooms(ListRooms { all: true }), Ok(Reply::ListRooms(list))) => {
            manage.rooms.clone_from(&list.rooms);
        }
        (Request::RoomMembers(RoomMembers { room }), Ok(Reply::RoomMembers(list)))
            if manage.shown == Shown::Room(*room) =>
        {
            manage.people = Some(list.members.clone());
        }
        (Request::ListDevices(ListDevices { member }), Ok(Reply::ListDevices(list))) => {
            manage.devices.extend(member.or(me).map(|member| (member, list.devices.clone())));
        }
        (Request::ListInvitations(_), Ok(Reply::ListInvitations(list))) => {
            manage.invitations = Some(list.invitations.clone());
        }
        (
            Request::ListRooms(ListRooms { all: true })
            | Request::RoomMembers(_)
            | Request::ListDevices(_)
            | Request::ListInvitations(_)
            | Request::ListOrganisations(_)
            | Request::ListProposals(_)
            | Request::ListBots(_),
            Err(refusal),
        ) if manage.is_up => manage.trouble = Some(refusal.to_string()),
        _ => {}
    }
}
