//! A disclosure as files: the document and the list of what is withheld, each for people (Markdown) and for
//! programs (JSON), and the statement by which both can be checked later.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use warproom_proto::{Label, Position, Sha256};

use super::collect::{Collected, DisclosedRoom, Selection};
use super::document::{
    Disclosure, DisclosureRules, EntryPart, Place, RoomPart, Schedule, ScheduleRow, time,
};
use super::redact::Rule;

/// What the files are called.
const NAMES: [&str; 4] = ["document.md", "document.json", "withheld.md", "withheld.json"];

/// The form of the files, for programs that read them.
const FORMAT: &str = "warproom-disclosure-1";

/// How the disclosure can be checked.
const CHECK: &str = "Each file's SHA-256 is under `files`. Each room's log had the head `latest` then, and \
each entry in document.json has the head of the room's chain at it: a member's client that reads the room \
computes the same. The audit log has the records under `audited`, and `checkpoint` is signed by the WARP: \
`warproom-server verify --checkpoint` holds the store against it.";

/// Where a text of the statement stands.
const STATEMENT: Place = (None, None);

/// How a disclosure was made.
#[derive(Serialize)]
pub(super) struct Making {
    format: &'static str,
    made_at: String,
    purpose: &'static str,
    reference: Option<String>,
    selection: Selected,
    rules: Vec<RuleMade>,
    /// How many names and words were blacked out by rule, each wherever it stands.
    terms: (usize, usize),
    rooms: Vec<RoomMade>,
    checkpoint: String,
    how_to_check: &'static str,
}

/// What was asked for.
#[derive(Serialize)]
struct Selected {
    from: Option<String>,
    until: Option<String>,
    people: Vec<String>,
    words: Vec<String>,
    up_to: Label,
}

/// A rule that held.
#[derive(Serialize)]
struct RuleMade {
    rule: Rule,
    withholds: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<String>,
}

/// Where a room's log and the audit log stood.
#[derive(Serialize)]
struct RoomMade {
    number: usize,
    latest: Option<Position>,
    audited: Vec<Position>,
}

impl Making {
    pub(super) fn of(
        (collected, selection, rules): (&Collected, &Selection, &DisclosureRules),
        made_at_ms: i64,
        terms: (usize, usize),
        schedule: &mut Schedule<'_>,
    ) -> Self {
        let mut text = |what, text: String| schedule.text(STATEMENT, what, &text);
        let called = |id| {
            let person = collected.people.get(&warproom_proto::Principal::Member(id));
            person.map_or_else(|| "somebody not known".to_owned(), |one| one.name.clone())
        };
        let reference = selection.reference.as_ref();
        let rules = rules.rules.iter().map(|(rule, named)| RuleMade {
            rule: *rule,
            withholds: rule.reason(),
            exemption: named.clone().map(|named| text("exemption", named)),
        });
        let rules = rules.collect();
        let people = selection.people.iter().map(|id| text("person asked for", called(*id)));
        let people = people.collect();
        let words = selection.words.iter();
        let words = words.map(|words| text("words asked for", words.to_string())).collect();
        Self {
            format: FORMAT,
            made_at: time(made_at_ms),
            purpose: selection.purpose.as_str(),
            reference: reference.map(|line| text("reference", line.to_string())),
            selection: Selected {
                from: selection.from_ms.map(time),
                until: selection.until_ms.map(time),
                people,
                words,
                up_to: selection.up_to.min(Label::AmberStrict),
            },
            rules,
            terms,
            rooms: collected.rooms.iter().enumerate().map(room_made).collect(),
            checkpoint: collected.checkpoint.to_string(),
            how_to_check: CHECK,
        }
    }
}

fn room_made((n, room): (usize, &DisclosedRoom)) -> RoomMade {
    RoomMade { number: n + 1, latest: room.latest, audited: room.audited.clone() }
}

/// The statement: how it was made, and what its files are.
#[derive(Serialize)]
struct Statement<'a> {
    #[serde(flatten)]
    made: &'a Making,
    entries: usize,
    rows_withheld: usize,
    strictest: Option<Label>,
    files: Vec<FileMade>,
}

#[derive(Serialize)]
struct FileMade {
    name: &'static str,
    sha256: Sha256,
}

/// The document as a program reads it.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    purpose: &'static str,
    reference: &'a Option<String>,
    strictest: Option<Label>,
    rooms: &'a [RoomPart],
}

