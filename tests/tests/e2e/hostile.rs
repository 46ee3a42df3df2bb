//! Promise 5: a hostile or broken peer harms only itself. Peers here write the wire by hand and say
//! what no client would. After each, the server is asked by somebody who behaves.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustls::NamedGroup;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use warproom_proto::{EntryId, ErrorCode, Label, RoomId, limits};
use warproom_tests::harness::Warp;
use warproom_tests::skipped;
use warproom_tests::wire::{
    BINARY, CLOSE, CONTINUATION, PING, Seen, TEXT, Wire, authority, frame, header,
};

/// Longer than the server takes to answer or close, also where the machine is busy.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn what_is_no_request_is_refused_by_the_exact_code_and_the_connection_goes_on()
-> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mut stranger = Wire::stranger(&grounds.warp).await?;
    let mut member = grounds.member().await?;
    for (text, code) in no_requests() {
        for wire in [&mut stranger, &mut member] {
            let shown = text.chars().take(80).collect::<String>();
            let refused = wire.refusal_of(&text).await.with_context(|| shown.clone())?;
            ensure!(refused == i64::from(code.number()), "{shown}: {refused}, not {code:?}");
        }
    }
    let who = member.ask("room.list", json!({})).await?;
    ensure!(who.is_ok(), "the connection does not go on: {who:?}");
    stranger.sign_in(&grounds.warp.manager().credentials()).await?;
    grounds.still_works().await
}

fn no_requests() -> Vec<(String, ErrorCode)> {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let nested = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"room.list\"}}", deep(3_000));
    [
        ("", ErrorCode::NotJson),
        ("hello", ErrorCode::NotJson),
        ("{", ErrorCode::NotJson),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"room.list\"} {}", ErrorCode::NotJson),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"room.list\",}", ErrorCode::NotJson),
        ("{'jsonrpc':'2.0'}", ErrorCode::NotJson),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}", ErrorCode::NotJson),
        ("null", ErrorCode::NotARequest),
        ("1", ErrorCode::NotARequest),
        ("\"room.list\"", ErrorCode::NotARequest),
        ("[]", ErrorCode::NotARequest),
        ("{}", ErrorCode::NotARequest),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"room.list\"}]", ErrorCode::NotARequest),
        ("[\"2.0\",1,\"room.list\",{}]", ErrorCode::NotARequest),
        ("{\"id\":1,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":1e300,\"method\":\"room.list\"}", ErrorCode::NotARequest),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551616,\"method\":\"room.list\"}",
            ErrorCode::NotARequest,
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", ErrorCode::NotARequest),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", ErrorCode::NotARequest),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"room.list\"}",
            ErrorCode::NotARequest,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"room.list\",\"surplus\":1}",
            ErrorCode::NotARequest,
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", ErrorCode::NotARequest),
        (&nested, ErrorCode::NotARequest),
    ]
    .map(|(text, code)| (text.to_owned(), code))
    .into_iter()
    .collect()
}

