//! Who comes and goes: people taken out of rooms and let in again, suspended and reinstated, removed for
//! good and followed by newcomers.
//!
//! The first people stay what they are; see [`STEADY`]. What a manager asks for is asked for again where
//! a restart came in between; then it may have been done already.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep, timeout};
use warproom_client::CallError;
use warproom_proto::calls::{ChangeMember, Posted, RemoveFromRoom};
use warproom_proto::register::Standing;
use warproom_proto::{EntryId, MemberId, Principal, Proposed, RoomId};

use super::club::{Club, Member, STEADY};
use super::counts::What;
use super::load::pick;
use crate::crash::Random;

/// How many are out of a room at a time, so that rooms keep their sizes.
const OUT: usize = 8;

/// How soon a client of somebody who was removed must be signed out: its line may be cut, and the server
/// away, when that happens.
const SIGNED_OUT_WITHIN: Duration = Duration::from_secs(90);

/// Somebody who is out of a room and will come back: person and place of the room.
struct Out {
    person: usize,
    place: usize,
}

/// Takes people out of rooms and lets them in again.
pub async fn rooms(club: Arc<Club>, mut random: Random, until: Instant) -> anyhow::Result<()> {
    let period = club.plan.every(900).max(Duration::from_millis(300));
    let mut out: Vec<Out> = Vec::new();
    while Instant::now() < until {
        sleep(period).await;
        if out.len() < OUT && random.below(2) == 0 {
            out.extend(somebody_goes(&club, &mut random).await);
        } else if !out.is_empty() {
            let Out { person, place } = out.swap_remove(pick(&mut random, out.len()));
            somebody_comes(&club, person, place).await;
        }
    }
    Ok(())
}

async fn somebody_goes(club: &Club, random: &mut Random) -> Option<Out> {
    let (room, out, member) = {
        let mut facts = club.facts();
        let place = pick(random, facts.rooms.len());
        let room = &mut facts.rooms[place];
        if room.is_steady || room.present.len() < 3 {
            return None;
        }
        let person = *room.present.keys().nth(pick(random, room.present.len()))?;
        room.present.remove(&person);
        let room = room.room;
        (room, Out { person, place }, facts.people[person].clone()?)
    };
    let (id, who) = (EntryId::random(), Principal::Member(member.member));
    let call = RemoveFromRoom { room, id, who };
    let own =
        (random.below(3) == 0).then(|| member.seats[pick(random, member.seats.len())].client());
    let (what, done) = match own.flatten() {
        Some(client) => (What::WentByThemselves, client.append(call).await),
        None => (What::TakenOut, club.managers[pick(random, 2)].append(call).await),
    };
    noted(club, room, what, done).map(|_| out)
}

async fn somebody_comes(club: &Club, person: usize, place: usize) {
    let room = club.facts().rooms[place].room;
    let Some(Member { member, .. }) = club.facts().people[person].clone() else { return };
    match club.let_in(room, member).await {
        Ok(posted) => {
            club.counts.add(What::LetIn, 1);
            club.facts().rooms[place].present.insert(person, posted.seq);
        }
        Err(error) => club.counts.failed("letting somebody in", &error),
    }
}

fn noted(club: &Club, room: RoomId, what: What, done: Result<Posted, CallError>) -> Option<Posted> {
    match done {
        Ok(posted) => {
            club.stored(room, posted);
            club.counts.add(what, 1);
            Some(posted)
        }
        Err(error) => {
            club.counts.failed("a leaving", &error);
            None
        }
    }
}

/// Suspends people and reinstates them.
pub async fn suspensions(
    club: Arc<Club>,
    mut random: Random,
    until: Instant,
) -> anyhow::Result<()> {
    let period = club.plan.every(25);
    let lasting = (period / 2).min(Duration::from_secs(20));
    loop {
        sleep(period.saturating_sub(lasting)).await;
        if Instant::now() + period >= until {
            return Ok(());
        }
        let Some((person, member)) = somebody(&club, &mut random) else { continue };
        set_suspended(&club, person, true);
        stand(&club, member.member, Standing::Suspended, What::Suspended).await;
        sleep(lasting).await;
        stand(&club, member.member, Standing::Active, What::Reinstated).await;
        set_suspended(&club, person, false);
    }
}

