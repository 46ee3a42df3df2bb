//! How an item is written, whatever it was read from: paragraphs and lists within their bounds,
//! addresses, ids, times, and indicators that nobody can click on.

use std::collections::HashSet;
use std::hash::Hash;

use crate::item::Problem;
use crate::label;
use crate::plain::{address, line, plain};

/// The most characters of a text: two screens.
pub(in crate::formats) const TEXT_CHARS: usize = 8000;

/// The most characters of a headline: what one line of a wide window takes.
pub(in crate::formats) const HEADLINE_CHARS: usize = 200;

/// The most addresses and the most subjects of an item.
pub(in crate::formats) const MOST: usize = 32;

/// The most characters of an id: a room's `Line` has 1000, and an id must never be cut.
pub(in crate::formats) const ID_CHARS: usize = 500;

/// The most characters of a text that are looked through for words like `TLP:RED`.
const HINT_CHARS: usize = 200_000;

/// The most items of one document. A list of half a million is no list of warnings, and the whole of a
/// large knowledge base has two thousand.
pub(in crate::formats) const ITEMS: usize = 10_000;

/// How many texts of one item are made plain. What fits into its bound are some hundred lines.
const WORDS: usize = 400;

/// The most characters of one entry of a list.
const ENTRY_CHARS: usize = 160;

/// Words made plain once for all items that show them, no longer than one of them takes.
#[derive(Debug, Default)]
pub(in crate::formats) struct PlainWords {
    pub(in crate::formats) text: String,
    hints: Vec<String>,
}

impl PlainWords {
    pub(in crate::formats) fn of(words: &str) -> Self {
        let plain = plain(words.trim(), HINT_CHARS);
        let mut hints = label::hints(&plain);
        if words.len() > HINT_CHARS {
            // What was too long to be made plain whole is looked through as it is.
            for hint in label::hints(words) {
                once(&mut hints, hint);
            }
        }
        Self { hints, text: cut(&plain, TEXT_CHARS) }
    }
}

/// Paragraphs of a text, in their order, each once, with the labels that their words name.
#[derive(Default)]
pub(in crate::formats) struct Body {
    paragraphs: Vec<String>,
    /// What was said, as the source has it.
    seen: HashSet<String>,
    /// How many characters the paragraphs have.
    chars: usize,
    /// What stands below the paragraphs, and is kept when they are cut.
    tail: Vec<String>,
    hints: Vec<String>,
}

impl Body {
    /// A paragraph or more of the source's own words, which may be HTML. What comes when the text is
    /// full is only looked through for labels.
    pub(in crate::formats) fn say(&mut self, lead: &str, words: &str) {
        let words = words.trim();
        if words.is_empty() || self.seen.contains(words) {
            return;
        }
        if self.chars > TEXT_CHARS || self.seen.len() > WORDS {
            return self.hint(words);
        }
        self.seen.insert(words.to_owned());
        let words = plain(words, HINT_CHARS);
        self.hint(&words);
        self.paragraph(lead, &words);
    }

    /// The same of words that were made plain before and may stand in several items.
    pub(in crate::formats) fn say_plain(&mut self, lead: &str, words: &PlainWords) {
        self.take_hints(words);
        if self.chars <= TEXT_CHARS
            && self.seen.len() <= WORDS
            && !words.text.is_empty()
            && self.seen.insert(words.text.clone())
        {
            self.paragraph(lead, &words.text);
        }
    }

    fn paragraph(&mut self, lead: &str, words: &str) {
        if !words.is_empty() {
            let space = if lead.is_empty() { "" } else { " " };
            let paragraph = cut(&format!("{lead}{space}{words}"), TEXT_CHARS);
            self.chars += paragraph.chars().count();
            self.paragraphs.push(paragraph);
        }
    }

    /// The labels that words name which were looked through before.
    pub(in crate::formats) fn take_hints(&mut self, words: &PlainWords) {
        for hint in &words.hints {
            once(&mut self.hints, hint.clone());
        }
    }

    /// Words that are not shown but may name a label.
    pub(in crate::formats) fn hint(&mut self, words: &str) {
        for hint in label::hints(words) {
            once(&mut self.hints, hint);
        }
    }

    /// A line of our own below everything; it is kept when the rest is cut.
    pub(in crate::formats) fn note(&mut self, line: &str) {
        self.tail.push(cut(line, TEXT_CHARS / 8));
    }

    /// A list below everything: the entries shown, and how many more there are.
    pub(in crate::formats) fn list(&mut self, lead: &str, shown: &[String], more: usize) {
        let mut words: Vec<String> = shown.iter().map(|entry| cut(entry, ENTRY_CHARS)).collect();
        words.retain(|entry| !entry.is_empty());
        if words.is_empty() {
            return;
        }
        for entry in shown {
            self.hint(entry);
        }
        if more > 0 {
            words.push(format!("and {more} more"));
        }
        let separator = if words.iter().any(|entry| entry.contains(',')) { "; " } else { ", " };
        self.tail.push(cut(&format!("{lead} {}", words.join(separator)), TEXT_CHARS / 4));
    }

    /// The text, within its bound, and the labels named in its words.
    pub(in crate::formats) fn finish(self) -> (String, Vec<String>) {
        let tail = cut(&self.tail.join("\n"), TEXT_CHARS / 2);
        let room = TEXT_CHARS - tail.chars().count() - 2;
        let mut text = cut(&self.paragraphs.join("\n\n"), room);
        if !text.is_empty() && !tail.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&tail);
        (text, self.hints)
    }
}

