//! The pages beside the rooms: managing, the directory, settings.

use warproom_client::AuditProved;
use warproom_client::proto::calls::{
    AuditPage, BotList, DeviceList, From, InvitationList, ListBots, ListDevices, ListInvitations,
    ListProposals, ListRooms, PendingInvitation, Preferences, ProposalList, RegisterPage, RoomList,
    RoomMember, RoomMemberList, RoomMembers, ShowPreferences,
};
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::register::{Bot, Device, Grant, Member, PublicKey, Role, Standing};
use warproom_client::proto::{
    BotId, DeviceId, File, FileId, InvitationId, Label, Principal, Proposal, ProposalId, Proposed,
    Retention, RoomRole, Sha256,
};
use warproom_desktop::fixture::{self, NOW_MS, ROOMS, member, name, organisation};
use warproom_desktop::model::credentials::{self, What};
use warproom_desktop::model::desk::{self, Pane};
use warproom_desktop::model::files::{Attached, Moved};
use warproom_desktop::model::manage::{self, DisclosureForm, ManagePage, RowAct, Shown};
use warproom_desktop::model::{compose, export};
use warproom_desktop::news::Refusal;
use warproom_desktop::request::Reply;
use warproom_desktop::{Action, Effect, Model, News};

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
    scenes.form("manage-proposals", LIGHT, proposals);
    scenes.form("manage-propose", DARK, || new(ManagePage::Proposals));
    scenes.form("manage-audit", LIGHT, audit);
    scenes.one("manage-audit", DARK, audit);
    scenes.one("manage-audit", CONTRAST, audit);
    scenes.form("manage-audit-record", DARK, audit_record);
    scenes.form("manage-disclosure", LIGHT, disclosure);
    scenes.main("manage-disclosure-read", disclosure_read);
    scenes.form("manage-organisation", LIGHT, manage_organisation);
    scenes.form("export", LIGHT, export);
    scenes.one("export", DARK, export);
    scenes.one("export", CONTRAST, export);
    scenes.form("password", DARK, password);
    scenes.one("password", CONTRAST, password);
    scenes.form("authenticator", LIGHT, authenticator);
    scenes.one("take-out-of-room", DARK, take_out);
    scenes.form("files", DARK, files);
    scenes.one("files", CONTRAST, files);
    scenes.form("save-files", LIGHT, save_files);
    scenes.form("outbox-files", LIGHT, outbox_files);
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

/// What waits for a second manager, of oneself and of another.
fn proposals() -> Model {
    let mut model = manage(ManagePage::Proposals);
    let one = |number: u8, by: u8, what, reason: &str| Proposal {
        proposal: ProposalId::from_bytes([number; 16]),
        by: member(by),
        what,
        reason: reason.parse().unwrap_or_else(|_| panic!("it is a line")),
        may_approve: if by == 5 { Vec::new() } else { vec![member(5)] },
        lapses_at_ms: NOW_MS + DAY_MS,
    };
    let erase = Proposed::EraseEntries { room: fixture::room(1), entries: vec![2, 3] };
    let retention = Retention { green: Some(365), amber: Some(180), ..Retention::default() };
    let rule = Proposed::SetRetention { room: None, retention: Some(retention) };
    let proposals =
        vec![one(1, 2, erase, "they name a patient"), one(2, 5, rule, "agreed on Thursday")];
    let reply = Reply::ListProposals(ProposalList { proposals });
    hear(&mut model, &News::Answered(ListProposals {}.into(), Ok(reply)));
    model
}

/// The audit log of a day, after many of one kind.
fn audit() -> Model {
    let mut model = manage(ManagePage::Audit);
    let mut of_some_days = vec![fixture::audit::of_a_day().swap_remove(1); 30];
    of_some_days.extend(fixture::audit::of_a_day());
    let log = fixture::audit::log(&of_some_days);
    let call = AuditPage { from: From::Latest, limit: 200 };
    let reply = Reply::AuditPage(fixture::audit::page(&log, call));
    hear(&mut model, &News::Answered(call.into(), Ok(reply)));
    let size = u64::try_from(of_some_days.len()).unwrap_or_default();
    hear(&mut model, &News::Checkpoint(Ok(fixture::audit::checkpoint(size))));
    model
}

/// A record of it, proved.
fn audit_record() -> Model {
    let mut model = audit();
    act(&mut model, Action::Manage(manage::Action::Open(Shown::Audited(39))));
    act(&mut model, Action::Manage(manage::Action::ProveAudit(39)));
    let proof = AuditProved { seq: 39, signed: fixture::audit::checkpoint(41) };
    hear(&mut model, &News::Proved { seq: 39, proof: Ok(proof) });
    model
}

/// A request for information, filled in.
fn disclosure() -> Model {
    let mut model = manage(ManagePage::Disclosure);
    let mut form = DisclosureForm::default();
    form.wanted.rooms.insert(fixture::room(1));
    form.wanted.up_to = Some(Label::Amber);
    form.wanted.purpose = Some(Purpose::FreedomOfInformation);
    "FOI 2024/113".clone_into(&mut form.wanted.reference);
    "ransom note".clone_into(&mut form.hidden.words);
    act(&mut model, Action::Manage(manage::Action::FillDisclosure(Box::new(form))));
    model
}

