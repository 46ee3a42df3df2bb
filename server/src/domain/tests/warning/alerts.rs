//! Alerts: who may post one, what one has to say, and whose place it may take.

use warproom_proto::calls::BeginFile;
use warproom_proto::{FileId, NamedFile, Sha256};

use super::super::post;
use super::*;
use crate::domain::{FileBounds, FileChange, KindTag};

/// The number of the alert that another takes the place of.
const ALERT: Seq = 20;

fn decide(state: &State, call: PostAlert) -> Option<ErrorCode> {
    code(state.decide_alert(person(10), call, None, NOW))
}

/// Whether somebody may take an entry's place by an alert with this label.
fn replace(state: &State, who: u8, label: Label, summary: Summary) -> Option<ErrorCode> {
    let mut call = PostAlert { label, ..alerting("2", "1") };
    call.alert.supersedes = Some(ALERT);
    code(state.decide_alert(
        person(who),
        call,
        Some(&Target { seq: ALERT, summary, changes: 0 }),
        NOW,
    ))
}

fn alert(label: Label) -> Summary {
    Summary { kind: KindTag::Alert, ..post(label) }
}

#[test]
fn an_alert_is_updated_by_its_author_or_by_a_manager_who_makes_it_no_milder() {
    let mut state = roll_call(Label::Green);
    enter(&mut state, 15, Kind::Left { who: person(30) });
    enter(&mut state, 21, joined(person(30)));
    let rows = [
        (10, Label::Green, Label::Amber, None, "its author relaxes it"),
        (11, Label::Amber, Label::Amber, None, "a manager"),
        (11, Label::Red, Label::Amber, None, "a manager tightens it"),
        (11, Label::Green, Label::Amber, Some(ErrorCode::LabelRefused), "a manager relaxes it"),
        (20, Label::Amber, Label::Amber, Some(ErrorCode::NotAllowed), "another officer"),
        (30, Label::Red, Label::Red, Some(ErrorCode::NotFound), "who may not read it"),
    ];
    for (who, label, of, refused, why) in rows {
        assert_eq!(replace(&state, who, label, alert(of)), refused, "{why}");
    }
    let of_a_post = replace(&state, 10, Label::Green, post(Label::Green));
    assert_eq!(of_a_post, Some(ErrorCode::Conflict), "it is not an alert");
}

#[test]
fn a_first_alert_needs_no_source_and_an_update_needs_one_or_an_alert_before_it() {
    let state = roll_call(Label::Green);
    let mut first = alerting("1", "1");
    first.alert.source = None;
    assert_eq!(decide(&state, first), None);
    let mut update = alerting("1", "2");
    update.alert.message = Message::Update;
    assert_eq!(decide(&state, update.clone()), None, "the first of its source that came here");
    (update.alert.source, update.alert.supersedes) = (None, Some(ALERT));
    let target = Target { seq: ALERT, summary: alert(Label::Green), changes: 0 };
    assert_eq!(code(state.decide_alert(person(10), update, Some(&target), NOW)), None);
}

#[test]
fn an_alert_expires_after_it_takes_effect() {
    let state = roll_call(Label::Green);
    let during = |effective_at_ms, expires_at_ms| {
        let mut call = alerting("1", "1");
        (call.alert.effective_at_ms, call.alert.expires_at_ms) = (effective_at_ms, expires_at_ms);
        decide(&state, call)
    };
    for (effective_at_ms, expires_at_ms) in
        [(None, None), (Some(NOW), None), (None, Some(NOW)), (Some(NOW), Some(NOW + 1))]
    {
        assert_eq!(during(effective_at_ms, expires_at_ms), None);
    }
    for expires_at_ms in [NOW, NOW - 1] {
        assert_eq!(during(Some(NOW), Some(expires_at_ms)), Some(ErrorCode::BadParams));
    }
}

#[test]
fn an_alert_has_32_references_and_32_subjects_at_most_and_asks_what_can_be_answered() {
    let state = roll_call(Label::Green);
    let references = |many| {
        let references = vec!["https://www.ncsc.gov.uk".parse().unwrap(); many];
        decide(&state, PostAlert { references, ..alerting("1", "1") })
    };
    assert_eq!((references(32), references(33)), (None, Some(ErrorCode::BadParams)));
    let subjects = |many| {
        let subjects = vec![Subject::Vendor("Civica".parse().unwrap()); many];
        decide(&state, PostAlert { subjects, ..alerting("1", "1") })
    };
    assert_eq!((subjects(32), subjects(33)), (None, Some(ErrorCode::BadParams)));
    let asks = |due_at_ms| {
        let ask = asking(Some(due_at_ms)).handling.ask;
        decide(&state, PostAlert { ask, ..alerting("1", "1") })
    };
    assert_eq!((asks(DUE), asks(NOW)), (None, Some(ErrorCode::BadParams)));
}

#[test]
fn an_alert_carries_files_of_its_author() {
    let mut state = roll_call(Label::Green);
    let (file, sha256) = (FileId::from_bytes([5; 16]), Sha256([5; 32]));
    let (room_bytes, organisation_bytes) = (1 << 16, 1 << 16);
    let bounds = FileBounds { largest_bytes: 10, waiting: 1, room_bytes, organisation_bytes };
    let call = BeginFile { room: ROOM, size_bytes: 10, sha256 };
    let begun = state.decide_begin(person(10), &call, file, (&bounds, NOW)).unwrap().unwrap();
    state.apply_file(&begun);
    let whole = state.decide_whole(person(10), file).unwrap().unwrap();
    state.apply_file(&whole);
    let name = "indicators.csv".parse().unwrap();
    let files = vec![NamedFile { file, name, media_type: None }];
    let call = PostAlert { files, ..alerting("1", "1") };
    let plan = state.decide_alert(person(10), call, None, NOW).unwrap();
    let [FileChange::Kept(kept)] = plan.files.as_slice() else { panic!("one file is kept") };
    assert_eq!(kept.file, file);
    let Some(Planned::Entry { entry, .. }) = plan.records.first() else { panic!("no entry") };
    let carried = entry.handling.files.iter().map(|one| one.file);
    assert_eq!(carried.collect::<Vec<_>>(), [file]);
}
