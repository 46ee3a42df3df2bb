//! What an entry can hold. Everything is cut to that here, and a cut text says so by its end.

use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{Line, Subject, Text, limits};

use super::as_text;
use crate::item::Item;
use crate::plain;

/// The most bytes of an alert's text: what a person may read of it here, the rest stands behind the
/// references.
pub(super) const TEXT_BYTES: usize = 24 * 1024;

/// The most bytes of what to do.
pub(super) const WHAT_TO_DO_BYTES: usize = 8 * 1024;

/// The most bytes of a call's parameters: the frame less its envelope.
const CALL_BYTES: usize = limits::FRAME_BYTES - 1024;

/// A line, cut where it is longer; `None` if there is nothing to read.
pub(super) fn line(text: &str) -> Option<Line> {
    plain::line(text, Line::CHARS).parse().ok()
}

/// A text, cut where it is longer; `None` if there is nothing to read.
pub(super) fn text(text: &str, most_bytes: usize) -> Option<Text> {
    as_text(&cut(text, most_bytes))
}

/// The beginning of a text of at most this many bytes.
pub(super) fn cut(text: &str, most_bytes: usize) -> String {
    const MORE: &str = "…";
    let text = text.trim();
    if text.len() <= most_bytes {
        return text.to_owned();
    }
    let mut end = most_bytes.saturating_sub(MORE.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // An escape is not cut in two.
    let kept = text[..end].trim_end().trim_end_matches('\\');
    format!("{kept}{MORE}")
}

/// The references that are lines, as many as an alert may have.
pub(super) fn references(references: &[String]) -> Vec<Line> {
    let lines = references.iter().filter_map(|reference| reference.parse().ok());
    lines.take(limits::REFERENCES).collect()
}

/// The subjects of these items, each once, as many as an entry may name: those that members depend
/// on before single vulnerabilities and topics.
pub(super) fn subjects<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Subject> {
    let mut first = Vec::new();
    let mut then = Vec::new();
    for subject in items.into_iter().flat_map(|item| &item.subjects) {
        let list = match subject {
            Subject::Vendor(_) | Subject::Product(_) | Subject::Cpe(_) => &mut first,
            Subject::Cve(_) | Subject::Topic(_) => &mut then,
        };
        if list.len() < limits::SUBJECTS && !list.contains(subject) {
            list.push(subject.clone());
        }
    }
    first.append(&mut then);
    first.truncate(limits::SUBJECTS);
    first
}

/// The call, made to fit into a frame: escapes and long references can make it larger than its texts.
pub(super) fn fit(mut call: PostAlert) -> PostAlert {
    while serde_json::to_vec(&call).is_ok_and(|encoded| encoded.len() > CALL_BYTES) {
        let length = |text: &Option<Text>| text.as_ref().map_or(0, |text| text.as_str().len());
        if call.references.len() > 8 {
            call.references.truncate(call.references.len() / 2);
        } else if length(&call.text).max(length(&call.what_to_do)) < 1024 {
            // Nothing large is left.
            break;
        } else {
            let larger = if length(&call.text) < length(&call.what_to_do) {
                &mut call.what_to_do
            } else {
                &mut call.text
            };
            let half = larger.as_ref().map_or("", Text::as_str);
            *larger = as_text(&cut(half, half.len() / 2));
        }
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_says_so_and_stays_whole_in_its_characters() {
        assert_eq!(cut("Môn is hit", 5), "M…");
        assert_eq!(cut("  short ", 5), "short");
        assert_eq!(cut("abcd\\[efgh", 8), "abcd…");
    }
}
