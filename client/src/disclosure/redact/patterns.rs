//! E-mail addresses, telephone numbers, names of hosts and other indicators.
//!
//! They err on one side: what may be one is taken for one. A date is no telephone number, and neither is
//! the number of a vulnerability; of anything else with seven digits in a row it is not sure.

use std::ops::Range;

use super::addresses::addresses;
use super::fold::Atom;

/// The fewest digits of a telephone number: one without an area's code has six, but then everything is.
const DIGITS: usize = 7;

/// What stands before a short number of a telephone.
const EXTENSION: [&str; 10] =
    ["extension", "extn", "ext", "x", "tel", "telephone", "phone", "mob", "mobile", "fax"];

/// The shortest hash: MD5 in hexadecimal.
const HASH: usize = 32;

/// Where something was found, in numbers of atoms.
pub(super) type Found = Range<usize>;

/// E-mail addresses.
pub(super) fn emails(text: &[Atom]) -> Vec<Found> {
    let signs = text.iter().enumerate().filter(|(_, atom)| atom.c == '@').map(|(at, _)| at);
    signs.filter_map(|at| email(text, at)).collect()
}

fn email(text: &[Atom], at: usize) -> Option<Found> {
    // What stands in brackets before an `@` is part of the address (RFC 5322, comments), and so are
    // many signs.
    let is_local = |atom: &Atom| {
        !atom.c.is_whitespace() && !atom.c.is_control() && !"@<>,;\"|".contains(atom.c)
    };
    let is_domain = |atom: &Atom| atom.c.is_alphanumeric() || ".-[:_".contains(atom.c);
    let spaces_before = text[..at].iter().rev().take_while(|atom| atom.c.is_whitespace()).count();
    let spaces_after = text[at + 1..].iter().take_while(|atom| atom.c.is_whitespace()).count();
    let end = at - spaces_before;
    let mut from = end - text[..end].iter().rev().take_while(|atom| is_local(atom)).count();
    if from == end && end > 0 && text[end - 1].c == '"' {
        from = text[..end - 1].iter().rposition(|atom| atom.c == '"')?;
    }
    let begin = at + 1 + spaces_after;
    let to = begin + text[begin..].iter().take_while(|atom| is_domain(atom)).count();
    let has_dot = text[begin..to].iter().any(|atom| atom.c == '.');
    // "Meet @ five" is no address; "jo @ dover.gov.uk" is.
    let is_close = spaces_before + spaces_after == 0;
    let has_local = text[from..end].iter().any(|atom| atom.c.is_alphanumeric());
    (has_local && begin < to && (is_close || has_dot)).then_some(from..to)
}

/// Telephone numbers.
pub(super) fn telephones(text: &[Atom]) -> Vec<Found> {
    let mut found = extensions(text);
    let mut at = 0;
    while at < text.len() {
        let begins = text[at].c.is_numeric() || "+(".contains(text[at].c);
        let length = text[at..].iter().take_while(|atom| is_of_number(atom.c)).count();
        if !begins || length == 0 {
            at += 1;
            continue;
        }
        let run = at..at + length;
        let digits = |of: &[Atom]| of.iter().filter(|atom| atom.c.is_numeric()).count();
        let rest = run.start + length_of_date(text, &run).max(length_of_cve(text, &run));
        if digits(&text[rest..run.end]) >= DIGITS {
            found.push(run.clone());
        }
        at = run.end;
    }
    found
}

fn is_of_number(c: char) -> bool {
    c.is_numeric() || c.is_whitespace() || "-.()[]{}/+_".contains(c)
}

/// How much of a run of digits is a date: `2024-01-18`, `18/01/2024`, `18.1.2024`.
fn length_of_date(text: &[Atom], run: &Found) -> usize {
    let run = &text[run.clone()];
    let parts: Vec<&[Atom]> = run.splitn(3, |atom| "-/.".contains(atom.c)).collect();
    let [first, second, third] = parts[..] else { return 0 };
    let last = third.iter().take_while(|atom| atom.c.is_numeric()).count();
    let number = |of: &[Atom]| -> Option<u32> {
        let text: String = of.iter().map(|atom| atom.c).collect();
        text.parse().ok().filter(|_| of.len() <= 4)
    };
    let [Some(a), Some(b), Some(c)] = [first, second, &third[..last]].map(number) else { return 0 };
    let is_day = |n: u32| (1..=31).contains(&n);
    let is_year = |n: u32| (1900..2100).contains(&n);
    let is_date = (1..=12).contains(&b)
        && (is_year(a) && first.len() == 4 && is_day(c) && last <= 2
            || is_day(a) && first.len() <= 2 && is_year(c) && last == 4);
    if is_date { first.len() + 1 + second.len() + 1 + last } else { 0 }
}

