//! A WARP that is written to by several people while its server is killed, again and again.

use std::time::Duration;

use anyhow::ensure;
use tokio::task::JoinSet;
use tokio::time::sleep;
use warproom_proto::{Label, RoomId};

use super::{Acknowledged, Door, Ledger, Random, Writer};
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
    pub(crate) writers: Vec<Writer>,
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
        let writers = officers.iter().enumerate().map(writer).collect();
        let door = Door {
            host_port: warp.local().to_string(),
            authority: warp.folder().join("keys/authority.pem"),
        };
        // What was prepared is not what the rounds are about: it is on stable storage first.
        warp.stop().await?;
        warp.restart().await?;
        Ok(Self { warp, door, random, writers, ledger: Ledger::new(&rooms) })
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
        ensure!(again.entries() == self.ledger.entries(), "the logs changed");
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
        for mut writer in self.writers.drain(..) {
            let door = self.door.clone();
            writing.spawn(async move {
                let acknowledged = writer.write(&door, most).await?;
                anyhow::Ok((writer, acknowledged))
            });
        }
        writing
    }

    async fn collect(&mut self, writing: &mut Writing) -> anyhow::Result<()> {
        while let Some(done) = writing.join_next().await {
            let (writer, acknowledged) = done??;
            self.writers.push(writer);
            self.ledger.note(acknowledged)?;
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

pub(crate) type Writing = JoinSet<anyhow::Result<(Writer, Vec<Acknowledged>)>>;
