//! The document, and the list of what is withheld from it.
//!
//! Every text of other people comes in through [`Schedule::text`], which holds it against the rules and
//! lists what they withhold: so nothing gets into a file past it. Ids of people and of entries, salts and
//! hashes of files are left out altogether: by them somebody could be found again, or a guess be tried.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;
use warproom_proto::disclosure::Why;
use warproom_proto::{Body, Head, Label, OrganisationId, Principal, Record, Seq};

use super::collect::{Collected, DisclosedRoom, Selection};
use super::redact::{Redactor, Rule, RuleError};
use super::texts::{self, Names};
use crate::label::{Relaxed, entry};

/// Why an entry that came is not contained: it came as a stub.
const NOT_SHOWN: &str = "withheld by the server, which did not say why; whether it falls under the request was \
not looked at";

/// Why an entry that came is not contained: a newer version wrote it.
const UNREADABLE: &str =
    "could not be read by this version of the program; a newer one has to disclose it";

/// What is blacked out, and by which exemption.
#[derive(Clone, Default)]
pub struct DisclosureRules {
    /// The rules that hold, each with the exemption that the officer named.
    pub rules: BTreeMap<Rule, Option<String>>,
    /// Whom the request is about: their names stay.
    pub subjects: BTreeSet<Principal>,
    /// The words to be blacked out.
    pub words: Vec<String>,
}

/// A disclosure, made.
#[derive(Serialize)]
pub struct Disclosure {
    /// Room by room.
    pub(super) rooms: Vec<RoomPart>,
    /// What is withheld.
    pub(super) withheld: Vec<ScheduleRow>,
    /// The strictest label of what is contained.
    pub(super) strictest: Option<Label>,
    #[serde(skip)]
    pub(super) made: super::written::Making,
}

/// What a document has of a room.
#[derive(Serialize)]
pub(super) struct RoomPart {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) entries: Vec<EntryPart>,
}

/// What a document has of an entry.
#[derive(Serialize)]
pub(super) struct EntryPart {
    pub(super) number: Seq,
    pub(super) at: String,
    pub(super) label: Label,
    /// The label that it was written under, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) written_under: Option<Label>,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<Seq>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) exercise: bool,
    pub(super) author: String,
    pub(super) texts: Vec<TextPart>,
    /// The head of the room's chain at it, and what it commits to.
    pub(super) head: Head,
    pub(super) commitment: Head,
}

/// A text of an entry.
#[derive(Serialize)]
pub(super) struct TextPart {
    pub(super) what: &'static str,
    pub(super) text: String,
}

/// Something that is withheld, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleRow {
    /// The number by which the document names it.
    pub number: usize,
    /// The number of the room in the document; none: the names of rooms and the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<usize>,
    /// The first entry it is about, and the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<(Seq, Seq)>,
    /// In which of its texts; nothing: the whole of it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub places: BTreeSet<&'static str>,
    /// How many passages, or how many entries where they are withheld whole.
    pub count: u64,
    /// By which rule, if by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Why.
    pub reason: String,
    /// The exemption that the officer named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemption: Option<String>,
}

/// Where a text stands: the room's number in the document, and the entry's in the room.
pub(super) type Place = (Option<usize>, Option<Seq>);

/// What is withheld, as it grows.
pub(super) struct Schedule<'a> {
    redactor: &'a Redactor,
    rules: &'a BTreeMap<Rule, Option<String>>,
    rows: Vec<ScheduleRow>,
    known: HashMap<(Place, Rule), usize>,
}

impl Disclosure {
    /// Makes the document. `made_at_ms` is now, in milliseconds since 1970 UTC.
    pub fn make(
        collected: &Collected,
        selection: &Selection,
        rules: &DisclosureRules,
        made_at_ms: i64,
    ) -> Result<Self, RuleError> {
        let redactor = redactor(collected, rules)?;
        let mut schedule = Schedule {
            redactor: &redactor,
            rules: &rules.rules,
            rows: Vec::new(),
            known: HashMap::new(),
        };
        let mut rooms = Vec::with_capacity(collected.rooms.len());
        for (n, room) in collected.rooms.iter().enumerate() {
            rooms.push(room_part(n + 1, room, collected, &mut schedule));
        }
        let entries = rooms.iter().flat_map(|room| &room.entries);
        let strictest = entries.map(|entry| entry.label).max();
        let about = (collected, selection, rules);
        let made = super::written::Making::of(about, made_at_ms, redactor.terms(), &mut schedule);
        Ok(Self { rooms, withheld: schedule.rows, strictest, made })
    }

    /// What is withheld.
    #[must_use]
    pub fn withheld(&self) -> &[ScheduleRow] {
        &self.withheld
    }

    /// How many entries are contained, whole or in part.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.rooms.iter().map(|room| room.entries.len()).sum()
    }

    /// The strictest label of what is contained.
    #[must_use]
    pub const fn strictest(&self) -> Option<Label> {
        self.strictest
    }
}

/// The rules, as texts are held against them.
fn redactor(collected: &Collected, rules: &DisclosureRules) -> Result<Redactor, RuleError> {
    let is_other = |who: &Principal| who.member().is_some() && !rules.subjects.contains(who);
    let others = collected.people.iter().filter(|(who, _)| is_other(who));
    let names: Vec<String> = if rules.rules.contains_key(&Rule::Names) {
        others.flat_map(|(_, one)| [Some(one.name.clone()), one.handle.clone()]).flatten().collect()
    } else {
        Vec::new()
    };
    Redactor::new(&names, &rules.words, rules.rules.keys().copied().collect())
}

