//! Acting on the entry that is chosen in the timeline, and on the board of an ask.

use warproom_client::proto::{Kind, Label, Seq};

use crate::model::log::Shown;
use crate::model::room::{Beside, Room};
use crate::model::{board, compose, room};
use crate::{Action, Model};

/// How far back a room is looked through for an ask whose board is meant: a busy week.
const LOOK_BACK: u64 = 1_000;

/// An entry that says something, and is chosen.
pub(super) struct Said {
    /// Its number.
    pub seq: Seq,
    /// The first entry of its thread: threads are one level deep.
    pub thread: Seq,
}

/// The chosen entry, if it is held and shown.
pub(super) fn chosen(model: &Model) -> Option<(Seq, &Shown)> {
    let room = model.rooms.open()?;
    let seq = room.reading.chosen?;
    Some((seq, room.log.shown(seq)?))
}

/// The chosen entry, if it says something: a notice of the room can only be looked at.
pub(super) fn said(model: &Model) -> Option<Said> {
    let (seq, shown) = chosen(model)?;
    let reply_to = match shown.entry.handling.kind {
        Kind::Post { reply_to } => reply_to,
        Kind::Alert(_) | Kind::Answer { .. } => None,
        _ => return None,
    };
    Some(Said { seq, thread: reply_to.unwrap_or(seq) })
}

fn is_mine(model: &Model, shown: &Shown) -> bool {
    let me = model.session.as_ref().map(|session| session.me.principal);
    me == Some(shown.entry.handling.author)
}

const fn is_post(shown: &Shown) -> bool {
    matches!(shown.entry.handling.kind, Kind::Post { .. } | Kind::Alert(_))
}

pub(super) fn edit(model: &Model) -> Option<Action> {
    let (seq, shown) = chosen(model)?;
    let is_written = matches!(shown.entry.handling.kind, Kind::Post { .. });
    let may = is_written && is_mine(model, shown);
    may.then_some(Action::Compose(compose::Action::Edit(seq)))
}

/// Its author may take an entry back, and a manager.
pub(super) fn retract(model: &Model) -> Option<Action> {
    let (seq, shown) = chosen(model)?;
    let may = is_post(shown) && (is_mine(model, shown) || model.is_manager());
    may.then_some(Action::Room(room::Action::Retract(seq)))
}

/// Its author may give an entry any label of the room, a manager a stricter one.
pub(super) fn relabel(model: &Model, to: Label) -> Option<Action> {
    let (seq, shown) = chosen(model)?;
    let ceiling = model.rooms.open()?.settings.ceiling;
    let may = is_mine(model, shown) || (model.is_manager() && to > shown.label);
    let is_other = to != shown.label && to <= ceiling;
    (is_post(shown) && may && is_other).then_some(Action::Room(room::Action::Relabel(seq, to)))
}

/// Shows the board of the ask that is meant, or closes the one that is shown.
pub(super) fn board(model: &Model) -> Option<Action> {
    let room = model.rooms.open()?;
    if matches!(room.reading.beside, Some(Beside::Board(_))) {
        return Some(Action::Room(room::Action::Beside(None)));
    }
    let seq = meant(model, room)?;
    Some(Action::Board(board::Action::Show(room.id, seq)))
}

/// The chosen ask, else the one that waits here, else the newest.
fn meant(model: &Model, room: &Room) -> Option<Seq> {
    let asks = |seq: &Seq| {
        let shown = room.log.shown(*seq);
        shown.is_some_and(|shown| shown.entry.handling.ask.is_some())
    };
    let chosen = room.reading.chosen.filter(asks);
    let waiting = || {
        let mut here = model.ask.outstanding.iter().filter(|one| one.room == room.id);
        here.next().map(|one| one.ask)
    };
    let newest = || {
        let from = room.log.latest.saturating_sub(LOOK_BACK);
        (from..=room.log.latest).rev().find(asks)
    };
    chosen.or_else(waiting).or_else(newest)
}

/// Something to do with the board that is shown.
pub(super) fn on_board(model: &Model, action: board::Action) -> Option<Action> {
    let beside = model.rooms.open()?.reading.beside;
    matches!(beside, Some(Beside::Board(_))).then_some(Action::Board(action))
}
