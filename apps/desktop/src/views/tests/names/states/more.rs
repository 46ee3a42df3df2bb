//! States that come about seldom: a warning, something shown once, a thing with all its parts.

use warproom_client::proto::calls::{Preferences, QuietHours};
use warproom_client::proto::register::{Bot, CommonCause, Grant, Hook};
use warproom_client::proto::{BotId, CauseId, Label, RoomId, Secret, Severity, Subject};
use warproom_client::{DisclosedSoFar, Discontinuity, Rewritten};

use super::{State, did, heard, incident, state};
use crate::fixture::{self, NOW_MS, member, name, organisation, room};
use crate::model::desk::{self, Pane};
use crate::model::files::tests::found;
use crate::model::manage::proposals_tests::{self, proposal};
use crate::model::manage::tests::disclosure;
use crate::model::manage::{self, ManagePage, Once, ProposalForm, Purpose, Shown};
use crate::{Action, Model, News};

/// A page of managing, with something of it open.
fn managing(page: ManagePage, shown: Shown) -> Model {
    let actions = [manage::Action::Show(page), manage::Action::Open(shown)];
    did(incident(), actions.map(Action::Manage))
}

/// Of a room.
pub(super) fn rooms() -> Vec<State> {
    let how = Discontinuity::RolledBack { remembered: 9 };
    let rewritten = |room: Option<RoomId>| {
        heard(incident(), [News::Rewritten(Rewritten { room, seq: 4, how })])
    };
    let mut alerted = fixture::model();
    let _ = alerted.hear(&fixture::told_of(fixture::depends_on(5, "Civica UK Ltd")));
    let alert = fixture::alert(1, Label::Green, Severity::Minor, "Civica is down", "Since eleven.");
    fixture::fill(&mut alerted, room(2), vec![alert]);
    vec![
        state("the register was rewritten", rewritten(None)),
        state("the room was rewritten", rewritten(Some(room(1)))),
        state("a common cause", heard(incident(), [News::CommonCause(cause())])),
        state("a draft with a file", heard(incident(), [found("/home/ann/report.pdf")])),
        state("an alert on our supplier", alerted),
    ]
}

fn cause() -> CommonCause {
    CommonCause {
        cause: CauseId::from_bytes([1; 16]),
        subject: Subject::Vendor(name("Civica")),
        organisations: 3,
        named: vec![organisation(1), organisation(2)],
        since_ms: NOW_MS,
        at_ms: NOW_MS,
        exercise: true,
    }
}

/// The settings with what the server keeps.
pub(super) fn panes() -> Vec<State> {
    let mut model = did(incident(), [Action::Desk(desk::Action::Show(Pane::Settings))]);
    let quiet = QuietHours { from_minute: 22 * 60, to_minute: 7 * 60 };
    let severity = Some(Severity::Severe);
    model.settings.preferences =
        Some(Preferences { quiet: Some(quiet), severity, ..Preferences::default() });
    vec![state("Settings with preferences", model)]
}

/// Of managing.
pub(super) fn manage() -> Vec<State> {
    let mut states = vec![
        state("a bot", with_bot(managing(ManagePage::Bots, Shown::Bot(BOT)))),
        state("an invitation, shown once", shown_once(ManagePage::Invitations, invitation())),
        state("a token, shown once", shown_once(ManagePage::Bots, token())),
        state("a disclosure that is filled in", disclosure::filled(disclosure::form())),
        state("a disclosure that is being read", being_read()),
        state("what waits for a second manager", waiting(2)),
        state("what one has proposed oneself", waiting(5)),
    ];
    let purposes =
        [Purpose::Retention, Purpose::Erase, Purpose::Remove, Purpose::LiftHold, Purpose::Hold];
    states.extend(purposes.map(|purpose| {
        let form = Box::new(ProposalForm::about(purpose, room(1)));
        let model = did(incident(), [Action::Manage(manage::Action::BeginProposal(form))]);
        state(format!("a proposal: {purpose:?}"), model)
    }));
    states
}

const BOT: BotId = BotId::from_bytes([2; 16]);

fn with_bot(mut model: Model) -> Model {
    let grant = Grant {
        rooms: vec![room(2), room(3)],
        read: Some(Label::Green),
        post: Some(Label::Amber),
        answer: true,
        per_minute: 60,
        expires_at_ms: NOW_MS + 1,
    };
    let hook = Some(Hook { room: room(3), label: Label::Green });
    let bot = Bot { bot: BOT, name: name("NCSC feed"), owner: member(5), grant, hook };
    model.directory.bots.insert(BOT, bot);
    model
}

fn shown_once(page: ManagePage, once: Once) -> Model {
    let mut model = managing(page, Shown::List);
    model.manage.once = Some(once);
    model
}

fn secret() -> Secret {
    Secret::from("s".repeat(180))
}

fn invitation() -> Once {
    Once::Invitation {
        name: name("Siân Prosser"),
        organisation: "Folkestone & Hythe District Council".to_owned(),
        text: secret(),
        expires_at_ms: NOW_MS + 1,
    }
}

fn token() -> Once {
    let hook = Some(secret());
    Once::Bot { name: "NCSC feed".to_owned(), token: secret(), hook, is_another: true }
}

fn waiting(by: u8) -> Model {
    let mut model = managing(ManagePage::Proposals, Shown::List);
    let mut one = proposal(by);
    if by == 5 {
        one.may_approve = Vec::new();
    }
    proposals_tests::heard(&mut model, vec![one]);
    model
}

fn being_read() -> Model {
    let model = disclosure::filled(disclosure::form());
    let model = did(model, [Action::Manage(manage::Action::ReadDisclosure)]);
    let so_far = DisclosedSoFar { room: room(1), done: 200, latest: 312 };
    heard(model, [News::Disclosing { number: 1, so_far }])
}
