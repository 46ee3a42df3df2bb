//! Which markings an object carries: its own, those of its parts, and what the definitions they refer
//! to say.
//!
//! A granular marking covers a part of an object, and which part a reader sees is not ours to guess: it
//! counts for the whole. A definition counts in every spelling it has (2.0's and 2.1's `definition`,
//! the TLP 2.0 extension, a `name`, a bare `statement`), and so does its id, so that a definition that
//! gives a known strict id a milder name changes nothing. A definition that says no label, such as a
//! copyright notice, is none; one that is not in the document stays as its id.
//!
//! Every object and definition is looked at once, however often it is referred to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::graph::Graph;
use crate::formats::csaf::json::Node;
use crate::formats::csaf::marks::{Marks, is_tlp, opens_as_tlp};
use crate::formats::csaf::write::once;
use crate::label;

/// The marks of something, and the labels that the words of its statements name.
#[derive(Clone, Debug, Default)]
pub(super) struct Marked {
    pub(super) marks: Marks,
    pub(super) hints: Vec<String>,
}

impl Marked {
    pub(super) fn join(&mut self, other: &Self) {
        self.marks.join(&other.marks);
        for hint in &other.hints {
            once(&mut self.hints, hint.clone());
        }
    }
}

/// The markings of a document.
pub(super) struct Markings<'a> {
    graph: &'a Graph<'a>,
    definitions: RefCell<HashMap<&'a str, Rc<Marked>>>,
    objects: RefCell<HashMap<&'a str, Rc<Marked>>>,
    overall: Marked,
}

impl<'a> Markings<'a> {
    pub(super) fn of(graph: &'a Graph<'a>) -> Self {
        let mut markings = Self {
            graph,
            definitions: RefCell::default(),
            objects: RefCell::default(),
            overall: Marked::default(),
        };
        let mut overall = Marked::default();
        for bundle in &graph.overall {
            markings.add_object(bundle, &mut overall);
        }
        markings.overall = overall;
        markings
    }

    /// The marks of the document as a whole.
    pub(super) const fn overall(&self) -> &Marked {
        &self.overall
    }

    /// The marks of all revisions of an object.
    pub(super) fn object(&self, object: &'a Node) -> Rc<Marked> {
        let id = object.at("id").text();
        if let Some(known) = self.objects.borrow().get(id) {
            return Rc::clone(known);
        }
        let mut marked = Marked::default();
        for revision in self.graph.revisions(id) {
            self.add_object(revision, &mut marked);
        }
        let marked = Rc::new(marked);
        self.objects.borrow_mut().insert(id, Rc::clone(&marked));
        marked
    }

    fn add_object(&self, object: &'a Node, marked: &mut Marked) {
        let whole = object.every(&["object_marking_refs"]);
        let parts = object.every(&["granular_markings", "marking_ref"]);
        for reference in whole.into_iter().chain(parts) {
            if reference.is_map() {
                // A definition where its id should be.
                marked.join(&defined(&[reference], reference.at("id").text()));
            } else {
                let definition = self.definition(reference.text());
                marked.join(&definition);
            }
        }
        for tag in object.every(&["labels"]).into_iter().chain(object.every(&["tags"])) {
            if is_tlp(tag.text()) {
                marked.marks.put(tag.text());
            }
        }
    }

    fn definition(&self, id: &'a str) -> Rc<Marked> {
        if let Some(known) = self.definitions.borrow().get(id) {
            return Rc::clone(known);
        }
        let marked = Rc::new(defined(self.graph.revisions(id), id));
        self.definitions.borrow_mut().insert(id, Rc::clone(&marked));
        marked
    }
}

/// What all the definitions of an id say together, so that a second one cannot hide the first.
fn defined(definitions: &[&Node], id: &str) -> Marked {
    let mut marked = Marked::default();
    let understood = definitions.iter().filter(|one| define(one, &mut marked)).count();
    let all = understood == definitions.len() && understood > 0;
    if !all || label::read_mark(id).is_some() {
        marked.marks.put(if id.is_empty() { "marking-definition--" } else { id });
    }
    marked
}

/// Adds what a definition says; `false` if it cannot be understood.
fn define(definition: &Node, marked: &mut Marked) -> bool {
    let body = definition.at("definition");
    let kind = definition.at("definition_type").text();
    let mut found = Marks::default();
    // Also within a policy that has more to say than a label (FIRST's Information Exchange Policy).
    for body in definition.every(&["definition"]) {
        body.visit(&mut |field, value| {
            if is_tlp(field) {
                value.each().into_iter().map(Node::text).for_each(|label| put(label, &mut found));
            }
            true
        });
    }
    definition.at("extensions").visit(&mut |field, value| {
        if field.starts_with("tlp") && !value.text().is_empty() {
            found.put(&with_tlp(value.text()));
        }
        true
    });
    let statements = definition.every(&["definition", "statement"]);
    let custom = definition.at("x_opencti_definition");
    let named = [definition.at("name"), definition.at("definition_type"), custom, body];
    for name in named.iter().map(|node| node.text()) {
        if label::read_mark(name).is_some() || (is_tlp(name) && name.len() > "tlp".len()) {
            found.put(name);
        }
    }
    // A statement may speak of labels at length; what it names there is a hint.
    for words in statements.iter().map(|node| node.text()) {
        if label::read_mark(words).is_some() || (opens_as_tlp(words) && words.len() > "tlp".len()) {
            found.put(words);
        }
    }
    for hint in statements.iter().flat_map(|words| label::hints(words.text())) {
        once(&mut marked.hints, hint);
    }
    let is_notice = kind == "statement" && custom.text().is_empty() && !statements.is_empty();
    let understood = is_notice || !found.is_empty();
    marked.marks.join(&found);
    understood
}

fn put(label: &str, marks: &mut Marks) {
    if !label.is_empty() {
        marks.put(&with_tlp(label));
    }
}

/// A label with the `TLP:` that goes without saying where definitions have it.
fn with_tlp(label: &str) -> String {
    if is_tlp(label) { label.to_owned() } else { format!("TLP:{label}") }
}
