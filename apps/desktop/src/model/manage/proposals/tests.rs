//! What takes two managers, without a window: the fixture's Priya Raman is one.

use warproom_client::proto::ProposalId;
use warproom_client::proto::calls::{
    ApproveProposal, EndProposal, ListProposals, ProposalList, ProposalMade, RetentionShown,
};
use warproom_client::proto::retention::RoomRetention;

use super::*;
use crate::News;
use crate::fixture::{self, NOW_MS, member, room};
use crate::model::desk;
use crate::model::manage::Deed;
use crate::model::room::{Act, may};
use crate::news::Connection;

const ID: ProposalId = ProposalId::from_bytes([9; 16]);

/// A proposal of the member of this number, which Priya may approve.
pub(crate) fn proposal(by: u8) -> Proposal {
    Proposal {
        proposal: ID,
        by: member(by),
        what: Proposed::EraseEntries { room: room(1), entries: vec![2, 3] },
        reason: "they name a patient".parse().unwrap(),
        lapses_at_ms: NOW_MS + 1,
        may_approve: vec![member(5)],
    }
}

pub(crate) fn heard(model: &mut Model, proposals: Vec<Proposal>) {
    let reply = Reply::ListProposals(ProposalList { proposals });
    let _ = model.hear(&News::Answered(ListProposals {}.into(), Ok(reply)));
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(action.into())
}

fn fill(model: &mut Model, form: ProposalForm) {
    let _ = act(model, Action::FillProposal(Box::new(form)));
}

/// Submits the form and does what is asked about; the question and what was called.
fn confirmed(model: &mut Model) -> (String, Vec<Request>) {
    assert!(act(model, Action::SubmitProposal).is_empty(), "it is asked about first");
    let confirm = model.desk.confirm.clone().expect("it is asked about");
    let effects = model.act(desk::Action::Confirm.into());
    let requests = effects.into_iter().filter_map(|effect| match effect {
        Effect::Call(request) => Some(request),
        _ => None,
    });
    (confirm.what_it_does, requests.collect())
}

#[test]
fn retention_is_proposed_by_label_and_says_what_comes_of_it() {
    let mut model = fixture::incident_model();
    let mut form = ProposalForm::about(Purpose::Retention, room(1));
    form.reason = "the retention schedule of 2026".to_owned();
    form.days = ["", "730", "", "", "90"].map(str::to_owned);
    fill(&mut model, form);
    let (said, requests) = confirmed(&mut model);
    assert!(said.contains("TLP:GREEN 730 days, TLP:RED 90 days, the rest for ever"), "{said}");
    assert!(said.contains("another manager must approve it"), "{said}");
    let [Request::MakeProposal(call)] = &requests[..] else { panic!("it is proposed") };
    let rule = Retention { green: Some(730), red: Some(90), ..Retention::default() };
    assert_eq!(call.what, Proposed::SetRetention { room: Some(room(1)), retention: Some(rule) });
    assert_eq!(model.manage.proposal.asked, Asked::Waiting);
    let made = Reply::MakeProposal(ProposalMade { proposal: ID, lapses_at_ms: NOW_MS });
    let _ = model.hear(&News::Answered(call.clone().into(), Ok(made)));
    assert_eq!(model.manage.proposal.reason, "", "the form is done");
}

#[test]
fn a_form_that_says_too_little_is_refused_before_anybody_is_asked() {
    let base = || ProposalForm { reason: "why".to_owned(), ..ProposalForm::default() };
    let erase = || ProposalForm { purpose: Purpose::Erase, room: Some(room(1)), ..base() };
    let days = ["0", "", "", "", ""].map(str::to_owned);
    for (form, why) in [
        (ProposalForm { reason: " ".to_owned(), ..base() }, "Write why"),
        (ProposalForm { days, ..base() }, "TLP:CLEAR: write a number of days"),
        (ProposalForm { purpose: Purpose::Hold, ..base() }, "Choose the room"),
        (erase(), "Write the numbers"),
        (ProposalForm { entries: "2, x".to_owned(), ..erase() }, "x is no number"),
        (ProposalForm { purpose: Purpose::Remove, ..base() }, "Choose who"),
    ] {
        let mut model = fixture::incident_model();
        fill(&mut model, form);
        assert!(act(&mut model, Action::SubmitProposal).is_empty());
        assert!(model.desk.confirm.is_none());
        let Asked::Refused(said) = &model.manage.proposal.asked else { panic!("{why}") };
        assert!(said.starts_with(why), "{said}");
    }
}

