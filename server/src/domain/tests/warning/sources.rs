//! The latest alert of each source: how many are remembered, and which is forgotten first.

use super::super::post;
use super::*;
use crate::domain::sources::Sources;
use crate::domain::summary::Summary;

/// An author's alert of a source at a number.
fn insert(sources: &mut Sources, author: u8, seq: Seq, id: Seq) {
    let (id, revision) = (id.to_string().parse().unwrap(), seq.to_string().parse().unwrap());
    let summary = Summary { author: person(author), ..post(Label::Green) };
    sources.insert(seq, &Source { id, revision }, summary);
}

fn latest(sources: &Sources, author: u8, id: Seq) -> Option<Seq> {
    let id = id.to_string().parse().unwrap();
    sources.latest(person(author), &id, false).map(|alerted| alerted.seq)
}

#[test]
fn of_16384_sources_of_all_the_one_whose_latest_alert_is_the_oldest_is_forgotten_first() {
    let mut sources = Sources::default();
    let author = |id: Seq| u8::try_from(id % 5).unwrap();
    for seq in 1..=16_384 {
        insert(&mut sources, author(seq), seq, seq);
    }
    insert(&mut sources, author(1), 16_385, 1);
    let seen = [1, 2, 3].map(|id| latest(&sources, author(id), id));
    assert_eq!(seen, [Some(16_385), Some(2), Some(3)], "a revision is no source more");
    insert(&mut sources, author(16_386), 16_386, 16_386);
    let seen = [1, 2, 3, 16_386].map(|id| latest(&sources, author(id), id));
    assert_eq!(seen, [Some(16_385), None, Some(3), Some(16_386)]);
}

#[test]
fn whoever_raises_alerts_without_end_forgets_their_own_and_nobody_elses() {
    let mut sources = Sources::default();
    insert(&mut sources, 20, 1, 1);
    for seq in 2..=20_000 {
        insert(&mut sources, 10, seq, seq);
    }
    assert_eq!(latest(&sources, 20, 1), Some(1), "a monitoring bot's cancellation finds it");
    let own = (2..=20_000).filter(|id| latest(&sources, 10, *id).is_some());
    assert_eq!(own.collect::<Vec<_>>(), (15_905..=20_000).collect::<Vec<_>>());
}
