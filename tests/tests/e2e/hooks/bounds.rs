//! The bounds of HTTP: slow, large and lying requests end themselves and nobody else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use warproom_proto::limits;
use warproom_tests::harness::{DEADLINE, Warp, eventually};
use warproom_tests::wire::{TEXT, Wire, authority, frame, tls_config};

use super::{Hooked, ok};

const JSON: &str = "application/json";

#[tokio::test]
async fn heads_and_bodies_above_their_bounds_are_refused() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let path = format!("/hooks/{}", hooked.secret);
    let start = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n");
    let fields = |number: usize| "X-Filler: y\r\n".repeat(number);
    for (head, status) in [
        (format!("{start}X-Filler: {}\r\n\r\n", "y".repeat(20_000)), 431),
        (format!("{start}{}\r\n", fields(80)), 431),
        (format!("POST {path}{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)), 414),
        (format!("{start}Content-Length: {}\r\n\r\n", limits::HOOK_BYTES + 1), 413),
        (format!("{start}Content-Length: 9223372036854775808\r\n\r\n"), 413),
        (format!("{start}Content-Length: 99999999999999999999\r\n\r\n"), 400),
        (format!("{start}Content-Length: -1\r\n\r\n"), 400),
        (format!("{start}Content-Length: +1\r\n\r\n"), 400),
        (format!("{start}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400),
        (format!("{start}Transfer-Encoding: gzip\r\n\r\n"), 400),
        (format!("{start}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400),
        ("POST /hooks/x HTTP/9.9\r\n\r\n".to_owned(), 400),
    ] {
        let mut requests = hooked.requests().await?;
        // The server may close before it has read all of it.
        let _ = requests.send(head.as_bytes()).await;
        let shown = head.chars().take(140).collect::<String>().replace(&hooked.secret, "…");
        let reply = requests.reply().await.with_context(|| shown.clone())?;
        let expected = status == reply.status || status == 414 && reply.status == 431;
        ensure!(expected, "{shown}: {reply:?}");
        requests.end().await.with_context(|| shown)?;
    }
    // In parts, none of which says how large the whole is.
    let mut requests = hooked.requests().await?;
    requests.send(format!("{start}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await?;
    let part = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..7 {
        // The server may have answered already.
        let _ = requests.send(part.as_bytes()).await;
    }
    let reply = requests.reply().await?;
    ensure!(reply.status == 413, "{reply:?}");
    requests.end().await?;
    // The largest there may be is taken; so is a body in parts.
    let mut largest = json!({"text": "large"}).to_string();
    largest.push_str(&" ".repeat(limits::HOOK_BYTES - largest.len()));
    ok(&hooked.requests().await?.post(&path, JSON, largest.as_bytes()).await?)?;
    hooked.next().await?;
    let mut requests = hooked.requests().await?;
    let body = "6\r\n{\"text\r\n9\r\n\":\"part\"}\r\n0\r\n\r\n";
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n";
    for lengths in ["Transfer-Encoding: chunked\r\n", both] {
        let request = format!("{start}{lengths}\r\n{body}");
        requests.send(request.as_bytes()).await?;
        let reply = requests.reply().await?;
        ok(&reply)?;
        ensure!(reply.field("connection") == Some("close"), "{}", reply.head);
        hooked.next().await?;
        requests.end().await?;
        requests = hooked.requests().await?;
    }
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let head = format!(
        "POST /hooks/{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{{",
        hooked.secret
    );
    let mut requests = hooked.requests().await?;
    requests.send(head.as_bytes()).await?;
    let began = Instant::now();
    let reply = requests.reply().await?;
    let took = began.elapsed().as_secs();
    ensure!(reply.status == 408 && (9..20).contains(&took), "after {took} s: {reply:?}");
    requests.end().await?;

    // One that ends before it is whole posts nothing.
    let mut requests = hooked.requests().await?;
    requests.send(head.as_bytes()).await?;
    drop(requests);
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_connection_that_brings_webhooks_is_kept_for_a_few_and_not_while_it_idles()
-> anyhow::Result<()> {
    let builder = Warp::builder().env("WARPROOM_SERVER_LIMITS__HANDSHAKE_MS", 1_500);
    let hooked = Hooked::build(builder).await?;
    let path = format!("/hooks/{}", hooked.secret);
    let mut requests = hooked.requests().await?;
    let mut made = 0;
    loop {
        let reply = requests.post(&path, JSON, b"{\"text\":\"again\"}").await?;
        ok(&reply)?;
        made += 1;
        if reply.field("connection") == Some("close") {
            break;
        }
    }
    ensure!((2..=64).contains(&made), "{made} requests");
    requests.end().await?;

    let mut idle = hooked.requests().await?;
    ok(&idle.post(&path, JSON, b"{\"text\":\"and then\"}").await?)?;
    let began = Instant::now();
    idle.end().await?;
    let took = began.elapsed().as_millis();
    ensure!((1_300..10_000).contains(&took), "ended after {took} ms");

    // A head byte by byte is no way to stay.
    let mut dripping = hooked.requests().await?;
    let head = format!("POST {path} HTTP/1.1\r\n{}", "X-Drip: drop\r\n".repeat(1_000));
    let mut bytes = head.bytes();
    let ended = eventually(DEADLINE, async || {
        let byte = bytes.next()?;
        dripping.send(&[byte]).await.err().map(drop)
    });
    ended.await.context("dripping goes on")
}

#[tokio::test]
async fn what_cannot_be_read_is_taken_off_the_rate_too() -> anyhow::Result<()> {
    let mut hooked = Hooked::granted(Warp::builder(), 12, 86_400_000).await?;
    let path = format!("/hooks/{}", hooked.secret);
    let unreadable = [&b"{"[..], b"{}", b"{\"headline\":\"\"}", b"{\"text\":\"TLP:RED\"}", b"\xff"];
    for body in unreadable {
        let reply = hooked.requests().await?.post(&path, JSON, body).await?;
        ensure!(matches!(reply.status, 400 | 403), "{reply:?}");
    }
    // Not read any more, but told so in words that its sender follows.
    for (body, status) in
        [(&b"{"[..], 429), (b"{\"text\":\"a\"}", 429), (b"{\"groupKey\":5,\"alerts\":[", 503)]
    {
        let reply = hooked.requests().await?.post(&path, JSON, body).await?;
        ensure!(reply.status == status, "{reply:?}");
        let wait: u64 = reply.field("retry-after").context("no Retry-After")?.parse()?;
        ensure!((1..=5).contains(&wait), "{wait} s");
    }
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn webhooks_are_strangers_all_the_time() -> anyhow::Result<()> {
    let builder = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__STRANGERS_PER_SOURCE", 3)
        .env("WARPROOM_SERVER_LIMITS__HANDSHAKE_MS", 20_000);
    let hooked = Hooked::build(builder).await?;
    let path = format!("/hooks/{}", hooked.secret);
    let mut all = Vec::new();
    eventually(DEADLINE, async || {
        // The connections of joining may still be on their way out.
        let mut requests = hooked.requests().await.ok()?;
        requests.post(&path, JSON, b"{\"text\":\"a\"}").await.ok()?;
        all.push(requests);
        (all.len() == 3).then_some(())
    })
    .await?;
    ensure!(hooked.requests().await.is_err(), "a fourth stranger is let in");
    drop(all.pop());
    let next = eventually(DEADLINE, async || hooked.requests().await.ok()).await?;
    drop(next);
    Ok(())
}

#[tokio::test]
async fn who_asks_before_sending_is_told_to_go_on_or_not() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let head = |secret: &str, length: usize| {
        format!(
            "POST /hooks/{secret} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
             Content-Length: {length}\r\n\r\n"
        )
    };
    let body = b"{\"text\":\"asked first\"}";
    let mut requests = hooked.requests().await?;
    requests.send(head(&hooked.secret, body.len()).as_bytes()).await?;
    ensure!(requests.reply().await?.status == 100);
    requests.send(body).await?;
    ok(&requests.reply().await?)?;
    hooked.next().await?;
    for (head, status) in [(head("wrong", 20), 403), (head(&hooked.secret, 200_000), 413)] {
        let mut requests = hooked.requests().await?;
        requests.send(head.as_bytes()).await?;
        let reply = requests.reply().await?;
        ensure!(reply.status == status, "{reply:?}");
        requests.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn there_is_nothing_at_any_other_path() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    let secret = &hooked.secret;
    for request in [
        "GET /hooks HTTP/1.1".to_owned(),
        format!("GET /hooks/{secret} HTTP/1.1"),
        format!("PUT /hooks/{secret} HTTP/1.1"),
        format!("OPTIONS /hooks/{secret} HTTP/1.1"),
        format!("POST /hooks/{secret}/ HTTP/1.1"),
        format!("POST /hooks/a/{secret} HTTP/1.1"),
        format!("POST /HOOKS/{secret} HTTP/1.1"),
        "POST / HTTP/1.1".to_owned(),
        "POST /metrics HTTP/1.1".to_owned(),
        "GET /../etc/passwd HTTP/1.1".to_owned(),
    ] {
        let mut requests = hooked.requests().await?;
        requests.send(format!("{request}\r\nHost: localhost\r\n\r\n").as_bytes()).await?;
        let reply = requests.reply().await?;
        let nothing = (404, "There is nothing at this path.\n");
        ensure!((reply.status, &*reply.text) == nothing, "{request}: {reply:?}");
        ensure!(!reply.head.contains(secret.as_str()), "the secret comes back");
        requests.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_plain_get_is_told_what_is_spoken_here() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    let mut requests = hooked.requests().await?;
    requests.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    let reply = requests.reply().await?;
    ensure!(reply.status == 400 && reply.text.contains(limits::SUBPROTOCOL), "{reply:?}");
    requests.end().await
}

#[tokio::test]
async fn what_comes_right_behind_an_upgrade_is_not_lost() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    let mut wire = Wire::tls(&hooked.warp.local().to_string(), &authority(&hooked.warp)).await?;
    let request = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"room.list\"}";
    let upgrade = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {}\r\n\r\n",
        limits::SUBPROTOCOL
    );
    let both = [upgrade.as_bytes(), &frame(TEXT, request)].concat();
    wire.send_bytes(&both).await?;
    let mut received = Vec::new();
    let answered = async {
        while !String::from_utf8_lossy(&received).contains("sign in first") {
            if wire.stream.read_buf(&mut received).await? == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    tokio::time::timeout(DEADLINE, answered).await.context("no answer")??;
    let received = String::from_utf8_lossy(&received);
    ensure!(received.starts_with("HTTP/1.1 101 "), "{received}");
    ensure!(received.contains("\"id\":1") && received.contains("sign in first"), "{received}");
    Ok(())
}

#[tokio::test]
async fn no_other_protocol_is_agreed_on() -> anyhow::Result<()> {
    let hooked = Hooked::start().await?;
    let mut config = tls_config(&authority(&hooked.warp))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tcp = tokio::net::TcpStream::connect(hooked.warp.local()).await?;
    let mut wire = Wire::tls_over(tcp, config).await?;
    ensure!(wire.stream.get_ref().1.alpn_protocol().is_none(), "a protocol was agreed on");
    wire.stream.write_all(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    let mut answer = String::new();
    wire.stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    // Nor by knowing beforehand (RFC 9113 §3.4).
    let mut requests = hooked.requests().await?;
    requests.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await?;
    requests.end().await
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_idle_webhooks() -> anyhow::Result<()> {
    let builder = Warp::builder().env("WARPROOM_SERVER_LIMITS__HANDSHAKE_MS", 60_000);
    let mut hooked = Hooked::build(builder).await?;
    let path = format!("/hooks/{}", hooked.secret);
    let mut idle = hooked.requests().await?;
    ok(&idle.post(&path, JSON, b"{\"text\":\"a\"}").await?)?;
    let began = Instant::now();
    let status = hooked.warp.stop().await?;
    ensure!(status.success() && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    idle.end().await
}
