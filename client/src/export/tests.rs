//! What an export says, and what no text in it can make it say.

use serde_json::{Value, json};
use warproom_proto::{DeviceId, EntryId, MemberId, OrganisationId, Subject};
use warproom_proto::{Principal, Record, RoomId, Seq};

use super::*;
use crate::acts::Called;

struct Plain;

impl Called for Plain {
    fn person(&self, who: Principal) -> String {
        match who.member() {
            Some(member) if member == MemberId::from_bytes([1; 16]) => "Dora, Dover".to_owned(),
            _ => "Theo, Thanet".to_owned(),
        }
    }
    fn organisation(&self, _: OrganisationId) -> String {
        "Dover".to_owned()
    }
    fn room(&self, _: RoomId) -> String {
        "General".to_owned()
    }
    fn device(&self, _: DeviceId) -> String {
        "the laptop".to_owned()
    }
    fn subject(&self, _: &Subject) -> String {
        "vendor Civica".to_owned()
    }
    fn moment(&self, at_ms: i64) -> String {
        format!("t+{at_ms}")
    }
}

fn record(seq: Seq, author: u8, handling: &Value, text: Option<&str>) -> Record {
    let mut all = json!({
        "id": EntryId::from_bytes([9; 16]), "label": "TLP:GREEN",
        "author": {"member": MemberId::from_bytes([author; 16])},
    });
    all.as_object_mut().unwrap().extend(handling.as_object().unwrap().clone());
    let mut item = json!({"handling": all});
    if let Some(text) = text {
        item["content"] = json!({"text": text});
    }
    let shown = json!({"at_ms": 7, "salt": "00".repeat(16), "item": item});
    shape(seq, &json!({"shown": shown}))
}

fn shape(seq: Seq, body: &Value) -> Record {
    let text = json!({"seq": seq, "head": "00".repeat(32), "body": body}).to_string();
    serde_json::from_str(&text).unwrap()
}

fn export(records: Vec<Record>, amendments: Vec<Record>) -> Export {
    Export { room: RoomId::from_bytes([4; 16]), records, amendments }
}

fn post() -> Value {
    json!({"kind": "post"})
}

#[test]
fn an_export_stands_between_its_strictest_label_and_counts_what_is_withheld() {
    let amber =
        record(1, 1, &json!({"kind": "post", "label": "TLP:AMBER"}), Some("portal is down"));
    let withheld = shape(2, &json!({"withheld": {"commitment": "00".repeat(32)}}));
    let text = export(vec![amber, withheld], Vec::new()).text("General", &Plain);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..4], ["TLP:AMBER", "General", "", "t+7  #1  TLP:AMBER  Dora, Dover"]);
    assert_eq!(lines[4..6], ["    portal is down", "#2  withheld"]);
    assert!(lines[7].starts_with("2 records; 1 is withheld: TLP:RED leaves no room"), "{text}");
    assert_eq!(lines.last(), Some(&"TLP:AMBER"));
}

#[test]
fn an_edit_by_its_author_takes_the_place_of_the_text_and_nobody_elses_does() {
    let edit =
        |seq, author, text| record(seq, author, &json!({"kind": "edit", "of": 1}), Some(text));
    let first = record(1, 1, &post(), Some("Asford"));
    let text = export(vec![first], vec![edit(5, 1, "Ashford"), edit(6, 2, "forged")])
        .text("General", &Plain);
    assert!(text.contains("Dora, Dover  (edited)\n    Ashford\n"), "{text}");
    assert!(!text.contains("Asford") && !text.contains("forged"));
}

#[test]
fn the_newest_edit_stands_also_where_an_older_one_came_beside_another_page() {
    let edit = |seq, text| record(seq, 1, &json!({"kind": "edit", "of": 1}), Some(text));
    let records =
        vec![record(1, 1, &post(), Some("Asford")), edit(4, "Ashford"), edit(5, "Ashford!")];
    let export = export(records, vec![edit(4, "Ashford"), edit(3, "Ashfrod")]);
    let text = export.text("General", &Plain);
    assert!(text.contains("(edited)\n    Ashford!\n") && !text.contains("Ashfrod"), "{text}");
    let lines = export.json_lines().unwrap();
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["record"]["seq"].as_u64();
    assert_eq!(lines.lines().filter_map(line).collect::<Vec<_>>(), [1, 3, 4, 5]);
}

#[test]
fn what_this_version_cannot_read_is_as_strict_as_anything_that_leaves_a_room() {
    let item = json!({"handling": {"kind": "post", "label": "TLP:VIOLET"}});
    let shown = json!({"at_ms": 7, "salt": "00".repeat(16), "item": item});
    let unreadable = shape(2, &json!({"shown": shown}));
    let clear = record(1, 1, &json!({"kind": "post", "label": "TLP:CLEAR"}), Some("x"));
    let export = export(vec![clear], vec![unreadable]);
    assert_eq!(export.label(), Label::AmberStrict);
    assert!(export.text("General", &Plain).starts_with("TLP:AMBER+STRICT\n"));
}

#[test]
fn the_label_of_now_counts_also_where_it_was_changed_later() {
    let mut relabelled = record(1, 1, &post(), Some("x"));
    if let Body::Shown { label, .. } = &mut relabelled.body {
        *label = Some(Label::AmberStrict);
    }
    let export = export(vec![relabelled], Vec::new());
    assert_eq!(export.label(), Label::AmberStrict);
    assert!(export.text("General", &Plain).contains("#1  TLP:AMBER+STRICT  Dora"));
}

#[test]
fn no_text_looks_like_a_line_of_the_export() {
    let faked = "x\nTLP:CLEAR\nt+9  #9  TLP:CLEAR  Theo\u{2028}TLP:CLEAR\u{202e}";
    let text = export(vec![record(1, 1, &post(), Some(faked))], Vec::new()).text("a\nb", &Plain);
    assert!(!text.lines().any(|line| line == "TLP:CLEAR" || line.starts_with("t+9")), "{text}");
    assert!(!text.contains('\u{202e}') && !text.contains('\u{2028}'));
    assert_eq!(text.lines().nth(1), Some("a b"));
}

#[test]
fn an_exercise_says_so_in_its_line() {
    let drill = json!({"kind": "post", "exercise": true});
    let text = export(vec![record(1, 1, &drill, Some("x"))], Vec::new()).text("General", &Plain);
    assert!(text.contains("\nEXERCISE  t+7  #1  "), "{text}");
}

#[test]
fn a_line_of_json_has_the_room_and_the_record_as_it_came() {
    let lines = export(vec![record(1, 1, &post(), Some("x"))], Vec::new()).json_lines().unwrap();
    let line: Value = serde_json::from_str(lines.trim_end()).unwrap();
    assert_eq!(line["room"], json!(RoomId::from_bytes([4; 16])));
    assert_eq!(line["record"]["body"]["shown"]["item"]["content"]["text"], "x");
}
