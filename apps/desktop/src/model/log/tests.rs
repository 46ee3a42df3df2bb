//! The fold of a log: the same whatever the order in which records and pages come.

use std::collections::BTreeSet;

use proptest::prelude::*;
use warproom_client::Delivered;
use warproom_client::proto::{Body, Entry, Kind, Label, Message, Principal, RoomId, Seq, Severity};

use super::held::Held;
use super::{Item, Log};
use crate::fixture::{alert, delivered, kind, member, post, room, withheld};

const ROOM: u16 = 1;

fn here() -> RoomId {
    room(ROOM)
}

fn at(seq: Seq, entry: Entry) -> Delivered {
    delivered(here(), seq, i64::try_from(seq).unwrap() * 1_000, entry)
}

fn said(seq: Seq, author: u8, text: &str) -> Delivered {
    at(seq, post(author, Label::Amber, text))
}

fn edit(seq: Seq, author: u8, of: Seq, text: &str) -> Delivered {
    at(seq, kind(post(author, Label::Amber, text), Kind::Edit { of }))
}

fn react(seq: Seq, author: u8, of: Seq, emoji: &str, withdrawn: bool) -> Delivered {
    at(seq, kind(post(author, Label::Amber, emoji), Kind::React { of, withdrawn }))
}

fn retract(seq: Seq, author: u8, of: Seq) -> Delivered {
    at(seq, kind(post(author, Label::Amber, "x"), Kind::Retract { of }))
}

fn relabel(seq: Seq, author: u8, of: Seq, to: Label) -> Delivered {
    at(seq, kind(post(author, Label::Amber, "x"), Kind::Relabel { of, to }))
}

fn reply(seq: Seq, author: u8, to: Seq) -> Delivered {
    at(seq, kind(post(author, Label::Amber, "reply"), Kind::Post { reply_to: Some(to) }))
}

/// The same record as the server shows it once its label is another.
fn labelled(mut delivered: Delivered, now: Label) -> Delivered {
    if let Body::Shown { label, .. } = &mut delivered.record.body {
        *label = Some(now);
    }
    delivered
}

fn log(records: &[Delivered]) -> Log {
    let mut log = Log::default();
    for record in records {
        log.take(record);
    }
    log
}

/// Everything that can be seen of a log.
fn seen(log: &Log) -> String {
    let who = |one: &Principal| one.to_string();
    let rows = log.items.iter().map(|(seq, item)| match item {
        Item::Withheld(retracted) => format!("{seq} withheld {retracted:?}"),
        Item::Erased => format!("{seq} erased"),
        Item::Unreadable { at_ms } => format!("{seq} unreadable {at_ms}"),
        Item::Shown(shown) => format!(
            "{seq} {:?} {} {:?} {:?} {:?} {:?} {:?}",
            shown.text(),
            shown.label,
            shown.edits,
            shown.relabelled,
            shown
                .reactions
                .iter()
                .map(|(e, p)| (e, p.iter().map(who).collect()))
                .collect::<Vec<(_, Vec<_>)>>(),
            shown.replies,
            shown.superseded_by,
        ),
    });
    format!("{} {:?} {:?}", log.latest, log.held, rows.collect::<Vec<_>>())
}

#[test]
fn only_the_author_edits_and_the_latest_edit_counts() {
    let log = log(&[
        said(1, 1, "first"),
        edit(4, 1, 1, "third"),
        edit(2, 1, 1, "second"),
        edit(5, 2, 1, "forged"),
    ]);
    let shown = log.shown(1).unwrap();
    assert_eq!(shown.text(), Some("third"));
    assert_eq!(shown.edits.len(), 2);
}

#[test]
fn the_last_word_of_a_person_on_an_emoji_counts() {
    let log = log(&[
        said(1, 1, "x"),
        react(6, 2, 1, "👍", false),
        react(5, 2, 1, "👍", true),
        react(2, 2, 1, "👍", false),
        react(3, 3, 1, "👍", false),
        react(4, 3, 1, "👀", false),
        react(7, 3, 1, "👀", true),
    ]);
    let shown = log.shown(1).unwrap();
    let people = [Principal::Member(member(3)), Principal::Member(member(2))];
    assert_eq!(shown.reactions.get("👍").unwrap(), &people);
    assert!(!shown.reactions.contains_key("👀"), "it was taken back");
}

