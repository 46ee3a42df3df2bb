//! Reminders: whom an ask waits for at a given time. Nothing of it is stored: it follows from the
//! ask, the answers, the register and the clock, so a restart changes nothing.
//!
//! With three quarters of the time gone and when the answer is due, the organisation's people in the
//! room are reminded, but for its deputies. After that come steps of equal length: its deputies, one
//! at each; then the managers. All of them only if they are in the room and may read the ask:
//! reminding tells nobody of a room.

use std::collections::{BTreeMap, HashMap, HashSet};

use warproom_proto::ask::{Outstanding, Stage};
use warproom_proto::{MemberId, OrganisationId, Principal, RoomId, Seq, limits};

use super::asking::Asked;
use super::{Reader, Room, State};

/// The time between one step and the next after the answer is due: a quarter of the time there was,
/// within these bounds, so that neither a ten-minute nor a ten-day ask escalates absurdly.
const STEP_LEAST_MS: i64 = 5 * 60 * 1000;
const STEP_MOST_MS: i64 = 60 * 60 * 1000;

/// The step at which managers are told, whoever stands in. Where nobody does, they are told at the
/// first step already. It is the same whatever becomes of the list of deputies meanwhile.
#[expect(clippy::cast_possible_wrap, reason = "four deputies")]
const LAST_STEP: i64 = limits::DEPUTIES as i64 + 1;

/// The most asks in one list: as many as records in a page.
const LISTED: usize = 200;

/// Somebody to be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Who.
    pub who: Principal,
    /// Of what.
    pub of: Outstanding,
}

/// An ask with where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    id: RoomId,
    room: &'a Room,
    seq: Seq,
    asked: &'a Asked,
}

/// The moments of an ask with a time to answer by, in milliseconds since 1970 UTC.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the unit stands in each name")]
struct Moments {
    soon_ms: i64,
    due_ms: i64,
    step_ms: i64,
}

impl Moments {
    fn of(asked: &Asked) -> Option<Self> {
        let due_ms = asked.ask.due_at_ms?;
        let quarter_ms = (due_ms - asked.at_ms) / 4;
        let step_ms = quarter_ms.clamp(STEP_LEAST_MS, STEP_MOST_MS);
        Some(Self { soon_ms: asked.at_ms + quarter_ms * 3, due_ms, step_ms })
    }

    /// The moment of a step; step 0 is when the answer is due.
    const fn step(self, number: i64) -> i64 {
        self.due_ms.saturating_add(self.step_ms.saturating_mul(number))
    }

    /// How many steps lie behind a time; none before the answer is due.
    const fn steps_by(self, now_ms: i64) -> Option<i64> {
        if now_ms < self.due_ms {
            return None;
        }
        Some((now_ms - self.due_ms) / self.step_ms)
    }
}

/// The steps and the earlier moments that lie after one time and not after another.
struct Come {
    stages: Vec<Stage>,
    steps: Vec<i64>,
}

impl Come {
    fn of(moments: Moments, after_ms: i64, until_ms: i64) -> Option<Self> {
        let is_now = |moment_ms: i64| after_ms < moment_ms && moment_ms <= until_ms;
        let first = [(Stage::Soon, moments.soon_ms), (Stage::Due, moments.due_ms)];
        let stages: Vec<_> =
            first.into_iter().filter(|(_, at_ms)| is_now(*at_ms)).map(|(stage, _)| stage).collect();
        let steps: Vec<_> =
            (1..=LAST_STEP).filter(|number| is_now(moments.step(*number))).collect();
        (!(stages.is_empty() && steps.is_empty())).then_some(Self { stages, steps })
    }
}

impl Place<'_> {
    fn is_read_by(&self, reader: &Reader) -> bool {
        self.room.role(reader.who).is_some()
            && self.room.may_read(reader, self.seq, &self.asked.summary)
    }

    fn outstanding(&self, stage: Stage, organisations: Vec<OrganisationId>) -> Outstanding {
        Outstanding {
            room: self.id,
            ask: self.seq,
            stage,
            due_at_ms: self.asked.ask.due_at_ms,
            organisations,
            exercise: self.asked.summary.exercise,
        }
    }
}

impl State {
    /// The reminders of a room whose moment lies after the one time and not after the other.
    #[must_use]
    pub fn reminders(&self, room: RoomId, after_ms: i64, until_ms: i64) -> Vec<Reminder> {
        let mut merged = Merged::default();
        for place in self.rooms.get(&room).into_iter().flat_map(|fold| places(room, fold)) {
            let moments = Moments::of(place.asked);
            let come = moments.and_then(|moments| Come::of(moments, after_ms, until_ms));
            let Some(come) = come else { continue };
            let readers = self.readers(place);
            for organisation in readers.of.keys() {
                for (who, stage) in self.called(place, *organisation, &readers, &come) {
                    merged.add(who, place, stage, *organisation);
                }
            }
        }
        merged.reminders
    }

    /// Whom these moments call for one organisation.
    fn called(
        &self,
        place: Place<'_>,
        organisation: OrganisationId,
        readers: &Readers,
        come: &Come,
    ) -> Vec<(Principal, Stage)> {
        let mut called = Vec::new();
        let has_answered = !place.asked.answers(organisation).is_empty();
        for stage in come.stages.iter().filter(|_| !has_answered) {
            let people = self.first_asked(organisation, readers).into_iter();
            called.extend(people.map(|who| (who, *stage)));
        }
        let deputies = self.register.deputies(organisation);
        for step in &come.steps {
            let deputy = usize::try_from(step - 1).ok().and_then(|place| deputies.get(place));
            let deputy = deputy.filter(|deputy| !has_answered && readers.has(**deputy));
            called.extend(deputy.map(|who| (Principal::Member(*who), Stage::Deputies)));
            if *step == self.managers_step(organisation) || *step == LAST_STEP {
                let managers = readers.managers.iter();
                let missing = managers.filter(|reader| is_missed(place, organisation, reader));
                called.extend(missing.map(|reader| (reader.who, Stage::Managers)));
            }
        }
        called
    }

