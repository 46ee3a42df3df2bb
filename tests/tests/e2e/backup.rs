//! Backups from the running server, and what is restored from them: everything acknowledged up to one
//! moment and nothing beyond, damage named, and a restored older backup noticed by whoever read further.

#[path = "backup/full.rs"]
mod full;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;
use warproom_client::{CallError, Discontinuity, Event, Rewritten};
use warproom_proto::calls::{Posted, ShowUpload};
use warproom_proto::{ErrorCode, Label, LogId, RoomId};
use warproom_server::store::{self, Direction, MasterKey, Options};
use warproom_tests::harness::{
    DEADLINE, Person, Warp, copy_folder, entries_up_to, eventually, refusal, until,
};
use warproom_tests::say;

use crate::bad_input::output;
use crate::files;

/// What a command said, where it must have done well.
pub(crate) async fn done(command: Command) -> anyhow::Result<String> {
    let output = output(command).await?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {complaint}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// What a command complained of, where it must have failed.
pub(crate) async fn refused(command: Command) -> anyhow::Result<String> {
    let Output { status, stderr, .. } = output(command).await?;
    let complaint = String::from_utf8(stderr)?;
    ensure!(status.code() == Some(1), "{status:?}: {complaint}");
    ensure!(complaint.starts_with("warproom-server: "), "no sentence of ours: {complaint}");
    Ok(complaint)
}

/// A command on a WARP's folder, or on another in its place, with a path after each option.
pub(crate) fn command(warp: &Warp, name: &str, options: &[(&str, &Path)]) -> Command {
    let mut command = warp.command();
    command.arg(name);
    for (option, path) in options {
        command.arg(option).arg(path);
    }
    command
}

pub(crate) async fn back_up(warp: &Warp, to: &Path) -> anyhow::Result<String> {
    done(command(warp, "backup", &[("--to", to)])).await
}

/// Another machine: a place with a copy of the keys, and room for a WARP.
pub(crate) struct Elsewhere {
    home: TempDir,
}

impl Elsewhere {
    pub(crate) fn with_keys_of(warp: &Warp) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        copy_folder(&warp.folder().join("keys"), &home.path().join("keys-copy"))?;
        Ok(Self { home })
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.home.path().join("keys-copy")
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("warp")
    }

    pub(crate) fn restoring(&self, warp: &Warp, from: &Path) -> Command {
        let mut restoring = Command::new(warp.command().get_program());
        restoring.arg("--folder").arg(self.folder());
        restoring.arg("restore").arg("--from").arg(from).arg("--keys").arg(self.keys());
        restoring
    }

    /// Restores, and opens what was restored.
    pub(crate) async fn restore(
        &self,
        warp: &Warp,
        from: &Path,
    ) -> anyhow::Result<(String, store::Store)> {
        let said = done(self.restoring(warp, from)).await?;
        let key = MasterKey::load(&self.folder().join("keys/master.key"))?;
        let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };
        let (store, _committer) = store::open(&self.folder().join("data"), &key, options)?;
        Ok((said, store))
    }
}

/// People who post one entry after the other until they are told to stop.
struct Flow {
    acknowledged: Arc<Mutex<Vec<(Posted, Duration)>>>,
    stop: Arc<AtomicBool>,
    posting: Vec<tokio::task::JoinHandle<anyhow::Result<()>>>,
}

impl Flow {
    async fn start(by: &Person, room: RoomId, people: usize) -> anyhow::Result<Self> {
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut posting = Vec::new();
        for number in 0..people {
            let (client, _events) = by.connect().await?;
            let (acknowledged, stop) = (acknowledged.clone(), stop.clone());
            posting.push(tokio::spawn(async move {
                for entry in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let filler = if entry % 20 == 0 { 9_000 } else { 200 };
                    let text = format!("{number} {entry} {}", "x".repeat(filler));
                    let began = Instant::now();
                    let posted = client.post(room, Label::Green, &text).await?;
                    let took = began.elapsed();
                    let mut all = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                    all.push((posted, took));
                }
                Ok(())
            }));
        }
        Ok(Self { acknowledged, stop, posting })
    }

    fn so_far(&self) -> Vec<(Posted, Duration)> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reaches(&self, count: usize) -> anyhow::Result<()> {
        eventually(6 * DEADLINE, async || (self.so_far().len() >= count).then_some(())).await
    }

    async fn end(self) -> anyhow::Result<Vec<(Posted, Duration)>> {
        self.stop.store(true, Ordering::Relaxed);
        for posting in self.posting {
            posting.await??;
        }
        let all = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.clone())
    }
}

