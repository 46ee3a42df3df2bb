//! One connection's life: HTTP to the upgrade, sign-in, then requests in and replies and deliveries
//! out, until either side ends it. A connection that brings webhooks never gets beyond HTTP.
//!
//! Everything runs in this one task, so dropping it drops all that was in flight. A reply always
//! leaves before any delivery that became possible through it, because requests are polled here and
//! replies are sent first.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use warproom_proto::{Error, Principal, limits, rpc};

use crate::admission::Place;
use crate::calls::{self, Answer, Session, Stranger};
use crate::config::Limits;
use crate::context::Context;
use crate::http;
use crate::hub::{Ended, Queued, Registration};
use crate::identity::Source;
use crate::journal::now_ms;
use crate::tls::{self, Stream};
use crate::transport::{Carrier, Close, Frame, Incoming, Socket};

/// How many pings may go unanswered: two missed end the connection.
const MISSED_PINGS: u32 = 2;

/// Serves a connection from its first request to its end. Whoever is not signed in keeps a place
/// among strangers, webhooks too.
pub async fn run(
    stream: Stream,
    source: Source,
    context: Arc<Context>,
    place: Place,
    stop: watch::Receiver<bool>,
) {
    let Some(exporter) = tls::exporter(&stream) else { return };
    let limit = Duration::from_millis(context.limits.handshake_ms);
    // Boxed, so that the memory of HTTP is given back before the connection settles down.
    let upgraded = Box::pin(http::serve(stream, &context, limit, stop)).await;
    let Some(socket) = upgraded else { return };
    converse(socket, Stranger { context, source, exporter }, place).await;
}

/// Serves a WebSocket from signing in to its end. A place among strangers is kept until they are none.
pub async fn converse<S>(mut socket: Socket<S>, stranger: Stranger, place: impl Send)
where
    S: Carrier,
{
    let limit = Duration::from_millis(stranger.context.limits.sign_in_ms);
    let signed_in = match timeout(limit, Box::pin(sign_in(&mut socket, &stranger))).await {
        Ok(Ok(registration)) => registration,
        Ok(Err(close)) => return goodbye(socket, close).await,
        Err(_) => return socket.close(Close::Policy).await,
    };
    drop(place);
    let peer = signed_in.peer.clone();
    tracing::info!(connection = peer.number, who = %peer.who, "signed in");
    let Stranger { context, source, .. } = stranger;
    let session = Arc::new(Session {
        context,
        peer: peer.clone(),
        source,
        searching: Semaphore::new(1),
        moving: Semaphore::new(calls::PARTS_AT_ONCE),
    });
    let close = Signed::new(socket, session, signed_in).serve().await;
    tracing::info!(connection = peer.number, ?close, "ended");
}

async fn goodbye<S>(socket: Socket<S>, close: Option<Close>)
where
    S: Carrier,
{
    if let Some(close) = close {
        socket.close(close).await;
    }
}

/// Answers a stranger until one of its requests signs it in.
async fn sign_in<S>(
    socket: &mut Socket<S>,
    stranger: &Stranger,
) -> Result<Registration, Option<Close>>
where
    S: Carrier,
{
    let mut allowance = Allowance::new(&stranger.context.limits);
    loop {
        let frame = match socket.next().await {
            Incoming::Text(frame) if frame.len() > limits::FRAME_BYTES_BEFORE_SIGN_IN => {
                return Err(Some(Close::TooBig));
            }
            Incoming::Text(frame) => frame,
            Incoming::Alive => continue,
            Incoming::Gone => return Err(None),
            Incoming::Broken(close) => return Err(Some(close)),
        };
        let (reply, registration) = match allowance.take() {
            Ok(()) => calls::answer_stranger(stranger, &frame).await,
            Err(refusal) => (refuse(&frame, refusal), None),
        };
        if !(socket.feed(reply).await && socket.flush().await) {
            return Err(None);
        }
        if let Some(registration) = registration {
            return Ok(registration);
        }
    }
}

