//! Alive and ready: yes or no, to anyone who gets in, and nothing more.

use anyhow::{Context as _, ensure};
use warproom_tests::harness::{DEADLINE, Served, Warp, eventually, https, raw_tls};

/// More than any disk has free, in MiB.
const NO_DISK: &str = "1099511627776";

/// The answer to a question, without the time of day.
async fn answer(to: std::net::SocketAddr, path: &str) -> anyhow::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = https(to, request.as_bytes()).await?;
    let lines = answer.split_inclusive("\r\n").filter(|line| !line.starts_with("date:"));
    Ok(lines.collect())
}

fn expected(status: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{text}",
        text.len()
    )
}

#[tokio::test]
async fn a_stranger_learns_whether_it_is_alive_and_ready_and_nothing_more() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let yes = expected("200 OK", "yes\n");
    assert_eq!(answer(warp.local(), "/health").await?, yes);
    assert_eq!(answer(warp.local(), "/ready").await?, yes);
    let nothing = answer(warp.local(), "/nothing").await?;
    for path in ["/metrics", "/health/", "/ready/store", "/Health"] {
        assert_eq!(answer(warp.local(), path).await?, nothing, "{path}");
    }

    // A disk as good as full: alive, and not ready; in the same words as any other reason.
    warp.stop().await?;
    let full = [("WARPROOM_SERVER_RESERVE_MIB", NO_DISK)];
    let served = Served::start_with(&warp.folder(), &full).await?;
    assert_eq!(answer(served.local(), "/health").await?, yes);
    assert_eq!(
        answer(served.local(), "/ready").await?,
        expected("503 Service Unavailable", "no\n")
    );
    Ok(())
}

#[tokio::test]
async fn whoever_asks_for_health_takes_a_place_among_strangers() -> anyhow::Result<()> {
    let limits = ("WARPROOM_SERVER_LIMITS__STRANGERS_PER_SOURCE", 2);
    let slow = ("WARPROOM_SERVER_LIMITS__HANDSHAKE_MS", 60_000);
    let warp = Warp::builder().env(limits.0, limits.1).env(slow.0, slow.1).start().await?;
    let yes = expected("200 OK", "yes\n");
    // Those who joined have given their places back by now or soon.
    let asked = async || answer(warp.local(), "/health").await.ok().filter(|said| *said == yes);
    eventually(DEADLINE, asked).await?;
    let mut idle = Vec::new();
    eventually(DEADLINE, async || {
        idle.push(raw_tls(warp.local()).await.ok()?);
        (idle.len() == 2).then_some(())
    })
    .await?;
    let refused = answer(warp.local(), "/health").await;
    ensure!(refused.is_err(), "a third one got in: {refused:?}");
    drop(idle);
    eventually(DEADLINE, asked).await?;
    Ok(())
}

#[tokio::test]
async fn whoever_started_the_server_is_told_when_it_serves() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    warp.stop().await?;
    let home = tempfile::tempdir()?;
    let path = home.path().join("notify");
    let socket = tokio::net::UnixDatagram::bind(&path)?;
    let name = path.to_str().context("a path in UTF-8")?;
    let served = Served::start_with(&warp.folder(), &[("NOTIFY_SOCKET", name)]).await?;
    let mut told = [0; 64];
    let length = tokio::time::timeout(DEADLINE, socket.recv(&mut told)).await??;
    ensure!(&told[..length] == b"READY=1", "{:?}", String::from_utf8_lossy(&told[..length]));
    assert_eq!(answer(served.local(), "/ready").await?, expected("200 OK", "yes\n"));
    Ok(())
}
