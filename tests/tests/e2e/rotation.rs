//! Keys changed while the server runs: nobody is dropped, nothing is lost, and a kill at any moment
//! leaves a server that starts.

#[path = "rotation/authority.rs"]
mod authority;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::json;
use tokio::time::sleep;
use warproom_proto::{Label, LogId};
use warproom_tests::crash::{Door, Ledger, Random, Writer};
use warproom_tests::harness::{Warp, copy_folder};
use warproom_tests::say;
use warproom_tests::wire::Wire;

use crate::backup::{Elsewhere, back_up, command, done};
use crate::limits::certificate;

/// Rounds of killing in an ordinary run; `WARPROOM_ROTATION_ROUNDS` asks for more.
const ROUNDS: u64 = 12;

/// When the server is killed, counted from when the command is started: what is killed is anything
/// from before the order came to after it was carried out.
const MOMENTS_MS: u64 = 60;

fn rotating(warp: &Warp, what: &str) -> Command {
    let mut command = warp.command();
    command.args(["rotate", what]);
    command
}

/// A WARP with a room that somebody writes to.
struct Field {
    warp: Warp,
    door: Door,
    writer: Writer,
    ledger: Ledger,
}

impl Field {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let council = warp.organisation("Thanet District Council").await?;
        let officer = warp.officer("officer", council).await?;
        let mut rooms = Vec::new();
        for _ in 0..2 {
            let people = [warp.manager(), &officer];
            rooms.push(warp.room(&people, Label::Green, Label::Green).await?);
        }
        let door = Door {
            host_port: warp.local().to_string(),
            authority: warp.folder().join("keys/authority.pem"),
        };
        let writer = Writer::new(0, officer.credentials(), rooms.clone());
        Ok(Self { warp, door, writer, ledger: Ledger::new(&rooms) })
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let mut wire = Wire::person(&self.warp, self.warp.manager()).await?;
        self.ledger.check(&mut wire).await
    }

    fn key(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.warp.folder().join("keys/master.key"))?)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_changed_under_load_and_nothing_is_lost() -> anyhow::Result<()> {
    let mut field = Field::prepare().await?;
    let mut connected = Wire::person(&field.warp, field.warp.manager()).await?;
    let mut keys = vec![field.key()?];
    let (warp, door, writer) = (&field.warp, &field.door, &mut field.writer);
    let writing = async { writer.write(door, 600).await };
    let rotating = async {
        for _ in 0..5 {
            let said = done(rotating(warp, "master-key")).await?;
            ensure!(said.contains("take a backup"), "{said}");
            keys.push(fs::read_to_string(warp.folder().join("keys/master.key"))?);
        }
        anyhow::Ok(())
    };
    let (acknowledged, rotated) = tokio::join!(writing, rotating);
    rotated?;
    field.ledger.note(acknowledged?)?;
    keys.sort();
    keys.dedup();
    ensure!(keys.len() == 6, "a key stayed what it was");
    ensure!(connected.ask("room.list", json!({})).await?.is_ok(), "somebody was dropped");
    field.check().await?;
    ensure!(field.ledger.entries() == 600, "{} entries", field.ledger.entries());
    let files = fs::read_dir(field.warp.folder().join("keys"))?.count();
    ensure!(files == 6, "an old key is left");
    field.warp.stop().await?;
    let verified = field.warp.verify()?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    field.warp.restart().await?;
    field.ledger = field.ledger.afresh();
    field.check().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_its_master_key_is_changed_starts_with_all_it_had()
-> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = number("WARPROOM_ROTATION_SEED").unwrap_or(now);
    say(format!("WARPROOM_ROTATION_SEED={seed}"));
    let mut random = Random::new(seed);
    let mut field = Field::prepare().await?;
    let (rounds, mut changed) = (number("WARPROOM_ROTATION_ROUNDS").unwrap_or(ROUNDS), 0);
    let mut was_cut_short = 0;
    for round in 1..=rounds {
        let before = field.key()?;
        let moment = Duration::from_millis(random.below(MOMENTS_MS));
        let mut order = rotating(&field.warp, "master-key");
        order.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (warp, door, writer) = (&mut field.warp, &field.door, &mut field.writer);
        let writing = writer.write(door, usize::MAX);
        let killing = async {
            let mut order = order.spawn()?;
            sleep(moment).await;
            warp.kill()?;
            // Whatever it was told: on a stopped store the command would do it by itself.
            let _ = order.kill();
            order.wait()?;
            anyhow::Ok(())
        };
        let (acknowledged, killed) = tokio::join!(writing, killing);
        killed?;
        field.ledger.note(acknowledged?)?;
        was_cut_short += u64::from(field.warp.folder().join("keys/master.key.next").exists());
        field.warp.restart().await.with_context(|| format!("round {round}, {moment:?}"))?;
        field.check().await.with_context(|| format!("round {round}, {moment:?}"))?;
        let next = field.warp.folder().join("keys/master.key.next");
        ensure!(!next.exists(), "round {round}: a second key is left");
        changed += u64::from(field.key()? != before);
    }
    say(format!("{rounds} kills: {was_cut_short} in the midst, {changed} with the new key"));
    field.warp.stop().await?;
    let verified = field.warp.verify()?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    Ok(())
}

