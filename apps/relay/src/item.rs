//! One warning of a feed, whatever format it came in: plain text only, sizes bounded, nothing decided
//! yet. What label it gets, where it goes and whether it is new is decided by whoever takes it.

use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id at its source, the same for every revision; never empty.
    pub id: String,
    /// Which revision this is: a version, a time, or a hash of what it says where the format has none.
    pub revision: String,
    /// The ids of earlier items that it takes the place of, where the format names them by another id
    /// (CAP's `references`).
    pub replaces: Vec<String>,
    /// Whether it is new, an update or a cancellation.
    pub message: Message,
    /// How bad.
    pub severity: Severity,
    /// How soon.
    pub urgency: Urgency,
    /// How sure.
    pub certainty: Certainty,
    /// What it says in one line; never empty.
    pub headline: String,
    /// What has happened: plain text, paragraphs apart by an empty line; may be empty.
    pub text: String,
    /// What to do about it; may be empty.
    pub what_to_do: String,
    /// Where more is to be read: `https://` or `http://` addresses, nothing else.
    pub references: Vec<String>,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Who speaks under this id at its source; empty where the format has none.
    pub sender: String,
    /// Vendors, products (also as CPE), vulnerabilities and topics.
    pub subjects: Vec<Subject>,
    /// When it was issued, in milliseconds since 1970 UTC.
    pub issued_at_ms: Option<i64>,
    /// From when it holds.
    pub effective_at_ms: Option<i64>,
    /// Until when it holds.
    pub expires_at_ms: Option<i64>,
    /// Every marking found in or on it that may be a label, as written: `TLP:AMBER`, `tlp:white`, a
    /// STIX marking id. Words in its body that look like labels stand in `hints` instead.
    pub marks: Vec<String>,
    /// Labels named in its words; they may raise the label, never lower it.
    pub hints: Vec<String>,
    /// Whether it is an exercise or a test, and must never look real.
    pub exercise: bool,
}

/// An item that could not be read. The others of its document still are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which: its id where it has one, else its place ("item 3").
    pub item: String,
    /// Why, in a sentence for a person.
    pub reason: String,
}

/// What a document gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Its items, in its order.
    pub items: Vec<Item>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}
