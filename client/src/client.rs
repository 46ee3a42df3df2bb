//! The application's handle: calls, the outbox, following, searching.
//!
//! It does no I/O itself: it encodes a call, hands it to the worker through a bounded queue and
//! waits for the reply. Cloning it shares the one connection; dropping the last clone ends it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use warproom_proto::calls::{Call, Me, PostEntry, Posted, RunSearch, SignedIn, UnfollowRoom};
use warproom_proto::invitation::Address;
use warproom_proto::rpc::request_text;
use warproom_proto::{EntryId, Label, LogId, Position, RoomId, Seq, Text, limits};

use crate::append::Append;
use crate::audit::AuditHead;
use crate::error::CallError;
use crate::event::{AuditBreak, Discontinuity, Rewritten};
use crate::heads::Heads;
use crate::search::Search;
use crate::state::State;

/// A signed-in client.
#[derive(Clone)]
pub struct Client {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) outbox: mpsc::Sender<Outgoing>,
    pub(crate) state: watch::Receiver<State>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) hold: Arc<Hold>,
}

impl Client {
    /// What the server said at the latest sign-in.
    pub fn signed_in(&self) -> SignedIn {
        self.memory.known().signed_in.clone()
    }

    /// Who this client is signed in as.
    pub fn me(&self) -> Me {
        self.memory.known().signed_in.me.clone()
    }

    /// How the connection is, and every change of it.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// What is remembered of the server's logs, to be kept in a profile and handed to the next
    /// [`Connector`](crate::Connector). It may be ahead of the events an application has taken: keep
    /// the last number dealt with separately to resume from.
    pub fn heads(&self) -> Heads {
        self.memory.known().heads.clone()
    }

    /// An address that was kept when the device was enrolled, with the authority that the server is known
    /// by now: as [`Heads::address`].
    pub fn address(&self, enrolled: Address) -> Address {
        self.memory.known().heads.address(enrolled)
    }

    /// Forgets what is remembered of a room, so that its history is believed as it is now. For a
    /// person to decide after [`Event::Rewritten`](crate::Event::Rewritten).
    pub fn forget(&self, room: RoomId) {
        let mut known = self.memory.known();
        known.heads.forget(room);
        known.rewritten.retain(|rewritten| rewritten.room != Some(room));
    }

    /// Forgets what is remembered of the register, like [`Client::forget`].
    pub fn forget_register(&self) {
        let mut known = self.memory.known();
        known.heads.forget_register();
        known.rewritten.retain(|rewritten| rewritten.log() != LogId::REGISTER);
    }

    /// Forgets what is remembered of the audit log, like [`Client::forget`].
    pub fn forget_audit(&self) {
        let mut known = self.memory.known();
        known.heads.forget_audit();
        known.rewritten.retain(|rewritten| rewritten.log() != LogId::AUDIT);
    }

    /// The logs whose history does not hold, until they are forgotten.
    pub fn rewritten(&self) -> Vec<Rewritten> {
        self.memory.known().rewritten.clone()
    }

    /// Makes a call. It is sent once, over the present connection or not at all.
    pub async fn call<C: Call>(&self, call: C) -> Result<C::Reply, CallError> {
        let reply = self.ask(&call).await?;
        self.settle().await;
        Ok(reply)
    }

    /// Appends an entry: exactly once, whatever happens to the connection meanwhile.
    ///
    /// It waits in the outbox while there is no connection and while the server asks to slow down,
    /// and is sent again under the same id until it is answered. What waits is sent in the order it
    /// was handed in. Dropping the future gives up: the entry may or may not be appended.
    pub async fn append<A: Append>(&self, call: A) -> Result<Posted, CallError> {
        let room = call.room();
        self.check_history(room)?;
        let (id, text) = self.encode(&call)?;
        let (reply, answer) = oneshot::channel();
        self.outbox.try_send(Outgoing { id, text, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CallError::OutboxFull,
            mpsc::error::TrySendError::Closed(_) => self.ended(),
        })?;
        let reply = answer.await.map_err(|_| self.ended())??;
        let posted: Posted = serde_json::from_str(reply.get()).map_err(CallError::Unreadable)?;
        self.holds(room, Position { seq: posted.seq, head: posted.head }).await;
        self.settle().await;
        Ok(posted)
    }

