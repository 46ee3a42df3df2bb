//! Asks and answers: the fold of who answered what, the rule on answering, and the board as one
//! reader may see it. An answer counts for an organisation; the latest one is the one that counts.

use std::collections::{BTreeMap, HashSet};

use warproom_proto::ask::Ask;
use warproom_proto::calls::AnswerAsk;
use warproom_proto::entry::{Content, Entry, Handling, Kind};
use warproom_proto::{
    Error, ErrorCode, Name, OrganisationId, Principal, Reporting, RoomId, Seq, limits,
};

use super::posting::{at_least, check_subjects};
use super::{Plan, Reader, Room, State, Summary, Target, carries};

/// The most subjects of one answer: a board's reply holds one answer for each organisation.
const ANSWER_SUBJECTS: usize = 8;

/// How long an ask waits after its answer was due, and one without a time after it was asked, before
/// it lapses: nobody is told of it any more. Its board stays.
const LAPSE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const LAPSE_UNTIMED_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// The most asks of one author that have not lapsed, in one room and in all: more than anyone would answer.
pub(super) const OPEN: usize = 32;
pub(super) const OPEN_IN_ALL: usize = 256;

/// What an entry asked, and every answer to it.
pub struct Asked {
    /// When it was asked, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What.
    pub ask: Ask,
    /// What the server knows of the entry that asks.
    pub summary: Summary,
    answers: BTreeMap<OrganisationId, Vec<(Seq, Summary)>>,
}

impl Asked {
    /// Asked just now.
    #[must_use]
    pub const fn new(at_ms: i64, ask: Ask, summary: Summary) -> Self {
        Self { at_ms, ask, summary, answers: BTreeMap::new() }
    }

    /// Whether it waits for nobody any more.
    #[must_use]
    pub fn has_lapsed(&self, now_ms: i64) -> bool {
        let lapses_ms = match self.ask.due_at_ms {
            Some(due_at_ms) => due_at_ms.saturating_add(LAPSE_MS),
            None => self.at_ms.saturating_add(LAPSE_UNTIMED_MS),
        };
        lapses_ms <= now_ms
    }

    /// Takes an answer in.
    pub fn answer(&mut self, organisation: OrganisationId, seq: Seq, summary: Summary) {
        self.answers.entry(organisation).or_default().push((seq, summary));
    }

    /// The numbers of an organisation's answers that a reader may read, oldest first.
    pub fn readable<'a>(
        &'a self,
        organisation: OrganisationId,
        room: &'a Room,
        reader: &'a Reader,
    ) -> impl Iterator<Item = Seq> + 'a {
        let answers = self.answers(organisation).iter();
        let readable = answers.filter(move |(seq, summary)| room.may_read(reader, *seq, summary));
        readable.map(|(seq, _)| *seq)
    }

    /// The answers of an organisation, oldest first.
    #[must_use]
    pub fn answers(&self, organisation: OrganisationId) -> &[(Seq, Summary)] {
        self.answers.get(&organisation).map_or(&[], Vec::as_slice)
    }
}

/// An organisation on a board, as one reader may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: Name,
    /// The numbers of its answers that the reader may read, oldest first.
    pub answers: Vec<Seq>,
}

