//! RSS 0.9 to 2.0, with Dublin Core, `content:encoded` and Atom's elements where they are mixed in.

use super::super::xml::Element;
use super::{Draft, Whole, base, escaped};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// RSS 0.90, 0.9x and 1.0 have their own namespaces, 2.0 has none or one made up for it. An
/// element of another one is not RSS's, whatever its name.
fn is_rss(element: &Element) -> bool {
    let namespace = element.namespace.as_str();
    namespace.is_empty()
        || namespace == "http://purl.org/rss/1.0/"
        || namespace.starts_with("http://backend.userland.com/")
        || namespace.starts_with("http://blogs.law.harvard.edu/tech/rss")
        || namespace.contains("netscape.com/rdf")
}

fn is_dublin_core(element: &Element) -> bool {
    element.namespace.contains("purl.org/dc/")
}

pub(super) fn read(root: &Element) -> (Whole, Vec<Draft>) {
    let channel = if root.name == "channel" { Some(root) } else { root.child("channel") };
    let mut whole = Whole::default();
    for element in channel.iter().flat_map(|channel| channel.children()) {
        match element.name.as_str() {
            "title" if is_rss(element) && whole.title.is_empty() => whole.title = element.html(),
            "link" if is_rss(element) && whole.base.is_none() => {
                whole.base = base(root, Some(&element.text()));
            }
            "category" if is_rss(element) => {
                let of_feed = &mut Draft::default();
                super::take_category(of_feed, element.attribute("domain"), element.text());
                whole.categories.append(&mut of_feed.categories);
                whole.rights.append(&mut of_feed.rights);
            }
            "copyright" | "rights" => whole.rights.push(element.text()),
            "tlp" => whole.rights.push(label(element)),
            _ => {}
        }
    }
    let within = channel.into_iter().flat_map(Element::children);
    let beside = if root.name == "channel" { None } else { Some(root) };
    let items = within.chain(beside.into_iter().flat_map(Element::children));
    (whole, items.filter(|element| element.name == "item").map(draft).collect())
}

fn draft(item: &Element) -> Draft {
    let mut draft = Draft::default();
    let mut summary = String::new();
    let mut permalink = None;
    for element in item.children() {
        match element.name.as_str() {
            "title" if is_rss(element) || (is_dublin_core(element) && draft.title.is_empty()) => {
                draft.title = element.html();
            }
            "link" if is_rss(element) => draft.links.push(element.text()),
            "link" if element.namespace == ATOM => super::atom::link(element, &mut draft.links),
            "guid" if is_rss(element) => {
                draft.id = element.text();
                let is_address = element.attribute("isPermaLink") != Some("false");
                permalink = is_address.then(|| draft.id.clone());
            }
            "id" if element.namespace == ATOM && draft.id.is_empty() => draft.id = element.text(),
            "description" if is_rss(element) => summary = element.html(),
            "description" if is_dublin_core(element) && summary.is_empty() => {
                summary = escaped(&element.text());
            }
            "encoded" if element.namespace == CONTENT => draft.text = element.html(),
            "summary" | "content" if element.namespace == ATOM && draft.text.is_empty() => {
                draft.text = super::atom::text(element);
            }
            "pubDate" => draft.published = element.text(),
            "date" if is_dublin_core(element) && draft.published.is_empty() => {
                draft.published = element.text();
            }
            "updated" | "modified" => draft.updated = element.text(),
            "category" if is_rss(element) => {
                super::take_category(&mut draft, element.attribute("domain"), element.text());
            }
            "subject" if is_dublin_core(element) => draft.categories.push(element.text()),
            "rights" | "copyright" => draft.rights.push(element.text()),
            "tlp" => draft.rights.push(label(element)),
            _ => {}
        }
    }
    if draft.text.trim().is_empty() {
        draft.text = summary;
    }
    draft.links.extend(permalink);
    if draft.id.is_empty()
        && let Some(about) = item.attribute("rdf:about")
    {
        about.clone_into(&mut draft.id);
    }
    draft
}

/// An element that is a label by its name: `<tlp>AMBER</tlp>`.
fn label(element: &Element) -> String {
    format!("TLP:{}", element.text())
}
