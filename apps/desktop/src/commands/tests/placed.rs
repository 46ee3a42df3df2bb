//! Every action has its place, and every command does what it is said to do there.

use std::collections::{BTreeMap, BTreeSet};

use warproom_client::proto::calls::{AuditPage, From, PendingInvitation, RoomMember};
use warproom_client::proto::register::{Bot, CommonCause, Device, Grant, PublicKey, Standing};
use warproom_client::proto::{
    Ask, BotId, CauseId, DeviceId, InvitationId, Kind, Label, Message, Principal, RoomId, RoomRole,
    Secret, Seq, Severity, Subject,
};
use warproom_client::{Discontinuity, Rewritten};

use super::super::placed::{PLACES, Place, place};
use super::super::{COMMANDS, here};
use super::copy_of;
use crate::fixture::{
    self, NOW_MS, alert, asking, audit, fill, kind, member, name, organisation, post, room,
};
use crate::model::board::tests::{roll_call, show};
use crate::model::credentials::tests::authenticator;
use crate::model::desk::{Action as Desk, Overlay, Pane};
use crate::model::files::tests::{found, with_file};
use crate::model::manage::tests::disclosure::{
    filled, form, found as disclosed, written as written_out,
};
use crate::model::manage::{self, EntryForm, ManagePage, Once, Shown};
use crate::model::room::{Beside, Room};
use crate::model::settings::{Notify, SendWith, Settings, Theme};
use crate::model::{ask, compose, export, rooms};
use crate::news::{Connection, Refusal};
use crate::request::Reply;
use crate::{Action, Effect, Model, News};

/// A model in which this was done.
fn did(mut model: Model, actions: impl IntoIterator<Item = Action>) -> Model {
    for action in actions {
        let _ = model.act(action);
    }
    model
}

fn heard(mut model: Model, news: impl IntoIterator<Item = News>) -> Model {
    for news in news {
        let _ = model.hear(&news);
    }
    model
}

fn over(model: Model, overlay: Overlay) -> Model {
    did(model, [Desk::Toggle(overlay).into()])
}

/// The incident, with entries of every kind in it that something can be done with.
fn incident() -> Model {
    let mut model = fixture::incident_model();
    let links = "See [one](https://one.example/) and [two](https://two.example/).";
    let mut later = alert(5, Label::AmberStrict, Severity::Minor, "Back", "It is back.");
    if let Kind::Alert(alert) = &mut later.handling.kind {
        (alert.supersedes, alert.message) = (Some(4), Message::Update);
    }
    let mine = post(5, Label::Amber, "mine");
    let reply = kind(post(5, Label::AmberStrict, "aye"), Kind::Post { reply_to: Some(2) });
    let green = post(5, Label::Green, links);
    fill(&mut model, room(1), vec![green, later, mine, reply]);
    let _ = model.act(rooms::Action::Open(room(2)).into());
    did(model, [rooms::Action::Open(room(1)).into()])
}

fn in_room(change: impl Fn(&mut Room)) -> Model {
    let mut model = incident();
    change(model.rooms.open_mut().unwrap());
    model
}

/// Each entry of the incident, chosen.
fn chosen() -> Vec<Model> {
    let latest = incident().rooms.open().unwrap().log.latest;
    let one = |seq: Seq| in_room(|room| room.reading.chosen = Some(seq));
    (1..=latest).map(one).collect()
}

fn choose(seq: Seq) -> Action {
    crate::model::room::Action::ChooseEntry(Some(seq)).into()
}

fn write(text: &str) -> Action {
    compose::Action::Write(text.to_owned(), text.len()).into()
}

/// An ask waits, and so does a common cause.
fn waiting() -> Model {
    let entry = alert(1, Label::AmberStrict, Severity::Severe, "Offline", "Three councils.");
    let mut model = fixture::model();
    let _ = model.act(rooms::Action::Open(room(1)).into());
    fill(&mut model, room(1), vec![asking(entry, &Ask::ROLL_CALL, 45)]);
    let cause = CommonCause {
        cause: CauseId::from_bytes([3; 16]),
        subject: Subject::Vendor(name("Civica")),
        organisations: 3,
        named: Vec::new(),
        since_ms: NOW_MS,
        at_ms: NOW_MS,
        exercise: false,
    };
    heard(model, [News::CommonCause(cause)])
}

fn written() -> Vec<Model> {
    let mut model = incident();
    let mut ids = Vec::new();
    for text in ["one", "two"] {
        let _ = model.act(write(text));
        for effect in model.act(compose::Action::Send.into()) {
            if let Effect::Send(outgoing) = effect {
                ids.push(outgoing.id());
            }
        }
    }
    let refused = News::Sent(ids[0], Err(Refusal::new("too many requests", "wait")));
    let lost = News::Connection(Connection::Connecting);
    vec![
        did(incident(), [write("half a thought"), compose::Action::Reply(Some(2)).into()]),
        heard(model, [refused, News::Kept(ids[1], Ok(())), lost]),
    ]
}

