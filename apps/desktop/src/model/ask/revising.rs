//! One more word on an alert that one has sent: its update, or that it holds no more. It is written in
//! the form of a new alert, which begins with what the earlier one says.

use warproom_client::proto::{Kind, Label, Line, Message, Seq, Text};

use super::{AlertForm, Revises, subjects};
use crate::Effect;
use crate::model::Model;
use crate::model::desk::{self, Overlay};
use crate::model::room::{Act, may};

/// Begins to write it. What is half written of another alert is not thrown away.
pub(super) fn begin(model: &mut Model, of: Seq, message: Message, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.open() else { return };
    let Some(shown) = room.log.shown(of) else { return };
    let act = if message == Message::Cancel { Act::Cancel } else { Act::Update };
    if may(model, room, of).and_then(|may| may.action(act)).is_none() {
        return;
    }
    let Kind::Alert(alert) = &shown.entry.handling.kind else { return };
    let revises = Revises { room: room.id, of, message };
    let begun = &model.ask.alert;
    if begun.revises.is_none() && !begun.headline.trim().is_empty() {
        model.tell("An alert is half written. Send it, or empty its headline, and try again.");
    } else if begun.revises != Some(revises) {
        let (handling, content) = (&shown.entry.handling, &shown.entry.content);
        let about: Vec<_> = handling.subjects.iter().map(subjects::line).collect();
        let holds = message != Message::Cancel;
        model.ask.alert = AlertForm {
            headline: content.headline.as_ref().map(Line::to_string).unwrap_or_default(),
            text: shown.text().unwrap_or_default().to_owned(),
            what_to_do: content.what_to_do.as_ref().map(Text::to_string).unwrap_or_default(),
            severity: Some(alert.severity),
            urgency: alert.urgency,
            certainty: alert.certainty,
            subjects: about.join("\n"),
            acknowledge: holds && handling.ask.is_some(),
            label: Some(shown.label),
            exercise: handling.exercise,
            revises: Some(revises),
            ..AlertForm::default()
        };
    }
    if model.desk.overlays.last() != Some(&Overlay::NewAlert) {
        out.extend(model.act(crate::Action::Desk(desk::Action::Toggle(Overlay::NewAlert))));
    }
}

impl Model {
    /// The label under which what is copied out of the form of an alert leaves it, where the form began with
    /// an earlier alert's words. It is that alert's or the chosen one, whichever is stricter; where that
    /// alert is not held any more, the strictest that its room holds.
    pub fn alert_said(&self) -> Option<Label> {
        let form = &self.ask.alert;
        let revises = form.revises?;
        let room = self.rooms.rooms.get(&revises.room)?;
        let said = room.log.shown(revises.of).map(|shown| shown.label);
        Some(form.label.unwrap_or(Label::Clear).max(said.unwrap_or(room.settings.ceiling)))
    }
}
