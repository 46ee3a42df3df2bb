//! A room as a fold over its log: settings, who was in it when, which posts were relabelled or
//! retracted, what was asked and answered, and which alert is the latest of its source.

mod reach;

use std::collections::{BTreeMap, HashMap};

use warproom_proto::entry::{Handling, Kind, RoomRole, RoomSettings};
use warproom_proto::{Label, Line, OrganisationId, Principal, Seq};

use super::asking::Asked;
use super::audience::{self, Reader, Relation};
use super::sources::{Latest, Sources};
use super::summary::{KindTag, Summary};

pub use reach::Lifetime;

/// A room.
#[derive(Default)]
pub struct Room {
    settings: Option<RoomSettings>,
    stays: HashMap<Principal, Stay>,
    by_organisation: HashMap<OrganisationId, Vec<Principal>>,
    relabelled: HashMap<Seq, Label>,
    /// The mildest label that was given to what was relabelled.
    mildest: HashMap<Seq, Label>,
    /// What was taken back, and where.
    retracted: HashMap<Seq, Seq>,
    asks: BTreeMap<Seq, Asked>,
    sources: Sources,
}

/// Somebody's times in the room.
struct Stay {
    /// The part they play; `None` when they are out.
    role: Option<RoomRole>,
    /// From their joining (included) to their leaving (not included), oldest first.
    spans: Vec<(Seq, Option<Seq>)>,
}

impl Stay {
    /// Halves the spans, of which none begins before another ends: this is asked for every record.
    fn covers(&self, seq: Seq) -> bool {
        let begun = self.spans.partition_point(|(from, _)| *from <= seq);
        let latest = begun.checked_sub(1).and_then(|at| self.spans.get(at));
        latest.is_some_and(|(_, end)| end.is_none_or(|end| seq < end))
    }
}

impl Room {
    /// Takes a committed entry in.
    pub fn apply(
        &mut self,
        (seq, at_ms): (Seq, i64),
        handling: &Handling,
        summary: &Summary,
        organisation_of: impl Fn(Principal) -> Option<OrganisationId>,
    ) {
        if let Some(ask) = &handling.ask {
            self.asks.insert(seq, Asked::new(at_ms, ask.clone(), summary.clone()));
        }
        match &handling.kind {
            Kind::Opened { settings } | Kind::Changed { settings } => {
                self.settings = Some(settings.clone());
            }
            Kind::Joined { who, role } => {
                // A bot stands for no organisation when labels ask who was there.
                let organisation = who.member().and_then(|_| organisation_of(*who));
                self.join(seq, *who, *role, organisation);
            }
            Kind::Left { who } => {
                if let Some(stay) = self.stays.get_mut(who) {
                    stay.role = None;
                    if let Some((_, end @ None)) = stay.spans.last_mut() {
                        *end = Some(seq);
                    }
                }
            }
            Kind::Relabel { of, to } => {
                self.relabelled.insert(*of, *to);
                self.mildest
                    .entry(*of)
                    .and_modify(|label| *label = (*label).min(*to))
                    .or_insert(*to);
            }
            Kind::Retract { of } => {
                self.retracted.entry(*of).or_insert(seq);
                self.asks.remove(of);
            }
            Kind::Answer { of, organisation, .. } => {
                if let Some(asked) = self.asks.get_mut(of) {
                    asked.answer(*organisation, seq, summary.clone());
                }
            }
            Kind::Alert(alert) => {
                if let Some(source) = &alert.source {
                    self.sources.insert(seq, source, summary.clone());
                }
            }
            Kind::Post { .. } | Kind::Edit { .. } | Kind::React { .. } | Kind::Unknown => {}
        }
    }

    fn join(
        &mut self,
        seq: Seq,
        who: Principal,
        role: RoomRole,
        organisation: Option<OrganisationId>,
    ) {
        if let Some(organisation) = organisation
            && !self.stays.contains_key(&who)
        {
            self.by_organisation.entry(organisation).or_default().push(who);
        }
        let stay = self.stays.entry(who).or_insert(Stay { role: None, spans: Vec::new() });
        if stay.role.replace(role).is_none() {
            stay.spans.push((seq, None));
        }
    }

    /// Its settings; `None` only for a room whose log does not begin as one.
    pub const fn settings(&self) -> Option<&RoomSettings> {
        self.settings.as_ref()
    }

    /// The part somebody plays now; `None` if they are not in it.
    #[must_use]
    pub fn role(&self, who: Principal) -> Option<RoomRole> {
        self.stays.get(&who)?.role
    }

    /// How often somebody has joined it.
    #[must_use]
    pub fn joinings(&self, who: Principal) -> usize {
        self.stays.get(&who).map_or(0, |stay| stay.spans.len())
    }

    /// How often somebody has left it.
    #[must_use]
    pub fn times_left(&self, who: Principal) -> usize {
        self.stays.get(&who).map_or(0, |stay| stay.spans.len() - usize::from(stay.role.is_some()))
    }

