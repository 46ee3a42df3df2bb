//! CAP alerts as the relay reads them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, detect, parse};
use warproom_relay::item::{Item, Problem};

const TSUNAMI: &[u8] = include_bytes!("../samples/cap/tsunami-update.xml");
const BLIZZARD: &[u8] = include_bytes!("../samples/cap/blizzard-1.1.xml");
const EARTHQUAKE: &[u8] = include_bytes!("../samples/cap/earthquake-update.xml");
const TWO_LANGUAGES: &[u8] = include_bytes!("../samples/cap/two-languages.xml");
const ENTITIES: &[u8] = include_bytes!("../samples/cap/hostile-entities.xml");
const SAMPLES: [&[u8]; 5] = [TSUNAMI, BLIZZARD, EARTHQUAKE, TWO_LANGUAGES, ENTITIES];

/// Far more than any of these takes, far less than a hostile document could want.
const AT_MOST: Duration = Duration::from_secs(20);

fn one(document: &[u8]) -> Item {
    let mut parsed = parse(Format::Cap, document).unwrap();
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.items.len(), 1);
    parsed.items.remove(0)
}

fn problem(document: &[u8]) -> Problem {
    let mut parsed = parse(Format::Cap, document).unwrap();
    assert_eq!(parsed.items, []);
    assert_eq!(parsed.problems.len(), 1);
    parsed.problems.remove(0)
}

fn alert(fields: &str) -> String {
    format!(
        "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>7</identifier><sender>a@example.org</sender><sent>2026-01-18T13:45:00Z</sent>{fields}</alert>"
    )
}

fn topics(item: &Item) -> Vec<&str> {
    let mut found = Vec::new();
    for subject in &item.subjects {
        if let Subject::Topic(name) = subject {
            found.push(name.as_str());
        }
    }
    found
}

#[test]
fn an_update_names_what_it_replaces_by_the_ids_that_those_have() {
    let item = one(TSUNAMI);
    assert_eq!(item.id, "wcatwc@noaa.gov,PAAQ-4-mg5a94,2013-01-05T10:58:23-00:00");
    assert_eq!(item.revision, "2013-01-05T10:58:23-00:00");
    assert_eq!(
        item.replaces,
        [
            "wcatwc@noaa.gov,PAAQ-1-mg5a94,2013-01-05T09:01:16-00:00",
            "wcatwc@noaa.gov,PAAQ-2-mg5a94,2013-01-05T09:30:16-00:00",
            "wcatwc@noaa.gov,PAAQ-3-mg5a94,2013-01-05T10:17:31-00:00"
        ]
    );
    assert_eq!(item.message, Message::Update);
    assert_eq!(item.severity, Severity::Unknown);
    assert_eq!(item.urgency, Urgency::Past);
    assert_eq!(item.certainty, Certainty::Unlikely);
    assert_eq!(item.issuer, "NWS West Coast/Alaska Tsunami Warning Center Palmer AK");
    assert_eq!(item.issued_at_ms, Some(1_357_383_503_000));
    assert_eq!(item.effective_at_ms, item.issued_at_ms);
    assert_eq!(item.expires_at_ms, item.issued_at_ms);
    assert!(item.headline.starts_with("The tsunami Warning is canceled"));
    assert!(item.what_to_do.starts_with("Recommended Actions: Do not re-occupy"));
    assert_eq!(
        item.references,
        [
            "http://ntwc.arh.noaa.gov/events/PAAQ/2013/01/05/mg5a94/4/WEAK51/WEAK51.txt",
            "http://ntwc.arh.noaa.gov/events/PAAQ/2013/01/05/mg5a94/4/WEAK51/PAAQ.json"
        ]
    );
    assert_eq!(topics(&item), ["Geo", "Tsunami Cancellation"]);
    assert_eq!(item.marks, Vec::<String>::new());
    assert!(!item.exercise);
}

#[test]
fn version_1_1_is_read_too() {
    let item = one(BLIZZARD);
    assert_eq!(item.message, Message::Alert);
    assert_eq!(item.severity, Severity::Severe);
    assert_eq!(item.urgency, Urgency::Expected);
    assert_eq!(item.certainty, Certainty::Likely);
    assert_eq!(item.issued_at_ms, Some(1_640_621_280_000));
    assert_eq!(item.expires_at_ms, Some(1_640_649_600_000));
    assert!(
        item.text.starts_with(
            "...BLIZZARD WARNING REMAINS IN EFFECT UNTIL 6 PM CST THIS\nEVENING...\n* WHAT"
        ),
        "{}",
        item.text
    );
    assert!(item.text.contains("\n\nArea: Southe"));
    let item = one(EARTHQUAKE);
    assert_eq!(item.headline, "EQ 3.4 Imperial County CA");
    assert_eq!(item.replaces, ["trinet@caltech.edu,TRI13970876.1,2003-06-11T20:30:00-07:00"]);
}

