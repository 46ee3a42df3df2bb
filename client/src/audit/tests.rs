//! A lying server: whatever it changes in what it shows is found.

use warproom_proto::merkle::{Nodes, consistency, inclusion, node_hash, root};
use warproom_proto::{Body, Record, Salt};

use super::*;
use crate::key::DeviceKey;

/// An audit log's leaves, and the key that signs for them.
#[derive(Clone)]
pub(crate) struct Server {
    leaves: Vec<Head>,
    key: DeviceKey,
}

/// The record of a number; of every third one more than a stub is shown.
fn body(seq: Seq) -> Body {
    let item = serde_json::value::to_raw_value(&seq).unwrap();
    let shown = Body::Shown { at_ms: 0, salt: Salt([0; 16]), item, label: None };
    let commitment = shown.commitment();
    if seq.is_multiple_of(3) { shown } else { Body::Withheld { commitment, erased: false } }
}

pub(crate) const WARP: WarpId = WarpId::from_bytes([3; 16]);

impl Nodes for Server {
    type Error = std::convert::Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Head, Self::Error> {
        let low = usize::try_from(index << level).unwrap();
        let mut row = self.leaves[low..low + (1 << level)].to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        Ok(row[0])
    }
}

impl Server {
    pub(crate) fn new(size: u64) -> Self {
        let leaves = (1..=size).map(|seq| leaf_hash(&body(seq).commitment().0)).collect();
        Self { leaves, key: DeviceKey::generate() }
    }

    /// Its first records, as somebody is shown them whom a third of it concerns.
    pub(crate) fn records(size: u64) -> Vec<Record> {
        let mut at = Position::start(LogId::AUDIT);
        let record = |seq| {
            let body = body(seq);
            at = at.next(&body.commitment());
            Record { seq, head: at.head, body }
        };
        (1..=size).map(record).collect()
    }

    /// The path of a record up to the root of the first `size`.
    pub(crate) fn path(&mut self, seq: Seq, size: u64) -> Vec<Head> {
        inclusion(self, seq - 1, size).unwrap()
    }

    /// The same with another record in it.
    pub(crate) fn forked(&self) -> Self {
        let mut forked = self.clone();
        forked.leaves[20] = leaf_hash(b"another");
        forked
    }

    /// The checkpoint of its first records.
    pub(crate) fn shows(&mut self, size: u64) -> SignedCheckpoint {
        let root = root(self, size).unwrap();
        let checkpoint = Checkpoint { origin: Checkpoint::origin_of(WARP), size, root };
        let key = self.key.public_key();
        let signature = self.key.sign(checkpoint.text().as_bytes());
        SignedCheckpoint { note: Note::new(checkpoint, &[(key, signature)]), key }
    }

    pub(crate) fn proof(&mut self, from: u64, to: u64) -> Vec<Head> {
        consistency(self, from, to).unwrap()
    }
}

/// What a client that remembers `known` makes of a checkpoint and a proof.
fn believes(known: AuditHead, shown: &SignedCheckpoint, path: &[Head]) -> Result<(), Break> {
    match look(Some(known), Some(shown), WARP)? {
        Then::Prove(known, head) => proves(known, head, path),
        Then::Remember(_) | Then::Nothing => Ok(()),
    }
}

