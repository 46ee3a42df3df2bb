//! A new alert, in the words of the Common Alerting Protocol.

use egui::Ui;
use warproom_client::proto::{Certainty, Message, Severity, Urgency};

use super::{fields, radio};
use crate::Action;
use crate::model::ask::{self, AlertForm};
use crate::model::desk::Focus;
use crate::views::Cx;
use crate::views::widgets::{button, field, quiet, strong, takes_focus};

const SEVERITIES: [(Severity, &str); 5] = [
    (Severity::Extreme, "extraordinary threat; interrupts everyone, always"),
    (Severity::Severe, "significant threat"),
    (Severity::Moderate, "possible threat"),
    (Severity::Minor, "minimal to no known threat"),
    (Severity::Unknown, "it is not known how bad it is"),
];

const URGENCIES: [(Urgency, &str); 5] = [
    (Urgency::Immediate, "something is to be done at once"),
    (Urgency::Expected, "something is to be done within the next hour"),
    (Urgency::Future, "something is to be done in the near future"),
    (Urgency::Past, "nothing is to be done any more"),
    (Urgency::Unknown, "it is not known how soon"),
];

const CERTAINTIES: [(Certainty, &str); 5] = [
    (Certainty::Observed, "it has happened or goes on"),
    (Certainty::Likely, "more likely than not"),
    (Certainty::Possible, "possible, but not likely"),
    (Certainty::Unlikely, "not expected to happen"),
    (Certainty::Unknown, "it is not known how sure it is"),
];

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let Some(room) = model.rooms.open() else { return };
    let mut form = model.ask.alert.clone();
    if let Some(revises) = form.revises {
        let what = match revises.message {
            Message::Cancel => "Says that this alert holds no more",
            Message::Alert | Message::Update => "Takes the place of this alert",
        };
        quiet(ui, cx.look, &format!("{what}: number {}.", revises.of));
        if button(ui, "Write a new alert instead").clicked() {
            cx.act(Action::Ask(ask::Action::AlertForm(AlertForm::default())));
        }
    }
    let (response, headline) = field(ui, "Headline", &form.headline);
    takes_focus(cx, Focus::Field, &response);
    let mut is_changed = fields::take(&mut form.headline, headline);
    is_changed |= how(ui, cx, &mut form);
    is_changed |= fields::long(ui, "What has happened", &mut form.text, 3).1;
    is_changed |= fields::long(ui, "What to do", &mut form.what_to_do, 2).1;
    is_changed |= fields::about(ui, cx, &mut form.subjects);
    let acknowledge = "Ask every organisation to acknowledge it";
    is_changed |= ui.checkbox(&mut form.acknowledge, acknowledge).changed();
    if form.acknowledge {
        is_changed |= fields::time(ui, cx, &mut form.due_in_minutes);
    }
    let settings = &room.settings;
    let usual = model.form_default().unwrap_or(settings.default_label);
    is_changed |= fields::label(ui, cx, usual, settings.ceiling, &mut form.label);
    is_changed |= fields::reporting(ui, cx, &mut form.reporting);
    is_changed |= fields::exercise(ui, cx, &mut form.exercise);
    if is_changed {
        cx.act(Action::Ask(ask::Action::AlertForm(form)));
    }
}

/// How bad, how soon, how sure.
fn how(ui: &mut Ui, cx: &Cx<'_>, form: &mut AlertForm) -> bool {
    let mut urgency = Some(form.urgency);
    let mut certainty = Some(form.certainty);
    let is_changed = one_of(ui, cx, "How bad: severity", &SEVERITIES, &mut form.severity)
        | one_of(ui, cx, "How soon: urgency", &URGENCIES, &mut urgency)
        | one_of(ui, cx, "How sure: certainty", &CERTAINTIES, &mut certainty);
    form.urgency = urgency.unwrap_or(form.urgency);
    form.certainty = certainty.unwrap_or(form.certainty);
    is_changed
}

fn one_of<T: Copy + PartialEq + ToString>(
    ui: &mut Ui,
    cx: &Cx<'_>,
    name: &str,
    all: &[(T, &str)],
    chosen: &mut Option<T>,
) -> bool {
    let mut is_changed = false;
    strong(ui, name);
    ui.horizontal_wrapped(|ui| {
        for (one, meaning) in all {
            if radio(ui, &one.to_string(), meaning, *chosen == Some(*one)).clicked() {
                *chosen = Some(*one);
                is_changed = true;
            }
        }
    });
    let meaning = all.iter().find(|(one, _)| Some(*one) == *chosen).map(|(_, meaning)| *meaning);
    quiet(ui, cx.look, meaning.unwrap_or("Not said yet."));
    is_changed
}
