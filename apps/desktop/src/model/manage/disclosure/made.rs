//! What was made of what the server gave out: the files as they will be written, and what is said of them
//! before.

use std::collections::BTreeMap;
use std::sync::Arc;

use warproom_client::proto::{Label, Seq};
use warproom_client::{Collected, Disclosure, DisclosureRules, ScheduleRow, Selection};

use super::form::{Hidden, Wanted};
use crate::news::Refusal;

/// A disclosure to be read and made.
#[derive(Clone)]
pub struct DisclosureWish {
    /// The model's number for it: what comes of an older one is dropped by it.
    pub number: u64,
    /// What is asked for.
    pub selection: Selection,
    /// What is blacked out.
    pub rules: DisclosureRules,
    /// The form that it was made from.
    pub wanted: Wanted,
    /// Likewise.
    pub hidden: Hidden,
    /// What was read before, where the same is asked for.
    pub collected: Option<Arc<Collected>>,
}

/// A disclosure, made and not written yet.
pub struct Made {
    /// What the server gave out.
    pub collected: Arc<Collected>,
    /// What was asked for.
    pub wanted: Wanted,
    /// What is blacked out.
    pub hidden: Hidden,
    /// The files: name and text, the statement last.
    pub files: Vec<(&'static str, String)>,
    /// How many entries are contained, whole or in part.
    pub entries: usize,
    /// The strictest label of them.
    pub strictest: Option<Label>,
    /// What is withheld, in words, row by row.
    pub rows: Vec<String>,
    /// How many entries and passages are withheld for each reason.
    pub totals: Vec<Total>,
}

/// How much is withheld for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Why.
    pub reason: String,
    /// Whole entries.
    pub entries: u64,
    /// Passages of entries that are given.
    pub passages: u64,
}

impl Made {
    /// Makes the files. `now_ms` is now, in milliseconds since 1970 UTC.
    pub fn of(
        wish: &DisclosureWish,
        collected: Arc<Collected>,
        now_ms: i64,
    ) -> Result<Self, Refusal> {
        let disclosure = Disclosure::make(&collected, &wish.selection, &wish.rules, now_ms);
        let disclosure = disclosure
            .map_err(|error| Refusal::new(error.to_string(), "change what is blacked out"))?;
        let files = disclosure.files().map_err(|error| {
            Refusal::new(format!("the files could not be made: {error}"), "nothing was written")
        })?;
        let names: Vec<_> = wish.selection.rooms.iter().map(|(_, name)| name.as_str()).collect();
        let rows = disclosure.withheld();
        Ok(Self {
            files,
            entries: disclosure.entries(),
            strictest: disclosure.strictest(),
            rows: rows.iter().map(|row| in_words(row, &names)).collect(),
            totals: totals(rows),
            wanted: wish.wanted.clone(),
            hidden: wish.hidden.clone(),
            collected,
        })
    }

    /// How many passages are blacked out.
    pub fn passages(&self) -> u64 {
        self.totals.iter().map(|total| total.passages).sum()
    }

    /// How many entries are withheld whole.
    pub fn withheld(&self) -> u64 {
        self.totals.iter().map(|total| total.entries).sum()
    }
}

/// A row of what is withheld: its number, where it stands, what and why, by which exemption.
fn in_words(row: &ScheduleRow, rooms: &[&str]) -> String {
    let room = row.room.and_then(|number| rooms.get(number.checked_sub(1)?));
    let entries = |(first, last): (Seq, Seq)| {
        if first == last { format!("number {first}") } else { format!("numbers {first} to {last}") }
    };
    let place = match (room, row.entries) {
        (Some(room), Some(of)) => format!("{room}, {}", entries(of)),
        (Some(room), None) => (*room).to_owned(),
        (None, _) => "the statement".to_owned(),
    };
    let places: Vec<_> = row.places.iter().copied().collect();
    let what = if places.is_empty() {
        "whole".to_owned()
    } else {
        format!("{} × in {}", row.count, places.join(", "))
    };
    let exemption = row.exemption.as_ref().map_or_else(String::new, |text| format!(" ({text})"));
    format!("{}. {place}: {what}: {}{exemption}", row.number, row.reason)
}

fn totals(rows: &[ScheduleRow]) -> Vec<Total> {
    let mut by_reason = BTreeMap::<&str, (u64, u64)>::new();
    for row in rows {
        let (entries, passages) = by_reason.entry(&row.reason).or_default();
        let of = if row.places.is_empty() { entries } else { passages };
        *of = of.saturating_add(row.count);
    }
    let total = |(reason, (entries, passages)): (&str, (u64, u64))| Total {
        reason: reason.to_owned(),
        entries,
        passages,
    };
    by_reason.into_iter().map(total).collect()
}