/// A file of a backup, what is done to it, and what has to be said of that.
type Damaged = (&'static str, fn(&Path) -> std::io::Result<()>, &'static [&'static str]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_posts_flow_holds_all_that_was_acknowledged_up_to_one_moment()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let backups = tempfile::tempdir()?;
    let flow = Flow::start(warp.manager(), room, 8).await?;
    let began = Instant::now();
    for (number, count) in [(1, 400), (2, 800)] {
        flow.reaches(count).await?;
        let before = flow.so_far().into_iter().map(|(posted, _)| posted.seq).max().unwrap_or(0);
        let said = back_up(&warp, backups.path()).await?;
        ensure!(said.contains(&format!("Backup {number} in")), "{said}");
        let after = flow.so_far();
        ensure!(after.iter().any(|(posted, _)| posted.seq > before), "nobody posted meanwhile");

        let verifying = command(&warp, "verify", &[("--backup", backups.path())]);
        let verified = done(verifying).await?;
        let elsewhere = Elsewhere::with_keys_of(&warp)?;
        let (said, restored) = elsewhere.restore(&warp, backups.path()).await?;
        let end = restored.position(LogId::room(room));
        ensure!(end.seq >= before, "acknowledged before the backup, and not in it");
        let line = format!("room {room}: {} records, head {}", end.seq, end.head);
        ensure!(verified.contains(&line) && said.contains(&line), "other heads: {verified} {said}");
        let page = restored.page(LogId::room(room), 1, usize::MAX, Direction::Forward);
        let heads = page.map(|stored| stored.map(|stored| stored.head));
        let heads: Vec<_> = heads.collect::<Result<_, _>>()?;
        ensure!(heads.len() as u64 == end.seq, "something is beyond the head");
        for (posted, _) in after.iter().filter(|(posted, _)| posted.seq <= end.seq) {
            ensure!(
                heads[usize::try_from(posted.seq)? - 1] == posted.head,
                "{} is another",
                posted.seq
            );
        }
    }
    let took = began.elapsed();
    let all = flow.end().await?;
    let rate = f64::from(u32::try_from(all.len())?) / took.as_secs_f64();
    let mut latencies: Vec<_> = all.iter().map(|(_, took)| *took).collect();
    latencies.sort();
    let (median, worst) = (latencies[latencies.len() / 2], latencies[latencies.len() - 1]);
    say(format!("{} posts, {rate:.0} a second, median {median:.1?}, worst {worst:.1?}", all.len()));
    ensure!(worst < DEADLINE, "a post waited for {worst:?}");
    Ok(())
}

#[tokio::test]
async fn a_second_backup_holds_only_what_is_new_and_a_stopped_server_is_backed_up_too()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let backups = tempfile::tempdir()?;
    let to = backups.path().join("one");
    let first = back_up(&warp, &to).await?;
    let records = fs::read(to.join("000001.records"))?;
    warp.manager().post(room, Label::Green, "new").await?;
    let second = back_up(&warp, &to).await?;
    // The post, and that the first backup was taken.
    ensure!(first.contains("Backup 1 in") && second.contains("2 of them new"), "{first} {second}");
    ensure!(fs::read(to.join("000001.records"))? == records, "what was written is written again");
    ensure!(fs::metadata(&to)?.permissions().mode().trailing_zeros() >= 6, "others may look in");

    warp.manager().post(room, Label::Green, "newer").await?;
    warp.stop().await?;
    let third = back_up(&warp, &to).await?;
    ensure!(third.contains("Backup 3 in") && third.contains("2 of them new"), "{third}");
    let restored = Elsewhere::with_keys_of(&warp)?.restore(&warp, &to).await?.1;
    let last = restored.read(LogId::room(room), 4)?.context("the last post")?;
    ensure!(String::from_utf8(last.item)?.contains("newer"));

    // A server that was killed leaves its socket: nobody listens there, and nobody is fooled.
    warp.restart().await?;
    warp.kill()?;
    ensure!(warp.folder().join("control").exists());
    ensure!(back_up(&warp, &to).await?.contains("Backup 4 in"));
    warp.restart().await?;
    ensure!(back_up(&warp, &to).await?.contains("Backup 5 in"));
    Ok(())
}