fn room_part(
    number: usize,
    room: &DisclosedRoom,
    collected: &Collected,
    schedule: &mut Schedule<'_>,
) -> RoomPart {
    let name = schedule.text((Some(number), None), "name of the room", room.name.as_str());
    for row in &room.withheld {
        schedule.whole(number, (row.first, row.last), row.why);
    }
    let mut entries = Vec::with_capacity(room.records.len());
    let relaxed = Relaxed::among(room.records.values());
    for record in room.records.values() {
        match entry_part(number, (record, &relaxed), collected, schedule) {
            Ok(entry) => entries.push(entry),
            Err(reason) => schedule.not_contained(number, record.seq, reason),
        }
    }
    RoomPart { number, name, entries }
}

/// What a document has of an entry, or why it has nothing of it.
fn entry_part(
    room: usize,
    (record, relaxed): (&Record, &Relaxed),
    collected: &Collected,
    schedule: &mut Schedule<'_>,
) -> Result<EntryPart, &'static str> {
    let Body::Shown { at_ms, label, .. } = &record.body else { return Err(NOT_SHOWN) };
    let entry = entry(record).ok_or(UNREADABLE)?;
    let handling = &entry.handling;
    let place = (Some(room), Some(record.seq));
    let read = texts::read(&entry, collected);
    let author = schedule.text(place, "author", &collected.person(handling.author));
    let text = |(what, text): (&'static str, String)| {
        let text = schedule.text(place, what, &text);
        TextPart { what, text }
    };
    let texts = read.texts.into_iter().map(text).collect();
    let now = relaxed.label(record.seq, &entry, *label);
    Ok(EntryPart {
        number: record.seq,
        at: time(*at_ms),
        label: now,
        written_under: (now != handling.label).then_some(handling.label),
        kind: read.kind,
        about: read.about,
        exercise: handling.exercise,
        author,
        texts,
        head: record.head,
        commitment: record.body.commitment(),
    })
}

impl Names for Collected {
    fn person(&self, who: Principal) -> String {
        let Some(person) = self.people.get(&who) else { return "somebody not known".to_owned() };
        let name = &person.name;
        match person.organisation.map(|id| self.organisation(id)) {
            Some(organisation) => format!("{name}, {organisation}"),
            None => name.clone(),
        }
    }

    fn organisation(&self, id: OrganisationId) -> String {
        self.organisations.get(&id).cloned().unwrap_or_else(|| "an organisation".to_owned())
    }
}

impl Schedule<'_> {
    /// A text as it is given out; what the rules withhold of it is listed.
    pub(super) fn text(&mut self, place: Place, what: &'static str, text: &str) -> String {
        let redactor = self.redactor;
        redactor.redact(text, |rules| {
            let numbers: Vec<_> =
                rules.iter().map(|rule| self.row(place, what, *rule).to_string()).collect();
            format!("[withheld {}]", numbers.join(", "))
        })
    }

    /// A passage by a rule; those of one entry have one number.
    fn row(&mut self, place: Place, what: &'static str, rule: Rule) -> usize {
        let next = self.rows.len();
        let at = *self.known.entry((place, rule)).or_insert(next);
        if at == next {
            let exemption = self.exemption(rule);
            self.rows.push(ScheduleRow {
                number: next + 1,
                room: place.0,
                entries: place.1.map(|seq| (seq, seq)),
                places: BTreeSet::new(),
                count: 0,
                rule: Some(rule),
                reason: rule.reason().to_owned(),
                exemption,
            });
        }
        let row = &mut self.rows[at];
        row.places.insert(what);
        row.count += 1;
        row.number
    }

    /// Entries that are withheld whole.
    fn whole(&mut self, room: usize, entries: (Seq, Seq), why: Why) {
        let because = match why {
            Why::Label { label } => {
                (Some(Rule::Labels), format!("labelled {label}: {}", Rule::Labels.reason()))
            }
            why => (None, in_words(why).to_owned()),
        };
        self.entries(room, entries, because);
    }

    /// An entry that came and is not in the document.
    fn not_contained(&mut self, room: usize, seq: Seq, reason: &str) {
        self.entries(room, (seq, seq), (None, reason.to_owned()));
    }

    fn entries(
        &mut self,
        room: usize,
        (first, last): (Seq, Seq),
        (rule, reason): (Option<Rule>, String),
    ) {
        self.rows.push(ScheduleRow {
            number: self.rows.len() + 1,
            room: Some(room),
            entries: Some((first, last)),
            places: BTreeSet::new(),
            count: last.saturating_sub(first) + 1,
            rule,
            reason,
            exemption: rule.and_then(|rule| self.exemption(rule)),
        });
    }

    /// The exemption that the officer named, with nothing in it that is withheld elsewhere.
    fn exemption(&self, rule: Rule) -> Option<String> {
        let named = self.rules.get(&rule)?.as_ref()?;
        Some(self.redactor.redact(named, |_| "[withheld]".to_owned()))
    }
}

/// Why something is withheld whole, where it was not the officer's choice.
const fn in_words(why: Why) -> &'static str {
    match why {
        Why::NotYours => {
            "not shown to whoever made this disclosure; whether it falls under the request was not looked \
             at, and has to be asked of those who may read it"
        }
        Why::TakenBack => {
            "taken back, and shown to nobody any more; it is kept until its time comes, and whether it \
             falls under the request was not looked at"
        }
        Why::Erased => {
            "erased under the schedule of retention before this disclosure; it is not held"
        }
        Why::TooMany => {
            "a change of an entry that is given out, left out because there are more of them than are read \
             at once; a disclosure of a longer time, without people and words, has it"
        }
        Why::Label { .. } | Why::Unknown => "withheld by the server",
    }
}

/// RFC 3339; the bare number where no calendar reaches.
pub(super) fn time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| format!("{at_ms} ms"), |time| time.to_string())
}
