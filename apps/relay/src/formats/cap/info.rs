//! What the `info` blocks of an alert say, in one language. An alert has a block for each language, and
//! may have several in the same one, for other areas or other degrees.

use warproom_client::proto::{Certainty, Severity, Urgency};

use super::super::csaf::marks::Marks;
use super::super::csaf::write;
use super::super::xml::Element;
use super::super::{HEADLINE_CHARS, REFERENCES, TEXT_CHARS, time};
use super::{field, fields, parts, whole};
use crate::{label, plain};

/// How many blocks and areas are read.
const BLOCKS: usize = 64;

/// What is said, of all blocks in the language read: the worst severity, the soonest urgency, the
/// surest certainty, the earliest beginning and the latest end, so that no block is played down by
/// another.
#[derive(Default)]
pub(super) struct Said {
    pub(super) headline: String,
    pub(super) event: String,
    pub(super) text: String,
    pub(super) what_to_do: String,
    pub(super) sender: String,
    pub(super) severity: Option<Severity>,
    pub(super) urgency: Option<Urgency>,
    pub(super) certainty: Option<Certainty>,
    pub(super) effective_at_ms: Option<i64>,
    pub(super) expires_at_ms: Option<i64>,
    pub(super) references: Vec<String>,
    pub(super) topics: Vec<String>,
    /// Codes and parameters that may be labels.
    pub(super) marks: Marks,
    /// Whether a block opens as an exercise.
    pub(super) exercise: bool,
}

/// Reads an alert's blocks.
pub(super) fn read(alert: &Element) -> Said {
    let mut blocks = preferred(alert);
    // A stable sort: of equally bad ones the first leads.
    blocks.sort_by_key(|block| std::cmp::Reverse(severity(block)));
    let mut said = Said::default();
    let mut texts: Vec<String> = Vec::new();
    let mut actions: Vec<String> = Vec::new();
    for block in &blocks {
        one(&mut said, block);
        push(&mut texts, text(block, said.headline.as_str()));
        push(&mut actions, plain::plain(&whole(block, "instruction"), TEXT_CHARS));
    }
    // Labels may stand in any language, and so may the word that it is an exercise.
    for block in parts(alert, "info") {
        marks(block, &mut said.marks);
        let opens = |name: &str| write::opens_as_exercise(&field(block, name, HEADLINE_CHARS));
        said.exercise |= opens("headline") || opens("event");
    }
    said.text = texts.join("\n\n");
    said.what_to_do = plain::plain(&actions.join("\n\n"), TEXT_CHARS);
    said
}

fn push(texts: &mut Vec<String>, text: String) {
    if !text.is_empty() && !texts.contains(&text) {
        texts.push(text);
    }
}

/// The blocks in British English, else in any English, else without a language (which is American
/// English), else in the language of the first.
fn preferred(alert: &Element) -> Vec<&Element> {
    let blocks: Vec<(&Element, String)> = parts(alert, "info")
        .take(BLOCKS)
        .map(|block| (block, field(block, "language", 40).to_ascii_lowercase()))
        .collect();
    let first = blocks.first().map(|(_, language)| language.clone()).unwrap_or_default();
    let english = |language: &str| language == "en" || language.starts_with("en-");
    let british = |language: &str| language == "en-gb" || language == "en-uk";
    let wanted = if blocks.iter().any(|(_, language)| british(language)) {
        "en-gb"
    } else if blocks.iter().any(|(_, language)| english(language)) {
        "en"
    } else if blocks.iter().any(|(_, language)| language.is_empty()) {
        ""
    } else {
        &first
    };
    let is_wanted = |language: &str| match wanted {
        "en-gb" => british(language),
        "en" => english(language),
        other => language == other,
    };
    blocks.iter().filter(|(_, language)| is_wanted(language)).map(|(block, _)| *block).collect()
}

