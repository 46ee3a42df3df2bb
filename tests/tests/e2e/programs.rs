//! The programs people run, as they run them: the command line, the example bot, the demo.

#[path = "programs/disclosing.rs"]
mod disclosing;
#[path = "programs/reading.rs"]
mod reading;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use totp_rs::{Algorithm, TOTP};
use warproom_client::proto::calls::AddBot;
use warproom_client::proto::register::{Grant, Role};
use warproom_client::proto::{Label, Secret};
use warproom_tests::harness::{self, Warp, client_binary, example_binary, until};

use crate::backup::{back_up, command, done};

/// How long an entry may be there after its erasure was approved: a task of its own erases it.
const ERASING: Duration = Duration::from_secs(30);

/// A council's computer: a home for the command line's profile.
pub(super) struct Computer {
    home: TempDir,
}

impl Computer {
    pub(super) fn new() -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("password"), "a password for tests\n")?;
        Ok(Self { home })
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(client_binary()?);
        command.env("WARPROOM_PROFILES", self.home.path().join("profiles")).env("NO_COLOR", "1");
        command.env_remove("WARPROOM_PROFILE").args(arguments).stdin(Stdio::null());
        Ok(command)
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        Ok(self.command(arguments)?.output()?)
    }

    /// What a command prints, if it succeeds.
    pub(super) fn says(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments)?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "warproom {arguments:?}: {error}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a command that reads something from a pipe.
    fn typing(&self, arguments: &[&str], typed: &str) -> anyhow::Result<Output> {
        let mut command = self.command(arguments)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().context("it was piped")?;
        // It may have failed before it asks.
        let _ = stdin.write_all(typed.as_bytes());
        drop(stdin);
        Ok(child.wait_with_output()?)
    }

    /// What a command complains of, if it fails as a command should.
    fn complains(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments)?;
        ensure!(output.status.code() == Some(1), "warproom {arguments:?}: {:?}", output.status);
        Ok(String::from_utf8(output.stderr)?)
    }

    pub(super) fn join(&self, invitation: &str) -> anyhow::Result<()> {
        let file = |name: &str| self.home.path().join(name).to_string_lossy().into_owned();
        let (password, totp) = (file("password"), file("totp"));
        let arguments = ["join", "--password-file", &password, "--totp-file", &totp];
        let output = self.typing(&arguments, &format!("{invitation}\n"))?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Files by the command line: sent with a post, told of in history, fetched under their own names
/// beside what is there, and cut off and sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_by_the_command_line() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    let alex = Computer::new()?;
    alex.join(&invitation.to_text())?;
    alex.says(&["room", "open", "Ops", "--ceiling", "amber", "--default", "amber"])?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let plan: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    std::fs::write(path("Plan 10:30.pdf"), &plan)?;
    std::fs::write(path(".notes"), "short")?;
    let (first, second) = (path("Plan 10:30.pdf"), path(".notes"));
    let said = alex.says(&["post", "Ops", "--file", &first, "--file", &second])?;
    ensure!(said.contains("#3 in Ops") && said.contains("TLP:AMBER"), "{said}");
    let history = alex.says(&["history", "Ops"])?;
    for part in ["Plan 10_30.pdf\n", "File: Plan 10_30.pdf (300.0 kB)", "File: .notes (5 bytes)"] {
        ensure!(history.contains(part), "{part:?} is not in {history}");
    }
    let to = path("down");
    std::fs::create_dir(&to)?;
    std::fs::write(Path::new(&to).join("Plan 10_30.pdf"), "mine")?;
    let fetched = alex.says(&["fetch", "Ops", "3", "--to", &to])?;
    ensure!(fetched.contains("TLP:AMBER") && fetched.contains("Plan 10_30 (2).pdf"), "{fetched}");
    let read = |name: &str| std::fs::read(Path::new(&to).join(name));
    ensure!(read("Plan 10_30.pdf")? == b"mine" && read("Plan 10_30 (2).pdf")? == plan);
    ensure!(read("_.notes")? == b"short", "a file that hides itself");
    let json = alex.says(&["--json", "fetch", "Ops", "3", "--to", &to])?;
    let one: serde_json::Value = serde_json::from_str(json.lines().next().context("no line")?)?;
    ensure!(one["label"] == "TLP:AMBER" && one["name"] == "Plan 10_30.pdf", "{one}");
    let new = path("downloads/of today");
    alex.says(&["fetch", "Ops", "3", "--to", &new])?;
    ensure!(std::fs::read(Path::new(&new).join("Plan 10_30.pdf"))? == plan, "in a new folder");
    let in_a_file = alex.complains(&["fetch", "Ops", "3", "--to", &first])?;
    ensure!(in_a_file.contains("cannot make"), "{in_a_file}");
    let mode = std::fs::metadata(&new)?.permissions().mode();
    ensure!(mode & 0o777 == 0o700, "a folder for its owner alone, not {mode:o}");
    let none = alex.complains(&["fetch", "Ops", "1", "--to", &to])?;
    ensure!(none.contains("#1 carries no files"), "{none}");
    let folder = alex.complains(&["post", "Ops", "--file", &to])?;
    ensure!(folder.contains("this is not a file"), "{folder}");
    Ok(())
}

