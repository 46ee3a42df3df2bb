//! The one writer. A group of drafts and marks becomes one atomic batch, is made durable once, and
//! only then is answered and may be read.
//!
//! The order is what promise 1 rests on: batch, the database's flush, our own `fdatasync` of its
//! data file (its flush promises nothing against a power cut), checkpoint, tips. After any fault the
//! committer stops for good: what reached the disk is unknown until the store is opened again.

use std::fs::{File, OpenOptions};
use std::io;
use std::iter;
use std::sync::Arc;

use warproom_proto::record::LogId;

use super::database::Batch;
use super::fault::{Fault, guarded};
use super::file::FileChange;
use super::folder::data_file;
use super::group::{Appended, Group};
use super::heads::Heads;
use super::opened::{Opened, Tip};
use super::read::Mark;
use super::record::Draft;
use crate::planted::{Plant, is_planted};

/// The right to write to an open store. There is one; dropping it makes the checkpoint durable.
pub struct Committer {
    pub(super) opened: Arc<Opened>,
    /// The database's data file, open since the start: an I/O error that the system reported to
    /// somebody else's handle is still reported to this one.
    pub(super) data: File,
    pub(super) heads: Heads,
    reserve_bytes: u64,
    pub(super) stopped: bool,
}

/// Why a group was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Too little space is left on the disk. Nothing was written; once there is space again, the
    /// same group can be committed.
    #[error("the disk is full: {free_bytes} bytes are free, {reserve_bytes} are kept in reserve")]
    StorageFull {
        /// What is free.
        free_bytes: u64,
        /// What has to stay free.
        reserve_bytes: u64,
    },
    /// A draft or mark is longer than the store takes. Nothing was written.
    #[error("a record or mark is longer than the store takes")]
    TooLong,
    /// Writing failed. Whether the group was stored shows only when the store is opened again.
    #[error("writing to the store failed, and it takes no more")]
    Failed(#[from] Fault),
    /// Writing failed earlier.
    #[error("the store takes no more since an earlier failure")]
    Stopped,
}

impl Committer {
    pub(super) fn new(opened: Arc<Opened>, heads: Heads, reserve_bytes: u64) -> io::Result<Self> {
        let data = OpenOptions::new().read(true).write(true).open(data_file(&opened.folder))?;
        Ok(Self { opened, data, heads, reserve_bytes, stopped: false })
    }

    /// Commits a group: all of it, durably, or nothing. Answers the drafts in their order.
    ///
    /// A record's time is `now_ms` (milliseconds since 1970 UTC), or its predecessor's if that is
    /// later. A draft whose id its log already has is answered with the first one's result. Of
    /// several marks with one key the last one stays.
    pub fn commit(
        &mut self,
        drafts: Vec<Draft>,
        marks: &[Mark],
        now_ms: i64,
    ) -> Result<Vec<Appended>, CommitError> {
        self.commit_with(drafts, (marks, &[]), now_ms, |_| Ok(Vec::new()))
    }

