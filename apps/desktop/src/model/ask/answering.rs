//! Answering: with one key, or with a note. An answer goes through the outbox; until the server has
//! stored it, its ask shows it as on its way, and has it back if it is refused.

use warproom_client::proto::calls::{AnswerAsk, From};
use warproom_client::proto::{EntryId, Label, Name, Reporting, RoomId, Seq, Text, limits};

use super::{Action, AnswerForm, Answering, subjects, waiting};
use crate::Effect;
use crate::effect::Outgoing;
use crate::model::Model;
use crate::model::compose::Sending;
use crate::model::desk::{Confirm, Focus, Overlay, Pane};
use crate::model::milder::{Meant, what_it_does};
use crate::news::Refusal;

/// The most subjects of one answer, as the server has it.
const SUBJECTS: usize = 8;

/// Answers with the option at this place, and nothing more.
pub(super) fn at_once(
    model: &mut Model,
    room: RoomId,
    of: Seq,
    option: usize,
    out: &mut Vec<Effect>,
) {
    let seen = model.asking((room, of)).map(|shown| shown.label);
    let Some(ask) = model.asked((room, of)) else {
        let advice = "wait until it is here, or open its room";
        model.tell_trouble(&Refusal::new("What is asked has not been read yet", advice));
        return;
    };
    // A number beyond the options is no answer, and a second key stroke not a second one.
    let Some(choice) = ask.options.get(option).cloned() else { return };
    if model.on_its_way((room, of)).is_some() {
        return;
    }
    let answer = AnswerAsk {
        room,
        id: EntryId::random(),
        of,
        choice,
        // As the ask was when it was seen: it may be relaxed while the answer waits.
        label: seen,
        note: None,
        subjects: Vec::new(),
        common_cause: Reporting::No,
    };
    put_on_its_way(model, answer, out);
    if model.desk.focus.0 == Focus::Waiting {
        // The next ask is not under the same key at once.
        model.ask.chosen = None;
        let is_room = model.desk.pane == Pane::Room && model.desk.overlays.is_empty();
        model.desk.give_focus(if is_room { Focus::Composer } else { Focus::Field });
    }
}

/// Opens the form. What was typed for the same ask before is still in it.
pub(super) fn open(model: &mut Model, room: RoomId, of: Seq, out: &mut Vec<Effect>) {
    if model.ask.answering != Some((room, of)) {
        model.ask.answer = AnswerForm::default();
        model.ask.answering = Some((room, of));
    }
    model.ask.trouble = None;
    if model.asking((room, of)).is_none() {
        out.push(Effect::Page { room, from: From::Before(of + 1) });
    }
    let overlay = Overlay::Answer { room, of };
    model.desk.overlays.retain(|open| *open != overlay);
    model.desk.overlays.push(overlay);
    model.desk.give_focus(Focus::Field);
}

/// Sends what the form says, and closes it. `meant`: what was asked about already.
pub(super) fn send(model: &mut Model, meant: Option<Meant>, out: &mut Vec<Effect>) {
    let open = model.desk.overlays.iter().rev().find_map(|overlay| match overlay {
        Overlay::Answer { room, of } => Some((*room, *of)),
        _ => None,
    });
    let Some((room, of)) = open else { return };
    match read(model, room, of) {
        Err(why) => model.ask.trouble = Some(why),
        Ok(answer) if let Some(question) = milder(model, &answer, meant) => {
            model.desk.confirm = Some(question);
        }
        Ok(answer) => {
            put_on_its_way(model, answer, out);
            model.ask.answer = AnswerForm::default();
            model.ask.answering = None;
            model.ask.trouble = None;
            model.desk.overlays.retain(|overlay| *overlay != Overlay::Answer { room, of });
            model.desk.give_focus(Focus::Composer);
        }
    }
}

/// The question before an answer that says more than its choice goes more openly than is usual in its room;
/// none: it does not. A choice alone has the label of its ask, which whoever asks has chosen.
fn milder(model: &Model, answer: &AnswerAsk, meant: Option<Meant>) -> Option<Confirm> {
    let settings = &model.rooms.rooms.get(&answer.room)?.settings;
    let now = Meant { room: answer.room, label: answer.label? };
    let says_more = answer.note.is_some() || !answer.subjects.is_empty();
    if !says_more || now.label >= settings.default_label || meant == Some(now) {
        return None;
    }
    let (usual, room) = (settings.default_label, &settings.name);
    let because = format!("What is written in {room} is {usual} unless somebody says otherwise");
    Some(Confirm {
        title: format!("Answer under {}?", now.label),
        what_it_does: what_it_does(&because, now.label),
        verb: "Send answer",
        is_dangerous: true,
        then: Box::new(crate::Action::Ask(Action::SendAnswerMeant(now))),
    })
}

