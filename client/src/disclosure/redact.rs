//! Blacking out by rule: which passages of a text are not given out, and by which rules.
//!
//! It errs on one side. A text is compared as it is folded ([`fold`]), terms are found whatever stands
//! between their letters ([`terms`]), and what may be an address or a number is taken for one
//! ([`patterns`], [`addresses`]), with what Markdown and HTML leave unseen and without it ([`markup`]).
//! What is left after something was blacked out is looked at again, until nothing more
//! is found: so no rest of a word becomes a name by what went before it.

mod addresses;
mod defang;
mod fold;
mod markup;
mod patterns;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use fold::{Atom, fold};
use terms::Terms;

/// From how many letters on a name is found within words, too: *Smith* in *smithj99*, but not *Mark* in
/// *market*.
const NAMES_WITHIN_WORDS: usize = 5;

/// The same for words that an officer gave, who knows what they chose.
const WORDS_WITHIN_WORDS: usize = 3;

/// What stands in the place of what is blacked out while more is looked for: nothing that any rule takes
/// for part of something.
const GAP: char = '\u{1}';

/// A rule of blacking out. The order is that in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Entries whose label is stricter than what is given out, withheld whole.
    Labels,
    /// Names and handles of everyone who is or was a member, but for those the request is about.
    Names,
    /// E-mail addresses.
    Emails,
    /// Telephone numbers.
    Telephones,
    /// IP and hardware addresses.
    Addresses,
    /// Addresses, names of hosts, web addresses, hashes.
    Indicators,
    /// Words that were given.
    Words,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::Labels,
        Self::Names,
        Self::Emails,
        Self::Telephones,
        Self::Addresses,
        Self::Indicators,
        Self::Words,
    ];

    /// The rule's name, as it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Names => "names",
            Self::Emails => "emails",
            Self::Telephones => "telephones",
            Self::Addresses => "addresses",
            Self::Indicators => "indicators",
            Self::Words => "words",
        }
    }

    /// What it withholds, in words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Labels => "the entry's label is stricter than what is given out",
            Self::Names => "the name of a person whom the request is not about",
            Self::Emails => "an e-mail address",
            Self::Telephones => "a telephone number",
            Self::Addresses => "an address of a computer",
            Self::Indicators => "an indicator: an address, host, web address or hash",
            Self::Words => "words that the officer withholds",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.pad(self.as_str())
    }
}

/// A rule cannot be kept to.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A word that has neither letter nor digit.
    #[error("there is no letter or digit in one of the words to be blacked out")]
    NoLetters,
    /// More names and words than can be looked for.
    #[error("these are more names and words than can be looked for")]
    TooMany,
}

/// The rules of one disclosure. It has no `Debug`: names and words that are withheld stand in it.
#[derive(Clone)]
pub struct Redactor {
    names: Terms,
    /// Parts of a name with each other or with an initial; only where words begin and end.
    joined: Terms,
    words: Terms,
    patterns: BTreeSet<Rule>,
}

impl Redactor {
    /// The rules: `names` are whole names and handles of people, of which each part is blacked out, and
    /// `words` what an officer gave. `patterns` are the other rules that hold.
    pub fn new(
        names: &[String],
        words: &[String],
        patterns: BTreeSet<Rule>,
    ) -> Result<Self, RuleError> {
        if !words.iter().all(|word| terms::can_be_found(word)) {
            return Err(RuleError::NoLetters);
        }
        let joined = Terms::new(names.iter().flat_map(|name| joined(name)), usize::MAX);
        let joined = joined.map_err(|_| RuleError::TooMany)?;
        let names = names.iter().flat_map(|name| parts(name));
        let names = Terms::new(names, NAMES_WITHIN_WORDS).map_err(|_| RuleError::TooMany)?;
        let words = Terms::new(words.iter().cloned(), WORDS_WITHIN_WORDS);
        let words = words.map_err(|_| RuleError::TooMany)?;
        Ok(Self { names, joined, words, patterns })
    }

    /// How many names and words it looks for.
    #[must_use]
    pub const fn terms(&self) -> (usize, usize) {
        (self.names.count(), self.words.count())
    }

