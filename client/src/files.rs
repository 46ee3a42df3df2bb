//! Files: up from a file on disk, down to a new one, both checked against the hash that the entry
//! carries.
//!
//! What it is: parts over ordinary calls, a few at a time, each made again after a lost connection or
//! when the server asks to slow down. Up, it asks first what is there already, so that a transfer
//! that was cut off, or a program that was killed, goes on where it stood. Down, the bytes go to a
//! file of another name beside the place they are for, and take their name only when all of it is
//! there and is what the entry says. What it is not: nothing is opened, unpacked or run, and no
//! declared type decides anything.

mod down;
mod up;

use std::io;
use std::time::Duration;

use tokio::time::sleep;
use warproom_proto::calls::Call;
use warproom_proto::{ErrorCode, FileName};

use crate::client::Client;
use crate::error::CallError;
use crate::state::State;

pub use up::{Upload, Uploaded};

/// How many parts are on their way at once: enough to fill a line, as many as a server works on.
const AT_ONCE: usize = 4;

/// How often one part is tried: through a restart of the server, and through as many refusals for
/// speed as a slow allowance gives. Beyond it something else is wrong.
const TRIES: u32 = 100;

/// The wait before a part is tried again where the server names none: it is not known at once that
/// a connection is gone.
const AGAIN: Duration = Duration::from_millis(50);

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is there, with what was there already.
    pub done_bytes: u64,
    /// How long it is.
    pub size_bytes: u64,
}

/// Why a file did not come up or down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A call was refused, or there is no connection any more.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A file on this computer could not be read or written.
    #[error("{0}")]
    Disk(#[from] io::Error),
    /// It is no file that can be read twice: a folder, a pipe, a device.
    #[error("this is not a file")]
    NotAFile,
    /// The file on this computer changed while it was read.
    #[error("the file changed while it was sent")]
    Changed,
    /// What came is not what the entry says. Nothing was kept.
    #[error("what came is not the file that the entry names; nothing was kept")]
    OtherFile,
    /// There are as many files of this name already as are counted.
    #[error("there are too many files called {0} already")]
    TooMany(FileName),
}

impl TransferError {
    /// The server's code, if the server said no.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Call(error) => error.code(),
            _ => None,
        }
    }
}

impl Client {
    /// Makes a call that may be made again: after a lost connection, and when the server asks to slow
    /// down.
    pub(crate) async fn insist<C: Call + Clone>(&self, call: &C) -> Result<C::Reply, CallError> {
        let mut tries = 1;
        loop {
            match self.call(call.clone()).await {
                Err(error @ (CallError::Disconnected | CallError::Refused(_)))
                    if tries < TRIES && may_be_made_again(&error) =>
                {
                    tries += 1;
                    self.until_connected().await;
                    sleep(error.retry_after().unwrap_or(AGAIN)).await;
                }
                reply => return reply,
            }
        }
    }

    /// Waits while there is no connection.
    async fn until_connected(&self) {
        let mut state = self.state();
        // An error means that the worker is gone: the next call says so.
        let _ = state.wait_for(|state| !matches!(state, State::Reconnecting { .. })).await;
    }
}

fn may_be_made_again(error: &CallError) -> bool {
    matches!(error, CallError::Disconnected) || error.code() == Some(ErrorCode::SlowDown)
}

/// Work on a file of this computer, where it may wait for the disk.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(io::Error::other("reading or writing was broken off").into()))
}
