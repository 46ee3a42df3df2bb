//! That nothing withheld survives, however it is written, and that what is not withheld does.

mod cases;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn all_patterns() -> BTreeSet<Rule> {
    BTreeSet::from([Rule::Emails, Rule::Telephones, Rule::Addresses, Rule::Indicators])
}

fn redactor(names: &[&str], words: &[&str], patterns: &[Rule]) -> Redactor {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Redactor::new(&own(names), &own(words), patterns.iter().copied().collect()).unwrap()
}

fn redact(redactor: &Redactor, text: &str) -> String {
    redactor.redact(text, |_| "[-]".to_owned())
}

#[test]
fn names_are_withheld_however_they_are_written() {
    let rules = redactor(&["Sian Smith", "s.smith", "Jo Ng"], &[], &[]);
    for text in [
        "SMITH",
        "Ｓｍｉｔｈ",
        "Sm\u{200b}ith",
        "S*mit*h",
        "S m i t h",
        "Smiths",
        "smith's",
        "&#83;mith",
        "sian_smith99",
        "ßmith Śian",
        "S.Smith@dover",
        "Jo",
        "JO's",
        "Jo",
        "Ng",
        "joNg",
        "Ѕmith",
    ] {
        let left = redact(&rules, &format!("ask {text} now"));
        let folded: String = fold(&left).iter().map(|atom| atom.c).collect();
        assert!(!folded.contains("smith") && !folded.contains("sian"), "{text:?}: {left:?}");
        assert!(left.contains("[-]"), "{text:?}: {left:?}");
        assert!(left.starts_with("ask ") && left.ends_with(" now"), "{text:?}: {left:?}");
    }
    for kept in ["the journal", "strong", "a song", "jot it down"] {
        assert_eq!(redact(&rules, kept), kept);
    }
}

#[test]
fn what_is_left_beside_a_name_is_looked_at_again() {
    let rules = redactor(&["Smith", "Jo"], &[], &[]);
    assert_eq!(redact(&rules, "smithjo"), "[-]");
    assert_eq!(redact(&rules, "josmith and x"), "[-] and x");
}

#[test]
fn email_addresses_are_withheld_also_defanged() {
    let rules = redactor(&[], &[], &[Rule::Emails]);
    for address in [
        "jo.smith@dover.gov.uk",
        "jo@dover",
        "jo[@]dover[.]gov[.]uk",
        "jo (at) dover (dot) gov (dot) uk",
        "jo at dover dot gov dot uk",
        "jo＠dover．gov．uk",
        "jo&#64;dover.gov.uk",
        "jo%40dover.gov.uk",
        "\"jo smith\"@dover.gov.uk",
        "jo\\@dover.gov.uk",
        "j\u{ad}o@do\u{200b}ver.gov.uk",
        "jo @ dover.gov.uk",
        "jo{at}dover{dot}gov{dot}uk",
        "<jo@dover.gov.uk>",
        "o'neil@dover.gov.uk",
    ] {
        let left = redact(&rules, &format!("mail: {address}, please"));
        assert!(
            !left.contains("jo") && !left.contains("dover") && !left.contains("neil"),
            "{left:?}"
        );
        assert!(left.contains(", please") && left.starts_with("mail:"), "{left:?}");
    }
    for kept in ["meet @ five", "meet at noon", "@jo", "look at example.org", "dot to dot"] {
        assert_eq!(redact(&rules, kept), kept);
    }
}

