//! A client in a simulation: everything from the WebSocket on is as it is; below it a simulated network
//! takes the place of TCP and TLS, and chance is what a seed says. Time is the runtime's, which may be
//! virtual.
//!
//! Only builds with the feature `simulated` have this, and no build that is used has it.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::transport::progress::{Noting, Progress, Progressing};
use crate::transport::tls;

/// Opens a stream to the server, with what its TLS would have exported.
pub type Network =
    Arc<dyn Fn() -> BoxFuture<'static, io::Result<(Stream, [u8; 32])>> + Send + Sync>;

/// A stream to read from and to write to.
trait Both: AsyncRead + AsyncWrite + Progressing + Send {}

impl<S: AsyncRead + AsyncWrite + Progressing + Send> Both for S {}

/// A stream of whatever kind.
pub struct Stream(Pin<Box<dyn Both>>);

impl Stream {
    /// This one.
    pub fn of(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Box::pin(Noting::new(stream)))
    }
}

impl Progressing for Stream {
    fn progress(&self) -> Progress {
        self.0.progress()
    }
}

impl From<tls::Stream> for Stream {
    fn from(stream: tls::Stream) -> Self {
        Self(Box::pin(stream))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(context, into)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(context)
    }
}

thread_local! {
    /// The state of the generator of this thread, while a simulation runs on it.
    static CHANCE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From now on chance is what this seed says, on this thread; or again what the system says.
pub fn seed(seed: Option<u64>) {
    CHANCE.set(seed);
}

pub(crate) fn chance() -> Option<u16> {
    // Knuth's MMIX generator: its upper bits are good enough to wait by.
    let next = CHANCE.get()?.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    CHANCE.set(Some(next));
    Some((next >> 48) as u16)
}
