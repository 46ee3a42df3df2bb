//! Notifications of Prometheus Alertmanager's webhook (version 4 of its format): one alert for each
//! group, which updates itself while something changes and is cancelled when the last of it is
//! resolved.
//!
//! What monitoring says is about machines, and names of machines help whoever attacks them: they do
//! not go to a room of other organisations. What is taken for one is listed in [`hidden`].

mod format;
mod hidden;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use warproom_proto::alert::Source;
use warproom_proto::calls::PostAlert;
use warproom_proto::{
    Alert, BotId, Certainty, Label, Line, Message, Reporting, Severity, Urgency, limits,
};

use format::{Labels, Notification, One, Status};
use hidden::Hidden;

use super::terms::Terms;
use super::{Answer, Draft, entry_id, wording};
use crate::domain::Latest;

/// The version of the format that is read.
const VERSION: &str = "4";

/// What an alert without a name is called.
const UNNAMED: &str = "Alert";

/// The annotations that people read.
const TEXTS: [&str; 3] = ["summary", "description", "message"];

/// How many alerts of a group are told one by one: as many as people read.
const SHOWN: usize = 20;

/// How much of one annotation is shown, in bytes.
const ANNOTATION_BYTES: usize = 2 * 1024;

/// How much of one label is shown, in characters.
const LABEL_CHARS: usize = 80;

/// Reads a notification to an alert.
pub fn read(message: Map<String, Value>, terms: &Terms) -> Result<Draft, Answer> {
    if message.get("version").and_then(Value::as_str) != Some(VERSION) {
        let sentence = "of Alertmanager's webhook format, version 4 is understood";
        return Err(Answer::sentence(400, sentence));
    }
    let notification: Notification =
        serde_json::from_value(Value::Object(message)).map_err(|error| {
            Answer::sentence(400, format!("not a notification of Alertmanager: {error}"))
        })?;
    let hidden = Hidden::of(&notification);
    let headline = headline(&notification, &hidden);
    let text = text(&notification, &hidden);
    let label = label(&notification, [&headline, &text], terms)?;
    let source = source(&notification).ok_or(Answer::INVALID_PAYLOAD)?;
    Ok(Draft::Alert(Box::new(PostAlert {
        room: terms.room,
        id: entry_id(terms.bot, &source, false),
        label,
        alert: alert(&notification, source),
        headline: headline.parse().map_err(|_| Answer::INVALID_PAYLOAD)?,
        text: wording::cut(&text, limits::TEXT_BYTES).parse().ok(),
        what_to_do: None,
        references: Vec::new(),
        issuer: None,
        subjects: Vec::new(),
        ask: None,
        common_cause: Reporting::No,
        exercise: false,
        files: Vec::new(),
    })))
}

/// The label of what is shown. An alert's own label `tlp` counts like a label spelt in words; and words
/// count too that are not shown, because they are too many.
fn label(notification: &Notification, shown: [&String; 2], terms: &Terms) -> Result<Label, Answer> {
    let stated = notification.alerts.iter().filter_map(|one| one.labels.get("tlp"));
    let stated: Vec<_> = stated.map(|value| format!("TLP:{value}")).collect();
    let annotations = notification.alerts.iter().map(|one| &one.annotations);
    let annotations = annotations.chain([&notification.common_annotations]);
    let words = annotations.flat_map(|all| TEXTS.iter().filter_map(|name| all.get(*name)));
    terms.label(None, shown.into_iter().chain(&stated).chain(words).map(String::as_str))
}

fn alert(notification: &Notification, source: Source) -> Alert {
    let firing = || notification.alerts.iter().filter(|one| one.status == Status::Firing);
    let is_over = notification.status == Status::Resolved;
    let severities =
        notification.alerts.iter().filter(|one| is_over || one.status == Status::Firing);
    let (severity, urgency) = severities
        .map(|one| grade(one.labels.get("severity").map_or("", String::as_str)))
        .max_by_key(|(severity, _)| *severity)
        .unwrap_or((Severity::Unknown, Urgency::Unknown));
    let issued = if is_over {
        notification.alerts.iter().filter_map(One::ended_at_ms).max()
    } else {
        firing().filter_map(One::started_at_ms).min()
    };
    Alert {
        severity,
        urgency: if is_over { Urgency::Past } else { urgency },
        certainty: Certainty::Observed,
        message: if is_over { Message::Cancel } else { Message::Alert },
        issued_at_ms: issued,
        effective_at_ms: None,
        // What fires does so until it is resolved: Alertmanager's `endsAt` is no promise.
        expires_at_ms: None,
        source: Some(source),
        supersedes: None,
    }
}

/// How bad and how soon, from the words that Prometheus rules use. Only the word itself is extreme:
/// that interrupts everyone.
fn grade(word: &str) -> (Severity, Urgency) {
    match word.to_ascii_lowercase().as_str() {
        "extreme" => (Severity::Extreme, Urgency::Immediate),
        "critical" | "page" => (Severity::Severe, Urgency::Immediate),
        "warning" => (Severity::Moderate, Urgency::Expected),
        "info" => (Severity::Minor, Urgency::Future),
        _ => (Severity::Unknown, Urgency::Unknown),
    }
}

