//! MISP events, published ones and hostile ones, as items: field by field, and with any bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Label, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, parse};
use warproom_relay::item::{Item, Parsed};
use warproom_relay::label::{LabelRule, decide};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../samples/misp/", $name))
    };
}

const SAMPLES: [&[u8]; 6] = [
    sample!("xorist.json"),
    sample!("unpublished.json"),
    sample!("collection.json"),
    sample!("samsam.json"),
    sample!("sharing-group.json"),
    sample!("hostile.json"),
];

fn read(document: &[u8]) -> Parsed {
    parse(Format::Misp, document).unwrap()
}

fn only(document: &[u8]) -> Item {
    let parsed = read(document);
    assert_eq!(parsed.problems, []);
    <[Item; 1]>::try_from(parsed.items).unwrap().into_iter().next().unwrap()
}

fn label(item: &Item) -> Label {
    decide(&LabelRule { default: Label::Clear, public: true }, &item.marks, &item.hints)
}

fn topic(name: &str) -> Subject {
    Subject::Topic(name.parse().unwrap())
}

#[test]
fn an_event_of_a_public_feed_is_read_whole() {
    let item = only(sample!("xorist.json"));
    assert_eq!(item.id, "57c4445b-c548-4654-af0b-4be3950d210f");
    assert_eq!(item.revision, "1472541011");
    assert_eq!(item.message, Message::Alert);
    assert_eq!(item.severity, Severity::Minor, "3 is low");
    assert_eq!((item.urgency, item.certainty), (Urgency::Unknown, Certainty::Unknown));
    assert_eq!(item.headline, "Ransomware - Xorist");
    assert_eq!(
        item.text,
        "UPX packed\n\nKey: 85350044dF4AC3518D185678A9414A7F,\nEncryption rounds:8,\nStart offset: \
         64,\nAlgorithm: TEA\n\nAnalysis: complete.\nIndicators (5): 3Z4wnG9603it23y[.]exe, \
         0749bae92ca336a02c83d126e04ec628, 77b0c41b7d340b8a3d903f21347bbf06aa766b5b, \
         b3c4ae251f8094fa15b510051835c657eaef2a6cea46075d3aec964b14a99f68, \
         Software\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Run|%TEMP%\\3Z4wnG9603it23y[.]exe"
    );
    assert_eq!(
        item.references,
        [
            "https://www.virustotal.com/file/b3c4ae251f8094fa15b510051835c657eaef2a6cea46075d3aec964b14a99f68/analysis/1469554268/",
            "http://www.xylibox.com/2011/06/have-fun-with-trojan-ransomwin32xorist.html",
        ]
    );
    assert_eq!(item.issuer, "CIRCL");
    assert_eq!(item.subjects, [topic("malware"), topic("Ransom"), topic("Ransomware")]);
    assert_eq!(item.issued_at_ms, Some(1_472_548_231_000));
    assert_eq!(item.marks, ["tlp:white"]);
    assert_eq!(label(&item), Label::Clear);
}

#[test]
fn a_search_s_reply_gives_all_its_events() {
    let parsed = read(sample!("collection.json"));
    assert_eq!(parsed.problems, []);
    let [first, second] = &parsed.items[..] else { panic!("two events") };
    assert_eq!(first.id, "e2e6a6ea-f69b-4d93-8564-f51d67cafe51");
    assert_eq!(first.severity, Severity::Moderate);
    assert_eq!(first.text, "Indicators (1): AS174");
    assert_eq!(second.text, "Indicators (1): circl[.]lu");
    assert_eq!(second.issuer, "MISP-Project");
    assert_eq!(second.issued_at_ms, Some(1_603_642_920_000));
}

#[test]
fn objects_are_listed_without_their_states_and_attachments() {
    let item = only(sample!("samsam.json"));
    assert!(item.text.starts_with("Analysis: initial.\nIndicators (6): 9b23bfc35b18ed80"));
    assert_eq!(item.subjects, [topic("SamSam"), topic("Samas-Samsam")]);
}

#[test]
fn an_unpublished_event_is_passed_over_with_a_sentence() {
    let parsed = read(sample!("unpublished.json"));
    assert_eq!(parsed.items, []);
    assert_eq!(parsed.problems[0].item, "5758ebf5-c898-48e6-9fe9-5665c0a83866");
    assert_eq!(parsed.problems[0].reason, "it is not published yet; it will be read once it is");
}

