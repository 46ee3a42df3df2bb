//! Why a document could not be fetched, in sentences that hold no secret.

use std::io;
use std::time::Duration;

use ureq::Timeout;

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is neither `https` nor on this computer.
    #[error("{0} is not fetched: an address begins with https:// (http:// only on this computer)")]
    NotHttps(String),
    /// The address has a user or password in it.
    #[error("the address has a user or password in it: set them under auth instead")]
    UserInAddress,
    /// A redirect from `https` to something less protected.
    #[error("the server sends us from https to {0}, which is not followed")]
    Downgrade(String),
    /// A redirect to nowhere, or to this computer from outside.
    #[error("the server sends us to an address that is not followed")]
    BadRedirect,
    /// Too many redirects.
    #[error("the server has sent us on more than 5 times")]
    Redirects,
    /// The host has no address.
    #[error("no such host, or the name service does not answer")]
    NoHost,
    /// It took too long.
    #[error("it took too long ({0})")]
    TooSlow(&'static str),
    /// The document is larger than is taken.
    #[error("the document has more than {0} bytes")]
    TooLarge(usize),
    /// The server's certificate, or what it speaks of TLS.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The proxy.
    #[error("the proxy does not let us through: {0}")]
    Proxy(String),
    /// The server said no.
    #[error("the server answers {status}{}", after(*retry_after))]
    Status {
        /// The status (RFC 9110, section 15).
        status: u16,
        /// How long the server asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// What came is not HTTP, or not compressed as it says.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The connection.
    #[error("the connection failed: {0}")]
    Connection(io::Error),
}

impl FetchError {
    /// How long the server asks to wait, if it does.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn after(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs()))
}

impl From<ureq::Error> for FetchError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::HostNotFound => Self::NoHost,
            ureq::Error::Timeout(at) => Self::TooSlow(waiting(at)),
            ureq::Error::Tls(problem) => Self::Tls(problem.to_owned()),
            ureq::Error::Rustls(problem) => Self::Tls(problem.to_string()),
            ureq::Error::ConnectProxyFailed(problem) => Self::Proxy(problem),
            ureq::Error::InvalidProxyUrl => Self::Proxy("its address is none".into()),
            // That is how a handshake fails; its inner words name the certificate's fault.
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                let inner = error.get_ref().map(ToString::to_string);
                Self::Tls(inner.unwrap_or_else(|| "the server speaks another TLS, or none".into()))
            }
            ureq::Error::Io(error) | ureq::Error::Decompress(_, error) => error.into(),
            ureq::Error::ConnectionFailed => Self::Connection(io::ErrorKind::NotConnected.into()),
            // Only kinds whose text cannot hold an address are shown.
            ureq::Error::Protocol(problem) => Self::Unreadable(problem.to_string()),
            ureq::Error::LargeResponseHeader(..) => {
                Self::Unreadable("its headers are too large".into())
            }
            _ => Self::Unreadable("the request failed".into()),
        }
    }
}

impl From<io::Error> for FetchError {
    /// What the library could not say as an error of its own, because it came while a body was read.
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<ureq::Error>() {
            Ok(inner) => return inner.into(),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TooSlow("for the document"),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Unreadable("it is not compressed or secured as it says".into())
            }
            _ => Self::Connection(error),
        }
    }
}

const fn waiting(at: Timeout) -> &'static str {
    match at {
        Timeout::Resolve | Timeout::Connect => "connecting",
        Timeout::RecvBody => "for the document",
        _ => "for the answer",
    }
}
