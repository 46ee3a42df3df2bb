//! The seeds: inputs that are kept in `seeds/`, a folder for each target. What once made a target fail is
//! among them, under a name that says what it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a target's seeds.
#[must_use]
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target)
}

/// A target's seeds, by name; for a format of the relay its samples too.
pub fn of(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps/relay/samples").join(target);
    let mut seeds = Vec::new();
    for folder in [folder(target), samples].iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            seeds.push((name, fs::read(&path)?));
        }
    }
    seeds.sort();
    Ok(seeds)
}