#[test]
fn a_hold_is_put_by_one_manager_after_a_question() {
    let mut model = fixture::incident_model();
    let reason = "a case before the tribunal".to_owned();
    fill(&mut model, ProposalForm { reason, ..ProposalForm::about(Purpose::Hold, room(1)) });
    let (said, requests) = confirmed(&mut model);
    assert!(said.contains("until two managers lift the hold"), "{said}");
    assert!(matches!(&requests[..], [Request::HoldRoom(call)] if call.room == room(1)));
}

#[test]
fn nothing_is_proposed_when_the_connection_went_while_it_was_asked_about() {
    let mut model = fixture::incident_model();
    let reason = "why".to_owned();
    fill(&mut model, ProposalForm { reason, ..ProposalForm::about(Purpose::LiftHold, room(1)) });
    let _ = act(&mut model, Action::SubmitProposal);
    let _ = model.hear(&News::Connection(Connection::Connecting));
    assert!(model.act(desk::Action::Confirm.into()).is_empty());
    assert!(matches!(&model.manage.proposal.asked, Asked::Refused(_)));
}

#[test]
fn what_another_manager_proposed_is_approved_or_turned_down_and_ones_own_taken_back() {
    let mut model = fixture::incident_model();
    heard(&mut model, vec![proposal(2)]);
    let ask = |model: &mut Model, deed| {
        let _ = act(model, Action::Ask(deed));
        let confirm = model.desk.confirm.clone().expect("it is asked about");
        let effects = model.act(desk::Action::Confirm.into());
        (confirm, effects)
    };
    let (confirm, effects) = ask(&mut model, Deed::Approve(ID));
    let said = confirm.what_it_does;
    assert!(said.contains("erase #2, #3 of ") && said.contains("they name a patient"), "{said}");
    assert!(said.contains("erased for good") && confirm.is_dangerous, "{said}");
    assert!(matches!(&effects[..], [Effect::Call(Request::ApproveProposal(call))]
        if *call == ApproveProposal { proposal: ID }));
    let (confirm, effects) = ask(&mut model, Deed::EndProposal(ID));
    assert_eq!(confirm.verb, "Turn down");
    assert!(matches!(&effects[..], [Effect::Call(Request::EndProposal(call))]
        if *call == EndProposal { proposal: ID }));
    heard(&mut model, vec![proposal(5)]);
    assert_eq!(ask(&mut model, Deed::EndProposal(ID)).0.verb, "Take back");
}

#[test]
fn erasing_is_proposed_from_an_entry_by_managers_alone() {
    let mut model = fixture::incident_model();
    let erase = |model: &Model| {
        let room = model.rooms.open().unwrap();
        may(model, room, 2).unwrap().action(Act::Erase)
    };
    let action = erase(&model).expect("Priya is a manager");
    let _ = model.act(action);
    assert_eq!((model.manage.page, model.manage.shown), (ManagePage::Proposals, Shown::New));
    let form = &model.manage.proposal;
    assert_eq!((form.purpose, form.room), (Purpose::Erase, Some(room(1))));
    assert_eq!(form.entries, "2");
    if let Some(session) = &mut model.session {
        session.me.role = Some(warproom_client::proto::register::Role::Officer);
    }
    assert!(erase(&model).is_none());
}

#[test]
fn a_rooms_retention_is_said_with_its_hold() {
    let mut model = fixture::incident_model();
    assert!(retention_in_words(&model, room(1)).is_none(), "nobody has asked yet");
    let effects = act(&mut model, Action::Open(Shown::Room(room(1))));
    let asked = effects.iter().any(|effect| {
        matches!(effect, Effect::Call(Request::ShowRetention(call)) if call.room == Some(room(1)))
    });
    assert!(asked);
    let retention = Retention { red: Some(90), ..Retention::default() };
    let rule = RoomRetention { retention, own: true, held: true };
    let shown = RetentionShown { usual: Retention::default(), room: Some(rule) };
    let call = ShowRetention { room: Some(room(1)) };
    let _ = model.hear(&News::Answered(call.into(), Ok(Reply::ShowRetention(shown))));
    assert_eq!(
        retention_in_words(&model, room(1)).unwrap(),
        "Kept, by a rule of its own: TLP:RED 90 days, the rest for ever. A legal hold is on it: \
         nothing is erased until two managers lift it."
    );
    assert!(is_held(&model, room(1)) && retention_in_words(&model, room(2)).is_none());
}
