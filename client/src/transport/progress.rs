//! When a line last moved, either way. It may be so slow that a frame takes a minute; only one on which
//! nothing moves at all is dead. So this sits below TLS, where bytes leave and come.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// When a line last moved. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Mutex<Moments>>);

#[derive(Clone, Copy)]
struct Moments {
    taken: Instant,
    heard: Instant,
}

impl Progress {
    /// When the server last took something, or was heard of.
    pub(crate) fn moved_at(&self) -> Instant {
        let Moments { taken, heard } = *self.lock();
        taken.max(heard)
    }

    /// When something of the server's last came, be it a piece of a frame.
    pub(crate) fn heard_at(&self) -> Instant {
        self.lock().heard
    }

    fn lock(&self) -> MutexGuard<'_, Moments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of which it is known.
pub(crate) trait Progressing {
    /// When its line last moved.
    fn progress(&self) -> Progress;
}

/// A stream that notes it.
pub(crate) struct Noting<S> {
    stream: S,
    progress: Progress,
}

impl<S> Noting<S> {
    /// Notes it from now on.
    pub(crate) fn new(stream: S) -> Self {
        let now = Instant::now();
        let moments = Moments { taken: now, heard: now };
        Self { stream, progress: Progress(Arc::new(Mutex::new(moments))) }
    }

    fn note(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        if written.as_ref().is_ok_and(|bytes| *bytes > 0) {
            self.progress.lock().taken = Instant::now();
        }
        Poll::Ready(written)
    }
}

impl<S> Progressing for Noting<S> {
    fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, into));
        if into.filled().len() > before {
            self.progress.lock().heard = Instant::now();
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, bytes));
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
