//! A member who takes all that can be had for good: rooms and bots, by calls that are each allowed (CWE-770).
//! The bounds themselves are tried in `server/src/domain/tests/quotas.rs`.

use std::path::Path;

use anyhow::{Context as _, ensure};
use warproom_client::{JoinError, enrol_device};
use warproom_proto::calls::{
    AddBot, AddInvitation, ListBots, ListDevices, ListInvitations, ListRooms, OpenRoom, RevokeBot,
    RevokeDevice, RevokeInvitation,
};
use warproom_proto::register::Role;
use warproom_proto::{Error, ErrorCode, Label, OrganisationId, RoomId};
use warproom_tests::harness::{Person, Warp, grant, refusal, settings};
use warproom_tests::skipped;

use super::clock::{faketime, set};
use super::next_step;

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

/// Enrols another device of the manager's, `n` steps of the authenticator from now: a code works once.
async fn enrol(warp: &Warp, offset: &Path, n: u64) -> anyhow::Result<Option<Error>> {
    set(offset, &format!("+{}", n * 30))?;
    let code = warp.manager().totp.code_at(next_step()? + n * 30);
    let (handle, name) = (warp.manager().handle.clone(), format!("device {n}").parse()?);
    match enrol_device(warp.address(), handle, Person::password(), code, name).await {
        Ok(_) => Ok(None),
        Err(JoinError::Refused(error)) => Ok(Some(error)),
        Err(other) => Err(other.into()),
    }
}

#[tokio::test]
async fn the_device_beyond_the_bound_is_refused_also_after_a_restart() -> anyhow::Result<()> {
    let Some(library) = faketime() else { return skipped("libfaketime is not installed") };
    let home = tempfile::tempdir()?;
    let offset = home.path().join("offset");
    set(&offset, "+0")?;
    let mut warp = Warp::builder()
        .env("LD_PRELOAD", library.display())
        .env("FAKETIME_TIMESTAMP_FILE", offset.display())
        .env("FAKETIME_NO_CACHE", 1)
        .env("DONT_FAKE_MONOTONIC", 1)
        .start()
        .await?;
    let mut devices = 1;
    let refusal = loop {
        match enrol(&warp, &offset, devices).await? {
            Some(error) => break error,
            None => devices += 1,
        }
        ensure!(devices < 100, "nobody says stop");
    };
    ensure!(devices == 32 && refusal.code == ErrorCode::Conflict, "{devices}: {refusal}");
    warp.stop().await?;
    warp.restart().await?;
    let again = enrol(&warp, &offset, devices + 1).await?.context("a restart makes room")?;
    ensure!(again.code == ErrorCode::Conflict, "{again}");

    let mary = warp.manager();
    mary.back().await?;
    let listed = mary.client.call(ListDevices { member: None }).await?.devices;
    ensure!(listed.len() == 32, "{} devices", listed.len());
    let other = listed.iter().find(|one| one.device != mary.device).context("another device")?;
    mary.client.call(RevokeDevice { device: other.device }).await?;
    let refused = enrol(&warp, &offset, devices + 2).await?;
    ensure!(refused.is_none(), "no room is made again: {refused:?}");
    Ok(())
}

async fn invite(
    warp: &Warp,
    organisation: OrganisationId,
    n: usize,
) -> anyhow::Result<Option<Error>> {
    let (name, handle) = (format!("Officer {n}").parse()?, format!("officer.{n}").parse()?);
    let call = AddInvitation { name, handle, organisation, role: Role::Officer };
    match warp.manager().client.call(call).await {
        Ok(_) => Ok(None),
        refused => Ok(Some(refusal(refused)?)),
    }
}

#[tokio::test]
async fn the_invitation_beyond_the_bound_is_refused_also_after_a_restart() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let mut invitations = 0;
    let refusal = loop {
        match invite(&warp, dover, invitations).await? {
            Some(error) => break error,
            None => invitations += 1,
        }
        ensure!(invitations < 2_000, "nobody says stop");
    };
    ensure!(invitations == 1024 && refusal.code == ErrorCode::Conflict, "{invitations}: {refusal}");
    warp.stop().await?;
    warp.restart().await?;
    warp.manager().back().await?;
    let again = invite(&warp, dover, invitations).await?.context("a restart makes room")?;
    ensure!(again.code == ErrorCode::Conflict, "{again}");

    let mary = &warp.manager().client;
    let listed = mary.call(ListInvitations {}).await?.invitations;
    ensure!(listed.len() == invitations, "{} invitations are listed", listed.len());
    let invitation = listed.first().context("an invitation")?.invitation;
    mary.call(RevokeInvitation { invitation }).await?;
    ensure!(invite(&warp, dover, invitations).await?.is_none(), "no room is made again");
    Ok(())
}
