//! Asking and alerting: a form becomes an entry, or a sentence says what is missing in it. Nothing
//! typed is cleared before the entry is in the outbox.

use std::collections::BTreeSet;

use warproom_client::proto::calls::{PostAlert, PostEntry};
use warproom_client::proto::{
    Alert, Ask, EntryId, Label, Line, Message, Name, RoomId, RoomSettings, Severity, Text, limits,
};

use super::answering::check_reporting;
use super::{Action, AlertForm, AskForm, Preset, subjects};
use crate::Effect;
use crate::effect::Outgoing;
use crate::model::Model;
use crate::model::desk::{Confirm, Focus, Overlay};
use crate::model::milder::{Meant, what_it_does};

const MINUTE_MS: i64 = 60_000;

/// Sends the ask in the form to the open room. `meant`: what was asked about already.
pub(super) fn ask(model: &mut Model, meant: Option<Meant>, out: &mut Vec<Effect>) {
    let Some((id, settings)) = form_room(model) else { return };
    let post = match read_ask(&model.ask.ask, id, &settings, model.now_ms) {
        Ok(post) => post,
        Err(why) => {
            model.ask.trouble = Some(why);
            return;
        }
    };
    let now = Meant { room: id, label: post.label };
    if meant != Some(now) && post.label < settings.default_label {
        model.desk.confirm = Some(Confirm {
            title: format!("Ask under {}?", post.label),
            what_it_does: milder(&settings, post.label),
            verb: "Ask",
            is_dangerous: true,
            then: Box::new(crate::Action::Ask(Action::SendAskMeant(now))),
        });
        return;
    }
    model.send(Outgoing::Post(post), out);
    model.ask.ask = AskForm::default();
    model.ask.begun = None;
    close(model, Overlay::NewAsk);
}

/// Sends the alert in the form to the open room, likewise.
pub(super) fn alert(model: &mut Model, meant: Option<Meant>, out: &mut Vec<Effect>) {
    let Some((id, settings)) = form_room(model) else { return };
    let alert = match read_alert(&model.ask.alert, id, &settings, model.now_ms) {
        Ok(alert) => alert,
        Err(why) => {
            model.ask.trouble = Some(why);
            return;
        }
    };
    let now = Meant { room: id, label: alert.label };
    if meant != Some(now)
        && let Some(what_it_does) = unusual(&alert, &settings)
    {
        model.desk.confirm = Some(Confirm {
            title: format!("Send this {} alert under {}?", alert.alert.severity, alert.label),
            what_it_does,
            verb: "Send",
            is_dangerous: true,
            then: Box::new(crate::Action::Ask(Action::SendAlertMeant(now))),
        });
        return;
    }
    model.send(Outgoing::Alert(alert), out);
    model.ask.alert = AlertForm::default();
    model.ask.begun = None;
    close(model, Overlay::NewAlert);
}

