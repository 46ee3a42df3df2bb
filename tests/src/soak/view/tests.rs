//! That the comparison can fail: a true view is bent in every way, and each is found where it is.

use serde_json::value::RawValue;
use warproom_proto::record::commitment;
use warproom_proto::{Content, EntryId, Handling, Label, Principal, RoomRole, Salt};

use super::*;

/// Who wrote everything.
const AUTHOR: MemberId = MemberId::from_bytes([7; 16]);
const ROOM: RoomId = RoomId::from_bytes([1; 16]);

/// A room as it grows: what the server has, to be given as shown or as a stub.
struct Log {
    at: Position,
    records: Vec<(Record, Entry)>,
}

impl Log {
    fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        let mut log = Self { at: Position::start(LogId::room(ROOM)), records: Vec::new() };
        kinds.into_iter().for_each(|kind| log.push(kind));
        log
    }

    fn push(&mut self, kind: Kind) {
        let entry = Entry { handling: handling(kind), content: Content::default() };
        let item = RawValue::from_string(serde_json::to_string(&entry).unwrap()).unwrap();
        let (at_ms, salt) = (1_000, Salt([3; 16]));
        let commitment = commitment(&salt, at_ms, item.get().as_bytes());
        self.at = self.at.next(&commitment);
        let body = Body::Shown { at_ms, salt, item, label: None };
        let record = Record { seq: self.at.seq, head: self.at.head, body };
        self.records.push((record, entry));
    }

    /// What a reader has from whom these are withheld, and these erased.
    fn view(&self, withheld: &[Seq], erased: &[Seq]) -> RoomView {
        let mut view = RoomView::new(ROOM);
        for (record, entry) in &self.records {
            let is_erased = erased.contains(&record.seq);
            let taken = if is_erased || withheld.contains(&record.seq) {
                let commitment = record.body.commitment();
                let body = Body::Withheld { commitment, erased: is_erased };
                view.take(&Record { body, ..record.clone() }, None)
            } else {
                view.take(record, Some(entry))
            };
            assert_eq!(taken, Ok(()), "{}", record.seq);
        }
        view
    }
}

fn handling(kind: Kind) -> Handling {
    Handling {
        id: EntryId::from_bytes([5; 16]),
        author: Principal::Member(AUTHOR),
        label: Label::Green,
        kind,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        common_cause: warproom_proto::Reporting::No,
        exercise: false,
        files: Vec::new(),
    }
}

const fn post() -> Kind {
    Kind::Post { reply_to: None }
}

const fn joined() -> Kind {
    Kind::Joined { who: Principal::Member(AUTHOR), role: RoomRole::Participant }
}

/// Two posts, an edit of the first, a retraction of it.
fn log() -> Log {
    Log::new([joined(), post(), Kind::Edit { of: 2 }, post(), Kind::Retract { of: 2 }])
}

fn nothing() -> BTreeSet<Seq> {
    BTreeSet::new()
}

#[test]
fn what_was_taken_back_counts_as_withheld_whenever_it_was_received() {
    let log = log();
    let afresh = log.view(&[2, 3], &[]);
    for came_late in [&[][..], &[2], &[3], &[2, 3]] {
        assert_eq!(log.view(came_late, &[]).differs(&afresh, &nothing()), None);
    }
}

#[test]
fn each_way_of_being_wrong_is_found_where_it_is() {
    let log = log();
    let afresh = log.view(&[2, 3], &[]);
    let whole = log.view(&[], &[]);
    assert_eq!(whole.differs(&afresh, &nothing()), None, "taken back is taken back");
    let differs = |view: &RoomView| view.differs(&afresh, &nothing());
    assert_eq!(differs(&log.view(&[2, 3, 4], &[])), Some((4, How::NeverShown)));
    assert_eq!(whole.differs(&log.view(&[2, 3, 4], &[]), &nothing()), Some((4, How::StillShown)));
    assert_eq!(whole.differs(&log.view(&[2, 3], &[4]), &nothing()), Some((4, How::Erased)));
    assert_eq!(whole.differs(&log.view(&[2, 3], &[4]), &BTreeSet::from([4])), None);
    // Without the notice that took it back, the client goes on showing it.
    assert_eq!(differs(&log.view(&[5], &[])), Some((2, How::StillShown)));

    let more = Log::new([joined(), post(), post()]).view(&[], &[]);
    let fewer = Log::new([joined(), post()]).view(&[], &[]);
    assert_eq!(fewer.differs(&more, &nothing()), Some((3, How::Missing)));
    assert_eq!(more.differs(&fewer, &nothing()), Some((3, How::Surplus)));
    let other = Log::new([joined(), post(), post(), post(), Kind::Retract { of: 2 }]);
    assert_eq!(differs(&other.view(&[], &[])), Some((3, How::Other)));
}

#[test]
fn a_gap_a_repetition_and_a_broken_chain_are_refused() {
    let log = log();
    let mut view = RoomView::new(ROOM);
    let mut take = |at: usize| view.take(&log.records[at].0, Some(&log.records[at].1));
    assert_eq!(take(1), Err(How::OutOfOrder));
    assert_eq!(take(0), Ok(()));
    assert_eq!(take(0), Err(How::OutOfOrder));
    let (bent, entry) = &log.records[1];
    let bent = Record { head: log.records[0].0.head, ..bent.clone() };
    assert_eq!(view.take(&bent, Some(entry)), Err(How::Chain));
}

#[test]
fn who_is_there_and_what_was_answered_are_compared_too() {
    let organisation = OrganisationId::from_bytes([9; 16]);
    let answer = || Kind::Answer { of: 2, organisation, choice: "affected".parse().unwrap() };
    let log = Log::new([joined(), post(), answer(), answer()]);
    let view = log.view(&[], &[]);
    assert_eq!(view.answers(2), BTreeMap::from([(organisation, (2, 4))]));
    assert_eq!(log.view(&[4], &[]).answers(2), BTreeMap::from([(organisation, (1, 3))]));
    let mut emptied = log.view(&[], &[]);
    emptied.members.clear();
    assert_eq!(view.differs(&emptied, &nothing()), Some((4, How::Members)));
    let gone = Log::new([joined(), Kind::Left { who: Principal::Member(AUTHOR) }]);
    assert_eq!(gone.view(&[], &[]).left(AUTHOR), Some(2));
    assert_eq!(view.left(AUTHOR), None);
}
