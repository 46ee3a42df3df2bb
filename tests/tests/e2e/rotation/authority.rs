//! The authority changed for another: whoever knows an earlier one is led to the present one, and who has
//! come to know that one believes the earlier one no more.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::time::sleep;
use warproom_client::{ConnectError, Connector, Distrust, Heads, enrol_device};
use warproom_proto::invitation::{Address, Fingerprint};
use warproom_proto::limits;
use warproom_proto::register::Role;
use warproom_tests::crash::Random;
use warproom_tests::harness::{Person, Warp, copy_folder};
use warproom_tests::say;
use warproom_tests::wire::Wire;

use super::{Field, rotating};
use crate::backup::{done, refused};

fn next_authority(warp: &Warp) -> Command {
    let mut command = warp.command();
    command.arg("next-authority");
    command
}

/// The authority that a command names.
fn named(said: &str) -> anyhow::Result<Fingerprint> {
    said.split([' ', ',']).find_map(|word| word.parse().ok()).context("no fingerprint is said")
}

/// Connects with what is remembered; what is remembered then.
async fn visit(person: &Person, address: &Address, heads: Heads) -> Result<Heads, ConnectError> {
    let connector = Connector::new(address.clone(), person.credentials());
    let (client, _events) = connector.heads(heads).connect().await?;
    Ok(client.heads())
}

/// Comes a first time, and so knows the WARP; by an address of whenever.
async fn known(person: &Person, address: &Address) -> Result<Heads, ConnectError> {
    visit(person, address, Heads::default()).await
}

fn is_another(refused: Option<&ConnectError>) -> bool {
    matches!(refused, Some(ConnectError::Untrusted(Distrust::OtherAuthority)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_authority_is_changed_under_load_and_nobody_is_left_behind() -> anyhow::Result<()> {
    let mut field = Field::prepare().await?;
    let first = field.warp.address().clone();
    let council = field.warp.organisation("Dover District Council").await?;
    let (_, early) = field.warp.invite("early", council, Role::Officer).await?;
    let mut connected = Wire::person(&field.warp, field.warp.manager()).await?;
    let old_key = fs::read_to_string(field.warp.folder().join("keys/authority.key"))?;
    let (warp, door, writer) = (&field.warp, &field.door, &mut field.writer);
    let mut said = Vec::new();
    let writing = async { writer.write(door, 300).await };
    let changing = async {
        for _ in 0..3 {
            said.push(named(&done(rotating(warp, "authority")).await?)?);
        }
        anyhow::Ok(())
    };
    let (acknowledged, changed) = tokio::join!(writing, changing);
    changed?;
    field.ledger.note(acknowledged?)?;
    let present = Address { authority: said[2], ..first.clone() };
    ensure!(said[0] != first.authority && said[0] != said[1] && said[1] != said[2], "{said:?}");
    ensure!(connected.ask("room.list", json!({})).await?.is_ok(), "somebody was dropped");
    field.check().await?;
    ensure!(field.ledger.entries() == 300, "{} entries", field.ledger.entries());

    // An invitation of before, a device by an address of before, and who comes after three changes.
    let warp = &field.warp;
    let joined = Person::join(&early).await?;
    let device = enrol_device(
        &first,
        joined.handle.clone(),
        Person::password(),
        joined.totp.code_at(soon()),
        "second".parse()?,
    );
    ensure!(device.await?.address == present, "a new device keeps an authority of before");
    let (_, later) = warp.invite("later", council, Role::Officer).await?;
    ensure!(later.address == present, "an invitation names an authority of before");
    Person::join(&later).await?;
    for earlier in [first.authority, said[0], said[1]] {
        let address = Address { authority: earlier, ..first.clone() };
        let heads = known(warp.manager(), &address).await?;
        let heads = visit(warp.manager(), &address, heads).await?;
        ensure!(heads.address(first.clone()) == present, "the present one is not remembered");
    }

    for file in fs::read_dir(warp.folder().join("keys"))? {
        let text = fs::read_to_string(file?.path())?;
        ensure!(!text.contains(&old_key), "the old key is left");
        ensure!(!text.contains(old_key.lines().nth(1).context("a key has lines")?));
    }
    Ok(())
}

/// The moment of the code after the present one, in seconds since 1970 UTC: the present one was used.
fn soon() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() + 30
}

#[tokio::test]
async fn the_keys_of_before_open_nothing_to_who_has_come_since() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let first = warp.address().clone();
    let heads = known(warp.manager(), &first).await?;
    let keys = warp.folder().join("keys");
    let (now, stolen) = (warp.folder().join("now"), warp.folder().join("stolen"));
    copy_folder(&keys, &stolen)?;
    done(rotating(&warp, "authority")).await?;
    let (_, away) = warp.invite("away", warp.organisation("Thanet").await?, Role::Officer).await?;
    let away = Person::join(&away).await?;
    let heads = visit(warp.manager(), &first, heads).await?;
    // A new certificate changes nothing of it, nor does a restart.
    done(rotating(&warp, "certificate")).await?;
    let heads = visit(warp.manager(), &first, heads).await?;
    warp.stop().await?;
    fs::rename(&keys, &now)?;
    copy_folder(&stolen, &keys)?;
    warp.restart().await?;
    // Who serves with the keys of before, and can do all that they can.
    let refused = visit(warp.manager(), &first, heads.clone()).await.err();
    ensure!(is_another(refused.as_ref()), "the stolen authority is believed: {refused:?}");
    let refused = known(&away, &away.address).await.err();
    ensure!(is_another(refused.as_ref()), "the stolen authority is believed: {refused:?}");
    done(rotating(&warp, "authority")).await?;
    let refused = visit(warp.manager(), &first, heads.clone()).await.err();
    ensure!(is_another(refused.as_ref()), "another successor is believed: {refused:?}");
    warp.stop().await?;
    fs::remove_dir_all(&keys)?;
    fs::rename(&now, &keys)?;
    warp.restart().await?;
    visit(warp.manager(), &first, heads).await?;
    Ok(())
}

#[tokio::test]
async fn who_trusts_the_authority_by_its_file_is_given_the_next_one_before_its_turn()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let keys = warp.folder().join("keys");
    let (port, old) = (warp.local().to_string(), warp.folder().join("old.pem"));
    fs::copy(keys.join("authority.pem"), &old)?;
    let said = done(next_authority(&warp)).await?;
    ensure!(named(&done(next_authority(&warp)).await?)? == named(&said)?, "another each time");
    // What the operator hands out: both in one file, as every tool takes them.
    let both = warp.folder().join("both.pem");
    let next = fs::read_to_string(keys.join("authority.pem.next"))?;
    fs::write(&both, format!("{}{next}", fs::read_to_string(&old)?))?;
    Wire::open(&port, &both).await.context("before, with both")?;
    ensure!(Wire::open(&port, &keys.join("authority.pem.next")).await.is_err(), "before its turn");
    let doctor = String::from_utf8(doctor(&warp).await?)?;
    ensure!(doctor.contains("note: an authority is to come"), "{doctor}");
    ensure!(named(&done(rotating(&warp, "authority")).await?)? == named(&said)?, "another one");
    Wire::open(&port, &both).await.context("after, with both")?;
    Wire::open(&port, &keys.join("authority.pem")).await.context("after, with the new one")?;
    ensure!(Wire::open(&port, &old).await.is_err(), "the old one is believed");
    ensure!(!keys.join("authority.pem.next").exists());
    Ok(())
}

