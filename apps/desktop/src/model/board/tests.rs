//! Showing, refreshing, sorting and exporting a board.

use serde_json::value::to_raw_value;
use warproom_client::proto::calls::{Board, BoardRow};
use warproom_client::proto::{Ask, Entry, Head, Label, Position, Salt};

use super::*;
use crate::fixture::{
    self, NOW_MS, ORGANISATIONS, asking, fill, kind, name, organisation, post, room,
};
use crate::model::desk;

/// A record of this entry, a minute after the one before.
pub(crate) fn record(seq: Seq, entry: &Entry) -> Record {
    let item = to_raw_value(entry).unwrap();
    let at_ms = NOW_MS + i64::try_from(seq).unwrap() * 60_000;
    let body = Body::Shown { at_ms, salt: Salt([0; 16]), item, label: None };
    Record { seq, head: Head([0; 32]), body }
}

pub(crate) fn answer(author: u8, label: Label, choice: &str, note: &str) -> Entry {
    let (organisation, choice) = (organisation(author), name(choice));
    kind(post(author, label, note), Kind::Answer { of: 1, organisation, choice })
}

/// Canterbury affected (twice answered), Dover not affected, Thanet and the rest missing.
pub(crate) fn roll_call(ask: Label, exercise: bool) -> Board {
    let mut asks = asking(post(5, ask, "Who is hit?"), &Ask::ROLL_CALL, 45);
    asks.handling.exercise = exercise;
    let rows = (1..).zip(ORGANISATIONS).map(|(number, called)| {
        let (answers, answer) = match number {
            1 => (2, Some(record(5, &answer(1, Label::AmberStrict, "affected", "Forms are down")))),
            2 => (1, Some(record(7, &answer(2, Label::AmberStrict, "not affected", "Quiet")))),
            _ => (0, None),
        };
        BoardRow { organisation: organisation(number), name: name(called), answer, answers }
    });
    let latest = Position { seq: 9, head: Head([0; 32]) };
    Board { ask: record(1, &asks), rows: rows.collect(), latest }
}

pub(crate) fn show(board: Board) -> (Model, Vec<Effect>) {
    let mut model = fixture::model();
    let effects = act(&mut model, Action::Show(room(1), 1));
    let call = Request::from(ShowBoard { room: room(1), of: 1 });
    let _ = model.hear(&News::Answered(call, Ok(Reply::ShowBoard(board))));
    (model, effects)
}

fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    model.act(crate::Action::Board(action))
}

fn shown_again(effects: &[Effect]) -> usize {
    let is = |one: &&Effect| matches!(one, Effect::Call(Request::ShowBoard(_)));
    effects.iter().filter(is).count()
}

fn confirm(model: &mut Model) -> Vec<Effect> {
    model.act(crate::Action::Desk(desk::Action::Confirm))
}

#[test]
fn a_board_is_shown_beside_its_room() {
    let (model, effects) = show(roll_call(Label::AmberStrict, false));
    assert_eq!(model.open_board(), Some((room(1), 1)));
    assert_eq!(shown_again(&effects), 1);
    assert_eq!(model.open_board_view().unwrap().title, "Who is hit?");
}

#[test]
fn answers_that_arrive_refresh_the_board_once_a_second_at_most() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let clock = |model: &mut Model, ms: i64| shown_again(&model.hear(&News::Clock(NOW_MS + ms)));
    let arrives = |model: &mut Model, entry: Entry| {
        let seq = model.rooms.rooms[&room(1)].log.latest + 1;
        let news = News::Entry(fixture::delivered(room(1), seq, NOW_MS, entry));
        shown_again(&model.hear(&news))
    };
    let hit = || answer(3, Label::AmberStrict, "affected", "-");
    assert_eq!(clock(&mut model, 500), 0);
    assert_eq!(arrives(&mut model, hit()), 0, "it was shown half a second ago");
    assert_eq!(arrives(&mut model, hit()), 0);
    assert_eq!(clock(&mut model, 1_000), 1);
    assert_eq!(clock(&mut model, 3_000), 0, "nothing came since");
    assert_eq!(arrives(&mut model, hit()), 1);

    assert_eq!(clock(&mut model, 6_000), 0);
    assert_eq!(arrives(&mut model, post(3, Label::AmberStrict, "Hello")), 0);
    let relabel = Kind::Relabel { of: 5, to: Label::Red };
    assert_eq!(
        arrives(&mut model, kind(post(1, Label::Red, "-"), relabel)),
        1,
        "an answer's label"
    );
}

#[test]
fn an_ask_that_was_taken_back_has_no_board_and_says_why() {
    let mut board = roll_call(Label::AmberStrict, false);
    board.ask.body = Body::Withheld { commitment: Head([0; 32]), erased: false };
    let (model, _) = show(board);
    assert!(model.open_board_view().is_none());
    assert!(model.board.trouble[&(room(1), 1)].starts_with("What was asked was taken back"));
}

#[test]
fn rows_are_sorted_by_answer_name_or_time() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let first = |model: &Model| {
        let view = model.open_board_view().unwrap();
        let rows = model.board.rows(view);
        (rows[0].name.to_string(), rows[7].name.to_string())
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(first(&model), pair("Ashford Borough Council", "Dover District Council"));
    act(&mut model, Action::Sort(Sort::Organisation));
    assert_eq!(first(&model), pair("Ashford Borough Council", "Thanet District Council"));
    act(&mut model, Action::Sort(Sort::Time));
    assert_eq!(first(&model), pair("Dover District Council", "Thanet District Council"));
}

