//! Whether the system is to tell the person, and what it says.
//!
//! Whether something interrupts is the client crate's rule ([`warproom_client::interrupts`]), by what
//! the server keeps for the member. Here it becomes a notification: none for what is on the screen
//! already, one for a flood, and without a word of content unless the person wants some and the label
//! allows it to be seen on a screen by whoever passes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use warproom_client::proto::{Kind, Label, Outstanding, Principal, Severity, Stage};
use warproom_client::{Delivered, Why, interrupts};

use super::Notify;
use crate::effect::Notification;
use crate::model::Model;
use crate::model::desk::{Pane, Told};
use crate::{Effect, News};

/// At most one notification in this time; what comes meanwhile is counted in the next one.
const QUIET_BETWEEN_MS: i64 = 5_000;

/// What is older than this when it arrives was missed, not news: it shows as unread.
const NEWS_MS: i64 = 15 * 60_000;

/// The strictest label whose words may stand in a notification.
const SHOWN_UP_TO: Label = Label::Green;

/// The longest line shown, in characters.
const LINE_CHARS: usize = 120;

pub(super) fn hear(model: &mut Model, news: &News, out: &mut Vec<Effect>) {
    let notification = match news {
        News::Entry(delivered) => of_entry(model, delivered),
        News::Reminder(outstanding) => of_reminder(model, outstanding),
        News::CommonCause(cause) => calm(model).then(|| {
            let sentence = "Several organisations name a supplier or product of yours.";
            without_content(&exercise(sentence, cause.exercise), true)
        }),
        News::Connection(crate::news::Connection::SignedOut { .. }) => {
            Some(without_content("This computer was signed out.", true))
        }
        _ => None,
    };
    let Some(mut notification) = notification else { return };
    if model.settings.notify == Notify::Off {
        return;
    }
    let told = &mut model.desk.told;
    if !notification.urgent && model.now_ms - told.at_ms < QUIET_BETWEEN_MS {
        told.held_back += 1;
        return;
    }
    if told.held_back > 0 {
        notification.body = format!("{} And {} more.", notification.body, told.held_back);
    }
    *told = Told { at_ms: model.now_ms, held_back: 0 };
    out.push(Effect::Notify(notification));
}

fn of_entry(model: &Model, delivered: &Delivered) -> Option<Notification> {
    let (entry, at_ms) = (delivered.entry.as_ref()?, delivered.at_ms?);
    if model.now_ms - at_ms > NEWS_MS || is_on_screen(model, delivered) {
        return None;
    }
    let me = Principal::Member(model.me()?);
    let preferences = model.settings.preferences.unwrap_or_default();
    let depends_on = model.depends_on();
    let minute = minute_of_day(model.now_ms);
    let why = interrupts(&preferences, entry, me, depends_on, minute, model.now_ms)?;
    let is_extreme =
        matches!(&entry.handling.kind, Kind::Alert(alert) if alert.severity == Severity::Extreme);
    let label = delivered.label().unwrap_or(entry.handling.label);
    if model.settings.notify == Notify::WithContent && label <= SHOWN_UP_TO {
        return Some(with_content(model, delivered, label, is_extreme));
    }
    let sentence = match why {
        Why::Extreme => "An alert that interrupts everyone is here.",
        Why::Mentioned => "You are called by name.",
        Why::Concerns(_) => "Something concerns your organisation.",
        Why::Severity => "An alert is here that you asked to be told of.",
        Why::All => "There is something new.",
    };
    // The label is no content: it says what may be done with what is behind it.
    let sentence = format!("{label} {}", exercise(sentence, entry.handling.exercise));
    Some(without_content(&sentence, is_extreme))
}

fn of_reminder(model: &Model, outstanding: &Outstanding) -> Option<Notification> {
    let sentence = match outstanding.stage {
        // The entry itself has told.
        Stage::Asked => return None,
        Stage::Soon => "An answer of your organisation is due soon.",
        Stage::Due => "An answer of your organisation is due now.",
        Stage::Deputies => "An answer of your organisation is overdue.",
        Stage::Managers => "Organisations have not answered.",
    };
    calm(model).then(|| without_content(&exercise(sentence, outstanding.exercise), true))
}

/// An exercise must never look real.
fn exercise(sentence: &str, is_exercise: bool) -> String {
    if is_exercise { format!("EXERCISE: {sentence}") } else { sentence.to_owned() }
}

/// Whether it is not the person's quiet hours.
fn calm(model: &Model) -> bool {
    let quiet = model.settings.preferences.unwrap_or_default().quiet;
    !quiet.is_some_and(|quiet| quiet.cover(minute_of_day(model.now_ms)))
}

/// Whether the person sees it anyway.
fn is_on_screen(model: &Model, delivered: &Delivered) -> bool {
    model.desk.is_looked_at
        && model.desk.pane == Pane::Room
        && model.rooms.open == Some(delivered.room)
}

fn without_content(sentence: &str, urgent: bool) -> Notification {
    Notification { title: "Warproom".to_owned(), body: sentence.to_owned(), urgent }
}

fn with_content(model: &Model, delivered: &Delivered, label: Label, urgent: bool) -> Notification {
    let room = model.rooms.rooms.get(&delivered.room);
    let room = room.map(|room| room.settings.name.to_string()).unwrap_or_default();
    let author = delivered.author().map(|who| model.directory.name(who)).unwrap_or_default();
    let text = delivered.headline().or_else(|| delivered.text()).unwrap_or_default();
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_exercise = delivered.entry.as_ref().is_some_and(|entry| entry.handling.exercise);
    let line: String = line.chars().take(LINE_CHARS).collect();
    Notification {
        title: format!("{label} {room}"),
        body: exercise(&format!("{author}: {line}"), is_exercise),
        urgent,
    }
}