fn overlays() -> Vec<Model> {
    let all = [
        Overlay::Search,
        Overlay::JumpToDate,
        Overlay::NewAsk,
        Overlay::NewAlert,
        Overlay::Shortcuts,
        Overlay::AttachFile,
        Overlay::Palette,
        Overlay::Answer { room: room(1), of: 4 },
    ];
    let mut models: Vec<_> = all.into_iter().map(|overlay| over(incident(), overlay)).collect();
    let mut more = over(incident(), Overlay::Search);
    more.find.search.more = vec![(room(1), 9)];
    more.find.search.query.room = None;
    let mut day = over(incident(), Overlay::JumpToDate);
    day.find.date = "yesterday".to_owned();
    let mut attaching = over(incident(), Overlay::AttachFile);
    attaching.files.path = "/home/ann/report.pdf".to_owned();
    let revise = ask::Action::Revise(4, Message::Update).into();
    let link = Desk::LookAtLink("https://one.example/".to_owned()).into();
    let attached = heard(incident(), [found("/home/ann/report.pdf")]);
    models.extend(vec![
        authenticator(),
        did(incident(), [export::Action::Begin(room(1)).into()]),
        more,
        day,
        attaching,
        attached,
        did(with_file().0, [choose(with_file().1)]),
        did(incident(), [revise]),
        did(incident(), [link]),
    ]);
    models
}

fn boards() -> Vec<Model> {
    let (model, _) = show(roll_call(Label::AmberStrict, false));
    let mut late = copy_of(&model);
    late.board.trouble.insert((room(1), 1), "it did not come".to_owned());
    vec![model, late]
}

fn troubled() -> Vec<Model> {
    let how = Discontinuity::RolledBack { remembered: 9 };
    let rewritten = |room: Option<RoomId>| News::Rewritten(Rewritten { room, seq: 4, how });
    let mut told = incident();
    told.tell("Sent");
    vec![
        told,
        heard(incident(), [rewritten(None)]),
        heard(incident(), [rewritten(Some(room(1)))]),
        in_room(|room| room.reading.trouble = Some("busy".to_owned())),
        in_room(|room| room.reading.thread = Some(2)),
        in_room(|room| room.reading.beside = Some(Beside::People)),
    ]
}

fn page(page: ManagePage, shown: Shown) -> Model {
    let mut model = incident();
    let grant = Grant {
        rooms: vec![room(2)],
        read: None,
        post: Some(Label::Green),
        answer: false,
        per_minute: 60,
        expires_at_ms: NOW_MS + 1,
    };
    let bot = BotId::from_bytes([2; 16]);
    let feeds = Bot { bot, name: name("Feeds"), owner: member(5), grant, hook: None };
    model.directory.bots.insert(bot, feeds);
    if let Some(dele) = model.directory.members.get_mut(&member(2)) {
        dele.standing = Standing::Suspended;
    }
    did(model, [manage::Action::Show(page).into(), manage::Action::Open(shown).into()])
}

fn managing() -> Vec<Model> {
    let secret = || Secret::from("secret".to_owned());
    let mut bringing = page(ManagePage::Rooms, Shown::Room(room(1)));
    bringing.manage.bringing.member = Some(member(3));
    let mut invited = page(ManagePage::Invitations, Shown::List);
    invited.manage.once = Some(Once::Invitation {
        name: name("Ann"),
        organisation: "Kent".to_owned(),
        text: secret(),
        expires_at_ms: NOW_MS,
    });
    let mut bot = page(ManagePage::Bots, Shown::Bot(BotId::from_bytes([2; 16])));
    let hook = Some(secret());
    bot.manage.once =
        Some(Once::Bot { name: "Feeds".to_owned(), token: secret(), hook, is_another: true });
    let mut entry = page(ManagePage::Organisations, Shown::Entry);
    entry.manage.entry = Some(EntryForm::default());
    let mut models = vec![bringing, invited, bot, entry];
    for one in [
        ManagePage::Rooms,
        ManagePage::Invitations,
        ManagePage::Organisations,
        ManagePage::Bots,
        ManagePage::Proposals,
    ] {
        models.push(page(one, Shown::New));
    }
    models.push(page(ManagePage::Organisations, Shown::Organisation(organisation(1))));
    models.extend(rows());
    models.extend(audits());
    models.extend(vec![filled(form()), disclosed(), written_out()]);
    models.extend([1, 2, 8].map(|who| page(ManagePage::Members, Shown::Member(member(who)))));
    models
}