/// What is to be known before an alert goes out; none: it is an ordinary one.
fn unusual(alert: &PostAlert, settings: &RoomSettings) -> Option<String> {
    let mut sentences = Vec::new();
    if alert.alert.severity == Severity::Extreme {
        sentences.push(format!(
            "An extreme alert interrupts everyone in {}, always: also at night and in quiet hours.",
            settings.name
        ));
        if alert.exercise {
            sentences.push("So does one of an exercise; it says that it is one.".to_owned());
        }
    }
    if alert.label < settings.default_label {
        sentences.push(milder(settings, alert.label));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn milder(settings: &RoomSettings, chosen: Label) -> String {
    let (usual, room) = (settings.default_label, &settings.name);
    what_it_does(
        &format!("What is written in {room} is {usual} unless somebody says otherwise"),
        chosen,
    )
}

/// The open room, and its settings as they were when the form was begun, where they were stricter.
fn form_room(model: &Model) -> Option<(RoomId, RoomSettings)> {
    let room = model.rooms.open()?;
    let default_label = model.form_default()?;
    Some((room.id, RoomSettings { default_label, ..room.settings.clone() }))
}

impl Model {
    /// The label that the form of an ask or an alert has without another: the open room's default, or
    /// what that was when the form was begun, where that is stricter.
    pub fn form_default(&self) -> Option<Label> {
        let room = self.rooms.open()?;
        let begun = self.ask.begun.filter(|(begun_in, _)| *begun_in == room.id);
        Some(begun.map_or(room.settings.default_label, |(_, label)| {
            label.max(room.settings.default_label)
        }))
    }

    /// Something is written into a form.
    pub(super) fn begin_form(&mut self) {
        self.ask.begun = self.rooms.open().map(|room| room.id).zip(self.form_default());
    }
}

fn close(model: &mut Model, overlay: Overlay) {
    model.ask.trouble = None;
    model.desk.overlays.retain(|open| *open != overlay);
    model.desk.give_focus(Focus::Composer);
}

fn read_ask(
    form: &AskForm,
    room: RoomId,
    settings: &RoomSettings,
    now_ms: i64,
) -> Result<PostEntry, String> {
    let text = text("What you ask", &form.text)?.ok_or("Write what you ask.")?;
    let options = options(&form.options)?;
    Ok(PostEntry {
        room,
        id: EntryId::random(),
        label: chosen_label(form.label, settings)?,
        text,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: Some(Ask { options, due_at_ms: due_at_ms(&form.due_in_minutes, now_ms)? }),
        exercise: form.exercise,
        files: Vec::new(),
    })
}

fn read_alert(
    form: &AlertForm,
    room: RoomId,
    settings: &RoomSettings,
    now_ms: i64,
) -> Result<PostAlert, String> {
    if form.revises.is_some_and(|revises| revises.room != room) {
        return Err("This is about an alert of another room. Go back to it.".to_owned());
    }
    let label = chosen_label(form.label, settings)?;
    let subjects = subjects::read(&form.subjects, limits::SUBJECTS)?;
    check_reporting(form.reporting, !subjects.is_empty(), label)?;
    let ask = if form.acknowledge {
        let options = options(&Preset::Acknowledge.options().join("\n"))?;
        Some(Ask { options, due_at_ms: due_at_ms(&form.due_in_minutes, now_ms)? })
    } else {
        None
    };
    Ok(PostAlert {
        room,
        id: EntryId::random(),
        label,
        alert: alert_of(form)?,
        headline: headline(&form.headline)?,
        text: text("What has happened", &form.text)?,
        what_to_do: text("What to do", &form.what_to_do)?,
        references: Vec::new(),
        issuer: None,
        subjects,
        ask,
        common_cause: form.reporting,
        exercise: form.exercise,
        files: Vec::new(),
    })
}

fn alert_of(form: &AlertForm) -> Result<Alert, String> {
    Ok(Alert {
        severity: form.severity.ok_or("Say how bad it is; “unknown” is an answer too.")?,
        urgency: form.urgency,
        certainty: form.certainty,
        message: form.revises.map_or(Message::Alert, |revises| revises.message),
        issued_at_ms: None,
        effective_at_ms: None,
        expires_at_ms: None,
        source: None,
        supersedes: form.revises.map(|revises| revises.of),
    })
}

fn headline(typed: &str) -> Result<Line, String> {
    let line = typed.trim();
    if line.is_empty() {
        return Err("Write a headline: what the alert says in one line.".to_owned());
    }
    line.parse().map_err(|why| format!("The headline cannot be sent: {why}."))
}

fn text(what: &str, typed: &str) -> Result<Option<Text>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|why| format!("{what} cannot be sent: {why}."))
}

fn chosen_label(label: Option<Label>, settings: &RoomSettings) -> Result<Label, String> {
    let label = label.unwrap_or(settings.default_label);
    if label > settings.ceiling {
        return Err(format!("This room holds nothing stricter than {}.", settings.ceiling));
    }
    Ok(label)
}

fn options(typed: &str) -> Result<Vec<Name>, String> {
    let lines: Vec<_> = typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let most = limits::ASK_OPTIONS;
    if !(2..=most).contains(&lines.len()) {
        return Err(format!(
            "An ask has 2 to {most} answers to choose from; these are {}.",
            lines.len()
        ));
    }
    let mut options = Vec::new();
    let mut known = BTreeSet::new();
    for line in lines {
        let option: Name = line.parse().map_err(|why| format!("“{line}” is no answer: {why}."))?;
        if !known.insert(option.folded()) {
            return Err(format!("“{line}” stands there twice."));
        }
        options.push(option);
    }
    Ok(options)
}

/// When an answer is due, from the minutes as they were typed.
fn due_at_ms(typed: &str, now_ms: i64) -> Result<Option<i64>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let most = limits::ASK_MS / MINUTE_MS;
    let minutes = typed.parse::<i64>().ok().filter(|minutes| (1..=most).contains(minutes));
    let minutes = minutes.ok_or_else(|| {
        format!("“{typed}” is no time to answer in: write minutes, 1 to {most} (31 days).")
    })?;
    // A clock that is a little behind the server's must not make the longest time too long.
    Ok(Some(now_ms + (minutes * MINUTE_MS).min(limits::ASK_MS - MINUTE_MS)))
}
