//! Space on the disk: what is free where the store is, and what the store takes. Asked of the system each
//! time; it says nothing of the memory.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Store;

/// How deep the store's folder goes: the database's own folders are two deep.
const DEPTH: u32 = 6;

/// What a block of [`fs::Metadata`] counts (stat(2)).
const BLOCK_BYTES: u64 = 512;

impl Store {
    /// Free space where the store is, for whoever is not root.
    pub fn free_bytes(&self) -> io::Result<u64> {
        free_bytes(&self.0.folder)
    }

    /// What the store takes on the disk, the database's holes aside.
    pub fn size_bytes(&self) -> u64 {
        size_bytes(&self.0.folder, DEPTH)
    }
}

/// Free space where a folder is, for whoever is not root.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Files that go meanwhile count for nothing; links are not followed.
fn size_bytes(folder: &Path, depth: u32) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() && depth > 0 => size_bytes(&entry.path(), depth - 1),
        Ok(metadata) => metadata.blocks().saturating_mul(BLOCK_BYTES),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_folders_counts_and_links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("store");
        fs::create_dir_all(folder.join("db/blobs")).unwrap();
        fs::write(home.path().join("elsewhere"), vec![1; 1 << 20]).unwrap();
        fs::write(folder.join("db/blobs/a"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink(home.path().join("elsewhere"), folder.join("link")).unwrap();
        let bytes = size_bytes(&folder, DEPTH);
        assert!((100_000..400_000).contains(&bytes), "{bytes}");
        assert!(free_bytes(&folder).unwrap() > 0 && free_bytes(Path::new("/nowhere")).is_err());
    }
}
