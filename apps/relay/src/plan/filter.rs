//! Whether an item is among what a source's filters let through.

use warproom_client::proto::{Severity, Subject};

use crate::config::Filters;
use crate::item::Item;

/// Whether an item gets through: every filter that is set must let it.
pub(super) fn passes(filters: &Filters, item: &Item) -> bool {
    let severe = filters
        .severity_at_least
        .is_none_or(|least| item.severity == Severity::Unknown || item.severity >= least);
    severe
        && (filters.words.is_empty() || has_word(&filters.words, item))
        && (filters.subjects.is_empty()
            || item.subjects.iter().any(|one| is_about(&filters.subjects, one)))
        && (filters.categories.is_empty()
            || item.subjects.iter().any(|one| is_topic(&filters.categories, one)))
}

fn has_word(words: &[String], item: &Item) -> bool {
    let texts = [&item.headline, &item.text, &item.what_to_do].map(|text| text.to_lowercase());
    words.iter().any(|word| texts.iter().any(|text| contains_word(text, &word.to_lowercase())))
}

/// Whether it stands there as a whole word, or as whole words in a row.
fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric();
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

fn is_about(wanted: &[String], subject: &Subject) -> bool {
    match subject {
        Subject::Vendor(name) | Subject::Product(name) | Subject::Cve(name) => {
            is_one(wanted, name.as_str())
        }
        // A vendor's name lets all its products through.
        Subject::Cpe(name) => {
            is_one(wanted, name.as_str())
                || name
                    .as_str()
                    .split(':')
                    .any(|part| is_one(wanted, &part.replace('_', " ")) || is_one(wanted, part))
        }
        Subject::Topic(_) => false,
    }
}

fn is_topic(wanted: &[String], subject: &Subject) -> bool {
    matches!(subject, Subject::Topic(name) if is_one(wanted, name.as_str()))
}

fn is_one(wanted: &[String], name: &str) -> bool {
    let name = name.to_lowercase();
    wanted.iter().any(|one| one.to_lowercase() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_only() {
        assert!(contains_word("a new vpn, in use", "vpn"));
        assert!(contains_word("connect secure is hit", "connect secure"));
        assert!(!contains_word("openvpn2", "vpn"));
        assert!(!contains_word("anything", ""));
    }

    #[test]
    fn a_vendor_is_found_in_a_cpe_name() {
        let cpe = Subject::Cpe("ivanti:connect_secure".parse().unwrap());
        for wanted in ["Ivanti", "connect secure", "connect_secure", "ivanti:connect_secure"] {
            assert!(is_about(&[wanted.to_owned()], &cpe), "{wanted}");
        }
        assert!(!is_about(&["connect".to_owned()], &cpe));
    }
}
