//! From what is planned to what is posted: an alert for one room, within the protocol's bounds, under
//! a label, with an entry id that is the same each time the same thing is posted.
//!
//! It decides nothing about what is new. An item that is stricter than the room's ceiling has no place
//! in it, and is reported instead.

mod bounds;
mod digest;
mod markdown;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use warproom_client::proto::{self, calls::PostAlert};
use warproom_client::proto::{
    Alert, Ask, EntryId, Label, Message, Reporting, RoomId, Source as AlertSource, Text, limits,
};

use crate::config::{Asks, Source};
use crate::cursor::{Pending, Told};
use crate::item::{Item, Problem};
use crate::label::{self, LabelRule};
use crate::plain;
use crate::plan::{Line, One, Post};

/// A room as a relay sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// What it is called.
    pub name: String,
    /// The strictest label it may hold.
    pub ceiling: Label,
}

/// What is composed for the rooms of a source.
#[derive(Default)]
pub struct Composed {
    /// The posts, in order.
    pub posts: Vec<Pending>,
    /// What has no place in a room.
    pub problems: Vec<Problem>,
}

/// Composes a source's posts for its rooms.
#[must_use]
pub fn compose(source: &Source, rooms: &[Room], posts: &[Post], now_ms: i64) -> Composed {
    let mut composed = Composed::default();
    for post in posts {
        for room in rooms {
            let writer = Writer { source, room, now_ms };
            match post {
                Post::One(one) => {
                    composed.posts.extend(writer.one(one, &mut composed.problems));
                }
                Post::Digest(digest) => {
                    composed.posts.extend(writer.digest(digest, &mut composed.problems));
                }
            }
        }
    }
    composed
}

/// Writes what one source says to one room.
struct Writer<'a> {
    source: &'a Source,
    room: &'a Room,
    now_ms: i64,
}

