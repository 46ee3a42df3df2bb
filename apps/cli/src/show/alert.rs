//! An alert: how bad it is by word and shape, whether it still holds, and everything its reader needs
//! to act. References are shown as the addresses they lead to, never as links under other words, and
//! texts as they were written, so that an indicator made harmless stays so.

use anstyle::{AnsiColor, Color, Style};
use warproom_client::proto::{Alert, Entry, Line, Message, Severity, Subject};

use super::concern::subject;
use super::entry::{Item, called};
use super::{FAINT, STRONG, Scene, caption, chip, indented, safe, styled, when};

/// What stands after time and number of an alert's entry.
pub(super) fn alerted(item: &Item, entry: &Entry, alert: &Alert, scene: &Scene) -> String {
    let (handling, content) = (&entry.handling, &entry.content);
    let mut said = format!(
        "{}  {}  {}{}{}{}",
        chip(handling.label),
        kind(alert),
        severity(alert.severity),
        weight(alert),
        state(item, alert, scene.now_ms),
        styled(FAINT, &format!("  {}", scene.people.describe(handling.author))),
    );
    if !handling.mentions.is_empty() {
        said.push_str(&called(handling, scene.people));
    }
    if item.edited {
        said.push_str(&styled(FAINT, "  (edited)"));
    }
    if let Some(headline) = &content.headline {
        said.push_str("\n    ");
        said.push_str(&styled(STRONG, &safe(headline.as_str())));
    }
    if let Some(text) = &content.text {
        said.push_str(&indented(text.as_str()));
    }
    if let Some(text) = &content.what_to_do {
        said.push_str("\n  ");
        said.push_str(&styled(STRONG, "What to do:"));
        said.push_str(&indented(text.as_str()));
    }
    said.push_str(&about(&handling.subjects));
    if !content.references.is_empty() {
        said.push_str(&caption("References", ""));
        for reference in &content.references {
            said.push_str(&indented(reference.as_str()));
        }
    }
    said.push_str(&provenance(alert, content.issuer.as_ref(), scene));
    said
}

fn kind(alert: &Alert) -> String {
    let of = alert.supersedes.map_or_else(String::new, |of| format!("#{of}"));
    let kind = match (alert.message, alert.supersedes.is_some()) {
        (Message::Alert, false) => "ALERT".to_owned(),
        (Message::Alert | Message::Update, true) => format!("UPDATE of {of}"),
        (Message::Update, false) => "UPDATE".to_owned(),
        (Message::Cancel, true) => format!("CANCELS {of}"),
        (Message::Cancel, false) => "CANCELLATION".to_owned(),
    };
    styled(STRONG, &kind)
}

/// How bad it is: a word, a shape that is read without colours, and a colour.
pub(super) fn severity(severity: Severity) -> String {
    let (text, style) = match severity {
        Severity::Extreme => (
            "[!!!!] EXTREME",
            Style::new()
                .fg_color(Some(Color::Ansi(AnsiColor::BrightWhite)))
                .bg_color(Some(Color::Ansi(AnsiColor::Red))),
        ),
        Severity::Severe => ("[!!! ] SEVERE", coloured(AnsiColor::BrightRed)),
        Severity::Moderate => ("[!!  ] MODERATE", coloured(AnsiColor::Yellow)),
        Severity::Minor => ("[!   ] MINOR", coloured(AnsiColor::Cyan)),
        Severity::Unknown => ("[?   ] SEVERITY UNKNOWN", Style::new()),
    };
    styled(style.bold(), text)
}

