//! Ten thousand connections that say nothing (CWE-770; Slowloris, 2009): the server keeps as many strangers as
//! it may and no more, those signed in notice nothing, and there is room again when they are gone.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use warproom_proto::Label;
use warproom_tests::harness::{DEADLINE, Warp, eventually};
use warproom_tests::{say, skipped};

const SOCKETS: u32 = 10_000;

/// Lets this process open so many files; `false` if the system does not.
fn may_open(files: u64) -> anyhow::Result<bool> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(true);
    }
    if limit.maximum.is_some_and(|most| most < files) {
        return Ok(false);
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum: limit.maximum })?;
    Ok(true)
}

/// How many files a process has open.
fn open_files(process: u32) -> anyhow::Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

#[tokio::test]
async fn ten_thousand_silent_sockets_take_no_more_than_the_places_of_strangers()
-> anyhow::Result<()> {
    /// Places of strangers by default, and what a server has open besides.
    const MOST_FILES: usize = 512 + 128;
    if !may_open(u64::from(SOCKETS) + 1_000)? {
        return skipped("this process may not open 10,000 sockets");
    }
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let process = warp.process().context("the server runs")?;
    let mut hoard = Vec::new();
    let mut most = 0;
    for n in 0..SOCKETS {
        let socket = TcpSocket::new_v4()?;
        // From forty networks, so that the bound for one of them is not what holds.
        let [_, _, high, low] = (n / 250).to_be_bytes();
        let source = Ipv4Addr::new(127, 1 + high, low, 1);
        socket.bind(SocketAddr::from((source, 0)))?;
        // A server that is busy refusing may keep one waiting in the system's queue.
        if let Ok(Ok(stream)) = timeout(DEADLINE, socket.connect(warp.local())).await {
            hoard.push(stream);
        }
        if n % 500 == 0 {
            most = most.max(open_files(process)?);
            warp.manager().post(room, Label::Green, &format!("at {n}")).await?;
        }
    }
    most = most.max(open_files(process)?);
    say(format_args!("{} sockets; the server had {most} files open", hoard.len()));
    ensure!(hoard.len() > 9_000, "only {} sockets were made", hoard.len());
    ensure!(most <= MOST_FILES, "{most} files are open");
    drop(hoard);
    let newcomer = async || warp.manager().connect().await.ok();
    eventually(Duration::from_secs(20), newcomer).await.context("there is no room again")?;
    Ok(())
}