/// The minute of the day where this computer is, 0 to 1439.
fn minute_of_day(now_ms: i64) -> u16 {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(TimeZone::system());
    let minute = i32::from(now.hour()) * 60 + i32::from(now.minute());
    u16::try_from(minute).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::calls::{Preferences, QuietHours};
    use warproom_client::proto::register::CommonCause;
    use warproom_client::proto::{CauseId, Entry, Subject};

    use super::*;
    use crate::fixture::{self, NOW_MS, alert, delivered, post};
    use crate::model::rooms;

    fn told(model: &mut Model, entry: Entry) -> Vec<Notification> {
        let seq = model.rooms.rooms[&fixture::room(1)].log.latest + 1;
        let news = News::Entry(delivered(fixture::room(1), seq, model.now_ms, entry));
        notifications(model.hear(&news))
    }

    fn notifications(effects: Vec<Effect>) -> Vec<Notification> {
        let notification = |effect| match effect {
            Effect::Notify(notification) => Some(notification),
            _ => None,
        };
        effects.into_iter().filter_map(notification).collect()
    }

    fn mention(label: Label) -> Entry {
        let mut entry = post(1, label, "canary: @priya, call me");
        entry.handling.mentions = vec![fixture::member(5)];
        entry
    }

    #[test]
    fn a_notification_says_nothing_of_the_content_unless_asked_and_allowed() {
        let mut model = fixture::model();
        let [told_one] = &told(&mut model, mention(Label::Green))[..] else { panic!("one") };
        assert_eq!(told_one.title, "Warproom");
        assert_eq!(told_one.body, "TLP:GREEN You are called by name.");

        model.settings.notify = Notify::WithContent;
        model.now_ms += QUIET_BETWEEN_MS;
        let [told_two] = &told(&mut model, mention(Label::Green))[..] else { panic!("one") };
        assert_eq!(told_two.title, "TLP:GREEN Incident: East Kent Services");
        assert!(told_two.body.contains("canary"));

        for label in [Label::Amber, Label::AmberStrict, Label::Red] {
            model.now_ms += QUIET_BETWEEN_MS;
            let [strict] = &told(&mut model, mention(label))[..] else { panic!("one") };
            assert!(!format!("{strict:?}").contains("canary"), "{label}");
        }
    }

    #[test]
    fn a_notification_of_an_entry_begins_with_its_label() {
        for label in Label::ALL {
            let mut model = fixture::model();
            let [told] = &told(&mut model, mention(label))[..] else { panic!("one") };
            assert_eq!(told.body, format!("{label} You are called by name."));
        }
    }

    #[test]
    fn what_is_on_the_screen_or_unwanted_is_not_told() {
        let mut model = fixture::model();
        assert!(told(&mut model, post(1, Label::Green, "hello")).is_empty(), "not asked for");
        let _ = model.act(crate::Action::Rooms(rooms::Action::Open(fixture::room(1))));
        model.desk.is_looked_at = true;
        assert!(told(&mut model, mention(Label::Green)).is_empty(), "on the screen");
        model.desk.is_looked_at = false;
        model.settings.notify = Notify::Off;
        assert!(told(&mut model, mention(Label::Green)).is_empty(), "off");
    }

    #[test]
    fn in_quiet_hours_only_an_extreme_alert_is_told() {
        let mut model = fixture::model();
        let all_day = QuietHours { from_minute: 0, to_minute: 0 };
        let preferences = Preferences { quiet: Some(all_day), ..Preferences::default() };
        model.settings.preferences = Some(preferences);
        assert!(told(&mut model, mention(Label::Green)).is_empty());
        let severe = alert(1, Label::Green, Severity::Severe, "bad", "text");
        assert!(told(&mut model, severe).is_empty());
        let extreme = alert(1, Label::Green, Severity::Extreme, "worse", "text");
        assert!(told(&mut model, extreme)[0].urgent);
    }

    #[test]
    fn a_flood_is_one_notification_and_the_next_one_counts_it() {
        let mut model = fixture::model();
        assert_eq!(told(&mut model, mention(Label::Green)).len(), 1);
        for _ in 0..9 {
            assert!(told(&mut model, mention(Label::Green)).is_empty());
        }
        model.now_ms += QUIET_BETWEEN_MS;
        let [next] = &told(&mut model, mention(Label::Green))[..] else { panic!("one") };
        assert!(next.body.ends_with("And 9 more."), "{}", next.body);
    }

    #[test]
    fn what_was_missed_long_ago_is_not_news() {
        let mut model = fixture::model();
        let late = delivered(fixture::room(1), 1, NOW_MS - NEWS_MS - 1, mention(Label::Green));
        assert!(notifications(model.hear(&News::Entry(late))).is_empty());
    }

    #[test]
    fn an_exercise_is_told_as_one() {
        let mut model = fixture::model();
        let mut entry = mention(Label::Green);
        entry.handling.exercise = true;
        assert!(told(&mut model, entry)[0].body.starts_with("TLP:GREEN EXERCISE: "));
    }

    #[test]
    fn a_common_cause_of_an_exercise_is_told_as_one() {
        for is_exercise in [true, false] {
            let mut model = fixture::model();
            let cause = CommonCause {
                cause: CauseId::from_bytes([1; 16]),
                subject: Subject::Vendor(fixture::name("Civica")),
                exercise: is_exercise,
                organisations: 3,
                named: Vec::new(),
                since_ms: NOW_MS,
                at_ms: NOW_MS,
            };
            let told = notifications(model.hear(&News::CommonCause(cause)));
            assert_eq!(told[0].body.starts_with("EXERCISE: "), is_exercise, "{}", told[0].body);
        }
    }
}