/// By the present password and a code, with another authenticator: what another computer then needs.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_authenticator_are_changed_by_the_command_line() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Officer).await?;
    let (alex, laptop) = (Computer::new()?, Computer::new()?);
    alex.join(&invitation.to_text())?;
    let file = |name: &str| alex.home.path().join(name).to_string_lossy().into_owned();
    let (password, new, totp) = (file("password"), file("new"), file("new-totp"));
    std::fs::write(&new, "another password for tests\n")?;
    let change = ["password", "--authenticator", "--revoke-devices", "--password-file", &password];
    let change = [&change[..], &["--new-password-file", &new, "--totp-file", &totp]].concat();
    let wrong = alex.typing(&change, "000000\n")?;
    ensure!(wrong.status.code() == Some(1) && !Path::new(&totp).exists(), "{wrong:?}");

    let changed = alex.typing(&change, &code(&file("totp"))?)?;
    let said = String::from_utf8_lossy(&changed.stdout);
    ensure!(changed.status.success() && said.contains("revoked"), "{changed:?}");
    alex.says(&["rooms"]).context("this device is kept")?;
    let address = warp.address().to_string();
    let enrol = ["device", "enrol", &address, "alex.fenwick", "--password-file"];
    let old = laptop.typing(&[&enrol[..], &[&password]].concat(), &code(&file("totp"))?)?;
    ensure!(old.status.code() == Some(1), "the old ones let in: {old:?}");
    Ok(())
}

/// The next code of a TOTP secret in a file, on a line: a server takes it, and joining did not use it.
fn code(file: &str) -> anyhow::Result<String> {
    let secret = std::fs::read_to_string(file)?;
    let bytes = totp_rs::Secret::Encoded(secret.trim().to_owned()).to_bytes()?;
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, bytes, None, String::new());
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(format!("{}\n", totp.generate(now + 30)))
}

