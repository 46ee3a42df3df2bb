//! The master key's file, also while it is changed for another.
//!
//! ```text
//! master.key.next written, durable ─▶ the store moves over ─▶ it becomes master.key
//! ```
//!
//! Whoever starts with two key files asks the store which of them it needs: a change that was cut short
//! is finished or dropped, and the key that is not needed is destroyed. So there is no moment at which
//! a crash leaves a store without its key.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::config::Config;
use crate::setup::MASTER_KEY;
use crate::store::{self, CommitError, Fault, KeyError, MasterKey, Needs, OpenError};

/// The file of the master key that is to come.
const NEXT: &str = "master.key.next";

/// Why there is no master key to go on with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store, which was asked for the key it needs.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Whether it is needed could not be read.
    #[error("whether the master key is to be changed could not be read: {0}")]
    Unread(#[source] Fault),
    /// The store could not move over.
    #[error("the store still has its old master key: {0}")]
    Unchanged(#[source] CommitError),
    /// The store may have moved over or not.
    #[error("the master key may be changed or not; start the server again to settle it: {0}")]
    Unsettled(#[source] CommitError),
    /// An earlier change is unsettled.
    #[error(
        "an earlier change of the master key is unsettled; start the server again to settle it"
    )]
    Pending,
}

/// Who changes the master key of a running server: retention or its operator, one after the other.
#[derive(Default)]
pub struct Turn(Mutex<()>);

/// The master key of a configuration's stopped store. Settles a change that was cut short.
pub fn load(config: &Config) -> Result<MasterKey, KeysError> {
    let (path, next) = (config.keys.join(MASTER_KEY), config.keys.join(NEXT));
    let old = MasterKey::load(&path)?;
    if !next.exists() {
        return Ok(old);
    }
    let needs = match MasterKey::load(&next) {
        Ok(new) => store::settle(&config.data, &old, &new)?,
        // Cut short while it was written, so nothing can need it: but that is asked of the store.
        Err(KeyError::Malformed { .. }) => store::settle(&config.data, &old, &old)?,
        Err(error) => return Err(error.into()),
    };
    match needs {
        Needs::Old => {
            tracing::warn!("a change of the master key was cut short before it began; dropped");
            let removed = fs::remove_file(&next).and_then(|()| sync(&config.keys));
            removed.map_err(|source| KeyError::Io { path: next, source })?;
            Ok(old)
        }
        Needs::New => {
            tracing::warn!("a change of the master key was cut short; it is finished now");
            put_in_place(&config.keys)?;
            Ok(MasterKey::load(&path)?)
        }
    }
}

/// Changes the master key: makes a new one, lets `rekey` move the store over, and destroys the old one.
/// What `rekey` answers. Waits while another change is under way, which takes as long as wrapping the data
/// keys does: not for async threads.
pub fn change<T>(
    keys: &Path,
    turn: &Turn,
    rekey: impl FnOnce(MasterKey) -> Result<T, CommitError>,
) -> Result<T, KeysError> {
    let _turn = turn.0.lock().unwrap_or_else(PoisonError::into_inner);
    change_now(keys, rekey)
}

/// The same, if it is needed still when the turn has come: whoever was before may have done it, and a
/// second change at once would make the copy of the key that they put away open nothing. `None` if not.
pub fn change_if_needed<T>(
    keys: &Path,
    turn: &Turn,
    is_needed: impl FnOnce() -> Result<bool, Fault>,
    rekey: impl FnOnce(MasterKey) -> Result<T, CommitError>,
) -> Result<Option<T>, KeysError> {
    let _turn = turn.0.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_needed().map_err(KeysError::Unread)? {
        return Ok(None);
    }
    change_now(keys, rekey).map(Some)
}

