//! CISA's catalogue of known exploited vulnerabilities. The whole catalogue comes each time, so an
//! entry's revision is a hash of what is shown of it: what has not changed is not new.
//!
//! What binds US federal agencies alone (a date, a directive) is said to be theirs, never set as ours.

use serde::Deserialize;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};

use super::Refusal;
use crate::item::{Item, Parsed, Problem};
use crate::label;
use crate::plain;

/// How many entries are read. The catalogue has 1,400 and grows by 200 a year.
const ENTRIES: usize = 20_000;

/// The most products that one entry names.
const PRODUCTS: usize = 16;

#[derive(Deserialize)]
struct Catalogue<'a> {
    #[serde(borrow)]
    vulnerabilities: Entries<'a>,
}

/// The entries, each unread, so that a bad one harms only itself.
#[derive(Default)]
struct Entries<'a> {
    entries: Vec<&'a RawValue>,
    left_out: usize,
}

/// An entry. A field of an odd kind says what it can and costs nothing of the others: that something is
/// being exploited is not to be lost for it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    #[serde(rename = "cveID", deserialize_with = "text_of")]
    cve: String,
    #[serde(deserialize_with = "text_of")]
    vendor_project: String,
    #[serde(deserialize_with = "text_of")]
    product: String,
    #[serde(deserialize_with = "text_of")]
    vulnerability_name: String,
    #[serde(deserialize_with = "text_of")]
    date_added: String,
    #[serde(deserialize_with = "text_of")]
    short_description: String,
    #[serde(deserialize_with = "text_of")]
    required_action: String,
    #[serde(deserialize_with = "text_of")]
    due_date: String,
    #[serde(deserialize_with = "text_of")]
    known_ransomware_campaign_use: String,
    #[serde(deserialize_with = "text_of")]
    notes: String,
    #[serde(deserialize_with = "texts_of")]
    cwes: Vec<String>,
}

/// The texts in a value: itself, or those of a list.
fn texts_of<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(from)?;
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(values.into_iter().filter_map(text).collect())
}

fn text_of<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(texts_of(from)?.join(", "))
}

/// Reads a catalogue.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let text = super::json_text(document, "KEV")?;
    let catalogue: Catalogue<'_> = serde_json::from_str(text).map_err(|e| Refusal::Unreadable {
        format: "KEV",
        reason: plain::line(&e.to_string(), 200),
    })?;
    let mut parsed = Parsed::default();
    for (place, raw) in (1..).zip(&catalogue.vulnerabilities.entries) {
        if raw.get() == "null" {
            continue;
        }
        match entry(raw) {
            Ok(item) => parsed.items.push(item),
            Err((id, reason)) => parsed
                .problems
                .push(Problem { item: id.unwrap_or_else(|| format!("item {place}")), reason }),
        }
    }
    if catalogue.vulnerabilities.left_out > 0 {
        parsed.problems.push(Problem {
            item: format!("item {}", ENTRIES + 1),
            reason: format!(
                "the catalogue has {} more entries than the {ENTRIES} that are read",
                catalogue.vulnerabilities.left_out
            ),
        });
    }
    Ok(parsed)
}

type Unread = (Option<String>, String);

fn entry(raw: &RawValue) -> Result<Item, Unread> {
    let entry: Entry = serde_json::from_str(raw.get()).map_err(|e| {
        let known = serde_json::from_str::<Known>(raw.get()).ok().map(|known| known.cve);
        (known.map(|id| plain::line(&id, 80)), plain::line(&e.to_string(), 200))
    })?;
    let id = plain::line(&entry.cve, 80).to_ascii_uppercase();
    if !super::is_cve(&id) {
        let named = (!id.is_empty()).then_some(id);
        return Err((named, "it has no CVE id".to_owned()));
    }
    Ok(item(id, &entry))
}

/// What of an entry tells people which it is.
#[derive(Deserialize)]
struct Known {
    #[serde(rename = "cveID")]
    cve: String,
}

