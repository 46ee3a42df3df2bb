//! What was found, as it is shown: narrowed by what only this side knows, with its label as it is now.

use warproom_client::Delivered;
use warproom_client::proto::register::Member;
use warproom_client::proto::{Kind, Label, Line, Principal, RoomId, Seq, Text};

use super::{Query, Wanted, day, start_ms, today};
use crate::model::Model;

/// The people offered at once while a name is being written.
const PEOPLE: usize = 6;

/// Something that was found, as it is shown.
#[derive(Clone, Copy)]
pub struct Hit<'m> {
    /// The room.
    pub room: RoomId,
    /// What was found.
    pub delivered: &'m Delivered,
    /// Its label now.
    pub label: Label,
}

impl Hit<'_> {
    /// The entry to go to: an edit stands in the place of what it edits.
    pub fn target(&self) -> Seq {
        target(self.delivered)
    }

    /// The text in which the words were found.
    pub fn text(&self, words: &str) -> &str {
        let Some(entry) = &self.delivered.entry else { return "" };
        let content = &entry.content;
        let headline = content.headline.as_ref().map(Line::as_str);
        let texts =
            [&content.text, &content.what_to_do].map(|text| text.as_ref().map(Text::as_str));
        let all: Vec<_> = texts.into_iter().chain([headline]).flatten().collect();
        let words = words.trim().to_lowercase();
        let with = all.iter().find(|text| text.to_lowercase().contains(&words));
        with.or(all.first()).copied().unwrap_or_default()
    }
}

pub(super) fn target(delivered: &Delivered) -> Seq {
    match delivered.entry.as_ref().map(|entry| &entry.handling.kind) {
        Some(Kind::Edit { of }) => *of,
        _ => delivered.seq,
    }
}

/// What is to be seen of what was found: what fits label, author and days, newest first in each room.
pub fn shown_hits(model: &Model) -> Vec<Hit<'_>> {
    let search = &model.find.search;
    // While a day is being written, it narrows nothing yet.
    let narrowing = narrowing(&search.query, model.now_ms).unwrap_or_default();
    let hits = search.hits.iter().filter_map(|(room, delivered)| {
        let now = search.relabelled.get(&(*room, delivered.seq)).copied();
        let label = now.or_else(|| delivered.label())?;
        Some(Hit { room: *room, delivered, label })
    });
    hits.filter(|hit| narrowing.has(hit)).collect()
}

/// What narrows a search, understood.
#[derive(Clone, Copy, Default)]
pub struct Narrowing {
    label: Option<Label>,
    author: Option<Principal>,
    /// From this moment on, in milliseconds since 1970 UTC.
    pub(super) since_ms: Option<i64>,
    /// Before this moment, likewise.
    before_ms: Option<i64>,
}

impl Narrowing {
    fn has(&self, hit: &Hit<'_>) -> bool {
        let at_ms = hit.delivered.at_ms.unwrap_or_default();
        self.label.is_none_or(|label| label == hit.label)
            && self.author.is_none_or(|author| hit.delivered.author() == Some(author))
            && self.since_ms.is_none_or(|since| at_ms >= since)
            && self.before_ms.is_none_or(|before| at_ms < before)
    }
}

/// What narrows a search, or a sentence that says which day is not one.
pub fn narrowing(query: &Query, now_ms: i64) -> Result<Narrowing, String> {
    let today = today(now_ms);
    let read = |name: &str, text: &str| {
        if text.trim().is_empty() {
            return Ok(None);
        }
        day(text, today).map(Some).map_err(|why| format!("{name}: {why}"))
    };
    let (since, until) = (read("From", &query.since)?, read("Until", &query.until)?);
    if let (Some(since), Some(until)) = (since, until)
        && since > until
    {
        return Err("The first day is after the last one.".to_owned());
    }
    let after = until.and_then(|day| day.tomorrow().ok());
    Ok(Narrowing {
        label: query.label,
        author: query.author,
        since_ms: since.and_then(start_ms),
        before_ms: after.and_then(start_ms),
    })
}

/// The rooms whose name fits what is being written.
pub fn places(model: &Model) -> Vec<(RoomId, String)> {
    let wanted = Wanted::new(&model.find.search.place);
    if wanted.is_empty() {
        return Vec::new();
    }
    let near =
        wanted.best_first(model.rooms.listed(), |(_, room)| (room.settings.name.as_str(), ""));
    near.into_iter()
        .take(PEOPLE)
        .map(|(_, room)| (room.id, room.settings.name.to_string()))
        .collect()
}

/// The people and bots whose name, handle or organisation fits what is being written.
pub fn people(model: &Model) -> Vec<(Principal, String)> {
    let wanted = Wanted::new(&model.find.search.person);
    if wanted.is_empty() {
        return Vec::new();
    }
    let directory = &model.directory;
    let member = |member: &Member| {
        let who = Principal::Member(member.member);
        let organisation = directory.organisation(member.organisation);
        (who, member.name.to_string(), format!("{} {organisation}", member.handle))
    };
    let mut all: Vec<_> = directory.members.values().map(member).collect();
    all.extend(directory.bots.keys().map(|id| {
        let who = Principal::Bot(*id);
        (who, directory.name(who), String::new())
    }));
    // Those who are in no list any more wrote something all the same.
    for (who, name) in &directory.others {
        if all.iter().all(|(one, ..)| one != who) {
            all.push((*who, name.clone(), String::new()));
        }
    }
    let near = wanted.best_first(all.iter().collect(), |(_, name, also)| (name, also));
    near.into_iter().take(PEOPLE).map(|(who, name, _)| (*who, name.clone())).collect()
}
