//! Heads against logs that are really chained.

use warproom_proto::register::PublicKey;
use warproom_proto::{Body, Salt};

use super::*;
use crate::event::{AuditBreak, Rewritten};

const ROOM: RoomId = RoomId::from_bytes([1; 16]);
const IN: Option<RoomId> = Some(ROOM);

/// A log of so many records; from the record `other_from` on, its texts are another's.
fn log(length: u8, other_from: u8) -> Vec<Record> {
    let mut at = Position::start(LogId::room(ROOM));
    let record = |number| {
        let text = [number, u8::from(number >= other_from)];
        let item = serde_json::value::to_raw_value(&text).unwrap();
        let body = Body::Shown { at_ms: 0, salt: Salt([0; 16]), item, label: None };
        at = at.next(&body.commitment());
        Record { seq: at.seq, head: at.head, body }
    };
    (1..=length).map(record).collect()
}

fn honest() -> Vec<Record> {
    log(200, u8::MAX)
}

fn at(records: &[Record], seq: usize) -> Position {
    records[seq - 1].position()
}

/// Heads that were shown these numbers of a log.
fn shown(records: &[Record], seqs: &[usize]) -> Heads {
    let mut heads = Heads::default();
    for seq in seqs {
        heads.show(IN, at(records, *seq)).unwrap();
    }
    heads
}

fn claims(heads: &Heads) -> Vec<Seq> {
    heads.rooms[&ROOM].claimed.iter().map(|claim| claim.seq).collect()
}

fn walked(heads: &Heads) -> Seq {
    heads.room(ROOM).unwrap().seq
}

const fn changed(seq: Seq) -> Result<(), Break> {
    Err((seq, Discontinuity::Changed))
}

