//! Sending what is on its way, and taking it off the cursor as the server answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use warproom_client::CallError;
use warproom_client::proto::ErrorCode;
use warproom_client::proto::calls::PostAlert;

use super::{Round, RoundError, blocking};
use crate::compose::Room;
use crate::config::Source;
use crate::cursor::{Cursor, Pending, Shelf};
use crate::item::Problem;
use crate::post::Warp;

/// Sends the posts of one source.
pub(super) struct Delivery<'a, S, W> {
    pub(super) source: &'a Arc<Source>,
    pub(super) shelf: &'a Arc<S>,
    pub(super) warp: &'a W,
    pub(super) rooms: &'a [Room],
}

/// What becomes of a post.
enum Outcome {
    /// The server has stored it.
    Stored,
    /// It stays on its way, and so does what comes after it in its room.
    Waits(CallError),
    /// It will never be taken; the others go on.
    SetAside(String),
}

impl<S: Shelf + Send + 'static, W: Warp> Delivery<'_, S, W> {
    /// Sends what is on its way, in order within each room. What cannot be sent stays on the cursor.
    pub(super) async fn send(
        &self,
        mut cursor: Cursor,
        round: &mut Round,
    ) -> Result<Cursor, RoundError> {
        if cursor.pending.is_empty() {
            return Ok(cursor);
        }
        let mut waiting = Vec::new();
        let mut held_up = BTreeSet::new();
        let mut cause = None;
        for pending in std::mem::take(&mut cursor.pending) {
            if held_up.contains(&pending.call.room) {
                waiting.push(pending);
                continue;
            }
            match self.post(&pending).await {
                Outcome::Stored => round.posted += 1,
                Outcome::Waits(error) => {
                    held_up.insert(pending.call.room);
                    waiting.push(pending);
                    cause.get_or_insert(error);
                }
                Outcome::SetAside(reason) => {
                    round.problems.push(Problem { item: pending.about, reason });
                }
            }
        }
        // A crash before this sends them again under the same ids, which stores nothing twice.
        cursor.pending = waiting;
        let cursor = keep(self.source, self.shelf, cursor).await?;
        match cause {
            Some(cause) => Err(RoundError::Post { waiting: cursor.pending.len(), cause }),
            None => Ok(cursor),
        }
    }

    async fn post(&self, pending: &Pending) -> Outcome {
        if !self.rooms.iter().any(|room| room.id == pending.call.room) {
            let reason = "the room it was meant for is not among the source's rooms any more";
            return Outcome::SetAside(reason.into());
        }
        match self.warp.post(in_time(pending.call.clone(), Timestamp::now())).await {
            Ok(_) => Outcome::Stored,
            Err(error) if is_final(&error) => {
                Outcome::SetAside(format!("the server does not take it: {error}"))
            }
            Err(error) => Outcome::Waits(error),
        }
    }
}

/// The post, without a time to answer by that has passed while it waited: the server would refuse it
/// for that, and the warning would be lost.
fn in_time(mut call: PostAlert, now: Timestamp) -> PostAlert {
    /// On its way, and between two clocks.
    const MARGIN_MS: i64 = 60_000;
    if let Some(ask) = &mut call.ask {
        let soonest_ms = now.as_millisecond() + MARGIN_MS;
        ask.due_at_ms = ask.due_at_ms.filter(|due_at_ms| *due_at_ms > soonest_ms);
    }
    call
}

/// Whether the same post would be refused for ever, whatever a manager does about the bot's grant.
fn is_final(error: &CallError) -> bool {
    match error {
        CallError::Refused(refusal) => matches!(
            refusal.code,
            ErrorCode::BadParams | ErrorCode::LabelRefused | ErrorCode::Conflict
        ),
        CallError::TooLong | CallError::Text(_) => true,
        _ => false,
    }
}

/// Keeps the cursor, and gives it back.
pub(super) async fn keep<S: Shelf + Send + 'static>(
    source: &Arc<Source>,
    shelf: &Arc<S>,
    cursor: Cursor,
) -> Result<Cursor, RoundError> {
    let (source, shelf) = (source.clone(), shelf.clone());
    blocking(move || shelf.save(&source.name, &cursor).map(|()| cursor)).await?.map_err(Into::into)
}
