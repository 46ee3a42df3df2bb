//! A WARP that several people write to, one of them with files, and whose register changes, while its server is
//! killed, again and again.

use std::time::Duration;

use anyhow::ensure;
use tokio::task::JoinSet;
use tokio::time::sleep;
use warproom_proto::register::Organisation;
use warproom_proto::{Label, RoomId};

use super::{Courier, Door, Heard, Ledger, Random, Writer};
use crate::harness::{Person, Warp};
use crate::wire::Wire;

const WRITERS: usize = 4;
const ROOMS: usize = 3;

/// When the server is killed, counted from when the writers begin to connect.
const MOMENTS_MS: std::ops::Range<u64> = 20..150;

/// How much a writer posts in the last, undisturbed round: all it still owes, and a little more.
const LAST: usize = 60;

/// A WARP whose rooms are written to by several writers.
pub struct Field {
    pub(crate) warp: Warp,
    pub(crate) door: Door,
    pub(crate) random: Random,
    pub(crate) authors: Vec<Author>,
    pub(crate) ledger: Ledger,
}

impl Field {
    /// Prepares a WARP whose server runs.
    ///
    /// # Errors
    /// If the server does not do as it is asked.
    pub async fn prepare(mut warp: Warp, random: Random) -> anyhow::Result<Self> {
        let council = warp.organisation("Canterbury City Council").await?;
        let mut officers = Vec::new();
        for number in 0..WRITERS {
            officers.push(warp.officer(&format!("officer{number}"), council).await?);
        }
        let mut rooms: Vec<RoomId> = Vec::new();
        let people: Vec<_> = std::iter::once(warp.manager()).chain(&officers).collect();
        for _ in 0..ROOMS {
            rooms.push(warp.room(&people, Label::Green, Label::Green).await?);
        }
        let writer = |(name, officer): (usize, &Person)| {
            Writer::new(name, officer.credentials(), rooms.clone())
        };
        let mut authors: Vec<_> =
            officers.iter().enumerate().map(writer).map(Author::Writer).collect();
        let (name, aliases, clients) = ("Canterbury".parse()?, Vec::new(), Vec::new());
        let organisation = Organisation { organisation: council, name, aliases, clients };
        let manager = warp.manager().credentials();
        let courier = Courier::new(WRITERS, manager, rooms[0], organisation);
        authors.push(Author::Courier(Box::new(courier)));
        let door = Door {
            host_port: warp.local().to_string(),
            authority: warp.folder().join("keys/authority.pem"),
        };
        // What was prepared is not what the rounds are about: it is on stable storage first.
        warp.stop().await?;
        warp.restart().await?;
        Ok(Self { warp, door, random, authors, ledger: Ledger::new(&rooms).with_register() })
    }

    /// Everyone writes, the server is killed, starts again, and is asked what it has.
    ///
    /// # Errors
    /// [`Wrong`](super::Wrong) where the server broke its word.
    pub async fn round(&mut self) -> anyhow::Result<()> {
        let span = MOMENTS_MS.end - MOMENTS_MS.start;
        let moment = Duration::from_millis(MOMENTS_MS.start + self.random.below(span));
        let mut writing = self.set_off(usize::MAX);
        sleep(moment).await;
        self.warp.kill()?;
        self.collect(&mut writing).await?;
        self.warp.restart().await?;
        self.check().await
    }

    /// One undisturbed round, then everything is read once more, and verified offline.
    ///
    /// # Errors
    /// [`Wrong`](super::Wrong) where the server broke its word.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        let mut writing = self.set_off(LAST);
        self.collect(&mut writing).await?;
        self.check().await?;
        let mut again = self.ledger.afresh();
        again.check(&mut self.connect().await?).await?;
        ensure!(again.positions() == self.ledger.positions(), "the logs changed");
        self.warp.stop().await?;
        let verified = self.warp.verify()?;
        let said = String::from_utf8_lossy(&verified.stdout);
        ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        ensure!(said.contains("every chain whole"), "{said}");
        Ok(())
    }

    /// How many entries were read back.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.ledger.entries()
    }

    pub(crate) fn set_off(&mut self, most: usize) -> Writing {
        let mut writing = JoinSet::new();
        for mut author in self.authors.drain(..) {
            let door = self.door.clone();
            writing.spawn(async move {
                let heard = author.write(&door, most).await?;
                anyhow::Ok((author, heard))
            });
        }
        writing
    }

    async fn collect(&mut self, writing: &mut Writing) -> anyhow::Result<()> {
        while let Some(done) = writing.join_next().await {
            let (author, heard) = done??;
            self.authors.push(author);
            self.ledger.note_heard(heard)?;
        }
        Ok(())
    }

    async fn check(&mut self) -> anyhow::Result<()> {
        let mut wire = self.connect().await?;
        self.ledger.check(&mut wire).await
    }

    async fn connect(&self) -> anyhow::Result<Wire> {
        let credentials = self.warp.manager().credentials();
        Wire::signed_in(&self.door.host_port, &self.door.authority, &credentials).await
    }
}

pub(crate) type Writing = JoinSet<anyhow::Result<(Author, Heard)>>;

/// Whoever makes something to be stored.
pub(crate) enum Author {
    Writer(Writer),
    Courier(Box<Courier>),
}

impl Author {
    /// What they do until the connection ends, or until they have done so much.
    async fn write(&mut self, door: &Door, most: usize) -> anyhow::Result<Heard> {
        match self {
            Self::Writer(writer) => {
                let entries = writer.write(door, most).await?;
                Ok(Heard { entries, ..Heard::default() })
            }
            Self::Courier(courier) => courier.carry(door, most).await,
        }
    }
}