#[test]
fn heads_survive_a_profile_file_and_older_files_are_read() {
    let records = honest();
    let mut heads = shown(&records, &[3, 7]);
    heads.show(None, at(&records, 9)).unwrap();
    let text = serde_json::to_string(&heads).unwrap();
    assert_eq!(serde_json::from_str::<Heads>(&text).unwrap(), heads);
    assert_eq!(serde_json::from_str::<Heads>("{}").unwrap(), Heads::default());
    let head = records[4].head;
    let old = format!(r#"{{"rooms":{{"{ROOM}":{{"seq":5,"head":"{head}"}}}}}}"#);
    let old: Heads = serde_json::from_str(&old).unwrap();
    assert_eq!(old.room(ROOM), Some(at(&records, 5)));
}

#[test]
fn the_walked_position_moves_over_records_alone_and_claims_go_when_they_are_met() {
    let records = honest();
    let mut heads = shown(&records, &[4, 9, 12]);
    assert_eq!((walked(&heads), claims(&heads)), (4, vec![9, 12]));
    heads.pass(IN, &records[4..10]).unwrap();
    assert_eq!((walked(&heads), claims(&heads)), (10, vec![12]));
    heads.pass(IN, &records[6..12]).unwrap();
    assert_eq!((walked(&heads), claims(&heads)), (12, vec![]));
    // What lies before it moves nothing.
    heads.pass(IN, &records[..3]).unwrap();
    heads.show(IN, at(&records, 2)).unwrap();
    assert_eq!((walked(&heads), claims(&heads)), (12, vec![]));
}

#[test]
fn from_now_on_a_claim_moves_with_what_follows_it_and_the_gap_stays_to_be_walked() {
    let records = honest();
    let mut heads = shown(&records, &[4, 9]);
    for seq in 9..12 {
        heads.pass(IN, &records[seq..=seq]).unwrap();
    }
    assert_eq!((walked(&heads), claims(&heads)), (4, vec![12]));
    // Older pages are checked and move nothing.
    heads.pass(IN, &records[6..8]).unwrap();
    assert_eq!((walked(&heads), claims(&heads)), (4, vec![12]));
}

#[test]
fn whatever_was_shown_is_missed_when_it_is_not_there_any_more() {
    let records = honest();
    for other_from in 2..=9 {
        let other = log(12, other_from);
        let differs = Seq::from(other_from);
        // Read on from the walked position: at the claim, or where the walk breaks.
        let mut heads = shown(&records, &[4, 9]);
        let seq = if differs <= 4 { 5 } else { 9 };
        assert_eq!(heads.pass(IN, &other[4..12]), changed(seq), "{other_from}");
        assert_eq!((walked(&heads), claims(&heads)), (4, vec![9]), "nothing was taken");
        // Read on from the claim, and from the beginning.
        assert_eq!(heads.pass(IN, &other[9..12]), changed(10), "{other_from}");
        let seq = if differs <= 4 { 4 } else { 9 };
        assert_eq!(heads.pass(IN, &other[..12]), changed(seq), "{other_from}");
        // Shown once more, without the records.
        assert_eq!(heads.show(IN, at(&other, 9)), changed(9));
    }
}

#[test]
fn records_that_do_not_follow_each_other_are_not_taken() {
    let (records, other) = (honest(), log(12, 5));
    let mut heads = Heads::default();
    let broken: Vec<_> = records[2..5].iter().chain(&other[5..8]).cloned().collect();
    assert_eq!(heads.pass(IN, &broken), changed(6));
    assert_eq!(heads.pass(Some(RoomId::random()), &records[..2]), changed(1));
    assert_eq!(heads.pass(None, &records[..2]), changed(1));
    assert_eq!(heads, Heads::default());
}

#[test]
fn a_log_that_went_back_is_named_unless_the_answer_was_only_overtaken() {
    let records = honest();
    let heads = shown(&records, &[4, 9]);
    let back = Err((8, Discontinuity::RolledBack { remembered: 9 }));
    assert_eq!(heads.check_latest(IN, at(&records, 8), heads.reach(IN)), back);
    assert_eq!(heads.check_latest(IN, at(&records, 8), 7), Ok(()));
    assert_eq!(heads.check_latest(IN, at(&log(9, 9), 9), 0), changed(9));
    assert_eq!(heads.check_latest(IN, at(&records, 10), 9), Ok(()));
}

#[test]
fn a_log_with_many_claims_asks_to_be_walked_and_keeps_a_bounded_number() {
    let records = honest();
    let mut heads = shown(&records, &[1]);
    for seq in 1..=15 {
        heads.show(IN, at(&records, 2 * seq + 1)).unwrap();
    }
    assert_eq!(heads.crowded().count(), 0);
    for seq in 16..100 {
        heads.show(IN, at(&records, 2 * seq + 1)).unwrap();
    }
    assert_eq!(heads.crowded().collect::<Vec<_>>(), [IN]);
    let claims = claims(&heads);
    assert_eq!((claims.len(), claims[62], claims[63]), (64, 127, 199));
    heads.pass(IN, &records[1..199]).unwrap();
    assert_eq!((walked(&heads), heads.crowded().count()), (199, 0));
}

#[test]
fn a_forgotten_log_is_believed_anew() {
    let mut heads = shown(&honest(), &[4, 9]);
    heads.forget(ROOM);
    assert_eq!((heads.room(ROOM), heads.reach(IN)), (None, 0));
    heads.show(IN, at(&log(9, 2), 3)).unwrap();
    assert_eq!(walked(&heads), 3);
}

#[test]
fn a_log_that_does_not_hold_takes_nothing_more_until_it_is_forgotten() {
    let (records, anew) = (honest(), log(70, 2));
    let base = shown(&records, &[4, 50]);
    let mut ours = base.clone();
    ours.set_broken(IN);
    ours.show(IN, at(&anew, 60)).unwrap();
    ours.pass(IN, &anew[60..65]).unwrap();
    assert_eq!((walked(&ours), claims(&ours)), (4, vec![50]));
    // It is still looked at.
    assert_eq!(ours.show(IN, at(&anew, 50)), changed(50));
    assert_eq!(ours.pass(IN, &anew[49..55]), changed(50));
    // Another client forgot it, and was shown more than we ever were.
    let theirs = shown(&anew, &[55]);
    let (merged, rewritten) = ours.merged(&theirs, &base);
    assert_eq!((merged.room(ROOM), rewritten), (theirs.room(ROOM), Vec::new()));
    ours.forget(ROOM);
    ours.show(IN, at(&anew, 60)).unwrap();
    assert_eq!(walked(&ours), 60);
}

#[test]
fn two_clients_of_one_profile_lose_nothing_that_either_was_shown() {
    let records = honest();
    let base = shown(&records, &[4, 20]);
    let mut ours = base.clone();
    ours.pass(IN, &records[4..10]).unwrap();
    // The other was only shown more.
    let mut theirs = base.clone();
    theirs.show(IN, at(&records, 7)).unwrap();
    theirs.show(IN, at(&records, 30)).unwrap();
    let (merged, rewritten) = ours.merged(&theirs, &base);
    assert_eq!((walked(&merged), claims(&merged)), (4, vec![7, 10, 20, 30]));
    assert_eq!(rewritten, []);
    // The other walked further, or less far, or not at all.
    theirs = base.clone();
    theirs.pass(IN, &records[4..15]).unwrap();
    let (merged, _) = ours.merged(&theirs, &base);
    assert_eq!((walked(&merged), claims(&merged)), (10, vec![15, 20]));
    assert_eq!(theirs.merged(&ours, &base).0, merged);
    assert_eq!(ours.merged(&base, &base).0, ours);
    // Both walked as far.
    assert_eq!(ours.merged(&ours, &base).0, ours);
    // The other did nothing, and remembers nothing beyond its walk.
    let bare = shown(&records, &[4]);
    let mut further = bare.clone();
    further.pass(IN, &records[4..10]).unwrap();
    assert_eq!(further.merged(&bare, &bare).0, further);
    // What was kept by this client itself holds nothing back.
    let mut later = ours.clone();
    later.pass(IN, &records[10..25]).unwrap();
    assert_eq!(later.merged(&ours, &ours).0, later);
    assert_eq!(walked(&later), 25);
}

#[test]
fn two_clients_that_were_shown_different_histories_are_told() {
    let (records, other) = (honest(), log(30, 9));
    let base = shown(&records, &[4]);
    let (mut ours, mut theirs) = (base.clone(), base.clone());
    ours.show(IN, at(&records, 12)).unwrap();
    theirs.show(IN, at(&other, 12)).unwrap();
    ours.show(None, at(&records, 3)).unwrap();
    let (merged, rewritten) = ours.merged(&theirs, &base);
    assert_eq!(rewritten, [Rewritten { room: IN, seq: 12, how: Discontinuity::Changed }]);
    assert_eq!((merged.room(ROOM), merged.reach(IN)), (theirs.room(ROOM), 12));
    assert_eq!(merged.register(), ours.register());
    // Walked by one beyond what the other was shown: found when the walk is made again.
    ours = base.clone();
    ours.pass(IN, &records[4..20]).unwrap();
    let (mut merged, rewritten) = ours.merged(&theirs, &base);
    assert_eq!((walked(&merged), claims(&merged), rewritten), (4, vec![12, 20], vec![]));
    assert_eq!(merged.pass(IN, &records[4..20]), changed(12));
}

#[test]
fn what_one_client_forgets_the_other_does_not_bring_back() {
    let records = honest();
    let base = shown(&records, &[4, 20]);
    let mut forgetful = base.clone();
    forgetful.forget(ROOM);
    assert_eq!(forgetful.merged(&base, &base).0.room(ROOM), None);
    assert_eq!(base.merged(&Heads::default(), &base).0.room(ROOM), None);
    // A log that only one of the two ever saw is kept.
    let none = Heads::default();
    assert_eq!(base.merged(&none, &none).0, base);
    assert_eq!(none.merged(&base, &none).0, base);
    // Who forgot it reads on in a history that was put back, which is shorter, or has grown again.
    let other = log(30, 9);
    for length in [3, 25] {
        let anew = shown(&other, &[length]);
        assert_eq!(base.merged(&anew, &base), (anew.clone(), vec![]), "{length}");
    }
    let mut further = base.clone();
    further.pass(IN, &records[4..24]).unwrap();
    let shorter = shown(&other, &[3]);
    assert_eq!(further.merged(&shorter, &base), (shorter, vec![]));
}

#[test]
fn of_two_clients_with_one_profile_whoever_knows_more_of_the_audit_log_or_forgot_it_is_followed() {
    let key = PublicKey([1; 32]);
    let head = |size: u8, root| AuditHead { key, size: size.into(), root: Head([root; 32]) };
    let heads = |audit: Option<AuditHead>| Heads { audit, ..Heads::default() };
    let (two, four, six) = (Some(head(2, 2)), Some(head(4, 4)), Some(head(6, 6)));
    let renewed = four.map(|four| AuditHead { key: PublicKey([2; 32]), ..four });
    for (ours, kept, base, merged) in [
        (None, None, None, None),
        (four, None, None, four),
        (None, four, None, four),
        (four, four, four, four),
        (six, four, four, six),
        (four, six, four, six),
        (six, four, two, six),
        (four, six, two, six),
        (renewed, four, four, renewed),
        (four, renewed, four, renewed),
        // The other forgot it, and was shown a shorter one, or another of that length.
        (four, None, four, None),
        (six, None, four, None),
        (four, two, four, two),
        (six, two, four, two),
        (four, Some(head(4, 9)), four, Some(head(4, 9))),
    ] {
        let found = heads(ours).merged(&heads(kept), &heads(base));
        assert_eq!(found, (heads(merged), vec![]), "{ours:?}, {kept:?}, {base:?}");
        let mut forgetful = heads(ours);
        forgetful.forget_audit();
        assert_eq!(forgetful.merged(&heads(kept), &heads(base)).0.audit(), None);
    }
    // Both came further, to two logs.
    let (merged, rewritten) = heads(six).merged(&heads(Some(head(6, 9))), &heads(four));
    let how = Discontinuity::Audit(AuditBreak::Forked);
    assert_eq!(rewritten, [Rewritten { room: None, seq: 6, how }]);
    assert_eq!(merged.audit(), Some(head(6, 9)));
}

#[test]
fn of_two_clients_with_one_profile_whoever_came_to_know_another_authority_is_further() {
    let enrolled = Address { host_port: "h:1".to_owned(), authority: Fingerprint([0; 32]) };
    let knowing = |authority: Option<u8>| {
        let mut heads = Heads::default();
        if let Some(byte) = authority {
            heads.set_authority(Fingerprint([byte; 32]));
        }
        heads
    };
    for (ours, kept, base, merged) in [
        (None, None, None, 0),
        (Some(1), None, None, 1),
        (None, Some(1), None, 1),
        (Some(1), Some(1), Some(1), 1),
        (Some(2), Some(1), Some(1), 2),
        (Some(1), Some(2), Some(1), 2),
    ] {
        let (all, _) = knowing(ours).merged(&knowing(kept), &knowing(base));
        let known = all.address(enrolled.clone()).authority;
        assert_eq!(known, Fingerprint([merged; 32]), "{ours:?}, {kept:?}, {base:?}");
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Heads>(&text).unwrap(), all);
    }
}

#[test]
fn a_server_that_names_rooms_without_end_fills_no_profile_and_what_is_read_is_remembered() {
    let records = honest();
    let mut heads = Heads::default();
    for number in 0..2 * ROOMS as u128 {
        let room = RoomId::from_bytes(number.to_be_bytes());
        heads.show(Some(room), at(&records, 3)).unwrap();
    }
    assert_eq!(heads.rooms.len(), ROOMS);
    heads.show(None, at(&records, 3)).unwrap();
    assert_eq!(heads.reach(None), 3, "the register is one, and always kept");
    heads.pass(IN, &records[..9]).unwrap();
    assert_eq!(walked(&heads), 9);
    let first = RoomId::from_bytes(1_u128.to_be_bytes());
    assert_eq!(heads.reach(Some(first)), 3);
}
