//! A board as a file: CSV for a table, Markdown for a report.
//!
//! A file leaves the WARP, so the label decides here too (FIRST TLP 2.0): what is `TLP:RED` is not
//! written, the file begins with the strictest label of what is in it, and an exercise says so on
//! every line. What people wrote becomes cells that are read as text and nothing else: no formula in
//! a spreadsheet, no link, picture or table row in a report.

use std::io;

use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use jiff::Timestamp;
use warproom_proto::{Label, Principal, Text};

use super::{Answered, BoardLine, BoardView};
use crate::interrupt::called;

/// Why a board was not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The ask itself is `TLP:RED`.
    #[error(
        "the ask is TLP:RED, which is for the people in the room alone and is not exported; its \
         author may give it a milder label"
    )]
    Red,
    /// The file could not be made up.
    #[error("the board could not be written as a file")]
    Write(#[source] io::Error),
}

/// The columns, in the order of [`cells`].
const COLUMNS: [&str; 7] =
    ["organisation", "answer", "note", "about", "answered by", "answered at (UTC)", "label"];

/// What stands where an answer would.
const OUTSTANDING: &str = "no answer that you may read";
const WITHHELD: &str = "withheld: TLP:RED";
const EXERCISE: &str = "EXERCISE";

impl BoardView {
    /// The board as CSV (RFC 4180, UTF-8): a line with the label, one with what is asked, the names of
    /// the columns, then the organisations. A cell that a spreadsheet would take for a formula begins
    /// with an apostrophe (OWASP, *CSV Injection*).
    pub fn csv(&self, name_of: impl Fn(Principal) -> String) -> Result<String, ExportError> {
        let mut text = self.first_line()?;
        text.push_str("\r\n");
        // Every cell is quoted: where a semicolon separates cells, an unquoted one would begin another.
        let mut to = WriterBuilder::new()
            .flexible(true)
            .quote_style(QuoteStyle::Always)
            .terminator(Terminator::CRLF)
            .from_writer(Vec::new());
        self.write(&mut to, [self.title.as_str()])?;
        self.write(&mut to, COLUMNS)?;
        for row in &self.rows {
            self.write(&mut to, cells(row, &name_of).iter().map(String::as_str))?;
        }
        let bytes = to.into_inner().map_err(|error| ExportError::Write(error.into_error()))?;
        let rows = String::from_utf8(bytes)
            .map_err(|error| ExportError::Write(io::Error::other(error)))?;
        text.push_str(&rows);
        Ok(text)
    }

    /// The board as Markdown: the label, what is asked, how often each answer was given, and a table.
    pub fn markdown(&self, name_of: impl Fn(Principal) -> String) -> Result<String, ExportError> {
        let mut text = self.first_line()?;
        text.push_str("\n\n# ");
        text.push_str(&escaped(&self.title));
        text.push_str("\n\n");
        text.push_str(&self.counted());
        text.push_str("\n\n");
        text.push_str(&self.line(COLUMNS));
        text.push_str(&self.rule());
        for row in &self.rows {
            text.push_str(&self.line(cells(row, &name_of).iter().map(|cell| escaped(cell))));
        }
        Ok(text)
    }

    /// The label that the file has, and whether it is an exercise.
    fn first_line(&self) -> Result<String, ExportError> {
        if self.ask_label == Label::Red {
            return Err(ExportError::Red);
        }
        let answers = self.rows.iter().filter_map(|row| row.answer.as_ref());
        let label = answers
            .filter(|answer| is_exported(answer))
            .map(|answer| answer.label)
            .fold(self.ask_label, Label::max);
        Ok(if self.exercise { format!("{label} {EXERCISE}") } else { label.to_string() })
    }

    fn write<'a>(
        &self,
        to: &mut Writer<Vec<u8>>,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ExportError> {
        let mark = self.exercise.then(|| EXERCISE.to_owned());
        to.write_record(mark.into_iter().chain(cells.into_iter().map(defused)))
            .map_err(|error| ExportError::Write(error.into()))
    }

    fn line<T: AsRef<str>>(&self, cells: impl IntoIterator<Item = T>) -> String {
        let mut line = String::from(if self.exercise { "| EXERCISE |" } else { "|" });
        for cell in cells {
            line.push(' ');
            line.push_str(cell.as_ref());
            line.push_str(" |");
        }
        line.push('\n');
        line
    }

    fn rule(&self) -> String {
        let columns = COLUMNS.len() + usize::from(self.exercise);
        format!("|{}\n", " --- |".repeat(columns))
    }

    /// `affected 2, not affected 5, no answer that you may read 1`.
    fn counted(&self) -> String {
        let tally = self.tally_of(is_exported);
        let mut counts: Vec<_> = tally
            .iter()
            .map(|(choice, count)| format!("{} {count}", escaped(choice.as_str())))
            .collect();
        counts.push(format!("{OUTSTANDING} {}", self.outstanding().count()));
        let red = self.rows.iter().filter_map(|row| row.answer.as_ref());
        let red = red.filter(|answer| !is_exported(answer)).count();
        if red > 0 {
            counts.push(format!("{WITHHELD} {red}"));
        }
        counts.join(", ")
    }
}

fn is_exported(answer: &Answered) -> bool {
    answer.label != Label::Red
}

fn cells(row: &BoardLine, name_of: impl Fn(Principal) -> String) -> [String; COLUMNS.len()] {
    let mut cells = <[String; COLUMNS.len()]>::default();
    cells[0] = row.name.to_string();
    let Some(answer) = &row.answer else {
        OUTSTANDING.clone_into(&mut cells[1]);
        return cells;
    };
    if !is_exported(answer) {
        WITHHELD.clone_into(&mut cells[1]);
        return cells;
    }
    let about: Vec<_> = answer.subjects.iter().map(|subject| called(subject).1).collect();
    [
        row.name.to_string(),
        answer.choice.to_string(),
        answer.note.as_ref().map(Text::to_string).unwrap_or_default(),
        about.join("; "),
        name_of(answer.by),
        time(answer.at_ms),
        answer.label.to_string(),
    ]
}

/// RFC 3339, to the second; the bare number where no calendar reaches.
fn time(at_ms: i64) -> String {
    Timestamp::from_second(at_ms.div_euclid(1000))
        .map_or_else(|_| format!("{at_ms} ms"), |time| time.to_string())
}

/// A cell that is text to every spreadsheet. The wide forms count too: some fold them to plain ones.
fn defused(cell: &str) -> String {
    const FORMULA: [char; 11] =
        ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let cell: String = cell.chars().filter(|c| !reorders(*c)).collect();
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell }
}

/// A cell that stays within its table, whatever stands in it.
fn escaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for c in cell.trim().chars().filter(|c| !reorders(*c)) {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => text.push_str("<br>"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '!' | '#' | '$' => {
                text.extend(['\\', c]);
            }
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

/// Whether it would reorder what a person sees, the label beside it included (Unicode UAX #9).
const fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