async fn doctor(warp: &Warp) -> anyhow::Result<Vec<u8>> {
    let mut command = warp.command();
    command.arg("doctor");
    Ok(crate::bad_input::output(command).await?.stdout)
}

#[tokio::test]
async fn the_authority_is_changed_on_a_stopped_server_and_not_without_its_key() -> anyhow::Result<()>
{
    let mut warp = Warp::start().await?;
    let first = warp.address().clone();
    let heads = known(warp.manager(), &first).await?;
    let (key, elsewhere) = (warp.folder().join("keys/authority.key"), warp.folder().join("safe"));
    fs::rename(&key, &elsewhere)?;
    let why = refused(rotating(&warp, "authority")).await?;
    ensure!(why.contains("authority.key"), "{why}");
    visit(warp.manager(), &first, heads.clone()).await?;
    warp.stop().await?;
    ensure!(refused(rotating(&warp, "authority")).await?.contains("authority.key"));
    fs::rename(&elsewhere, &key)?;
    let authority = named(&done(rotating(&warp, "authority")).await?)?;
    warp.restart().await?;
    let heads = visit(warp.manager(), &first, heads).await?;
    ensure!(heads.address(first).authority == authority);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_its_authority_is_changed_is_known_by_whoever_knew_it()
-> anyhow::Result<()> {
    const ROUNDS: u64 = 12;
    /// When the server is killed, counted from when the command is started.
    const MOMENTS_MS: u64 = 40;
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = number("WARPROOM_ROTATION_SEED").unwrap_or(now);
    say(format!("WARPROOM_ROTATION_SEED={seed}"));
    let mut random = Random::new(seed);
    let mut warp = Warp::start().await?;
    let first = warp.address().clone();
    let mut heads = known(warp.manager(), &first).await?;
    let served = |folder: &Path| fs::read_to_string(folder.join("keys/server.pem"));
    let (mut changed, mut was_cut_short) = (0, 0);
    // The address of whoever never comes in between, for as many changes as are bridged.
    let mut away = first.clone();
    for round in 1..=ROUNDS {
        let (before, was) = (served(&warp.folder())?, heads.address(first.clone()));
        let moment = Duration::from_millis(random.below(MOMENTS_MS));
        let mut order = rotating(&warp, "authority");
        order.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut order = order.spawn()?;
        sleep(moment).await;
        warp.kill()?;
        // Whatever it was told: on a stopped server the command would do it by itself.
        let _ = order.kill();
        order.wait()?;
        let next = warp.folder().join("keys/authority.pem.next");
        was_cut_short += u64::from(next.exists());
        warp.restart().await.with_context(|| format!("round {round}, {moment:?}"))?;
        let is_changed = served(&warp.folder())? != before;
        changed += usize::from(is_changed);
        let came = visit(warp.manager(), &first, heads).await;
        heads = came.with_context(|| format!("round {round}, {moment:?}"))?;
        let is_led = heads.address(first.clone()) != was;
        ensure!(is_led == is_changed, "round {round}, {moment:?}: another than the server's");
        let anew = known(warp.manager(), &away).await;
        anew.with_context(|| format!("round {round}, {moment:?}: by an earlier authority"))?;
        if is_changed && changed % limits::FORMER_AUTHORITIES == 0 {
            away = heads.address(first.clone());
        }
    }
    say(format!("{ROUNDS} kills: {was_cut_short} in the midst, {changed} with the new authority"));
    Ok(())
}
