//! A clock that is wrong erases nothing for its age: not while the server runs, and not at a start. What two
//! managers have erased goes all the same. Played with libfaketime, on the wall clock alone: the other one goes
//! on as it should, so that no time has passed but what the clock claims.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use warproom_proto::register::Role;
use warproom_proto::{Label, Proposed, Retention, RoomId, Seq};
use warproom_tests::harness::{Person, Warp, eventually};
use warproom_tests::skipped;

use super::{ERASING, both, erased, key};
use crate::attacks::clock::{faketime, set};

/// What the log says while nothing is erased for its age.
const HELD_BACK: &str = "nothing is erased for its age";

/// A WARP whose GREEN entries are kept for thirty days, on a clock that can be set.
struct Scene {
    warp: Warp,
    second: Person,
    room: RoomId,
    /// Which may be erased in a month and no earlier.
    green: Seq,
    offset: PathBuf,
}

impl Scene {
    async fn start(library: &Path, home: &Path) -> anyhow::Result<Self> {
        let offset = home.join("offset");
        set(&offset, "+0")?;
        let warp = Warp::builder()
            .env("LD_PRELOAD", library.display())
            .env("FAKETIME_TIMESTAMP_FILE", offset.display())
            .env("FAKETIME_NO_CACHE", 1)
            .env("DONT_FAKE_MONOTONIC", 1)
            .start()
            .await?;
        let dover = warp.organisation("Dover").await?;
        let second = warp.join("ned", dover, Role::Manager).await?;
        let room = warp.room(&[warp.manager(), &second], Label::Amber, Label::Green).await?;
        let green = warp.manager().post(room, Label::Green, "of this year").await?.seq;
        let retention = Some(Retention { green: Some(30), ..Retention::default() });
        both(&warp, &second, Proposed::SetRetention { room: None, retention }).await?;
        Ok(Self { warp, second, room, green, offset })
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        self.warp.stop().await?;
        self.warp.restart().await?;
        self.warp.manager().back().await?;
        self.second.back().await
    }

    /// Lets two managers erase another entry, which looks for all that is due; whether the first is there then.
    async fn is_left_when_another_is_erased(&self) -> anyhow::Result<bool> {
        let Self { warp, second, room, .. } = self;
        let other = second.post(*room, Label::Amber, "two managers erase this").await?.seq;
        let before = key(warp)?;
        both(warp, second, Proposed::EraseEntries { room: *room, entries: vec![other] }).await?;
        erased(warp, &before).await?;
        ensure!(!second.reads(*room, other).await?, "what two managers had erased is there");
        Ok(second.reads(*room, self.green).await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_while_the_server_runs_erases_nothing() -> anyhow::Result<()> {
    let Some(library) = faketime() else { return skipped("libfaketime is not installed") };
    let home = tempfile::tempdir()?;
    let mut scene = Scene::start(&library, home.path()).await?;
    set(&scene.offset, "+400d")?;
    ensure!(scene.is_left_when_another_is_erased().await?, "the jump erased it");
    ensure!(scene.warp.log()?.contains(HELD_BACK), "the log does not say it");
    set(&scene.offset, "+0")?;
    ensure!(scene.is_left_when_another_is_erased().await?, "the way back erased it");
    scene.restart().await?;
    ensure!(scene.is_left_when_another_is_erased().await?, "a restart erased it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_at_a_start_erases_nothing_within_the_wait() -> anyhow::Result<()> {
    let Some(library) = faketime() else { return skipped("libfaketime is not installed") };
    let home = tempfile::tempdir()?;
    let mut scene = Scene::start(&library, home.path()).await?;
    set(&scene.offset, "+400d")?;
    scene.restart().await?;
    ensure!(scene.is_left_when_another_is_erased().await?, "the start erased it");
    ensure!(scene.warp.log()?.contains(HELD_BACK), "the log does not say it");
    // What is left of the wait goes on at the next start: this time the clock has moved no further.
    scene.restart().await?;
    ensure!(scene.is_left_when_another_is_erased().await?, "another start erased it");

    let file = scene.warp.folder().join("warproom.toml");
    let settings = fs::read_to_string(&file)?;
    let wait = "retention_wait_hours = 24";
    ensure!(settings.contains(wait), "the configuration has no wait");
    fs::write(&file, settings.replace(wait, "retention_wait_hours = 0"))?;
    scene.restart().await?;
    let gone = async || (!scene.second.reads(scene.room, scene.green).await.ok()?).then_some(());
    eventually(ERASING, gone).await
}
