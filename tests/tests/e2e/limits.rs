//! Promise 5: every queue, buffer, frame and wait has a bound. Most bounds are made small by the
//! environment, so that a test does not take as long as a real peer would be given.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use warproom_client::State;
use warproom_proto::{EntryId, ErrorCode, Label, RoomId, RoomSettings, Seq, limits};
use warproom_tests::harness::{DEADLINE, Warp, entries_up_to, eventually, server_binary, settings};
use warproom_tests::wire::{Seen, Wire, authority, tls_config};

/// Longer than anything here should take, also where the machine is busy.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_peer_that_says_nothing_is_closed_after_three_seconds() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let (silent, slow) =
        tokio::join!(closed_after(&warp, b""), closed_after(&warp, b"\x16\x03\x01"));
    for took in [silent?, slow?] {
        ensure!((2.5..8.0).contains(&took.as_secs_f64()), "closed after {took:?}");
    }
    warp.organisation("Still there").await?;
    Ok(())
}

async fn closed_after(warp: &Warp, hello: &[u8]) -> anyhow::Result<Duration> {
    let mut tcp = TcpStream::connect(warp.local()).await?;
    tcp.write_all(hello).await?;
    let began = Instant::now();
    let read = timeout(SOON, tcp.read(&mut [0; 64])).await.context("never closed")?;
    ensure!(read.is_err() || read.is_ok_and(|bytes| bytes == 0), "the server speaks first");
    Ok(began.elapsed())
}

/// The first bytes of a `ClientHello` (RFC 8446 §4) that claims to be so long.
fn hello(bytes: u32) -> Vec<u8> {
    let [_, length @ ..] = bytes.to_be_bytes();
    // Of type 1; then TLS 1.2, as all of them say, and 32 bytes of chance.
    [&[1][..], &length, &[3, 3], &[7; 32]].concat()
}

/// A record (RFC 8446 §5.1) of a handshake.
fn record(fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[22, 3, 1][..], &length, fragment].concat()
}

