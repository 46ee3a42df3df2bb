//! A signed checkpoint: how long the audit log is and the root of the Merkle tree over it, as a C2SP
//! [tlog-checkpoint](https://c2sp.org/tlog-checkpoint) in a
//! [signed note](https://c2sp.org/signed-note), so that tools which know nothing of Warproom can keep
//! and check it.
//!
//! ```text
//! warproom/<WARP's id>/audit
//! <how many records>
//! <root, base64>
//!
//! — warproom/<WARP's id>/audit <base64 of key hash, 4 bytes ‖ Ed25519 signature, 64 bytes>
//! ```
//!
//! It formats and reads; whoever has a signature library signs and checks.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::id::WarpId;
use crate::newtype::text_newtype;
use crate::record::{Head, Seq};
use crate::register::{PublicKey, Signature};
use crate::text::TextError;

/// The longest note taken: a checkpoint with a few more signatures than are ever made.
const NOTE_BYTES: usize = 4096;

/// The algorithm byte of Ed25519 in a signed note.
const ED25519: u8 = 1;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, by the name that its key has too.
    pub origin: String,
    /// How many records it has.
    pub size: Seq,
    /// The root over their commitments.
    pub root: Head,
}

impl Checkpoint {
    /// The name of a WARP's audit log and of its key.
    #[must_use]
    pub fn origin_of(warp: WarpId) -> String {
        format!("warproom/{warp}/audit")
    }

    /// The text that is signed, its last line end included.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }
}

/// A checkpoint with its signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    checkpoint: Checkpoint,
    /// Everything before the empty line, as it was signed; it may hold lines that we do not know.
    text: String,
    signatures: Vec<Line>,
}

/// One signature line.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    name: String,
    /// Key hash and signature.
    bytes: Vec<u8>,
}

impl Note {
    /// A checkpoint, signed by each of these keys.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, signatures: &[(PublicKey, Signature)]) -> Self {
        let line = |(key, signature): &(PublicKey, Signature)| Line {
            name: checkpoint.origin.clone(),
            bytes: [&key_hash(&checkpoint.origin, key)[..], &signature.0].concat(),
        };
        let signatures = signatures.iter().map(line).collect();
        Self { text: checkpoint.text(), checkpoint, signatures }
    }

    /// What it says. Worth nothing unless it [is signed](Note::is_signed_by) by the right key.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this key signed it, given something that checks an Ed25519 signature of a message.
    pub fn is_signed_by(
        &self,
        key: &PublicKey,
        is_right: impl Fn(&PublicKey, &[u8], &Signature) -> bool,
    ) -> bool {
        let hash = key_hash(&self.checkpoint.origin, key);
        let ours = |line: &&Line| line.name == self.checkpoint.origin;
        self.signatures.iter().filter(ours).any(|line| {
            line.bytes.split_first_chunk::<4>().is_some_and(|(named, signature)| {
                let signature = <[u8; 64]>::try_from(signature).map(Signature);
                *named == hash
                    && signature
                        .is_ok_and(|signature| is_right(key, self.text.as_bytes(), &signature))
            })
        })
    }
}

/// A key as tools for signed notes take it: `name+hash+base64`.
#[must_use]
pub fn verifier_key(origin: &str, key: &PublicKey) -> String {
    let hash = data_encoding::HEXLOWER.encode(&key_hash(origin, key));
    format!("{origin}+{hash}+{}", BASE64.encode(&[&[ED25519][..], &key.0].concat()))
}

fn key_hash(name: &str, key: &PublicKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]);
    let hash: [u8; 32] = hash.chain_update(key.0).finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

impl fmt::Display for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{}", self.text)?;
        for Line { name, bytes } in &self.signatures {
            writeln!(to, "\u{2014} {name} {}", BASE64.encode(bytes))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.checkpoint, to)
    }
}

impl FromStr for Note {
    type Err = TextError;

