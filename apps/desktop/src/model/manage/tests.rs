//! Each form to its exact call, refusals keep what was typed, and nothing secret stays.

mod acts;
mod audit;
mod bots;
mod deeds;
pub(crate) mod disclosure;
mod organisations;
mod rooms;

use serde_json::{Value, json};
use warproom_client::proto::calls::{InvitationAdded, InvitationList, PendingInvitation};
use warproom_client::proto::register::{Member, Role, Standing};
use warproom_client::proto::{InvitationId, Secret};

use super::{Action, Asked, InviteForm, ManagePage, Once, Part, Shown};
use crate::fixture::{self, member, name, organisation};
use crate::model::desk::{self, Pane};
use crate::news::{Connection, Refusal, SignedIn};
use crate::request::{Reply, Request};
use crate::{Effect, Model, News};

/// Does something on a page, and answers what was asked of the world.
fn does(model: &mut Model, action: Action) -> Vec<Value> {
    asked(&model.act(crate::Action::Manage(action)))
}

/// What was asked of the server, as it goes over the wire.
fn asked(effects: &[Effect]) -> Vec<Value> {
    let one = |effect: &Effect| match effect {
        Effect::Call(request) => serde_json::to_value(request).ok(),
        Effect::Send(outgoing) => serde_json::to_value(outgoing).ok(),
        _ => None,
    };
    effects.iter().filter_map(one).collect()
}

/// The calls that were asked for, by name.
fn calls(asked: &[Value]) -> Vec<&str> {
    asked.iter().filter_map(|one| one.as_object()?.keys().next()).map(String::as_str).collect()
}

/// The server answers a call that was asked for just now.
fn answer(model: &mut Model, call: &Value, result: Result<Reply, Refusal>) -> Vec<Value> {
    let request: Request = serde_json::from_value(call.clone()).unwrap();
    asked(&model.hear(&News::Answered(request, result)))
}

fn no() -> Refusal {
    Refusal::new("this does not fit", "")
}

fn said(model: &Model) -> &str {
    model.desk.notices.last().map_or("", |notice| notice.text.as_str())
}

fn managing(page: ManagePage) -> Model {
    let mut model = fixture::model();
    does(&mut model, Action::Show(page));
    model
}

fn invite_form() -> InviteForm {
    InviteForm {
        name: "Nia Prosser".into(),
        organisation: Some(organisation(4)),
        ..InviteForm::default()
    }
}

fn invited(model: &mut Model) -> Value {
    does(model, Action::Open(Shown::New));
    does(model, Action::FillInvite(invite_form()));
    does(model, Action::Invite).remove(0)
}

fn added() -> Reply {
    Reply::AddInvitation(InvitationAdded {
        invitation: InvitationId::from_bytes([8; 16]),
        text: Secret::from("warproom://kent.example:8443/abc/code".to_owned()),
        expires_at_ms: fixture::NOW_MS + 14 * 24 * 3_600_000,
    })
}

#[test]
fn a_page_asks_for_its_lists_when_it_is_shown() {
    let mut model = fixture::model();
    let mut shown = |page| {
        let asked = does(&mut model, Action::Show(page));
        calls(&asked).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(ManagePage::Rooms), ["ListRooms"]);
    assert_eq!(shown(ManagePage::Members), ["ListMembers"]);
    assert_eq!(
        shown(ManagePage::Invitations),
        ["ListInvitations", "ListMembers", "ListOrganisations"]
    );
    assert_eq!(shown(ManagePage::Organisations), ["ListOrganisations", "ListRegisterEntries"]);
    assert_eq!(shown(ManagePage::Devices), ["ListDevices"]);
    assert_eq!(shown(ManagePage::Bots), ["ListBots", "ListRooms", "ListMembers"]);
}

#[test]
fn an_officer_asks_for_nothing_that_only_managers_get() {
    let mut model = fixture::signed_in(1);
    assert_eq!(does(&mut model, Action::Show(ManagePage::Invitations)), Vec::<Value>::new());
    let asked = does(&mut model, Action::Show(ManagePage::Rooms));
    assert_eq!(asked, [json!({"ListRooms": {"all": false}})]);
}

#[test]
fn the_page_asks_when_managing_comes_to_the_screen_by_any_way_and_again_after_a_reconnect() {
    let mut model = fixture::model();
    let to = |pane| crate::Action::Desk(desk::Action::Show(pane));
    let shown = asked(&model.act(to(Pane::Manage)));
    assert_eq!(shown, [json!({"ListRooms": {"all": true}})]);
    assert_eq!(asked(&model.act(to(Pane::Manage))), Vec::<Value>::new());
    let _ = model.act(to(Pane::Room));
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert_eq!(asked(&model.act(to(Pane::Manage))), Vec::<Value>::new());
    let session = model.session.clone().unwrap();
    let signed_in = SignedIn { warp: session.warp, me: session.me };
    let asked = asked(&model.hear(&News::SignedIn(signed_in)));
    assert!(asked.contains(&json!({"ListRooms": {"all": true}})));
}