impl Disclosure {
    /// The files, each with its name and what is in it; the statement last.
    pub fn files(&self) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
        let document = Document {
            format: FORMAT,
            purpose: self.made.purpose,
            reference: &self.made.reference,
            strictest: self.strictest,
            rooms: &self.rooms,
        };
        let texts = [
            self.markdown(),
            json(&document)?,
            markdown_of_withheld(&self.withheld, &self.rooms),
            json(&self.withheld)?,
        ];
        let mut files: Vec<_> = NAMES.into_iter().zip(texts).collect();
        let statement = Statement {
            made: &self.made,
            entries: self.entries(),
            rows_withheld: self.withheld.len(),
            strictest: self.strictest,
            files: files.iter().map(|(name, text)| made(name, text)).collect(),
        };
        files.push(("statement.json", json(&statement)?));
        Ok(files)
    }

    fn markdown(&self) -> String {
        let mut page = String::from("# Disclosure\n\n");
        let label = self.strictest.map_or("nothing is contained", Label::as_str);
        let reference = self.made.reference.as_deref().unwrap_or("none");
        let Selected { up_to, .. } = self.made.selection;
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "Strictest label: **{label}**  \nPurpose: {}  \nReference: {}  \nMade: {}  \nGiven out up to: \
             {up_to}\n",
            self.made.purpose,
            escaped(reference),
            self.made.made_at,
        );
        page.push_str(
            "Times are UTC. `[withheld 3]` is row 3 of the list of what is withheld. An entry that was \
             changed later stands here as it was first written, and each later text as an entry of its \
             own, with its time. Files are named and not contained.\n",
        );
        for room in &self.rooms {
            let _ = write!(page, "\n## Room {}: {}\n", room.number, escaped(&room.name));
            room.entries.iter().for_each(|entry| entry_in_markdown(&mut page, entry));
        }
        let _ = writeln!(page, "\nStrictest label: **{label}**");
        page
    }
}

fn made(name: &'static str, text: &str) -> FileMade {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    FileMade { name, sha256: Sha256(sha256) }
}

fn json<T: Serialize>(of: &T) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(of)? + "\n")
}

fn entry_in_markdown(page: &mut String, entry: &EntryPart) {
    let EntryPart { number, at, label, kind, about, written_under, exercise, .. } = entry;
    let about = about.map_or_else(String::new, |seq| format!(" (of {seq})"));
    let under = written_under.map_or_else(String::new, |was| format!(", written under {was}"));
    let exercise = if *exercise { " · EXERCISE" } else { "" };
    let _ = write!(page, "\n### {number} · {label}{under} · {at} · {kind}{about}{exercise}\n\n");
    let _ = writeln!(page, "By {}", escaped(&entry.author));
    for part in &entry.texts {
        let _ = write!(page, "\n{}:\n\n", part.what);
        for line in part.text.lines() {
            let _ = writeln!(page, "> {}  ", escaped(line));
        }
    }
}

fn markdown_of_withheld(rows: &[ScheduleRow], rooms: &[RoomPart]) -> String {
    let mut page = String::from(
        "# What is withheld\n\n| Row | Room | Entry | In | Number of | Rule | Reason | Exemption |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let name = |number| rooms.iter().find(|room| room.number == number).map(|room| &room.name);
    for row in rows {
        let room = row.room.map_or_else(String::new, |number| {
            format!("{number}: {}", escaped(name(number).map_or("", String::as_str)))
        });
        let entries = match row.entries {
            Some((first, last)) if first == last => first.to_string(),
            Some((first, last)) => format!("{first} to {last}"),
            None => "statement".to_owned(),
        };
        let places: Vec<_> = row.places.iter().copied().collect();
        let places = if places.is_empty() { "whole".to_owned() } else { places.join(", ") };
        let rule = row.rule.map_or("", Rule::as_str);
        let exemption = escaped(row.exemption.as_deref().unwrap_or_default());
        let (number, count, reason) = (row.number, row.count, &row.reason);
        let _ = writeln!(
            page,
            "| {number} | {room} | {entries} | {places} | {count} | {rule} | {reason} | {exemption} |"
        );
    }
    if rows.is_empty() {
        page.push_str("\nNothing.\n");
    }
    page
}

/// A text that is text in Markdown, on one line, and cannot reorder what stands beside it (Unicode
/// UAX #9).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => escaped.push(' '),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '!' | '#' | '$' => {
                escaped.extend(['\\', c]);
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
