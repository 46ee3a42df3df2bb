//! What an operator can get wrong, and what a machine can: each ends with one sentence that names
//! the file and what to do, an exit code that is not 0, no panic and no backtrace.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_proto::calls::AddOrganisation;
use warproom_proto::{EntryId, ErrorCode, Label, RoomId};
use warproom_tests::crash::{Door, Ledger, Writer};
use warproom_tests::harness::{DEADLINE, Warp, copy_folder, eventually, server_binary};
use warproom_tests::skipped;
use warproom_tests::wire::{Wire, authority};

/// How long a command that fails may take to say so; far more than any was seen to.
const FAILING: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_configuration_with_a_mistake_is_refused_by_file_and_field() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    for (mistake, named) in [
        ("lisen = \"127.0.0.1:7443\"\n", "lisen"),
        ("cache_mib = \"much\"\n", "cache_mib"),
        ("listen = \"here\"\n", "listen"),
        ("address = \"localhost\"\n", "host:port"),
        ("log = [1]\n", "log"),
        ("[limits]\nstranger = 5\n", "stranger"),
        ("[limits]\nin_flight = 0\n", "limits"),
        ("[limits]\nping_ms = -1\n", "ping_ms"),
        ("= = =\n", "line 1"),
    ] {
        fs::write(bench.folder().join("warproom.toml"), mistake)?;
        for command in ["serve", "verify", "certificate"] {
            bench.fails(command, &["warproom.toml", named]).await.context(mistake)?;
        }
    }
    fs::write(bench.folder().join("warproom.toml"), [0xff, 0xfe, 0x00])?;
    bench.fails("serve", &["warproom.toml"]).await?;
    fs::write(bench.folder().join("warproom.toml"), "log = \"warproom_server=lowd\"\n")?;
    bench.fails("serve", &["log"]).await
}

#[tokio::test]
async fn a_mistake_in_the_environment_is_named_too() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    for (name, value, named) in [
        ("WARPROOM_SERVER_CACHE_MIB", "much", "CACHE_MIB"),
        ("WARPROOM_SERVER_LIMITS__STRANGER", "5", "stranger"),
    ] {
        let set = |command: &mut Command| {
            command.env(name, value);
        };
        complains(&bench.command(&bench.folder(), "serve", set).await?, &[named])?;
    }
    Ok(())
}

#[tokio::test]
async fn the_folder_may_be_told_by_the_environment() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let mut command = Command::new(&bench.binary);
    command.env("WARPROOM_SERVER_FOLDER", bench.folder()).arg("verify");
    let output = output(command).await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test]
async fn a_bad_certificate_is_refused_by_file() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let keys = bench.folder().join("keys");
    let other = Bench::prepare().await?;
    let others_key = fs::read(other.folder().join("keys/server.key"))?;
    let (sound, sound_key) =
        (fs::read(keys.join("server.pem"))?, fs::read(keys.join("server.key"))?);
    let garbage = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";

    for bad in ["", "no certificate at all\n", garbage] {
        fs::write(keys.join("server.pem"), bad)?;
        bench
            .fails("serve", &["server.pem", "`warproom-server certificate`"])
            .await
            .context(bad)?;
    }
    fs::write(keys.join("server.pem"), &sound)?;
    fs::write(keys.join("server.key"), "no key at all\n")?;
    bench.fails("serve", &["server.key", "`warproom-server certificate`"]).await?;
    fs::write(keys.join("server.key"), others_key)?;
    bench.fails("serve", &["server.pem", "`warproom-server certificate`"]).await?;
    fs::remove_file(keys.join("server.key"))?;
    bench.fails("serve", &["server.key", "`warproom-server certificate`"]).await?;

    // What it advises helps.
    let made = bench.command(&bench.folder(), "certificate", |_| {}).await?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::write(keys.join("server.key"), sound_key)?;
    bench.fails("serve", &["server.pem"]).await
}