/// When a bot's grant ends; members have no such moment.
fn expiry(context: &Context, who: Principal) -> Option<Instant> {
    let Principal::Bot(bot) = who else { return None };
    let expires_at_ms = context.state().register.bot(bot)?.grant.expires_at_ms;
    let left = u64::try_from(expires_at_ms - now_ms()).unwrap_or(0);
    Instant::now().checked_add(Duration::from_millis(left))
}

/// Writes frames together, without those of rooms that the reader leaves meanwhile.
async fn write<S>(socket: &mut Socket<S>, session: &Session, frames: &mut VecDeque<Queued>) -> bool
where
    S: Carrier,
{
    while let Some(queued) = frames.pop_front() {
        if !socket.feed(calls::to_send(session, queued)).await {
            return false;
        }
        let left = session.peer.outgoing.left();
        if !left.is_empty() {
            frames.retain(|queued| !left.iter().any(|room| queued.goes_with(*room)));
        }
    }
    socket.flush().await
}

/// Waits for a moment; for ever if there is none.
async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// A signed-in connection.
struct Signed<S> {
    socket: Socket<S>,
    session: Arc<Session>,
    requests: FuturesUnordered<BoxFuture<'static, Answer>>,
    frames: VecDeque<Queued>,
    /// Whether a delivery came last, so that a request that waits has the next turn.
    delivered_last: bool,
    allowance: Allowance,
    /// Parts of files come faster than anything else, and have an allowance of their own.
    parts: Allowance,
    ping: Interval,
    unanswered: u32,
    /// When a bot's grant ends.
    expires: Option<Instant>,
    _registration: Registration,
}

enum Next {
    Replied(Answer),
    Deliver(Result<(), Ended>),
    Received(Incoming),
    Ping,
    Expired,
}

impl<S: Carrier> Signed<S> {
    fn new(socket: Socket<S>, session: Arc<Session>, registration: Registration) -> Self {
        let period = Duration::from_millis(session.context.limits.ping_ms);
        let mut ping = interval_at(Instant::now() + period, period);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let allowance = Allowance::new(&session.context.limits);
        let parts = Allowance::for_parts(&session.context.limits);
        let expires = expiry(&session.context, session.who());
        Self {
            socket,
            session,
            requests: FuturesUnordered::new(),
            frames: VecDeque::new(),
            delivered_last: false,
            allowance,
            parts,
            ping,
            unanswered: 0,
            expires,
            _registration: registration,
        }
    }

    async fn serve(mut self) -> Option<Close> {
        let close = loop {
            match self.next().await {
                Next::Replied(answer) => {
                    self.line_up(answer);
                    while let Some(Some(answer)) = self.requests.next().now_or_never() {
                        self.line_up(answer);
                    }
                    if let Err(close) = self.send().await {
                        break close;
                    }
                }
                Next::Deliver(Ok(())) => {
                    if let Err(close) = self.send().await {
                        break close;
                    }
                }
                Next::Deliver(Err(ended)) => break Some(close_for(ended)),
                Next::Received(Incoming::Text(frame)) => self.take_request(frame),
                Next::Received(Incoming::Alive) => self.unanswered = 0,
                Next::Received(Incoming::Gone) => break None,
                Next::Received(Incoming::Broken(close)) => break Some(close),
                Next::Ping if self.unanswered >= MISSED_PINGS => break None,
                Next::Ping => {
                    self.unanswered += 1;
                    if !self.socket.ping().await {
                        break None;
                    }
                }
                Next::Expired => break Some(Close::SignedOut),
            }
        };
        goodbye(self.socket, close).await;
        close
    }

    /// Sends what is lined up. Whoever may no longer be here gets nothing more of it, not even what
    /// is half sent: then there is no goodbye, which would push out what is still buffered.
    async fn send(&mut self) -> Result<(), Option<Close>> {
        let Self { socket, session, frames, expires, .. } = self;
        let outgoing = &session.peer.outgoing;
        if outgoing.is_signed_out() {
            return Err(Some(Close::SignedOut));
        }
        let sent = tokio::select! {
            biased;
            () = outgoing.cut() => false,
            () = moment(*expires) => false,
            sent = write(socket, session, frames) => sent,
        };
        if sent { Ok(()) } else { Err(None) }
    }

