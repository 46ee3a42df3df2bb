//! Common causes, on cards.

use egui::Ui;
use warproom_client::proto::register::CommonCause;
use warproom_client::proto::{CauseId, Subject};

use crate::Action;
use crate::model::{ask, moment};
use crate::views::Cx;
use crate::views::widgets::{button, card, exercise_mark, quiet, strong};

/// Draws the newest of them, so many at most; putting one away brings the next.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, most: usize) {
    let model = cx.model;
    let all = model.causes().count();
    for cause in model.causes().take(most) {
        card(ui, cx.look, |ui| {
            ui.set_width(ui.available_width());
            one(ui, cx, cause);
        });
    }
    if all > most {
        quiet(ui, cx.look, &format!("and {} more common causes", all - most));
    }
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, cause: &CommonCause) {
    ui.horizontal_wrapped(|ui| {
        if cause.exercise {
            exercise_mark(ui, cx.look);
        }
        strong(ui, &format!("Common cause: {}", called(&cause.subject)));
        if button(ui, "Put away").on_hover_text(WHAT_PUTTING_AWAY_DOES).clicked() {
            put_away(cx, cause.cause);
        }
    });
    let plural = if cause.organisations == 1 { "organisation names" } else { "organisations name" };
    let text = format!(
        "{} {plural} {} ({}) since {}; the latest at {}.",
        cause.organisations,
        called(&cause.subject),
        cx.model.who_names(cause),
        moment::time(cause.since_ms),
        moment::time(cause.at_ms),
    );
    ui.label(text);
}

const WHAT_PUTTING_AWAY_DOES: &str = "it comes back when one more organisation names it";

fn put_away(cx: &mut Cx<'_>, cause: CauseId) {
    cx.act(Action::Ask(ask::Action::PutAway(cause)));
}

fn called(subject: &Subject) -> &str {
    match subject {
        Subject::Vendor(name)
        | Subject::Product(name)
        | Subject::Cve(name)
        | Subject::Cpe(name)
        | Subject::Topic(name) => name.as_str(),
    }
}
