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
use crate::journal::{Journal, now_ms};

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
        let records = self.audit.counts.take();
        if records.is_empty() {
            return;
        }
        if self.journal.audit_all(records.clone()).await.is_err() {
            // The writer said why. What it did not take waits on, up to a bound.
            for record in records {
                self.audit.counts.late(record, now_ms());
            }
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