#[test]
fn of_several_languages_english_is_read_and_of_several_degrees_the_worst() {
    let item = one(TWO_LANGUAGES);
    assert!(item.exercise);
    assert_eq!(item.severity, Severity::Severe);
    assert_eq!(item.urgency, Urgency::Expected);
    assert_eq!(item.certainty, Certainty::Likely);
    assert_eq!(item.headline, "Long power cuts in the valley");
    assert_eq!(
        item.text,
        "Data centres run on generators.\n\nArea: The valley\n\nShort power cuts in the hills\n\nThey may last a minute.\n\nArea: The hills\n\nFor the exercise alone."
    );
    assert_eq!(item.what_to_do, "Check the fuel.");
    assert_eq!(item.issuer, "Example Resilience Forum");
    assert_eq!(item.issued_at_ms, Some(1_768_740_300_000));
    assert_eq!(item.effective_at_ms, Some(1_768_740_600_000));
    assert_eq!(item.expires_at_ms, Some(1_768_798_800_000));
    assert_eq!(
        item.references,
        ["https://resilience.example.org/0042", "https://resilience.example.org/0042.png"]
    );
    assert_eq!(topics(&item), ["Infra", "Safety", "Power cut"]);
    assert_eq!(item.marks, ["TLP:AMBER", "tlp:amber+strict", "TLP:GREEN"]);
}

#[test]
fn what_is_not_actual_is_never_real() {
    let with = |status: &str| {
        alert(&format!("<status>{status}</status><msgType>Alert</msgType><scope>Public</scope>"))
    };
    assert!(!one(with("Actual").as_bytes()).exercise);
    assert!(one(with("Exercise").as_bytes()).exercise);
    assert!(one(with(" test ").as_bytes()).exercise);
    for (status, says) in
        [("System", "System"), ("Draft", "Draft"), ("Actuel", "Actuel"), ("", "not known")]
    {
        let problem = problem(with(status).as_bytes());
        assert_eq!(problem.item, "7");
        assert!(problem.reason.contains(says), "{}", problem.reason);
    }
}

#[test]
fn acknowledgements_and_errors_are_no_warnings() {
    for (kind, says) in
        [("Ack", "acknowledges"), ("Error", "rejects"), ("Other", "none that CAP has")]
    {
        let document = alert(&format!("<status>Actual</status><msgType>{kind}</msgType>"));
        assert!(problem(document.as_bytes()).reason.contains(says));
    }
    let cancel =
        alert("<status>Actual</status><msgType>Cancel</msgType><note>Sent by mistake.</note>");
    let cancel = one(cancel.as_bytes());
    assert_eq!(cancel.message, Message::Cancel);
    assert_eq!(cancel.headline, "Sent by mistake.");
}

#[test]
fn a_narrower_scope_is_a_mark() {
    let with = |scope: &str| {
        let fields = format!(
            "<status>Actual</status><msgType>Alert</msgType><scope>{scope}</scope><restriction>for TLP: Red only</restriction>"
        );
        one(alert(&fields).as_bytes())
    };
    assert_eq!(with("Public").marks, ["for TLP: Red only"]);
    assert_eq!(with("Restricted").marks, ["TLP:AMBER", "for TLP: Red only"]);
    assert_eq!(with("Private").marks, ["TLP:AMBER+STRICT", "for TLP: Red only"]);
    assert_eq!(with("Whatever").marks, ["TLP:AMBER", "for TLP: Red only"]);
    assert_eq!(with("Public").hints, ["TLP:RED"]);
}

#[test]
fn alerts_in_an_envelope_are_each_read() {
    let envelope = format!(
        "<e:EDXLDistribution xmlns:e='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><e:contentObject><e:xmlContent><e:embeddedXMLContent>{}{}</e:embeddedXMLContent></e:xmlContent></e:contentObject></e:EDXLDistribution>",
        alert("<status>Actual</status><msgType>Alert</msgType>"),
        alert("<status>Draft</status><msgType>Alert</msgType>"),
    );
    let parsed = parse(Format::Cap, envelope.as_bytes()).unwrap();
    assert_eq!((parsed.items.len(), parsed.problems.len()), (1, 1));
    assert_eq!(detect(envelope.as_bytes()), Some(Format::Cap));
    let nameless = "<alert><status>Actual</status><msgType>Alert</msgType></alert>";
    assert!(problem(nameless.as_bytes()).reason.contains("no sender"));
}

