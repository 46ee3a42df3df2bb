//! Sending what is on its way, and taking it off the cursor as the server answers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use warproom_client::CallError;
use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{ErrorCode, Label, RoomId};

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
    /// Its label is refused until a manager lifts the bot's grant. It stays on its way; others go on.
    Label(CallError),
    /// It will never be taken; the others go on.
    SetAside(String),
}

/// The most posts of a source that wait for another grant: a few months of a busy feed's strict items.
const WAITING: usize = 200;

/// Posts as they are being sent.
#[derive(Default)]
struct Sending {
    /// What is still to be tried.
    queue: VecDeque<Pending>,
    /// What stays on its way.
    waiting: Vec<Pending>,
    /// Rooms that take nothing now.
    held_up: BTreeSet<RoomId>,
    /// Why the first of what waits was not taken.
    cause: Option<CallError>,
    /// The mildest label that each room refused from this bot.
    refused_from: BTreeMap<RoomId, Label>,
    /// How many wait for another grant of which that was reported before.
    still_refused: usize,
}

impl<S: Shelf + Send + 'static, W: Warp> Delivery<'_, S, W> {
    /// Sends what is on its way, in order within each room. What cannot be sent stays on the cursor.
    /// What was refused for its label in this round is not tried again in it.
    pub(super) async fn send(
        &self,
        mut cursor: Cursor,
        round: &mut Round,
    ) -> Result<Cursor, RoundError> {
        if cursor.pending.is_empty() {
            return Ok(cursor);
        }
        let queue = std::mem::take(&mut cursor.pending).into();
        let mut sending = Sending { queue, ..Sending::default() };
        while let Some(mut pending) = sending.queue.pop_front() {
            if sending.is_known_to_be_refused(&pending) {
                sending.still_refused += 1;
                pending.refused = true;
            }
            if pending.refused || sending.held_up.contains(&pending.call.room) {
                sending.waiting.push(pending);
                continue;
            }
            match self.post(&pending).await {
                Outcome::Stored => {
                    round.posted += 1;
                    cursor.tell(&pending);
                }
                Outcome::Waits(error) => {
                    sending.held_up.insert(pending.call.room);
                    // It may be stored all the same.
                    pending.reported = false;
                    sending.waiting.push(pending);
                    sending.cause.get_or_insert(error);
                }
                Outcome::Label(error) => {
                    if sending.refused(pending, &error, round) {
                        // Kept before what takes its place is sent: the server then gets the one or
                        // the other, whenever this ends.
                        cursor.pending = sending.left();
                        cursor = keep(self.source, self.shelf, cursor).await?;
                    }
                }
                Outcome::SetAside(reason) => {
                    round.problems.push(Problem { item: pending.about, reason });
                }
            }
        }
        sending.bound(round);
        // A crash before this sends them again under the same ids, which stores nothing twice.
        cursor.pending = sending.waiting;
        let cursor = keep(self.source, self.shelf, cursor).await?;
        match sending.cause {
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
            Err(error) if is_about_the_label(&error) => Outcome::Label(error),
            Err(error) if is_final(&error) => {
                Outcome::SetAside(format!("the server does not take it: {error}"))
            }
            Err(error) => Outcome::Waits(error),
        }
    }
}

impl Sending {
    /// Whether it was refused before, and one that is no stricter was refused in this round: one try
    /// for each label is enough to find out that a grant was not lifted.
    fn is_known_to_be_refused(&self, pending: &Pending) -> bool {
        let from = self.refused_from.get(&pending.call.room);
        pending.reported && from.is_some_and(|from| *from <= pending.call.label)
    }

    /// Takes a post whose label is refused. Says whether others take its place.
    fn refused(&mut self, mut pending: Pending, error: &CallError, round: &mut Round) -> bool {
        let label = pending.call.label;
        let from = self.refused_from.entry(pending.call.room).or_insert(label);
        *from = label.min(*from);
        let same_line = |later: &Pending| {
            later.root.is_some()
                && later.root == pending.root
                && later.call.room == pending.call.room
        };
        let is_overtaken = self.queue.iter().any(same_line);
        if is_overtaken || !pending.split.is_empty() {
            for part in pending.split.into_iter().rev() {
                self.queue.push_front(part);
            }
            return true;
        }
        if pending.reported {
            self.still_refused += 1;
        } else {
            let reason = format!(
                "the server does not take its label: {error}; it waits until a manager lifts the \
                 bot's grant"
            );
            round.problems.push(Problem { item: pending.about.clone(), reason });
            pending.reported = true;
        }
        pending.refused = true;
        self.waiting.push(pending);
        false
    }

    /// What is not stored, in order.
    fn left(&self) -> Vec<Pending> {
        self.waiting.iter().chain(&self.queue).cloned().collect()
    }

    /// Sets aside what waits for another grant and is over, or more than is kept: the oldest first.
    fn bound(&mut self, round: &mut Round) {
        if self.still_refused > 0 {
            let reason = "they still wait until a manager lifts the bot's grant: their labels are \
                          above it";
            let item = format!("{} posts", self.still_refused);
            round.problems.push(Problem { item, reason: reason.into() });
        }
        let now_ms = Timestamp::now().as_millisecond();
        let refused = self.waiting.iter().filter(|pending| pending.refused).count();
        let mut excess = refused.saturating_sub(WAITING);
        self.waiting.retain(|pending| {
            let is_over =
                pending.call.alert.expires_at_ms.is_some_and(|until_ms| until_ms <= now_ms);
            let goes = pending.refused && (is_over || excess > 0);
            if goes {
                excess = excess.saturating_sub(1);
                let reason = if is_over {
                    "it is over, and was never posted: its label is above the bot's grant".into()
                } else {
                    format!("more than {WAITING} posts wait for another grant: it was not posted")
                };
                round.problems.push(Problem { item: pending.about.clone(), reason });
            }
            !goes
        });
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
        CallError::Refused(refusal) => {
            matches!(refusal.code, ErrorCode::BadParams | ErrorCode::Conflict)
        }
        CallError::TooLong | CallError::Text(_) => true,
        _ => false,
    }
}

/// Whether it is refused for its label, which another grant or another ceiling of the room lets pass.
/// The server answers what it has stored before it looks at labels, so what is refused is not stored.
fn is_about_the_label(error: &CallError) -> bool {
    matches!(error, CallError::Refused(refusal) if refusal.code == ErrorCode::LabelRefused)
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
