//! What the server needs of an entry to decide about it, in a few bytes kept beside its text, so that
//! history, delivery and search need not read JSON to know who may see what.

use warproom_proto::entry::{Handling, Kind};
use warproom_proto::{Label, Principal, Seq};

/// What an entry is, as one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KindTag {
    /// A post.
    Post = 1,
    /// An edit.
    Edit = 2,
    /// A reaction.
    React = 3,
    /// A notice: about the room or a label, for everyone in the room.
    Notice = 4,
    /// An alert.
    Alert = 5,
    /// An organisation's answer to an ask.
    Answer = 6,
}

/// The bit of the kind's byte that says that an entry belongs to an exercise.
const EXERCISE: u8 = 0x80;

impl KindTag {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Post),
            2 => Some(Self::Edit),
            3 => Some(Self::React),
            4 => Some(Self::Notice),
            5 => Some(Self::Alert),
            6 => Some(Self::Answer),
            _ => None,
        }
    }
}

/// What the server needs of an entry to decide about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The label at posting.
    pub label: Label,
    /// What it is.
    pub kind: KindTag,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// Who wrote it.
    pub author: Principal,
    /// The entries it carries: the one it refers to, and that one's thread. Whoever may not read
    /// these may not read it.
    pub carries: Vec<Seq>,
}

impl Summary {
    /// The summary of an entry that carries these.
    #[must_use]
    pub fn of(handling: &Handling, carries: Vec<Seq>) -> Self {
        let kind = match handling.kind {
            Kind::Post { .. } => KindTag::Post,
            Kind::Edit { .. } => KindTag::Edit,
            Kind::React { .. } => KindTag::React,
            Kind::Alert(_) => KindTag::Alert,
            Kind::Answer { .. } => KindTag::Answer,
            _ => KindTag::Notice,
        };
        let Handling { label, author, exercise, .. } = *handling;
        Self { label, kind, exercise, author, carries }
    }

    /// As bytes: label, kind (its highest bit: exercise), author (17), then eight bytes for each entry carried.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(19 + 8 * self.carries.len());
        let exercise = if self.exercise { EXERCISE } else { 0 };
        bytes.extend([self.label.strictness(), self.kind as u8 | exercise]);
        bytes.extend(self.author.to_bytes());
        self.carries.iter().for_each(|seq| bytes.extend(seq.to_be_bytes()));
        bytes
    }

    /// The inverse; `None` for bytes that no version of this server wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, carried) = bytes.split_at_checked(19)?;
        let author: &[u8; 17] = head[2..].try_into().ok()?;
        let (carried, rest) = carried.as_chunks::<8>();
        rest.is_empty().then_some(Self {
            label: Label::from_strictness(head[0])?,
            kind: KindTag::from_byte(head[1] & !EXERCISE)?,
            exercise: head[1] & EXERCISE != 0,
            author: Principal::from_bytes(author)?,
            carries: carried.iter().map(|seq| Seq::from_be_bytes(*seq)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::posting::notice_entry;
    use super::*;
    use proptest::prelude::*;
    use warproom_proto::entry::RoomRole;
    use warproom_proto::{BotId, EntryId, OrganisationId};

    proptest! {
        #[test]
        fn a_summary_reads_back_as_itself(
            label in 0_u8..5, kind in 1_u8..7, exercise: bool, id: [u8; 16], carries: Vec<Seq>,
        ) {
            let summary = Summary {
                label: Label::from_strictness(label).unwrap(),
                kind: KindTag::from_byte(kind).unwrap(),
                exercise,
                author: Principal::Bot(BotId::from_bytes(id)),
                carries,
            };
            prop_assert_eq!(Summary::from_bytes(&summary.to_bytes()), Some(summary));
        }

        #[test]
        fn bytes_of_nobody_never_panic(bytes: Vec<u8>) {
            let _ = Summary::from_bytes(&bytes);
        }
    }

    #[test]
    fn what_people_say_is_no_notice_and_what_is_about_the_room_is_one() {
        let organisation = OrganisationId::from_bytes([1; 16]);
        let (who, role) = (Principal::Bot(BotId::from_bytes([2; 16])), RoomRole::Lead);
        let alert = serde_json::json!({
            "severity": "severe", "urgency": "immediate", "certainty": "observed",
        });
        let alert = Kind::Alert(serde_json::from_value(alert).unwrap());
        for (kind, tag) in [
            (Kind::Post { reply_to: None }, KindTag::Post),
            (Kind::Edit { of: 1 }, KindTag::Edit),
            (Kind::React { of: 1, withdrawn: false }, KindTag::React),
            (alert, KindTag::Alert),
            (Kind::Answer { of: 1, organisation, choice: "yes".parse().unwrap() }, KindTag::Answer),
            (Kind::Joined { who, role }, KindTag::Notice),
            (Kind::Relabel { of: 1, to: Label::Red }, KindTag::Notice),
        ] {
            let mut handling = notice_entry(EntryId::random(), who, kind).handling;
            (handling.label, handling.exercise) = (Label::Amber, true);
            let expected = Summary {
                label: Label::Amber,
                kind: tag,
                exercise: true,
                author: who,
                carries: vec![1],
            };
            assert_eq!(Summary::of(&handling, vec![1]), expected);
        }
    }
}
