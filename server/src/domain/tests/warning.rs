//! Asks, answers, reminders, alerts and common causes, tried on a room of three organisations.

mod alerts;
mod asks;
mod causes;
mod reminders;
mod sources;

use warproom_proto::alert::{Alert, Certainty, Message, Severity, Source, Urgency};
use warproom_proto::ask::{Ask, Stage};
use warproom_proto::calls::{AnswerAsk, PostAlert, PostEntry};
use warproom_proto::entry::{Entry, Kind, Subject};
use warproom_proto::register::{Act, CommonCause, Dependency, Event, RegisterEntry};
use warproom_proto::{
    EntryId, Error, ErrorCode, Label, MemberId, OrganisationId, Principal, Reporting, RoomId, Seq,
};

use super::super::asking::{OPEN, OPEN_IN_ALL};
use super::super::{Plan, Planned, State, Summary, Target};
use super::{NOW, ROOM, apply, code, enter, joined, member, organisation, person, with_room};

/// When the ask is due: it was asked at 10 s, so three quarters of the time are gone at 760 s.
const DUE: i64 = 1_010_000;

const ASKED: Seq = 10;

/// Officers 10, 12 (of 10), 20 and 30 and manager 11 are in the room; entry 10 asks.
fn roll_call(label: Label) -> State {
    let mut state = with_room(Label::Red);
    for (seq, n) in (4..).zip([11, 12, 20, 30]) {
        enter(&mut state, seq, joined(person(n)));
    }
    let mut entry = asking(Some(DUE));
    entry.handling.label = label;
    apply(&mut state, ASKED, &entry, Vec::new());
    state
}

fn asking(due_at_ms: Option<i64>) -> Entry {
    let mut entry =
        super::notice_entry(EntryId::random(), person(10), Kind::Post { reply_to: None });
    let options = Ask::ROLL_CALL.map(|option| option.parse().unwrap()).into();
    entry.handling.ask = Some(Ask { options, due_at_ms });
    entry
}

fn target(state: &State) -> Target {
    let asked = state.rooms[&ROOM].asked(ASKED).unwrap();
    Target { seq: ASKED, summary: asked.summary.clone(), changes: 0 }
}

fn answering(choice: &str) -> AnswerAsk {
    AnswerAsk {
        room: ROOM,
        id: EntryId::random(),
        of: ASKED,
        choice: choice.parse().unwrap(),
        label: None,
        note: None,
        subjects: Vec::new(),
        common_cause: Reporting::No,
    }
}

/// An answer naming a supplier.
fn naming(vendor: &str, common_cause: Reporting) -> AnswerAsk {
    let subjects = vec![Subject::Vendor(vendor.parse().unwrap())];
    AnswerAsk { subjects, common_cause, ..answering("affected") }
}

/// Takes a plan in, its entry as this number, and says what it announced.
fn take(state: &mut State, seq: Seq, plan: Result<Plan, Error>) -> Vec<CommonCause> {
    let mut announced = Vec::new();
    for record in plan.unwrap().records {
        match record {
            Planned::Entry { entry, carries, .. } => apply(state, seq, &entry, carries),
            Planned::Audit(_) => {}
            Planned::Act(act) => {
                state.apply_act(&act, 0);
                let Act { by: None, event: Event::CommonCauseFound(cause) } = act else {
                    panic!("an entry announces nothing else")
                };
                announced.push(cause);
            }
        }
    }
    announced
}

fn answer(state: &mut State, seq: Seq, n: u8, call: AnswerAsk) -> Vec<CommonCause> {
    let plan = state.decide_answer(person(n), call, &target(state), NOW);
    take(state, seq, plan)
}

#[test]
fn an_answer_counts_for_the_organisation_and_keeps_its_history() {
    let mut state = roll_call(Label::Amber);
    answer(&mut state, 11, 10, answering("investigating"));
    answer(&mut state, 12, 12, answering("affected"));
    answer(&mut state, 13, 20, answering("not affected"));
    let board = state.board(person(30), ROOM, ASKED).unwrap();
    let rows: Vec<_> = board.iter().map(|row| (row.organisation, row.answers.as_slice())).collect();
    let expected: [(_, &[Seq]); 3] =
        [(organisation(10), &[11, 12]), (organisation(20), &[13]), (organisation(30), &[])];
    assert_eq!(rows, expected);
}

