//! What takes two managers, by accessible name.

use egui_kittest::kittest::Queryable as _;

use super::{Screen, screen};
use crate::fixture;
use crate::model::manage::proposals_tests::{heard, proposal};
use crate::model::manage::{Action, ManagePage, ProposalForm};
use crate::request::Request;
use crate::{Effect, Model};

fn shown(mut model: Model, page: ManagePage) -> Screen {
    let _ = model.act(Action::Show(page).into());
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

#[test]
fn what_waits_says_what_who_why_and_until_when_and_is_approved_after_a_question() {
    let mut model = fixture::model();
    heard(&mut model, vec![proposal(2)]);
    let mut screen = shown(model, ManagePage::Proposals);
    screen.get_by_label_contains("To erase #2, #3 of ");
    screen.get_by_label("Because: they name a patient");
    screen.get_by_label_contains("can be approved until ");
    let approve = screen.get_by_label_contains("Approve what ");
    approve.click();
    screen.run_ok();
    screen.get_by_label_contains("With your approval it is done at once.");
    click(&mut screen, "Approve");
    let asked = &screen.state().world.asked;
    assert!(
        asked.iter().any(|one| matches!(one, Effect::Call(Request::ApproveProposal(_)))),
        "it is approved"
    );
}

#[test]
fn ones_own_proposal_offers_no_approval() {
    let mut model = fixture::model();
    heard(&mut model, vec![proposal(5)]);
    let mut waiting = proposal(5);
    waiting.may_approve = Vec::new();
    heard(&mut model, vec![waiting]);
    let screen = shown(model, ManagePage::Proposals);
    assert!(screen.query_by_label_contains("Approve what ").is_none());
    screen.get_by_label_contains("Take back what ");
}

#[test]
fn erasing_is_proposed_through_the_form_with_its_room_and_reason() {
    let mut screen = shown(fixture::incident_model(), ManagePage::Proposals);
    click(&mut screen, "Propose something");
    click(&mut screen, "Erase entries");
    screen.get_by_label("Why").focus();
    screen.run_ok();
    screen.get_by_label("Why").type_text("they name a patient");
    screen.run_ok();
    click(&mut screen, "Propose it…");
    screen.get_by_label_contains("Choose the room");

    let form = Box::new(ProposalForm::erase(fixture::room(1), 2));
    let mut model = fixture::incident_model();
    let _ = model.act(Action::BeginProposal(form).into());
    let mut screen = super::screen(model);
    screen.run_ok();
    screen.get_by_label("Why").focus();
    screen.run_ok();
    screen.get_by_label("Why").type_text("they name a patient");
    screen.run_ok();
    click(&mut screen, "Propose it…");
    click(&mut screen, "Propose");
    let asked = &screen.state().world.asked;
    assert!(
        asked.iter().any(|one| matches!(one, Effect::Call(Request::MakeProposal(_)))),
        "it is proposed"
    );
}
