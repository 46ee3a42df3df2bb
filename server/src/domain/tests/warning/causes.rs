//! Common causes: how long a report counts, what takes its place or takes it back, and what is news.

use super::*;

/// How long a report counts, in seconds.
const WINDOW: Seq = 259_200;

/// An answer this many seconds after 1970, which is its number too.
fn answer_at(state: &mut State, seconds: Seq, n: u8, call: AnswerAsk) -> Vec<CommonCause> {
    let now_ms = i64::try_from(seconds).unwrap() * 1000;
    let plan = state.decide_answer(person(n), call, &target(state), now_ms);
    take(state, seconds, plan)
}

/// An alert of a source naming a supplier.
fn about(vendor: &str, id: &str, revision: &str) -> PostAlert {
    PostAlert {
        label: Label::Amber,
        subjects: vec![Subject::Vendor(vendor.parse().unwrap())],
        common_cause: Reporting::Named,
        ..alerting(id, revision)
    }
}

fn alert_at(state: &mut State, seconds: Seq, n: u8, call: PostAlert) -> Vec<CommonCause> {
    let now_ms = i64::try_from(seconds).unwrap() * 1000;
    let plan = state.decide_alert(person(n), call, None, now_ms);
    take(state, seconds, plan)
}

/// How many causes an alert of organisation 20 about a supplier would make common.
fn causes(state: &State, vendor: &str) -> usize {
    let plan = state.decide_alert(person(20), about(vendor, "asking", "1"), None, NOW).unwrap();
    plan.records.iter().filter(|record| matches!(record, Planned::Act(_))).count()
}

#[test]
fn a_report_counts_for_72_hours() {
    for (later_ms, expected) in [(259_200_000, 1), (259_200_001, 0)] {
        let mut state = roll_call(Label::Amber);
        answer(&mut state, 11, 10, naming("Civica", Reporting::Anonymous));
        let second = naming("Civica", Reporting::Anonymous);
        let plan = state.decide_answer(person(20), second, &target(&state), 11_000 + later_ms);
        assert_eq!(take(&mut state, 12, plan).len(), expected, "{later_ms} ms later");
    }
}

#[test]
fn a_cause_begins_with_its_first_report_and_is_spelt_as_there() {
    let mut state = roll_call(Label::Amber);
    answer_at(&mut state, 11, 10, naming("Civica", Reporting::Anonymous));
    // At the same moment: the one that came first is the first.
    let second = naming("CIVICA Limited", Reporting::Anonymous);
    let plan = state.decide_answer(person(20), second, &target(&state), 11_000);
    let second = take(&mut state, 12, plan).pop().unwrap();
    let third = naming("CIVICA", Reporting::Anonymous);
    let third = answer_at(&mut state, 13, 30, third).pop().unwrap();
    let civica = Subject::Vendor("Civica".parse().unwrap());
    for (cause, at_ms) in [(second, 11_000), (third, 13_000)] {
        assert_eq!((cause.subject, cause.since_ms, cause.at_ms), (civica.clone(), 11_000, at_ms));
    }
}

#[test]
fn an_organisation_that_lets_itself_be_named_later_is_news() {
    let mut state = roll_call(Label::Amber);
    answer_at(&mut state, 11, 10, naming("Civica", Reporting::Anonymous));
    let first = answer_at(&mut state, 12, 20, naming("Civica", Reporting::Anonymous));
    let [first] = first.as_slice() else { panic!("{first:?}") };
    let named = answer_at(&mut state, 13, 10, naming("Civica", Reporting::Named));
    let [named] = named.as_slice() else { panic!("{named:?}") };
    assert_eq!((named.cause, named.organisations), (first.cause, 2));
    assert_eq!(
        (first.named.as_slice(), named.named.as_slice()),
        (&[][..], &[organisation(10)][..])
    );
}

#[test]
fn what_is_named_in_an_exercise_and_what_is_real_make_no_cause_together() {
    let mut state = roll_call(Label::Amber);
    let civica = |id, exercise| PostAlert { exercise, ..about("Civica", id, "1") };
    assert_eq!(alert_at(&mut state, 20, 10, civica("1", true)), []);
    assert_eq!(alert_at(&mut state, 21, 20, civica("2", false)), []);
    let exercise = alert_at(&mut state, 22, 30, civica("3", true)).pop().unwrap();
    let real = alert_at(&mut state, 23, 10, civica("4", false)).pop().unwrap();
    assert_eq!((exercise.exercise, exercise.since_ms), (true, 20_000));
    assert_eq!((real.exercise, real.since_ms), (false, 21_000));
    assert_eq!((exercise.organisations, real.organisations), (2, 2));
    assert_ne!(exercise.cause, real.cause);
}

