//! Anyone can write a program for a WARP: bots in Python, with a stock WebSocket library and the
//! protocol's description. One follows a room, checks its chain and answers; the protocol page's posts
//! an alert and tells who answered it. What that one does is asked of its like in other languages too.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use tokio::sync::{OnceCell, mpsc};
use tokio::time::timeout;
use warproom_client::Event;
use warproom_proto::calls::{AddBot, AnswerAsk, BotAdded, RevokeBot};
use warproom_proto::entry::{Kind, Subject};
use warproom_proto::register::Grant;
use warproom_proto::{EntryId, Label, Principal, Reporting, RoomId, Severity};
use warproom_tests::harness::{DEADLINE, Warp, entry_of, eventually, until};
use warproom_tests::skipped;
use warproom_tests::wire::authority;

const BOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/bot.py");

/// The protocol page's.
const ALERT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/alert.py");

/// Where Python's library is put, once for all tests.
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/python");

/// What an example calls its alert.
const HEADLINE: &str = "Patch Ivanti Connect Secure now";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_in_python_follows_checks_the_chain_and_answers() -> anyhow::Result<()> {
    let Some(python) = python().await? else { return Ok(()) };
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Amber, Label::Green).await?;
    let added = add_bot(&warp, "Parrot", room).await?;

    let mut bot = Command::new(python);
    bot.arg(BOT).arg(format!("wss://localhost:{}/", warp.local().port()));
    bot.arg(authority(&warp)).arg("Ivanti").env("WARPROOM_TOKEN", added.token.expose());
    let (mut bot, mut said) = Running::start(bot)?;
    ensure!(next_line(&mut said).await? == "following", "the bot does not follow");

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_in_python_alerts_and_tells_who_answered() -> anyhow::Result<()> {
    let Some(python) = python().await? else { return Ok(()) };
    let mut example = Command::new(python);
    example.arg("-u").arg(ALERT);
    alerts_and_tells_who_answered(example).await
}

/// A program gets an address, an authority's file and a headline, and a token in its environment. It
/// posts an alert that asks, and writes a line for each organisation whenever one has answered.
pub async fn alerts_and_tells_who_answered(mut program: Command) -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (manager, officer) = (warp.manager(), warp.officer("dora", dover).await?);
    let room = warp.room(&[manager, &officer], Label::Amber, Label::Green).await?;
    let added = add_bot(&warp, "Herald", room).await?;

    program.arg(format!("wss://localhost:{}/", warp.local().port())).arg(authority(&warp));
    program.arg(HEADLINE).env("WARPROOM_TOKEN", added.token.expose());
    let (mut program, mut said) = Running::start(program)?;
    for silent in ["Dover District Council: no answer", "Kent County Council: no answer"] {
        let line = next_line(&mut said).await?;
        ensure!(line == silent, "{line:?}, not {silent:?}");
    }

    let records = officer.history(room).await?;
    let last = records.last().context("the alert is not in the room")?;
    let entry = entry_of(last).context("the officer may not read the alert")?;
    ensure!(entry.handling.author == Principal::Bot(added.bot), "{:?}", entry.handling);
    ensure!(entry.handling.label == Label::Green, "{:?}", entry.handling);
    ensure!(
        entry.handling.subjects == [Subject::Vendor("Ivanti".parse()?)],
        "{:?}",
        entry.handling
    );
    let Kind::Alert(alert) = &entry.handling.kind else { anyhow::bail!("{:?}", entry.handling) };
    ensure!(alert.severity == Severity::Severe, "{alert:?}");
    let headline = entry.content.headline.context("the alert has a headline")?;
    ensure!(headline.as_str() == HEADLINE, "{headline}");

    let (id, choice) = (EntryId::random(), "acting".parse()?);
    let answer = AnswerAsk {
        room,
        id,
        of: last.seq,
        choice,
        label: None,
        note: None,
        subjects: Vec::new(),
        common_cause: Reporting::No,
    };
    officer.client.append(answer).await?;
    for told in ["Dover District Council: acting", "Kent County Council: no answer"] {
        let line = next_line(&mut said).await?;
        ensure!(line == told, "{line:?}, not {told:?}");
    }

    // With its grant its connection ends, and so does the program.
    manager.client.call(RevokeBot { bot: added.bot }).await?;
    eventually(DEADLINE, async || program.0.try_wait().transpose()).await??;
    Ok(())
}

/// A bot that reads and posts up to TLP:GREEN in one room, for a day.
async fn add_bot(warp: &Warp, name: &str, room: RoomId) -> anyhow::Result<BotAdded> {
    let in_a_day = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 86_400_000;
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Green),
        post: Some(Label::Green),
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::try_from(in_a_day)?,
    };
    Ok(warp.manager().client.call(AddBot { name: name.parse()?, grant, hook: None }).await?)
}

/// A Python of the tests' own, with the one library it needs; none where there is no Python.
async fn python() -> anyhow::Result<Option<PathBuf>> {
    static PYTHON: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let install = async || tokio::task::spawn_blocking(|| install(Path::new(FOLDER))).await?;
    let python = PYTHON.get_or_try_init(install).await?.clone();
    if python.is_none() {
        skipped("python3 is not installed")?;
    }
    Ok(python)
}

fn install(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let works = |program: &Path, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !works(Path::new("python3"), &["--version"]) {
        return Ok(None);
    }
    let python = folder.join("bin/python");
    if works(&python, &["-c", "import websockets.sync.client"]) {
        return Ok(Some(python));
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder).output()?;
    ensure!(made.status.success(), "venv: {}", String::from_utf8_lossy(&made.stderr));
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "websockets"]);
    let installed = pip.output()?;
    ensure!(installed.status.success(), "pip: {}", String::from_utf8_lossy(&installed.stderr));
    Ok(Some(python))
}

/// A child that ends with the test.
struct Running(Child);

impl Running {
    /// Starts it; what it says comes line by line.
    fn start(mut program: Command) -> anyhow::Result<(Self, mpsc::Receiver<String>)> {
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("the output was piped")?).lines();
        let (tell, told) = mpsc::channel(64);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The test may have ended.
                let _ = tell.blocking_send(line);
            }
        });
        Ok((Self(child), told))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program says next.
async fn next_line(said: &mut mpsc::Receiver<String>) -> anyhow::Result<String> {
    let line = timeout(DEADLINE, said.recv()).await.context("the program says nothing more")?;
    line.context("the program ended")
}
