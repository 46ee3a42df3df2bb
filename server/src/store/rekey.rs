//! Changing the master key: every data key is wrapped anew and the checkpoint signed anew, while the
//! store is open and between two groups; so nobody waits for longer than a large group takes.
//!
//! ```text
//! the new key's file is durable            (the caller's)
//! rekey:  one batch with every data key ─▶ durable ─▶ checkpoint replaced, durable
//! the new key's file takes the old one's place; the old one is destroyed   (the caller's)
//! ```
//!
//! A crash between two of these leaves two key files, and [`settle`] tells which of them the store
//! needs, from the store itself. Records are not touched: what they are sealed with stays the same.
//! Data keys may be dropped on the way. As every older backup has them under the old master key
//! alone, and that is gone, they are gone there too.

use std::path::Path;
use std::sync::Arc;

use warproom_proto::record::LogId;

use super::Options;
use super::commit::{CommitError, Committer};
use super::database::Batch;
use super::erase::is_erasing;
use super::error::OpenError;
use super::fault::{Fault, guarded};
use super::folder;
use super::heads::{Heads, Unusable};
use super::key::MasterKey;
use super::layout;
use super::open::{cannot_read, unusable_checkpoint};
use super::seal::{NoKey, WrappingKey};

/// Which of two master keys a store needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The one it had: changing it had not begun.
    Old,
    /// The new one: every data key is wrapped by it, and the checkpoint signed.
    New,
}

impl Committer {
    /// Moves the store to another master key and drops these data keys; how many data keys it has.
    ///
    /// On return everything that the store needs from then on is durable and needs the new key. After
    /// [`CommitError::Failed`] either key may be the right one: keep both files and open the store
    /// again. After any other error it is the old one.
    pub fn rekey(&mut self, new: &MasterKey, drop: &[(LogId, u16)]) -> Result<usize, CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        self.check_space()?;
        let to = WrappingKey::of(new);
        // Nothing is written before every data key was found to open.
        let (batch, kept) = self.rewrapped(&to, drop)?;
        let done = self.change_to(new, to, batch);
        self.stopped = done.is_err();
        done?;
        Ok(kept)
    }

    /// Every data key but the dropped ones, wrapped anew, and how many those are.
    fn rewrapped(&self, to: &WrappingKey, drop: &[(LogId, u16)]) -> Result<(Batch, usize), Fault> {
        let mut batch = Batch::default();
        // What an erasure under way is yet to destroy is wrapped by the new key too.
        if !is_erasing(&self.opened.db)? {
            batch.remove(layout::OLD_MASTER_KEY);
        }
        let mut kept = 0;
        let mut wrapped_keys = self.opened.db.scan_prefix(layout::DATA_KEYS);
        while let Some((place, wrapped)) = guarded(|| wrapped_keys.next().transpose())? {
            if layout::parse_data_key(&place).is_some_and(|of| drop.contains(&of)) {
                batch.remove(place);
                continue;
            }
            let rewrapped = self.opened.keys.rewrap(&place, &wrapped, to);
            let rewrapped = rewrapped.map_err(|why| match why {
                NoKey::Damaged => Fault::broken("a data key does not open"),
                NoKey::Fault(fault) => fault,
            })?;
            batch.insert(place, rewrapped);
            kept += 1;
        }
        Ok((batch, kept))
    }

    fn change_to(&mut self, new: &MasterKey, to: WrappingKey, batch: Batch) -> Result<(), Fault> {
        let opened = Arc::clone(&self.opened);
        opened.keys.change(to, || guarded(|| opened.db.apply_batch(batch)))?;
        guarded(|| opened.db.flush())?;
        self.data.sync_data()?;
        self.heads = Heads::replace(&opened.folder, new, &opened.positions())?;
        Ok(())
    }
}

/// Tells which of two master keys a closed store needs, after a change of the key that may have been
/// cut short, and finishes the change if it had begun. The key that it does not need may be destroyed.
pub fn settle(folder: &Path, old: &MasterKey, new: &MasterKey) -> Result<Needs, OpenError> {
    let _lock = folder::lock(folder)?;
    let db = folder::open_database(folder, Options::default())?;
    let failed = |fault| cannot_read(folder, fault);
    let first = guarded(|| db.scan_prefix(layout::DATA_KEYS).next().transpose()).map_err(failed)?;
    let (old_wraps, new_wraps) = match &first {
        Some((place, wrapped)) => {
            (WrappingKey::of(old).opens(place, wrapped), WrappingKey::of(new).opens(place, wrapped))
        }
        // Nothing is sealed yet, and the checkpoint alone has a key.
        None => match Heads::open(folder, old) {
            Ok(_) => (true, false),
            Err(Unusable::WrongKey) => (false, true),
            Err(why) => return Err(unusable_checkpoint(folder, why)),
        },
    };
    // The data keys change in one atomic batch: what wraps one of them wraps them all.
    match (old_wraps, new_wraps) {
        (true, _) => Ok(Needs::Old),
        (false, false) => Err(OpenError::WrongKey),
        (false, true) => {
            // What was read may not be on stable storage yet, and the old key is about to go.
            guarded(|| db.flush()).map_err(failed)?;
            let data = folder::data_file(folder);
            let io = |source| OpenError::Io { path: data.clone(), source };
            std::fs::File::options()
                .write(true)
                .open(&data)
                .map_err(io)?
                .sync_data()
                .map_err(io)?;
            sign_anew(folder, old, new).map(|()| Needs::New)
        }
    }
}

/// Signs the checkpoint by the new key, if it is not yet.
fn sign_anew(folder: &Path, old: &MasterKey, new: &MasterKey) -> Result<(), OpenError> {
    match Heads::open(folder, new) {
        Ok(_) => return Ok(()),
        Err(Unusable::WrongKey) => {}
        Err(why) => return Err(unusable_checkpoint(folder, why)),
    }
    let (_, positions) =
        Heads::open(folder, old).map_err(|why| unusable_checkpoint(folder, why))?;
    let replaced = Heads::replace(folder, new, &positions);
    replaced.map_err(|error| unusable_checkpoint(folder, error.into())).map(drop)
}
