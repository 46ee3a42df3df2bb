//! Common Alerting Protocol 1.2 (OASIS, 2010), and 1.1 and 1.0 where they are the same: one alert, or
//! several in an envelope.
//!
//! Only `status` Actual is real. Exercise and Test are exercises; System and Draft are no warnings at
//! all, nor are acknowledgements and errors: they are named as problems and not relayed. What names a
//! narrower circle (`scope`, `restriction`, `code`) becomes marks; what they mean is decided by others.

mod info;

use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};

use self::info::Said;
use super::csaf::marks::Marks;
use super::csaf::write;
use super::xml::{self, Dialect, Element};
use super::{HEADLINE_CHARS, ID_CHARS, REFERENCES, Refusal, SUBJECTS, TEXT_CHARS, time};
use crate::item::{Item, Parsed, Problem};
use crate::{label, plain};

/// How many alerts of one envelope are read.
const ALERTS: usize = 5000;

/// How deep in an envelope alerts are looked for (EDXL has four levels).
const ENVELOPE_LEVELS: u8 = 6;

/// How CAP's namespaces begin: OASIS's since 1.1, and that of 1.0.
const CAP: [&str; 2] = ["urn:oasis:names:tc:emergency:cap:", "http://www.incident.com/cap/"];

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

/// The children of a name that are CAP's. Those of other namespaces may be called alike and mean
/// something else; some writers leave the namespace out of an alert's children.
fn parts<'a>(element: &'a Element, name: &str) -> impl Iterator<Item = &'a Element> {
    let is_cap = |child: &Element| {
        let namespace = child.namespace.as_str();
        namespace == element.namespace
            || namespace.is_empty()
            || CAP.iter().any(|known| namespace.starts_with(known))
    };
    element.children().filter(move |child| child.name == name && is_cap(child))
}

/// The text of the first child of a name, whole; empty where there is none.
fn whole(element: &Element, name: &str) -> String {
    parts(element, name).next().map(Element::text).unwrap_or_default()
}

/// The text of a child in one line; empty where there is none.
fn field(element: &Element, name: &str, most: usize) -> String {
    plain::line(&whole(element, name), most)
}

/// The texts of all children of a name.
fn fields(element: &Element, name: &str) -> Vec<String> {
    parts(element, name)
        .take(SUBJECTS)
        .map(|child| plain::line(&child.text(), HEADLINE_CHARS))
        .filter(|text| !text.is_empty())
        .collect()
}

fn item(alert: &Element) -> Result<Item, String> {
    let id = id(alert)?;
    let message = message(&field(alert, "msgType", 40))?;
    let exercise = is_exercise(alert)?;
    let said = info::read(alert);
    let note = plain::plain(&whole(alert, "note"), 2000);
    let text = [said.text.as_str(), note.as_str()].into_iter().filter(|part| !part.is_empty());
    let text = plain::plain(&text.collect::<Vec<_>>().join("\n\n"), TEXT_CHARS);
    let headline = headline(alert, &said, &note);
    let words = format!("{headline}\n{text}\n{}", said.what_to_do);
    let marks = marks(alert, &said);
    let exercise = exercise || said.exercise || write::opens_as_exercise(&headline);
    Ok(Item {
        revision: field(alert, "sent", 64),
        replaces: replaces(alert),
        message,
        severity: said.severity.unwrap_or(Severity::Unknown),
        urgency: said.urgency.unwrap_or(Urgency::Unknown),
        certainty: said.certainty.unwrap_or(Certainty::Unknown),
        subjects: subjects(&said, &words),
        hints: hints(alert, &words),
        issued_at_ms: time::when(&field(alert, "sent", 64)),
        effective_at_ms: said.effective_at_ms,
        expires_at_ms: said.expires_at_ms,
        issuer: if said.sender.is_empty() { field(alert, "sender", 200) } else { said.sender },
        sender: field(alert, "sender", 200),
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

/// Whether it is an exercise; an error where it is neither that nor real. Of several statuses one that
/// says so is enough: what is played may be taken for real, never the other way round.
fn is_exercise(alert: &Element) -> Result<bool, String> {
    let said: Vec<String> =
        parts(alert, "status").map(|status| plain::line(&status.text(), 40)).collect();
    let read: Vec<_> = said.iter().map(|status| of_status(status)).collect();
    if read.contains(&Ok(true)) {
        return Ok(true);
    }
    let first = said.first().map_or("", String::as_str);
    if said.iter().any(|status| !status.eq_ignore_ascii_case(first)) {
        return Err("it has several statuses that disagree, so it is not known whether it is real"
            .to_owned());
    }
    of_status(first)
}

fn of_status(status: &str) -> Result<bool, String> {
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
    let said = whole(alert, "references");
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

/// The marks.
///
/// A restricted alert is for the circle that its restriction names, a private one for the addressees
/// alone; both are more than a relay can keep to, so they are AMBER and AMBER+STRICT at least.
fn marks(alert: &Element, said: &Said) -> Vec<String> {
    let mut marks = Marks::default();
    for scope in parts(alert, "scope") {
        match plain::line(&scope.text(), 40).to_ascii_lowercase().as_str() {
            "" | "public" => {}
            "private" => marks.put("TLP:AMBER+STRICT"),
            _ => marks.put("TLP:AMBER"),
        }
    }
    let text = |part: &Element| part.text();
    for mark in parts(alert, "code").map(text).filter(|code| label::names_tlp(code)) {
        marks.put(&mark);
    }
    marks.join(&said.marks);
    for mark in parts(alert, "restriction").map(text).filter(|words| label::names_tlp(words)) {
        marks.put(&mark);
    }
    marks.finish()
}

/// The labels that its words name, of what is shown and of all that was cut or stands in another
/// language.
fn hints(alert: &Element, shown: &str) -> Vec<String> {
    let mut found = label::hints(shown);
    let mut look = |part: &Element| {
        for hint in label::hints(&part.text()) {
            write::once(&mut found, hint);
        }
    };
    for name in ["note", "restriction"] {
        parts(alert, name).for_each(&mut look);
    }
    for block in parts(alert, "info") {
        for name in ["headline", "event", "description", "instruction"] {
            parts(block, name).for_each(&mut look);
        }
        for area in parts(block, "area") {
            parts(area, "areaDesc").for_each(&mut look);
        }
    }
    found
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