    /// Posts a text to a room, by [`Client::append`].
    pub async fn post(
        &self,
        room: RoomId,
        label: Label,
        text: impl AsRef<str> + Send,
    ) -> Result<Posted, CallError> {
        let text: Text = text.as_ref().parse()?;
        self.append(PostEntry {
            room,
            id: EntryId::random(),
            label,
            text,
            reply_to: None,
            mentions: Vec::new(),
            subjects: Vec::new(),
            ask: None,
            exercise: false,
            files: Vec::new(),
        })
        .await
    }

    /// Follows a room: everything after `after` (0 for all of it; `None` for from now on) arrives as
    /// [`Event::Entry`](crate::Event::Entry), each once and in order, over reconnects.
    ///
    /// Answers how far the room's log had come, as soon as the server agrees; waits for a connection
    /// if there is none. Following a room again starts it anew from the given record; what came of the
    /// earlier following and still waits to be taken comes first, so that some may come twice. Who still
    /// waits for the earlier following to begin is told [`CallError::Disconnected`].
    pub async fn follow(&self, room: RoomId, after: Option<Seq>) -> Result<Position, CallError> {
        self.check_history(room)?;
        let latest = self.send(|reply| Command::Follow { room, after, reply }).await?;
        self.settle().await;
        Ok(latest)
    }

    /// Follows a room no more.
    pub async fn unfollow(&self, room: RoomId) -> Result<(), CallError> {
        let (id, text) = self.encode(&UnfollowRoom { room })?;
        match self.send(|reply| Command::Unfollow { room, id, text, reply }).await {
            // Without a connection there is nothing to tell the server.
            Ok(_) | Err(CallError::Disconnected) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Searches a room, newest first, before an entry or from the end: at most `limit` hits, 1 to
    /// 100. They can be read while the server still searches.
    pub async fn search(
        &self,
        room: RoomId,
        text: Text,
        before: Option<Seq>,
        limit: u16,
    ) -> Result<Search, CallError> {
        let id = self.memory.next_id();
        let call = RunSearch { search: id, room, text, before, limit };
        let text = encode(id, &call)?;
        // Room for every hit that was asked for, so that none is dropped.
        let places = usize::from(limit).clamp(1, limits::SEARCH_HITS);
        let (found, hits) = mpsc::channel(places);
        let (reply, end) = oneshot::channel();
        self.command(Command::Call { id, text, reply, found: Some(found) }).await?;
        Ok(Search { hits, end, client: self.clone() })
    }

    /// Closes the connection in order, for every clone. What the outbox still holds is not sent.
    pub async fn close(self) {
        self.hold.closing.notify_one();
        let mut state = self.state.clone();
        // An error means that the worker is gone, which is as good.
        let _ = state.wait_for(|state| matches!(state, State::SignedOut { .. })).await;
    }

    pub(crate) async fn send<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, CallError>>) -> Command,
    ) -> Result<T, CallError> {
        let (reply, answer) = oneshot::channel();
        self.command(command(reply)).await?;
        answer.await.map_err(|_| self.ended())?
    }

    async fn command(&self, command: Command) -> Result<(), CallError> {
        self.commands.send(command).await.map_err(|_| self.ended())
    }

    /// Why there is no reply: the worker drops what it cannot answer.
    pub(crate) fn ended(&self) -> CallError {
        match &*self.state.borrow() {
            State::SignedOut { reason } => CallError::SignedOut(reason.clone()),
            State::Connected | State::Reconnecting { .. } => CallError::Disconnected,
        }
    }

    /// Nothing of a room goes on whose history does not hold.
    pub(crate) fn check_history(&self, room: RoomId) -> Result<(), CallError> {
        self.check_log(LogId::room(room))
    }

    pub(crate) fn check_log(&self, log: LogId) -> Result<(), CallError> {
        let known = self.memory.known();
        let rewritten = known.rewritten.iter().find(|rewritten| rewritten.log() == log);
        rewritten.map_or(Ok(()), |rewritten| Err(CallError::Rewritten(*rewritten)))
    }

