//! Rules on alerts: who may post one, and which earlier one it takes the place of.

use warproom_proto::alert::{Alert, Message, Source};
use warproom_proto::calls::PostAlert;
use warproom_proto::entry::{Content, Entry, Handling, Kind};
use warproom_proto::{Error, ErrorCode, Principal, limits};

use super::asking::check_ask;
use super::posting::{at_least, check_subjects};
use super::{KindTag, Plan, Room, State, Target};

impl State {
    /// A new alert. `superseded` is the alert that it names, if it names one.
    pub fn decide_alert(
        &self,
        author: Principal,
        call: PostAlert,
        superseded: Option<&Target>,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let room = self.room_to_write(author, call.room, call.label)?;
        self.may_report(author, call.common_cause)?;
        if call.ask.is_some() {
            self.may_ask(author, room, now_ms)?;
        }
        check_alert(&call, now_ms)?;
        let exercise = match superseded {
            Some(target) => self.may_supersede(author, room, &call, target)?,
            None => call.exercise,
        };
        // The one it names, or the latest of the same source by the same author, who may relax from
        // one revision to the next.
        let same_source =
            |source: &Source| Some(room.latest_alert(author, &source.id, exercise)?.seq);
        let supersedes =
            call.alert.supersedes.or_else(|| call.alert.source.as_ref().and_then(same_source));
        if supersedes.is_none()
            && call.alert.message != Message::Alert
            && call.alert.source.is_none()
        {
            let sentence = "entry.alert: say which alert it updates or cancels (supersedes)";
            return Err(Error::new(ErrorCode::BadParams, sentence));
        }
        let PostAlert { room, id, label, alert, headline, text, what_to_do, references, .. } = call;
        let handling = Handling {
            id,
            author,
            label,
            kind: Kind::Alert(Alert { supersedes, ..alert }),
            mentions: Vec::new(),
            subjects: call.subjects,
            ask: call.ask,
            common_cause: call.common_cause,
            exercise,
            files: Vec::new(),
        };
        let headline = Some(headline);
        let content = Content {
            text,
            headline,
            what_to_do,
            references,
            issuer: call.issuer,
            files: Vec::new(),
        };
        let causes = self.common_causes(room, &handling, now_ms);
        let mut entry = Entry { handling, content };
        let files = self.give_files(room, &call.files, &mut entry)?;
        let mut plan = Plan { files, ..Plan::entry(room, entry, Vec::new()) };
        plan.records.extend(causes);
        Ok(plan)
    }

    /// Whether an alert may take another's place, and whether it is an exercise then: what takes an
    /// exercise's place is one, and an exercise never takes the place of what is real.
    fn may_supersede(
        &self,
        author: Principal,
        room: &Room,
        call: &PostAlert,
        target: &Target,
    ) -> Result<bool, Error> {
        self.known(author, room, target)?;
        if target.summary.kind != KindTag::Alert {
            return Err(Error::new(ErrorCode::Conflict, "what it supersedes is not an alert"));
        }
        if target.summary.author != author && !self.register.is_manager(author) {
            let sentence = "only its author or a manager updates or cancels an alert";
            return Err(Error::new(ErrorCode::NotAllowed, sentence));
        }
        if target.summary.author != author {
            at_least(room.label(target.seq, &target.summary), call.label)?;
        }
        if call.exercise && !target.summary.exercise {
            let sentence = "an exercise does not take the place of a real alert";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        target.may_change_again()?;
        Ok(target.summary.exercise)
    }
}

fn check_alert(call: &PostAlert, now_ms: i64) -> Result<(), Error> {
    check_subjects(&call.subjects, limits::SUBJECTS)?;
    if call.references.len() > limits::REFERENCES {
        return Err(Error::new(ErrorCode::BadParams, "entry.alert: at most 32 references"));
    }
    let Alert { effective_at_ms, expires_at_ms, .. } = call.alert;
    if effective_at_ms.zip(expires_at_ms).is_some_and(|(effective, expires)| expires <= effective) {
        let sentence = "entry.alert: it would expire before it takes effect";
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    call.ask.as_ref().map_or(Ok(()), |ask| check_ask(ask, now_ms))
}
