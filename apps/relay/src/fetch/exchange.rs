//! One request and its answer, without following anything.

use std::io::Read;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ureq::http::header::{self, HeaderMap};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::{Document, FetchError, Fetched, Validators};

/// What is asked for.
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

/// What came.
pub(super) enum Answer {
    /// The document, or that it is unchanged.
    Fetched(Fetched),
    /// Look there instead.
    Moved(String),
}

/// Asks, and reads at most this many bytes of the answer.
pub(super) fn exchange(
    agent: &Agent,
    request: Request,
    bytes: usize,
    until: Instant,
) -> Result<Answer, FetchError> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(FetchError::TooSlow("for the answer"));
    }
    let mut call = agent.get(request.url.as_str()).config().timeout_global(Some(left)).build();
    if let Some(headers) = call.headers_mut() {
        headers.extend(request.headers);
    }
    let response = call.call()?;
    match response.status() {
        StatusCode::OK => read(response, bytes).map(Fetched::Document).map(Answer::Fetched),
        StatusCode::NOT_MODIFIED => Ok(Answer::Fetched(Fetched::Unchanged)),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => text(response.headers(), &header::LOCATION)
            .map(Answer::Moved)
            .ok_or(FetchError::BadRedirect),
        status => {
            let retry_after = text(response.headers(), &header::RETRY_AFTER)
                .and_then(|value| retry_after(&value, Timestamp::now()));
            Err(FetchError::Status { status: status.as_u16(), retry_after })
        }
    }
}

fn read(response: Response<Body>, bytes: usize) -> Result<Document, FetchError> {
    let headers = response.headers();
    let validators = Validators {
        etag: text(headers, &header::ETAG),
        last_modified: text(headers, &header::LAST_MODIFIED),
    };
    let date_added_last = headers
        .get("X-TAXII-Date-Added-Last")
        .and_then(|value| Some(value.to_str().ok()?.to_owned()));
    // What comes out of decompression is counted, so a small answer cannot unfold without end.
    let most = bytes as u64;
    let mut document = Vec::new();
    let body = response.into_body().into_with_config().limit(u64::MAX).reader();
    body.take(most + 1).read_to_end(&mut document)?;
    if document.len() > bytes {
        return Err(FetchError::TooLarge(bytes));
    }
    Ok(Document { bytes: document, validators, date_added_last })
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// How long a server asks to wait: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Duration::try_from(date.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_to_come() {
        let now: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        let seconds = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" Mon, 05 Jan 2026 08:01:00 GMT"), Some(60));
        assert_eq!(seconds("Mon, 05 Jan 2026 07:00:00 GMT"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-5"), None);
    }
}