/// What takes two managers, from one computer to the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_managers_erase_and_hold_by_the_command_line() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (alex, sam) = (Computer::new()?, Computer::new()?);
    for (computer, handle) in [(&alex, "alex.fenwick"), (&sam, "sam.pryor")] {
        let (_, invitation) = warp.invite(handle, council, Role::Manager).await?;
        computer.join(&invitation.to_text())?;
    }
    alex.says(&["room", "open", "Ops", "--ceiling", "amber", "--default", "green"])?;
    alex.says(&["room", "add", "Ops", "sam.pryor"])?;
    alex.says(&["say", "Ops", "too much said"])?;
    let says = alex.says(&["retention"])?;
    ensure!(says.contains("keeps everything for ever"), "{says}");

    let keep = ["--keep", "green=365", "--keep", "amber+strict=90"];
    let proposing = [&["propose", "retention"], &keep[..], &["--reason", "agreed in May"]].concat();
    let proposed = alex.says(&proposing)?;
    for part in ["TLP:GREEN 365 days", "Nothing is done until another manager", "older backups"] {
        ensure!(proposed.contains(part), "{part:?} is not in {proposed}");
    }
    let id = |waiting: &str| waiting.split_whitespace().next().map(ToOwned::to_owned);
    let waiting = sam.says(&["proposals"])?;
    ensure!(
        waiting.contains("Why: agreed in May") && waiting.contains("May approve:"),
        "{waiting}"
    );
    let rule = id(&waiting).context("nothing waits")?;
    let alone = alex.complains(&["approve", &rule])?;
    ensure!(alone.contains("approved by another manager"), "{alone}");
    let approved = sam.says(&["approve", &rule])?;
    ensure!(
        approved.contains("carried out") && approved.contains("copy of the keys"),
        "{approved}"
    );
    let says = sam.says(&["retention", "Ops"])?;
    ensure!(says.contains("TLP:AMBER+STRICT 90 days, the rest for ever"), "{says}");

    let early = ["propose", "erase", "Ops", "4", "--reason", "a mistake"];
    alex.says(&early)?;
    let erase = id(&sam.says(&["proposals"])?).context("nothing waits")?;
    let held = alex.says(&["hold", "Ops", "--reason", "a claim"])?;
    ensure!(held.contains("legal hold"), "{held}");
    let no = sam.complains(&["approve", &erase])?;
    ensure!(no.contains("legal hold"), "{no}");
    sam.says(&["end-proposal", &erase])?;
    alex.says(&["propose", "lift-hold", "Ops", "--reason", "settled"])?;
    let lift = id(&sam.says(&["proposals"])?).context("nothing waits")?;
    sam.says(&["approve", &lift])?;
    alex.says(&early)?;
    let erase = id(&sam.says(&["proposals"])?).context("nothing waits")?;
    sam.says(&["approve", &erase])?;
    let gone = harness::eventually(ERASING, async || {
        let history = sam.says(&["history", "Ops"]).ok()?;
        history.contains("#4 erased under retention").then_some(history)
    });
    let history = gone.await.context("it was not erased")?;
    ensure!(!history.contains("too much said"), "{history}");
    let nobody = alex.complains(&["approve", &erase])?;
    ensure!(nobody.contains("no such proposal waits"), "{nobody}");
    Ok(())
}

/// The walk of the README, without its terminal: a manager's computer, an officer's, and a room.
#[tokio::test(flavor = "multi_thread")]
async fn two_officers_talk_by_the_command_line() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, first) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    let (alex, sam) = (Computer::new()?, Computer::new()?);
    alex.join(&first.to_text())?;
    alex.says(&["organisation", "add", "Canterbury City Council", "--alias", "CCC"])?;
    let invite = ["invite", "Sam Pryor", "--handle", "sam.pryor", "--organisation", "CCC"];
    let invitation = alex.says(&invite)?;
    sam.join(invitation.trim())?;
    let again = sam.complains(&["join", invitation.trim()])?;
    ensure!(again.contains("refused") || again.contains("used"), "{again}");

    let open = ["room", "open", "Early warning", "--ceiling", "amber+strict", "--default", "amber"];
    alex.says(&open)?;
    let unseen = sam.complains(&["say", "Early warning", "hello"])?;
    ensure!(unseen.contains("Early warning"), "{unseen}");
    alex.says(&["room", "add", "Early warning", "sam.pryor"])?;

    let mut tail = sam.command(&["tail", "Early warning"])?;
    let mut tail = Running(tail.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?);
    let mut lines = BufReader::new(tail.0.stdout.take().context("no output")?).lines();
    wait_for_connection(&mut tail.0)?;
    alex.says(&["say", "Early warning", "Is Civica down for you?", "--label", "green"])?;
    let mut line = lines.next().context("tail ended")??;
    line.push_str(&lines.next().context("tail ended")??);
    for part in ["TLP:GREEN", "alex.fenwick", "Is Civica down for you?"] {
        ensure!(line.contains(part), "{part:?} is not in {line:?}");
    }
    sam.says(&["say", "Early warning", "Yes, planning and forms.", "--reply-to", "4"])?;
    let history = alex.says(&["history", "early"])?;
    ensure!(
        history.contains("TLP:AMBER") && history.contains("Yes, planning and forms."),
        "{history}"
    );
    let found = sam.says(&["search", "CIVICA"])?;
    ensure!(found.contains("Is Civica down for you?"), "{found}");
    let json = alex.says(&["--json", "rooms"])?;
    let room: serde_json::Value = serde_json::from_str(json.lines().next().context("no room")?)?;
    ensure!(room["settings"]["name"] == "Early warning" && room["role"] == "lead", "{room}");
    let strict = sam.complains(&["say", "Early warning", "too strict", "--label", "red"])?;
    ensure!(strict.contains("TLP:AMBER+STRICT"), "{strict}");
    Ok(())
}

