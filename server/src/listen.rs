//! The door: accepts connections within bounds, hands each to a task of its own, and on shutdown
//! waits for all of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::admission::{Admission, Place};
use crate::connection;
use crate::context::Context;
use crate::metrics::Handshake;
use crate::progress::Noting;
use crate::tls::Acceptor;

/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How long a shutdown waits for connections to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// How much the system takes for one connection beyond what is under way, in bytes. Without this it would
/// take megabytes on a line that was fast, and whether the line still moves could not be told from here.
const UNSENT_BYTES: u32 = 128 * 1024;

/// Accepts until `stop` says true, then ends every connection and waits for them.
pub async fn listen(
    listener: TcpListener,
    acceptor: Acceptor,
    context: Arc<Context>,
    mut stop: watch::Receiver<bool>,
) {
    let admission = Admission::new(&context.limits, context.metrics.door.clone());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = admission.admit(peer.ip()) {
                    connections.spawn(greet(
                        stream,
                        peer,
                        acceptor.clone(),
                        context.clone(),
                        (place, stop.clone()),
                    ));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
    drop(listener);
    context.hub.end_all();
    let farewell = async { while connections.join_next().await.is_some() {} };
    if timeout(FAREWELL, farewell).await.is_err() {
        connections.shutdown().await;
    }
}

async fn greet(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Acceptor,
    context: Arc<Context>,
    (place, stop): (Place, watch::Receiver<bool>),
) {
    // Frames are written whole; waiting to fill a segment would only add latency.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
    let limit = Duration::from_millis(context.limits.handshake_ms);
    // Boxed, so that the handshake's memory is given back before the connection settles down.
    let door = &context.metrics.door;
    match timeout(limit, Box::pin(acceptor.accept(Noting::new(stream)))).await {
        Ok(Ok(stream)) => {
            door.handshake(Handshake::Done);
            connection::run(stream, peer.ip().into(), context, place, stop).await;
        }
        Ok(Err(error)) => {
            door.handshake(Handshake::Failed);
            tracing::debug!(%error, "TLS handshake failed");
        }
        Err(_) => {
            door.handshake(Handshake::TooSlow);
            tracing::debug!("TLS handshake took too long");
        }
    }
}