/// How long a connection stays on which this is sent, step by step with a pause behind each; and how much
/// of it was taken.
async fn fed(
    warp: &Warp,
    steps: impl Iterator<Item = Vec<u8>>,
    pause: Duration,
) -> anyhow::Result<(Duration, usize)> {
    let (mut from, mut to) = TcpStream::connect(warp.local()).await?.into_split();
    let (began, mut sent) = (Instant::now(), 0);
    let mut answer = Vec::new();
    let feeding = async {
        for step in steps {
            if to.write_all(&step).await.is_err() {
                break;
            }
            sent += step.len();
            sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    // An alert may come before the end; it is a few bytes.
    let ended = tokio::select! {
        ended = timeout(SOON, from.read_to_end(&mut answer)) => ended.context("never closed")?,
        () = feeding => unreachable!("it waits for ever"),
    };
    ensure!(ended.is_err() || answer.len() < 64, "{} bytes came back", answer.len());
    Ok((began.elapsed(), sent))
}

#[tokio::test]
async fn a_fat_client_hello_and_one_that_drips_are_ended() -> anyhow::Result<()> {
    /// What the longest message of a handshake may take (64 KiB), and what the system holds for a line.
    const MOST_BYTES: usize = 4 * 1024 * 1024;
    let warp = Warp::start().await?;
    // As long as can be said, in records as large as they may be, as fast as they are taken.
    let fat = std::iter::once(record(&hello(0x00ff_ffff)))
        .chain(std::iter::repeat_with(|| record(&[0; 16 * 1024])));
    let (took, sent) = fed(&warp, fat, Duration::ZERO).await?;
    ensure!(took.as_secs_f64() < 8.0 && sent < MOST_BYTES, "{took:?}, {sent} bytes");
    // A record that says it is longer than one may be.
    let giant = std::iter::once([&[22, 3, 1, 0xff, 0xff][..], &[0; 4096]].concat());
    let (took, _) = fed(&warp, giant, Duration::ZERO).await?;
    ensure!(took.as_secs_f64() < 2.5, "waited {took:?} for a record that none may send");
    // One that is right as far as it goes: a byte at a time, and in records of a byte each.
    let whole = record(&hello(500));
    let dripped = whole.into_iter().map(|byte| vec![byte]);
    let crumbs = hello(500).into_iter().map(|byte| record(&[byte]));
    let pause = Duration::from_millis(150);
    let (dripped, crumbs) = tokio::join!(fed(&warp, dripped, pause), fed(&warp, crumbs, pause));
    for (took, sent) in [dripped?, crumbs?] {
        // Ended by the clock, however busily it spoke.
        ensure!((2.5..8.0).contains(&took.as_secs_f64()) && sent > 10, "{took:?}, {sent} bytes");
    }
    warp.organisation("Still there").await?;
    Ok(())
}

#[tokio::test]
async fn an_upgrade_and_a_sign_in_that_take_too_long_are_ended() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__HANDSHAKE_MS", 1_000)
        .env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", 1_500)
        .start()
        .await?;
    let door = (warp.local().to_string(), authority(&warp));

    let began = Instant::now();
    let mut no_upgrade = Wire::tls(&door.0, &door.1).await?;
    ensure!(no_upgrade.end().await? == Seen::Ended, "no upgrade, and not ended");
    let took = began.elapsed().as_millis();
    ensure!((900..8_000).contains(&took), "ended after {took} ms");

    // One byte at a time is no way to stay. It ends by an error of the connection, or never.
    let mut dripping = Wire::tls(&door.0, &door.1).await?;
    let request = format!("GET / HTTP/1.1\r\n{}", "X-Drip: drop\r\n".repeat(1_000));
    let mut bytes = request.bytes();
    eventually(SOON, async || {
        let byte = bytes.next()?;
        dripping.send_bytes(&[byte]).await.err().map(drop)
    })
    .await
    .context("dripping goes on")?;

    let began = Instant::now();
    let mut no_sign_in = Wire::stranger(&warp).await?;
    ensure!(no_sign_in.end().await? == Seen::Closed(1008), "no sign-in, and not closed as that");
    let took = began.elapsed().as_millis();
    ensure!((1_400..8_000).contains(&took), "ended after {took} ms");

    // Nor does asking for other things buy time.
    let mut busy = Wire::stranger(&warp).await?;
    let ended = eventually(SOON, async || busy.refusal_of("{}").await.err()).await?;
    ensure!(ended.to_string().contains("Closed(1008)"), "{ended}");
    Wire::person(&warp, warp.manager()).await?;
    Ok(())
}

#[tokio::test]
async fn strangers_beyond_the_bound_are_refused_and_room_is_made_again() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__STRANGERS_PER_SOURCE", 4)
        .env("WARPROOM_SERVER_LIMITS__SIGN_IN_MS", 60_000)
        .start()
        .await?;
    let mut strangers = Vec::new();
    eventually(SOON, async || {
        // The connections of joining may still be on their way out.
        strangers.push(Wire::stranger(&warp).await.ok()?);
        (strangers.len() == 4).then_some(())
    })
    .await?;
    for _ in 0..3 {
        ensure!(Wire::stranger(&warp).await.is_err(), "a fifth stranger is let in");
    }
    // They are still served, and somebody who is signed in is no stranger.
    let mut first = strangers.remove(0);
    first.sign_in(&warp.manager().credentials()).await?;
    let fourth = eventually(DEADLINE, async || Wire::stranger(&warp).await.ok()).await?;
    ensure!(Wire::stranger(&warp).await.is_err(), "a fifth stranger is let in");
    drop(fourth);
    eventually(DEADLINE, async || Wire::stranger(&warp).await.ok()).await?;
    // Members who are in are not touched by any of it.
    ensure!(first.ask("room.list", json!({})).await?.is_ok());
    warp.organisation("Still there").await?;
    Ok(())
}

