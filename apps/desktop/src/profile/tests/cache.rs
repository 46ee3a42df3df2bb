//! What was read, offered in the place of the server: never with something missing that belongs to it,
//! and never what was taken back.

use std::time::{Duration, Instant};

use warproom_client::Delivered;
use warproom_client::proto::calls::{From, RegisterPage, ShowBoard};
use warproom_client::proto::{Body, Entry, Head, Kind, Name, Record, Seq};

use super::*;
use crate::fixture::{NOW_MS, acts, delivered, kind, organisation, post, withheld};
use crate::model::board::tests::roll_call;
use crate::news::Page;

const LABEL: Label = Label::Green;

fn said(seq: Seq) -> Delivered {
    delivered(room(1), seq, at_ms(seq), post(1, LABEL, &format!("text {seq}")))
}

fn at_ms(seq: Seq) -> i64 {
    NOW_MS + i64::try_from(seq).unwrap() * 60_000
}

fn of_kind(seq: Seq, of: Kind) -> Delivered {
    delivered(room(1), seq, at_ms(seq), kind(post(1, LABEL, "amended"), of))
}

fn keep(profile: &Profile, entries: impl IntoIterator<Item = Delivered>) {
    profile.keep_entries(room(1), &entries.into_iter().collect::<Vec<_>>()).unwrap();
}

fn seqs(entries: &[Delivered]) -> Vec<Seq> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn page(profile: &Profile, from: From, limit: u16) -> Option<Vec<Seq>> {
    let page = profile.page(room(1), from, limit).unwrap();
    page.map(|page| seqs(&page.entries))
}

fn offline(profile: &Profile, from: From, limit: u16) -> Option<Vec<Seq>> {
    let page = profile.page_offline(room(1), from, limit).unwrap();
    page.map(|page| seqs(&page.entries))
}

fn texts_of(entries: &[Delivered]) -> Vec<Option<String>> {
    entries.iter().map(|entry| entry.text().map(str::to_owned)).collect()
}

#[test]
fn a_record_reads_back_as_it_was_delivered() {
    let computer = Computer::new();
    let (shown, stub) = (said(1), withheld(room(1), 2));
    let mut newer = said(3);
    let item = serde_json::value::RawValue::from_string("{\"form\": \"newer\"}".to_owned());
    let Body::Shown { item: text, .. } = &mut newer.record.body else { panic!("it is shown") };
    *text = item.unwrap();
    newer.entry = None;
    keep(&computer.open(), [shown.clone(), stub, newer]);
    let read = computer.open().page_offline(room(1), From::Latest, 10).unwrap().unwrap();
    assert_eq!((seqs(&read.entries), read.latest), (vec![1, 2, 3], 3));
    let json = |record| serde_json::to_string(record).unwrap();
    assert_eq!(json(&read.entries[0].record), json(&shown.record));
    assert_eq!(read.entries[0].text(), Some("text 1"));
    assert_eq!(read.entries[0].at_ms, Some(at_ms(1)));
    assert!(read.entries[1].is_withheld());
    let newer = &read.entries[2];
    assert!(newer.entry.is_none() && newer.at_ms == Some(at_ms(3)) && !newer.is_withheld());
}

#[test]
fn pages_are_those_the_server_would_give() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, (1..=9).map(said));
    assert_eq!(page(&profile, From::Latest, 3), Some(vec![7, 8, 9]));
    assert_eq!(page(&profile, From::Latest, 20), Some((1..=9).collect()), "down to record 1");
    assert_eq!(page(&profile, From::Before(4), 2), Some(vec![2, 3]));
    assert_eq!(page(&profile, From::Before(4), 9), Some(vec![1, 2, 3]));
    assert_eq!(page(&profile, From::Before(1), 9), Some(vec![]));
    assert_eq!(page(&profile, From::After(0), 2), Some(vec![1, 2]));
    assert_eq!(page(&profile, From::After(4), 2), Some(vec![5, 6]));
    assert_eq!(page(&profile, From::After(8), 2), None, "there may be more by now");
    assert_eq!(page(&profile, From::Before(20), 2), None, "there may be more by now");
    assert_eq!(offline(&profile, From::After(8), 2), Some(vec![9]));
    assert_eq!(offline(&profile, From::Before(20), 2), Some(vec![8, 9]));
    assert!(profile.page(room(2), From::Latest, 3).unwrap().is_none());
    assert!(profile.page_offline(room(2), From::Latest, 3).unwrap().is_none());
}

