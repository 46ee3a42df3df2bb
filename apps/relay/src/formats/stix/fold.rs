//! An object with everything that is shown along with it: what a report refers to, who created it, and
//! which courses of action help. Whatever is shown here counts with its markings.

use std::collections::HashSet;

use super::graph::Graph;
use super::marking::{Marked, Markings};
use super::parts::Parts;
use crate::formats::csaf::json::Node;
use crate::formats::csaf::marks::is_tlp;
use crate::formats::csaf::subjects::Subjects;
use crate::formats::csaf::write::{
    self, Body, MOST, TEXT_CHARS, cut, defang, distinct, literal, once, refer,
};
use crate::plain::line;
use warproom_client::proto::Subject;

/// The most objects that one report folds in. Beyond them a list is no warning any more.
const FOLDED: usize = 5000;

/// How many of each kind are named: more is for a machine, and stands at the source.
const SHOWN: usize = 12;

/// The most characters of an indicator's pattern where it stands alone.
const PATTERN_CHARS: usize = 1000;

/// What is told of what is folded in, and the words for it.
const KINDS: [(&str, &str); 11] = [
    ("vulnerability", "Vulnerabilities:"),
    ("malware", "Malware:"),
    ("campaign", "Campaigns:"),
    ("intrusion-set", "Intrusion sets:"),
    ("threat-actor", "Threat actors:"),
    ("attack-pattern", "Techniques:"),
    ("tool", "Tools:"),
    ("infrastructure", "Infrastructure:"),
    ("incident", "Incidents:"),
    ("report", "Reports:"),
    ("indicator", "Indicators:"),
];

/// The fields whose words are topics.
pub(super) const TOPICS: [&str; 6] =
    ["report_types", "indicator_types", "malware_types", "incident_type", "context", "labels"];

/// An object and what is shown with it.
pub(super) struct Fold<'a> {
    object: &'a Node,
    /// What it refers to, as far as it is in the document.
    parts: Vec<&'a Node>,
    /// Courses of action, and the relationships that bring them in.
    remedies: Vec<&'a Node>,
    links: Vec<&'a Node>,
    creator: Option<&'a Node>,
    shared: &'a Parts,
    /// How many of what it refers to are left out, because the document's budget is spent.
    left_out: usize,
}

/// What is written of it.
pub(super) struct Told {
    pub(super) text: String,
    pub(super) what_to_do: String,
    pub(super) references: Vec<String>,
    pub(super) subjects: Vec<Subject>,
    pub(super) issuer: String,
    pub(super) hints: Vec<String>,
    pub(super) exercise: bool,
}

impl<'a> Fold<'a> {
    pub(super) fn of(graph: &'a Graph<'a>, shared: &'a Parts, object: &'a Node) -> Self {
        let own = object.at("id").text();
        let refers = matches!(object.at("type").text(), "report" | "grouping");
        let refs = if refers { object.every(&["object_refs"]) } else { Vec::new() };
        let refs = distinct(refs.into_iter().map(Node::text).collect());
        let (parts, others): (Vec<_>, Vec<_>) = refs
            .into_iter()
            .filter(|id| *id != own)
            .filter_map(|id| graph.find(id))
            .take(FOLDED)
            .partition(|part| shared.take(part));
        let mut fold = Self {
            object,
            remedies: Vec::new(),
            links: Vec::new(),
            creator: graph.find(object.at("created_by_ref").text()),
            parts,
            shared,
            left_out: others.len(),
        };
        for part in std::iter::once(&object).chain(&fold.parts) {
            if fold.remedies.len() < SHOWN && part.at("type").text() == "course-of-action" {
                fold.remedies.push(part);
            }
            for (link, remedy) in graph.remedies(part.at("id").text()) {
                if fold.remedies.len() < SHOWN {
                    fold.links.push(link);
                    fold.remedies.push(remedy);
                }
            }
        }
        fold
    }

    /// The marks of all of it.
    pub(super) fn marked(&self, markings: &Markings<'a>) -> Marked {
        let mut marked = markings.overall().clone();
        let shown =
            std::iter::once(self.object).chain(self.creator).chain(self.parts.iter().copied());
        for one in shown.chain(self.remedies.iter().copied()).chain(self.links.iter().copied()) {
            marked.join(&markings.object(one));
        }
        marked
    }

    pub(super) fn tell(&self) -> Told {
        let mut body = Body::default();
        let mut subjects = Subjects::default();
        let mut references = Vec::new();
        self.tell_own(&mut body);
        self.tell_parts(&mut body);
        for one in std::iter::once(&self.object).chain(&self.parts) {
            refers_to(one, &mut subjects, &mut references);
        }
        subjects.named(self.object.at("name").text());
        let exercise = self.topics(&mut subjects);
        let subjects = subjects.finish(&mut body);
        let what_to_do = self.what_to_do(&mut body);
        let issuer = self.creator.map(|creator| self.shared.issuer(creator)).unwrap_or_default();
        let (text, hints) = body.finish();
        Told { text, what_to_do, references, subjects, issuer: issuer.to_string(), hints, exercise }
    }

