//! The server's fold of a room and the clients' are the same: whatever is done, and by whom, what a
//! client made of what it was told live is what it makes of the history read afterwards, and both are
//! what the server says: which entries are shown, under which labels, the boards, what is outstanding,
//! the members and the settings.
//!
//! What is done follows from a number, `WARPROOM_FOLD_SEED`, which is said when something differs.

#[path = "folds/acting.rs"]
mod acting;
#[path = "folds/reading.rs"]
mod reading;

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use tokio::runtime::Builder;
use warproom_fuzz::here::Here;
use warproom_proto::register::Role;
use warproom_proto::{Label, RoomId};
use warproom_tests::harness::{Person, settings};

use acting::Acting;
use reading::{Live, Read};

/// How many rooms are tried by default, and how much is done in each.
const ROOMS: u64 = 6;
const ACTS: usize = 100;

#[test]
fn what_clients_fold_is_what_the_server_folds() -> anyhow::Result<()> {
    let number = |variable: &str, or: u64| {
        std::env::var(variable).map_or(Ok(or), |text| text.parse::<u64>())
    };
    let (first, rooms) = (number("WARPROOM_FOLD_SEED", 1)?, number("WARPROOM_FOLD_ROOMS", ROOMS)?);
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(async {
        let club = Club::found().await?;
        let mut done = BTreeSet::new();
        for seed in first..first + rooms {
            let acts = club.try_room(seed).await;
            done.extend(acts.with_context(|| format!("WARPROOM_FOLD_SEED={seed}"))?);
        }
        // Whatever was refused each time was not tried.
        ensure!(rooms < ROOMS || done.len() == acting::ACTS.len(), "only {done:?} was done");
        Ok(())
    })
}

/// A WARP of three organisations: two managers, two officers of one council, one of another.
struct Club {
    here: Here,
    people: Vec<Person>,
}

impl Club {
    async fn found() -> anyhow::Result<Self> {
        let here = Here::start().await?;
        let kent = here.first_organisation().await?;
        let dover = here.organisation("Dover District Council".parse()?).await?;
        let thanet = here.organisation("Thanet District Council".parse()?).await?;
        let people = vec![
            here.join("second", kent, Role::Manager).await?,
            here.join("dover", dover, Role::Officer).await?,
            here.join("dover.two", dover, Role::Officer).await?,
            here.join("thanet", thanet, Role::Officer).await?,
        ];
        Ok(Self { here, people })
    }

    /// The manager who leads the room, and everyone else.
    fn all(&self) -> Vec<&Person> {
        [&self.here.manager].into_iter().chain(&self.people).collect()
    }

    /// Does things in a new room, then compares for everyone who is in it; what was done.
    async fn try_room(&self, seed: u64) -> anyhow::Result<Vec<&'static str>> {
        let mut random = Rng::with_seed(seed);
        let people = self.all();
        let ceiling = random.choice([Label::Green, Label::Amber, Label::Red, Label::Red]);
        let settings = settings(ceiling.context("a ceiling")?, Label::Green)?;
        let room = people[0].open(settings, &people[1..4]).await?;
        let mut live = Vec::new();
        for person in &people {
            live.push(Live::of(person, room).await?);
        }
        let mut acting = Acting::new(room, random);
        for _ in 0..ACTS {
            acting.act(&people).await?;
            for live in &mut live {
                live.follow_again().await?;
            }
        }
        acting.erase(&people).await?;
        for (person, live) in people.iter().zip(live) {
            compare(person, room, live, &acting).await.context(person.handle.to_string())?;
        }
        Ok(acting.done.into_keys().collect())
    }
}

/// Compares what somebody was told live with what they read now, and both with what the server says.
async fn compare(
    person: &Person,
    room: RoomId,
    live: Live<'_>,
    acting: &Acting,
) -> anyhow::Result<()> {
    let Some(read) = Read::of(person, room).await? else {
        // Whoever is out of the room is told and answered nothing.
        return Ok(());
    };
    let live = live.up_to(read.latest()).await?;
    read.is_what_was_told(&live, acting)?;
    read.has_the_members_of_the_server(person, room).await?;
    read.has_the_settings_of_the_server(person, room).await?;
    read.has_the_boards_of_the_server(person, room).await?;
    read.has_the_outstanding_asks_of_the_server(person, room, acting).await
}