#[test]
fn a_thing_is_opened_on_its_page_from_anywhere() {
    let mut model = fixture::model();
    let asked = does(&mut model, Action::Open(Shown::Member(member(4))));
    assert_eq!((model.desk.pane, model.manage.page), (Pane::Manage, ManagePage::Members));
    assert_eq!(model.manage.shown, Shown::Member(member(4)));
    assert_eq!(calls(&asked), ["ListMembers", "ListDevices"]);
}

#[test]
fn an_invitation_is_asked_for_as_it_was_filled_in() {
    let mut model = managing(ManagePage::Invitations);
    let call = invited(&mut model);
    let expected = json!({"AddInvitation": {
        "name": "Nia Prosser", "handle": "nia", "organisation": organisation(4), "role": "officer",
    }});
    assert_eq!(call, expected);
    assert_eq!(model.manage.invite.asked, Asked::Waiting);
}

#[test]
fn a_refused_invitation_keeps_what_was_typed_and_says_why() {
    let mut model = managing(ManagePage::Invitations);
    let call = invited(&mut model);
    answer(&mut model, &call, Err(no()));
    assert_eq!(model.manage.invite.asked, Asked::Refused("this does not fit".into()));
    assert_eq!(model.manage.invite.name, "Nia Prosser");
    assert_eq!(model.manage.invite.organisation, Some(organisation(4)));
}

#[test]
fn an_invitation_says_what_is_missing() {
    let mut model = managing(ManagePage::Invitations);
    let mut refusal = |form| {
        does(&mut model, Action::FillInvite(form));
        assert!(does(&mut model, Action::Invite).is_empty());
        match &model.manage.invite.asked {
            Asked::Refused(sentence) => sentence.clone(),
            _ => String::new(),
        }
    };
    let form = InviteForm::default;
    assert!(refusal(form()).contains("Write the person's name"));
    assert!(
        refusal(InviteForm { name: "Nia".into(), ..form() }).contains("Choose the organisation")
    );
    let odd = InviteForm { handle: "N!".into(), ..invite_form() };
    assert!(refusal(odd).starts_with("Handle: a handle has 2 to 32 characters"));
}

#[test]
fn a_handle_is_suggested_from_the_name_until_one_is_typed() {
    let mut model = managing(ManagePage::Invitations);
    let pending = PendingInvitation {
        invitation: InvitationId::from_bytes([7; 16]),
        member: Member {
            member: member(40),
            name: name("Tom Bell"),
            handle: "tom.b".parse().unwrap(),
            organisation: organisation(1),
            role: Role::Officer,
            standing: Standing::Active,
        },
        expires_at_ms: 0,
    };
    model.manage.invitations = Some(InvitationList { invitations: vec![pending] }.invitations);
    let mut handle = |named: &str| {
        let form = InviteForm { name: named.into(), ..model.manage.invite.clone() };
        does(&mut model, Action::FillInvite(form));
        model.manage.invite.handle.clone()
    };
    assert_eq!(handle("Siân"), "sian");
    assert_eq!(handle("Ffion Ŵyn Rees"), "ffion.wr");
    assert_eq!(handle("Tom Burr"), "tom.b2");
    assert_eq!(handle("王"), "");
    let typed = InviteForm { handle: "burr".into(), ..model.manage.invite.clone() };
    does(&mut model, Action::FillInvite(typed));
    let form = InviteForm { name: "Tom Burrell".into(), ..model.manage.invite.clone() };
    does(&mut model, Action::FillInvite(form));
    assert_eq!(model.manage.invite.handle, "burr");
}

#[test]
fn the_text_of_an_invitation_is_shown_once_and_gone_when_its_page_is_left() {
    type Leave = fn() -> crate::Action;
    let ways: [Leave; 4] = [
        || crate::Action::Manage(Action::Show(ManagePage::Members)),
        || crate::Action::Manage(Action::PutAway),
        || crate::Action::Manage(Action::Open(Shown::List)),
        || crate::Action::Desk(desk::Action::Back),
    ];
    for leave in ways {
        let mut model = managing(ManagePage::Invitations);
        let call = invited(&mut model);
        let asked = answer(&mut model, &call, Ok(added()));
        assert_eq!(calls(&asked)[0], "ListInvitations");
        assert!(matches!(&model.manage.once, Some(Once::Invitation { organisation, .. })
            if organisation == "Ashford Borough Council"));
        assert_eq!(model.manage.invite.name, "");
        let _ = model.act(leave());
        assert!(model.manage.once.is_none());
    }
}

#[test]
fn a_text_that_comes_after_its_page_was_left_is_not_kept_and_that_is_said() {
    let mut model = managing(ManagePage::Invitations);
    let call = invited(&mut model);
    let _ = model.act(crate::Action::Desk(desk::Action::Back));
    answer(&mut model, &call, Ok(added()));
    assert!(model.manage.once.is_none());
    assert!(said(&model).contains("Revoke it under Invitations"));
}

#[test]
fn the_text_is_copied_as_it_is() {
    let mut model = managing(ManagePage::Invitations);
    let call = invited(&mut model);
    answer(&mut model, &call, Ok(added()));
    let effects = model.act(crate::Action::Manage(Action::Copy(Part::Invitation)));
    let text = "warproom://kent.example:8443/abc/code";
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if copied == text));
    assert!(model.act(crate::Action::Manage(Action::Copy(Part::Token))).is_empty());
}
