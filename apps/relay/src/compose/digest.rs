//! Many items as one entry: how many, the worst first, and where each is to be read.

use std::fmt::Write as _;

use jiff::Timestamp;
use warproom_client::proto::calls::PostAlert;
use warproom_client::proto::{Alert, Certainty, Label, Message, Reporting, Severity, Urgency};

use super::{Writer, bounds, hashed, markdown};
use crate::cursor::Pending;
use crate::item::{Item, Problem};
use crate::plain;
use crate::plan::{Digest, One};

/// The most bytes of a digest's list: an entry's text with room for escapes in the frame.
const LIST_BYTES: usize = 48 * 1024;

/// The most items listed: more are read at their source, not here.
const LISTED: usize = 100;

/// The most characters of one item's headline in the list.
const HEADLINE_CHARS: usize = 160;

/// The most problems reported one by one of what has no place in a room.
const REPORTED: usize = 20;

impl Writer<'_> {
    /// A digest of what has a place in this room; nothing if that is nothing.
    pub(super) fn digest(&self, digest: &Digest, problems: &mut Vec<Problem>) -> Option<Pending> {
        let mut items = Vec::new();
        let mut without_place = 0_usize;
        for one in &digest.items {
            match self.has_no_place(&one.item) {
                None => items.push(one),
                Some(problem) => {
                    without_place += 1;
                    if without_place <= REPORTED {
                        problems.push(problem);
                    }
                }
            }
        }
        if without_place > REPORTED {
            let reason =
                format!("{} more items are too strict for the room", without_place - REPORTED);
            problems.push(Problem { item: "digest".into(), reason });
        }
        self.list_of(digest, &items)
    }

    /// A digest of these, with what is sent instead where its label is refused. That goes down label
    /// by label, so there are never more than there are labels.
    fn list_of(&self, digest: &Digest, ones: &[&One]) -> Option<Pending> {
        let label = ones.iter().map(|one| self.label(&one.item)).max()?;
        let (strict, milder): (Vec<&One>, Vec<&One>) =
            ones.iter().partition(|one| self.label(&one.item) == label);
        let split = match self.list_of(digest, &milder) {
            Some(milder) => {
                // What was not read is counted once, in the one that is sent in any case.
                let frame = Digest { unread: 0, ..digest.frame() };
                let strict = self.entry(&frame, label, &strict)?;
                vec![milder, strict]
            }
            None => Vec::new(),
        };
        Some(Pending { split, ..self.entry(digest, label, ones)? })
    }

    fn entry(&self, digest: &Digest, label: Label, ones: &[&One]) -> Option<Pending> {
        let items: Vec<_> = ones.iter().map(|one| &one.item).collect();
        let newest = items.iter().max_by_key(|item| item.issued_at_ms)?;
        let turns: Vec<_> = ones.iter().map(|one| one.turn.to_string()).collect();
        let mut parts: Vec<_> = ones
            .iter()
            .zip(&turns)
            .map(|(one, turn)| [&*one.key, &*one.item.revision, turn])
            .collect();
        parts.sort_unstable();
        let id = self.entry_id("digest", parts.into_iter().flatten());
        let alert = Alert {
            severity: items.iter().map(|item| item.severity).max().unwrap_or(Severity::Unknown),
            urgency: Urgency::Unknown,
            certainty: Certainty::Unknown,
            message: Message::Alert,
            issued_at_ms: newest.issued_at_ms,
            effective_at_ms: None,
            expires_at_ms: None,
            // Of its own, so that no digest takes an earlier one's place.
            source: self.alert_source(&format!("digest/{}", hashed(&id.to_string())), "1"),
            supersedes: None,
        };
        let call = PostAlert {
            room: self.room.id,
            id,
            label,
            alert,
            headline: bounds::line(&self.headline(digest, items.len(), newest))?,
            text: bounds::text(&self.list(digest, &items), LIST_BYTES + 1024),
            what_to_do: None,
            references: Vec::new(),
            issuer: None,
            subjects: bounds::subjects(items.iter().copied()),
            ask: self.ask(),
            common_cause: Reporting::No,
            exercise: digest.exercise,
            files: Vec::new(),
        };
        Some(Pending {
            about: format!("digest of {} items", items.len()),
            call: bounds::fit(call),
            keys: ones.iter().map(|one| one.key.clone()).collect(),
            root: None,
            split: Vec::new(),
            reported: false,
            refused: false,
        })
    }

    fn headline(&self, digest: &Digest, count: usize, newest: &Item) -> String {
        let name = &self.source.name;
        let count = counted(count);
        let newest = plain::line(&newest.headline, HEADLINE_CHARS);
        if digest.first_look {
            format!("First look at {name}: {count}; the newest: {newest}")
        } else {
            format!("{name}: {count} at once; the newest: {newest}")
        }
    }

    fn list(&self, digest: &Digest, items: &[&Item]) -> String {
        let name = markdown::plain(self.source.name.as_str());
        let mut text = format!("*Relayed from {name}, put together by the relay.*\n\n");
        let mut listed = 0;
        for item in items {
            let line = self.entry_line(item);
            if listed == LISTED || text.len() + line.len() > LIST_BYTES {
                break;
            }
            text.push_str(&line);
            listed += 1;
        }
        let left = items.len() - listed;
        // Writing to a string cannot fail.
        if left > 0 {
            let _ = writeln!(text, "\nAnd {} more, not listed here.", counted(left));
        }
        if digest.unread > 0 {
            let _ = writeln!(text, "\nOlder ones, not read: {}.", grouped(digest.unread));
        }
        text
    }

    fn entry_line(&self, item: &Item) -> String {
        let headline = plain::line(&item.headline, HEADLINE_CHARS);
        let mut line =
            format!("- {}", markdown::link(&headline, item.references.first().map(|one| &**one)));
        if item.severity > Severity::Unknown {
            let _ = write!(line, ", {}", item.severity);
        }
        if let Some(date) = item.issued_at_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
            let _ = write!(line, ", {}", date.strftime("%Y-%m-%d"));
        }
        let label = self.label(item);
        if label > Label::Green {
            let _ = write!(line, ", {label}");
        }
        line.push('\n');
        line
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 item".into() } else { format!("{} items", grouped(count)) }
}

/// A number as people read it: `1,400`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let all = [0, 999, 1400, 10_000, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "999", "1,400", "10,000", "1,234,567"]);
    }
}
