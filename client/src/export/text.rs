//! An export as people read it: between two lines with its label, each entry with its time, number, label
//! and author, its text set in below. An edit stands in the place of what it changed. What people wrote
//! is always set in, so that no text looks like a line of the export's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use warproom_proto::{
    Alert, Body, Entry, Kind, Label, Message, Name, Principal, Record, RoomRole, RoomSettings, Seq,
};

use super::{Export, label};
use crate::acts::Called;
use crate::label::{Relaxed, entry};

impl Export {
    /// The export as plain text, under this room's name.
    pub fn text(&self, room_name: &str, called: &impl Called) -> String {
        let strictest = self.label();
        let mut text = format!("{strictest}\n{}\n\n", one_line(room_name));
        for line in self.lines(called) {
            text.push_str(&line);
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{}; {} withheld: TLP:RED leaves no room, and what you may not read leaves none with you\n{strictest}",
            match self.records.len() {
                1 => "1 record".to_owned(),
                count => format!("{count} records"),
            },
            match self.withheld() {
                1 => "1 is".to_owned(),
                count => format!("{count} are"),
            },
        );
        text
    }

    /// One text for each record, in their order, edits put into their place.
    fn lines(&self, called: &impl Called) -> Vec<String> {
        let relaxed = self.relaxed();
        let line = |record: &Record| (record.seq, Line::of(record, &relaxed));
        let mut lines: BTreeMap<Seq, Line> = self.records.iter().map(line).collect();
        let all = self.all();
        let edits = all.iter().filter_map(|(seq, record)| Some((*seq, entry(record)?)));
        for (seq, edit) in edits {
            if apply(&edit, &mut lines) {
                lines.remove(&seq);
            }
        }
        lines.values().map(|line| line.in_words(called)).collect()
    }
}

/// A record, or what is left of it.
struct Line {
    seq: Seq,
    at_ms: Option<i64>,
    label: Option<Label>,
    entry: Option<Entry>,
    is_edited: bool,
}

/// Applies an edit by its author. Whether there is nothing of it left to show.
fn apply(edit: &Entry, lines: &mut BTreeMap<Seq, Line>) -> bool {
    let Kind::Edit { of } = edit.handling.kind else { return false };
    let Some(line) = lines.get_mut(&of) else { return false };
    let Some(entry) = &mut line.entry else { return false };
    if edit.handling.author != entry.handling.author {
        return false;
    }
    entry.content.text.clone_from(&edit.content.text);
    // Nothing that is said of an exercise looks real.
    entry.handling.exercise |= edit.handling.exercise;
    line.is_edited = true;
    true
}

impl Line {
    fn of(record: &Record, relaxed: &Relaxed) -> Self {
        let at_ms = match &record.body {
            Body::Shown { at_ms, .. } => Some(*at_ms),
            Body::Withheld { .. } => None,
        };
        let (label, entry) = (label(record, relaxed), entry(record));
        Self { seq: record.seq, at_ms, label, entry, is_edited: false }
    }

    fn in_words(&self, called: &impl Called) -> String {
        let Some(at_ms) = self.at_ms else { return format!("#{}  withheld", self.seq) };
        let head = format!("{}  #{}  ", called.moment(at_ms), self.seq);
        let Some(entry) = &self.entry else {
            return format!("{head}something this version cannot show");
        };
        let exercise = if entry.handling.exercise { "EXERCISE  " } else { "" };
        let label = self.label.unwrap_or(entry.handling.label);
        let author = one_line(&called.person(entry.handling.author));
        let said = said(entry, &author, called);
        let edited = if self.is_edited { "  (edited)" } else { "" };
        let mut text = if entry.handling.kind.is_notice() {
            format!("{exercise}{head}{said}")
        } else {
            format!("{exercise}{head}{label}  {said}{edited}")
        };
        beside(&mut text, entry, called);
        text
    }
}

