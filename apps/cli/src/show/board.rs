//! A board: the label of the whole on top, how often each answer was given, a line for each
//! organisation that answered, and the names of those that did not.

use warproom_client::{Answered, BoardLine, BoardView};

use super::entry::one_line;
use super::{FAINT, STRONG, Scene, caption, chip, indented, marked, safe, styled, when};
use crate::show::concern::subject;

/// A board of the ask with this number.
pub(crate) fn board(view: &BoardView, of: u64, scene: &Scene) -> String {
    let mut text = format!(
        "{}  {} #{of}  {}",
        chip(view.label),
        styled(STRONG, &scene.people.room(scene.room)),
        styled(STRONG, &one_line(&view.title)),
    );
    text.push('\n');
    text.push_str(&tally(view));
    if let Some(due_at_ms) = view.ask.due_at_ms {
        let word = if due_at_ms <= scene.now_ms { "was due" } else { "due" };
        text.push_str("; ");
        text.push_str(word);
        text.push(' ');
        text.push_str(&when(due_at_ms, scene.zone));
    }
    text.push_str(&table(view, scene));
    let missing: Vec<_> = view.outstanding().map(|row| safe(row.name.as_str())).collect();
    if !missing.is_empty() {
        text.push('\n');
        text.push_str(&styled(STRONG, "No answer that you may read:"));
        text.push(' ');
        text.push_str(&missing.join(", "));
    }
    marked(view.exercise, &text)
}

/// `affected 2, not affected 5; no answer 3`.
fn tally(view: &BoardView) -> String {
    let counts = view.tally().into_iter().enumerate().map(|(at, (choice, count))| {
        let count = styled(STRONG, &count.to_string());
        format!("{} {}: {count}", at + 1, one_line(choice.as_str()))
    });
    let counts: Vec<_> = counts.collect();
    format!("{}; no answer: {}", counts.join(", "), view.outstanding().count())
}

/// The columns of a row; a note and subjects go below it.
const COLUMNS: [&str; 6] = ["ORGANISATION", "ANSWER", "BY", "WHEN", "ANSWERS", "LABEL"];

fn table(view: &BoardView, scene: &Scene) -> String {
    let answered: Vec<(&BoardLine, &Answered)> =
        view.rows.iter().filter_map(|row| Some((row, row.answer.as_ref()?))).collect();
    if answered.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = answered.iter().map(|(row, answer)| cells(row, answer, scene)).collect();
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|at| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([COLUMNS[at].len()]).max().unwrap_or_default()
        })
        .collect();
    let mut text = format!("\n{}", styled(FAINT, &aligned(&COLUMNS.map(str::to_owned), &widths)));
    for (row, (_, answer)) in rows.iter().zip(&answered) {
        text.push('\n');
        text.push_str(&aligned(row, &widths));
        text.push_str(&below(answer));
    }
    text
}

fn cells(row: &BoardLine, answer: &Answered, scene: &Scene) -> [String; COLUMNS.len()] {
    [
        one_line(row.name.as_str()),
        one_line(answer.choice.as_str()),
        scene.people.name(answer.by),
        when(answer.at_ms, scene.zone),
        row.answers.to_string(),
        answer.label.to_string(),
    ]
}

fn aligned(cells: &[String; COLUMNS.len()], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let space = width.saturating_sub(cell.chars().count());
        format!("{cell}{}", " ".repeat(space))
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// What was added to an answer.
fn below(answer: &Answered) -> String {
    let mut text = String::new();
    if !answer.subjects.is_empty() {
        let subjects: Vec<_> = answer.subjects.iter().map(subject).collect();
        text.push_str(&caption("About", &subjects.join(", ")));
    }
    if let Some(note) = &answer.note {
        text.push_str(&indented(note.as_str()));
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use warproom_client::proto::{Ask, Label, MemberId, OrganisationId, Principal, RoomId};

    use super::*;
    use crate::directory::Directory;

    fn view(exercise: bool) -> BoardView {
        let by = Principal::Member(MemberId::from_bytes([1; 16]));
        let answer = Answered {
            seq: 14,
            choice: "affected".parse().unwrap(),
            note: Some("Planning.\nNo answer that you may read: Dover".parse().unwrap()),
            by,
            at_ms: 1_705_568_400_000,
            label: Label::AmberStrict,
            subjects: Vec::new(),
        };
        let row = |n: u8, name: &str, answer: Option<Answered>| BoardLine {
            organisation: OrganisationId::from_bytes([n; 16]),
            name: name.parse().unwrap(),
            answers: u32::from(answer.is_some()) * 2,
            answer,
        };
        BoardView {
            ask: Ask {
                options: vec!["affected".parse().unwrap(), "not affected".parse().unwrap()],
                due_at_ms: Some(1_705_575_600_000),
            },
            exercise,
            ask_label: Label::Amber,
            label: Label::AmberStrict,
            title: "Is Civica down?".to_owned(),
            rows: vec![
                row(1, "Dover District Council", Some(answer)),
                row(2, "Ashford", None),
                row(3, "Thanet", None),
            ],
        }
    }

    fn shown(view: &BoardView) -> String {
        let mut people = Directory::default();
        let by = Principal::Member(MemberId::from_bytes([1; 16]));
        people.learn(by, "Jo Smith", Some("Dover District Council"));
        let room = RoomId::from_bytes([7; 16]);
        let scene = Scene { people: &people, zone: &TimeZone::UTC, now_ms: 0, room };
        anstream::adapter::strip_str(&board(view, 12, &scene)).to_string()
    }

    #[test]
    fn a_board_counts_names_and_says_who_is_missing() {
        assert_eq!(
            shown(&view(false)),
            " TLP:AMBER+STRICT   a room that is not yours (07070707-0707-0707-0707-070707070707) #12  Is Civica down?
1 affected: 1, 2 not affected: 0; no answer: 2; due 2024-01-18 11:00
ORGANISATION            ANSWER    BY        WHEN              ANSWERS  LABEL
Dover District Council  affected  Jo Smith  2024-01-18 09:00  2        TLP:AMBER+STRICT
    Planning.
    No answer that you may read: Dover
No answer that you may read: Ashford, Thanet"
        );
    }

    #[test]
    fn a_board_of_an_exercise_says_so_on_every_line() {
        let shown = shown(&view(true));
        assert!(shown.lines().all(|line| line.starts_with("EXERCISE  ")), "{shown}");
    }
}
