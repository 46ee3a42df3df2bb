//! Fetching one document over HTTP: conditionally, within bounds of size and time, and never by a way
//! that is less protected than the one it began on.
//!
//! It knows no format and remembers nothing. It blocks, so callers run it on threads of their own.
//! Addresses are shown without user, query and fragment, because those may be secret.

mod address;
mod backoff;
mod exchange;
mod problem;
mod tls;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use ureq::http::header::{self, HeaderMap};
use ureq::http::{HeaderName, HeaderValue};
use ureq::{Agent, Proxy};
use url::Url;
use warproom_client::proto::Secret;

use crate::config::{Place, SecretProblem, Source};
use crate::formats::DOCUMENT_BYTES;

pub use address::{check_address, shown};
pub use backoff::Backoff;
pub use problem::FetchError;

/// What makes a second request for the same document cheap (RFC 9110, section 13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The entity tag, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The time of the last change, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// What came of a request.
pub enum Fetched {
    /// The document is as it was.
    Unchanged,
    /// The document.
    Document(Document),
}

/// A document.
pub struct Document {
    /// Its bytes, decompressed.
    pub bytes: Vec<u8>,
    /// What to ask with next time.
    pub validators: Validators,
    /// The time the last object of a TAXII page was added (TAXII 2.1, section 3.5).
    pub date_added_last: Option<String>,
}

/// The bounds of one request, redirects included.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Until it is connected.
    pub connect: Duration,
    /// Until the last byte is there.
    pub whole: Duration,
    /// The most bytes of a document, decompressed.
    pub bytes: usize,
}

impl Default for Bounds {
    /// A public feed that has not answered in a minute is better asked again later.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), whole: seconds(60), bytes: DOCUMENT_BYTES }
    }
}

/// Fetches the documents of one source.
pub struct Fetcher {
    agent: Agent,
    bounds: Bounds,
    /// Where the source's own headers are sent, and nowhere else.
    home: Option<url::Origin>,
    /// Its headers; they may be secret.
    headers: HeaderMap,
}

/// Why a source cannot be fetched from at all.
#[derive(Debug, thiserror::Error)]
pub enum FetcherProblem {
    /// A secret is not there.
    #[error(transparent)]
    Secret(#[from] SecretProblem),
    /// The configuration names something that cannot be.
    #[error("{0}")]
    Setting(String),
}

impl Fetcher {
    /// For this source, with the usual bounds.
    pub fn new(source: &Source) -> Result<Self, FetcherProblem> {
        Self::with_bounds(source, Bounds::default())
    }

    /// For this source, with other bounds.
    pub fn with_bounds(source: &Source, bounds: Bounds) -> Result<Self, FetcherProblem> {
        let proxy = match &source.proxy {
            Some(proxy) => Some(check_proxy(proxy).map_err(FetcherProblem::Setting)?),
            None => Proxy::try_from_env(),
        };
        let config = Agent::config_builder()
            .tls_config(tls::config())
            .proxy(proxy)
            .http_status_as_error(false)
            // Followed here instead, where each step is looked at.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("warproom-relay/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(bounds.connect));
        let home = match &source.place {
            Place::Web(url) => Some(url.origin()),
            Place::Folder(_) => None,
        };
        let headers = headers(source)?;
        Ok(Self { agent: config.build().new_agent(), bounds, home, headers })
    }

    /// Fetches a document, unless it is as these validators say.
    pub fn fetch(
        &self,
        url: &Url,
        accept: &str,
        known: Option<&Validators>,
    ) -> Result<Fetched, FetchError> {
        /// A feed that has moved twice is common, one that has moved six times is a loop.
        const REDIRECTS: usize = 5;
        let until = Instant::now() + self.bounds.whole;
        let mut url = url.clone();
        check_address(&url)?;
        for _ in 0..=REDIRECTS {
            let request = self.request(&url, accept, known);
            match exchange::exchange(&self.agent, request, self.bounds.bytes, until)? {
                exchange::Answer::Fetched(fetched) => return Ok(fetched),
                exchange::Answer::Moved(to) => url = address::follow(&url, &to)?,
            }
        }
        Err(FetchError::Redirects)
    }

    fn request(&self, url: &Url, accept: &str, known: Option<&Validators>) -> exchange::Request {
        let mut headers = HeaderMap::new();
        if self.home.as_ref() == Some(&url.origin()) {
            headers.clone_from(&self.headers);
        }
        let mut set = |name: HeaderName, value: Option<&str>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        };
        set(header::ACCEPT, Some(accept));
        set(header::IF_NONE_MATCH, known.and_then(|known| known.etag.as_deref()));
        set(header::IF_MODIFIED_SINCE, known.and_then(|known| known.last_modified.as_deref()));
        exchange::Request { url: url.clone(), headers }
    }
}

/// Whether a header may be set by the configuration: a proper name, and none that HTTP itself needs.
pub fn check_header(name: &str) -> Result<HeaderName, String> {
    const RESERVED: [HeaderName; 7] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::ACCEPT_ENCODING,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
    ];
    let header: HeaderName =
        // What is written there may be the value too, so it is not repeated.
        name.parse().map_err(|_| {
            "headers has what is not the name of a header: write headers = { X-Key = { env = \
             \"NAME\" } }, with the value in the environment or a file"
                .to_owned()
        })?;
    if RESERVED.contains(&header) {
        Err(format!("the header {name} is set by the relay itself"))
    } else {
        Ok(header)
    }
}

/// Reads a proxy's address. The sentence does not repeat it: it may have a password in it.
pub fn check_proxy(proxy: &str) -> Result<Proxy, String> {
    Proxy::new(proxy)
        .map_err(|_| "its proxy is not an address as \"http://proxy.example:3128\"".to_owned())
}

/// The headers a source is asked with.
fn headers(source: &Source) -> Result<HeaderMap, FetcherProblem> {
    let mut headers = HeaderMap::new();
    let mut named = BTreeMap::new();
    for (name, value) in &source.headers {
        named.insert(
            check_header(name).map_err(FetcherProblem::Setting)?.to_string(),
            value.read()?,
        );
    }
    if let Some(auth) = &source.auth {
        named.insert(header::AUTHORIZATION.to_string(), basic(&auth.user, &auth.password.read()?));
    }
    for (name, value) in named {
        let bad = || FetcherProblem::Setting(format!("what is set for the header {name} is none"));
        let header: HeaderName = name.parse().map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Basic authentication (RFC 7617).
fn basic(user: &str, password: &Secret) -> Secret {
    let pair = format!("{user}:{}", password.expose());
    format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes())).into()
}