fn one(said: &mut Said, block: &Element) {
    let take = |to: &mut String, name: &str| {
        if to.is_empty() {
            *to = field(block, name, HEADLINE_CHARS);
        }
    };
    take(&mut said.headline, "headline");
    take(&mut said.event, "event");
    take(&mut said.sender, "senderName");
    said.severity = said.severity.max(Some(severity(block)));
    let urgency = urgency(block);
    if said.urgency.is_none_or(|known| soonness(urgency) > soonness(known)) {
        said.urgency = Some(urgency);
    }
    let certainty = certainty(block);
    if said.certainty.is_none_or(|known| sureness(certainty) > sureness(known)) {
        said.certainty = Some(certainty);
    }
    let at = |name: &str| time::when(&field(block, name, 64));
    let effective = at("effective").or_else(|| at("onset"));
    said.effective_at_ms = match (said.effective_at_ms, effective) {
        (Some(known), Some(new)) => Some(known.min(new)),
        (known, new) => known.or(new),
    };
    said.expires_at_ms = said.expires_at_ms.max(at("expires"));
    for topic in fields(block, "category").into_iter().chain(fields(block, "event")) {
        push(&mut said.topics, topic);
    }
    references(said, block);
}

fn references(said: &mut Said, block: &Element) {
    let web = fields_whole(block, "web");
    let resources = parts(block, "resource").take(REFERENCES);
    let files = resources.flat_map(|resource| fields_whole(resource, "uri"));
    for address in web.into_iter().chain(files).filter_map(|address| plain::address(&address)) {
        if !said.references.contains(&address) && said.references.len() < REFERENCES {
            said.references.push(address);
        }
    }
}

/// The texts of all children of a name, whole: an address that was cut leads elsewhere.
fn fields_whole(element: &Element, name: &str) -> Vec<String> {
    parts(element, name).take(REFERENCES).map(Element::text).collect()
}

/// What a block says: under its own headline if that is not the alert's.
fn text(block: &Element, alerts_headline: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    let headline = field(block, "headline", HEADLINE_CHARS);
    if headline != alerts_headline {
        said.push(headline);
    }
    said.push(plain::plain(&whole(block, "description"), TEXT_CHARS));
    let areas: Vec<String> = parts(block, "area")
        .take(BLOCKS)
        .map(|area| field(area, "areaDesc", 1000))
        .filter(|area| !area.is_empty())
        .collect();
    if !areas.is_empty() {
        said.push(format!("Area: {}", areas.join("; ")));
    }
    said.retain(|part| !part.is_empty());
    said.join("\n\n")
}

/// Parameters and event codes that name the Traffic Light Protocol: by their value, or by their name
/// with a value that is a label.
fn marks(block: &Element, marks: &mut Marks) {
    for parameter in parts(block, "parameter").chain(parts(block, "eventCode")) {
        let (name, value) = (whole(parameter, "valueName"), whole(parameter, "value"));
        if label::names_tlp(&value) {
            marks.put(&value);
        } else if label::names_tlp(&name) {
            marks.put(&format!("TLP:{value}"));
        }
    }
}

fn severity(block: &Element) -> Severity {
    match field(block, "severity", 40).to_ascii_lowercase().as_str() {
        "extreme" => Severity::Extreme,
        "severe" => Severity::Severe,
        "moderate" => Severity::Moderate,
        "minor" => Severity::Minor,
        _ => Severity::Unknown,
    }
}

fn urgency(block: &Element) -> Urgency {
    match field(block, "urgency", 40).to_ascii_lowercase().as_str() {
        "immediate" => Urgency::Immediate,
        "expected" => Urgency::Expected,
        "future" => Urgency::Future,
        "past" => Urgency::Past,
        _ => Urgency::Unknown,
    }
}

/// CAP 1.0 has "Very Likely" besides.
fn certainty(block: &Element) -> Certainty {
    match field(block, "certainty", 40).to_ascii_lowercase().as_str() {
        "observed" => Certainty::Observed,
        "likely" | "very likely" => Certainty::Likely,
        "possible" => Certainty::Possible,
        "unlikely" => Certainty::Unlikely,
        _ => Certainty::Unknown,
    }
}

const fn soonness(urgency: Urgency) -> u8 {
    match urgency {
        Urgency::Immediate => 4,
        Urgency::Expected => 3,
        Urgency::Future => 2,
        Urgency::Past => 1,
        Urgency::Unknown => 0,
    }
}

const fn sureness(certainty: Certainty) -> u8 {
    match certainty {
        Certainty::Observed => 4,
        Certainty::Likely => 3,
        Certainty::Possible => 2,
        Certainty::Unlikely => 1,
        Certainty::Unknown => 0,
    }
}
