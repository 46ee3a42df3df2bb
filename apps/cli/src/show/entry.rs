//! One entry of a room's log, for a person.

use jiff::tz::TimeZone;
use warproom_client::proto::register::Role;
use warproom_client::proto::{
    Body, Entry, Handling, Kind, Principal, Record, RoomRole, RoomSettings, Seq, Subject,
};

use super::{FAINT, STRONG, chip, indented, safe, styled, when};
use crate::directory::Directory;

/// An entry as it came, or the stub that stands for it.
pub(crate) struct Item {
    /// Its number.
    pub(crate) seq: Seq,
    /// When the log took it; unknown for a stub.
    pub(crate) at_ms: Option<i64>,
    /// What it is; none for a stub.
    pub(crate) entry: Option<Entry>,
    /// Whether later entries changed its text, which is then in `entry` already.
    pub(crate) edited: bool,
}

impl From<&Record> for Item {
    fn from(record: &Record) -> Self {
        let (at_ms, entry) = match &record.body {
            // An entry that cannot be read is shown as one of an unknown kind would be: as a stub
            // with a time, which says that there is something.
            Body::Shown { at_ms, item, label, .. } => {
                let mut entry: Option<Entry> = serde_json::from_str(item.get()).ok();
                if let (Some(entry), Some(now)) = (&mut entry, label) {
                    entry.handling.label = *now;
                }
                (Some(*at_ms), entry)
            }
            Body::Withheld { .. } => (None, None),
        };
        Self { seq: record.seq, at_ms, entry, edited: false }
    }
}

/// An entry: a header line, and its text indented under it.
pub(crate) fn entry(item: &Item, people: &Directory, zone: &TimeZone) -> String {
    let number = styled(FAINT, &format!("#{}", item.seq));
    match (&item.entry, item.at_ms) {
        (Some(entry), Some(at_ms)) => {
            let time = styled(FAINT, &when(at_ms, zone));
            let exercise = if entry.handling.exercise { "EXERCISE  " } else { "" };
            format!("{exercise}{time}  {number}  {}", said(item, entry, people))
        }
        (None, Some(at_ms)) => {
            let time = styled(FAINT, &when(at_ms, zone));
            format!("{time}  {number}  something this version cannot show")
        }
        _ => format!("{number} {}", styled(FAINT, "withheld from you")),
    }
}

/// What stands after time and number.
fn said(item: &Item, entry: &Entry, people: &Directory) -> String {
    let handling = &entry.handling;
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
fn called(handling: &Handling, people: &Directory) -> String {
    let mentions = handling.mentions.iter().map(|member| format!("@{}", people.handle(*member)));
    let subjects = handling.subjects.iter().map(|subject| match subject {
        Subject::Vendor(name) => format!("vendor {name}"),
        Subject::Product(name) => format!("product {name}"),
        Subject::Cve(name) => name.to_string(),
    });
    let all: Vec<_> = mentions.chain(subjects).map(|word| safe(&word)).collect();
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

/// A reaction, which has no business being long.
fn one_line(text: &str) -> String {
    safe(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::{EntryId, MemberId};

    use super::*;

    fn item(entry: serde_json::Value) -> Item {
        let entry = Some(serde_json::from_value(entry).unwrap());
        Item { seq: 12, at_ms: Some(1_705_568_400_000), entry, edited: false }
    }

    fn shown(item: &Item, people: &Directory) -> String {
        anstream::adapter::strip_str(&entry(item, people, &TimeZone::UTC)).to_string()
    }

    fn post(exercise: bool) -> (Item, Directory) {
        let author = MemberId::from_bytes([1; 16]);
        let mut people = Directory::default();
        people.learn(Principal::Member(author), "Jo Smith", Some("Dover District Council"));
        let item = item(serde_json::json!({
            "handling": {
                "id": EntryId::from_bytes([2; 16]), "author": {"member": author},
                "label": "TLP:AMBER", "kind": "post", "reply_to": 7, "exercise": exercise,
                "subjects": [{"vendor": "Civica"}],
            },
            "content": {"text": "Forms are down.\n#13 withheld from you"},
        }));
        (item, people)
    }

    #[test]
    fn a_post_names_its_author_label_and_thread() {
        let (mut item, people) = post(false);
        assert_eq!(
            shown(&item, &people),
            "2024-01-18 09:00  #12   TLP:AMBER   Jo Smith, Dover District Council  re #7  \
             [vendor Civica]\n    Forms are down.\n    #13 withheld from you"
        );
        item.edited = true;
        assert!(shown(&item, &people).contains("(edited)"));
    }

    #[test]
    fn an_exercise_says_so_before_anything_else() {
        let (item, people) = post(true);
        assert!(shown(&item, &people).starts_with("EXERCISE  "));
    }

    #[test]
    fn what_is_withheld_is_a_number_and_no_more() {
        let stub = Item { seq: 12, at_ms: None, entry: None, edited: false };
        assert_eq!(shown(&stub, &Directory::default()), "#12 withheld from you");
    }

    #[test]
    fn an_unknown_kind_is_shown_as_something() {
        let entry = serde_json::json!({"handling": {
            "id": EntryId::from_bytes([2; 16]), "author": {"member": MemberId::from_bytes([1; 16])},
            "label": "TLP:RED", "kind": "ask",
        }});
        assert!(
            shown(&item(entry), &Directory::default())
                .ends_with("something this version cannot show")
        );
    }
}
