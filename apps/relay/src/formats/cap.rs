//! Common Alerting Protocol 1.2 (OASIS, 2010), and 1.1 and 1.0 where they are the same: one alert, or
//! several in an envelope.
//!
//! Only `status` Actual is real. Exercise and Test are exercises; System and Draft are no warnings at
//! all, nor are acknowledgements and errors: they are named as problems and not relayed. What names a
//! narrower circle (`scope`, `restriction`, `code`) becomes marks; what they mean is decided by others.

mod info;

use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};

use self::info::Said;
use super::xml::{self, Dialect, Element};
use super::{HEADLINE_CHARS, ID_CHARS, REFERENCES, Refusal, SUBJECTS, TEXT_CHARS, time};
use crate::item::{Item, Parsed, Problem};
use crate::{label, plain};

/// How many alerts of one envelope are read.
const ALERTS: usize = 5000;

/// How deep in an envelope alerts are looked for (EDXL has four levels).
const ENVELOPE_LEVELS: u8 = 6;

const DIALECT: Dialect = Dialect { format: "CAP", bare_doctype: false };

/// Reads an alert, or an envelope of alerts.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let root = xml::read(document, DIALECT)?;
    let mut alerts = Vec::new();
    gather(&root, ENVELOPE_LEVELS, &mut alerts);
    if alerts.is_empty() {
        let name = plain::line(&root.name, 40);
        return Err(Refusal::Unreadable {
            format: "CAP",
            reason: format!("there is no alert in it; its root element is {name:?}"),
        });
    }
    let mut parsed = Parsed::default();
    for (place, alert) in (1..).zip(alerts.iter().take(ALERTS)) {
        match item(alert) {
            Ok(item) => parsed.items.push(item),
            Err(reason) => {
                let id = field(alert, "identifier", 200);
                let item = if id.is_empty() { format!("item {place}") } else { id };
                parsed.problems.push(Problem { item, reason });
            }
        }
    }
    if alerts.len() > ALERTS {
        let reason = format!("more alerts than the {ALERTS} that are read");
        parsed.problems.push(Problem { item: format!("item {}", ALERTS + 1), reason });
    }
    Ok(parsed)
}

fn gather<'a>(element: &'a Element, levels: u8, alerts: &mut Vec<&'a Element>) {
    if element.name == "alert" {
        alerts.push(element);
    } else if levels > 0 {
        for child in element.children() {
            gather(child, levels - 1, alerts);
        }
    }
}

/// The text of a child in one line; empty where there is none.
fn field(element: &Element, name: &str, most: usize) -> String {
    element.child(name).map(|child| plain::line(&child.text(), most)).unwrap_or_default()
}

/// The texts of all children of a name.
fn fields(element: &Element, name: &str) -> Vec<String> {
    element
        .children()
        .filter(|child| child.name == name)
        .take(SUBJECTS)
        .map(|child| plain::line(&child.text(), HEADLINE_CHARS))
        .filter(|text| !text.is_empty())
        .collect()
}

fn item(alert: &Element) -> Result<Item, String> {
    let id = id(alert)?;
    let message = message(&field(alert, "msgType", 40))?;
    let exercise = is_exercise(&field(alert, "status", 40))?;
    let said = info::read(alert);
    let note = alert.child("note").map(|note| plain::plain(&note.text(), 2000)).unwrap_or_default();
    let text = [said.text.as_str(), note.as_str()].into_iter().filter(|part| !part.is_empty());
    let text = plain::plain(&text.collect::<Vec<_>>().join("\n\n"), TEXT_CHARS);
    let headline = headline(alert, &said, &note);
    let words = format!("{headline}\n{text}\n{}", said.what_to_do);
    let (marks, restriction) = marks(alert, &said);
    Ok(Item {
        revision: field(alert, "sent", 64),
        replaces: replaces(alert),
        message,
        severity: said.severity.unwrap_or(Severity::Unknown),
        urgency: said.urgency.unwrap_or(Urgency::Unknown),
        certainty: said.certainty.unwrap_or(Certainty::Unknown),
        subjects: subjects(&said, &words),
        hints: label::hints(&format!("{words}\n{restriction}")),
        issued_at_ms: time::when(&field(alert, "sent", 64)),
        effective_at_ms: said.effective_at_ms,
        expires_at_ms: said.expires_at_ms,
        issuer: if said.sender.is_empty() { field(alert, "sender", 200) } else { said.sender },
        what_to_do: said.what_to_do,
        references: said.references,
        id,
        headline,
        text,
        marks,
        exercise,
    })
}

