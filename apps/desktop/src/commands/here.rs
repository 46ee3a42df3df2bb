//! Keys that mean something only where the keyboard is: on the timeline, on a card, in a field.
//!
//! Each place has one table. What reads the keys there takes them by this table, and the list of
//! shortcuts and the palette are made from it, so that they cannot disagree. No view names a key by
//! itself.

mod tables;

use egui::{Event, InputState, KeyboardShortcut, Modifiers, Ui};

use super::keys::{keys_name, matches};
use crate::model::settings::Settings;

pub use tables::{
    CARD, Card, EMOJI, FIELD, FORM, LABELS, LATEST, OFFERS, Offer, PICKER, ROOM_LIST, TABS,
    TIMELINE, Timeline, new_line, sends,
};

/// What keys do in one place.
pub struct Here<M: 'static> {
    /// What they mean.
    pub does: M,
    /// In words. What a command does too is called as the command is.
    pub name: &'static str,
    /// Each of these does it.
    pub keys: &'static [KeyboardShortcut],
}

/// Takes the keys of a table, in the order in which they were pressed: nobody else sees them.
pub fn taken<M: Copy>(ui: &Ui, table: &[Here<M>]) -> Vec<M> {
    take(ui, table, |_| true)
}

/// The same, but for a key that is held down: it counts once.
pub fn taken_once<M: Copy>(ui: &Ui, table: &[Here<M>]) -> Vec<M> {
    take(ui, table, |repeat| !repeat)
}

fn take<M: Copy>(ui: &Ui, table: &[Here<M>], counts: impl Fn(bool) -> bool) -> Vec<M> {
    let mut all = Vec::new();
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Some((does, repeat)) = meant(event, table) else { return true };
            all.extend(counts(repeat).then_some(does));
            false
        });
    });
    all
}

/// The last key of a table that was pressed. Whoever else reads it still sees it.
pub fn seen<M: Copy>(ui: &Ui, table: &[Here<M>]) -> Option<M> {
    let last = |input: &InputState| {
        input.events.iter().rev().find_map(|event| Some(meant(event, table)?.0))
    };
    ui.input(last)
}

/// What an event means by a table, and whether it comes of a key that is held down.
fn meant<M: Copy>(event: &Event, table: &[Here<M>]) -> Option<(M, bool)> {
    let Event::Key { key, pressed: true, repeat, modifiers, .. } = event else { return None };
    let is_meant = |shortcut: &KeyboardShortcut| matches(*modifiers, *key, *shortcut);
    let here = table.iter().find(|here| here.keys.iter().any(is_meant))?;
    Some((here.does, *repeat))
}

/// Keys in words, and what they do.
pub type Row = (String, &'static str);

/// The keys of every place, each place with its name.
pub fn in_place(settings: &Settings) -> Vec<(&'static str, Vec<Row>)> {
    let mut all =
        vec![("Anywhere", tables::BY_EGUI.map(|(keys, name)| (keys.to_owned(), name)).into())];
    all.extend(tables::all(settings));
    all
}

/// What is shown beside a command that has a key in one place: `R in the timeline`.
pub(super) fn key_in_place(name: &str, settings: &Settings) -> Option<String> {
    in_place(settings).into_iter().find_map(|(place, rows)| {
        let (keys, _) = rows.into_iter().find(|(_, one)| *one == name)?;
        Some(format!("{keys} {}", place.to_lowercase()))
    })
}

/// The rows of a table for the list: what means the same thing stands in one row.
fn rows<M>(table: &'static [Here<M>]) -> Vec<Row> {
    let mut rows: Vec<(Vec<String>, &'static str)> = Vec::new();
    for here in table {
        let keys = here.keys.iter().map(|keys| keys_name(*keys));
        match rows.last_mut().filter(|(_, name)| *name == here.name) {
            Some((all, _)) => all.extend(keys),
            None => rows.push((keys.collect(), here.name)),
        }
    }
    rows.into_iter().map(|(keys, name)| (said(&keys), name)).collect()
}

/// The most keys that are told one by one.
const TOLD: usize = 3;

fn said(keys: &[String]) -> String {
    match keys {
        [first, .., last] if keys.len() > TOLD => format!("{first} to {last}"),
        keys => keys.join(" or "),
    }
}

const fn by(modifiers: Modifiers, key: egui::Key) -> KeyboardShortcut {
    KeyboardShortcut::new(modifiers, key)
}

const fn plain(key: egui::Key) -> KeyboardShortcut {
    by(Modifiers::NONE, key)
}
