//! The bare server: what this project's server is compared with.
//!
//! It takes text frames over the same TLS and the same WebSocket library and sends each to everyone
//! who is connected, its sender too. It reads nothing in them, stores nothing and knows nobody: what
//! is left is the cost of fanning out itself. One task and one bounded queue per connection, a flush
//! per message, as such servers are usually written; or, as the limit of what could be saved, one
//! flush for whatever waits.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use warproom_proto::limits;
use warproom_server::tls::{self, Acceptor, Certificate};

/// As in the server under measurement.
const QUEUE: usize = 256;
const READ_BUFFER_BYTES: usize = 8 * 1024;

/// When written frames are pushed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flush {
    /// After every message.
    Each,
    /// After all that waits.
    Batch,
}

type Everyone = Arc<Mutex<HashMap<u64, mpsc::Sender<Message>>>>;

/// Serves until the process is ended, with the certificate of a WARP.
pub async fn serve(keys: &Path, flush: Flush) -> anyhow::Result<()> {
    let acceptor = tls::acceptor(Certificate::load(keys)?)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    writeln!(std::io::stdout().lock(), "listening on {}", listener.local_addr()?)?;
    let everyone = Everyone::default();
    for number in 0.. {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(attend(stream, acceptor.clone(), everyone.clone(), number, flush));
    }
    Ok(())
}

async fn attend(
    stream: TcpStream,
    acceptor: Acceptor,
    everyone: Everyone,
    number: u64,
    flush: Flush,
) {
    // Whoever breaks off is gone, and that is all there is to say.
    let _ = talk(stream, acceptor, &everyone, number, flush).await;
    lock(&everyone).remove(&number);
}

async fn talk(
    stream: TcpStream,
    acceptor: Acceptor,
    everyone: &Everyone,
    number: u64,
    flush: Flush,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = Box::pin(acceptor.accept(stream)).await?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let upgrade = tokio_tungstenite::accept_hdr_async_with_config(stream, negotiate, Some(config));
    let mut socket = Box::pin(upgrade).await?;
    let (queue, mut queued) = mpsc::channel(QUEUE);
    lock(everyone).insert(number, queue);
    loop {
        tokio::select! {
            message = queued.recv() => {
                let Some(message) = message else { return Ok(()) };
                match flush {
                    Flush::Each => socket.send(message).await?,
                    Flush::Batch => {
                        socket.feed(message).await?;
                        while let Ok(message) = queued.try_recv() {
                            socket.feed(message).await?;
                        }
                        socket.flush().await?;
                    }
                }
            }
            message = socket.next() => {
                let Some(message) = message else { return Ok(()) };
                match message? {
                    // Who does not keep up is dropped with its full queue.
                    Message::Text(text) => lock(everyone).retain(|_, queue| {
                        queue.try_send(Message::Text(text.clone())).is_ok()
                    }),
                    Message::Close(_) => return Err(Error::ConnectionClosed.into()),
                    _ => {}
                }
            }
        }
    }
}

#[expect(
    clippy::result_large_err,
    clippy::unnecessary_wraps,
    reason = "the signature is the library's"
)]
fn negotiate(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let ours = HeaderValue::from_static(limits::SUBPROTOCOL);
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
    Ok(response)
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
