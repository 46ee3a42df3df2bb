//! The other end of the operator's channel: a command gives an order to the server that runs on a
//! folder, and waits for what comes of it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::{Order, Told, reachable};

/// How long the server may be silent: it says once a second that an order is under way.
const SILENCE: Duration = Duration::from_mins(1);

/// More than any line of an answer has.
const LINE_BYTES: u64 = 64 * 1024;

/// Why an order has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server said no.
    #[error("{0}")]
    Refused(String),
    /// It ended, or says nothing.
    #[error("the server stopped answering; whether the order was carried out, its log says")]
    Silent,
    /// The socket.
    #[error("the running server cannot be reached through {}: {cause}", folder.join(super::SOCKET).display())]
    Io {
        /// The WARP's folder.
        folder: std::path::PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// Gives an order to the server that runs on this folder; none if no server does.
pub fn ask(folder: &Path, order: &Order) -> Result<Option<Told>, AskError> {
    let failed = |cause| AskError::Io { folder: folder.to_owned(), cause };
    let connected = reachable(folder).and_then(|(_folder, path)| UnixStream::connect(path));
    let mut stream = match connected {
        Ok(stream) => stream,
        // A socket that nobody listens on was left by a server that was killed.
        Err(error)
            if [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused]
                .contains(&error.kind()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let send = || {
        stream.set_read_timeout(Some(SILENCE))?;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        stream.write_all(&line)
    };
    let mut send = send;
    send().map_err(failed)?;
    let mut answers = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let read = (&mut answers).take(LINE_BYTES).read_until(b'\n', &mut line);
        let told = read.ok().and_then(|_| serde_json::from_slice(&line).ok());
        match told.ok_or(AskError::Silent)? {
            Told::UnderWay { .. } => {}
            Told::Refused(why) => return Err(AskError::Refused(why)),
            done => return Ok(Some(done)),
        }
    }
}
