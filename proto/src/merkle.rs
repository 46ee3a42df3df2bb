//! The Merkle tree of RFC 6962 §2.1 over a log: what proves that a record stands in it, and that a
//! longer log continues a shorter one, without showing any record.
//!
//! ```text
//! leaf(d)    = SHA-256(0x00 ‖ d)            d: a record's commitment, 32 bytes
//! node(l, r) = SHA-256(0x01 ‖ l ‖ r)
//! ```
//!
//! Pure and shared by both ends: the server makes proofs from whatever holds the [`Nodes`], a client
//! checks them (RFC 9162 §2.1.3.2 and §2.1.4.2), and whoever reads a whole log grows a [`Frontier`].

use sha2::{Digest, Sha256};

use crate::record::Head;

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Head {
    Head(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash of an inner node.
#[must_use]
pub fn node_hash(left: &Head, right: &Head) -> Head {
    let hash = Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0);
    Head(hash.finalize().into())
}

/// The root of the tree with no leaf.
#[must_use]
pub fn empty_root() -> Head {
    Head(Sha256::digest([]).into())
}

/// What has the hashes of complete subtrees.
pub trait Nodes {
    /// Why it has not.
    type Error;

    /// The hash over the leaves `index · 2^level` up to the one before `(index + 1) · 2^level`, all of
    /// which are there.
    fn node(&mut self, level: u32, index: u64) -> Result<Head, Self::Error>;
}

/// The root over the first `size` leaves.
pub fn root<N: Nodes>(nodes: &mut N, size: u64) -> Result<Head, N::Error> {
    if size == 0 { Ok(empty_root()) } else { range(nodes, 0, size) }
}

/// The path that proves leaf `index`, counted from 0, to be among the first `size`. The caller sees to
/// it that it is.
pub fn inclusion<N: Nodes>(nodes: &mut N, index: u64, size: u64) -> Result<Vec<Head>, N::Error> {
    let mut path = Vec::new();
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The path that proves the first `to` leaves to begin with the first `from`. The caller sees to it
/// that there are so many.
pub fn consistency<N: Nodes>(nodes: &mut N, from: u64, to: u64) -> Result<Vec<Head>, N::Error> {
    let mut path = Vec::new();
    if from == 0 || from == to {
        return Ok(path);
    }
    let (mut low, mut high) = (0, to);
    while from < high {
        let middle = low + split(high - low);
        if from <= middle {
            path.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    // Where the shorter log is one complete subtree from the first leaf on, its root is known.
    if low > 0 {
        path.push(range(nodes, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether a path proves that the leaf with this hash is number `index`, from 0, of the `size` under
/// `root`.
#[must_use]
pub fn includes(leaf: Head, index: u64, size: u64, path: &[Head], root: &Head) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(beside, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether a path proves that the tree of the second size and root continues that of the first.
#[must_use]
pub fn continues(first: (u64, &Head), second: (u64, &Head), path: &[Head]) -> bool {
    let ((from, from_root), (to, to_root)) = (first, second);
    if from > to {
        return false;
    }
    if from == to {
        return path.is_empty() && from_root == to_root;
    }
    if from == 0 {
        return path.is_empty() && *from_root == empty_root();
    }
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut path = path.iter();
    let seed = if from.is_power_of_two() { Some(from_root) } else { path.next() };
    let Some(seed) = seed else { return false };
    let (mut shorter, mut longer) = (*seed, *seed);
    for beside in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            shorter = node_hash(beside, &shorter);
            longer = node_hash(beside, &longer);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            longer = node_hash(&longer, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && shorter == *from_root && longer == *to_root
}

/// The right edge of a growing tree: all that is needed to go on, and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees that the leaves fall into, the largest first.
    roots: Vec<Head>,
}

impl Frontier {
    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of one more leaf.
    pub fn push(&mut self, leaf: Head) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Head {
        let join = |right: Head, left: &Head| node_hash(left, &right);
        match self.roots.split_last() {
            Some((last, before)) => before.iter().rev().fold(*last, join),
            None => empty_root(),
        }
    }
}

/// The hash over the leaves from `low` up to the one before `high`, a range that the recursion of
/// RFC 6962 makes: if its length is a power of two, it begins at a multiple of it.
fn range<N: Nodes>(nodes: &mut N, low: u64, high: u64) -> Result<Head, N::Error> {
    let length = high - low;
    if length.is_power_of_two() {
        return nodes.node(length.trailing_zeros(), low >> length.trailing_zeros());
    }
    let middle = low + split(length);
    let left = range(nodes, low, middle)?;
    Ok(node_hash(&left, &range(nodes, middle, high)?))
}

/// The greatest power of two below a length of 2 or more.
const fn split(length: u64) -> u64 {
    1 << (u64::BITS - 1 - (length - 1).leading_zeros())
}

#[cfg(test)]
mod tests;