    fn from_str(note: &str) -> Result<Self, TextError> {
        let bad = || TextError::NotACheckpoint;
        if note.len() > NOTE_BYTES {
            return Err(bad());
        }
        // The signatures come after the last empty line.
        let at = note.rfind("\n\n").ok_or_else(bad)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        // At line feeds alone: a carriage return before one was signed too, and would be lost.
        let mut lines = text.strip_suffix('\n').ok_or_else(bad)?.split('\n');
        let origin = lines.next().filter(|origin| is_name(origin)).ok_or_else(bad)?.to_owned();
        let number = lines.next().ok_or_else(bad)?;
        let size: Seq = number.parse().map_err(|_| bad())?;
        let root = lines.next().and_then(decoded).ok_or_else(bad)?;
        let root = Head(root.try_into().map_err(|_| bad())?);
        let is_odd = |line: &str| line.is_empty() || line.contains(char::is_control);
        let signatures = signatures.strip_suffix('\n').ok_or_else(bad)?;
        if size.to_string() != number || lines.any(is_odd) {
            return Err(bad());
        }
        let signatures: Option<Vec<Line>> = signatures.split('\n').map(signature).collect();
        let signatures = signatures.filter(|some| !some.is_empty()).ok_or_else(bad)?;
        let checkpoint = Checkpoint { origin, size, root };
        Ok(Self { checkpoint, text: text.to_owned(), signatures })
    }
}

fn signature(line: &str) -> Option<Line> {
    let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = decoded(bytes)?;
    (is_name(name) && bytes.len() > 4).then(|| Line { name: name.to_owned(), bytes })
}

/// The bytes of a text in base64, which has one spelling here: elsewhere padding may stand in the middle
/// too, where two of them were put together.
fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

fn is_name(name: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && !name.contains(is_odd)
}

text_newtype!(
    Note,
    "Note",
    "^[^\\n]+\\n[0-9]+\\n[A-Za-z0-9+/=]+\\n",
    "A checkpoint of the audit log: a C2SP signed note, with its line ends."
);

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        let warp = WarpId::from_bytes([7; 16]);
        let root = crate::merkle::empty_root();
        let checkpoint = Checkpoint { origin: Checkpoint::origin_of(warp), size: 0, root };
        Note::new(checkpoint, &[(PublicKey([1; 32]), Signature([2; 64]))])
    }

    #[test]
    fn a_note_is_written_as_the_specification_has_it_and_reads_back() {
        let text = note().to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "warproom/07070707-0707-0707-0707-070707070707/audit");
        assert_eq!(lines[1..4], ["0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ""]);
        assert!(lines[4].starts_with("— warproom/07070707-0707-0707-0707-070707070707/audit "));
        assert_eq!(lines.len(), 5);
        assert!(text.ends_with('\n'));
        assert!(text.parse::<Note>().is_ok_and(|read| read == note()));
    }

    /// The key that the documentation of Go's `note` package has as its example.
    #[test]
    fn a_key_is_named_as_other_tools_name_it() {
        let named = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let bytes = BASE64.decode(named.splitn(3, '+').nth(2).unwrap().as_bytes()).unwrap();
        let public = PublicKey(bytes[1..].try_into().unwrap());
        assert_eq!(verifier_key("PeterNeumann", &public), named);
    }

    #[test]
    fn only_the_key_that_signed_counts() {
        let right = |_: &PublicKey, _: &[u8], signature: &Signature| signature.0 == [2; 64];
        assert!(note().is_signed_by(&PublicKey([1; 32]), right));
        assert!(!note().is_signed_by(&PublicKey([3; 32]), right));
        assert!(!note().is_signed_by(&PublicKey([1; 32]), |_, _, _| false));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let text = note().to_string();
        let bent = [
            text.trim_end().to_owned(),
            text.replace("\n0\n", "\n00\n"),
            text.replace("\n0\n", "\n-1\n"),
            text.replace("\n\n", "\n"),
            text.replace("\n0\n", "\n0\r\n"),
            text.replacen('\n', "\r\n", 1),
            text.replace("\n\n", "\nmore\r\n\n"),
            format!("{}\r\n", text.trim_end()),
            text.replace('\u{2014}', "-"),
            text.replace("47DEQ", "47DE"),
            String::new(),
            "\n\n".to_owned(),
            "x".repeat(NOTE_BYTES + 1),
        ];
        for bad in bent {
            assert_eq!(bad.parse::<Note>().err(), Some(TextError::NotACheckpoint), "{bad}");
        }
        // The same bytes, written as two pieces that are each padded.
        let bytes = &note().signatures[0].bytes;
        let pieces = [BASE64.encode(&bytes[..2]), BASE64.encode(&bytes[2..])].concat();
        let bad = text.replace(&BASE64.encode(bytes), &pieces);
        assert!(bad != text && BASE64.decode(pieces.as_bytes()).as_ref() == Ok(bytes));
        assert_eq!(bad.parse::<Note>().err(), Some(TextError::NotACheckpoint), "{bad}");
    }
}
