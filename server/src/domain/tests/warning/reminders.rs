//! Reminders: the moments of an ask, whom each calls, and in which order what waits is listed.

use super::*;

/// The time between two steps of the ask that is due at [`DUE`].
const STEP: i64 = 300_000;

/// A reminder of the managers, with the organisations that it is about.
fn managers_told(state: &State, after_ms: i64, until_ms: i64) -> Vec<MemberAbout> {
    let reminders = state.reminders(ROOM, after_ms, until_ms).into_iter();
    let managers = reminders.filter(|one| one.of.stage == Stage::Managers);
    managers.map(|one| (one.who, one.of.organisations)).collect()
}

type MemberAbout = (Principal, Vec<OrganisationId>);

#[test]
fn a_step_is_a_quarter_of_the_time_there_was_and_between_5_minutes_and_an_hour() {
    for (quarter_ms, step_ms) in [
        (100_000, 300_000),
        (300_000, 300_000),
        (1_800_000, 1_800_000),
        (3_600_000, 3_600_000),
        (9_000_000, 3_600_000),
    ] {
        let mut state = roll_call(Label::Amber);
        depends(&mut state, 20, "Civica", vec![member(20)]);
        let due_ms = 10_000 + 4 * quarter_ms;
        apply(&mut state, ASKED, &asking(Some(due_ms)), Vec::new());
        let deputy = (person(20), Stage::Deputies);
        assert_eq!(reminded(&state, due_ms, due_ms + step_ms - 1), [], "{quarter_ms}");
        let told = reminded(&state, due_ms + step_ms - 1, due_ms + step_ms);
        assert!(told.contains(&deputy), "{quarter_ms}: {told:?}");
        let soon = reminded(&state, due_ms - quarter_ms - 1, due_ms - quarter_ms);
        assert!(soon.contains(&(person(20), Stage::Soon)), "{quarter_ms}: {soon:?}");
    }
}

#[test]
fn an_ask_comes_to_the_deputies_one_after_the_other_and_then_to_the_managers() {
    let mut state = roll_call(Label::Amber);
    depends(&mut state, 10, "Civica", vec![member(12), member(10)]);
    let stage = |n, now_ms| state.outstanding(person(n), now_ms).pop().unwrap().stage;
    for (from_ms, with_deputies, without) in [
        (10_000, Stage::Asked, Stage::Asked),
        (760_000, Stage::Soon, Stage::Soon),
        (DUE, Stage::Due, Stage::Due),
        (DUE + STEP, Stage::Deputies, Stage::Managers),
        (DUE + 5 * STEP, Stage::Managers, Stage::Managers),
    ] {
        assert_eq!((stage(10, from_ms), stage(30, from_ms)), (with_deputies, without), "{from_ms}");
    }
    for (until_ms, with_deputies, without) in [
        (760_000, Stage::Asked, Stage::Asked),
        (DUE, Stage::Soon, Stage::Soon),
        (DUE + STEP, Stage::Due, Stage::Due),
        (DUE + 5 * STEP, Stage::Deputies, Stage::Managers),
    ] {
        let before_ms = until_ms - 1;
        let stages = (stage(10, before_ms), stage(30, before_ms));
        assert_eq!(stages, (with_deputies, without), "{before_ms}");
    }
    for (step, deputy) in [(1, person(12)), (2, person(10))] {
        let told = reminded(&state, DUE + (step - 1) * STEP, DUE + step * STEP);
        let deputies = told.into_iter().filter(|(_, stage)| *stage == Stage::Deputies);
        assert_eq!(deputies.collect::<Vec<_>>(), [(deputy, Stage::Deputies)]);
    }
    let about = |numbers: &[u8]| {
        [(person(11), numbers.iter().copied().map(organisation).collect::<Vec<_>>())]
    };
    assert_eq!(managers_told(&state, DUE, DUE + STEP), about(&[20, 30]), "these have no deputies");
    assert_eq!(managers_told(&state, DUE + STEP, DUE + 4 * STEP), []);
    assert_eq!(managers_told(&state, DUE + 4 * STEP, DUE + 5 * STEP), about(&[10, 20, 30]));
}

