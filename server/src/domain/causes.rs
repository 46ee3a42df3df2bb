//! Common causes: several organisations name the same supplier or product within a while.
//!
//! What counts is a *report*: an alert or an answer whose author says that it may count
//! ([`Reporting`]), for the suppliers and products it names. The warning goes further than the entry
//! itself (to whoever depends on the supplier, in the room or not), so it says what is named, by how
//! many, and by whom only where they allow it: no text, no room, no label. `TLP:RED` never counts.
//! Reports are a fold over the rooms' logs, announcements over the register's: a restart repeats
//! nothing and forgets nothing.

use std::collections::BTreeMap;

use warproom_proto::alert::{Alert, Message};
use warproom_proto::concern::Key;
use warproom_proto::entry::{Handling, Kind, Subject};
use warproom_proto::register::{Act, CommonCause, Event};
use warproom_proto::{CauseId, Label, OrganisationId, Principal, Reporting, RoomId, Seq};

use super::{Planned, State};

/// How long a report counts. In January 2024 three councils were hit within hours; three days span a
/// weekend, in which one council notices on Saturday and the next on Monday.
const WINDOW_MS: i64 = 72 * 60 * 60 * 1000;

/// How many organisations make a cause common.
const ORGANISATIONS: usize = 2;

/// The most suppliers and products of one report that count, and the most alerts of one organisation:
/// beyond it its oldest counts no more. So nobody can make the rest slow, or crowd others out.
const SUBJECTS: usize = 8;
const ALERTS: usize = 32;

/// Answers that say the organisation has no trouble, whatever they name.
const NO_TROUBLE: [&str; 2] = ["not affected", "not applicable"];

/// What organisations reported lately.
#[derive(Default)]
pub(super) struct Reports {
    /// By the entry that each stands in.
    reports: BTreeMap<(RoomId, Seq), Report>,
    /// The time of the newest, from which the window is counted.
    newest_ms: i64,
}

/// What one entry reports.
#[derive(Clone)]
struct Report {
    at_ms: i64,
    organisation: OrganisationId,
    /// The suppliers and products, as they are compared and as they are spelt.
    subjects: BTreeMap<Key, Subject>,
    is_named: bool,
    exercise: bool,
    /// The ask it answers: a later answer of the same organisation takes its place.
    answers: Option<Seq>,
}

impl Reports {
    /// Takes a committed entry in.
    pub(super) fn apply(
        &mut self,
        room: RoomId,
        (seq, at_ms): (Seq, i64),
        handling: &Handling,
        organisation_of: impl Fn(Principal) -> Option<OrganisationId>,
    ) {
        match &handling.kind {
            // An answer is taken back with its ask, and is as strict as its ask has become.
            Kind::Retract { of } | Kind::Relabel { of, to: Label::Red } => {
                self.reports.retain(|(other, seq), report| {
                    *other != room || (*seq != *of && report.answers != Some(*of))
                });
            }
            // A later alert or answer takes the earlier one's place, whatever it names itself.
            Kind::Alert(Alert { supersedes: Some(of), .. }) => {
                self.reports.remove(&(room, *of));
            }
            Kind::Answer { of, organisation, .. } => {
                let is_earlier = |report: &Report| {
                    report.answers == Some(*of) && report.organisation == *organisation
                };
                self.reports.retain(|(other, _), report| *other != room || !is_earlier(report));
            }
            _ => {}
        }
        let author_of = organisation_of(handling.author);
        let Some(report) = report(handling, at_ms, author_of) else { return };
        self.newest_ms = self.newest_ms.max(at_ms);
        let oldest_ms = self.newest_ms.saturating_sub(WINDOW_MS);
        let organisation = report.organisation;
        self.reports.insert((room, seq), report);
        self.reports.retain(|_, report| report.at_ms >= oldest_ms);
        self.bound_alerts(organisation);
    }

    /// Forgets an organisation's oldest alert where it has too many.
    fn bound_alerts(&mut self, organisation: OrganisationId) {
        let is_theirs =
            |report: &Report| report.organisation == organisation && report.answers.is_none();
        let theirs = self.reports.iter().filter(|(_, report)| is_theirs(report));
        let theirs: Vec<_> = theirs.map(|(place, report)| (report.at_ms, *place)).collect();
        if theirs.len() > ALERTS
            && let Some((_, oldest)) = theirs.into_iter().min()
        {
            self.reports.remove(&oldest);
        }
    }
}

