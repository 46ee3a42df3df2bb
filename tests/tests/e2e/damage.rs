//! Damage on disk is reported, never served, never silently repaired: a stopped store of a few
//! hundred entries is copied, its database file or checkpoint bent or cut at random, and the real
//! server's `verify` is asked. It must either name what is wrong, or every record must still read
//! as it was written. `WARPROOM_DAMAGE_ROUNDS` asks for more rounds of each kind (500 for a long
//! run), and `WARPROOM_DAMAGE_SEED` for those of an earlier run.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tempfile::TempDir;
use warproom_proto::{EntryId, Label, LogId, RoomId};
use warproom_server::store::{self, Direction, MasterKey, Options, Stored};
use warproom_tests::crash::Random;
use warproom_tests::harness::{Warp, copy_folder, server_binary};
use warproom_tests::say;
use warproom_tests::wire::Wire;

use crate::bad_input::output;

const ROUNDS: u64 = 60;
const ENTRIES: usize = 400;

const DATABASE: &str = "data/db/db";
const HEADS: &str = "data/heads";

#[tokio::test]
async fn bit_flips_in_the_database_are_reported_or_change_nothing() -> anyhow::Result<()> {
    many(DATABASE, flip).await
}

#[tokio::test]
async fn a_cut_database_is_reported_or_whole() -> anyhow::Result<()> {
    many(DATABASE, cut).await
}

#[tokio::test]
async fn bit_flips_in_the_checkpoint_are_reported_or_change_nothing() -> anyhow::Result<()> {
    many(HEADS, flip).await
}

#[tokio::test]
async fn a_cut_checkpoint_is_reported() -> anyhow::Result<()> {
    many(HEADS, cut).await
}

#[tokio::test]
async fn a_missing_file_is_named() -> anyhow::Result<()> {
    let sound = Sound::prepare().await?;
    for (file, named) in [
        (DATABASE, "db/db is damaged: it is missing"),
        (HEADS, "heads is damaged: it is missing"),
        ("data/version", "there is no store in"),
        ("keys/master.key", "master.key"),
        ("keys/server.pem", "server.pem"),
        ("keys/authority.pem", "authority.pem"),
    ] {
        let copy = sound.copy()?;
        fs::remove_file(copy.path().join(file))?;
        let served = sound.run(copy.path(), "serve").await?;
        refused(&served, &[named])?;
        if file.starts_with("data/") {
            refused(&sound.run(copy.path(), "verify").await?, &[named])?;
        }
    }
    // The whole database, as an operator in a hurry might: never a fresh one in its place.
    let copy = sound.copy()?;
    fs::remove_dir_all(copy.path().join("data/db"))?;
    refused(&sound.run(copy.path(), "serve").await?, &["db/db is damaged: it is missing"])?;
    ensure!(!copy.path().join("data/db").exists(), "a new database was made in its place");
    Ok(())
}

#[tokio::test]
async fn an_older_database_under_a_newer_checkpoint_is_refused_as_truncated() -> anyhow::Result<()>
{
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    for number in 0..5 {
        warp.manager().post(room, Label::Green, &format!("kept {number}")).await?;
    }
    warp.stop().await?;
    let data = warp.folder().join("data");
    let older = tempfile::tempdir()?;
    copy_folder(&data.join("db"), &older.path().join("db"))?;
    warp.restart().await?;
    let lost = warp.manager().post(room, Label::Green, "lost by the old copy").await?;
    warp.stop().await?;

    fs::remove_dir_all(data.join("db"))?;
    copy_folder(&older.path().join("db"), &data.join("db"))?;
    let what = format!("room {room} log, record {}: it and all later records are gone", lost.seq);
    refused(&warp.verify()?, &[&what])?;
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let sound = Sound { binary, folder: warp.folder(), baseline: Vec::new(), _home: None };
    refused(&sound.run(&warp.folder(), "serve").await?, &[&what, "restore the store from a backup"])
}

