//! What [`crate::decoders`] shows of a backup's readers.

use std::io;
use std::path::Path;

use super::files::read_list;
use super::manifest::{Sealed, Written};
use super::segment::{Frame, Reading};
use crate::store::key::MasterKey;
use crate::store::seal::KeyRing;

pub(crate) fn manifest(bytes: &[u8]) -> Option<String> {
    let folder = Path::new("");
    let sealed = Sealed::parse(folder, bytes).ok()?;
    let opened = sealed.open_with(folder, &KeyRing::new(&MasterKey::of_nobody()));
    opened.is_err().then(|| sealed.owner().to_owned())
}

pub(crate) fn files_list(path: &[u8], value: &[u8]) -> Option<Vec<String>> {
    let files = read_list(&vec![(path.to_vec(), value.to_vec())])?;
    Some(files.into_keys().collect())
}

pub(crate) fn segment(folder: &Path, bytes: &[u8]) -> io::Result<[Vec<u8>; 2]> {
    let name = "000001.records".to_owned();
    std::fs::write(folder.join(&name), bytes)?;
    let what = Written { name, bytes: bytes.len() as u64, sha256: String::new() };
    let mut records = Vec::new();
    let mut reading = Reading::open(folder, &what)?;
    while let Some(frame) = reading.frame()? {
        let length = u16::try_from(frame.sealed.len()).unwrap_or(u16::MAX);
        records.extend_from_slice(&Frame::heading(frame.log, frame.seq, frame.part, length));
        records.extend_from_slice(&frame.sealed);
    }
    let mut pairs = Vec::new();
    let mut reading = Reading::open(folder, &what)?;
    while let Some((key, value)) = reading.pair()? {
        for part in [key, value] {
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            pairs.extend_from_slice(&length.to_be_bytes());
            pairs.extend_from_slice(&part);
        }
    }
    Ok([records, pairs])
}
