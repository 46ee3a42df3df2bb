//! Names and words, wherever and however they are written.
//!
//! Only letters and digits are compared, so nothing that is put between them hides a name: neither
//! spaces, full stops and marks of Markdown, nor a line's end. Longer terms are found within words too;
//! short ones only where a word begins and ends, or else every *Jo* would black out every *journal*.

use aho_corasick::{AhoCorasick, BuildError, MatchKind};

use super::fold::{Atom, fold};

/// Terms to be found.
#[derive(Clone)]
pub(super) struct Terms {
    all: AhoCorasick,
    /// How many letters each has.
    lengths: Vec<usize>,
    /// From how many letters on they are found within words, too.
    within_words_from: usize,
}

/// The letters and digits of a text.
fn letters(text: &str) -> String {
    fold(text).iter().map(|atom| atom.c).filter(|c| c.is_alphanumeric()).collect()
}

/// Whether a term has anything that can be found.
pub(super) fn can_be_found(term: &str) -> bool {
    !letters(term).is_empty()
}

impl Terms {
    pub(super) fn new(
        terms: impl Iterator<Item = String>,
        within_words_from: usize,
    ) -> Result<Self, BuildError> {
        let mut terms: Vec<_> = terms.map(|term| letters(&term)).collect();
        terms.retain(|term| !term.is_empty());
        terms.sort_unstable();
        terms.dedup();
        let lengths = terms.iter().map(|term| term.chars().count()).collect();
        let all = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&terms)?;
        Ok(Self { all, lengths, within_words_from })
    }

    pub(super) const fn count(&self) -> usize {
        self.lengths.len()
    }

    /// The places in the text where terms stand.
    pub(super) fn find(&self, atoms: &[Atom]) -> Vec<(usize, usize)> {
        let words: Vec<Atom> =
            atoms.iter().copied().filter(|atom| atom.c.is_alphanumeric()).collect();
        let (mut text, mut place) = (String::new(), Vec::new());
        for (n, atom) in words.iter().enumerate() {
            text.push(atom.c);
            place.resize(text.len(), n);
        }
        let found = self.all.find_overlapping_iter(&text).filter_map(|found| {
            let (first, last) = (place[found.start()], place[found.end() - 1]);
            let is_long = self.lengths[found.pattern().as_usize()] >= self.within_words_from;
            (is_long || is_word(&words, first, last)).then(|| (words[first].from, words[last].to))
        });
        found.collect()
    }
}

/// Whether a word begins and ends with these, but for an s of many or of belonging.
fn is_word(words: &[Atom], first: usize, last: usize) -> bool {
    let begins = first == 0 || is_edge(&words[first - 1], &words[first]);
    let ends = |last: usize| words.get(last + 1).is_none_or(|next| is_edge(&words[last], next));
    let plural = words.get(last + 1).is_some_and(|next| next.c == 's') && ends(last + 1);
    begins && (ends(last) || plural)
}

/// Whether a word may end between two letters: something stands between them, or a capital or a digit
/// begins another. Scripts of the East have no spaces between words.
fn is_edge(left: &Atom, right: &Atom) -> bool {
    let is_apart = left.to != right.from && (left.from, left.to) != (right.from, right.to);
    let is_capital = right.is_capital && !left.is_capital;
    let is_eastern = [left.c, right.c].iter().any(|c| ('\u{2e80}'..).contains(c));
    is_apart || is_capital || is_eastern || left.c.is_numeric() != right.c.is_numeric()
}
