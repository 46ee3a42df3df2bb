//! The tags of an event: what it is about, and whether it is an exercise.

use crate::formats::csaf::json::Node;
use crate::formats::csaf::marks::is_tlp;
use crate::formats::csaf::subjects::Subjects;

/// The most topics of an event; beyond a dozen nobody follows them.
const TOPICS: usize = 12;

/// Namespaces that say how an event is handled or how good it is, not what it is about.
const HANDLING: [&str; 14] = [
    "tlp",
    "pap",
    "osint",
    "workflow",
    "admiralty-scale",
    "estimative-language",
    "confidence-level",
    "exercise",
    "misp",
    "type",
    "source",
    "dnc",
    "collaborative-intelligence",
    "priority-level",
];

/// Puts in the topics; says whether a tag means an exercise or a test.
pub(super) fn topics(event: &Node, subjects: &mut Subjects) -> bool {
    let mut exercise = false;
    let mut topics = 0;
    let direct = event.every(&["Tag"]);
    let nested = event.every(&["EventTag", "Tag"]);
    for tag in direct.into_iter().chain(nested) {
        let tag = if tag.is_map() { tag.at("name").text() } else { tag.text() };
        exercise |= is_exercise(tag);
        if topics < TOPICS
            && let Some(topic) = topic(tag)
        {
            subjects.topic(topic);
            topics += 1;
        }
    }
    exercise
}

/// The last part of a tag: of `ns:predicate="value"` the value, of `ns:predicate` the predicate.
fn topic(tag: &str) -> Option<&str> {
    let namespace = tag.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if is_tlp(tag) || (tag.contains(':') && HANDLING.contains(&namespace.as_str())) {
        return None;
    }
    let last = last_part(tag);
    last.contains(char::is_alphabetic).then_some(last)
}

fn last_part(tag: &str) -> &str {
    match tag.split_once('=') {
        Some((_, value)) => value.trim().trim_matches('"').trim(),
        None => tag.rsplit(':').next().unwrap_or_default().trim(),
    }
}

/// The taxonomy `exercise:…`, and `test` as a whole tag or as the value of one.
fn is_exercise(tag: &str) -> bool {
    let lower = tag.to_ascii_lowercase();
    lower.starts_with("exercise:") || matches!(last_part(&lower), "exercise" | "test" | "testing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_a_tag_is_its_topic() {
        for (tag, found) in [
            ("misp-galaxy:threat-actor=\"Sofacy\"", Some("Sofacy")),
            ("ecsirt:malicious-code=\"ransomware\"", Some("ransomware")),
            ("ransomware", Some("ransomware")),
            ("veris:action", Some("action")),
            ("tlp:white", None),
            ("TLP: AMBER", None),
            ("osint:certainty=\"93\"", None),
            ("PAP:RED", None),
            ("kill-chain:4", None),
            ("", None),
        ] {
            assert_eq!(topic(tag), found, "{tag}");
        }
    }

    #[test]
    fn exercises_are_known_by_their_tags() {
        for tag in ["exercise:cyber-europe=\"2016\"", "test", "rsit:test=\"test\"", "EXERCISE"] {
            assert!(is_exercise(tag), "{tag}");
        }
        for tag in ["ransomware", "type:OSINT", "penetration-test", "tested"] {
            assert!(!is_exercise(tag), "{tag}");
        }
    }
}
