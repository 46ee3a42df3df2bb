//! What went wrong underneath: an error of the database or the disk, or a panic of the database,
//! which is how it meets some kinds of damage. Callers see one opaque [`Fault`].

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The database or the disk failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Fault(#[from] Cause);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("the database answered: {0}")]
    Database(#[from] sled::Error),
    #[error("the database panicked: {0}")]
    Panicked(String),
    #[error("the disk answered: {0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Broken(&'static str),
}

impl Fault {
    /// Something this layer relies on does not hold.
    pub(super) const fn broken(what: &'static str) -> Self {
        Self(Cause::Broken(what))
    }

    pub(super) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied());
        Self(Cause::Panicked(text.unwrap_or("without a text").to_owned()))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self(Cause::Disk(error))
    }
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Self {
        Self(Cause::Database(error))
    }
}

/// Runs work on the database and turns its panic into a fault.
///
/// Nothing of ours is left half done by an unwinding: after a fault the committer never touches the
/// database again, and a reader keeps nothing between calls.
pub(super) fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, Fault> {
    #[cfg(test)]
    ASKED.with(|asked| asked.set(asked.get() + 1));
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Ok(done?),
        Err(payload) => Err(Fault::panicked(payload.as_ref())),
    }
}

#[cfg(test)]
thread_local! {
    /// How often this thread has asked the database for something: a value, or the next row.
    pub static ASKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
