//! The task behind a client: it owns the connection, and makes it again when it is lost.
//!
//! How things flow: commands and appends come in through bounded queues; replies go to whoever
//! waits, by number; notices become events. Every state that a connection can be in is one method:
//! [`Worker::serve`] while it is up, [`Worker::reconnect`] while it is not. Nothing here waits for
//! the application or for a write while there is something to read, so a slow reader of events
//! cannot hold up the replies it waits for itself.

pub(crate) mod audit;
pub(crate) mod calls;
pub(crate) mod outbox;
pub(crate) mod rooms;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use warproom_proto::calls::SignedIn;
use warproom_proto::invitation::Fingerprint;
use warproom_proto::notice::Notice;
use warproom_proto::rpc::{Incoming, request_text};

use self::audit::Proved;
use self::calls::Calls;
use self::outbox::Outbox;
use self::rooms::{ASKED_AT_ONCE, Outlet, Rooms};
use crate::audit::vouches;
use crate::backoff;
use crate::client::{Command, Memory};
use crate::error::SignOut;
use crate::event::{Delivered, Delivery, Event, Rewritten};
use crate::key::Credentials;
use crate::sign_in::sign_in;
use crate::state::{State, Trouble};
use crate::transport::{Dialler, Frame, Link, SIGNED_OUT, Writer};

/// Without anything heard for this long the connection counts as dead: the server pings every 25 seconds,
/// and two of those may be missed.
const SILENCE: Duration = Duration::from_mins(1);

/// Calls and appends under way at a time: the 32 that a server takes, less the worker's own.
const IN_FLIGHT: usize = 32 - ASKED_AT_ONCE;

/// The task behind a client.
pub(crate) struct Worker {
    pub(crate) dialler: Dialler,
    pub(crate) credentials: Credentials,
    pub(crate) memory: Arc<Memory>,
    /// Told once when the client is closed or its last handle goes.
    pub(crate) closing: Arc<Notify>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) delivery: Delivery,
    pub(crate) rooms: Rooms,
    pub(crate) calls: Calls,
    pub(crate) outbox: Outbox,
    pub(crate) audit: audit::Audit,
    /// Attempts to reconnect since the last sign-in that was of use.
    pub(crate) attempt: u32,
}

/// How a connection ended.
enum End {
    /// It is to be made again.
    Lost(Trouble),
    /// It is not.
    SignedOut(SignOut),
}

impl Worker {
    /// Runs until the client is signed out or closed.
    pub(crate) async fn run(mut self, link: Link) {
        let reason = self.keep_connected(link).await;
        tracing::info!(%reason, "signed out");
        // First the reason, then the replies that are dropped because of it.
        self.state.send_replace(State::SignedOut { reason });
        drop((self.commands, self.calls, self.outbox, self.rooms));
        // What was received before still belongs to the application.
        while !self.delivery.is_caught_up() {
            self.delivery.drain().await;
        }
    }

    async fn keep_connected(&mut self, mut link: Link) -> SignOut {
        loop {
            let trouble = match self.serve(link).await {
                End::Lost(trouble) => trouble,
                End::SignedOut(reason) => return reason,
            };
            let signed_in;
            (link, signed_in) = match self.reconnect(trouble).await {
                Ok(connected) => connected,
                Err(reason) => return reason,
            };
            self.check_sign_in(&signed_in, link.established.authority);
            self.memory.known().signed_in = signed_in.clone();
            self.state.send_replace(State::Connected);
            self.delivery.push(Event::Reconnected(signed_in));
        }
    }

