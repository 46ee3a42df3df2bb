//! The network between one council and the server: a door on loopback that passes bytes on, from a source
//! address of the council's own, and that can be cut or made slow.
//!
//! It knows nothing of TLS: what it passes is what client and server say to each other. Its sockets have
//! small buffers, so that a line that is slow here is soon a reader that is slow there.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What the system keeps for us unread, at the least.
const BUFFER_BYTES: u32 = 16 * 1024;

/// What is passed on at a time.
const STEP_BYTES: usize = 16 * 1024;

/// A council's line to the server.
pub struct Line {
    /// The port at which its people reach the server.
    pub port: u16,
    pipes: Arc<Pipes>,
}

#[derive(Default)]
struct Pipes {
    open: Mutex<BTreeMap<u64, watch::Sender<Flow>>>,
    next: AtomicU64,
    ended_while_slow: AtomicU64,
}

/// How one connection flows from the server to the council.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Open,
    SlowUntil(Instant),
    Cut,
}

impl Line {
    /// A line to a server, whose connections come from this address.
    pub async fn open(server: SocketAddr, source: Ipv4Addr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (port, pipes) = (listener.local_addr()?.port(), Arc::<Pipes>::default());
        let here = pipes.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(here.clone().pass(near, server, source));
            }
        });
        Ok(Self { port, pipes })
    }

    /// Cuts every connection at once; how many those were.
    pub fn cut(&self) -> usize {
        let open = self.pipes.lock();
        open.values().for_each(|flow| flow.send_modify(|flow| *flow = Flow::Cut));
        open.len()
    }

    /// Reads nothing from the server for so long; on how many connections.
    pub fn slow_down(&self, lasting: Duration) -> usize {
        let (open, until) = (self.pipes.lock(), Instant::now() + lasting);
        open.values().for_each(|flow| flow.send_modify(|flow| *flow = Flow::SlowUntil(until)));
        open.len()
    }

    /// How many connections the server ended while they were slow.
    pub fn ended_while_slow(&self) -> u64 {
        self.pipes.ended_while_slow.load(Ordering::Relaxed)
    }
}

impl Pipes {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, watch::Sender<Flow>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection, from end to end.
    async fn pass(self: Arc<Self>, near: TcpStream, server: SocketAddr, source: Ipv4Addr) {
        // Where there is no server, the client finds its connection ended, as behind a real router.
        let Ok(far) = connect(server, source).await else { return };
        let (number, (flow, flows)) =
            (self.next.fetch_add(1, Ordering::Relaxed), watch::channel(Flow::Open));
        self.lock().insert(number, flow);
        let ((mut near_in, near_out), (far_in, mut far_out)) =
            (near.into_split(), far.into_split());
        let server_ended = tokio::select! {
            server_ended = down(far_in, near_out, flows.clone()) => server_ended,
            copied = copy(&mut near_in, &mut far_out) => copied.is_err(),
        };
        self.lock().remove(&number);
        let was_slow = server_ended && was_slow_lately(*flows.borrow());
        self.ended_while_slow.fetch_add(u64::from(was_slow), Ordering::Relaxed);
    }
}

fn was_slow_lately(flow: Flow) -> bool {
    /// What was said before it was slow is still to be read before its end is seen.
    const LATELY: Duration = Duration::from_secs(5);
    matches!(flow, Flow::SlowUntil(until) if Instant::now() < until + LATELY)
}

async fn connect(server: SocketAddr, source: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(BUFFER_BYTES)?;
    socket.bind((source, 0).into())?;
    let far = socket.connect(server).await?;
    far.set_nodelay(true)?;
    Ok(far)
}

/// Passes on what the server says; whether it was the server that ended it.
async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut flows: watch::Receiver<Flow>,
) -> bool {
    let mut bytes = vec![0; STEP_BYTES];
    loop {
        let until = match *flows.borrow_and_update() {
            Flow::Cut => return false,
            Flow::SlowUntil(until) => Some(until).filter(|until| Instant::now() < *until),
            Flow::Open => None,
        };
        tokio::select! {
            biased;
            _ = flows.changed() => {}
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            read = from.read(&mut bytes), if until.is_none() => match read {
                Ok(0) | Err(_) => return true,
                Ok(count) => if to.write_all(&bytes[..count]).await.is_err() {
                    return false;
                },
            },
        }
    }
}
