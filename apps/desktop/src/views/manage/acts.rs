//! The log of acts: whether it holds, what narrows it, and one row for each act, newest first.

use egui::Ui;
use warproom_client::proto::Seq;

use super::super::Cx;
use super::super::widgets::{button, card, choice, exercise_mark, quiet, strong, trouble};
use super::{filter, open, opened, table};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, ActKind, ActLine, Shown};
use crate::model::moment;

/// When so few rows are below what is on the screen, older acts are read.
const ROWS_AHEAD: usize = 20;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !manage::is_officer(cx.model) {
        quiet(ui, cx.look, "The log of acts is read by officers and managers.");
        return;
    }
    if let Shown::Act(seq) = cx.model.manage.shown {
        return one(ui, cx, seq);
    }
    quiet(
        ui,
        cx.look,
        "Who did what to members, organisations, devices, rooms and bots. Nothing can be taken out of \
         it: each act is chained to the one before.",
    );
    chain(ui, cx);
    filter(ui, cx, "Find an act, a person or an organisation");
    kinds(ui, cx);
    ui.add_space(space::S);
    rows(ui, cx);
}

/// Whether the log holds, as far as it was read.
fn chain(ui: &mut Ui, cx: &mut Cx<'_>) {
    let acts = &cx.model.manage.acts;
    if let Some(how) = &acts.broken {
        let sentence = format!(
            "This log does not hold: {how}. It was changed, or put back from an older copy. Do not rely \
             on it until your WARP's manager has told you why, by another way."
        );
        let said = trouble(ui, cx.look, &sentence);
        said.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Alert, true, &sentence));
    } else if acts.oldest > 0 {
        let (oldest, latest) = (acts.oldest, acts.latest);
        let remembered = if acts.is_fresh {
            ", and goes on from what this computer remembers"
        } else {
            ". This is what this computer remembers; there may be more"
        };
        let sentence = match oldest {
            1 => format!(
                "✔ Checked: every act from the first to number {latest} follows the one before it{remembered}."
            ),
            _ => format!(
                "✔ Checked: every act from number {oldest} to {latest} follows the one before it{remembered}. Older ones are checked as they are read."
            ),
        };
        quiet(ui, cx.look, &sentence);
    }
    if let Some(why) = &acts.trouble {
        trouble(ui, cx.look, why);
        if button(ui, "Read it again").clicked() {
            cx.act(Action::Manage(manage::Action::RefreshActs));
        }
    }
}

fn kinds(ui: &mut Ui, cx: &mut Cx<'_>) {
    let chosen = cx.model.manage.acts.kind;
    ui.horizontal_wrapped(|ui| {
        for kind in ActKind::ALL {
            if choice(ui, kind.name(), kind == chosen).clicked() {
                cx.act(Action::Manage(manage::Action::ActsOf(kind)));
            }
        }
    });
}

fn rows(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let acts = &model.manage.acts;
    let mut taken = None;
    let mut last = 0;
    table::rows(ui, "acts", acts.lines.len(), |ui, place| {
        last = place;
        let line = &acts.lines[place];
        if table::opening(ui, cx.look, &[&cell(line)]).clicked() {
            taken = Some(line.seq);
        }
    });
    if let Some(seq) = taken {
        open(cx, Shown::Act(seq));
    }
    // Whatever is narrowed away makes place for older ones.
    let is_near_end = last + ROWS_AHEAD >= acts.lines.len();
    if is_near_end && manage::may_read_older_acts(model) {
        cx.act(Action::Manage(manage::Action::OlderActs));
    }
    let end = end(cx);
    if !end.is_empty() {
        quiet(ui, cx.look, end);
    }
}

/// What stands under the last row.
fn end(cx: &Cx<'_>) -> &'static str {
    let acts = &cx.model.manage.acts;
    if acts.is_reading() {
        "Older acts are being read …"
    } else if acts.has_older() && !cx.model.is_connected() {
        "Older acts are read once there is a connection."
    } else if acts.latest == 0 && acts.trouble.is_none() {
        "The log of acts is not known yet."
    } else if acts.is_full() {
        "Older acts than these are read on the command line: warproom register."
    } else if acts.oldest == 1 && acts.lines.is_empty() {
        "No act fits."
    } else if acts.oldest == 1 {
        "This is where the log begins."
    } else {
        ""
    }
}

fn cell(line: &ActLine) -> String {
    let at = line.at_ms.map(moment::short).unwrap_or_default();
    let exercise = if line.exercise { "EXERCISE " } else { "" };
    let gap = if at.is_empty() { "" } else { "  " };
    format!("{at}{gap}#{}  {exercise}{}", line.seq, line.words)
}

/// One act in full.
fn one(ui: &mut Ui, cx: &mut Cx<'_>, seq: Seq) {
    opened(ui, cx, "Log of acts", &format!("Act number {seq}"));
    let model = cx.model;
    let Some(line) = model.manage.acts.lines.iter().find(|line| line.seq == seq) else {
        quiet(ui, cx.look, "It is not among what was read.");
        return;
    };
    card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        if line.exercise {
            exercise_mark(ui, cx.look);
        }
        strong(ui, &format!("{}.", line.words));
        match line.at_ms {
            Some(at_ms) => quiet(ui, cx.look, &moment::full(at_ms)),
            None => quiet(
                ui,
                cx.look,
                "You may not see what it says, only that there is one: its place in the chain is checked all the same.",
            ),
        };
        if let Some(record) = model.manage.acts.record(seq) {
            quiet(ui, cx.look, "The chain up to here, for comparing with somebody else:");
            ui.monospace(record.head.to_string());
        }
    });
}
