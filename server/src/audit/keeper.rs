//! The clock of the audit log: it writes what was counted once a minute, and keeps a checkpoint outside
//! the database, and tells it to everyone connected, once an hour.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use warproom_proto::notice::Notice;

use super::{Audit, anchor};
use crate::hub::Hub;
use crate::journal::Journal;

/// How often a checkpoint is kept outside the database. What an hour's records hold is still chained
/// and known to whoever was connected.
const ANCHORED: Duration = Duration::from_hours(1);

/// What the keeper works with.
pub struct Keeper {
    /// What is counted and signed.
    pub audit: Arc<Audit>,
    /// The writer.
    pub journal: Journal,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// The file of checkpoints.
    pub anchors: PathBuf,
    /// How often what was counted is written.
    pub every: Duration,
}

impl Keeper {
    /// Keeps the log until the server stops.
    pub async fn keep(self, mut stop: watch::Receiver<bool>) {
        let mut minutes = interval_at(Instant::now() + self.every, self.every);
        let mut hours = interval(ANCHORED);
        for ticks in [&mut minutes, &mut hours] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut anchored = 0;
        loop {
            tokio::select! {
                () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
                _ = minutes.tick() => self.write().await,
                _ = hours.tick() => self.anchor(&mut anchored).await,
            }
        }
        self.write().await;
        self.anchor(&mut anchored).await;
    }

    async fn write(&self) {
        let taken = self.audit.counts.take();
        let records = taken.records();
        if !records.is_empty() && self.journal.audit_all(records).await.is_err() {
            // The writer said why. What it did not take counts on.
            self.audit.counts.put_back(taken);
        }
    }

    async fn anchor(&self, anchored: &mut u64) {
        let (audit, file, last) = (self.audit.clone(), self.anchors.clone(), *anchored);
        let keep = move || {
            let signed = audit.checkpoint().map_err(std::io::Error::other)?;
            if signed.note.checkpoint().size > last {
                anchor::append(&file, &signed.note)?;
            }
            Ok::<_, std::io::Error>(signed)
        };
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(checkpoint)) => {
                let size = checkpoint.note.checkpoint().size;
                if std::mem::replace(anchored, size) < size {
                    self.hub.tell_all(&Notice::AuditCheckpoint { checkpoint });
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "no checkpoint of the audit log was kept"),
            Err(_) => tracing::error!("no checkpoint of the audit log was kept"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use warproom_proto::audit::{Event, Means};
    use warproom_proto::{Label, MemberId, Principal};

    use super::*;
    use crate::audit::{Refusal, SignIn};
    use crate::context::alone::Alone;
    use crate::domain::tests::with_room;

    #[tokio::test]
    async fn a_flood_of_refusals_while_the_disk_is_full_leaves_a_sign_in_to_be_recorded() {
        let alone = Alone::on_a_full_disk(with_room(Label::Amber));
        let (audit, hub) = (alone.context.audit.clone(), alone.context.hub.clone());
        let journal = alone.context.journal.clone();
        let every = Duration::from_mins(1);
        let keeper = Keeper { audit, journal, hub, anchors: PathBuf::new(), every };
        let counts = &alone.context.audit.counts;
        let who = Principal::Member(MemberId::random());
        counts.late(SignIn { by: who, means: Means::Device, device: None, from: None }, 1);
        for round in 0..9_u32 {
            for network in 0..200_u32 {
                let from = IpAddr::V4(Ipv4Addr::from((round * 200 + network) << 8)).into();
                let what = Refusal::SignIn { means: Means::Token, of: None };
                counts.refused((None, Some(from)), what, 2);
            }
            keeper.write().await;
        }
        let records = counts.take().records();
        assert_eq!(records.iter().filter(|record| record.by == Some(who)).count(), 1);
        assert!(records.len() < 200, "{} records", records.len());
        let refused = records.iter().map(|record| match record.event {
            Event::SignInRefused { count, .. } => count,
            _ => 0,
        });
        assert_eq!(refused.sum::<u64>(), 9 * 200, "a refusal was lost");
    }
}
