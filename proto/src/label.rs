//! Traffic Light Protocol 2.0 (FIRST, <https://www.first.org/tlp/>): the five labels, their order and
//! their one spelling each.
//!
//! Parsing never guesses towards the milder side: a text that is not exactly a label is an error.

use std::fmt;
use std::str::FromStr;

use crate::newtype::text_newtype;

/// A TLP 2.0 label. The order is strictness, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Label {
    /// Recipients may share with the world.
    Clear = 0,
    /// Recipients may share within the community, not on public channels.
    Green = 1,
    /// Recipients may share within their organisation and its clients, on a need-to-know basis.
    Amber = 2,
    /// Recipients may share within their own organisation only, on a need-to-know basis.
    AmberStrict = 3,
    /// For the individual recipients only.
    Red = 4,
}

impl Label {
    /// All labels, mildest first.
    pub const ALL: [Self; 5] =
        [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// The label as FIRST writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "TLP:CLEAR",
            Self::Green => "TLP:GREEN",
            Self::Amber => "TLP:AMBER",
            Self::AmberStrict => "TLP:AMBER+STRICT",
            Self::Red => "TLP:RED",
        }
    }

    /// FIRST's colour for the text, as red, green, blue; always on black.
    #[must_use]
    pub const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Clear => [0xff, 0xff, 0xff],
            Self::Green => [0x33, 0xff, 0x00],
            Self::Amber | Self::AmberStrict => [0xff, 0xc0, 0x00],
            Self::Red => [0xff, 0x2b, 0x2b],
        }
    }

    /// The label whose strictness this is; `None` for a number this version does not know.
    #[must_use]
    pub const fn from_strictness(strictness: u8) -> Option<Self> {
        match strictness {
            0 => Some(Self::Clear),
            1 => Some(Self::Green),
            2 => Some(Self::Amber),
            3 => Some(Self::AmberStrict),
            4 => Some(Self::Red),
            _ => None,
        }
    }

    /// The strictness as a number, mildest 0.
    #[must_use]
    pub const fn strictness(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Label {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self.as_str())
    }
}

/// The text is not a label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a TLP 2.0 label: write TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED")]
pub struct LabelError;

impl FromStr for Label {
    type Err = LabelError;

    /// Reads FIRST's spelling, and for people at a keyboard the same without `TLP:` or in lower
    /// case. Anything else, TLP 1.0's WHITE included, is an error: what an old or foreign word means
    /// is for a relay to decide, never for this parser.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("TLP:").unwrap_or(&upper);
        Self::ALL.into_iter().find(|label| &label.as_str()[4..] == name).ok_or(LabelError)
    }
}

text_newtype!(
    Label,
    "Label",
    "^TLP:(CLEAR|GREEN|AMBER|AMBER\\+STRICT|RED)$",
    "A Traffic Light Protocol 2.0 label, as FIRST writes it."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_reads_back_as_itself_and_order_is_strictness() {
        for (strictness, label) in (0_u8..).zip(Label::ALL) {
            assert_eq!(label.as_str().parse(), Ok(label));
            assert_eq!(label.strictness(), strictness);
            assert_eq!(Label::from_strictness(strictness), Some(label));
        }
        assert!(Label::ALL.is_sorted());
        assert_eq!(Label::from_strictness(5), None);
    }

    #[test]
    fn the_colours_are_those_of_first() {
        let colours = Label::ALL.map(|label| data_encoding::HEXUPPER.encode(&label.rgb()));
        assert_eq!(colours, ["FFFFFF", "33FF00", "FFC000", "FFC000", "FF2B2B"]);
    }

    #[test]
    fn a_label_is_shown_as_first_writes_it_and_fills_its_column() {
        let shown = Label::ALL.map(|label| label.to_string());
        let written = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"];
        assert_eq!(shown, written);
        assert_eq!(format!("[{:<9}]", Label::Red), "[TLP:RED  ]");
    }

    #[test]
    fn nothing_near_a_strict_label_parses_to_a_milder_one() {
        for text in [
            "TLP:AMBER STRICT",
            "AMBER-STRICT",
            "AMBER+",
            "TLP:AMBER+STRICT ",
            "TLP: RED",
            "WHITE",
            "",
            "TLP:",
            "RED TLP:CLEAR",
        ] {
            assert_eq!(text.parse::<Label>(), Err(LabelError), "{text:?}");
        }
        assert_eq!("amber+strict".parse(), Ok(Label::AmberStrict));
    }
}
