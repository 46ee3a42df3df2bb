//! The operator's channel to the running server: a socket in the WARP's folder, which only the user
//! that the server runs as (and root) may open. One order comes in as a line of JSON, one or more
//! lines go out: that it is under way, then what came of it.
//!
//! ```text
//! warproom-server backup ─▶ ask ─▶ socket ─▶ one of a closed list of orders ─▶ store, keys, certificate
//! ```
//!
//! It is no way in for members: it shows nothing of what is stored and changes no rule. Everything is
//! bounded: connections, the line, the time to send it, and one order at a time. An order that was
//! taken is carried out, whether or not its sender waits for it; when the server stops, a backup is cut
//! short, and the one before it stays whole.

pub mod ask;
mod carry_out;

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use warproom_proto::invitation::Fingerprint;

use crate::store::backup::Taken;

pub use carry_out::{Controlled, Progress};

/// The socket in the WARP's folder.
const SOCKET: &str = "control";

/// How long a path to a socket may be: the system's limit is 104 bytes on some, 108 on Linux.
const PATH_BYTES: usize = 100;

/// Connections at once. An operator has one; more are refused by ending them.
const CONNECTIONS: usize = 4;

/// The longest order: a path of the greatest length that Linux knows, as JSON, and some more.
const LINE_BYTES: u64 = 8 * 1024;

/// The longest time to send an order, or to take a line of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often an order that is under way is said to be.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// What an operator may order: this list and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Order {
    /// Take a backup into a folder.
    Backup {
        /// An absolute path.
        to: PathBuf,
    },
    /// Change the master key.
    RotateMasterKey {},
    /// Make a new server certificate and take it for new connections.
    RotateCertificate {},
    /// Change the authority, and the server's certificate with it.
    RotateAuthority {
        /// Not for one that was made before its turn.
        anew: bool,
    },
}

/// What the server says of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is being carried out.
    UnderWay {
        /// How much was copied so far.
        copied_bytes: u64,
    },
    /// The backup was taken, read back and found whole.
    BackedUp(Taken),
    /// The store has another master key.
    MasterKeyRotated {
        /// How many data keys it wraps.
        data_keys: usize,
    },
    /// New connections get another certificate.
    CertificateRotated {
        /// The hosts it names.
        hosts: Vec<String>,
        /// Until when it is valid, in milliseconds since 1970 UTC.
        expires_at_ms: i64,
    },
    /// New connections get a certificate of another authority.
    AuthorityRotated {
        /// What it is known by.
        authority: Fingerprint,
    },
    /// It was not done; a sentence that says why.
    Refused(String),
}

/// Opens the channel and serves it until `stop` says true; then waits for what is under way.
///
/// The store must be locked by this process: a socket that is there already is then a dead one.
pub fn listen(
    folder: &Path,
    controlled: Arc<Controlled>,
    stop: watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let (_folder, path) = reachable(folder)?;
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(&path)?,
        Ok(_) => return Err(io::Error::from(io::ErrorKind::AlreadyExists)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(tokio::spawn(serve(listener, folder.join(SOCKET), controlled, stop)))
}

/// A path to the socket that is short enough for the system: where the folder's own is too long, it
/// goes by the open folder, which has to stay open meanwhile.
fn reachable(folder: &Path) -> io::Result<(Option<File>, PathBuf)> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= PATH_BYTES {
        return Ok((None, path));
    }
    let open = File::open(folder)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd()));
    Ok((Some(open), path))
}

async fn serve(
    listener: UnixListener,
    path: PathBuf,
    controlled: Arc<Controlled>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                if let (true, Ok(place)) =
                    (is_the_operator(&stream), Arc::clone(&places).try_acquire_owned())
                {
                    let controlled = Arc::clone(&controlled);
                    connections.spawn(async move {
                        converse(stream, &controlled).await;
                        drop(place);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "an operator's connection could not be accepted");
                sleep(UNDER_WAY).await;
            }
        }
    }
    let _ = fs::remove_file(path);
    controlled.stop();
    while connections.join_next().await.is_some() {}
}

/// Whether whoever connects is the user that this process runs as, or root: asked of the system, as
/// the permissions of the socket and its folder may have been widened by mistake.
fn is_the_operator(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let is_own = stream.peer_cred().is_ok_and(|peer| [0, own].contains(&peer.uid()));
    if !is_own {
        tracing::warn!("somebody else than the operator tried to give an order");
    }
    is_own
}

/// Takes one order and answers it.
async fn converse(stream: UnixStream, controlled: &Arc<Controlled>) {
    let (from, mut to) = stream.into_split();
    let mut line = Vec::new();
    let mut from = BufReader::new(from.take(LINE_BYTES));
    let order = match timeout(PATIENCE, from.read_until(b'\n', &mut line)).await {
        Ok(Ok(_)) if line.ends_with(b"\n") => serde_json::from_slice::<Order>(&line).ok(),
        _ => None,
    };
    let Some(order) = order else {
        let refused = Told::Refused("this is not an order that the server knows".to_owned());
        return say(&mut to, &refused).await;
    };
    let working = tokio::task::spawn_blocking({
        let controlled = Arc::clone(controlled);
        move || controlled.carry_out(order)
    });
    tokio::pin!(working);
    let mut ticks = interval(UNDER_WAY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let told = loop {
        tokio::select! {
            done = &mut working => break done,
            _ = ticks.tick() => {
                let copied_bytes = controlled.copied_bytes();
                say(&mut to, &Told::UnderWay { copied_bytes }).await;
            }
        }
    };
    let failed = |_| Told::Refused("it failed inside; the server's log says where".to_owned());
    say(&mut to, &told.unwrap_or_else(failed)).await;
}

/// Says a line. Who does not listen any more misses it.
async fn say(to: &mut (impl tokio::io::AsyncWrite + Unpin), told: &Told) {
    let Ok(mut line) = serde_json::to_vec(told) else { return };
    line.push(b'\n');
    let _ = timeout(PATIENCE, to.write_all(&line)).await;
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_whose_path_is_too_long_for_a_socket_has_one_all_the_same() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("x".repeat(150)).join("y".repeat(150));
        fs::create_dir_all(&folder).unwrap();
        assert!(UnixListener::bind(folder.join(SOCKET)).is_err(), "the path is short enough");
        let (_open, path) = reachable(&folder).unwrap();
        let _listener = UnixListener::bind(path).unwrap();
        assert!(folder.join(SOCKET).exists());
        let (_open, path) = reachable(&folder).unwrap();
        UnixStream::connect(path).unwrap();
    }
}