#[tokio::test]
async fn strangers_in_all_have_a_bound_too() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__STRANGERS", 3).start().await?;
    let mut strangers = Vec::new();
    eventually(SOON, async || {
        strangers.push(Wire::stranger(&warp).await.ok()?);
        (strangers.len() == 3).then_some(())
    })
    .await?;
    ensure!(Wire::stranger(&warp).await.is_err(), "a fourth stranger is let in");
    strangers.clear();
    eventually(DEADLINE, async || Wire::stranger(&warp).await.ok()).await?;
    Ok(())
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_come_again() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__REQUESTS_PER_SECOND", 2)
        .env("WARPROOM_SERVER_LIMITS__REQUEST_BURST", 5)
        .start()
        .await?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    for number in 0..12 {
        let list = json!({"jsonrpc": "2.0", "id": number, "method": "room.list"});
        wire.send_text(&list.to_string()).await?;
    }
    let (mut answered, mut waits) = (0, Vec::new());
    for number in 0..12 {
        let reply: Value = serde_json::from_str(&wire.reply_to(&json!(number)).await?)?;
        if reply.get("result").is_some() {
            answered += 1;
            continue;
        }
        let code = i64::from(ErrorCode::SlowDown.number());
        ensure!(reply["error"]["code"] == code, "{reply}");
        let wait = reply["error"]["data"]["retry_after_ms"].as_u64();
        waits.push(wait.with_context(|| format!("not said when to come again: {reply}"))?);
    }
    ensure!((5..8).contains(&answered), "{answered} of 12 answered, with 5 at once allowed");
    ensure!(waits.iter().all(|wait| (1..=501).contains(wait)), "{waits:?}");
    // Whoever comes again is served.
    let again = eventually(DEADLINE, async || {
        wire.ask("room.list", json!({})).await.ok().filter(Result::is_ok)
    });
    again.await.context("never served again")?.map_err(|error| anyhow::anyhow!("{error}"))?;
    // The bound is the connection's, not the server's.
    let mut other = Wire::person(&warp, warp.manager()).await?;
    ensure!(other.ask("room.list", json!({})).await?.is_ok(), "somebody else has to wait");
    Ok(())
}

#[tokio::test]
async fn who_changes_what_stays_without_pause_is_slowed_over_all_connections() -> anyhow::Result<()>
{
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__ACTS_PER_HOUR", 16).start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let officer = warp.officer("toggling", council).await?;
    let room = warp.room(&[&officer], Label::Green, Label::Green).await?;
    let mut wires = [Wire::person(&warp, &officer).await?, Wire::person(&warp, &officer).await?];
    let (mut changed, mut waits) = (0, Vec::new());
    for number in 0..8 {
        let wire = &mut wires[number % 2];
        let settings = settings_named(&format!("Toggled {number}"))?;
        let change = json!({"room": room, "id": EntryId::random(), "settings": settings});
        match wire.ask("room.change", change).await? {
            Ok(_) => changed += 1,
            Err(refusal) => {
                let code = i64::from(ErrorCode::SlowDown.number());
                ensure!(refusal["code"] == code, "{refusal}");
                waits.push(refusal["data"]["retry_after_ms"].as_u64().context("when is not said")?);
            }
        }
    }
    ensure!(changed == 4, "{changed} changes at once, where an hour has 16");
    ensure!(waits.iter().all(|wait| (1..=225_001).contains(wait)), "{waits:?}");
    // It is the member's own, and of acts alone: they go on talking, and others act.
    officer.post(room, Label::Green, "still here").await?;
    let own = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let mut manager = Wire::person(&warp, warp.manager()).await?;
    let settings = settings_named("Another")?;
    let change = json!({"room": own, "id": EntryId::random(), "settings": settings});
    ensure!(manager.ask("room.change", change).await?.is_ok(), "somebody else has to wait");
    Ok(())
}

fn settings_named(name: &str) -> anyhow::Result<Value> {
    let settings = RoomSettings { name: name.parse()?, ..settings(Label::Green, Label::Green)? };
    Ok(serde_json::to_value(settings)?)
}

#[tokio::test]
async fn strangers_may_not_ask_fast_either() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__REQUESTS_PER_SECOND", 2)
        .env("WARPROOM_SERVER_LIMITS__REQUEST_BURST", 5)
        .start()
        .await?;
    let mut wire = Wire::stranger(&warp).await?;
    let code = i64::from(ErrorCode::SlowDown.number());
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(
            wire.ask("room.list", json!({})).await?.err().context("refused")?["code"].clone(),
        );
    }
    ensure!(codes.iter().any(|refused| *refused == code), "{codes:?}");
    Ok(())
}

