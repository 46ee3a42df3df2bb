//! Addresses as they are written so that nobody follows them by mistake, made whole again: `[.]`, `(at)`,
//! ` dot `, with marks of Markdown between them.

use super::fold::Atom;

/// The longest inside of brackets that is looked at.
const INSIDE: usize = 8;

/// A folded text with what was written around made what it stands for.
pub(super) fn whole(atoms: &[Atom]) -> Vec<Atom> {
    let plain: Vec<Atom> =
        atoms.iter().copied().filter(|atom| !"\\*`~'".contains(atom.c)).collect();
    spelled_at(&spelled_dot(&half_bracketed(&bracketed(&plain))))
}

/// `[.]`, `(dot)`, `{ at }`, `[://]`.
fn bracketed(atoms: &[Atom]) -> Vec<Atom> {
    let mut whole = Vec::with_capacity(atoms.len());
    let mut at = 0;
    while at < atoms.len() {
        if let Some((stands_for, length)) = in_brackets(&atoms[at..]) {
            // Spaces around it belong to it.
            while whole.last().is_some_and(|last: &Atom| is_gap(last.c)) {
                whole.pop();
            }
            let from = first_of_gap(atoms, at);
            at += length;
            at += atoms[at..].iter().take_while(|atom| is_gap(atom.c)).count();
            let one =
                |c| Atom { c, from, to: atoms[at - 1].to, is_capital: false, is_spelled: true };
            whole.extend(stands_for.chars().map(one));
        } else {
            whole.push(atoms[at]);
            at += 1;
        }
    }
    whole
}

/// Where the space before an atom begins.
fn first_of_gap(atoms: &[Atom], at: usize) -> usize {
    let gap = atoms[..at].iter().rev().take_while(|atom| is_gap(atom.c)).count();
    atoms[at - gap].from
}

fn in_brackets(atoms: &[Atom]) -> Option<(&'static str, usize)> {
    let closing = match atoms.first()?.c {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        _ => return None,
    };
    let end = atoms.iter().take(INSIDE + 2).position(|atom| atom.c == closing)?;
    let inside: String = atoms[1..end].iter().map(|atom| atom.c).collect();
    let stands_for = match inside.trim() {
        "." | "dot" | "point" | "punkt" | "d0t" => ".",
        "@" | "at" => "@",
        ":" => ":",
        "/" => "/",
        "//" => "//",
        "://" => "://",
        "-" | "dash" | "hyphen" => "-",
        _ => return None,
    };
    Some((stands_for, end + 1))
}

/// `evil[.example`, `198.51.100.]7`: a mark between letters or digits with brackets beside it.
fn half_bracketed(atoms: &[Atom]) -> Vec<Atom> {
    let is_mark = |atom: &Atom| ".@:/".contains(atom.c);
    let is_of_group = |atom: &Atom| is_mark(atom) || "[](){}<>".contains(atom.c);
    let is_letter = |atom: Option<&Atom>| atom.is_some_and(|atom| atom.c.is_alphanumeric());
    let mut whole: Vec<Atom> = Vec::with_capacity(atoms.len());
    let mut at = 0;
    while at < atoms.len() {
        let length = atoms[at..].iter().take_while(|atom| is_of_group(atom)).count();
        let group = &atoms[at..at + length];
        let is_between = is_letter(whole.last()) && is_letter(atoms.get(at + length));
        if is_between && group.iter().any(is_mark) {
            whole.extend(group.iter().filter(|atom| is_mark(atom)));
        } else {
            whole.extend(group);
        }
        at += length;
        // What ends a group is none of it.
        whole.extend(atoms.get(at));
        at += 1;
    }
    whole
}

/// ` dot ` and ` . ` between letters, `-dot-` too.
fn spelled_dot(atoms: &[Atom]) -> Vec<Atom> {
    let apart = spelled(atoms, ".", '.', |_, _| true);
    spelled(&apart, "dot", '.', |_, _| true)
}

/// ` at ` where a spelled out full stop follows, or where only an address looks so: "meet at noon" is
/// none, and neither is "look at example.org".
fn spelled_at(atoms: &[Atom]) -> Vec<Atom> {
    spelled(atoms, "at", '@', |before, rest| {
        let is_host = |atom: &&Atom| atom.c.is_alphanumeric() || ".-_".contains(atom.c);
        let host: Vec<Atom> = rest.iter().take_while(is_host).copied().collect();
        let dots = host.iter().filter(|atom| atom.c == '.').count();
        let is_local = |atom: &&Atom| !atom.c.is_whitespace();
        let local: Vec<Atom> = before.iter().rev().take_while(is_local).copied().collect();
        let is_marked = local.iter().skip(1).any(|atom| "._+-".contains(atom.c))
            || local.iter().any(|atom| atom.c.is_numeric());
        let is_web = host.iter().map(|atom| atom.c).take(4).eq("www.".chars());
        host.iter().any(|atom| atom.c == '.' && atom.is_spelled)
            || dots > 0 && is_marked
            || dots > 1 && !is_web
    })
}

fn spelled(
    atoms: &[Atom],
    word: &str,
    stands_for: char,
    fits: impl Fn(&[Atom], &[Atom]) -> bool,
) -> Vec<Atom> {
    let mut whole: Vec<Atom> = Vec::with_capacity(atoms.len());
    let mut at = 0;
    while at < atoms.len() {
        let is_apart = |atom: &&Atom| is_gap(atom.c) || "-_".contains(atom.c);
        let space = |from: usize| atoms[from..].iter().take_while(is_apart).count();
        // A long gap is looked through once, from where it begins.
        let begins = at == 0 || !is_apart(&&atoms[at - 1]);
        let before = if begins { space(at) } else { 0 };
        let begin = at + before;
        let is_here = atoms[begin..].iter().map(|atom| atom.c).take(word.len()).eq(word.chars());
        let after = if is_here { space(begin + word.len()) } else { 0 };
        let rest = begin + word.len() + after;
        if before > 0 && after > 0 && rest < atoms.len() && fits(&whole, &atoms[rest..]) {
            let (from, to) = (atoms[at].from, atoms[rest - 1].to);
            whole.push(Atom { c: stands_for, from, to, is_capital: false, is_spelled: true });
            at = rest;
        } else {
            whole.push(atoms[at]);
            at += 1;
        }
    }
    whole
}

const fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}')
}
