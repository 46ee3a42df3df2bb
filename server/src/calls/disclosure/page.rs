//! What was found for one page of a disclosure, and what of it is given out.
//!
//! The labels are asked three times: before a record is held against what is wanted, when the page goes
//! into the audit log, and when it is answered. In between somebody may have taken an entry back or made
//! it stricter; then it is withheld, as if it had been so from the start. What was withheld once is not
//! given out on the same page.

use warproom_proto::calls::DiscloseRoom;
use warproom_proto::disclosure::{Why, Withheld};
use warproom_proto::{Error, ErrorCode, Label, Principal, Record, Seq, limits};

use crate::domain::State;
use crate::store::Stored;
use crate::view::{self, Entitled, Sight};

/// What is given out of a record: its label now, and whether that is another than it was written with.
pub(super) type Given = (Label, Option<Label>);

/// What was found for one page, and how far it goes.
#[derive(Default)]
pub(super) struct Found {
    /// What is wanted.
    pub(super) records: Vec<Stored>,
    /// What amends it and is not among it.
    pub(super) amendments: Vec<Stored>,
    /// What amends it as well and fits no page, without the texts.
    pub(super) left_out: Vec<Stored>,
    /// What is wanted and stricter than asked for, without the texts.
    labelled: Vec<Stored>,
    /// What nobody looked into.
    hidden: Vec<(Seq, Why)>,
    /// How many rows the list of what is withheld has.
    rows: usize,
    latest_row: Option<(Seq, Why)>,
    bytes: usize,
    /// The first record that was looked at.
    pub(super) first: Option<Seq>,
    /// The last.
    pub(super) last: Option<Seq>,
    /// Where the time asked for ends.
    pub(super) end: Seq,
    /// Where the next page goes on.
    pub(super) next_after: Option<Seq>,
}

/// What of it is given out at one moment.
pub(super) struct Judged {
    records: Vec<(Stored, Given)>,
    amendments: Vec<(Stored, Given)>,
    /// What is not, and why.
    pub(super) withheld: Vec<Withheld>,
}

impl Found {
    /// Nothing yet, of a stretch that begins at a record, if there is one, in a time that ends at another.
    pub(super) fn new(first: Option<Seq>, end: Seq) -> Self {
        Self { first, end, ..Self::default() }
    }

    /// Takes a record in, if it is wanted or nobody may look whether it is.
    pub(super) fn take(
        &mut self,
        stored: Stored,
        verdict: Result<Given, Why>,
        is_wanted: impl FnOnce(&Stored) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        match verdict {
            Ok(_) => {
                if is_wanted(&stored)? {
                    self.bytes += stored.item.len();
                    self.records.push(stored);
                }
            }
            Err(why @ Why::Label { .. }) => {
                if is_wanted(&stored)? {
                    self.count_row(stored.seq, why);
                    self.labelled.push(Stored { item: Vec::new(), ..stored });
                }
            }
            Err(why) => {
                self.count_row(stored.seq, why);
                self.hidden.push((stored.seq, why));
            }
        }
        Ok(())
    }

    fn count_row(&mut self, seq: Seq, why: Why) {
        if self.latest_row != Some((seq - 1, why)) {
            self.rows += 1;
        }
        self.latest_row = Some((seq, why));
    }

    /// Whether a page has no room for more.
    pub(super) const fn is_full(&self, most: usize) -> bool {
        self.records.len() >= most || self.rows >= limits::PAGE || self.bytes >= limits::PAGE_BYTES
    }

    /// Whether there is nothing to tell.
    pub(super) const fn is_empty(&self) -> bool {
        self.records.is_empty() && self.labelled.is_empty() && self.hidden.is_empty()
    }

    /// Ends the page at a record.
    pub(super) fn end_at(&mut self, last: Seq) {
        self.records.retain(|one| one.seq <= last);
        self.labelled.retain(|one| one.seq <= last);
        self.hidden.retain(|(seq, _)| *seq <= last);
        (self.last, self.next_after) = (Some(last), Some(last));
    }

