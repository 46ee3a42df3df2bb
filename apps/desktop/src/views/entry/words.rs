//! Entries in words: for screen readers, quiet lines and quotations.

use warproom_client::proto::{Kind, Line, Seq, Subject};

use super::Row;
use crate::Model;
use crate::model::log::{Item, Shown};
use crate::model::markdown::visible;
use crate::model::moment;

/// As much of a text as a name needs.
const BEGINNING_CHARS: usize = 80;

/// The name of an entry's group: who, label, when, then how it begins.
pub(super) fn name(model: &Model, row: Row<'_>) -> String {
    let shown = row.shown;
    let who = model.directory.name(shown.entry.handling.author);
    let exercise = if shown.entry.handling.exercise { ", exercise" } else { "" };
    let alert = match &shown.entry.handling.kind {
        Kind::Alert(alert) => format!(", alert, severity {}", alert.severity),
        _ => String::new(),
    };
    let at = moment::time(shown.at_ms);
    format!("{who}, {}, {at}{exercise}{alert}: {}", shown.label, beginning(shown))
}

/// How an entry begins, in one line: its headline or the first words of its text.
pub(super) fn beginning(shown: &Shown) -> String {
    let headline = shown.entry.content.headline.as_ref().map(Line::as_str);
    let text = headline.or_else(|| shown.text()).unwrap_or_default();
    let mut words = text.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.len() > BEGINNING_CHARS {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    let is_cut = line.chars().count() > BEGINNING_CHARS;
    let line: String = line.chars().take(BEGINNING_CHARS).collect();
    visible(&if is_cut { format!("{line}…") } else { line })
}

/// What stands in the place of an entry that cannot be shown.
pub(super) fn missing(model: &Model, seq: Seq, item: &Item) -> String {
    match item {
        Item::Withheld(None) => format!("Withheld from you (number {seq})"),
        Item::Erased => format!("Erased under retention (number {seq})"),
        Item::Withheld(Some(retracted)) => {
            let who = model.directory.name(retracted.by);
            format!("Taken back by {who} at {}", moment::brief(model.now_ms, retracted.at_ms))
        }
        Item::Unreadable { .. } | Item::Shown(_) => {
            "From a newer server; update this program to read it".to_owned()
        }
    }
}

/// What an entry is about.
pub(super) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Vendor(name) => format!("{name} (supplier)"),
        Subject::Product(name) => format!("{name} (product)"),
        Subject::Cve(name) | Subject::Topic(name) => name.to_string(),
        Subject::Cpe(name) => format!("{name} (CPE)"),
    }
}
