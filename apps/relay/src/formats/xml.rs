//! XML as a tree of bounded size, for the formats that are written in it. It resolves namespaces and
//! the five entities of XML itself, and nothing else: no document type is read, no entity defined, no
//! file or address fetched. An entity that it does not know stays as written, for the step that knows
//! those of HTML.

mod declaration;

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::encoding::DecodingReader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;

use self::declaration::Said;
use super::Refusal;

/// How deep elements may nest. XHTML within a feed goes to some thirty.
const DEPTH: usize = 128;

/// How many elements a document may have: ten thousand items of twenty each.
const ELEMENTS: usize = 200_000;

/// How many references to characters and entities a document may have: a hundred for each of ten
/// thousand items whose HTML is escaped.
const REFERENCES: usize = 1_000_000;

/// How many attributes of one element are looked at. Those of feeds have under ten.
const ATTRIBUTES: usize = 32;

/// What of XML a format puts up with.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// Its name, for refusals.
    pub(super) format: &'static str,
    /// Whether a document type that only names itself is passed over, as old RSS has one.
    pub(super) bare_doctype: bool,
}

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its name without prefix.
    pub(super) name: String,
    /// Its namespace; empty where it has none.
    pub(super) namespace: String,
    attributes: Vec<(String, String)>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    /// Its child elements.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child of this name, whatever its namespace.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|child| child.name == name)
    }

    /// The value of an attribute, by its name as written.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its text, trimmed, with the text of what is in it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.gather(&mut text);
        text.trim().to_owned()
    }

    fn gather(&self, text: &mut String) {
        for node in &self.nodes {
            match node {
                Node::Text(words) => text.push_str(words),
                Node::Element(element) => element.gather(text),
            }
        }
    }

    /// What is in it as HTML: its text as it is, which is HTML in most feeds, and the elements in it
    /// as tags.
    pub(super) fn html(&self) -> String {
        let mut html = String::new();
        self.write(&mut html, self.children().next().is_some());
        html
    }

    fn write(&self, html: &mut String, escape: bool) {
        for node in &self.nodes {
            match node {
                Node::Text(words) if escape => {
                    html.push_str(&words.replace('&', "&amp;").replace('<', "&lt;"));
                }
                Node::Text(words) => html.push_str(words),
                Node::Element(element) => {
                    for part in ["<", &element.name, ">"] {
                        html.push_str(part);
                    }
                    element.write(html, escape);
                    for part in ["</", &element.name, ">"] {
                        html.push_str(part);
                    }
                }
            }
        }
    }
}

/// Reads a document.
pub(super) fn read(document: &[u8], dialect: Dialect) -> Result<Element, Refusal> {
    let (declared, document) = declaration::split(document);
    let encoding = declared.as_ref().and_then(BytesDecl::encoder);
    // Whoever could be read up to here does not write in a wide one, whatever is declared.
    let encoding = encoding.filter(|encoding| encoding.is_ascii_compatible());
    let said = match encoding {
        Some(encoding) if encoding.name() == "UTF-8" => Said::Utf8,
        None if declared.as_ref().is_none_or(|one| one.encoding().is_none()) => Said::Nothing,
        _ => Said::Other,
    };
    let document = declaration::tidy(document, said);
    let mut source = DecodingReader::new(document.as_ref());
    if let Some(encoding) = encoding {
        // The library takes this only before anything was read.
        source.set_encoding(encoding);
    }
    let mut reader = NsReader::from_reader(source);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    let mut tree = Tree { dialect, open: Vec::new(), root: None, elements: 0, references: 0 };
    let mut buffer = Vec::new();
    let mut first = declared.is_none();
    loop {
        buffer.clear();
        let (namespace, event) =
            reader.read_resolved_event_into(&mut buffer).map_err(|e| tree.unreadable(&e))?;
        match event {
            Event::Start(start) => {
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                    ResolveResult::Unbound => String::new(),
                    // A prefix that nobody declared: some other namespace, of no known name.
                    ResolveResult::Unknown(_) => "?".to_owned(),
                };
                tree.start(&start, namespace)?;
            }
            Event::End(_) => tree.end(),
            Event::Text(words) => tree.text(&words),
            Event::CData(words) => tree.text(&words),
            Event::GeneralRef(reference) => tree.reference(&reference)?,
            Event::DocType(doctype) => tree.doctype(&doctype)?,
            Event::Decl(declaration) => {
                let encoding = declaration.encoder();
                let same = encoding.is_none_or(|one| one == reader.get_ref().encoding());
                // With a byte-order mark it comes first and says nothing new.
                if !first && !same {
                    let reason = "it declares another encoding after its beginning";
                    return Err(tree.unreadable(&reason));
                }
            }
            Event::Eof => break,
            _ => {}
        }
        first = false;
    }
    tree.finish()
}

