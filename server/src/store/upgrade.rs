//! Bringing a store of an earlier version's form up to the form of now, when it is opened. The version file is
//! changed last, so whatever cuts this short is made good when the store is opened again.

use std::fs::File;

use super::database::Batch;
use super::fault::{Fault, guarded};
use super::folder::{ASIDES_SINCE, VERSION, data_file, raise_version};
use super::layout;
use super::opened::Opened;

/// How many values the database takes at once.
const GROUP: usize = 512;

/// Changes the form of a store that is locked, and sound as far as opening looks.
pub(super) fn to_now(opened: &mut Opened) -> Result<(), Fault> {
    if opened.version == VERSION {
        return Ok(());
    }
    tracing::info!(from = opened.version, to = VERSION, "the store gets the form of this release");
    if opened.version < ASIDES_SINCE {
        index_asides(opened)?;
    }
    // What follows is durable before the version says that it is there.
    guarded(|| opened.db.flush())?;
    File::options().write(true).open(data_file(&opened.folder))?.sync_data()?;
    raise_version(&opened.lock)?;
    opened.version = VERSION;
    Ok(())
}

/// Writes the index of what stands aside of threads, from the one of all references.
fn index_asides(opened: &Opened) -> Result<(), Fault> {
    let mut references = opened.db.scan_prefix(layout::REFERENCES);
    let mut ended = false;
    while !ended {
        let mut batch = Batch::default();
        for _ in 0..GROUP {
            let Some((key, kind)) = guarded(|| references.next().transpose())? else {
                ended = true;
                break;
            };
            if let Some(key) = layout::aside_of(&key, &kind) {
                batch.insert(&key[..], kind);
            }
        }
        guarded(|| opened.db.apply_batch(batch))?;
    }
    Ok(())
}
