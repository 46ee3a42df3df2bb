//! Asks that wait for an answer, answering them, common causes, and asking and alerting others.
//!
//! What waits is told by the server's list, its reminders, and entries as they arrive; whatever says
//! that it waits no more takes it away. A card's content comes from the room's log, so it is shown as
//! it is now.

mod answering;
mod asking;
mod causes;
mod due;
mod form;
mod revising;
pub mod subjects;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use warproom_client::proto::calls::{ListCauses, ListOutstanding};
use warproom_client::proto::register::CommonCause;
use warproom_client::proto::{CauseId, EntryId, Label, Message, Name, Outstanding, RoomId, Seq};

use crate::model::Model;
use crate::model::milder::Meant;
use crate::model::rooms::Direction;
use crate::request::{Reply, Request};
use crate::{Effect, News};

pub use due::{Due, due};
pub use form::{AlertForm, AnswerForm, AskForm, Preset, Revises};
pub use waiting::{WaitingAsk, title};

/// What waits, and what is being asked.
#[derive(Clone, Default)]
pub struct Asks {
    /// What waits for you, the most pressing first.
    pub outstanding: Vec<Outstanding>,
    /// Common causes that concern you, newest first.
    pub causes: Vec<CommonCause>,
    /// The ask that the keyboard is at, or was.
    pub chosen: Option<(RoomId, Seq)>,
    /// The answer that is being written.
    pub answer: AnswerForm,
    /// The ask that is being written.
    pub ask: AskForm,
    /// The alert that is being written.
    pub alert: AlertForm,
    /// The room of the form that is being filled in, and the strictest label that was its default
    /// meanwhile: a default that becomes more relaxed does not make what is written so.
    begun: Option<(RoomId, Label)>,
    /// Why the form that is open was not sent.
    pub trouble: Option<String>,
    /// Answers on their way, or refused and still in the outbox, by their names.
    sending: BTreeMap<EntryId, Answering>,
    /// The ask that the answer being written is for.
    answering: Option<(RoomId, Seq)>,
    /// Asks whose entries were asked for since the sign-in.
    fetched: BTreeSet<(RoomId, Seq)>,
    /// Asks that came live since the sign-in: a list made before them does not know them.
    live: BTreeSet<(RoomId, Seq)>,
    /// How far the server's list goes: what came earlier and is not in it waits for nobody.
    listed: BTreeMap<RoomId, Seq>,
}

/// An answer on its way.
#[derive(Clone)]
struct Answering {
    room: RoomId,
    of: Seq,
    choice: Name,
}

/// What a person does with asks.
#[derive(Clone)]
pub enum Action {
    /// Go to the next ask that waits.
    NextWaiting,
    /// Go to the ask beside the one that the keyboard is at.
    Step(Direction),
    /// Go to this ask.
    Choose(RoomId, Seq),
    /// Answer an ask with the option at this place, at once.
    Answer(RoomId, Seq, usize),
    /// Open the form for an answer with a note.
    OpenAnswer(RoomId, Seq),
    /// The answer's form is now this.
    AnswerForm(AnswerForm),
    /// Send the answer in the form. Asks once if it says more than a choice under a label that is more open
    /// than the room's default.
    SendAnswer,
    /// Send the answer in the form, this label being meant.
    SendAnswerMeant(Meant),
    /// The ask's form is now this.
    AskForm(AskForm),
    /// Send the ask in the form. Asks once if its label is more open than the room's default.
    SendAsk,
    /// Send the ask in the form, this label being meant.
    SendAskMeant(Meant),
    /// The alert's form is now this.
    AlertForm(AlertForm),
    /// Send the alert in the form, likewise; asks also before it interrupts everyone.
    SendAlert,
    /// Send the alert in the form, this label and all else of it being meant.
    SendAlertMeant(Meant),
    /// Write an update of an alert of one's own, or that it holds no more.
    Revise(Seq, Message),
    /// Put a common cause away until one more organisation names it.
    PutAway(CauseId),
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::NextWaiting => waiting::next(model),
        Action::Step(direction) => waiting::step(model, direction),
        Action::Choose(room, of) => waiting::choose(model, (room, of)),
        Action::Answer(room, of, option) => answering::at_once(model, room, of, option, out),
        Action::OpenAnswer(room, of) => answering::open(model, room, of, out),
        Action::AnswerForm(form) => {
            model.ask.answer = form;
            model.ask.trouble = None;
        }
        Action::SendAnswer => answering::send(model, None, out),
        Action::SendAnswerMeant(meant) => answering::send(model, Some(meant), out),
        Action::AskForm(form) => {
            model.begin_form();
            model.ask.ask = form;
            model.ask.trouble = None;
        }
        Action::SendAsk => asking::ask(model, None, out),
        Action::SendAskMeant(meant) => asking::ask(model, Some(meant), out),
        Action::AlertForm(form) => {
            model.begin_form();
            model.ask.alert = form;
            model.ask.trouble = None;
        }
        Action::SendAlert => asking::alert(model, None, out),
        Action::Revise(of, message) => revising::begin(model, of, message, out),
        Action::SendAlertMeant(meant) => asking::alert(model, Some(meant), out),
        Action::PutAway(cause) => causes::put_away(model, cause, out),
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(opened)) => {
            model.ask = Asks::default();
            answering::take_outbox(model, &opened.outbox);
        }
        News::SignedIn(_) => {
            model.ask.fetched.clear();
            model.ask.live.clear();
            out.push(Effect::Call(Request::ListOutstanding(ListOutstanding {})));
            out.push(Effect::Call(Request::ListCauses(ListCauses {})));
        }
        News::Answered(_, Ok(Reply::ListOutstanding(list))) => {
            waiting::take_list(model, &list.outstanding);
        }
        News::Answered(_, Ok(Reply::ListCauses(list))) => causes::take_list(model, &list.causes),
        News::Answered(Request::ListRooms(call), Ok(Reply::ListRooms(list))) if !call.all => {
            let rooms = list.rooms.iter();
            model.ask.listed = rooms.map(|room| (room.room, room.latest.seq)).collect();
        }
        News::Reminder(outstanding) => waiting::remind(model, outstanding),
        News::CommonCause(cause) => causes::take(model, cause),
        News::Entry(delivered) => waiting::take_entry(model, delivered),
        News::RoomLeft(room) => model.ask.outstanding.retain(|one| one.room != *room),
        News::Page { room, page: Err(_), .. } => {
            model.ask.fetched.retain(|(of, _)| of != room);
            return;
        }
        News::Sent(id, result) => answering::sent(model, *id, result.is_ok()),
        _ => return,
    }
    waiting::sort(model);
    waiting::fetch(model, out);
}
