//! Reminders: whom an ask waits for at a given time. Nothing of it is stored: it follows from the
//! ask, the answers, the register and the clock, so a restart changes nothing.
//!
//! With three quarters of the time gone and when the answer is due, the organisation's people in the
//! room are reminded, but for its deputies; then its deputies, one after the other; then the
//! managers. All of them only if they are in the room and may read the ask: reminding tells nobody of
//! a room.

use std::collections::HashSet;

use warproom_proto::ask::{Outstanding, Stage};
use warproom_proto::{MemberId, OrganisationId, Principal, RoomId, Seq};

use super::asking::Asked;
use super::{Room, State};

/// The time between one step and the next after the answer is due: a quarter of the time there was,
/// within these bounds, so that neither a ten-minute nor a ten-day ask escalates absurdly.
const STEP_LEAST_MS: i64 = 5 * 60 * 1000;
const STEP_MOST_MS: i64 = 60 * 60 * 1000;

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

impl Place<'_> {
    fn outstanding(&self, stage: Stage, organisations: Vec<OrganisationId>) -> Outstanding {
        let due_at_ms = self.asked.ask.due_at_ms;
        Outstanding { room: self.id, ask: self.seq, stage, due_at_ms, organisations }
    }

    fn step_ms(&self, due_at_ms: i64) -> i64 {
        ((due_at_ms - self.asked.at_ms) / 4).clamp(STEP_LEAST_MS, STEP_MOST_MS)
    }
}

impl State {
    /// The reminders whose moment lies after the one time and not after the other.
    #[must_use]
    pub fn reminders(&self, after_ms: i64, until_ms: i64) -> Vec<Reminder> {
        let is_now = |moment_ms: i64| after_ms < moment_ms && moment_ms <= until_ms;
        let mut reminders = Vec::new();
        for place in self.places() {
            let Some(due_at_ms) = place.asked.ask.due_at_ms else { continue };
            let soon_ms = place.asked.at_ms + (due_at_ms - place.asked.at_ms) / 4 * 3;
            // Nothing of it is due yet, or the last step of the longest list of deputies is over.
            let steps = i64::try_from(warproom_proto::limits::DEPUTIES).unwrap_or(i64::MAX) + 1;
            let last_ms = due_at_ms.saturating_add(place.step_ms(due_at_ms).saturating_mul(steps));
            if until_ms < soon_ms || last_ms <= after_ms {
                continue;
            }
            for organisation in self.unanswered(place) {
                let of = |stage| place.outstanding(stage, vec![organisation]);
                for (stage, moment_ms) in [(Stage::Soon, soon_ms), (Stage::Due, due_at_ms)] {
                    if is_now(moment_ms) {
                        let people = self.first_asked(place, organisation);
                        reminders.extend(people.map(|who| Reminder { who, of: of(stage) }));
                    }
                }
                let deputies = self.deputies_here(place, organisation);
                let step_ms = place.step_ms(due_at_ms);
                let mut moment_ms = due_at_ms;
                for deputy in deputies {
                    moment_ms += step_ms;
                    if is_now(moment_ms) {
                        let who = Principal::Member(deputy);
                        reminders.push(Reminder { who, of: of(Stage::Deputies) });
                    }
                }
                if is_now(moment_ms + step_ms) {
                    let managers = self.managers_here(place);
                    let reminder = |who| Reminder { who, of: of(Stage::Managers) };
                    reminders.extend(managers.map(reminder));
                }
            }
        }
        merged(reminders)
    }

    /// The asks that wait for somebody: those of their own organisation, and for a manager those that
    /// have come to the managers.
    #[must_use]
    pub fn outstanding(&self, who: Principal, now_ms: i64) -> Vec<Outstanding> {
        let Some(own) = self.register.organisation_of(who) else { return Vec::new() };
        let is_manager = self.register.is_manager(who);
        let mut all = Vec::new();
        for place in self.places().filter(|place| self.reads(*place, who)) {
            let mut waiting = self.unanswered(place);
            if !is_manager {
                waiting.retain(|organisation| *organisation == own);
            }
            let stages = waiting.iter().map(|one| (*one, self.stage(place, *one, now_ms)));
            let to_managers: Vec<_> =
                stages.filter(|(one, stage)| *one == own || *stage == Stage::Managers).collect();
            let Some(stage) = to_managers.iter().map(|(_, stage)| *stage).max() else { continue };
            let organisations = to_managers.into_iter().map(|(one, _)| one).collect();
            all.push(place.outstanding(stage, organisations));
        }
        all.sort_by_key(|one| (one.due_at_ms.unwrap_or(i64::MAX), one.room, one.ask));
        all.truncate(LISTED);
        all
    }