#[test]
fn what_was_taken_back_is_gone_with_its_edits_and_stays_gone() {
    let mut log = log(&[said(1, 1, "secret"), edit(2, 1, 1, "still secret"), retract(3, 5, 1)]);
    let gone = |log: &Log| matches!(log.items.get(&1), Some(Item::Withheld(Some(by))) if by.by == Principal::Member(member(5)));
    assert!(gone(&log));
    assert!(!seen(&log).contains("secret"));
    assert!(log.referring.get(&1).unwrap().numbers() == [3], "no edit is kept");
    for late in [said(1, 1, "secret"), edit(2, 1, 1, "still secret"), edit(4, 1, 1, "secret too")] {
        log.take(&late);
        assert!(gone(&log));
    }
    assert_eq!(log.referring.get(&1).unwrap().numbers(), [3]);
}

#[test]
fn a_page_that_withholds_a_record_erases_it() {
    let mut log = log(&[said(1, 1, "x"), reply(2, 2, 1), edit(3, 2, 2, "y")]);
    assert_eq!(log.shown(1).unwrap().replies, [2]);
    log.take(&withheld(here(), 2));
    assert!(matches!(log.items.get(&2), Some(Item::Withheld(None))));
    assert!(log.shown(1).unwrap().replies.is_empty());
    log.take(&reply(2, 2, 1));
    assert!(log.shown(2).is_none(), "an older page does not bring it back");
}

#[test]
fn the_latest_relabelling_is_the_label_now() {
    let log = log(&[said(1, 1, "x"), relabel(3, 1, 1, Label::Green), relabel(2, 5, 1, Label::Red)]);
    let shown = log.shown(1).unwrap();
    assert_eq!(shown.label, Label::Green);
    assert_eq!(
        shown.relabelled.iter().map(|(_, to, _)| *to).collect::<Vec<_>>(),
        [Label::Red, Label::Green]
    );
}

#[test]
fn what_the_server_says_counts_and_the_stricter_where_it_cannot_be_told_which_is_newer() {
    let said_red = labelled(said(1, 1, "x"), Label::Red);
    assert_eq!(log(std::slice::from_ref(&said_red)).shown(1).unwrap().label, Label::Red);
    let both = [said_red, relabel(2, 1, 1, Label::Green)];
    assert_eq!(log(&both).shown(1).unwrap().label, Label::Red);
    let mut explained = both.to_vec();
    explained.push(relabel(3, 1, 1, Label::Red));
    explained.push(relabel(4, 1, 1, Label::Green));
    assert_eq!(log(&explained).shown(1).unwrap().label, Label::Green);
}

#[test]
fn an_alert_knows_the_newest_one_that_takes_its_place() {
    let mut entry = alert(7, Label::Green, Severity::Minor, "old", "x");
    let old = at(1, entry.clone());
    if let Kind::Alert(alert) = &mut entry.handling.kind {
        alert.supersedes = Some(1);
        alert.message = Message::Update;
    }
    let log = log(&[at(3, entry.clone()), at(2, entry), old]);
    assert_eq!(log.shown(1).unwrap().superseded_by, Some(3));
}

#[test]
fn amendments_of_a_page_show_without_holding_their_place() {
    let mut log = log(&[said(1, 1, "x")]);
    log.take_amendment(&edit(50, 1, 1, "y"));
    assert_eq!(log.shown(1).unwrap().text(), Some("y"));
    assert!(!log.is_held(50));
    assert_eq!(log.latest, 1);
}

#[test]
fn an_alert_of_an_old_page_shows_what_took_its_place_though_that_stands_far_away() {
    let mut log =
        log(&[at(1, alert(7, Label::Green, Severity::Minor, "old", "x")), said(2, 1, "x")]);
    let mut cancel = alert(8, Label::Green, Severity::Minor, "over", "x");
    if let Kind::Alert(alert) = &mut cancel.handling.kind {
        (alert.supersedes, alert.message) = (Some(1), Message::Cancel);
    }
    let cancel = at(50, cancel);
    log.take_amendment(&cancel);
    assert_eq!(log.shown(1).unwrap().superseded_by, Some(50));
    assert!(!log.is_held(50) && !log.items.contains_key(&50));
    assert_eq!((log.latest, log.row_after(2)), (2, None));
    log.drop_aside();
    assert_eq!(log.shown(1).unwrap().superseded_by, Some(50));
    log.take(&cancel);
    assert!(log.items.contains_key(&50));
}

