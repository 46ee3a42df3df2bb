//! The marks of an item while they are collected: bounded, and never so that a strict one is lost.

use warproom_client::proto::Label;

use super::write::once;
use crate::label;
use crate::plain::line;

/// The most characters of a mark; a STIX id has 58.
const MARK_CHARS: usize = 200;

/// How many spellings of labels are kept. Past them only a stricter one adds anything.
const READ: usize = 16;

/// How many marks that cannot be read are kept. They all stand for the same default.
const UNREAD: usize = 8;

/// Marks, each once, in the order they were found.
#[derive(Clone, Debug, Default)]
pub(in crate::formats) struct Marks {
    found: Vec<String>,
    unread: usize,
    strictest: Option<Label>,
}

impl Marks {
    /// Adds a mark as it is written.
    pub(in crate::formats) fn put(&mut self, mark: &str) {
        if mark.trim().is_empty() || self.found.iter().any(|known| known == mark) {
            return;
        }
        let label = label::read_mark(mark);
        let named = label.or_else(|| label::named_label(mark));
        let stricter = named > self.strictest;
        let kept = stricter
            || match label {
                Some(_) => self.found.len() - self.unread < READ,
                None => self.unread < UNREAD,
            };
        if kept {
            let before = self.found.len();
            // What cannot be read may have no printable character; it is a mark all the same.
            let shown = line(mark, MARK_CHARS);
            let cut = label::read_mark(&shown).or_else(|| label::named_label(&shown)) < named;
            once(&mut self.found, if shown.is_empty() { "TLP:?".to_owned() } else { shown });
            self.unread += usize::from(label.is_none() && self.found.len() > before);
            // Where its label stands too far back to be shown, it is named once more.
            if let Some(named) = named.filter(|_| cut) {
                once(&mut self.found, named.to_string());
            }
            self.strictest = self.strictest.max(named);
        }
    }

    /// Adds those of another.
    pub(in crate::formats) fn join(&mut self, other: &Self) {
        for mark in &other.found {
            self.put(mark);
        }
    }

    pub(in crate::formats) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(in crate::formats) fn finish(self) -> Vec<String> {
        self.found
    }
}

/// Whether a free tag is a TLP marking, in whatever spelling.
pub(in crate::formats) fn is_tlp(tag: &str) -> bool {
    label::names_tlp(tag) || opens_as_tlp(tag)
}

/// Whether a text begins as a TLP marking; a sentence that goes on to speak of one is none.
pub(in crate::formats) fn opens_as_tlp(text: &str) -> bool {
    let head: String = text.chars().filter(|letter| letter.is_alphanumeric()).take(3).collect();
    head.eq_ignore_ascii_case("tlp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_marks_hides_neither_the_strictest_nor_that_one_was_unreadable() {
        let mut marks = Marks::default();
        (0..1000).for_each(|number| marks.put(&format!("TLP:CLEAR{}", " ".repeat(number % 150))));
        (0..1000).for_each(|number| marks.put(&format!("TLP:CLEAR{}", "-".repeat(number % 150))));
        marks.put("marking-definition--1");
        marks.put("TLP:RED");
        (0..1000).for_each(|number| marks.put(&format!("marking-definition--{number}")));
        let marks = marks.finish();
        assert!(marks.len() <= READ + UNREAD + 5, "{}", marks.len());
        assert!(marks.contains(&"TLP:RED".to_owned()));
        assert!(marks.contains(&"marking-definition--1".to_owned()));
    }
}
