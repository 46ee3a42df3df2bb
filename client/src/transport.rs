//! One connection: TCP, TLS 1.3, WebSocket `warproom.v1`, text frames.
//!
//! It knows nothing of calls or sign-in. Only this module names the WebSocket library; only
//! [`tls`] below it names the TLS library. Reading and writing are independent, and writing never
//! waits: a frame is queued, at most one at a time, and [`Writer::flush`] moves it out.

pub(crate) mod progress;
pub(crate) mod tls;

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use warproom_proto::invitation::{Address, Fingerprint};
use warproom_proto::limits;

use self::progress::{Progress, Progressing as _};
use self::tls::Established;
use crate::error::ConnectError;

/// The longest that TCP, TLS and WebSocket may take together: a slow mobile network, and not longer,
/// because a person is waiting.
const OPENING: Duration = Duration::from_secs(10);

/// How long nothing may move, either way, while a frame is to be written, before the connection counts as
/// dead. On a slow line a frame may take longer, and a server that writes a long one reads nothing
/// meanwhile.
pub(crate) const WRITE_STALL: Duration = Duration::from_secs(10);

/// The largest frame taken from a server: its pages stay below a quarter of it.
const INCOMING_BYTES: usize = 1024 * 1024;

/// What is read at a time.
const READ_BYTES: usize = 8 * 1024;

/// What may wait to be written: one frame, and the pongs that join it.
const WRITE_BYTES: usize = 2 * limits::FRAME_BYTES;

/// The close code by which the server says: signed out, because removed, revoked or suspended.
pub(crate) const SIGNED_OUT: u16 = 4001;

type Socket = WebSocketStream<Stream>;

/// What a connection is made of.
#[cfg(not(feature = "simulated"))]
type Stream = tls::Stream;
#[cfg(feature = "simulated")]
type Stream = crate::simulated::Stream;

/// An open connection.
pub(crate) struct Link {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// What its TLS established.
    pub(crate) established: Established,
}

/// Opens connections to one address.
#[derive(Clone)]
pub(crate) struct Dialler {
    address: Address,
    tls: tls::Pinned,
    /// The simulated network that this one is in.
    #[cfg(feature = "simulated")]
    network: Option<crate::simulated::Network>,
}

impl Dialler {
    pub(crate) fn new(address: &Address) -> Result<Self, ConnectError> {
        Ok(Self {
            tls: tls::Pinned::new(address)?,
            address: address.clone(),
            #[cfg(feature = "simulated")]
            network: None,
        })
    }

    /// The same in a simulated network.
    #[cfg(feature = "simulated")]
    pub(crate) fn within(mut self, network: Option<crate::simulated::Network>) -> Self {
        self.network = network;
        self
    }

    /// The address, with the authority that is trusted.
    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    /// From now on trusts this authority, and no other.
    pub(crate) fn pin(&mut self, authority: Fingerprint) -> Result<(), ConnectError> {
        self.address.authority = authority;
        self.tls = tls::Pinned::new(&self.address)?;
        Ok(())
    }

    /// Opens a connection. It is not signed in.
    pub(crate) async fn open(&self) -> Result<Link, ConnectError> {
        // On the heap: it is large, and rare.
        timeout(OPENING, Box::pin(self.open_at_leisure()))
            .await
            .map_err(|_| ConnectError::TooSlow)?
    }

    async fn open_at_leisure(&self) -> Result<Link, ConnectError> {
        #[cfg(feature = "simulated")]
        if let Some(network) = &self.network {
            let (stream, exporter) = network().await.map_err(ConnectError::Unreachable)?;
            let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
            let socket = WebSocketStream::from_raw_socket(stream, role, Some(config())).await;
            let authority = self.address.authority;
            return Ok(Link::over(socket, Established { exporter: exporter.into(), authority }));
        }
        let tcp = TcpStream::connect(&*self.address.host_port)
            .await
            .map_err(ConnectError::Unreachable)?;
        // Requests are small and somebody waits for each.
        tcp.set_nodelay(true).map_err(ConnectError::Unreachable)?;
        let (stream, established) = self.tls.connect(tcp).await?;

        let uri: Uri = format!("wss://{}/", self.address.host_port)
            .parse()
            .map_err(|_| ConnectError::Address)?;
        // The library refuses an answer that does not name the sub-protocol asked for.
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(limits::SUBPROTOCOL);
        #[cfg(feature = "simulated")]
        let stream = Stream::from(stream);
        let (socket, _) = client_async_with_config(request, stream, Some(config()))
            .await
            .map_err(upgrade_error)?;
        Ok(Link::over(socket, established))
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(READ_BYTES)
        .max_write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(INCOMING_BYTES))
        .max_frame_size(Some(INCOMING_BYTES))
}

