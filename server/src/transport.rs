//! The WebSocket over a TLS connection: upgrade, frames in, frames out, all bounded.
//!
//! Only this module names tungstenite. It knows no calls: what a frame says is its caller's business.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use warproom_proto::limits;

use crate::tls::Stream;

pub use tokio_tungstenite::tungstenite::Utf8Bytes as Frame;

/// What one connection may buffer. The read buffer is what an idle connection costs; the write buffer
/// is filled to one TLS record before it is written, and may hold at most the largest reply (a page of
/// long texts with its amendments) with room to spare.
const READ_BUFFER_BYTES: usize = 8 * 1024;
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
const WRITE_BUFFER_MOST_BYTES: usize = 2 * 1024 * 1024;

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

/// A WebSocket connection.
pub struct Socket(WebSocketStream<Stream>);

impl Socket {
    /// Answers the upgrade: path `/`, sub-protocol `warproom.v1`. Anything else gets an HTTP error.
    pub async fn accept(stream: Stream) -> Result<Self, Error> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BUFFER_MOST_BYTES)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let accepted =
            tokio_tungstenite::accept_hdr_async_with_config(stream, negotiate, Some(config));
        Ok(Self(accepted.await?))
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
        matches!(timeout(WRITE_STALL, self.0.feed(Message::Text(frame))).await, Ok(Ok(())))
    }

    /// Sends what is in the write buffer; `false` as for [`Socket::feed`].
    pub async fn flush(&mut self) -> bool {
        matches!(timeout(WRITE_STALL, self.0.flush()).await, Ok(Ok(())))
    }

    /// Asks the peer whether it lives.
    pub async fn ping(&mut self) -> bool {
        let ping = self.0.send(Message::Ping(Vec::new().into()));
        matches!(timeout(WRITE_STALL, ping).await, Ok(Ok(())))
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

#[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
fn negotiate(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let refuse = |status, sentence: &str| {
        let mut refusal = ErrorResponse::new(Some(sentence.to_owned()));
        *refusal.status_mut() = status;
        Err(refusal)
    };
    if request.uri().path() != "/" {
        return refuse(StatusCode::NOT_FOUND, "There is nothing at this path.\n");
    }
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered =
        offered.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    if !offered.any(|one| one.trim() == limits::SUBPROTOCOL) {
        let sentence = "This server speaks the WebSocket sub-protocol warproom.v1.\n";
        return refuse(StatusCode::BAD_REQUEST, sentence);
    }
    let ours = HeaderValue::from_static(limits::SUBPROTOCOL);
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
    Ok(response)
}
