//! Damage to a stopped store, and whether it is told: bits are flipped or a tail is cut off in a copy, and
//! the real server's `verify` is asked. It must either name what is wrong, or every record must still read
//! as it was written.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tempfile::TempDir;
use warproom_proto::calls::MarkRead;
use warproom_proto::{EntryId, Label, LogId, RoomId};
use warproom_server::store::{self, Direction, Mark, MasterKey, Options, Stored};

use crate::crash::Random;
use crate::harness::{PLANTED, Warp, copy_folder, eventually, server_binary};
use crate::wire::Wire;

const ENTRIES: usize = 400;

/// How long a command may take on a damaged store: far longer than it does.
const ENDING: Duration = Duration::from_mins(1);

/// The database's data file within a WARP's folder.
pub const DATABASE: &str = "data/db/db";

/// The checkpoint within a WARP's folder.
pub const HEADS: &str = "data/heads";

/// Where an earlier copy of the database lies within a WARP's folder, for [`roll_back`].
const OLDER: &str = "older";

/// A kind of damage to one file; says what it did.
pub type Damaging = fn(&Path, &mut Random) -> anyhow::Result<String>;

/// How many rounds of damage were told, of how many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// All rounds.
    pub rounds: u64,
    /// Those in which damage was told; in the others everything read as it was written.
    pub reported: u64,
}

