//! A page of history as people read it: edits stand in the place of what they changed, labels are
//! those of the last relabelling, and neither is shown a second time.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use warproom_client::proto::{Kind, Record, Seq};

use super::entry::{Item, entry};
use crate::directory::Directory;

/// The entries of a page, oldest first. `later` are entries after the page that change some of it.
pub(crate) fn page(
    records: &[Record],
    later: &[Record],
    people: &Directory,
    zone: &TimeZone,
) -> Vec<String> {
    let mut items: BTreeMap<Seq, Item> =
        records.iter().map(|record| (record.seq, record.into())).collect();
    let changes: Vec<Item> = records.iter().chain(later).map(Item::from).collect();
    for change in changes {
        if apply(&change, &mut items) {
            items.remove(&change.seq);
        }
    }
    items.values().map(|item| entry(item, people, zone)).collect()
}

/// Applies an edit by its author to the entry it refers to. Says whether there is nothing of it left
/// to show. (A relabelling stays, because everyone is meant to see who did it; the label that holds
/// now comes with each record.)
fn apply(change: &Item, items: &mut BTreeMap<Seq, Item>) -> bool {
    let Some(by) = &change.entry else { return false };
    let Some(target) = by.handling.kind.refers_to().and_then(|of| items.get_mut(&of)) else {
        return false;
    };
    let Some(entry) = &mut target.entry else { return false };
    let is_edit = matches!(by.handling.kind, Kind::Edit { .. });
    if !is_edit || by.handling.author != entry.handling.author {
        return false;
    }
    entry.content = by.content.clone();
    target.edited = true;
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use warproom_client::proto::{Body, EntryId, Label, MemberId};

    use super::*;

    fn record(seq: Seq, kind: &serde_json::Value, text: Option<&str>) -> Record {
        let mut handling = json!({
            "id": EntryId::from_bytes([9; 16]), "author": {"member": MemberId::from_bytes([1; 16])},
            "label": "TLP:GREEN",
        });
        handling.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        let mut item = json!({"handling": handling});
        if let Some(text) = text {
            item["content"] = json!({"text": text});
        }
        let shown = json!({"at_ms": 0, "salt": "00".repeat(16), "item": item});
        let text = json!({"seq": seq, "head": "00".repeat(32), "body": {"shown": shown}});
        serde_json::from_str(&text.to_string()).unwrap()
    }

    fn shown(records: &[Record], later: &[Record]) -> Vec<String> {
        let lines = page(records, later, &Directory::default(), &TimeZone::UTC);
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn an_edit_stands_in_the_place_of_what_it_changed() {
        let post = record(1, &json!({"kind": "post"}), Some("Asford"));
        let edit = record(2, &json!({"kind": "edit", "of": 1}), Some("Ashford"));
        for (records, later) in
            [(vec![post.clone(), edit.clone()], vec![]), (vec![post], vec![edit])]
        {
            let lines = shown(&records, &later);
            assert_eq!(lines.len(), 1);
            assert!(lines[0].contains("(edited)") && lines[0].ends_with("\n    Ashford"));
        }
    }

    #[test]
    fn an_edit_of_an_older_entry_is_shown_by_itself() {
        let edit = record(2, &json!({"kind": "edit", "of": 1}), Some("Ashford"));
        assert!(shown(&[edit], &[])[0].contains("edited #1"));
    }

    #[test]
    fn a_relabelled_entry_has_its_new_label_and_the_relabelling_stays_in_sight() {
        let mut post = record(1, &json!({"kind": "post"}), Some("x"));
        if let Body::Shown { label, .. } = &mut post.body {
            *label = Some(Label::Red);
        }
        let relabel = record(2, &json!({"kind": "relabel", "of": 1, "to": "TLP:RED"}), None);
        let lines = shown(&[post, relabel], &[]);
        assert!(lines[0].contains("TLP:RED") && !lines[0].contains("TLP:GREEN"));
        assert!(lines[1].contains("labelled #1"));
    }

    #[test]
    fn nobody_but_its_author_edits_what_is_shown() {
        let post = record(1, &json!({"kind": "post"}), Some("Ashford"));
        let other =
            json!({"kind": "edit", "of": 1, "author": {"member": MemberId::from_bytes([2; 16])}});
        let lines = shown(&[post], &[record(2, &other, Some("forged"))]);
        assert!(lines[0].ends_with("Ashford") && !lines[0].contains("edited"));
    }
}
