//! What is being written, what waits for an answer, and the settings of this computer.

use warproom_client::proto::{Label, RoomId};

use crate::model::ask;
use crate::model::compose::{self, Draft, Sending};
use crate::model::desk::{self, Confirm, Overlay};
use crate::model::settings::{self, Settings};
use crate::{Action, Model};

/// The label of whatever is being written: of the form on top, else of the draft. One that the room
/// cannot hold is not possible.
pub(super) fn label(model: &Model, label: Label) -> Option<Action> {
    let room = model.rooms.open()?;
    if label > room.settings.ceiling {
        return None;
    }
    let label = Some(label);
    let form = match model.desk.overlays.last() {
        Some(Overlay::NewAsk) => {
            ask::Action::AskForm(ask::AskForm { label, ..model.ask.ask.clone() })
        }
        Some(Overlay::NewAlert) => {
            ask::Action::AlertForm(ask::AlertForm { label, ..model.ask.alert.clone() })
        }
        Some(Overlay::Answer { .. }) => {
            ask::Action::AnswerForm(ask::AnswerForm { label, ..model.ask.answer.clone() })
        }
        _ => return label.map(|label| Action::Compose(compose::Action::Label(label))),
    };
    Some(Action::Ask(form))
}

/// The draft of the open room, if something is written in it.
pub(super) fn written(model: &Model) -> Option<&Draft> {
    draft(model).and_then(|(_, draft)| draft).filter(|draft| !draft.text.trim().is_empty())
}

fn draft(model: &Model) -> Option<(RoomId, Option<&Draft>)> {
    let room = model.rooms.open()?.id;
    Some((room, model.compose.drafts.get(&room)))
}

pub(super) fn exercise(model: &Model) -> Option<Action> {
    let (_, draft) = draft(model)?;
    let is_one = draft.is_some_and(|draft| draft.exercise);
    Some(Action::Compose(compose::Action::Exercise(!is_one)))
}

pub(super) fn no_reply(model: &Model) -> Option<Action> {
    let (_, draft) = draft(model)?;
    draft?.reply_to.map(|_| Action::Compose(compose::Action::Reply(None)))
}

pub(super) fn clear(model: &Model) -> Option<Action> {
    written(model)?;
    Some(Action::Desk(desk::Action::Ask(Confirm {
        title: "Let go what you wrote?".to_owned(),
        what_it_does: "The text in the composer of this room is gone. Nothing was sent of it."
            .to_owned(),
        verb: "Let go",
        is_dangerous: true,
        then: Box::new(Action::Compose(compose::Action::Clear)),
    })))
}

pub(super) fn send_again(model: &Model) -> Option<Action> {
    let mut outbox = model.compose.outbox.iter();
    let refused = outbox.find(|waiting| matches!(waiting.state, Sending::Refused(_)))?;
    Some(Action::Compose(compose::Action::SendAgain(refused.outgoing.id())))
}

pub(super) fn next_waiting(model: &Model) -> Option<Action> {
    (!model.waiting().is_empty()).then_some(Action::Ask(ask::Action::NextWaiting))
}

pub(super) fn answer(model: &Model) -> Option<Action> {
    let waiting = model.waiting().into_iter().next()?.outstanding;
    Some(Action::Ask(ask::Action::OpenAnswer(waiting.room, waiting.ask)))
}

/// Other settings of this computer; none: they are so already.
pub(super) fn set(model: &Model, change: fn(&mut Settings)) -> Option<Action> {
    let mut settings = model.settings.clone();
    change(&mut settings);
    (settings != model.settings).then_some(Action::Settings(settings::Action::Set(settings)))
}
