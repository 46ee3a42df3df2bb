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
        for stored in &self.amendments {
            match entitled.disclosed(stored, call.up_to)? {
                Ok(given) => amendments.push((stored.clone(), given)),
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
    use warproom_proto::{Head, Salt};

    use super::*;
    use crate::domain::tests::{ROOM, enter, person, post, with_room};

    fn stored(seq: Seq, label: Label) -> Stored {
        let summary = post(label).to_bytes();
        let item = b"text".to_vec();
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
}
