//! A desk whose line is cut, or which is killed, at one moment after the other while it sends: nothing that it
//! showed as sent is lost, and nothing comes twice.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tempfile::tempdir;
use warproom_client::proto::Label;
use warproom_desktop::Effect;
use warproom_desktop::effect::Outgoing;
use warproom_desktop::news::Connection;
use warproom_tests::harness::{DEADLINE, Warp, eventually};
use warproom_tests::soak::line::Line;

use super::desk::{Desk, post, seated, seated_behind, texts};
use super::{child, is_reconnecting};

#[tokio::test]
async fn a_line_that_is_cut_again_and_again_brings_everything_once() -> anyhow::Result<()> {
    const POSTS: usize = 400;
    /// How many were sent by each of the moments in which it is cut; before the second it is silent.
    const CUTS: [usize; 4] = [1, 8, 50, 120];
    let (warp, folder) = (Warp::start().await?, tempdir()?);
    let line = Line::open(warp.local(), Ipv4Addr::LOCALHOST).await?;
    let (mut desk, _, dora, room) = seated_behind(&warp, folder.path(), line.port).await?;
    let wanted: Vec<_> = (0..POSTS).map(|number| format!("number {number}")).collect();
    let mut ids = Vec::new();
    for text in &wanted {
        let post = post(room, Label::Amber, text)?;
        ids.push(post.id);
        desk.perform(Effect::Send(Outgoing::Post(post)));
    }
    for sent in CUTS {
        ensure!(desk.sent(ids[sent - 1]).await?.is_ok());
        if sent == CUTS[1] {
            line.slow_down(Duration::from_secs(1));
        }
        let cut = async || (line.cut() > 0).then_some(());
        eventually(DEADLINE, cut).await.context("there was no connection to cut")?;
        desk.connection("reconnecting", is_reconnecting).await?;
        desk.connection("connected", |is| *is == Connection::Connected).await?;
    }
    ensure!(texts(&dora, room).await?.len() < POSTS, "it was cut too late to be of use here");
    for (number, id) in ids.iter().enumerate() {
        if !CUTS.contains(&(number + 1)) {
            ensure!(desk.sent(*id).await?.is_ok());
        }
    }
    ensure!(texts(&dora, room).await? == wanted, "each once, and in order");
    Ok(())
}

#[tokio::test]
async fn killed_at_any_moment_of_sending_it_loses_nothing_that_it_said_was_kept()
-> anyhow::Result<()> {
    for sent in [1, 7, 60, 150] {
        let (warp, folder) = (Warp::start().await?, tempdir()?);
        let (desk, profile, dora, room) = seated(&warp, folder.path()).await?;
        desk.close();
        let mut child = child::Child::start(folder.path(), &profile, room)?;
        let kept = child.kill_after_sent(sent)?;

        let mut desk = Desk::at(folder.path()).await?;
        for (outgoing, _) in desk.open(&profile).await?.outbox {
            ensure!(desk.sent(outgoing.id()).await?.is_ok());
        }
        let stored = texts(&dora, room).await?;
        let wanted: Vec<_> = (0..stored.len()).map(child::text).collect();
        ensure!(stored == wanted, "killed after {sent}: not each once, and in order");
        ensure!(kept.iter().all(|text| stored.contains(text)), "killed after {sent}");
    }
    Ok(())
}