#[tokio::test]
async fn a_port_in_use_and_an_address_elsewhere_are_named() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    for listen in [taken.local_addr()?.to_string(), "192.0.2.1:7443".to_owned()] {
        let listening = listen.clone();
        let output = bench
            .command(&bench.folder(), "serve", move |command| {
                command.env("WARPROOM_SERVER_LISTEN", listening);
            })
            .await?;
        complains(&output, &["cannot listen on", &listen, "`listen` in warproom.toml"])?;
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_that_is_none_or_not_there_is_named() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let home = tempfile::tempdir()?;
    let (file, nowhere) = (home.path().join("file"), home.path().join("nowhere"));
    fs::write(&file, "a file")?;
    for (folder, name) in [(&file, "file"), (&nowhere, "nowhere")] {
        for command in ["serve", "verify", "certificate"] {
            let output = bench.command(folder, command, |_| {}).await?;
            complains(&output, &["there is no WARP in", name, "init"])?;
        }
    }
    // The store and the keys, by files in their place.
    for part in ["data", "keys"] {
        let copy = tempfile::tempdir()?;
        copy_folder(&bench.folder(), copy.path())?;
        fs::remove_dir_all(copy.path().join(part))?;
        fs::write(copy.path().join(part), "a file")?;
        let output = bench.command(copy.path(), "serve", |_| {}).await?;
        complains(&output, &[&copy.path().join(part).display().to_string()])?;
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_store_is_refused() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let bench = Bench::prepare().await?;
    for command in ["serve", "verify"] {
        let output = bench.command(&warp.folder(), command, |_| {}).await?;
        complains(&output, &["data is in use by another process"])?;
    }
    warp.organisation("Still there").await?;
    Ok(())
}

#[tokio::test]
async fn a_store_of_another_version_is_refused_with_what_to_do() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let version = bench.folder().join("data/version");
    for (found, named) in [
        ("warproom-store 4\n", "version 4, newer than the 3 this program knows: use the newer"),
        ("warproom-store 0\n", "version 0, older than the 3"),
        ("something else\n", "version is damaged: it does not say a version"),
        ("", "version is damaged: it does not say a version"),
    ] {
        fs::write(&version, found)?;
        bench.fails("serve", &[named]).await?;
        bench.fails("verify", &[named]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_and_harms_nothing() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let key = bench.folder().join("keys/master.key");
    let right = fs::read(&key)?;
    let wrong = "is not the one the store was made with";
    let others = fs::read(Bench::prepare().await?.folder().join("keys/master.key"))?;
    for (content, named) in [
        (others.as_slice(), wrong),
        (b"warproom-master-key-v1:00", "is not a Warproom master key"),
        (b"\xff\xfe", "is not a Warproom master key"),
        (b"", "is not a Warproom master key"),
    ] {
        fs::write(&key, content)?;
        bench.fails("serve", &["master key", named]).await?;
        bench.fails("verify", &["master key", named]).await?;
    }
    fs::write(&key, right)?;
    let verified = bench.command(&bench.folder(), "verify", |_| {}).await?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    Ok(())
}

#[tokio::test]
async fn a_warp_is_made_once() -> anyhow::Result<()> {
    let bench = Bench::prepare().await?;
    let before = fs::read(bench.folder().join("keys/master.key"))?;
    let again = bench.command(&bench.folder(), "init", founding).await?;
    complains(&again, &["warproom.toml is already there", "Choose another --folder"])?;
    ensure!(fs::read(bench.folder().join("keys/master.key"))? == before, "the keys were touched");

    // A folder with keys or a store in it, and no configuration, is not taken either.
    fs::remove_file(bench.folder().join("warproom.toml"))?;
    let again = bench.command(&bench.folder(), "init", founding).await?;
    complains(&again, &["master.key"])?;
    ensure!(fs::read(bench.folder().join("keys/master.key"))? == before, "the keys were touched");
    ensure!(!bench.folder().join("warproom.toml").exists(), "half a WARP was left behind");
    Ok(())
}

#[tokio::test]
async fn a_full_disk_refuses_posts_reads_on_and_recovers() -> anyhow::Result<()> {
    let Some(disk) = Disk::mount(48)? else { return Ok(()) };
    let (mut warp, room) = disk.warp(16).await?;
    let (mut ledger, mut writer, door) = load(&warp, room);
    ledger.note(writer.write(&door, 50).await?)?;

    // Filled up from elsewhere, to within half of what the server keeps in reserve.
    disk.fill(8 << 20)?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let post = post(room, 9_999, "no room");
    for _ in 0..3 {
        let refused = wire.ask("entry.post", post.clone()).await?;
        let code = refused.err().context("posted on a full disk")?["code"].clone();
        ensure!(code == ErrorCode::StorageFull.number(), "{code}");
    }
    let (name, aliases, clients) = ("Too late".parse()?, Vec::new(), Vec::new());
    let add = AddOrganisation { name, aliases, clients };
    let refused = wire.call(&add).await?.err().context("added on a full disk")?;
    ensure!(refused.code == ErrorCode::StorageFull, "{refused}");
    ledger.check(&mut wire).await.context("reading on a full disk")?;

    // And freed: the same server goes on.
    disk.free()?;
    eventually(DEADLINE, async || wire.ask("entry.post", post.clone()).await.ok()?.ok()).await?;
    let mut other = Writer::new(1, warp.manager().credentials(), vec![room]);
    ledger.note(other.write(&door, 50).await?)?;
    warp.kill()?;
    warp.restart().await?;
    ledger.check(&mut Wire::person(&warp, warp.manager()).await?).await?;
    ensure!(ledger.entries() == 101, "{} entries", ledger.entries());
    warp.stop().await?;
    ensure!(warp.verify()?.status.success(), "not whole afterwards");
    Ok(())
}

/// With no reserve at all the database itself cannot write. What then fails is said, and nothing
/// that was acknowledged is lost.
#[tokio::test]
async fn a_disk_without_any_space_loses_nothing() -> anyhow::Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let (mut warp, room) = disk.warp(0).await?;
    let (mut ledger, mut writer, door) = load(&warp, room);
    ledger.note(writer.write(&door, 50).await?)?;
    disk.fill(0)?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let mut refused = None;
    // What the database took beforehand may hold some more, but not more than the disk.
    for number in 0..4_000 {
        let post = post(room, 10_000 + number, &"x".repeat(5_000));
        if let Err(error) = wire.ask("entry.post", post).await? {
            refused = error["code"].as_i64();
            break;
        }
    }
    let full = [ErrorCode::StorageFull, ErrorCode::StorageFailed];
    let codes = full.map(|code| i64::from(code.number()));
    ensure!(refused.is_some_and(|code| codes.contains(&code)), "{refused:?}");
    // Where not even the reserve is left, the database may meet the full disk in its own time, and then
    // refuses reading too until it is opened again. It never answers with less.
    if let Err(refusal) = ledger.check(&mut wire).await {
        let refusal = format!("{refusal:#}");
        ensure!(refusal.contains("the server failed"), "reading on a full disk: {refusal}");
    }
    disk.free()?;
    warp.kill()?;
    warp.restart().await?;
    ledger.check(&mut Wire::person(&warp, warp.manager()).await?).await?;
    warp.stop().await?;
    ensure!(warp.verify()?.status.success(), "not whole afterwards");
    Ok(())
}

/// What posts to a room, and what remembers it.
fn load(warp: &Warp, room: RoomId) -> (Ledger, Writer, Door) {
    let door = Door { host_port: warp.local().to_string(), authority: authority(warp) };
    let writer = Writer::new(0, warp.manager().credentials(), vec![room]);
    (Ledger::new(&[room]), writer, door)
}

/// A post in the form that a ledger reads, of a writer that no other is.
fn post(room: RoomId, number: u32, text: &str) -> Value {
    let text = format!("77 {number} {text}");
    json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": text})
}

fn founding(command: &mut Command) {
    command.args(["--warp", "Kent WARP", "--organisation", "Kent County Council"]);
    command.args(["--manager", "Mary Manager", "--handle", "mary"]);
}

/// A failure as it should be: one sentence of ours, naming these, and nothing else.
fn complains(output: &Output, named: &[&str]) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{:?}: {said}", output.status);
    ensure!(said.starts_with("warproom-server: "), "not a sentence of ours: {said}");
    // A mistake in TOML is shown with its place, over a few lines.
    ensure!(said.lines().count() <= 8, "not one sentence: {said}");
    for never in ["panicked", "backtrace", "unwrap", "Custom {", "Os {", "src/"] {
        ensure!(!said.contains(never), "{never:?} is no language for operators: {said}");
    }
    ensure!(said.matches("os error").count() <= 1, "the cause is said twice: {said}");
    for name in named {
        ensure!(said.contains(name), "{name:?} is not named: {said}");
    }
    Ok(())
}