#[test]
fn what_is_not_an_option_or_not_an_ask_is_refused() {
    let state = roll_call(Label::Amber);
    let answer = |call, target: &Target| code(state.decide_answer(person(20), call, target, NOW));
    assert_eq!(answer(answering("maybe"), &target(&state)), Some(ErrorCode::BadParams));
    let milder = AnswerAsk { label: Some(Label::Green), ..answering("affected") };
    assert_eq!(answer(milder, &target(&state)), Some(ErrorCode::LabelRefused));
    let nothing = Target { seq: 9, summary: target(&state).summary, changes: 0 };
    let of_nothing = AnswerAsk { of: 9, ..answering("affected") };
    assert_eq!(answer(of_nothing, &nothing), Some(ErrorCode::Conflict));
    for (options, due_at_ms) in
        [(vec!["yes"], None), (vec!["yes", "Yes"], None), (vec!["yes", "no"], Some(NOW))]
    {
        let options = options.into_iter().map(|option| option.parse().unwrap()).collect();
        let ask = Some(Ask { options, due_at_ms });
        let call = PostEntry { ask, ..super::posting(Label::Green) };
        let decided = state.decide_post(person(10), &call, &[], NOW);
        assert_eq!(code(decided), Some(ErrorCode::BadParams));
    }
}

#[test]
fn a_board_shows_each_reader_what_the_labels_let_them_read() {
    let mut state = roll_call(Label::Green);
    let strict = AnswerAsk { label: Some(Label::Red), ..answering("affected") };
    enter(&mut state, 11, Kind::Left { who: person(30) });
    answer(&mut state, 12, 20, strict);
    enter(&mut state, 13, joined(person(30)));
    let seen = |n| {
        let board = state.board(person(n), ROOM, ASKED).unwrap();
        board.into_iter().find(|row| row.organisation == organisation(20)).unwrap().answers
    };
    assert_eq!((seen(10), seen(30)), (vec![12], vec![]));
}

#[test]
fn a_bot_answers_only_by_its_grant() {
    let state = roll_call(Label::Green);
    let bot = Principal::Bot(super::BOT);
    let answered = state.decide_answer(bot, answering("affected"), &target(&state), NOW);
    assert_eq!(code(answered), Some(ErrorCode::NotAllowed));
}

fn depends(state: &mut State, n: u8, vendor: &str, deputies: Vec<MemberId>) {
    let subject = Subject::Vendor(vendor.parse().unwrap());
    let depends_on = vec![Dependency { subject, aliases: Vec::new() }];
    let entry = RegisterEntry { organisation: organisation(n), depends_on, shown: false, deputies };
    state.apply_act(&Act { by: None, event: Event::RegisterEntrySet(entry) }, 0);
}

/// Whom a moment's reminders go to, and at which stage.
fn reminded(state: &State, after_ms: i64, until_ms: i64) -> Vec<(Principal, Stage)> {
    let reminders = state.reminders(ROOM, after_ms, until_ms);
    let mut all: Vec<_> = reminders.into_iter().map(|one| (one.who, one.of.stage)).collect();
    all.sort();
    all
}

#[test]
fn reminders_go_to_the_outstanding_then_their_deputies_then_the_managers() {
    let mut state = roll_call(Label::Amber);
    depends(&mut state, 10, "Civica", vec![member(12)]);
    answer(&mut state, 11, 20, answering("not affected"));
    let step = 5 * 60 * 1000;
    assert_eq!(reminded(&state, 0, 759_000), []);
    let outstanding = |stage| vec![(person(10), stage), (person(11), stage), (person(30), stage)];
    assert_eq!(reminded(&state, 759_000, 760_000), outstanding(Stage::Soon));
    assert_eq!(reminded(&state, 760_000, DUE), outstanding(Stage::Due), "not the deputy yet");
    let later = [(person(11), Stage::Managers), (person(12), Stage::Deputies)];
    assert_eq!(reminded(&state, DUE, DUE + step), later, "30 has no deputy, so the manager hears");
    assert_eq!(reminded(&state, DUE + step, DUE + 4 * step), []);
    let last = [(person(11), Stage::Managers)];
    assert_eq!(reminded(&state, DUE + 4 * step, DUE + 5 * step), last, "of both, in one");
    assert_eq!(reminded(&state, DUE + 5 * step, DUE + 100 * step), []);
    answer(&mut state, 12, 10, answering("affected"));
    answer(&mut state, 13, 30, answering("affected"));
    assert_eq!(reminded(&state, 0, DUE + 100 * step), [], "nobody who has answered is reminded");
}