/// Flips one to three bits, most often where something is written; says which.
///
/// # Errors
/// If the file cannot be changed.
pub fn flip(path: &Path, random: &mut Random) -> anyhow::Result<String> {
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
///
/// # Errors
/// If the file cannot be changed.
pub fn cut(path: &Path, random: &mut Random) -> anyhow::Result<String> {
    let length = fs::metadata(path)?.len();
    let to = random.below(length);
    OpenOptions::new().write(true).open(path)?.set_len(to)?;
    Ok(format!("cut from {length} to {to} bytes"))
}

/// Puts the database back to an earlier moment, under the checkpoint of the later one.
///
/// # Errors
/// If it cannot be put there.
pub fn roll_back(path: &Path, _random: &mut Random) -> anyhow::Result<String> {
    let database = path.parent().context("it is in a folder")?;
    let folder = database.ancestors().nth(2).context("it is in a WARP's folder")?;
    fs::remove_dir_all(database)?;
    // The notes of the audit log, which would tell too, are gone: the checkpoint has to do alone.
    let notes = folder.join("data/checkpoints");
    if notes.exists() {
        fs::remove_file(notes)?;
    }
    copy_folder(&folder.join(OLDER), database)?;
    Ok("put back".to_owned())
}

/// A refusal: not a success, in a sentence that names these, and nothing besides that is no
/// sentence of ours.
///
/// # Errors
/// If it is anything else.
pub fn refused(output: &Output, named: &[&str]) -> anyhow::Result<()> {
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
pub struct Sound {
    binary: PathBuf,
    planted: Option<&'static str>,
    folder: PathBuf,
    baseline: Everything,
    _home: Option<Warp>,
}

/// Every record of every log, and every mark.
type Everything = (Vec<(LogId, Vec<Stored>)>, Vec<Mark>);

impl Sound {
    /// Fills a WARP and stops it.
    ///
    /// # Errors
    /// If the server does not do as it is asked.
    pub async fn prepare() -> anyhow::Result<Self> {
        let mut warp = Warp::start().await?;
        let mut rooms = Vec::new();
        for _ in 0..3 {
            rooms.push(warp.room(&[warp.manager()], Label::Green, Label::Green).await?);
        }
        fill(&warp, &rooms, 0..ENTRIES / 2).await?;
        warp.stop().await?;
        copy_folder(&warp.folder().join("data/db"), &warp.folder().join(OLDER))?;
        warp.restart().await?;
        warp.manager().back().await?;
        fill(&warp, &rooms, ENTRIES / 2..ENTRIES).await?;
        for room in rooms {
            let seq = warp.manager().history(room).await?.len() as u64;
            warp.manager().client.call(MarkRead { room, seq }).await?;
        }
        warp.stop().await?;
        let (folder, binary) = (warp.folder(), tokio::task::spawn_blocking(server_binary).await??);
        // A copy is read, so that the original stays as the server left it.
        let copy = copied(&folder)?;
        let baseline = everything(copy.path())?;
        ensure!(baseline.0.iter().map(|(_, log)| log.len()).sum::<usize>() > ENTRIES);
        let sound = Self { binary, planted: None, folder, baseline, _home: Some(warp) };
        let control = sound.copy()?;
        ensure!(!sound.judge(control.path()).await?, "damage is reported where there is none");
        Ok(sound)
    }

    /// The server's commands on the folder of a stopped WARP, of whose records nothing is known.
    #[must_use]
    pub const fn commands(binary: PathBuf, folder: PathBuf) -> Self {
        let baseline = (Vec::new(), Vec::new());
        Self { binary, planted: None, folder, baseline, _home: None }
    }

    /// The same, judged by a server in which a fault is awake.
    #[must_use]
    pub fn planted(self, binary: PathBuf, fault: &'static str) -> Self {
        Self { binary, planted: Some(fault), ..self }
    }

    /// Rounds of one kind of damage to one file.
    ///
    /// # Errors
    /// If damage is neither told nor without effect.
    pub async fn rounds(
        &self,
        file: &str,
        damage: Damaging,
        rounds: u64,
        random: &mut Random,
    ) -> anyhow::Result<Told> {
        let mut told = Told { rounds, reported: 0 };
        for round in 1..=rounds {
            let copy = self.copy()?;
            let done = damage(&copy.path().join(file), random)?;
            let is_reported = self.judge(copy.path()).await;
            told.reported +=
                u64::from(is_reported.with_context(|| format!("round {round}: {done}"))?);
        }
        ensure!(told.reported > 0 || rounds == 0, "nothing was ever told: the damage went nowhere");
        Ok(told)
    }

    /// A copy to damage.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn copy(&self) -> anyhow::Result<TempDir> {
        copied(&self.folder)
    }

    /// Whether damage was reported. If not, everything must be as it was.
    ///
    /// # Errors
    /// If it is not, or if nothing is named.
    pub async fn judge(&self, folder: &Path) -> anyhow::Result<bool> {
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
        let (logs, marks) = &now;
        // Marks stand in no chain: a cut may take the last of them unseen, and bends none.
        let are_known = marks.iter().all(|mark| self.baseline.1.contains(mark));
        ensure!(*logs == self.baseline.0 && are_known, "verified, and not what was stored");
        Ok(false)
    }

    /// Runs a command of the server on a folder, and waits for its end.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn run(&self, folder: &Path, command: &str) -> anyhow::Result<Output> {
        let mut run = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WARPROOM_") {
                run.env_remove(name);
            }
        }
        run.arg("--folder").arg(folder).arg(command).env("RUST_BACKTRACE", "0");
        run.envs(self.planted.map(|fault| (PLANTED, fault)));
        run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = run.spawn()?;
        let ended = eventually(ENDING, async || child.try_wait().transpose()).await;
        if ended.is_err() {
            child.kill()?;
        }
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ended.with_context(|| format!("it does not end; it said: {said}"))??;
        Ok(output)
    }
}

fn copied(folder: &Path) -> anyhow::Result<TempDir> {
    let copy = tempfile::tempdir()?;
    copy_folder(folder, copy.path())?;
    Ok(copy)
}

async fn fill(warp: &Warp, rooms: &[RoomId], numbers: Range<usize>) -> anyhow::Result<()> {
    let mut wire = Wire::person(warp, warp.manager()).await?;
    let mut flying = std::collections::VecDeque::new();
    for number in numbers {
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

fn everything(folder: &Path) -> anyhow::Result<Everything> {
    let key = MasterKey::load(&folder.join("keys/master.key"))?;
    let options = Options { cache_bytes: 16 << 20, ..Options::default() };
    let (store, _committer) = store::open(&folder.join("data"), &key, options)?;
    let logs = store.logs().into_iter().map(|log| {
        let records: Result<Vec<_>, _> =
            store.page(log, 1, usize::MAX, Direction::Forward).collect();
        anyhow::Ok((log, records?))
    });
    let marks: Result<Vec<_>, _> = store.marks(&[]).collect();
    Ok((logs.collect::<Result<_, _>>()?, marks?))
}
