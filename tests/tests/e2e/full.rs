//! A disk that fails at any write: the system refuses the server's n-th write to its store, and each after
//! it, or its n-th sync, for n from 1 on, up to the first n that it never comes to: so each was the one that
//! failed. The server refuses in words, loses nothing that it acknowledged, and opens again. The count is
//! each thread's own, so what fails for one n may be several writes.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_proto::{EntryId, Error, ErrorCode, Label, LogId, RoomId};
use warproom_server::store::{self, MasterKey, Options};
use warproom_tests::harness::{NotStarted, Traced, Warp, https, server_binary};
use warproom_tests::wire::Wire;
use warproom_tests::{are_here, say};

/// How many posts are tried before the disk is left alone. Each is a write and a sync more, and so a round.
const POSTS: usize = 12;

/// More rounds than starting and so many posts ever took writes: whoever needs more writes without end.
const MOST_ROUNDS: u64 = 200;

/// Asks whether it stores and delivers.
const READY: &str = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What the server says when the disk does not take it.
const REFUSALS: [ErrorCode; 2] = [ErrorCode::StorageFailed, ErrorCode::StorageFull];

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_loses_nothing() -> anyhow::Result<()> {
    failing("write,pwrite64,ftruncate", "ENOSPC").await.map(drop)
}

#[tokio::test]
async fn a_disk_that_fails_at_any_sync_loses_nothing() -> anyhow::Result<()> {
    let failed = failing("fsync,fdatasync,sync_file_range", "EIO").await?;
    ensure!(failed != Some(0), "no sync was missed while it ran");
    Ok(())
}

/// How often the store of a running server failed for good; none where there is no `strace`.
async fn failing(calls: &str, error: &str) -> anyhow::Result<Option<u64>> {
    if !are_here(&["strace"])? {
        return Ok(None);
    }
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.stop().await?;
    let mut disk =
        Disk { warp, room, acknowledged: Vec::new(), not_started: 0, refused: 0, failed: 0 };
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

/// A WARP on a disk that fails.
struct Disk {
    warp: Warp,
    room: RoomId,
    /// The replies to what was posted, over all rounds.
    acknowledged: Vec<Value>,
    not_started: u64,
    refused: u64,
    /// Those of them after which nothing is stored any more.
    failed: u64,
}

impl Disk {
    async fn round(&mut self, calls: &str, inject: &str) -> anyhow::Result<()> {
        let folder = self.warp.folder();
        let (data, heads) = (folder.join("data/db/db"), folder.join("data/heads"));
        let plain = |path: &std::path::Path| path.to_str().map(str::to_owned).context("plain");
        let (data, heads, trace) = (plain(&data)?, plain(&heads)?, format!("trace={calls}"));
        let arguments = [
            "-f",
            "-P",
            &data,
            "-P",
            &heads,
            "-e",
            &trace,
            "-e",
            inject,
            "-e",
            "signal=none",
            "-o",
            "/dev/null",
        ];
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
        self.check()
    }

    /// Posts until it is refused.
    async fn write(&mut self, host_port: &str) -> anyhow::Result<()> {
        let authority = self.warp.folder().join("keys/authority.pem");
        let credentials = self.warp.manager().credentials();
        let mut wire = Wire::signed_in(host_port, &authority, &credentials).await?;
        for number in 0..POSTS {
            let text = format!("entry {number}");
            let post = json!({"room": self.room, "id": EntryId::random(), "label": Label::Green,
                              "text": text});
            match wire.ask("entry.post", post).await? {
                Ok(posted) => self.acknowledged.push(posted),
                Err(refusal) => {
                    let refusal: Error = serde_json::from_value(refusal)?;
                    ensure!(REFUSALS.contains(&refusal.code), "refused otherwise: {refusal}");
                    self.refused += 1;
                    if refusal.code == ErrorCode::StorageFailed {
                        self.failed += 1;
                        let answer = https(host_port.parse()?, READY.as_bytes()).await?;
                        ensure!(answer.starts_with("HTTP/1.1 503 "), "it is ready: {answer}");
                    }
                    // What was stored is read on.
                    let page = json!({"room": self.room, "from": {"after": 0}, "limit": 1});
                    let read = wire.ask("history.page", page).await?;
                    ensure!(read.is_ok(), "reading is refused too: {read:?}");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The disk is sound again: the store opens and has everything.
    fn check(&self) -> anyhow::Result<()> {
        let (folder, log) = (self.warp.folder(), LogId::room(self.room));
        let key = MasterKey::load(&folder.join("keys/master.key"))?;
        let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };
        {
            let (store, _committer) = store::open(&folder.join("data"), &key, options)?;
            for posted in &self.acknowledged {
                let seq = posted["seq"].as_u64().context("a reply without a number")?;
                let stored = store.read(log, seq)?.with_context(|| format!("{seq} is lost"))?;
                ensure!(posted["head"] == json!(stored.head), "{seq} is another");
            }
        }
        let report = store::verify(&folder.join("data"), &key)?;
        ensure!(report.damage.is_empty(), "{:?}", report.damage);
        Ok(())
    }
}