#[tokio::test]
async fn a_damaged_backup_is_named_by_verify_and_not_restored() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let home = tempfile::tempdir()?;
    let sound = home.path().join("sound");
    for _ in 0..2 {
        for number in 0..20 {
            warp.manager().post(room, Label::Green, &format!("entry {number}")).await?;
        }
        back_up(&warp, &sound).await?;
    }
    let damages: [Damaged; 6] = [
        ("000001.records", flip, &["000001.records is not what was written", "it was edited"]),
        ("000002.records", flip, &["000002.records is not what was written", "it was edited"]),
        ("000002.records", cut, &["000002.records is cut short", "all later records are gone"]),
        ("000001.records", remove, &["000001.records is missing", "it is missing, though later"]),
        ("000002.state", flip, &["000002.state is not what was written"]),
        ("manifest", flip, &["manifest is not what was written"]),
    ];
    for (file, damage, named) in damages {
        let bent = home.path().join("bent");
        copy_folder(&sound, &bent)?;
        damage(&bent.join(file))?;
        let said = refused(command(&warp, "verify", &[("--backup", &bent)])).await?;
        for name in named {
            ensure!(said.contains(name), "{file}: {name:?} is not named: {said}");
        }
        let elsewhere = Elsewhere::with_keys_of(&warp)?;
        let said = refused(elsewhere.restoring(&warp, &bent)).await?;
        ensure!(said.contains(named[0]), "{file}: {said}");
        let made = elsewhere.folder();
        ensure!(!made.join("warproom.toml").exists() && !made.join("data").exists(), "{file}");
        fs::remove_dir_all(bent)?;
    }
    // And with nothing bent, nothing is named.
    done(command(&warp, "verify", &[("--backup", &sound)])).await?;
    Ok(())
}

fn flip(path: &Path) -> std::io::Result<()> {
    let mut bytes = fs::read(path)?;
    // Within the first sealed value; of a manifest, within what is sealed of it.
    let at = if path.ends_with("manifest") { bytes.len() - 1 } else { 100 };
    bytes[at] ^= 1;
    fs::write(path, bytes)
}

fn cut(path: &Path) -> std::io::Result<()> {
    let length = fs::metadata(path)?.len();
    OpenOptions::new().write(true).open(path)?.set_len(length / 2)
}

fn remove(path: &Path) -> std::io::Result<()> {
    fs::remove_file(path)
}