#[tokio::test]
async fn bad_fields_are_refused_and_named() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mut wire = grounds.member().await?;
    let (room, id) = (grounds.room, EntryId::random());
    let good = json!({"room": room, "id": id, "label": "TLP:GREEN", "text": "good"});
    let with = |field: &str, value: Value| {
        let mut post = good.clone();
        post[field] = value;
        post
    };
    let deep = (0..120).fold(json!(1), |inside, _| json!([inside]));
    for (post, named) in [
        (with("surplus", json!(1)), "surplus"),
        (with("label", json!("TLP:MAUVE")), "label"),
        (with("label", json!("TLP:WHITE")), "label"),
        (with("label", json!(3)), "a string"),
        (with("text", json!("")), "1 to 65536 bytes"),
        (with("text", json!("x\u{1b}[2J")), "control characters"),
        (with("text", json!("x".repeat(limits::TEXT_BYTES + 1))), "1 to 65536 bytes"),
        (with("text", deep), "a string"),
        (with("id", json!("1")), "UUID"),
        (with("room", json!("../../etc")), "UUID"),
        (with("reply_to", json!(-1)), "-1"),
        (with("reply_to", json!(1e300)), "1e+300"),
        (with("mentions", json!("everyone")), "a sequence"),
        (json!({"room": room}), "missing field"),
        (json!([room, id, "TLP:GREEN", "by position"]), "by name"),
        (json!("text"), "entry.post"),
        (json!(null), "entry.post"),
    ] {
        let shown = post.to_string().chars().take(120).collect::<String>();
        let error = wire.ask("entry.post", post).await?.err().context(shown.clone())?;
        let code = i64::from(ErrorCode::BadParams.number());
        ensure!(error["code"] == code, "{shown}: {error}");
        let sentence = error["message"].as_str().unwrap_or_default();
        ensure!(sentence.contains(named), "{shown}: {named:?} is not in {sentence:?}");
    }
    let huge = json!({"room": room, "from": {"after": u64::MAX}, "limit": 200});
    let page = wire.ask("history.page", huge).await?;
    ensure!(page.as_ref().is_ok_and(|page| page["records"] == json!([])), "{page:?}");
    for (from, limit) in [
        (json!({"before": u64::MAX}), 200),
        (json!({"time": i64::MAX}), 1),
        (json!({"time": i64::MIN}), 1),
        (json!({"before": 0}), 200),
    ] {
        let page = json!({"room": room, "from": from, "limit": limit});
        let page = wire.ask("history.page", page).await?;
        let is_fault = page.as_ref().is_err_and(|error| error["code"] == -32603);
        ensure!(!is_fault, "{from}: {page:?}");
    }
    let unknown = wire.ask("room.destroy", json!({})).await?.err().context("there is none")?;
    ensure!(unknown["code"] == i64::from(ErrorCode::NoSuchCall.number()), "{unknown}");
    wire.ask("entry.post", good).await?.map_err(|error| anyhow::anyhow!("{error}"))?;
    grounds.still_works().await
}

#[tokio::test]
async fn frames_that_break_the_rules_end_their_connection_with_the_code_for_it()
-> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let unmasked = [&[0x81, 0x02][..], b"{}"].concat();
    let lie = |length: u64| [header(0x80 | TEXT, length), vec![0; 4 + 64]].concat();
    let not_utf8 = frame(TEXT, b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}");
    let reserved_bit = |bit: u8| {
        let mut bytes = frame(TEXT, b"{}");
        bytes[0] |= bit;
        bytes
    };
    let mut fragmented_ping = frame(PING, b"");
    fragmented_ping[0] &= 0x7f;
    for (what, bytes, codes) in [
        ("binary", frame(BINARY, b"{}"), &[1003][..]),
        ("unmasked", unmasked, &[1002]),
        ("a length of 2^63", lie(1 << 63), &[1002, 1009]),
        ("a length of 2^64 - 1", lie(u64::MAX), &[1002, 1009]),
        ("a length just above", lie(limits::FRAME_BYTES as u64 + 1), &[1009]),
        ("not UTF-8", not_utf8, &[1002, 1007]),
        ("reserved bit 1, as compression sets it", reserved_bit(0x40), &[1002]),
        ("reserved bit 2", reserved_bit(0x20), &[1002]),
        ("reserved bit 3", reserved_bit(0x10), &[1002]),
        ("a data type that is none", frame(3, b"{}"), &[1002]),
        ("a control type that is none", frame(11, b""), &[1002]),
        ("a long ping", frame(PING, &[0; 126]), &[1002]),
        ("a ping in fragments", fragmented_ping, &[1002]),
        ("a continuation of nothing", frame(CONTINUATION, b"{}"), &[1002]),
        ("no frame at all", b"GET / HTTP/1.1\r\n\r\n".to_vec(), &[1002]),
    ] {
        for mut wire in [Wire::stranger(&grounds.warp).await?, grounds.member().await?] {
            wire.send_bytes(&bytes).await?;
            let end = wire.end().await.context(what)?;
            ensure!(codes.iter().any(|code| end == Seen::Closed(*code)), "{what}: {end:?}");
        }
        grounds.still_works().await.context(what)?;
    }
    Ok(())
}

