//! HTTP on the one TLS port: the upgrade to WebSocket at `/`, webhooks, and two questions that anyone may
//! ask: whether the server is alive, and whether it is ready. Anything else is not there.
//!
//! Only this module names hyper, which reads one request after another (HTTP/1.1 and 1.0; HTTP/2 is
//! never agreed on, since TLS offers no protocol). Every step has a bound: the head of a request its
//! time, size and number of fields, the body its time and size, the connection its requests and its
//! life. After an upgrade hyper is gone, with its buffers: the bare stream goes on as a WebSocket.

pub mod metrics;

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;
use warproom_proto::{Secret, limits};

use crate::context::Context;
use crate::hooks::{self, Answer};
use crate::readiness;
use crate::tls::Stream;
use crate::transport::{self, Socket};

/// The largest head of a request: what the frames of a stranger may have, too.
const HEAD_BYTES: usize = 16 * 1024;

/// The most fields in a head. A browser sends some twenty.
const HEAD_FIELDS: usize = 64;

/// How long a body may take. It is a hundred kilobytes at most, which a modem sends in that time.
const BODY: Duration = Duration::from_secs(10);

/// How many requests one connection may make: enough for a burst of alerts, and then it comes again,
/// so that it does not keep its place for ever.
const REQUESTS: u32 = 32;

/// How long one connection may make requests, whatever it does.
const LIFE: Duration = Duration::from_mins(2);

/// How long and how much is still read of what a peer sends that has had its answer. Closing at once
/// would make the system throw the answer away (RFC 9112 §9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

/// Serves a connection until it is upgraded to a WebSocket, which it returns, or ends. Each head may
/// take as long as `head` says, the pause before it included.
pub async fn serve(
    stream: Stream,
    context: &Arc<Context>,
    head: Duration,
    stop: watch::Receiver<bool>,
) -> Option<Socket<Stream>> {
    let door = Door { context, requests: AtomicU32::new(0), upgraded: AtomicBool::new(false) };
    let service = service_fn(|request| Box::pin(door.answer(request)));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let served = async {
        let asked_to_stop = stopping(stop);
        tokio::pin!(asked_to_stop);
        let mut stops = false;
        loop {
            tokio::select! {
                ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
                () = &mut asked_to_stop, if !stops => {
                    // What is being answered is still answered.
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                    stops = true;
                }
            }
        }
    };
    match timeout(LIFE, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "HTTP ended"),
        Err(_) => tracing::debug!("HTTP took too long"),
    }
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    if door.upgraded.load(Ordering::Relaxed) {
        return Some(Socket::upgraded(stream, &parts.read_buf).await);
    }
    linger(stream).await;
    None
}

async fn stopping(mut stop: watch::Receiver<bool>) {
    // Nobody left to say so is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ends a connection in a way that its peer gets to read the answer.
async fn linger(mut stream: Stream) {
    let reading = async {
        stream.shutdown().await?;
        let mut left = [0; 4 * 1024];
        let mut read = 0;
        while read < LINGER_BYTES {
            match stream.read(&mut left).await? {
                0 => break,
                more => read += more,
            }
        }
        std::io::Result::Ok(())
    };
    // Gone, broken or still talking: it ends all the same.
    let _ = timeout(LINGER, reading).await;
}

/// What answers the requests of one connection.
struct Door<'a> {
    context: &'a Arc<Context>,
    requests: AtomicU32,
    upgraded: AtomicBool,
}

/// Whether a connection may make another request.
enum Then {
    Stay,
    Close,
}