/// What an entry reports, if it counts.
fn report(handling: &Handling, at_ms: i64, author_of: Option<OrganisationId>) -> Option<Report> {
    let (organisation, answers) = match &handling.kind {
        Kind::Answer { choice, .. } if NO_TROUBLE.contains(&choice.folded().as_str()) => {
            return None;
        }
        Kind::Answer { of, organisation, .. } => (*organisation, Some(*of)),
        Kind::Alert(alert) if alert.message == Message::Cancel => return None,
        Kind::Alert(_) => (author_of?, None),
        _ => return None,
    };
    let is_cause =
        |one: &&Subject| matches!(one, Subject::Vendor(_) | Subject::Product(_) | Subject::Cpe(_));
    let subjects = handling.subjects.iter().filter(is_cause).take(SUBJECTS);
    let subjects: BTreeMap<_, _> =
        subjects.map(|subject| (Key::of(subject), subject.clone())).collect();
    let counts = !handling.common_cause.is_no() && handling.label != Label::Red;
    (counts && !subjects.is_empty()).then_some(Report {
        at_ms,
        organisation,
        subjects,
        is_named: handling.common_cause == Reporting::Named,
        exercise: handling.exercise,
        answers,
    })
}

impl State {
    /// The announcements that a new entry makes due: one for each supplier or product that it is the
    /// second organisation, or a further one, to name.
    pub(super) fn common_causes(
        &self,
        room: RoomId,
        handling: &Handling,
        now_ms: i64,
    ) -> Vec<Planned> {
        let author_of = self.register.organisation_of(handling.author);
        let Some(new) = report(handling, now_ms, author_of) else { return Vec::new() };
        let oldest_ms = now_ms.saturating_sub(WINDOW_MS);
        let superseded = handling.kind.refers_to();
        let is_replaced = |(in_room, seq): (RoomId, Seq), report: &Report| {
            let same_ask = new.answers.is_some() && report.answers == new.answers;
            in_room == room
                && (same_ask && report.organisation == new.organisation
                    || new.answers.is_none() && superseded == Some(seq))
        };
        let earlier: Vec<&Report> = (self.reports.reports.iter())
            .filter(|(place, report)| {
                report.at_ms >= oldest_ms
                    && report.exercise == new.exercise
                    && !is_replaced(**place, report)
            })
            .map(|(_, report)| report)
            .collect();
        let event = |cause| Planned::Act(Act { by: None, event: Event::CommonCauseFound(cause) });
        let cause = |(key, subject): (&Key, &Subject)| {
            let reports = earlier.iter().copied().chain([&new]);
            let naming = reports.filter_map(|one| Some((one, one.subjects.get(key)?)));
            self.cause((key, subject), naming, (oldest_ms, now_ms)).map(event)
        };
        new.subjects.iter().filter_map(cause).collect()
    }

    /// The common cause that these reports of one subject make, if it is more than was announced.
    fn cause<'a>(
        &self,
        (key, subject): (&Key, &Subject),
        reports: impl Iterator<Item = (&'a Report, &'a Subject)>,
        (oldest_ms, now_ms): (i64, i64),
    ) -> Option<CommonCause> {
        let mut organisations: BTreeMap<OrganisationId, bool> = BTreeMap::new();
        let (mut since_ms, mut first, mut exercise) = (i64::MAX, subject, false);
        for (report, spelling) in reports {
            *organisations.entry(report.organisation).or_default() |= report.is_named;
            if report.at_ms < since_ms {
                (since_ms, first) = (report.at_ms, spelling);
            }
            exercise = report.exercise;
        }
        if organisations.len() < ORGANISATIONS {
            return None;
        }
        let known = self
            .register
            .causes_of(key)
            .filter(|cause| cause.exercise == exercise && cause.at_ms >= oldest_ms);
        let known = known.max_by_key(|cause| cause.at_ms);
        let count = u32::try_from(organisations.len()).unwrap_or(u32::MAX);
        let named: Vec<_> = organisations
            .into_iter()
            .filter_map(|(one, is_named)| is_named.then_some(one))
            .collect();
        let is_news = known.is_none_or(|known| {
            count > known.organisations || named.iter().any(|one| !known.named.contains(one))
        });
        is_news.then(|| CommonCause {
            cause: known.map_or_else(CauseId::random, |known| known.cause),
            subject: known.map_or_else(|| first.clone(), |known| known.subject.clone()),
            organisations: count,
            named,
            since_ms: known.map_or(since_ms, |known| known.since_ms.min(since_ms)),
            at_ms: now_ms,
            exercise,
        })
    }
}
