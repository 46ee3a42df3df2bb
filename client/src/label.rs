//! The label an entry has now.
//!
//! The server says it beside the record, for it knows all relabellings; but its word is in no chain. So a
//! stricter label is believed as it is said, and a milder one only where the author is known to have relaxed
//! the entry that far, by a relabelling, which stands in the room's log for everyone to see.

use std::collections::HashMap;

use warproom_proto::{Body, Entry, Kind, Label, Principal, Record, Seq};

/// The label of an entry that was written under one label and is said to have another now. `relaxed` is the
/// mildest that its author is known to have given it.
#[must_use]
pub fn label_now(written: Label, said: Option<Label>, relaxed: Option<Label>) -> Label {
    let said = said.unwrap_or(written);
    if said >= written || relaxed.is_some_and(|relaxed| relaxed <= said) { said } else { written }
}

/// What authors relaxed, as far as some records tell.
#[derive(Default)]
pub struct Relaxed {
    /// The mildest label that somebody gave an entry.
    mildest: HashMap<(Seq, Principal), Label>,
    /// Who wrote what, among the records.
    authors: HashMap<Seq, Principal>,
}

impl Relaxed {
    /// What these records tell of.
    pub fn among<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut relaxed = Self::default();
        for record in records {
            let Some(Entry { handling, .. }) = entry(record) else { continue };
            relaxed.authors.insert(record.seq, handling.author);
            if let Kind::Relabel { of, to } = handling.kind {
                relaxed.note(of, handling.author, to);
            }
        }
        relaxed
    }

    /// Somebody gave an entry another label.
    pub fn note(&mut self, of: Seq, by: Principal, to: Label) {
        let mildest = self.mildest.entry((of, by)).or_insert(to);
        *mildest = to.min(*mildest);
    }

    /// The label of an entry now, given what the server says it is.
    #[must_use]
    pub fn label(&self, seq: Seq, entry: &Entry, said: Option<Label>) -> Label {
        let handling = &entry.handling;
        // An edit and a reaction have the label of what they are about.
        let (labelled, author) = match handling.kind {
            Kind::Edit { of } => (of, Some(handling.author)),
            Kind::React { of, .. } => (of, self.authors.get(&of).copied()),
            _ => (seq, Some(handling.author)),
        };
        let relaxed = author.and_then(|author| self.mildest.get(&(labelled, author)).copied());
        label_now(handling.label, said, relaxed)
    }
}

/// The entry that a record holds, if it is shown and this version can read it.
pub(crate) fn entry(record: &Record) -> Option<Entry> {
    let Body::Shown { item, .. } = &record.body else { return None };
    serde_json::from_str(item.get()).ok()
}

/// The label that the server says a record has instead of the one it was written with.
pub(crate) const fn said(body: &Body) -> Option<Label> {
    match body {
        Body::Shown { label, .. } => *label,
        Body::Withheld { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use warproom_proto::{EntryId, Head, MemberId, RoomId, Salt};

    use super::*;
    use crate::Delivered;

    fn record(seq: Seq, author: u8, kind: &serde_json::Value) -> Record {
        let mut handling = json!({
            "id": EntryId::from_bytes([9; 16]), "label": "TLP:AMBER",
            "author": {"member": MemberId::from_bytes([author; 16])},
        });
        handling.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        let item = serde_json::value::to_raw_value(&json!({"handling": handling})).unwrap();
        let body = Body::Shown { at_ms: 0, salt: Salt([0; 16]), item, label: None };
        Record { seq, head: Head([0; 32]), body }
    }

    fn relabel(seq: Seq, author: u8, of: Seq, to: &str) -> Record {
        record(seq, author, &json!({"kind": "relabel", "of": of, "to": to}))
    }

    #[test]
    fn a_milder_label_is_believed_only_where_the_author_relaxed_it_that_far() {
        use Label::{Amber, Clear, Green, Red};
        let post = entry(&record(1, 1, &json!({"kind": "post"}))).unwrap();
        let tightened = [relabel(2, 1, 1, "TLP:CLEAR"), relabel(3, 5, 1, "TLP:GREEN")];
        for (what, records, said, label) in [
            ("nothing is said", &[][..], None, Amber),
            ("a stricter one is", &[], Some(Red), Red),
            ("a milder one is, without more", &[], Some(Green), Amber),
            ("the author relaxed it", &[relabel(2, 1, 1, "TLP:GREEN")], Some(Green), Green),
            ("another did", &[relabel(2, 5, 1, "TLP:GREEN")], Some(Green), Amber),
            ("another entry was", &[relabel(2, 1, 9, "TLP:GREEN")], Some(Green), Amber),
            ("not that far", &[relabel(2, 1, 1, "TLP:GREEN")], Some(Clear), Amber),
            ("further, and it was tightened since", &tightened, Some(Green), Green),
            ("the server knows of nothing", &[relabel(2, 1, 1, "TLP:GREEN")], None, Amber),
        ] {
            assert_eq!(Relaxed::among(records).label(1, &post, said), label, "{what}");
        }
    }

    #[test]
    fn what_is_delivered_has_a_stricter_label_as_it_is_said_and_a_milder_one_as_it_was_written() {
        for (says, label, said) in [
            (None, Label::Amber, Label::Amber),
            (Some(Label::Red), Label::Red, Label::Red),
            (Some(Label::Green), Label::Amber, Label::Green),
        ] {
            let mut post = record(1, 1, &json!({"kind": "post"}));
            let Body::Shown { label: now, .. } = &mut post.body else { unreachable!() };
            *now = says;
            let delivered = Delivered::new(RoomId::from_bytes([7; 16]), post);
            assert_eq!((delivered.label(), delivered.said_label()), (Some(label), Some(said)));
        }
    }

    #[test]
    fn an_edit_and_a_reaction_are_as_mild_as_what_they_are_about() {
        let post = record(1, 1, &json!({"kind": "post"}));
        let relabelled = [relabel(2, 1, 1, "TLP:GREEN"), relabel(4, 5, 7, "TLP:GREEN")];
        for (author, kind, label) in [
            (1, json!({"kind": "edit", "of": 1}), Label::Green),
            (1, json!({"kind": "edit", "of": 7}), Label::Amber),
            (5, json!({"kind": "edit", "of": 1}), Label::Amber),
            (5, json!({"kind": "react", "of": 1}), Label::Green),
            // Whose post it is, is not known.
            (5, json!({"kind": "react", "of": 7}), Label::Amber),
            (1, json!({"kind": "post", "reply_to": 1}), Label::Amber),
        ] {
            let entry = entry(&record(3, author, &kind)).unwrap();
            let relaxed = Relaxed::among(relabelled.iter().chain([&post]));
            assert_eq!(relaxed.label(3, &entry, Some(Label::Green)), label, "{kind}");
        }
    }
}
