//! Asks: what can be asked, how long it waits, what answers it, and who sees the board.

use warproom_proto::{BotId, Head};

use super::super::BOT;
use super::*;
use crate::domain::asking::{Asked, check_ask};

const WEEK_MS: i64 = 604_800_000;
const MONTH_MS: i64 = 2_678_400_000;

#[test]
fn an_ask_lapses_a_week_after_it_was_due_or_31_days_after_it_was_asked() {
    for (due_at_ms, lapses_ms) in [(Some(DUE), DUE + WEEK_MS), (None, NOW + MONTH_MS)] {
        let handling = asking(due_at_ms).handling;
        let summary = Summary::of(&handling, Vec::new());
        let asked = Asked::new(NOW, handling.ask.unwrap(), summary);
        assert!(!asked.has_lapsed(lapses_ms - 1) && asked.has_lapsed(lapses_ms), "{due_at_ms:?}");
    }
}

#[test]
fn an_ask_has_2_to_8_options_each_once_and_is_due_within_31_days() {
    let check = |options: &[&str], due_at_ms| {
        let options = options.iter().map(|option| option.parse().unwrap()).collect();
        code(check_ask(&Ask { options, due_at_ms }, NOW))
    };
    let bad = Some(ErrorCode::BadParams);
    let nine = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    for (options, refused) in
        [(&nine[..1], bad), (&nine[..2], None), (&nine[..8], None), (&nine, bad)]
    {
        assert_eq!(check(options, None), refused, "{options:?}");
    }
    assert_eq!(check(&["yes", "no", "YES"], None), bad, "each once");
    for (due_at_ms, refused) in
        [(NOW, bad), (NOW + 1, None), (NOW + MONTH_MS, None), (NOW + MONTH_MS + 1, bad)]
    {
        assert_eq!(check(&["yes", "no"], Some(due_at_ms)), refused, "{due_at_ms}");
    }
}

#[test]
fn an_answer_has_8_subjects_and_2048_bytes_of_note_at_most() {
    let state = roll_call(Label::Green);
    let decide = |call| code(state.decide_answer(person(20), call, &target(&state), NOW));
    let about = |many| {
        let subjects = vec![Subject::Vendor("Civica".parse().unwrap()); many];
        decide(AnswerAsk { subjects, ..answering("affected") })
    };
    assert_eq!((about(8), about(9)), (None, Some(ErrorCode::BadParams)));
    let noted = |bytes| {
        let note = Some("x".repeat(bytes).parse().unwrap());
        decide(AnswerAsk { note, ..answering("affected") })
    };
    assert_eq!((noted(1), noted(2048)), (None, None));
    assert_eq!(noted(2049), Some(ErrorCode::BadParams));
}

#[test]
fn an_organisation_answers_100_times_at_most_and_another_still_may() {
    let mut state = roll_call(Label::Green);
    for n in 0..100 {
        answer(&mut state, 11 + n, 20, answering("investigating"));
    }
    let next =
        |n| code(state.decide_answer(person(n), answering("affected"), &target(&state), NOW));
    assert_eq!((next(20), next(30)), (Some(ErrorCode::Conflict), None));
}

#[test]
fn a_bot_whose_grant_lets_it_answers_for_its_owners_organisation() {
    let mut state = roll_call(Label::Green);
    let mut bot = state.register.bot(BOT).unwrap().clone();
    (bot.bot, bot.grant.answer) = (BotId::from_bytes([3; 16]), true);
    let who = Principal::Bot(bot.bot);
    let added = Event::BotAdded { bot, token_hash: Head([3; 32]), hook_hash: None };
    state.apply_act(&Act { by: None, event: added }, 0);
    enter(&mut state, 11, joined(who));
    let plan = state.decide_answer(who, answering("affected"), &target(&state), NOW).unwrap();
    let Some(Planned::Entry { entry, carries, .. }) = plan.records.first() else {
        panic!("no entry")
    };
    let kind = Kind::Answer {
        of: ASKED,
        organisation: organisation(10),
        choice: "affected".parse().unwrap(),
    };
    assert_eq!((&entry.handling.kind, entry.handling.label), (&kind, Label::Green));
    assert_eq!(*carries, [ASKED]);
    let reporting = AnswerAsk { common_cause: Reporting::Named, ..answering("affected") };
    assert_eq!(code(state.decide_answer(who, reporting, &target(&state), NOW)), None);
}

#[test]
fn a_board_is_for_whoever_may_read_the_ask() {
    let mut state = roll_call(Label::Red);
    enter(&mut state, 11, Kind::Left { who: person(30) });
    let sees = |state: &State, n, of| code(state.board(person(n), ROOM, of).map(|_| ()));
    assert_eq!(sees(&state, 20, ASKED), None);
    assert_eq!(sees(&state, 20, 9), Some(ErrorCode::NotFound), "this asks nothing");
    assert_eq!(sees(&state, 30, ASKED), Some(ErrorCode::NotFound), "out of the room");
    let mut later = with_room(Label::Red);
    apply(&mut later, ASKED, &asking(Some(DUE)), Vec::new());
    enter(&mut later, 11, Kind::Relabel { of: ASKED, to: Label::Red });
    enter(&mut later, 12, joined(person(20)));
    assert_eq!(sees(&later, 20, ASKED), Some(ErrorCode::NotFound), "not there when it was asked");
}

#[test]
fn whoever_has_left_is_on_a_board_only_by_an_answer_that_its_reader_may_read() {
    let mut state = roll_call(Label::Green);
    answer(&mut state, 11, 20, answering("affected"));
    let strict = AnswerAsk { label: Some(Label::Red), ..answering("affected") };
    enter(&mut state, 12, Kind::Left { who: person(11) });
    answer(&mut state, 13, 30, strict);
    enter(&mut state, 14, joined(person(11)));
    let rows = |state: &State| {
        let board = state.board(person(11), ROOM, ASKED).unwrap();
        board.into_iter().map(|row| (row.organisation, row.answers)).collect::<Vec<_>>()
    };
    let (asked, open) = (|n| (organisation(n), Vec::new()), (organisation(20), vec![11]));
    assert_eq!(rows(&state), [asked(10), open.clone(), asked(30)]);
    for (seq, n) in [(15, 20), (16, 30)] {
        enter(&mut state, seq, Kind::Left { who: person(n) });
    }
    assert_eq!(rows(&state), [asked(10), open], "30 is not told of: its answer is withheld");
}
