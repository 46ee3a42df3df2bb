//! An alert as a card: how bad, what, what to do, where from, and whether it still holds.

use egui::{Label, RichText, Stroke, Ui};
use warproom_client::proto::{Alert, Certainty, Message, Severity, Urgency};

use super::Row;
use super::words::subject;
use crate::Action;
use crate::look::{Palette, size, space, strong_family};
use crate::model::markdown::visible;
use crate::model::{moment, room};
use crate::views::widgets::{card, link_button, quiet, severity_mark, strong, trouble};
use crate::views::{Cx, markdown};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, alert: &Alert) {
    let border = border(cx.look, alert.severity);
    let top = ui.cursor().left_top();
    card(ui, cx.look, |ui| {
        ui.set_min_width(ui.available_width());
        head(ui, cx, row, alert);
        body(ui, cx, row);
        source(ui, cx, row, alert);
    });
    let bottom = ui.min_rect().bottom();
    // The word and the shape stand beside it: the colour says nothing alone.
    ui.painter().vline(top.x + space::XS / 2.0, top.y..=bottom, Stroke::new(space::XS, border));
}

const fn border(look: &Palette, severity: Severity) -> egui::Color32 {
    match severity {
        Severity::Extreme | Severity::Severe => look.danger,
        Severity::Moderate => look.warning,
        Severity::Minor | Severity::Unknown => look.quiet,
    }
}

fn head(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, alert: &Alert) {
    ui.horizontal_wrapped(|ui| {
        severity_mark(ui, cx.look, alert.severity);
        quiet(ui, cx.look, &format!("{}, {}", urgency(alert.urgency), certainty(alert.certainty)));
    });
    standing(ui, cx, row, alert);
    if let Some(headline) = &row.shown.entry.content.headline {
        let headline = RichText::new(visible(headline.as_str()));
        ui.add(Label::new(headline.size(size::HEADING).family(strong_family())).wrap());
    }
    let subjects: Vec<_> = row.shown.entry.handling.subjects.iter().map(subject).collect();
    if !subjects.is_empty() {
        quiet(ui, cx.look, &format!("About {}", subjects.join(", ")));
    }
}

/// Whether it still holds, and what it does to an earlier one.
fn standing(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, alert: &Alert) {
    let now_ms = cx.model.now_ms;
    if let Some(newer) = row.shown.superseded_by {
        trouble(ui, cx.look, "A newer alert has taken the place of this one.");
        to_entry(ui, cx, newer, "Go to the newer alert");
    }
    match alert.message {
        Message::Alert => {}
        Message::Update => {
            quiet(ui, cx.look, "Takes the place of an earlier alert.");
        }
        Message::Cancel => {
            strong(ui, "Says that an earlier alert holds no more.");
        }
    }
    if let Some(earlier) = alert.supersedes {
        to_entry(ui, cx, earlier, "Go to the earlier alert");
    }
    if let Some(expires_at_ms) = alert.expires_at_ms {
        let at = moment::brief(now_ms, expires_at_ms);
        if alert.is_expired(now_ms) {
            strong(ui, &format!("Holds no more since {at}."));
        } else {
            quiet(ui, cx.look, &format!("Holds until {at}."));
        }
    }
}

fn to_entry(ui: &mut Ui, cx: &mut Cx<'_>, seq: u64, text: &str) {
    if link_button(ui, cx.look, text).clicked() {
        cx.act(Action::Room(room::Action::ToEntry(seq)));
    }
}

fn body(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>) {
    super::text(ui, cx, row);
    if let Some(what_to_do) = &row.shown.entry.content.what_to_do {
        strong(ui, "What to do");
        ui.push_id("what to do", |ui| {
            markdown::ui(ui, cx, row.shown.label, what_to_do.as_str());
        });
    }
}

fn source(ui: &mut Ui, cx: &mut Cx<'_>, row: Row<'_>, alert: &Alert) {
    let content = &row.shown.entry.content;
    for reference in &content.references {
        markdown::address(ui, cx, row.shown.label, reference.as_str());
    }
    let issuer = content.issuer.as_ref().map(|issuer| visible(issuer.as_str()));
    let at = alert.issued_at_ms.map(moment::short);
    let said = match (issuer, at) {
        (Some(issuer), Some(at)) => format!("Issued by {issuer}, {at}"),
        (Some(issuer), None) => format!("Issued by {issuer}"),
        (None, Some(at)) => format!("Issued {at}"),
        (None, None) => return,
    };
    quiet(ui, cx.look, &said);
}

const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Immediate => "act at once",
        Urgency::Expected => "act within the hour",
        Urgency::Future => "act soon",
        Urgency::Past => "no longer urgent",
        Urgency::Unknown => "urgency not known",
    }
}

const fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed => "observed",
        Certainty::Likely => "likely",
        Certainty::Possible => "possible",
        Certainty::Unlikely => "unlikely",
        Certainty::Unknown => "certainty not known",
    }
}
