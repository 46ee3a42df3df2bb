//! Addresses of networks and of network cards.
//!
//! They are looked for group by group and not as a whole: what stands before and behind one, a dash or
//! a letter, does not make it another thing.

use std::ops::RangeInclusive;

use super::fold::Atom;
use super::patterns::{Found, runs};

/// The digits of an IPv4 address that is one number; those of 8 and fewer are dates more often.
const ONE_NUMBER: RangeInclusive<usize> = 9..=10;

/// The digits of a hardware address with nothing between them.
const CARD: usize = 12;

/// Addresses of IP and of network cards.
pub(super) fn addresses(text: &[Atom]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut look = |fits: fn(char) -> bool, is_one: fn(&str) -> bool| {
        found.extend(runs(text, fits).filter(|run| is_one(&text_of(&text[run.clone()]))));
    };
    look(|c| c.is_numeric() || c == '.', |run| is_v4(run, '.'));
    look(|c| c.is_numeric() || c == '-', |run| is_v4(run, '-'));
    look(|c| c.is_ascii_hexdigit() || c == 'x' || c == '.', |run| is_v4(run, '.'));
    look(|c| c.is_ascii_hexdigit() || ":.-".contains(c), |run| is_v6(run) || is_card(run));
    look(|c| c.is_ascii_hexdigit() || c == ' ', are_pairs);
    look(char::is_alphanumeric, is_number);
    found
}

fn text_of(atoms: &[Atom]) -> String {
    atoms.iter().map(|atom| atom.c).collect()
}

/// Four numbers in a row, decimal, octal or hexadecimal.
fn is_v4(run: &str, by: char) -> bool {
    let parts: Vec<&str> = run.split(by).collect();
    parts.windows(4).any(|four| four.iter().all(|part| is_octet(part)))
}

fn is_octet(part: &str) -> bool {
    if let Some(digits) = part.strip_prefix("0x") {
        return (1..=2).contains(&digits.len());
    }
    let length = part.chars().count();
    part.chars().all(char::is_numeric)
        && ((1..=3).contains(&length) || length == 4 && part.starts_with('0'))
}

/// Eight groups, or fewer with some left out.
fn is_v6(run: &str) -> bool {
    let colons = run.trim_matches(['.', '-']).trim_end_matches(':').matches(':').count();
    colons >= 4 || run.contains("::") && run.chars().any(|c| c.is_ascii_hexdigit())
}

/// Six groups of two, or three of four as Cisco writes them.
fn is_card(run: &str) -> bool {
    let lengths: Vec<usize> = run.split([':', '-', '.']).map(str::len).collect();
    let are = |count: usize, each: RangeInclusive<usize>| {
        lengths.windows(count).any(|groups| {
            let (outer, inner) = ([groups[0], groups[count - 1]], &groups[1..count - 1]);
            // What is joined to the first or the last is no part of it.
            outer.iter().all(|length| length >= each.start())
                && inner.iter().all(|length| each.contains(length))
        })
    };
    are(6, 1..=2) || are(3, 4..=4)
}

/// Six groups of two with spaces between them.
fn are_pairs(run: &str) -> bool {
    let groups: Vec<&str> = run.split(' ').collect();
    groups.windows(6).any(|six| six.iter().all(|group| group.len() == 2))
}

/// An address written as one number.
fn is_number(run: &str) -> bool {
    let has = |fits: fn(&char) -> bool| run.chars().any(|c| fits(&c));
    let is_hexadecimal = |digits: &str| digits.chars().all(|c| c.is_ascii_hexdigit());
    if let Some(digits) = run.strip_prefix("0x") {
        return digits.len() == 8 && is_hexadecimal(digits);
    }
    let is_v4 = ONE_NUMBER.contains(&run.len()) && run.parse::<u32>().is_ok();
    let is_card = run.len() == CARD
        && is_hexadecimal(run)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic);
    is_v4 || is_card
}
