//! What the bench found: one row per figure, and which of the project's aims they reach.

use std::fmt::Write as _;

use serde::Serialize;

/// One figure.
#[derive(Serialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Which figure of it.
    pub figure: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What to know about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// An aim of the project, and what was found.
#[derive(Serialize)]
pub struct Aim {
    /// The aim.
    pub aim: &'static str,
    /// What was measured for it.
    pub value: f64,
    /// The most it may be.
    pub most: f64,
    /// Whether it is reached.
    pub reached: bool,
}

/// Everything found.
#[derive(Serialize)]
pub struct Report {
    /// Where it was measured.
    pub machine: String,
    /// Whether it was a smoke run, whose figures say little.
    pub quick: bool,
    /// The figures.
    pub rows: Vec<Row>,
    /// The aims that were measured.
    pub aims: Vec<Aim>,
}

impl Report {
    /// An empty report.
    pub fn new(machine: String, quick: bool) -> Self {
        Self { machine, quick, rows: Vec::new(), aims: Vec::new() }
    }

    /// Adds a figure.
    pub fn add(&mut self, what: &str, figure: &str, value: f64, unit: &'static str) -> &mut Row {
        let (what, figure) = (what.to_owned(), figure.to_owned());
        self.rows.push(Row { what, figure, value, unit, note: String::new() });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// Adds an aim.
    pub fn aim(&mut self, aim: &'static str, value: f64, most: f64) {
        self.aims.push(Aim { aim, value, most, reached: value <= most });
    }

    /// The report as a table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{}\n", self.machine);
        if self.quick {
            text.push_str("A smoke run: it shows that the bench works, and no more.\n");
        }
        let width = |of: fn(&Row) -> &str| {
            self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0)
        };
        let (what, figure) = (width(|row| &row.what), width(|row| &row.figure));
        let mut last = "";
        for row in &self.rows {
            if row.what != last {
                text.push('\n');
            }
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{:<what$}  {:<figure$}  {:>10} {}",
                if row.what == last { "" } else { &row.what },
                row.figure,
                number(row.value),
                row.unit
            );
            if !row.note.is_empty() {
                let _ = write!(text, "  ({})", row.note);
            }
            text.push('\n');
            last = &row.what;
        }
        if !self.aims.is_empty() {
            text.push_str("\nAims\n");
        }
        for aim in &self.aims {
            let verdict = if aim.reached { "reached" } else { "NOT reached" };
            let (value, most) = (number(aim.value), number(aim.most));
            let _ = writeln!(text, "  {:<11}  {}: {value} of at most {most}", verdict, aim.aim);
        }
        text
    }
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
