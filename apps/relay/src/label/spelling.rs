//! How a label is spelt by those who mark things: TLP 2.0 and 1.0, in any case, with the separators
//! that people, STIX and MISP use, and the ids of STIX marking definitions.
//!
//! Reading goes by whole words, never by a beginning: a text that has AMBER and STRICT in it, however
//! arranged, is AMBER+STRICT. A text with two labels in it is the stricter. A text with a word in it
//! that this does not know is not read at all.

use warproom_client::proto::Label;

/// The longest text that is a mark and not a sentence.
const MARK_BYTES: usize = 200;

/// STIX 2.1's marking definitions for TLP, version 2.0 and then 1.0 (OASIS STIX 2.1 and its TLP 2.0
/// extension).
const STIX: [(&str, Label); 9] = [
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", Label::Clear),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", Label::Green),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", Label::Amber),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", Label::AmberStrict),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", Label::Red),
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", Label::Clear),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", Label::Green),
    ("f88d31f6-486f-44da-b317-01333bde0b82", Label::Amber),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Label::Red),
];

/// A word of a marking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Names a label.
    Label(Label),
    /// Makes AMBER stricter.
    Strict,
    /// Says that this is a marking, and nothing more.
    Tlp,
    /// Goes with a marking and says nothing: a version.
    Filler,
    /// Not a word of a marking.
    Other,
}

/// The label that a mark means; `None` where it means none, or none that is known.
///
/// `tlp:ex:chr`, the Chatham House Rule, is AMBER: what was said may be used, but not who said it or
/// was there, and neither can be taken out of a relayed item. Where it stands beside another label, in
/// a mark of its own as it should, the stricter of the two holds.
#[must_use]
pub fn read_mark(mark: &str) -> Option<Label> {
    let mark = mark.trim();
    if mark.is_empty() || mark.len() > MARK_BYTES {
        return None;
    }
    if let Some(label) = stix(mark) {
        return Some(label);
    }
    let lower = mark.to_lowercase();
    if let Some(value) = tagged(&lower) {
        return read_mark(&format!("tlp:{value}"));
    }
    let words = without_long_name(words(&lower));
    if words.iter().eq(["tlp", "ex", "chr"].iter()) {
        return Some(Label::Amber);
    }
    let mut strictest = None;
    let mut strict = false;
    for word in words {
        match understood(word) {
            Word::Label(label) => strictest = strictest.max(Some(label)),
            Word::Strict => strict = true,
            Word::Tlp | Word::Filler => {}
            Word::Other => return None,
        }
    }
    let cut = lower.contains('+') && !strict && !lower.contains("strict");
    match (strictest, strict) {
        (Some(Label::Red), _) => Some(Label::Red),
        (Some(Label::Amber | Label::AmberStrict), true) => Some(Label::AmberStrict),
        // "STRICT" makes sense beside AMBER alone, and "AMBER+" is the beginning of something
        // stricter. What is meant is not known.
        (_, true) => None,
        (_, false) if cut => None,
        (strictest, false) => strictest,
    }
}

/// The strictest label that a marking names where it cannot be read as a whole: `TLP:RED (no
/// forwarding)`. Whoever wrote it meant that label or more, so it may raise and never lower. Said of
/// no label or of AMBER, STRICT and a plus sign mean AMBER+STRICT. A text that is no marking names none.
#[must_use]
pub fn named_label(mark: &str) -> Option<Label> {
    if !is_marking(mark) {
        return None;
    }
    let lower = mark.to_lowercase();
    let words = words(&lower);
    let chatham = words.windows(2).any(|pair| pair == ["ex", "chr"]).then_some(Label::Amber);
    let strict = words.iter().any(|word| word.starts_with("strict"));
    let label = words.iter().filter_map(|word| named_word(word)).max().max(chatham);
    // Beside AMBER anywhere in a word, though it be a district: whatever stands between the two, it was
    // not meant milder.
    let beside = lower.contains('+') || words.iter().any(|word| word.contains("strict"));
    if strict || beside && label == Some(Label::Amber) {
        label.max(Some(Label::AmberStrict))
    } else {
        label
    }
}

/// The label that a word begins with where it is stuck to more: `tlpreds`, `ambers`.
fn named_word(word: &str) -> Option<Label> {
    if let Word::Label(label) = understood(word) {
        return Some(label);
    }
    if word.contains("amber") {
        return Some(Label::Amber);
    }
    let rest = glued(word)?;
    ["red", "green"].into_iter().find(|label| rest.starts_with(label)).and_then(|label| {
        match understood(label) {
            Word::Label(label) => Some(label),
            _ => None,
        }
    })
}

/// Whether a text is a marking, be it readable or not; what is and cannot be read may be strict.
#[must_use]
pub fn is_marking(mark: &str) -> bool {
    let lower = mark.trim().to_lowercase();
    lower.starts_with("marking-definition--")
        || names_tlp(&lower)
        || words(&lower).iter().any(|word| {
            word.contains("amber")
                || matches!(understood(word), Word::Strict)
                || STIX.iter().any(|(id, _)| id.starts_with(word) && word.len() == 8)
        })
}

/// Whether a text names the Traffic Light Protocol, as a category of a feed must for being a mark:
/// "Green" alone is a topic.
#[must_use]
pub fn names_tlp(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = words(&lower);
    words.windows(2).any(|pair| *pair == LONG_NAME[..2])
        || words
            .iter()
            .any(|word| *word == "tlp" || word.starts_with("trafficlight") || glued(word).is_some())
}

/// What the Traffic Light Protocol is called in full.
const LONG_NAME: [&str; 3] = ["traffic", "light", "protocol"];

/// The words without the protocol's name in full, which says no more than `TLP`.
fn without_long_name(mut words: Vec<&str>) -> Vec<&str> {
    if words.len() > LONG_NAME.len() && words.starts_with(&LONG_NAME) {
        words.drain(..LONG_NAME.len());
    }
    words
}

/// The value of a machine tag whose predicate is the protocol: `red` of `iep:tlp="red"`.
fn tagged(lower: &str) -> Option<&str> {
    let (key, value) = lower.split_once('=')?;
    let (_, predicate) = key.split_once(':')?;
    let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    let named = words(predicate);
    (named == ["tlp"] || named == LONG_NAME).then_some(value)
}

fn stix(mark: &str) -> Option<Label> {
    const PREFIX: &str = "marking-definition--";
    let id = match mark.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => mark.get(PREFIX.len()..)?,
        _ => mark,
    };
    STIX.iter().find(|(known, _)| id.eq_ignore_ascii_case(known)).map(|(_, label)| *label)
}

/// A text's words: runs of letters and digits. Everything else separates, so that no sign or invisible
/// character glues or hides one.
pub(super) fn words(lower: &str) -> Vec<&str> {
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// What follows `tlp` in a word that begins with it and goes on with a label: `tlpred`.
fn glued(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("tlp")?;
    ["clear", "white", "green", "amber", "red"]
        .iter()
        .any(|label| rest.starts_with(label))
        .then_some(rest)
}

fn understood(word: &str) -> Word {
    match glued(word).unwrap_or(word) {
        "clear" | "white" => Word::Label(Label::Clear),
        "green" => Word::Label(Label::Green),
        "amber" => Word::Label(Label::Amber),
        "amberstrict" | "strictamber" => Word::Label(Label::AmberStrict),
        "red" => Word::Label(Label::Red),
        "strict" => Word::Strict,
        "tlp" => Word::Tlp,
        "v1" | "v2" | "2" | "1" | "0" | "label" | "marking" => Word::Filler,
        _ => Word::Other,
    }
}