impl Writer<'_> {
    /// The posts of one item: one for each line of it that goes on in this room.
    fn one(&self, one: &One, problems: &mut Vec<Problem>) -> Vec<Pending> {
        let lines = self.lines(one);
        if lines.is_empty() {
            return Vec::new();
        }
        if let Some(problem) = self.has_no_place(&one.item) {
            problems.push(problem);
            return Vec::new();
        }
        let posts = lines.into_iter().filter_map(|(line, message)| {
            // The first line is that of the item itself; its post is found again by the item alone.
            let further = (line.root != one.lines[0].root).then_some(&*line.root);
            self.post(one, &line.root, further, message)
        });
        posts.collect()
    }

    /// What this room is told in which line: only what it knows of is followed up or withdrawn.
    fn lines<'o>(&self, one: &'o One) -> Vec<(&'o Line, Message)> {
        let told = |line: &Line| line.told.get(&self.room.id).copied();
        let told_alone = |line: &&Line| told(line) == Some(Told::Alone);
        if one.item.message == Message::Cancel {
            let known = one.lines.iter().filter(|line| told(line).is_some());
            return known.map(|line| (line, Message::Cancel)).collect();
        }
        let followed: Vec<_> = one.lines.iter().filter(told_alone).collect();
        if !followed.is_empty() {
            return followed.into_iter().map(|line| (line, Message::Update)).collect();
        }
        let is_for_us = one.fresh || one.lines.iter().any(|line| told(line).is_some());
        let first = one.lines.first().filter(|_| is_for_us);
        first.map(|line| (line, Message::Alert)).into_iter().collect()
    }

    fn post(
        &self,
        one: &One,
        root: &str,
        further: Option<&str>,
        message: Message,
    ) -> Option<Pending> {
        let item = &one.item;
        let turn = one.turn.to_string();
        let parts = [&*one.key, &*item.revision, &*turn].into_iter().chain(further);
        let alert = Alert {
            severity: item.severity,
            urgency: item.urgency,
            certainty: item.certainty,
            message,
            issued_at_ms: item.issued_at_ms,
            effective_at_ms: effective(item),
            expires_at_ms: item.expires_at_ms,
            source: self.alert_source(root, &item.revision),
            supersedes: None,
        };
        let call = PostAlert {
            room: self.room.id,
            id: self.entry_id("item", parts),
            label: self.label(item),
            alert,
            headline: bounds::line(&item.headline)?,
            text: bounds::text(&self.with_note(item), bounds::TEXT_BYTES),
            what_to_do: bounds::text(&markdown::plain(&item.what_to_do), bounds::WHAT_TO_DO_BYTES),
            references: bounds::references(&item.references),
            issuer: bounds::line(&item.issuer),
            subjects: bounds::subjects([item]),
            ask: self.ask(),
            common_cause: Reporting::No,
            exercise: item.exercise,
            files: Vec::new(),
        };
        Some(Pending {
            about: plain::line(&item.id, REPORTED_CHARS),
            call: bounds::fit(call),
            keys: vec![one.key.clone()],
            root: Some(root.to_owned()),
            split: Vec::new(),
            reported: false,
            refused: false,
        })
    }

    /// The item's text, and where it and its label come from.
    fn with_note(&self, item: &Item) -> String {
        let name = markdown::plain(self.source.name.as_str());
        let marked = item.marks.iter().any(|mark| label::read_mark(mark).is_some());
        let unread = || item.marks.iter().any(|mark| label::is_marking(mark));
        let note = if marked {
            format!("*Relayed from {name}.*")
        } else if unread() {
            format!(
                "*Relayed from {name}. Its source gave a label that could not be read; the relay \
                 chose one.*"
            )
        } else {
            format!("*Relayed from {name}. Its source gave no label; the relay did.*")
        };
        let text = markdown::plain(&bounds::cut(&item.text, bounds::TEXT_BYTES / 2));
        if text.is_empty() { note } else { format!("{text}\n\n{note}") }
    }

    /// The label of an item from this source.
    fn label(&self, item: &Item) -> Label {
        let rule = LabelRule { default: self.source.label, public: self.source.public };
        label::decide(&rule, &item.marks, &item.hints)
    }

    /// Why an item cannot be posted to this room, if it cannot.
    fn has_no_place(&self, item: &Item) -> Option<Problem> {
        let label = self.label(item);
        (label > self.room.ceiling).then(|| Problem {
            item: plain::line(&item.id, REPORTED_CHARS),
            reason: format!(
                "it is {label}, and the room \"{}\" holds {} at most: it was not posted there",
                self.room.name, self.room.ceiling
            ),
        })
    }

    fn alert_source(&self, key: &str, revision: &str) -> Option<AlertSource> {
        let id = format!("{}/{key}", self.source.name);
        // What is no line is named by its hash, so that its revisions still find each other.
        let line = |text: &str| text.parse::<proto::Line>().or_else(|_| hashed(text).parse()).ok();
        Some(AlertSource { id: line(&id)?, revision: line(revision)? })
    }

    fn ask(&self) -> Option<Ask> {
        let words = match self.source.ask? {
            Asks::Acknowledge => Ask::ACKNOWLEDGE,
            Asks::RollCall => Ask::ROLL_CALL,
        };
        let due_ms = self.source.due.map(|due| i64::try_from(due.as_millis()).unwrap_or(i64::MAX));
        Some(Ask {
            options: words.iter().filter_map(|word| word.parse().ok()).collect(),
            due_at_ms: due_ms.map(|due_ms| self.now_ms.saturating_add(due_ms.min(limits::ASK_MS))),
        })
    }

    /// The entry's id: of the room, the source, and the revisions it is about. The same again after
    /// a restart, also if everything the relay remembered is lost.
    fn entry_id<'k>(&self, kind: &str, parts: impl IntoIterator<Item = &'k str>) -> EntryId {
        let mut hash = Sha256::new();
        // Each part with its length, so that no two lists of parts run together alike.
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(b"warproom-relay entry 1");
        add(kind.as_bytes());
        add(self.room.id.as_bytes());
        add(self.source.name.folded().as_bytes());
        for part in parts {
            add(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        // A UUID of version 8: of a making of our own (RFC 9562, section 5.8).
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        EntryId::from_bytes(bytes)
    }
}

/// From when an item holds, unless that is not before it ends: the server takes no such alert.
fn effective(item: &Item) -> Option<i64> {
    item.effective_at_ms
        .filter(|from_ms| item.expires_at_ms.is_none_or(|until_ms| *from_ms < until_ms))
}

/// How much of an id is shown in reports.
const REPORTED_CHARS: usize = 200;

fn hashed(text: &str) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(text)))
}

/// Text, where it is one.
fn as_text(text: &str) -> Option<Text> {
    text.parse().ok()
}