#[test]
fn a_page_begins_at_a_time() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, (1..=9).map(said));
    assert_eq!(page(&profile, From::Time(at_ms(3)), 2), Some(vec![3, 4]));
    assert_eq!(page(&profile, From::Time(at_ms(3) - 1), 2), Some(vec![3, 4]));
    assert_eq!(page(&profile, From::Time(0), 2), Some(vec![1, 2]));
    assert_eq!(page(&profile, From::Time(at_ms(7)), 3), Some(vec![7, 8, 9]));
    assert_eq!(page(&profile, From::Time(at_ms(9) + 1), 2), None);
    assert_eq!(offline(&profile, From::Time(at_ms(9) + 1), 2), Some(vec![]));
    // Records that are withheld have no time: those between two times may be of either.
    keep(&profile, [1, 5, 9].map(|seq| withheld(room(1), seq)));
    assert_eq!(offline(&profile, From::Time(0), 2), Some(vec![1, 2]));
    assert_eq!(offline(&profile, From::Time(at_ms(4) + 1), 2), Some(vec![5, 6]));
    assert_eq!(offline(&profile, From::Time(at_ms(8) + 1), 2), Some(vec![9]));
}

#[test]
fn a_page_with_a_withheld_record_is_the_servers_who_may_show_it_by_now() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, (1..=4).map(said));
    keep(&profile, [withheld(room(1), 2)]);
    assert_eq!(page(&profile, From::Latest, 2), Some(vec![3, 4]));
    assert_eq!(page(&profile, From::Latest, 3), None);
    assert_eq!(page(&profile, From::After(0), 3), None);
    assert_eq!(offline(&profile, From::Latest, 3), Some(vec![2, 3, 4]));
    // The server shows it again; or tells that it was retracted.
    keep(&profile, [said(2)]);
    assert_eq!(page(&profile, From::Latest, 3), Some(vec![2, 3, 4]));
    keep(&profile, [withheld(room(1), 2), of_kind(5, Kind::Retract { of: 2 })]);
    assert_eq!(page(&profile, From::Latest, 4), Some(vec![2, 3, 4, 5]));
}

#[test]
fn a_page_with_a_gap_in_it_or_after_it_is_the_servers() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, (1..=3).chain(6..=9).map(said));
    assert_eq!(page(&profile, From::Latest, 4), Some(vec![6, 7, 8, 9]));
    assert_eq!(page(&profile, From::Latest, 5), None);
    assert_eq!(page(&profile, From::After(2), 2), None);
    assert_eq!(page(&profile, From::Before(6), 2), None);
    assert_eq!(page(&profile, From::Time(at_ms(4)), 2), None);
    // It could be retracted by one of those that are missing.
    assert_eq!(page(&profile, From::Before(4), 2), None);
    assert_eq!(page(&profile, From::After(0), 2), None);
    assert_eq!(page(&profile, From::Time(at_ms(1)), 2), None);
    assert_eq!(offline(&profile, From::Latest, 5), Some(vec![6, 7, 8, 9]));
    assert_eq!(offline(&profile, From::Before(6), 5), Some(vec![1, 2, 3]));
    assert_eq!(offline(&profile, From::After(1), 5), Some(vec![2, 3]));
    assert_eq!(offline(&profile, From::Time(at_ms(4)), 5), Some(vec![6, 7, 8, 9]));
    keep(&profile, (4..=5).map(said));
    assert_eq!(page(&profile, From::Before(4), 2), Some(vec![2, 3]));
}

