//! Files as entries carry them: what they are called, what they are said to be, and what they are.
//!
//! A name and a type are what the poster says, and are shown and never used: neither the server nor
//! a client decides anything by them. Size and hash are what the server has checked. How the bytes
//! travel is in [`crate::calls`].

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::FileId;
use crate::limits;
use crate::newtype::{hex_newtype, text_newtype};
use crate::text::{TextError, steers_a_display};

/// A file that an entry is to carry, in the call that posts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Which one: uploaded whole, by the same author, for the same room, and carried by nothing yet.
    pub file: FileId,
    /// What it is called.
    pub name: FileName,
    /// What it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
}

/// A file that an entry carries, as the server decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CarriedFile {
    /// Which one.
    pub file: FileId,
    /// How long it is.
    pub size_bytes: u64,
}

/// A file that an entry carries, as people read of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Which one.
    pub file: FileId,
    /// What its poster called it.
    pub name: FileName,
    /// What its poster says it is. Never to be relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// How long it is.
    pub size_bytes: u64,
    /// The SHA-256 of all of it.
    pub sha256: Sha256,
}

/// How many parts a file of this size has.
#[must_use]
pub const fn parts_of(size_bytes: u64) -> u64 {
    size_bytes.div_ceil(limits::PART_BYTES as u64)
}

/// How long a part of a file of this size is; 0 beyond its end.
#[must_use]
pub fn part_bytes(size_bytes: u64, part: u32) -> usize {
    let before = u64::from(part) * limits::PART_BYTES as u64;
    let left = size_bytes.saturating_sub(before);
    usize::try_from(left).unwrap_or(usize::MAX).min(limits::PART_BYTES)
}

hex_newtype!(
    /// A SHA-256 (FIPS 180-4).
    Sha256, 32, "Sha256", "^[0-9a-f]{64}$", "A SHA-256, lower-case hexadecimal."
);

/// What a file is called: 1 to 200 bytes of printable characters, none of which means anything to a
/// file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// What separates folders, streams and wildcards somewhere: `/` and `:` nearly everywhere, the others
/// on Windows.
const SEPARATES: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// Names of devices on Windows, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

impl FileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest name there is to a text, such as a name on a disk.
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        let fits = |c: char| if is_plain(c) { c } else { '_' };
        let plain: String = text.chars().map(fits).collect();
        let plain = plain.trim_end_matches(is_edge).trim_start_matches(is_space);
        // Cut from the front of what stands before the extension's end: the ending says most.
        let mut from = plain.len().saturating_sub(limits::FILE_NAME_BYTES);
        while !plain.is_char_boundary(from) {
            from += 1;
        }
        let cut = plain[from..].trim_start_matches(is_space);
        cut.parse().unwrap_or_else(|_| Self("file".to_owned()))
    }

    /// The name under which to keep the file on a disk: never hidden, never an option of a command,
    /// never a device of Windows.
    #[must_use]
    pub fn on_disk(&self) -> String {
        let stem = self.0.split('.').next().unwrap_or_default().trim_end().to_lowercase();
        let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        let is_port = port.is_some_and(|rest| rest.chars().count() == 1 && rest != "-");
        if self.0.starts_with(['.', '-', '~']) || DEVICES.contains(&&*stem) || is_port {
            format!("_{}", self.0)
        } else {
            self.0.clone()
        }
    }
}

impl FromStr for FileName {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fits = (1..=limits::FILE_NAME_BYTES).contains(&text.len());
        // A dot or a space at the end is dropped by Windows, so that two names would be one.
        let edges = text.starts_with(is_space) || text.ends_with(is_edge);
        if fits && !edges && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotAFileName)
        }
    }
}

fn is_plain(c: char) -> bool {
    !steers_a_display(c) && !SEPARATES.contains(&c)
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
}

fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// What a file is said to be, as `application/pdf`: a type and a subtype (RFC 6838), in lower case,
/// without parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaType(String);

impl MediaType {
    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MediaType {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&^_.+-".contains(c);
        let named = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && name.chars().all(plain)
        };
        let halves = text.split_once('/');
        let fits = text.len() <= limits::MEDIA_TYPE_BYTES;
        if fits && halves.is_some_and(|(kind, subtype)| named(kind) && named(subtype)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotAMediaType)
        }
    }
}