/// What an entry is, in the line of its author.
fn said(entry: &Entry, author: &str, called: &impl Called) -> String {
    let person = |who: Principal| one_line(&called.person(who));
    let text = || one_line(entry.content.text.as_ref().map_or("", |text| text.as_str()));
    match &entry.handling.kind {
        Kind::Post { reply_to: Some(to) } => format!("{author}, in reply to #{to}"),
        Kind::Post { reply_to: None } => author.to_owned(),
        Kind::Alert(alert) => format!("{}, by {author}", alerted(alert)),
        Kind::Answer { of, organisation, choice } => format!(
            "{} answers #{of}: {}  ({author})",
            one_line(&called.organisation(*organisation)),
            one_line(choice.as_str())
        ),
        Kind::Edit { of } => format!("{author} edited #{of}"),
        Kind::Retract { of } => format!("{author} took #{of} back"),
        Kind::Relabel { of, to } => format!("{author} labelled #{of} {to}"),
        Kind::React { of, withdrawn: false } => format!("{author} reacted to #{of}: {}", text()),
        Kind::React { of, withdrawn: true } => format!("{author} took {} back from #{of}", text()),
        Kind::Opened { settings } => format!("{author} opened the room: {}", rules(settings)),
        Kind::Changed { settings } => format!("{author} changed the room: {}", rules(settings)),
        Kind::Joined { who, role } => {
            let part = match role {
                RoomRole::Lead => "lead",
                RoomRole::Participant => "participant",
            };
            if *who == entry.handling.author {
                format!("{author} is in the room as {part}")
            } else {
                format!("{author} brought {} in as {part}", person(*who))
            }
        }
        Kind::Left { who } if *who == entry.handling.author => format!("{author} left the room"),
        Kind::Left { who } => format!("{author} took {} out of the room", person(*who)),
        Kind::Unknown => format!("{author} wrote something this version cannot show"),
    }
}

fn alerted(alert: &Alert) -> String {
    let of = alert.supersedes.map_or_else(String::new, |of| format!(" of #{of}"));
    let what = match alert.message {
        Message::Alert => "ALERT",
        Message::Update => "UPDATE",
        Message::Cancel => "CANCELLATION",
    };
    let Alert { severity, urgency, certainty, .. } = alert;
    format!("{what}{of}, severity {severity}, urgency {urgency}, certainty {certainty}")
}

fn rules(settings: &RoomSettings) -> String {
    let RoomSettings { name, ceiling, default_label, .. } = settings;
    format!("{}, ceiling {ceiling}, default {default_label}", one_line(name.as_str()))
}

/// What stands below the line of its author: text, what is asked, what it is about, files.
fn beside(to: &mut String, entry: &Entry, called: &impl Called) {
    let (handling, content) = (&entry.handling, &entry.content);
    if let Some(headline) = &content.headline {
        set_in(to, headline.as_str());
    }
    // A reaction is said in one line.
    if let Some(text) = content.text.as_ref().filter(|_| !is_reaction(entry)) {
        set_in(to, text.as_str());
    }
    if let Some(text) = &content.what_to_do {
        caption(to, "What to do", "");
        set_in(to, text.as_str());
    }
    if !handling.subjects.is_empty() {
        let about: Vec<_> = handling.subjects.iter().map(|one| called.subject(one)).collect();
        caption(to, "About", &about.join(", "));
    }
    for reference in &content.references {
        caption(to, "Reference", reference.as_str());
    }
    if let Some(issuer) = &content.issuer {
        caption(to, "Issued by", issuer.as_str());
    }
    if let Some(ask) = &handling.ask {
        let options: Vec<_> = ask.options.iter().map(Name::as_str).collect();
        let due = ask.due_at_ms.map_or_else(
            || "Asks".to_owned(),
            |at_ms| format!("Asks, by {}", called.moment(at_ms)),
        );
        caption(to, &due, &options.join(", "));
    }
    for file in &content.files {
        let what = format!("{} ({} bytes, SHA-256 {})", file.name, file.size_bytes, file.sha256);
        caption(to, "File", &what);
    }
}

const fn is_reaction(entry: &Entry) -> bool {
    matches!(entry.handling.kind, Kind::React { .. })
}

fn caption(to: &mut String, name: &str, what: &str) {
    to.push_str("\n  ");
    to.push_str(name);
    to.push(':');
    if !what.is_empty() {
        to.push(' ');
        to.push_str(&one_line(what));
    }
}

/// A text below the line of its author, each line of it set in.
fn set_in(to: &mut String, text: &str) {
    for line in text.lines() {
        to.push_str("\n    ");
        to.push_str(&one_line(line));
    }
}

/// A text in one line, in which nothing steers a screen or reorders what stands beside it (Unicode UAX #9).
fn one_line(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some(' '),
        c => Some(c),
    };
    text.chars().filter_map(plain).collect()
}
