//! Anyone can write a program for a WARP: a bot in Python, with a stock WebSocket library and the
//! protocol's description, follows a room, checks its chain and answers.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use warproom_client::Event;
use warproom_proto::calls::AddBot;
use warproom_proto::register::Grant;
use warproom_proto::{Label, Principal};
use warproom_tests::harness::{DEADLINE, Warp, eventually, until};
use warproom_tests::say;
use warproom_tests::wire::authority;

const BOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/bot.py");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_in_python_follows_checks_the_chain_and_answers() -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().to_owned();
    let Some(python) = tokio::task::spawn_blocking(move || python(&folder)).await?? else {
        say("SKIPPED: there is no python3, so no bot in Python was tried");
        return Ok(());
    };
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Amber, Label::Green).await?;
    let in_a_day = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 86_400_000;
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Green),
        post: Some(Label::Green),
        expires_at_ms: i64::try_from(in_a_day)?,
    };
    let added = manager.client.call(AddBot { name: "Parrot".parse()?, grant }).await?;

    let mut bot = Command::new(python);
    bot.arg(BOT).arg(format!("wss://localhost:{}/", warp.local().port()));
    bot.arg(authority(&warp)).arg("Ivanti").env("WARPROOM_TOKEN", added.token.expose());
    let mut bot = Running(bot.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    let said = BufReader::new(bot.0.stdout.take().context("the output was piped")?);
    let first = tokio::task::spawn_blocking(move || said.lines().next()).await?;
    ensure!(first.transpose()?.as_deref() == Some("following"), "the bot does not follow");

    // Entries it may not read are stubs to it, and the chain holds over them.
    let (_events_owner, mut events) = manager.follow(room, 0).await?;
    manager.post(room, Label::Amber, "Ivanti, but not for bots").await?;
    manager.post(room, Label::Green, "good morning \u{1f44b} \u{2028} \"quoted\"").await?;
    let asked = manager.post(room, Label::Green, "is anyone on Ivanti?").await?;
    let answer = until(&mut events, |event| match event {
        Event::Entry(delivered) => {
            let entry = delivered.entry.as_ref()?;
            let is_the_bots = entry.handling.author == Principal::Bot(added.bot);
            let text = entry.content.text.as_ref().filter(|_| is_the_bots)?;
            Some((text.to_string(), entry.handling.label, entry.handling.kind.refers_to()))
        }
        _ => None,
    });
    let answer = answer.await.context("the bot does not answer")?;
    ensure!(answer == ("Parrot heard: Ivanti".into(), Label::Green, Some(asked.seq)), "{answer:?}");
    let ended = eventually(DEADLINE, async || bot.0.try_wait().transpose()).await??;
    ensure!(ended.success(), "the bot ended with {ended}");
    Ok(())
}

/// A Python of its own in a folder, with the one library it needs; none where there is no Python.
fn python(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let version = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder).output()?;
    ensure!(made.status.success(), "venv: {}", String::from_utf8_lossy(&made.stderr));
    let python = folder.join("bin/python");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "websockets"]);
    let installed = pip.output()?;
    ensure!(installed.status.success(), "pip: {}", String::from_utf8_lossy(&installed.stderr));
    Ok(Some(python))
}

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
