//! Atom 1.0 (RFC 4287), and 0.3 where it is the same. Its texts say whether they are HTML.

use super::super::xml::Element;
use super::{Draft, Whole, base, escaped, take_category};
use crate::label::names_tlp;

pub(super) fn read(root: &Element) -> (Whole, Vec<Draft>) {
    let mut whole = Whole { base: base(root, None), ..Whole::default() };
    if root.name == "entry" {
        return (whole, vec![draft(root)]);
    }
    let mut links = Vec::new();
    for element in root.children().filter(|element| belongs(element, root)) {
        match element.name.as_str() {
            "title" => whole.title = text(element),
            "link" => link(element, &mut links),
            "category" => {
                let mut of_feed = Draft::default();
                category(element, &mut of_feed);
                whole.categories.append(&mut of_feed.categories);
                whole.rights.append(&mut of_feed.rights);
            }
            "rights" | "copyright" => whole.rights.push(element.text()),
            _ => {}
        }
    }
    let labels = root.children().filter(|element| element.name == "tlp");
    whole.rights.extend(labels.map(|element| format!("TLP:{}", element.text())));
    whole.base = whole.base.take().or_else(|| base(root, links.first().map(String::as_str)));
    let entries = root.children().filter(|element| element.name == "entry");
    (whole, entries.map(draft).collect())
}

/// Whether an element is of Atom and not of another namespace that has the same name.
fn belongs(element: &Element, parent: &Element) -> bool {
    element.namespace == parent.namespace || element.namespace.is_empty()
}

fn draft(entry: &Element) -> Draft {
    let mut draft = Draft::default();
    let mut summary = String::new();
    let belonging = entry.children().filter(|element| belongs(element, entry));
    for element in belonging {
        match element.name.as_str() {
            "id" => draft.id = element.text(),
            "title" => draft.title = text(element),
            "link" => link(element, &mut draft.links),
            "summary" => summary = text(element),
            "content" => draft.text = text(element),
            "published" | "issued" | "created" | "pubDate" => draft.published = element.text(),
            "updated" | "modified" => draft.updated = element.text(),
            "category" => category(element, &mut draft),
            "rights" | "copyright" => draft.rights.push(element.text()),
            _ => {}
        }
    }
    // An element that is a label by its name is one whoever made it up.
    let labels = entry.children().filter(|element| element.name == "tlp");
    draft.rights.extend(labels.map(|element| format!("TLP:{}", element.text())));
    for element in entry.children().filter(|element| element.namespace.contains("purl.org/dc/")) {
        match element.name.as_str() {
            "subject" => draft.categories.push(element.text()),
            "rights" => draft.rights.push(element.text()),
            _ => {}
        }
    }
    if draft.text.trim().is_empty() {
        draft.text = summary;
    }
    draft
}

/// A text of Atom as HTML. What is neither text nor HTML (a picture, base64) has no words.
pub(super) fn text(element: &Element) -> String {
    match element.attribute("type").unwrap_or("text").trim() {
        "html" | "xhtml" | "text/html" => element.html(),
        kind if kind.ends_with("/xml") || kind.ends_with("+xml") => element.html(),
        // Elements in it after all: what is said to be text is not.
        kind if kind.starts_with("text") && element.children().next().is_some() => element.html(),
        kind if kind.starts_with("text") => escaped(&element.text()),
        _ => String::new(),
    }
}

/// Takes the address of a link to what the item is about; not those to the feed, to where it is edited
/// or to answers.
pub(super) fn link(element: &Element, links: &mut Vec<String>) {
    let rel = element.attribute("rel").unwrap_or("alternate");
    let Some(href) = element.attribute("href") else { return };
    match rel {
        "alternate" => links.insert(0, href.to_owned()),
        "related" | "via" | "enclosure" | "describedby" => links.push(href.to_owned()),
        _ => {}
    }
}

/// Takes a category by what it is called, and by its term where that names a label that its name hides.
fn category(element: &Element, draft: &mut Draft) {
    let scheme = element.attribute("scheme");
    let text = Some(element.text()).filter(|text| !text.is_empty());
    let attribute = |name| element.attribute(name).map(str::to_owned);
    let mut names = [attribute("label"), attribute("term"), text].into_iter().flatten();
    let Some(first) = names.next() else { return };
    take_category(draft, scheme, first);
    let is_mark = |name: &str| names_tlp(name) || scheme.is_some_and(names_tlp);
    for name in names.filter(|name| is_mark(name)) {
        draft.rights.push(if names_tlp(&name) { name } else { format!("TLP:{name}") });
    }
}
