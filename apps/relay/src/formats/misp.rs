//! MISP core format: an event, a list of events or the reply of a server's search.
//!
//! How things flow: [`parse`] finds the events, however they are wrapped, [`event`] reads one;
//! [`marking`] finds its labels, [`attributes`] what it says, [`tags`] its topics.
//!
//! Decisions:
//! - The id is the `uuid`, the revision the `timestamp`. An event does not say whether it was sent
//!   before; whoever keeps what was seen can tell, so every one is an alert.
//! - What is not published is its writer's draft and passed over with a sentence.
//! - `threat_level_id` counts downwards: 1 is high, 4 undefined.
//! - Who is aimed at (the category "Targeting data"), people, and the organisations of a sharing group
//!   are never shown. The issuer is the one who wrote it (`Orgc`), not the server it was on (`Org`).

mod attributes;
mod markdown;
mod marking;
mod tags;

use warproom_client::proto::{Certainty, Message, Severity, Urgency};

use super::Refusal;
use super::csaf::json::{self, Node};
use super::csaf::subjects::Subjects;
use super::csaf::write::{self, Body, HEADLINE_CHARS};
use crate::item::{Item, Parsed, Problem};
use crate::plain::line;

/// The most characters of an issuer's name and of a revision.
const NAME_CHARS: usize = 200;

/// How deep a reply may wrap its events: `{"response": [{"Event": {…}}]}` is two.
const WRAPPINGS: usize = 4;

/// Reads a document.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let tree = json::read(document, "MISP")?;
    let mut events = Vec::new();
    if !unwrap(&tree, WRAPPINGS, &mut events) {
        return Err(Refusal::Unreadable { format: "MISP", reason: instead(&tree).to_owned() });
    }
    let mut parsed = Parsed { problems: write::too_many(events.len()), ..Parsed::default() };
    for (place, found) in (1_usize..).zip(events).take(write::ITEMS) {
        match event(found) {
            Ok(item) => parsed.items.push(item),
            Err(reason) => {
                let uuid = line(found.at("uuid").text(), NAME_CHARS);
                let item = if uuid.is_empty() { format!("event {place}") } else { uuid };
                parsed.problems.push(Problem { item, reason });
            }
        }
    }
    Ok(parsed)
}

/// Finds the events within what may be around them; `false` where there are none to be found. What
/// stands among events and is none is taken for one, so that it is named.
fn unwrap<'a>(node: &'a Node, left: usize, events: &mut Vec<&'a Node>) -> bool {
    let Some(left) = left.checked_sub(1) else { return false };
    if let Node::List(_) = node {
        for one in node.each() {
            if !unwrap(one, left, events) {
                events.push(one);
            }
        }
        return true;
    }
    for wrapping in ["response", "Event"] {
        if node.fields().iter().any(|(name, _)| name == wrapping) {
            let inside = node.every(&[wrapping]);
            let others: Vec<_> =
                inside.iter().copied().filter(|one| !unwrap(one, left, events)).collect();
            if !inside.is_empty() && others.len() == inside.len() {
                return false;
            }
            events.extend(others);
            return true;
        }
    }
    let has = |field: &str| *node.at(field) != Node::Null;
    // An attribute has a uuid too, and a value.
    let is_event = (has("info") || has("uuid")) && !has("value");
    if is_event {
        events.push(node);
    }
    is_event
}

/// What a document without events is, for a person to put right.
fn instead(tree: &Node) -> &'static str {
    let manifest = |(_, entry): &(String, Node)| entry.at("info") != &Node::Null;
    if tree.fields().first().is_some_and(manifest) {
        "this is the manifest of a feed, which lists events; name the events themselves"
    } else if !tree.every(&["response", "Attribute"]).is_empty() {
        "these are attributes without their events; ask the server for events"
    } else if *tree.at("errors") != Node::Null {
        "the MISP server answered with an error"
    } else {
        "there is no MISP event in it"
    }
}

/// Reads one event, or says why it cannot be an item.
fn event(event: &Node) -> Result<Item, String> {
    if !event.is_map() {
        return Err("it is no event".to_owned());
    }
    let uuid = event.at("uuid").text();
    let id = write::id(uuid)
        .ok_or_else(|| "it has no uuid, so its revisions could not be told apart".to_owned())?;
    if event.at("published").truth() == Some(false) {
        return Err("it is not published yet; it will be read once it is".to_owned());
    }
    let mut body = Body::default();
    let mut subjects = Subjects::default();
    let info = event.at("info").text();
    body.hint(info);
    subjects.named(info);
    let told = attributes::tell(event, &mut body, &mut subjects);
    let exercise = tags::topics(event, &mut subjects);
    let subjects = subjects.finish(&mut body);
    let marks = marking::marks(event);
    let (text, hints) = body.finish();
    let headline = if info.is_empty() { format!("MISP event {id}") } else { info.to_owned() };
    let headline = line(&headline, HEADLINE_CHARS);
    Ok(Item {
        revision: revision(event),
        replaces: Vec::new(),
        message: Message::Alert,
        severity: severity(event),
        urgency: Urgency::Unknown,
        certainty: Certainty::Unknown,
        exercise: exercise || write::opens_as_exercise(&headline),
        headline: if headline.is_empty() { format!("MISP event {id}") } else { headline },
        text,
        what_to_do: String::new(),
        references: told.references,
        issuer: line(event.path(&["Orgc", "name"]).text(), NAME_CHARS),
        sender: line(event.path(&["Orgc", "uuid"]).text(), NAME_CHARS),
        subjects,
        issued_at_ms: issued_at_ms(event),
        effective_at_ms: None,
        expires_at_ms: None,
        marks,
        hints,
        id,
    })
}

/// The time of the last change; where a feed leaves it out, of publishing, or the day.
fn revision(event: &Node) -> String {
    ["timestamp", "publish_timestamp", "date"]
        .iter()
        .map(|field| line(event.at(field).text(), NAME_CHARS))
        .find(|revision| !matches!(revision.as_str(), "" | "0"))
        .unwrap_or_else(|| "1".to_owned())
}

fn severity(event: &Node) -> Severity {
    match event.at("threat_level_id").text() {
        "1" => Severity::Severe,
        "2" => Severity::Moderate,
        "3" => Severity::Minor,
        _ => Severity::Unknown,
    }
}

/// When it was published, or last changed, or its day.
fn issued_at_ms(event: &Node) -> Option<i64> {
    let seconds = |field: &str| event.at(field).whole().filter(|seconds| *seconds > 0);
    let day = || {
        let day: jiff::civil::Date = event.at("date").text().parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp().as_millisecond())
    };
    seconds("publish_timestamp")
        .or_else(|| seconds("timestamp"))
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map(jiff::Timestamp::as_millisecond)
        .or_else(day)
}
