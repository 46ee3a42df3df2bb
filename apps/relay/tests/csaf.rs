//! CSAF documents, published ones and hostile ones, as items: field by field, and with any bytes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Label, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, parse};
use warproom_relay::item::{Item, Parsed};
use warproom_relay::label::{LabelRule, decide};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../samples/csaf/", $name))
    };
}

const SAMPLES: [&[u8]; 9] = [
    sample!("bsi-2022-0001.json"),
    sample!("icsa-24-298-03.json"),
    sample!("rhsa-2019_1862.json"),
    sample!("vex-affected.json"),
    sample!("vex-not-affected.json"),
    sample!("withdrawn.json"),
    sample!("red.json"),
    sample!("sharing-group.json"),
    sample!("hostile.json"),
];

fn read(document: &[u8]) -> Parsed {
    parse(Format::Csaf, document).unwrap()
}

fn only(document: &[u8]) -> Item {
    let parsed = read(document);
    assert_eq!(parsed.problems, []);
    <[Item; 1]>::try_from(parsed.items).unwrap().into_iter().next().unwrap()
}

fn label(item: &Item) -> Label {
    decide(&LabelRule { default: Label::Clear, public: true }, &item.marks, &item.hints)
}

fn vendor(name: &str) -> Subject {
    Subject::Vendor(name.parse().unwrap())
}

fn product(name: &str) -> Subject {
    Subject::Product(name.parse().unwrap())
}

fn cve(name: &str) -> Subject {
    Subject::Cve(name.parse().unwrap())
}

#[test]
fn an_advisory_of_2_0_is_read_whole() {
    let item = only(sample!("bsi-2022-0001.json"));
    assert_eq!(item.id, "https://www.bsi.bund.de,BSI-2022-0001");
    assert_eq!(item.revision, "1");
    assert_eq!(item.message, Message::Alert);
    assert_eq!(item.severity, Severity::Moderate);
    assert_eq!(item.urgency, Urgency::Future);
    assert_eq!(item.certainty, Certainty::Possible);
    assert_eq!(item.headline, "CVRF-CSAF-Converter: XML External Entities Vulnerability");
    assert!(item.text.starts_with(
        "CVE-2022-27193: CSAF Tools CVRF-CSAF-Converter 1.0.0-rc1 resolves XML External Entities"
    ));
    assert!(item.text.ends_with("\nFixed in: CSAF Tools CVRF-CSAF-Converter 1.0.0-rc2"));
    assert!(item.text.contains("\n\nAffected: CSAF Tools CVRF-CSAF-Converter 1.0.0-alpha, CSAF"));
    assert_eq!(
        item.what_to_do,
        "Fix: Update to the latest version of the product. At least version 1.0.0-rc2"
    );
    assert_eq!(
        item.references,
        ["https://github.com/csaf-tools/CVRF-CSAF-Converter/releases/tag/1.0.0-rc2"]
    );
    assert_eq!(item.issuer, "Bundesamt für Sicherheit in der Informationstechnik");
    assert_eq!(
        item.subjects,
        [
            vendor("CSAF Tools"),
            Subject::Cpe("csaf-tools:cvrf-csaf-converter".parse().unwrap()),
            cve("CVE-2022-27193"),
            product("CVRF-CSAF-Converter"),
        ]
    );
    assert_eq!(item.issued_at_ms, Some(1_647_522_222_105));
    assert_eq!(item.marks, ["TLP:WHITE"]);
    assert_eq!(item.hints, [""; 0]);
    assert!(!item.exercise);
}

#[test]
fn an_authority_s_advisory_puts_the_fault_before_the_general_advice() {
    let item = only(sample!("icsa-24-298-03.json"));
    assert_eq!(item.id, "https://www.cisa.gov/,ICSA-24-298-03");
    assert_eq!(item.issuer, "CISA");
    assert_eq!(item.severity, Severity::Moderate);
    assert_eq!(item.certainty, Certainty::Possible, "'no known exploitation' is not exploitation");
    let fault = item.text.find("CVE-2024-5947: Deep Sea Electronics DSE855").unwrap();
    let advice = item.text.find("CISA recommends users take defensive measures").unwrap();
    assert!(fault < advice);
    assert!(!item.text.contains("as is"), "legal notices are left out");
    assert_eq!(
        item.what_to_do,
        "Fix: Deep Sea Electronics recommends that users update DSE855 to version 1.2.0"
    );
    assert_eq!(
        item.references[..2],
        [
            "https://raw.githubusercontent.com/cisagov/CSAF/develop/csaf_files/OT/white/2024/icsa-24-298-03.json",
            "https://www.cisa.gov/news-events/ics-advisories/icsa-24-298-03",
        ]
    );
    assert_eq!(
        item.subjects,
        [vendor("Deep Sea Electronics"), cve("CVE-2024-5947"), product("DSE855")]
    );
}

