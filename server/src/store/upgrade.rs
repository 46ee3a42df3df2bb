//! Bringing a store of an earlier version's form up to the form of now, when it is opened. The version file is
//! changed last, so whatever cuts this short is made good when the store is opened again.

use super::commit::{CommitError, Committer};
use super::database::Batch;
use super::fault::{Fault, guarded};
use super::folder::{ASIDES_SINCE, VERSION, raise_version};
use super::layout;

/// How many values the database takes at once.
const GROUP: usize = 512;

/// Changes the form of a store that is sound as far as opening looks.
pub(super) fn to_now(committer: &mut Committer) -> Result<(), CommitError> {
    let version = committer.opened.version;
    if version == VERSION {
        return Ok(());
    }
    tracing::info!(from = version, to = VERSION, "the store gets the form of this release");
    if version < ASIDES_SINCE {
        index_asides(committer)?;
    }
    // What was written is durable before the version says that it is there.
    committer.write(Batch::default())?;
    raise_version(&committer.opened.lock).map_err(Fault::from)?;
    Ok(())
}

/// Writes the index of what stands aside of threads, from the one of all references, and takes away the one of the
/// second form.
fn index_asides(committer: &Committer) -> Result<(), CommitError> {
    let db = &committer.opened.db;
    let mut references = db.scan_prefix(layout::REFERENCES);
    let mut ended = false;
    while !ended {
        committer.check_space()?;
        let mut batch = Batch::default();
        for _ in 0..GROUP {
            let Some((key, kind)) = guarded(|| references.next().transpose())? else {
                ended = true;
                break;
            };
            if let Some(aside) = layout::aside_of(&key, &kind) {
                batch.remove(layout::mixed_aside_of(&key));
                batch.insert(&aside[..], kind);
            }
        }
        guarded(|| db.apply_batch(batch))?;
    }
    Ok(())
}