/// The id of an alert, as the standard makes it for `references`.
fn id(alert: &Element) -> Result<String, String> {
    let parts = ["sender", "identifier", "sent"].map(|name| field(alert, name, ID_CHARS));
    if let Some((missing, _)) =
        ["sender", "identifier", "sent"].iter().zip(&parts).find(|(_, part)| part.is_empty())
    {
        return Err(format!("it has no {missing}, which every alert must have"));
    }
    Ok(parts.join(","))
}

fn message(kind: &str) -> Result<Message, String> {
    match kind.to_ascii_lowercase().as_str() {
        "alert" => Ok(Message::Alert),
        "update" => Ok(Message::Update),
        "cancel" => Ok(Message::Cancel),
        "ack" => Err("it acknowledges another alert and warns of nothing".to_owned()),
        "error" => Err("it rejects another alert and warns of nothing".to_owned()),
        _ => Err(format!("its msgType is {kind:?}, which is none that CAP has")),
    }
}

/// Whether it is an exercise; an error where it is neither that nor real.
fn is_exercise(status: &str) -> Result<bool, String> {
    match status.to_ascii_lowercase().as_str() {
        "actual" => Ok(false),
        "exercise" | "test" => Ok(true),
        "system" => Err("its status is System: it is for the alerting network itself".to_owned()),
        "draft" => Err("its status is Draft: it is not to be acted upon yet".to_owned()),
        _ => Err(format!("its status is {status:?}, so it is not known whether it is real")),
    }
}

fn headline(alert: &Element, said: &Said, note: &str) -> String {
    let candidates = [said.headline.as_str(), said.event.as_str(), note, said.text.as_str()];
    let found = candidates.iter().find(|text| !text.is_empty());
    found.map_or_else(
        || {
            let (kind, id) = (field(alert, "msgType", 20), field(alert, "identifier", 100));
            plain::line(&format!("{kind} {id}"), HEADLINE_CHARS)
        },
        |text| plain::line(text, HEADLINE_CHARS),
    )
}

/// The alerts that this one takes the place of: triples of sender, identifier and time, apart by white
/// space.
fn replaces(alert: &Element) -> Vec<String> {
    let said = alert.child("references").map(Element::text).unwrap_or_default();
    let mut found = Vec::new();
    for triple in said.split_whitespace() {
        let triple = plain::line(triple, 3 * ID_CHARS);
        if triple.splitn(3, ',').filter(|part| !part.is_empty()).count() == 3
            && !found.contains(&triple)
            && found.len() < REFERENCES
        {
            found.push(triple);
        }
    }
    found
}

/// The marks, and the words of a restriction.
///
/// A restricted alert is for the circle that its restriction names, a private one for the addressees
/// alone; both are more than a relay can keep to, so they are AMBER and AMBER+STRICT at least.
fn marks(alert: &Element, said: &Said) -> (Vec<String>, String) {
    let mut marks = Vec::new();
    match field(alert, "scope", 40).to_ascii_lowercase().as_str() {
        "" | "public" => {}
        "private" => marks.push("TLP:AMBER+STRICT".to_owned()),
        _ => marks.push("TLP:AMBER".to_owned()),
    }
    let restriction = field(alert, "restriction", HEADLINE_CHARS);
    let codes = fields(alert, "code");
    for mark in codes.iter().chain(&said.marks).chain([&restriction]) {
        if label::names_tlp(mark) && marks.len() < SUBJECTS {
            marks.push(mark.clone());
        }
    }
    (marks, restriction)
}

fn subjects(said: &Said, words: &str) -> Vec<Subject> {
    let cves = super::cves(words, SUBJECTS);
    let mut subjects: Vec<Subject> =
        cves.iter().filter_map(|id| plain::name(id)).map(Subject::Cve).collect();
    for topic in said.topics.iter().filter_map(|topic| plain::name(topic)).map(Subject::Topic) {
        if !subjects.contains(&topic) {
            subjects.push(topic);
        }
    }
    subjects.truncate(SUBJECTS);
    subjects
}