#[test]
fn a_page_brings_what_amends_it_and_a_thread_what_refers_to_it() {
    let computer = Computer::new();
    let profile = computer.open();
    let choice: Name = "affected".parse().unwrap();
    let amending = [
        of_kind(5, Kind::Edit { of: 2 }),
        of_kind(6, Kind::Post { reply_to: Some(2) }),
        of_kind(7, Kind::Relabel { of: 2, to: Label::Clear }),
        of_kind(8, Kind::React { of: 3, withdrawn: false }),
        of_kind(9, Kind::Answer { of: 2, organisation: organisation(1), choice }),
        of_kind(10, Kind::Edit { of: 4 }),
        of_kind(11, Kind::Retract { of: 1 }),
    ];
    keep(&profile, (1..=4).map(said).chain(amending));
    let page = profile.page(room(1), From::Before(4), 3).unwrap().unwrap();
    assert_eq!(seqs(&page.entries), [1, 2, 3]);
    assert_eq!(seqs(&page.amendments), [5, 7, 8, 11]);
    assert_eq!(page.latest, 11);
    assert_eq!(seqs(&profile.thread(room(1), 2).unwrap()), [5, 6, 7, 9]);
    assert_eq!(seqs(&profile.thread(room(2), 2).unwrap()), [0; 0]);
}

#[test]
fn a_page_behind_more_replies_than_are_looked_through_is_the_servers() {
    let computer = Computer::new();
    let profile = computer.open();
    let reply = |seq| of_kind(seq, Kind::Post { reply_to: Some(1) });
    keep(&profile, [said(1), said(2)].into_iter().chain((3..2_002).map(reply)));
    let amending = |page: Option<Page>| page.map(|page| seqs(&page.amendments));
    assert_eq!(amending(profile.page(room(1), From::Before(2), 1).unwrap()), Some(vec![]));
    keep(&profile, [reply(2_002)]);
    assert_eq!(amending(profile.page(room(1), From::Before(2), 1).unwrap()), None);
    assert_eq!(amending(profile.page_offline(room(1), From::Before(2), 1).unwrap()), Some(vec![]));
}

/// Record 2 is a post; an edit, an answer, a reaction, and a reply of its own follow.
fn retractable(profile: &Profile) {
    let choice: Name = "affected".parse().unwrap();
    keep(
        profile,
        [
            said(1),
            said(2),
            of_kind(3, Kind::Edit { of: 2 }),
            of_kind(4, Kind::Answer { of: 2, organisation: organisation(1), choice }),
            of_kind(5, Kind::React { of: 2, withdrawn: false }),
            of_kind(6, Kind::Post { reply_to: Some(2) }),
            of_kind(7, Kind::Edit { of: 1 }),
        ],
    );
}

#[test]
fn what_was_retracted_is_erased_with_all_that_was_about_it() {
    let computer = Computer::new();
    let profile = computer.open();
    retractable(&profile);
    let commitment = said(2).record.body.commitment();
    keep(&profile, [of_kind(8, Kind::Retract { of: 2 })]);
    let page = profile.page(room(1), From::Latest, 20).unwrap().unwrap();
    let withheld: Vec<_> = page.entries.iter().filter(|e| e.is_withheld()).collect();
    assert_eq!(withheld.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_ne!(commitment, withheld[0].record.body.commitment(), "another salt, another entry");
    assert_eq!(seqs(&profile.thread(room(1), 2).unwrap()), [6, 8]);
    assert_eq!(texts_of(&page.entries)[0].as_deref(), Some("text 1"));
}

#[test]
fn the_stub_of_what_was_retracted_still_proves_the_chain() {
    let computer = Computer::new();
    let profile = computer.open();
    let post = said(2);
    keep(&profile, [said(1), post.clone(), of_kind(3, Kind::Retract { of: 2 })]);
    let page = profile.page(room(1), From::Latest, 3).unwrap().unwrap();
    let stub = &page.entries[1].record;
    assert_eq!(stub.body.commitment(), post.record.body.commitment());
    assert_eq!(stub.position(), post.record.position());
}

#[test]
fn what_was_retracted_never_comes_back_in_whatever_order_records_come() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, [of_kind(8, Kind::Retract { of: 2 })]);
    // A page that was asked for before the retraction.
    retractable(&profile);
    let page = profile.page(room(1), From::Latest, 20).unwrap().unwrap();
    let withheld = page.entries.iter().filter(|entry| entry.is_withheld());
    assert_eq!(withheld.map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3, 4, 5]);
    drop(profile);
    keep(&computer.open(), [said(2)]);
    let page = computer.open().page(room(1), From::Latest, 20).unwrap().unwrap();
    assert!(page.entries[1].is_withheld());
}

