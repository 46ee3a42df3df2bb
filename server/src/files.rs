//! The bytes of files at rest: one sealed file for each, in `data/files`, its parts at fixed places.
//!
//! Only this module and what is beside it touches that folder. A file is written part by part until
//! it is whole; then it is checked against its hash, made durable, and never written again, only
//! removed. Each part is sealed for its place under the file's own key, which the store keeps; so
//! what is here opens only together with the store, and a part that was bent, moved or cut off is
//! noticed when it is opened.
//!
//! It is synchronous: whoever calls it keeps it off the async threads, behind [`Files::working`]. It
//! knows nothing of rooms, entries or readers.

mod keep;
mod verify;

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use tokio::sync::Semaphore;
use warproom_proto::calls::PartRange;
use warproom_proto::{FileId, limits};

use crate::domain::Upload;
use crate::store::{DamagedPart, Fault, FileKey, PART_SEAL_BYTES};

pub use keep::{destroy, erase, keep};
pub use verify::{FileDamage, FileReport, verify};

/// The folder within that of the store.
const FOLDER: &str = "files";

/// How many parts are sealed, opened or written at once: enough to keep a disk busy, too few to take
/// every thread.
const WORKING: usize = 8;

/// How much a sealed part takes on disk.
const SLOT_BYTES: u64 = (limits::PART_BYTES + PART_SEAL_BYTES) as u64;

/// The bytes of all files.
pub struct Files {
    folder: PathBuf,
    reserve_bytes: u64,
    /// Of files on their way up, which parts are there. One for each that was touched since the
    /// start; how many there may be is bounded for each member.
    arriving: Mutex<HashMap<FileId, Arc<Mutex<Arriving>>>>,
    /// Held by whoever works here.
    pub working: Arc<Semaphore>,
    /// How often a whole file was read and compared with its hash.
    #[cfg(test)]
    pub checks: std::sync::atomic::AtomicUsize,
}

/// Which parts of a file are there.
struct Arriving {
    present: Vec<bool>,
    left: u32,
    /// Whether some were found at a start. Their bytes may stand in the system's memory alone, after a sync that
    /// failed.
    were_found: bool,
    /// Whether all of it is what was announced, once that was looked at. It is kept until that is
    /// committed: whoever puts a part meanwhile learns it without reading the file again.
    is_right: Option<bool>,
}

/// Why something could not be done with a file's bytes.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Too little space is left on the disk.
    #[error("the disk is full")]
    Full,
    /// A part is not what was stored.
    #[error(transparent)]
    Damaged(#[from] DamagedPart),
    /// All parts are there, and are not what was announced.
    #[error("the file is not what was announced")]
    OtherHash,
    /// The disk failed.
    #[error("the disk answered: {0}")]
    Disk(io::Error),
    /// Sealing failed.
    #[error(transparent)]
    Sealing(#[from] Fault),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            // The file is shorter than it was.
            ErrorKind::UnexpectedEof => Self::Damaged(DamagedPart),
            _ => Self::Disk(error),
        }
    }
}

/// How many files more the file system must have place for: the database makes some too.
const LEAST_PLACES: u64 = 1024;

