//! A simulated connection: two pipes of bytes, which take time, are cut into pieces, fill up, stand
//! still and break at any byte. What the server writes is read along, frame by frame, as it leaves.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::chance::Chance;

/// What a link is like.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How long a piece takes at most.
    pub slowest: Duration,
    /// How many bytes are on their way at most, each way.
    pub capacity: usize,
    /// After how many bytes it breaks at the latest, if it does by itself.
    pub breaks_within_bytes: Option<u64>,
}

/// Who is told of each text frame that leaves the server, with the moment since which the link may have
/// held it back.
pub type Heard = Box<dyn Fn(&[u8], Instant) + Send>;

/// Whether the server's machine runs. What it writes when it does not is never sent.
pub type Runs = Box<dyn Fn() -> bool + Send>;

struct Inner {
    chance: Chance,
    kind: Kind,
    up: Pipe,
    down: Pipe,
    /// How many bytes more until it breaks.
    left: Option<u64>,
    broken: bool,
    frames: Frames,
    heard: Heard,
    runs: Runs,
    /// Since when the server waits for it to take more.
    held_since: Option<Instant>,
    still_until: Instant,
}

#[derive(Default)]
struct Pipe {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    held: usize,
    /// When the last piece arrives: none overtakes another.
    last: Option<Instant>,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// A link, to be disturbed.
#[derive(Clone)]
pub struct Link(Arc<Mutex<Inner>>);

/// One end of it.
pub struct End {
    link: Link,
    is_server: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Link {
    /// A new link: the client's end and the server's.
    pub fn new(mut chance: Chance, kind: Kind, heard: Heard, runs: Runs) -> (Self, End, End) {
        let left = kind.breaks_within_bytes.map(|most| chance.below(most));
        let inner = Inner {
            chance,
            kind,
            up: Pipe::default(),
            down: Pipe::default(),
            left,
            broken: false,
            frames: Frames::default(),
            heard,
            runs,
            held_since: None,
            still_until: Instant::now(),
        };
        let link = Self(Arc::new(Mutex::new(inner)));
        let end = |is_server| End { link: link.clone(), is_server, sleep: None };
        (link.clone(), end(false), end(true))
    }

    /// Breaks it. Of what is on its way a beginning still arrives.
    pub fn tear(&self) {
        self.inner().tear();
    }

    /// Nothing more arrives at the client until then.
    pub fn stand_still(&self, until: Instant) {
        self.inner().still_until = until;
    }

    /// Goes on at once.
    pub fn go_on(&self) {
        let mut inner = self.inner();
        inner.still_until = Instant::now();
        inner.left = None;
        inner.down.wake();
    }

    /// Whether it is broken or closed from both ends.
    pub fn is_over(&self) -> bool {
        let inner = self.inner();
        inner.broken || inner.up.closed && inner.down.closed
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tear(&mut self) {
        self.broken = true;
        for pipe in [&mut self.up, &mut self.down] {
            let keep = self.chance.index(pipe.pieces.len() + 1);
            pipe.pieces.truncate(keep);
            pipe.wake();
        }
    }

    fn write(&mut self, is_server: bool, bytes: &[u8], waker: &Waker) -> Poll<io::Result<usize>> {
        if self.broken || is_server && !(self.runs)() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let now = Instant::now();
        let pipe = if is_server { &mut self.down } else { &mut self.up };
        let room = self.kind.capacity.saturating_sub(pipe.held);
        if room == 0 {
            pipe.writer = Some(waker.clone());
            if is_server {
                self.held_since.get_or_insert(now);
            }
            return Poll::Pending;
        }
        // Rarely all at once.
        let some = 1 + self.chance.index(bytes.len() * 2);
        let mut taken = bytes.len().min(room).min(some);
        if let Some(left) = &mut self.left {
            taken = taken.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= taken as u64;
        }
        if taken == 0 {
            self.tear();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let arrives = now + self.chance.up_to(self.kind.slowest);
        let arrives = pipe.last.map_or(arrives, |last| last.max(arrives));
        pipe.last = Some(arrives);
        pipe.held += taken;
        pipe.pieces.push_back((arrives, bytes[..taken].to_vec()));
        if let Some(reader) = pipe.reader.take() {
            reader.wake();
        }
        if is_server {
            let since = self.held_since.unwrap_or(now);
            self.frames.take(&bytes[..taken], |text| (self.heard)(text, since));
            if taken == bytes.len() {
                self.held_since = None;
            }
        }
        Poll::Ready(Ok(taken))
    }

    /// What has arrived, or when to look again.
    fn read(
        &mut self,
        is_server: bool,
        into: &mut ReadBuf<'_>,
        waker: &Waker,
    ) -> Result<Poll<io::Result<()>>, Instant> {
        let (broken, still_until) = (self.broken, self.still_until);
        let pipe = if is_server { &mut self.up } else { &mut self.down };
        let Some((arrives, piece)) = pipe.pieces.front_mut() else {
            if broken {
                return Ok(Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())));
            }
            if pipe.closed {
                return Ok(Poll::Ready(Ok(())));
            }
            pipe.reader = Some(waker.clone());
            return Ok(Poll::Pending);
        };
        let arrives = if is_server { *arrives } else { (*arrives).max(still_until) };
        if arrives > Instant::now() {
            pipe.reader = Some(waker.clone());
            return Err(arrives);
        }
        let taken = piece.len().min(into.remaining());
        into.put_slice(&piece[..taken]);
        piece.drain(..taken);
        if piece.is_empty() {
            pipe.pieces.pop_front();
        }
        pipe.held -= taken;
        if let Some(writer) = pipe.writer.take() {
            writer.wake();
        }
        Ok(Poll::Ready(Ok(())))
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let read = self.link.inner().read(self.is_server, into, context.waker());
            match read {
                Ok(read) => return read,
                Err(at) => {
                    let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
                    if sleep.deadline() != at {
                        sleep.as_mut().reset(at);
                    }
                    if sleep.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.link.inner().write(self.is_server, bytes, context.waker())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl End {
    fn close(&self) {
        let mut inner = self.link.inner();
        let pipe = if self.is_server { &mut inner.down } else { &mut inner.up };
        pipe.closed = true;
        pipe.wake();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close();
        let mut inner = self.link.inner();
        // Nobody reads what still comes: who writes learns it.
        let pipe = if self.is_server { &mut inner.up } else { &mut inner.down };
        if !pipe.closed {
            inner.tear();
        }
    }
}

/// The text frames in what a server writes (RFC 6455 §5.2): it masks nothing.
#[derive(Default)]
struct Frames(Vec<u8>);

impl Frames {
    fn take(&mut self, bytes: &[u8], heard: impl Fn(&[u8])) {
        const TEXT: u8 = 0x81;
        self.0.extend_from_slice(bytes);
        loop {
            let held = &self.0;
            let (Some(&first), Some(&short)) = (held.first(), held.get(1)) else { return };
            let (starts, length) = match short {
                126 => {
                    let Some(length) = held.get(2..4) else { return };
                    (4, usize::from(u16::from_be_bytes([length[0], length[1]])))
                }
                127 => {
                    let Some(length) = held.get(2..10) else { return };
                    let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                    (10, length)
                }
                short => (2, usize::from(short)),
            };
            let Some(payload) = held.get(starts..starts + length) else { return };
            if first == TEXT {
                heard(payload);
            }
            self.0.drain(..starts + length);
        }
    }
}