#[tokio::test]
async fn whatever_step_a_change_of_the_master_key_had_come_to_the_server_starts()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let last = warp.manager().post(room, Label::Green, "kept").await?;
    warp.stop().await?;
    let home = tempfile::tempdir()?;
    let (before, after) = (home.path().join("before"), home.path().join("after"));
    copy_folder(&warp.folder(), &before)?;
    done(rotating(&warp, "master-key")).await?;
    copy_folder(&warp.folder(), &after)?;

    let (key, next) = ("keys/master.key", "keys/master.key.next");
    let (old, new) = (&*before, &*after);
    let sound = fs::read(after.join(key))?;
    // From which copy each is: the database, the checkpoint; the next key, where there is one; and
    // which key is needed in the end.
    for (step, database, heads, next_key, needed) in [
        ("next key half written", old, old, Some(&sound[..20]), old),
        ("next key written", old, old, Some(&*sound), old),
        ("database changed", new, old, Some(&*sound), new),
        ("checkpoint changed", new, new, Some(&*sound), new),
    ] {
        fs::remove_dir_all(warp.folder())?;
        copy_folder(&before, &warp.folder())?;
        replace(&database.join("data/db"), &warp.folder().join("data/db"))?;
        fs::copy(heads.join("data/heads"), warp.folder().join("data/heads"))?;
        if let Some(bytes) = next_key {
            fs::write(warp.folder().join(next), bytes)?;
        }
        warp.restart().await.context(step)?;
        let mut wire = Wire::person(&warp, warp.manager()).await?;
        let page = json!({"room": room, "from": "latest", "limit": 1});
        let page = wire.ask("history.page", page).await?;
        let page = page.map_err(|refusal| anyhow!("{step}: {refusal}"))?;
        ensure!(page["latest"]["head"] == json!(last.head), "{step}: {page}");
        let is_needed = fs::read(warp.folder().join(key))? == fs::read(needed.join(key))?;
        ensure!(is_needed && !warp.folder().join(next).exists(), "{step}: another key");
        warp.stop().await?;
        ensure!(warp.verify()?.status.success(), "{step}");
    }
    Ok(())
}

fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(to)?;
    copy_folder(from, to)
}

#[tokio::test]
async fn after_a_change_of_the_master_key_a_backup_folder_is_restored_with_the_new_one()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.manager().post(room, Label::Green, "before the change").await?;
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    back_up(&warp, &backup).await?;
    let older = home.path().join("older");
    copy_folder(&backup, &older)?;
    let old_keys = Elsewhere::with_keys_of(&warp)?;
    done(rotating(&warp, "master-key")).await?;
    let last = warp.manager().post(room, Label::Green, "after the change").await?;

    let new_keys = Elsewhere::with_keys_of(&warp)?;
    let too_early = new_keys.restore(&warp, &backup).await;
    ensure!(too_early.is_err(), "the folder opens with the new key before a backup was taken");
    back_up(&warp, &backup).await?;
    let (_, restored) = new_keys.restore(&warp, &backup).await?;
    ensure!(restored.position(LogId::room(room)).head == last.head);
    ensure!(old_keys.restore(&warp, &backup).await.is_err(), "the old key opens what is newer");
    // What was taken before needs the old key; once its last copy is destroyed, nothing opens it.
    let (_, restored) = old_keys.restore(&warp, &older).await?;
    ensure!(restored.position(LogId::room(room)).seq == last.seq - 1);
    let keys = warp.folder().join("keys");
    let verifying = command(&warp, "verify", &[("--backup", &older), ("--keys", &keys)]);
    ensure!(done(verifying).await.is_err(), "the new key opens what is older");
    Ok(())
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_nobody_is_dropped() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mut before = Wire::person(&warp, warp.manager()).await?;
    let first = certificate(&before)?;
    let said = done(rotating(&warp, "certificate")).await?;
    ensure!(said.contains("localhost") && said.contains("valid until 2049-01-01"), "{said}");
    ensure!(certificate(&Wire::stranger(&warp).await?)? != first, "the old one is given out");
    ensure!(before.ask("room.list", json!({})).await?.is_ok(), "who was there is dropped");

    // Cut short between the certificate and its key: the server starts all the same.
    let keys = warp.folder().join("keys");
    fs::rename(keys.join("server.key"), keys.join("server.key.next"))?;
    fs::write(keys.join("server.key"), "of another certificate")?;
    let mut warp = warp;
    warp.kill()?;
    warp.restart().await?;
    Wire::person(&warp, warp.manager()).await?;
    Ok(())
}
