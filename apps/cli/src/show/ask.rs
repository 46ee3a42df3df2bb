//! Asks: what may be answered, by when, how; and which of them wait.

use warproom_client::proto::{Ask, Outstanding, Seq, Stage};

use super::entry::{Item, one_line};
use super::{FAINT, STRONG, Scene, caption, chip, marked, styled, when};

/// The longest title of an ask in a list, in characters: a list is read at a glance.
const TITLE_CHARS: usize = 100;

/// What an entry asks, by when, and how to answer.
pub(super) fn asked(ask: &Ask, seq: Seq, scene: &Scene) -> String {
    let by = match ask.due_at_ms {
        None => "Asks".to_owned(),
        Some(at_ms) if at_ms <= scene.now_ms => format!("Asked by {}", when(at_ms, scene.zone)),
        Some(at_ms) => format!("Asks by {}", when(at_ms, scene.zone)),
    };
    let options = ask.options.iter().enumerate();
    let options: Vec<_> =
        options.map(|(at, option)| format!("{} {}", at + 1, one_line(option.as_str()))).collect();
    let mut lines = caption(&by, &styled(STRONG, &options.join(", ")));
    lines.push_str(&caption("Answer", &answer_command(seq, scene)));
    lines
}

/// The command that answers an ask.
fn answer_command(seq: Seq, scene: &Scene) -> String {
    format!("warproom answer {} {seq} CHOICE", scene.people.room_argument(scene.room))
}

/// An ask that waits, in a list. The entry is the ask's, if it can be read.
pub(crate) fn outstanding(waits: &Outstanding, entry: Option<&Item>, scene: &Scene) -> String {
    marked(is_exercise(waits, entry), &waiting(waits, entry, scene))
}

/// The same as it comes in among entries.
pub(crate) fn reminder(waits: &Outstanding, entry: Option<&Item>, scene: &Scene) -> String {
    let head = styled(FAINT, &format!("{}  REMINDER", when(scene.now_ms, scene.zone)));
    marked(is_exercise(waits, entry), &format!("{head}  {}", waiting(waits, entry, scene)))
}

fn waiting(waits: &Outstanding, entry: Option<&Item>, scene: &Scene) -> String {
    let title = entry.and_then(|item| {
        let label = chip(item.entry.as_ref()?.handling.label);
        Some(format!("{label}  {}", shortened(item.title()?)))
    });
    let title = title.unwrap_or_else(|| "an entry that you cannot read".to_owned());
    let due = waits
        .due_at_ms
        .map_or_else(|| "no time to answer by".to_owned(), |due| due_words(due, scene));
    let mut text = format!(
        "{}  {due}  {} #{}  {title}",
        styled(STRONG, stage(waits.stage)),
        styled(STRONG, &scene.people.room(waits.room)),
        waits.ask,
    );
    if !waits.organisations.is_empty() {
        let names: Vec<_> =
            waits.organisations.iter().map(|id| scene.people.organisation(*id)).collect();
        text.push_str(&caption("No answer yet", &names.join(", ")));
    }
    text.push_str(&caption("Answer", &answer_command(waits.ask, scene)));
    text
}

/// The reminder says it, and so does the entry, where it can be read.
fn is_exercise(waits: &Outstanding, entry: Option<&Item>) -> bool {
    waits.exercise
        || entry.and_then(|item| item.entry.as_ref()).is_some_and(|entry| entry.handling.exercise)
}

fn due_words(due_at_ms: i64, scene: &Scene) -> String {
    let word = if due_at_ms <= scene.now_ms { "was due" } else { "due" };
    format!("{word} {}", when(due_at_ms, scene.zone))
}

/// How far reminding has come, in words.
const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Asked => "asked",
        Stage::Soon => "DUE SOON",
        Stage::Due => "DUE",
        Stage::Deputies => "OVERDUE, deputies reminded",
        Stage::Managers => "OVERDUE, managers told",
    }
}

fn shortened(title: String) -> String {
    if title.chars().count() <= TITLE_CHARS {
        return title;
    }
    title.chars().take(TITLE_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;
    use warproom_client::proto::{EntryId, MemberId, OrganisationId, RoomId};

    use super::*;
    use crate::directory::Directory;

    const NOW_MS: i64 = 1_705_568_400_000;

    fn asking(exercise: bool) -> Item {
        let entry = json!({
            "handling": {
                "id": EntryId::from_bytes([2; 16]),
                "author": {"member": MemberId::from_bytes([1; 16])}, "label": "TLP:AMBER",
                "kind": "post", "exercise": exercise, "ask": {"options": ["yes", "no"]},
            },
            "content": {"text": "\nAre your forms down?\nSay so either way."},
        });
        Item {
            seq: 12,
            at_ms: Some(NOW_MS),
            entry: Some(serde_json::from_value(entry).unwrap()),
            erased: false,
            edited: false,
            superseded: None,
            concerns: Vec::new(),
        }
    }

    fn waits() -> Outstanding {
        Outstanding {
            room: RoomId::from_bytes([7; 16]),
            ask: 12,
            stage: Stage::Due,
            due_at_ms: Some(NOW_MS),
            organisations: vec![OrganisationId::from_bytes([4; 16])],
            exercise: false,
        }
    }

    fn with<T>(show: impl Fn(&Scene) -> T) -> T {
        let mut people = Directory::default();
        people.learn_organisation_name(OrganisationId::from_bytes([4; 16]), "Dover");
        let room = RoomId::from_bytes([7; 16]);
        show(&Scene { people: &people, zone: &TimeZone::UTC, now_ms: NOW_MS, room })
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_waits_says_where_what_when_and_how_to_answer() {
        let shown = with(|scene| outstanding(&waits(), Some(&asking(false)), scene));
        assert_eq!(
            plain(&shown),
            "DUE  was due 2024-01-18 09:00  a room that is not yours (07070707-0707-0707-0707-070707070707) #12   TLP:AMBER   Are your forms down?
  No answer yet: Dover
  Answer: warproom answer 07070707-0707-0707-0707-070707070707 12 CHOICE"
        );
        let shown = with(|scene| outstanding(&waits(), None, scene));
        assert!(shown.contains("an entry that you cannot read"));
    }

    #[test]
    fn a_reminder_of_an_exercise_says_so_before_anything_else_and_on_every_line() {
        let shown = plain(&with(|scene| reminder(&waits(), Some(&asking(true)), scene)));
        assert!(shown.starts_with("EXERCISE  2024-01-18 09:00  REMINDER  DUE"), "{shown}");
        assert!(shown.lines().all(|line| line.starts_with("EXERCISE  ")), "{shown}");
        let real = plain(&with(|scene| reminder(&waits(), Some(&asking(false)), scene)));
        assert!(real.starts_with("2024-01-18 09:00  REMINDER  DUE"), "{real}");
    }

    #[test]
    fn a_long_title_is_cut_where_it_is_listed() {
        assert_eq!(shortened("x".repeat(100)).chars().count(), 100);
        let long = shortened("ŵ".repeat(101));
        assert!(long.ends_with("ŵ…") && long.chars().count() == 100);
    }
}