#[tokio::test]
async fn restoring_needs_the_right_key_and_a_free_place() -> anyhow::Result<()> {
    let (warp, other) = (Warp::start().await?, Warp::start().await?);
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    back_up(&warp, &backup).await?;
    let stranger = Elsewhere::with_keys_of(&other)?;
    let said = refused(stranger.restoring(&warp, &backup)).await?;
    ensure!(said.contains("this master key does not open the backup"), "{said}");
    ensure!(!stranger.folder().exists(), "something was made");
    let said = refused(command(&other, "verify", &[("--backup", &backup)])).await?;
    ensure!(said.contains("this master key does not open the backup"), "{said}");
    let said = refused(command(&other, "backup", &[("--to", &backup)])).await?;
    ensure!(said.contains("is not of this WARP"), "{said}");

    let options = [("--from", &*backup), ("--keys", &*warp.folder().join("keys"))];
    let said = refused(command(&warp, "restore", &options)).await?;
    ensure!(said.contains("is already there"), "{said}");
    let elsewhere = Elsewhere::with_keys_of(&warp)?;
    elsewhere.restore(&warp, &backup).await?;
    let said = refused(elsewhere.restoring(&warp, &backup)).await?;
    ensure!(said.contains("is already there"), "{said}");
    let empty = home.path().join("empty");
    let said = refused(command(&warp, "verify", &[("--backup", &empty)])).await?;
    ensure!(said.contains("there is no backup in"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_restored_older_backup_is_named_as_a_rollback_by_whoever_read_further()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[warp.manager(), &dan, &eve], Label::Green, Label::Green).await?;
    let last = dan.post(room, Label::Green, "before the backup").await?.seq;
    let home = tempfile::tempdir()?;
    let (early, late) = (home.path().join("early"), home.path().join("late"));
    back_up(&warp, &early).await?;
    back_up(&warp, &late).await?;
    let (client, mut events) = dan.follow(room, 0).await?;
    let (away, mut seen) = eve.follow(room, 0).await?;
    entries_up_to(&mut seen, room, last).await?;
    let read_so_far = away.heads();
    away.close().await;
    for _ in 0..3 {
        let (poster, _) = warp.manager().connect().await?;
        poster.post(room, Label::Green, "after the backup").await?;
    }
    entries_up_to(&mut events, room, last + 3).await?;
    back_up(&warp, &late).await?;

    // The machine is lost; its address goes to another one with the older backup.
    warp.stop().await?;
    let old = home.path().join("old");
    fs::rename(warp.folder(), &old)?;
    let options = [("--from", &*early), ("--keys", &*old.join("keys"))];
    done(command(&warp, "restore", &options)).await?;
    warp.restart().await?;

    let how = Discontinuity::RolledBack { remembered: last + 3 };
    let expected = Rewritten { room: Some(room), seq: last, how };
    let found = until(&mut events, |event| match event {
        Event::Rewritten(rewritten) if rewritten.room.is_some() => Some(*rewritten),
        _ => None,
    });
    assert_eq!(found.await?, expected);
    let posted = client.post(room, Label::Green, "on top of it").await;
    assert!(matches!(posted, Err(CallError::Rewritten(found)) if found == expected));
    let followed = client.follow(room, Some(0)).await;
    assert!(matches!(followed, Err(CallError::Rewritten(found)) if found == expected));

    // Who had read no further than the backup goes, and the person that decides, go on.
    let (back, mut seen) = eve.connector().heads(read_so_far).connect().await?;
    back.follow(room, Some(last)).await?;
    back.post(room, Label::Green, "as far as I know").await?;
    assert_eq!(entries_up_to(&mut seen, room, last + 1).await?.len(), 1);
    client.forget(room);
    client.follow(room, Some(last)).await?;
    entries_up_to(&mut events, room, last + 1).await?;

    // The later backup is not gone on from, nor harmed.
    let said = refused(command(&warp, "backup", &[("--to", &late)])).await?;
    ensure!(said.contains("was put back to an older state"), "{said}");
    done(command(&warp, "verify", &[("--backup", &late)])).await?;
    back_up(&warp, &early).await?;
    Ok(())
}

#[tokio::test]
async fn a_file_is_read_by_a_member_from_what_was_restored_elsewhere() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, eve) = (warp.officer("dan", dover).await?, warp.officer("eve", dover).await?);
    let room = warp.room(&[&dan, &eve], Label::Amber, Label::Green).await?;
    // Of more than a part; one that is posted between two backups; and one that is on its way up.
    let contents = [files::bytes(200_000, 1), files::bytes(90_000, 2), files::bytes(250_000, 3)];
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    let (first, one) = files::post(&dan, room, Label::Green, &contents[0]).await?;
    let begun = files::begin(&dan.client, room, &contents[2]).await?;
    files::put(&dan.client, begun.file, 0, &contents[2]).await?;
    // Of an empty one nothing lies on the disk.
    let (nothing, empty) = files::post(&dan, room, Label::Green, &[]).await?;
    back_up(&warp, &backup).await?;
    let (second, two) = files::post(&dan, room, Label::Amber, &contents[1]).await?;
    back_up(&warp, &backup).await?;
    done(command(&warp, "verify", &[("--backup", &backup)])).await?;
    // After the backup, and so not in it.
    let (third, three) = files::post(&dan, room, Label::Green, &contents[2]).await?;

    restored_in_place(&mut warp, home.path(), &backup).await?;
    let (reader, _events) = eve.connect().await?;
    let kept = [
        (first.seq, one, &contents[0]),
        (second.seq, two, &contents[1]),
        (nothing.seq, empty, &Vec::new()),
    ];
    for (seq, file, content) in kept {
        let read = files::read(&reader, (room, seq), file, content.len()).await?;
        ensure!(read == *content, "another file");
    }
    let later = files::read(&reader, (room, third.seq), three, contents[2].len()).await;
    ensure!(refusal(later)?.code == ErrorCode::NotFound, "a file of after the backup");
    // And it goes on: another is brought up.
    let (dan_back, _events) = dan.connect().await?;
    let file = files::bring(&dan_back, room, &contents[1]).await?;
    let posted = dan_back.append(files::carrying(room, Label::Green, &[file])).await?;
    let read = files::read(&reader, (room, posted.seq), file, contents[1].len()).await?;
    ensure!(read == contents[1], "another file");
    drop((reader, dan_back));
    warp.stop().await?;
    files::verified(&warp, 4)
}

