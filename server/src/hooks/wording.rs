//! Texts of other programs made fit to be shown: no control characters, nothing invisible in what
//! is one line, and cut only where it says so.

/// Where something was left out.
const CUT: char = '…';

/// A text of several lines: line ends as here, no other control character but the tab, no space at
/// either end.
pub fn text(raw: &str) -> String {
    let lines = raw.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String =
        lines.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    clean.trim().to_owned()
}

/// A text in one line of at most so many characters, without what steers a display.
pub fn line(raw: &str, most: usize) -> String {
    let spaced = raw.replace(|c: char| c.is_control() || c.is_whitespace(), " ");
    let visible: String = spaced.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<_> = visible.split_whitespace().collect();
    cut_chars(&words.join(" "), most)
}

/// The beginning of a text, of at most so many bytes.
pub fn cut(text: &str, most_bytes: usize) -> String {
    if text.len() <= most_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most_bytes.saturating_sub(CUT.len_utf8()));
    format!("{}{CUT}", &text[..end])
}

fn cut_chars(text: &str, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}{CUT}", kept.trim_end())
}

/// What `proto` refuses in a name or a line: it hides, or reorders what a person sees (UAX #9).
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use warproom_proto::{Line, Text};

    #[test]
    fn whatever_is_not_empty_becomes_a_line_and_a_text() {
        use proptest::prelude::*;
        proptest!(|(raw in any::<String>(), most in 1_usize..1_000)| {
            let shown = line(&raw, most);
            prop_assert!(shown.is_empty() || shown.parse::<Line>().is_ok(), "{shown:?}");
            prop_assert!(shown.chars().count() <= most);
            let shown = text(&raw);
            prop_assert!(shown.is_empty() || shown.parse::<Text>().is_ok(), "{shown:?}");
            prop_assert!(cut(&raw, most.max(3)).len() <= most.max(3));
        });
    }

    #[test]
    fn lines_stay_lines_and_say_where_they_are_cut() {
        assert_eq!(text("a\r\nb\rc\u{1b}[31m\td\u{0}\n"), "a\nb\nc[31m\td");
        assert_eq!(line(" a\n b\u{202e}c\t", 10), "a bc");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("abcd", 4), "abcd");
        assert_eq!(cut("ääää", 7), "ää…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
