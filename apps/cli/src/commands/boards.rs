//! `board`: who answered an ask, as a table, as a file, or one organisation's answers in turn.

use std::path::Path;

use anyhow::Result;
use warproom_client::BoardView;
use warproom_client::proto::calls::{BoardHistory, RoomSummary, ShowBoard};

use super::in_room;
use crate::args::Board;
use crate::names::{self, Purpose};
use crate::out;
use crate::problem::problem;
use crate::session::{PAGE, Session};
use crate::show::{self, Item};

/// `board`
pub(crate) async fn board(session: &Session, args: &Board) -> Result<()> {
    let room = session.room(&args.room, Purpose::Reading).await?;
    let board = session.call(ShowBoard { room: room.room, of: args.of }).await?;
    if let Some(organisation) = &args.history {
        return history(session, &room, args, &board.rows, organisation).await;
    }
    let relaxed = session.record(room.room, args.of).await.map(|(_, relaxed)| relaxed);
    let view = BoardView::of(&board, &relaxed.unwrap_or_default()).ok_or_else(|| {
        problem(
            format!("#{} asks nothing that you may read", args.of),
            "`warproom outstanding` lists the asks that wait for you",
        )
    })?;
    let people = session.directory(&[room.room]).await;
    if let Some(file) = &args.csv {
        return write(session, file, &view.csv(|who| people.name(who))?);
    }
    if let Some(file) = &args.markdown {
        return write(session, file, &view.markdown(|who| people.name(who))?);
    }
    let scene = session.scene(&people, room.room);
    session.out().give(&board, |_| show::board(&view, args.of, &scene))
}

/// Prints a file or writes it, for its owner alone: a board is as confidential as its label says,
/// which is its first line.
fn write(session: &Session, file: &Path, text: &str) -> Result<()> {
    if file == Path::new("-") {
        return out::document(text);
    }
    out::write_new(file, text.as_bytes())?;
    let label = text.lines().next().unwrap_or_default();
    let path = show::safe(&file.display().to_string());
    session.out().say(&format!("Wrote {path}  {label}"))
}

/// Every answer of one organisation, oldest first.
async fn history(
    session: &Session,
    room: &RoomSummary,
    args: &Board,
    rows: &[warproom_client::proto::calls::BoardRow],
    organisation: &str,
) -> Result<()> {
    // Guests do not see the register; the board names the organisations too, but not their aliases.
    let organisation = match session.organisations().await {
        Ok(all) => names::find(&all, organisation, Purpose::Reading)?.organisation,
        Err(_) => names::find(rows, organisation, Purpose::Reading)?.organisation,
    };
    let mut people = session.directory(&[room.room]).await;
    let mut after = 0;
    loop {
        let call = BoardHistory { room: room.room, of: args.of, organisation, after, limit: PAGE };
        let page = session.call(call).await?;
        session.learn_missing(&mut people, &page.records).await;
        for record in &page.records {
            let scene = session.scene(&people, room.room);
            let human = |_: &_| show::entry(&Item::from(record), &scene);
            session.out().give(&in_room(room.room, record), human)?;
        }
        match page.records.last() {
            Some(last) => after = last.seq,
            None if after == 0 => {
                let name = people.organisation(organisation);
                return session.out().say(&format!("{name} gave no answer that you may read."));
            }
            None => return Ok(()),
        }
    }
}