/// The form as an answer, or a sentence on what is missing in it.
fn read(model: &Model, room: RoomId, of: Seq) -> Result<AnswerAsk, String> {
    let form = &model.ask.answer;
    let shown = model.asking((room, of)).ok_or("What is asked has not been read yet.")?;
    let ask = shown.entry.handling.ask.as_ref().ok_or("This entry asks nothing.")?;
    let choice = form.choice.and_then(|place| ask.options.get(place)).cloned();
    let choice = choice.ok_or("Choose one of the answers.")?;
    let ceiling = model.rooms.rooms.get(&room).map(|room| room.settings.ceiling);
    check_label(form.label, shown.label, ceiling)?;
    let subjects = subjects::read(&form.subjects, SUBJECTS)?;
    check_reporting(form.reporting, !subjects.is_empty(), form.label.unwrap_or(shown.label))?;
    Ok(AnswerAsk {
        room,
        id: EntryId::random(),
        of,
        choice,
        label: form.label.or(Some(shown.label)),
        note: note(&form.note)?,
        subjects,
        common_cause: form.reporting,
    })
}

fn note(text: &str) -> Result<Option<Text>, String> {
    let text = text.trim();
    if text.len() > limits::NOTE_BYTES {
        let over = text.len() - limits::NOTE_BYTES;
        let most = limits::NOTE_BYTES;
        return Err(format!(
            "The note is too long by {over} bytes: at most {most}. Post the rest in the room."
        ));
    }
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|why| format!("The note cannot be sent: {why}."))
}

fn check_label(label: Option<Label>, asks: Label, ceiling: Option<Label>) -> Result<(), String> {
    let Some(label) = label else { return Ok(()) };
    if label < asks {
        return Err(format!("The ask is {asks}, so its answers are {asks} or stricter."));
    }
    match ceiling {
        Some(ceiling) if label > ceiling => {
            Err(format!("This room holds nothing stricter than {ceiling}."))
        }
        _ => Ok(()),
    }
}

/// Whether a report can count towards a common cause at all.
pub(super) fn check_reporting(
    reporting: Reporting,
    has_subjects: bool,
    label: Label,
) -> Result<(), String> {
    if reporting.is_no() {
        return Ok(());
    }
    if !has_subjects {
        return Err("Name the supplier or product that your report is about, or do not let it \
                    count towards a common cause."
            .to_owned());
    }
    if label == Label::Red {
        return Err("What is TLP:RED never counts towards a common cause: choose a milder label, \
                    or do not let it count."
            .to_owned());
    }
    Ok(())
}

fn put_on_its_way(model: &mut Model, answer: AnswerAsk, out: &mut Vec<Effect>) {
    let answering = Answering { room: answer.room, of: answer.of, choice: answer.choice.clone() };
    model.ask.sending.insert(answer.id, answering);
    model.send(Outgoing::Answer(answer), out);
}

/// Takes in the answers that waited when the program was closed.
pub(super) fn take_outbox(model: &mut Model, outbox: &[(Outgoing, Option<Refusal>)]) {
    for (outgoing, _) in outbox {
        if let Outgoing::Answer(AnswerAsk { room, id, of, choice, .. }) = outgoing {
            let answering = Answering { room: *room, of: *of, choice: choice.clone() };
            model.ask.sending.insert(*id, answering);
        }
    }
}

/// An answer was stored or refused. A refused one may be sent again from the outbox.
pub(super) fn sent(model: &mut Model, id: EntryId, is_stored: bool) {
    if !is_stored {
        return;
    }
    let Some(answering) = model.ask.sending.remove(&id) else { return };
    let key = (answering.room, answering.of);
    if let Some(ours) = model.my_organisation() {
        waiting::answered(model, key, ours);
    } else {
        model.ask.outstanding.retain(|one| (one.room, one.ask) != key);
    }
    model.tell(format!("Answered: {}", answering.choice));
}

impl Model {
    /// The answer to an ask that is in the outbox and was not refused.
    pub fn on_its_way(&self, key: (RoomId, Seq)) -> Option<&Name> {
        let is_going = |id: EntryId| {
            let waits = self.compose.outbox.iter().find(|waits| waits.outgoing.id() == id);
            waits.is_some_and(|waits| !matches!(waits.state, Sending::Refused(_)))
        };
        let mut answers = self.ask.sending.iter().filter(|(_, one)| (one.room, one.of) == key);
        answers.find(|(id, _)| is_going(**id)).map(|(_, one)| &one.choice)
    }
}