#[tokio::test]
async fn another_history_of_the_same_length_is_refused_as_forked() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.stop().await?;
    let (data, before) = (warp.folder().join("data"), tempfile::tempdir()?);
    copy_folder(&data, &before.path().join("data"))?;
    warp.restart().await?;
    let first = warp.manager().post(room, Label::Green, "one history").await?;
    warp.stop().await?;
    let heads = fs::read(data.join("heads"))?;

    // The same day again, from the copy, otherwise.
    fs::remove_dir_all(&data)?;
    copy_folder(&before.path().join("data"), &data)?;
    warp.restart().await?;
    let mut wire = Wire::person(&warp, warp.manager()).await?;
    let post =
        json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": "another"});
    let posted = wire.ask("entry.post", post).await?;
    ensure!(posted.is_ok_and(|posted| posted["seq"] == first.seq), "not the same number");
    warp.stop().await?;
    fs::write(data.join("heads"), heads)?;
    let what = format!("room {room} log, record {}: another record was stored", first.seq);
    refused(&warp.verify()?, &[&what])
}

#[tokio::test]
async fn a_server_does_not_start_on_a_damaged_store() -> anyhow::Result<()> {
    let sound = Sound::prepare().await?;
    let copy = sound.copy()?;
    let database = copy.path().join(DATABASE);
    let length = fs::metadata(&database)?.len();
    OpenOptions::new().write(true).open(&database)?.set_len(length / 2)?;
    let served = sound.run(copy.path(), "serve").await?;
    refused(&served, &["restore the store from a backup"])?;
    let verified = sound.run(copy.path(), "verify").await?;
    ensure!(!verified.status.success(), "verify finds nothing");

    let copy = sound.copy()?;
    let mut heads = fs::read(copy.path().join(HEADS))?;
    heads[130] ^= 1; // In the first log's slot.
    fs::write(copy.path().join(HEADS), heads)?;
    let served = sound.run(copy.path(), "serve").await?;
    refused(&served, &["heads is damaged: one of its slots is not ours", "restore"])
}

/// Rounds of one kind of damage to one file.
async fn many(
    file: &str,
    damage: fn(&Path, &mut Random) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = number("WARPROOM_DAMAGE_SEED").unwrap_or(now);
    say(format!("WARPROOM_DAMAGE_SEED={seed}"));
    let mut random = Random::new(seed);
    let sound = Sound::prepare().await?;
    let (mut reported, rounds) = (0, number("WARPROOM_DAMAGE_ROUNDS").unwrap_or(ROUNDS));
    for round in 1..=rounds {
        let copy = sound.copy()?;
        let done = damage(&copy.path().join(file), &mut random)?;
        let is_reported = sound.judge(copy.path()).await;
        reported += u64::from(is_reported.with_context(|| format!("round {round}: {done}"))?);
    }
    say(format!("{file}: {reported} of {rounds} reported, the others changed nothing"));
    ensure!(reported > 0, "nothing was ever reported: the damage went nowhere");
    Ok(())
}

/// Flips one to three bits, most often where something is written; says which.
fn flip(path: &Path, random: &mut Random) -> anyhow::Result<String> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut done = Vec::new();
    for _ in 0..=random.below(3) {
        let (mut at, mut byte) = (random.below(length), [0]);
        // One in four goes anywhere, also to where nothing is.
        for _ in 0..20 * random.below(4) {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut byte)?;
            if byte[0] != 0 {
                break;
            }
            at = random.below(length);
        }
        let bit = random.below(8);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&[byte[0] ^ (1 << bit)])?;
        done.push(format!("bit {bit} of byte {at}"));
    }
    Ok(done.join(", "))
}

/// Cuts the file anywhere; says where.
fn cut(path: &Path, random: &mut Random) -> anyhow::Result<String> {
    let length = fs::metadata(path)?.len();
    let to = random.below(length);
    OpenOptions::new().write(true).open(path)?.set_len(to)?;
    Ok(format!("cut from {length} to {to} bytes"))
}

