//! Tampering at random with what the database holds of a log: whatever is bent, dropped, swapped, cut or
//! put in another's place, verifying names the first record that is not what it was.
//!
//! `WARPROOM_TAMPERINGS` asks for another number of rounds, `WARPROOM_TAMPERING_SEED` for those of an earlier
//! run. Who has the keys as well is the audit log's tests' business.

use warproom_proto::record::{LogId, Position, Seq};

use crate::store::layout;
use crate::store::opened::Opened;
use crate::store::tests::{Place, draft};
use crate::store::verify::verify_log;

const LAST: Seq = 60;

/// With those of the audit log's checkpoints it makes ten thousand, in seconds.
const ROUNDS: u64 = 8_000;

/// Numbers that look random and come again from the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[test]
fn every_tampering_with_stored_records_is_found_and_named() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("WARPROOM_TAMPERINGS").unwrap_or(ROUNDS);
    let seed = number("WARPROOM_TAMPERING_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let mut random = Random(seed << 1 | 1);
    // The first numbers of a small seed are small.
    for _ in 0..10 {
        let _ = random.below(2);
    }
    let place = Place::new();
    let (store, mut committer) = place.open();
    for n in 0..LAST {
        committer.commit(vec![draft(LogId::AUDIT, &n.to_string())], &[], 1_000).unwrap();
    }
    let known = store.position(LogId::AUDIT);
    let opened = &*store.0;
    assert_eq!(found(opened, known), None);
    for round in 0..rounds {
        let before: Vec<_> =
            (1..=LAST).map(|seq| (seq, opened.db.get(key(seq)).unwrap())).collect();
        let first = tamper(opened, &mut random);
        assert_eq!(found(opened, known), Some(first), "round {round} of seed {seed}");
        for (seq, sealed) in before {
            opened.db.insert(key(seq), sealed.unwrap()).unwrap();
        }
    }
    assert_eq!(found(opened, known), None, "everything is as it was");
}

fn key(seq: Seq) -> [u8; layout::RECORD_BYTES] {
    layout::record(LogId::AUDIT, seq)
}

fn found(opened: &Opened, known: Position) -> Option<Seq> {
    let last = opened.last(LogId::AUDIT).unwrap();
    let (_, damage) = verify_log(opened, LogId::AUDIT, last, Some(known)).unwrap();
    damage.map(|damage| damage.seq)
}

/// Does something to the log; the number of the first record that it touches.
fn tamper(opened: &Opened, random: &mut Random) -> Seq {
    let db = &opened.db;
    let seq = 1 + random.below(LAST);
    let other = 1 + (seq + random.below(LAST - 1)) % LAST;
    let sealed = |seq| db.get(key(seq)).unwrap().unwrap().to_vec();
    let mut bent = sealed(seq);
    let at = usize::try_from(random.below(u64::try_from(bent.len()).unwrap())).unwrap();
    match random.below(6) {
        0 => {
            bent[at] ^= 1 << random.below(8);
            db.insert(key(seq), bent).unwrap();
        }
        1 => {
            bent.truncate(at);
            db.insert(key(seq), bent).unwrap();
        }
        2 => drop(db.remove(key(seq)).unwrap()),
        3 => {
            (seq..=LAST).for_each(|seq| drop(db.remove(key(seq)).unwrap()));
        }
        4 => {
            // One in the place of another: each opens only in its own.
            db.insert(key(seq), sealed(other)).unwrap();
        }
        _ => {
            let pair = (sealed(seq), sealed(other));
            db.insert(key(seq), pair.1).unwrap();
            db.insert(key(other), pair.0).unwrap();
            return seq.min(other);
        }
    }
    seq
}
