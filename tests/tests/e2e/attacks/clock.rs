//! The server's clock jumps (CWE-367 with time for the thing that changes): by an operator's mistake, a
//! bad time source, or somebody on the path of one without authentication (CVE-2015-5300, NTP). Played with
//! libfaketime, on the wall clock alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use warproom_client::{JoinError, enrol_device};
use warproom_proto::calls::ListRooms;
use warproom_proto::register::Role;
use warproom_proto::{ErrorCode, Label};
use warproom_tests::harness::{Person, Warp, from_now};
use warproom_tests::skipped;

use super::{next_step, refused};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Where Debian has it, on the processors it is built for here.
pub(crate) fn faketime() -> Option<PathBuf> {
    ["x86_64", "aarch64"]
        .map(|cpu| format!("/usr/lib/{cpu}-linux-gnu/faketime/libfaketimeMT.so.1"))
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

/// Sets how far the server's wall clock is off from now on.
pub(crate) fn set(file: &Path, offset: &str) -> anyhow::Result<()> {
    // In one step, so that it is never read half written.
    let new = file.with_extension("new");
    std::fs::write(&new, offset)?;
    Ok(std::fs::rename(new, file)?)
}

#[tokio::test]
async fn a_clock_that_jumps_reorders_nothing_and_opens_nothing() -> anyhow::Result<()> {
    let Some(library) = faketime() else { return skipped("libfaketime is not installed") };
    let folder = tempfile::tempdir()?;
    let offset = folder.path().join("offset");
    set(&offset, "+0")?;
    let mut warp = Warp::builder()
        .env("LD_PRELOAD", library.display())
        .env("FAKETIME_TIMESTAMP_FILE", offset.display())
        .env("FAKETIME_NO_CACHE", 1)
        .env("DONT_FAKE_MONOTONIC", 1)
        .start()
        .await?;
    let mary = warp.manager();
    let dover = warp.organisation("Dover District Council").await?;
    let room = warp.room(&[mary], Label::Green, Label::Green).await?;
    let code = mary.totp.code_at(next_step()?);
    let enrol = async |code| {
        let (handle, name) = ("mary".parse()?, "laptop".parse()?);
        match enrol_device(warp.address(), handle, Person::password(), code, name).await {
            Ok(_) => anyhow::Ok(None),
            Err(JoinError::Refused(error)) => Ok(Some(error.code)),
            Err(other) => Err(other.into()),
        }
    };
    ensure!(enrol(code.clone()).await?.is_none(), "a code of now");
    let before = mary.post(room, Label::Green, "before").await?;

    set(&offset, "-1d")?;
    let back = mary.post(room, Label::Green, "a day back").await?;
    ensure!(back.at_ms >= before.at_ms, "times go backwards: {} {}", before.at_ms, back.at_ms);
    // Neither the code that was used, nor one of the day that seems to be now.
    for code in [code, mary.totp.code_at(next_step()? - 86_400)] {
        ensure!(enrol(code).await? == Some(ErrorCode::SignInRefused), "a used or old code");
    }
    mary.connect().await.context("a device's key knows no time")?;
    let (_, invitation) = warp.invite("late", dover, Role::Officer).await?;

    set(&offset, "+30d")?;
    let ahead = mary.post(room, Label::Green, "thirty days ahead").await?;
    ensure!(ahead.at_ms > from_now(Duration::ZERO)? + 29 * DAY_MS, "the clock did not jump");
    let mut raw = warp.raw().await?;
    let shown = raw.call(1, "invitation.show", &json!({"code": invitation.code.expose()})).await?;
    ensure!(refused(&shown)? == Some(ErrorCode::SignInRefused), "lapsed: {shown}");

    set(&offset, "+0")?;
    let after = mary.post(room, Label::Green, "after").await?;
    ensure!(after.at_ms >= ahead.at_ms, "times go backwards: {} {}", ahead.at_ms, after.at_ms);
    mary.client.call(ListRooms::default()).await.context("connections go by another clock")?;
    warp.stop().await?;
    let verified = warp.verify()?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    Ok(())
}
