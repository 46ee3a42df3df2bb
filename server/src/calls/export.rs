//! Export: pages of a room to be taken out of the WARP, which nobody does unseen.
//!
//! The labels are asked twice, when a page goes into the audit log and when it is answered. In between
//! somebody may have taken an entry back or made it stricter; then it is withheld.

use std::sync::Arc;

use warproom_proto::audit::{Event, Record as Audited};
use warproom_proto::calls::{From, Page, RoomExport};
use warproom_proto::{Error, ErrorCode, Label, LogId, Principal, Record, RoomId, Seq, limits};

use super::Session;
use super::history::{blocking, fetch, limit, reading_allowed};
use crate::domain::{Plan, Planned, State};
use crate::store::Stored;
use crate::view::{self, Entitled, Sight};

pub async fn run(session: &Session, call: RoomExport) -> Result<Page, Error> {
    let RoomExport { room, after, limit: asked } = call;
    let limit = limit(asked, limits::PAGE)?;
    let (context, who) = (&session.context, session.who());
    reading_allowed(&context.state(), who, room)?;
    let log = LogId::room(room);
    let latest = context.store.position(log);
    let ours = context.clone();
    let fetched = blocking(context, move |store| {
        let records = fetch(store, log, (From::After(after), limit), latest.seq)?;
        let amendments = view::fetch_amendments(store, room, &records, |found| {
            let state = ours.state();
            let entitled = Entitled::to(&state, who, room).ok_or(ErrorCode::NotFound)?;
            let taken_out = |of| Ok(entitled.label(of)?.is_some_and(|label| label != Label::Red));
            found.iter().map(taken_out).collect()
        })?;
        Ok(Fetched { records, amendments })
    });
    let fetched = Arc::new(fetched.await?);
    if let Some((first, last)) = fetched.stretch() {
        let fetched = fetched.clone();
        let plan = move |state: &State, _| {
            let labels = fetched.labels(state, who, room)?;
            let records = u64::try_from(labels.len()).unwrap_or(u64::MAX);
            let strictest = labels.into_iter().max();
            let event = Event::Exported { room, first, last, records, strictest };
            Ok(Plan::of(Planned::Audit(Audited::by(who, event))))
        };
        context.journal.append(None, plan).await?;
    }
    // Asked again: whoever was taken out while it was recorded gets none of it.
    let state = context.state();
    reading_allowed(&state, who, room)?;
    let [records, amendments] = fetched.shown(&state, who, room)?;
    Ok(Page { records, amendments, latest })
}

/// What was read for one page.
struct Fetched {
    records: Vec<Stored>,
    /// What amends it and is not among it.
    amendments: Vec<Stored>,
}

impl Fetched {
    /// The first record and the last; nothing for a page with nothing on it.
    fn stretch(&self) -> Option<(Seq, Seq)> {
        Some((self.records.first()?.seq, self.records.last()?.seq))
    }

    /// The labels of all that is taken out, as things are now.
    fn labels(&self, state: &State, who: Principal, room: RoomId) -> Result<Vec<Label>, Error> {
        let entitled = Entitled::to(state, who, room).ok_or(ErrorCode::NotFound)?;
        let all = self.records.iter().chain(&self.amendments);
        let labels = all.filter_map(|of| entitled.exported(of).transpose());
        labels.map(|carried| carried.map(|(label, _)| label)).collect()
    }

    /// What is taken out, as things are now: the records with stubs among them, and of what amends them
    /// no stubs.
    fn shown(
        &self,
        state: &State,
        who: Principal,
        room: RoomId,
    ) -> Result<[Vec<Record>; 2], Error> {
        let entitled = Entitled::to(state, who, room).ok_or(ErrorCode::NotFound)?;
        let show = |of: &Stored| {
            let carried = entitled.exported(of)?;
            let sight = carried.map_or(Sight::Stub, |(_, now)| Sight::Whole(now));
            Ok::<_, Error>((view::stored(of.clone(), sight), carried.is_some()))
        };
        let records =
            self.records.iter().map(|of| Ok(show(of)?.0)).collect::<Result<_, Error>>()?;
        let mut amendments = Vec::new();
        for of in &self.amendments {
            if let (record, true) = show(of)? {
                amendments.push(record);
            }
        }
        Ok([records, amendments])
    }
}

#[cfg(test)]
mod tests {
    use warproom_proto::entry::Kind;
    use warproom_proto::{Body, Head, Salt};

    use super::*;
    use crate::domain::tests::{ROOM, enter, person, post, with_room};

    fn stored(seq: Seq) -> Stored {
        let (summary, item) = (post(Label::Green).to_bytes(), b"\"text\"".to_vec());
        let (salt, head) = (Salt([0; 16]), Head([0; 32]));
        Stored { seq, at_ms: 0, salt, head, summary, item, erased: None }
    }

    #[test]
    fn what_was_taken_back_or_tightened_meanwhile_is_withheld() {
        let (mut state, who) = (with_room(Label::Red), person(10));
        let fetched = Fetched {
            records: (10..14).map(stored).collect(),
            amendments: (110..112).map(stored).collect(),
        };
        assert_eq!(fetched.stretch(), Some((10, 13)));
        assert_eq!(fetched.labels(&state, who, ROOM), Ok(vec![Label::Green; 6]));

        enter(&mut state, 20, Kind::Retract { of: 10 });
        enter(&mut state, 21, Kind::Relabel { of: 11, to: Label::Red });
        enter(&mut state, 22, Kind::Relabel { of: 12, to: Label::Amber });
        enter(&mut state, 23, Kind::Relabel { of: 110, to: Label::Red });
        let labels = fetched.labels(&state, who, ROOM);
        assert_eq!(labels, Ok(vec![Label::Amber, Label::Green, Label::Green]));
        let shown = fetched.shown(&state, who, ROOM).unwrap();
        let seqs = shown.map(|records| {
            let is_shown = |one: &Record| matches!(one.body, Body::Shown { .. });
            let told = |one: Record| (one.seq, is_shown(&one));
            records.into_iter().map(told).collect::<Vec<_>>()
        });
        assert_eq!(seqs[0], [(10, false), (11, false), (12, true), (13, true)]);
        assert_eq!(seqs[1], [(111, true)]);

        // Whoever left gets none of it.
        enter(&mut state, 24, Kind::Left { who });
        assert!(fetched.labels(&state, who, ROOM).is_err());
    }
}
