//! The objects of one document, found by id. It knows who refers to whom, and nothing of what they say.

use std::collections::{HashMap, HashSet};

use crate::formats::csaf::json::Node;
use crate::formats::csaf::write::{cut, time_ms};
use crate::item::Problem;

/// The most objects that could not be read and are named one by one.
const PROBLEMS: usize = 100;

/// How many courses of action are kept for one object. A dozen is more than anybody takes.
const REMEDIES: usize = 12;

/// The objects of a document.
pub(super) struct Graph<'a> {
    /// Every revision of every object by id, the newest first.
    by_id: HashMap<&'a str, Vec<&'a Node>>,
    /// Ids in the order of the document.
    order: Vec<&'a str>,
    /// What reports and groupings refer to.
    folded: HashSet<&'a str>,
    /// For each id, the courses of action that mitigate it, each with the relationship that says so.
    remedies: HashMap<&'a str, Vec<(&'a Node, &'a Node)>>,
    /// Markings of the document as a whole. No standard has them, some writers do.
    pub(super) overall: Vec<&'a Node>,
    problems: Vec<Problem>,
}

impl<'a> Graph<'a> {
    /// The objects of a bundle, an envelope, a list or a lone object; or what it is instead.
    pub(super) fn of(tree: &'a Node) -> Result<Self, &'static str> {
        let mut graph = Self {
            by_id: HashMap::new(),
            order: Vec::new(),
            folded: HashSet::new(),
            remedies: HashMap::new(),
            overall: Vec::new(),
            problems: Vec::new(),
        };
        let mut place = 0;
        for root in tree.each() {
            let kind = root.at("type").text();
            let is_envelope = root.is_map() && kind.is_empty();
            let holds_objects = *root.at("objects") != Node::Null;
            if kind == "bundle" || (is_envelope && (holds_objects || is_empty_envelope(root))) {
                graph.overall.push(root);
                for objects in root.every(&["objects"]) {
                    place += 1;
                    graph.add(objects, place);
                }
            } else if kind.is_empty() && matches!(tree, Node::Map(_)) {
                return Err(instead(root));
            } else {
                place += 1;
                graph.add(root, place);
            }
        }
        if place == 0 && graph.overall.is_empty() && !matches!(tree, Node::List(_)) {
            return Err("there are no STIX objects in it");
        }
        graph.link();
        Ok(graph)
    }

    /// Takes an object, and those of a bundle within a bundle.
    fn add(&mut self, object: &'a Node, place: usize) {
        let id = object.at("id").text();
        let kind = object.at("type").text();
        let reason = if kind == "bundle" {
            self.overall.push(object);
            for inner in object.every(&["objects"]) {
                self.add(inner, place);
            }
            return;
        } else if !object.is_map() {
            "it is no object"
        } else if kind.is_empty() {
            "it has no type"
        } else if id.is_empty() {
            "it has no id, so its revisions could not be told apart"
        } else {
            let revisions = self.by_id.entry(id).or_default();
            if revisions.is_empty() {
                self.order.push(id);
            }
            revisions.push(object);
            return;
        };
        if self.problems.len() < PROBLEMS {
            let item = if id.is_empty() { format!("object {place}") } else { cut(id, 200) };
            self.problems.push(Problem { item, reason: reason.to_owned() });
        }
    }

    /// Puts the newest revision first and finds who refers to whom.
    fn link(&mut self) {
        for revisions in self.by_id.values_mut() {
            revisions.sort_by_cached_key(|object| {
                let time = |field| time_ms(object.at(field).text());
                std::cmp::Reverse(time("modified").or_else(|| time("created")))
            });
        }
        for id in &self.order {
            let Some(object) = self.by_id.get(id).and_then(|revisions| revisions.first()) else {
                continue;
            };
            match object.at("type").text() {
                "report" | "grouping" => {
                    let refs = object.every(&["object_refs"]);
                    self.folded.extend(refs.into_iter().map(Node::text).filter(|one| one != id));
                }
                "relationship"
                    if matches!(
                        object.at("relationship_type").text(),
                        "mitigates" | "remediates"
                    ) =>
                {
                    let remedy = self.find(object.at("source_ref").text());
                    let to = object.at("target_ref").text();
                    let remedies = self.remedies.entry(to).or_default();
                    if let Some(remedy) = remedy
                        && remedy.at("type").text() == "course-of-action"
                        && remedies.len() < REMEDIES
                    {
                        remedies.push((object, remedy));
                    }
                }
                _ => {}
            }
        }
    }

    /// The newest revision of each object, in the order of the document.
    pub(super) fn newest(&self) -> impl Iterator<Item = &'a Node> {
        self.order.iter().filter_map(|id| self.find(id))
    }

    /// The newest revision of an object.
    pub(super) fn find(&self, id: &str) -> Option<&'a Node> {
        self.by_id.get(id)?.first().copied()
    }

    /// All revisions of an object, the newest first.
    pub(super) fn revisions(&self, id: &str) -> &[&'a Node] {
        self.by_id.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether a report or grouping refers to it.
    pub(super) fn is_folded(&self, object: &Node) -> bool {
        self.folded.contains(object.at("id").text())
    }

    /// The courses of action that mitigate an object, each with the relationship that says so.
    pub(super) fn remedies(&self, id: &str) -> &[(&'a Node, &'a Node)] {
        self.remedies.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }
}

/// Whether it is what a TAXII server sends when there is nothing: `{}`, or no more than `more`.
fn is_empty_envelope(root: &Node) -> bool {
    root.fields().iter().all(|(field, _)| matches!(field.as_str(), "more" | "next" | "objects"))
}

/// What a document without objects is, for a person to put right.
fn instead(root: &Node) -> &'static str {
    if *root.at("api_roots") != Node::Null {
        "this is a TAXII server's discovery page; name the objects of a collection"
    } else if *root.at("collections") != Node::Null {
        "this is a list of TAXII collections; name the objects of one of them"
    } else if *root.at("error_code") != Node::Null || *root.at("http_status") != Node::Null {
        "the TAXII server answered with an error"
    } else {
        "there are no STIX objects in it"
    }
}
