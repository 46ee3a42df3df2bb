//! A board and its export, tried on boards made by hand.

use super::*;
use serde_json::value::to_raw_value;
use warproom_proto::calls::BoardRow;
use warproom_proto::{Content, EntryId, Handling, Head, MemberId, Position, Reporting, Salt};

const NINE: i64 = 1_705_568_400_123; // 2024-01-18 09:00 UTC

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn record(seq: Seq, label: Label, kind: Kind, text: &str) -> Record {
    let handling = Handling {
        id: EntryId::random(),
        author: Principal::Member(MemberId::from_bytes([7; 16])),
        label,
        kind,
        mentions: Vec::new(),
        subjects: vec![Subject::Vendor(name("Civica"))],
        ask: Some(Ask { options: vec![name("affected"), name("not affected")], due_at_ms: None }),
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    };
    let entry = Entry { handling, content: Content::text(text.parse().unwrap()) };
    let item = to_raw_value(&entry).unwrap();
    let body = Body::Shown { at_ms: NINE, salt: Salt([0; 16]), item, label: None };
    Record { seq, head: Head([0; 32]), body }
}

fn answer(label: Label, choice: &str, note: &str) -> Record {
    let organisation = OrganisationId::random();
    record(2, label, Kind::Answer { of: 1, organisation, choice: name(choice) }, note)
}

fn ask(label: Label) -> Record {
    record(1, label, Kind::Post { reply_to: None }, "\nWho is hit?\nPlease answer by noon.")
}

fn board(ask: Record, rows: Vec<(&str, Option<Record>)>) -> Board {
    let rows = rows.into_iter().map(|(name, answer)| BoardRow {
        organisation: OrganisationId::random(),
        name: name.parse().unwrap(),
        answers: u32::from(answer.is_some()),
        answer,
    });
    Board { ask, rows: rows.collect(), latest: Position { seq: 2, head: Head([0; 32]) } }
}

fn kent() -> Board {
    let ashford = answer(Label::Red, "not affected", "a separate incident");
    let canterbury = answer(Label::AmberStrict, "affected", "planning is down");
    board(
        ask(Label::Amber),
        vec![("Ashford", Some(ashford)), ("Canterbury", Some(canterbury)), ("Dover", None)],
    )
}

fn nobody(_: Principal) -> String {
    "Jo Smith".to_owned()
}

