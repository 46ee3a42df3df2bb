//! A page of history as people read it: edits stand in the place of what they changed, labels are
//! those of the last relabelling, and neither is shown a second time. Alerts say what took their place.

use std::collections::BTreeMap;

use warproom_client::Relaxed;
use warproom_client::proto::{Kind, Record, Seq};

use super::Scene;
use super::entry::{Item, entry};

/// The entries of a page, oldest first. `later` are entries after the page that change some of it;
/// `reasons` says why an entry concerns the reader.
pub(crate) fn page(
    records: &[Record],
    later: &[Record],
    reasons: impl Fn(&Item) -> Vec<String>,
    scene: &Scene,
) -> Vec<String> {
    let relaxed = Relaxed::among(records.iter().chain(later));
    let mut items: BTreeMap<Seq, Item> =
        records.iter().map(|record| (record.seq, Item::of(record, &relaxed))).collect();
    let changes: Vec<Item> = records.iter().chain(later).map(Item::from).collect();
    for change in changes {
        if apply(&change, &mut items) {
            items.remove(&change.seq);
        }
        supersede(&change, &mut items);
    }
    for item in items.values_mut() {
        item.concerns = reasons(item);
    }
    items.values().map(|item| entry(item, scene)).collect()
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
    entry.content.text.clone_from(&by.content.text);
    // Nothing that is said of an exercise looks real.
    entry.handling.exercise |= by.handling.exercise;
    target.edited = true;
    true
}

/// Notes at an earlier alert what took its place, the latest of several.
fn supersede(change: &Item, items: &mut BTreeMap<Seq, Item>) {
    let Some((earlier, superseded)) = change.supersedes() else { return };
    let Some(target) = items.get_mut(&earlier).filter(|target| target.is_alert()) else { return };
    if target.superseded.is_none_or(|known| known.by < superseded.by) {
        target.superseded = Some(superseded);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;
    use warproom_client::proto::{Body, EntryId, Label, MemberId, RoomId};

    use super::*;
    use crate::directory::Directory;

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
        let (people, room) = (Directory::default(), RoomId::from_bytes([7; 16]));
        let scene = Scene { people: &people, zone: &TimeZone::UTC, now_ms: 0, room };
        let lines = page(records, later, |_| Vec::new(), &scene);
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

    #[test]
    fn an_alert_says_what_took_its_place_wherever_that_stands() {
        let alert = |more: &serde_json::Value| {
            let mut alert = json!({
                "kind": "alert", "severity": "severe", "urgency": "unknown", "certainty": "unknown",
            });
            alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            alert
        };
        let first = record(1, &alert(&json!({})), Some("x"));
        let update = record(2, &alert(&json!({"message": "update", "supersedes": 1})), Some("y"));
        let cancel = record(3, &alert(&json!({"message": "cancel", "supersedes": 2})), None);
        let lines = shown(&[first, update.clone()], std::slice::from_ref(&cancel));
        assert!(lines[0].contains("superseded by #2"), "{}", lines[0]);
        assert!(lines[1].contains("UPDATE of #1") && lines[1].contains("CANCELLED by #3"));
        assert!(shown(&[cancel], &[])[0].contains("CANCELS #2"));
        let post = record(2, &json!({"kind": "post"}), Some("y"));
        assert!(!shown(&[post], &[update])[0].contains("superseded"));
    }
}