#[test]
fn what_waits_for_somebody_follows_from_the_time_alone() {
    let mut state = roll_call(Label::Amber);
    let waits = |state: &State, n, now_ms| {
        let one = state.outstanding(person(n), now_ms).pop()?;
        Some((one.stage, one.organisations))
    };
    let (own, all) = (vec![organisation(20)], [10, 20, 30].map(organisation).to_vec());
    assert_eq!(waits(&state, 20, 20_000), Some((Stage::Asked, own.clone())));
    assert_eq!(waits(&state, 20, DUE), Some((Stage::Due, own)));
    let managers = Some((Stage::Managers, all));
    assert_eq!(waits(&state, 11, DUE + 5 * 60 * 1000), managers);
    answer(&mut state, 11, 20, answering("affected"));
    assert_eq!(waits(&state, 20, DUE), None);
    enter(&mut state, 12, Kind::Retract { of: ASKED });
    assert_eq!(waits(&state, 11, DUE + 5 * 60 * 1000), None, "taken back");
}

#[test]
fn an_answer_withheld_from_a_manager_is_not_told_by_its_absence() {
    let mut state = roll_call(Label::Green);
    enter(&mut state, 11, Kind::Left { who: person(11) });
    let strict = AnswerAsk { label: Some(Label::Red), ..answering("affected") };
    answer(&mut state, 12, 20, strict);
    enter(&mut state, 13, joined(person(11)));
    let late = DUE + 60 * 60 * 1000;
    let told = |state: &State| state.outstanding(person(11), late).pop().unwrap().organisations;
    assert_eq!(told(&state), [10, 20, 30].map(organisation));
    let reminders = state.reminders(ROOM, DUE, late);
    let told = reminders.iter().filter(|one| one.of.stage == Stage::Managers);
    assert!(told.clone().count() > 0);
    assert!(told.into_iter().all(|one| one.of.organisations.contains(&organisation(20))));
    assert!(state.outstanding(person(20), late).is_empty(), "their own has answered");
}

#[test]
fn nobody_asks_without_end() {
    let mut state = roll_call(Label::Green);
    for seq in 20..51 {
        apply(&mut state, seq, &asking(Some(DUE)), Vec::new());
    }
    let ask = asking(Some(DUE)).handling.ask;
    let call = |who, now_ms| {
        let call = PostEntry { ask: ask.clone(), ..super::posting(Label::Green) };
        code(state.decide_post(person(who), &call, &[], now_ms))
    };
    assert_eq!(call(10, NOW), Some(ErrorCode::Conflict));
    assert_eq!(call(20, NOW), None, "each author for themselves");
    let plain = state.decide_post(person(10), &super::posting(Label::Green), &[], NOW);
    assert_eq!(code(plain), None, "what asks nothing");

    let mut state = roll_call(Label::Green);
    let (entry, rooms) = (asking(Some(DUE)), OPEN_IN_ALL / OPEN);
    let of = Summary::of(&entry.handling, Vec::new());
    for room in 0..rooms {
        let room = RoomId::from_bytes(u128::try_from(room).unwrap().to_be_bytes());
        for seq in 1..=u64::try_from(OPEN).unwrap() {
            state.apply_entry(room, (seq, 0), &entry, &of);
        }
    }
    let call = |state: &State, who| {
        let call = PostEntry { ask: ask.clone(), ..super::posting(Label::Green) };
        code(state.decide_post(person(who), &call, &[], NOW))
    };
    assert_eq!(call(&state, 10), Some(ErrorCode::Conflict), "in all rooms");
    assert_eq!(call(&state, 20), None);
    state.rooms.retain(|room, _| *room == ROOM);
    assert_eq!(call(&state, 10), None);
}

