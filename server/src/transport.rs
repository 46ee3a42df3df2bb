//! The WebSocket over a TLS connection: what an upgrade must be, frames in, frames out, all bounded.
//!
//! Only this module names tungstenite. It knows no calls: what a frame says is its caller's business.
//! Nor does it read HTTP: a request for the upgrade comes to it read.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, Response, header};
use tokio_tungstenite::tungstenite::protocol::frame::Frame as Piece;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use warproom_proto::limits;

use crate::progress::{Progress, Progressing};

pub use tokio_tungstenite::tungstenite::Utf8Bytes as Frame;

/// What one connection may buffer. The read buffer is what an idle connection costs, and so is the write
/// buffer once much was sent; it is filled to half a TLS record before it is written, and may hold that and
/// a piece more.
const READ_BUFFER_BYTES: usize = 8 * 1024;
const WRITE_BUFFER_BYTES: usize = 8 * 1024;
const WRITE_BUFFER_MOST_BYTES: usize = 32 * 1024;

/// What is longer goes in pieces (RFC 6455 §5.4): the library's write buffer keeps the size that it once had,
/// and would be as long as the longest page for as long as the connection lasts.
const PIECE_BYTES: usize = 4 * 1024;

/// A peer that takes nothing for so long is gone.
const WRITE_STALL: Duration = Duration::from_secs(10);

/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why the server closes: RFC 6455 §7.4.1, and one code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// 1001: the server stops.
    GoingAway,
    /// 1003: a binary frame.
    NotText,
    /// 1008: too slow to read, or to sign in.
    Policy,
    /// 1009: a frame above the limit.
    TooBig,
    /// 1002: not WebSocket, or not as agreed.
    Protocol,
    /// 4001: removed, suspended, revoked or expired. Coming again is of no use.
    SignedOut,
    /// 4002: the credentials changed. A device that was kept signs in again.
    SignInAgain,
}

impl Close {
    const fn frame(self) -> (CloseCode, &'static str) {
        match self {
            Self::GoingAway => (CloseCode::Away, "the server stops"),
            Self::NotText => (CloseCode::Unsupported, "text frames only"),
            Self::Policy => (CloseCode::Policy, "too slow"),
            Self::TooBig => (CloseCode::Size, "the frame is too large"),
            Self::Protocol => (CloseCode::Protocol, "not as the protocol says"),
            Self::SignedOut => (CloseCode::Library(4001), "signed out"),
            Self::SignInAgain => (CloseCode::Library(4002), "sign in again"),
        }
    }
}

/// What a peer did.
pub enum Incoming {
    /// It sent a text frame.
    Text(Frame),
    /// It showed that it lives.
    Alive,
    /// It closed, or the connection broke.
    Gone,
    /// It broke the rules; say why and close.
    Broken(Close),
}

/// What a WebSocket connection may run over.
pub trait Carrier: AsyncRead + AsyncWrite + Progressing + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Progressing + Send + Unpin> Carrier for S {}

/// A WebSocket connection, and when its peer last took something.
pub struct Socket<S>(WebSocketStream<S>, Progress);

