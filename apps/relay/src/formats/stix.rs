//! STIX 2.1 bundles and TAXII 2.1 envelopes (OASIS), and 2.0 bundles, which differ in what is read
//! here by little: the version stands on the bundle, and `labels` say what `report_types`,
//! `indicator_types` and `malware_types` say in 2.1.
//!
//! A bundle is a graph, and a warning is a part of it that somebody can act on:
//! - a `report` and a `grouping` are warnings, with what they refer to folded in ([`fold`]);
//! - an `incident`, `indicator`, `vulnerability`, `malware` or `campaign` is one of its own unless a
//!   report or grouping of the same document refers to it;
//! - a course of action that mitigates a warning, or what is folded into it, is what to do about it;
//! - everything else (identities, relationships, sightings, observables, actors, techniques, notes,
//!   opinions) is knowledge about warnings and becomes none. A note would be shown to readers of what
//!   it annotates, but carries a label of its own, so it is shown only where a report folds it in.
//!
//! The id is the object's, the revision its `modified`. Of several revisions in one document the newest
//! is the item, and the marks of all of them count ([`marking`]). What `revoked` says cancels.
//!
//! Indicators are shown so that nobody can click on them. STIX has no severity of its own.

mod fold;
mod graph;
mod marking;
mod parts;

use warproom_client::proto::{Certainty, Message, Severity, Urgency};

use self::fold::Fold;
use self::graph::Graph;
use self::marking::Markings;
use self::parts::Parts;
use super::Refusal;
use super::csaf::json::{self, Node};
use super::csaf::write::{self, HEADLINE_CHARS};
use crate::item::{Item, Parsed, Problem};
use crate::plain::line;

/// The types that are warnings, and whether what a report refers to is one still.
const WARNINGS: [(&str, bool); 7] = [
    ("report", true),
    ("grouping", true),
    ("incident", false),
    ("indicator", false),
    ("vulnerability", false),
    ("malware", false),
    ("campaign", false),
];

/// The most characters of a revision.
const REVISION_CHARS: usize = 100;

/// Reads a bundle, an envelope, a list of objects or a single one.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let tree = json::read(document, "STIX")?;
    let graph = Graph::of(&tree)
        .map_err(|reason| Refusal::Unreadable { format: "STIX", reason: reason.to_owned() })?;
    let mut parsed = Parsed { items: Vec::new(), problems: graph.problems() };
    let markings = Markings::of(&graph);
    let shared = Parts::default();
    for object in graph.newest() {
        if parsed.items.len() >= write::ITEMS {
            parsed.problems.extend(write::too_many(usize::MAX));
            break;
        }
        let kind = object.at("type").text();
        let folded = graph.is_folded(object);
        if WARNINGS.iter().any(|(warning, always)| *warning == kind && (*always || !folded)) {
            match item(&graph, &markings, &shared, object) {
                Ok(item) => parsed.items.push(item),
                Err(reason) => {
                    let item = line(object.at("id").text(), write::ID_CHARS);
                    parsed.problems.push(Problem { item, reason });
                }
            }
        }
    }
    Ok(parsed)
}

fn item<'a>(
    graph: &'a Graph<'a>,
    markings: &Markings<'a>,
    shared: &'a Parts,
    object: &'a Node,
) -> Result<Item, String> {
    let id = write::id(object.at("id").text())
        .ok_or_else(|| "its id is longer than 500 characters".to_owned())?;
    let message = message(object);
    let fold = Fold::of(graph, shared, object);
    let mut told = fold.tell();
    let marked = fold.marked(markings);
    for hint in marked.hints {
        write::once(&mut told.hints, hint);
    }
    let text = |field: &str| object.at(field).text();
    let issued = match message {
        Message::Alert => ["published", "created", "modified"],
        Message::Update | Message::Cancel => ["modified", "published", "created"],
    };
    let is_indicator = text("type") == "indicator";
    let revoked = message == Message::Cancel;
    Ok(Item {
        id,
        revision: revision(object),
        replaces: Vec::new(),
        message,
        severity: Severity::Unknown,
        urgency: if revoked { Urgency::Past } else { Urgency::Unknown },
        certainty: certainty(object),
        exercise: told.exercise,
        headline: headline(object, &told.issuer),
        text: told.text,
        what_to_do: told.what_to_do,
        references: told.references,
        issuer: told.issuer,
        sender: line(text("created_by_ref"), write::ID_CHARS),
        subjects: told.subjects,
        issued_at_ms: issued.iter().find_map(|field| write::time_ms(text(field))),
        effective_at_ms: write::time_ms(text("valid_from")).filter(|_| is_indicator),
        expires_at_ms: write::time_ms(text("valid_until")).filter(|_| is_indicator),
        marks: marked.marks.finish(),
        hints: told.hints,
    })
}

/// The newest time of the object; where a feed leaves all out, every copy is the same revision.
fn revision(object: &Node) -> String {
    ["modified", "created", "published"]
        .iter()
        .map(|field| line(object.at(field).text(), REVISION_CHARS))
        .find(|revision| !revision.is_empty())
        .unwrap_or_else(|| "1".to_owned())
}

fn message(object: &Node) -> Message {
    let time = |field: &str| write::time_ms(object.at(field).text());
    if object.at("revoked").truth() == Some(true) {
        Message::Cancel
    } else if time("created").zip(time("modified")).is_some_and(|(first, last)| last > first) {
        Message::Update
    } else {
        Message::Alert
    }
}

/// STIX 2.1, appendix A, "None / Low / Med / High"; an incident has happened.
fn certainty(object: &Node) -> Certainty {
    match object.at("confidence").number() {
        _ if object.at("type").text() == "incident" => Certainty::Observed,
        Some(70.0..=100.0) => Certainty::Likely,
        Some(30.0..70.0) => Certainty::Possible,
        Some(confidence) if confidence > 0.0 && confidence < 30.0 => Certainty::Unlikely,
        _ => Certainty::Unknown,
    }
}

/// The name, which for an indicator is often the address itself; else what kind of thing it is and
/// from whom.
fn headline(object: &Node, issuer: &str) -> String {
    let kind = object.at("type").text();
    let mut headline = fold::name_of(object, HEADLINE_CHARS);
    if headline.is_empty() {
        let from = if issuer.is_empty() { String::new() } else { format!(" from {issuer}") };
        headline = line(&format!("STIX {kind}{from}"), HEADLINE_CHARS);
    }
    headline
}