    /// The first step at which managers are told of an organisation.
    fn managers_step(&self, organisation: OrganisationId) -> i64 {
        if self.register.deputies(organisation).is_empty() { 1 } else { LAST_STEP }
    }

    /// The asks that wait for somebody: those of their own organisation, and for a manager those that
    /// have come to the managers.
    #[must_use]
    pub fn outstanding(&self, who: Principal, now_ms: i64) -> Vec<Outstanding> {
        let Some(own) = self.register.organisation_of(who) else { return Vec::new() };
        let Some(reader) = Reader::of(&self.register, who) else { return Vec::new() };
        let is_manager = self.register.is_manager(who);
        let all = self.rooms.iter().flat_map(|(room, fold)| places(*room, fold));
        let theirs =
            all.filter(|place| !place.asked.has_lapsed(now_ms) && place.is_read_by(&reader));
        let mut all = Vec::new();
        for place in theirs {
            let waits = |one: &OrganisationId| {
                if *one == own {
                    return place.asked.answers(own).is_empty();
                }
                self.stage(place, *one, now_ms) == Stage::Managers
                    && is_missed(place, *one, &reader)
            };
            let has_come = Moments::of(place.asked).is_some_and(|one| one.step(1) <= now_ms);
            // Everyone else only where it may have come to the managers: their own is asked, as they read it.
            let asked = if is_manager && has_come {
                self.asked_organisations(place.room, place.seq, place.asked)
            } else {
                HashSet::from([own])
            };
            let mut organisations: Vec<_> = asked.into_iter().filter(waits).collect();
            organisations.sort_unstable();
            let stages = organisations.iter().map(|one| self.stage(place, *one, now_ms));
            let Some(stage) = stages.max() else { continue };
            all.push(place.outstanding(stage, organisations));
        }
        // What is overdue first, the latest of it; then what is due next; then what has no time,
        // the latest of it first.
        all.sort_by_key(|one| match one.due_at_ms {
            Some(due_ms) if due_ms <= now_ms => (0, now_ms - due_ms, one.ask),
            Some(due_ms) => (1, due_ms, one.ask),
            None => (2, 0, !one.ask),
        });
        all.truncate(LISTED);
        all
    }

    /// How far reminding an organisation has come.
    fn stage(&self, place: Place<'_>, organisation: OrganisationId, now_ms: i64) -> Stage {
        let Some(moments) = Moments::of(place.asked) else { return Stage::Asked };
        match moments.steps_by(now_ms) {
            None if now_ms < moments.soon_ms => Stage::Asked,
            None => Stage::Soon,
            Some(0) => Stage::Due,
            Some(steps) if steps >= self.managers_step(organisation) => Stage::Managers,
            Some(_) => Stage::Deputies,
        }
    }

    /// Who in the room may read an ask: gone through once for all organisations.
    fn readers(&self, place: Place<'_>) -> Readers {
        let mut readers = Readers::default();
        let present = place.room.present().filter_map(|(who, _)| Reader::of(&self.register, who));
        for reader in present.filter(|reader| place.is_read_by(reader)) {
            if let (Some(member), Some(organisation)) = (reader.who.member(), reader.organisation) {
                readers.of.entry(organisation).or_default().push(member);
            }
            if self.register.is_manager(reader.who) {
                readers.managers.push(reader);
            }
        }
        readers
    }

    /// An organisation's people who are asked first: all but its deputies, or all if there is nobody
    /// else.
    fn first_asked(&self, organisation: OrganisationId, readers: &Readers) -> Vec<Principal> {
        let deputies = self.register.deputies(organisation);
        let present = readers.of.get(&organisation).into_iter().flatten();
        let (standing_in, first): (Vec<_>, Vec<_>) =
            present.copied().partition(|who| deputies.contains(who));
        let asked = if first.is_empty() { standing_in } else { first };
        asked.into_iter().map(Principal::Member).collect()
    }
}

/// The asks of a room.
fn places(id: RoomId, room: &Room) -> impl Iterator<Item = Place<'_>> {
    room.all_asked().map(move |(seq, asked)| Place { id, room, seq, asked })
}

/// Who may read an ask.
#[derive(Default)]
struct Readers {
    /// The people of each organisation.
    of: BTreeMap<OrganisationId, Vec<MemberId>>,
    managers: Vec<Reader>,
}

impl Readers {
    fn has(&self, member: MemberId) -> bool {
        self.of.values().flatten().any(|one| *one == member)
    }
}

/// Whether an organisation has given no answer that this reader may read. One that is withheld from
/// them is not told of by its absence among those that wait.
fn is_missed(place: Place<'_>, organisation: OrganisationId, reader: &Reader) -> bool {
    place.asked.readable(organisation, place.room, reader).next().is_none()
}

/// One reminder for each person, ask and stage, with all organisations that it is about.
#[derive(Default)]
struct Merged {
    reminders: Vec<Reminder>,
    places: HashMap<(Principal, RoomId, Seq, Stage), usize>,
}

impl Merged {
    fn add(&mut self, who: Principal, place: Place<'_>, stage: Stage, one: OrganisationId) {
        let key = (who, place.id, place.seq, stage);
        if let Some(known) = self.places.get(&key).and_then(|at| self.reminders.get_mut(*at)) {
            known.of.organisations.push(one);
            return;
        }
        self.places.insert(key, self.reminders.len());
        self.reminders.push(Reminder { who, of: place.outstanding(stage, vec![one]) });
    }
}