    /// What of it is given out, as the labels are now.
    pub(super) fn judged(
        &self,
        state: &State,
        who: Principal,
        call: &DiscloseRoom,
    ) -> Result<Judged, Error> {
        let entitled = Entitled::to(state, who, call.room).ok_or(ErrorCode::NotFound)?;
        let mut withheld = self.hidden.clone();
        for stored in &self.labelled {
            let why = match entitled.disclosed(stored, call.up_to)? {
                Ok((label, _)) => Why::Label { label },
                Err(why) => why,
            };
            withheld.push((stored.seq, why));
        }
        let mut records = Vec::new();
        for stored in &self.records {
            match entitled.disclosed(stored, call.up_to)? {
                Ok(given) => records.push((stored.clone(), given)),
                Err(why) => withheld.push((stored.seq, why)),
            }
        }
        let mut amendments = Vec::new();
        let fits = self.amendments.iter().map(|stored| (stored, true));
        let all = fits.chain(self.left_out.iter().map(|stored| (stored, false)));
        for (stored, fits) in all {
            match entitled.disclosed(stored, call.up_to)? {
                Ok(given) if fits => amendments.push((stored.clone(), given)),
                Ok(_) => withheld.push((stored.seq, Why::TooMany)),
                // Within the time asked for it stands in the list on its own account. Of what they may
                // not read it is not said that it amends anything.
                Err(why @ Why::Label { .. }) if stored.seq >= self.end => {
                    withheld.push((stored.seq, why));
                }
                Err(_) => {}
            }
        }
        Ok(Judged { records, amendments, withheld: rows(withheld) })
    }
}

impl Judged {
    /// The labels of all that is given out.
    pub(super) fn labels(&self) -> impl Iterator<Item = Label> {
        self.records.iter().chain(&self.amendments).map(|(_, (label, _))| *label)
    }

    /// Records and what amends them, as they are answered.
    pub(super) fn shown(self) -> ([Vec<Record>; 2], Vec<Withheld>) {
        let shown = |(of, (_, now))| view::stored(of, Sight::Whole(now));
        let given = [self.records, self.amendments];
        (given.map(|records| records.into_iter().map(shown).collect()), self.withheld)
    }
}

