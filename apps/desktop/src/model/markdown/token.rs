//! What the words of a text are: addresses, indicators, or just words; and the characters that no
//! screen shows as they are.

use std::ops::Range;

use super::address::Target;

/// What a word is, where it is more than a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Something dangerous that is written about.
    Indicator,
    /// A bare address.
    Address(Target),
}

/// Stands in a line for something that is no text, such as a link. A word with it is no address.
pub(super) const STAND_IN: char = '\u{fffc}';

/// How people write addresses so that nothing follows them.
const DEFANGED: [&str; 11] =
    ["hxxp", "[.]", "(.)", "{.}", "[:]", "[://]", "[at]", "(at)", "[@]", "[dot]", "(dot)"];

/// The lengths of hashes in hexadecimal: MD5, SHA-1, SHA-256.
const HASHES: [usize; 3] = [32, 40, 64];

/// The words of a line that are more than words, in order, with where they stand in it.
pub(super) fn tokens(line: &str) -> Vec<(Range<usize>, Token)> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in line.split(char::is_whitespace) {
        let start = at;
        at += word.len() + line[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        let Range { start: from, end: to } = trimmed(word);
        let inner = &word[from..to];
        if is_indicator(inner) {
            found.push((start + from..start + to, Token::Indicator));
        } else if let Some((within, target)) = address(inner) {
            let start = start + from;
            found.push((start + within.start..start + within.end, Token::Address(target)));
        }
    }
    found
}

/// Whether a word is something dangerous that is written about.
pub(super) fn is_indicator(word: &str) -> bool {
    let has_digits = || word.bytes().any(|byte| byte.is_ascii_digit());
    let is_known = || has_ipv4(word) || has_hash(word) || has_cve(word);
    is_defanged(word) || (has_digits() && is_known() && find_scheme(word).is_none())
}

fn is_defanged(word: &str) -> bool {
    // The cheap question first: most words have none of these.
    if !word.contains(['[', '(', '{', 'x', 'X']) {
        return false;
    }
    let word = word.to_ascii_lowercase();
    DEFANGED.iter().any(|sign| word.contains(sign))
}

fn has_ipv4(word: &str) -> bool {
    let is_of_one = |c: char| c.is_ascii_alphanumeric() || c == '.';
    word.split(|c: char| !is_of_one(c)).any(|run| {
        let run = run.trim_end_matches('.');
        run.split('.').count() == 4 && run.parse::<std::net::Ipv4Addr>().is_ok()
    })
}

fn has_hash(word: &str) -> bool {
    let mut runs = word.split(|c: char| !c.is_ascii_alphanumeric());
    runs.any(|run| HASHES.contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn has_cve(word: &str) -> bool {
    let word = word.to_ascii_uppercase();
    word.match_indices("CVE-").any(|(at, _)| {
        let mut parts = word[at + 4..].splitn(2, '-');
        let year = parts.next().unwrap_or_default();
        let number = parts.next().unwrap_or_default();
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && digits >= 4
    })
}

/// The address in a word, and where it stands in it.
fn address(word: &str) -> Option<(Range<usize>, Target)> {
    if word.contains(STAND_IN) {
        return None;
    }
    let from = find_scheme(word)?;
    let length = word[from..].find(['"', '<', '>', '`', '|']).unwrap_or(word.len() - from);
    let within = from..from + length;
    Some((within.clone(), Target::parse(&word[within])?))
}

fn find_scheme(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    let mut places = lower.match_indices("http");
    let is_start = |at: usize| !lower[..at].ends_with(char::is_alphanumeric);
    let is_scheme = |rest: &str| rest.starts_with("http://") || rest.starts_with("https://");
    places.find(|(at, _)| is_start(*at) && is_scheme(&lower[*at..])).map(|(at, _)| at)
}

/// A word without the punctuation of the sentence around it. More than a few signs are no sentence's.
fn trimmed(word: &str) -> Range<usize> {
    let (mut from, mut to) = (0, word.len());
    for _ in 0..8 {
        let Some((first, last)) = off_each_end(&word[from..to]) else { break };
        from += first;
        to -= last;
    }
    from..to
}

/// How many bytes at the beginning and at the end belong to the sentence rather than to the word.
fn off_each_end(word: &str) -> Option<(usize, usize)> {
    let (first, last) = (word.chars().next()?, word.chars().next_back()?);
    let count = |sign: char| word.matches(sign).count();
    if ".,;:!?\"'>…”’".contains(last) {
        return Some((0, last.len_utf8()));
    }
    if "\"'<“‘".contains(first) {
        return Some((first.len_utf8(), 0));
    }
    for (open, close) in [('(', ')'), ('[', ']')] {
        let (opened, closed) = (count(open), count(close));
        // Not `[.]` and its kin: what stands in those brackets is shorter.
        if word.len() > 6 && first == open && last == close && is_one_pair(word, open, close) {
            return Some((1, 1));
        }
        if first == open && opened > closed {
            return Some((1, 0));
        }
        if last == close && closed > opened {
            return Some((0, 1));
        }
    }
    None
}

/// Whether the sign that a word begins with is closed by the one it ends with, and not before.
fn is_one_pair(word: &str, open: char, close: char) -> bool {
    let mut depth = 0_usize;
    let closes_at = word.chars().position(|c| {
        depth += usize::from(c == open);
        depth -= usize::from(c == close);
        depth == 0
    });
    closes_at.is_some_and(|at| at + 1 == word.chars().count())
}

/// Whether a character is not seen, or changes how others are seen (Unicode UAX #9, UTS #39).
pub(super) const fn is_steering(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..=STAND_IN | '\u{e0000}'..='\u{e0fff}')
}

/// Cuts a text into what can be shown as it is, and characters to be shown by their number.
pub(super) fn cut(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut before) = (0, None);
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let joins_emoji = c == '\u{200d}'
            && before.is_some_and(is_pictorial)
            && characters.peek().is_some_and(|(_, next)| is_pictorial(*next));
        if is_steering(c) && !joins_emoji {
            pieces.extend((from < at).then(|| Piece::Plain(&text[from..at])));
            pieces.push(Piece::Sign(c));
            from = at + c.len_utf8();
        }
        before = Some(c);
    }
    pieces.extend((from < text.len()).then(|| Piece::Plain(&text[from..])));
    pieces
}

/// A piece of a text.
pub(super) enum Piece<'t> {
    /// Shown as it is.
    Plain(&'t str),
    /// Shown by its number.
    Sign(char),
}

/// The number of a character, as it is shown in its place.
pub(super) fn sign(c: char) -> String {
    format!("[U+{:04X}]", u32::from(c))
}

/// A text in which every invisible or steering character is shown by its number.
pub fn visible(text: &str) -> String {
    let shown = |piece| match piece {
        Piece::Plain(plain) => plain.to_owned(),
        Piece::Sign(c) => sign(c),
    };
    cut(text).into_iter().map(shown).collect()
}

/// Emoji, their skin tones and their variation selectors: what a joiner may stand between.
const fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}