impl Link {
    fn over(socket: Socket, established: Established) -> Self {
        let progress = socket.get_ref().progress();
        let (sink, stream) = socket.split();
        let reader = Reader(stream, progress.clone());
        Self { reader, writer: Writer { sink, progress, queued_at: None }, established }
    }
}

fn upgrade_error(error: WsError) -> ConnectError {
    match error {
        WsError::Io(error) => ConnectError::Unreachable(error),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::HandshakeIncomplete) => ConnectError::Ended,
        WsError::Http(answer) if matches!(answer.status().as_u16(), 429 | 503) => {
            ConnectError::Busy
        }
        _ => ConnectError::Incompatible,
    }
}

/// What arrived.
pub(crate) enum Frame {
    /// Text.
    Text(Utf8Bytes),
    /// A sign of life. It may have queued an answer: flush.
    Life,
    /// The server closed, with its code if it named one; or the connection broke.
    Closed(Option<u16>),
    /// Something this protocol does not have.
    Odd,
}

/// The reading half.
pub(crate) struct Reader(SplitStream<Socket>, Progress);

impl Reader {
    /// When something last came, be it a piece of a frame.
    pub(crate) fn heard_at(&self) -> Instant {
        self.1.heard_at()
    }

    /// The next frame. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Frame {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Frame::Text(text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Frame::Life,
            Some(Ok(Message::Close(close))) => {
                Frame::Closed(close.map(|close| u16::from(close.code)))
            }
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Frame::Odd,
            // What broke it is of no use to anyone: all is asked again on the next connection.
            Some(Err(_)) | None => Frame::Closed(None),
        }
    }
}

/// The writing half.
pub(crate) struct Writer {
    sink: SplitSink<Socket, Message>,
    /// When the line last moved.
    progress: Progress,
    /// Since when something waits to be written.
    queued_at: Option<Instant>,
}

/// The connection broke while writing.
pub(crate) struct Broken;

impl Writer {
    /// Whether nothing waits, so that a frame may be queued.
    pub(crate) const fn is_free(&self) -> bool {
        self.queued_at.is_none()
    }

    /// When what waits has waited too long, if nothing moves until then.
    pub(crate) fn stalls_at(&self) -> Option<Instant> {
        self.queued_at.map(|since| since.max(self.progress.moved_at()) + WRITE_STALL)
    }

    /// Queues a frame. Never waits when [`Writer::is_free`].
    pub(crate) async fn queue(&mut self, text: String) -> Result<(), Broken> {
        self.mark();
        self.sink.feed(Message::text(text)).await.map_err(|_| Broken)
    }

    /// Notes that the connection itself queued something: the answer to a ping.
    pub(crate) fn mark(&mut self) {
        self.queued_at.get_or_insert_with(Instant::now);
    }

    /// Moves out what waits. May be dropped while it waits, and called again.
    pub(crate) async fn flush(&mut self) -> Result<(), Broken> {
        self.sink.flush().await.map_err(|_| Broken)?;
        self.queued_at = None;
        Ok(())
    }

    /// Says goodbye, as far as that works at once.
    pub(crate) async fn close(mut self) {
        /// Long enough for a frame on a working connection; nobody waits for a broken one.
        const GOODBYE: Duration = Duration::from_secs(1);
        // Whether the server heard it changes nothing here.
        let _ = timeout(GOODBYE, self.sink.close()).await;
    }
}