    /// What the object itself says.
    fn tell_own(&self, body: &mut Body) {
        let is_indicator = self.object.at("type").text() == "indicator";
        let shown = |words: &str| if is_indicator { defang(words) } else { words.to_owned() };
        body.hint(self.object.at("name").text());
        for field in ["description", "abstract", "content"] {
            body.say("", &shown(self.object.at(field).text()));
        }
        let pattern = self.object.at("pattern").text();
        if is_indicator && !pattern.is_empty() {
            body.note(&format!("Pattern: {}", literal(&defang(pattern), PATTERN_CHARS)));
        }
    }

    /// What it refers to, by kind; notes and opinions with their words.
    fn tell_parts(&self, body: &mut Body) {
        let of = |kind: &str| {
            let kind = kind.to_owned();
            self.parts.iter().filter(move |part| part.at("type").text() == kind)
        };
        for note in of("note").chain(of("opinion")).take(SHOWN) {
            let said = || ["abstract", "content", "explanation"].map(|of| note.at(of).text());
            body.say_plain("Note:", &self.shared.words(note, || said().join("\n")));
        }
        for (kind, lead) in KINDS {
            let raw = |part: &&'a Node| match part.at("name").text() {
                "" => part.at("pattern").text(),
                name => name,
            };
            let mut seen = HashSet::new();
            let parts: Vec<_> = of(kind).filter(|part| seen.insert(raw(part))).collect();
            let shown: Vec<String> =
                parts.iter().take(SHOWN).map(|part| self.shared.name(part).to_string()).collect();
            let more = parts.len() - shown.len();
            let lead = match more {
                0 => lead.to_owned(),
                _ => format!("{} ({}):", lead.trim_end_matches(':'), parts.len()),
            };
            body.list(&lead, &shown, more);
        }
        if self.left_out > 0 {
            body.note(&format!("{} objects more stand at the source.", self.left_out));
        }
    }

    /// What the courses of action say, each once.
    fn what_to_do(&self, body: &mut Body) -> String {
        let mut told = Vec::new();
        for remedy in &self.remedies {
            let name = self.shared.name(remedy);
            let said = || remedy.at("description").text().to_owned();
            let words = self.shared.words(remedy, said);
            let between = if name.is_empty() || words.text.is_empty() { "" } else { ": " };
            body.hint(&name);
            body.take_hints(&words);
            let words = format!("{name}{between}{}", words.text);
            if !words.is_empty() {
                once(&mut told, words);
            }
        }
        cut(&told.join("\n\n"), TEXT_CHARS)
    }

    /// Puts in the topics of the object and what kinds of malware it folds in; says whether one of
    /// them is that this is an exercise.
    fn topics(&self, subjects: &mut Subjects) -> bool {
        let mut exercise = write::opens_as_exercise(self.object.at("name").text());
        let malware = self.parts.iter().filter(|part| part.at("type").text() == "malware");
        for one in std::iter::once(&self.object).chain(malware) {
            for topic in TOPICS.iter().flat_map(|field| one.every(&[field])) {
                let topic = topic.text();
                let lower = topic.to_ascii_lowercase();
                exercise |= matches!(lower.as_str(), "exercise" | "test");
                exercise |= lower.starts_with("exercise:");
                // `misp:type="domain"` and the like are another program's notes to itself.
                if !is_tlp(topic) && !lower.starts_with("misp:") {
                    subjects.topic(topic);
                }
            }
        }
        exercise
    }
}

/// The name of an object as it may be shown. An indicator's is often an address, and the pattern that
/// stands for it where it has none always is.
pub(super) fn name_of(object: &Node, most_chars: usize) -> String {
    let name = object.at("name").text();
    match object.at("type").text() {
        "indicator" if name.is_empty() => literal(&defang(object.at("pattern").text()), most_chars),
        "indicator" => literal(&defang(name), most_chars),
        _ => line(name, most_chars),
    }
}

/// The vulnerabilities, products and addresses that an object names.
fn refers_to(object: &Node, subjects: &mut Subjects, references: &mut Vec<String>) {
    match object.at("type").text() {
        "vulnerability" => subjects.cve(object.at("name").text()),
        "software" => {
            subjects.vendor(object.at("vendor").text());
            subjects.product(object.at("name").text());
            subjects.cpe(object.at("cpe").text());
        }
        _ => {}
    }
    for reference in object.at("external_references").each() {
        subjects.cve(reference.at("external_id").text());
        if references.len() < MOST {
            refer(references, reference.at("url").text());
        }
    }
}