/// The same, read: what is given out and what is withheld.
fn disclosure_read() -> Model {
    let mut model = disclosure();
    for effect in model.act(Action::Manage(manage::Action::ReadDisclosure)) {
        if let Effect::ReadDisclosure(wish) = effect {
            let made = fixture::disclosure::made(&wish);
            hear(&mut model, &News::DisclosureRead { number: wish.number, made });
        }
    }
    model
}

fn manage_organisation() -> Model {
    let mut model = manage(ManagePage::Organisations);
    let shown = Shown::Organisation(organisation(7));
    act(&mut model, Action::Manage(manage::Action::Open(shown)));
    model
}

/// A room about to be taken out.
fn export() -> Model {
    let mut model = told();
    act(&mut model, Action::Export(export::Action::Begin(fixture::room(1))));
    model
}

fn credentials(what: What) -> Model {
    let mut model = pane(Pane::Settings);
    act(&mut model, Action::Credentials(credentials::Action::Begin(what)));
    model
}

/// A password that is not strong, refused.
fn password() -> Model {
    let mut model = credentials(What::Password);
    let Some(mut form) = model.credentials.form.clone() else { return model };
    form.password = "what it was before".to_owned().into();
    "123 456".clone_into(&mut form.code);
    form.new = "council2024!".to_owned().into();
    form.again = "council2024".to_owned().into();
    act(&mut model, Action::Credentials(credentials::Action::Fill(Box::new(form))));
    act(&mut model, Action::Credentials(credentials::Action::Submit));
    model
}

fn authenticator() -> Model {
    let mut model = credentials(What::Authenticator);
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let uri = format!("otpauth://totp/Kent:priya?secret={secret}&issuer=Kent");
    let made = News::TotpMade { secret: secret.to_owned().into(), uri: uri.into() };
    hear(&mut model, &made);
    model
}

/// Somebody to be taken out of a room, by the command.
fn take_out() -> Model {
    let mut model = manage_room();
    super::toggle(&mut model, desk::Overlay::Row(RowAct::TakeOut));
    model
}

fn file(number: u8, called: &str, size_bytes: u64) -> File {
    File {
        file: FileId::from_bytes([number; 16]),
        name: called.parse().unwrap_or_else(|_| panic!("it is a file's name")),
        media_type: None,
        size_bytes,
        sha256: Sha256([number; 32]),
    }
}

/// An entry with files, one of a long name, and files attached to what is being written.
fn files() -> Model {
    let mut model = told();
    let mut entry =
        fixture::post(1, Label::Amber, "What the supplier gave us, and our proxy's log.");
    let long =
        format!("{} (final, signed).pdf", "Statement of the supplier on the outage ".repeat(4));
    entry.content.files = vec![file(1, "report.pdf", 1_250_000), file(2, long.trim(), 48_000_000)];
    fixture::fill(&mut model, fixture::room(1), vec![entry]);
    for (name, size_bytes) in [("timeline of Thursday.xlsx", 82_000), ("proxy.log", 9_400_000)] {
        let path = format!("/home/priya/{name}");
        let found = Attached { path, name: name.to_owned(), size_bytes, announced: None };
        hear(&mut model, &News::FileLookedAt { room: fixture::room(1), found: Ok(found) });
    }
    model
}

fn save_files() -> Model {
    let mut model = files();
    let of = model.rooms.open().map_or(0, |room| room.log.latest);
    super::toggle(&mut model, desk::Overlay::SaveFiles { of });
    model
}

/// Files on their way up, and one that was refused.
fn outbox_files() -> Model {
    let mut model = files();
    let mut ids = Vec::new();
    for _ in 0..2 {
        for effect in model.act(Action::Compose(compose::Action::Send)) {
            if let Effect::Send(outgoing) = effect {
                ids.push(outgoing.id());
            }
        }
        let again = Attached {
            path: "/home/priya/dump.bin".to_owned(),
            name: "dump.bin".to_owned(),
            size_bytes: 310_000_000,
            announced: None,
        };
        hear(&mut model, &News::FileLookedAt { room: fixture::room(1), found: Ok(again) });
    }
    let changed = Refusal::new(
        "proxy.log: the file changed while it was sent",
        "close whatever writes to it, then attach it again",
    );
    for (place, id) in ids.into_iter().enumerate() {
        hear(&mut model, &News::Kept(id, Ok(())));
        if place == 0 {
            hear(&mut model, &News::Sent(id, Err(changed.clone())));
        } else {
            let moved = Moved { done_bytes: 120_000_000, size_bytes: 310_000_000 };
            hear(&mut model, &News::FileUp { id, name: "dump.bin".to_owned(), moved });
        }
    }
    act(&mut model, Action::Desk(desk::Action::Show(Pane::Outbox)));
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
