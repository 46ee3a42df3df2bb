//! The form of a disclosure, and what it comes to: whatever is typed is understood here, or said to be
//! not understood.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use warproom_client::proto::disclosure::Purpose;
use warproom_client::proto::{Label, Line, MemberId, Name, Principal, RoomId};
use warproom_client::{DisclosureRules, Redactor, Rule, Selection};

use super::made::DisclosureWish;
use crate::model::board::slug;
use crate::model::{Model, find, moment};

/// The rules that are turned on and off, in the order of their list.
pub const PATTERNS: [Rule; 5] =
    [Rule::Names, Rule::Emails, Rule::Telephones, Rule::Addresses, Rule::Indicators];

/// The form.
#[derive(Clone, Default)]
pub struct DisclosureForm {
    /// What is asked for.
    pub wanted: Wanted,
    /// What is blacked out.
    pub hidden: Hidden,
    /// The folder: its name in the folder of downloads, or its whole path.
    pub folder: String,
    /// What is typed to find a room.
    pub finding_room: String,
    /// What is typed to find somebody whom it is about.
    pub finding_person: String,
    /// What is typed to find somebody whose name stays.
    pub finding_subject: String,
}

/// What is asked for. Another of it means reading anew. It has no `Debug`: whom a request is about stands in
/// it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The rooms.
    pub rooms: BTreeSet<RoomId>,
    /// The first day, as it is typed; empty: from the beginning.
    pub from: String,
    /// The last day, likewise.
    pub until: String,
    /// Only what these people said, or what mentions or names them; none: everybody.
    pub people: BTreeSet<MemberId>,
    /// Only what has one of these words, one on each line.
    pub words: String,
    /// The strictest label that is given out.
    pub up_to: Option<Label>,
    /// What for.
    pub purpose: Option<Purpose>,
    /// The request's number.
    pub reference: String,
}

/// What is blacked out. Another of it is made of what was read. It has no `Debug` either.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The rules that hold, of [`PATTERNS`].
    pub rules: BTreeSet<Rule>,
    /// By which exemption, where one is named.
    pub exemptions: BTreeMap<Rule, String>,
    /// Whose names stay.
    pub subjects: BTreeSet<MemberId>,
    /// These words, one on each line.
    pub words: String,
}

impl Default for Hidden {
    /// Everything that there is a rule for: what should have been given out can be given later, and what
    /// should not have been cannot be taken back.
    fn default() -> Self {
        Self {
            rules: PATTERNS.into(),
            exemptions: BTreeMap::new(),
            subjects: BTreeSet::new(),
            words: String::new(),
        }
    }
}

/// What the form comes to, or a sentence that says what it lacks.
pub(super) fn wish(model: &Model) -> Result<DisclosureWish, String> {
    let disclosing = &model.manage.disclosure;
    let DisclosureForm { wanted, hidden, .. } = &disclosing.form;
    let selection = selection(model, wanted)?;
    let made = disclosing.made.as_ref().filter(|_| !disclosing.reads_anew());
    let rules = rules(hidden);
    // Said before anything lands in the audit log.
    Redactor::new(&[], &rules.words, BTreeSet::new()).map_err(|why| format!("Words: {why}."))?;
    Ok(DisclosureWish {
        number: 0,
        selection,
        rules,
        wanted: wanted.clone(),
        hidden: hidden.clone(),
        collected: made.map(|made| made.collected.clone()),
    })
}

fn selection(model: &Model, wanted: &Wanted) -> Result<Selection, String> {
    let mut rooms: Vec<(RoomId, Name)> = Vec::new();
    for room in &wanted.rooms {
        let known = model.rooms.rooms.get(room).filter(|known| known.role.is_some());
        let known = known.ok_or("You are not in one of these rooms any more: take it away.")?;
        rooms.push((*room, known.settings.name.clone()));
    }
    rooms.sort_by_cached_key(|(_, name)| name.folded());
    if rooms.is_empty() {
        return Err("Choose at least one room.".to_owned());
    }
    let purpose = wanted.purpose.ok_or("Choose what it is for.")?;
    let up_to = wanted.up_to.ok_or("Choose up to which label it is given out.")?;
    let (from_ms, until_ms) = days(model, wanted)?;
    let line =
        |text: &str, what: &str| text.parse::<Line>().map_err(|error| format!("{what}: {error}."));
    let words =
        lines(&wanted.words).iter().map(|text| line(text, "Words")).collect::<Result<_, _>>()?;
    let reference = Some(wanted.reference.trim()).filter(|text| !text.is_empty());
    Ok(Selection {
        rooms,
        from_ms,
        until_ms,
        people: wanted.people.iter().copied().collect(),
        words,
        up_to,
        purpose,
        reference: reference.map(|text| line(text, "Reference")).transpose()?,
    })
}

/// From the beginning of the first day to the end of the last, on this computer.
fn days(model: &Model, wanted: &Wanted) -> Result<(Option<i64>, Option<i64>), String> {
    let today = find::today(model.now_ms);
    let day = |text: &str, what: &str| match text.trim() {
        "" => Ok(None),
        text => find::day(text, today).map(Some).map_err(|why| format!("{what}: {why}")),
    };
    let (from, until) = (day(&wanted.from, "First day")?, day(&wanted.until, "Last day")?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err("The last day is before the first.".to_owned());
    }
    let after = until.and_then(|day| day.checked_add(1.day()).ok());
    Ok((from.and_then(find::start_ms), after.and_then(find::start_ms)))
}

fn rules(hidden: &Hidden) -> DisclosureRules {
    let words = lines(&hidden.words);
    let exemption = |rule: Rule| {
        let named = hidden.exemptions.get(&rule).map(|text| text.trim().to_owned());
        named.filter(|text| !text.is_empty())
    };
    let mut rules: BTreeMap<_, _> =
        hidden.rules.iter().map(|rule| (*rule, exemption(*rule))).collect();
    if !words.is_empty() {
        rules.insert(Rule::Words, exemption(Rule::Words));
    }
    // Labels are held to in any case: here is only by which exemption.
    rules.extend(exemption(Rule::Labels).map(|named| (Rule::Labels, Some(named))));
    let subjects = hidden.subjects.iter().map(|member| Principal::Member(*member)).collect();
    DisclosureRules { rules, subjects, words }
}

/// Lines that say something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What the folder is called where nobody has said: by the reference, or the moment.
pub(super) fn suggested_folder(model: &Model) -> String {
    let reference = slug(&model.manage.disclosure.form.wanted.reference);
    let by = if reference.is_empty() { slug(&moment::short(model.now_ms)) } else { reference };
    format!("disclosure-{by}")
}