/// The cells of every line.
fn rows_of(csv: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_board_is_shown_by_organisation_counted_and_under_its_strictest_label() {
    let view = BoardView::of(&kent(), &Relaxed::default()).unwrap();
    assert_eq!((view.title.as_str(), view.label), ("Who is hit?", Label::Red));
    assert_eq!(view.tally(), [(name("affected"), 1), (name("not affected"), 1)]);
    let outstanding: Vec<_> = view.outstanding().map(|row| row.name.as_str()).collect();
    assert_eq!(outstanding, ["Dover"]);
    let answered = view.rows[1].answer.as_ref().unwrap();
    assert_eq!((answered.seq, answered.at_ms, answered.choice.as_str()), (2, NINE, "affected"));
}

#[test]
fn what_is_withheld_or_no_ask_is_not_shown() {
    let withheld = Body::Withheld { commitment: Head([1; 32]), erased: false };
    let hidden = Record { seq: 1, head: Head([0; 32]), body: withheld.clone() };
    assert!(BoardView::of(&board(hidden, Vec::new()), &Relaxed::default()).is_none());
    let lost = Record { seq: 2, head: Head([0; 32]), body: withheld };
    let view =
        BoardView::of(&board(ask(Label::Green), vec![("Dover", Some(lost))]), &Relaxed::default())
            .unwrap();
    assert_eq!(view.outstanding().count(), 1);
}

#[test]
fn an_export_begins_with_its_label_and_leaves_out_what_is_red() {
    let view = BoardView::of(&kent(), &Relaxed::default()).unwrap();
    let csv = view.csv(nobody).unwrap();
    let rows = rows_of(&csv);
    assert!(csv.starts_with("TLP:AMBER+STRICT\r\n"), "{csv}");
    assert_eq!(rows[1], ["Who is hit?"]);
    assert_eq!(rows[3], ["Ashford", "withheld: TLP:RED", "", "", "", "", ""]);
    let about = ["Canterbury", "affected", "planning is down", "Civica"];
    assert_eq!(rows[4][..4], about);
    assert_eq!(rows[4][4..], ["Jo Smith", "2024-01-18T09:00:00Z", "TLP:AMBER+STRICT"]);
    assert_eq!(rows[5][..2], ["Dover", "no answer that you may read"]);

    let markdown = view.markdown(nobody).unwrap();
    assert!(markdown.starts_with("TLP:AMBER+STRICT\n\n# Who is hit?\n\n"), "{markdown}");
    assert!(markdown.contains("affected 1, not affected 0, no answer that you may read 1, "));
    for text in [csv, markdown] {
        assert!(!text.contains("separate incident") && !text.contains("EXERCISE"), "{text}");
    }
}

#[test]
fn a_red_ask_is_not_exported_and_says_why() {
    let view = BoardView::of(&board(ask(Label::Red), Vec::new()), &Relaxed::default()).unwrap();
    assert!(matches!(view.csv(nobody), Err(ExportError::Red)));
    let refused = view.markdown(nobody).unwrap_err();
    assert!(refused.to_string().starts_with("the ask is TLP:RED"), "{refused}");
}

#[test]
fn a_label_that_was_changed_since_counts_as_it_is_now() {
    let mut tightened = ask(Label::Green);
    let Body::Shown { label, .. } = &mut tightened.body else { unreachable!() };
    *label = Some(Label::Red);
    let view = BoardView::of(&board(tightened, Vec::new()), &Relaxed::default()).unwrap();
    assert!(matches!(view.csv(nobody), Err(ExportError::Red)));
}

#[test]
fn an_ask_that_was_red_is_exported_once_its_author_is_seen_to_have_relaxed_it() {
    let mut eased = ask(Label::Red);
    let Body::Shown { label, .. } = &mut eased.body else { unreachable!() };
    *label = Some(Label::Amber);
    let board = board(eased, Vec::new());
    let mut relaxed = Relaxed::default();
    let unseen = BoardView::of(&board, &relaxed).unwrap();
    assert!(matches!(unseen.csv(nobody), Err(ExportError::Red)));
    relaxed.note(1, Principal::Member(MemberId::from_bytes([7; 16])), Label::Amber);
    let view = BoardView::of(&board, &relaxed).unwrap();
    assert_eq!((view.ask_label, view.label), (Label::Amber, Label::Amber));
    assert!(view.csv(nobody).is_ok());
}

#[test]
fn an_exercise_says_so_on_every_line() {
    let mut view = BoardView::of(&kent(), &Relaxed::default()).unwrap();
    view.exercise = true;
    let csv = view.csv(nobody).unwrap();
    assert!(csv.starts_with("TLP:AMBER+STRICT EXERCISE\r\n"), "{csv}");
    assert!(rows_of(&csv)[1..].iter().all(|row| row[0] == "EXERCISE"), "{csv}");
    let markdown = view.markdown(nobody).unwrap();
    assert!(markdown.starts_with("TLP:AMBER+STRICT EXERCISE\n"), "{markdown}");
    let mut lines = markdown.lines().filter(|line| line.starts_with('|'));
    assert!(lines.all(|line| line.starts_with("| EXERCISE |") || line.starts_with("| ---")));
}

#[test]
fn no_cell_is_a_formula() {
    for evil in ["=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", "\u{ff1d}1"] {
        let rows = vec![("Dover", Some(answer(Label::Green, "affected", evil)))];
        let view = BoardView::of(&board(ask(Label::Green), rows), &Relaxed::default()).unwrap();
        let exported = rows_of(&view.csv(|_| evil.to_owned()).unwrap());
        assert_eq!(exported[3][2], format!("'{evil}"));
        assert_eq!(exported[3][4], format!("'{evil}"));
    }
}

#[test]
fn no_cell_breaks_out_of_its_place() {
    let evil = "a\";=1|b\\|c\n| x | ![p](http://x) <img src=x> \u{202e}`d`";
    let rows = vec![("Dover", Some(answer(Label::Green, "affected", evil))), ("Kent", None)];
    let view = BoardView::of(&board(ask(Label::Green), rows), &Relaxed::default()).unwrap();
    let csv = view.csv(nobody).unwrap();
    assert_eq!(rows_of(&csv)[3][2], evil.replace('\u{202e}', ""));
    assert_eq!(rows_of(&csv).len(), 5);

    let markdown = view.markdown(nobody).unwrap();
    let line = markdown.lines().find(|line| line.contains("Dover")).unwrap();
    let note = r#"a";=1\|b\\\|c<br>\| x \| \!\[p\](http://x) \<img src=x\> \`d\`"#;
    assert!(line.contains(note), "{line}");
    assert_eq!(markdown.lines().filter(|line| line.starts_with('|')).count(), 4);
}
