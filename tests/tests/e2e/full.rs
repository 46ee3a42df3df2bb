//! A disk that fails at any write: the system refuses the server's n-th write to its store, and each after
//! it, or its n-th sync, for n from 1 on, up to the first n that it never comes to: so each was the one that
//! failed. The server refuses in words, loses nothing that it acknowledged, and opens again. The count is
//! each thread's own, so what fails for one n may be several writes.

use std::path::Path;

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Value, json};
use warproom_proto::calls::{
    AbandonFile, BeginFile, PartRange, Posted, PutPart, RetractEntry, ShowUpload,
};
use warproom_proto::file::part_bytes;
use warproom_proto::{EntryId, Error, ErrorCode, Label, LogId, PartData, RoomId, limits};
use warproom_server::files;
use warproom_server::store::{self, MasterKey, Options};
use warproom_tests::harness::{NotStarted, Traced, Warp, https, server_binary};
use warproom_tests::wire::Wire;
use warproom_tests::{are_here, say};

use super::files::{bytes, carrying, hash};

/// How many posts are tried before the disk is left alone. Each is a write and a sync more, and so a round.
const POSTS: usize = 12;

/// More rounds than starting and so many posts ever took writes: whoever needs more writes without end.
const MOST_ROUNDS: u64 = 200;

/// Asks whether it stores and delivers.
const READY: &str = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What the server says when the disk does not take it.
const REFUSALS: [ErrorCode; 2] = [ErrorCode::StorageFailed, ErrorCode::StorageFull];

