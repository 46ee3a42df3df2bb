//! Fetching from a real server: conditions, bounds, redirects, proxies.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use warproom_relay::config::{Place, Source};
use warproom_relay::fetch::{Bounds, Document, FetchError, Fetched, Fetcher, Validators};

use crate::settings::web;
use crate::web::{Reply, Web, proxy};

const SMALL: Bounds =
    Bounds { connect: Duration::from_secs(5), whole: Duration::from_secs(2), bytes: 64 * 1024 };

fn fetch(source: &Source, known: Option<&Validators>) -> Result<Fetched, FetchError> {
    let Place::Web(url) = &source.place else { panic!("a source on the web") };
    let fetcher = Fetcher::with_bounds(source, SMALL).map_err(|error| error.to_string()).unwrap();
    fetcher.fetch(url, "*/*", known)
}

fn document(source: &Source) -> Document {
    match fetch(source, None).unwrap_or_else(|error| panic!("{error}")) {
        Fetched::Document(document) => document,
        Fetched::Unchanged => panic!("nothing was known, so all of it is new"),
    }
}

fn failure(source: &Source) -> FetchError {
    fetch(source, None).err().unwrap()
}

fn feed(web: &Web, path: &str) -> Source {
    crate::settings::web("feed", &web.url(path), "")
}

#[test]
fn a_document_that_is_unchanged_is_not_sent_again() {
    let web = Web::start(|request| {
        let fresh = request.header("if-none-match") == Some("\"7\"")
            && request.header("if-modified-since") == Some("Mon, 05 Jan 2026 08:00:00 GMT");
        if fresh {
            return Reply::new(304);
        }
        Reply::ok("x")
            .header("ETag", "\"7\"")
            .header("Last-Modified", "Mon, 05 Jan 2026 08:00:00 GMT")
    });
    let source = feed(&web, "/");
    let document = document(&source);
    assert_eq!(document.bytes, b"x");
    assert!(matches!(fetch(&source, Some(&document.validators)), Ok(Fetched::Unchanged)));
}

#[test]
fn a_server_that_asks_to_wait_is_heard() {
    let web = Web::start(|_| Reply::new(429).header("Retry-After", "120"));
    let error = failure(&feed(&web, "/?key=secret"));
    assert_eq!(error.retry_after(), Some(Duration::from_mins(2)));
    assert_eq!(error.to_string(), "the server answers 429 and asks to wait 120 s");
}

#[test]
fn a_document_is_bounded_also_when_it_unfolds() {
    let packed = |bytes: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'x'; bytes]).unwrap();
        encoder.finish().unwrap()
    };
    let (bomb, fair) = (packed(50_000_000), packed(60_000));
    assert!(bomb.len() < SMALL.bytes, "the bomb looks small: {}", bomb.len());
    let web = Web::start(move |request| match &*request.target {
        "/plain" => Reply::ok(vec![b'x'; SMALL.bytes + 1]),
        "/bomb" => Reply::ok(bomb.clone()).header("Content-Encoding", "gzip"),
        "/torn" => Reply::ok("not gzip at all").header("Content-Encoding", "gzip"),
        _ => Reply::ok(fair.clone()).header("Content-Encoding", "gzip"),
    });
    assert!(matches!(failure(&feed(&web, "/plain")), FetchError::TooLarge(_)));
    assert!(matches!(failure(&feed(&web, "/bomb")), FetchError::TooLarge(_)));
    assert!(matches!(failure(&feed(&web, "/torn")), FetchError::Unreadable(_)));
    assert_eq!(document(&feed(&web, "/fair")).bytes.len(), 60_000);
}

#[test]
fn a_slow_body_ends_with_the_whole_times_end() {
    let web = Web::start(|_| Reply::ok(vec![b'x'; 1000]).slowly(Duration::from_millis(100)));
    let start = Instant::now();
    let error = failure(&feed(&web, "/"));
    assert!(matches!(error, FetchError::TooSlow(_)), "{error:?}");
    assert!(start.elapsed() < SMALL.whole * 3, "{:?}", start.elapsed());
}

#[test]
fn redirects_are_followed_five_times_and_not_for_ever() {
    let web = Web::start(|request| match request.target.trim_start_matches('/').parse::<u32>() {
        Ok(0) => Reply::ok("there"),
        Ok(left) => Reply::new(302).header("Location", format!("/{}", left - 1)),
        Err(_) => Reply::new(301).header("Location", "/loop"),
    });
    assert_eq!(document(&feed(&web, "/5")).bytes, b"there");
    assert!(matches!(failure(&feed(&web, "/6")), FetchError::Redirects));
    assert!(matches!(failure(&feed(&web, "/loop")), FetchError::Redirects));
}

#[test]
fn a_redirect_to_plain_http_elsewhere_is_refused() {
    let web = Web::start(|_| Reply::new(302).header("Location", "http://feeds.example/feed?key=1"));
    let error = failure(&feed(&web, "/"));
    assert!(
        matches!(&error, FetchError::NotHttps(to) if to == "http://feeds.example/feed"),
        "{error:?}"
    );
    let web = Web::start(|_| Reply::new(302).header("Location", "file:///etc/passwd"));
    assert!(matches!(failure(&feed(&web, "/")), FetchError::NotHttps(_)));
}

#[test]
fn secrets_go_to_the_source_and_not_where_it_redirects_to() {
    let folder = tempfile::tempdir().unwrap();
    let (key, password) = (folder.path().join("key"), folder.path().join("password"));
    std::fs::write(&key, "k-1\n").unwrap();
    std::fs::write(&password, "pa:ss").unwrap();
    let elsewhere = Web::start(|_| Reply::ok("there"));
    let to = elsewhere.url("/feed");
    let home = Web::start(move |_| Reply::new(302).header("Location", to.clone()));
    let lines = format!(
        "headers = {{ X-Key = {{ file = \"{}\" }} }}\nauth = {{ user = \"me\", password = {{ file = \"{}\" }} }}",
        key.display(),
        password.display()
    );
    let source = web("feed", &home.url("/"), &lines);
    assert_eq!(document(&source).bytes, b"there");
    let (first, second) = (&home.asked()[0], &elsewhere.asked()[0]);
    assert_eq!(first.header("x-key"), Some("k-1"));
    assert_eq!(first.header("authorization"), Some("Basic bWU6cGE6c3M="));
    assert_eq!((second.header("x-key"), second.header("authorization")), (None, None));
}

#[test]
fn a_source_is_read_through_its_proxy() {
    let feed = Web::start(|_| Reply::ok("there"));
    let (address, asked) = proxy();
    let source = web("feed", &feed.url("/feed"), &format!("proxy = \"http://me:pw@{address}\""));
    assert_eq!(document(&source).bytes, b"there");
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert!(feed.url("/").contains(&asked[0].target), "{:?}", asked[0].target);
    assert_eq!(asked[0].header("proxy-authorization"), Some("Basic bWU6cHc="));
}

#[test]
fn a_server_that_is_not_there_is_a_failed_connection() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = failure(&web("feed", &format!("http://{free}/"), ""));
    assert!(matches!(error, FetchError::Connection(_)), "{error:?}");
}

#[test]
fn a_server_that_speaks_no_tls_is_no_secure_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // As a web server answers what it takes for a broken request.
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Open until the other side has seen it.
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = failure(&web("feed", &format!("https://localhost:{}/", address.port()), ""));
    assert!(matches!(error, FetchError::Tls(_)), "{error:?}");
}
