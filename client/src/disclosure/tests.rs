//! A disclosure as a whole: nothing withheld stands in any of its files, and every withholding is listed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use warproom_proto::disclosure::{Purpose, Why, Withheld};
use warproom_proto::{
    EntryId, FileId, Label, MemberId, OrganisationId, Principal, Record, RoomId, Seq,
};

use super::*;

/// A checkpoint, as its golden vector has it.
const CHECKPOINT: &str = include_str!("../../../proto/tests/golden/call.audit.checkpoint.json");

fn member(n: u8) -> MemberId {
    MemberId::from_bytes([n; 16])
}

/// An entry with this text wherever people can write one.
fn everywhere(seq: Seq, author: u8, kind: &Value, text: &str) -> Record {
    let line = text.replace(['\n', '\t'], " ");
    let line = if line.trim().is_empty() { "x" } else { line.trim() };
    // Cut short, it could be something else than it was.
    let name = if line.chars().count() <= 80 { line } else { "x" };
    let mut handling = json!({
        "id": EntryId::from_bytes([9; 16]), "author": {"member": member(author)}, "label": "TLP:GREEN",
        "subjects": [{"vendor": name}, {"topic": name}], "ask": {"options": [name, "no"]},
        "mentions": [member(author)],
    });
    handling.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    let file = json!({
        "file": FileId::from_bytes([3; 16]), "name": "x.pdf", "size_bytes": 1, "sha256": "ab".repeat(32),
    });
    let mut file = file;
    if let Ok(named) = name.replace(['/', ':'], "_").parse::<warproom_proto::FileName>() {
        file["name"] = json!(named);
    }
    let item = json!({"handling": handling, "content": {
        "text": text, "headline": line, "what_to_do": text, "references": [line], "issuer": line,
        "files": [file],
    }});
    let shown = json!({"at_ms": 1_705_572_720_000_i64, "salt": "cd".repeat(16), "item": item});
    let record = json!({"seq": seq, "head": "ab".repeat(32), "body": {"shown": shown}});
    serde_json::from_str(&record.to_string()).unwrap()
}

fn collected(records: Vec<Record>, withheld: Vec<Withheld>, room: &str) -> Collected {
    let person = |name: &str, handle: &str| DisclosedPerson {
        name: name.to_owned(),
        handle: Some(handle.to_owned()),
        organisation: Some(OrganisationId::from_bytes([5; 16])),
    };
    let people = [(1, person("Sian Smithson", "sian.s")), (2, person("Dewi Probert", "dprobert"))];
    let people = people.map(|(n, one)| (Principal::Member(member(n)), one));
    let golden: Value = serde_json::from_str(CHECKPOINT).unwrap();
    let room = DisclosedRoom {
        room: RoomId::from_bytes([7; 16]),
        name: room.parse().unwrap(),
        records: records.into_iter().map(|record| (record.seq, record)).collect(),
        withheld,
        latest: None,
        audited: Vec::new(),
    };
    Collected {
        rooms: vec![room],
        people: BTreeMap::from(people),
        organisations: BTreeMap::new(),
        checkpoint: serde_json::from_value(golden["reply"]["note"].clone()).unwrap(),
    }
}

fn selection(reference: &str) -> Selection {
    Selection {
        rooms: Vec::new(),
        from_ms: None,
        until_ms: None,
        people: vec![member(1), member(2)],
        words: vec![reference.parse().unwrap()],
        up_to: Label::Green,
        purpose: Purpose::SubjectAccess,
        reference: Some(reference.parse().unwrap()),
    }
}

fn rules(words: &[String]) -> DisclosureRules {
    let exemption = |rule| (rule, Some("DPA 2018, Schedule 2, 16".to_owned()));
    DisclosureRules {
        rules: Rule::ALL.into_iter().map(exemption).collect(),
        subjects: BTreeSet::from([Principal::Member(member(1))]),
        words: words.to_vec(),
    }
}

fn written(
    of: &Collected,
    reference: &str,
    rules: &DisclosureRules,
) -> Vec<(&'static str, String)> {
    let made = Disclosure::make(of, &selection(reference), rules, 0).unwrap();
    made.files().unwrap()
}

#[test]
fn everything_withheld_has_a_row_and_every_mark_names_one() {
    let post = everywhere(3, 2, &json!({"kind": "post"}), "Dewi said: call 020 7946 0958");
    let why = Why::Label { label: Label::Red };
    let withheld = vec![
        Withheld { first: 4, last: 6, why: Why::NotYours },
        Withheld { first: 8, last: 8, why },
        Withheld { first: 20, last: 29, why: Why::TooMany },
    ];
    let of = collected(vec![post], withheld, "Early warning");
    let made = Disclosure::make(&of, &selection("SAR 7"), &rules(&[]), 0).unwrap();
    let (whole, parts): (Vec<_>, Vec<_>) =
        made.withheld().iter().partition(|row| row.places.is_empty());
    assert_eq!(whole.len(), 3);
    assert_eq!((whole[0].entries, whole[0].count, whole[0].rule), (Some((4, 6)), 3, None));
    assert!(whole[1].reason.starts_with("labelled TLP:RED") && whole[1].exemption.is_some());
    assert!(whole[2].count == 10 && whole[2].reason.contains("a disclosure of a longer time"));
    let rule =
        |rule| parts.iter().find(|row| row.rule == Some(rule) && row.room.is_some()).unwrap();
    assert!(rule(Rule::Names).places.contains("author"));
    assert!(rule(Rule::Telephones).places.contains("text"));
    assert_eq!(rule(Rule::Names).exemption.as_deref(), Some("DPA 2018, Schedule 2, 16"));
    let files = made.files().unwrap();
    let document = &files[0].1;
    for mark in document.split("[withheld ").skip(1).filter_map(|rest| rest.split("\\]").next()) {
        for number in mark.split(", ") {
            let Ok(number) = number.parse::<usize>() else { continue };
            assert!(made.withheld().iter().any(|row| row.number == number), "{mark}");
        }
    }
    assert!(files[2].1.contains("| 4 to 6 | whole | 3 |"), "{}", files[2].1);
}