/// Makes the revision of an alert that follows another one of its group. A state that returns is
/// another revision than before: what it follows is part of it. Only the latest state again is the
/// same revision.
pub fn follow(call: &mut PostAlert, earlier: &Latest, bot: BotId) {
    let Some(source) = &mut call.alert.source else { return };
    let state = |revision: &Line| revision.as_str().split('-').next().map(str::to_owned);
    let revision = if state(&earlier.revision) == state(&source.revision) {
        Ok(earlier.revision.clone())
    } else {
        format!("{}-{}", source.revision, earlier.seq).parse()
    };
    if let Ok(revision) = revision {
        source.revision = revision;
    }
    call.id = entry_id(bot, source, call.exercise);
}

/// The group and its state. Alertmanager repeats a state again and again: it keeps its revision, and
/// so its name. The key of a group holds labels, so it is kept as a hash.
fn source(notification: &Notification) -> Option<Source> {
    let hash = |parts: &mut dyn Iterator<Item = &str>| {
        let mut digest = Digest::new(&SHA256);
        for part in parts {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        HEXLOWER.encode(&digest.finish().as_ref()[..16])
    };
    let state: BTreeSet<_> = notification
        .alerts
        .iter()
        .map(|one| [&*one.fingerprint, one.status.word(), &*one.starts_at])
        .collect();
    let id: Line = format!("alertmanager:{}", hash(&mut std::iter::once(&*notification.group_key)))
        .parse()
        .ok()?;
    let group = std::iter::once(notification.status.word());
    let revision = hash(&mut group.chain(state.iter().flatten().copied())).parse().ok()?;
    Some(Source { id, revision })
}

/// The summary, or the next best that there is to read.
fn headline(notification: &Notification, hidden: &Hidden) -> String {
    let annotation = |name| notification.common_annotations.get(name).map(String::as_str);
    let name = notification.common_labels.get("alertname").map(String::as_str);
    let description = annotation("description").into_iter().flat_map(str::lines);
    let best = annotation("summary").into_iter().chain(description).chain(name);
    let summary = best.map(|raw| line(raw, hidden, Line::CHARS)).find(|said| !said.is_empty());
    let summary = summary.unwrap_or_else(|| UNNAMED.to_owned());
    let count = |status| notification.alerts.iter().filter(|one| one.status == status).count();
    let (firing, resolved) = (count(Status::Firing), count(Status::Resolved));
    let told = match (notification.status, firing, resolved) {
        (Status::Resolved, ..) => "Resolved: ".to_owned(),
        (Status::Firing, 0 | 1, 0) => String::new(),
        (Status::Firing, firing, 0) => format!("{firing} firing: "),
        (Status::Firing, firing, resolved) => format!("{firing} firing, {resolved} resolved: "),
    };
    wording::line(&format!("{told}{summary}"), Line::CHARS)
}

fn text(notification: &Notification, hidden: &Hidden) -> String {
    let mut text = String::new();
    for one in notification.alerts.iter().take(SHOWN) {
        let name = one.labels.get("alertname").map_or(UNNAMED, String::as_str);
        let name = line(name, hidden, LABEL_CHARS);
        let moment = match one.status {
            Status::Firing => format!("firing since {}", shown(one.started_at_ms())),
            Status::Resolved => format!("resolved at {}", shown(one.ended_at_ms())),
        };
        // Writing to a text does not fail.
        let _ = writeln!(text, "**{name}**, {moment}");
        for annotation in TEXTS.iter().filter_map(|name| one.annotations.get(*name)) {
            let said = hidden.without(&wording::text(annotation));
            let _ = writeln!(text, "{}", wording::cut(&said, ANNOTATION_BYTES));
        }
        let _ = writeln!(text, "{}\n", labels(&one.labels, hidden));
    }
    let left = notification.alerts.len().saturating_sub(SHOWN) as u64;
    let more = left.saturating_add(notification.truncated_alerts);
    if more > 0 {
        let _ = writeln!(text, "and {more} more");
    }
    wording::text(&text)
}

/// What is shown of a text in one line: names are hidden when nothing invisible is within them any
/// more, and nothing was cut off them yet.
fn line(raw: &str, hidden: &Hidden, most: usize) -> String {
    wording::line(&hidden.without(&wording::line(raw, usize::MAX)), most)
}

/// The labels that may be shown.
fn labels(labels: &Labels, hidden: &Hidden) -> String {
    let is_told_already = |name: &str| matches!(name, "alertname" | "tlp");
    let shown = labels
        .iter()
        .filter(|(name, value)| !is_told_already(name) && !hidden::is_internal(name, value));
    let each = shown.map(|(name, value)| {
        let value = line(value, hidden, LABEL_CHARS);
        format!("{}: {value}", wording::line(name, LABEL_CHARS))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A moment, to the second.
fn shown(at_ms: Option<i64>) -> String {
    let at = at_ms.and_then(|ms| jiff::Timestamp::from_second(ms.div_euclid(1_000)).ok());
    at.map_or_else(|| "an unknown time".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests;
