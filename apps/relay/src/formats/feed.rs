//! RSS 0.9 to 2.0, Atom and JSON Feed. What is read out of each becomes a [`Draft`], and all drafts
//! become items in one way.
//!
//! A feed says little about how bad something is, so nothing is made up: severity, urgency and
//! certainty are unknown. An item that was edited is a new revision of it: by its date of update, or
//! where it has none by a hash of what it shows.

mod atom;
mod json;
mod rss;

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use url::Url;
use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};

use super::csaf::marks::Marks;
use super::csaf::write;
use super::xml::{self, Dialect, Element};
use super::{HEADLINE_CHARS, ID_CHARS, REFERENCES, Refusal, SUBJECTS, TEXT_CHARS, time};
use crate::item::{Item, Parsed, Problem};
use crate::{label, plain};

/// How many items of a feed are read. Feeds have 10 to 500.
const ITEMS: usize = 5000;

/// How far into a text labels and vulnerabilities are looked for, beyond what is shown of it.
const WORDS_CHARS: usize = 64_000;

/// The characters and words of a category that is a subject; a longer one is a sentence.
const TOPIC_CHARS: usize = 40;
const TOPIC_WORDS: usize = 4;

const DIALECT: Dialect = Dialect { format: "a feed", bare_doctype: true };

/// What an item says, as its format has it.
#[derive(Default)]
struct Draft {
    /// Its guid or id.
    id: String,
    /// Addresses, the item's own first. They may be relative.
    links: Vec<String>,
    /// HTML or text.
    title: String,
    /// HTML or text: its whole content, or else its summary.
    text: String,
    published: String,
    updated: String,
    categories: Vec<String>,
    /// What is said about rights, and elements that are labels by their name.
    rights: Vec<String>,
}

/// What holds for all items of a feed.
#[derive(Default)]
struct Whole {
    title: String,
    base: Option<Url>,
    /// Categories and rights of the feed itself.
    categories: Vec<String>,
    rights: Vec<String>,
    /// What these mean for every item.
    marks: Marks,
    exercise: bool,
}

/// Reads a feed.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let bare = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii_start();
    if bare.first() == Some(&b'{') {
        let (whole, drafts) = json::read(bare)?;
        return Ok(items(whole, drafts));
    }
    let root = xml::read(document, DIALECT)?;
    let (whole, drafts) = match root.name.as_str() {
        "rss" | "RDF" | "channel" => rss::read(&root),
        "feed" | "entry" => atom::read(&root),
        other => {
            let name = plain::line(other, 40);
            return Err(Refusal::Unreadable {
                format: "a feed",
                reason: format!("its root element is {name:?}, not rss, RDF or feed"),
            });
        }
    };
    Ok(items(whole, drafts.into_iter().map(Ok).collect()))
}

fn items(mut whole: Whole, drafts: Vec<Result<Draft, String>>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut found = Vec::new();
    whole.marks = marks(&whole.rights, &whole.categories);
    whole.exercise = whole.categories.iter().any(|category| is_exercise(category))
        || write::opens_as_exercise(&plain::line(&whole.title, HEADLINE_CHARS));
    let left_out = drafts.len().saturating_sub(ITEMS);
    for (place, draft) in (1..).zip(drafts.into_iter().take(ITEMS)) {
        let read = draft.map_err(|reason| (format!("item {place}"), reason)).and_then(|draft| {
            let has_id = !draft.id.trim().is_empty();
            item(&whole, &draft).map(|item| (item, has_id)).map_err(|reason| {
                let id = plain::line(&draft.id, 200);
                (if id.is_empty() { format!("item {place}") } else { id }, reason)
            })
        });
        match read {
            Ok(item) => found.push(item),
            Err((item, reason)) => parsed.problems.push(Problem { item, reason }),
        }
    }
    if left_out > 0 {
        let reason = format!("the feed has {left_out} more items than the {ITEMS} that are read");
        parsed.problems.push(Problem { item: format!("item {}", ITEMS + 1), reason });
    }
    parsed.items = tell_apart(found);
    parsed
}

fn item(whole: &Whole, draft: &Draft) -> Result<Item, String> {
    let words = plain::plain(&draft.text, WORDS_CHARS);
    let text = plain::cut(&words, TEXT_CHARS);
    let references = references(whole, draft);
    let title = plain::line(&draft.title, HEADLINE_CHARS);
    let headline = if title.is_empty() { plain::line(&words, HEADLINE_CHARS) } else { title };
    let headline = match (headline.as_str(), references.first()) {
        ("", Some(address)) => plain::line(address, HEADLINE_CHARS),
        ("", None) => return Err("it has no title, no text and no address".to_owned()),
        _ => headline,
    };
    let mut marks = marks(&draft.rights, &draft.categories);
    marks.join(&whole.marks);
    let named = format!("{headline} {words} {}", draft.id);
    let mut subjects: Vec<Subject> = super::cves(&named, SUBJECTS)
        .iter()
        .filter_map(|id| plain::name(id))
        .map(Subject::Cve)
        .collect();
    subjects.extend(topics(draft));
    subjects.truncate(SUBJECTS);
    let exercise = whole.exercise
        || write::opens_as_exercise(&headline)
        || draft.categories.iter().any(|category| is_exercise(category));
    let published = time::when(&draft.published);
    let updated = time::when(&draft.updated);
    let hash = hash(
        [headline.as_str(), text.as_str()].into_iter().chain(references.iter().map(String::as_str)),
    );
    Ok(Item {
        id: id(draft, &references, &headline),
        revision: if updated.is_some() { plain::line(&draft.updated, 64) } else { hash },
        replaces: Vec::new(),
        message: Message::Alert,
        severity: Severity::Unknown,
        urgency: Urgency::Unknown,
        certainty: Certainty::Unknown,
        hints: label::hints(&format!("{headline}\n{words}")),
        headline,
        text,
        what_to_do: String::new(),
        references,
        issuer: plain::line(&whole.title, HEADLINE_CHARS),
        sender: String::new(),
        subjects,
        issued_at_ms: published.or(updated),
        effective_at_ms: None,
        expires_at_ms: None,
        marks: marks.finish(),
        exercise,
    })
}

