//! Apprise, which many scripts notify people with, posts to a webhook: by its plug-in for Mattermost
//! and by the one for Slack, both as they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use warproom_proto::Label;
use warproom_tests::are_here;
use warproom_tests::wire::authority;

use crate::hooks::Hooked;

const SENDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/apprise_sender.py");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apprise_posts_as_to_mattermost_and_as_to_slack() -> anyhow::Result<()> {
    if !are_here(&["python3"])? {
        return Ok(());
    }
    let home = tempfile::tempdir()?;
    let folder = home.path().to_owned();
    let python = tokio::task::spawn_blocking(move || python(&folder)).await??;
    let mut hooked = Hooked::start().await?;
    let (port, secret) = (hooked.warp.local().port(), hooked.secret.clone());

    let plain = format!("mmosts://localhost:{port}/{secret}");
    done(&send(&python, &hooked, &plain).await?)?;
    let posted = hooked.next().await?;
    let entry = posted.entry.context("shown")?;
    ensure!(posted.room == hooked.room && entry.handling.label == Label::Amber);
    let text = entry.content.text.context("a text")?;
    ensure!(text.as_str().starts_with("as “"), "{text}");
    ensure!(text.as_str().contains("Disk full") && text.as_str().contains("1 % left"), "{text}");
    ensure!(!text.as_str().contains("http"), "an address of an image: {text}");

    // To another room of the grant, and to one outside of it.
    done(&send(&python, &hooked, &format!("{plain}?to=early-warning&mark=no")).await?)?;
    ensure!(hooked.next().await?.room == hooked.other);
    let refused = send(&python, &hooked, &format!("{plain}?to=board")).await?;
    ensure!(refused.status.code() == Some(1), "{refused:?}");

    for way in ["", "?blocks=yes", "?footer=no&image=no"] {
        done(
            &send(&python, &hooked, &format!("slack://bot@T1JJ3T3L2/A1BRTD4JD/{secret}/{way}"))
                .await?,
        )?;
        let entry = hooked.next().await?.entry.context("shown")?;
        let text = entry.content.text.context("a text")?;
        let text = text.as_str();
        ensure!(text.contains("Disk full") && text.contains("1 % left"), "{way}: {text}");
        ensure!(!text.contains("http"), "an address of an image: {text}");
    }
    let wrong = secret.replace("wphook", "wphooc");
    let refused = send(&python, &hooked, &format!("slack://T1JJ3T3L2/A1BRTD4JD/{wrong}/")).await?;
    ensure!(refused.status.code() == Some(1), "{refused:?}");
    hooked.nothing_was_posted().await
}

/// Notifies by an address of Apprise's.
async fn send(python: &Path, hooked: &Hooked, address: &str) -> anyhow::Result<Output> {
    let port = hooked.warp.local().port();
    let mut command = Command::new(python);
    command.arg(SENDER).arg(address).arg(format!("https://localhost:{port}/services"));
    command.env("REQUESTS_CA_BUNDLE", authority(&hooked.warp)).stdin(Stdio::null());
    Ok(tokio::task::spawn_blocking(move || command.output()).await??)
}

fn done(output: &Output) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {said}", output.status);
    Ok(())
}

/// A Python of its own in a folder, with Apprise.
fn python(folder: &Path) -> anyhow::Result<PathBuf> {
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder).output();
    let made = made.context("this test needs Python: `apt-get install python3 python3-venv`")?;
    let complaint = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success(), "`apt-get install python3-venv`: {complaint}");
    let python = folder.join("bin/python");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "apprise"]);
    let installed = pip.output()?;
    let complaint = String::from_utf8_lossy(&installed.stderr);
    ensure!(installed.status.success(), "this test needs Apprise from PyPI: {complaint}");
    Ok(python)
}