#[test]
fn a_history_comes_oldest_first_and_goes_on_where_a_page_was_cut() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let effects = act(&mut model, Action::History(Some(organisation(1))));
    let Some(Effect::Call(Request::BoardHistory(call))) = effects.last() else { panic!("no call") };
    let page = |seqs: &[Seq]| {
        let entry = answer(1, Label::AmberStrict, "investigating", "-");
        let records = seqs.iter().map(|seq| record(*seq, &entry)).collect();
        let latest = Position { seq: 9, head: Head([0; 32]) };
        Ok(Reply::BoardHistory(Page { records, amendments: Vec::new(), latest }))
    };
    let effects = model.hear(&News::Answered((*call).into(), page(&[2])));
    let Some(Effect::Call(Request::BoardHistory(more))) = effects.last() else { panic!("no more") };
    assert_eq!(more.after, 2, "two answers, and one came");
    let effects = model.hear(&News::Answered((*more).into(), page(&[5])));
    assert!(effects.is_empty());
    let (_, answers) = model.board.history.clone().unwrap();
    let answers = answers.unwrap();
    assert_eq!(answers.iter().map(|one| one.seq).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(answers[0].at_ms, Some(NOW_MS + 120_000));
}

#[test]
fn a_file_is_written_once_its_label_was_told() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, true));
    assert!(act(&mut model, Action::ExportCsv).is_empty());
    let question = model.desk.confirm.clone().unwrap();
    assert!(
        question.what_it_does.contains("TLP:AMBER+STRICT EXERCISE"),
        "{}",
        question.what_it_does
    );
    let effects = confirm(&mut model);
    let Some(Effect::WriteFile { name, text }) = effects.first() else { panic!("no file") };
    assert!(name.starts_with("exercise-board-who-is-hit-"), "{name}");
    assert!(!name.contains([':', '/', ' ']), "{name}");
    assert!(text.starts_with("TLP:AMBER+STRICT EXERCISE\r\n"));
}

#[test]
fn a_red_board_leaves_in_no_form() {
    let (mut model, _) = show(roll_call(Label::Red, false));
    assert!(act(&mut model, Action::ExportCsv).is_empty());
    assert!(model.desk.confirm.is_none());
    assert!(act(&mut model, Action::CopyMarkdown).is_empty());
    let [notice] = &model.desk.notices[..] else { panic!("it is said, and said once") };
    assert!(notice.is_trouble && notice.text.starts_with("the ask is TLP:RED"));
}

#[test]
fn a_copy_has_its_label_first_and_last() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let effects = act(&mut model, Action::CopyMarkdown);
    let Some(Effect::Copy(text)) = effects.first() else { panic!("no copy") };
    assert!(
        text.starts_with("TLP:AMBER+STRICT\n") && text.trim_end().ends_with("TLP:AMBER+STRICT")
    );
    assert!(text.contains("| Canterbury City Council | affected |"));
}

#[test]
fn signing_in_again_refreshes_the_open_board_only() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let me = model.session.clone().unwrap().me;
    let again = News::SignedIn(crate::news::SignedIn { warp: name("Kent"), me });
    assert_eq!(shown_again(&model.hear(&again)), 1);
    fill(&mut model, room(1), Vec::new());
    model.rooms.open_mut().unwrap().reading.beside = None;
    assert_eq!(shown_again(&model.hear(&again)), 0);
}

#[test]
fn a_board_that_comes_after_its_room_was_left_is_not_kept() {
    let (mut model, _) = show(roll_call(Label::AmberStrict, false));
    let _ = model.hear(&News::RoomLeft(room(1)));
    assert!(model.board.boards.is_empty());
    let call = Request::from(ShowBoard { room: room(1), of: 1 });
    let late = Reply::ShowBoard(roll_call(Label::AmberStrict, false));
    let _ = model.hear(&News::Answered(call.clone(), Ok(late)));
    assert!(model.board.boards.is_empty());
    let _ = model.hear(&News::Answered(call, Err(crate::news::Refusal::new("no such room", ""))));
    assert!(model.board.trouble.is_empty());
}

#[test]
fn a_board_that_was_made_before_something_on_it_was_taken_back_is_not_shown() {
    let call = Request::from(ShowBoard { room: room(1), of: 1 });
    let told =
        || News::Answered(call.clone(), Ok(Reply::ShowBoard(roll_call(Label::Green, false))));
    let retract = |model: &mut Model, of: Seq| {
        let entry = kind(post(5, Label::Green, "-"), Kind::Retract { of });
        let _ = model.hear(&News::Entry(fixture::delivered(room(1), 8, NOW_MS, entry)));
    };
    let (mut model, _) = show(roll_call(Label::Green, false));
    retract(&mut model, 5);
    let before = model.open_board_view().map(|view| view.rows.len());
    model.board.boards.clear();
    let _ = model.hear(&told());
    assert!(before.is_some() && model.open_board_view().is_none(), "an answer was taken back");
    assert_eq!(shown_again(&model.hear(&News::Clock(NOW_MS + 2_000))), 1, "it is asked for again");

    let (mut model, _) = show(roll_call(Label::Green, false));
    retract(&mut model, 1);
    let _ = model.hear(&told());
    assert!(model.open_board_view().is_none(), "the ask was taken back");
    assert!(model.board.trouble[&(room(1), 1)].starts_with("What was asked was taken back"));
}
