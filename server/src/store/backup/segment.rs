//! The files of a backup, as streams: records and state as frames, and the digest of all that passes.
//!
//! ```text
//! records   log 16 ‖ seq 8 ‖ part 2 ‖ length 2 ‖ sealed value      a record's parts follow each other
//! state     key length 2 ‖ key ‖ length 2 ‖ value
//! ```
//!
//! It knows only how long things are; what they say is sealed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use warproom_proto::record::{LogId, Seq};

use super::manifest::Written;
use crate::store::layout::field;

/// After so many bytes what was written is made durable: no wait for the disk is long, neither ours
/// nor that of a commit on the same disk meanwhile.
const SLICE_BYTES: usize = 1 << 20;

/// A file of a backup in the making.
pub(super) struct Writing {
    name: String,
    file: File,
    buffer: Vec<u8>,
    digest: Context,
    bytes: u64,
}

impl Writing {
    /// Starts a file anew; what an earlier attempt left under its name is gone.
    pub(super) fn create(folder: &Path, name: String) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(folder.join(&name))?;
        let buffer = Vec::with_capacity(SLICE_BYTES + 16 * 1024);
        Ok(Self { name, file, buffer, digest: Context::new(&SHA256), bytes: 0 })
    }

    /// Adds bytes; whether a slice was made durable.
    pub(super) fn add(&mut self, parts: &[&[u8]]) -> io::Result<bool> {
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        let is_full = self.buffer.len() >= SLICE_BYTES;
        if is_full {
            self.flush()?;
        }
        Ok(is_full)
    }

    /// Makes it all durable, but for its name, and takes it out of the system's cache, so that who
    /// reads it next reads the disk.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.flush()?;
        self.file.sync_all()?;
        forget_cached(&self.file);
        let sha256 = HEXLOWER.encode(self.digest.finish().as_ref());
        Ok(Written { name: self.name, bytes: self.bytes, sha256 })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        self.digest.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Lets the system drop what it keeps of a file in memory; where it cannot, reading back is from there.
pub(super) fn forget_cached(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// A frame of records.
pub(super) struct Frame {
    pub(super) log: LogId,
    pub(super) seq: Seq,
    pub(super) part: u16,
    pub(super) sealed: Vec<u8>,
}

impl Frame {
    /// The bytes before the value.
    pub(super) fn heading(log: LogId, seq: Seq, part: u16, length: u16) -> [u8; 28] {
        let mut bytes = [0; 28];
        bytes[..16].copy_from_slice(&log.0);
        bytes[16..24].copy_from_slice(&seq.to_be_bytes());
        bytes[24..26].copy_from_slice(&part.to_be_bytes());
        bytes[26..].copy_from_slice(&length.to_be_bytes());
        bytes
    }
}

/// A file of a backup, read from its beginning.
pub(super) struct Reading {
    input: BufReader<File>,
    digest: Context,
    bytes: u64,
    /// No more than this is read, however long the file has become.
    most: u64,
}

impl Reading {
    pub(super) fn open(folder: &Path, what: &Written) -> io::Result<Self> {
        let file = File::open(folder.join(&what.name))?;
        let digest = Context::new(&SHA256);
        Ok(Self {
            input: BufReader::with_capacity(64 * 1024, file),
            digest,
            bytes: 0,
            most: what.bytes,
        })
    }

    /// The next frame of records; none at the end, and where what is left is none.
    pub(super) fn frame(&mut self) -> io::Result<Option<Frame>> {
        let Some(heading) = self.take(28)? else { return Ok(None) };
        let read = || {
            let log = LogId(field(&heading, 0)?);
            let seq = Seq::from_be_bytes(field(&heading, 16)?);
            let part = u16::from_be_bytes(field(&heading, 24)?);
            Some((log, seq, part, u16::from_be_bytes(field(&heading, 26)?)))
        };
        let Some((log, seq, part, length)) = read() else { return Ok(None) };
        let sealed = self.take(length.into())?;
        Ok(sealed.map(|sealed| Frame { log, seq, part, sealed }))
    }

    /// The next key and value; none at the end, and where what is left is none.
    pub(super) fn pair(&mut self) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let Some(key) = self.short()? else { return Ok(None) };
        let Some(value) = self.short()? else { return Ok(None) };
        Ok(Some((key, value)))
    }

    /// Bytes with their length before them.
    fn short(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(length) = self.take(2)? else { return Ok(None) };
        self.take(field(&length, 0).map_or(0, u16::from_be_bytes).into())
    }

    /// Reads to the end, and tells whether all that was read is what was written.
    pub(super) fn ends_as_written(mut self, what: &Written) -> io::Result<bool> {
        while self.take(64 * 1024)?.is_some() {}
        let mut beyond = [0];
        let is_longer = self.input.read(&mut beyond)? > 0;
        let sha256 = HEXLOWER.encode(self.digest.finish().as_ref());
        Ok(!is_longer && self.bytes == what.bytes && sha256 == what.sha256)
    }

    /// The next so many bytes; none where there are fewer, which are passed over.
    fn take(&mut self, bytes: u64) -> io::Result<Option<Vec<u8>>> {
        let left = self.most.saturating_sub(self.bytes).min(bytes);
        let mut taken = Vec::new();
        (&mut self.input).take(left).read_to_end(&mut taken)?;
        self.bytes += taken.len() as u64;
        self.digest.update(&taken);
        Ok((taken.len() as u64 == bytes).then_some(taken))
    }
}