/// A stopped WARP whose folder a test may spoil.
struct Bench {
    binary: PathBuf,
    home: tempfile::TempDir,
}

impl Bench {
    /// A new WARP, never started.
    async fn prepare() -> anyhow::Result<Self> {
        let binary = tokio::task::spawn_blocking(server_binary).await??;
        let bench = Self { binary, home: tempfile::tempdir()? };
        let made = bench.command(&bench.folder(), "init", founding).await?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Ok(bench)
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("warp")
    }

    /// A command fails as it should.
    async fn fails(&self, command: &str, named: &[&str]) -> anyhow::Result<()> {
        let output = self.command(&self.folder(), command, |_| {}).await?;
        complains(&output, named).with_context(|| command.to_owned())
    }

    async fn command(
        &self,
        folder: &Path,
        name: &str,
        prepare: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.binary);
        command.env_remove("WARPROOM_SERVER_FOLDER").arg("--folder").arg(folder).arg(name);
        if name == "serve" {
            command.env("WARPROOM_SERVER_LISTEN", "127.0.0.1:0");
        }
        if fs::read_to_string(folder.join("warproom.toml"))
            .is_ok_and(|text| text.contains("listen = \"here\""))
        {
            command.env_remove("WARPROOM_SERVER_LISTEN");
        }
        prepare(&mut command);
        output(command).await
    }
}