/// What fails, and at what work.
#[derive(Clone, Copy)]
enum Fault {
    /// The database and the checkpoint, while people post.
    Posting,
    /// Any file, while files come and go and the master key is changed.
    Everything,
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_loses_nothing() -> anyhow::Result<()> {
    failing(Fault::Posting, "write,pwrite64,ftruncate", "ENOSPC").await.map(drop)
}

#[tokio::test]
async fn a_disk_that_fails_at_any_sync_loses_nothing() -> anyhow::Result<()> {
    let failed = failing(Fault::Posting, "fsync,fdatasync,sync_file_range", "EIO").await?;
    ensure!(failed != Some(0), "no sync was missed while it ran");
    Ok(())
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_of_files_and_keys_loses_nothing() -> anyhow::Result<()> {
    failing(Fault::Everything, "pwrite64,ftruncate", "ENOSPC").await.map(drop)
}

#[tokio::test]
async fn a_disk_that_fails_at_any_sync_of_files_and_keys_loses_nothing() -> anyhow::Result<()> {
    failing(Fault::Everything, "fsync,fdatasync", "EIO").await.map(drop)
}

/// The system gives up what it could not write, and the next sync of the same file ends well without it.
#[tokio::test]
async fn what_the_disk_did_not_sync_comes_up_anew() -> anyhow::Result<()> {
    if !are_here(&["strace"])? {
        return Ok(());
    }
    let (mut warp, mut failed) = (Warp::start().await?, 0);
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.stop().await?;
    let (folder, binary) = (warp.folder(), tokio::task::spawn_blocking(server_binary).await??);
    for which in 1..=6 {
        // One sync of each thread; the database's own are of another kind.
        let inject = format!("inject=fsync:error=EIO:when={which}");
        let arguments = ["-f", "-e", "trace=fsync", "-e", &inject, "-e", "signal=none"];
        let started =
            Traced::start(&binary, &folder, &[&arguments[..], &["-o", "/dev/null"]].concat(), &[]);
        let Ok(mut server) = started else { continue };
        let authority = folder.join("keys/authority.pem");
        let credentials = warp.manager().credentials();
        let mut wire = Wire::signed_in(&server.host_port, &authority, &credentials).await?;
        for seed in 0..4 {
            let bytes = bytes(1000, 10 * which + seed);
            let (size_bytes, sha256) = (1000, hash(&bytes));
            let begun = wire.call(&BeginFile { room, size_bytes, sha256 }).await?;
            let file = begun.context("begun")?.file;
            let put = PutPart { file, part: 0, data: PartData(bytes) };
            if let Err(refusal) = wire.call(&put).await? {
                ensure!(refusal.code == ErrorCode::ServerFault, "{refusal}");
                let shown = wire.call(&ShowUpload { file }).await?.context("shown")?;
                ensure!(shown.missing == [PartRange { first: 0, last: 0 }], "{:?}", shown.missing);
                failed += 1;
            }
            wire.call(&AbandonFile { file }).await?.context("abandoned")?;
        }
        server.end().await?;
    }
    ensure!(failed > 0, "no sync of a file failed");
    Ok(())
}

/// How often the store of a running server failed for good; none where there is no `strace`.
async fn failing(fault: Fault, calls: &str, error: &str) -> anyhow::Result<Option<u64>> {
    if !are_here(&["strace"])? {
        return Ok(None);
    }
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.stop().await?;
    let acknowledged = Vec::new();
    let mut disk = Disk { warp, room, fault, acknowledged, not_started: 0, refused: 0, failed: 0 };
    for round in 1..=MOST_ROUNDS {
        let (inject, before) = (
            format!("inject={calls}:error={error}:when={round}+"),
            disk.not_started + disk.refused,
        );
        disk.round(calls, &inject).await.with_context(|| inject.clone())?;
        if disk.not_started + disk.refused > before {
            continue;
        }
        let Disk { acknowledged, not_started, refused, .. } = &disk;
        let kept = acknowledged.len();
        say(format!(
            "{calls}: {not_started} did not start, {refused} refused, {kept} acknowledged"
        ));
        ensure!(*refused > 0 && *not_started > 0, "the fault never came, or always");
        return Ok(Some(disk.failed));
    }
    anyhow::bail!("{MOST_ROUNDS} rounds, and there are more writes still")
}

/// Why work on a failing disk ended.
enum Stop {
    /// The server refused a call.
    Refused(Error),
    /// A command said that it could not be done.
    Said(String),
    /// Otherwise than it may.
    Broken(anyhow::Error),
}

impl From<Error> for Stop {
    fn from(refusal: Error) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

/// A WARP on a disk that fails.
struct Disk {
    warp: Warp,
    room: RoomId,
    fault: Fault,
    /// The replies to what was posted, over all rounds.
    acknowledged: Vec<Posted>,
    not_started: u64,
    refused: u64,
    /// Those of them after which nothing is stored any more.
    failed: u64,
}

impl Disk {
    async fn round(&mut self, calls: &str, inject: &str) -> anyhow::Result<()> {
        let folder = self.warp.folder();
        let trace = format!("trace={calls}");
        let mut arguments = vec!["-f", "-e", &trace, "-e", inject, "-e", "signal=none"];
        arguments.extend(["-o", "/dev/null"]);
        let plain = |path: &Path| path.to_str().map(str::to_owned).context("plain");
        let paths = [plain(&folder.join("data/db/db"))?, plain(&folder.join("data/heads"))?];
        if matches!(self.fault, Fault::Posting) {
            arguments.extend(paths.iter().flat_map(|path| ["-P", path.as_str()]));
        }
        let binary = tokio::task::spawn_blocking(server_binary).await??;
        match Traced::start(&binary, &folder, &arguments, &[]) {
            Ok(mut server) => {
                let written = self.write(&server.host_port).await;
                server.end().await?;
                written?;
            }
            Err(error) => {
                let NotStarted { said } = error.downcast()?;
                ensure!(said.contains("warproom-server: "), "no sentence of ours: {said}");
                self.not_started += 1;
            }
        }
        self.check().await
    }

    /// Works until it is refused.
    async fn write(&mut self, host_port: &str) -> anyhow::Result<()> {
        let authority = self.warp.folder().join("keys/authority.pem");
        let credentials = self.warp.manager().credentials();
        let mut wire = Wire::signed_in(host_port, &authority, &credentials).await?;
        let is_everything = matches!(self.fault, Fault::Everything);
        let worked = match self.fault {
            Fault::Posting => self.post(&mut wire, POSTS).await,
            Fault::Everything => self.do_everything(&mut wire).await,
        };
        let code = match worked {
            Ok(()) => return Ok(()),
            Err(Stop::Broken(error)) => return Err(error),
            Err(Stop::Said(said)) => {
                ensure!(said.starts_with("warproom-server: "), "no sentence of ours: {said}");
                None
            }
            Err(Stop::Refused(refusal)) => {
                // The disk may fail a file alone; the store goes on then.
                let is_said = REFUSALS.contains(&refusal.code)
                    || is_everything && refusal.code == ErrorCode::ServerFault;
                ensure!(is_said, "refused otherwise: {refusal}");
                Some(refusal.code)
            }
        };
        self.refused += 1;
        if code == Some(ErrorCode::StorageFailed) && !is_everything {
            self.failed += 1;
            let answer = https(host_port.parse()?, READY.as_bytes()).await?;
            ensure!(answer.starts_with("HTTP/1.1 503 "), "it is ready: {answer}");
        }
        // What was stored is read on; but where the database itself meets a full disk in its own time, it
        // refuses reading too until it is opened again.
        let page = json!({"room": self.room, "from": {"after": 0}, "limit": 1});
        let read = wire.ask("history.page", page).await?;
        let is_refused = |refusal: Value| refusal["code"] == ErrorCode::ServerFault.number();
        let is_well = read.clone().map_or_else(|one| is_everything && is_refused(one), |_| true);
        ensure!(is_well, "reading is refused too: {read:?}");
        Ok(())
    }

    async fn post(&mut self, wire: &mut Wire, posts: usize) -> Result<(), Stop> {
        for _ in 0..posts {
            let posted = wire.call(&carrying(self.room, Label::Green, &[])).await??;
            self.acknowledged.push(posted);
        }
        Ok(())
    }

    /// Two files, one of which is taken back, and another master key between them.
    async fn do_everything(&mut self, wire: &mut Wire) -> Result<(), Stop> {
        let first = self.post_file(wire, 1).await?;
        let rotated = self.warp.command().args(["rotate", "master-key"]).output();
        let rotated = rotated.context("rotate")?;
        if !rotated.status.success() {
            return Err(Stop::Said(String::from_utf8_lossy(&rotated.stderr).into_owned()));
        }
        self.post_file(wire, 2).await?;
        let (room, id, of) = (self.room, EntryId::random(), first.seq);
        let retracted = wire.call(&RetractEntry { room, id, of }).await??;
        self.acknowledged.push(retracted);
        self.post(wire, 1).await
    }

    async fn post_file(&mut self, wire: &mut Wire, seed: u64) -> Result<Posted, Stop> {
        let bytes = bytes(limits::PART_BYTES + 1, seed);
        let (room, size_bytes, sha256) = (self.room, bytes.len() as u64, hash(&bytes));
        let begun = wire.call(&BeginFile { room, size_bytes, sha256 }).await??;
        // What came up in an earlier round is there still.
        for part in begun.missing.iter().flat_map(|range| range.first..=range.last) {
            let from = part as usize * limits::PART_BYTES;
            let data = PartData(bytes[from..from + part_bytes(size_bytes, part)].to_vec());
            if let Err(refusal) = wire.call(&PutPart { file: begun.file, part, data }).await? {
                let shown = wire.call(&ShowUpload { file: begun.file }).await?;
                let is_there = shown.is_ok_and(|shown| shown.missing.is_empty());
                if is_there {
                    return Err(anyhow!("what was refused counts as stored: {refusal}").into());
                }
                return Err(refusal.into());
            }
        }
        let posted = wire.call(&carrying(room, Label::Green, &[begun.file])).await??;
        self.acknowledged.push(posted);
        Ok(posted)
    }

    /// The disk is sound again: the server starts, and its store has everything.
    async fn check(&mut self) -> anyhow::Result<()> {
        if matches!(self.fault, Fault::Everything) {
            // It finishes a change of the master key that was begun.
            self.warp.restart().await?;
            self.warp.stop().await?;
        }
        let (folder, log) = (self.warp.folder(), LogId::room(self.room));
        let key = MasterKey::load(&folder.join("keys/master.key"))?;
        let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };
        {
            let (store, _committer) = store::open(&folder.join("data"), &key, options)?;
            for Posted { seq, head, .. } in &self.acknowledged {
                let stored = store.read(log, *seq)?.with_context(|| format!("{seq} is lost"))?;
                ensure!(*head == stored.head, "{seq} is another");
            }
            let carried = files::verify(&store, &folder.join("data"))?;
            ensure!(carried.damage.is_empty(), "{}", carried.damage[0]);
        }
        let report = store::verify(&folder.join("data"), &key)?;
        ensure!(report.damage.is_empty(), "{:?}", report.damage);
        Ok(())
    }
}