fn set_suspended(club: &Club, person: usize, is_suspended: bool) {
    if let Some(member) = &mut club.facts().people[person] {
        member.is_suspended = is_suspended;
    }
}

async fn stand(club: &Club, member: MemberId, standing: Standing, what: What) {
    let call = ChangeMember { member, role: None, standing: Some(standing) };
    match club.manage(0, call).await {
        Ok(_) => club.counts.add(what, 1),
        Err(error) => club.counts.failed("a change of standing", &error),
    }
}

/// Somebody who may be sent away.
fn somebody(club: &Club, random: &mut Random) -> Option<(usize, Member)> {
    let facts = club.facts();
    let first = STEADY[STEADY.len() - 1] + 1;
    let people = facts.people.iter().enumerate().skip(first);
    let here: Vec<_> = people
        .filter_map(|(person, member)| Some((person, member.as_ref()?)))
        .filter(|(_, member)| !member.is_suspended)
        .collect();
    let (person, member) = here.get(pick(random, here.len().max(1)))?;
    Some((*person, (*member).clone()))
}

/// Removes people for good; newcomers take their places in their rooms.
pub async fn newcomers(club: Arc<Club>, mut random: Random, until: Instant) -> anyhow::Result<()> {
    let period = club.plan.every(10);
    loop {
        sleep(period).await;
        if Instant::now() + period / 2 >= until {
            return Ok(());
        }
        let Some((person, member)) = somebody(&club, &mut random) else { continue };
        remove(&club, person, &member).await;
        let newcomer = join(&club, person, member.seats.len()).await.context("a newcomer")?;
        newcomer.seats.iter().for_each(|seat| club.admit(seat));
        settle_in(&club, person, newcomer).await;
    }
}

async fn remove(club: &Arc<Club>, person: usize, member: &Member) {
    club.facts().people[person] = None;
    member.seats.iter().for_each(|seat| seat.let_go());
    let what = Proposed::RemoveMembers { members: vec![member.member] };
    match club.both(what).await {
        Ok(()) => club.counts.add(What::Removed, 1),
        Err(error) => club.counts.failed("a removal", &error),
    }
    for seat in member.seats.clone() {
        let club = club.clone();
        tokio::spawn(async move {
            let signed_out = async {
                while seat.client().is_some() {
                    sleep(Duration::from_millis(100)).await;
                }
            };
            if timeout(SIGNED_OUT_WITHIN, signed_out).await.is_err() {
                club.counts.fault(format!("{} was removed and stays signed in", seat.member));
            }
        });
    }
}

async fn join(club: &Club, person: usize, seats: usize) -> anyhow::Result<Member> {
    let (joined, council) = club.join(person).await?;
    club.counts.add(What::Newcomers, 1);
    let seats = club.seats(joined.member, council, &[joined.credentials()], seats);
    Ok(Member { member: joined.member, seats, is_suspended: false })
}

/// A newcomer comes into the rooms of whoever was there before.
async fn settle_in(club: &Club, person: usize, newcomer: Member) {
    let member = newcomer.member;
    club.facts().people[person] = Some(newcomer);
    let rooms: Vec<(usize, RoomId)> = {
        let mut facts = club.facts();
        let theirs = facts.rooms.iter_mut().enumerate();
        theirs
            .filter_map(|(place, room)| {
                room.present.remove(&person)?;
                Some((place, room.room))
            })
            .collect()
    };
    for (place, room) in rooms {
        match club.let_in(room, member).await {
            Ok(posted) => {
                club.facts().rooms[place].present.insert(person, posted.seq);
            }
            Err(error) => club.counts.failed("a newcomer's room", &error),
        }
    }
}
