//! What was read and made, before it is written: how much is given out and withheld, row by row why, and
//! the folder it goes to.

use egui::{Label as Words, Ui};

use super::super::super::Cx;
use super::super::super::widgets::{
    button, card, chip, field, heading, primary_button, quiet, strong, trouble,
};
use super::super::{form, table};
use crate::look::space;
use crate::model::manage::{self, Action, Made};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let disclosing = &cx.model.manage.disclosure;
    let Some(made) = disclosing.made.clone() else { return };
    ui.add_space(space::M);
    heading(ui, "What would be given out");
    if !disclosing.is_current() {
        trouble(
            ui,
            cx.look,
            "The form says something else by now: this is what it came to before. It cannot be written.",
        );
    }
    card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        counts(ui, cx, &made);
    });
    folder(ui, cx);
    written(ui, cx);
    heading(ui, "What is withheld, and why");
    if made.rows.is_empty() {
        quiet(ui, cx.look, "Nothing.");
    }
    table::rows(ui, "withheld", made.rows.len(), |ui, place| {
        ui.add(Words::new(&made.rows[place]).truncate());
    });
}

fn counts(ui: &mut Ui, cx: &Cx<'_>, made: &Made) {
    ui.horizontal_wrapped(|ui| {
        strong(ui, &format!("Given out: {}", counted(count(made.entries), "entry", "entries")));
        if let Some(label) = made.strictest {
            ui.label("up to");
            chip(ui, label);
        }
    });
    strong(ui, &format!("Withheld whole: {}", counted(made.withheld(), "entry", "entries")));
    strong(ui, &format!("Blacked out: {}", counted(made.passages(), "passage", "passages")));
    for total in &made.totals {
        let entries = (total.entries > 0).then(|| counted(total.entries, "entry", "entries"));
        let passages = (total.passages > 0).then(|| counted(total.passages, "passage", "passages"));
        let both: Vec<_> = entries.into_iter().chain(passages).collect();
        quiet(ui, cx.look, &format!("{}: {}", total.reason, both.join(" and ")));
    }
}

fn folder(ui: &mut Ui, cx: &mut Cx<'_>) {
    form::part(ui, "folder of the disclosure", |ui| {
        let mut form = cx.model.manage.disclosure.form.clone();
        if let (_, Some(folder)) = field(ui, "Folder", &form.folder) {
            form.folder = folder;
            cx.act(Action::FillDisclosure(Box::new(form)).into());
        }
        quiet(
            ui,
            cx.look,
            "A name alone goes into your folder of downloads; or type a whole path, as ~/foi-113. It must not \
             be there yet. What is in it is unsealed: whoever can read it there can read it.",
        );
        let may = manage::may_write_disclosure(cx.model);
        let verb = ui.add_enabled_ui(may, |ui| primary_button(ui, cx.look, "Write the folder"));
        if verb.inner.clicked() {
            cx.act(Action::WriteDisclosure.into());
        }
    });
    ui.add_space(space::S);
}

fn written(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(folder) = &cx.model.manage.disclosure.written else { return };
    strong(ui, &format!("✔ Written to {folder}"));
    ui.label(
        "Read document.md to its end before you hand anything on. What you find there goes into the words \
         to black out: it is made again of what was read, and goes to another folder. Keep all five files: \
         statement.json says how it can be checked.",
    );
    if button(ui, "Answer another request").clicked() {
        cx.act(Action::AnotherDisclosure.into());
    }
}

fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}