    /// The state of being connected.
    async fn serve(&mut self, link: Link) -> End {
        let Link { mut reader, mut writer, .. } = link;
        let mut heard = Instant::now();
        let end = loop {
            if writer.is_free()
                && let Some(text) = self.next_frame()
                && writer.queue(text).await.is_err()
            {
                break End::Lost(Trouble::Ended);
            }
            let may_send = writer.is_free() && self.in_flight() < IN_FLIGHT;
            let may_read = self.delivery.takes_more();
            if !may_read {
                // The silence is ours.
                heard = Instant::now();
            }
            heard = heard.max(reader.heard_at());
            let wake = self.wakes_at(heard, &writer);
            tokio::select! {
                biased;
                () = self.closing.notified() => break End::SignedOut(SignOut::Closed),
                written = writer.flush(), if !writer.is_free() => if written.is_err() {
                    break End::Lost(Trouble::Ended);
                },
                () = self.delivery.drain(), if !self.delivery.is_caught_up() => {}
                // Few may be under way, so these two cannot keep the reader waiting for long.
                Some(command) = self.commands.recv(), if may_send => {
                    if let Some(text) = self.take_command(command)
                        && writer.queue(text).await.is_err()
                    {
                        break End::Lost(Trouble::Ended);
                    }
                }
                Some(append) = self.outbox.next(), if may_send && self.outbox.takes_next() => {
                    self.outbox.add(append);
                }
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    // A piece of a frame may have come since.
                    heard = heard.max(reader.heard_at());
                    if now >= heard + SILENCE || writer.stalls_at().is_some_and(|at| now >= at) {
                        break End::Lost(Trouble::Unreachable);
                    }
                }
                frame = reader.next(), if may_read => {
                    heard = Instant::now();
                    if matches!(frame, Frame::Life) {
                        writer.mark();
                    }
                    if let Err(end) = self.take_frame(frame) {
                        break end;
                    }
                }
            }
        };
        // Before anyone is told by a dropped reply, the state says that the connection is gone.
        if let End::Lost(trouble) = end {
            self.lost(trouble);
        }
        writer.close().await;
        end
    }

    fn lost(&mut self, trouble: Trouble) {
        tracing::debug!(?trouble, "connection lost");
        self.set_reconnecting(Duration::ZERO, trouble);
        self.calls.disconnected();
        self.outbox.disconnected();
        self.rooms.disconnected();
        self.audit.disconnected();
    }

    /// The state of not being connected. Ends with a new connection or for good.
    async fn reconnect(&mut self, mut trouble: Trouble) -> Result<(Link, SignedIn), SignOut> {
        let mut asked_to_wait = Duration::ZERO;
        loop {
            self.attempt = self.attempt.saturating_add(1);
            let wait = backoff::wait(self.attempt, backoff::chance()).max(asked_to_wait);
            self.set_reconnecting(wait, trouble);
            self.meanwhile(sleep(wait)).await?;

            let (dialler, credentials) = (self.dialler.clone(), self.credentials.clone());
            let seen = self.memory.known().heads.audit().map(|known| known.size);
            // On the heap: it is large, and rare.
            let signing_in = Box::pin(async move { sign_in(&dialler, &credentials, seen).await });
            match self.meanwhile(signing_in).await? {
                Ok(connected) => {
                    // A server that cannot be understood would otherwise be asked in a circle.
                    if trouble != Trouble::Incompatible {
                        self.attempt = 0;
                    }
                    return Ok(connected);
                }
                Err(crate::ConnectError::Refused(refusal))
                    if crate::error::refuses_sign_in(&refusal) =>
                {
                    return Err(SignOut::Refused(refusal));
                }
                Err(error) => {
                    tracing::debug!(%error, attempt = self.attempt, "cannot reconnect");
                    trouble = Trouble::from(&error);
                    asked_to_wait = error.retry_after().unwrap_or_default();
                }
            }
        }
    }

    /// Waits for something while there is no connection; the handle stays served.
    async fn meanwhile<T>(&mut self, something: impl Future<Output = T>) -> Result<T, SignOut> {
        tokio::pin!(something);
        loop {
            tokio::select! {
                biased;
                () = self.closing.notified() => return Err(SignOut::Closed),
                done = &mut something => return Ok(done),
                () = self.delivery.drain(), if !self.delivery.is_caught_up() => {}
                Some(command) = self.commands.recv() => {
                    // Following is kept for the next connection; a call's reply is dropped.
                    let _unsent = self.take_command(command);
                    self.calls.disconnected();
                }
            }
        }
    }

    fn set_reconnecting(&self, wait: Duration, trouble: Trouble) {
        let attempt = self.attempt.max(1);
        self.state.send_replace(State::Reconnecting { attempt, wait, trouble });
    }

    fn in_flight(&self) -> usize {
        self.calls.in_flight() + self.outbox.in_flight()
    }

    fn wakes_at(&self, heard: Instant, writer: &Writer) -> Instant {
        [writer.stalls_at(), self.outbox.wakes_at(), self.rooms.wakes_at()]
            .into_iter()
            .flatten()
            .fold(heard + SILENCE, Instant::min)
    }

    /// What the worker itself wants to send: the next question about a room, the next append.
    fn next_frame(&mut self) -> Option<String> {
        let is_caught_up = self.delivery.is_caught_up();
        if let Some((id, call)) = self.rooms.ask(is_caught_up, &self.memory) {
            // A follow request always encodes.
            return request_text(id, &call).ok();
        }
        if let Some((id, call)) = self.audit.ask(&self.memory) {
            return request_text(id, &call).ok();
        }
        if self.in_flight() < IN_FLIGHT { self.outbox.send() } else { None }
    }

    /// Takes a command; answers what is to be sent for it.
    fn take_command(&mut self, command: Command) -> Option<String> {
        match command {
            Command::Call { id, text, reply, found } => {
                self.calls.add(id, reply, found);
                Some(text)
            }
            Command::Follow { room, after, reply } => {
                let head = after.and_then(|after| self.memory.known().heads.at(Some(room), after));
                self.rooms.follow(room, after, head, reply);
                None
            }
            Command::Rewritten { found, reply } => {
                self.rewritten(found);
                // Who stopped waiting is told by the event.
                let _ = reply.send(Ok(()));
                None
            }
            Command::Unfollow { room, id, text, reply } => {
                self.rooms.remove(room);
                self.calls.add(id, reply, None);
                Some(text)
            }
        }
    }

    fn take_frame(&mut self, frame: Frame) -> Result<(), End> {
        match frame {
            Frame::Text(text) => {
                let incoming = Incoming::read(&text).map_err(|error| unreadable(&error))?;
                self.take_incoming(incoming).map_err(|error| unreadable(&error))
            }
            Frame::Life => Ok(()),
            Frame::Closed(Some(SIGNED_OUT)) => Err(End::SignedOut(SignOut::Revoked)),
            Frame::Closed(_) => Err(End::Lost(Trouble::Ended)),
            Frame::Odd => Err(End::Lost(Trouble::Incompatible)),
        }
    }

    fn take_incoming(&mut self, incoming: Incoming) -> Result<(), serde_json::Error> {
        match incoming {
            Incoming::Reply { id: Some(id), result } if self.rooms.has_asked(id) => {
                let (rooms, mut outlet) = self.rooms();
                return rooms.answer(id, result, &mut outlet);
            }
            Incoming::Reply { id: Some(id), result } if self.audit.has_asked(id) => {
                let checked = self.audit.answer(result, &self.memory);
                self.audited(checked);
            }
            Incoming::Reply { id: Some(id), result } => {
                if let Some(result) = self.outbox.answer(id, result) {
                    self.calls.answer(id, result);
                }
            }
            // The server could not read a request, and cannot say which.
            Incoming::Reply { id: None, .. } => tracing::warn!("the server refused a frame"),
            Incoming::Notice(notice) => self.take_notice(notice),
            Incoming::UnknownNotice => {}
        }
        Ok(())
    }

    fn take_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Entry { room, record } => {
                let (rooms, mut outlet) = self.rooms();
                rooms.take_live(room, record, &mut outlet);
            }
            Notice::AuditCheckpoint { checkpoint } => {
                let heard = self.audit.hear(&checkpoint, &self.memory);
                self.audited(heard.map(|()| Proved::Nothing));
            }
            Notice::Behind { room, .. } => self.rooms.behind(room),
            Notice::RoomJoined { room } => {
                // It may come after news of later records, so it can be behind but not other.
                let shown = {
                    let mut known = self.memory.known();
                    // Who was out of it and is in it again may walk it.
                    known.closed.remove(&Some(room.room));
                    known.heads.show(Some(room.room), room.latest)
                };
                if let Err((seq, how)) = shown {
                    self.rewritten(Rewritten { room: Some(room.room), seq, how });
                }
                self.delivery.push(Event::RoomJoined(room));
            }
            Notice::RoomLeft { room } => {
                self.rooms.left(room);
                self.delivery.push(Event::RoomLeft(room));
            }
            Notice::Typing { room, member } if self.delivery.takes_live() => {
                self.delivery.push(Event::Typing { room, member });
            }
            Notice::Presence { room, member, here } if self.delivery.takes_live() => {
                self.delivery.push(Event::Presence { room, member, here });
            }
            Notice::Reminder { outstanding } if self.delivery.takes_live() => {
                self.delivery.push(Event::Reminder(outstanding));
            }
            Notice::CommonCause { cause } if self.delivery.takes_live() => {
                self.delivery.push(Event::CommonCause(cause));
            }
            Notice::Found { search, room, record } => {
                let checked = self.memory.known().heads.check(Some(room), record.position());
                match checked {
                    Ok(()) => self.calls.found(search, Delivered::new(room, record)),
                    Err((seq, how)) => self.rewritten(Rewritten { room: Some(room), seq, how }),
                }
            }
            // From a newer server, or passing news that the application is too slow for.
            _ => {}
        }
    }

    fn rooms(&mut self) -> (&mut Rooms, Outlet<'_>) {
        (&mut self.rooms, Outlet { memory: &self.memory, delivery: &mut self.delivery })
    }

    /// Holds the ends of the register and of the audit log, as a sign-in shows them, against what is
    /// remembered; and keeps the authority that vouched for the server, if it is the remembered WARP's.
    pub(crate) fn check_sign_in(&mut self, signed_in: &SignedIn, authority: Fingerprint) {
        self.look_at_authority(signed_in, authority);
        let shown = {
            let heads = &mut self.memory.known().heads;
            let latest = signed_in.register;
            heads
                .check_latest(None, latest, heads.reach(None))
                .and_then(|()| heads.show(None, latest))
        };
        if let Err((seq, how)) = shown {
            self.rewritten(Rewritten { room: None, seq, how });
        }
        let checked = self.audit.show(signed_in, &self.memory);
        self.audited(checked);
    }

    /// From now on trusts an authority that the pinned one led to, and the pinned one no more, if the audit
    /// log's key that was remembered before this sign-in signed for it: a thief of an earlier authority's
    /// key leads nobody away for good.
    fn look_at_authority(&mut self, signed_in: &SignedIn, authority: Fingerprint) {
        if authority == self.dialler.address().authority {
            return;
        }
        let known = self.memory.known().heads.audit();
        if !vouches(known, signed_in, &authority) {
            tracing::debug!(%authority, "the server's later authority is not kept yet");
            return;
        }
        match self.dialler.pin(authority) {
            Ok(()) => {
                tracing::info!(%authority, "the server is known by another authority from now on");
                self.memory.known().heads.set_authority(authority);
            }
            Err(error) => tracing::warn!(%error, "the server's later authority is not kept"),
        }
    }

    fn audited(&mut self, checked: Result<Proved, crate::audit::Break>) {
        match checked {
            Ok(Proved::AfterAll) => self.delivery.push(Event::AuditProved),
            Ok(Proved::Nothing) => {}
            Err((seq, how)) => {
                let how = crate::event::Discontinuity::Audit(how);
                self.rewritten(Rewritten { room: None, seq, how });
            }
        }
    }

    /// The history of a log does not hold.
    fn rewritten(&mut self, found: Rewritten) {
        let (rooms, mut outlet) = self.rooms();
        match found.room {
            Some(room) => rooms.stop(room, found.seq, found.how, &mut outlet),
            None => drop(outlet.rewritten(found)),
        }
    }
}

/// Passing over a reply would leave its caller waiting for good.
fn unreadable(error: &serde_json::Error) -> End {
    tracing::warn!(line = error.line(), column = error.column(), "a frame cannot be read");
    End::Lost(Trouble::Incompatible)
}

#[cfg(test)]
mod tests;