#[test]
fn an_exercise_never_looks_real() {
    let with =
        |fields: &str| alert(&format!("{fields}<msgType>Alert</msgType><scope>Public</scope>"));
    let foreign = "<x:status xmlns:x='urn:x'>Actual</x:status><status>Exercise</status>";
    assert!(one(with(foreign).as_bytes()).exercise);
    for (first, second) in [("Actual", "Exercise"), ("Test", "Actual"), ("System", "Exercise")] {
        let twice = with(&format!("<status>{first}</status><status>{second}</status>"));
        assert!(one(twice.as_bytes()).exercise, "{first}, {second}");
    }
    let twice = with("<status>Actual</status><status>Draft</status>");
    assert!(problem(twice.as_bytes()).reason.contains("disagree"));
    let same = with("<status>Actual</status><status>actual</status>");
    assert!(!one(same.as_bytes()).exercise);
    for (words, exercise) in [
        ("<headline>EXERCISE EXERCISE EXERCISE: power cut</headline>", true),
        ("<language>cy</language><headline>[Exercise] toriad</headline>", true),
        ("<event>TEST: sirens</event><headline>Sirens</headline>", true),
        ("<headline>Exercise caution on roads</headline>", false),
    ] {
        let info = format!(
            "<status>Actual</status><info><headline>Power</headline></info><info>{words}</info>"
        );
        assert_eq!(one(with(&info).as_bytes()).exercise, exercise, "{words}");
    }
}

#[test]
fn children_of_another_namespace_are_not_caps_and_those_without_one_are() {
    let document = alert(
        "<x:scope xmlns:x='urn:x'>Public</x:scope><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><scope>Private</scope><x:info xmlns:x='urn:x'><headline>Not this</headline></x:info><info><headline>This</headline></info>",
    );
    let item = one(document.as_bytes());
    assert_eq!(item.headline, "This");
    assert_eq!(item.marks, ["TLP:AMBER+STRICT"], "of two scopes the narrower");
    assert_eq!(item.sender, "a@example.org");
    let bare = "<c:alert xmlns:c='urn:oasis:names:tc:emergency:cap:1.2'><identifier>7</identifier><sender>s</sender><sent>2026-01-18T13:45:00Z</sent><status>Actual</status><msgType>Alert</msgType></c:alert>";
    assert_eq!(one(bare.as_bytes()).id, "s,7,2026-01-18T13:45:00Z");
}

#[test]
fn no_number_of_codes_crowds_out_the_strictest_mark() {
    let codes: Vec<String> =
        (0..200).map(|number| format!("<code>TLP nonsense {number}</code>")).collect();
    let codes = codes.concat();
    let fields = format!(
        "<status>Actual</status><msgType>Alert</msgType>{codes}<code>TLP:RED - named recipients</code>"
    );
    let item = one(alert(&fields).as_bytes());
    assert!(item.marks.contains(&"TLP:RED - named recipients".to_owned()), "{:?}", item.marks);
    assert!(item.marks.len() <= 32, "{}", item.marks.len());
}

#[test]
fn labels_are_found_in_words_that_are_cut_or_of_another_language() {
    let long = "x ".repeat(20_000);
    for words in [
        format!("<note>{long} TLP:RED</note>"),
        format!("<info><headline>H</headline><description>{long} TLP:RED</description></info>"),
        format!("<info><headline>H</headline><instruction>{long} TLP:RED</instruction></info>"),
        "<info><language>en</language><headline>H</headline></info><info><language>cy</language><headline>H</headline><description>TLP:RED</description></info>".to_owned(),
    ] {
        let fields = format!("<status>Actual</status><msgType>Alert</msgType>{words}");
        assert_eq!(one(alert(&fields).as_bytes()).hints, ["TLP:RED"]);
    }
}

#[test]
fn entities_nesting_and_size_end_in_a_refusal() {
    let started = Instant::now();
    assert_eq!(parse(Format::Cap, ENTITIES), Err(Refusal::Entities));
    assert_eq!(
        parse(Format::Cap, b"<!DOCTYPE alert SYSTEM 'http://example.org/x.dtd'><alert/>"),
        Err(Refusal::Entities)
    );
    assert_eq!(parse(Format::Cap, b"<!DOCTYPE html><html><body>"), Err(Refusal::WebPage));
    let reason = |document: &[u8]| match parse(Format::Cap, document) {
        Err(Refusal::Unreadable { format: "CAP", reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(&b"<alert>".repeat(100_000)).contains("nest deeper"));
    assert!(
        reason(&[b"<alert>".as_slice(), &b"<a/>".repeat(7_000_000)].concat()).contains("more than")
    );
    assert!(
        reason(&[b"<alert>".as_slice(), &b"x".repeat(30_000_000)].concat()).contains("was cut")
    );
    assert!(
        reason(&[b"<alert ".as_slice(), &b"a='b' ".repeat(1_000_000)].concat()).contains("tag")
    );
    assert!(reason(b"<rss version='2.0'/>").contains("\"rss\""));
    reason(b"");
    reason(b"hello");
    assert_eq!(
        parse(Format::Cap, &b" ".repeat(33 * 1024 * 1024)),
        Err(Refusal::TooLarge { bytes: 33 * 1024 * 1024, most: 32 * 1024 * 1024 })
    );
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
}

#[test]
fn an_alert_is_known_by_what_is_in_it() {
    for sample in SAMPLES {
        assert_eq!(detect(sample), Some(Format::Cap));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(Format::Cap, &bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(
        sample in 0..SAMPLES.len(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = SAMPLES[sample].to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = parse(Format::Cap, &bytes);
        let _ = detect(&bytes);
    }
}