/// The bytes of one part of a file: at most [`limits::PART_BYTES`]. It has no `Debug`: what files
/// hold does not get into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PartData(pub Vec<u8>);

impl fmt::Display for PartData {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl FromStr for PartData {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TextError::NotBase64)?;
        if bytes.len() <= limits::PART_BYTES { Ok(Self(bytes)) } else { Err(TextError::NotAPart) }
    }
}

macro_rules! display_as_text {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.pad(&self.0)
            }
        }
    )*};
}
display_as_text!(FileName, MediaType);

text_newtype!(
    FileName,
    "FileName",
    "^[^/\\\\:*?\"<>|]{1,200}$",
    "1 to 200 bytes of UTF-8: printable characters without / \\ : * ? \" < > |, no space at either end and no full stop at the end."
);
text_newtype!(
    MediaType,
    "MediaType",
    "^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$",
    "A media type in lower case without parameters, up to 100 bytes."
);
text_newtype!(
    PartData,
    "PartData",
    "^[A-Za-z0-9_-]*$",
    "The bytes of a part, base64url without padding: up to 92,160 bytes."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_refuse_what_leads_elsewhere_or_looks_like_something_else() {
        let bad = [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "c:x",
            "a\u{0}b",
            "a\nb",
            "a\u{202e}fdp.exe",
            " a",
            "a ",
            "a.",
            "a\u{200b}b",
            "a?b",
            "a|b",
            "\u{feff}a",
            &"x".repeat(201),
        ];
        for name in bad {
            assert_eq!(name.parse::<FileName>(), Err(TextError::NotAFileName), "{name:?}");
        }
        for name in ["report.pdf", "Cyngor Môn – drafft.docx", ".profile", "-rf", "CON", "😀"]
        {
            assert_eq!(name.parse::<FileName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_name_on_disk_is_neither_hidden_nor_an_option_nor_a_device() {
        for (name, on_disk) in [
            (".bashrc", "_.bashrc"),
            ("-rf", "_-rf"),
            ("~root", "_~root"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Lpt1.log", "_Lpt1.log"),
            ("com²", "_com²"),
            ("console.txt", "console.txt"),
            ("report.pdf", "report.pdf"),
        ] {
            assert_eq!(name.parse::<FileName>().map(|name| name.on_disk()), Ok(on_disk.to_owned()));
        }
    }

    #[test]
    fn the_nearest_name_of_what_is_no_name() {
        for (text, name) in [
            ("Minutes 10:30.pdf", "Minutes 10_30.pdf"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("..", "file"),
            ("", "file"),
            (" x. ", "x"),
            ("a\u{202e}b", "a_b"),
        ] {
            assert_eq!(FileName::nearest(text).as_str(), name, "{text:?}");
        }
        let long = format!("{}.pdf", "ö".repeat(300));
        assert!(FileName::nearest(&long).as_str().ends_with("ö.pdf"));
    }

    #[test]
    fn media_types_are_two_names_and_no_more() {
        for bad in ["", "pdf", "a/", "/b", "a/b/c", "text/html; charset=x", "Text/Html", "a/b\n"] {
            assert_eq!(bad.parse::<MediaType>(), Err(TextError::NotAMediaType), "{bad:?}");
        }
        for good in ["application/pdf", "image/svg+xml", "application/vnd.ms-excel"] {
            assert!(good.parse::<MediaType>().is_ok(), "{good}");
        }
    }

    #[test]
    fn parts_cover_a_file_exactly() {
        let part = limits::PART_BYTES as u64;
        for size in [0, 1, part - 1, part, part + 1, 50 << 20] {
            let parts = u32::try_from(parts_of(size)).unwrap();
            let sum: u64 = (0..parts).map(|at| part_bytes(size, at) as u64).sum();
            assert_eq!(sum, size);
            assert_eq!(part_bytes(size, parts), 0);
            assert!((0..parts).all(|at| part_bytes(size, at) > 0));
        }
    }
}
