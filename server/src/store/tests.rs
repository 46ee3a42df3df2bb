//! The store as its callers use it, and as a failing disk or a hostile hand leaves it.

mod append;
mod backup;
mod damage;
mod erase;
mod model;
mod opening;
mod rekey;
mod speed;
mod tampering;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use warproom_proto::record::{LogId, Seq};

use super::folder;
use super::*;

const ROOM: LogId = LogId([0x42; 16]);

/// A place where a store is, and its key.
struct Place {
    home: TempDir,
    key: MasterKey,
}

impl Place {
    fn new() -> Self {
        let place =
            Self { home: tempfile::tempdir().unwrap(), key: MasterKey::generate().unwrap() };
        create(&place.folder(), &place.key).unwrap();
        place
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("store")
    }

    /// Small in every way, with no reserve: the tests' disk may be any.
    fn options() -> Options {
        Options { cache_bytes: 16 << 20, reserve_bytes: 0 }
    }

    fn open(&self) -> (Store, Committer) {
        open(&self.folder(), &self.key, Self::options()).unwrap()
    }

    fn refused(&self) -> OpenError {
        open(&self.folder(), &self.key, Self::options()).err().expect("not opened")
    }

    fn verify(&self) -> Report {
        verify(&self.folder(), &self.key).unwrap()
    }

    /// Appends to the room, one commit each, and closes the store.
    fn fill(&self, items: impl IntoIterator<Item = impl AsRef<str>>) {
        let (_, mut committer) = self.open();
        for item in items {
            committer.commit(vec![draft(ROOM, item.as_ref())], &[], 1_000).unwrap();
        }
    }

    /// Reaches around the store into its closed database.
    fn raw<T>(&self, work: impl FnOnce(&sled::Db) -> T) -> T {
        let db = folder::open_database(&self.folder(), Self::options()).unwrap();
        let done = work(&db);
        db.flush().unwrap();
        done
    }
}

fn draft(log: LogId, item: &str) -> Draft {
    Draft {
        log,
        summary: format!("in short {}", item.len()).into_bytes(),
        item: item.as_bytes().to_vec(),
        refers_to: None,
        is_state: false,
        id: None,
    }
}

fn with_id(log: LogId, item: &str, id: u8) -> Draft {
    Draft { id: Some([id; 33]), ..draft(log, item) }
}

fn numbers(page: Page) -> Vec<Seq> {
    page.map(|stored| stored.map(|stored| stored.seq).map_err(|error| error.to_string()).unwrap())
        .collect()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
