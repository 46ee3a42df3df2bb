//! CISA's catalogue as the relay reads it.

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, detect, parse};
use warproom_relay::item::{Item, Problem};

const CATALOGUE: &[u8] = include_bytes!("../samples/kev/catalogue.json");
const HOSTILE: &[u8] = include_bytes!("../samples/kev/hostile.json");

fn subjects(item: &Item) -> Vec<String> {
    let shown = |subject: &Subject| match subject {
        Subject::Vendor(name) => format!("vendor {name}"),
        Subject::Product(name) => format!("product {name}"),
        Subject::Cve(name) => format!("cve {name}"),
        Subject::Cpe(name) => format!("cpe {name}"),
        Subject::Topic(name) => format!("topic {name}"),
    };
    item.subjects.iter().map(shown).collect()
}

#[test]
fn an_entry_of_the_catalogue_is_an_alert_about_what_is_exploited() {
    let parsed = parse(Format::Kev, CATALOGUE).unwrap();
    assert_eq!(parsed.problems, []);
    let ids: Vec<&str> = parsed.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["CVE-2025-48384", "CVE-2024-21887", "CVE-2023-4966", "CVE-2021-44228"]);
    let ivanti = &parsed.items[1];
    assert_eq!(ivanti.message, Message::Alert);
    assert_eq!(ivanti.severity, Severity::Severe);
    assert_eq!(ivanti.urgency, Urgency::Immediate);
    assert_eq!(ivanti.certainty, Certainty::Observed);
    assert_eq!(
        ivanti.headline,
        "Ivanti Connect Secure and Policy Secure Command Injection Vulnerability (CVE-2024-21887) is being exploited"
    );
    assert_eq!(ivanti.issuer, "CISA");
    assert_eq!(ivanti.issued_at_ms, Some(1_704_844_800_000));
    assert_eq!(
        ivanti.what_to_do,
        "Apply mitigations per vendor instructions or discontinue use of the product if mitigations are unavailable."
    );
    assert!(ivanti.text.contains("CISA's date for US federal agencies: 2024-01-22."));
    assert_eq!((ivanti.effective_at_ms, ivanti.expires_at_ms), (None, None));
    assert_eq!(
        subjects(ivanti),
        ["vendor Ivanti", "product Connect Secure", "product Policy Secure", "cve CVE-2024-21887"]
    );
    assert_eq!(ivanti.references.len(), 2);
    assert_eq!(ivanti.references[1], "https://nvd.nist.gov/vuln/detail/CVE-2024-21887");
    assert!(!ivanti.exercise);
}

#[test]
fn what_binds_us_agencies_is_not_what_we_are_to_do() {
    let parsed = parse(Format::Kev, CATALOGUE).unwrap();
    assert_eq!(
        parsed.items[0].what_to_do,
        "Apply mitigations per vendor instructions, or discontinue use of the product if mitigations are unavailable."
    );
    assert_eq!(parsed.items[0].references.len(), 6);
}

#[test]
fn use_in_ransomware_campaigns_is_a_subject() {
    let parsed = parse(Format::Kev, CATALOGUE).unwrap();
    let netscaler = subjects(&parsed.items[2]);
    assert_eq!(
        netscaler,
        [
            "vendor Citrix",
            "product NetScaler ADC",
            "product NetScaler Gateway",
            "cve CVE-2023-4966",
            "topic ransomware"
        ]
    );
    assert!(parsed.items[2].text.contains("CISA knows of its use in ransomware campaigns."));
    // Two addresses apart by a comma, a third by a semicolon.
    assert_eq!(parsed.items[2].references.len(), 3);
    assert!(!subjects(&parsed.items[1]).contains(&"topic ransomware".to_owned()));
}

