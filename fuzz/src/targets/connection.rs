//! The connection as a whole: bytes into a real server in this process, over real TLS; before the
//! upgrade, before sign-in, and after it.
//!
//! What must hold: nothing panics (a panic of any task of the server ends the run), everything that comes
//! back is HTTP or JSON-RPC of the protocol, every request that is understood gets one reply, and
//! somebody else is served all the while.

mod grounds;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use warproom_proto::ErrorCode;
use warproom_proto::rpc::{Incoming, Request};
use warproom_tests::harness::{Heard, Raw, raw_tls};

use super::wire::must;
use grounds::{Grounds, with_grounds};

/// The most frames of one input: enough for a sequence, few enough to try many.
const FRAMES: usize = 16;

/// How long a reply may take: passwords are hashed, also while this machine compiles.
const PATIENCE: Duration = Duration::from_mins(1);

/// The number of the request that ends each input.
const LAST: u64 = u64::MAX;

/// Bytes of somebody who has opened a TLS connection and no more.
pub(super) fn stranger(bytes: &[u8]) {
    with_grounds(async |grounds| {
        let answer = must(exchange(grounds, bytes).await.ok(), "the server takes connections");
        let is_http = answer.is_empty() || answer.starts_with(b"HTTP/1.");
        assert!(is_http, "it answers neither: {:?}", String::from_utf8_lossy(&answer));
        grounds.others_are_served().await;
    });
}

/// Sends bytes and the end of them; what comes back until the server ends the connection, or until
/// nothing comes any more from one that was upgraded.
async fn exchange(grounds: &Grounds, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = raw_tls(grounds.local()).await?;
    // It may have ended the connection before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "a connection whose peer has ended it stays open");
    Ok(answer)
}

/// Frames, one a line, of somebody who is not signed in.
pub(super) fn upgraded(bytes: &[u8]) {
    with_grounds(async |grounds| {
        let mut raw = must(grounds.upgraded().await.ok(), "the server takes connections");
        converse(&mut raw, &grounds.frames(bytes)).await;
        grounds.others_are_served().await;
    });
}

/// Frames, one a line, of a manager who leads a room.
pub(super) fn signed_in(bytes: &[u8]) {
    with_grounds(async |grounds| {
        let mut raw = must(grounds.signed_in().await.ok(), "a manager signs in");
        if converse(&mut raw, &grounds.frames(bytes)).await {
            grounds.keep(raw);
        }
        grounds.others_are_served().await;
    });
}

/// Sends frames and one more request, and reads until its reply: whether the server went along to the
/// end.
async fn converse(raw: &mut Raw, frames: &[String]) -> bool {
    let numbers = frames.iter().filter_map(|frame| Request::read(frame).ok()).map(|frame| frame.id);
    let mut awaited: Vec<u64> = numbers.collect();
    let last = format!(r#"{{"jsonrpc":"2.0","id":{LAST},"method":"no.call"}}"#);
    awaited.push(LAST);
    for frame in frames.iter().take(FRAMES).chain([&last]) {
        if raw.send(frame.clone()).await.is_err() {
            return false;
        }
    }
    let mut unread = frames.len() + 1 - awaited.len();
    while !awaited.is_empty() {
        match timeout(PATIENCE, raw.hear_at_leisure()).await {
            Ok(Ok(Heard::Text(text))) => answered(&text, &mut awaited, &mut unread),
            Ok(Ok(Heard::Closed(code))) => {
                let known = BTreeSet::from([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1013, 4000]);
                assert!(code.is_none_or(|code| known.contains(&code) || code >= 4000), "{code:?}");
                return false;
            }
            Ok(Err(problem)) => panic!("it speaks no WebSocket: {problem:#}"),
            Err(late) => panic!("a request has no reply: {awaited:?}: {late}"),
        }
    }
    true
}

/// Checks a frame of the server, and takes its request off the list.
fn answered(text: &str, awaited: &mut Vec<u64>, unread: &mut usize) {
    let frame: Value = must(serde_json::from_str(text).ok(), "a frame of the server is JSON");
    assert_eq!(frame["jsonrpc"], "2.0", "{text}");
    let has = |name: &str| frame.get(name).is_some();
    match must(Incoming::read(text).ok(), "a frame of the server is read by its client") {
        Incoming::Reply { id: Some(id), result } => {
            let failed = result.is_err_and(|error| error.code == ErrorCode::ServerFault);
            assert!(!failed, "the server failed inside: {text}");
            assert!(has("result") != has("error") && !has("method"), "{text}");
            let at = awaited.iter().position(|awaited| *awaited == id);
            let at = must(at, "a reply is to a request, and the only one");
            awaited.swap_remove(at);
        }
        Incoming::Reply { id: None, result } => {
            assert!(result.is_err() && has("error"), "{text}");
            *unread = must(unread.checked_sub(1), "what could not be read is refused once");
        }
        Incoming::Notice(_) => assert!(has("method") && !has("id"), "{text}"),
        Incoming::UnknownNotice => panic!("a notification that no client knows: {text}"),
    }
}