#[test]
fn the_sealed_text_of_what_was_retracted_is_in_no_file_any_more() {
    let computer = Computer::new();
    let profile = computer.open();
    retractable(&profile);
    let (_, cache) = profile.parts();
    let sealed: Vec<u8> = cache.for_test(|database| {
        database.read("SELECT value FROM entries WHERE seq = 2", [], |row| row.get(0)).unwrap()
    });
    let is_there = || {
        let files = fs::read_dir(computer.file("")).unwrap().flatten();
        let mut files = files.map(|file| fs::read(file.path()).unwrap());
        // Its beginning: a large value goes on in other pages.
        files.any(|bytes| bytes.windows(64).any(|window| window == &sealed[..64]))
    };
    assert!(is_there());
    keep(&profile, [of_kind(8, Kind::Retract { of: 2 })]);
    assert!(!is_there());
}

#[test]
fn a_record_withheld_now_takes_the_place_of_the_text_and_may_be_shown_again_later() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, [said(1), said(2)]);
    keep(&profile, [withheld(room(1), 2)]);
    let read = |profile: &Profile| {
        let page = profile.page_offline(room(1), From::Latest, 2).unwrap().unwrap();
        texts_of(&page.entries)
    };
    assert_eq!(read(&profile), [Some("text 1".to_owned()), None]);
    keep(&profile, [said(2)]);
    assert_eq!(read(&profile), [Some("text 1".to_owned()), Some("text 2".to_owned())]);
}

fn labelled(mut record: Delivered, now: Label) -> Delivered {
    let Body::Shown { label, .. } = &mut record.record.body else { panic!("it is shown") };
    *label = Some(now);
    record
}

fn relabel(seq: Seq, of: Seq, to: Label) -> Delivered {
    of_kind(seq, Kind::Relabel { of, to })
}

fn shown(profile: &Profile) -> Vec<Seq> {
    let page = profile.page_offline(room(1), From::Latest, 50).unwrap().unwrap();
    page.entries.iter().filter(|entry| !entry.is_withheld()).map(|entry| entry.seq).collect()
}

#[test]
fn what_is_labelled_more_strictly_is_erased_with_all_that_carries_it_until_it_is_read_again() {
    let computer = Computer::new();
    let profile = computer.open();
    // A reply, a reply to that, an edit of it, and a post of its own.
    let others = [
        of_kind(3, Kind::Post { reply_to: Some(2) }),
        of_kind(4, Kind::Post { reply_to: Some(3) }),
        of_kind(5, Kind::Edit { of: 4 }),
        labelled(of_kind(6, Kind::Post { reply_to: Some(2) }), Label::Red),
        said(7),
    ];
    keep(&profile, [said(1), said(2)].into_iter().chain(others));
    let sealed: Vec<u8> = profile.parts().1.for_test(|database| {
        database.read("SELECT value FROM entries WHERE seq = 4", [], |row| row.get(0)).unwrap()
    });
    let erased = profile.keep_entries(room(1), &[relabel(8, 2, Label::Red)]).unwrap();
    assert_eq!(erased, [2, 3, 4, 5], "6 is as strict already");
    assert_eq!(shown(&profile), [1, 6, 7, 8]);
    for file in fs::read_dir(computer.file("")).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        assert!(!bytes.windows(64).any(|window| window == &sealed[..64]), "{:?}", file.path());
    }
    assert_eq!(page(&profile, From::Latest, 7), None, "the server is asked");
    // A page from before the relabelling; then one from after it, for whoever may read it.
    keep(&profile, [said(2), of_kind(4, Kind::Post { reply_to: Some(3) })]);
    assert_eq!(shown(&profile), [1, 6, 7, 8]);
    keep(&profile, [labelled(said(2), Label::Red)]);
    assert_eq!(shown(&profile), [1, 2, 6, 7, 8]);
}