#[test]
fn a_manager_sees_who_has_not_answered_only_when_it_has_come_to_the_managers() {
    let mut state = roll_call(Label::Amber);
    depends(&mut state, 20, "Civica", vec![member(20)]);
    let waits = |state: &State, n, now_ms| {
        let one = state.outstanding(person(n), now_ms).pop();
        one.map_or(Vec::new(), |one| one.organisations)
    };
    let those = |numbers: &[u8]| numbers.iter().copied().map(organisation).collect::<Vec<_>>();
    assert_eq!(waits(&state, 11, DUE + STEP - 1), those(&[10]), "their own");
    assert_eq!(waits(&state, 11, DUE + STEP), those(&[10, 30]), "20 has a deputy");
    assert_eq!(waits(&state, 11, DUE + 5 * STEP), those(&[10, 20, 30]));
    assert_eq!(waits(&state, 10, DUE + 5 * STEP), those(&[10]), "an officer: their own alone");
    answer(&mut state, 11, 30, answering("affected"));
    assert_eq!(waits(&state, 11, DUE + 5 * STEP), those(&[10, 20]));
    answer(&mut state, 12, 10, answering("affected"));
    assert_eq!(waits(&state, 11, DUE + 5 * STEP), those(&[20]), "their own has answered");
    assert_eq!(waits(&state, 10, DUE + 5 * STEP), []);
}

#[test]
fn a_deputy_is_told_only_in_the_room_and_is_asked_first_where_there_is_nobody_else() {
    let mut state = roll_call(Label::Amber);
    depends(&mut state, 10, "Civica", vec![member(12)]);
    depends(&mut state, 20, "Civica", vec![member(20)]);
    let stages = |state: &State, n| {
        let all = reminded(state, 0, DUE + STEP).into_iter();
        all.filter(|(who, _)| *who == person(n)).map(|(_, stage)| stage).collect::<Vec<_>>()
    };
    assert_eq!(stages(&state, 12), [Stage::Deputies]);
    assert_eq!(stages(&state, 20), [Stage::Soon, Stage::Due, Stage::Deputies], "nobody else");
    enter(&mut state, 11, Kind::Left { who: person(12) });
    assert_eq!(stages(&state, 12), []);
    assert_eq!(stages(&state, 10), [Stage::Soon, Stage::Due]);
}

#[test]
fn nothing_waits_for_who_may_not_read_the_ask_or_is_out_of_the_room() {
    let mut state = roll_call(Label::Red);
    let (early, late) = (person(20), person(30));
    for (seq, who) in [(11, late), (12, early)] {
        enter(&mut state, seq, Kind::Left { who });
    }
    let mut entry = asking(Some(DUE));
    entry.handling.label = Label::Red;
    enter(&mut state, 13, Kind::Retract { of: ASKED });
    enter(&mut state, 14, joined(early));
    apply(&mut state, 15, &entry, Vec::new());
    enter(&mut state, 16, joined(late));
    let waits = |state: &State, who| {
        let told = reminded(state, 0, DUE).into_iter().filter(|(one, _)| *one == who).count();
        (state.outstanding(who, 20_000).len(), told)
    };
    assert_eq!(waits(&state, early), (1, 2));
    assert_eq!(waits(&state, late), (0, 0), "not there when it was asked");
    enter(&mut state, 17, Kind::Left { who: early });
    assert_eq!(waits(&state, early), (0, 0), "out of the room");
}

#[test]
fn what_has_lapsed_waits_for_nobody() {
    let state = roll_call(Label::Amber);
    let lapses_ms = DUE + 604_800_000;
    let waits = |now_ms| state.outstanding(person(20), now_ms).len();
    assert_eq!((waits(lapses_ms - 1), waits(lapses_ms)), (1, 0));
}

#[test]
fn what_is_overdue_comes_first_then_what_is_due_next_then_what_has_no_time() {
    let mut state = roll_call(Label::Amber);
    enter(&mut state, 11, Kind::Retract { of: ASKED });
    for (seq, due_at_ms) in [
        (20, Some(2_000_000)),
        (21, Some(2_100_000)),
        (22, None),
        (23, Some(9_000_000)),
        (24, Some(6_000_000)),
        (25, None),
        (26, Some(5_000_000)),
    ] {
        apply(&mut state, seq, &asking(due_at_ms), Vec::new());
    }
    let all = state.outstanding(person(20), 5_000_000);
    let asks: Vec<_> = all.into_iter().map(|one| one.ask).collect();
    assert_eq!(asks, [26, 21, 20, 24, 23, 25, 22]);
}