#[test]
fn a_cause_whose_announcement_is_72_hours_old_is_announced_anew_from_what_still_counts() {
    type Report = fn(&mut State, Seq, u8, Reporting) -> Vec<CommonCause>;
    let answers: Report =
        |state, seconds, n, reporting| answer_at(state, seconds, n, naming("Civica", reporting));
    let alerts: Report = |state, seconds, n, common_cause| {
        let alert = about("Civica", &seconds.to_string(), "1");
        alert_at(state, seconds, n, PostAlert { common_cause, ..alert })
    };
    let revisions: Report = |state, seconds, n, common_cause| {
        let alert = about("Civica", "1", &seconds.to_string());
        alert_at(state, seconds, n, PostAlert { common_cause, ..alert })
    };
    for (report, named, why) in [
        (answers, &[20][..], "an answer takes the place of the one before it"),
        (alerts, &[10, 20], "an alert of another source stands beside the one before it"),
        (revisions, &[20], "a revision takes the place of the one before it"),
    ] {
        let mut state = roll_call(Label::Amber);
        assert_eq!(report(&mut state, 1000, 10, Reporting::Named), []);
        let first = report(&mut state, 1001, 20, Reporting::Named).pop().unwrap();
        for (seconds, n) in [(5000, 20), (6000, 10)] {
            assert_eq!(report(&mut state, seconds, n, Reporting::Named), [], "no news");
        }
        let anew = report(&mut state, 1002 + WINDOW, 10, Reporting::Anonymous).pop().unwrap();
        assert_ne!(anew.cause, first.cause, "{why}");
        assert_eq!((anew.organisations, anew.since_ms), (2, 5_000_000), "{why}");
        let named: Vec<_> = named.iter().copied().map(organisation).collect();
        assert_eq!(anew.named, named, "{why}");
    }
}

#[test]
fn what_is_taken_back_or_becomes_red_counts_no_more_and_the_rest_does() {
    const ALERT: Seq = 20;
    let red = |of| Kind::Relabel { of, to: Label::Red };
    let strict = Kind::Relabel { of: ALERT, to: Label::AmberStrict };
    let other_room = RoomId::from_bytes([9; 16]);
    for (room, kind, expected, why) in [
        (ROOM, Kind::Unknown, (1, 1), "nothing is taken back"),
        (ROOM, Kind::Retract { of: ALERT }, (0, 1), "the alert"),
        (ROOM, Kind::Retract { of: ASKED }, (1, 0), "the ask, and with it its answer"),
        (ROOM, red(ALERT), (0, 1), "the alert becomes RED"),
        (ROOM, red(ASKED), (1, 0), "the ask becomes RED, and with it its answer"),
        (ROOM, strict, (1, 1), "the alert becomes stricter, and not RED"),
        (other_room, Kind::Retract { of: ALERT }, (1, 1), "one of that number elsewhere"),
        (other_room, Kind::Retract { of: ASKED }, (1, 1), "an ask of that number elsewhere"),
    ] {
        let mut state = roll_call(Label::Amber);
        alert_at(&mut state, ALERT, 10, about("Capita", "1", "1"));
        answer_at(&mut state, 21, 10, naming("Civica", Reporting::Named));
        let entry = super::super::notice_entry(EntryId::random(), person(11), kind);
        let summary = Summary::of(&entry.handling, Vec::new());
        state.apply_entry(room, (22, 22_000), &entry, &summary);
        assert_eq!((causes(&state, "Capita"), causes(&state, "Civica")), expected, "{why}");
    }
}

#[test]
fn the_latest_32_alerts_of_an_organisation_count_and_crowd_out_nothing_else() {
    let mut state = roll_call(Label::Amber);
    alert_at(&mut state, 20, 30, about("Oracle", "1", "1"));
    answer_at(&mut state, 21, 10, naming("Jadu", Reporting::Named));
    alert_at(&mut state, 30, 10, about("Capita", "30", "1"));
    for seconds in 31..62 {
        alert_at(&mut state, seconds, 10, about("Unit4", &seconds.to_string(), "1"));
    }
    let counting =
        |state: &State| ["Oracle", "Jadu", "Capita", "Unit4"].map(|one| causes(state, one));
    assert_eq!(counting(&state), [1, 1, 1, 1], "32 alerts");
    alert_at(&mut state, 62, 10, about("Unit4", "62", "1"));
    assert_eq!(counting(&state), [1, 1, 0, 1], "33 alerts");
}
