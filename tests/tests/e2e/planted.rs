//! Faults planted on purpose: each must be noticed within so many rounds, or what looks for it proves
//! nothing. The sound server passes the same rounds. (That an answer comes before the disk has it is
//! noticed by the tests of crashes, durability and power cuts.)

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::time::timeout;
use warproom_client::Event;
use warproom_proto::calls::RemoveFromRoom;
use warproom_proto::{EntryId, Label, RoomId, Seq};
use warproom_tests::crash::Random;
use warproom_tests::damage::{DATABASE, Damaging, Sound, roll_back};
use warproom_tests::harness::{PLANTED, Person, Warp, planted_binary};
use warproom_tests::say;

/// Within so many rounds a planted fault must be noticed.
const NOTICED_WITHIN: u64 = 50;

/// How many rounds the sound server passes.
const SOUND_ROUNDS: u64 = 20;

/// How long whoever was taken out of a room may take to hear of it.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_server_that_goes_on_serving_who_was_taken_out_is_found_out() -> anyhow::Result<()> {
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let warp = Warp::builder().binary(binary).env(PLANTED, "no-live-membership-check");
    let leak = first_leak(&warp.start().await?, NOTICED_WITHIN).await?;
    let round = leak.context("the planted fault was not noticed")?;
    say(format!("no-live-membership-check: noticed in round {round}"));
    ensure!(
        first_leak(&Warp::start().await?, SOUND_ROUNDS).await?.is_none(),
        "a sound server leaks"
    );
    Ok(())
}

#[tokio::test]
async fn a_server_that_skips_the_position_check_is_found_out() -> anyhow::Result<()> {
    found_out("skip-position-check", roll_back).await
}

#[tokio::test]
async fn a_server_that_skips_the_tag_check_is_found_out() -> anyhow::Result<()> {
    found_out("skip-tag-check", bend_a_value).await
}

/// The first round in which somebody gets an entry of a room that they were taken out of before.
async fn first_leak(warp: &Warp, rounds: u64) -> anyhow::Result<Option<u64>> {
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    for round in 1..=rounds {
        let room = warp.room(&[&dan, &dora], Label::Red, Label::Green).await?;
        if let Some(seq) = leaked(&dan, &dora, room).await? {
            say(format!("entry {seq} was delivered to somebody who had been taken out"));
            return Ok(Some(round));
        }
    }
    Ok(None)
}

/// An entry that is delivered after its reader was taken out; `None` if they are told that they are.
async fn leaked(dan: &Person, dora: &Person, room: RoomId) -> anyhow::Result<Option<Seq>> {
    let (_client, mut events) = dora.follow(room, 3).await?;
    let call = RemoveFromRoom { room, id: EntryId::random(), who: dora.principal() };
    let left = dan.client.append(call).await?.seq;
    dan.post(room, Label::Green, "among ourselves").await?;
    let told = async {
        loop {
            match events.next().await {
                Some(Event::Entry(entry)) if entry.seq > left => return Ok(Some(entry.seq)),
                Some(Event::RoomLeft(of)) if of == room => return Ok(None),
                Some(_) => {}
                None => bail!("the connection ended"),
            }
        }
    };
    timeout(SOON, told).await.context("neither told nor served")?
}

/// Rounds of damage, judged first by the sound server and then by one with a planted fault.
async fn found_out(fault: &'static str, damage: Damaging) -> anyhow::Result<()> {
    let sound = Sound::prepare().await?;
    let mut random = Random::new(7);
    let told = sound.rounds(DATABASE, damage, SOUND_ROUNDS, &mut random).await?;
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let planted = sound.planted(binary, fault);
    for round in 1..=NOTICED_WITHIN {
        let copy = planted.copy()?;
        damage(&copy.path().join(DATABASE), &mut random)?;
        if let Err(error) = planted.judge(copy.path()).await {
            say(format!("{fault}: noticed in round {round}: {error:#}"));
            let passed_over = error.to_string().starts_with("verified, and");
            ensure!(passed_over, "noticed, but not as damage that was passed over: {error:#}");
            ensure!(told.reported == SOUND_ROUNDS, "the sound server reports {told:?}");
            return Ok(());
        }
    }
    bail!("{fault} was not noticed within {NOTICED_WITHIN} rounds")
}

/// Flips one bit of one value with the database's own means, so that its checksums fit: what somebody
/// does who has the disk and not the key. Half of the values are marks, which stand in no chain.
fn bend_a_value(path: &Path, random: &mut Random) -> anyhow::Result<String> {
    let database = sled::open(path.parent().context("it is in a folder")?)?;
    // Every sealed value: records, their parts, and marks.
    let only: &[u8] = if random.below(2) == 0 { b"M" } else { b"L" };
    let values: Vec<_> = database.scan_prefix(only).collect::<Result<_, _>>()?;
    ensure!(!values.is_empty(), "nothing begins with {only:?}");
    let (key, value) = &values[usize::try_from(random.below(values.len() as u64))?];
    let (mut value, bit) = (value.to_vec(), random.below(8));
    let at = usize::try_from(random.below(value.len() as u64))?;
    value[at] ^= 1 << bit;
    database.insert(key, value)?;
    database.flush()?;
    Ok(format!("bit {bit} of byte {at} of the value under {key:?}"))
}