#[test]
fn an_entry_of_a_thread_is_shown_without_a_row_until_its_page_comes() {
    let mut log = log(&[said(9, 1, "x")]);
    log.take_aside(&reply(3, 2, 9));
    assert!(log.shown(3).is_some() && !log.items.contains_key(&3) && !log.is_held(3));
    assert_eq!(log.shown(9).unwrap().replies, [3]);
    log.take_aside(&edit(4, 2, 3, "edited"));
    log.take(&reply(3, 2, 9));
    assert_eq!(log.items.get(&3).and_then(Item::shown).unwrap().text(), Some("edited"));
    log.drop_aside();
    assert!(log.shown(3).is_some());
}

#[test]
fn reactions_and_the_like_have_no_row() {
    let log = log(&[said(1, 1, "x"), react(2, 2, 1, "👍", false), said(3, 1, "y")]);
    assert_eq!(log.items.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(log.row_after(1), Some(3));
    assert_eq!(log.row_before(3), Some(1));
    assert_eq!(log.seen_with(1), 2);
    assert!(log.is_joined_to_before(3), "there is nothing to be read between them");
}

#[test]
fn gaps_are_known() {
    let mut log = log(&[said(1, 1, "x"), said(5, 1, "y"), said(6, 1, "z")]);
    assert!(log.is_held(5) && !log.is_held(4));
    assert!(
        log.is_joined_to_before(1) && !log.is_joined_to_before(5) && log.is_joined_to_before(6)
    );
    log.latest = 9;
    assert!(!log.is_joined_to_latest(6));
    assert_eq!(log.held_around(6), Some((5, 6)));
}

#[test]
fn rows_far_from_what_is_looked_at_are_let_go_with_what_refers_to_them() {
    let mut log = Log::default();
    for seq in 1..=100 {
        log.take(&said(seq, 1, "x"));
    }
    log.take(&react(101, 2, 1, "👍", false));
    log.take(&react(102, 2, 50, "👍", false));
    log.keep(50, 21);
    assert_eq!(log.items.len(), 21);
    assert!(log.items.contains_key(&50) && log.is_held(45) && !log.is_held(1) && !log.is_held(100));
    assert!(!log.referring.contains_key(&1) && log.referring.contains_key(&50));
    assert_eq!(log.latest, 102);
    for seq in 1..=100 {
        log.take(&said(seq, 1, "x"));
    }
    assert!(log.is_joined_to_before(100), "what was let go can be read again");
}

#[test]
fn an_ask_is_still_there_when_its_row_was_let_go_of() {
    let asks = crate::fixture::asking(post(1, Label::Amber, "Affected?"), &["yes", "no"], 45);
    let mut log = log(&[at(1, asks), said(2, 1, "x"), said(3, 1, "x")]);
    log.keep(3, 1);
    assert!(!log.is_held(1) && log.shown(1).is_some() && log.shown(2).is_none());
    log.take_amendment(&retract(4, 1, 1));
    assert!(log.shown(1).is_none(), "until it is taken back");
}

#[test]
fn of_many_edits_and_reactions_the_newest_are_kept_whatever_their_order() {
    let edits = (2..=100).map(|seq| edit(seq, 1, 1, &format!("edit {seq}")));
    let reactions = (101..=900).map(|seq| react(seq, 2, 1, &format!(":{seq}:"), false));
    let mut records: Vec<_> = edits.chain(reactions).collect();
    records.push(said(1, 1, "x"));
    let forward = log(&records);
    let shown = forward.shown(1).unwrap();
    assert_eq!((shown.text(), shown.edits.len()), (Some("edit 100"), 32));
    assert_eq!((shown.reactions.len(), shown.reactions.contains_key(":900:")), (512, true));
    assert_eq!(forward.refers_to.len(), 32 + 512);
    records.reverse();
    assert_eq!(seen(&log(&records)), seen(&forward));
    let mut again = forward.clone();
    again.take(&edit(2, 1, 1, "edit 2"));
    assert_eq!(seen(&again), seen(&forward), "an old one is not new");
}

#[test]
fn very_long_texts_are_let_go_by_their_bytes_far_from_what_is_looked_at() {
    const MOST: usize = 4 * 1024 * 1024;
    let long = "x".repeat(60_000);
    let mut log = Log::default();
    for seq in 1..=500 {
        log.take(&said(seq, 1, &long));
        log.keep_bytes(250, MOST);
    }
    let rows: Vec<_> = log.items.keys().copied().collect();
    assert!((50..=69).contains(&rows.len()), "{}", rows.len());
    assert!(rows.contains(&250) && log.is_held(250) && !log.is_held(1) && !log.is_held(400));
    for seq in 501..=700 {
        // Edits count too, of whatever they are.
        log.take_amendment(&edit(seq, 1, 250 - seq % 100, &long));
        log.keep_bytes(250, MOST);
    }
    let edits: usize = log.referring.values().map(super::Referring::bytes).sum();
    assert!(edits < MOST && !log.items.is_empty(), "{edits}");
}

#[test]
fn what_refers_to_entries_that_never_come_does_not_pile_up() {
    let mut log = log(&[said(1_000_000, 1, "x")]);
    for seq in 1..=5_000 {
        log.take_amendment(&react(500_000 + seq, 2, seq, "👍", false));
        log.keep(1_000_000, 200);
    }
    assert!(log.referring.len() <= 2_100 && log.refers_to.len() <= 2_100);
}

/// One record of a history: what it is, by whom, of which earlier one, with which label.
type Step = (u8, u8, u64, usize);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u8..10, 1_u8..4, 0_u64..40, 0_usize..5), 1..40)
}

