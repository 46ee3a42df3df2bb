//! CSAF 2.0 and 2.1 (OASIS): security advisories, VEX and informational documents, one document one
//! item.
//!
//! What is read is the part that a warning needs, from a lenient tree ([`json`]). The crates for CSAF
//! either know only 2.0 or refuse a document for one field outside its schema; advisories in the wild
//! have such fields, and a warning is not to be lost for them. This is no validator.
//!
//! How things flow: [`parse`] tells apart what is no advisory, [`advisory`] reads identity and
//! standing; [`score`] says how bad and how sure, [`tell`] writes text, references and subjects.
//!
//! Decisions:
//! - The id is `publisher.namespace,tracking.id`, the pair that the standard calls unique.
//! - A draft is not yet issued (2.0 section 3.2.1.12.7) and is passed over with a sentence.
//! - A category of withdrawn or superseded (2.1) cancels; a history of several revisions updates.
//! - A sharing group is never shown, for its name may tell of its members. "Public" says nothing; "No
//!   sharing allowed" marks as AMBER+STRICT; any other as AMBER, for rooms are not that group.

pub(super) mod json;
pub(super) mod marks;
mod score;
pub(super) mod subjects;
mod tell;
pub(super) mod write;

use warproom_client::proto::{Message, Urgency};

use self::json::Node;
use self::marks::{Marks, is_tlp};
use self::score::Standing;
use self::subjects::Subjects;
use self::write::{Body, HEADLINE_CHARS};
use super::Refusal;
use crate::item::{Item, Parsed, Problem};
use crate::plain::line;

/// The most characters of an issuer's name and of a revision.
const NAME_CHARS: usize = 200;

/// The id of the sharing group "Public": every bit set (2.1 section 3.2.2.5.1.1).
const PUBLIC_GROUP: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// The id of the sharing group "No sharing allowed": no bit set (the same).
const NO_SHARING_GROUP: &str = "00000000-0000-0000-0000-000000000000";

/// Reads a document, or a list of them.
pub fn parse(document: &[u8]) -> Result<Parsed, Refusal> {
    let tree = json::read(document, "CSAF")?;
    let roots = tree.each();
    let mut parsed = Parsed { problems: write::too_many(roots.len()), ..Parsed::default() };
    for (place, root) in (1_usize..).zip(roots).take(write::ITEMS) {
        if !root.at("document").is_map() {
            return Err(Refusal::Unreadable { format: "CSAF", reason: instead(root).to_owned() });
        }
        match advisory(root) {
            Ok(item) => parsed.items.push(item),
            Err(reason) => {
                let id = line(root.path(&["document", "tracking", "id"]).text(), NAME_CHARS);
                let item = if id.is_empty() { format!("document {place}") } else { id };
                parsed.problems.push(Problem { item, reason });
            }
        }
    }
    Ok(parsed)
}

/// What a document without an advisory in it is, for a person to put right.
fn instead(root: &Node) -> &'static str {
    if root.at("feed").is_map() {
        "this is a ROLIE feed, which lists advisories; name the advisories themselves"
    } else if *root.at("canonical_url") != Node::Null {
        "this is a provider's or an aggregator's metadata; name the advisories themselves"
    } else {
        "there is no \"document\" in it"
    }
}