#[test]
fn an_informational_advisory_has_its_own_addresses_first() {
    let item = only(sample!("rhsa-2019_1862.json"));
    assert_eq!(item.id, "https://www.redhat.com,RHSA-2019:1862");
    assert_eq!(item.severity, Severity::Minor);
    assert_eq!(item.certainty, Certainty::Unknown);
    assert_eq!(item.references[0], "https://access.redhat.com/errata/RHSA-2019:1862");
    assert_eq!(
        item.references[1],
        "https://access.redhat.com/security/data/csaf/beta/2019/rhsa-2019_1862.json"
    );
    assert_eq!(item.subjects, [vendor("Red Hat")]);
    assert_eq!(item.issued_at_ms, Some(1_564_123_080_000));
}

#[test]
fn a_vex_tells_who_is_affected_and_who_is_not() {
    let affected = only(sample!("vex-affected.json"));
    assert!(affected.text.ends_with("\n\nAffected: Example Company DEF 1.0"), "{}", affected.text);
    assert_eq!(affected.certainty, Certainty::Possible);
    assert_eq!(affected.marks, ["TLP:CLEAR"]);
    let not = only(sample!("vex-not-affected.json"));
    assert!(not.text.ends_with("\n\nNot affected: Example Company ABC 4.2"), "{}", not.text);
    assert_eq!(not.severity, Severity::Minor);
    assert_eq!(not.certainty, Certainty::Unlikely);
    assert_eq!(not.urgency, Urgency::Unknown);
}

#[test]
fn a_withdrawn_document_cancels_and_an_exploited_one_is_observed() {
    let withdrawn = only(sample!("withdrawn.json"));
    assert_eq!(withdrawn.message, Message::Cancel);
    assert_eq!(withdrawn.urgency, Urgency::Past);
    assert_eq!(withdrawn.revision, "2");
    assert_eq!(
        withdrawn.text,
        "This CSAF document contained example data and was withdrawn to create test data."
    );
    let exploited = only(sample!("exploited.json"));
    assert_eq!(exploited.certainty, Certainty::Observed);
    assert_eq!(exploited.urgency, Urgency::Immediate);
}

#[test]
fn several_revisions_are_an_update_and_the_newest_release_is_the_issue() {
    let text = String::from_utf8(sample!("withdrawn.json").to_vec()).unwrap();
    let item = only(text.replace("csaf_withdrawn", "csaf_base").as_bytes());
    assert_eq!(item.message, Message::Update);
    assert_eq!(item.issued_at_ms, Some(1_716_544_800_000));
}

#[test]
fn a_sharing_group_is_never_shown_and_never_milder_than_amber() {
    let red = only(sample!("red.json"));
    assert_eq!(red.marks, ["TLP:RED"], "the group 'Public' adds nothing and takes nothing away");
    let text = String::from_utf8(sample!("sharing-group.json").to_vec()).unwrap();
    let item = only(text.replace("\"RED\"", "\"CLEAR\"").as_bytes());
    assert_eq!(item.marks, ["TLP:CLEAR", "TLP:AMBER"]);
    assert_eq!(label(&item), Label::Amber);
    assert!(!format!("{item:?}").contains("Example Sharing Group"));
}

