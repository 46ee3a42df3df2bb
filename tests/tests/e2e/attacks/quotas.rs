//! A member who takes all that can be had for good: rooms and bots, by calls that are each allowed (CWE-770).
//! The bounds themselves, and those of what costs a password check, are tried in
//! `server/src/domain/tests/quotas.rs`.

use anyhow::{Context as _, ensure};
use warproom_proto::calls::{AddBot, ListBots, ListRooms, OpenRoom, RevokeBot};
use warproom_proto::register::Role;
use warproom_proto::{ErrorCode, Label, RoomId};
use warproom_tests::harness::{Person, Warp, grant, refusal, settings};

/// Far more than any bound here, so that one that does not hold ends the test.
const TRIES: usize = 600;

async fn open(person: &Person) -> anyhow::Result<Option<ErrorCode>> {
    let settings = settings(Label::Green, Label::Green)?;
    match person.client.call(OpenRoom { settings }).await {
        Ok(_) => Ok(None),
        refused => Ok(Some(refusal(refused)?.code)),
    }
}

async fn add_bot(person: &Person, room: RoomId, n: usize) -> anyhow::Result<Option<ErrorCode>> {
    let name = format!("Relay {n}").parse()?;
    let grant = grant(room, None, Some(Label::Green));
    match person.client.call(AddBot { name, grant, hook: None }).await {
        Ok(_) => Ok(None),
        refused => Ok(Some(refusal(refused)?.code)),
    }
}

#[tokio::test]
async fn who_takes_all_the_rooms_and_bots_there_are_is_stopped_also_after_a_restart()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let greedy = warp.join("greedy", dover, Role::Manager).await?;
    let room = warp.room(&[&greedy], Label::Green, Label::Green).await?;
    let (mut rooms, mut bots) = (1, 0);
    while rooms < TRIES && open(&greedy).await?.is_none() {
        rooms += 1;
    }
    while bots < TRIES && add_bot(&greedy, room, bots).await?.is_none() {
        bots += 1;
    }
    ensure!((rooms, bots) == (256, 256), "{rooms} rooms and {bots} bots");
    warp.stop().await?;
    warp.restart().await?;
    greedy.back().await?;
    let full = Some(ErrorCode::Conflict);
    ensure!(open(&greedy).await? == full, "a restart makes room");
    ensure!(add_bot(&greedy, room, bots).await? == full, "a restart makes room");

    // Rooms are each member's own. Bots are the WARP's: every manager is told whose they are, and ends one.
    let mary = warp.manager();
    mary.back().await?;
    ensure!(open(mary).await?.is_none(), "somebody else pays for it");
    let listed = mary.client.call(ListBots {}).await?.bots;
    ensure!(listed.len() == bots && listed.iter().all(|bot| bot.owner == greedy.member));
    let listed_rooms = greedy.client.call(ListRooms { all: false }).await?.rooms;
    ensure!(listed_rooms.len() == rooms, "{} rooms are listed", listed_rooms.len());
    let bot = listed.first().context("a bot")?.bot;
    mary.client.call(RevokeBot { bot }).await?;
    ensure!(add_bot(&greedy, room, bots).await?.is_none(), "no room is made again");
    ensure!(add_bot(&greedy, room, bots + 1).await? == full, "one too many");
    Ok(())
}
