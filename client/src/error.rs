//! What can go wrong, one enum per operation. Each says in a sentence what happened, and by its
//! methods what the caller can do.

use std::io;
use std::time::Duration;

use warproom_proto::text::TextError;
use warproom_proto::{Error, ErrorCode, limits};

use crate::event::Rewritten;

/// Why a connection could not be made or signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address names no host that a certificate could name.
    #[error("the address names no proper host")]
    Address,
    /// The network or the server is not there.
    #[error("the server cannot be reached")]
    Unreachable(#[source] io::Error),
    /// The server took too long.
    #[error("the server did not answer in time")]
    TooSlow,
    /// Whoever answered is not this WARP's server.
    #[error(transparent)]
    Untrusted(#[from] Distrust),
    /// The server takes no more connections at the moment.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// A server answered, but does not speak this version of the protocol.
    #[error("the server does not speak {}; this client may be too old", limits::SUBPROTOCOL)]
    Incompatible,
    /// The connection ended before the answer came.
    #[error("the server ended the connection")]
    Ended,
    /// The server said no.
    #[error(transparent)]
    Refused(Error),
}

impl ConnectError {
    /// Whether these credentials will not do: enrol the device again, or ask for a new token.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        matches!(self, Self::Refused(error) if refuses_sign_in(error))
    }

    /// Whether somebody may be sitting between this computer and the server. Tell a person.
    #[must_use]
    pub const fn may_be_intercepted(&self) -> bool {
        matches!(self, Self::Untrusted(Distrust::OtherAuthority))
    }

    /// Whether the same may succeed later without anyone doing anything here.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        !matches!(self, Self::Address) && !self.requires_sign_in()
    }

    /// How long the server asks to wait, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(error) => retry_after(error),
            _ => None,
        }
    }
}

/// Why whoever answered is not trusted to be this WARP's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Its certificate comes from somewhere else.
    #[error(
        "the server's certificate does not come from this WARP's authority: the connection may be \
         intercepted, or the address is of another WARP"
    )]
    OtherAuthority,
    /// Its certificate names another host.
    #[error("the server's certificate is for another host name")]
    OtherName,
    /// Its certificate has lapsed, or is not valid yet.
    #[error("the server's certificate is out of date, or this computer's clock is wrong")]
    Dates,
    /// Its certificate cannot be checked, or its proof of holding it is wrong.
    #[error("the server's certificate is not valid")]
    Invalid,
}

/// Why an invitation could not be shown or redeemed, or a device not be enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// There was no connection to ask over.
    #[error(transparent)]
    Connect(ConnectError),
    /// The password is too short or too long; nothing was sent.
    #[error(
        "a password has at least {} characters and at most {} bytes",
        limits::PASSWORD_CHARS,
        limits::PASSWORD_BYTES
    )]
    Password,
    /// The server said no.
    #[error(transparent)]
    Refused(Error),
}

impl JoinError {
    /// Whether something that was entered is wrong: the invitation, handle, password or code.
    #[must_use]
    pub fn requires_other_input(&self) -> bool {
        match self {
            Self::Password => true,
            Self::Refused(error) => refuses_sign_in(error) || error.code == ErrorCode::BadParams,
            Self::Connect(_) => false,
        }
    }

    /// How long the server asks to wait, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(error) => retry_after(error),
            Self::Connect(_) | Self::Password => None,
        }
    }
}

impl From<ConnectError> for JoinError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Refused(error) => Self::Refused(error),
            other => Self::Connect(other),
        }
    }
}

/// Why a call has no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server said no.
    #[error(transparent)]
    Refused(Error),
    /// The connection ended before the reply. Whether the call took effect is not known.
    #[error("the connection ended before the reply")]
    Disconnected,
    /// The client is signed out or closed.
    #[error(transparent)]
    SignedOut(#[from] SignOut),
    /// Too many entries wait to be sent. Nothing was kept of this one.
    #[error("too many entries are waiting to be sent")]
    OutboxFull,
    /// The call does not fit into one frame. Nothing was sent.
    #[error("this is too long to send: at most {} bytes", limits::FRAME_BYTES)]
    TooLong,
    /// The text is not one that can be posted. Nothing was sent.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The history of the room, or of the register, does not hold. Nothing was sent, or what came back
    /// is not handed out.
    #[error("this history is not the one seen before; ask your WARP's manager")]
    Rewritten(Rewritten),
    /// The reply is not one that this version of the client can read.
    #[error("the server's reply cannot be read; this client may be too old")]
    Unreadable(#[source] serde_json::Error),
}

impl CallError {
    /// Whether nothing more will work until somebody signs in again.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        match self {
            Self::SignedOut(reason) => reason.requires_sign_in(),
            Self::Refused(error) => error.code == ErrorCode::SignInRequired,
            _ => false,
        }
    }

    /// The server's code, if the server said no.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => Some(error.code),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without anyone doing anything here.
    #[must_use]
    pub const fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Disconnected | Self::OutboxFull => true,
            Self::Refused(error) => matches!(
                error.code,
                ErrorCode::SlowDown
                    | ErrorCode::ServerFault
                    | ErrorCode::StorageFull
                    | ErrorCode::StorageFailed
            ),
            _ => false,
        }
    }

    /// How long the server asks to wait, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(error) => retry_after(error),
            _ => None,
        }
    }
}

/// Why a client is signed out for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignOut {
    /// The server refused these credentials on reconnecting.
    #[error(transparent)]
    Refused(Error),
    /// The server ended the session: removed, revoked or suspended.
    #[error("the server signed this device out; ask your WARP's manager")]
    Revoked,
    /// The application closed the client.
    #[error("the client was closed")]
    Closed,
}

impl SignOut {
    /// Whether nothing more will work until somebody signs in again.
    #[must_use]
    pub const fn requires_sign_in(&self) -> bool {
        !matches!(self, Self::Closed)
    }
}

/// The longest wait that a server may ask for: nobody should be shut out, and nothing held back, for hours
/// by a wrong number.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

/// How long a refusal asks to wait, within what a server may ask for.
pub(crate) fn retry_after(error: &Error) -> Option<Duration> {
    /// When the server names no time.
    const A_WHILE: Duration = Duration::from_secs(1);
    let named = error.data.as_ref().map(|data| Duration::from_millis(data.retry_after_ms));
    let asked = named.or((error.code == ErrorCode::SlowDown).then_some(A_WHILE));
    asked.map(|asked| asked.min(LONGEST_ASKED))
}

/// Whether a refusal is one of the credentials themselves.
pub(crate) fn refuses_sign_in(error: &Error) -> bool {
    matches!(error.code, ErrorCode::SignInRefused | ErrorCode::SignInRequired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_has_anything_wait_for_long() {
        let asked = |ms| retry_after(&Error::slow_down(ms));
        assert_eq!(asked(9_000), Some(Duration::from_secs(9)));
        assert_eq!(asked(u64::MAX), Some(LONGEST_ASKED));
        assert_eq!(retry_after(&ErrorCode::SlowDown.into()), Some(Duration::from_secs(1)));
        assert_eq!(retry_after(&ErrorCode::NotFound.into()), None);
    }
}
