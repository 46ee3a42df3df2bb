//! Calls on asks: answering, boards, and what waits for somebody.

use warproom_proto::calls::{
    AnswerAsk, Board, BoardHistory, BoardRow, ListOutstanding, OutstandingList, Page, Posted,
    ShowBoard,
};
use warproom_proto::{Error, ErrorCode, LogId, Record, RoomId, Seq, limits};

use super::Session;
use super::entries::{allowed_rate, target};
use super::history::{blocking, limit, reading_allowed};
use crate::domain::{Row, State};
use crate::journal::{append_id, now_ms};
use crate::store::{Store, Stored};
use crate::view;

/// The most bytes of answers in one board: a client takes frames of 1 MiB.
const BOARD_BYTES: usize = 768 * 1024;

pub async fn answer(session: &Session, call: AnswerAsk) -> Result<Posted, Error> {
    let (context, author) = (&session.context, session.who());
    context.state().room_of(author, call.room)?;
    allowed_rate(context, author)?;
    let target = target(context, call.room, call.of).await?;
    let id = append_id(call.room, author, call.id);
    let decide = move |state: &State, now_ms| state.decide_answer(author, call, &target, now_ms);
    context.journal.append_one(id, decide).await
}

pub async fn show(session: &Session, call: ShowBoard) -> Result<Board, Error> {
    let ShowBoard { room, of } = call;
    let (context, who) = (&session.context, session.who());
    let rows = {
        let state = context.state();
        reading_allowed(&state, who, room)?;
        state.board(who, room, of)?
    };
    let latest = context.store.position(LogId::room(room));
    let newest: Vec<Seq> = rows.iter().filter_map(|row| row.answers.last().copied()).collect();
    let (ask, answers) = blocking(context, move |store| {
        let ask = view::fetch_each(store, room, std::iter::once(of))?;
        Ok((ask, fetch_answers(store, room, newest)?))
    })
    .await?;
    // Asked again: whoever was taken out meanwhile, or from whom it is withheld now, gets stubs.
    let state = context.state();
    let ask = view::show_readable(&state, who, room, ask)?.pop().ok_or(ErrorCode::NotFound)?;
    let mut answers = view::show_readable(&state, who, room, answers)?.into_iter().peekable();
    let rows = rows.into_iter().map(|row| board_row(row, &mut answers)).collect();
    Ok(Board { ask, rows, latest })
}

/// A row with its answer, if that is the next one that was read.
fn board_row(
    row: Row,
    answers: &mut std::iter::Peekable<impl Iterator<Item = Record>>,
) -> BoardRow {
    let Row { organisation, name, answers: given } = row;
    let latest = given.last().copied();
    let answer = answers.next_if(|record| Some(record.seq) == latest);
    BoardRow { organisation, name, answer, answers: u32::try_from(given.len()).unwrap_or(u32::MAX) }
}

/// Reads answers in the order given, as far as one reply holds them.
fn fetch_answers(store: &Store, room: RoomId, seqs: Vec<Seq>) -> Result<Vec<Stored>, Error> {
    let (mut answers, mut bytes) = (Vec::with_capacity(seqs.len()), 0);
    for seq in seqs {
        let read = store.read(LogId::room(room), seq).map_err(|error| view::unreadable(&error))?;
        bytes += read.as_ref().map_or(0, |stored| stored.item.len());
        if bytes > BOARD_BYTES {
            break;
        }
        answers.extend(read);
    }
    Ok(answers)
}

pub async fn history(session: &Session, call: BoardHistory) -> Result<Page, Error> {
    let BoardHistory { room, of, organisation, after, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let (context, who) = (&session.context, session.who());
    let seqs: Vec<Seq> = {
        let state = context.state();
        reading_allowed(&state, who, room)?;
        let rows = state.board(who, room, of)?;
        let row = rows.into_iter().find(|row| row.organisation == organisation);
        let answers = row.ok_or(ErrorCode::NotFound)?.answers;
        answers.into_iter().filter(|seq| *seq > after).take(limit).collect()
    };
    let latest = context.store.position(LogId::room(room));
    let stored =
        blocking(context, move |store| view::fetch_each(store, room, seqs.into_iter())).await?;
    let records = view::show_readable(&context.state(), who, room, stored)?;
    Ok(Page { records, amendments: Vec::new(), latest })
}

pub async fn outstanding(session: &Session, _: ListOutstanding) -> Result<OutstandingList, Error> {
    Ok(OutstandingList {
        outstanding: session.context.state().outstanding(session.who(), now_ms()),
    })
}