#[test]
fn what_is_labelled_more_mildly_or_the_same_is_kept() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, [said(1), labelled(said(2), Label::Red)]);
    let changes = [relabel(3, 1, Label::Clear), relabel(4, 2, Label::Red)];
    assert_eq!(profile.keep_entries(room(1), &changes).unwrap(), [0; 0]);
    assert_eq!(shown(&profile), [1, 2, 3, 4]);
    // The last word counts.
    let again = [relabel(5, 1, Label::Red), relabel(6, 1, Label::Clear)];
    assert_eq!(profile.keep_entries(room(1), &again).unwrap(), [1]);
    keep(&profile, [labelled(said(1), Label::Clear)]);
    assert_eq!(shown(&profile), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn beyond_its_budget_the_cache_drops_the_oldest_of_the_longest_room() {
    let computer = Computer::new();
    let profile = computer.open();
    let other: Entry = post(1, LABEL, "other");
    profile.keep_entries(room(2), &[delivered(room(2), 7, NOW_MS, other)]).unwrap();
    let (_, cache) = profile.parts();
    cache.may_hold(1024 * 1024);
    for first in (1..=6_000).step_by(200) {
        keep(&profile, (first..first + 200).map(said));
    }
    let size = fs::metadata(computer.file("cache.sqlite")).unwrap().len();
    assert!(size < 2 * 1024 * 1024, "{size}");
    assert_eq!(profile.last(room(1)).unwrap(), 6_000);
    assert_eq!(profile.last(room(2)).unwrap(), 7, "short rooms stay");
    assert_eq!(page(&profile, From::Latest, 200), Some((5_801..=6_000).collect()));
    assert_eq!(page(&profile, From::After(0), 10), None, "the server is asked");
    // Even the newest are too much: it begins anew, and goes on.
    cache.may_hold(64 * 1024);
    keep(&profile, [said(6_001)]);
    assert_eq!((profile.last(room(1)).unwrap(), profile.last(room(2)).unwrap()), (0, 0));
    keep(&profile, [said(6_002)]);
    assert_eq!(profile.last(room(1)).unwrap(), 6_002);
}

#[test]
fn the_same_record_again_takes_the_place_of_the_older_one() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, [said(1)]);
    let mut relabelled = said(1);
    let Body::Shown { label, .. } = &mut relabelled.record.body else { panic!("it is shown") };
    *label = Some(Label::Red);
    keep(&profile, [relabelled]);
    let page = profile.page(room(1), From::Latest, 1).unwrap().unwrap();
    assert_eq!(page.entries[0].label(), Some(Label::Red));
}