fn change_now<T>(
    keys: &Path,
    rekey: impl FnOnce(MasterKey) -> Result<T, CommitError>,
) -> Result<T, KeysError> {
    let next = keys.join(NEXT);
    if next.exists() {
        return Err(KeysError::Pending);
    }
    let path = keys.join(MASTER_KEY);
    check_destroyable(&path).map_err(|source| KeyError::Io { path, source })?;
    let new = MasterKey::generate()?;
    new.save_new(&next)?;
    match rekey(new) {
        Ok(done) => {
            put_in_place(keys)?;
            Ok(done)
        }
        Err(error @ CommitError::Failed(_)) => Err(KeysError::Unsettled(error)),
        Err(error) => {
            let removed = fs::remove_file(&next).and_then(|()| sync(keys));
            removed.map_err(|source| KeyError::Io { path: next, source })?;
            Err(KeysError::Unchanged(error))
        }
    }
}

/// Puts the next key in the old one's place, and destroys the old one.
fn put_in_place(keys: &Path) -> Result<(), KeyError> {
    let path = keys.join(MASTER_KEY);
    take_place(&keys.join(NEXT), &path).map_err(|source| KeyError::Io { path, source })
}

/// Whether a key's file can be written over, so that it can be said of it that it is destroyed.
pub(crate) fn check_destroyable(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

/// Puts the file of a key, in the same folder, in another's place, and destroys what that held.
pub(crate) fn take_place(next: &Path, path: &Path) -> io::Result<()> {
    let old = match OpenOptions::new().write(true).open(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // That was asked before; now it goes all the same, if its folder lets it.
        Err(error) => {
            let path = path.display();
            tracing::warn!(%error, %path, "the bytes of the old key cannot be written over");
            None
        }
    };
    fs::rename(next, path)?;
    sync(path.parent().unwrap_or(Path::new(".")))?;
    let Some(old) = old else { return Ok(()) };
    // The name is gone; its bytes are written over too, which reaches them on disks that write in place.
    let length = usize::try_from(old.metadata()?.len()).unwrap_or_default();
    let destroyed = old.write_all_at(&vec![b'0'; length], 0).and_then(|()| old.sync_all());
    if let Err(error) = destroyed {
        let path = path.display();
        tracing::warn!(%error, %path, "the bytes of the old key could not be written over");
    }
    Ok(())
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use super::*;

    #[test]
    fn whether_a_change_is_needed_still_is_asked_when_the_turn_has_come() {
        let home = tempfile::tempdir().unwrap();
        MasterKey::generate().unwrap().save_new(&home.path().join(MASTER_KEY)).unwrap();
        let turn = Turn::default();
        let change = |is_needed| {
            let ask = || {
                assert!(turn.0.try_lock().is_err(), "asked before the turn has come");
                Ok(is_needed)
            };
            change_if_needed(home.path(), &turn, ask, |_| Ok(())).unwrap()
        };
        assert_eq!(change(false), None, "changed a second time");
        assert_eq!(change(true), Some(()));
    }

    #[test]
    fn two_who_change_the_master_key_at_once_do_so_one_after_the_other() {
        const EACH: usize = 25;
        let home = tempfile::tempdir().unwrap();
        MasterKey::generate().unwrap().save_new(&home.path().join(MASTER_KEY)).unwrap();
        let (turn, together) = (Arc::new(Turn::default()), Arc::new(Barrier::new(2)));
        let inside = Arc::new(AtomicUsize::new(0));
        let changing = |_| {
            let (turn, together, inside) = (turn.clone(), together.clone(), inside.clone());
            let keys = home.path().to_owned();
            thread::spawn(move || {
                together.wait();
                for _ in 0..EACH {
                    let changed = change(&keys, &turn, |_| {
                        let already = inside.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        Ok(already)
                    });
                    assert_eq!(changed.unwrap(), 0, "two at a time");
                }
            })
        };
        let threads: Vec<_> = (0..2).map(changing).collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(!home.path().join(NEXT).exists());
        MasterKey::load(&home.path().join(MASTER_KEY)).unwrap();
    }
}