#[tokio::test]
async fn a_file_that_was_on_its_way_up_at_one_backup_is_whole_in_the_next() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[&dan], Label::Amber, Label::Green).await?;
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    // With its last part it is as long as it will be, and most of it is missing.
    let content = files::bytes(250_000, 1);
    let begun = files::begin(&dan.client, room, &content).await?;
    files::put(&dan.client, begun.file, begun.parts - 1, &content).await?;
    back_up(&warp, &backup).await?;
    for part in 0..begun.parts - 1 {
        files::put(&dan.client, begun.file, part, &content).await?;
    }
    let posted = dan.client.append(files::carrying(room, Label::Green, &[begun.file])).await?;
    back_up(&warp, &backup).await?;
    done(command(&warp, "verify", &[("--backup", &backup)])).await?;

    restored_in_place(&mut warp, home.path(), &backup).await?;
    let (reader, _events) = dan.connect().await?;
    let read = files::read(&reader, (room, posted.seq), begun.file, content.len()).await?;
    ensure!(read == content, "another file");
    drop(reader);
    warp.stop().await?;
    files::verified(&warp, 1)
}

#[tokio::test]
async fn a_backup_is_restored_after_a_file_grew_and_the_next_one_was_cut_short()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let room = warp.room(&[&dan], Label::Amber, Label::Green).await?;
    let home = tempfile::tempdir()?;
    let backup = home.path().join("backup");
    let content = files::bytes(250_000, 1);
    let begun = files::begin(&dan.client, room, &content).await?;
    files::put(&dan.client, begun.file, 0, &content).await?;
    back_up(&warp, &backup).await?;
    files::put(&dan.client, begun.file, 1, &content).await?;
    // The list of files comes after the files: here it cannot be written.
    fs::create_dir(backup.join("000002.files"))?;
    let said = refused(command(&warp, "backup", &[("--to", &backup)])).await?;
    ensure!(said.contains("000002.files"), "{said}");
    done(command(&warp, "verify", &[("--backup", &backup)])).await?;

    // Bytes of what was on its way up are in no backup: it is brought up from its beginning.
    restored_in_place(&mut warp, home.path(), &backup).await?;
    let (client, _events) = dan.connect().await?;
    let status = client.call(ShowUpload { file: begun.file }).await?;
    ensure!(status.missing == begun.missing, "{status:?}");
    let file = files::bring(&client, room, &content).await?;
    ensure!(file == begun.file, "it is known still");
    let posted = client.append(files::carrying(room, Label::Green, &[file])).await?;
    let read = files::read(&client, (room, posted.seq), file, content.len()).await?;
    ensure!(read == content, "another file");
    Ok(())
}

