//! The situation board: who answered what, who has not, and what each organisation said before.
//!
//! The server makes the board, because it alone knows whom the ask went to and what this reader may
//! read. What arrives live only says that the board is out of date: it is asked for again, once a
//! second at most.

mod export;
#[cfg(test)]
pub(crate) mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use warproom_client::proto::calls::{Board, BoardHistory, Page, ShowBoard};
use warproom_client::proto::{Body, Kind, Name, OrganisationId, Record, RoomId, Seq, limits};
use warproom_client::{BoardLine, BoardView, Delivered, Relaxed};

use crate::model::Model;
use crate::model::desk::{Focus, Pane};
use crate::model::log::Log;
use crate::model::room::Beside;
use crate::model::rooms;
use crate::request::{Reply, Request};
use crate::{Effect, News};

pub(in crate::model) use export::slug;

/// How long a board is shown before it is asked for again, in milliseconds: a roll call of a hundred
/// councils comes in bursts.
const REFRESH_MS: i64 = 1_000;

/// The boards that were asked for.
#[derive(Clone, Default)]
pub struct Boards {
    /// By room and ask.
    pub boards: BTreeMap<(RoomId, Seq), BoardView>,
    /// Why a board did not come.
    pub trouble: BTreeMap<(RoomId, Seq), String>,
    /// How the rows are sorted.
    pub sort: Sort,
    /// The organisation whose history is open, and its answers, oldest first, once they are there.
    pub history: Option<(OrganisationId, Option<Vec<Delivered>>)>,
    /// Whether something came in that the open board does not show yet.
    is_dirty: bool,
    /// When the open board was asked for, in milliseconds since 1970 UTC.
    asked_at_ms: i64,
}

/// How a board's rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Missing ones first, then by the order of the options.
    #[default]
    Answer,
    /// By the organisation's name.
    Organisation,
    /// The latest answer first.
    Time,
}

/// What a person does with a board.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Show the board of an ask beside its room.
    Show(RoomId, Seq),
    /// Sort its rows.
    Sort(Sort),
    /// Open the history of an organisation's answers, or close it.
    History(Option<OrganisationId>),
    /// Write the board to a file, as comma-separated values. Says first what label the file carries.
    ExportCsv,
    /// Write that file, the label being known.
    WriteCsv,
    /// Copy the board as Markdown, with its label.
    CopyMarkdown,
}

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Show(room, of) => show(model, room, of, out),
        Action::Sort(sort) => model.board.sort = sort,
        Action::History(None) => model.board.history = None,
        Action::History(Some(organisation)) => {
            model.board.history = Some((organisation, None));
            call_history(model, out);
        }
        Action::ExportCsv => export::ask(model),
        Action::WriteCsv => export::write(model, out),
        Action::CopyMarkdown => export::copy(model, out),
    }
}

fn show(model: &mut Model, room: RoomId, of: Seq, out: &mut Vec<Effect>) {
    if model.rooms.open != Some(room) {
        out.extend(model.act(crate::Action::Rooms(rooms::Action::Open(room))));
    }
    let Some(open) = model.rooms.rooms.get_mut(&room) else { return };
    open.reading.thread = None;
    open.reading.beside = Some(Beside::Board(of));
    model.desk.pane = Pane::Room;
    model.board.history = None;
    model.desk.give_focus(Focus::Beside);
    call(model, out);
}

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    match news {
        News::Opened(Ok(_)) => model.board = Boards::default(),
        News::SignedIn(_) => call(model, out),
        News::Answered(Request::ShowBoard(call), Ok(Reply::ShowBoard(board))) => {
            take_board(model, (call.room, call.of), board);
        }
        News::Answered(Request::ShowBoard(call), Err(refusal))
            if model.rooms.rooms.contains_key(&call.room) =>
        {
            model.board.trouble.insert((call.room, call.of), refusal.to_string());
        }
        News::Answered(Request::BoardHistory(call), Ok(Reply::BoardHistory(page))) => {
            take_history(model, *call, page, out);
        }
        News::Answered(Request::BoardHistory(call), Err(refusal)) => {
            let is_open = |open: &mut (OrganisationId, _)| open.0 == call.organisation;
            if model.board.history.take_if(|open| is_open(open)).is_some() {
                model.tell_trouble(refusal);
            }
        }
        News::Entry(delivered) if changes_open_board(model, delivered) => {
            model.board.is_dirty = true;
            refresh(model, out);
        }
        News::Clock(_) => refresh(model, out),
        _ => {}
    }
}

