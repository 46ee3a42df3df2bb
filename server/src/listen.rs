//! The door: accepts connections within bounds, hands each to a task of its own, and on shutdown
//! waits for all of them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::Limits;
use crate::connection;
use crate::context::Context;
use crate::identity::Source;
use crate::tls::Acceptor;

/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How long a shutdown waits for connections to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// Accepts until `stop` says true, then ends every connection and waits for them.
pub async fn listen(
    listener: TcpListener,
    acceptor: Acceptor,
    context: Arc<Context>,
    mut stop: watch::Receiver<bool>,
) {
    let strangers = Strangers::new(&context.limits);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(stranger) = strangers.admit(peer.ip()) {
                    connections.spawn(greet(
                        stream,
                        peer,
                        acceptor.clone(),
                        context.clone(),
                        stranger,
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
    stranger: Stranger,
) {
    // Frames are written whole; waiting to fill a segment would only add latency.
    let _ = stream.set_nodelay(true);
    let limit = Duration::from_millis(context.limits.handshake_ms);
    // Boxed, so that the handshake's memory is given back before the connection settles down.
    match timeout(limit, Box::pin(acceptor.accept(stream))).await {
        Ok(Ok(stream)) => connection::run(stream, peer.ip().into(), context, stranger).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

/// Those who are not signed in: so many in all, so many from one source.
struct Strangers {
    most: usize,
    most_per_source: usize,
    present: Arc<Mutex<Present>>,
}

#[derive(Default)]
struct Present {
    all: usize,
    by_source: HashMap<Source, usize>,
}

impl Strangers {
    fn new(limits: &Limits) -> Self {
        Self {
            most: limits.strangers,
            most_per_source: limits.strangers_per_source,
            present: Arc::default(),
        }
    }

    fn admit(&self, address: IpAddr) -> Option<Stranger> {
        let source = Source::from(address);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let here = present.by_source.get(&source).copied().unwrap_or(0);
        if present.all >= self.most || here >= self.most_per_source {
            drop(present);
            tracing::debug!("a connection was refused: too many that are not signed in");
            return None;
        }
        present.all += 1;
        present.by_source.insert(source, here + 1);
        Some(Stranger { source, present: self.present.clone() })
    }
}

/// A connection's place among those not signed in; dropped at sign-in or at the end.
pub struct Stranger {
    source: Source,
    present: Arc<Mutex<Present>>,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.all -= 1;
        if let Some(here) = present.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                present.by_source.remove(&self.source);
            }
        }
    }
}
