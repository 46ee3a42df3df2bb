//! Acting on the entry that is chosen in the timeline, and on the board of an ask.

use warproom_client::proto::{Kind, RoomId, Seq};

use super::going;
use crate::model::markdown::{self, Block, Span, SpanKind};
use crate::model::room::{Act, Beside, May, Room, may};
use crate::model::{ask, board, desk, manage, room};
use crate::{Action, Model};

/// How far back a room is looked through for an ask whose board is meant: a busy week.
const LOOK_BACK: u64 = 1_000;

/// What may be done with the chosen entry.
fn chosen(model: &Model) -> Option<May> {
    let room = model.rooms.open()?;
    may(model, room, room.reading.chosen?)
}

/// Something to do with the chosen entry.
pub(super) fn act(model: &Model, act: Act) -> Option<Action> {
    chosen(model)?.action(act)
}

/// The emoji to react with.
pub(super) fn react(model: &Model) -> Option<Action> {
    let Some(Action::Desk(desk::Action::Toggle(overlay))) = act(model, Act::React) else {
        return None;
    };
    going::open(model, overlay)
}

/// Saving the files of the chosen entry.
pub(super) fn files(model: &Model) -> Option<Action> {
    let Some(Action::Desk(desk::Action::Toggle(overlay))) = act(model, Act::Files) else {
        return None;
    };
    going::open(model, overlay)
}

/// The alert that the chosen one takes the place of.
pub(super) fn earlier(model: &Model) -> Option<Action> {
    let room = model.rooms.open()?;
    match &room.log.shown(room.reading.chosen?)?.entry.handling.kind {
        Kind::Alert(alert) => Some(room::Action::ToEntry(alert.supersedes?).into()),
        _ => None,
    }
}

/// A link of the chosen entry, by its place: what it leads to is looked at first.
pub(super) fn link(model: &Model, place: usize) -> Option<Action> {
    let room = model.rooms.open()?;
    let text = room.log.shown(room.reading.chosen?)?.text()?;
    let link = links(&markdown::parse(text).blocks).into_iter().nth(place)?;
    Some(Action::Desk(desk::Action::LookAtLink(link)))
}

fn links(blocks: &[Block]) -> Vec<String> {
    let of_spans = |spans: &[Span]| -> Vec<String> {
        let link = |span: &Span| match &span.kind {
            SpanKind::Link(link) => Some(link.target.as_str().to_owned()),
            _ => None,
        };
        let mut links: Vec<_> = spans.iter().filter_map(link).collect();
        // A link may be set in several spans.
        links.dedup();
        links
    };
    let of_block = |block: &Block| match block {
        Block::Paragraph(spans) | Block::Heading(_, spans) => of_spans(spans),
        Block::List { items, .. } => items.iter().flat_map(|item| links(item)).collect(),
        Block::Quote(blocks) => links(blocks),
        Block::Table(rows) => rows.iter().flatten().flat_map(|cell| of_spans(cell)).collect(),
        Block::Code(_) | Block::Rule => Vec::new(),
    };
    blocks.iter().flat_map(of_block).collect()
}

/// The first entry of the room.
pub(super) fn first(model: &Model) -> Option<Action> {
    let begins = model.rooms.open()?.log.begins.max(1);
    Some(room::Action::ToEntry(begins).into())
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
    shown_board(model).map(|_| Action::Board(action))
}

fn shown_board(model: &Model) -> Option<(RoomId, Seq)> {
    let room = model.rooms.open()?;
    match room.reading.beside {
        Some(Beside::Board(of)) => Some((room.id, of)),
        _ => None,
    }
}

/// The board once more, if it did not come or is out of date.
pub(super) fn board_again(model: &Model) -> Option<Action> {
    let key = shown_board(model)?;
    let is_wrong = model.board.trouble.contains_key(&key);
    is_wrong.then_some(Action::Board(board::Action::Show(key.0, key.1)))
}

/// An answer with a note to the ask whose board is shown.
pub(super) fn answer_board(model: &Model) -> Option<Action> {
    let (room, of) = shown_board(model)?;
    manage::is_officer(model).then_some(ask::Action::OpenAnswer(room, of).into())
}

/// What one's own organisation answered before, on the board that is shown; or closes what is open.
pub(super) fn history(model: &Model) -> Option<Action> {
    let key = shown_board(model)?;
    if model.board.history.is_some() {
        return Some(board::Action::History(None).into());
    }
    let ours = model.my_organisation()?;
    let rows = &model.board.boards.get(&key)?.rows;
    let is_on_it = rows.iter().any(|row| row.organisation == ours);
    is_on_it.then_some(board::Action::History(Some(ours)).into())
}
