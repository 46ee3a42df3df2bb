//! The states of the window that are walked over.

mod more;

use warproom_client::proto::calls::{AuditPage, From, RegisterPage, RoomMember};
use warproom_client::proto::{Label, Principal, RoomRole, Seq};

use super::super::ask::asked;
use super::super::welcome::{PASSWORD, TEXT, invitation, profile, started};
use crate::fixture::{self, member, name, organisation, post, room};
use crate::model::board::tests::{roll_call, show};
use crate::model::desk::{self, Confirm, Overlay, Pane};
use crate::model::files::tests::carried;
use crate::model::find::{self, Query};
use crate::model::log::Item;
use crate::model::manage::tests::disclosure;
use crate::model::manage::{self, ManagePage, RowAct, Shown};
use crate::model::room::{self as reading, Beside};
use crate::model::welcome::{self, Keeping, Passwords, Step};
use crate::model::{ask, compose, credentials, export};
use crate::news::{Connection, Refusal};
use crate::request::Reply;
use crate::{Action, Effect, Model, News};

/// A state of the window, and what it is called when it has a fault.
pub(in crate::views::tests) struct State {
    pub(in crate::views::tests) called: String,
    pub(in crate::views::tests) model: Model,
}

fn state(called: impl Into<String>, model: Model) -> State {
    State { called: called.into(), model }
}

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

fn at(step: Step, key_store: bool) -> Model {
    let mut model = started(Vec::new(), key_store);
    model.welcome.step = step.clone();
    did(model, [Action::Welcome(welcome::Action::Edit(Box::new(step)))])
}

fn passwords(use_passphrase: bool) -> Passwords {
    let keeping = Keeping { use_passphrase, ..Keeping::default() };
    Passwords { password: PASSWORD.to_owned().into(), keeping, ..Passwords::default() }
}

/// Before a profile is open.
pub(super) fn welcome() -> Vec<State> {
    let pasted = Step::Choose { invitation: TEXT.to_owned().into() };
    let busy = did(at(pasted.clone(), true), [Action::Welcome(welcome::Action::Next)]);
    let refused = News::Invited(Err(Refusal::new("it was redeemed already", "ask for another")));
    vec![
        state("starting", heard(Model::default(), [News::Clock(fixture::NOW_MS)])),
        state("nothing yet", started(Vec::new(), true)),
        state("two profiles", started(vec![profile("Kent", false), profile("Essex", true)], true)),
        state("unlock", started(vec![profile("Kent", true)], true)),
        state("pasted", at(pasted, true)),
        state("refused", heard(did(started(Vec::new(), true), []), [refused])),
        state("busy", busy),
        state("check", at(Step::Check(invitation()), true)),
        state("password", at(Step::Password(invitation(), passwords(false)), true)),
        state("passphrase", at(Step::Password(invitation(), passwords(true)), true)),
        state("no key store", at(Step::Password(invitation(), passwords(true)), false)),
        state("totp", at(Step::Totp(invitation(), passwords(false), String::new()), true)),
        state("enrol", at(Step::Enrol(<_>::default()), true)),
    ]
}

pub(in crate::views::tests) fn incident() -> Model {
    let mut model = fixture::incident_model();
    let person = |number: u8, role| RoomMember {
        who: Principal::Member(member(number)),
        name: name(fixture::MEMBERS[usize::from(number) - 1].0),
        organisation: Some(organisation(number)),
        organisation_name: Some(name(fixture::ORGANISATIONS[usize::from(number) - 1])),
        role,
    };
    if let Some(room) = model.rooms.open_mut() {
        room.people = Some(vec![person(5, RoomRole::Lead), person(1, RoomRole::Participant)]);
    }
    let mine = post(5, Label::AmberStrict, "The call is at 15:00.");
    fixture::fill(&mut model, room(1), vec![mine]);
    model
}

fn room_action(action: reading::Action) -> [Action; 1] {
    [Action::Room(action)]
}

fn write(text: &str) -> Action {
    Action::Compose(compose::Action::Write(text.to_owned(), text.len()))
}

/// A post that was refused, and one that waits.
fn outbox() -> Model {
    let mut model = incident();
    let mut ids = Vec::new();
    for text in ["one", "two"] {
        let _ = model.act(write(text));
        for effect in model.act(Action::Compose(compose::Action::Send)) {
            if let Effect::Send(outgoing) = effect {
                ids.push(outgoing.id());
            }
        }
    }
    let refused = Err(Refusal::new("too many requests", "wait a little"));
    heard(model, [News::Sent(ids[0], refused), News::Kept(ids[1], Ok(()))])
}

fn without_rooms() -> Model {
    heard(fixture::model(), (1..=6).map(|number| News::RoomLeft(room(number))))
}