struct Tree {
    dialect: Dialect,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    references: usize,
}

impl Tree {
    fn start(&mut self, start: &BytesStart<'_>, namespace: String) -> Result<(), Refusal> {
        let name = start.local_name().as_ref().to_owned();
        if self.open.is_empty() && is_page(&name) {
            return Err(Refusal::WebPage);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.unreadable(&"it has more than one root element"));
        }
        self.elements += 1;
        if self.elements > ELEMENTS {
            return Err(self.unreadable(&format!("it has more than {ELEMENTS} elements")));
        }
        if self.open.len() >= DEPTH {
            return Err(self.unreadable(&format!("its elements nest deeper than {DEPTH}")));
        }
        let attributes = start
            .attributes()
            .with_checks(false)
            .take(ATTRIBUTES)
            .filter_map(Result::ok)
            .map(|attribute| {
                let value = quick_xml::escape::unescape(&attribute.value)
                    .map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
                (attribute.key.as_ref().to_owned(), value)
            })
            .collect();
        self.open.push(Element { name, namespace, attributes, nodes: Vec::new() });
        Ok(())
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, words: &str) {
        let Some(element) = self.open.last_mut() else { return };
        if let Some(Node::Text(text)) = element.nodes.last_mut() {
            text.push_str(words);
        } else if !words.is_empty() {
            element.nodes.push(Node::Text(words.to_owned()));
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Refusal> {
        self.references += 1;
        if self.references > REFERENCES {
            return Err(self.unreadable(&format!("it has more than {REFERENCES} references")));
        }
        if let Ok(Some(c)) = reference.resolve_char_ref() {
            self.text(c.encode_utf8(&mut [0; 4]));
        } else if let Some(known) = quick_xml::escape::resolve_predefined_entity(reference) {
            self.text(known);
        } else {
            self.text(&format!("&{};", &**reference));
        }
        Ok(())
    }

    fn doctype(&self, doctype: &str) -> Result<(), Refusal> {
        let name = doctype.trim_start().split(|c: char| !c.is_alphanumeric()).next();
        if name.is_some_and(|name| name.eq_ignore_ascii_case("html")) {
            return Err(Refusal::WebPage);
        }
        let bare =
            !doctype.contains(['[', '%']) && !doctype.to_ascii_uppercase().contains("ENTITY");
        if self.dialect.bare_doctype && bare { Ok(()) } else { Err(Refusal::Entities) }
    }

    fn finish(mut self) -> Result<Element, Refusal> {
        if let Some(open) = self.open.last() {
            let reason = format!("it ends within the element {:?}; it was cut", open.name);
            return Err(self.unreadable(&reason));
        }
        let root = self.root.take();
        root.ok_or_else(|| self.unreadable(&"it has no elements"))
    }

    fn unreadable(&self, reason: &dyn std::fmt::Display) -> Refusal {
        let reason = crate::plain::line(&reason.to_string(), 200);
        Refusal::Unreadable { format: self.dialect.format, reason }
    }
}

/// Whether a root element is that of a web page, or of what comes in its place.
fn is_page(name: &str) -> bool {
    ["html", "head", "body", "script", "title", "meta", "noscript", "div"]
        .iter()
        .any(|page| name.eq_ignore_ascii_case(page))
}