/// Pages with rows on them.
fn rows() -> Vec<Model> {
    let mut people = page(ManagePage::Rooms, Shown::Room(room(1)));
    people.manage.people = Some(vec![RoomMember {
        who: Principal::Member(member(1)),
        name: name("Ffion"),
        organisation: None,
        organisation_name: None,
        role: RoomRole::Participant,
    }]);
    let mut invitations = page(ManagePage::Invitations, Shown::List);
    let invited = invitations.directory.member(member(1)).cloned().unwrap();
    let invitation = InvitationId::from_bytes([4; 16]);
    invitations.manage.invitations =
        Some(vec![PendingInvitation { invitation, member: invited, expires_at_ms: NOW_MS }]);
    let mut devices = page(ManagePage::Devices, Shown::List);
    let device = Device {
        device: DeviceId::from_bytes([8; 16]),
        member: member(5),
        name: name("Home"),
        public_key: PublicKey([8; 32]),
    };
    devices.manage.devices.insert(member(5), vec![device]);
    vec![people, invitations, devices]
}

/// The audit log, as far as it was read, of a manager and of an officer.
fn audits() -> Vec<Model> {
    let read = |model: Model, shown| {
        let actions =
            [manage::Action::Show(ManagePage::Audit).into(), manage::Action::Open(shown).into()];
        let log = vec![audit::of_a_day().swap_remove(1); 300];
        let call = AuditPage { from: From::Latest, limit: 200 };
        let reply = Reply::AuditPage(audit::page(&audit::log(&log), call));
        let told = News::Answered(call.into(), Ok(reply));
        heard(did(model, actions), [told, News::Checkpoint(Ok(audit::checkpoint(300)))])
    };
    vec![
        read(incident(), Shown::List),
        read(incident(), Shown::Audited(300)),
        read(fixture::signed_in(1), Shown::List),
    ]
}

/// Two models of which each setting is one way in the one, and another in the other.
fn settings() -> Vec<Model> {
    use warproom_client::proto::calls::Preferences;
    let mut usual = incident();
    usual.settings.preferences =
        Some(Preferences { severity: Some(Severity::Extreme), ..Preferences::default() });
    let mut other = incident();
    other.settings = Settings {
        theme: Theme::Dark,
        notify: Notify::Off,
        send_with: SendWith::CtrlEnter,
        ..Settings::default()
    };
    vec![usual, other, did(incident(), [Desk::Show(Pane::Settings).into()])]
}

/// Models in which, all together, everything can be done that a command does.
fn states() -> Vec<Model> {
    let mut states = vec![Model::default(), incident(), fixture::signed_in(8), waiting()];
    for more in [chosen(), written(), overlays(), boards(), troubled(), managing(), settings()] {
        states.extend(more);
    }
    states
}

/// What each command does in one state or another: the names of actions, also of what it asks about.
fn done() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut done = BTreeMap::<_, BTreeSet<_>>::new();
    for model in states() {
        for command in COMMANDS {
            let Some(action) = command.now(&model) else { continue };
            let names = done.entry(command.name).or_default();
            names.insert(place(&action).0);
            if let Action::Desk(Desk::Ask(confirm)) = &action {
                names.insert(place(&confirm.then).0);
            }
        }
    }
    done
}

#[test]
fn every_action_is_done_by_the_commands_that_its_place_names() {
    let done = done();
    let does = |command: &str, action: &str| {
        done.get(command).is_some_and(|actions| actions.contains(action))
    };
    let mut faults = Vec::new();
    for (action, place) in PLACES {
        match place {
            Place::Does(commands) => {
                assert!(!commands.is_empty(), "{action}");
                let wrong = commands.iter().filter(|command| !does(command, action));
                faults.extend(wrong.map(|command| format!("{command:?} does no {action}")));
            }
            Place::In(command) if !done.contains_key(command) => {
                faults.push(format!("{action}: there is no {command:?}"));
            }
            Place::Not(why) => assert!(!why.is_empty(), "{action}"),
            Place::In(_) => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_command_is_possible_somewhere_and_stands_in_a_place() {
    let done = done();
    let placed: BTreeSet<_> = PLACES
        .iter()
        .flat_map(|(_, place)| match place {
            Place::Does(commands) => commands.to_vec(),
            _ => Vec::new(),
        })
        .collect();
    for command in COMMANDS {
        assert!(done.contains_key(command.name), "{} is never possible", command.name);
        assert!(placed.contains(command.name), "{} stands in no place", command.name);
    }
}

#[test]
fn a_key_in_one_place_that_acts_on_an_entry_is_shown_beside_its_command() {
    let beside = |name: &str| {
        let command = COMMANDS.iter().find(|command| command.name == name).unwrap();
        command.keys_name(&Settings::default())
    };
    assert_eq!(beside("Reply to the chosen entry"), "R in the timeline");
    assert_eq!(beside("Edit my latest entry"), "↑ in an empty composer");
    assert_eq!(beside("Send what I wrote"), "Enter or Ctrl+Enter in the composer");
    assert_eq!(beside("Go to a room…"), "Ctrl+K");
    assert_eq!(beside("Leave the room…"), "");
    let names: BTreeSet<_> = COMMANDS.iter().map(|command| command.name).collect();
    for here in here::TIMELINE {
        let scrolls = matches!(here.does, here::Timeline::Screen(_));
        assert!(scrolls || names.contains(here.name), "{} is no command", here.name);
    }
}
