//! What an application shows of a board: one line for each organisation, counted and dated.
//!
//! Pure: it reads what [`ShowBoard`](crate::proto::calls::ShowBoard) answered and asks for nothing.
//! What a reader may not see is not in the answer, so it is not in the view either: an organisation
//! without a line's answer has given none *that this reader may read*. How a board becomes a file
//! that may leave the WARP is in the `export` module below it.

mod export;
#[cfg(test)]
mod tests;

use warproom_proto::calls::{Board, BoardRow};
use warproom_proto::{
    Ask, Body, Entry, Kind, Label, Line, Name, OrganisationId, Principal, Record, Seq, Subject,
    Text,
};

use crate::label::{Relaxed, entry};

pub use export::ExportError;

/// A board, ready to be shown.
#[derive(Clone)]
pub struct BoardView {
    /// What is asked.
    pub ask: Ask,
    /// Whether it belongs to an exercise and must never look real.
    pub exercise: bool,
    /// The label of the ask itself, as it is now.
    pub ask_label: Label,
    /// The strictest label of the ask and of the answers shown.
    pub label: Label,
    /// What is asked in one line: the ask's headline, or the first line of its text.
    pub title: String,
    /// One for each organisation, by name.
    pub rows: Vec<BoardLine>,
}

/// An organisation on a board.
#[derive(Clone)]
pub struct BoardLine {
    /// Which.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: Name,
    /// How many answers it gave that this reader may read.
    pub answers: u32,
    /// The latest of them.
    pub answer: Option<Answered>,
}

/// An organisation's answer.
#[derive(Clone)]
pub struct Answered {
    /// Its number in the room's log.
    pub seq: Seq,
    /// Which of the options.
    pub choice: Name,
    /// What was added, in Markdown.
    pub note: Option<Text>,
    /// Who gave it.
    pub by: Principal,
    /// When the log took it, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Its label, as it is now.
    pub label: Label,
    /// The suppliers, products and vulnerabilities it is about.
    pub subjects: Vec<Subject>,
}

impl BoardView {
    /// The view of a board; `None` if the ask is withheld by now, or is no ask that this client can
    /// read.
    #[must_use]
    pub fn of(board: &Board, relaxed: &Relaxed) -> Option<Self> {
        let (entry, ask_label, _) = read(&board.ask, relaxed)?;
        let ask = entry.handling.ask.clone()?;
        let rows: Vec<_> = board.rows.iter().map(|row| BoardLine::of(row, relaxed)).collect();
        let answers = rows.iter().filter_map(|row| row.answer.as_ref());
        let label = answers.map(|answer| answer.label).fold(ask_label, Label::max);
        let exercise = entry.handling.exercise;
        Some(Self { ask, exercise, ask_label, label, title: title(&entry), rows })
    }

    /// How many organisations gave each answer, in the order of the ask's options.
    #[must_use]
    pub fn tally(&self) -> Vec<(Name, usize)> {
        self.tally_of(|_| true)
    }

    /// The organisations without an answer that this reader may read.
    pub fn outstanding(&self) -> impl Iterator<Item = &BoardLine> {
        self.rows.iter().filter(|row| row.answer.is_none())
    }

    fn tally_of(&self, counts: impl Fn(&Answered) -> bool) -> Vec<(Name, usize)> {
        let chose = |option: &Name| {
            let answers = self.rows.iter().filter_map(|row| row.answer.as_ref());
            answers.filter(|answer| answer.choice == *option && counts(answer)).count()
        };
        self.ask.options.iter().map(|option| (option.clone(), chose(option))).collect()
    }
}

impl BoardLine {
    fn of(row: &BoardRow, relaxed: &Relaxed) -> Self {
        Self {
            organisation: row.organisation,
            name: row.name.clone(),
            answers: row.answers,
            answer: row.answer.as_ref().and_then(|answer| Answered::of(answer, relaxed)),
        }
    }
}

impl Answered {
    fn of(record: &Record, relaxed: &Relaxed) -> Option<Self> {
        let (entry, label, at_ms) = read(record, relaxed)?;
        let Kind::Answer { choice, .. } = entry.handling.kind else { return None };
        Some(Self {
            seq: record.seq,
            choice,
            note: entry.content.text,
            by: entry.handling.author,
            at_ms,
            label,
            subjects: entry.handling.subjects,
        })
    }
}

/// The entry of a record, its label now and its time; `None` if it is withheld or of a newer form.
fn read(record: &Record, relaxed: &Relaxed) -> Option<(Entry, Label, i64)> {
    let Body::Shown { at_ms, label, .. } = &record.body else { return None };
    let entry = entry(record)?;
    let label = relaxed.label(record.seq, &entry, *label);
    Some((entry, label, *at_ms))
}

fn title(entry: &Entry) -> String {
    let headline = entry.content.headline.as_ref().map(Line::as_str);
    let text = entry.content.text.as_ref().map(Text::as_str);
    let line = headline.or_else(|| text?.lines().find(|line| !line.trim().is_empty()));
    line.unwrap_or_default().trim().to_owned()
}
