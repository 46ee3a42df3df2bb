//! Labels in words: what FIRST says each allows, for the composer, and the form in which anything
//! labelled is copied out.

use warproom_client::proto::Label;

/// What a recipient may do, in FIRST's sense (TLP 2.0), in a few words.
pub const fn meaning(label: Label) -> &'static str {
    match label {
        Label::Red => "for the people who are in this room now, and nobody else",
        Label::AmberStrict => "may be shared within the organisations that are here now",
        Label::Amber => {
            "may be shared within the organisations that are here now, and their clients"
        }
        Label::Green => "may be shared within the community, not on public channels",
        Label::Clear => "may be shared with the world",
    }
}

/// Who could read an entry of a label, in words, for whoever is about to send it.
pub const fn readers(label: Label) -> &'static str {
    match label {
        Label::Clear => {
            "Everyone in this room can read it, and everyone who comes later; and they may pass it on \
             to anybody at all, the press included."
        }
        Label::Green => {
            "Everyone in this room can read it, and everyone who comes later; and they may pass it on \
             within the whole community."
        }
        Label::Amber => {
            "Everyone of the organisations that are in this room now can read it, and so can their \
             clients."
        }
        Label::AmberStrict => {
            "Everyone of the organisations that are in this room now can read it, and nobody else."
        }
        Label::Red => "Only the people who are in this room now can read it.",
    }
}

/// A text as it is copied out: its label stands first and last.
pub fn copied(label: Label, text: &str) -> String {
    format!("{label}\n{text}\n{label}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_begins_and_ends_with_its_label() {
        for label in Label::ALL {
            for text in ["", "one line", "two\nlines\n", "TLP:CLEAR\nforged\nTLP:CLEAR"] {
                let copied = copied(label, text);
                assert_eq!(copied.lines().next(), Some(label.as_str()));
                assert_eq!(copied.lines().last(), Some(label.as_str()));
                assert!(copied.contains(text));
            }
        }
    }

    #[test]
    fn every_label_has_a_meaning_of_its_own() {
        let mut meanings: Vec<_> = Label::ALL.into_iter().map(meaning).collect();
        meanings.sort_unstable();
        meanings.dedup();
        assert_eq!(meanings.len(), Label::ALL.len());
    }
}
