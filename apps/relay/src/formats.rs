//! The formats a relay reads, and how it tells them apart. Each is a pure function of bytes: no
//! network, no clock, no configuration.

mod cap;
mod csaf;
mod detect;
mod feed;
mod kev;
mod misp;
mod stix;
mod time;
mod xml;

pub use self::detect::detect;

use crate::item::Parsed;

/// A format of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// RSS 0.9 to 2.0, or Atom.
    Feed,
    /// CISA's catalogue of known exploited vulnerabilities, JSON.
    Kev,
    /// Common Alerting Protocol 1.2, XML.
    Cap,
    /// Common Security Advisory Framework 2.0 or 2.1, JSON.
    Csaf,
    /// A STIX 2.1 bundle or TAXII 2.1 envelope, JSON; 2.0 bundles where they can be understood.
    Stix,
    /// A MISP event, or a list of them, JSON.
    Misp,
}

/// A document that is not what it should be, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Larger than is taken.
    #[error("the document has {bytes} bytes; at most {most} are read")]
    TooLarge {
        /// What it has.
        bytes: usize,
        /// What is taken.
        most: usize,
    },
    /// A web page where a feed should be.
    #[error("this is a web page, not a feed; the address has probably moved")]
    WebPage,
    /// XML that defines its own entities or names outside files.
    #[error("this document defines entities or a document type, which a feed has no need of")]
    Entities,
    /// It cannot be read.
    #[error("not readable as {format}: {reason}")]
    Unreadable {
        /// As what.
        format: &'static str,
        /// Why.
        reason: String,
    },
    /// The reader itself failed.
    #[error(
        "reading it as {format} failed; the fault is the relay's: please report it with the document"
    )]
    Fault {
        /// As what.
        format: &'static str,
    },
    /// None of the formats.
    #[error("none of the formats that are read: RSS, Atom, KEV, CAP, CSAF, STIX, MISP")]
    Unknown,
}

/// The largest document that is read: CISA's whole catalogue has 1.5 MB, a large CSAF file 10 MB.
pub const DOCUMENT_BYTES: usize = 32 * 1024 * 1024;

/// Reads a document.
pub fn parse(format: Format, document: &[u8]) -> Result<Parsed, Refusal> {
    if document.len() > DOCUMENT_BYTES {
        return Err(Refusal::TooLarge { bytes: document.len(), most: DOCUMENT_BYTES });
    }
    match format {
        Format::Feed => guarded("a feed", document, feed::parse),
        Format::Kev => guarded("KEV", document, kev::parse),
        Format::Cap => guarded("CAP", document, cap::parse),
        Format::Csaf => guarded("CSAF", document, csaf::parse),
        Format::Stix => guarded("STIX", document, stix::parse),
        Format::Misp => guarded("MISP", document, misp::parse),
    }
}

/// Reads with a reader that may fault, here or in a library: a fault is this document's alone, and
/// never stops the reading of others.
fn guarded(
    format: &'static str,
    document: &[u8],
    reader: fn(&[u8]) -> Result<Parsed, Refusal>,
) -> Result<Parsed, Refusal> {
    std::panic::catch_unwind(|| reader(document)).unwrap_or(Err(Refusal::Fault { format }))
}

/// How many web addresses an item has at most.
const REFERENCES: usize = 32;

/// How many subjects an item has at most.
const SUBJECTS: usize = 32;

/// The characters of an item's headline.
const HEADLINE_CHARS: usize = 200;

/// The characters of an item's text, and of what to do.
const TEXT_CHARS: usize = 8000;

/// The characters of an id. A longer one is replaced by its hash.
const ID_CHARS: usize = 300;

/// Whether a text is the id of a vulnerability: `CVE-2024-21887`.
fn is_cve(text: &str) -> bool {
    let Some((year, number)) = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4 && (4..=19).contains(&number.len()) && digits(year) && digits(number)
}

/// The vulnerabilities that a text names, each once, in the order of their appearance.
fn cves(text: &str, most: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let word = word.trim_matches('-');
        // Within an address, others' words may go before it: `cvename-CVE-2024-1234`.
        let from = (0..word.len()).rev().find(|at| {
            word.as_bytes()[*at..].get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"cve-"))
        });
        let Some(from) = from else { continue };
        let id: String =
            word[from..].to_ascii_uppercase().splitn(4, '-').take(3).collect::<Vec<_>>().join("-");
        if found.len() < most && is_cve(&id) && !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// The text of a JSON document.
fn json_text<'a>(document: &'a [u8], format: &'static str) -> Result<&'a str, Refusal> {
    let bare = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let text = std::str::from_utf8(bare)
        .map_err(|_| Refusal::Unreadable { format, reason: "it is not UTF-8".to_owned() })?;
    let start = text.trim_start();
    if start.starts_with('<') {
        return Err(Refusal::WebPage);
    }
    Ok(start)
}

/// A hash as text: half of SHA-256, which nobody makes collide by accident or cheaply.
fn short_hash(hash: sha2::Sha256) -> String {
    use sha2::Digest;
    use std::fmt::Write;
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_a_reader_is_a_refusal_of_its_document() {
        let faulty = |document: &[u8]| -> Result<Parsed, Refusal> {
            assert!(document.is_empty(), "a document that no reader copes with");
            Ok(Parsed::default())
        };
        assert_eq!(guarded("CAP", b"x", faulty), Err(Refusal::Fault { format: "CAP" }));
        assert_eq!(guarded("CAP", b"", faulty), Ok(Parsed::default()));
    }
}
