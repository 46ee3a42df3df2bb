//! Follow-state against a log that is really chained.

use warproom_proto::{Body, Salt};

use super::*;

struct Log {
    room: RoomId,
    records: Vec<Record>,
}

impl Log {
    /// A log of so many records; `flavour` makes its texts, and so its heads, another's.
    fn new(room: RoomId, length: u8, flavour: u8) -> Self {
        let mut at = Position::start(LogId::room(room));
        let mut records = Vec::new();
        for number in 1..=length {
            let item = serde_json::value::to_raw_value(&[number, flavour]).unwrap();
            let body = Body::Shown {
                at_ms: i64::from(number),
                salt: Salt([number; 16]),
                item,
                label: None,
            };
            at = at.next(&body.commitment());
            records.push(Record { seq: at.seq, head: at.head, body });
        }
        Self { room, records }
    }

    fn record(&self, seq: usize) -> &Record {
        &self.records[seq - 1]
    }

    fn position(&self, seq: usize) -> Position {
        self.record(seq).position()
    }

    fn page(&self, range: std::ops::Range<usize>, live: bool) -> Followed {
        let records = range.map(|seq| self.record(seq).clone()).collect();
        Followed { records, live, latest: self.position(self.records.len()) }
    }

    fn following(&self, after: Option<Seq>, head: Option<Head>) -> Follow {
        let mut follow = Follow::new(self.room, after, head);
        assert_eq!(follow.ask().after, after);
        follow
    }
}

fn numbers(taken: &Taken) -> Vec<Seq> {
    taken.records.iter().map(|record| record.seq).collect()
}

fn log() -> Log {
    Log::new(RoomId::random(), 9, 0)
}

#[test]
fn pages_and_then_live_records_come_once_and_in_order() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    let taken = follow.take_page(log.page(1..4, false));
    assert_eq!((numbers(&taken), taken.then), (vec![1, 2, 3], Then::Ask));
    assert!(follow.is_wanted());
    assert_eq!(follow.ask().after, Some(3));
    let taken = follow.take_page(log.page(3..7, true));
    assert_eq!((numbers(&taken), taken.then), (vec![4, 5, 6], Then::Listen));
    assert_eq!(follow.take_live(log.record(6)), Live::Skip);
    assert_eq!(follow.take_live(log.record(7)), Live::Deliver);
    assert_eq!(follow.take_live(log.record(7)), Live::Skip);
}

#[test]
fn a_gap_asks_again_from_the_last_record() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    follow.take_page(log.page(1..4, true));
    assert_eq!(follow.take_live(log.record(6)), Live::Ask);
    assert_eq!(follow.ask().after, Some(3));
    assert_eq!(follow.take_live(log.record(7)), Live::Skip);
    let taken = follow.take_page(log.page(4..8, true));
    assert_eq!(numbers(&taken), [4, 5, 6, 7]);
    assert_eq!(follow.take_live(log.record(8)), Live::Deliver);
}

#[test]
fn from_now_on_begins_at_the_end_of_the_log() {
    let log = log();
    let mut follow = log.following(None, None);
    let mut page = log.page(1..1, true);
    page.latest = log.position(5);
    assert_eq!(follow.take_page(page).then, Then::Listen);
    assert_eq!(follow.take_live(log.record(6)), Live::Deliver);
    follow.interrupt();
    assert_eq!(follow.ask().after, Some(6));
}

#[test]
fn a_withheld_record_keeps_the_chain() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    let mut page = log.page(1..4, true);
    let commitment = page.records[1].body.commitment();
    page.records[1].body = Body::Withheld { commitment, erased: false };
    assert_eq!(numbers(&follow.take_page(page)), [1, 2, 3]);
}

#[test]
fn a_changed_record_stops_the_room() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    let mut page = log.page(1..5, true);
    page.records[2].body = log.record(4).body.clone();
    let taken = follow.take_page(page);
    assert_eq!(numbers(&taken), [1, 2]);
    assert_eq!(taken.then, Then::Stop(3, Discontinuity::Changed));

    let other = Log::new(log.room, 9, 1);
    let mut follow = log.following(Some(0), None);
    follow.take_page(log.page(1..4, true));
    assert_eq!(follow.take_live(other.record(4)), Live::Stop(4, Discontinuity::Changed));
}

#[test]
fn a_page_with_a_hole_stops_the_room() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    let mut page = log.page(1..5, true);
    page.records.remove(2);
    let taken = follow.take_page(page);
    assert_eq!((numbers(&taken), taken.then), (vec![1, 2], Then::Stop(4, Discontinuity::Changed)));
}

#[test]
fn another_history_is_found_from_the_head_that_is_remembered() {
    let (mine, room) = (log(), RoomId::random());
    let other = Log::new(mine.room, 9, 1);
    let mut follow = mine.following(Some(5), Some(mine.position(5).head));
    let taken = follow.take_page(other.page(6..10, true));
    assert_eq!(taken.then, Then::Stop(6, Discontinuity::Changed));
    // A room's chain begins with its own id.
    let mut follow = Follow::new(room, Some(0), None);
    follow.ask();
    let taken = follow.take_page(mine.page(1..3, true));
    assert_eq!(taken.then, Then::Stop(1, Discontinuity::Changed));
}

#[test]
fn a_log_that_went_back_stops_the_room() {
    let long = log();
    let short = Log::new(long.room, 4, 0);
    let rolled_back = Then::Stop(4, Discontinuity::RolledBack { remembered: 9 });
    let mut follow = long.following(Some(9), None);
    assert_eq!(follow.take_page(short.page(1..1, true)).then, rolled_back);
}

#[test]
fn an_end_with_another_head_stops_the_room() {
    let log = log();
    let other = Log::new(log.room, 9, 1);
    let mut follow = log.following(Some(0), None);
    follow.take_page(log.page(1..10, true));
    follow.interrupt();
    follow.ask();
    let taken = follow.take_page(other.page(1..1, true));
    assert_eq!(taken.then, Then::Stop(9, Discontinuity::Changed));
}

#[test]
fn a_server_that_promises_more_and_gives_nothing_is_not_asked_at_once() {
    let log = log();
    let mut follow = log.following(Some(0), None);
    assert_eq!(follow.take_page(log.page(1..1, false)).then, Then::AskLater);
    assert!(follow.is_wanted());
}

#[test]
fn the_largest_number_does_not_overflow() {
    let log = log();
    let mut follow = log.following(None, None);
    let mut page = log.page(1..1, true);
    page.latest.seq = Seq::MAX;
    assert_eq!(follow.take_page(page).then, Then::Listen);
    assert_eq!(follow.take_live(log.record(9)), Live::Skip);
}
