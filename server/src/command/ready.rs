//! Telling whoever started the server that it serves: systemd, by the socket that it names in the environment
//! (`sd_notify(3)`). Without one nobody waits, and nothing is told.

use std::env;
use std::io;
use std::os::unix::net::UnixDatagram;

/// The variable that names the socket.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Tells that the server listens.
pub fn tell() {
    let Some(path) = env::var_os(SOCKET) else { return };
    let told = UnixDatagram::unbound().and_then(|socket| {
        // Names that are none of the file system's begin with `@`; systemd gives a path.
        if path.to_string_lossy().starts_with('@') {
            return Err(io::Error::from(io::ErrorKind::Unsupported));
        }
        socket.send_to(b"READY=1", &path)
    });
    if let Err(error) = told {
        tracing::error!(%error, "whoever started the server could not be told that it serves");
    }
}
