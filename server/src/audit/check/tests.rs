//! Tampering by somebody who has every key of the store: records are decoded, changed and chained anew,
//! so that nothing but a checkpoint can tell. `WARPROOM_TAMPERINGS` asks for another number of rounds.

use std::collections::BTreeMap;

use warproom_proto::Checkpoint;
use warproom_proto::merkle::{Frontier, leaf_hash};

use super::*;
use crate::audit::Keys;

/// With those of the store it makes ten thousand, in seconds.
const ROUNDS: u64 = 2_000;

/// The roots at each size of a log of these commitments.
fn roots(log: &[Head]) -> BTreeMap<Seq, Option<Head>> {
    let mut tree = Frontier::default();
    let mut roots = BTreeMap::from([(0, Some(tree.root()))]);
    for commitment in log {
        tree.push(leaf_hash(&commitment.0));
        roots.insert(tree.size(), Some(tree.root()));
    }
    roots
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most).unwrap()).unwrap()
    }

    fn hash(&mut self) -> Head {
        let mut hash = Head([0; 32]);
        hash.0.iter_mut().for_each(|byte| *byte = self.below(256).try_into().unwrap());
        hash
    }
}

#[test]
fn every_rewriting_of_a_log_by_somebody_with_its_keys_is_found_by_a_checkpoint() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("WARPROOM_TAMPERINGS").unwrap_or(ROUNDS);
    let seed = number("WARPROOM_TAMPERING_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let mut random = Random(seed << 1 | 1);
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::load(folder.path(), None).unwrap();
    let origin = "warproom/x/audit".to_owned();
    let register = Register { origin: origin.clone(), keys: vec![keys.present.public()] };
    let log: Vec<Head> = (0..200).map(|_| random.hash()).collect();
    let (honest, original) = (roots(&log), log.clone());
    let sizes = [20, 75, 150, 200];
    let note = |size| {
        let root = honest[&size].unwrap();
        keys.sign(Checkpoint { origin: origin.clone(), size, root })
    };
    let notes: Vec<Note> = sizes.map(note).into();
    assert_eq!(compare(&notes, &honest, 200, &register), (4, Vec::new()));
    for round in 0..rounds {
        let mut log = log.clone();
        let at = random.below(log.len());
        match random.below(5) {
            0 => log[at] = random.hash(),
            1 => drop(log.remove(at)),
            2 => log.insert(at, random.hash()),
            3 => log.truncate(at),
            _ => {
                let other = (at + 1 + random.below(log.len() - 1)) % log.len();
                log.swap(at, other);
            }
        }
        let have = u64::try_from(log.len()).unwrap();
        let (_, problems) = compare(&notes, &roots(&log), have, &register);
        let context = format!("round {round} of seed {seed}");
        let first = problems.first().unwrap_or_else(|| panic!("not found: {context}"));
        // The first record that is another lies where the first problem says.
        let touched = log.iter().zip(&original).position(|(now, then)| now != then);
        let touched = u64::try_from(touched.unwrap_or(log.len())).unwrap() + 1;
        match first {
            Problem::Forked { first, last } => {
                assert!((*first..=*last).contains(&touched), "{touched}: {context}");
            }
            Problem::Truncated { have: end, known } => {
                assert!(*end == have && *known > have, "{context}");
            }
            other => panic!("{other}: {context}"),
        }
    }
}

#[test]
fn a_checkpoint_of_another_log_or_by_another_key_does_not_count() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = Keys::load(folder.path(), None).unwrap();
    let others = Keys::load(other.path(), None).unwrap();
    let register = Register { origin: "a".into(), keys: vec![keys.present.public()] };
    let (size, honest) = (1, roots(&[Head([1; 32])]));
    let root = honest[&size].unwrap();
    let of = |origin: &str| Checkpoint { origin: origin.into(), size, root };
    let foreign = compare(&[keys.sign(of("b"))], &honest, size, &register).1;
    assert_eq!(foreign, [Problem::Foreign { origin: "b".into() }]);
    let unsigned = compare(&[others.sign(of("a"))], &honest, size, &register).1;
    assert_eq!(unsigned, [Problem::Unsigned { size }]);
}