impl Files {
    /// The files of a store, whose folder is made if it is not there.
    pub fn open(data: &Path, reserve_bytes: u64) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => File::open(data)?.sync_all()?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let working = Arc::new(Semaphore::new(WORKING));
        Ok(Self {
            folder,
            reserve_bytes,
            arriving: Mutex::default(),
            working,
            #[cfg(test)]
            checks: std::sync::atomic::AtomicUsize::default(),
        })
    }

    /// Whether there is space for so much more, and for one more file.
    pub fn check_space(&self, more_bytes: u64) -> Result<(), FileError> {
        let disk = rustix::fs::statvfs(&self.folder).map_err(io::Error::from)?;
        let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needed = self.reserve_bytes.saturating_add(more_bytes);
        // Some file systems do not count their files.
        let has_place = disk.f_files == 0 || disk.f_favail >= LEAST_PLACES;
        if free_bytes < needed || !has_place { Err(FileError::Full) } else { Ok(()) }
    }

    /// The parts of a file that are not there yet, in order.
    pub fn missing(&self, key: &FileKey, upload: &Upload) -> Result<Vec<PartRange>, FileError> {
        if upload.whole {
            return Ok(Vec::new());
        }
        let arriving = self.arriving(key, upload)?;
        let present = &lock(&arriving).present;
        let mut ranges: Vec<PartRange> = Vec::new();
        for (part, _) in (0..).zip(present).filter(|(_, is_there)| !**is_there) {
            match ranges.last_mut() {
                Some(range) if range.last + 1 == part => range.last = part,
                _ => ranges.push(PartRange { first: part, last: part }),
            }
        }
        Ok(ranges)
    }

    /// Puts a part of the right length, unless it is there. Whether all parts are there then.
    pub fn put(
        &self,
        key: &FileKey,
        upload: &Upload,
        part: u32,
        plain: &[u8],
    ) -> Result<bool, FileError> {
        if upload.whole {
            return Ok(true);
        }
        let arriving = self.arriving(key, upload)?;
        let sealed = key.seal(part, upload.parts(), plain)?;
        let mut arriving = lock(&arriving);
        let at = usize::try_from(part).unwrap_or(usize::MAX);
        if arriving.present.get(at).is_some_and(|is_there| !is_there) {
            self.check_space(SLOT_BYTES)?;
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false).mode(0o600);
            file.open(self.path(upload.file))?
                .write_all_at(&sealed, u64::from(part) * SLOT_BYTES)?;
            arriving.present[at] = true;
            arriving.left -= 1;
        }
        Ok(arriving.left == 0)
    }

    /// Checks a file of which all parts are there against its hash, and makes it durable. Who comes
    /// while that is done waits, and who comes after it gets the same answer. Where the disk does not make it
    /// durable, none of its parts is there any more.
    pub fn finish(&self, key: &FileKey, upload: &Upload) -> Result<(), FileError> {
        if upload.whole {
            return Ok(());
        }
        let arriving = self.arriving(key, upload)?;
        let mut arriving = lock(&arriving);
        match arriving.is_right {
            Some(true) => return Ok(()),
            Some(false) => return Err(FileError::OtherHash),
            None => {}
        }
        let checked = self.check_whole(key, upload);
        if let Err(FileError::OtherHash) = checked {
            arriving.is_right = Some(false);
        }
        checked?;
        if upload.size_bytes > 0
            && let Err(error) = self.make_durable(upload, arriving.were_found)
        {
            // The system gives up what it could not write, and the next sync of the same file ends well without it:
            // so no later one is believed.
            arriving.present.fill(false);
            arriving.left = upload.parts();
            fs::remove_file(self.path(upload.file))?;
            return Err(error.into());
        }
        arriving.is_right = Some(true);
        Ok(())
    }

    /// Makes a file durable; what was found at the start is written once more, so that there is something to sync.
    fn make_durable(&self, upload: &Upload, were_found: bool) -> io::Result<()> {
        let file = File::options().read(true).write(true).open(self.path(upload.file))?;
        for part in (0..upload.parts()).filter(|_| were_found) {
            let length = warproom_proto::file::part_bytes(upload.size_bytes, part);
            let mut sealed = vec![0; length + PART_SEAL_BYTES];
            file.read_exact_at(&mut sealed, u64::from(part) * SLOT_BYTES)?;
            file.write_all_at(&sealed, u64::from(part) * SLOT_BYTES)?;
        }
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    /// Forgets which parts of a file are there: that it is whole was committed.
    pub fn settle(&self, file: FileId) {
        lock(&self.arriving).remove(&file);
    }

    /// One part of a whole file.
    pub fn read(&self, key: &FileKey, upload: &Upload, part: u32) -> Result<Vec<u8>, FileError> {
        let file = File::open(self.path(upload.file));
        read_from(&file.map_err(gone)?, key, upload, part)
    }

    /// Reads a whole file, and compares it with its hash.
    fn check_whole(&self, key: &FileKey, upload: &Upload) -> Result<(), FileError> {
        #[cfg(test)]
        self.checks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut hash = digest::Context::new(&digest::SHA256);
        if upload.size_bytes > 0 {
            let file = File::open(self.path(upload.file)).map_err(gone)?;
            for part in 0..upload.parts() {
                hash.update(&read_from(&file, key, upload, part)?);
            }
        }
        if hash.finish().as_ref() == upload.sha256.0 { Ok(()) } else { Err(FileError::OtherHash) }
    }

    /// Which parts are there: as remembered, or after a start by trying to open each.
    fn arriving(&self, key: &FileKey, upload: &Upload) -> Result<Arc<Mutex<Arriving>>, FileError> {
        let arriving = {
            let mut all = lock(&self.arriving);
            let untried = || Arriving {
                present: Vec::new(),
                left: upload.parts(),
                were_found: false,
                is_right: None,
            };
            let one = all.entry(upload.file).or_insert_with(|| Arc::new(Mutex::new(untried())));
            Arc::clone(one)
        };
        let mut tried = lock(&arriving);
        if tried.present.is_empty() {
            tried.present = self.look(key, upload)?;
            let left = tried.present.iter().filter(|is_there| !**is_there).count();
            tried.left = u32::try_from(left).unwrap_or(u32::MAX);
            tried.were_found = tried.left < upload.parts();
        }
        drop(tried);
        Ok(arriving)
    }

    fn look(&self, key: &FileKey, upload: &Upload) -> Result<Vec<bool>, FileError> {
        let file = match File::open(self.path(upload.file)) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let opens = |part| match file.as_ref().map(|file| read_from(file, key, upload, part)) {
            Some(Ok(_)) => Ok(true),
            Some(Err(FileError::Damaged(_))) | None => Ok(false),
            Some(Err(error)) => Err(error),
        };
        (0..upload.parts()).map(opens).collect()
    }

    /// Removes the bytes of files. Those that cannot be removed now are tried again by the sweep.
    pub fn remove(&self, files: &[FileId]) {
        for file in files {
            lock(&self.arriving).remove(file);
            match fs::remove_file(self.path(*file)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::error!(%file, %error, "a file's bytes could not be removed");
                }
                _ => {}
            }
        }
        if !files.is_empty()
            && let Err(error) = File::open(&self.folder).and_then(|folder| folder.sync_all())
        {
            tracing::error!(%error, "removing files could not be made durable");
        }
    }

    /// The files whose bytes are here.
    pub fn here(&self) -> io::Result<Vec<FileId>> {
        let names = fs::read_dir(&self.folder)?;
        let names = names.map(|entry| Ok(entry?.file_name()));
        let names = names.collect::<io::Result<Vec<_>>>()?;
        Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
    }

    fn path(&self, file: FileId) -> PathBuf {
        self.folder.join(file.to_string())
    }
}

/// Opens one part of a file.
fn read_from(file: &File, key: &FileKey, upload: &Upload, part: u32) -> Result<Vec<u8>, FileError> {
    let length = warproom_proto::file::part_bytes(upload.size_bytes, part);
    let mut sealed = vec![0; length + PART_SEAL_BYTES];
    file.read_exact_at(&mut sealed, u64::from(part) * SLOT_BYTES)?;
    let mut plain = Vec::with_capacity(sealed.len());
    key.open(part, upload.parts(), &sealed, &mut plain)?;
    Ok(plain)
}

/// A file that should be there and is not.
fn gone(error: io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => DamagedPart.into(),
        _ => error.into(),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
