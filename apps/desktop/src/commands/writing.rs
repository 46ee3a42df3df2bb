//! What is being written, what waits for an answer, and the settings of this computer.

use warproom_client::proto::{Label, RoomId};

use super::{going, top};
use crate::model::ask::{self, WaitingAsk};
use crate::model::compose::{self, Draft, Sending};
use crate::model::desk::{self, Confirm, Overlay};
use crate::model::settings::{self, Settings};
use crate::model::{board, files, label, manage, rooms};
use crate::{Action, Model};

/// The label of whatever is being written: of the form on top, else of the draft. One that the room
/// cannot hold is not possible.
pub(super) fn label(model: &Model, label: Label) -> Option<Action> {
    let room = model.rooms.open()?;
    if label > room.settings.ceiling {
        return None;
    }
    let label = Some(label);
    let form = match top(model) {
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
    draft(model)
        .and_then(|(_, draft)| draft)
        .filter(|draft| !draft.text.trim().is_empty() || !draft.files.is_empty())
}

fn draft(model: &Model) -> Option<(RoomId, Option<&Draft>)> {
    let room = model.rooms.open()?.id;
    Some((room, model.compose.drafts.get(&room)))
}

pub(super) fn exercise(model: &Model) -> Option<Action> {
    let (_, draft) = draft(model)?;
    let is_one = draft.is_some_and(|draft| draft.exercise);
    write(model, compose::Action::Exercise(!is_one))
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

/// Asks before what was refused first is discarded.
pub(super) fn discard_refused(model: &Model) -> Option<Action> {
    let mut outbox = model.compose.outbox.iter();
    let refused = outbox.find(|waiting| matches!(waiting.state, Sending::Refused(_)))?;
    Some(compose::Action::Discard(refused.outgoing.id()).into())
}

/// The same of what waits for a connection, or brings its files up.
pub(super) fn discard_waiting(model: &Model) -> Option<Action> {
    let mut outbox =
        model.compose.outbox.iter().filter(|waiting| compose::may_discard(model, waiting));
    let waiting = outbox.find(|waiting| !matches!(waiting.state, Sending::Refused(_)))?;
    Some(compose::Action::Discard(waiting.outgoing.id()).into())
}

/// What is written in the open room, with its label: also where one may not send it any more.
pub(super) fn copy(model: &Model) -> Option<Action> {
    let text = &written(model)?.text;
    let label = model.draft_label(model.rooms.open?)?;
    Some(desk::Action::Copy(label::copied(label, text)).into())
}

/// The form in which a file is attached.
pub(super) fn attach(model: &Model) -> Option<Action> {
    let room = model.rooms.open?;
    files::may_attach(model, room).ok()?;
    going::in_room(model, going::open(model, Overlay::AttachFile)?)
}

/// The file attached last, out of the draft again.
pub(super) fn take_out(model: &Model) -> Option<Action> {
    let (_, draft) = draft(model)?;
    let last = draft?.files.len().checked_sub(1)?;
    Some(files::Action::TakeOut(last).into())
}

/// Something that is written, where one may write.
pub(super) fn write(model: &Model, action: compose::Action) -> Option<Action> {
    model.rooms.open.filter(|room| model.may_write(*room)).map(|_| action.into())
}

/// An edit of one's latest entry.
pub(super) fn edit_latest(model: &Model) -> Option<Action> {
    compose::latest_of_mine(model, model.rooms.open?)?;
    write(model, compose::Action::EditLatest)
}

/// A reply in the thread that is open.
pub(super) fn reply_in_thread(model: &Model) -> Option<Action> {
    let thread = model.rooms.open()?.reading.thread?;
    write(model, compose::Action::Reply(Some(thread)))
}

pub(super) fn next_waiting(model: &Model) -> Option<Action> {
    (!model.waiting().is_empty()).then_some(Action::Ask(ask::Action::NextWaiting))
}

fn waits_first(model: &Model) -> Option<WaitingAsk> {
    model.waiting().into_iter().next()
}

pub(super) fn answer(model: &Model) -> Option<Action> {
    let card = waits_first(model).filter(|card| card.is_ours)?;
    let (room, of) = card.key();
    Some(Action::Ask(ask::Action::OpenAnswer(room, of)))
}

/// What waits first, where it was asked.
pub(super) fn go_to_waiting(model: &Model) -> Option<Action> {
    let (room, of) = waits_first(model)?.key();
    Some(rooms::Action::OpenAt(room, of).into())
}

/// The board of what waits first.
pub(super) fn board_of_waiting(model: &Model) -> Option<Action> {
    let (room, of) = waits_first(model)?.key();
    Some(board::Action::Show(room, of).into())
}

/// An answer to the chosen entry, if it asks.
pub(super) fn answer_chosen(model: &Model) -> Option<Action> {
    let room = model.rooms.open()?;
    let key = (room.id, room.reading.chosen?);
    model.asked(key).filter(|_| manage::is_officer(model))?;
    Some(ask::Action::OpenAnswer(key.0, key.1).into())
}

/// The newest common cause, out of the way.
pub(super) fn put_away(model: &Model) -> Option<Action> {
    Some(ask::Action::PutAway(model.causes().next()?.cause).into())
}

/// A new alert where an update of one is being written.
pub(super) fn new_alert(model: &Model) -> Option<Action> {
    let is_open = top(model) == Some(Overlay::NewAlert);
    model.ask.alert.revises.filter(|_| is_open)?;
    Some(ask::Action::AlertForm(ask::AlertForm::default()).into())
}

/// Other settings of this computer; none: they are so already.
pub(super) fn set(model: &Model, change: fn(&mut Settings)) -> Option<Action> {
    let mut settings = model.settings.clone();
    change(&mut settings);
    (settings != model.settings).then_some(Action::Settings(settings::Action::Set(settings)))
}
