//! One entry of a room's log, for a person.

#[cfg(test)]
mod tests;

use warproom_client::Relaxed;
use warproom_client::proto::register::Role;
use warproom_client::proto::{
    Alert, Body, Entry, Handling, Kind, Line, Message, Principal, Record, RoomRole, RoomSettings,
    Seq, Text,
};

use super::alert::alerted;
use super::ask::asked;
use super::concern::subject;
use super::file::files;
use super::{FAINT, STRONG, Scene, caption, chip, indented, marked, safe, styled, when};
use crate::directory::Directory;

/// An entry as it came, or the stub that stands for it.
pub(crate) struct Item {
    /// Its number.
    pub(crate) seq: Seq,
    /// When the log took it; unknown for a stub.
    pub(crate) at_ms: Option<i64>,
    /// Whether nobody can read it any more.
    pub(crate) erased: bool,
    /// What it is; none for a stub.
    pub(crate) entry: Option<Entry>,
    /// Whether later entries changed its text, which is then in `entry` already.
    pub(crate) edited: bool,
    /// The alert that took its place or cancelled it, if that is known.
    pub(crate) superseded: Option<Superseded>,
    /// Why it concerns the reader, where that was looked at.
    pub(crate) concerns: Vec<String>,
}

/// The alert that took an alert's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// Its number.
    pub(crate) by: Seq,
    /// Whether it took its place or said that it holds no more.
    pub(crate) message: Message,
}

impl Item {
    /// What this entry does to an earlier alert: its number, and how it is superseded.
    pub(crate) fn supersedes(&self) -> Option<(Seq, Superseded)> {
        match &self.entry.as_ref()?.handling.kind {
            Kind::Alert(Alert { supersedes: Some(earlier), message, .. }) => {
                Some((*earlier, Superseded { by: self.seq, message: *message }))
            }
            _ => None,
        }
    }

    /// Whether it is an alert that is shown.
    pub(crate) fn is_alert(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| matches!(entry.handling.kind, Kind::Alert(_)))
    }

    /// What it says in one line: its headline, or the first line of its text.
    pub(crate) fn title(&self) -> Option<String> {
        let content = &self.entry.as_ref()?.content;
        let headline = content.headline.as_ref().map(Line::as_str);
        let text = content.text.as_ref().map(Text::as_str);
        let title = headline.or_else(|| text?.lines().find(|line| !line.trim().is_empty()))?;
        Some(safe(title.trim()))
    }
}

impl From<&Record> for Item {
    fn from(record: &Record) -> Self {
        Self::of(record, &Relaxed::default())
    }
}

impl Item {
    /// The record as an item, under the label it has now, given what authors are known to have relaxed.
    pub(crate) fn of(record: &Record, relaxed: &Relaxed) -> Self {
        let (at_ms, entry) = match &record.body {
            // An entry that cannot be read is shown as one of an unknown kind would be: as a stub
            // with a time, which says that there is something.
            Body::Shown { at_ms, item, label, .. } => {
                let mut entry: Option<Entry> = serde_json::from_str(item.get()).ok();
                if let Some(entry) = &mut entry {
                    entry.handling.label = relaxed.label(record.seq, entry, *label);
                }
                (Some(*at_ms), entry)
            }
            Body::Withheld { .. } => (None, None),
        };
        Self {
            seq: record.seq,
            at_ms,
            erased: matches!(record.body, Body::Withheld { erased: true, .. }),
            entry,
            edited: false,
            superseded: None,
            concerns: Vec::new(),
        }
    }
}

/// An entry: a header line, its text indented under it, and captions on what it asks and concerns.
pub(crate) fn entry(item: &Item, scene: &Scene) -> String {
    let number = styled(FAINT, &format!("#{}", item.seq));
    let Some(at_ms) = item.at_ms else {
        let why = if item.erased { "erased under retention" } else { "withheld from you" };
        return format!("{number} {}", styled(FAINT, why));
    };
    let time = styled(FAINT, &when(at_ms, scene.zone));
    let Some(entry) = &item.entry else {
        return format!("{time}  {number}  something this version cannot show");
    };
    let mut text = format!("{time}  {number}  {}", said(item, entry, scene));
    text.push_str(&files(&entry.content.files));
    if let Some(asks) = &entry.handling.ask {
        text.push_str(&asked(asks, item.seq, scene));
    }
    if !item.concerns.is_empty() {
        let reasons: Vec<_> = item.concerns.iter().map(|reason| safe(reason)).collect();
        text.push_str(&caption("Concerns you", &reasons.join(", ")));
    }
    marked(entry.handling.exercise, &text)
}

