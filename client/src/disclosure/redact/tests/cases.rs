//! The rules as somebody would try to get past them without meaning to: what people write, paste and
//! format. Each row is a text, and what of it no reader may find.

use super::*;

const NAMES: [&str; 8] = [
    "Anne-Marie O'Neill",
    "Dewi Lloyd-Jones",
    "Jo Ann Lee",
    "J. R. Hartley",
    "Rene\u{301} Dupo\u{302}nt",
    "Sian Smith",
    "Li 李明",
    "Łukasz Ång",
];

/// A text with a name in it, and the letters that must not be left of it.
const NAMED: [(&str, &str); 41] = [
    ("Anne-Marie", "marie"),
    ("Anne‑Marie", "anne"),
    ("annemarie", "anne"),
    ("O’Neill", "neill"),
    ("O`Neill", "neill"),
    ("Oneill", "neill"),
    ("Mrs Neill", "neill"),
    ("O&rsquo;Neill's", "neill"),
    ("Lloyd Jones", "jones"),
    ("Jones, Dewi", "dewi"),
    ("Lloyd-Jones', ", "lloyd"),
    ("joann", "joann"),
    ("leejo", "lee"),
    ("Lee, J.", "j"),
    ("J. Lee", "j"),
    ("J.A. Lee", "lee"),
    ("Jo's", "jo"),
    ("Lees", "lee"),
    ("J. R. Hartley", "r"),
    ("Hartley, J R", "j"),
    ("jhartley", "hart"),
    ("Dupont", "dupo"),
    ("Dupo\u{302}nt", "dup"),
    ("Ren&eacute;", "ren"),
    ("Sm_ith_", "ith"),
    ("S**mi**th", "mi"),
    ("Sm<b>ith</b>", "ith"),
    ("Sm<!-- x -->ith", "ith"),
    ("Sm[it](https://a.b)h", "it"),
    ("[Sm][1]ith", "ith"),
    ("Sm[^1]ith", "ith"),
    ("`Smi`th", "smi"),
    ("Sm\u{200d}ith", "ith"),
    ("Smi\u{ad}th", "smi"),
    ("Sm\u{6d6}ith", "ith"),
    ("S\u{e47}mith", "mith"),
    ("🅢🅜🅘🅣🅗", "🅜"),
    ("🇸🇲🇮🇹🇭", "🇲"),
    ("是李明的", "李"),
    ("Lukasz", "luka"),
    ("ANG", "ang"),
];

#[test]
fn no_name_is_left_of_what_people_write() {
    let names = NAMES.map(str::to_owned);
    let rules = Redactor::new(&names, &[], BTreeSet::new()).unwrap();
    let mut leaks = Vec::new();
    for (text, hidden) in NAMED {
        let left = rules.redact(text, |_| "#".to_owned()).to_lowercase();
        if left.contains(hidden) || !left.contains('#') {
            leaks.push((text, left));
        }
    }
    assert_eq!(leaks, []);
    for kept in ["he had a change of mind", "the journal of a fleet", "nothing to see", "a lea"] {
        assert_eq!(rules.redact(kept, |_| "#".to_owned()), kept);
    }
}

/// A rule, a text that it withholds, and what must not be left of it.
const HIDDEN: [(Rule, &str, &str); 46] = [
    (Rule::Emails, "[mail me](mailto:jo@zzq.gov.uk)", "jo"),
    (Rule::Emails, "mailto:jo%40zzq.gov.uk?subject=x", "zzq"),
    (Rule::Emails, "jo(work)@zzq.gov.uk", "jo"),
    (Rule::Emails, "jo[work]smith@zzq.gov.uk", "jo"),
    (Rule::Emails, "j**o**@zz_q_.gov.uk", "j"),
    (Rule::Emails, "`jo`@`zzq`.gov.uk", "jo"),
    (Rule::Emails, "jo[@zzq[.gov.uk", "jo"),
    (Rule::Emails, "jo@]zzq.gov.uk", "zzq"),
    (Rule::Emails, "jo-at-zzq-dot-gov-dot-uk", "jo"),
    (Rule::Emails, "jo_at_zzq_dot_gov", "zzq"),
    (Rule::Emails, "jo.smith at zzq.gov.uk", "jo"),
    (Rule::Emails, "jo at zzq.gov.uk", "jo"),
    (Rule::Emails, "jo<b>@</b>zzq.gov.uk", "jo"),
    (Rule::Emails, "jo\u{ad}@\u{200b}zzq.gov.uk", "jo"),
    (Rule::Telephones, "020.7946.0958", "0"),
    (Rule::Telephones, "020/7946/0958", "0"),
    (Rule::Telephones, "[020] [7946] [0958]", "0"),
    (Rule::Telephones, "{020}7946 0958", "0"),
    (Rule::Telephones, "020\u{a0}7946\u{202f}0958", "0"),
    (Rule::Telephones, "+44 (0) 20 7946 0958", "0"),
    (Rule::Telephones, "+44(0)20–7946–0958", "0"),
    (Rule::Telephones, "020 **7946** 0958", "0"),
    (Rule::Telephones, "020 `7946` 0958", "0"),
    (Rule::Telephones, "020 <b>7946</b> 0958", "0"),
    (Rule::Telephones, "[ring](tel:+442079460958)", "0"),
    (Rule::Telephones, "mobile: 872000", "8"),
    (Rule::Telephones, "telephone 872000", "8"),
    (Rule::Addresses, "fe80::7%eth0", "7"),
    (Rule::Addresses, "fe80:0:0:0::7", "7"),
    (Rule::Addresses, "2001:0db8::/32", "db8"),
    (Rule::Addresses, "[2001:db8::7]:443", "db8"),
    (Rule::Addresses, "`198.51`.100.7", "198"),
    (Rule::Addresses, "198._51_.100.7", "198"),
    (Rule::Addresses, "198.<b>51</b>.100.7", "198"),
    (Rule::Addresses, "198 . 51 . 100 . 7", "198"),
    (Rule::Addresses, "[198.51.100](https://x).7", "198"),
    (Rule::Addresses, "198\u{2024}51\u{2024}100\u{2024}7", "198"),
    (Rule::Indicators, "ev**il**.example", "ev"),
    (Rule::Indicators, "ev_il_.example", "ev"),
    (Rule::Indicators, "evil.<b>example</b>", "ample"),
    (Rule::Indicators, "`evil`.`example`", "evil"),
    (Rule::Indicators, "[evil](https://x).example", "evil"),
    (Rule::Indicators, "[here](https://evil.example/x)", "evil"),
    (Rule::Indicators, "evil . example", "evil"),
    (Rule::Indicators, "evil-dot-example", "evil"),
    (Rule::Indicators, "e\u{301}vil.exa\u{ad}mple", "vil"),
];

#[test]
fn no_address_and_no_number_is_left_of_what_people_write() {
    let mut leaks = Vec::new();
    for (rule, text, hidden) in HIDDEN {
        let rules = Redactor::new(&[], &[], BTreeSet::from([rule])).unwrap();
        let left = rules.redact(&format!("| {text} |"), |_| "#".to_owned());
        if left.contains(hidden) || !left.contains('#') {
            leaks.push((rule, text, left));
        }
    }
    assert_eq!(leaks, []);
}
