//! The pages beside the rooms: managing, the directory, settings.

use warproom_client::proto::calls::{
    BotList, DeviceList, InvitationList, ListBots, ListDevices, ListInvitations, ListRooms,
    PendingInvitation, Preferences, RegisterPage, RoomList, RoomMember, RoomMemberList,
    RoomMembers, ShowPreferences,
};
use warproom_client::proto::register::{Bot, Device, Grant, Member, PublicKey, Role, Standing};
use warproom_client::proto::{BotId, DeviceId, InvitationId, Label, Principal, RoomRole};
use warproom_desktop::fixture::{self, NOW_MS, ROOMS, member, name, organisation};
use warproom_desktop::model::desk::{self, Pane};
use warproom_desktop::model::manage::{self, ManagePage, Shown};
use warproom_desktop::request::Reply;
use warproom_desktop::{Action, Model, News};

use super::{CONTRAST, DARK, LIGHT, Scenes, act, hear};

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

pub fn scenes(scenes: &mut Scenes) {
    scenes.form("manage-rooms", DARK, || manage(ManagePage::Rooms));
    scenes.form("manage-room", LIGHT, manage_room);
    scenes.one("manage-new-room", DARK, || new(ManagePage::Rooms));
    scenes.form("manage-members", LIGHT, || manage(ManagePage::Members));
    scenes.one("manage-member", DARK, manage_member);
    scenes.one("manage-invitations", DARK, || manage(ManagePage::Invitations));
    scenes.form("manage-invite", LIGHT, || new(ManagePage::Invitations));
    scenes.one("manage-organisations", LIGHT, || manage(ManagePage::Organisations));
    scenes.one("manage-devices", DARK, || manage(ManagePage::Devices));
    scenes.one("manage-bots", LIGHT, || manage(ManagePage::Bots));
    scenes.form("manage-acts", DARK, acts);
    scenes.form("manage-bot", CONTRAST, || new(ManagePage::Bots));
    scenes.form("directory", DARK, || pane(Pane::Directory));
    scenes.form("settings", LIGHT, || pane(Pane::Settings));
    scenes.one("settings", CONTRAST, || pane(Pane::Settings));
}

/// The log of acts, with somebody who is gone and something withheld in it.
fn acts() -> Model {
    let mut model = manage(ManagePage::Acts);
    let mut of_some_weeks = fixture::acts::usual(180);
    of_some_weeks.extend(fixture::acts::of_a_week());
    let log = fixture::acts::log(&of_some_weeks);
    let call = RegisterPage { after: 0, limit: 200 };
    let reply = Reply::RegisterPage(fixture::acts::page(&log, call));
    hear(&mut model, &News::Answered(call.into(), Ok(reply)));
    model
}

/// The WARP with whatever a manager is told of it.
fn told() -> Model {
    let mut model = fixture::incident_model();
    let room = |(number, (called, ceiling, label)): (u16, &(&str, Label, Label))| {
        fixture::summary(number, called, *ceiling, *label)
    };
    let rooms = (1..).zip(&ROOMS).map(room).collect();
    let grant = Grant {
        rooms: vec![fixture::room(3)],
        read: None,
        post: Some(Label::Green),
        answer: false,
        per_minute: 60,
        expires_at_ms: NOW_MS + 30 * DAY_MS,
    };
    let bot = BotId::from_bytes([7; 16]);
    let bot = Bot { bot, name: name("NCSC feed"), owner: member(5), grant, hook: None };
    let invited = Member {
        member: member(20),
        name: name("Siân Prosser"),
        handle: "sian".parse().unwrap_or_else(|_| panic!("it is a handle")),
        organisation: organisation(6),
        role: Role::Officer,
        standing: Standing::Active,
    };
    let invitation = PendingInvitation {
        invitation: InvitationId::from_bytes([4; 16]),
        member: invited,
        expires_at_ms: NOW_MS + 2 * DAY_MS,
    };
    for news in [
        News::Answered(ListRooms { all: true }.into(), Ok(Reply::ListRooms(RoomList { rooms }))),
        News::Answered(ListBots {}.into(), Ok(Reply::ListBots(BotList { bots: vec![bot] }))),
        News::Answered(
            ListInvitations {}.into(),
            Ok(Reply::ListInvitations(InvitationList { invitations: vec![invitation] })),
        ),
        News::Answered(
            ShowPreferences {}.into(),
            Ok(Reply::ShowPreferences(Preferences::default())),
        ),
    ] {
        hear(&mut model, &news);
    }
    for number in 1..=5 {
        devices(&mut model, number);
    }
    model
}

fn devices(model: &mut Model, number: u8) {
    let one = |place: u8, called: &str| Device {
        device: DeviceId::from_bytes([number * 4 + place; 16]),
        member: member(number),
        name: name(called),
        public_key: PublicKey([number; 32]),
    };
    let devices = vec![one(0, "council-laptop-7"), one(1, "Home")];
    let call = ListDevices { member: Some(member(number)) };
    hear(model, &News::Answered(call.into(), Ok(Reply::ListDevices(DeviceList { devices }))));
}

fn pane(pane: Pane) -> Model {
    let mut model = told();
    act(&mut model, Action::Desk(desk::Action::Show(pane)));
    model
}

fn manage(page: ManagePage) -> Model {
    let mut model = pane(Pane::Manage);
    act(&mut model, Action::Manage(manage::Action::Show(page)));
    model
}

fn new(page: ManagePage) -> Model {
    let mut model = manage(page);
    act(&mut model, Action::Manage(manage::Action::Open(Shown::New)));
    model
}

fn manage_room() -> Model {
    let mut model = manage(ManagePage::Rooms);
    let room = fixture::room(1);
    act(&mut model, Action::Manage(manage::Action::Open(Shown::Room(room))));
    let one = |number: u8| RoomMember {
        who: Principal::Member(member(number)),
        name: name(fixture::MEMBERS[usize::from(number) - 1].0),
        organisation: Some(organisation(number)),
        organisation_name: None,
        role: if number == 5 { RoomRole::Lead } else { RoomRole::Participant },
    };
    let members = (1..=6).map(one).collect();
    let reply = Reply::RoomMembers(RoomMemberList { members });
    hear(&mut model, &News::Answered(RoomMembers { room }.into(), Ok(reply)));
    model
}

fn manage_member() -> Model {
    let mut model = manage(ManagePage::Members);
    act(&mut model, Action::Manage(manage::Action::Open(Shown::Member(member(3)))));
    model
}