/// What stands after time and number.
fn said(item: &Item, entry: &Entry, scene: &Scene) -> String {
    let (handling, people) = (&entry.handling, scene.people);
    let author = people.describe(handling.author);
    let text = entry.content.text.as_ref().map_or("", |text| text.as_str());
    match &handling.kind {
        Kind::Post { reply_to } => {
            let reply = reply_to.map_or_else(String::new, |to| format!("  re #{to}"));
            let edited = if item.edited { "  (edited)" } else { "" };
            format!(
                "{}  {}{}{}{}{}",
                chip(handling.label),
                styled(STRONG, &author),
                styled(FAINT, &reply),
                styled(FAINT, edited),
                called(handling, people),
                indented(text),
            )
        }
        Kind::Alert(alert) => alerted(item, entry, alert, scene),
        Kind::Answer { of, organisation, choice } => format!(
            "{}  {} answers #{of}: {}  {}{}{}",
            chip(handling.label),
            styled(STRONG, &people.organisation(*organisation)),
            styled(STRONG, &one_line(choice.as_str())),
            styled(FAINT, &format!("({})", people.name(handling.author))),
            called(handling, people),
            indented(text),
        ),
        Kind::Edit { of } => {
            format!("{}  {author} edited #{of}{}", chip(handling.label), indented(text))
        }
        Kind::React { of, withdrawn: false } => {
            format!("{author} reacted to #{of}: {}", one_line(text))
        }
        Kind::React { of, withdrawn: true } => {
            format!("{author} took {} back from #{of}", one_line(text))
        }
        kind => notice(kind, handling.author, people),
    }
}

/// Entries that everyone in the room sees and that have no text of their own.
fn notice(kind: &Kind, by: Principal, people: &Directory) -> String {
    let author = people.describe(by);
    match kind {
        Kind::Retract { of } => format!("{author} took #{of} back"),
        Kind::Relabel { of, to } => format!("{author} labelled #{of} {}", chip(*to)),
        Kind::Opened { settings } => format!("{author} opened the room  {}", rules(settings)),
        Kind::Changed { settings } => format!("{author} changed the room  {}", rules(settings)),
        Kind::Joined { who, role } => {
            let part = match role {
                RoomRole::Lead => "lead",
                RoomRole::Participant => "participant",
            };
            if *who == by {
                format!("{author} is in the room as {part}")
            } else {
                format!("{author} brought {} in as {part}", people.describe(*who))
            }
        }
        Kind::Left { who } if *who == by => format!("{author} left the room"),
        Kind::Left { who } => format!("{author} took {} out of the room", people.describe(*who)),
        _ => format!("{author} wrote something this version cannot show"),
    }
}

/// Whom it calls and what it is about.
pub(super) fn called(handling: &Handling, people: &Directory) -> String {
    let mentions = handling.mentions.iter().map(|member| format!("@{}", people.handle(*member)));
    let subjects = handling.subjects.iter().map(subject);
    let all: Vec<_> = mentions.map(|word| safe(&word)).chain(subjects).collect();
    if all.is_empty() { String::new() } else { format!("  [{}]", all.join(", ")) }
}

/// A room's settings in words.
pub(super) fn rules(settings: &RoomSettings) -> String {
    let mut rules = format!(
        "{}  ceiling {}  default {}",
        safe(settings.name.as_str()),
        chip(settings.ceiling),
        chip(settings.default_label)
    );
    if settings.typing {
        rules.push_str("  shows who is typing");
    }
    if settings.presence {
        rules.push_str("  shows who is connected");
    }
    rules
}

/// A role in words.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager",
        Role::Officer => "officer",
        Role::Guest => "guest",
    }
}

/// What has no business being long.
pub(super) fn one_line(text: &str) -> String {
    safe(text).replace('\n', " ")
}
