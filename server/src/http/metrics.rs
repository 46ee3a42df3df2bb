//! The page of numbers for Prometheus: `GET /metrics` over plain HTTP on a port of its own, for this machine
//! alone unless the configuration says otherwise.
//!
//! Whoever reaches the port may read it, so nothing in it names anybody. A web page in a browser on this
//! machine could reach it too, under a name that its owner lets point here; so a request must be for an
//! address or for `localhost`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::NOTHING_HERE;
use crate::context::Context;
use crate::metrics::MEDIA_TYPE;
use crate::survey;

/// How many ask at once: a pair of Prometheus servers and a person.
const AT_ONCE: usize = 4;

/// How long a connection may last: Prometheus asks every quarter of a minute and keeps it open.
const LIFE: Duration = Duration::from_mins(10);

/// How long a request may take to be made.
const HEAD: Duration = Duration::from_mins(2);

/// How long accepting pauses when the system has no more file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Answers until it is aborted.
pub async fn listen(listener: TcpListener, context: Arc<Context>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let is_for_all = listener.local_addr().is_ok_and(|local| !local.ip().is_loopback());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let context = Arc::clone(&context);
                tokio::spawn(async move {
                    let _place = place;
                    let _ = timeout(LIFE, serve(stream, &context, is_for_all)).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, context: &Arc<Context>, is_for_all: bool) {
    let answer = |request: Request<Incoming>| async move {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let is_asked_well = request.method() == Method::GET && request.uri().path() == "/metrics";
        if !is_asked_well || !(is_for_all || host.is_none_or(is_this_machine)) {
            return Ok::<_, Infallible>(super::response(NOTHING_HERE, true));
        }
        let asked = Arc::clone(context);
        // It counts files on the disk.
        Ok(match spawn_blocking(move || survey::text(&asked)).await {
            Ok(text) => page(text),
            Err(_) => failed(),
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(super::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // A reader that breaks off has what it wanted.
    let _ = connection.await;
}

/// Whether a `Host` field (RFC 9110 §7.2) is an address or `localhost`, whatever its port.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

fn page(text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

fn failed() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:9464", "localhost:9464", "[::1]:9464", "LocalHost"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["rebound.example", "rebound.example:9464", "localhost.example", "", "a:b"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
