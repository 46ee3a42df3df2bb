//! What an event says: its texts and reports, its vulnerabilities and links, and its indicators, which
//! are listed so that nobody can click on them, the first few and a count.

use super::markdown;
use crate::formats::csaf::json::Node;
use crate::formats::csaf::subjects::Subjects;
use crate::formats::csaf::write::{Body, defang, distinct, literal, refer};

/// How many indicators are listed: what a person may look for by hand.
const SHOWN: usize = 25;

/// The most characters of an indicator: the longest hash has 128.
const INDICATOR_CHARS: usize = 150;

/// Categories of attributes that tell who is aimed at, or of people. Never shown.
const WITHHELD: [&str; 2] = ["Targeting data", "Person"];

/// Types that tell who is aimed at, whatever category they stand under.
const WITHHELD_TYPES: [&str; 3] = ["target-", "whois-registrant", "passport"];

/// Types whose value is words.
const WORDS: [&str; 3] = ["text", "comment", "other"];

/// In an object many attributes are single words ("Malicious"); these relations hold sentences.
const SENTENCES: [&str; 8] =
    ["summary", "description", "text", "comment", "details", "report", "title", "abstract"];

/// Types that are neither words nor something to look for in one's own logs.
const PASSED_OVER: [&str; 20] = [
    "ssdeep",
    "tlsh",
    "attachment",
    "malware-sample",
    "datetime",
    "boolean",
    "counter",
    "float",
    "integer",
    "size-in-bytes",
    "port",
    "hex",
    "mime-type",
    "yara",
    "sigma",
    "snort",
    "named pipe",
    "anonymised",
    "campaign-id",
    "campaign-name",
];

/// What was found besides texts and subjects.
pub(super) struct Told {
    pub(super) references: Vec<String>,
}

/// Writes what an event says.
pub(super) fn tell(event: &Node, body: &mut Body, subjects: &mut Subjects) -> Told {
    let mut found = Found { references: Vec::new(), indicators: Vec::new() };
    for report in event.at("EventReport").each() {
        if report.at("deleted").truth() != Some(true) {
            let name = report.at("name").text();
            body.hint(name);
            body.say("", &escape(&markdown::words(report.at("content").text())));
        }
    }
    for attribute in event.at("Attribute").each() {
        found.attribute(attribute, None, body, subjects);
    }
    for object in event.at("Object").each() {
        if object.at("deleted").truth() == Some(true) {
            continue;
        }
        if is_sentence(object.at("comment").text()) {
            body.say("", object.at("comment").text());
        }
        for attribute in object.at("Attribute").each() {
            let relation = attribute.at("object_relation").text();
            found.attribute(attribute, Some(relation), body, subjects);
        }
    }
    if let Some(analysis) = analysis(event) {
        body.note(&format!("Analysis: {analysis}."));
    }
    let indicators = distinct(found.indicators);
    let shown: Vec<String> = indicators
        .iter()
        .take(SHOWN)
        .map(|value| literal(&defang(value), INDICATOR_CHARS))
        .collect();
    let lead = format!("Indicators ({}):", indicators.len());
    body.list(&lead, &shown, indicators.len() - shown.len());
    Told { references: found.references }
}

fn analysis(event: &Node) -> Option<&'static str> {
    match event.at("analysis").text() {
        "0" => Some("initial"),
        "1" => Some("ongoing"),
        "2" => Some("complete"),
        _ => None,
    }
}

struct Found<'a> {
    references: Vec<String>,
    indicators: Vec<&'a str>,
}

impl<'a> Found<'a> {
    /// Takes one attribute; `relation` is what it is to its object, if it is in one.
    fn attribute(
        &mut self,
        attribute: &'a Node,
        relation: Option<&str>,
        body: &mut Body,
        subjects: &mut Subjects,
    ) {
        let kind = attribute.at("type").text().to_ascii_lowercase();
        let value = attribute.at("value").text();
        let category = attribute.at("category").text();
        let withheld = WITHHELD.iter().any(|name| name.eq_ignore_ascii_case(category))
            || WITHHELD_TYPES.iter().any(|head| kind.starts_with(head));
        if withheld || value.is_empty() || attribute.at("deleted").truth() == Some(true) {
            return;
        }
        match kind.as_str() {
            "vulnerability" => subjects.cve(value),
            "cpe" => subjects.cpe(value),
            "link" => refer(&mut self.references, value),
            // Inside an object a text is a sentence only in some relations, and never to be looked for.
            _ if WORDS.contains(&kind.as_str()) => {
                if relation.is_none_or(|relation| SENTENCES.contains(&relation)) {
                    body.say("", value);
                }
            }
            _ if PASSED_OVER.contains(&kind.as_str()) => {}
            _ => self.indicators.push(value),
        }
    }
}

/// Whether a comment says something rather than naming its tool.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() > 4
}

/// Plain words as the source of plain words.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