#[test]
fn a_report_taken_back_by_a_later_alert_counts_no_more() {
    for (message, common_cause) in
        [(Message::Update, Reporting::No), (Message::Cancel, Reporting::Named)]
    {
        let mut state = roll_call(Label::Amber);
        let subjects = vec![Subject::Vendor("Civica".parse().unwrap())];
        let alert = |common_cause| PostAlert {
            label: Label::Amber,
            subjects: subjects.clone(),
            common_cause,
            ..alerting("1", "1")
        };
        let first = state.decide_alert(person(10), alert(Reporting::Named), None, NOW);
        take(&mut state, 20, first);
        let mut later = alert(common_cause);
        later.alert.message = message;
        let later = state.decide_alert(person(10), later, None, NOW);
        take(&mut state, 21, later);
        let alone = answer(&mut state, 22, 20, naming("Civica", Reporting::Named));
        assert_eq!(alone, [], "{message}");
    }
}

#[test]
fn a_bot_reports_for_its_owner_only_where_it_may_answer() {
    let state = roll_call(Label::Green);
    let call = PostAlert { common_cause: Reporting::Anonymous, ..alerting("1", "1") };
    let decided = state.decide_alert(Principal::Bot(super::BOT), call, None, NOW);
    assert_eq!(code(decided), Some(ErrorCode::NotAllowed));
}

#[test]
fn a_register_entry_shown_once_and_hidden_now_is_hidden() {
    let mut state = roll_call(Label::Green);
    let act = |shown| {
        let (depends_on, deputies) = (Vec::new(), Vec::new());
        let organisation = organisation(10);
        let entry = RegisterEntry { organisation, depends_on, shown, deputies };
        Act { by: None, event: Event::RegisterEntrySet(entry) }
    };
    let sees = |state: &State, n, act: &Act| state.register.may_see(person(n), act, |_| true);
    state.apply_act(&act(true), 0);
    assert!(sees(&state, 20, &act(true)));
    state.apply_act(&act(false), 0);
    assert!(!sees(&state, 20, &act(true)) && sees(&state, 12, &act(true)));
}

#[test]
fn two_organisations_that_name_one_supplier_make_a_common_cause() {
    let mut state = roll_call(Label::Amber);
    depends(&mut state, 30, "Civica UK Ltd", Vec::new());
    assert_eq!(answer(&mut state, 11, 10, naming("Civica", Reporting::Anonymous)), []);
    assert_eq!(answer(&mut state, 12, 12, naming("civica", Reporting::Anonymous)), [], "the same");
    let announced = answer(&mut state, 13, 20, naming("CIVICA Limited", Reporting::Named));
    let [cause] = announced.as_slice() else { panic!("{announced:?}") };
    assert_eq!((cause.organisations, &cause.named), (2, &vec![organisation(20)]));
    for (n, concerned, why) in [
        (11, true, "a manager"),
        (30, true, "depends on it"),
        (10, false, "reported it and does not depend on it"),
    ] {
        assert_eq!(state.register.is_concerned(person(n), cause), concerned, "{why}");
    }
    assert_eq!(answer(&mut state, 14, 20, naming("Civica", Reporting::Named)), [], "no news");
    let third = answer(&mut state, 15, 30, naming("Civica", Reporting::Anonymous));
    let [third] = third.as_slice() else { panic!("{third:?}") };
    assert_eq!((third.cause, third.organisations), (cause.cause, 3));
}

#[test]
fn what_its_author_keeps_back_counts_towards_nothing() {
    for (label, reporting, choice) in [
        (Label::Amber, Reporting::No, "affected"),
        (Label::Red, Reporting::Named, "affected"),
        (Label::Amber, Reporting::Named, "not affected"),
    ] {
        let mut state = roll_call(Label::Amber);
        answer(&mut state, 11, 10, naming("Civica", Reporting::Named));
        let kept = naming("Civica", reporting);
        let kept = AnswerAsk { label: Some(label), choice: choice.parse().unwrap(), ..kept };
        assert_eq!(answer(&mut state, 12, 20, kept), [], "{label} {reporting:?} {choice}");
    }
    let mut state = roll_call(Label::Amber);
    answer(&mut state, 11, 10, naming("Civica", Reporting::Named));
    answer(&mut state, 12, 10, answering("not affected"));
    let alone = answer(&mut state, 13, 20, naming("Civica", Reporting::Named));
    assert_eq!(alone, [], "the first has taken its report back by another answer");
}

