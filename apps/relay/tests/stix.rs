//! STIX bundles and TAXII envelopes, published ones and hostile ones, as items: field by field, and
//! with any bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Label, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, parse};
use warproom_relay::item::{Item, Parsed};
use warproom_relay::label::{LabelRule, decide};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../samples/stix/", $name))
    };
}

const SAMPLES: [&[u8]; 7] = [
    sample!("apt1-report.json"),
    sample!("c2-with-course-of-action.json"),
    sample!("groupings-2.1.json"),
    sample!("reports-2.0.json"),
    sample!("object-marking.json"),
    sample!("envelope.json"),
    sample!("hostile.json"),
];

fn read(document: &[u8]) -> Parsed {
    parse(Format::Stix, document).unwrap()
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
fn a_report_folds_in_what_it_refers_to() {
    let item = only(sample!("apt1-report.json"));
    assert_eq!(item.id, "report--e33ffe07-2f4c-48d8-b0af-ee2619d765cf");
    assert_eq!(item.revision, "2015-05-15T09:12:16.432Z");
    assert_eq!(item.message, Message::Alert);
    assert_eq!(item.severity, Severity::Unknown);
    assert_eq!(item.headline, "APT1: Exposing One of China's Cyber Espionage Units");
    assert!(item.text.starts_with("Since 2004, Mandiant has investigated computer security"));
    let lists = &item.text[item.text.find("\n\nMalware: ").unwrap()..];
    assert!(
        lists.contains("\nTechniques: Initial Compromise, Establishing a Foothold, "),
        "{lists}"
    );
    assert!(lists.contains("\nTools: "), "{lists}");
    assert!(lists.contains("\nIndicators: "), "{lists}");
    assert_eq!(item.issued_at_ms, Some(1_361_232_000_000), "the day of publication");
    assert_eq!(item.marks, [""; 0]);
}

#[test]
fn what_no_report_refers_to_stands_alone_with_what_to_do() {
    let parsed = read(sample!("c2-with-course-of-action.json"));
    assert_eq!(parsed.problems, []);
    let [malware, address, hash] = &parsed.items[..] else { panic!("three items") };
    assert_eq!(malware.id, "malware--fdd60b30-b67c-41e3-b0b9-f01faf20d111");
    assert_eq!(malware.headline, "Poison Ivy");
    assert_eq!(malware.text, "variant");
    assert_eq!(
        malware.what_to_do,
        "Add TCP port 80 Filter Rule to the existing Block UDP 1434 Filter: This is how to add a \
         filter rule to block inbound access to TCP port 80 to the existing UDP 1434 filter ..."
    );
    assert_eq!(malware.issuer, "The MITRE Corporation - DHS Support Team");
    assert_eq!(malware.subjects, [topic("remote-access-trojan")]);
    assert_eq!(address.headline, "IP Address for known C2 channel");
    assert_eq!(address.text, "Test description.\n\nPattern: [ipv4-addr:value = '10[.]0[.]0[.]0']");
    assert_eq!(address.what_to_do, "");
    assert_eq!(address.effective_at_ms, Some(1_399_539_600_000));
    assert_eq!(address.expires_at_ms, None);
    assert_eq!(hash.headline, "File hash for Poison Ivy variant");
}

#[test]
fn groupings_of_2_1_and_reports_of_2_0_are_read_alike() {
    let parsed = read(sample!("groupings-2.1.json"));
    assert_eq!(parsed.problems, []);
    let [first, second] = &parsed.items[..] else { panic!("two groupings") };
    assert_eq!(first.id, "grouping--e2e6a6ea-f69b-4d93-8564-f51d67cafe51");
    assert_eq!(first.text, "");
    assert_eq!(second.text, "Indicators: [domain-name:value = 'circl[.]lu']");
    assert_eq!(second.issuer, "MISP-Project");
    assert_eq!(second.subjects, [topic("suspicious-activity"), topic("Threat-Report")]);
    let parsed = read(sample!("reports-2.0.json"));
    assert_eq!(parsed.problems, []);
    let [first, second] = &parsed.items[..] else { panic!("two reports") };
    assert_eq!(first.headline, "MISP-STIX-Converter test event with domain|ip attribute");
    assert!(first.text.starts_with("Indicators: [domain-name:value = 'circl[.]lu' AND "));
    assert_eq!(second.text, "Indicators: [file:name = 'test_file_name']");
    assert_eq!(second.issued_at_ms, Some(1_603_642_920_000));
}

#[test]
fn a_lone_object_keeps_markings_that_are_nowhere_defined() {
    let item = only(sample!("object-marking.json"));
    assert_eq!(item.id, "campaign--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061");
    assert_eq!(
        item.marks,
        [
            "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
            "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ec",
        ]
    );
    assert_eq!(label(&item), Label::Red);
}

#[test]
fn an_envelope_gives_a_report_under_its_strictest_part_and_a_revocation() {
    let parsed = read(sample!("envelope.json"));
    assert_eq!(parsed.problems, []);
    let [report, revoked] = &parsed.items[..] else { panic!("two items") };
    assert_eq!(report.message, Message::Update);
    assert_eq!(report.revision, "2024-01-17T09:30:00.000Z");
    assert_eq!(report.issued_at_ms, Some(1_705_483_800_000));
    assert_eq!(report.certainty, Certainty::Likely);
    assert_eq!(report.issuer, "Example CERT");
    assert_eq!(
        report.text,
        "Two faults are used one after the other.\n\nNote: Seen in two regions.\n\n\
         Vulnerabilities: CVE-2023-46805\nIndicators: hxxp://update[.]example[.]net/a"
    );
    assert_eq!(report.what_to_do, "Import the mitigation file: Then run the integrity check.");
    assert_eq!(report.references, ["https://cert.example/2024-01"]);
    assert_eq!(
        report.subjects,
        [
            Subject::Vendor("Ivanti".parse().unwrap()),
            Subject::Cpe("ivanti:connect_secure".parse().unwrap()),
            Subject::Cve("CVE-2024-21887".parse().unwrap()),
            Subject::Cve("CVE-2023-46805".parse().unwrap()),
            Subject::Product("Connect Secure".parse().unwrap()),
            topic("vulnerability"),
            topic("vpn"),
        ]
    );
    assert_eq!(
        report.marks,
        [
            "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
            "TLP:GREEN",
            "TLP:amber+strict",
            "TLP:AMBER+STRICT",
            "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        ],
        "a copyright notice is no label"
    );
    assert_eq!(label(report), Label::AmberStrict);
    assert_eq!(revoked.message, Message::Cancel);
    assert_eq!(revoked.urgency, Urgency::Past);
    assert_eq!(revoked.certainty, Certainty::Unlikely);
    assert_eq!(revoked.headline, "[ipv4-addr:value = '192[.]0[.]2[.]7']");
    assert_eq!(revoked.expires_at_ms, Some(1_707_552_000_000));
    assert_eq!(revoked.marks, ["marking-definition--cccccccc-cccc-4ccc-8ccc-cccccccccccc"]);
    let rule = LabelRule { default: Label::Green, public: false };
    assert_eq!(decide(&rule, &revoked.marks, &[]), Label::Green, "an unknown one is the default");
}

#[test]
fn a_hostile_bundle_gives_what_can_be_read_and_names_the_rest() {
    let parsed = read(sample!("hostile.json"));
    let problems: Vec<_> =
        parsed.problems.iter().map(|one| (one.item.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        problems,
        [
            ("object 1", "it is no object"),
            ("object 2", "it is no object"),
            ("object 3", "it is no object"),
            ("report--1", "it has no type"),
            ("object 5", "it has no id, so its revisions could not be told apart"),
        ]
    );
    let [one, two, campaign, indicator] = &parsed.items[..] else { panic!("four items") };
    assert_eq!(one.headline, "Loop & reversed");
    assert_eq!(one.text, "Reports: TEST Loop back");
    assert_eq!(label(one), Label::Red, "a known id keeps its label, whatever it is renamed to");
    assert!(two.exercise && !one.exercise);
    assert_eq!(campaign.headline, "New words");
    assert_eq!(campaign.revision, "2024-02-01T00:00:00Z");
    assert_eq!(label(campaign), Label::Amber, "the marks of every revision count");
    assert_eq!(indicator.headline, "<script>'hxxp://evil[.]example[.]net'</script>");
    assert_eq!(label(indicator), Label::Green, "the bundle's own marking counts for all");
}

#[test]
fn what_is_no_stix_is_refused_with_what_to_do() {
    for (document, part) in [
        (r#"{"title":"x","api_roots":["https://a.example/"]}"#, "discovery page"),
        (r#"{"collections":[{"id":"1"}]}"#, "list of TAXII collections"),
        (r#"{"title":"Unauthorized","http_status":"401"}"#, "answered with an error"),
        (r#"{"document":{}}"#, "there are no STIX objects in it"),
    ] {
        let Err(Refusal::Unreadable { format: "STIX", reason }) =
            parse(Format::Stix, document.as_bytes())
        else {
            panic!("{document} was read");
        };
        assert!(reason.contains(part), "{document}: {reason}");
    }
    for nothing in ["{}", r#"{"more":false}"#, r#"{"objects":[]}"#, "[]"] {
        assert_eq!(read(nothing.as_bytes()), Parsed::default(), "{nothing}");
    }
}

#[test]
fn large_and_deep_documents_end_soon() {
    let indicators = |head: &str, tail: &str| {
        let mut json = format!(r#"{{"objects":[{head}"#);
        for number in 0..150_000 {
            let one = format!(
                r#"{{"type":"indicator","id":"i{number}","pattern":"[a:b='http://a.example.net']"{tail}}},"#
            );
            json += &one;
        }
        json + "null]}"
    };
    let marked = format!(
        r#"{{"type":"identity","id":"x","object_marking_refs":[{}"m"]}},"#,
        r#""marking-definition--1","#.repeat(200_000)
    );
    let refs: Vec<String> = (0..150_000).map(|number| format!(r#""i{number}","#)).collect();
    let refs = refs.concat();
    let report = format!(r#"{{"type":"report","id":"r","object_refs":[{refs}null]}},"#);
    let definition = r#"{"type":"marking-definition","id":"m","name":"TLP:GREEN"},"#;
    for document in [
        indicators("", ""),
        indicators(&marked, r#","created_by_ref":"x""#),
        indicators(&report, r#","object_marking_refs":["m"]"#),
        indicators(&definition.repeat(100_000), r#","object_marking_refs":["m"]"#),
        r#"{"objects":["#.repeat(2_000_000),
    ] {
        let before = Instant::now();
        let parsed = parse(Format::Stix, document.as_bytes());
        // Unoptimised and beside other tests; an optimised build takes a tenth.
        let head = String::from_utf8_lossy(&document.as_bytes()[..60]).into_owned();
        assert!(before.elapsed() < Duration::from_secs(20), "{head}: {:?}", before.elapsed());
        if let Ok(parsed) = parsed {
            assert!(parsed.items.len() <= 10_000);
            let cut = parsed.problems.iter().any(|one| one.item == "the rest");
            assert_eq!(cut, parsed.items.len() == 10_000, "what is left out is told");
        }
    }
}

#[test]
fn a_label_within_a_policy_counts() {
    let bundle = r#"{"type":"bundle","objects":[
        {"type":"campaign","id":"campaign--1","name":"x","created_by_ref":"identity--9","object_marking_refs":["m"]},
        {"type":"marking-definition","id":"m","definition_type":"iep","name":"FIRST IEP","definition":{"iep":{"tlp":"red"}}}]}"#;
    let item = only(bundle.as_bytes());
    assert_eq!(label(&item), Label::Red);
    assert_eq!(item.sender, "identity--9");
}

#[test]
fn what_many_reports_refer_to_is_looked_at_once_and_within_a_budget() {
    let words = "word <b>bold</b> ".repeat(20_000);
    let course = format!(
        r#"{{"type":"course-of-action","id":"c","name":"Patch","description":"{words}"}},
        {{"type":"note","id":"n","content":"{words} TLP:RED"}},"#
    );
    let reports = |refs: &str, count: usize| -> String {
        let one = |number| {
            format!(
                r#"{{"type":"report","id":"r{number}","name":"R{number}","object_refs":[{refs}]}},"#
            )
        };
        (0..count).map(one).collect::<Vec<String>>().concat()
    };
    let before = Instant::now();
    let parsed =
        read(format!(r#"{{"objects":[{course}{}null]}}"#, reports(r#""c","n""#, 2_000)).as_bytes());
    // Once for each report this takes a thousand times as long.
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    assert_eq!(parsed.items.len(), 2_000);
    for item in &parsed.items {
        assert!(
            item.what_to_do.starts_with("Patch: word bold") && item.text.starts_with("Note: word")
        );
        assert_eq!(item.hints, ["TLP:RED"]);
    }
    let tools: Vec<String> = (0..5_000)
        .map(|number| format!(r#"{{"type":"tool","id":"t{number}","name":"t{number}"}},"#))
        .collect();
    let tools = tools.concat();
    let refs: Vec<String> = (0..5_000).map(|number| format!(r#""t{number}""#)).collect();
    let before = Instant::now();
    let parsed =
        read(format!(r#"{{"objects":[{tools}{}null]}}"#, reports(&refs.join(","), 200)).as_bytes());
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    assert_eq!(parsed.items.len(), 200);
    assert!(parsed.items[0].text.starts_with("Tools (5000): t0, t1"), "{}", parsed.items[0].text);
    assert_eq!(parsed.items[199].text, "5000 objects more stand at the source.");
}

/// Spellings of each label, mildest first, as a definition or a tag has them, and then its ids.
const SPELLINGS: [(&[&str], &[&str]); 5] = [
    (
        &["clear", "white", "TLP:CLEAR", "TLP:WHITE"],
        &["94868c89-83c2-464b-929b-a1a8aa3c8487", "613f2e26-407d-48c7-9eca-b8e91df99dc9"],
    ),
    (
        &["green", "TLP:GREEN"],
        &["bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "34098fce-860f-48ae-8e50-ebd3cc5e41da"],
    ),
    (
        &["amber", "TLP:AMBER"],
        &["55d920b0-5e8b-4f79-9ee9-91f868d9b421", "f88d31f6-486f-44da-b317-01333bde0b82"],
    ),
    (
        &["amber+strict", "TLP:AMBER+STRICT", "TLP:Amber-Strict"],
        &["939a9414-2ddd-4d32-a0cd-375ea402b003"],
    ),
    (
        &["red", "TLP:RED", "tlp:red"],
        &["e828b379-4e03-4974-9ac4-e53a884c97c1", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],
    ),
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Format::Stix, &bytes);
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
        if let Ok(parsed) = parse(Format::Stix, &bytes) {
            for item in parsed.items {
                prop_assert!(!item.id.is_empty() && !item.headline.is_empty());
                prop_assert!(item.text.chars().count() <= 8000);
                prop_assert!(item.headline.chars().count() <= 200);
                prop_assert!(item.references.len() <= 32 && item.subjects.len() <= 32);
            }
        }
    }

    /// A report, an indicator that it folds in, the identity that made it, and the bundle around them:
    /// each carries some of the markings, by id, by a definition in any spelling, or in its place.
    #[test]
    fn no_spelling_at_any_place_ends_milder_than_the_strictest(
        marks in prop::collection::vec(
            (0..5_usize, any::<prop::sample::Index>(), 0..8_usize, 0..4_usize),
            1..5,
        ),
    ) {
        let mut fields = [const { String::new() }; 4];
        let mut definitions = String::new();
        for (number, (label, spelling, way, object)) in marks.iter().enumerate() {
            let (words, ids) = SPELLINGS[*label];
            let word = spelling.get(words);
            let known = format!("marking-definition--{}", spelling.get(ids));
            let own = format!("marking-definition--{number}");
            let bare = word.trim_start_matches("TLP:").trim_start_matches("tlp:");
            let definition = |body: &str| {
                format!(r#"{{"type":"marking-definition","id":"{own}",{body}}},"#)
            };
            let mut mark = format!(r#","object_marking_refs":["{own}"]"#);
            match way {
                0 => mark = format!(r#","object_marking_refs":["{known}"]"#),
                1 => mark = format!(r#","object_marking_refs":"{known}""#),
                2 => mark = format!(r#","granular_markings":[{{"lang":"en"}},{{"marking_ref":"{known}","selectors":["name"]}}]"#),
                3 => definitions += &definition(&format!(r#""definition_type":"tlp","definition":{{"tlp":"{word}"}}"#)),
                4 => definitions += &definition(&format!(r#""name":"TLP:{bare}""#)),
                5 => definitions += &definition(&format!(r#""extensions":{{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{{"extension_type":"property-extension","tlp_2_0":"{bare}"}}}}"#)),
                6 => mark = format!(r#","object_marking_refs":[{{"type":"marking-definition","definition_type":"tlp","definition":{{"tlp":"{bare}"}}}}]"#),
                _ => mark = format!(r#","labels":["x","TLP:{bare}"]"#),
            }
            // The definition of a strict id is renamed to a mild one, and stands twice.
            let renamed = format!(r#"{{"type":"marking-definition","id":"{known}","name":"TLP:CLEAR"}},"#);
            definitions += &renamed;
            fields[*object] += &mark;
        }
        let [report, indicator, identity, bundle] = fields;
        let json = format!(
            r#"{{"type":"bundle","objects":[{definitions}
            {{"type":"report","id":"report--1","name":"x","created_by_ref":"identity--1","object_refs":["indicator--1"]{report}}},
            {{"type":"indicator","id":"indicator--1","name":"y"{indicator}}},
            {{"type":"identity","id":"identity--1","name":"z"{identity}}}]{bundle}}}"#
        );
        let item = only(json.as_bytes());
        let strictest = marks.iter().map(|(label, ..)| Label::ALL[*label]).max();
        prop_assert_eq!(Some(label(&item)), strictest, "{}\n{:?}", json, item);
    }
}