    /// The end of a grant before all else, so that a bot cannot talk past it; then replies, see above;
    /// deliveries and requests take turns.
    async fn next(&mut self) -> Next {
        let Self { socket, session, requests, frames, ping, expires, delivered_last, .. } = self;
        let has_room = requests.len() < session.context.limits.in_flight;
        let after_delivery = *delivered_last;
        let traffic = async {
            let delivery = pin!(session.peer.outgoing.take(frames).map(Next::Deliver));
            let request = async {
                if has_room { Next::Received(socket.next().await) } else { pending().await }
            };
            let request = pin!(request);
            // Of two that are ready, the first is taken.
            if after_delivery {
                select(request, delivery).await.factor_first().0
            } else {
                select(delivery, request).await.factor_first().0
            }
        };
        let next = tokio::select! {
            biased;
            () = moment(*expires) => Next::Expired,
            Some(reply) = requests.next() => Next::Replied(reply),
            next = traffic => next,
            _ = ping.tick() => Next::Ping,
        };
        match next {
            Next::Deliver(_) => *delivered_last = true,
            Next::Received(_) => *delivered_last = false,
            _ => {}
        }
        next
    }

    fn line_up(&mut self, answer: Answer) {
        match answer {
            Answer::First(reply) => self.frames.push_back(reply),
            Answer::Last(reply) => self.session.peer.outgoing.push_last(reply),
        }
    }

    fn take_request(&mut self, frame: Frame) {
        self.unanswered = 0;
        let allowance = if moves_a_part(&frame) { &mut self.parts } else { &mut self.allowance };
        match allowance.take() {
            Ok(()) => self.requests.push(Box::pin(calls::answer(self.session.clone(), frame))),
            Err(refusal) => {
                self.session.context.metrics.calls.too_fast.inc();
                let refusal = Answer::First(Queued::plain(refuse(&frame, refusal)));
                self.requests.push(Box::pin(std::future::ready(refusal)));
            }
        }
    }
}

const fn close_for(ended: Ended) -> Close {
    match ended {
        Ended::SignedOut => Close::SignedOut,
        Ended::CredentialsChanged => Close::SignInAgain,
        Ended::ShuttingDown => Close::GoingAway,
        Ended::TooSlow => Close::Policy,
    }
}

fn refuse(frame: &str, refusal: Error) -> Frame {
    let id = rpc::Request::read(frame).ok().map(|request| request.id);
    rpc::reply_text::<()>(id, &Err(refusal)).into()
}

/// Whether a request moves a part of a file. Looked for first, so that no other is read twice.
fn moves_a_part(frame: &str) -> bool {
    let names = [calls::PUT_PART, calls::READ_PART];
    let is_one = |request: rpc::Request<'_>| names.contains(&&*request.method);
    frame.contains("\"file.") && rpc::Request::read(frame).is_ok_and(is_one)
}

/// A token bucket for requests.
struct Allowance {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
}

impl Allowance {
    fn new(limits: &Limits) -> Self {
        let most = f64::from(limits.request_burst);
        let per_second = f64::from(limits.requests_per_second);
        Self { left: most, most, per_second, at: Instant::now() }
    }

    fn for_parts(limits: &Limits) -> Self {
        let per_second = f64::from(limits.file_parts_per_second);
        Self { left: per_second, most: per_second, per_second, at: Instant::now() }
    }

    fn take(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        let gained = (now - self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + gained).min(self.most);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let seconds = (1.0 - self.left) / self.per_second;
        Err(Error::slow_down(
            u64::try_from(Duration::from_secs_f64(seconds).as_millis()).unwrap_or(1_000) + 1,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_and_then_the_rate() {
        let limits = Limits { requests_per_second: 10, request_burst: 3, ..Limits::default() };
        let mut allowance = Allowance::new(&limits);
        assert_eq!((0..5).filter(|_| allowance.take().is_ok()).count(), 3);
        let refusal = allowance.take().unwrap_err();
        assert_eq!(refusal.data.map(|data| data.retry_after_ms), Some(101));
        tokio::time::advance(Duration::from_millis(101)).await;
        assert!(allowance.take().is_ok() && allowance.take().is_err());
    }
}
