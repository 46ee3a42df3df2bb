//! The vectors that implementations of RFC 6962 share, and properties for every size up to 300.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

/// All leaves of a small tree.
struct Leaves(Vec<Head>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Head, Infallible> {
        let (low, length) = (usize::try_from(index << level).unwrap(), 1_usize << level);
        let mut row = self.0[low..low + length].to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(row[0])
    }
}

impl Leaves {
    fn of(size: u64) -> Self {
        Self((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn root(&mut self, size: u64) -> Head {
        root(self, size).unwrap()
    }
}

/// The leaves and roots of the reference implementation of Certificate Transparency.
#[test]
fn roots_are_those_of_the_shared_vectors() {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"];
    let long = "606162636465666768696a6b6c6d6e6f";
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::default();
    let mut all = Leaves(Vec::new());
    assert_eq!(frontier.root(), empty_root());
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty_root().to_string(), empty);
    for (leaf, expected) in leaves.iter().chain([&long]).zip(roots) {
        let leaf = leaf_hash(&data_encoding::HEXLOWER.decode(leaf.as_bytes()).unwrap());
        frontier.push(leaf);
        all.0.push(leaf);
        assert_eq!(frontier.root().to_string(), expected);
        assert_eq!(all.root(frontier.size()).to_string(), expected);
    }
    // PATH(m, D[7]) and PROOF(m, D[7]) have the lengths of the examples in RFC 6962 §2.1.3.
    let mut seven = Leaves(all.0[..7].to_vec());
    let lengths = [0, 3, 4, 6].map(|index| inclusion(&mut seven, index, 7).unwrap().len());
    assert_eq!(lengths, [3, 3, 3, 2]);
    let lengths = [3, 4, 6].map(|from| consistency(&mut seven, from, 7).unwrap().len());
    assert_eq!(lengths, [4, 1, 3]);
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_at_no_other_place() {
    for size in 1..=40 {
        let mut leaves = Leaves::of(size);
        let root = leaves.root(size);
        for index in 0..size {
            let path = inclusion(&mut leaves, index, size).unwrap();
            let leaf = leaf_hash(&index.to_be_bytes());
            assert!(includes(leaf, index, size, &path, &root), "{index} of {size}");
            for other in (0..=size).filter(|other| *other != index) {
                assert!(!includes(leaf, other, size, &path, &root), "{index} as {other} of {size}");
            }
        }
    }
}

#[test]
fn every_small_tree_continues_every_smaller_one_and_no_other() {
    for to in 1..=40 {
        let mut leaves = Leaves::of(to);
        let to_root = leaves.root(to);
        for from in 0..=to {
            let path = consistency(&mut leaves, from, to).unwrap();
            let from_root = leaves.root(from);
            assert!(continues((from, &from_root), (to, &to_root), &path), "{from} to {to}");
            let other = Head([7; 32]);
            assert!(!continues((from, &other), (to, &to_root), &path));
            assert!(from == 0 || !continues((from, &from_root), (to, &other), &path));
            assert!(!continues((to + 1, &from_root), (to, &to_root), &path));
        }
    }
}

proptest! {
    #[test]
    fn a_proof_with_one_bit_changed_proves_nothing(
        size in 2_u64..300, index in any::<u64>(), at in any::<usize>(), bit in 0_u8..8,
    ) {
        let (mut leaves, index) = (Leaves::of(size), index % size);
        let root = leaves.root(size);
        let path = inclusion(&mut leaves, index, size).unwrap();
        let leaf = leaf_hash(&index.to_be_bytes());
        prop_assert!(includes(leaf, index, size, &path, &root));
        let mut bent = path.clone();
        let at = at % (bent.len() * 32);
        bent[at / 32].0[at % 32] ^= 1 << bit;
        prop_assert!(!includes(leaf, index, size, &bent, &root));
        prop_assert!(!includes(leaf, index, size, &path[1..], &root));
        prop_assert!(!includes(leaf, index, size, &[&path[..], &[root]].concat(), &root));
    }

    #[test]
    fn a_log_that_differs_before_its_old_end_does_not_continue_it(
        to in 2_u64..300, from in any::<u64>(), changed in any::<u64>(),
    ) {
        let from = 1 + from % (to - 1);
        let (mut leaves, changed) = (Leaves::of(to), changed % from);
        let (from_root, to_root) = (leaves.root(from), leaves.root(to));
        let path = consistency(&mut leaves, from, to).unwrap();
        prop_assert!(continues((from, &from_root), (to, &to_root), &path));
        // Another log, with an honest proof of its own.
        leaves.0[usize::try_from(changed).unwrap()] = leaf_hash(b"another");
        let (other_root, path) = (leaves.root(to), consistency(&mut leaves, from, to).unwrap());
        prop_assert!(!continues((from, &from_root), (to, &other_root), &path));
        let mut longer = path;
        longer.push(to_root);
        prop_assert!(!continues((from, &from_root), (to, &to_root), &longer));
    }

    #[test]
    fn a_frontier_has_the_root_of_the_whole(size in 0_u64..300) {
        let mut leaves = Leaves::of(size);
        let mut frontier = Frontier::default();
        leaves.0.iter().for_each(|leaf| frontier.push(*leaf));
        prop_assert_eq!(frontier.root(), leaves.root(size));
    }
}