/// Waits until `tail` says that it is connected: on standard error, where it says such things.
fn wait_for_connection(tail: &mut Child) -> anyhow::Result<()> {
    let mut error = tail.stderr.take().context("no standard error")?;
    let mut said = Vec::new();
    let mut byte = [0];
    while error.read(&mut byte)? == 1 {
        said.push(byte[0]);
        if String::from_utf8_lossy(&said).contains("onnected") || said.ends_with(b"\n") {
            tail.stderr = Some(error);
            return Ok(());
        }
    }
    anyhow::bail!("tail ended: {}", String::from_utf8_lossy(&said))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_of_the_crate_documentation_answers() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Green, Label::Green).await?;
    let grant = Grant {
        rooms: vec![room],
        read: Some(Label::Green),
        post: Some(Label::Green),
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms: i64::MAX,
    };
    let added = manager.client.call(AddBot { name: "Status".parse()?, grant, hook: None }).await?;
    let (_client, mut events) = manager.follow(room, 0).await?;
    let mut bot = Command::new(example_binary("bot")?);
    bot.env("WARPROOM_ADDRESS", warp.address().to_string());
    bot.env("WARPROOM_TOKEN", Secret::expose(&added.token)).stdout(Stdio::null());
    let _bot = Running(bot.spawn()?);
    // The bot follows from now on, whenever that is: ask until it answers.
    let mut asking = tokio::time::interval(Duration::from_millis(100));
    let client = manager.client.clone();
    let asker = tokio::spawn(async move {
        for _ in 0..200 {
            asking.tick().await;
            let _ = client.post(room, Label::Green, "status?").await;
        }
    });
    let answer = until(&mut events, |event| match event {
        warproom_client::Event::Entry(entry) if entry.text() == Some("All systems are up.") => {
            Some(entry.author())
        }
        _ => None,
    });
    let author = answer.await?;
    asker.abort();
    ensure!(author == Some(warproom_client::proto::Principal::Bot(added.bot)), "{author:?}");
    Ok(())
}

/// An alert, a roll call and its board, as officers type them.
#[tokio::test(flavor = "multi_thread")]
async fn a_roll_call_is_answered_by_the_command_line() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (alex, sam) = (Computer::new()?, Computer::new()?);
    alex.join(&warp.invite("alex.fenwick", council, Role::Manager).await?.1.to_text())?;
    sam.join(&warp.invite("sam.pryor", thanet, Role::Officer).await?.1.to_text())?;
    let open = ["room", "open", "Early warning", "--ceiling", "red", "--default", "amber"];
    alex.says(&open)?;
    alex.says(&["room", "add", "Early warning", "sam.pryor"])?;
    sam.says(&["organisation", "depends-on", "--vendor", "Civica=East Kent Services"])?;

    let alert = ["alert", "Early warning", "Civica hosting is down", "--severity", "severe"];
    alex.says(
        &[&alert[..], &["--vendor", "Civica UK Ltd", "--do", "Look at your forms"]].concat(),
    )?;
    let ask = ["ask", "Early warning", "Who is affected?", "--roll-call", "--due", "2h"];
    alex.says(&ask)?;
    let seen = sam.says(&["history", "Early warning"])?;
    for part in [
        "SEVERE",
        "Civica hosting is down",
        "Look at your forms",
        "Who is affected?",
        "your supplier: Civica",
    ] {
        ensure!(seen.contains(part), "{part:?} is not in:\n{seen}");
    }
    ensure!(sam.says(&["outstanding"])?.contains("Who is affected?"), "nothing waits");
    let answer =
        ["answer", "Early warning", "5", "affected", "--note", "Planning", "--vendor", "Civica"];
    let counted = sam.says(&answer)?;
    ensure!(counted.contains("common cause"), "{counted}");
    let unknown = sam.complains(&["answer", "early", "5", "affected"])?;
    ensure!(unknown.contains("Early warning"), "{unknown}");
    let board = alex.says(&["board", "Early warning", "5"])?;
    for part in ["Thanet District Council", "affected", "Planning", "Dover District Council"] {
        ensure!(board.contains(part), "{part:?} is not in:\n{board}");
    }
    let csv = alex.says(&["board", "Early warning", "5", "--csv", "-"])?;
    ensure!(csv.starts_with("TLP:AMBER") && csv.contains("Thanet District Council"), "{csv}");
    alex.says(&["answer", "Early warning", "5", "affected", "--vendor", "CIVICA"])?;
    let causes = sam.says(&["causes"])?;
    ensure!(causes.contains("Civica") && causes.contains('2'), "{causes}");
    Ok(())
}