#[test]
fn a_changed_entry_is_another_revision_and_an_unchanged_one_is_not() {
    let before = parse(Format::Kev, CATALOGUE).unwrap().items;
    assert_eq!(parse(Format::Kev, CATALOGUE).unwrap().items, before);
    let text = std::str::from_utf8(CATALOGUE).unwrap();
    let changed = text.replace("2025.08.25", "2025.08.26").replacen(
        "\"knownRansomwareCampaignUse\": \"Unknown\"",
        "\"knownRansomwareCampaignUse\": \"Known\"",
        1,
    );
    let after = parse(Format::Kev, changed.as_bytes()).unwrap().items;
    assert_ne!(before[0].revision, after[0].revision);
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn a_bad_entry_is_named_and_the_others_are_read() {
    let parsed = parse(Format::Kev, HOSTILE).unwrap();
    let ids: Vec<&str> = parsed.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"]);
    let bad: Vec<&str> = parsed.problems.iter().map(|problem| problem.item.as_str()).collect();
    assert_eq!(bad, ["NOT A CVE", "item 5"]);
    assert_eq!(
        parsed.problems[0],
        Problem { item: "NOT A CVE".to_owned(), reason: "it has no CVE id".to_owned() }
    );
    let first = &parsed.items[0];
    assert_eq!(first.headline, "Example Gateway Flaw (CVE-2026-0001) is being exploited");
    assert_eq!(first.what_to_do, "Apply updates.");
    assert_eq!(first.references, ["https://example.com/a"]);
    assert!(first.text.starts_with("Text with a in it.\n\nWeakness: CWE-79."), "{}", first.text);
    assert_eq!(subjects(first)[1..4], ["product Gateway", "product Portal", "product Mobile App"]);
    assert_eq!(parsed.items[2].headline, "CVE-2026-0003 is being exploited");
}

#[test]
fn what_is_no_catalogue_is_refused_with_a_reason() {
    assert_eq!(parse(Format::Kev, b"<!doctype html><html>"), Err(Refusal::WebPage));
    for bad in [
        &b"{}"[..],
        b"[]",
        b"",
        b"{\"vulnerabilities\": 7}",
        b"\xff\xff",
        b"{\"vulnerabilities\": [{",
    ] {
        let refused = parse(Format::Kev, bad);
        assert!(matches!(refused, Err(Refusal::Unreadable { format: "KEV", .. })), "{refused:?}");
    }
    let deep = [b"{\"vulnerabilities\": ".as_slice(), &b"[".repeat(100_000)].concat();
    assert!(matches!(parse(Format::Kev, &deep), Err(Refusal::Unreadable { .. })));
}

#[test]
fn a_huge_catalogue_is_bounded() {
    let mut huge = b"{\"vulnerabilities\": [".to_vec();
    huge.extend(b"0,".repeat(15_000_000));
    huge.extend(b"0]}");
    let parsed = parse(Format::Kev, &huge).unwrap();
    assert_eq!(parsed.items, []);
    assert_eq!(parsed.problems.len(), 20_001);
    assert!(parsed.problems[20_000].reason.contains("14980001 more entries"));
}

#[test]
fn the_catalogue_is_known_by_what_is_in_it() {
    assert_eq!(detect(CATALOGUE), Some(Format::Kev));
    assert_eq!(detect(HOSTILE), Some(Format::Kev));
}

#[test]
fn a_field_of_an_odd_kind_costs_nothing_of_the_others() {
    let with = |fields: &str| {
        let document = format!(
            r#"{{"catalogVersion":"1","vulnerabilities":[{{"cveID":"CVE-2026-1234","vulnerabilityName":"N",{fields}}}]}}"#
        );
        let parsed = parse(Format::Kev, document.as_bytes()).unwrap();
        assert_eq!(parsed.problems, [], "{fields}");
        parsed.items.into_iter().next().unwrap()
    };
    let lone = with(r#""cwes":"CWE-1","vendorProject":5"#);
    assert!(lone.text.contains("Weakness: CWE-1."), "{}", lone.text);
    assert_eq!(subjects(&lone)[0], "vendor 5");
    let odd =
        with(r#""cwes":["CWE-1",null,{},7],"product":["A","B"],"notes":{"a":1},"dueDate":null"#);
    assert!(odd.text.contains("Weakness: CWE-1, 7."), "{}", odd.text);
    assert_eq!(subjects(&odd), ["product A", "product B", "cve CVE-2026-1234"]);
    assert_eq!(with(r#""shortDescription":[],"requiredAction":true"#).what_to_do, "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(Format::Kev, &bytes);
        let _ = detect(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..CATALOGUE.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = CATALOGUE.to_vec();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = parse(Format::Kev, &bytes);
        let _ = detect(&bytes);
    }
}