fn alerting(id: &str, revision: &str) -> PostAlert {
    let source = Source { id: id.parse().unwrap(), revision: revision.parse().unwrap() };
    PostAlert {
        room: ROOM,
        id: EntryId::random(),
        label: Label::Green,
        alert: Alert {
            severity: Severity::Severe,
            urgency: Urgency::Immediate,
            certainty: Certainty::Observed,
            message: Message::Alert,
            issued_at_ms: None,
            effective_at_ms: None,
            expires_at_ms: None,
            source: Some(source),
            supersedes: None,
        },
        headline: "Exploited".parse().unwrap(),
        text: None,
        what_to_do: None,
        references: Vec::new(),
        issuer: None,
        subjects: Vec::new(),
        ask: None,
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    }
}

fn supersedes(plan: &Plan) -> Option<Seq> {
    let Some(Planned::Entry { entry, .. }) = plan.records.first() else { panic!("no entry") };
    entry.handling.kind.refers_to()
}

#[test]
fn a_later_revision_takes_the_place_of_the_earlier_one_of_the_same_author() {
    let mut state = roll_call(Label::Green);
    let bot = Principal::Bot(super::BOT);
    let decide = |state: &State, who, call| state.decide_alert(who, call, None, NOW);
    let first = decide(&state, bot, alerting("KEV/1", "1"));
    take(&mut state, 20, first);
    assert_eq!(supersedes(&decide(&state, bot, alerting("KEV/1", "2")).unwrap()), Some(20));
    assert_eq!(supersedes(&decide(&state, bot, alerting("KEV/2", "1")).unwrap()), None);
    let others = decide(&state, person(10), alerting("KEV/1", "2"));
    assert_eq!(supersedes(&others.unwrap()), None, "somebody else's source of the same name");
    let exercise = PostAlert { exercise: true, ..alerting("KEV/1", "2") };
    assert_eq!(supersedes(&decide(&state, bot, exercise).unwrap()), None, "an exercise");
}

#[test]
fn an_exercise_never_takes_the_place_of_what_is_real() {
    let mut state = roll_call(Label::Green);
    let real = state.decide_alert(person(10), alerting("1", "1"), None, NOW);
    take(&mut state, 20, real);
    let exercise = PostAlert { exercise: true, ..alerting("2", "1") };
    let exercise = state.decide_alert(person(10), exercise, None, NOW);
    take(&mut state, 21, exercise);
    let naming = |seq: Seq, exercise| {
        let mut call = alerting("3", "1");
        (call.alert.supersedes, call.exercise) = (Some(seq), exercise);
        let mut handling =
            super::notice_entry(EntryId::random(), person(10), Kind::Unknown).handling;
        handling.kind = Kind::Alert(call.alert.clone());
        handling.exercise = seq == 21;
        let target = Target { seq, summary: Summary::of(&handling, Vec::new()), changes: 0 };
        state.decide_alert(person(10), call, Some(&target), NOW)
    };
    assert_eq!(code(naming(20, true)), Some(ErrorCode::Conflict));
    let plan = naming(21, false).unwrap();
    let Some(Planned::Entry { entry, .. }) = plan.records.first() else { panic!("no entry") };
    assert!(entry.handling.exercise, "what takes an exercise's place is one");
    assert_eq!(code(naming(20, false)), None);
}

#[test]
fn an_update_or_cancellation_of_nothing_is_refused() {
    let state = roll_call(Label::Green);
    for message in [Message::Update, Message::Cancel] {
        let mut call = alerting("1", "1");
        (call.alert.message, call.alert.source) = (message, None);
        let decided = state.decide_alert(person(10), call, None, NOW);
        assert_eq!(code(decided), Some(ErrorCode::BadParams), "{message}");
    }
}
