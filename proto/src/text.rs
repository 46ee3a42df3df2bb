//! Texts that are checked once, when they are read, and are what their type says ever after.

use std::fmt;
use std::str::FromStr;

use crate::limits;
use crate::newtype::text_newtype;

/// Why a text was refused. The sentences are shown to people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not a UUID in lower case with hyphens.
    #[error("not an id: expected a UUID in lower case with hyphens")]
    NotAnId,
    /// Not lower-case hexadecimal.
    #[error("not lower-case hexadecimal")]
    NotHex,
    /// Not an IPv4 /24 or IPv6 /64.
    #[error("not an IPv4 /24 or IPv6 /64")]
    NotANetwork,
    /// Not a checkpoint as a signed note.
    #[error("not a checkpoint: expected a C2SP signed note")]
    NotACheckpoint,
    /// Not base64url without padding.
    #[error("not base64url without padding")]
    NotBase64,
    /// A fixed-size value of the wrong size.
    #[error("wrong length: expected {wanted} bytes")]
    WrongLength {
        /// The number of bytes expected.
        wanted: usize,
    },
    /// A name that is empty, too long or not printable.
    #[error("a name has 1 to 80 printable characters and no space at either end")]
    NotAName,
    /// A handle with the wrong characters or length.
    #[error(
        "a handle has 2 to 32 characters, a-z, 0-9, full stop, hyphen or underscore, and starts with a letter"
    )]
    NotAHandle,
    /// A file's name that is empty, too long, not printable, or means something to a file system.
    #[error(
        "a file's name has 1 to {} bytes, printable, without / \\ : * ? \" < > |, and no space or full stop at its end",
        limits::FILE_NAME_BYTES
    )]
    NotAFileName,
    /// Not a media type.
    #[error("a media type is like application/pdf: lower case, no parameters")]
    NotAMediaType,
    /// Longer than a part of a file.
    #[error("a part of a file has at most {} bytes", limits::PART_BYTES)]
    NotAPart,
    /// A line that is empty, too long or not printable.
    #[error("a line has 1 to 1000 printable characters and no space at either end")]
    NotALine,
    /// A text that is empty or too long.
    #[error(
        "a text has 1 to {max_bytes} bytes and no control characters other than tab and new line"
    )]
    NotAText {
        /// The most bytes that are taken.
        max_bytes: usize,
    },
}

/// The name of a person, organisation, room, device or bot: 1 to 80 printable characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is compared: without case, so that two organisations cannot differ by it alone.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Name {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fits = (1..=80).contains(&text.chars().count());
        if fits && text.trim() == text && !text.chars().any(steers_a_display) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotAName)
        }
    }
}

/// One line of text, for what is longer than a name and is read whole: a headline, an issuer, a web
/// address, an id of another system. 1 to 1000 printable characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(String);

impl Line {
    /// The most characters it has.
    pub const CHARS: usize = 1000;

    /// The line as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Line {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fits = (1..=Self::CHARS).contains(&text.chars().count());
        if fits && text.trim() == text && !text.chars().any(steers_a_display) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotALine)
        }
    }
}

/// A member's short name, for signing in with a password and for mentions: `jo.smith`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

impl Handle {
    /// The handle as text, without `@`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let fits =
            (2..=32).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_lowercase());
        if fits && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotAHandle)
        }
    }
}

/// What people write. It has no `Debug`: message bodies do not get into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let fits = (1..=limits::TEXT_BYTES).contains(&text.len());
        let clean = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        if fits && clean {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextError::NotAText { max_bytes: limits::TEXT_BYTES })
        }
    }
}

/// Control characters, and the invisible ones that reorder what a person sees (Unicode UAX #9).
pub(crate) fn steers_a_display(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
display_as_text!(Name, Line, Handle, Text);

text_newtype!(Name, "Name", "^.{1,80}$", "1 to 80 printable characters, no space at either end.");
text_newtype!(
    Line,
    "Line",
    "^.{1,1000}$",
    "1 to 1000 printable characters in one line, no space at either end."
);
text_newtype!(Handle, "Handle", "^[a-z][a-z0-9._-]{1,31}$", "A member's short name.");
text_newtype!(
    Text,
    "Text",
    "^[\\s\\S]+$",
    "What people write: up to 65,536 bytes of UTF-8, no control characters but tab and new line."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_refuse_what_would_steer_a_terminal_or_hide_a_difference() {
        for bad in ["", " Kent", "Kent ", "a\u{1b}[31m", "a\nb", "a\u{202e}b", &"x".repeat(81)] {
            assert_eq!(bad.parse::<Name>(), Err(TextError::NotAName), "{bad:?}");
        }
        for good in ["Canterbury City Council", "Cyngor Môn", "x"] {
            assert_eq!(good.parse::<Name>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
    }

    #[test]
    fn handles_are_plain() {
        for bad in ["a", "Jo", "jo smith", "1jo", "jo@x", &"x".repeat(33)] {
            assert_eq!(bad.parse::<Handle>(), Err(TextError::NotAHandle), "{bad:?}");
        }
        assert!("jo.smith-2".parse::<Handle>().is_ok());
    }

    #[test]
    fn texts_keep_lines_and_refuse_terminal_escapes() {
        assert!("two\nlines\tand a tab".parse::<Text>().is_ok());
        assert!("\u{1b}]0;title\u{7}".parse::<Text>().is_err());
        assert!("".parse::<Text>().is_err());
        assert!("x".repeat(limits::TEXT_BYTES + 1).parse::<Text>().is_err());
    }
}