#[test]
fn what_came_and_cannot_be_shown_has_a_row() {
    let record = |seq: Seq, body: &Value| -> Record {
        let record = json!({"seq": seq, "head": "ab".repeat(32), "body": body});
        serde_json::from_str(&record.to_string()).unwrap()
    };
    let item = json!({"handling": {"kind": "post", "label": "TLP:VIOLET"}});
    let unreadable = json!({"shown": {"at_ms": 7, "salt": "cd".repeat(16), "item": item}});
    let stub = json!({"withheld": {"commitment": "ab".repeat(32)}});
    let of = collected(vec![record(3, &unreadable), record(5, &stub)], Vec::new(), "Early warning");
    let made = Disclosure::make(&of, &selection("SAR 7"), &rules(&[]), 0).unwrap();
    assert_eq!(made.entries(), 0);
    let whole: Vec<_> = made.withheld().iter().filter(|row| row.room == Some(1)).collect();
    let entries: Vec<_> = whole.iter().map(|row| (row.entries, row.count, row.rule)).collect();
    assert_eq!(entries, [(Some((3, 3)), 1, None), (Some((5, 5)), 1, None)]);
    assert!(
        whole[0].reason.starts_with("could not be read by this version"),
        "{}",
        whole[0].reason
    );
    assert!(whole[1].reason.starts_with("withheld by the server"), "{}", whole[1].reason);
}

#[test]
fn the_subject_keeps_their_name_and_nobody_an_id_a_salt_or_a_hash_of_a_file() {
    let posts = vec![
        everywhere(3, 1, &json!({"kind": "post"}), "I am Sian Smithson"),
        everywhere(4, 2, &json!({"kind": "edit", "of": 3}), "no, Dewi"),
    ];
    let of = collected(posts, Vec::new(), "Early warning");
    let files = written(&of, "SAR 7", &rules(&[]));
    assert!(files[0].1.contains("I am Sian Smithson"), "{}", files[0].1);
    for (name, text) in &files {
        assert!(
            !text.to_lowercase().contains("probert") && !text.contains("Dewi"),
            "{name}: {text}"
        );
        let hidden = [
            member(2).to_string(),
            member(1).to_string(),
            EntryId::from_bytes([9; 16]).to_string(),
            FileId::from_bytes([3; 16]).to_string(),
            "cd".repeat(16),
        ];
        for id in hidden {
            assert!(!text.contains(&id), "{name} has {id}");
        }
        // Heads are `ab` too: a file's hash would be beside its name.
        assert!(!text.contains("sha256\": \"abab"), "{name}");
    }
    let none = written(&of, "SAR 7", &DisclosureRules::default());
    assert!(none[0].1.contains("Dewi Probert"));
}

#[test]
fn the_statement_has_the_hash_of_each_file() {
    let of = collected(Vec::new(), Vec::new(), "Early warning");
    let files = written(&of, "SAR 7", &rules(&[]));
    let statement: Value = serde_json::from_str(&files[4].1).unwrap();
    for ((name, text), noted) in files.iter().zip(statement["files"].as_array().unwrap()) {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let hash = warproom_proto::Sha256(hash.as_ref().try_into().unwrap()).to_string();
        assert_eq!((noted["name"].as_str(), noted["sha256"].as_str()), (Some(*name), Some(&*hash)));
    }
    assert_eq!(statement["files"].as_array().unwrap().len(), 4);
}

/// The letters and digits of a text in lower case: what a reader would find a word by.
fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

proptest! {
    #[test]
    fn nothing_withheld_stands_in_any_file(
        word in "[bcdfghjk]{6,10}", before in "[ a-z0-9.]{0,8}", after in "[ a-z0-9.]{0,8}",
        address in prop::sample::select(vec![
            "qq@zzq.example", "qq[@]zzq[.]example", "qq at zzq dot example", "hxxp://zzq[.]example/",
        ]),
        number in "0[1-9]{9}",
    ) {
        let text = format!("{before}{word}{after} Dewi PROBERT {address} {number}");
        let room: String = format!("{word} room").chars().take(60).collect();
        let records = vec![
            everywhere(3, 2, &json!({"kind": "post"}), &text),
            everywhere(4, 2, &json!({"kind": "edit", "of": 3}), &text.to_uppercase()),
            everywhere(5, 1, &json!({"kind": "react", "of": 3}), &word),
            everywhere(6, 1, &json!({
                "kind": "alert", "severity": "minor", "urgency": "past", "certainty": "likely",
                "source": {"id": word, "revision": word},
            }), &text),
            everywhere(7, 2, &json!({
                "kind": "answer", "of": 3, "organisation": OrganisationId::from_bytes([5; 16]), "choice": word,
            }), &text),
        ];
        let of = collected(records, Vec::new(), &room);
        for (name, written) in written(&of, &format!("about {word}"), &rules(std::slice::from_ref(&word))) {
            // Short, it could be put together from the words of the document itself.
            prop_assert!(!written.to_lowercase().contains("dewi"), "{name}");
            let written = letters(&written);
            for hidden in [&*word, "probert", "zzq", &number] {
                prop_assert!(!written.contains(hidden), "{name} has {hidden}");
            }
        }
    }
}