/// Runs a command to its end. One that goes on is ended, and that is a failure.
pub(crate) async fn output(mut command: Command) -> anyhow::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let ended = eventually(FAILING, async || child.try_wait().transpose()).await;
    if ended.is_err() {
        child.kill()?;
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ended.with_context(|| format!("it does not end; it said: {said}"))??;
    Ok(output)
}

/// A small disk of its own.
pub struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// Mounts one; none, said visibly, where this process may not.
    pub fn mount(mib: u32) -> anyhow::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let size = format!("size={mib}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "warproom-test"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mount.is_ok_and(|status| status.success()) {
            return Ok(Some(Self { folder }));
        }
        skipped("no file system can be mounted here (root is needed), so no disk is filled")?;
        Ok(None)
    }

    /// A WARP with its store on this disk, and a room in it.
    async fn warp(&self, reserve_mib: u32) -> anyhow::Result<(Warp, RoomId)> {
        let mut warp =
            Warp::builder().env("WARPROOM_SERVER_RESERVE_MIB", reserve_mib).start().await?;
        let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
        warp.stop().await?;
        let (data, here) = (warp.folder().join("data"), self.folder.path().join("data"));
        copy_folder(&data, &here)?;
        fs::remove_dir_all(&data)?;
        std::os::unix::fs::symlink(here, &data)?;
        warp.restart().await?;
        Ok((warp, room))
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it up to so many bytes.
    pub fn fill(&self, but_bytes: u64) -> anyhow::Result<()> {
        let disk = rustix::fs::statvfs(self.folder.path())?;
        let bytes = (disk.f_bavail * disk.f_frsize).saturating_sub(but_bytes);
        let filled = fs::write(self.folder.path().join("filler"), vec![1; usize::try_from(bytes)?]);
        let is_full = |error: &std::io::Error| error.kind() == std::io::ErrorKind::StorageFull;
        ensure!(filled.as_ref().map_or_else(is_full, |()| true), "{filled:?}");
        Ok(())
    }

    /// Takes the filling away.
    pub fn free(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.folder.path().join("filler"))?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that a failed test leaves behind is killed a moment later.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