/// The machine is lost: the backup is restored in its place, with a copy of the keys.
async fn restored_in_place(warp: &mut Warp, home: &Path, backup: &Path) -> anyhow::Result<()> {
    warp.stop().await?;
    let old = home.join("old");
    fs::rename(warp.folder(), &old)?;
    let options = [("--from", backup), ("--keys", &*old.join("keys"))];
    done(command(warp, "restore", &options)).await?;
    fs::remove_dir_all(&old)?;
    warp.restart().await
}

#[tokio::test]
async fn nothing_said_is_readable_in_a_backup_without_its_key() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let said = ["the canary sings", "localhost", "Kent County Council", "mary"];
    warp.manager().post(room, Label::Green, said[0]).await?;
    let home = tempfile::tempdir()?;
    for _ in 0..2 {
        back_up(&warp, home.path()).await?;
        warp.manager().post(room, Label::Green, &said[0].repeat(1_000)).await?;
    }
    let keys = fs::read_dir(warp.folder().join("keys"))?;
    let keys = keys.map(|file| fs::read(file?.path())).collect::<Result<Vec<_>, _>>()?;
    let mut looked_at = 0;
    for file in fs::read_dir(home.path())? {
        let bytes = fs::read(file?.path())?;
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        ensure!(!said.iter().any(|said| holds(said.as_bytes())), "a text is readable");
        ensure!(!keys.iter().any(|key| holds(key)), "a key is in it");
        looked_at += bytes.len();
    }
    ensure!(looked_at > 2_000, "{looked_at} bytes");
    Ok(())
}

/// What the server answers to a line on its control socket; all of it, until it hangs up.
async fn answer(socket: &Path, line: &[u8]) -> anyhow::Result<String> {
    let mut stream = UnixStream::connect(socket).await?;
    // It may have heard enough already.
    let _ = stream.write_all(line).await;
    let mut said = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut said)).await.context("it waits on")?;
    // What it did not read may end the connection early.
    read.map(drop).or_else(|error| if said.is_empty() { Err(error) } else { Ok(()) })?;
    Ok(String::from_utf8(said)?)
}

#[tokio::test]
async fn the_operators_socket_takes_orders_of_the_list_from_the_operator_alone()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let socket = warp.folder().join("control");
    ensure!(fs::metadata(&socket)?.permissions().mode() & 0o777 == 0o600, "others may order");
    let unknown = "{\"refused\":\"this is not an order that the server knows\"}\n";
    let surplus = r#"{"do":"backup","to":"/tmp/x","and":1}"#;
    for line in ["", "{}", "[]", "backup", r#"{"do":"stop"}"#, r#"{"do":"backup"}"#, surplus] {
        let said = answer(&socket, format!("{line}\n").as_bytes()).await?;
        ensure!(said == unknown, "{line}: {said}");
    }
    let long = format!(r#"{{"do":"backup","to":"/{}"}}"#, "x".repeat(10_000)) + "\n";
    ensure!(answer(&socket, long.as_bytes()).await? == unknown, "too long");

    // Whoever holds connections open and says nothing keeps the operator out for five seconds.
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(UnixStream::connect(&socket).await?);
    }
    let free = async || answer(&socket, b"{}\n").await.ok().filter(|said| !said.is_empty());
    ensure!(free().await.is_none(), "more than four at once");
    ensure!(eventually(DEADLINE, free).await? == unknown);

    // A backup to where nothing can be written is refused in words, and the server goes on.
    let to = warp.folder().join("warproom.toml");
    let said = refused(command(&warp, "backup", &[("--to", &to)])).await?;
    ensure!(said.contains("warproom.toml"), "{said}");
    warp.manager().client.call(warproom_proto::calls::ListRooms::default()).await?;
    warp.stop().await?;
    ensure!(!socket.exists(), "left behind by a server that stopped in order");
    Ok(())
}
