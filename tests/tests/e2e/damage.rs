//! Damage on disk is reported, never served, never silently repaired: a stopped store of a few
//! hundred entries is copied, its database file or checkpoint bent or cut at random, and the real
//! server's `verify` is asked. It must either name what is wrong, or every record must still read
//! as it was written. `WARPROOM_DAMAGE_ROUNDS` asks for more rounds of each kind (500 for a long
//! run), and `WARPROOM_DAMAGE_SEED` for those of an earlier run.

use std::fs::{self, OpenOptions};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use serde_json::json;
use warproom_proto::{EntryId, Label};
use warproom_tests::crash::Random;
use warproom_tests::damage::{DATABASE, Damaging, HEADS, Sound, cut, flip, refused};
use warproom_tests::harness::{Warp, copy_folder, server_binary};
use warproom_tests::say;
use warproom_tests::wire::Wire;

const ROUNDS: u64 = 60;

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
    let sound = Sound::commands(binary, warp.folder());
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
async fn many(file: &str, damage: Damaging) -> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = number("WARPROOM_DAMAGE_SEED").unwrap_or(now);
    say(format!("WARPROOM_DAMAGE_SEED={seed}"));
    let rounds = number("WARPROOM_DAMAGE_ROUNDS").unwrap_or(ROUNDS);
    let sound = Sound::prepare().await?;
    let told = sound.rounds(file, damage, rounds, &mut Random::new(seed)).await?;
    let reported = told.reported;
    say(format!("{file}: {reported} of {rounds} reported, the others changed nothing"));
    Ok(())
}