#[test]
fn an_event_of_a_sharing_group_names_nobody_of_it() {
    let item = only(sample!("sharing-group.json"));
    assert_eq!(item.severity, Severity::Severe, "1 is high");
    assert_eq!(item.headline, "Supplier of planning software encrypted");
    assert_eq!(
        item.text,
        "What happened\n\nThe supplier saw it first.\n\nPlanning is down; e-mail is up.\n\nUsed \
         for the second stage.\n\nAnalysis: ongoing.\nIndicators (2): 192[.]0[.]2[.]7, \
         hxxp://evil[.]example[.]net/a?b=<c>"
    );
    assert_eq!(item.references, ["https://warp.example/7"]);
    assert_eq!(
        item.subjects,
        [
            Subject::Cpe("ivanti:connect_secure".parse().unwrap()),
            Subject::Cve("CVE-2023-46805".parse().unwrap()),
            topic("Example Locker"),
        ]
    );
    assert_eq!(item.issuer, "Example WARP");
    assert_eq!(item.marks, ["TLP:AMBER", "tlp:green", "tlp:amber+strict"]);
    assert_eq!(label(&item), Label::AmberStrict, "the attribute's tag counts for the whole");
    let all = format!("{item:?}");
    for secret in ["Secret Council", "Another Council", "Kent", "officer@", "Related", "gone"] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn a_hostile_list_gives_what_can_be_read_and_names_the_rest() {
    let parsed = read(sample!("hostile.json"));
    let problems: Vec<_> =
        parsed.problems.iter().map(|one| (one.item.as_str(), one.reason.as_str())).collect();
    let no_uuid = "it has no uuid, so its revisions could not be told apart";
    assert_eq!(
        problems,
        [
            ("event 1", "it is no event"),
            ("event 2", no_uuid),
            ("event 3", no_uuid),
            ("h2", "it is not published yet; it will be read once it is"),
        ]
    );
    let [item] = &parsed.items[..] else { panic!("one event") };
    assert_eq!((item.id.as_str(), item.headline.as_str()), ("h1", "Drill"));
    assert_eq!(item.text, "First\n\nThird");
    assert_eq!(item.severity, Severity::Unknown);
    assert!(item.exercise);
    assert_eq!(label(item), Label::AmberStrict, "an attribute for its own organisation only");
}

#[test]
fn threat_levels_are_never_inverted() {
    for (level, severity) in [
        ("\"1\"", Severity::Severe),
        ("2", Severity::Moderate),
        ("\"3\"", Severity::Minor),
        ("\"4\"", Severity::Unknown),
        ("\"0\"", Severity::Unknown),
        ("null", Severity::Unknown),
    ] {
        let event = format!(r#"{{"uuid":"u","info":"i","threat_level_id":{level}}}"#);
        assert_eq!(only(event.as_bytes()).severity, severity, "{level}");
    }
}

#[test]
fn a_distribution_never_ends_milder_than_it_is() {
    for (distribution, expected) in [
        ("\"0\"", Label::AmberStrict),
        ("0", Label::AmberStrict),
        ("\"1\"", Label::Amber),
        ("2", Label::Green),
        ("\"3\"", Label::Clear),
        ("\"4\"", Label::Amber),
        ("\"5\"", Label::Clear),
    ] {
        for event in [
            format!(r#"{{"uuid":"u","info":"i","distribution":{distribution}}}"#),
            format!(r#"{{"uuid":"u","Attribute":[{{"distribution":{distribution}}}]}}"#),
            format!(
                r#"{{"uuid":"u","Object":[{{"Attribute":{{"distribution":{distribution}}}}}]}}"#
            ),
        ] {
            assert_eq!(label(&only(event.as_bytes())), expected, "{event}");
        }
    }
}

#[test]
fn what_is_no_event_is_refused_with_what_to_do() {
    for (document, part) in [
        (r#"{"5a3c":{"info":"x","Orgc":{}}}"#, "manifest of a feed"),
        (r#"{"response":{"Attribute":[{"uuid":"a","value":"b"}]}}"#, "ask the server for events"),
        (r#"{"name":"x","errors":"Authentication failed"}"#, "answered with an error"),
        ("{}", "there is no MISP event in it"),
        ("true", "there is no MISP event in it"),
    ] {
        let Err(Refusal::Unreadable { format: "MISP", reason }) =
            parse(Format::Misp, document.as_bytes())
        else {
            panic!("{document} was read");
        };
        assert!(reason.contains(part), "{document}: {reason}");
    }
    for nothing in ["[]", r#"{"response":[]}"#] {
        assert_eq!(read(nothing.as_bytes()), Parsed::default());
    }
}

#[test]
fn large_and_deep_documents_end_soon() {
    let text = r#"{"type":"text","value":"<p>some words of text, and more of them TLP:RED</p>"},"#;
    let url = r#"{"type":"url","value":"http://evil.example.net/path/number"},"#;
    let event = r#"{"uuid":"u","info":"i","Tag":[{"name":"tlp:red"}]},"#;
    let tag = r#"{"name":"tlp:clear !"},"#;
    for document in [
        format!(r#"{{"uuid":"u","Attribute":[{}null]}}"#, text.repeat(350_000)),
        format!(r#"{{"uuid":"u","Attribute":[{}null]}}"#, url.repeat(400_000)),
        format!(r#"{{"uuid":"u","Tag":[{}null]}}"#, tag.repeat(600_000)),
        format!("[{}null]", event.repeat(200_000)),
        r#"{"Event":"#.repeat(3_000_000),
        r#"{"Event":"#.repeat(100) + "1" + &"}".repeat(100),
    ] {
        let before = Instant::now();
        let _ = parse(Format::Misp, document.as_bytes());
        // Unoptimised and beside other tests; an optimised build takes a tenth.
        let head = String::from_utf8_lossy(&document.as_bytes()[..60]).into_owned();
        assert!(before.elapsed() < Duration::from_secs(20), "{head}: {:?}", before.elapsed());
    }
}

/// Spellings of each label, mildest first.
const SPELLINGS: [&[&str]; 5] = [
    &["tlp:clear", "tlp:white", "TLP:CLEAR"],
    &["tlp:green", "TLP:GREEN", "TLP: Green"],
    &["tlp:amber", "TLP:AMBER", "tlp-amber", "TLP_AMBER"],
    &["tlp:amber+strict", "TLP:AMBER+STRICT", "tlp:amber-strict", "TLP: AMBER STRICT"],
    &["tlp:red", "TLP:RED", "tlp=red", "TLP red", "\u{200b}tlp:red"],
];

#[test]
fn a_label_of_another_taxonomy_is_one() {
    for (tag, expected) in [
        (r#"iep:traffic-light-protocol=\"RED\""#, Label::Red),
        (r#"CERT-XLM:tlp=\"red\""#, Label::Red),
        (r#"iep2-policy:tlp=\"amber\""#, Label::Amber),
        ("tlp:red (no forwarding)", Label::Red),
    ] {
        let event = format!(
            r#"{{"Event":{{"uuid":"u","info":"I","Orgc":{{"uuid":"o"}},"Tag":[{{"name":"{tag}"}}]}}}}"#
        );
        let item = only(event.as_bytes());
        assert_eq!(label(&item), expected, "{tag}");
        assert_eq!(item.subjects, [], "{tag}");
        assert_eq!(item.sender, "o");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Format::Misp, &bytes);
    }

    #[test]
    fn a_perturbed_sample_is_read_within_bounds_or_refused(
        which in 0..SAMPLES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = SAMPLES[which].to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(parsed) = parse(Format::Misp, &bytes) {
            for item in parsed.items {
                prop_assert!(!item.id.is_empty() && !item.headline.is_empty());
                prop_assert!(item.text.chars().count() <= 8000);
                prop_assert!(item.headline.chars().count() <= 200);
                prop_assert!(item.references.len() <= 32 && item.subjects.len() <= 32);
            }
        }
    }

    #[test]
    fn no_spelling_at_any_place_ends_milder_than_the_strictest(
        marks in prop::collection::vec((0..5_usize, any::<prop::sample::Index>(), 0..10_usize), 1..5),
    ) {
        let mut json = String::from(r#"{"Event":{"uuid":"u","info":"i""#);
        for (label, spelling, place) in &marks {
            let tag = format!(r#"{{"name":"{}"}}"#, spelling.get(SPELLINGS[*label]));
            let part = match place {
                0 => format!(r#","Tag":[{{"name":"x"}},{tag}]"#),
                1 => format!(r#","Tag":{tag}"#),
                2 => format!(r#","EventTag":[{{"Tag":{tag}}}]"#),
                3 => format!(r#","Attribute":[{{"type":"text","value":"v","Tag":[{tag}]}}]"#),
                4 => format!(r#","Attribute":[{{"AttributeTag":[{{"Tag":{tag}}}]}}]"#),
                5 => format!(r#","Object":[{{"Attribute":[{{"Tag":[{tag}]}}]}}]"#),
                6 => format!(r#","Tag":[{{"name":"tlp:clear","name":{}}}]"#, &tag[8..tag.len() - 1]),
                7 => format!(r#","Tag":[{}]"#, &tag[8..tag.len() - 1]),
                8 => format!(r#","EventReport":[{{"name":"r","Tag":[{tag}]}}]"#),
                _ => format!(r#","Attribute":{{"0":{{"Tag":{{"1":{tag},"7":null}}}}}}"#),
            };
            json += &part;
        }
        json += "}}";
        let item = only(json.as_bytes());
        let strictest = marks.iter().map(|(label, _, _)| Label::ALL[*label]).max();
        prop_assert_eq!(Some(label(&item)), strictest, "{}\n{:?}", json, item);
    }
}
