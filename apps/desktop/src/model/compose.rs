//! Writing: a draft for each room, its label, and the outbox.
//!
//! Nothing is sent without a label that the person saw. What is sent goes through the outbox on disk,
//! so that nothing shown as waiting is lost, and nothing is shown as sent that the server has not
//! stored.

mod completing;
mod draft;
pub mod emoji;
mod label;
mod mention;
mod outbox;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use warproom_client::proto::{EntryId, Label, MemberId, RoomId, Seq};

use crate::effect::Outgoing;
use crate::model::Model;
use crate::model::files::Attached;
use crate::model::milder::Meant;
use crate::model::rooms::Direction;
use crate::news::Refusal;
use crate::{Effect, News};

pub use draft::latest_of_mine;
pub(super) use draft::{changed, flush};
pub use outbox::{Gist, gist, may_discard};

/// What is being written and what waits.
#[derive(Clone, Default)]
pub struct Compose {
    /// By room; what has none is empty.
    pub drafts: BTreeMap<RoomId, Draft>,
    /// What waits to be sent and what was refused, in the order it was written.
    pub outbox: Vec<Waiting>,
    /// What is being completed at the cursor, and the choice among its offers.
    pub completing: Option<Completing>,
    /// Why the last thing was not done: a sentence.
    pub trouble: Option<String>,
    /// Where the screen should put the cursor, in bytes of the draft, with a number that grows with
    /// each wish.
    pub cursor_wish: (usize, u64),
    /// Where the cursor is: in which room's draft, and at which byte of it.
    cursor: Option<(RoomId, usize)>,
    /// The rooms whose draft on disk is older than the one here.
    unkept: BTreeSet<RoomId>,
    /// When drafts were kept last, in milliseconds since 1970 UTC.
    kept_at_ms: Option<i64>,
    /// Where and when others were told last that somebody is typing.
    typed: Option<(RoomId, i64)>,
}

/// What is being written in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The text, in Markdown.
    pub text: String,
    /// The label chosen; none: the room's default.
    pub label: Option<Label>,
    /// The entry it answers.
    pub reply_to: Option<Seq>,
    /// The entry whose text it will take the place of.
    pub edit_of: Option<Seq>,
    /// Whom it calls by name.
    pub mentions: Vec<MemberId>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// The files it is to carry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Attached>,
    /// Whether the person has said that a label more open than the room's default is meant.
    pub meant_milder: Option<Label>,
    /// The label of what it answers or edits, as it was when that was chosen: it may not be held later.
    pub carried: Option<Label>,
    /// The strictest label of what it quotes.
    pub quoted: Option<Label>,
    /// The strictest label that was the room's default while this was written without another one: a
    /// default that becomes more relaxed meanwhile does not make it so.
    pub begun: Option<Label>,
    /// What was being written when the edit began. It comes back after it.
    pub aside: Option<Box<Draft>>,
    /// The entry of the outbox that could not be kept, and whose text this was.
    pub took_over: Option<EntryId>,
}

/// An entry in the outbox.
#[derive(Clone)]
pub struct Waiting {
    /// The entry.
    pub outgoing: Outgoing,
    /// How far it has come.
    pub state: Sending,
    /// When it was written, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether it was on disk once: what never was is gone when the program ends.
    pub is_kept: bool,
}

/// How far an entry of the outbox has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Being written to the outbox on disk: not safe yet.
    Keeping,
    /// On disk, and sent as soon as may be.
    Waiting,
    /// The server refused it. It stays until somebody sends it again, or lets it go.
    Refused(Refusal),
}

/// What is being completed: `@` and the beginning of a name, or `:` and that of an emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completing {
    /// In which room's draft.
    pub room: RoomId,
    /// Where the sign that began it stands, in bytes of the draft.
    pub from: usize,
    /// What it offers: what is shown, and what is put in.
    pub offers: Vec<(String, String)>,
    /// Which one is chosen.
    pub chosen: usize,
}