impl<S: Carrier> Socket<S> {
    /// Over a connection whose upgrade was answered, with what was read behind the request.
    pub async fn upgraded(stream: S, read: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BUFFER_MOST_BYTES)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let (role, read, progress) = (Role::Server, read.to_vec(), stream.progress());
        let socket = WebSocketStream::from_partially_read(stream, read, role, Some(config));
        Self(socket.await, progress)
    }

    /// The next thing the peer does. Cancel-safe.
    pub async fn next(&mut self) -> Incoming {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Incoming::Broken(Close::NotText),
            Some(Err(Error::Capacity(_))) => Incoming::Broken(Close::TooBig),
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Incoming::Broken(Close::Protocol),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Incoming::Gone,
        }
    }

    /// Hands a frame to the write buffer, which goes out when it is full. `false` if the peer is gone
    /// or takes nothing for a while; a peer on a slow line takes something.
    pub async fn feed(&mut self, frame: Frame) -> bool {
        let (mut rest, mut kind) = (Bytes::from(frame), Data::Text);
        loop {
            let piece = rest.split_to(rest.len().min(PIECE_BYTES));
            let piece = Piece::message(piece, OpCode::Data(kind), rest.is_empty());
            let feeding = self.0.feed(Message::Frame(piece));
            if !matches!(unless_stalled(&self.1, feeding).await, Some(Ok(()))) {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            kind = Data::Continue;
        }
    }

    /// Sends what is in the write buffer; `false` as for [`Socket::feed`].
    pub async fn flush(&mut self) -> bool {
        matches!(unless_stalled(&self.1, self.0.flush()).await, Some(Ok(())))
    }

    /// Asks the peer whether it lives.
    pub async fn ping(&mut self) -> bool {
        let ping = self.0.send(Message::Ping(Vec::new().into()));
        matches!(unless_stalled(&self.1, ping).await, Some(Ok(())))
    }

    /// Says goodbye and why.
    pub async fn close(mut self, why: Close) {
        let (code, reason) = why.frame();
        let frame = CloseFrame { code, reason: reason.into() };
        let goodbye = async {
            if self.0.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.0.next().await {}
            }
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

/// Writes something; `None` if the peer takes nothing of it for a while.
async fn unless_stalled<T>(progress: &Progress, writing: impl Future<Output = T>) -> Option<T> {
    let mut writing = pin!(writing);
    let mut since = Instant::now();
    loop {
        if let Ok(written) = timeout_at(since + WRITE_STALL, &mut writing).await {
            return Some(written);
        }
        let taken = progress.at();
        if taken <= since {
            return None;
        }
        since = taken;
    }
}

/// The answer to a request for an upgrade (RFC 6455 §4.2): sub-protocol `warproom.v1`. A request for
/// anything else gets a sentence.
pub fn upgrade<B>(request: &Request<B>) -> Result<Response<()>, &'static str> {
    const REFUSAL: &str = "This server speaks the WebSocket sub-protocol warproom.v1.\n";
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered =
        offered.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    if !offered.any(|one| one.trim() == limits::SUBPROTOCOL) {
        return Err(REFUSAL);
    }
    let mut response = create_response_with_body(request, || ()).map_err(|_| REFUSAL)?;
    let ours = HeaderValue::from_static(limits::SUBPROTOCOL);
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;
    use crate::progress::Noting;

    /// A page of history, and a line that holds some packets of it.
    const PAGE_BYTES: usize = 100_000;
    const LINE_BYTES: usize = 4_096;

    async fn written_to(peer: impl AsyncFnOnce(DuplexStream)) -> (bool, Duration) {
        let (ours, theirs) = duplex(LINE_BYTES);
        let mut socket = Socket::upgraded(Noting::new(ours), &[]).await;
        let began = Instant::now();
        let write = async {
            let written = socket.feed("x".repeat(PAGE_BYTES).into()).await && socket.flush().await;
            (written, began.elapsed())
        };
        let peer = async {
            peer(theirs).await;
            std::future::pending::<()>().await;
        };
        tokio::select! { written = write => written, () = peer => unreachable!("it waits for ever") }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_gets_through_a_line_however_slow() {
        let (written, took) = written_to(async |mut theirs| {
            let mut some = [0; 2_048];
            while theirs.read(&mut some).await.is_ok_and(|read| read > 0) {
                sleep(Duration::from_secs(4)).await;
            }
        })
        .await;
        assert!(written && took > 3 * WRITE_STALL, "{took:?}");
    }

    #[tokio::test]
    async fn what_is_long_goes_in_pieces_and_arrives_whole() {
        let (ours, theirs) = duplex(LINE_BYTES);
        let mut socket = Socket::upgraded(Noting::new(ours), &[]).await;
        let small = WebSocketConfig::default().max_frame_size(Some(PIECE_BYTES));
        let mut peer = WebSocketStream::from_raw_socket(theirs, Role::Client, Some(small)).await;
        let lengths = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PAGE_BYTES];
        let write = async {
            for length in lengths {
                assert!(socket.feed("x".repeat(length).into()).await && socket.flush().await);
            }
        };
        let read = async {
            for length in lengths {
                let heard = peer.next().await.unwrap().unwrap();
                assert_eq!(heard.into_text().unwrap(), "x".repeat(length));
            }
        };
        tokio::join!(write, read);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_gone() {
        let (written, took) = written_to(async |mut theirs| {
            let mut some = [0; 2_048];
            let _ = theirs.read(&mut some).await;
            sleep(Duration::from_hours(1)).await;
        })
        .await;
        assert!(!written && took <= WRITE_STALL + Duration::from_secs(1), "{took:?}");
    }
}
