//! What [`crate::decoders`] shows of the store's readers: each over bytes of whoever calls, under a key
//! that nothing else has.

use std::io;
use std::path::Path;

use super::backup::decoders;
use super::heads::{FILE, Heads, Unusable};
use super::key::MasterKey;
use super::layout;
use super::record::Header;
use super::seal::DataKey;

pub(crate) use decoders::{files_list, manifest, segment};

pub(crate) fn record(plain: &[u8]) -> Option<Vec<u8>> {
    let header = Header::decode(plain)?;
    let stored = header.stored(1, plain)?;
    Some(header.again(&stored))
}

pub(crate) fn key(key: &[u8]) -> Option<Vec<u8>> {
    let data_key =
        layout::parse_data_key(key).map(|(log, period)| layout::data_key(log, period).into());
    let record = || layout::parse_record(key).map(|(log, seq)| layout::record(log, seq).into());
    data_key.or_else(record)
}

pub(crate) fn opens(place: &[u8], sealed: &[u8]) -> bool {
    DataKey::new(&[7; 32]).open(place, sealed, &mut Vec::new()).is_ok()
}

pub(crate) fn heads(folder: &Path, bytes: &[u8]) -> io::Result<Option<usize>> {
    std::fs::write(folder.join(FILE), bytes)?;
    match Heads::open(folder, &MasterKey::of_nobody()) {
        Ok((_, positions)) => Ok(Some(positions.len())),
        Err(Unusable::Io(error)) => Err(error),
        Err(Unusable::WrongKey | Unusable::Damaged(_)) => Ok(None),
    }
}
