//! What changes of files, as the writer hands it to the store, and as the store has kept it.

use warproom_proto::{LogId, RoomId};

use crate::domain::{FileChange, Upload};
use crate::store::{self, FileRow};

/// A change as the store takes it. What is noted of a file always encodes: ids, numbers and a flag.
pub(super) fn kept(change: &FileChange) -> Option<store::FileChange> {
    Some(match change {
        FileChange::Kept(upload) => store::FileChange::Keep {
            log: LogId::room(upload.room),
            file: *upload.file.as_bytes(),
            note: serde_json::to_vec(upload).ok()?,
        },
        FileChange::Gone(room, file) => {
            store::FileChange::Drop { log: LogId::room(*room), file: *file.as_bytes() }
        }
    })
}

/// Reads back what [`kept`] wrote; `None` for what is not about the file in whose place it stands.
pub fn noted(row: &FileRow) -> Option<Upload> {
    let upload: Upload = serde_json::from_slice(&row.note).ok()?;
    let is_own =
        upload.room == RoomId::from_bytes(row.log.0) && *upload.file.as_bytes() == row.file;
    is_own.then_some(upload)
}
