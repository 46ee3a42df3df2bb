//! How the connection is, for showing to a person.

use std::time::Duration;

use crate::error::{ConnectError, SignOut};

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Connected and signed in.
    Connected,
    /// The connection was lost and is being made again.
    Reconnecting {
        /// The attempt that comes, or is under way, from 1.
        attempt: u32,
        /// How long the client waits before it.
        wait: Duration,
        /// Why the last connection, or attempt at one, ended.
        trouble: Trouble,
    },
    /// Signed out for good: this client does nothing more.
    SignedOut {
        /// Why.
        reason: SignOut,
    },
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The network or the server is not there, or too slow.
    #[error("the server cannot be reached")]
    Unreachable,
    /// Whoever answered is not this WARP's server: possibly an interception. Tell a person.
    #[error("whoever answers is not this WARP's server: the connection may be intercepted")]
    Untrusted,
    /// The server does not speak this version of the protocol.
    #[error("the server does not speak this version; this client may be too old")]
    Incompatible,
    /// The server said that it cannot serve now.
    #[error("the server cannot serve at the moment")]
    Busy,
    /// The connection ended.
    #[error("the connection ended")]
    Ended,
}

impl From<&ConnectError> for Trouble {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::Address | ConnectError::Unreachable(_) | ConnectError::TooSlow => {
                Self::Unreachable
            }
            ConnectError::Untrusted(_) => Self::Untrusted,
            ConnectError::Incompatible => Self::Incompatible,
            ConnectError::Busy | ConnectError::Refused(_) => Self::Busy,
            ConnectError::Ended => Self::Ended,
        }
    }
}
