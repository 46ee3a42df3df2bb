//! The relay's label rule: an explicit label wins, several give the strictest, words raise, nothing
//! lowers.

use proptest::prelude::*;
use warproom_client::proto::Label;
use warproom_relay::label::{
    LabelRule, decide, hints, is_marking, named_label, names_tlp, read_mark,
};

const PRIVATE: LabelRule = LabelRule { default: Label::Amber, public: false };

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn every_spelling_in_use_is_read() {
    for (label, spellings) in [
        (
            Label::Clear,
            &[
                "TLP:CLEAR",
                "TLP:WHITE",
                "tlp:white",
                "tlp:clear",
                "white",
                "TLP-WHITE",
                "TLP CLEAR",
                " TLP: Clear ",
                "TLPCLEAR",
                "TLP v2: CLEAR",
                "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
                "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
                "613F2E26-407D-48C7-9ECA-B8E91DF99DC9",
            ][..],
        ),
        (
            Label::Green,
            &[
                "TLP:GREEN",
                "tlp:green",
                "Green",
                "TLP_GREEN",
                "TLP 2.0: GREEN",
                "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
                "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
            ],
        ),
        (
            Label::Amber,
            &[
                "TLP:AMBER",
                "tlp:amber",
                "amber",
                "[TLP:AMBER]",
                "Traffic Light Protocol: Amber",
                "iep:traffic-light-protocol=\"AMBER\"",
                "tlp:ex:chr",
                "TLP:EX:CHR",
                "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
                "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
            ],
        ),
        (
            Label::AmberStrict,
            &[
                "TLP:AMBER+STRICT",
                "tlp:amber+strict",
                "AMBER+STRICT",
                "amber-strict",
                "AMBER STRICT",
                "amber_strict",
                "AmberStrict",
                "TLP:AMBER-STRICT",
                "tlp:amber strict",
                "TLP: AMBER + STRICT",
                "STRICT AMBER",
                "tlp-amber-strict",
                "AMBER (STRICT)",
                "tlpamberstrict",
                "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
            ],
        ),
        (
            Label::Red,
            &[
                "TLP:RED",
                "tlp:red",
                "red",
                "TLP RED",
                "TLP:CLEAR TLP:RED",
                "iep:traffic-light-protocol=\"RED\"",
                "CERT-XLM:tlp=\"red\"",
                "iep2-policy:tlp = \"TLP:RED\"",
                "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
                "MARKING-DEFINITION--5E57C739-391A-4EB3-B6BE-7D15CA92D5ED",
            ],
        ),
    ] {
        for spelling in spellings {
            assert_eq!(read_mark(spelling), Some(label), "{spelling:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_not_read() {
    for unknown in [
        "",
        "TLP",
        "TLP:",
        "tlp:unclear",
        "TLP:AMBER+",
        "AMBER+STRI",
        "TLP:AMBER+S",
        "GREEN+STRICT",
        "Red Hat",
        "amberstricter",
        "TLP:AMBER for members",
        "clear skies",
        "TLP:YELLOW",
        "PAP:RED",
        "reddish",
        "marking-definition--00000000-0000-4000-8000-000000000000",
        "ТLP:СLЕАR",
        "TLP:AM\u{200b}BER",
    ] {
        assert_eq!(read_mark(unknown), None, "{unknown:?}");
    }
    assert_eq!(read_mark(&"TLP:CLEAR ".repeat(1000)), None);
}

#[test]
fn an_explicit_label_wins_and_of_several_the_strictest() {
    assert_eq!(decide(&PRIVATE, &texts(&["TLP:CLEAR"]), &[]), Label::Clear);
    assert_eq!(
        decide(&PRIVATE, &texts(&["tlp:green", "vpn", "tlp:amber+strict"]), &[]),
        Label::AmberStrict
    );
    assert_eq!(decide(&PRIVATE, &texts(&["TLP:RED", "TLP:CLEAR"]), &[]), Label::Red);
}

#[test]
fn without_a_label_the_default_holds_and_only_a_public_source_may_go_below_green() {
    let none: [&[String]; 2] = [&[], &texts(&["vpn", "Red Hat"])];
    for marks in none {
        assert_eq!(decide(&PRIVATE, marks, &[]), Label::Amber);
        let careless = LabelRule { default: Label::Clear, public: false };
        assert_eq!(decide(&careless, marks, &[]), Label::Green);
        assert_eq!(decide(&LabelRule { public: true, ..careless }, marks, &[]), Label::Clear);
    }
}

#[test]
fn a_mark_that_cannot_be_read_stands_for_the_default() {
    for unknown in
        ["tlp:unclear", "TLP:YELLOW", "marking-definition--00000000-0000-4000-8000-000000000000"]
    {
        assert_eq!(decide(&PRIVATE, &texts(&[unknown]), &[]), Label::Amber, "{unknown}");
        assert_eq!(
            decide(&PRIVATE, &texts(&["TLP:CLEAR", unknown]), &[]),
            Label::Amber,
            "{unknown}"
        );
        assert_eq!(decide(&PRIVATE, &texts(&[unknown, "TLP:RED"]), &[]), Label::Red, "{unknown}");
    }
    assert_eq!(decide(&PRIVATE, &texts(&["TLP:CLEAR", "vpn"]), &[]), Label::Clear);
}

#[test]
fn a_mark_with_further_words_raises_to_the_strictest_label_in_it() {
    let public = LabelRule { default: Label::Clear, public: true };
    for (mark, label) in [
        ("TLP:RED (no forwarding)", Label::Red),
        ("TLP:RED - for named recipients only", Label::Red),
        ("Distribution: TLP:RED", Label::Red),
        ("TLPRED/EYESONLY", Label::Red),
        ("TLP:CLEAR until Friday, TLP:RED from then", Label::Red),
        ("TLP:AMBER+STRICT (EU)", Label::AmberStrict),
        ("TLP:AMBER strictly within the board", Label::AmberStrict),
        ("TLP:AMBERzSTRICT", Label::AmberStrict),
        ("TLP:AMBER (unstrict)", Label::AmberStrict),
        ("TLP:AMBER for district councils", Label::AmberStrict),
        ("TLP:AMBER+", Label::AmberStrict),
        ("TLP:AMBER+STRI", Label::AmberStrict),
        ("GREEN+STRICT", Label::AmberStrict),
        ("TLP:AMBER, NOFORN", Label::Amber),
        ("handled as Traffic-Light: Amber", Label::Amber),
        ("TLP:GREEN tlp:ex:chr", Label::Amber),
        ("TLP:GREEN for district councils", Label::Green),
        ("TLP:CLEAR for everybody", Label::Clear),
    ] {
        assert_eq!(read_mark(mark), None, "{mark}");
        assert!(is_marking(mark), "{mark}");
        assert_eq!(named_label(mark), Some(label), "{mark}");
        assert_eq!(decide(&public, &texts(&[mark]), &[]), label, "{mark}");
        assert_eq!(decide(&PRIVATE, &texts(&[mark]), &[]), label.max(Label::Amber), "{mark}");
    }
    for topic in ["Red Hat", "green energy", "Redis"] {
        assert_eq!(named_label(topic), None, "{topic}");
        assert_eq!(decide(&public, &texts(&[topic]), &[]), Label::Clear, "{topic}");
    }
}

#[test]
fn words_raise_and_never_lower() {
    assert_eq!(decide(&PRIVATE, &texts(&["TLP:GREEN"]), &texts(&["TLP:RED"])), Label::Red);
    assert_eq!(decide(&PRIVATE, &texts(&["TLP:RED"]), &texts(&["TLP:CLEAR"])), Label::Red);
    assert_eq!(decide(&PRIVATE, &[], &texts(&["TLP:CLEAR", "TLP:GREEN"])), Label::Amber);
}

#[test]
fn labels_are_found_in_words() {
    let found = hints(
        "This is TLP:AMBER+STRICT; parts are tlp-green. (TLP: Red)\nTLPWHITE. The red tlp, an amber light. TLP AMBER. Once more TLP:RED.",
    );
    assert_eq!(found, ["TLP:AMBER+STRICT", "TLP:GREEN", "TLP:RED", "TLP:CLEAR", "TLP:AMBER"]);
    assert_eq!(hints("TLP:AMBER+ and no more"), ["TLP:AMBER+STRICT"]);
    assert_eq!(hints("see https://www.first.org/tlp/ for more"), Vec::<String>::new());
    assert!(names_tlp("tlp:unclear") && names_tlp("TLPRED") && names_tlp("Traffic Light Protocol"));
    assert!(names_tlp("traffic-light-protocol") && names_tlp("TrafficLightProtocol=red"));
    assert!(!names_tlp("Green") && !names_tlp("antlpine") && !names_tlp("tlpx"));
}

/// A label in one of the spellings in use.
fn spelt() -> impl Strategy<Value = (Label, String)> {
    let labels = prop_oneof![
        Just((Label::Clear, "clear")),
        Just((Label::Clear, "white")),
        Just((Label::Green, "green")),
        Just((Label::Amber, "amber")),
        Just((Label::AmberStrict, "amber*strict")),
        Just((Label::Red, "red")),
    ];
    let prefixes = prop_oneof![
        Just(""),
        Just("tlp:"),
        Just("tlp "),
        Just("tlp-"),
        Just("TLP: "),
        Just("tlp_")
    ];
    let separators = prop_oneof![Just("+"), Just("-"), Just(" "), Just("_"), Just(" + "), Just("")];
    (labels, prefixes, separators, any::<u64>()).prop_map(
        |((label, name), prefix, separator, cases)| {
            let text = format!("{prefix}{}", name.replace('*', separator));
            let cased = text
                .chars()
                .zip((0..64).cycle())
                .map(|(c, bit)| if cases >> bit & 1 == 1 { c.to_ascii_uppercase() } else { c });
            (label, cased.collect())
        },
    )
}

fn rule() -> impl Strategy<Value = LabelRule> {
    (0_u8..5, any::<bool>()).prop_map(|(strictness, public)| LabelRule {
        default: Label::from_strictness(strictness).unwrap_or(Label::Red),
        public,
    })
}

proptest! {
    #[test]
    fn every_spelling_reads_as_its_label((label, text) in spelt()) {
        prop_assert_eq!(read_mark(&text), Some(label));
    }

    #[test]
    fn nothing_is_milder_than_the_strictest_readable_mark_or_hint(
        rule in rule(),
        marks in proptest::collection::vec(spelt(), 0..5),
        hints in proptest::collection::vec(spelt(), 0..5),
        noise in proptest::collection::vec("[ -~]{0,20}", 0..4),
        place in any::<proptest::sample::Index>(),
    ) {
        let mut written: Vec<String> = marks.iter().map(|(_, text)| text.clone()).collect();
        for text in noise {
            let at = place.index(written.len() + 1);
            written.insert(at, text);
        }
        let hinted: Vec<String> = hints.iter().map(|(_, text)| text.clone()).collect();
        let label = decide(&rule, &written, &hinted);
        let strictest = marks.iter().chain(&hints).map(|(label, _)| *label).max();
        prop_assert!(Some(label) >= strictest);
        if marks.is_empty() && written.is_empty() {
            prop_assert!(label >= rule.floor());
        }
        written.reverse();
        prop_assert_eq!(decide(&rule, &written, &hinted), label);
    }

    #[test]
    fn one_more_hint_never_lowers_and_one_more_mark_never_lowers_a_marked_item(
        rule in rule(),
        marks in proptest::collection::vec(spelt(), 1..4),
        more in prop_oneof![spelt().prop_map(|(_, text)| text), "[ -~]{0,20}", Just("tlp:unclear".to_owned())],
    ) {
        let mut written: Vec<String> = marks.into_iter().map(|(_, text)| text).collect();
        let before = decide(&rule, &written, &[]);
        prop_assert!(decide(&rule, &written, std::slice::from_ref(&more)) >= before);
        prop_assert!(decide(&rule, &[], std::slice::from_ref(&more)) >= rule.floor());
        written.push(more);
        prop_assert!(decide(&rule, &written, &[]) >= before);
    }

    #[test]
    fn amber_and_strict_in_any_arrangement_are_never_less_than_strict(
        parts in Just(["amber", "strict"]).prop_shuffle(),
        glue in proptest::collection::vec("[^\\p{L}]{0,4}|tlp|[a-z]{1,3}", 3),
    ) {
        let text = format!("{}{}{}{}{}", glue[0], parts[0], glue[1], parts[1], glue[2]);
        let read = read_mark(&text);
        prop_assert!(read.is_none_or(|label| label >= Label::AmberStrict), "{:?} is {:?}", text, read);
        prop_assert!(decide(&PRIVATE, &[text], &[]) >= Label::Amber);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        let _ = (read_mark(&text), names_tlp(&text));
        for hint in hints(&text) {
            prop_assert!(read_mark(&hint).is_some());
        }
    }
}