/// The open room, and what stands beside it.
pub(super) fn rooms() -> Vec<State> {
    let beside = |beside| did(incident(), room_action(reading::Action::Beside(Some(beside))));
    let compose = |action| did(incident(), [Action::Compose(action)]);
    let mut states = vec![
        state("no room", without_rooms()),
        state("no room open", fixture::model()),
        state("incident", incident()),
        state("an ask waits", asked(false)),
        state("an exercise waits", asked(true)),
        state("thread", did(incident(), room_action(reading::Action::OpenThread(4)))),
        state("people", beside(Beside::People)),
        state("details", beside(Beside::Details(2))),
        state("board", show(roll_call(Label::AmberStrict, false)).0),
        state("chosen", did(incident(), room_action(reading::Action::ChooseEntry(Some(8))))),
        state("answering", compose(compose::Action::Reply(Some(2)))),
        state("editing", compose(compose::Action::EditLatest)),
        state("offers", did(incident(), [write("ask @d")])),
        state("outbox in the room", outbox()),
    ];
    states.extend(more::rooms());
    states
}

/// Everything that lies over a pane.
pub(super) fn overlays() -> Vec<State> {
    let mut states: Vec<_> = every_overlay().into_iter().map(over).collect();
    let search = [
        Action::Desk(desk::Action::Toggle(Overlay::Search)),
        Action::Find(find::Action::Query(Query {
            words: "Planning".to_owned(),
            ..Query::default()
        })),
        Action::Find(find::Action::Search),
    ];
    let mut found = did(incident(), search);
    let search = found.find.search.number;
    for seq in [2, 6] {
        let entry = post(1, Label::Green, &format!("Planning portal, {seq}"));
        let hit = fixture::delivered(room(1), seq, fixture::NOW_MS, entry);
        found = heard(found, [News::Found { search, hit }]);
    }
    states.push(state("search with hits", found));
    states.push(state(
        "shortcuts before signing in",
        did(started(Vec::new(), true), [Action::Desk(desk::Action::Toggle(Overlay::Shortcuts))]),
    ));
    states
}

pub(in crate::views::tests) fn over(overlay: Overlay) -> State {
    let called = format!("{overlay:?}");
    let open = match overlay {
        Overlay::Answer { room, of } => Action::Ask(ask::Action::OpenAnswer(room, of)),
        Overlay::Link => Action::Desk(desk::Action::LookAtLink("https://a.example/".to_owned())),
        Overlay::Export => Action::Export(export::Action::Begin(room(1))),
        Overlay::Credentials => {
            let begin = credentials::Action::Begin(credentials::What::Authenticator);
            Action::Credentials(begin)
        }
        overlay => Action::Desk(desk::Action::Toggle(overlay)),
    };
    let before = match overlay {
        Overlay::Answer { .. } => asked(false),
        Overlay::SaveFiles { of } => carrying(incident(), of),
        Overlay::Row(_) => row_page(),
        _ => incident(),
    };
    state(called, did(before, [open]))
}

/// The page of a room, with people in it.
fn row_page() -> Model {
    let shown = Shown::Room(room(1));
    let actions = [manage::Action::Show(ManagePage::Rooms), manage::Action::Open(shown)];
    let mut model = did(incident(), actions.map(Action::Manage));
    let people = model.rooms.open().and_then(|room| room.people.clone());
    model.manage.people = people;
    model
}

/// The same, with a file on an entry.
fn carrying(mut model: Model, of: Seq) -> Model {
    let item = model.rooms.open_mut().and_then(|room| room.log.items.get_mut(&of));
    if let Some(Item::Shown(shown)) = item {
        shown.entry.content.files = vec![carried("report.pdf")];
    }
    model
}

/// A new overlay does not compile until it is listed here.
pub(in crate::views::tests) fn every_overlay() -> Vec<Overlay> {
    let all = vec![
        Overlay::Switcher,
        Overlay::Palette,
        Overlay::Search,
        Overlay::JumpToDate,
        Overlay::NewAsk,
        Overlay::NewAlert,
        Overlay::Answer { room: room(1), of: 1 },
        Overlay::Emoji { react_to: None },
        Overlay::Emoji { react_to: Some(2) },
        Overlay::AttachFile,
        Overlay::SaveFiles { of: 2 },
        Overlay::Row(RowAct::TakeOut),
        Overlay::Export,
        Overlay::Credentials,
        Overlay::Link,
        Overlay::Shortcuts,
    ];
    for overlay in &all {
        match overlay {
            Overlay::Switcher
            | Overlay::Palette
            | Overlay::Search
            | Overlay::JumpToDate
            | Overlay::NewAsk
            | Overlay::NewAlert
            | Overlay::Answer { .. }
            | Overlay::Emoji { .. }
            | Overlay::AttachFile
            | Overlay::SaveFiles { .. }
            | Overlay::Row(_)
            | Overlay::Export
            | Overlay::Credentials
            | Overlay::Link
            | Overlay::Shortcuts => {}
        }
    }
    all
}

