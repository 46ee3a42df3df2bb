//! Whether an entry may interrupt a person, and why: the filter of filtered warnings.
//!
//! Pure: what the person prefers, what the organisation depends on and the time are handed in. It
//! decides about interrupting alone; every entry is shown in its room whatever it decides, and an
//! exercise is marked as one by whoever shows it.

#[cfg(test)]
mod tests;

use std::fmt;

use warproom_proto::calls::Preferences;
use warproom_proto::concern::concerns;
use warproom_proto::register::Dependency;
use warproom_proto::{Alert, Entry, Kind, Message, Principal, Severity, Subject};

/// Why an entry interrupts, the weightiest reason that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is an alert of severity *extreme*: that interrupts everyone, always.
    Extreme,
    /// It calls the reader by name.
    Mentioned,
    /// It is about these, on which the organisation depends.
    Concerns(Vec<Subject>),
    /// It is an alert as severe as the reader asked for.
    Severity,
    /// The reader asked for every entry.
    All,
}

/// Whether an entry interrupts `me`, and why. `minute_of_day` is counted from midnight where the
/// person is, 0 to 1439; `now_ms` in milliseconds since 1970 UTC.
///
/// Any one of the preferences is enough. Own entries never interrupt; in quiet hours nothing does but
/// an alert of severity *extreme* that still holds.
#[must_use]
pub fn interrupts(
    preferences: &Preferences,
    entry: &Entry,
    me: Principal,
    depends_on: &[Dependency],
    minute_of_day: u16,
    now_ms: i64,
) -> Option<Why> {
    if entry.handling.author == me {
        return None;
    }
    let severity = severity(entry, now_ms);
    if severity == Some(Severity::Extreme) {
        return Some(Why::Extreme);
    }
    if preferences.quiet.is_some_and(|quiet| quiet.cover(minute_of_day)) {
        return None;
    }
    if preferences.concerns_us
        && let Some(why) = concerns_us(entry, me, depends_on)
    {
        return Some(why);
    }
    let is_severe = preferences.severity.zip(severity).is_some_and(|(from, is)| is >= from);
    if is_severe {
        return Some(Why::Severity);
    }
    preferences.all.then_some(Why::All)
}

/// How bad an alert is that still holds.
fn severity(entry: &Entry, now_ms: i64) -> Option<Severity> {
    let holds = |alert: &&Alert| alert.message != Message::Cancel && !alert.is_expired(now_ms);
    match &entry.handling.kind {
        Kind::Alert(alert) => Some(alert).filter(holds).map(|alert| alert.severity),
        _ => None,
    }
}

fn concerns_us(entry: &Entry, me: Principal, depends_on: &[Dependency]) -> Option<Why> {
    if entry.handling.mentions.iter().any(|member| Principal::Member(*member) == me) {
        return Some(Why::Mentioned);
    }
    let touched = concerns(depends_on, &entry.handling.subjects);
    let subjects: Vec<_> = touched.into_iter().map(|one| one.subject.clone()).collect();
    (!subjects.is_empty()).then_some(Why::Concerns(subjects))
}

impl fmt::Display for Why {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extreme => to.write_str("an extreme alert"),
            Self::Mentioned => to.write_str("you are mentioned"),
            Self::Concerns(subjects) => {
                let reasons: Vec<_> = subjects.iter().map(because_of).collect();
                to.write_str(&reasons.join(", "))
            }
            Self::Severity => to.write_str("an alert as severe as you asked for"),
            Self::All => to.write_str("you are told of every entry"),
        }
    }
}

/// Why a warning about this dependency concerns a reader: `your supplier: Civica`.
#[must_use]
pub fn because(dependency: &Dependency) -> String {
    because_of(&dependency.subject)
}

fn because_of(subject: &Subject) -> String {
    let (kind, name) = called(subject);
    format!("your {kind}: {name}")
}

/// What kind of thing a subject is to a reader, and what it is called.
pub(crate) fn called(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Vendor(name) => ("supplier", name.to_string()),
        Subject::Product(name) => ("product", name.to_string()),
        Subject::Cve(name) | Subject::Topic(name) => ("subject", name.to_string()),
        Subject::Cpe(name) => match name.as_str().split_once(':') {
            Some((vendor, product)) if !product.is_empty() => {
                ("product", format!("{} {}", in_words(vendor), in_words(product)))
            }
            Some((vendor, _)) => ("supplier", in_words(vendor)),
            None => ("supplier", in_words(name.as_str())),
        },
    }
}

/// `connect_secure` as people write it: `Connect Secure`.
fn in_words(part: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    };
    let words = part.split('_').filter(|word| !word.is_empty());
    // CPE 2.3 escapes punctuation with a backslash.
    words.map(|word| capital(&word.replace('\\', ""))).collect::<Vec<_>>().join(" ")
}