/// What is withheld, in order, with what stands in a row for the same reason in one.
fn rows(mut withheld: Vec<(Seq, Why)>) -> Vec<Withheld> {
    withheld.sort_by_key(|(seq, _)| *seq);
    let mut rows: Vec<Withheld> = Vec::new();
    for (seq, why) in withheld {
        match rows.last_mut() {
            Some(row) if row.last + 1 == seq && row.why == why => row.last = seq,
            _ => rows.push(Withheld { first: seq, last: seq, why }),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use warproom_proto::entry::Kind;
    use warproom_proto::{Body, Head, Salt};

    use super::*;
    use crate::domain::tests::{ROOM, enter, person, post, with_room};

    const TEXT: &[u8] = br#""text""#;

    fn stored(seq: Seq, label: Label) -> Stored {
        let summary = post(label).to_bytes();
        let item = TEXT.to_vec();
        let (salt, head) = (Salt([0; 16]), Head([0; 32]));
        Stored { seq, at_ms: 0, salt, head, summary, item, erased: None }
    }

    fn found(
        seqs: impl IntoIterator<Item = Seq>,
        amendments: impl IntoIterator<Item = Seq>,
    ) -> Found {
        let all = |seqs: Vec<Seq>| seqs.into_iter().map(|seq| stored(seq, Label::Green)).collect();
        let records = all(seqs.into_iter().collect());
        let amendments = all(amendments.into_iter().collect());
        Found { records, amendments, end: 100, ..Found::default() }
    }

    fn call(up_to: Label) -> DiscloseRoom {
        let call = serde_json::json!({
            "room": ROOM, "up_to": up_to, "purpose": "other", "limit": 200,
        });
        serde_json::from_value(call).unwrap()
    }

    #[test]
    fn what_was_taken_back_or_tightened_meanwhile_is_withheld_in_its_place() {
        let mut state = with_room(Label::Red);
        let (who, call) = (person(10), call(Label::Amber));
        let mut found = found([10, 11, 12, 13], [110]);
        let label = |label| Err(Why::Label { label });
        found.take(stored(14, Label::Red), label(Label::Red), |_| Ok(true)).unwrap();
        let judged = found.judged(&state, who, &call).unwrap();
        assert_eq!((judged.records.len(), judged.amendments.len()), (4, 1));
        let row = |seq, why| Withheld { first: seq, last: seq, why };
        let red = Why::Label { label: Label::Red };
        assert_eq!(judged.withheld, [row(14, red)]);

        enter(&mut state, 20, Kind::Retract { of: 10 });
        enter(&mut state, 21, Kind::Relabel { of: 12, to: Label::Red });
        enter(&mut state, 22, Kind::Relabel { of: 14, to: Label::Green });
        enter(&mut state, 23, Kind::Relabel { of: 110, to: Label::AmberStrict });
        let judged = found.judged(&state, who, &call).unwrap();
        let seqs: Vec<_> = judged.records.iter().map(|(stored, _)| stored.seq).collect();
        assert_eq!(seqs, [11, 13]);
        assert!(judged.amendments.is_empty());
        let strict = Why::Label { label: Label::AmberStrict };
        // What was withheld once stays so.
        let milder = Why::Label { label: Label::Green };
        let rows = [row(10, Why::TakenBack), row(12, red), row(14, milder), row(110, strict)];
        assert_eq!(judged.withheld, rows);
    }

    /// Takes a record in that is wanted.
    fn take(found: &mut Found, seq: Seq, verdict: Result<Given, Why>) {
        found.take(stored(seq, Label::Green), verdict, |_| Ok(true)).unwrap();
    }

    const GIVEN: Result<Given, Why> = Ok((Label::Green, None));
    const STRICT: Why = Why::Label { label: Label::Red };

    #[test]
    fn what_nobody_may_look_into_is_told_of_and_never_held_against_what_is_wanted() {
        let mut found = Found::default();
        for verdict in [GIVEN, Err(STRICT)] {
            found.take(stored(10, Label::Green), verdict, |_| Ok(false)).unwrap();
        }
        assert!(found.is_empty(), "it is not wanted");
        let unread = |_: &Stored| -> Result<bool, Error> { panic!("nobody may look into it") };
        found.take(stored(11, Label::Green), Err(Why::NotYours), unread).unwrap();
        assert_eq!(found.hidden, [(11, Why::NotYours)]);
        take(&mut found, 12, Err(STRICT));
        assert!(found.labelled[0].item.is_empty(), "its text is kept for nothing");
        take(&mut found, 13, GIVEN);
        take(&mut found, 14, GIVEN);
        assert_eq!((found.records.len(), found.bytes), (2, 2 * TEXT.len()));
    }

    #[test]
    fn there_is_nothing_to_tell_where_nothing_was_found_and_nothing_is_withheld() {
        assert!(Found::default().is_empty());
        for verdict in [GIVEN, Err(STRICT), Err(Why::TakenBack)] {
            let mut found = Found::default();
            take(&mut found, 10, verdict);
            assert!(!found.is_empty(), "{verdict:?}");
        }
    }

    #[test]
    fn a_page_is_full_by_its_records_by_the_rows_of_what_is_withheld_or_by_its_bytes() {
        let records = |many: Seq| found(1..=many, []);
        assert!(!records(9).is_full(10) && records(10).is_full(10));
        let rows = |rows| Found { rows, ..Found::default() };
        assert!(!rows(limits::PAGE - 1).is_full(10) && rows(limits::PAGE).is_full(10));
        let bytes = |bytes| Found { bytes, ..Found::default() };
        assert!(
            !bytes(limits::PAGE_BYTES - 1).is_full(10) && bytes(limits::PAGE_BYTES).is_full(10)
        );
    }

    #[test]
    fn what_stands_in_a_row_for_one_reason_is_one_row_of_what_is_withheld() {
        let mut found = Found::default();
        let (gone, erased) = (Err(Why::TakenBack), Err(Why::Erased));
        for (seq, verdict) in
            [(10, gone), (11, gone), (13, gone), (14, erased), (15, GIVEN), (16, erased)]
        {
            take(&mut found, seq, verdict);
        }
        let row = |first, last, why| Withheld { first, last, why };
        let expected = [
            row(10, 11, Why::TakenBack),
            row(13, 13, Why::TakenBack),
            row(14, 14, Why::Erased),
            row(16, 16, Why::Erased),
        ];
        assert_eq!(rows(found.hidden), expected);
        assert_eq!(found.rows, expected.len());
        let backwards = vec![(11, Why::TakenBack), (10, Why::TakenBack)];
        assert_eq!(rows(backwards), [row(10, 11, Why::TakenBack)], "in order");
    }

    #[test]
    fn a_page_that_ends_earlier_has_nothing_from_behind_its_end() {
        let mut found = found([10, 13], []);
        for (seq, verdict) in
            [(11, Err(STRICT)), (12, Err(Why::Erased)), (14, Err(STRICT)), (15, Err(Why::Erased))]
        {
            take(&mut found, seq, verdict);
        }
        let seqs = |found: &Found| {
            let of = |all: &[Stored]| all.iter().map(|one| one.seq).collect::<Vec<_>>();
            let hidden = found.hidden.iter().map(|(seq, _)| *seq).collect();
            [of(&found.records), of(&found.labelled), hidden]
        };
        found.end_at(13);
        assert_eq!(seqs(&found), [vec![10, 13], vec![11], vec![12]]);
        found.end_at(12);
        assert_eq!(seqs(&found), [vec![10], vec![11], vec![12]]);
        found.end_at(11);
        assert_eq!(seqs(&found), [vec![10], vec![11], vec![]]);
        assert_eq!((found.last, found.next_after), (Some(11), Some(11)));
        found.end_at(10);
        assert_eq!(seqs(&found), [vec![10], vec![], vec![]]);
    }

    #[test]
    fn an_amendment_that_is_withheld_is_told_of_only_behind_the_time_asked_for() {
        let mut state = with_room(Label::Red);
        let found = found([10], [99, 100, 101]);
        for (seq, of) in (200..).zip([99, 100]) {
            enter(&mut state, seq, Kind::Relabel { of, to: Label::Red });
        }
        enter(&mut state, 202, Kind::Retract { of: 101 });
        let judged = found.judged(&state, person(10), &call(Label::Amber)).unwrap();
        let row = Withheld { first: 100, last: 100, why: STRICT };
        assert_eq!(judged.withheld, [row], "99 has a row of its own, and 101 is not said to amend");
    }

    #[test]
    fn a_change_that_fits_no_page_is_listed_unless_it_may_not_be_read() {
        let mut state = with_room(Label::Red);
        let left_out: Vec<_> = [98, 99, 100, 101, 102, 103, 105]
            .map(|seq| Stored { item: Vec::new(), ..stored(seq, Label::Green) })
            .into();
        let found = Found { left_out, ..found([10], [104]) };
        for (seq, of) in (200..).zip([99, 100]) {
            enter(&mut state, seq, Kind::Relabel { of, to: Label::Red });
        }
        enter(&mut state, 202, Kind::Retract { of: 101 });
        let judged = found.judged(&state, person(10), &call(Label::Amber)).unwrap();
        let row = |first, last, why| Withheld { first, last, why };
        let expected = [
            row(98, 98, Why::TooMany),
            row(100, 100, STRICT),
            row(102, 103, Why::TooMany),
            row(105, 105, Why::TooMany),
        ];
        assert_eq!(judged.withheld, expected, "99 and 101 as amendments that fit");
        assert_eq!(judged.amendments.len(), 1);
    }

    #[test]
    fn records_and_amendments_are_answered_with_the_labels_they_have_now() {
        let mut state = with_room(Label::Red);
        let mut found = found([10], [110]);
        take(&mut found, 11, Err(Why::TakenBack));
        enter(&mut state, 20, Kind::Relabel { of: 110, to: Label::Amber });
        let judged = found.judged(&state, person(10), &call(Label::Amber)).unwrap();
        assert_eq!(judged.labels().collect::<Vec<_>>(), [Label::Green, Label::Amber]);
        let ([records, amendments], withheld) = judged.shown();
        let shown = |records: &[Record]| match records {
            [Record { seq, body: Body::Shown { label, .. }, .. }] => (*seq, *label),
            _ => panic!("one record is shown"),
        };
        assert_eq!(shown(&records), (10, None));
        assert_eq!(shown(&amendments), (110, Some(Label::Amber)));
        assert_eq!(withheld.len(), 1);
    }
}