#[test]
fn another_record_under_a_number_that_is_held_is_found_whatever_the_server_erased_or_relabelled() {
    let computer = Computer::new();
    let profile = computer.open();
    let held: Vec<_> = (1..=3).map(said).collect();
    let [first, second, third] = [0, 1, 2].map(|at: usize| held[at].clone());
    keep(&profile, held.clone());
    assert_eq!(profile.last_position(room(1)).unwrap(), Some(third.record.position()));
    let stub = Body::Withheld { commitment: second.record.body.commitment(), erased: true };
    let erased = of_body(&second, stub);
    let mut relabelled = third.clone();
    let Body::Shown { label, .. } = &mut relabelled.record.body else { panic!("it is shown") };
    *label = Some(Label::Red);
    let same = [first.clone(), erased, relabelled, said(4)];
    assert_eq!(profile.other(room(1), &same).unwrap(), None);
    assert_eq!(profile.other(room(2), &[said(9)]).unwrap(), None);
    // Another text under the same head, or the same text under another.
    let forged = of_body(&second, third.record.body.clone());
    assert_eq!(profile.other(room(1), &[first, forged]).unwrap(), Some(2));
    let mut moved = third;
    moved.record.head = Head([9; 32]);
    assert_eq!(profile.other(room(1), &[moved]).unwrap(), Some(3));
}

fn of_body(delivered: &Delivered, body: Body) -> Delivered {
    let record = Record { body, ..delivered.record.clone() };
    Delivered { record, ..delivered.clone() }
}

#[test]
fn a_forgotten_room_is_gone_and_the_others_are_not() {
    let computer = Computer::new();
    let profile = computer.open();
    keep(&profile, [said(1), of_kind(2, Kind::Retract { of: 1 })]);
    let other: Entry = post(1, LABEL, "other");
    profile.keep_entries(room(2), &[delivered(room(2), 7, NOW_MS, other)]).unwrap();
    assert_eq!(profile.last(room(1)).unwrap(), 2);
    profile.forget_room(room(1)).unwrap();
    assert_eq!((profile.last(room(1)).unwrap(), profile.last(room(2)).unwrap()), (0, 7));
    // Whatever the server says of it next is believed.
    keep(&profile, [said(1)]);
    let page = profile.page(room(1), From::Latest, 1).unwrap().unwrap();
    assert_eq!(page.entries[0].text(), Some("text 1"));
}

#[test]
fn a_page_of_a_long_room_is_read_in_no_time() {
    let computer = Computer::new();
    let profile = computer.open();
    for first in (1..=10_000).step_by(200) {
        keep(&profile, (first..first + 200).map(said));
    }
    let begun = Instant::now();
    assert_eq!(page(&profile, From::Latest, 100), Some((9_901..=10_000).collect()));
    assert_eq!(page(&profile, From::Before(500), 100), Some((400..=499).collect()));
    assert_eq!(page(&profile, From::Time(at_ms(4_000)), 100), Some((4_000..4_100).collect()));
    let took = begun.elapsed();
    // Loosely: this machine may be doing something else.
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn a_board_that_quotes_what_was_taken_back_is_not_remembered_however_late_it_comes() {
    let computer = Computer::new();
    let profile = computer.open();
    let call = ShowBoard { room: room(1), of: 1 };
    let remembers = |profile: &Profile| {
        let reply = Reply::ShowBoard(roll_call(LABEL, false));
        profile.remember(&call.into(), &reply).unwrap();
        let is = |(request, _): &(Request, Reply)| matches!(request, Request::ShowBoard(_));
        profile.remembered().unwrap().iter().any(is)
    };
    assert!(remembers(&profile));
    // Its row of Dover quotes record 7.
    keep(&profile, [of_kind(8, Kind::Retract { of: 7 })]);
    assert!(!remembers(&profile));
}

#[test]
fn whole_pages_of_the_log_of_acts_are_remembered_and_the_rest_of_a_short_one_is_not() {
    let computer = Computer::new();
    let profile = computer.open();
    let log = acts::log(&acts::of_a_week());
    for call in [RegisterPage { after: 0, limit: 200 }, RegisterPage { after: 2, limit: 199 }] {
        let reply = Reply::RegisterPage(acts::page(&log, call));
        profile.remember(&call.into(), &reply).unwrap();
    }
    let [(Request::RegisterPage(call), Reply::RegisterPage(page))] =
        &profile.remembered().unwrap()[..]
    else {
        panic!("one page is remembered")
    };
    assert_eq!((call.after, page.records.len()), (0, 6));
}