#[test]
fn the_demo_plays_to_its_end() -> anyhow::Result<()> {
    let output = Command::new(harness::demo_binary()?).arg("--exit").output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "concerns Kent WARP office: your product: Ivanti Connect Secure",
        "[TLP:GREEN] Bot alerts, SEVERE: The planning portal has not answered",
        "(Ashford Borough Council) answers #16: SEPARATE INCIDENT",
        "Robin Marsh is warned: COMMON CAUSE: 3 organisations name Civica",
        "3 affected, 0 investigating, 0 not affected, 1 separate incident, 2 without an answer",
        "Dover's entry went in once",
        "[TLP:RED]",
        "withheld",
    ] {
        ensure!(said.contains(part), "{part:?} is not in the play:\n{said}");
    }
    Ok(())
}

#[test]
fn completions_are_printed_for_every_shell() -> anyhow::Result<()> {
    let computer = Computer::new()?;
    for shell in ["bash", "zsh", "fish"] {
        ensure!(computer.says(&["completions", shell])?.contains("warproom"), "{shell}");
    }
    ensure!(Path::new(&client_binary()?).is_file());
    Ok(())
}

/// A store that was put back from a backup: what had come further is named, with what to do, until the person
/// decides to believe it; then everything goes on.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_read_further_decides_to_believe_a_store_that_was_put_back() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    let alex = Computer::new()?;
    alex.join(&invitation.to_text())?;
    alex.says(&["room", "open", "Ops", "--ceiling", "amber", "--default", "amber"])?;
    let home = tempfile::tempdir()?;
    let (backup, old) = (home.path().join("backup"), home.path().join("old"));
    back_up(&warp, &backup).await?;
    alex.says(&["say", "Ops", "after the backup"])?;
    alex.says(&["organisation", "add", "Ashford Borough Council"])?;
    ensure!(alex.says(&["history", "Ops"])?.contains("after the backup"));
    ensure!(alex.says(&["register"])?.contains("Ashford Borough Council"));

    warp.stop().await?;
    std::fs::rename(warp.folder(), &old)?;
    let options = [("--from", &*backup), ("--keys", &*old.join("keys"))];
    done(command(&warp, "restore", &options)).await?;
    warp.restart().await?;
    for arguments in [
        &["history", "Ops"][..],
        &["register"],
        &["say", "Ops", "on top of it"],
        &["tail", "Ops", "--since", "3"],
    ] {
        let said = alex.complains(arguments)?;
        ensure!(said.contains("history") && said.contains("`warproom audit --forget`"), "{said}");
    }
    // What a command fails for besides does not hide it.
    let said = alex.complains(&["organisation", "add", "Dover District Council"])?;
    ensure!(
        said.contains("history of the register") && said.contains("`warproom audit --forget`"),
        "{said}"
    );
    ensure!(said.matches("warproom: ").count() >= 2, "{said}");
    for arguments in
        [&["audit", "--forget"][..], &["register", "--forget"], &["room", "forget", "Ops"]]
    {
        // Each still tells of the others.
        let said = String::from_utf8(alex.run(arguments)?.stdout)?;
        ensure!(said.contains("is believed as the server shows it next"), "{arguments:?}: {said}");
    }
    ensure!(!alex.says(&["history", "Ops"])?.contains("after the backup"), "it was not put back");
    alex.says(&["say", "Ops", "on top of it"])?;
    ensure!(!alex.says(&["register"])?.contains("Ashford Borough Council"), "it was not put back");
    alex.says(&["audit", "--check"])?;
    Ok(())
}