    /// The same with what changes of files, and with further drafts at the end of the group, made of
    /// what the first ones become: so a record can name another that is stored with it.
    pub fn commit_with(
        &mut self,
        drafts: Vec<Draft>,
        beside: (&[Mark], &[FileChange]),
        now_ms: i64,
        further: impl FnOnce(&[Appended]) -> Result<Vec<Draft>, CommitError>,
    ) -> Result<Vec<Appended>, CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        let done = self.commit_group(drafts, beside, now_ms, further);
        self.stopped = matches!(done, Err(CommitError::Failed(_)));
        done
    }

    fn commit_group(
        &mut self,
        drafts: Vec<Draft>,
        (marks, files): (&[Mark], &[FileChange]),
        now_ms: i64,
        further: impl FnOnce(&[Appended]) -> Result<Vec<Draft>, CommitError>,
    ) -> Result<Vec<Appended>, CommitError> {
        let opened = Arc::clone(&self.opened);
        let mut group = Group::new(&opened, now_ms.max(0));
        for draft in drafts {
            group.append(draft)?;
        }
        for draft in further(&group.appended)? {
            group.append(draft)?;
        }
        for mark in marks {
            group.mark(mark)?;
        }
        // Last, so that a file is sealed under the month of the record that carries it.
        for change in files {
            group.file(change)?;
        }
        let Group { appended, batch, tips, new_keys, is_empty, .. } = group;
        if is_empty {
            return Ok(appended);
        }
        self.check_space()?;
        self.make_durable(batch, tips.iter())?;
        for ((log, month), key) in new_keys {
            opened.keys.remember(log, month, &key);
        }
        opened.advance(tips);
        Ok(appended)
    }

    /// Makes a batch durable that appends to no log.
    pub(super) fn write(&mut self, batch: Batch) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        self.check_space()?;
        let done = self.make_durable(batch, iter::empty());
        self.stopped = done.is_err();
        Ok(done?)
    }

    /// Refuses while the disk is nearly full: the database needs space even to be opened.
    pub(super) fn check_space(&self) -> Result<(), CommitError> {
        let disk = rustix::fs::statvfs(&self.opened.folder).map_err(io::Error::from);
        let disk = disk.map_err(Fault::from)?;
        let (free_bytes, reserve_bytes) =
            (disk.f_bavail.saturating_mul(disk.f_frsize), self.reserve_bytes);
        if free_bytes < reserve_bytes {
            return Err(CommitError::StorageFull { free_bytes, reserve_bytes });
        }
        Ok(())
    }

    /// Makes the disk full, or takes that back.
    #[cfg(test)]
    pub const fn reserve(&mut self, bytes: u64) {
        self.reserve_bytes = bytes;
    }

    pub(super) fn make_durable<'a>(
        &mut self,
        batch: Batch,
        tips: impl Iterator<Item = (&'a LogId, &'a Tip)>,
    ) -> Result<(), Fault> {
        guarded(|| self.opened.db.apply_batch(batch))?;
        if is_planted(Plant::AckBeforeFlush) {
            return Ok(());
        }
        guarded(|| self.opened.db.flush())?;
        self.data.sync_data()?;
        self.heads.write(tips.map(|(log, tip)| (*log, tip.position)))?;
        Ok(())
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if let Err(error) = self.heads.sync() {
            tracing::warn!(%error, "the checkpoint could not be made durable");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MasterKey, Options, create, open};

    fn draft(item: &str) -> Draft {
        let (log, item, summary) = (LogId::AUDIT, item.into(), Vec::new());
        Draft { log, summary, item, refers_to: None, is_state: false, id: None }
    }

    #[test]
    fn after_a_failed_sync_nothing_more_is_written_and_reading_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let (folder, key) = (home.path().join("store"), MasterKey::generate().unwrap());
        create(&folder, &key).unwrap();
        let (store, mut committer) = open(&folder, &key, Options::default()).unwrap();
        committer.commit(vec![draft("first")], &[], 1).unwrap();

        // A device that cannot be synced stands in for a failing disk.
        committer.data = File::open("/dev/null").unwrap();
        let failed = committer.commit(vec![draft("second")], &[], 2).err().unwrap();
        assert!(matches!(failed, CommitError::Failed(_)), "{failed}");
        let stopped = committer.commit(vec![draft("third")], &[], 3).err().unwrap();
        assert!(matches!(stopped, CommitError::Stopped), "{stopped}");
        let stopped = committer.commit(Vec::new(), &[], 4).err().unwrap();
        assert!(matches!(stopped, CommitError::Stopped), "{stopped}");

        assert_eq!(store.position(LogId::AUDIT).seq, 1);
        assert_eq!(store.read(LogId::AUDIT, 1).unwrap().unwrap().item, b"first");
        assert!(store.read(LogId::AUDIT, 2).unwrap().is_none(), "never shown, as never durable");
    }
}