    pub(crate) fn encode<C: Call>(&self, call: &C) -> Result<(u64, String), CallError> {
        let id = self.memory.next_id();
        Ok((id, encode(id, call)?))
    }
}

fn encode<C: Call>(id: u64, call: &C) -> Result<String, CallError> {
    let text = request_text(id, call).map_err(CallError::Unreadable)?;
    // A larger frame would end the connection, and one from the outbox every next one too.
    if text.len() <= limits::FRAME_BYTES { Ok(text) } else { Err(CallError::TooLong) }
}

/// Where a reply goes. Dropped unanswered when the connection ends.
pub(crate) type Reply = oneshot::Sender<Result<Box<RawValue>, CallError>>;

/// What the handle asks of the worker.
pub(crate) enum Command {
    /// Send a call once.
    Call { id: u64, text: String, reply: Reply, found: Option<mpsc::Sender<crate::Delivered>> },
    /// Follow a room.
    Follow { room: RoomId, after: Option<Seq>, reply: oneshot::Sender<Result<Position, CallError>> },
    /// Follow a room no more.
    Unfollow { room: RoomId, id: u64, text: String, reply: Reply },
    /// Tell that a history does not hold.
    Rewritten { found: Rewritten, reply: oneshot::Sender<Result<(), CallError>> },
}

/// An append on its way. Its text is the same each time it is sent.
pub(crate) struct Outgoing {
    pub(crate) id: u64,
    pub(crate) text: String,
    pub(crate) reply: Reply,
}

/// What handle and worker share.
pub(crate) struct Memory {
    next_id: AtomicU64,
    known: Mutex<Known>,
    /// Held by whoever walks crowded logs.
    pub(crate) walking: tokio::sync::Mutex<()>,
}

/// What is known of the server. Locked for moments, never across an await.
pub(crate) struct Known {
    pub(crate) heads: Heads,
    pub(crate) signed_in: SignedIn,
    /// Logs whose history does not hold.
    pub(crate) rewritten: Vec<Rewritten>,
    /// Logs that the server does not let this reader walk.
    pub(crate) closed: BTreeSet<Option<RoomId>>,
}

impl Known {
    /// Keeps that a history does not hold. Answers what was found first, and whether this is it. That
    /// nothing is proved gives way to what is found.
    pub(crate) fn rewritten(&mut self, found: Rewritten) -> (Rewritten, bool) {
        let unproved = Discontinuity::Audit(AuditBreak::Unproved);
        match self.rewritten.iter_mut().find(|one| one.log() == found.log()) {
            Some(first) if first.how != unproved || found.how == unproved => (*first, false),
            Some(first) => {
                *first = found;
                (found, true)
            }
            None => {
                if found.log() != LogId::AUDIT {
                    self.heads.set_broken(found.room);
                }
                self.rewritten.push(found);
                (found, true)
            }
        }
    }

    /// The audit log is proved to continue what is remembered up to here. Answers whether that takes back
    /// that it was not.
    pub(crate) fn audit_proved(&mut self, head: AuditHead) -> bool {
        self.heads.set_audit(head);
        let before = self.rewritten.len();
        let unproved = Discontinuity::Audit(AuditBreak::Unproved);
        self.rewritten.retain(|found| found.how != unproved);
        self.rewritten.len() < before
    }

    /// The logs that should be walked, and can be.
    pub(crate) fn crowded(&self) -> impl Iterator<Item = Option<RoomId>> {
        self.heads.crowded().filter(|room| {
            let log = room.map_or(LogId::REGISTER, LogId::room);
            let is_rewritten = self.rewritten.iter().any(|one| one.log() == log);
            !is_rewritten && !self.closed.contains(room)
        })
    }
}

impl Memory {
    pub(crate) fn new(first_id: u64, heads: Heads, signed_in: SignedIn) -> Self {
        let known = Known { heads, signed_in, rewritten: Vec::new(), closed: BTreeSet::new() };
        let walking = tokio::sync::Mutex::new(());
        Self { next_id: AtomicU64::new(first_id), known: Mutex::new(known), walking }
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held halfway through a change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the worker when the last handle goes.
pub(crate) struct Hold {
    pub(crate) closing: Arc<Notify>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.closing.notify_one();
    }
}