    /// Everyone who is in it now.
    pub fn present(&self) -> impl Iterator<Item = (Principal, RoomRole)> {
        self.stays.iter().filter_map(|(who, stay)| Some((*who, stay.role?)))
    }

    /// The label an entry has now: its own, or a later one given to it, and never milder than what
    /// it carries has become. An edit or a reaction has its post's.
    #[must_use]
    pub fn label(&self, seq: Seq, summary: &Summary) -> Label {
        let labelled = match summary.kind {
            KindTag::Edit | KindTag::React => summary.carries.first().copied().unwrap_or(seq),
            KindTag::Post | KindTag::Alert | KindTag::Answer | KindTag::Notice => seq,
        };
        let own = self.relabelled.get(&labelled).copied().unwrap_or(summary.label);
        let carried = summary.carries.iter().filter_map(|seq| self.relabelled.get(seq));
        carried.copied().fold(own, Label::max)
    }

    /// What was asked by an entry that was not taken back.
    #[must_use]
    pub fn asked(&self, seq: Seq) -> Option<&Asked> {
        self.asks.get(&seq)
    }

    /// Everything that was asked and not taken back, oldest first.
    pub fn all_asked(&self) -> impl DoubleEndedIterator<Item = (Seq, &Asked)> {
        self.asks.iter().map(|(seq, asked)| (*seq, asked))
    }

    /// The latest alert of an author with this source id, if it was not taken back.
    #[must_use]
    pub fn latest_alert(&self, author: Principal, id: &Line, exercise: bool) -> Option<Latest> {
        let alerted = self.sources.latest(author, id, exercise)?;
        let latest = || Latest {
            seq: alerted.seq,
            revision: alerted.revision.clone(),
            label: self.label(alerted.seq, &alerted.summary),
        };
        (!self.is_retracted(alerted.seq)).then(latest)
    }

    /// Whether a post was taken back.
    #[must_use]
    pub fn is_retracted(&self, seq: Seq) -> bool {
        self.retracted.contains_key(&seq)
    }

    /// Whether a reader who is in the room may read a record of it.
    #[must_use]
    pub fn may_read(&self, reader: &Reader, seq: Seq, summary: &Summary) -> bool {
        let is_about = matches!(summary.kind, KindTag::Edit | KindTag::React | KindTag::Answer);
        let is_about_retracted =
            is_about && summary.carries.first().is_some_and(|of| self.is_retracted(*of));
        !is_about_retracted && self.might_read(reader, seq, summary)
    }

    /// The same, were what the record is about not taken back.
    #[must_use]
    pub fn might_read(&self, reader: &Reader, seq: Seq, summary: &Summary) -> bool {
        !self.is_retracted(seq) && self.is_for(reader, self.label(seq, summary), (seq, summary))
    }

    /// Whether a record is for a reader who is in the room, if it has this label and was not taken
    /// back.
    fn is_for(&self, reader: &Reader, label: Label, (seq, summary): (Seq, &Summary)) -> bool {
        if !audience::is_within(label, reader.bound) {
            return false;
        }
        // Who was there is looked up only where the label does not let everyone in the room read it.
        summary.kind == KindTag::Notice
            || audience::may_read(label, Relation::default())
            || std::iter::once(&seq)
                .chain(&summary.carries)
                .all(|seq| audience::may_read(label, self.relation(reader, *seq)))
    }

    fn relation(&self, reader: &Reader, seq: Seq) -> Relation {
        let was_here = |who: &Principal| self.stays.get(who).is_some_and(|stay| stay.covers(seq));
        let anyone_of = |organisation: &OrganisationId| {
            self.by_organisation.get(organisation).is_some_and(|people| people.iter().any(was_here))
        };
        let person = was_here(&reader.who);
        // The rest is asked only where it can matter.
        let organisation = !person && reader.organisation.as_ref().is_some_and(anyone_of);
        let client = !person && !organisation && reader.served_by.iter().any(anyone_of);
        Relation { person, organisation, client }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers_one_by_one(spans: &[(Seq, Option<Seq>)], seq: Seq) -> bool {
        spans.iter().any(|&(from, end)| from <= seq && end.is_none_or(|end| seq < end))
    }

    proptest! {
        #[test]
        fn a_stay_covers_what_one_of_its_spans_does(
            steps in proptest::collection::vec(1_u64..4, 0..40),
        ) {
            // Joining and leaving in turns, each some records after the one before.
            let mut at = 0;
            let mut turns = Vec::new();
            for step in steps {
                at += step;
                turns.push(at);
            }
            let spans = turns.chunks(2).map(|turn| (turn[0], turn.get(1).copied())).collect();
            let stay = Stay { role: None, spans };
            for seq in 0..at + 3 {
                prop_assert_eq!(stay.covers(seq), covers_one_by_one(&stay.spans, seq), "{}", seq);
            }
        }
    }
}