/// The problem of a document with more items than are read, if it has.
pub(in crate::formats) fn too_many(items: usize) -> Vec<Problem> {
    let reason = || format!("only the first {ITEMS} warnings of a document are read");
    (items > ITEMS)
        .then(|| Problem { item: "the rest".to_owned(), reason: reason() })
        .into_iter()
        .collect()
}

/// Addresses that may be shown, each once, at most as many as an item takes.
pub(in crate::formats) fn refer(references: &mut Vec<String>, text: &str) {
    if references.len() < MOST
        && let Some(address) = address(text)
    {
        once(references, address);
    }
}

/// Adds what is not there yet. For short lists only.
pub(in crate::formats) fn once<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if !list.contains(&one) {
        list.push(one);
    }
}

/// Each of them once, in their order.
pub(in crate::formats) fn distinct<T: Eq + Hash + Clone>(list: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    list.into_iter().filter(|one| seen.insert(one.clone())).collect()
}

/// The first `most` characters; where something was cut, the last of them is `…`.
pub(in crate::formats) fn cut(text: &str, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// One line of a text that is no HTML: its `<` and `&` are what they are.
pub(in crate::formats) fn literal(text: &str, most: usize) -> String {
    line(&text.replace('&', "&amp;").replace('<', "&lt;"), most)
}

/// An id as a room takes it: one line, not cut; `None` if it cannot be had.
pub(in crate::formats) fn id(text: &str) -> Option<String> {
    let one = line(text, ID_CHARS + 1);
    (!one.is_empty() && one.chars().count() <= ID_CHARS).then_some(one)
}

/// A time of RFC 3339, in milliseconds since 1970 UTC.
pub(in crate::formats) fn time_ms(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Whether a headline opens with the word for an exercise or a test, in capitals or in brackets, as
/// such messages are marked.
pub(in crate::formats) fn opens_as_exercise(headline: &str) -> bool {
    let headline = headline.trim();
    let (bracketed, rest) = match headline.strip_prefix(['[', '(', '*']) {
        Some(rest) => (true, rest),
        None => (false, headline),
    };
    let rest = rest.trim_start_matches(['[', '(', '*', ' ']);
    let word: String = rest.chars().take_while(|letter| letter.is_alphabetic()).collect();
    let ends = rest[word.len()..].starts_with(':') || bracketed;
    let capitals = matches!(word.as_str(), "EXERCISE" | "TEST");
    capitals || ends && matches!(word.to_ascii_uppercase().as_str(), "EXERCISE" | "TEST")
}

/// What separates the words of an indicator.
const BETWEEN: &str = "'\"`,;=|()<>[]{}";

/// A text whose addresses nobody can click on: `hxxps://evil[.]example/a`, `192[.]0[.]2[.]1`.
pub(in crate::formats) fn defang(text: &str) -> String {
    let between = |letter: char| letter.is_whitespace() || BETWEEN.contains(letter);
    text.split_inclusive(between)
        .map(|piece| {
            let word = piece.trim_end_matches(between);
            defang_word(word) + &piece[word.len()..]
        })
        .collect()
}

fn defang_word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if let Some(at) = lower.find("://") {
        let scheme = lower[..at].replace("tt", "xx").replace("ftp", "fxp");
        return format!("{scheme}{}", break_dots(&word[at..]));
    }
    // `file:hashes.MD5` is the path of an object, not an address; `evil.example:8080` is one.
    let (before, after) = word.split_once(':').unwrap_or((word, ""));
    let is_path = !before.contains('.') && after.starts_with(|one: char| one.is_ascii_alphabetic());
    if is_path { word.to_owned() } else { break_dots(word) }
}

/// Breaks every dot but one at the end, which ends a sentence.
fn break_dots(word: &str) -> String {
    let end = word.trim_end_matches('.').len();
    word[..end].replace('.', "[.]") + &word[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_cannot_be_clicked() {
        for (text, shown) in [
            ("http://a.example/x.html", "hxxp://a[.]example/x[.]html"),
            ("HTTPS://A.example", "hxxps://A[.]example"),
            ("see ftp://a.b, or 192.0.2.1", "see fxp://a[.]b, or 192[.]0[.]2[.]1"),
            ("[url:value = 'http://a.b/']", "[url:value = 'hxxp://a[.]b/']"),
            ("[file:hashes.MD5 = 'ab']", "[file:hashes.MD5 = 'ab']"),
            ("a.example:8080", "a[.]example:8080"),
            ("a@b.example", "a@b[.]example"),
            ("A sentence. Another.", "A sentence. Another."),
        ] {
            assert_eq!(defang(text), shown);
        }
    }

    #[test]
    fn a_long_body_keeps_what_stands_below_it() {
        let mut body = Body::default();
        body.say("", &"word ".repeat(10_000));
        body.say("", "the same");
        body.say("", "the same");
        body.list("Indicators:", &["a".to_owned(), "b".to_owned()], 1);
        let (text, _) = body.finish();
        assert!(text.chars().count() <= TEXT_CHARS);
        assert!(
            text.ends_with("…\n\nIndicators: a, b, and 1 more"),
            "{}",
            &text[text.len() - 80..]
        );
    }

    #[test]
    fn an_exercise_is_told_by_how_the_headline_opens() {
        for headline in ["EXERCISE outage", "[Exercise] outage", "Test: outage", "** TEST ** x"] {
            assert!(opens_as_exercise(headline), "{headline}");
        }
        for headline in ["Test results leaked", "Exercise caution", "Testing", "", "A TEST"] {
            assert!(!opens_as_exercise(headline), "{headline}");
        }
    }
}
