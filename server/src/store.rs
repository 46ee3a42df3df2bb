//! The store: append-only logs of numbered, sealed, chained records, and marks beside them, on an
//! embedded database that only this module names.
//!
//! It is synchronous and generic over what it keeps: it knows no entries, labels, rooms or members,
//! and never looks inside an item. Whoever calls it keeps it off the async threads.
//!
//! ```text
//! create ─▶ folder            version, heads, db/
//! open ───▶ folder ─▶ heads ─▶ each log's end checked
//!              ├─▶ Store      reads up to each log's tip; cloned freely
//!              └─▶ Committer  group ─▶ batch ─▶ durable ─▶ heads ─▶ tips
//! Erasure ─▶ records erased, the rest of their months sealed anew, the old keys destroyed
//! verify ─▶ every record of every log, offline
//! rekey ──▶ every data key wrapped anew, by the committer
//! backup ─▶ the committer's moment ─▶ what is new, read while writing goes on
//! ```
//!
//! Damage is reported, never served and never repaired away: every value is authenticated for its
//! place, every record follows from its predecessor, a hole is an error, and a store that is shorter
//! or other than its checkpoint is not opened.

mod asides;
pub mod backup;
mod commit;
mod database;
pub(crate) mod decoders;
mod erase;
mod error;
mod fault;
mod file;
mod folder;
mod group;
mod heads;
mod key;
mod layout;
mod open;
mod opened;
mod read;
mod record;
mod rekey;
mod seal;
mod space;
#[cfg(test)]
mod tests;
mod upgrade;
mod verify;

pub use asides::Aside;
pub use commit::{CommitError, Committer};
#[cfg(all(feature = "simulated", not(test)))]
pub use database::{Disk, Fate};
pub use erase::{Erasure, Progress};
pub use error::{CreateError, Damage, DamageKind, OpenError};
#[cfg(test)]
pub use fault::ASKED;
pub use fault::Fault;
pub use file::{DamagedPart, FileChange, FileKey, FileRow, PART_SEAL_BYTES};
pub use folder::{VERSION, VERSION_FILE, VERSIONS, create, version_in};
pub use group::{Appended, MARK_KEY_BYTES, MARK_VALUE_BYTES};
pub use key::{KeyError, MasterKey};
pub use layout::{DraftId, THREAD_TAGS};
pub use open::open;
pub use opened::ReadError;
pub use read::{Direction, Mark, Page, Store};
pub use record::{Brief, Draft, Stored};
pub use rekey::{Needs, settle};
pub use seal::month_began_ms;
pub use space::free_bytes;
pub use verify::{Report, verify, verify_to_read};

/// How a store is to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much memory the database may use for its cache.
    pub cache_bytes: u64,
    /// How much space on the disk has to stay free: below it commits are refused, so that there is
    /// always enough to open the store again.
    pub reserve_bytes: u64,
}

impl Default for Options {
    /// 256 MiB of cache, which holds the last months of a region's rooms, and 64 MiB in reserve,
    /// well above what opening was seen to need.
    fn default() -> Self {
        Self { cache_bytes: 256 << 20, reserve_bytes: 64 << 20 }
    }
}