#[tokio::test]
async fn frames_above_the_limit_end_their_connection_before_and_after_sign_in() -> anyhow::Result<()>
{
    let grounds = Grounds::prepare().await?;
    // A frame of exactly so many bytes that is a request but for its surplus.
    let request = |bytes: usize| {
        let start = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"";
        format!("{start}{}\"}}", "x".repeat(bytes - start.len() - 2))
    };
    let (before, after) = (limits::FRAME_BYTES_BEFORE_SIGN_IN, limits::FRAME_BYTES);

    let mut stranger = Wire::stranger(&grounds.warp).await?;
    let code = stranger.refusal_of(&request(before)).await?;
    ensure!(code == i64::from(ErrorCode::SignInRequired.number()), "{code}");
    stranger.send_text(&request(before + 1)).await?;
    ensure!(stranger.end().await? == Seen::Closed(1009), "above 16 KiB before sign-in");

    let mut member = grounds.member().await?;
    let code = member.refusal_of(&request(after)).await?;
    ensure!(code == i64::from(ErrorCode::NoSuchCall.number()), "{code}");
    // Only its beginning, so that nothing the server did not read makes the system drop its answer.
    let above = frame(TEXT, request(after + 1).as_bytes());
    member.send_bytes(&above[..1_000]).await?;
    ensure!(member.end().await? == Seen::Closed(1009), "above 128 KiB after sign-in");

    // In fragments, none of which is above the limit.
    let mut member = grounds.member().await?;
    let part = vec![b'x'; after / 2];
    let mut first = frame(TEXT, &part);
    first[0] &= 0x7f;
    let mut next = frame(CONTINUATION, &part);
    next[0] &= 0x7f;
    member.send_bytes(&first).await?;
    member.send_bytes(&next).await?;
    member.send_bytes(&frame(CONTINUATION, b"}")).await?;
    ensure!(member.end().await? == Seen::Closed(1009), "above 128 KiB in fragments");
    grounds.still_works().await
}

#[tokio::test]
async fn a_request_in_fragments_and_with_pings_between_is_answered() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mut wire = grounds.member().await?;
    let text = "{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":\"room.list\"}";
    for (at, byte) in text.bytes().enumerate() {
        let mut piece = frame(if at == 0 { TEXT } else { CONTINUATION }, &[byte]);
        if at + 1 < text.len() {
            piece[0] &= 0x7f;
        }
        if at == text.len() / 2 {
            wire.send_bytes(&frame(PING, b"still there?")).await?;
        }
        // Byte by byte, too.
        for byte in piece {
            wire.send_bytes(&[byte]).await?;
        }
    }
    let reply: Value = serde_json::from_str(&wire.reply_to(&json!(77)).await?)?;
    ensure!(reply["result"]["rooms"].is_array(), "{reply}");
    // A close is answered with a close.
    wire.send_bytes(&frame(CLOSE, &1000_u16.to_be_bytes())).await?;
    let end = wire.end().await?;
    ensure!(matches!(end, Seen::Closed(1000) | Seen::Ended), "{end:?}");
    grounds.still_works().await
}

#[tokio::test]
async fn an_upgrade_that_is_none_gets_an_http_refusal_or_nothing() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let ours = format!("Sec-WebSocket-Protocol: {}\r\n", limits::SUBPROTOCOL);
    for (path, more, status) in [
        ("/admin", &*ours, "404"),
        ("/%2e%2e/etc/passwd", &ours, "404"),
        ("/", "", "400"),
        ("/", "Sec-WebSocket-Protocol: chat, warproom.v2\r\n", "400"),
        ("/", "Sec-WebSocket-Protocol: WARPROOM.V1\r\n", "400"),
    ] {
        let mut wire = grounds.tls().await?;
        let answer = wire.upgrade(path, more).await?;
        ensure!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {more}: {answer}");
        let mut rest = Vec::new();
        let rest = wire.stream.read_to_end(&mut rest);
        // An error is a connection that ended as well.
        let _ = timeout(SOON, rest).await.with_context(|| format!("{path}: goes on"))?;
    }
    for junk in [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd".to_owned(),
        "GET / HTTP/0.9\r\n\r\n".to_owned(),
        "\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{}\r\n", "X-Filler: y\r\n".repeat(5_000)),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000)),
        "\0\u{1}\u{2}\u{3}".repeat(50_000),
    ] {
        let shown = junk.chars().take(60).collect::<String>();
        let mut wire = grounds.tls().await?;
        // The server may close before it has read all of it.
        let _ = wire.send_bytes(junk.as_bytes()).await;
        let mut answer = Vec::new();
        let reading = wire.stream.read_to_end(&mut answer);
        // An error is a connection that ended as well.
        let _ = timeout(SOON, reading).await.with_context(|| format!("{shown}: goes on"))?;
        let answer = String::from_utf8_lossy(&answer);
        ensure!(!answer.contains(" 101 "), "{shown}: {answer}");
        ensure!(answer.len() < 1_000, "{shown}: {answer}");
    }
    grounds.still_works().await
}