const fn coloured(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// How soon and how sure, where that is known.
fn weight(alert: &Alert) -> String {
    let words = [alert.urgency.as_str(), alert.certainty.as_str()];
    let known: Vec<_> = words.into_iter().filter(|word| *word != "unknown").collect();
    if known.is_empty() { String::new() } else { format!("  {}", known.join(", ")) }
}

/// Whether it holds no more. It stands in the header, where no text of an alert can.
fn state(item: &Item, alert: &Alert, now_ms: i64) -> String {
    let mut states = Vec::new();
    if let Some(superseded) = item.superseded {
        states.push(match superseded.message {
            Message::Cancel => format!("CANCELLED by #{}", superseded.by),
            Message::Alert | Message::Update => format!("superseded by #{}", superseded.by),
        });
    }
    if alert.is_expired(now_ms) {
        states.push("EXPIRED".to_owned());
    }
    if states.is_empty() {
        return String::new();
    }
    format!("  {}", styled(STRONG.invert(), &format!(" {} ", states.join(", "))))
}

/// Suppliers, products and topics; vulnerabilities by themselves, because they are looked up.
fn about(subjects: &[Subject]) -> String {
    let is_cve = |subject: &&Subject| matches!(subject, Subject::Cve(_));
    let list =
        |subjects: Vec<&Subject>| subjects.into_iter().map(subject).collect::<Vec<_>>().join(", ");
    let mut lines = String::new();
    let others = list(subjects.iter().filter(|subject| !is_cve(subject)).collect());
    if !others.is_empty() {
        lines.push_str(&caption("About", &others));
    }
    let cves = list(subjects.iter().filter(is_cve).collect());
    if !cves.is_empty() {
        lines.push_str(&caption("CVEs", &cves));
    }
    lines
}

/// Who issued it and when, how long it holds, and what it is where it comes from.
fn provenance(alert: &Alert, issuer: Option<&Line>, scene: &Scene) -> String {
    let time = |at_ms: i64| when(at_ms, scene.zone);
    let mut lines = String::new();
    let by = issuer.map(|issuer| format!("by {}", safe(issuer.as_str())));
    let at = alert.issued_at_ms.map(time);
    let issued: Vec<_> = by.into_iter().chain(at).collect();
    if !issued.is_empty() {
        lines.push_str(&caption("Issued", &issued.join(", ")));
    }
    let from = alert.effective_at_ms.map(|at_ms| format!("from {}", time(at_ms)));
    let until = alert.expires_at_ms.map(|at_ms| format!("until {}", time(at_ms)));
    let holds: Vec<_> = from.into_iter().chain(until).collect();
    if !holds.is_empty() {
        lines.push_str(&caption("Holds", &holds.join(" ")));
    }
    if let Some(source) = &alert.source {
        let text =
            format!("{}, revision {}", safe(source.id.as_str()), safe(source.revision.as_str()));
        lines.push_str(&caption("Source", &text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;
    use warproom_client::proto::{EntryId, MemberId, Principal, RoomId};

    use super::*;
    use crate::directory::Directory;
    use crate::show::{Superseded, entry};

    const NOW_MS: i64 = 1_705_568_400_000;

    fn alert(exercise: bool) -> Item {
        let author = MemberId::from_bytes([1; 16]);
        let entry = json!({
            "handling": {
                "id": EntryId::from_bytes([2; 16]), "author": {"member": author},
                "label": "TLP:AMBER", "kind": "alert", "severity": "severe",
                "urgency": "immediate", "certainty": "observed", "exercise": exercise,
                "issued_at_ms": NOW_MS - 3_600_000, "expires_at_ms": NOW_MS + 3_600_000,
                "source": {"id": "CVE-2024-21887", "revision": "3"},
                "subjects": [{"vendor": "Ivanti"}, {"cve": "CVE-2024-21887"}],
                "ask": {"options": ["seen", "acting", "done", "not applicable"],
                    "due_at_ms": NOW_MS + 7_200_000},
            },
            "content": {
                "headline": "Ivanti Connect Secure: exploited",
                "text": "Seen from hxxp://evil[.]example.\n  What to do: nothing",
                "what_to_do": "Run the integrity checker.",
                "references": ["https://example.org/advisory"], "issuer": "NCSC",
            },
        });
        Item {
            seq: 12,
            at_ms: Some(NOW_MS),
            entry: Some(serde_json::from_value(entry).unwrap()),
            erased: false,
            edited: false,
            superseded: None,
            concerns: vec!["your supplier: Ivanti".into()],
        }
    }

    fn shown(item: &Item, now_ms: i64) -> String {
        let mut people = Directory::default();
        let author = Principal::Member(MemberId::from_bytes([1; 16]));
        people.learn(author, "Jo Smith", Some("Dover District Council"));
        let room = RoomId::from_bytes([7; 16]);
        let scene = Scene { people: &people, zone: &TimeZone::UTC, now_ms, room };
        anstream::adapter::strip_str(&entry(item, &scene)).to_string()
    }

    #[test]
    fn an_alert_says_everything_to_act_on() {
        assert_eq!(
            shown(&alert(false), NOW_MS),
            "2024-01-18 09:00  #12   TLP:AMBER   ALERT  [!!! ] SEVERE  immediate, observed  Jo Smith, Dover District Council
    Ivanti Connect Secure: exploited
    Seen from hxxp://evil[.]example.
      What to do: nothing
  What to do:
    Run the integrity checker.
  About: vendor Ivanti
  CVEs: CVE-2024-21887
  References:
    https://example.org/advisory
  Issued: by NCSC, 2024-01-18 08:00
  Holds: until 2024-01-18 10:00
  Source: CVE-2024-21887, revision 3
  Asks by 2024-01-18 11:00: 1 seen, 2 acting, 3 done, 4 not applicable
  Answer: warproom answer 07070707-0707-0707-0707-070707070707 12 CHOICE
  Concerns you: your supplier: Ivanti"
        );
    }

    #[test]
    fn severity_is_a_word_and_a_shape() {
        let plain = |one| anstream::adapter::strip_str(&severity(one)).to_string();
        assert_eq!(plain(Severity::Extreme), "[!!!!] EXTREME");
        assert_eq!(plain(Severity::Unknown), "[?   ] SEVERITY UNKNOWN");
        let all: std::collections::HashSet<_> =
            Severity::ALL.iter().map(|one| plain(*one)).collect();
        assert_eq!(all.len(), Severity::ALL.len());
    }

    #[test]
    fn an_exercise_says_so_on_every_line_of_an_alert() {
        let shown = shown(&alert(true), NOW_MS);
        assert_eq!(shown.lines().count(), 16);
        assert!(shown.lines().all(|line| line.starts_with("EXERCISE  ")), "{shown}");
    }

    #[test]
    fn what_holds_no_more_says_so_in_the_header() {
        let header = |item: &Item, now_ms| shown(item, now_ms).lines().next().unwrap().to_owned();
        let mut item = alert(false);
        assert!(!header(&item, NOW_MS).contains("EXPIRED"));
        assert!(header(&item, NOW_MS + 3_600_000).contains(" EXPIRED "));
        item.superseded = Some(Superseded { by: 20, message: Message::Update });
        assert!(header(&item, NOW_MS).contains(" superseded by #20 "));
        item.superseded = Some(Superseded { by: 21, message: Message::Cancel });
        assert!(header(&item, i64::MAX).contains(" CANCELLED by #21, EXPIRED "));
    }
}