impl Door<'_> {
    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        // A body without a stated length, or with two, ends the connection behind it: nothing can be
        // smuggled in after it (RFC 9112 §6.1).
        let is_last = self.requests.fetch_add(1, Ordering::Relaxed) + 1 >= REQUESTS
            || request.headers().contains_key(TRANSFER_ENCODING);
        let (answer, then) = match *request.method() {
            Method::GET => match request.uri().path() {
                "/" => return Ok(self.upgrade(&request)),
                "/health" => (YES, Then::Stay),
                "/ready" if readiness::is_ready(self.context) => (YES, Then::Stay),
                "/ready" => (NO, Then::Stay),
                _ => (NOTHING_HERE, Then::Close),
            },
            Method::POST => match secret(request.uri().path()) {
                Some(secret) => {
                    let (answer, then) = self.hook(&secret, request).await;
                    self.context.metrics.webhook(&answer);
                    (answer, then)
                }
                None => (NOTHING_HERE, Then::Close),
            },
            _ => (NOTHING_HERE, Then::Close),
        };
        Ok(response(answer, matches!(then, Then::Close) || is_last))
    }

    fn upgrade(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        match transport::upgrade(request) {
            Ok(response) => {
                self.upgraded.store(true, Ordering::Relaxed);
                response.map(|()| Full::default())
            }
            Err(sentence) => response(Answer::sentence(400, sentence), true),
        }
    }

    /// The secret is asked before the body, since a stranger's is not read, and again behind it: it
    /// may have been replaced, or have ended, while the body was on its way.
    async fn hook(&self, secret: &Secret, request: Request<Incoming>) -> (Answer, Then) {
        let wrong = (Answer::INVALID_TOKEN, Then::Close);
        if hooks::bot(self.context, secret).is_none() {
            return wrong;
        }
        let body = match body(request).await {
            Ok(body) => body,
            Err(refusal) => return (refusal, Then::Close),
        };
        match hooks::bot(self.context, secret) {
            Some(bot) => (hooks::receive(self.context, &bot, &body).await, Then::Stay),
            None => wrong,
        }
    }
}

/// Alive, or ready. A stranger is told no more.
const YES: Answer = Answer { status: 200, text: Cow::Borrowed("yes\n"), retry_after_s: None };
/// Not ready.
const NO: Answer = Answer { status: 503, text: Cow::Borrowed("no\n"), retry_after_s: None };

const NOTHING_HERE: Answer = Answer {
    status: 404,
    text: Cow::Borrowed("There is nothing at this path.\n"),
    retry_after_s: None,
};

/// The secret in a webhook's path: its last part. Slack's clients know paths of three parts behind
/// `/services`, and some of Mattermost's put parts of their own before it.
fn secret(path: &str) -> Option<Secret> {
    let parts: Vec<_> = path.strip_prefix('/')?.split('/').collect();
    let (["hooks", secret] | ["hooks" | "services", _, _, secret]) = *parts else { return None };
    Some(secret.to_owned().into())
}

/// The whole body, within its bounds.
async fn body(request: Request<Incoming>) -> Result<Bytes, Answer> {
    let too_large = || {
        let kib = limits::HOOK_BYTES / 1024;
        Answer::sentence(413, format!("a webhook's message has {kib} KiB at most"))
    };
    let body = request.into_body();
    if body.size_hint().lower() > limits::HOOK_BYTES as u64 {
        return Err(too_large());
    }
    match timeout(BODY, Limited::new(body, limits::HOOK_BYTES).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Answer::sentence(400, "the message did not arrive whole")),
        Err(_) => Err(Answer::sentence(408, "the message took too long to arrive")),
    }
}

fn response(answer: Answer, closes: bool) -> Response<Full<Bytes>> {
    let text = answer.text.into_owned();
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Some(seconds) = answer.retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_the_last_part_of_a_path_that_clients_use() {
        for path in ["/hooks/s", "/hooks/a/b/s", "/services/a/b/s"] {
            assert_eq!(secret(path).unwrap().expose(), "s", "{path}");
        }
        for path in
            ["/", "/hooks", "/services/s", "/hooks/a/s", "/hooks/a/b/c/s", "/x/hooks/s", "hooks/s"]
        {
            assert!(secret(path).is_none(), "{path}");
        }
    }
}