#[test]
fn telephone_numbers_are_withheld_and_dates_are_not() {
    let rules = redactor(&[], &[], &[Rule::Telephones]);
    for number in [
        "020 7946 0958",
        "+44 (0)20 7946 0958",
        "(01304) 872000",
        "01304-872-000",
        "07700.900123",
        "０２０ ７９４６ ０９５８",
        "٠٢٠٧٩٤٦٠٩٥٨",
        "872 0001",
        "020\u{200b}7946\u{200b}0958",
        "020‑7946‑0958",
        "020[.]7946[.]0958",
        "ext. 4521",
        "x4521",
    ] {
        let left = redact(&rules, &format!("call {number}."));
        assert!(!left.chars().any(char::is_numeric), "{number:?}: {left:?}");
        assert!(left.starts_with("call [-]"), "{left:?}");
    }
    for kept in [
        "on 2024-01-18",
        "on 18/01/2024 at 10:30",
        "CVE-2024-21887",
        "72 hours",
        "at 10:30:15",
        "#4512",
    ] {
        assert_eq!(redact(&rules, kept), kept);
    }
    assert_eq!(redact(&rules, "2024-01-18 020 7946 0958"), "[-]");
}

#[test]
fn addresses_and_indicators_are_withheld_also_defanged() {
    let rules = redactor(&[], &[], &[Rule::Addresses]);
    for address in [
        "198.51.100.7",
        "198[.]51[.]100[.]7",
        "198.51.100[.]7:443",
        "2001:db8::1",
        "2001[:]db8::1",
        "fe80::1",
        "00:1a:2b:3c:4d:5e",
        "00-1A-2B-3C-4D-5E",
        "１９８.51.100.7",
        "::ffff:198.51.100.7",
        "198 dot 51 dot 100 dot 7",
    ] {
        let left = redact(&rules, &format!("from {address} again"));
        assert!(!left.contains("198") && !left.contains("db8") && left.contains("[-]"), "{left:?}");
        assert!(!left.contains("1a") && !left.contains("1A") && !left.contains("e80"), "{left:?}");
    }
    for kept in ["at 10:30:15", "version 1.2", "a: b", "e.g. this"] {
        assert_eq!(redact(&rules, kept), kept);
    }
    let rules = redactor(&[], &[], &[Rule::Indicators]);
    for indicator in [
        "evil.example",
        "evil[.]example/a?b=c",
        "hxxps://evil[.]example/x",
        "http://10.0.0.1/x",
        "d41d8cd98f00b204e9800998ecf8427e",
        "evil。example",
        "evil (dot) example",
        "ev\u{200b}il.example",
    ] {
        let left = redact(&rules, &format!("seen {indicator} there"));
        assert!(
            !left.contains("vil") && !left.contains("ample") && !left.contains("d41"),
            "{left:?}"
        );
        assert!(
            !left.contains("10.0") && left.contains("[-]") && left.contains(" there"),
            "{left:?}"
        );
    }
    assert_eq!(redact(&rules, "nothing here. And more"), "nothing here. And more");
}

#[test]
fn what_is_joined_to_an_address_or_a_host_does_not_hide_it() {
    let rules = redactor(&[], &[], &[Rule::Addresses]);
    for address in [
        "198.51.100[.7",
        "198.51.100.]7",
        "198.51[.[100.7",
        "a198.51.100.7b",
        "198-51-100-7",
        "0xC6.0x33.0x64.0x07",
        "0306.0063.0144.0007",
        "0xC6336407",
        "3325256711",
        "001a.2b3c.4d5e",
        "001A-2B3C-4D5E",
        "mac001a.2b3c.4d5e—seen",
        "001a2b3c4d5e",
        "00-1A-2B-3C-4D-5E—added",
        "device00-1A-2B-3C-4D-5E",
        "00.1a.2b.3c.4d.5e",
        "00 1a 2b 3c 4d 5e",
        "2001:db8::.",
        "fe80::2b3c%eth0",
        "2001:db8:0:0:0:0:2b3c:1",
        "abc2001:db8::2b3c",
        "2001[:db8::2b3c",
    ] {
        let left = redact(&rules, &format!("from {address} again")).to_lowercase();
        for part in ["198", "51", "2b", "db8", "c6", "0306", "332"] {
            assert!(!left.contains(part), "{address:?}: {left:?}");
        }
    }
    for kept in ["10.30-11.30", "18.01.2024", "2023-2024", "20240118", "CVE-2024-21887"] {
        assert_eq!(redact(&rules, kept), kept);
    }
    let rules = redactor(&[], &[], &[Rule::Indicators]);
    for indicator in [
        "evil.example-hosted",
        "evil.example—then",
        "evil.example2",
        "evil.example.7",
        "evil.ev-il",
        "fs01.vil_ad",
        "dc01.evil1",
        "evil[.example",
        "evil.]example",
        "evil].[example",
        "hxxp[://evil[.example",
        "MD5d41d8cd98f00b204e9800998ecf8427ex",
    ] {
        let left = redact(&rules, &format!("seen {indicator} there"));
        for part in ["vil", "ample", "d41", "fs01"] {
            assert!(!left.contains(part), "{indicator:?}: {left:?}");
        }
    }
    for kept in ["a 1.5-inch disk", "at 7.30pm", "version 2.0-rc", "wait . . . then"] {
        assert_eq!(redact(&rules, kept), kept);
    }
}