/// A log in which anything may refer to anything before it, some of it taken back, some relabelled,
/// some read twice with another label, and some later withheld.
fn history(steps: &[Step]) -> Vec<Delivered> {
    let (mut records, mut posts) = (Vec::new(), Vec::new());
    for (seq, (what, author, of, label)) in (1_u64..).zip(steps.iter().copied()) {
        let of = 1 + of % seq.saturating_sub(1).max(1);
        let to = Label::ALL[label];
        // The server takes back posts alone.
        let post = usize::try_from(of).ok().and_then(|of| posts.iter().cycle().nth(of).copied());
        if seq == 1 || what > 3 {
            posts.push(seq);
        }
        records.push(match what {
            _ if seq == 1 => said(seq, author, "post 1"),
            0 => edit(seq, author, of, &format!("edit {seq}")),
            1 => react(seq, author, of, "👍", label == 0),
            2 => relabel(seq, author, of, to),
            3 => retract(seq, author, post.unwrap_or(1)),
            4 => reply(seq, author, of),
            5 => withheld(here(), seq),
            6 => labelled(said(seq, author, "labelled"), to),
            _ => said(seq, author, &format!("post {seq}")),
        });
        match what {
            8 => records.push(withheld(here(), seq)),
            9 => records.push(labelled(said(seq, author, &format!("post {seq}")), to)),
            0 | 1 | 4 if label == 4 => records.push(withheld(here(), seq)),
            _ => {}
        }
    }
    records
}

proptest! {
    #[test]
    fn the_order_in_which_records_come_changes_nothing(
        steps in steps(),
        order in prop::collection::vec(any::<u32>(), 80),
        again in any::<prop::sample::Index>(),
    ) {
        let records = history(&steps);
        let mut shuffled: Vec<_> = order.iter().zip(&records).collect();
        shuffled.sort_by_key(|(key, _)| **key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(_, record)| record.clone()).collect();
        let mut other = log(&shuffled);
        prop_assert_eq!(seen(&log(&records)), seen(&other));
        let before = seen(&other);
        other.take(again.get(&records));
        prop_assert_eq!(before, seen(&other));
    }

    #[test]
    fn what_is_held_is_what_was_added_and_not_let_go(
        acts in prop::collection::vec((0_u8..6, 1_u64..60, 0_u64..8), 0..60)
    ) {
        let (mut held, mut numbers) = (Held::default(), BTreeSet::new());
        for (what, first, length) in acts {
            match what {
                0 => { held.drop_until(first); numbers = numbers.split_off(&(first + 1)); }
                1 => { held.drop_from(first); drop(numbers.split_off(&first)); }
                _ => { held.add(first, first + length); numbers.extend(first..=first + length); }
            }
            for seq in 1..70 {
                let around = held.around(seq);
                prop_assert_eq!(around.is_some(), numbers.contains(&seq));
                if let Some((first, last)) = around {
                    prop_assert!((first..=last).all(|seq| numbers.contains(&seq)));
                    prop_assert!(!numbers.contains(&(first - 1)) && !numbers.contains(&(last + 1)));
                }
            }
        }
    }
}
