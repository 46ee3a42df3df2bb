//! Members and devices: what is done to them is spelled out, asked for exactly, and told.

use serde_json::json;
use warproom_client::proto::DeviceId;
use warproom_client::proto::calls::{DeviceList, Done, ListDevices};
use warproom_client::proto::register::{Device, PublicKey, Role};

use super::super::{Action, Deed, ManagePage, Shown};
use super::{answer, asked, calls, does, managing, no, said};
use crate::fixture::{member, name};
use crate::model::desk;
use crate::news::Connection;
use crate::request::{Reply, Request};
use crate::{Model, News};

fn asks(model: &mut Model, deed: Deed) -> String {
    does(model, Action::Ask(deed));
    model.desk.confirm.as_ref().map(|confirm| confirm.what_it_does.clone()).unwrap_or_default()
}

fn confirms(model: &mut Model) -> Vec<serde_json::Value> {
    asked(&model.act(crate::Action::Desk(desk::Action::Confirm)))
}

fn device(number: u8, of: u8) -> Device {
    Device {
        device: DeviceId::from_bytes([number; 16]),
        member: member(of),
        name: name("Laptop"),
        public_key: PublicKey([number; 32]),
    }
}

#[test]
fn each_change_of_a_member_is_its_own_call() {
    let mut model = managing(ManagePage::Members);
    let mut call = |deed| does(&mut model, Action::Do(deed)).remove(0);
    let who = member(4);
    let change = |role, standing| json!({"ChangeMember": {"member": who, "role": role, "standing": standing}});
    assert_eq!(call(Deed::Suspend(who)), change(None, Some("suspended")));
    assert_eq!(call(Deed::Reinstate(who)), change(None, Some("active")));
    assert_eq!(
        call(Deed::GiveRole { member: who, role: Role::Manager }),
        change(Some("manager"), None)
    );
    assert_eq!(call(Deed::Remove(who)), json!({"RemoveMember": {"member": who}}));
}

#[test]
fn removing_is_spelled_out_done_and_told_and_the_list_is_asked_for_again() {
    let mut model = managing(ManagePage::Members);
    does(&mut model, Action::Open(Shown::Member(member(4))));
    let what = asks(&mut model, Deed::Remove(member(4)));
    for part in [
        "Every device",
        "every room",
        "every open connection",
        "within a second",
        "cannot be undone",
        "new invitation",
    ] {
        assert!(what.contains(part), "{part}: {what}");
    }
    let call = confirms(&mut model).remove(0);
    let asked = answer(&mut model, &call, Ok(Reply::RemoveMember(Done {})));
    assert_eq!(calls(&asked), ["ListMembers"]);
    assert_eq!(model.manage.shown, Shown::List);
    assert_eq!(said(&model), "Tom Ashdown is removed, with every device and from every room.");
}

#[test]
fn a_refused_change_says_why_and_stays_where_it_was() {
    let mut model = managing(ManagePage::Members);
    does(&mut model, Action::Open(Shown::Member(member(5))));
    let call = does(&mut model, Action::Do(Deed::Remove(member(5)))).remove(0);
    answer(&mut model, &call, Err(no()));
    assert_eq!(model.manage.trouble.as_deref(), Some("this does not fit"));
    assert_eq!(model.manage.shown, Shown::Member(member(5)));
}

#[test]
fn a_member_is_looked_at_with_their_devices_and_one_of_them_is_revoked() {
    let mut model = managing(ManagePage::Members);
    let asked = does(&mut model, Action::Open(Shown::Member(member(4))));
    assert_eq!(asked, [json!({"ListDevices": {"member": member(4)}})]);
    let list = DeviceList { devices: vec![device(3, 4)] };
    answer(&mut model, &asked[0], Ok(Reply::ListDevices(list)));
    let deed = Deed::RevokeDevice { member: member(4), device: DeviceId::from_bytes([3; 16]) };
    assert!(asks(&mut model, deed).contains("Tom Ashdown\u{2019}s other devices stay"));
    let call = confirms(&mut model).remove(0);
    assert_eq!(call, json!({"RevokeDevice": {"device": DeviceId::from_bytes([3; 16])}}));
    let asked = answer(&mut model, &call, Ok(Reply::RevokeDevice(Done {})));
    assert!(calls(&asked).contains(&"ListDevices"));
}

#[test]
fn revoking_this_device_says_that_it_signs_out() {
    let mut model = managing(ManagePage::Devices);
    let own = Request::ListDevices(ListDevices { member: None });
    let list = DeviceList { devices: vec![device(9, 5), device(3, 5)] };
    let _ = model.hear(&News::Answered(own, Ok(Reply::ListDevices(list))));
    let deed = |number| Deed::RevokeDevice {
        member: member(5),
        device: DeviceId::from_bytes([number; 16]),
    };
    assert!(asks(&mut model, deed(9)).contains("You are signed out at once"));
    assert!(asks(&mut model, deed(3)).contains("Your other devices stay"));
}

#[test]
fn without_a_connection_a_confirmed_deed_is_not_done_later() {
    let mut model = managing(ManagePage::Members);
    asks(&mut model, Deed::Suspend(member(4)));
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(confirms(&mut model).is_empty());
    assert!(model.manage.trouble.as_ref().unwrap().contains("nothing was done"));
}
