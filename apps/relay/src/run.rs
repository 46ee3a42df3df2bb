//! Reading the sources in rounds, and posting what is new. Each source goes its own way: what is wrong
//! with one stops no other.
//!
//! A round of a source: send what is still on its way; read; plan; keep the plan; send. See
//! [`cursor`](crate::cursor) for why nothing comes twice and nothing is lost when it ends anywhere.

mod deliver;
mod keep;

use std::sync::Arc;

use jiff::Timestamp;
use warproom_client::CallError;

use crate::compose::{Room, compose};
use crate::config::Source;
use crate::cursor::{Cursor, CursorError, Shelf};
use crate::fetch::Fetcher;
use crate::item::Problem;
use crate::plan::plan;
use crate::post::Warp;
use crate::source::{GatherError, Gathered, gather};

pub use keep::{once, until};

/// What a round did.
#[derive(Debug, Default)]
pub struct Round {
    /// How many posts the server has answered as stored.
    pub posted: usize,
    /// How many new items were held back by a filter, or because they are over.
    pub held_back: usize,
    /// Whether there is more to be read at once.
    pub more: bool,
    /// What could not be read or posted, and why.
    pub problems: Vec<Problem>,
    /// Why it did not come to its end, if it did not.
    pub failure: Option<RoundError>,
}

/// Why a round of a source did not come to its end. What it had planned is kept and goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoundError {
    /// The source cannot be read.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// What is remembered cannot be read or kept.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// A room is not there for this relay.
    #[error("there is no room \"{missing}\" for this bot; its grant names: {granted}")]
    Room {
        /// Which.
        missing: String,
        /// Those that are there.
        granted: String,
    },
    /// The server did not take a post. It is sent again.
    #[error("{waiting} posts wait to be sent: {cause}")]
    Post {
        /// How many are still on their way.
        waiting: usize,
        /// Why the first of them was not taken.
        cause: CallError,
    },
    /// The rooms cannot be asked for.
    #[error("the server does not tell the rooms: {0}")]
    Rooms(CallError),
    /// A fault of the relay itself.
    #[error("reading it ended in a fault of the relay")]
    Fault,
}

/// Runs one round of one source.
pub async fn round<S: Shelf + Send + 'static>(
    source: &Arc<Source>,
    shelf: &Arc<S>,
    warp: &impl Warp,
) -> Round {
    let mut round = Round::default();
    round.failure = steps(source, shelf, warp, &mut round).await.err();
    round
}

async fn steps<S: Shelf + Send + 'static>(
    source: &Arc<Source>,
    shelf: &Arc<S>,
    warp: &impl Warp,
    round: &mut Round,
) -> Result<(), RoundError> {
    let rooms = rooms(source, warp).await?;
    let cursor = {
        let (source, shelf) = (source.clone(), shelf.clone());
        blocking(move || shelf.load(&source.name)).await??
    };
    let delivery = deliver::Delivery { source, shelf, warp, rooms: &rooms };
    let cursor = delivery.send(cursor, round).await?;

    let now_ms = Timestamp::now().as_millisecond();
    let read = {
        let source = source.clone();
        blocking(move || read(&source, cursor, now_ms)).await??
    };
    let (cursor, Some(gathered)) = read else { return Ok(()) };
    let next = {
        let (source, rooms) = (source.clone(), rooms.clone());
        blocking(move || decide(&source, &rooms, &cursor, gathered, now_ms)).await?
    };
    round.held_back = next.held_back;
    round.more = next.more;
    round.problems.extend(next.problems);
    // From here on nothing of it can be lost, and nothing was sent yet.
    let cursor = deliver::keep(source, shelf, next.cursor).await?;
    delivery.send(cursor, round).await.map(|_| ())
}

fn read(
    source: &Source,
    cursor: Cursor,
    now_ms: i64,
) -> Result<(Cursor, Option<Gathered>), GatherError> {
    // Made anew each time, so that a secret that was replaced is taken over.
    let fetcher = Fetcher::new(source)?;
    let gathered = gather(source, &fetcher, &cursor, now_ms)?;
    Ok((cursor, gathered))
}

/// What was decided about what was read.
pub(crate) struct Decided {
    /// The cursor with everything on its way.
    pub(crate) cursor: Cursor,
    pub(crate) held_back: usize,
    pub(crate) more: bool,
    pub(crate) problems: Vec<Problem>,
}

/// Plans and composes.
pub(crate) fn decide(
    source: &Source,
    rooms: &[Room],
    cursor: &Cursor,
    mut gathered: Gathered,
    now_ms: i64,
) -> Decided {
    let read_more = gathered.more;
    let mut problems = std::mem::take(&mut gathered.problems);
    let plan = plan(source, cursor, gathered, now_ms);
    let composed = compose(source, rooms, &plan.posts, now_ms);
    problems.extend(composed.problems);
    let mut cursor = plan.cursor;
    // What waits because its label is refused is not stored; a newer word takes its place.
    cursor.pending.retain(|pending| match &pending.root {
        Some(root) => !plan.overtaken.contains(root),
        None => !pending.keys.iter().all(|key| plan.overtaken.contains(key)),
    });
    cursor.pending.extend(composed.posts);
    Decided { cursor, held_back: plan.held_back, more: read_more || plan.more, problems }
}

/// The source's rooms, all of them: to leave one out silently would be to skip it for good.
async fn rooms(source: &Source, warp: &impl Warp) -> Result<Vec<Room>, RoundError> {
    let granted = warp.rooms().await.map_err(RoundError::Rooms)?;
    let find = |wanted: &String| {
        let folded = wanted.to_lowercase();
        let found = granted
            .iter()
            .find(|room| room.id.to_string() == *wanted || room.name.to_lowercase() == folded);
        found.cloned().ok_or_else(|| {
            let names: Vec<_> = granted.iter().map(|room| format!("\"{}\"", room.name)).collect();
            let granted = if names.is_empty() { "none".into() } else { names.join(", ") };
            RoundError::Room { missing: wanted.clone(), granted }
        })
    };
    let mut rooms: Vec<Room> = source.rooms.iter().map(find).collect::<Result<_, _>>()?;
    // A room by name and by id is one room.
    rooms.sort_by_key(|room| room.id);
    rooms.dedup();
    Ok(rooms)
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RoundError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| RoundError::Fault)
}