/// Whether an ask can be answered by a person: enough options, each once, and time left.
pub fn check_ask(ask: &Ask, now_ms: i64) -> Result<(), Error> {
    let options: HashSet<String> = ask.options.iter().map(Name::folded).collect();
    if options.len() != ask.options.len() || !(2..=limits::ASK_OPTIONS).contains(&options.len()) {
        return Err(Error::new(ErrorCode::BadParams, "an ask has 2 to 8 options, each once"));
    }
    let in_time = |due_at_ms: i64| now_ms < due_at_ms && due_at_ms - now_ms <= limits::ASK_MS;
    if !ask.due_at_ms.is_none_or(in_time) {
        let sentence = "the time to answer by lies in the next 31 days";
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    Ok(())
}

impl State {
    /// Whether somebody may ask one more thing in a room.
    pub(super) fn may_ask(&self, author: Principal, room: &Room, now_ms: i64) -> Result<(), Error> {
        let open = |room: &Room, most: usize| {
            let theirs = room.all_asked().rev().filter(|(_, ask)| ask.summary.author == author);
            theirs.filter(|(_, asked)| !asked.has_lapsed(now_ms)).take(most).count()
        };
        let conflict = |sentence| Err(Error::new(ErrorCode::Conflict, sentence));
        if open(room, OPEN) >= OPEN {
            return conflict(
                "you have asked 32 things in this room that still wait; take one back first",
            );
        }
        if self.rooms.values().map(|room| open(room, OPEN)).sum::<usize>() >= OPEN_IN_ALL {
            return conflict(
                "you have asked 256 things in all rooms that still wait; take one back first",
            );
        }
        Ok(())
    }

    /// An answer to an ask, for its author's organisation.
    pub fn decide_answer(
        &self,
        author: Principal,
        call: AnswerAsk,
        target: &Target,
        now_ms: i64,
    ) -> Result<Plan, Error> {
        let room = self.room_of(author, call.room)?;
        self.readable(author, room, target)?;
        let asked = room.asked(call.of);
        let asked = asked.ok_or_else(|| Error::new(ErrorCode::Conflict, "this asks nothing"))?;
        let asks = room.label(target.seq, &target.summary);
        let label = call.label.unwrap_or(asks);
        self.room_to_write(author, call.room, label)?;
        self.may_answer(author)?;
        at_least(asks, label)?;
        check_answer(&call, &asked.ask)?;
        let organisation = self.register.organisation_of(author).ok_or(ErrorCode::NotAllowed)?;
        if asked.answers(organisation).len() >= limits::ANSWERS {
            let sentence = "your organisation has answered this as often as it may";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let AnswerAsk { room, id, of, choice, note, subjects, common_cause, .. } = call;
        let handling = Handling {
            id,
            author,
            label,
            kind: Kind::Answer { of, organisation, choice },
            mentions: Vec::new(),
            subjects,
            ask: None,
            common_cause,
            exercise: target.summary.exercise,
            files: Vec::new(),
        };
        let content = note.map_or_else(Content::default, Content::text);
        let causes = self.common_causes(room, &handling, now_ms);
        let mut plan = Plan::entry(room, Entry { handling, content }, carries(Some(target)));
        plan.records.extend(causes);
        Ok(plan)
    }

    /// A bot answers only where its grant says so.
    fn may_answer(&self, who: Principal) -> Result<(), Error> {
        let Principal::Bot(bot) = who else { return Ok(()) };
        if self.register.bot(bot).is_some_and(|bot| bot.grant.answer) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::NotAllowed, "this bot's grant lets it answer nothing"))
    }

    /// A bot reports, as it answers, for its owner's organisation: only where its grant lets it answer.
    pub(super) fn may_report(&self, who: Principal, reporting: Reporting) -> Result<(), Error> {
        if reporting.is_no() { Ok(()) } else { self.may_answer(who) }
    }

    /// The board of an ask as a reader may see it, by name.
    pub fn board(&self, who: Principal, room: RoomId, of: Seq) -> Result<Vec<Row>, Error> {
        let fold = self.room_of(who, room)?;
        let asked = fold.asked(of).ok_or(ErrorCode::NotFound)?;
        let reader = Reader::of(&self.register, who).ok_or(ErrorCode::NotFound)?;
        if !fold.may_read(&reader, of, &asked.summary) {
            return Err(ErrorCode::NotFound.into());
        }
        let mut organisations = self.asked_organisations(fold, of, asked);
        let row = |organisation: OrganisationId, answers: Vec<Seq>| {
            let name = self.register.organisation(organisation)?.name.clone();
            Some(Row { organisation, name, answers })
        };
        let mut rows = Vec::new();
        for organisation in asked.answers.keys() {
            let readable: Vec<_> = asked.readable(*organisation, fold, &reader).collect();
            // Whose answers are all withheld is told of only as one that was asked.
            if !readable.is_empty() || organisations.contains(organisation) {
                rows.extend(row(*organisation, readable));
                organisations.remove(organisation);
            }
        }
        rows.extend(organisations.into_iter().filter_map(|one| row(one, Vec::new())));
        rows.sort_by_key(|row| row.name.folded());
        Ok(rows)
    }

    /// The organisations that have somebody in the room who may read the ask.
    pub(super) fn asked_organisations(
        &self,
        room: &Room,
        of: Seq,
        asked: &Asked,
    ) -> HashSet<OrganisationId> {
        let reading = |(who, _): (Principal, _)| {
            let reader = Reader::of(&self.register, who)?;
            let organisation = reader.organisation?;
            room.may_read(&reader, of, &asked.summary).then_some(organisation)
        };
        room.present().filter_map(reading).collect()
    }
}

fn check_answer(call: &AnswerAsk, ask: &Ask) -> Result<(), Error> {
    check_subjects(&call.subjects, ANSWER_SUBJECTS)?;
    if !ask.options.contains(&call.choice) {
        let options: Vec<_> = ask.options.iter().map(Name::as_str).collect();
        let sentence = format!("entry.answer: choose one of: {}", options.join(", "));
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    if call.note.as_ref().is_some_and(|note| note.as_str().len() > limits::NOTE_BYTES) {
        let sentence = "entry.answer: a note has at most 2,048 bytes";
        return Err(Error::new(ErrorCode::BadParams, sentence));
    }
    Ok(())
}
