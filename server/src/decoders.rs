//! The readers of bytes that are private to their modules, one function each, so that the fuzz targets
//! (`fuzz/`) can call what the server calls. The server itself uses none of this, and nothing here
//! decides anything.

use std::path::Path;

use warproom_proto::Label;

use crate::control::Order;
use crate::domain::Summary;
use crate::{hooks, journal, store};

/// What became of a webhook's message.
pub enum Posted {
    /// It is a call.
    Call {
        /// The label that it would be posted under.
        label: Label,
        /// The call, as a frame of the protocol.
        request: String,
    },
    /// It is refused.
    Refused {
        /// With this status.
        status: u16,
    },
}

/// Reads the body of a webhook whose own label is TLP:GREEN and whose bot posts TLP:AMBER at most.
pub fn webhook(body: &[u8]) -> Posted {
    hooks::decode(body)
}

/// Reads the plaintext of a stored record; what it is written as again.
pub fn record(plain: &[u8]) -> Option<Vec<u8>> {
    store::decoders::record(plain)
}

/// Reads what is kept of an entry beside its text; what it is written as again.
pub fn summary(bytes: &[u8]) -> Option<Vec<u8>> {
    Summary::from_bytes(bytes).map(|summary| summary.to_bytes())
}

/// Reads the key of a record or of a wrapped data key; what it is written as again.
pub fn key(key: &[u8]) -> Option<Vec<u8>> {
    store::decoders::key(key)
}

/// Reads a backup's list of files, of this one alone: where it is to be restored, if it is a list.
pub fn files_list(path: &[u8], value: &[u8]) -> Option<Vec<String>> {
    store::decoders::files_list(path, value)
}

/// Reads a tile of the audit log's tree; what it is written as again.
pub fn tile(value: &[u8]) -> Option<Vec<u8>> {
    crate::audit::reread_tile(value)
}

/// Reads a mark; the key and value it is written as again.
pub fn mark(key: &[u8], value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    journal::reread_mark(key, value)
}

/// Whether a sealed value opens that this key never sealed.
pub fn opens(place: &[u8], sealed: &[u8]) -> bool {
    store::decoders::opens(place, sealed)
}

/// Opens a file of heads in a folder: how many positions it has, if it is one.
pub fn heads(folder: &Path, bytes: &[u8]) -> std::io::Result<Option<usize>> {
    store::decoders::heads(folder, bytes)
}

/// Reads a backup's manifest: whose it says it is, if it is one; it never opens.
pub fn manifest(bytes: &[u8]) -> Option<String> {
    store::decoders::manifest(bytes)
}

/// Reads a file of a backup, in a folder of its own, as records and as pairs of key and value; each
/// written again, as far as they were read.
pub fn segment(folder: &Path, bytes: &[u8]) -> std::io::Result<[Vec<u8>; 2]> {
    store::decoders::segment(folder, bytes)
}

/// Reads an operator's order; what it is written as again.
pub fn order(line: &[u8]) -> Option<Vec<u8>> {
    serde_json::to_vec(&serde_json::from_slice::<Order>(line).ok()?).ok()
}