#[test]
fn a_hostile_list_gives_what_can_be_read_and_names_the_rest() {
    let parsed = read(sample!("hostile.json"));
    let problems: Vec<_> =
        parsed.problems.iter().map(|one| (one.item.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        problems,
        [
            ("EX-2", "CSAF 3.0 is not known here; 2.0 and 2.1 are"),
            ("document 3", "it has no tracking.id, so its revisions could not be told apart"),
            ("EX-3", "it is a draft; it will be read once it is interim or final"),
        ]
    );
    let [first, exercise] = &parsed.items[..] else { panic!("two items") };
    assert_eq!(first.headline, "Clear at first sight");
    assert_eq!(first.text, "Update now.");
    assert_eq!(first.what_to_do, "Fix: Install 2.0.\n\nWorkaround: Unplug it.");
    assert_eq!(first.references, ["https://psirt.example/ex-1"]);
    assert_eq!(first.issuer, "Example PSIRT");
    assert_eq!(first.severity, Severity::Severe, "a score of 9.9 is not extreme");
    assert_eq!(first.certainty, Certainty::Possible);
    assert_eq!(first.subjects, [vendor("Example"), cve("CVE-2024-12345"), product("Gateway")]);
    assert_eq!(first.marks, ["TLP:CLEAR", "TLP:RED"], "a second label hides nothing");
    assert_eq!(first.hints, ["TLP:AMBER+STRICT"]);
    assert_eq!(label(first), Label::Red);
    assert!(exercise.exercise);
    assert_eq!(exercise.marks, ["TLP:GREEN", "TLP:AMBER+STRICT"]);
    assert_eq!(label(exercise), Label::AmberStrict);
}

#[test]
fn what_is_no_advisory_is_refused_with_what_to_do() {
    for (document, part) in [
        (r#"{"feed":{"entry":[]}}"#, "name the advisories themselves"),
        (r#"{"canonical_url":"https://a.example/provider-metadata.json"}"#, "metadata"),
        (r#"{"objects":[]}"#, "there is no \"document\" in it"),
        ("7", "there is no \"document\" in it"),
    ] {
        let Err(Refusal::Unreadable { format: "CSAF", reason }) =
            parse(Format::Csaf, document.as_bytes())
        else {
            panic!("{document} was read");
        };
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(parse(Format::Csaf, b"<!doctype html><p>moved"), Err(Refusal::WebPage));
}

#[test]
fn large_and_deep_documents_end_soon() {
    let note = r#"{"category":"summary","text":"<p>words and <b>more</b> words TLP:RED</p>"},"#;
    let head = r#"{"document":{"title":"x","tracking":{"id":"1","version":"1"},"notes":["#;
    let notes = format!("{head}{}null]}}}}", note.repeat(30_000_000 / note.len()));
    let branch = r#"{"category":"vendor","name":"V"},"#;
    let branches = format!(
        r#"{{"document":{{"tracking":{{"id":"1"}}}},"product_tree":{{"branches":[{}null]}}}}"#,
        branch.repeat(400_000)
    );
    let deep = format!(r#"{{"document":{}"#, r#"{"branches":["#.repeat(1_000_000));
    let many = format!("[{}0]", "0,".repeat(15_000_000));
    for document in [notes, branches, deep, many] {
        let before = Instant::now();
        let _ = parse(Format::Csaf, document.as_bytes());
        // Unoptimised and beside other tests; an optimised build takes a tenth.
        let head = String::from_utf8_lossy(&document.as_bytes()[..60]).into_owned();
        assert!(before.elapsed() < Duration::from_secs(20), "{head}: {:?}", before.elapsed());
    }
}

/// Spellings of each label, mildest first.
const SPELLINGS: [&[&str]; 5] = [
    &["CLEAR", "WHITE", "TLP:CLEAR", "tlp:white"],
    &["GREEN", "TLP:GREEN", " green "],
    &["AMBER", "TLP:AMBER", "amber"],
    &["AMBER+STRICT", "TLP:AMBER+STRICT", "Amber Strict", "TLP:AMBER-STRICT"],
    &["RED", "TLP:RED", "red"],
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(Format::Csaf, &bytes);
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
        if let Ok(parsed) = parse(Format::Csaf, &bytes) {
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
        marks in prop::collection::vec((0..5_usize, any::<prop::sample::Index>(), 0..6_usize), 1..5),
    ) {
        let mut json = String::from(r#"{"document":{"title":"x","tracking":{"id":"1","version":"1"}"#);
        for (label, spelling, place) in &marks {
            let text = spelling.get(SPELLINGS[*label]);
            let bare = text.trim().trim_start_matches("TLP:").trim_start_matches("tlp:");
            let part = match place {
                0 => format!(r#","distribution":{{"tlp":{{"label":"{text}"}}}}"#),
                1 => format!(r#","distribution":[{{"tlp":[{{"label":["{text}"]}}]}}]"#),
                2 => format!(r#","distribution":{{"tlp":"{text}"}}"#),
                3 => format!(r#","distribution":{{"text":"Marked TLP:{bare}.","tlp":{{}}}}"#),
                4 => format!(r#","notes":[{{"category":"summary","text":"It is TLP:{bare}."}}]"#),
                _ => format!(r#","distribution":{{"tlp":{{"label":"WHITE","label":"{text}"}}}}"#),
            };
            json += &part;
        }
        json += "}}";
        let item = only(json.as_bytes());
        // A field of words that stands twice is read once; marks are read every time.
        let counted = |place: usize, at: usize| match place {
            3 => marks[..at].iter().all(|(_, _, one)| matches!(one, 4)),
            4 => marks[..at].iter().all(|(_, _, one)| *one != 4),
            _ => true,
        };
        let strictest = marks
            .iter()
            .enumerate()
            .filter(|(at, (_, _, place))| counted(*place, *at))
            .map(|(_, (label, _, _))| Label::ALL[*label])
            .max();
        prop_assert!(Some(label(&item)) >= strictest, "{json}\n{item:?}");
    }
}
