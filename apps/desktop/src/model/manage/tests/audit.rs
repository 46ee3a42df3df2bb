//! The audit log: read from its end, checked, put into words and narrowed, and a record of it proved.

use warproom_client::AuditProved;
use warproom_client::proto::calls::{AuditPage, From};
use warproom_client::proto::{Body, Record, Seq};

use super::super::{AuditKind, Proof, Shown, may_read_older_audit, reads_on_audit};
use super::*;
use crate::fixture::audit;

/// Answers every page that is asked for, and those that are asked for then.
fn serve(model: &mut Model, log: &[Record], asked: Vec<Value>) -> Vec<AuditPage> {
    let mut asked = std::collections::VecDeque::from(asked);
    let mut pages = Vec::new();
    while let Some(call) = asked.pop_front() {
        let Ok(Request::AuditPage(page)) = serde_json::from_value(call.clone()) else {
            continue;
        };
        pages.push(page);
        let reply = Reply::AuditPage(audit::page(log, page));
        asked.extend(answer(model, &call, Ok(reply)));
    }
    pages
}

fn reading_as(mut model: Model, log: &[Record]) -> Model {
    let asked = does(&mut model, Action::Show(ManagePage::Audit));
    serve(&mut model, log, asked);
    model
}

fn reading(log: &[Record]) -> Model {
    reading_as(fixture::model(), log)
}

fn numbers(model: &Model) -> Vec<Seq> {
    model.manage.audit.lines.iter().map(|line| line.seq).collect()
}

fn long(count: usize) -> Vec<Record> {
    let one = audit::of_a_day().swap_remove(1);
    audit::log(&vec![one; count])
}

#[test]
fn the_newest_records_come_first_and_older_ones_page_by_page_without_a_gap() {
    let log = long(450);
    let mut model = reading(&log);
    assert_eq!((numbers(&model)[0], model.manage.audit.oldest), (450, 251));
    let asked = does(&mut model, Action::OlderAudit);
    assert!(!may_read_older_audit(&model), "one page at a time");
    let pages = serve(&mut model, &log, asked);
    assert_eq!(pages, [AuditPage { from: From::Before(251), limit: 200 }]);
    let asked = does(&mut model, Action::OlderAudit);
    serve(&mut model, &log, asked);
    assert_eq!(numbers(&model), (1..=450).rev().collect::<Vec<_>>());
    assert!(!may_read_older_audit(&model), "there is nothing older");
    assert_eq!(model.manage.audit.broken, None);
}

#[test]
fn a_record_is_in_the_words_of_the_client_crate_and_narrowed_by_kind_and_words() {
    let mut model = reading(&audit::log(&audit::of_a_day()));
    let words: Vec<_> = model.manage.audit.lines.iter().map(|line| line.words.as_str()).collect();
    assert_eq!(words[1], "A backup of 18204 records was taken");
    assert_eq!(
        words[2],
        "Ffion Gwŷn, Canterbury City Council exported 198 records of room Incident: East Kent Services, of #1 to #212, up to TLP:AMBER+STRICT"
    );
    assert!(words.contains(
        &"14 attempts to sign in by password and code as Dele Okafor, Dover District Council were refused from 203.0.113.0/24"
    ));
    does(&mut model, Action::AuditOf(AuditKind::Exports));
    assert_eq!(numbers(&model), [9]);
    does(&mut model, Action::AuditOf(AuditKind::All));
    does(&mut model, Action::Filter("dele".to_owned()));
    assert_eq!(numbers(&model), [11, 3]);
}

#[test]
fn stubs_are_hidden_until_they_are_asked_for() {
    let mut model = reading_as(fixture::signed_in(1), &audit::log(&audit::of_a_day()));
    assert!(!numbers(&model).contains(&8));
    does(&mut model, Action::AuditStubs(true));
    assert!(numbers(&model).contains(&8));
}

#[test]
fn a_long_way_with_nothing_to_show_is_not_read_unasked() {
    let mut items = vec![Value::Null; 2_000];
    items.push(audit::of_a_day().swap_remove(1));
    let log = audit::log(&items);
    let mut model = reading_as(fixture::signed_in(1), &log);
    let mut pages = 0;
    while reads_on_audit(&model) {
        let asked = does(&mut model, Action::OlderAudit);
        pages += serve(&mut model, &log, asked).len();
    }
    assert_eq!(pages, 3);
    assert!(may_read_older_audit(&model), "by somebody who asks");
    let asked = does(&mut model, Action::OlderAudit);
    serve(&mut model, &log, asked);
    assert!(reads_on_audit(&model), "and then on");
}

#[test]
fn a_record_that_does_not_follow_the_one_before_is_named() {
    let mut log = audit::log(&audit::of_a_day());
    let Body::Shown { at_ms, .. } = &mut log[3].body else { panic!("it is shown") };
    *at_ms += 1;
    let model = reading(&log);
    let broken = model.manage.audit.broken.as_deref();
    assert_eq!(broken, Some("number 4 does not follow what stands before it"));
}

#[test]
fn the_checkpoint_is_asked_for_with_the_page_and_copied_whole() {
    let mut model = fixture::model();
    let effects = model.act(Action::Show(ManagePage::Audit).into());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadCheckpoint)));
    let signed = audit::checkpoint(11);
    let _ = model.hear(&News::Checkpoint(Ok(signed.clone())));
    let copied = |effects: &[Effect]| match effects {
        [Effect::Copy(text)] => text.clone(),
        _ => panic!("it is copied"),
    };
    let note = copied(&model.act(Action::CopyCheckpoint.into()));
    assert_eq!(note.parse(), Ok(signed.note.clone()), "as tools take it");
    let key = copied(&model.act(Action::CopyAuditKey.into()));
    assert!(key.starts_with(&format!("{}+", signed.note.checkpoint().origin)), "{key}");
}

#[test]
fn what_came_of_a_proof_is_said_of_its_own_record_alone() {
    let mut model = reading(&audit::log(&audit::of_a_day()));
    does(&mut model, Action::Open(Shown::Audited(3)));
    let effects = model.act(Action::ProveAudit(3).into());
    assert!(matches!(&effects[..], [Effect::ProveAudit(3)]));
    let proof = |seq| AuditProved { seq, signed: audit::checkpoint(11) };
    let _ = model.hear(&News::Proved { seq: 4, proof: Ok(proof(4)) });
    assert!(matches!(model.manage.audit.proof, Some((3, Proof::Asked))));
    let _ = model.hear(&News::Proved { seq: 3, proof: Ok(proof(3)) });
    assert!(matches!(model.manage.audit.proof, Some((3, Proof::Proved(_)))));
    does(&mut model, Action::Open(Shown::Audited(4)));
    assert!(model.manage.audit.proof.is_none());
    let _ = model.act(Action::ProveAudit(4).into());
    let why = Refusal::new("history was rewritten", "");
    let _ = model.hear(&News::Proved { seq: 4, proof: Err(why) });
    assert!(
        matches!(&model.manage.audit.proof, Some((4, Proof::Failed(why))) if why == "history was rewritten")
    );
}
