//! The database itself, by its three parts that the rest of the store names.
//!
//! In every build that is used they are sled's own types, and nothing stands in between. A build with
//! the feature `simulated` can have a disk in memory in its place ([`simulated`]), whose power is cut
//! where a simulation says; everything above, sealing, chains, checkpoints, opening, is the same code.

#[cfg(all(feature = "simulated", not(test)))]
mod simulated;

#[cfg(all(feature = "simulated", not(test)))]
pub(super) use simulated::{Batch, Database, Rows};
#[cfg(all(feature = "simulated", not(test)))]
pub use simulated::{Disk, Fate};

/// An open database.
#[cfg(not(all(feature = "simulated", not(test))))]
pub(super) type Database = sled::Db;

/// What is written at once or not at all.
#[cfg(not(all(feature = "simulated", not(test))))]
pub(super) type Batch = sled::Batch;

/// Keys with their values, in order from either end.
#[cfg(not(all(feature = "simulated", not(test))))]
pub(super) type Rows = sled::Iter;
