//! What the relay fetches: documents of feeds, lists of them, HTML within them, and markings.

use warproom_proto::{Label, Line, Subject};
use warproom_relay::formats::{Format, Refusal, detect, parse};
use warproom_relay::item::Item;
use warproom_relay::label::{LabelRule, decide, hints, is_marking, named_label, read_mark};
use warproom_relay::{plain, source};

pub(super) fn feed(bytes: &[u8]) {
    document(Format::Feed, bytes);
}

pub(super) fn kev(bytes: &[u8]) {
    document(Format::Kev, bytes);
}

pub(super) fn cap(bytes: &[u8]) {
    document(Format::Cap, bytes);
}

pub(super) fn csaf(bytes: &[u8]) {
    document(Format::Csaf, bytes);
}

pub(super) fn stix(bytes: &[u8]) {
    document(Format::Stix, bytes);
}

pub(super) fn misp(bytes: &[u8]) {
    document(Format::Misp, bytes);
}

/// A document: refused in a sentence, or read to items within their bounds. Reading it twice gives the
/// same, since what an item says decides whether it is new.
fn document(format: Format, bytes: &[u8]) {
    let _ = detect(bytes);
    match parse(format, bytes) {
        Ok(parsed) => {
            assert!(parse(format, bytes).as_ref() == Ok(&parsed), "it is read in two ways");
            parsed.items.iter().for_each(item);
        }
        Err(Refusal::Fault { format }) => panic!("the reader of {format} failed"),
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
}

fn item(item: &Item) {
    assert!(!item.id.is_empty() && !item.headline.is_empty(), "an item has id and headline");
    assert!(item.id.chars().count() <= 500, "an id has {} characters", item.id.chars().count());
    assert!(item.headline.chars().count() <= 200, "{:?}", item.headline);
    assert!(item.text.chars().count() <= 8000 && item.what_to_do.chars().count() <= 8000);
    assert!(item.references.len() <= 32 && item.subjects.len() <= 32, "lists are bounded");
    let opens =
        |address: &String| ["http://", "https://"].iter().any(|one| address.starts_with(one));
    assert!(item.references.iter().all(opens), "{:?}", item.references);
    for text in [&item.headline, &item.text, &item.what_to_do, &item.issuer] {
        assert!(!text.chars().any(is_active), "what nobody sees is shown: {text:?}");
    }
    for subject in &item.subjects {
        let (Subject::Vendor(name)
        | Subject::Product(name)
        | Subject::Cve(name)
        | Subject::Cpe(name)
        | Subject::Topic(name)) = subject;
        assert!(name.as_str().parse::<warproom_proto::Name>().is_ok());
    }
    never_milder(&item.marks, &item.hints);
}

/// A control character that is not a line's end, or one that turns the direction of what is read.
fn is_active(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{202e}').contains(&c)
}

/// Whatever is marked: no milder than any mark that is read, nor than any label named in words, nor
/// than the default where nothing is marked.
fn never_milder(marks: &[String], words: &[String]) {
    for default in [Label::Green, Label::Amber] {
        let label = decide(&LabelRule { default, public: false }, marks, words);
        let read = marks.iter().chain(words).filter_map(|mark| read_mark(mark));
        assert!(read.clone().all(|read| label >= read), "{marks:?} {words:?} became {label}");
        let says_one = marks.iter().any(|mark| read_mark(mark).is_some());
        assert!(says_one || label >= default, "{marks:?} became {label}");
    }
}

/// A marking, or words.
pub(super) fn label(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (marks, words) = text.split_once('\n').unwrap_or((text, ""));
    let marks: Vec<String> = marks.split(',').map(str::to_owned).collect();
    never_milder(&marks, &hints(words));
    for mark in &marks {
        let (read, named) = (read_mark(mark), named_label(mark));
        assert!(named.is_none() || is_marking(mark), "{mark:?} names a label, and is no marking");
        // The stricter word is never taken for the milder one that it begins with.
        let upper = mark.to_ascii_uppercase();
        if upper.contains("STRICT") && upper.contains("AMBER") {
            assert!(read.is_none_or(|label| label >= Label::AmberStrict), "{mark:?}: {read:?}");
            assert!(named.is_none_or(|label| label >= Label::AmberStrict), "{mark:?}: {named:?}");
        }
    }
}

/// A list of documents, as CSAF's providers have them.
pub(super) fn lists(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    // No more documents than it can name.
    assert!(source::listed(text).len() <= text.len() / 2);
}

/// An answer of a TAXII server: each of its objects is read or said to be unreadable, and none stops the rest.
pub(super) fn taxii(bytes: &[u8]) {
    if let Ok(parsed) = source::brought(bytes) {
        assert!(
            source::brought(bytes).is_ok_and(|again| again == parsed),
            "it is read in two ways"
        );
        parsed.items.iter().for_each(item);
    }
}

/// HTML, or a text that only looks like it.
pub(super) fn plain(bytes: &[u8]) {
    /// Shorter than most inputs, so that much is cut.
    const CHARS: usize = 2000;
    let Ok(text) = str::from_utf8(bytes) else { return };
    let shown = plain::plain(text, CHARS);
    assert!(shown.chars().count() <= CHARS && !shown.chars().any(is_active), "{shown:?}");
    let line = plain::line(text, 200);
    assert!(line.is_empty() || line.parse::<Line>().is_ok(), "{line:?}");
    if let Some(address) = plain::address(text) {
        assert!(address.starts_with("http://") || address.starts_with("https://"), "{address:?}");
        assert!(address.parse::<Line>().is_ok(), "{address:?}");
    }
    let _ = plain::name(text);
}
