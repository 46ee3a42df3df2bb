//! The audit log, its checkpoint and the proof of a record, by accessible name.

use egui_kittest::kittest::Queryable as _;
use warproom_client::AuditProved;
use warproom_client::proto::calls::{AuditPage, From};

use super::{Screen, screen};
use crate::fixture::{self, audit};
use crate::model::manage::{Action, ManagePage};
use crate::request::Reply;
use crate::{Effect, Model, News};

fn shown(mut model: Model) -> Screen {
    let log = audit::log(&audit::of_a_day());
    let _ = model.act(Action::Show(ManagePage::Audit).into());
    let call = AuditPage { from: From::Latest, limit: 200 };
    let reply = Reply::AuditPage(audit::page(&log, call));
    let _ = model.hear(&News::Answered(call.into(), Ok(reply)));
    let _ = model.hear(&News::Checkpoint(Ok(audit::checkpoint(11))));
    let mut screen = screen(model);
    screen.run_ok();
    screen
}

fn click(screen: &mut Screen, name: &str) {
    screen.get_by_label(name).click();
    screen.run_ok();
}

#[test]
fn the_log_says_that_it_was_checked_and_shows_the_checkpoint_to_be_kept() {
    let mut screen = shown(fixture::incident_model());
    screen.get_by_label_contains("✔ Checked: every record from number 1 to 11 follows");
    screen.get_by_label("11");
    screen.get_by_label_contains("a4a4a4a4 a4a4a4a4");
    click(&mut screen, "Copy the checkpoint");
    let copied = screen.state().world.asked.iter().any(
        |one| matches!(one, Effect::Copy(text) if text.parse() == Ok(audit::checkpoint(11).note)),
    );
    assert!(copied, "as tools for signed notes take it");
    click(&mut screen, "Exports");
    screen.get_by_label_contains("#9  Ffion Gwŷn, Canterbury City Council exported 198 records");
    assert!(screen.query_by_label_contains("#10  ").is_none());
}

#[test]
fn a_record_is_opened_and_proved_and_the_result_is_said_plainly() {
    let mut screen = shown(fixture::incident_model());
    screen.get_by_label_contains("#3  14 attempts to sign in").click();
    screen.run_ok();
    screen.get_by_label("Record number 3");
    click(&mut screen, "Prove this record");
    let asked = &screen.state().world.asked;
    assert!(asked.iter().any(|one| matches!(one, Effect::ProveAudit(3))));
    screen.get_by_label("Waiting for the server…");
    let proof = Ok(AuditProved { seq: 3, signed: audit::checkpoint(11) });
    screen.state_mut().world.to_tell.push_back(News::Proved { seq: 3, proof });
    screen.run_ok();
    screen.get_by_label_contains("✔ Proved: this record is number 3 of the 11 records");
    click(&mut screen, "← Audit log");
    screen.get_by_label_contains("#4  Priya Raman");
}

#[test]
fn a_guest_reads_what_concerns_them_and_asks_for_the_stubs() {
    let mut screen = shown(fixture::signed_in(8));
    screen.get_by_label_contains("What concerns you: your sign-ins");
    assert!(screen.query_by_label_contains("Does not concern you").is_none());
    click(&mut screen, "Also stubs of what does not concern you");
    screen.get_by_label_contains("#8  Does not concern you");
}
