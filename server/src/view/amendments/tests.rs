//! What goes with a page, and what is read for it.

use std::collections::HashSet;

use tempfile::TempDir;
use warproom_proto::Label;

use super::*;
use crate::domain::Summary;
use crate::domain::tests::{ROOM, person};
use crate::store::{self, ASKED, Committer, Direction, Draft, MasterKey, Options};
use crate::view;

/// A room's log, with two members in it.
struct Place {
    _home: TempDir,
    store: Store,
    committer: Committer,
}

const MALLORY: u8 = 1;
const ALICE: u8 = 2;

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (data, key) = (home.path().join("data"), MasterKey::generate().unwrap());
        store::create(&data, &key).unwrap();
        let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0 };
        let (store, committer) = store::open(&data, &key, options).unwrap();
        Self { _home: home, store, committer }
    }

    /// Appends entries, each of so many bytes; answers the number of the last.
    fn add(&mut self, entries: impl IntoIterator<Item = (u8, KindTag, Option<Seq>, usize)>) -> Seq {
        let draft = |(by, kind, of, bytes): (u8, KindTag, Option<Seq>, usize)| {
            let (author, carries) = (person(by), of.into_iter().collect());
            let summary = Summary { label: Label::Green, kind, exercise: false, author, carries };
            let refers_to = of.map(|of| (of, kind as u8));
            let (log, summary, item) = (LogId::room(ROOM), summary.to_bytes(), vec![b'x'; bytes]);
            Draft { log, summary, item, refers_to, is_state: false, id: None }
        };
        let mut drafts = entries.into_iter().map(draft).peekable();
        while drafts.peek().is_some() {
            self.committer.commit(drafts.by_ref().take(512).collect(), &[], 1).unwrap();
        }
        self.store.position(LogId::room(ROOM)).seq
    }

    /// What goes with the page of these records, for somebody who may not have some.
    fn amended(&self, page: usize, withheld: &[Seq]) -> Vec<Seq> {
        let page =
            view::fetch(&self.store, LogId::room(ROOM), 1, page, Direction::Forward).unwrap();
        let may_have =
            |found: &[Brief]| Ok(found.iter().map(|one| !withheld.contains(&one.seq)).collect());
        let found = fetch_amendments(&self.store, ROOM, &page, may_have).unwrap();
        let bytes: usize = found.iter().map(|one| one.item.len()).sum();
        assert!(bytes <= limits::PAGE_BYTES && found.len() <= limits::PAGE, "{bytes} bytes");
        found.into_iter().map(|one| one.seq).collect()
    }

    /// How often the database is asked for that.
    fn asked(&self, page: usize) -> usize {
        let before = ASKED.get();
        self.amended(page, &[]);
        ASKED.get() - before
    }
}

const LONG: usize = 60 * 1024;

#[test]
fn long_edits_of_ones_own_push_no_cancellation_off_a_page() {
    let mut place = Place::new();
    place.add([(ALICE, KindTag::Alert, None, 300), (MALLORY, KindTag::Post, None, 300)]);
    let cancelled = place.add([(ALICE, KindTag::Alert, Some(1), 400)]);
    let edits = place.add([(MALLORY, KindTag::Edit, Some(2), LONG); 3]);
    assert_eq!(place.amended(2, &[]), [cancelled, edits]);
}

#[test]
fn long_alerts_push_no_shorter_one_off_a_page() {
    let mut place = Place::new();
    place.add([(ALICE, KindTag::Alert, None, 300)]);
    place.add([(MALLORY, KindTag::Alert, None, 300); 40]);
    let cancelled = place.add([(ALICE, KindTag::Alert, Some(1), 400)]);
    place.add((2..=41).map(|of| (MALLORY, KindTag::Alert, Some(of), 5_000)));
    let found = place.amended(41, &[]);
    assert!(found.contains(&cancelled));
    assert_eq!(found.len(), 20, "as many as fit");
}

#[test]
fn what_may_not_be_read_takes_no_place_of_what_may() {
    let mut place = Place::new();
    let posts = [(ALICE, KindTag::Post, None, 300), (MALLORY, KindTag::Post, None, 300)];
    place.add(posts);
    let edited = place.add([(ALICE, KindTag::Edit, Some(1), 500)]);
    let first = place.add([(MALLORY, KindTag::Edit, Some(2), LONG)]);
    let last = place.add([(ALICE, KindTag::Edit, Some(1), LONG); 10]);
    let withheld: Vec<Seq> = (first + 1..=last).collect();
    assert_eq!(place.amended(2, &withheld), [edited, first]);
}

#[test]
fn the_newest_of_each_record_comes_before_what_is_older_of_others() {
    let mut place = Place::new();
    let count = limits::PAGE;
    place.add(vec![(ALICE, KindTag::Post, None, 300); count]);
    let posts = 1..=count as Seq;
    place.add(posts.clone().map(|of| (ALICE, KindTag::Edit, Some(of), 300)));
    let last = place.add([(MALLORY, KindTag::Edit, Some(7), 300); 100]);
    let found = place.amended(count, &[]);
    let newest: HashSet<Seq> =
        posts.map(|of| if of == 7 { last } else { count as Seq + of }).collect();
    assert_eq!(found.into_iter().collect::<HashSet<_>>(), newest);
}

#[test]
fn of_what_is_older_the_newest_goes_with_a_page_and_reactions_do_not() {
    let mut place = Place::new();
    place.add([(ALICE, KindTag::Post, None, 300)]);
    let edits = place.add([(ALICE, KindTag::Edit, Some(1), 300); 100]);
    place.add([(MALLORY, KindTag::React, Some(1), 300); 100]);
    place.add([(MALLORY, KindTag::Post, Some(1), 300); 100]);
    let newest: Vec<Seq> = (edits + 1 - OF_EACH_KIND as Seq..=edits).collect();
    assert_eq!(place.amended(1, &[]), newest);
}

#[test]
fn nothing_of_a_long_thread_is_read_for_a_page_of_what_was_said_before() {
    let mut place = Place::new();
    place.add([(ALICE, KindTag::Post, None, 300); 10]);
    place.add([(ALICE, KindTag::Edit, Some(5), 300)]);
    let before = place.asked(10);
    place.add(vec![(MALLORY, KindTag::Post, Some(5), 10); 10_000]);
    place.add(vec![(MALLORY, KindTag::Answer, Some(6), 10); 10_000]);
    assert_eq!(place.asked(10), before);
}

#[test]
fn a_page_costs_a_pages_work_however_often_its_records_were_changed() {
    let mut place = Place::new();
    let posts = 20;
    place.add(vec![(MALLORY, KindTag::Post, None, 300); posts]);
    for of in 1..=posts as Seq {
        for kind in [KindTag::Edit, KindTag::React, KindTag::Notice] {
            place.add([(MALLORY, kind, Some(of), 10); 300]);
        }
    }
    // A way to each kind of each record and on, the rows themselves, what is judged, and what is read.
    let most = posts * 5 + 1 + 2 * posts * OF_EACH_KIND + LOOKED_AT + limits::PAGE;
    let asked = place.asked(posts);
    assert!(asked <= most + posts, "{asked} and not {most}");
}