/// A refusal: not a success, in a sentence that names these, and nothing besides that is no
/// sentence of ours.
fn refused(output: &Output, named: &[&str]) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{:?}: {said}", output.status);
    let ours = said.lines().filter(|line| line.starts_with("warproom-server: "));
    let ours: Vec<_> = ours.collect();
    ensure!(!ours.is_empty(), "no sentence of ours: {said}");
    for name in named {
        ensure!(ours.iter().any(|line| line.contains(name)), "{name:?} is not named: {said}");
    }
    Ok(())
}

/// A stopped WARP that is not damaged, and all it holds.
struct Sound {
    binary: PathBuf,
    folder: PathBuf,
    baseline: Vec<(LogId, Vec<Stored>)>,
    _home: Option<Warp>,
}

impl Sound {
    async fn prepare() -> anyhow::Result<Self> {
        let mut warp = Warp::start().await?;
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(warp.room(&[warp.manager()], Label::Green, Label::Green).await?);
        }
        fill(&warp, &rooms).await?;
        warp.stop().await?;
        let (folder, binary) = (warp.folder(), tokio::task::spawn_blocking(server_binary).await??);
        // A copy is read, so that the original stays as the server left it.
        let copy = copied(&folder)?;
        let baseline = everything(copy.path())?;
        ensure!(baseline.iter().map(|(_, log)| log.len()).sum::<usize>() > ENTRIES);
        let sound = Self { binary, folder, baseline, _home: Some(warp) };
        let control = sound.copy()?;
        ensure!(!sound.judge(control.path()).await?, "damage is reported where there is none");
        Ok(sound)
    }

    fn copy(&self) -> anyhow::Result<TempDir> {
        copied(&self.folder)
    }

    /// Whether damage was reported. If not, everything must be as it was.
    async fn judge(&self, folder: &Path) -> anyhow::Result<bool> {
        let verified = self.run(folder, "verify").await?;
        if !verified.status.success() {
            // What is named differs; that a sentence of ours names something does not.
            refused(&verified, &[])?;
            let said = String::from_utf8_lossy(&verified.stderr);
            let names = ["damaged", "record", "database in", "heads", "master key", "mark"];
            ensure!(names.iter().any(|name| said.contains(name)), "nothing is named: {said}");
            return Ok(true);
        }
        let now = everything(folder).context("verified, and cannot be read")?;
        ensure!(now == self.baseline, "verified, and not what was stored");
        Ok(false)
    }

    /// Runs a command of the server on a folder, and waits for its end.
    async fn run(&self, folder: &Path, command: &str) -> anyhow::Result<Output> {
        let mut run = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WARPROOM_") {
                run.env_remove(name);
            }
        }
        run.arg("--folder").arg(folder).arg(command).env("RUST_BACKTRACE", "0");
        output(run).await
    }
}

fn copied(folder: &Path) -> anyhow::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    copy_folder(folder, copy.path())?;
    Ok(copy)
}

async fn fill(warp: &Warp, rooms: &[RoomId]) -> anyhow::Result<()> {
    let mut wire = Wire::person(warp, warp.manager()).await?;
    let mut flying = std::collections::VecDeque::new();
    for number in 0..ENTRIES {
        let room = rooms[number % rooms.len()];
        let text = format!("{number} {}", "x".repeat(number % 50 * number % 700));
        let post =
            json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": text});
        flying.push_back(wire.request("entry.post", &post).await?);
        if flying.len() >= 16 {
            let id = flying.pop_front().context("there are 16")?;
            wire.reply_to(&json!(id)).await?;
        }
    }
    for id in flying {
        wire.reply_to(&json!(id)).await?;
    }
    Ok(())
}

/// Every record of every log.
fn everything(folder: &Path) -> anyhow::Result<Vec<(LogId, Vec<Stored>)>> {
    let key = MasterKey::load(&folder.join("keys/master.key"))?;
    let options = Options { cache_bytes: 16 << 20, ..Options::default() };
    let (store, _committer) = store::open(&folder.join("data"), &key, options)?;
    let logs = store.logs().into_iter().map(|log| {
        let records: Result<Vec<_>, _> =
            store.page(log, 1, usize::MAX, Direction::Forward).collect();
        Ok((log, records?))
    });
    logs.collect()
}