/// Takes a board in, unless its room was left meanwhile, or something on it was taken back after it was
/// made.
fn take_board(model: &mut Model, (room, of): (RoomId, Seq), board: &Board) {
    let Some(known) = model.rooms.rooms.get(&room) else { return };
    let is_taken_back = |seq| known.log.is_taken_back(seq);
    let mut answers = board.rows.iter().filter_map(|row| row.answer.as_ref());
    if is_taken_back(of) {
        take(model, (room, of), None);
    } else if answers.any(|answer| is_taken_back(answer.seq)) {
        model.board.is_dirty |= model.open_board() == Some((room, of));
    } else {
        let view = BoardView::of(board, &relaxed(&known.log, board));
        take(model, (room, of), view);
    }
}

/// What the authors of a board's entries relaxed, as far as the room tells.
fn relaxed(log: &Log, board: &Board) -> Relaxed {
    let mut relaxed = Relaxed::default();
    let answers = board.rows.iter().filter_map(|row| row.answer.as_ref());
    for Record { seq, .. } in answers.chain([&board.ask]) {
        for (by, to, _) in log.shown(*seq).iter().flat_map(|shown| &shown.relabelled) {
            relaxed.note(*seq, *by, *to);
        }
    }
    relaxed
}

fn take(model: &mut Model, key: (RoomId, Seq), view: Option<BoardView>) {
    let boards = &mut model.board;
    if let Some(view) = view {
        boards.trouble.remove(&key);
        boards.boards.insert(key, view);
    } else {
        boards.boards.remove(&key);
        let why = "What was asked was taken back, is withheld from you, or is of a form that only a \
                   newer version reads.";
        boards.trouble.insert(key, why.to_owned());
    }
}

/// Asks for the open board and what is open of it, now.
fn call(model: &mut Model, out: &mut Vec<Effect>) {
    let Some((room, of)) = model.open_board() else { return };
    model.board.is_dirty = false;
    model.board.asked_at_ms = model.now_ms;
    out.push(Effect::Call(ShowBoard { room, of }.into()));
    call_history(model, out);
}

fn call_history(model: &Model, out: &mut Vec<Effect>) {
    let (Some((room, of)), Some((organisation, _))) = (model.open_board(), &model.board.history)
    else {
        return;
    };
    out.push(Effect::Call(history_after(room, of, *organisation, 0)));
}

fn history_after(room: RoomId, of: Seq, organisation: OrganisationId, after: Seq) -> Request {
    // An organisation gives at most so many answers to one ask, so one page has them all unless
    // their notes are long.
    let limit = u16::try_from(limits::ANSWERS).unwrap_or(u16::MAX);
    BoardHistory { room, of, organisation, after, limit }.into()
}

fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    let is_due = model.now_ms.saturating_sub(model.board.asked_at_ms) >= REFRESH_MS;
    if model.board.is_dirty && is_due {
        call(model, out);
    }
}

/// Whether an entry changes what the open board shows: an answer to its ask, or an edit, another
/// label or a retraction of the ask or of an answer.
fn changes_open_board(model: &Model, delivered: &Delivered) -> bool {
    let (Some((room, of)), Some(entry)) = (model.open_board(), &delivered.entry) else {
        return false;
    };
    if delivered.room != room {
        return false;
    }
    match &entry.handling.kind {
        Kind::Answer { of: answered, .. } => *answered == of,
        Kind::Edit { of: amended }
        | Kind::Retract { of: amended }
        | Kind::Relabel { of: amended, .. } => {
            *amended == of || is_answer_to(model, (room, of), *amended)
        }
        _ => false,
    }
}

