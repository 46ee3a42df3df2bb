//! What an advisory says, in text: its notes, which products it is about and how they stand, what to
//! do, where to read more. Legal notices and acknowledgements are left out.

use std::collections::{HashMap, HashSet};

use super::json::Node;
use super::subjects::Subjects;
use super::write::{Body, TEXT_CHARS, cut, distinct, refer};
use crate::plain::{line, plain};

/// How many products of each list are named: enough to recognise one's own, and two lines at most.
const PRODUCTS_SHOWN: usize = 8;

/// How many vulnerabilities have their notes told: what fits into the text anyway.
const NOTES_SHOWN: usize = 40;

/// The most characters of a product's name.
const PRODUCT_CHARS: usize = 120;

/// The notes that tell what it is about, the best first.
const NOTES: [&str; 2] = ["summary", "description"];

/// The notes that go further. A document's stand below those of its vulnerabilities: with some issuers
/// they are the same in every advisory.
const FURTHER_NOTES: [&str; 2] = ["general", "details"];

/// The lists of products that are named, with the words for them.
const LISTS: [(&str, &str); 4] = [
    ("known_affected", "Affected:"),
    ("under_investigation", "Under investigation:"),
    ("known_not_affected", "Not affected:"),
    ("fixed", "Fixed in:"),
];

/// The remedies that are told, the best first, with the words for them.
const REMEDIES: [(&str, &str); 7] = [
    ("vendor_fix", "Fix:"),
    ("optional_patch", "Optional patch:"),
    ("mitigation", "Mitigation:"),
    ("workaround", "Workaround:"),
    ("fix_planned", "A fix is planned:"),
    ("no_fix_planned", "No fix is planned:"),
    ("none_available", "No fix is available:"),
];

/// Writes the text and finds the subjects.
pub(super) fn write(root: &Node, body: &mut Body, subjects: &mut Subjects) {
    let document = root.path(&["document", "notes"]).each();
    notes(&document, &NOTES, "", body);
    let vulnerabilities = root.at("vulnerabilities").each();
    for (place, vulnerability) in vulnerabilities.iter().enumerate() {
        let cve = line(vulnerability.at("cve").text(), 40);
        subjects.cve(&cve);
        for id in vulnerability.at("ids").each() {
            subjects.cve(id.at("text").text());
        }
        if place < NOTES_SHOWN {
            let lead = if cve.is_empty() { cve } else { format!("{cve}:") };
            let own = vulnerability.at("notes").each();
            notes(&own, &NOTES, &lead, body);
            notes(&own, &FURTHER_NOTES, &lead, body);
        }
    }
    notes(&document, &FURTHER_NOTES, "", body);
    for note in document {
        body.hint(note.at("text").text());
    }
    let tree = root.at("product_tree");
    branches(tree, subjects);
    tree.visit(&mut |field, value| {
        if field == "cpe" {
            subjects.cpe(value.text());
        }
        true
    });
    products(root, body);
}

/// Tells the notes of some categories.
fn notes(notes: &[&Node], categories: &[&str], lead: &str, body: &mut Body) {
    for category in categories {
        for note in notes.iter().filter(|note| note.at("category").text() == *category) {
            body.say(lead, note.at("text").text());
        }
    }
}

/// Vendors and products of the branches, from the top down.
fn branches(node: &Node, subjects: &mut Subjects) {
    for branch in node.at("branches").each() {
        let name = branch.at("name").text();
        match branch.at("category").text() {
            "vendor" => subjects.vendor(name),
            "product_name" => subjects.product(name),
            _ => {}
        }
        branches(branch, subjects);
    }
}

/// Which products are affected, not affected and so on, over all vulnerabilities. A product that is
/// affected by one of them does not stand under "not affected" for another.
fn products(root: &Node, body: &mut Body) {
    let names = product_names(root.at("product_tree"));
    let of = |list: &str| -> Vec<&str> {
        let ids = root.every(&["vulnerabilities", "product_status", list]);
        distinct(ids.into_iter().map(Node::text).filter(|id| !id.is_empty()).collect())
    };
    let affected: HashSet<&str> = of("known_affected").into_iter().collect();
    let is_vex = root.path(&["document", "category"]).text().to_ascii_lowercase().contains("vex");
    let tells_fixes = !of("fixed").is_empty();
    for (list, lead) in LISTS {
        // An advisory with fixes lists every package that never had the fault; a VEX is about them.
        if list == "known_not_affected" && tells_fixes && !is_vex {
            continue;
        }
        let ids = of(list).into_iter().filter(|id| list == LISTS[0].0 || !affected.contains(id));
        let entries = distinct(ids.map(|id| names.get(id).copied().unwrap_or(id)).collect());
        let shown: Vec<String> =
            entries.iter().take(PRODUCTS_SHOWN).map(|name| line(name, PRODUCT_CHARS)).collect();
        body.list(lead, &shown, entries.len() - shown.len());
    }
}

/// The names of products by their ids, from wherever in the tree they are defined.
fn product_names(tree: &Node) -> HashMap<&str, &str> {
    let mut names = HashMap::new();
    tree.visit(&mut |field, value| {
        if matches!(field, "product" | "full_product_name" | "full_product_names") {
            for product in value.each() {
                let (id, name) = (product.at("product_id").text(), product.at("name").text());
                if !id.is_empty() && !name.is_empty() {
                    names.insert(id, name);
                }
            }
        }
        true
    });
    names
}

/// The remedies, each said once, fixes first.
pub(super) fn what_to_do(root: &Node, body: &mut Body) -> String {
    let remedies = root.every(&["vulnerabilities", "remediations"]);
    let mut told = Vec::new();
    for (category, lead) in REMEDIES {
        for remedy in remedies.iter().filter(|one| one.at("category").text() == category) {
            told.push((lead, remedy.at("details").text()));
        }
    }
    let told: Vec<String> = distinct(told)
        .into_iter()
        .take(4 * NOTES_SHOWN)
        .map(|(lead, details)| (lead, plain(details, TEXT_CHARS)))
        .filter(|(_, details)| !details.is_empty())
        .take(NOTES_SHOWN)
        .map(|(lead, details)| format!("{lead} {details}"))
        .collect();
    for remedy in &told {
        body.hint(remedy);
    }
    cut(&told.join("\n\n"), TEXT_CHARS)
}

/// The addresses: the document's own first, then what it refers to, then fixes.
pub(super) fn references(root: &Node) -> Vec<String> {
    let own = root.path(&["document", "references"]).each();
    let is_self = |one: &&&Node| one.at("category").text() == "self";
    let mut references = Vec::new();
    let first = own.iter().filter(is_self).copied();
    let then = own.iter().filter(|one| !is_self(one)).copied();
    let further = root.every(&["vulnerabilities", "references"]);
    let fixes = root.every(&["vulnerabilities", "remediations"]);
    for one in first.chain(then).chain(further).chain(fixes) {
        refer(&mut references, one.at("url").text());
    }
    references
}