/// How much of a run of digits is the number of a vulnerability: behind `CVE-`.
fn length_of_cve(text: &[Atom], run: &Found) -> usize {
    let before: String = text[..run.start].iter().rev().take(4).map(|atom| atom.c).collect();
    if before != "-evc" {
        return 0;
    }
    let is_part = |atom: &&Atom| atom.c.is_numeric() || atom.c == '-';
    text[run.clone()].iter().take_while(is_part).count().min("2024-1234567".len())
}

/// Extensions of telephones: `ext. 4521`, `x4521`.
fn extensions(text: &[Atom]) -> Vec<Found> {
    let mut found = Vec::new();
    for word in EXTENSION {
        for at in 0..text.len() {
            let is_here = text[at..].iter().map(|atom| atom.c).take(word.len()).eq(word.chars());
            if !is_here || at > 0 && text[at - 1].c.is_alphabetic() {
                continue;
            }
            let rest = at + word.len();
            let gap = text[rest..].iter().take_while(|atom| " .:-".contains(atom.c)).count();
            let number = text[rest + gap..].iter().take_while(|atom| is_of_number(atom.c)).count();
            let digits = text[rest + gap..rest + gap + number].iter();
            if digits.filter(|atom| atom.c.is_numeric()).count() >= 3 {
                found.push(at..rest + gap + number);
            }
        }
    }
    found
}

/// What an attack leaves behind: addresses, names of hosts, web addresses, hashes.
pub(super) fn indicators(text: &[Atom]) -> Vec<Found> {
    let mut found = addresses(text);
    found.extend(web_addresses(text));
    let hosts = runs(text, |c| c.is_alphanumeric() || ".-_".contains(c));
    found.extend(hosts.filter(|run| is_host(&text[run.clone()])).map(|run| to_its_end(text, run)));
    let hashes = runs(text, |c| c.is_ascii_hexdigit());
    found.extend(hashes.filter(|run| run.len() >= HASH));
    found
}

/// Names with a full stop between them, of which one has a letter: what is joined to the last by a dash,
/// a low line or another full stop does not make it something else.
fn is_host(run: &[Atom]) -> bool {
    let name: String = run.iter().map(|atom| atom.c).collect();
    let parts: Vec<&str> = name.split('.').collect();
    parts.windows(2).any(|two| is_domain(two[0], two[1]))
}

/// Whether what stands behind a full stop is a domain: it has a letter and another, and is no measure
/// and no time (`1.5-inch`, `7.30pm`).
fn is_domain(before: &str, last: &str) -> bool {
    let mut letters = last.chars().filter(|c| c.is_alphanumeric());
    let is_measure =
        letters.next().is_none_or(char::is_numeric) && !before.chars().any(char::is_alphabetic);
    letters.next().is_some()
        && last.chars().any(char::is_alphabetic)
        && before.chars().any(char::is_alphanumeric)
        && !is_measure
}

fn web_addresses(text: &[Atom]) -> impl Iterator<Item = Found> {
    let marks = text.windows(3).enumerate();
    let marks = marks.filter(|(_, three)| three.iter().map(|atom| atom.c).eq("://".chars()));
    marks.map(|(at, _)| {
        let is_scheme = |atom: &&Atom| atom.c.is_alphanumeric() || "+-.".contains(atom.c);
        let scheme = text[..at].iter().rev().take_while(is_scheme).count();
        to_its_end(text, at - scheme..at + 3)
    })
}

/// Up to where the next space is: what follows a name of a host is its port and path.
fn to_its_end(text: &[Atom], found: Found) -> Found {
    let goes_on = |atom: &Atom| !atom.c.is_whitespace() && !"<>\"".contains(atom.c);
    let more = text[found.end..].iter().take_while(|atom| goes_on(atom)).count();
    found.start..found.end + more
}

/// The longest stretches of such characters.
pub(super) fn runs(text: &[Atom], fits: impl Fn(char) -> bool) -> impl Iterator<Item = Found> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += text[at..].iter().take_while(|atom| !fits(atom.c)).count();
        let length = text[at..].iter().take_while(|atom| fits(atom.c)).count();
        at += length;
        (length > 0).then(|| at - length..at)
    })
}