/// The id of an item: its own, or its address, or what it is called and when it came.
fn id(draft: &Draft, references: &[String], headline: &str) -> String {
    let own = plain::line(&draft.id, ID_CHARS + 1);
    let id = match (own.is_empty(), references.first()) {
        (false, _) => own,
        (true, Some(address)) => address.clone(),
        (true, None) => hash([headline, draft.published.trim()]),
    };
    if id.chars().count() > ID_CHARS { hash([draft.id.as_str(), id.as_str()]) } else { id }
}

fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    super::short_hash(hash)
}

fn references(whole: &Whole, draft: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    for link in &draft.links {
        let link = link.trim();
        let joined = whole.base.as_ref().and_then(|base| base.join(link).ok());
        let address =
            plain::address(link).or_else(|| joined.and_then(|url| plain::address(url.as_str())));
        if let Some(address) = address
            && !link.is_empty()
            && !found.contains(&address)
            && found.len() < REFERENCES
        {
            found.push(address);
        }
    }
    found
}

/// The marks of a statement of rights or of categories: what names the Traffic Light Protocol.
fn marks(rights: &[String], categories: &[String]) -> Marks {
    let mut marks = Marks::default();
    for rights in rights.iter().filter(|rights| label::names_tlp(rights)) {
        for mark in marks_of(rights) {
            marks.put(&mark);
        }
    }
    for category in categories.iter().filter(|category| label::names_tlp(category)) {
        marks.put(category);
    }
    marks
}

/// The short ones of the other categories.
fn topics(draft: &Draft) -> Vec<Subject> {
    let mut topics = Vec::new();
    for category in &draft.categories {
        let name = plain::line(category, TOPIC_CHARS + 1);
        let short = name.chars().count() <= TOPIC_CHARS
            && name.split_whitespace().count() <= TOPIC_WORDS
            && !name.contains("://")
            && !label::names_tlp(&name);
        let topic = plain::name(&name).filter(|_| short).map(Subject::Topic);
        if let Some(topic) = topic
            && topics.len() < SUBJECTS
        {
            write::once(&mut topics, topic);
        }
    }
    topics
}

/// Whether a category says that this is an exercise.
fn is_exercise(category: &str) -> bool {
    let category = category.trim().to_ascii_lowercase();
    matches!(category.as_str(), "exercise" | "test") || category.starts_with("exercise:")
}

/// Takes a category with what says whose it is: a scheme or a domain. One of the Traffic Light Protocol
/// is a mark by its name alone.
fn take_category(draft: &mut Draft, scheme: Option<&str>, name: String) {
    if scheme.is_some_and(label::names_tlp) {
        draft.rights.push(if label::names_tlp(&name) { name } else { format!("TLP:{name}") });
    } else {
        draft.categories.push(name);
    }
}

/// The marks in a statement of rights: itself if it is one, else the labels that it names.
fn marks_of(rights: &str) -> Vec<String> {
    let line = plain::line(rights, 200);
    if label::read_mark(&line).is_some() {
        return vec![line];
    }
    let named = label::hints(&plain::plain(rights, WORDS_CHARS));
    if named.is_empty() { vec![line] } else { named }
}

/// Items under one id: where they are at one address the newest stays, else each gets an id of its own.
/// Where the id is but the address, what is called otherwise is something else: a status page gives
/// everything it says the same address.
fn tell_apart(items: Vec<(Item, bool)>) -> Vec<Item> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for (mut item, has_id) in items {
        if let Some(place) = known.get(&item.id) {
            let first = &mut kept[*place];
            let address = item.references.first();
            if address.is_some()
                && address == first.references.first()
                && (has_id || first.headline == item.headline)
            {
                replace_older(first, item);
                continue;
            }
            let address = address.cloned().unwrap_or_default();
            item.id = hash([item.id.as_str(), item.headline.as_str(), address.as_str()]);
        }
        if let Some(place) = known.get(&item.id) {
            replace_older(&mut kept[*place], item);
        } else {
            known.insert(item.id.clone(), kept.len());
            kept.push(item);
        }
    }
    kept
}

fn replace_older(first: &mut Item, second: Item) {
    if second.issued_at_ms > first.issued_at_ms {
        *first = second;
    }
}

/// The base of relative addresses.
fn base(element: &Element, link: Option<&str>) -> Option<Url> {
    let said = element.attribute("xml:base").or(link)?;
    Url::parse(said.trim()).ok()
}

/// Text that is no HTML, as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