/// Reads one document, or says why it cannot be an item.
fn advisory(root: &Node) -> Result<Item, String> {
    let document = root.at("document");
    let tracking = document.at("tracking");
    check_version(document.at("csaf_version").text())?;
    check_status(tracking.at("status").text())?;

    let message = message(document);
    let standing = Standing::of(root);
    let mut body = Body::default();
    let mut subjects = Subjects::default();
    tell::write(root, &mut body, &mut subjects);
    let title = document.at("title").text();
    body.hint(title);
    subjects.named(title);
    body.hint(document.path(&["distribution", "text"]).text());
    let id = id(document)?;
    // A title may have nothing in it that shows.
    let headline = Some(line(title, HEADLINE_CHARS)).filter(|headline| !headline.is_empty());
    let headline = headline.unwrap_or_else(|| line(&id, HEADLINE_CHARS));
    let subjects = subjects.finish(&mut body);
    let what_to_do = tell::what_to_do(root, &mut body);
    let (text, hints) = body.finish();
    let newest = tracking.at("current_release_date").text();
    Ok(Item {
        id,
        revision: revision(tracking),
        replaces: Vec::new(),
        message,
        severity: standing.severity(),
        urgency: if message == Message::Cancel { Urgency::Past } else { standing.urgency() },
        certainty: standing.certainty(),
        exercise: write::opens_as_exercise(&headline),
        headline,
        text,
        what_to_do,
        references: tell::references(root),
        issuer: line(document.path(&["publisher", "name"]).text(), NAME_CHARS),
        sender: line(document.path(&["publisher", "namespace"]).text(), NAME_CHARS),
        subjects,
        issued_at_ms: write::time_ms(newest)
            .or_else(|| write::time_ms(tracking.at("initial_release_date").text())),
        effective_at_ms: None,
        expires_at_ms: None,
        marks: marks(root),
        hints,
    })
}

/// A document that names no version is read; one of a version to come may mean other things.
fn check_version(version: &str) -> Result<(), String> {
    match version {
        "" | "2.0" | "2.1" => Ok(()),
        other => Err(format!("CSAF {} is not known here; 2.0 and 2.1 are", line(other, 20))),
    }
}

fn check_status(status: &str) -> Result<(), String> {
    match status.to_ascii_lowercase().as_str() {
        "" | "final" | "interim" => Ok(()),
        "draft" => Err("it is a draft; it will be read once it is interim or final".to_owned()),
        other => Err(format!(
            "its status is {:?}; only interim and final documents are read",
            line(other, 20)
        )),
    }
}

fn id(document: &Node) -> Result<String, String> {
    let number = document.path(&["tracking", "id"]).text();
    if number.is_empty() {
        return Err("it has no tracking.id, so its revisions could not be told apart".to_owned());
    }
    let publisher = document.at("publisher");
    let namespace = publisher.at("namespace").text();
    let namespace = if namespace.is_empty() { publisher.at("name").text() } else { namespace };
    write::id(&format!("{namespace},{number}"))
        .ok_or_else(|| "its id is longer than 500 characters".to_owned())
}

/// The version, or where it is missing the time of the newest release.
fn revision(tracking: &Node) -> String {
    ["version", "current_release_date", "initial_release_date"]
        .iter()
        .map(|field| line(tracking.at(field).text(), NAME_CHARS))
        .find(|revision| !revision.is_empty())
        .unwrap_or_else(|| "1".to_owned())
}

fn message(document: &Node) -> Message {
    let category = document.at("category").text().to_ascii_lowercase();
    if category.ends_with("withdrawn") || category.ends_with("superseded") {
        Message::Cancel
    } else if document.path(&["tracking", "revision_history"]).each().len() > 1 {
        Message::Update
    } else {
        Message::Alert
    }
}

/// Every mark of the document, also where the label stands a level too high or in a list.
fn marks(root: &Node) -> Vec<String> {
    let mut marks = Marks::default();
    for tlp in root.every(&["document", "distribution", "tlp"]) {
        for label in tlp.every(&["label"]).into_iter().chain([tlp]) {
            match label {
                Node::Text(label) if is_tlp(label) => marks.put(label),
                Node::Text(label) => marks.put(&format!("TLP:{}", label.trim())),
                _ => {}
            }
        }
    }
    for group in root.every(&["document", "distribution", "sharing_group"]) {
        let id = group.at("id").text().to_ascii_lowercase();
        let none = group.at("name").text().eq_ignore_ascii_case("no sharing allowed");
        if none || id == NO_SHARING_GROUP {
            marks.put("TLP:AMBER+STRICT");
        } else if id != PUBLIC_GROUP {
            marks.put("TLP:AMBER");
        }
    }
    marks.finish()
}
