//! What Markdown and HTML leave unseen of a text: tags, targets of links, numbers of footnotes. A word
//! with one in its middle is read as a word.
//!
//! What it is not: a reader of either. What only looks like a tag is left out too, so a text is looked
//! at with it and without.

use super::fold::Atom;

/// The ways a folded text may be read: as it is, without what is not shown, and each without low lines,
/// which mark emphasis.
pub(super) fn readings(atoms: &[Atom]) -> Vec<Vec<Atom>> {
    let mut readings = vec![atoms.to_vec()];
    readings.extend(Some(shown(atoms)).filter(|shown| shown.len() < atoms.len()));
    if atoms.iter().any(|atom| atom.c == '_') {
        let bare = |of: &Vec<Atom>| of.iter().copied().filter(|atom| atom.c != '_').collect();
        let bare: Vec<Vec<Atom>> = readings.iter().map(bare).collect();
        readings.extend(bare);
    }
    readings
}

/// A folded text without tags, targets of links and numbers of footnotes.
fn shown(atoms: &[Atom]) -> Vec<Atom> {
    let mut is_shown = vec![true; atoms.len()];
    let mut opened = Vec::new();
    let mut at = 0;
    while at < atoms.len() {
        let next = atoms.get(at + 1).map(|atom| atom.c);
        let end = match (atoms[at].c, next) {
            ('<', _) => closing(atoms, at, '>'),
            ('[', Some('^')) => closing(atoms, at, ']'),
            ('[', _) => {
                opened.push(at);
                None
            }
            (']', next) => {
                let begin = opened.pop();
                let end = match next {
                    Some('(') => closing(atoms, at + 1, ')'),
                    Some('[') => closing(atoms, at + 1, ']'),
                    _ => None,
                };
                if let (Some(begin), Some(_)) = (begin, end) {
                    is_shown[begin] = false;
                }
                end
            }
            _ => None,
        };
        let end = end.map_or(at, |end| {
            is_shown[at..=end].fill(false);
            end
        });
        at = end + 1;
    }
    atoms.iter().zip(is_shown).filter(|(_, is_shown)| *is_shown).map(|(atom, _)| *atom).collect()
}

/// Where a bracket is closed, if none of its kind opens before and the line goes on: so each atom is
/// looked at once.
fn closing(atoms: &[Atom], at: usize, closing: char) -> Option<usize> {
    let opening = atoms[at].c;
    let rest = &atoms[at + 1..];
    let end = rest.iter().position(|atom| [closing, opening, '\n'].contains(&atom.c))?;
    (rest[end].c == closing).then_some(at + 1 + end)
}
