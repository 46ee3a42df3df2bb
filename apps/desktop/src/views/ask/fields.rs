//! Fields that more than one form has.

use egui::{Response, Ui};
use warproom_client::proto::{Label, Reporting};

use super::radio;
use crate::model::ask::subjects;
use crate::model::label::meaning;
use crate::views::Cx;
use crate::views::widgets::{field, label_picker, long_field, quiet, strong, trouble};

/// Times to answer in that are asked for often: a word, and its minutes.
const TIMES: [(&str, &str); 6] = [
    ("no time", ""),
    ("15 minutes", "15"),
    ("30 minutes", "30"),
    ("1 hour", "60"),
    ("4 hours", "240"),
    ("1 day", "1440"),
];

/// Reports: the choice, its word, and what it means.
const REPORTS: [(Reporting, &str, &str); 3] = [
    (Reporting::No, "does not count", "nobody outside this room learns of it"),
    (
        Reporting::Anonymous,
        "counts, not named",
        "others who depend on the same are told that one more organisation names it, and not which",
    ),
    (
        Reporting::Named,
        "counts, named",
        "others who depend on the same are told, and your organisation's name with it",
    ),
];

/// The time to answer in. Answers whether it was changed.
pub(super) fn time(ui: &mut Ui, cx: &Cx<'_>, minutes: &mut String) -> bool {
    let mut is_changed = false;
    strong(ui, "Time to answer");
    ui.horizontal_wrapped(|ui| {
        for (word, typed) in TIMES {
            if radio(ui, word, "", minutes.trim() == typed).clicked() {
                typed.clone_into(minutes);
                is_changed = true;
            }
        }
    });
    let (_, typed) = field(ui, "Minutes", minutes);
    quiet(ui, cx.look, "Empty: nobody is reminded. With a time, who has not answered is reminded.");
    is_changed | take(minutes, typed)
}

/// The label and what it allows.
pub(super) fn label(
    ui: &mut Ui,
    cx: &Cx<'_>,
    default: Label,
    ceiling: Label,
    chosen: &mut Option<Label>,
) -> bool {
    strong(ui, "Label");
    let now = chosen.unwrap_or(default);
    let picked = label_picker(ui, cx.look, now, ceiling).filter(|label| *label <= ceiling);
    quiet(ui, cx.look, &format!("{now}: {}.", meaning(now)));
    if now < default {
        trouble(ui, cx.look, &format!("More open than {default}, which is usual here."));
    }
    match picked {
        Some(label) => {
            *chosen = Some(label).filter(|label| *label != default);
            true
        }
        None => false,
    }
}

/// What it is about.
pub(super) fn about(ui: &mut Ui, cx: &Cx<'_>, typed: &mut String) -> bool {
    let (_, now) = long_field(ui, "What it is about", typed, 2);
    quiet(ui, cx.look, subjects::HINT);
    take(typed, now)
}

/// Whether it counts towards a common cause.
pub(super) fn reporting(ui: &mut Ui, cx: &Cx<'_>, chosen: &mut Reporting) -> bool {
    let mut is_changed = false;
    strong(ui, "Towards a common cause");
    quiet(
        ui,
        cx.look,
        "When several organisations report the same supplier or product, everyone who depends on \
         it is warned: of the supplier or product and the count, never of what you wrote.",
    );
    ui.horizontal_wrapped(|ui| {
        for (reporting, word, meaning) in REPORTS {
            if radio(ui, word, meaning, *chosen == reporting).clicked() {
                *chosen = reporting;
                is_changed = true;
            }
        }
    });
    let means = REPORTS.iter().find(|(reporting, ..)| reporting == chosen);
    if let Some((_, word, meaning)) = means {
        quiet(ui, cx.look, &format!("{word}: {meaning}."));
    }
    is_changed
}

/// Whether it belongs to an exercise.
pub(super) fn exercise(ui: &mut Ui, cx: &Cx<'_>, is_one: &mut bool) -> bool {
    let response = ui.checkbox(is_one, "This is an exercise, not real");
    if *is_one {
        crate::views::widgets::exercise_mark(ui, cx.look);
    }
    response.changed()
}

/// A long field.
pub(super) fn long(ui: &mut Ui, name: &str, typed: &mut String, rows: usize) -> (Response, bool) {
    let (response, now) = long_field(ui, name, typed, rows);
    let is_changed = take(typed, now);
    (response, is_changed)
}

/// Takes what a field has now, if it was changed.
pub(super) fn take(typed: &mut String, now: Option<String>) -> bool {
    let is_changed = now.is_some();
    if let Some(now) = now {
        *typed = now;
    }
    is_changed
}
