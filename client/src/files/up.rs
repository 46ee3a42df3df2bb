//! Bringing a file up.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use futures_util::stream::{self, StreamExt as _};
use warproom_proto::calls::{AbandonFile, BeginFile, PartRange, PutPart, ShowUpload, UploadStatus};
use warproom_proto::file::{part_bytes, parts_of};
use warproom_proto::{ErrorCode, FileId, FileName, PartData, RoomId, Sha256, limits};

use super::{AT_ONCE, Progress, TransferError, on_disk};
use crate::client::Client;
use crate::error::CallError;

/// How often missing parts are asked for: a server that lost some to a power cut says so once.
const ROUNDS: u32 = 3;

/// A file that is up, whole and checked, and can be carried by an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Its id, for [`PostEntry::files`](warproom_proto::calls::PostEntry) of the same room.
    pub file: FileId,
    /// The name it has on this computer, or the nearest that can be posted.
    pub name: FileName,
    /// How long it is.
    pub size_bytes: u64,
    /// What it is.
    pub sha256: Sha256,
}

/// A file that was announced to the server and is not up yet.
pub struct Upload {
    /// Its id.
    file: FileId,
    name: FileName,
    size_bytes: u64,
    sha256: Sha256,
    source: Arc<Mutex<File>>,
    status: UploadStatus,
}

impl Upload {
    /// Its id: what is known of it is worth remembering, because whoever does not go on gives it up
    /// ([`Client::abandon_upload`]).
    #[must_use]
    pub const fn file(&self) -> FileId {
        self.file
    }

    /// Brings it up, and says how far it is after each part.
    pub async fn finish(
        self,
        client: &Client,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Uploaded, TransferError> {
        let Self { file, name, size_bytes, sha256, source, mut status } = self;
        let mut rounds = 0;
        while !status.missing.is_empty() && rounds < ROUNDS {
            rounds += 1;
            client.put_missing(&source, size_bytes, &status, &mut progress).await?;
            status = client.insist(&ShowUpload { file }).await?;
        }
        if status.missing.is_empty() {
            progress(Progress { done_bytes: size_bytes, size_bytes });
            Ok(Uploaded { file, name, size_bytes, sha256 })
        } else {
            Err(TransferError::Changed)
        }
    }
}

/// The parts of a file that a server says are missing, in order: none that the file has not, and each once,
/// whatever it says.
fn parts(size_bytes: u64, missing: &[PartRange]) -> BTreeSet<u32> {
    let all = u32::try_from(parts_of(size_bytes)).unwrap_or(u32::MAX);
    let (mut parts, mut named) = (BTreeSet::new(), 0);
    for range in missing {
        let range = range.first..range.last.saturating_add(1).min(all);
        named += range.len();
        parts.extend(range);
        // Nobody who is right names a part twice.
        if named as u64 >= u64::from(all) {
            break;
        }
    }
    parts
}

impl Client {
    /// Brings a file up for an entry of a room, and says how far it is after each part.
    ///
    /// The same file for the same room again goes on where it stood, also from another run of the
    /// program. What no entry carries within a day is dropped by the server.
    pub async fn upload(
        &self,
        room: RoomId,
        path: &Path,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Uploaded, TransferError> {
        self.begin_upload(room, path).await?.finish(self, progress).await
    }

    /// Measures a file and announces it: the first half of [`Client::upload`].
    pub async fn begin_upload(&self, room: RoomId, path: &Path) -> Result<Upload, TransferError> {
        let name = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy());
        let name = FileName::nearest(&name);
        let path = path.to_owned();
        let (source, size_bytes, sha256) = on_disk(move || measure(&path)).await?;
        let source = Arc::new(Mutex::new(source));
        let status = self.insist(&BeginFile { room, size_bytes, sha256 }).await?;
        Ok(Upload { file: status.file, name, size_bytes, sha256, source, status })
    }

    /// Gives up a file that no entry carries: what is there of it is dropped at once, and not only after
    /// a day. One that an entry carries stays, and so does anybody else's.
    pub async fn abandon_upload(&self, file: FileId) -> Result<(), CallError> {
        self.insist(&AbandonFile { file }).await.map(drop)
    }

    async fn put_missing(
        &self,
        source: &Arc<Mutex<File>>,
        size_bytes: u64,
        status: &UploadStatus,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), TransferError> {
        let bytes = |part| part_bytes(size_bytes, part) as u64;
        let parts = parts(size_bytes, &status.missing);
        let left: u64 = parts.iter().map(|part| bytes(*part)).sum();
        let mut done_bytes = size_bytes.saturating_sub(left);
        let file = status.file;
        progress(Progress { done_bytes, size_bytes });
        let puts = parts.into_iter().map(|part| async move {
            let length = part_bytes(size_bytes, part);
            let source = Arc::clone(source);
            let data = on_disk(move || read_part(&source, part, length)).await?;
            let call = PutPart { file, part, data: PartData(data) };
            match self.insist(&call).await {
                Ok(_) => Ok(bytes(part)),
                // All of it is there and is something else: it changed since it was measured.
                Err(error) if error.code() == Some(ErrorCode::Conflict) => {
                    Err(TransferError::Changed)
                }
                Err(error) => Err(error.into()),
            }
        });
        let mut puts = stream::iter(puts).buffer_unordered(AT_ONCE);
        while let Some(put) = puts.next().await {
            done_bytes += put?;
            progress(Progress { done_bytes, size_bytes });
        }
        Ok(())
    }
}

/// Opens a file, and reads all of it for its length and hash.
fn measure(path: &Path) -> Result<(File, u64, Sha256), TransferError> {
    let mut source = File::open(path)?;
    if !source.metadata()?.is_file() {
        return Err(TransferError::NotAFile);
    }
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut size_bytes = 0;
    let mut buffer = vec![0; limits::PART_BYTES];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                hash.update(&buffer[..read]);
                size_bytes += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut sha256 = Sha256([0; 32]);
    sha256.0.copy_from_slice(hash.finish().as_ref());
    Ok((source, size_bytes, sha256))
}

fn read_part(source: &Mutex<File>, part: u32, length: usize) -> Result<Vec<u8>, TransferError> {
    let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
    source.seek(SeekFrom::Start(u64::from(part) * limits::PART_BYTES as u64))?;
    let mut data = vec![0; length];
    source.read_exact(&mut data).map_err(|error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => TransferError::Changed,
        _ => error.into(),
    })?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_name_a_part_that_a_file_has_not() {
        let size_bytes = 3 * limits::PART_BYTES as u64;
        let of = |ranges: &[(u32, u32)]| -> Vec<u32> {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|(first, last)| PartRange { first: *first, last: *last })
                .collect();
            parts(size_bytes, &ranges).into_iter().collect()
        };
        assert_eq!(of(&[(0, 0), (2, 2)]), [0, 2]);
        assert_eq!(of(&[(0, u32::MAX)]), [0, 1, 2]);
        assert!(of(&[(3, u32::MAX), (u32::MAX, u32::MAX), (2, 1)]).is_empty());
        assert_eq!(of(&[(1, 2); 100]), [1, 2]);
        assert!(parts(0, &[PartRange { first: 0, last: 9 }]).is_empty());
    }
}
