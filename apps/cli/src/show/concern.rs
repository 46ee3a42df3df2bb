//! What concerns whom: subjects, register entries, common causes, and what may interrupt.

use jiff::tz::TimeZone;
use warproom_client::proto::calls::{Preferences, QuietHours};
use warproom_client::proto::register::{CommonCause, Dependency, RegisterEntry};
use warproom_client::proto::{Principal, Severity, Subject};

use super::entry::one_line;
use super::{STRONG, caption, marked, styled, when};
use crate::directory::Directory;

/// What an entry is about, in words.
pub(crate) fn subject(subject: &Subject) -> String {
    let text = match subject {
        Subject::Vendor(name) => format!("vendor {name}"),
        Subject::Product(name) => format!("product {name}"),
        Subject::Cve(name) => name.to_string(),
        Subject::Cpe(name) => format!("CPE {name}"),
        Subject::Topic(name) => format!("topic {name}"),
    };
    one_line(&text)
}

/// Something depended on, with what else it is called.
fn dependency(dependency: &Dependency) -> String {
    let what = subject(&dependency.subject);
    if dependency.aliases.is_empty() {
        return what;
    }
    let aliases: Vec<_> = dependency.aliases.iter().map(|name| one_line(name.as_str())).collect();
    format!("{what} (also {})", aliases.join(", "))
}

/// What an organisation tells of itself.
pub(crate) fn register_entry(entry: &RegisterEntry, people: &Directory) -> String {
    let mut text = styled(STRONG, &people.organisation(entry.organisation));
    text.push_str(if entry.shown {
        "  shown to every officer"
    } else {
        "  shown to the organisation and to managers"
    });
    if entry.depends_on.is_empty() {
        text.push_str(&caption("Depends on", "nothing that it has named"));
    } else {
        text.push_str(&caption("Depends on", ""));
    }
    for one in &entry.depends_on {
        text.push_str("\n    ");
        text.push_str(&dependency(one));
    }
    text.push_str(&caption("Deputies", &deputies(entry, people)));
    text
}

fn deputies(entry: &RegisterEntry, people: &Directory) -> String {
    let names: Vec<_> = entry
        .deputies
        .iter()
        .map(|member| match people.known_handle(*member) {
            Some(handle) => format!("{} @{handle}", people.name(Principal::Member(*member))),
            None => people.name(Principal::Member(*member)),
        })
        .collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A common cause: what is named, by how many, and by whom as far as they allow it.
pub(crate) fn cause(cause: &CommonCause, people: &Directory, zone: &TimeZone) -> String {
    let text = format!(
        "{}  {}  since {}",
        styled(STRONG.invert(), " COMMON CAUSE "),
        cause_line(cause, people),
        when(cause.since_ms, zone),
    );
    marked(cause.exercise, &text)
}

/// The same without its time and without a mark.
fn cause_line(cause: &CommonCause, people: &Directory) -> String {
    let mut line = format!(
        "{} {} {}",
        cause.organisations,
        if cause.organisations == 1 { "organisation names" } else { "organisations name" },
        styled(STRONG, &subject(&cause.subject)),
    );
    if !cause.named.is_empty() {
        let names: Vec<_> = cause.named.iter().map(|id| people.organisation(*id)).collect();
        line.push_str(", among them ");
        line.push_str(&names.join(", "));
    }
    line
}

/// What may interrupt, in lines, each with the option that sets it.
pub(crate) fn preferences(preferences: &Preferences) -> String {
    let mut lines = vec![
        "You are interrupted by".to_owned(),
        "  every alert of severity extreme, always".to_owned(),
    ];
    if preferences.all {
        lines.push("  every entry (--all)".to_owned());
    }
    if preferences.concerns_us {
        lines.push(
            "  what concerns your organisation or mentions you (--concerns-us on)".to_owned(),
        );
    }
    match preferences.severity {
        None | Some(Severity::Extreme) => {}
        Some(Severity::Unknown) => lines.push("  every alert (--severity unknown)".to_owned()),
        Some(severity) => {
            lines.push(format!("  alerts of severity {severity} or worse (--severity {severity})"));
        }
    }
    lines.push(match preferences.quiet.map(hours) {
        None => "Quiet hours: none (--quiet off)".to_owned(),
        Some(hours) => format!(
            "Quiet hours: {hours} in your local time; only severity extreme interrupts then (--quiet {hours})"
        ),
    });
    lines.join("\n")
}

/// Hours of the day as they are typed.
fn hours(quiet: QuietHours) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", time(quiet.from_minute), time(quiet.to_minute))
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::{CauseId, OrganisationId};

    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn common_cause(exercise: bool) -> CommonCause {
        CommonCause {
            cause: CauseId::from_bytes([5; 16]),
            subject: Subject::Vendor("Civica".parse().unwrap()),
            organisations: 3,
            named: vec![OrganisationId::from_bytes([4; 16])],
            since_ms: 1_705_568_400_000,
            at_ms: 1_705_568_400_000,
            exercise,
        }
    }

    #[test]
    fn a_common_cause_names_only_who_allows_it() {
        let mut people = Directory::default();
        people.learn_organisation_name(OrganisationId::from_bytes([4; 16]), "Dover");
        let shown = plain(&cause(&common_cause(false), &people, &TimeZone::UTC));
        assert_eq!(
            shown,
            " COMMON CAUSE   3 organisations name vendor Civica, among them Dover  since 2024-01-18 09:00"
        );
        let shown = plain(&cause(&common_cause(true), &people, &TimeZone::UTC));
        assert!(shown.lines().all(|line| line.starts_with("EXERCISE  ")), "{shown}");
    }

    #[test]
    fn preferences_say_how_they_are_set() {
        let shown = preferences(&Preferences {
            all: false,
            concerns_us: true,
            severity: Some(Severity::Severe),
            quiet: Some(QuietHours { from_minute: 1320, to_minute: 425 }),
        });
        for part in [
            "severity extreme, always",
            "--concerns-us on",
            "--severity severe",
            "--quiet 22:00-07:05",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("--all"));
    }

    #[test]
    fn a_dependency_says_what_else_it_is_called() {
        let civica = Dependency {
            subject: Subject::Vendor("Civica".parse().unwrap()),
            aliases: vec!["East Kent Services".parse().unwrap()],
        };
        assert_eq!(dependency(&civica), "vendor Civica (also East Kent Services)");
    }
}
