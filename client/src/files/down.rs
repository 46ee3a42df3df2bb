//! Bringing a file down.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use futures_util::stream::{self, StreamExt as _};
use tempfile::NamedTempFile;
use warproom_proto::calls::ReadPart;
use warproom_proto::file::{part_bytes, parts_of};
use warproom_proto::{File, RoomId, Seq};

use super::{AT_ONCE, Progress, TransferError, on_disk};
use crate::client::Client;

/// How many files of one name are told apart by a number.
const SAME_NAME: u32 = 1000;

impl Client {
    /// Brings a file down that an entry carries, into a folder; where it lies then. It never takes the
    /// place of another: a name that is taken gets a number.
    pub async fn download(
        &self,
        (room, seq): (RoomId, Seq),
        file: &File,
        folder: &Path,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<PathBuf, TransferError> {
        let File { file: id, size_bytes, .. } = *file;
        let into = folder.to_owned();
        let mut kept =
            on_disk(move || Ok(NamedTempFile::with_prefix_in(".warproom-", into)?)).await?;
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut done_bytes = 0;
        progress(Progress { done_bytes, size_bytes });
        // More parts than a number can count are of a file that no server takes.
        let parts = u32::try_from(parts_of(size_bytes)).map_err(|_| TransferError::OtherFile)?;
        let reads = (0..parts).map(|part| async move {
            let call = ReadPart { room, seq, file: id, part };
            (part, self.insist(&call).await)
        });
        // In their order, so that they can be hashed as they come.
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        while let Some((part, read)) = reads.next().await {
            let data = read?.data.0;
            if data.len() != part_bytes(size_bytes, part) {
                return Err(TransferError::OtherFile);
            }
            hash.update(&data);
            done_bytes += data.len() as u64;
            kept = on_disk(move || {
                kept.write_all(&data)?;
                Ok(kept)
            })
            .await?;
            progress(Progress { done_bytes, size_bytes });
        }
        if hash.finish().as_ref() != file.sha256.0 {
            return Err(TransferError::OtherFile);
        }
        let (file, folder) = (file.clone(), folder.to_owned());
        on_disk(move || place(kept, &file, &folder)).await
    }
}

/// Gives what came its name, or the first with a number that is free.
fn place(kept: NamedTempFile, file: &File, folder: &Path) -> Result<PathBuf, TransferError> {
    kept.as_file().sync_all()?;
    let name = file.name.on_disk();
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (&*name, String::new()),
    };
    let mut kept = kept;
    for number in 1..=SAME_NAME {
        let name = if number == 1 { name.clone() } else { format!("{stem} ({number}){ending}") };
        let path = folder.join(name);
        match kept.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(taken) if path.symlink_metadata().is_ok() => kept = taken.file,
            Err(failed) => return Err(failed.error.into()),
        }
    }
    Err(TransferError::TooMany(file.name.clone()))
}