fn is_answer_to(model: &Model, (room, of): (RoomId, Seq), seq: Seq) -> bool {
    let in_log = model.asking((room, seq)).is_some_and(
        |shown| matches!(shown.entry.handling.kind, Kind::Answer { of: answered, .. } if answered == of),
    );
    let rows = model.board.boards.get(&(room, of)).map(|view| &view.rows[..]).unwrap_or_default();
    in_log || rows.iter().any(|row| row.answer.as_ref().is_some_and(|answer| answer.seq == seq))
}

fn take_history(model: &mut Model, call: BoardHistory, page: &Page, out: &mut Vec<Effect>) {
    if model.open_board() != Some((call.room, call.of)) {
        return;
    }
    let Some((organisation, answers)) = &mut model.board.history else { return };
    if *organisation != call.organisation {
        return;
    }
    let came = page.records.iter().map(|record| delivered(call.room, record));
    if call.after == 0 {
        *answers = Some(came.collect());
    } else {
        let answers = answers.get_or_insert_default();
        let last = answers.last().map_or(0, |answer| answer.seq);
        answers.extend(came.filter(|answer| answer.seq > last));
    }
    let (so_far, last) =
        answers.as_deref().map_or((0, None), |all| (all.len(), all.last().map(|one| one.seq)));
    let organisation = *organisation;
    let all = model.board.boards.get(&(call.room, call.of)).and_then(|view| {
        view.rows.iter().find(|row| row.organisation == organisation).map(|row| row.answers)
    });
    let is_cut = all.is_some_and(|all| so_far < usize::try_from(all).unwrap_or(usize::MAX));
    if let Some(last) = last
        && is_cut
        && !page.records.is_empty()
    {
        out.push(Effect::Call(history_after(call.room, call.of, organisation, last)));
    }
}

/// A record as the client crate would deliver it.
fn delivered(room: RoomId, record: &Record) -> Delivered {
    let (at_ms, entry) = match &record.body {
        Body::Shown { at_ms, item, .. } => (Some(*at_ms), serde_json::from_str(item.get()).ok()),
        Body::Withheld { .. } => (None, None),
    };
    Delivered { room, seq: record.seq, at_ms, entry, record: record.clone() }
}

impl Boards {
    /// One is out of a room: nothing of its boards is kept.
    pub(super) fn forget(&mut self, left: RoomId) {
        self.boards.retain(|(room, _), _| *room != left);
        self.trouble.retain(|(room, _), _| *room != left);
        self.history = None;
    }

    /// The rows of a board as they are shown.
    pub fn rows<'a>(&self, view: &'a BoardView) -> Vec<&'a BoardLine> {
        let mut rows: Vec<_> = view.rows.iter().collect();
        let place = |row: &BoardLine| {
            let choice = row.answer.as_ref().map(|answer| &answer.choice)?;
            Some(option_of(view, choice).unwrap_or(usize::MAX))
        };
        match self.sort {
            Sort::Answer => rows.sort_by_cached_key(|row| (place(row), row.name.folded())),
            Sort::Organisation => rows.sort_by_cached_key(|row| row.name.folded()),
            Sort::Time => rows.sort_by_cached_key(|row| {
                let at_ms = row.answer.as_ref().map(|answer| answer.at_ms);
                (Reverse(at_ms), row.name.folded())
            }),
        }
        rows
    }
}

/// The place of an answer among a board's options.
pub fn option_of(view: &BoardView, choice: &Name) -> Option<usize> {
    view.ask.options.iter().position(|option| option == choice)
}

impl Model {
    /// The board that is open beside the open room.
    pub fn open_board(&self) -> Option<(RoomId, Seq)> {
        let room = self.rooms.open()?;
        match room.reading.beside {
            Some(Beside::Board(of)) => Some((room.id, of)),
            _ => None,
        }
    }

    /// What the open board shows, once it is there.
    pub fn open_board_view(&self) -> Option<&BoardView> {
        self.board.boards.get(&self.open_board()?)
    }
}