/// What the middle shows.
pub(super) fn panes() -> Vec<State> {
    let panes = [Pane::Room, Pane::Directory, Pane::Settings, Pane::Outbox].map(|pane| {
        let model = did(outbox(), [Action::Desk(desk::Action::Show(pane))]);
        state(format!("{pane:?}"), model)
    });
    panes.into_iter().chain(more::panes()).collect()
}

/// Every page of managing, with its lists, its forms and one of its things.
pub(super) fn managing() -> Vec<State> {
    let open = |page, shown| {
        let actions = [manage::Action::Show(page), manage::Action::Open(shown)];
        let model = did(incident(), actions.map(Action::Manage));
        let model = did(model, [Action::Desk(desk::Action::Show(Pane::Manage))]);
        state(format!("{page:?} {shown:?}"), model)
    };
    let mut states: Vec<_> =
        ManagePage::ALL.into_iter().map(|page| open(page, Shown::List)).collect();
    let with_form =
        [ManagePage::Rooms, ManagePage::Invitations, ManagePage::Organisations, ManagePage::Bots];
    states.extend(with_form.map(|page| open(page, Shown::New)));
    states.extend(more::manage());
    states.push(state("a disclosure that is read", disclosure::found()));
    states.push(state("a disclosure that is written", disclosure::written()));
    states.push(open(ManagePage::Rooms, Shown::Room(room(1))));
    states.push(open(ManagePage::Members, Shown::Member(member(1))));
    states.push(open(ManagePage::Organisations, Shown::Organisation(organisation(4))));
    states.push(open(ManagePage::Organisations, Shown::Entry));
    for shown in [Shown::List, Shown::Act(2), Shown::Act(5)] {
        let State { called, model } = open(ManagePage::Acts, shown);
        let call = RegisterPage { after: 0, limit: 200 };
        let log = fixture::acts::log(&fixture::acts::of_a_week());
        let reply = Reply::RegisterPage(fixture::acts::page(&log, call));
        let told = News::Answered(call.into(), Ok(reply));
        states.push(state(format!("{called}, read"), heard(model, [told])));
    }
    for shown in [Shown::List, Shown::Audited(4), Shown::Audited(8)] {
        let State { called, mut model } = open(ManagePage::Audit, shown);
        model.manage.audit = read_audit(&mut incident());
        states.push(state(format!("{called}, read"), model));
    }
    states
}

/// The audit log of a day, as it is held once it was read, stubs shown.
fn read_audit(model: &mut Model) -> manage::Audit {
    let log = fixture::audit::log(&fixture::audit::of_a_day());
    let _ = model.act(Action::Manage(manage::Action::Show(ManagePage::Audit)));
    let call = AuditPage { from: From::Latest, limit: 200 };
    let reply = Reply::AuditPage(fixture::audit::page(&log, call));
    let _ = model.hear(&News::Answered(call.into(), Ok(reply)));
    let _ = model.hear(&News::Checkpoint(Ok(fixture::audit::checkpoint(11))));
    let _ = model.act(Action::Manage(manage::Action::AuditStubs(true)));
    std::mem::take(&mut model.manage.audit)
}

/// The connection, notices, a question.
pub(super) fn told() -> Vec<State> {
    let why = || "the server went away".to_owned();
    let soon = fixture::NOW_MS + 8_000;
    let mut states: Vec<_> = [
        Connection::None,
        Connection::Connecting,
        Connection::Connected,
        Connection::Reconnecting { at_ms: soon, why: why(), intercepted: false },
        Connection::Reconnecting { at_ms: 0, why: why(), intercepted: true },
        Connection::SignedOut { why: why() },
    ]
    .into_iter()
    .map(|now| state(format!("{now:?}"), heard(incident(), [News::Connection(now)])))
    .collect();
    let mut noticed = incident();
    noticed.tell("Copied");
    noticed.tell_trouble(&Refusal::new("the disk is full", "make room"));
    noticed.tell_trouble(&Refusal::new("the server is busy", "wait a little"));
    states.push(state("notices", noticed));
    states.push(state("a question", questioned()));
    states
}

pub(in crate::views::tests) fn questioned() -> Model {
    let confirm = Confirm {
        title: "Leave this room?".to_owned(),
        what_it_does: "You read no further in it.".to_owned(),
        verb: "Leave",
        is_dangerous: true,
        then: Box::new(Action::Desk(desk::Action::Back)),
    };
    did(incident(), [Action::Desk(desk::Action::Ask(confirm))])
}
