//! TLP labels that people write in the words of a message. They may raise the label of what a
//! webhook brings and never lower it, so a spelling is taken for the stricter one when in doubt.

use warproom_proto::Label;

/// How far from AMBER the word STRICT still belongs to it, in characters: room for brackets, bold
/// print and a few words between.
const NEAR: usize = 24;

/// How much may stand between `TLP` and its colour: a colon, spaces, dashes, bold print.
const BETWEEN: usize = 6;

/// What stands for “version”.
const VERSION: [&str; 3] = ["v", "ver", "version"];

/// The strictest label spelt in a text: `TLP:AMBER`, `tlp amber strict`, `[TLP-RED]`. A word that is
/// only part of another is none.
pub fn strictest(text: &str) -> Option<Label> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("tlp").filter_map(|(at, word)| spelt(&lower, at, at + word.len())).max()
}

fn spelt(text: &str, start: usize, end: usize) -> Option<Label> {
    if text[..start].chars().next_back().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let rest = colour(&text[end..])?;
    let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let strict_is_near = || {
        let before: String = text[..start].chars().rev().take(NEAR).collect();
        let after: String = rest[length..].chars().take(NEAR).collect();
        after.contains("strict") || before.contains("tcirts")
    };
    match &rest[..length] {
        "red" => Some(Label::Red),
        "amber" if strict_is_near() => Some(Label::AmberStrict),
        "amber" => Some(Label::Amber),
        "strict" | "amberstrict" => Some(Label::AmberStrict),
        "green" => Some(Label::Green),
        // WHITE is what TLP 1.0 called it.
        "clear" | "white" => Some(Label::Clear),
        _ => None,
    }
}

/// What follows `TLP`, from its colour on. Some write the version between them (`TLP 2.0: RED`): it
/// says nothing of the label.
fn colour(mut rest: &str) -> Option<&str> {
    loop {
        let between = rest.find(char::is_alphanumeric)?;
        if rest[..between].contains('\n') || rest[..between].chars().count() > BETWEEN {
            return None;
        }
        rest = &rest[between..];
        let behind = number(rest);
        if behind.len() == rest.len() {
            return Some(rest);
        }
        rest = behind;
    }
}

/// A text without the number that it begins with, or the word for one.
fn number(text: &str) -> &str {
    let behind = |word| {
        let behind: Option<&str> = text.strip_prefix(word);
        behind.filter(|behind| !behind.starts_with(char::is_alphabetic))
    };
    let digits = VERSION.into_iter().find_map(behind).unwrap_or(text);
    digits.trim_start_matches(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_words_however_people_write_them() {
        for (text, label) in [
            ("TLP:RED", Label::Red),
            ("[tlp-red] for your eyes", Label::Red),
            ("Marked **TLP: Red**.", Label::Red),
            ("TLP:**RED**", Label::Red),
            ("#tlp_amber", Label::Amber),
            ("TLP:AMBER, until Friday", Label::Amber),
            ("TLP:AMBER+STRICT", Label::AmberStrict),
            ("TLP:AMBER STRICT", Label::AmberStrict),
            ("TLP AMBER (and that is strict)", Label::AmberStrict),
            ("STRICT: TLP:AMBER", Label::AmberStrict),
            ("tlp:strict", Label::AmberStrict),
            ("tlp:amberstrict", Label::AmberStrict),
            ("TLP:GREEN", Label::Green),
            ("TLPRED", Label::Red),
            ("TLP:WHITE", Label::Clear),
            ("TLP:GREEN here, TLP:RED there", Label::Red),
            ("TLP 2.0: AMBER", Label::Amber),
            ("TLP v2.0:RED", Label::Red),
            ("TLP2:RED", Label::Red),
            ("TLPv2.0-AMBER+STRICT", Label::AmberStrict),
            ("TLP (version 2.0): **RED**", Label::Red),
            ("TLP2RED", Label::Red),
            ("TLP 2.: green", Label::Green),
            ("\u{1f44b} TLP\u{ff1a}RED", Label::Red),
        ] {
            assert_eq!(strictest(text), Some(label), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_label_is_none() {
        for text in [
            "",
            "TLP",
            "TLP:",
            "TLP:REDACTED",
            "the TLP\nred tape",
            "xTLP:RED",
            "a red amber light",
            "TLP applies: see green",
            "TLP:PINK",
            "TLP 2.0",
            "TLP version",
            "TLP 2.0: vred",
            "TLP v2\nred",
        ] {
            assert_eq!(strictest(text), None, "{text}");
        }
    }

    #[test]
    fn text_of_any_kind_is_read_without_harm() {
        use proptest::prelude::*;
        proptest!(|(text in "\\PC*")| { strictest(&text); });
        proptest!(|(before in "\\PC{0,30}[^a-zA-Z0-9]", after in "[^a-zA-Z0-9]\\PC{0,30}")| {
            // Whatever stands around it, it is never taken for something milder.
            prop_assume!(!before.chars().next_back().is_some_and(char::is_alphanumeric));
            prop_assume!(!after.chars().next().is_some_and(char::is_alphanumeric));
            let found = strictest(&format!("{before}TLP:AMBER{after}"));
            prop_assert!(found >= Some(Label::Amber), "{found:?}");
        });
    }

    #[test]
    fn a_version_makes_no_label_milder() {
        use proptest::prelude::*;
        proptest!(|(
            label in prop::sample::select(Label::ALL.to_vec()),
            version in "[ :(_-]{0,3}([vV]|[vV]er\\. |version )?[0-9]{1,3}(\\.[0-9]{1,2}){0,2}\\.?",
            sign in "[ :)*_-]{0,5}",
            (before, after) in ("(\\PC{0,30}[^a-zA-Z0-9])?", "([^a-zA-Z0-9]\\PC{0,30})?"),
        )| {
            prop_assume!(!before.chars().next_back().is_some_and(char::is_alphanumeric));
            prop_assume!(!after.chars().next().is_some_and(char::is_alphanumeric));
            let colour = &label.to_string()["TLP:".len()..];
            let found = strictest(&format!("{before}TLP{version}{sign}{colour}{after}"));
            prop_assert!(found >= Some(label), "{found:?}");
        });
    }
}