fn known(server: &mut Server, size: u64) -> AuditHead {
    match look(None, Some(&server.shows(size)), WARP) {
        Ok(Then::Remember(head)) => head,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_honest_log_is_believed_at_every_size() {
    let mut server = Server::new(70);
    for from in 0..70 {
        let known = known(&mut server, from);
        for to in from..=70 {
            let (shown, path) = (server.shows(to), server.proof(from, to));
            assert_eq!(believes(known, &shown, &path), Ok(()), "{from} to {to}");
        }
    }
}

#[test]
fn a_log_rolled_back_forked_withheld_or_signed_by_another_is_named() {
    let mut server = Server::new(50);
    let head = known(&mut server, 40);
    let shorter = server.shows(39);
    let rolled_back = Err((39, AuditBreak::RolledBack { remembered: 40 }));
    assert_eq!(believes(head, &shorter, &[]), rolled_back);
    assert_eq!(look(Some(head), None, WARP), Err((40, AuditBreak::Withheld)));
    assert_eq!(look(None, None, WARP), Ok(Then::Nothing));
    let other_warp = WarpId::from_bytes([4; 16]);
    let signature = Err((50, AuditBreak::Signature));
    assert_eq!(look(Some(head), Some(&server.shows(50)), other_warp), signature);
    let mut other = server.clone();
    other.key = DeviceKey::generate();
    assert_eq!(look(Some(head), Some(&other.shows(50)), WARP), signature);
    let mut forked = server.forked();
    let at_once = look(Some(head), Some(&forked.shows(40)), WARP);
    assert_eq!(at_once, Err((40, AuditBreak::Forked)), "with no proof asked for");
    let path = forked.proof(40, 50);
    assert_eq!(believes(head, &forked.shows(50), &path), Err((40, AuditBreak::Forked)));
}

#[test]
fn a_key_is_followed_to_the_next_one_that_signs_beside_it() {
    let mut server = Server::new(50);
    let head = known(&mut server, 40);
    let next = DeviceKey::generate();
    let checkpoint = server.shows(40).note.checkpoint().clone();
    let signatures =
        [&next, &server.key].map(|key| (key.public_key(), key.sign(checkpoint.text().as_bytes())));
    let shown =
        SignedCheckpoint { note: Note::new(checkpoint, &signatures), key: next.public_key() };
    let expected = AuditHead { key: next.public_key(), ..head };
    assert_eq!(look(Some(head), Some(&shown), WARP), Ok(Then::Remember(expected)));
}

/// Numbers that look random and come again from the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn hash(&mut self) -> Head {
        let mut hash = Head([0; 32]);
        hash.0.iter_mut().for_each(|byte| *byte = self.below(256).try_into().unwrap());
        hash
    }
}

/// As many tamperings as `WARPROOM_TAMPERINGS` says, 500 otherwise: a record before what is remembered is
/// changed, dropped, doubled or swapped, under an honest proof of the other log or the one of the true
/// log; the proof, the root, the size or the signature is bent.
#[test]
fn every_tampering_of_what_a_client_is_shown_is_found() {
    let rounds = std::env::var("WARPROOM_TAMPERINGS").map_or(500, |count| count.parse().unwrap());
    let seed = std::env::var("WARPROOM_TAMPERING_SEED");
    let seed: u64 = seed.map_or_else(|_| rand_seed(), |seed| seed.parse().unwrap());
    let mut random = Random(seed | 1);
    for round in 0..rounds {
        let (from, more) = (2 + random.below(120), 1 + random.below(120));
        let to = from + more;
        let mut honest = Server::new(to + 1);
        let head = known(&mut honest, from);
        let (shown, path) = (honest.shows(to), honest.proof(from, to));
        assert_eq!(believes(head, &shown, &path), Ok(()));
        let found = tampered(&mut random, &mut honest, head, to);
        let context = format!("round {round} of seed {seed}, {from} to {to}");
        assert!(found.is_err(), "not found: {context}");
    }
}

fn tampered(
    random: &mut Random,
    honest: &mut Server,
    head: AuditHead,
    to: u64,
) -> Result<(), Break> {
    let from = head.size;
    let mut path = honest.proof(from, to);
    let mut shown = honest.shows(to);
    let index = |n: u64| usize::try_from(n).unwrap();
    match random.below(8) {
        kind @ 0..=3 => {
            let mut other = honest.clone();
            let at = index(random.below(from));
            match kind {
                0 => other.leaves[at] = random.hash(),
                1 => drop(other.leaves.remove(at)),
                2 => other.leaves.insert(at, random.hash()),
                _ => {
                    let with = (at + 1 + index(random.below(from - 1))) % index(from);
                    other.leaves.swap(at, with);
                }
            }
            shown = other.shows(to);
            if random.below(2) == 0 {
                path = other.proof(from, to);
            }
        }
        4 if !path.is_empty() => {
            let at = index(random.below(u64::try_from(path.len()).unwrap()));
            path[at].0[index(random.below(32))] ^= 1 << random.below(8);
        }
        5 => {
            path.truncate(path.len().saturating_sub(1));
            if path.len() + 1 == honest.proof(from, to).len() {
                return believes(head, &shown, &path);
            }
            shown = honest.shows(from - 1);
        }
        6 => path.push(random.hash()),
        _ => {
            // A bit of the note itself: it reads no more, or is not signed.
            let mut text = shown.note.to_string().into_bytes();
            let at = index(random.below(u64::try_from(text.len()).unwrap()));
            text[at] ^= 1 << random.below(7);
            let note = String::from_utf8(text).ok().and_then(|text| text.parse().ok());
            let Some(note) = note else { return Err((0, AuditBreak::Signature)) };
            shown.note = note;
        }
    }
    believes(head, &shown, &path)
}

fn rand_seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_nanos() & u128::from(u64::MAX)).unwrap()
}
