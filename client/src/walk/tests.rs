//! Pages that do not stand where they were asked for.

use std::ops::RangeInclusive;

use serde_json::json;
use warproom_proto::{Body, Head, Salt};

use super::*;

/// The numbers of no records.
const NOTHING: RangeInclusive<Seq> = RangeInclusive::new(1, 0);
const ROOM: RoomId = RoomId::from_bytes([1; 16]);

fn page(seqs: impl IntoIterator<Item = Seq>) -> Page {
    let item = serde_json::value::to_raw_value(&json!("x")).unwrap();
    let body = Body::Shown { at_ms: 0, salt: Salt([0; 16]), item, label: None };
    let record = |seq| Record { seq, head: Head([0; 32]), body: body.clone() };
    let latest = Position { seq: 20, head: Head([0; 32]) };
    Page { records: seqs.into_iter().map(record).collect(), amendments: Vec::new(), latest }
}

#[test]
fn a_page_stands_where_it_was_asked_for_and_leaves_nothing_out_there() {
    let first = |page: &Page| page.records.first().map(|record| record.seq);
    for (from, right, wrong) in [
        (From::Latest, 16..=20, vec![15..=19, NOTHING]),
        (From::Before(11), 6..=10, vec![5..=9, 6..=11, NOTHING]),
        (From::Before(Seq::MAX), 16..=20, vec![15..=19]),
        (From::After(10), 11..=15, vec![10..=14, 12..=15, 1..=5, NOTHING]),
        (From::After(0), 1..=5, vec![2..=5]),
        // Nothing is there.
        (From::After(20), NOTHING, vec![20..=20, 21..=21]),
        (From::After(Seq::MAX), NOTHING, vec![1..=1]),
        (From::Before(1), NOTHING, vec![1..=1]),
        (From::Time(7), 8..=12, Vec::new()),
        (From::Time(7), NOTHING, Vec::new()),
    ] {
        assert_eq!(stands(&page(right.clone()), (from, 5)), Ok(()), "{from:?}");
        let too_many = first(&page(right.clone())).is_some();
        assert_eq!(stands(&page(right), (from, 4)).is_err(), too_many, "{from:?}");
        for wrong in wrong {
            let (asked, shown) = (format!("{from:?}"), format!("{wrong:?}"));
            assert!(stands(&page(wrong), (from, 5)).is_err(), "{asked}: {shown}");
        }
    }
}

#[test]
fn picked_records_go_on_from_where_was_asked() {
    for (seqs, fits) in [
        (vec![5, 9, 12], true),
        (vec![], true),
        (vec![4, 9], false),
        (vec![5, 5], false),
        (vec![9, 5], false),
        (vec![5, 6, 7, 8], false),
    ] {
        let call = HistoryReferring { room: ROOM, to: 3, after: 4, limit: 3 };
        let (before, mut heads) = (Heads::default(), Heads::default());
        let found = look::<HistoryReferring>(&call, &page(seqs.clone()), &before, &mut heads);
        assert_eq!(found.is_empty(), fits, "{seqs:?}");
    }
}

#[test]
fn each_kind_of_page_is_held_to_what_was_asked() {
    fn found<C: Call<Reply = Page>>(call: &C) -> Vec<Option<RoomId>> {
        // It never goes on.
        let (before, mut heads) = (Heads::default(), Heads::default());
        let found = look::<C>(call, &page([8]), &before, &mut heads);
        found.into_iter().map(|found| found.room).collect()
    }
    let (from, limit) = (From::After(8), 5);
    assert_eq!(found(&HistoryPage { room: ROOM, from, limit }), [Some(ROOM)]);
    assert_eq!(found(&RoomExport { room: ROOM, after: 8, limit }), [Some(ROOM)]);
    assert_eq!(found(&HistoryReferring { room: ROOM, to: 3, after: 8, limit }), [Some(ROOM)]);
    assert_eq!(found(&RegisterPage { after: 8, limit }), [None]);
    assert_eq!(found(&AuditPage { from, limit }), [None]);
    let organisation = warproom_proto::OrganisationId::from_bytes([1; 16]);
    let board = BoardHistory { room: ROOM, of: 3, organisation, after: 8, limit };
    assert_eq!(found(&board), [Some(ROOM)]);
}