    /// How far reminding an organisation has come.
    fn stage(&self, place: Place<'_>, organisation: OrganisationId, now_ms: i64) -> Stage {
        let Some(due_at_ms) = place.asked.ask.due_at_ms else { return Stage::Asked };
        let step_ms = place.step_ms(due_at_ms);
        let deputies = self.deputies_here(place, organisation).len();
        let deputies = i64::try_from(deputies).unwrap_or(i64::MAX);
        let managers_ms = due_at_ms.saturating_add(step_ms.saturating_mul(deputies + 1));
        if now_ms >= managers_ms {
            Stage::Managers
        } else if deputies > 0 && now_ms >= due_at_ms + step_ms {
            Stage::Deputies
        } else if now_ms >= due_at_ms {
            Stage::Due
        } else if now_ms >= place.asked.at_ms + (due_at_ms - place.asked.at_ms) / 4 * 3 {
            Stage::Soon
        } else {
            Stage::Asked
        }
    }

    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.rooms.iter().flat_map(|(id, room)| {
            room.all_asked().map(|(seq, asked)| Place { id: *id, room, seq, asked })
        })
    }

    /// The organisations asked that have not answered.
    fn unanswered(&self, place: Place<'_>) -> Vec<OrganisationId> {
        let asked = self.asked_organisations(place.room, place.seq, place.asked);
        let mut waiting: Vec<_> =
            asked.into_iter().filter(|one| place.asked.answers(*one).is_empty()).collect();
        waiting.sort_unstable();
        waiting
    }

    fn reads(&self, place: Place<'_>, who: Principal) -> bool {
        self.may_read(who, place.room, place.seq, &place.asked.summary)
    }

    /// An organisation's people who are asked first: all but its deputies, or all if there is nobody
    /// else.
    fn first_asked(
        &self,
        place: Place<'_>,
        organisation: OrganisationId,
    ) -> impl Iterator<Item = Principal> {
        let present = place.room.present().map(|(who, _)| who);
        let people: Vec<_> = present
            .filter(|who| who.member().is_some())
            .filter(|who| self.register.organisation_of(*who) == Some(organisation))
            .filter(|who| self.reads(place, *who))
            .collect();
        let deputies: HashSet<MemberId> =
            self.register.deputies(organisation).iter().copied().collect();
        let is_deputy = |who: &Principal| who.member().is_some_and(|who| deputies.contains(&who));
        let only_deputies = people.iter().all(is_deputy);
        people.into_iter().filter(move |who| {
            only_deputies || !who.member().is_some_and(|who| deputies.contains(&who))
        })
    }

    fn deputies_here(&self, place: Place<'_>, organisation: OrganisationId) -> Vec<MemberId> {
        let deputies = self.register.deputies(organisation).iter().copied();
        deputies.filter(|deputy| self.reads(place, Principal::Member(*deputy))).collect()
    }

    fn managers_here(&self, place: Place<'_>) -> impl Iterator<Item = Principal> {
        let present = place.room.present().map(|(who, _)| who);
        present.filter(move |who| self.register.is_manager(*who) && self.reads(place, *who))
    }
}

/// One reminder for each person, ask and stage, with all organisations that it is about.
fn merged(reminders: Vec<Reminder>) -> Vec<Reminder> {
    let mut merged: Vec<Reminder> = Vec::new();
    for reminder in reminders {
        let same = merged.iter_mut().find(|one| {
            (one.who, one.of.room, one.of.ask, one.of.stage)
                == (reminder.who, reminder.of.room, reminder.of.ask, reminder.of.stage)
        });
        match same {
            Some(one) => one.of.organisations.extend(reminder.of.organisations),
            None => merged.push(reminder),
        }
    }
    merged
}