/// What a person does while writing.
#[derive(Clone, Debug)]
pub enum Action {
    /// The text is now this, with the cursor at this byte.
    Write(String, usize),
    /// The label.
    Label(Label),
    /// Answer an entry, or a thread.
    Reply(Option<Seq>),
    /// Edit your own entry.
    Edit(Seq),
    /// Edit your latest entry of the room.
    EditLatest,
    /// Quote an entry in the draft: its label comes along.
    Quote(Seq),
    /// Whether it belongs to an exercise.
    Exercise(bool),
    /// Put this in at the cursor.
    Insert(String),
    /// Begin to call somebody by name: an `@` at the cursor, and whom it offers.
    Mention,
    /// Choose another offer.
    Offer(Direction),
    /// Take the offer at this place; none: the chosen one.
    TakeOffer(Option<usize>),
    /// Take none of the offers.
    CloseOffers,
    /// Send. Asks once if the label is more open than the room's default.
    Send,
    /// Send, this label being meant.
    SendMilder(Meant),
    /// Let the draft go, or the edit.
    Clear,
    /// Keep the drafts now: what they belong to is not shown any more.
    Keep,
    /// Send what was refused once more.
    SendAgain(EntryId),
    /// Take something out of the outbox. Asks before.
    Discard(EntryId),
    /// Take it out, having been asked.
    DiscardNow(EntryId),
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Keep => return flush(model, out),
        Action::SendAgain(id) => return outbox::send_again(model, id, out),
        Action::Discard(id) => return outbox::ask_discard(model, id),
        Action::DiscardNow(id) => return outbox::discard(model, id, out),
        _ => {}
    }
    let Some(room) = model.rooms.open else { return };
    if !model.may_write(room) {
        model.compose.trouble = Some(label::NOT_YOURS.to_owned());
        return;
    }
    match action {
        Action::Write(text, cursor) => draft::write(model, room, text, cursor, out),
        Action::Label(label) => label::choose(model, room, label, out),
        Action::Reply(to) => draft::reply(model, room, to, out),
        Action::Edit(of) => draft::edit(model, room, of, out),
        Action::EditLatest => draft::edit_latest(model, room, out),
        Action::Quote(of) => draft::quote(model, room, of, out),
        Action::Exercise(exercise) => draft::exercise(model, room, exercise, out),
        Action::Insert(text) => draft::insert(model, room, &text, out),
        Action::Mention => draft::mention(model, room, out),
        Action::Offer(direction) => completing::choose(model, direction),
        Action::TakeOffer(place) => completing::take(model, room, place, out),
        Action::CloseOffers => model.compose.completing = None,
        Action::Send => sending::send(model, room, out),
        Action::SendMilder(meant) => sending::send_meant(model, room, meant, out),
        Action::Clear => draft::clear(model, room, out),
        Action::Keep | Action::SendAgain(_) | Action::Discard(_) | Action::DiscardNow(_) => {}
    }
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(opened)) => {
            model.compose = Compose {
                drafts: opened.drafts.iter().cloned().collect(),
                outbox: outbox::restored(&opened.outbox),
                ..Compose::default()
            };
        }
        News::Clock(_) => draft::tick(model, out),
        News::Kept(id, Ok(())) => outbox::kept(model, *id),
        News::Kept(id, Err(refusal)) => outbox::not_kept(model, *id, refusal, out),
        News::Sent(id, Ok(_)) => model.compose.outbox.retain(|one| one.outgoing.id() != *id),
        News::Sent(id, Err(refusal)) => outbox::refused(model, *id, refusal),
        News::Entry(delivered) => outbox::arrived(model, delivered),
        _ => {}
    }
}

/// Closes what Escape closes here: offers, else an edit, else a reply. Whether there was anything.
pub fn back(model: &mut Model, out: &mut Vec<Effect>) -> bool {
    if model.compose.completing.take().is_some() {
        return true;
    }
    let Some(room) = model.rooms.open else { return false };
    let Some(draft) = model.compose.drafts.get(&room) else { return false };
    if draft.edit_of.is_some() {
        draft::clear(model, room, out);
        true
    } else if draft.reply_to.is_some() {
        draft::reply(model, room, None, out);
        true
    } else {
        false
    }
}

impl Compose {
    /// Whether a draft on disk is older than the one here, so that the clock must go on.
    pub fn has_unkept(&self) -> bool {
        !self.unkept.is_empty()
    }

    /// Whether that is so of another room than this one.
    pub fn has_unkept_elsewhere(&self, room: RoomId) -> bool {
        self.unkept.iter().any(|one| *one != room)
    }

    /// What is being completed in the draft of a room.
    pub fn completing_in(&self, room: RoomId) -> Option<&Completing> {
        self.completing.as_ref().filter(|completing| completing.room == room)
    }

    /// Where the cursor is in the draft of a room, in bytes: at its end if nobody has moved it.
    pub fn cursor_in(&self, room: RoomId) -> usize {
        let text = self.drafts.get(&room).map_or("", |draft| &draft.text);
        match self.cursor {
            Some((at, cursor)) if at == room => draft::boundary(text, cursor),
            _ => text.len(),
        }
    }
}

impl Model {
    /// Puts an entry into the outbox: the one way anything is appended.
    pub fn send(&mut self, outgoing: Outgoing, out: &mut Vec<Effect>) {
        let at_ms = self.now_ms;
        self.compose.outbox.push(Waiting {
            outgoing: outgoing.clone(),
            state: Sending::Keeping,
            at_ms,
            is_kept: false,
        });
        out.push(Effect::Send(outgoing));
    }

    /// Whether one may write in a room: it is known, and one is in it.
    pub fn may_write(&self, room: RoomId) -> bool {
        self.rooms.rooms.get(&room).is_some_and(|room| room.role.is_some())
    }
}