#[tokio::test]
async fn more_requests_than_may_be_in_flight_wait_and_none_is_lost() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__IN_FLIGHT", 2).start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(wire.request("entry.post", &post(room, &number.to_string())).await?);
    }
    let mut last: Seq = 0;
    for id in ids {
        let reply: Value = serde_json::from_str(&wire.reply_to(&json!(id)).await?)?;
        let seq = reply["result"]["seq"].as_u64().with_context(|| reply.to_string())?;
        ensure!(seq > last, "out of order");
        last = seq;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_reads_late_is_told_where_it_fell_behind() -> anyhow::Result<()> {
    let crowd = Crowd::prepare().await?;
    let last = crowd.speak().await?;
    // It read nothing meanwhile. Now it does, at once what was on its way, in order.
    let mut late = crowd.late;
    let (mut at, mut behind) = (crowd.from, None);
    while behind.is_none() && at < last {
        match late.next().await? {
            Seen::Text(text) => {
                let notice: Value = serde_json::from_str(&text)?;
                let params = &notice["params"];
                match notice["method"].as_str() {
                    Some("entry") => {
                        let seq = params["record"]["seq"].as_u64().context("a number")?;
                        ensure!(seq == at + 1, "{seq} after {at}");
                        at = seq;
                    }
                    Some("behind") => behind = params["after"].as_u64(),
                    other => bail!("unexpected: {other:?}"),
                }
            }
            Seen::Ping | Seen::Pong => {}
            end => bail!("ended instead of being told: {end:?}"),
        }
    }
    let after = behind.context("12 MB were queued for somebody who did not read")?;
    ensure!(after == at, "told {after}, and had {at}");
    // From there it catches up, without a gap.
    loop {
        let page = late.ask("room.follow", json!({"room": crowd.room, "after": at})).await?;
        let page = page.map_err(|error| anyhow::anyhow!("{error}"))?;
        for record in page["records"].as_array().context("records")? {
            ensure!(record["seq"] == at + 1, "{} after {at}", record["seq"]);
            at += 1;
        }
        if page["live"] == true {
            break;
        }
    }
    ensure!(at == last, "caught up to {at} of {last}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_never_reads_is_cut_and_harms_nobody() -> anyhow::Result<()> {
    let crowd = Crowd::prepare().await?;
    let ended = format!("ended connection={} ", crowd.connection);
    let (_reader, mut events) = crowd.warp.manager().follow(crowd.room, crowd.from).await?;
    let reading = async { entries_up_to(&mut events, crowd.room, crowd.from + ENTRIES).await };
    let (spoken, read) = tokio::join!(crowd.speak(), timeout(SOON * 2, reading));
    let (last, read) = (spoken?, read.context("another reader waits")??);
    ensure!(read.len() as u64 == ENTRIES && read.last().is_some_and(|entry| entry.seq == last));
    // The stalled write ends it: ten seconds, and it is still not read from here.
    let cut = eventually(Duration::from_secs(40), async || {
        crowd.warp.log().ok().filter(|log| log.contains(&ended))
    });
    cut.await.context("it is never cut")?;
    crowd.warp.manager().post(crowd.room, Label::Green, "all is well").await?;
    drop(crowd.late);
    Ok(())
}

/// How many pages are asked for at once, and how long each is: more than both systems keep for a line.
const PAGES: u64 = 200;
const PAGE_BYTES: usize = 90_000;

#[tokio::test]
async fn a_line_that_turns_slow_while_much_is_on_its_way_is_kept() -> anyhow::Result<()> {
    let warp = Warp::builder()
        .env("WARPROOM_SERVER_LIMITS__IN_FLIGHT", PAGES)
        .env("WARPROOM_SERVER_LIMITS__REQUEST_BURST", PAGES + 50)
        .start()
        .await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    for half in ["x", "y"] {
        warp.manager().post(room, Label::Green, &half.repeat(PAGE_BYTES / 2)).await?;
    }
    let line = TcpStream::connect(fading(warp.local()).await?).await?;
    let mut reader = Wire::tls_over(line, tls_config(&authority(&warp))?).await?;
    reader.upgrade_now().await?;
    reader.sign_in(&warp.manager().credentials()).await?;
    let page = json!({"room": room, "from": "latest", "limit": 2});
    let mut asked = Vec::new();
    for _ in 0..PAGES {
        asked.push(reader.request("history.page", &page).await?);
    }
    for id in asked {
        ensure!(reader.reply_to(&json!(id)).await?.len() > PAGE_BYTES, "not the page");
    }
    Ok(())
}

/// A line to the server: fast at first, then slow for longer than a peer may take nothing, then fast.
async fn fading(server: SocketAddr) -> anyhow::Result<SocketAddr> {
    const FAST_BYTES: usize = 4 * 1024 * 1024;
    const SLOW: Duration = Duration::from_secs(14);
    const STEP: (usize, Duration) = (16 * 1024, Duration::from_millis(400));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let here = listener.local_addr()?;
    tokio::spawn(async move {
        let (near, _) = listener.accept().await?;
        let far = TcpSocket::new_v4()?;
        far.set_recv_buffer_size(128 * 1024)?;
        let (mut from, mut up) = far.connect(server).await?.into_split();
        let (mut asked, mut to) = near.into_split();
        tokio::spawn(async move { copy(&mut asked, &mut up).await });
        let (mut step, mut passed, mut slow_since) = (vec![0; STEP.0], 0, None);
        loop {
            let count = from.read(&mut step).await?;
            to.write_all(&step[..count]).await?;
            passed += count;
            if count == 0 {
                return anyhow::Ok(());
            }
            if passed > FAST_BYTES && slow_since.get_or_insert_with(Instant::now).elapsed() < SLOW {
                sleep(STEP.1).await;
            }
        }
    });
    Ok(here)
}

/// How many entries are spoken, and how long each is: more than system and server queue together.
const ENTRIES: u64 = 2_000;
const ENTRY_BYTES: usize = 6_000;

/// A room with a follower that does not read, and whose system keeps little for it.
struct Crowd {
    warp: Warp,
    room: RoomId,
    from: Seq,
    late: Wire,
    /// What the server's log calls the late one's connection.
    connection: u64,
}

impl Crowd {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
        let from = warp.manager().post(room, Label::Green, "here we go").await?.seq;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let tcp = socket.connect(warp.local()).await?;
        let mut late = Wire::tls_over(tcp, tls_config(&authority(&warp))?).await?;
        late.upgrade_now().await?;
        late.sign_in(&warp.manager().credentials()).await?;
        let followed = late.ask("room.follow", json!({"room": room, "after": from})).await?;
        ensure!(followed.is_ok_and(|followed| followed["live"] == true), "not live");
        let log = warp.log()?;
        let (_, latest) = log.rsplit_once("signed in connection=").context("it signed in")?;
        let connection = latest.split(' ').next().context("a number")?.parse()?;
        Ok(Self { warp, room, from, late, connection })
    }

    /// Posts it all, as fast as it is stored; the last number. Nobody who reads slowly slows it.
    async fn speak(&self) -> anyhow::Result<Seq> {
        let mut speaker = Wire::person(&self.warp, self.warp.manager()).await?;
        let text = "x".repeat(ENTRY_BYTES);
        let (mut flying, mut last) = (std::collections::VecDeque::new(), 0);
        let mut longest = Duration::ZERO;
        for number in 0..ENTRIES + 16 {
            if number < ENTRIES {
                flying.push_back(speaker.request("entry.post", &post(self.room, &text)).await?);
            }
            if flying.len() > 16 || number >= ENTRIES {
                let began = Instant::now();
                let id = flying.pop_front().context("as many as were sent")?;
                let reply: Value = serde_json::from_str(&speaker.reply_to(&json!(id)).await?)?;
                last = reply["result"]["seq"].as_u64().with_context(|| reply.to_string())?;
                longest = longest.max(began.elapsed());
            }
        }
        ensure!(last == self.from + ENTRIES, "{last}");
        ensure!(longest < Duration::from_secs(5), "somebody waited {longest:?} for a post");
        Ok(last)
    }
}

#[tokio::test]
async fn missed_pings_end_a_connection_and_answered_ones_keep_it() -> anyhow::Result<()> {
    let warp = Warp::builder().env("WARPROOM_SERVER_LIMITS__PING_MS", 500).start().await?;
    let (polite, _events) = warp.manager().connect().await?;
    let began = Instant::now();
    let mut deaf = Wire::person(&warp, warp.manager()).await?;
    let mut pings = 0;
    let end = loop {
        match deaf.next().await? {
            Seen::Ping => pings += 1,
            Seen::Text(_) | Seen::Pong => {}
            end => break end,
        }
    };
    let took = began.elapsed().as_millis();
    ensure!(pings == 2 && end == Seen::Ended, "{pings} pings, then {end:?}");
    ensure!((1_300..8_000).contains(&took), "ended after {took} ms");
    // Who answers, be it by other words than a pong, stays beyond that time.
    let mut talking = Wire::person(&warp, warp.manager()).await?;
    let until = Instant::now() + Duration::from_millis(2_500);
    while Instant::now() < until {
        if talking.next().await? == Seen::Ping {
            ensure!(talking.ask("room.list", json!({})).await?.is_ok());
        }
    }
    ensure!(*polite.state().borrow() == State::Connected, "a client that answers was ended");
    Ok(())
}

#[tokio::test]
async fn a_new_certificate_is_taken_on_sighup_without_dropping_anyone() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mut before = Wire::person(&warp, warp.manager()).await?;
    let server = certificate(&before)?;
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let run = |name: &str| {
        let mut command = Command::new(&binary);
        command.arg("--folder").arg(warp.folder()).arg(name).stdout(Stdio::null());
        command.status()
    };
    ensure!(run("certificate")?.success());
    ensure!(certificate(&Wire::stranger(&warp).await?)? == server, "taken before it was told to");
    hang_up(&warp)?;
    let renewed = eventually(DEADLINE, async || {
        let now = certificate(&Wire::stranger(&warp).await.ok()?).ok()?;
        (now != server).then_some(now)
    });
    let renewed = renewed.await.context("the new certificate is not taken")?;
    ensure!(before.ask("room.list", json!({})).await?.is_ok(), "who was there is dropped");

    // A broken one is not taken: the last one stays, and the log says so.
    fs::write(warp.folder().join("keys/server.pem"), "broken")?;
    hang_up(&warp)?;
    let said = eventually(DEADLINE, async || {
        warp.log().ok().filter(|log| log.contains("certificate not reloaded"))
    });
    ensure!(said.await?.contains("server.pem"), "the file is not named");
    ensure!(certificate(&Wire::stranger(&warp).await?)? == renewed, "the last one does not stay");
    ensure!(before.ask("room.list", json!({})).await?.is_ok(), "who was there is dropped");
    Ok(())
}

