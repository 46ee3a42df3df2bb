//! Proofs of the audit log: signed notes, and paths through the tree.

use warproom_proto::merkle::{self, Nodes};
use warproom_proto::{Head, Note};

use super::wire::must;

/// A note. What was signed is its exact text: none is read that would be written otherwise.
pub(super) fn note(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(note) = text.parse::<Note>() else { return };
    assert_eq!(note.to_string(), text, "a note is written as it was read");
    assert!(text.starts_with(&note.checkpoint().text()), "it says what its text says");
}

/// How many leaves the tree has that is tried: every shape of the right edge up to three levels of it.
const LEAVES: u64 = 64;

/// A path, bent in some way. None is taken but the right one, for the right leaf of the right tree.
pub(super) fn tree(bytes: &[u8]) {
    let Some((choices, rest)) = bytes.split_first_chunk::<8>() else { return };
    let (whole, _) = rest.as_chunks::<32>();
    let path: Vec<Head> = whole.iter().map(|hash| Head(*hash)).collect();
    any_numbers(u64::from_be_bytes(*choices), &path);

    let [size, first, bent, with, ..] = choices.map(u64::from);
    let size = 1 + size % LEAVES;
    let first = first % size;
    let root = sure(merkle::root(&mut Whole, size));
    let bend = |path: &[Head]| bent_at(path, bent, with, &whole_or(rest));

    let path = sure(merkle::inclusion(&mut Whole, first, size));
    assert!(merkle::includes(leaf(first), first, size, &path, &root), "the right path is taken");
    let other = bend(&path);
    assert_eq!(merkle::includes(leaf(first), first, size, &other, &root), other == path);
    for elsewhere in [first ^ 1, with % size] {
        let taken = merkle::includes(leaf(first), elsewhere, size, &path, &root);
        assert_eq!(taken, elsewhere == first, "leaf {first} was taken for {elsewhere} of {size}");
    }

    let before = sure(merkle::root(&mut Whole, first));
    let path = sure(merkle::consistency(&mut Whole, first, size));
    assert!(merkle::continues((first, &before), (size, &root), &path), "the right path is taken");
    let other = bend(&path);
    assert_eq!(merkle::continues((first, &before), (size, &root), &other), other == path);
    let rewritten = leaf(u64::MAX);
    assert!(!merkle::continues((first, &rewritten), (size, &root), &path), "history was rewritten");
}

/// Numbers of any size end the checking, and quickly.
fn any_numbers(number: u64, path: &[Head]) {
    let (root, other) = (leaf(0), leaf(1));
    for (low, high) in [(number, u64::MAX), (0, number), (number >> 32, number & 0xffff_ffff)] {
        let _ = merkle::includes(root, low, high, path, &other);
        assert!(!merkle::continues((low, &root), (high, &other), path) || low == 0);
    }
}

/// The path with one hash changed, dropped, added or exchanged for another; or as it was.
fn bent_at(path: &[Head], how: u64, with: u64, hash: &Head) -> Vec<Head> {
    let mut path = path.to_vec();
    let at = usize::try_from(with).unwrap_or_default().checked_rem(path.len());
    match (how % 5, at) {
        (0, Some(at)) => path[at] = *hash,
        (1, Some(at)) => drop(path.remove(at)),
        (2, at) => path.insert(at.unwrap_or_default(), *hash),
        (3, Some(at)) => path.swap(0, at),
        _ => {}
    }
    path
}

/// The first hash of an input, or what there is of it.
fn whole_or(rest: &[u8]) -> Head {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(rest) {
        *to = *from;
    }
    Head(hash)
}

/// The hash of a leaf that only this number has.
fn leaf(number: u64) -> Head {
    merkle::leaf_hash(&number.to_be_bytes())
}

/// The nodes of a tree whose leaves follow from their numbers.
struct Whole;

impl Nodes for Whole {
    type Error = std::convert::Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Head, Self::Error> {
        let Some(below) = level.checked_sub(1) else { return Ok(leaf(index)) };
        let (left, right) = (self.node(below, 2 * index)?, self.node(below, 2 * index + 1)?);
        Ok(merkle::node_hash(&left, &right))
    }
}

fn sure<T>(result: Result<T, std::convert::Infallible>) -> T {
    must(result.ok(), "a tree has its nodes")
}
