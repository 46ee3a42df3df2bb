//! A few words around what was found, with what was found marked.

/// A piece of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_found: bool,
}

/// The characters shown before the first place found: enough to see what it is about.
const BEFORE: usize = 50;

/// The characters shown in all: two lines of a reading width.
const LENGTH: usize = 180;

/// The words of a text around the first place where it says what was looked for, whatever the case,
/// in one line, with every such place within them marked.
pub fn snippet(text: &str, wanted: &str) -> Vec<Piece> {
    let text: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let wanted: Vec<char> = wanted.trim().chars().flat_map(char::to_lowercase).collect();
    let first = (0..text.len()).find(|at| found_at(&text, *at, &wanted).is_some()).unwrap_or(0);
    let begin = word_begin(&text, first.saturating_sub(BEFORE));
    let end = (begin + LENGTH).min(text.len());
    let mut pieces = Pieces::default();
    if begin > 0 {
        pieces.say("… ", false);
    }
    let mut at = begin;
    while at < end {
        let length = found_at(&text, at, &wanted);
        let next = (at + length.unwrap_or(1)).min(end);
        pieces.say(&text[at..next].iter().collect::<String>(), length.is_some());
        at = next;
    }
    if end < text.len() {
        pieces.say(" …", false);
    }
    pieces.0
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn say(&mut self, text: &str, is_found: bool) {
        match self.0.last_mut() {
            Some(last) if last.is_found == is_found => last.text.push_str(text),
            _ => self.0.push(Piece { text: text.to_owned(), is_found }),
        }
    }
}

/// How many characters of the text from this one on say what is wanted, if they do.
fn found_at(text: &[char], at: usize, wanted: &[char]) -> Option<usize> {
    let mut left = wanted;
    if left.is_empty() {
        return None;
    }
    // One character may be two in lower case, so that the lengths differ.
    for (count, c) in text[at..].iter().enumerate() {
        for lower in c.to_lowercase() {
            left = left.strip_prefix(&[lower])?;
        }
        if left.is_empty() {
            return Some(count + 1);
        }
    }
    None
}

/// The beginning of the word that the text is in here; here itself if the word is a very long one.
fn word_begin(text: &[char], at: usize) -> usize {
    let back = text[..at].iter().rev().take(BEFORE).position(|c| *c == ' ');
    if at == 0 { 0 } else { back.map_or(at, |back| at - back) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, wanted: &str) -> String {
        let piece = |piece: &Piece| {
            if piece.is_found { format!("[{}]", piece.text) } else { piece.text.clone() }
        };
        snippet(text, wanted).iter().map(piece).collect()
    }

    #[test]
    fn every_place_is_marked_whatever_its_case() {
        assert_eq!(
            marked("Civica said that civica knows", "CIVICA"),
            "[Civica] said that [civica] knows"
        );
        assert_eq!(marked("Cyngor MÔN", "môn"), "Cyngor [MÔN]");
        assert_eq!(marked("two\nlines   here", "lines here"), "two [lines here]");
        assert_eq!(marked("nothing", "else"), "nothing");
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_place_at_a_word() {
        let long = format!("{}needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let cut = marked(&long, "needle");
        assert!(cut.starts_with("… hay "), "{cut}");
        assert!(cut.contains("[needle]"), "{cut}");
        assert!(cut.ends_with(" …"), "{cut}");
        assert!(cut.chars().count() < LENGTH + 10, "{cut}");
    }

    #[test]
    fn characters_that_are_longer_in_lower_case_do_no_harm() {
        assert_eq!(marked("İSTANBUL is far", "is far"), "İSTANBUL [is far]");
        assert_eq!(marked("", "x"), "");
    }
}