#[test]
fn words_without_letters_are_refused() {
    let refused = Redactor::new(&[], &["!!".to_owned()], BTreeSet::new());
    assert!(matches!(refused, Err(RuleError::NoLetters)));
}

/// A letter or digit, written in one of the ways there are.
fn written(c: char, way: u8) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
    match way % 10 {
        0 => c.to_uppercase().to_string(),
        1 if c.is_ascii() => wide(c).to_string(),
        2 => format!("{c}\u{200b}"),
        3 => format!("{c}\u{301}"),
        4 => format!("&#{};", u32::from(c)),
        5 if c.is_ascii() => format!("%{:02x}", u32::from(c)),
        6 => format!("{c}\u{ad}"),
        7 if c.is_ascii() => format!("&#x{:X};", u32::from(c)),
        _ => c.to_string(),
    }
}

/// What stands between the letters of a term that is broken up.
const BETWEEN: [&str; 8] = ["", "", "", "", ".", " ", "*", "\n"];

fn disguised(term: &str, ways: &[u8], with_gaps: bool) -> String {
    let mut text = String::new();
    for (n, c) in term.chars().enumerate() {
        let way = ways.get(n % ways.len().max(1)).copied().unwrap_or_default();
        text.push_str(&written(c, way));
        if with_gaps {
            text.push_str(BETWEEN[usize::from(way / 10) % BETWEEN.len()]);
        }
    }
    text
}

/// The letters and digits of a text, by a reader of their own: it knows what [`written`] does.
fn read(text: &str) -> String {
    let atoms = fold(text);
    atoms.iter().map(|atom| atom.c).filter(|c| c.is_alphanumeric()).collect()
}

/// What may be joined to a host or an address.
const JOINED: [&str; 20] = [
    "", "-", "\u{2010}", "\u{2011}", "\u{2013}", "\u{2014}", "\u{2212}", "\u{ff0d}", "_", "x",
    "and", "a", "(", "]", "{", ">", "[.]", ":", "/", "'",
];