pub(crate) fn certificate(wire: &Wire) -> anyhow::Result<Vec<u8>> {
    let (_, tls) = wire.stream.get_ref();
    let chain = tls.peer_certificates().context("the server has a certificate")?;
    Ok(chain.first().context("the server has a certificate")?.to_vec())
}

fn hang_up(warp: &Warp) -> anyhow::Result<()> {
    let process = i32::try_from(warp.process().context("the server runs")?)?;
    kill_process(Pid::from_raw(process).context("an id is not 0")?, Signal::HUP)?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_ends_well() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let stranger = Wire::stranger(&warp).await?;
    let asked = wire.request("entry.post", &post(room, "just in time")).await?;
    let reply = wire.reply_to(&json!(asked)).await?;
    ensure!(reply.contains("\"seq\""), "{reply}");
    let (stopped, end) = tokio::join!(warp.stop(), wire.end());
    ensure!(end? == Seen::Closed(1001), "not told that the server goes away");
    ensure!(stopped?.success(), "it did not end well");
    drop(stranger);
    ensure!(TcpStream::connect(warp.local()).await.is_err(), "somebody still listens");
    warp.restart().await?;
    let page = json!({"room": room, "from": "latest", "limit": 1});
    let page = Wire::person(&warp, warp.manager()).await?.ask("history.page", page).await?;
    ensure!(page.is_ok_and(|page| page.to_string().contains("just in time")));
    Ok(())
}

fn post(room: RoomId, text: &str) -> Value {
    let text = &text[..text.len().min(limits::TEXT_BYTES)];
    json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": text})
}
