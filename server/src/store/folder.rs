//! The folder of a store: making it, telling whether it is one, locking it, and starting the
//! database in it.
//!
//! ```text
//! version   "warproom-store 3"; locked while the store is open
//! heads     the checkpoint
//! db/       the database; its data file is db/db
//! ```
//!
//! `version` is written last, so a folder whose making was cut short is no store.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::Options;
use super::database::Database;
use super::error::{CreateError, OpenError};
use super::fault::Fault;
use super::heads::Heads;
use super::key::MasterKey;

/// The version of the form that is written now. Opening brings a store of an earlier one up to it.
pub const VERSION: u32 = 3;

/// The version that brought the index of what stands aside of threads, by kind. The second form had one in
/// which the kinds stood mixed, and is read without it.
pub(super) const ASIDES_SINCE: u32 = 3;

/// The versions that this program opens.
pub const VERSIONS: RangeInclusive<u32> = 1..=VERSION;

const VERSION_PREFIX: &str = "warproom-store ";

/// The file that says the store's form, and is locked while the store is open. Its time is when the store was made.
pub const VERSION_FILE: &str = "version";
pub(super) const DATABASE: &str = "db";

/// Space is reclaimed only by the database's own thread, and only at this pace; measured: without
/// it the file grows without bound.
const FLUSH_EVERY_MS: u64 = 500;

/// How long to wait for a database of this very process to let go of its own lock after the last
/// handle is dropped. Ours is already held by then, so nobody else can have it.
const LET_GO: Duration = Duration::from_secs(2);

/// Makes an empty store in a folder that does not exist yet, or is empty. Durable on return.
pub fn create(folder: &Path, key: &MasterKey) -> Result<(), CreateError> {
    let io = |source| CreateError::Io { path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::read_dir(folder).map_err(io)?.next().is_some() {
                return Err(CreateError::NotEmpty { folder: folder.to_owned() });
            }
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(io)?;
        }
        Err(error) => return Err(io(error)),
    }
    drop(start_database(folder, Options::default()).map_err(CreateError::Database)?);
    sync_tree(&folder.join(DATABASE)).map_err(io)?;
    Heads::create(folder, key).map_err(io)?;
    write_version(folder).map_err(io)
}

/// Checks that this is a store of a version we know, and locks it; the lock and the version.
pub(super) fn lock(folder: &Path) -> Result<(File, u32), OpenError> {
    let path = folder.join(VERSION_FILE);
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::NotAStore { folder: folder.to_owned() });
        }
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    let until = Instant::now() + LET_GO;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            // Whoever is ending lets go in a moment; so does a process that has just been started and
            // has not become another program yet, and until then shares what its parent has open.
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < until => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OpenError::InUse { folder: folder.to_owned() });
            }
            Err(error) => return Err(OpenError::Io { path, source: error.into() }),
        }
    }
    let text = io::read_to_string(&file);
    let text = text.map_err(|source| OpenError::Io { path: path.clone(), source })?;
    match version_in(&text) {
        Some(version) if VERSIONS.contains(&version) => Ok((file, version)),
        Some(found) => Err(OpenError::Version { found, known: VERSION }),
        None => Err(OpenError::Damaged { path, why: "it does not say a version" }),
    }
}

/// The version that the text of a version file says.
pub fn version_in(text: &str) -> Option<u32> {
    text.strip_prefix(VERSION_PREFIX)?.strip_suffix('\n')?.parse().ok()
}

/// Says in a store's locked version file that it has the form of now. The digit is overwritten in place, since
/// the lock is on the file and not on its name.
pub(super) fn raise_version(lock: &File) -> io::Result<()> {
    let made = lock.metadata()?.modified()?;
    lock.write_all_at(format!("{VERSION_PREFIX}{VERSION}\n").as_bytes(), 0)?;
    lock.set_modified(made)?;
    lock.sync_all()
}

/// Starts the database of a store that is locked.
pub(super) fn open_database(folder: &Path, options: Options) -> Result<Database, OpenError> {
    let path = folder.join(DATABASE);
    let data = data_file(folder);
    // The database would make an empty one, and only the checkpoint would then notice.
    match fs::metadata(&data) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Damaged { path: data, why: "it is missing" });
        }
        Err(source) => return Err(OpenError::Io { path: data, source }),
    }
    remove_torn_snapshots(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
    start_database(folder, options).map_err(|source| OpenError::Database { path, source })
}

/// The one file in which the database keeps its data.
pub(super) fn data_file(folder: &Path) -> PathBuf {
    folder.join(DATABASE).join("db")
}

/// Makes the name of a new file or folder durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Starts the database on a thread of its own: with damaged files it panics, or recurses deeply.
pub(super) fn start_database(folder: &Path, options: Options) -> Result<Database, Fault> {
    #[cfg(all(feature = "simulated", not(test)))]
    if let Some(simulated) = Database::mounted(folder) {
        return Ok(simulated);
    }
    let config = sled::Config::new()
        .path(folder.join(DATABASE))
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    let starting = thread::Builder::new().name("store-open".to_owned()).spawn(move || {
        let until = Instant::now() + LET_GO;
        loop {
            match config.open() {
                Err(sled::Error::Io(error))
                    if error.to_string().contains("could not acquire lock")
                        && Instant::now() < until =>
                {
                    thread::sleep(Duration::from_millis(10));
                }
                outcome => return outcome,
            }
        }
    })?;
    match starting.join() {
        #[cfg(not(all(feature = "simulated", not(test))))]
        Ok(outcome) => Ok(outcome?),
        #[cfg(all(feature = "simulated", not(test)))]
        Ok(outcome) => Ok(Database::Sled(outcome?)),
        Err(payload) => Err(Fault::panicked(payload.as_ref())),
    }
}

/// A snapshot that a crash cut short blocks opening, and is of no use: the log has it all.
fn remove_torn_snapshots(database: &Path) -> io::Result<()> {
    for entry in fs::read_dir(database)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            tracing::warn!(file = %path.display(), "removing a snapshot that was cut short");
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

pub(super) fn write_version(folder: &Path) -> io::Result<()> {
    let path = folder.join("version.new");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(format!("{VERSION_PREFIX}{VERSION}\n").as_bytes())?;
    file.sync_all()?;
    // Everything else is durable under its name before the folder becomes a store.
    File::open(folder)?.sync_all()?;
    fs::rename(&path, folder.join(VERSION_FILE))?;
    File::open(folder)?.sync_all()?;
    sync_parent(folder)
}

/// Makes every file and folder below a folder durable.
pub(super) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}