proptest! {
    #[test]
    fn no_word_survives_in_any_disguise(
        before in "[ a-zA-Z0-9@.:/\\n-]{0,30}", term in "[b-df-hj-np-tv-z]{5,12}", after in "\\PC{0,30}",
        ways in prop::collection::vec(any::<u8>(), 1..14),
    ) {
        for (names, words) in [(vec![term.clone()], vec![]), (vec![], vec![term.clone()])] {
            let rules = Redactor::new(&names, &words, BTreeSet::new()).unwrap();
            let text = format!("{before}{}{after}", disguised(&term, &ways, true));
            let left = rules.redact(&text, |_| "[-]".to_owned());
            prop_assert!(!read(&left).contains(&term), "{text:?}: {left:?}");
        }
    }

    #[test]
    fn no_address_survives_in_any_disguise(
        local in "[bcdf]{4,8}", host in "[ghjk]{4,8}", ways in prop::collection::vec(any::<u8>(), 1..14),
        at in prop::sample::select(vec!["@", "[@]", "(at)", " (at) ", "[at]", "＠", "&#64;", "%40", " at "]),
        dot in prop::sample::select(vec!["[.]", "(dot)", " dot ", "[dot]", "{.}"]),
        // Of other letters: what stands on both sides must not be taken for what is gone from between.
        rest in "[ l-z]{0,20}",
    ) {
        let (a, b) = (disguised(&local, &ways, false), disguised(&host, &ways, false));
        let text = format!("{rest} {a}{at}{b}{dot}uk {rest}");
        let left = redact(&redactor(&[], &[], &[Rule::Emails]), &text);
        let read = read(&left);
        prop_assert!(!read.contains(&local) && !read.contains(&host), "{text:?}: {left:?}");
        let host = format!("{b}{dot}example");
        let left = redact(&redactor(&[], &[], &[Rule::Indicators]), &format!("{rest} {host} {rest}"));
        prop_assert!(!left.contains("example"), "{host:?}: {left:?}");
    }

    /// Whatever is joined to it: a dash of any script, a letter, a low line, a bracket.
    #[test]
    fn no_host_and_no_address_survives_what_is_joined_to_it(
        before in prop::sample::select(JOINED.to_vec()), after in prop::sample::select(JOINED.to_vec()),
        name in "[ghjk]{4,8}", domain in "[qvwz]{2,6}",
        dot in prop::sample::select(vec![".", "[.]", "[.", ".]", "(.", ".)", "].[", "。", "[dot]"]),
        octets in prop::array::uniform4(100_u8..),
        card in prop::array::uniform3("[0-9][a-f][0-9][a-f]"),
        by in prop::sample::select(vec![".", "-", ":", "\u{2011}"]),
    ) {
        let hidden = |rule, text: &str| redact(&redactor(&[], &[], &[rule]), &format!("see {text} now"));
        let left = hidden(Rule::Indicators, &format!("{before}{name}{dot}{domain}{after}"));
        prop_assert!(!left.contains(&name) && !left.contains(&domain), "{left:?}");
        let [a, b, c, d] = octets;
        let left = hidden(Rule::Addresses, &format!("{before}{a}.{b}{dot}{c}.{d}{after}"));
        prop_assert!(!left.chars().any(char::is_numeric), "{left:?}");
        let card = card.join(by);
        let left = hidden(Rule::Addresses, &format!("{before}{card}{after}"));
        prop_assert!(!left.chars().any(char::is_numeric), "{left:?}");
    }

    #[test]
    fn no_number_survives_in_any_disguise(
        digits in "[0-9]{10,11}", ways in prop::collection::vec(any::<u8>(), 1..14),
        between in prop::sample::select(vec!["", " ", "-", ".", "[.]", " (", "\u{a0}", "\u{2011}"]),
        rest in "[ a-z]{0,20}",
    ) {
        let (first, second) = digits.split_at(5);
        let number = format!("{}{between}{}", disguised(first, &ways, false), disguised(second, &ways, false));
        let left = redact(&redactor(&[], &[], &[Rule::Telephones]), &format!("{rest} {number} {rest}"));
        prop_assert!(!read(&left).chars().any(char::is_numeric), "{number:?}: {left:?}");
    }

    /// Twice is once, nothing panics, and what stays is part of what was there.
    #[test]
    fn any_text_is_redacted_whole(text in "\\PC{0,120}", word in "\\w{3,6}") {
        let words: Vec<String> = [word].into_iter().filter(|word| terms::can_be_found(word)).collect();
        let rules = Redactor::new(&["Sian Smith".to_owned()], &words, all_patterns()).unwrap();
        let once = rules.redact(&text, |_| "\u{1}".to_owned());
        prop_assert_eq!(rules.redact(&once, |_| "?".to_owned()), once.clone(), "{:?}", text);
    }
}