    /// A text with what is withheld replaced by what `mark` says for the rules that withhold it.
    pub fn redact(&self, text: &str, mut mark: impl FnMut(&BTreeSet<Rule>) -> String) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut at = 0;
        for passage in self.passages(text) {
            redacted.push_str(&text[at..passage.from]);
            redacted.push_str(&mark(&passage.rules));
            at = passage.to;
        }
        redacted.push_str(&text[at..]);
        redacted
    }

    /// What is withheld of a text, in order and apart from each other.
    fn passages(&self, text: &str) -> Vec<Passage> {
        let mut left = text.to_owned();
        let mut passages: Vec<Passage> = Vec::new();
        // Each round blacks out a byte more at least, so there are no more rounds than bytes.
        loop {
            let found = self.found(&left);
            if found.is_empty() {
                return passages;
            }
            passages = merged(passages, found);
            left.clear();
            let mut at = 0;
            for Passage { from, to, .. } in &passages {
                left.push_str(&text[at..*from]);
                left.extend(std::iter::repeat_n(GAP, to - from));
                at = *to;
            }
            left.push_str(&text[at..]);
        }
    }

    /// What one look finds.
    fn found(&self, text: &str) -> Vec<Passage> {
        let mut found = Vec::new();
        for atoms in markup::readings(&fold(text)) {
            self.look(&atoms, |rule, (from, to)| {
                // What is gaps alone was found through what is blacked out already.
                if text[from..to].chars().any(|c| c != GAP) {
                    found.push(Passage { from, to, rules: BTreeSet::from([rule]) });
                }
            });
        }
        found
    }

    /// What is found in a text as it may be read.
    fn look(&self, atoms: &[Atom], mut add: impl FnMut(Rule, (usize, usize))) {
        let all =
            [(Rule::Names, &self.names), (Rule::Names, &self.joined), (Rule::Words, &self.words)];
        for (rule, terms) in all {
            terms.find(atoms).into_iter().for_each(|place| add(rule, place));
        }
        let whole = defang::whole(atoms);
        for rule in &self.patterns {
            let places = match rule {
                Rule::Emails => patterns::emails(&whole),
                Rule::Telephones => patterns::telephones(&whole),
                Rule::Addresses => addresses::addresses(&whole),
                Rule::Indicators => patterns::indicators(&whole),
                Rule::Labels | Rule::Names | Rule::Words => continue,
            };
            let place = |atoms: &[Atom]| Some((atoms.first()?.from, atoms.last()?.to));
            let places = places.into_iter().filter_map(|found| place(&whole[found]));
            places.for_each(|place| add(*rule, place));
        }
    }
}

/// A passage that is withheld, in bytes of the text.
struct Passage {
    from: usize,
    to: usize,
    rules: BTreeSet<Rule>,
}

/// Passages that touch or overlap are one, withheld by the rules of all.
fn merged(known: Vec<Passage>, found: Vec<Passage>) -> Vec<Passage> {
    let mut all: Vec<Passage> = known.into_iter().chain(found).collect();
    all.sort_by_key(|one| (one.from, one.to));
    let mut merged: Vec<Passage> = Vec::with_capacity(all.len());
    for one in all {
        match merged.last_mut() {
            Some(last) if one.from <= last.to => {
                last.to = last.to.max(one.to);
                last.rules.extend(one.rules);
            }
            _ => merged.push(one),
        }
    }
    merged
}

/// A name, and each of its parts that is no initial: who is called by one of them is named. So is who
/// is called Neill, of an O'Neill.
fn parts(name: &str) -> Vec<String> {
    let parts = split(name);
    let behind = parts.iter().filter_map(|part| part.rsplit_once('\''));
    let behind = behind.map(|(_, rest)| rest).filter(|rest| rest.chars().count() > 2);
    let behind: Vec<_> = behind.map(str::to_owned).collect();
    let parts = parts.into_iter().filter(|part| part.chars().count() > 1);
    std::iter::once(name.to_owned()).chain(parts).chain(behind).collect()
}

/// Two parts of a name in one word, and one with another's initial: *joann*, *J. Ng*, *Ng, J.*
fn joined(name: &str) -> Vec<String> {
    let parts = split(name);
    let mut joined = Vec::new();
    for (n, one) in parts.iter().enumerate() {
        for (_, other) in parts.iter().enumerate().filter(|(m, _)| *m != n) {
            joined.push(format!("{one}{other}"));
            if one.chars().count() > 1 {
                let initial: String = other.chars().take(1).collect();
                joined.extend([format!("{initial}{one}"), format!("{one}{initial}")]);
            }
        }
    }
    joined
}

/// The parts of a name, folded: marks over letters do not part it.
fn split(name: &str) -> Vec<String> {
    let folded: String = fold(name).iter().map(|atom| atom.c).collect();
    let parts = folded.split(|c: char| !c.is_alphanumeric() && c != '\'');
    parts.filter(|part| part.contains(char::is_alphanumeric)).map(str::to_owned).collect()
}