fn item(id: String, entry: &Entry) -> Item {
    let vendor = plain::line(&entry.vendor_project, 200);
    let product = plain::line(&entry.product, 400);
    let named = plain::line(&entry.vulnerability_name, 160);
    let headline = match (named.as_str(), vendor.as_str()) {
        ("", "") => format!("{id} is being exploited"),
        ("", vendor) => plain::line(&format!("{vendor} {product}: {id} is being exploited"), 200),
        (named, _) => plain::line(&format!("{named} ({id}) is being exploited"), 200),
    };
    let ransomware = is_known(&entry.known_ransomware_campaign_use);
    let text = text(entry, ransomware);
    let what_to_do = what_to_do(&entry.required_action);
    let references = references(&entry.notes);
    let mut item = Item {
        subjects: subjects(&id, &vendor, &product, ransomware),
        hints: label::hints(&format!("{headline} {text} {what_to_do}")),
        id,
        revision: String::new(),
        replaces: Vec::new(),
        message: Message::Alert,
        severity: Severity::Severe,
        urgency: Urgency::Immediate,
        certainty: Certainty::Observed,
        headline,
        text,
        what_to_do,
        references,
        issuer: "CISA".to_owned(),
        sender: String::new(),
        issued_at_ms: super::time::when(&entry.date_added),
        effective_at_ms: None,
        expires_at_ms: None,
        marks: Vec::new(),
        exercise: false,
    };
    item.revision = revision(&item);
    item
}

fn is_known(use_: &str) -> bool {
    use_.trim().eq_ignore_ascii_case("known")
}

fn text(entry: &Entry, ransomware: bool) -> String {
    let mut parts = Vec::new();
    parts.push(plain::plain(&entry.short_description, 6000));
    if ransomware {
        parts.push("CISA knows of its use in ransomware campaigns.".to_owned());
    }
    let weaknesses: Vec<String> = entry
        .cwes
        .iter()
        .take(16)
        .map(|cwe| plain::line(cwe, 40))
        .filter(|cwe| !cwe.is_empty())
        .collect();
    if !weaknesses.is_empty() {
        parts.push(format!("Weakness: {}.", weaknesses.join(", ")));
    }
    let due = plain::line(&entry.due_date, 40);
    if !due.is_empty() {
        parts.push(format!("CISA's date for US federal agencies: {due}."));
    }
    let notes = plain::plain(&words_of(&entry.notes), 1000);
    parts.push(notes);
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The action without what a directive to US agencies adds to it.
fn what_to_do(action: &str) -> String {
    let action = plain::plain(action, 4000);
    let mut kept = String::new();
    for part in action.split_inclusive([',', '.', ';']) {
        let about_directive = ["BOD ", "Binding Operational Directive", "Emergency Directive"]
            .iter()
            .any(|words| part.contains(words));
        if !about_directive {
            kept.push_str(part);
        } else if part.ends_with('.') && kept.trim_end().ends_with([',', ';']) {
            kept.truncate(kept.trim_end().len() - 1);
            kept.push('.');
        }
    }
    kept.trim().to_owned()
}

/// The addresses in the notes, which are apart by semicolons.
fn references(notes: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in notes.split(|c: char| c == ';' || c.is_whitespace()) {
        let word = word.trim_matches(|c| matches!(c, '(' | ')' | '<' | '>' | ',' | '.' | '"'));
        if let Some(address) = plain::address(word)
            && !found.contains(&address)
            && found.len() < super::REFERENCES
        {
            found.push(address);
        }
    }
    found
}

/// What the notes say beside addresses.
fn words_of(notes: &str) -> String {
    let parts = notes.split(';').map(str::trim);
    let said: Vec<&str> = parts.filter(|part| part.contains(' ')).collect();
    said.join("; ")
}

fn subjects(id: &str, vendor: &str, product: &str, ransomware: bool) -> Vec<Subject> {
    let mut subjects = Vec::new();
    subjects.extend(plain::name(vendor).map(Subject::Vendor));
    let products = product.split(',').flat_map(|part| part.split(" and ")).map(str::trim);
    for name in
        products.filter_map(|part| plain::name(part.trim_start_matches("and "))).take(PRODUCTS)
    {
        let product = Subject::Product(name);
        if !subjects.contains(&product) {
            subjects.push(product);
        }
    }
    subjects.extend(plain::name(id).map(Subject::Cve));
    if ransomware {
        subjects.extend(plain::name("ransomware").map(Subject::Topic));
    }
    subjects
}

/// A hash of what is shown.
fn revision(item: &Item) -> String {
    let mut hash = Sha256::new();
    let subjects = format!("{:?}", item.subjects);
    let parts = [&item.headline, &item.text, &item.what_to_do, &subjects];
    for part in parts.into_iter().chain(&item.references) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    super::short_hash(hash)
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(EntriesVisitor(std::marker::PhantomData))
    }
}

struct EntriesVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for EntriesVisitor<'a> {
    type Value = Entries<'a>;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("a list of vulnerabilities")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut found = Entries::default();
        while found.entries.len() < ENTRIES
            && let Some(entry) = list.next_element::<&'de RawValue>()?
        {
            found.entries.push(entry);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            found.left_out += 1;
        }
        Ok(found)
    }
}