#[tokio::test]
async fn compression_is_offered_and_never_taken() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mut wire = grounds.tls().await?;
    let offer = format!(
        "Sec-WebSocket-Protocol: {}\r\nSec-WebSocket-Extensions: permessage-deflate; \
         client_max_window_bits\r\n",
        limits::SUBPROTOCOL
    );
    let answer = wire.upgrade("/", &offer).await?;
    ensure!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    ensure!(!answer.to_lowercase().contains("extensions"), "{answer}");
    wire.sign_in(&grounds.warp.manager().credentials()).await?;
    Ok(())
}

#[tokio::test]
async fn without_tls_nothing_is_said() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    for hello in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", &[0; 64]]
    {
        let mut tcp = TcpStream::connect(grounds.warp.local()).await?;
        tcp.write_all(hello).await?;
        let mut answer = Vec::new();
        let _ = timeout(SOON, tcp.read_to_end(&mut answer)).await.context("goes on")?;
        ensure!(!answer.starts_with(b"HTTP"), "plain HTTP is answered");
        ensure!(answer.len() < 64, "more than a TLS alert: {} bytes", answer.len());
    }
    grounds.still_works().await
}

#[tokio::test]
async fn tls_is_1_3_with_the_post_quantum_hybrid() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let wire = grounds.tls().await?;
    let (_, tls) = wire.stream.get_ref();
    let group = tls.negotiated_key_exchange_group().context("a group was agreed")?.name();
    ensure!(group == NamedGroup::X25519MLKEM768, "{group:?}");
    ensure!(tls.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3));
    Ok(())
}

#[tokio::test]
async fn tls_1_2_is_refused() -> anyhow::Result<()> {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        return skipped("openssl is not installed, so TLS 1.2 is not tried");
    }
    let grounds = Grounds::prepare().await?;
    let said = |version: &'static str| {
        let to = grounds.warp.local().to_string();
        move || {
            let mut client = Command::new("openssl");
            client.args(["s_client", "-connect", &to, version, "-brief"]);
            client.stdin(Stdio::null()).output()
        }
    };
    let old = tokio::task::spawn_blocking(said("-tls1_2")).await??;
    let text = String::from_utf8_lossy(&old.stderr).to_lowercase();
    ensure!(!old.status.success() && text.contains("protocol version"), "TLS 1.2: {text}");
    // The same client with TLS 1.3 gets through, so it was the version.
    let new = tokio::task::spawn_blocking(said("-tls1_3")).await??;
    let text = String::from_utf8_lossy(&new.stderr);
    ensure!(new.status.success() && text.contains("TLSv1.3"), "TLS 1.3: {text}");
    grounds.still_works().await
}

/// A WARP with a room, and somebody in it who behaves.
struct Grounds {
    warp: Warp,
    room: RoomId,
}

impl Grounds {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
        Ok(Self { warp, room })
    }

    async fn tls(&self) -> anyhow::Result<Wire> {
        Wire::tls(&self.warp.local().to_string(), &authority(&self.warp)).await
    }

    async fn member(&self) -> anyhow::Result<Wire> {
        Wire::person(&self.warp, self.warp.manager()).await
    }

    /// Somebody who was there all along, and somebody who comes now, can both post.
    async fn still_works(&self) -> anyhow::Result<()> {
        let manager = self.warp.manager();
        manager.post(self.room, Label::Green, "still here").await.context("who was there")?;
        let (newcomer, _) = manager.connect().await.context("who comes now")?;
        newcomer.post(self.room, Label::Green, "here as well").await?;
        Ok(())
    }
}
