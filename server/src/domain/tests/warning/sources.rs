//! The latest alert of each source: how many are remembered, and which is forgotten first.

use super::super::post;
use super::*;
use crate::domain::sources::Sources;

#[test]
fn of_16384_sources_the_one_whose_latest_alert_is_the_oldest_is_forgotten_first() {
    let mut sources = Sources::default();
    let insert = |sources: &mut Sources, seq: Seq, id: Seq| {
        let (id, revision) = (id.to_string().parse().unwrap(), seq.to_string().parse().unwrap());
        sources.insert(seq, &Source { id, revision }, post(Label::Green));
    };
    let latest = |sources: &Sources, id: Seq| {
        let id = id.to_string().parse().unwrap();
        sources.latest(person(10), &id, false).map(|alerted| alerted.seq)
    };
    for seq in 1..=16_384 {
        insert(&mut sources, seq, seq);
    }
    insert(&mut sources, 16_385, 1);
    let seen = [1, 2, 3].map(|id| latest(&sources, id));
    assert_eq!(seen, [Some(16_385), Some(2), Some(3)], "a revision is no source more");
    insert(&mut sources, 16_386, 16_386);
    let seen = [1, 2, 3, 16_386].map(|id| latest(&sources, id));
    assert_eq!(seen, [Some(16_385), None, Some(3), Some(16_386)]);
}
