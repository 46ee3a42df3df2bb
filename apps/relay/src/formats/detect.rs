//! Which format a document is in, told by what is in it and never by its name. It says what to try;
//! whether the document is any good is for the format's reader to say.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{DOCUMENT_BYTES, Format};

/// How far into an XML document its root element is looked for: past a licence in a comment.
const HEAD_BYTES: usize = 64 * 1024;

/// How many keys of an object are looked at. The formats have under twenty.
const KEYS: usize = 64;

/// The levels of JSON that are looked at: a list, an object, an object in it.
const LEVELS: u8 = 4;

/// The format of a document, if it is one that is read.
#[must_use]
pub fn detect(document: &[u8]) -> Option<Format> {
    if document.len() > DOCUMENT_BYTES {
        return None;
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let document = document.trim_ascii_start();
    match document.first()? {
        b'{' | b'[' => json(document),
        b'<' => xml(document),
        // UTF-16, with its mark.
        0xff | 0xfe => {
            let bare: Vec<u8> =
                document.iter().take(HEAD_BYTES).copied().filter(u8::is_ascii).collect();
            let bare: Vec<u8> = bare.into_iter().filter(|byte| *byte != 0).collect();
            xml(&bare)
        }
        _ => None,
    }
}

fn xml(document: &[u8]) -> Option<Format> {
    let head = String::from_utf8_lossy(&document[..document.len().min(HEAD_BYTES)]);
    let mut rest: &str = &head;
    loop {
        rest = &rest[rest.find('<')? + 1..];
        let skipped = if rest.starts_with("!--") {
            rest.find("-->")?
        } else if rest.starts_with(['!', '?']) {
            rest.find('>')?
        } else {
            break;
        };
        rest = &rest[skipped..];
    }
    let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
    let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    match name.rsplit(':').next().unwrap_or_default() {
        "rss" | "RDF" | "feed" | "channel" | "entry" => Some(Format::Feed),
        "alert" | "alerts" | "EDXLDistribution" => Some(Format::Cap),
        _ => None,
    }
}

fn json(document: &[u8]) -> Option<Format> {
    let mut reader = serde_json::Deserializer::from_slice(document);
    let outline = Seed(LEVELS).deserialize(&mut reader).ok()?;
    of_outline(&outline)
}

fn of_outline(outline: &Outline) -> Option<Format> {
    if let Outline::List(first) = outline {
        return of_outline(first);
    }
    let says = |key: &str, text: &str| matches!(outline.at(key), Some(Outline::Text(found)) if found.starts_with(text));
    let has = |key: &str| outline.at(key).is_some();
    if outline.at("document").is_some_and(|document| document.at("csaf_version").is_some()) {
        Some(Format::Csaf)
    } else if says("version", "https://jsonfeed.org/version/") {
        Some(Format::Feed)
    } else if has("vulnerabilities") && (has("catalogVersion") || kev_entries(outline)) {
        Some(Format::Kev)
    } else if has("Event") || (has("info") && has("uuid") && (has("Attribute") || has("Orgc"))) {
        Some(Format::Misp)
    } else if let Some(response) = outline.at("response") {
        of_outline(response).filter(|format| *format == Format::Misp)
    } else if says("type", "bundle") || stix_objects(outline) || has("spec_version") {
        Some(Format::Stix)
    } else {
        None
    }
}

fn kev_entries(outline: &Outline) -> bool {
    matches!(outline.at("vulnerabilities"), Some(Outline::List(first)) if first.at("cveID").is_some())
}

/// A TAXII envelope: a list of objects with STIX ids (`indicator--…`).
fn stix_objects(outline: &Outline) -> bool {
    let Some(Outline::List(first)) = outline.at("objects") else { return false };
    matches!(first.at("id"), Some(Outline::Text(id)) if id.contains("--"))
}

/// The upper levels of a JSON document.
enum Outline {
    Object(Vec<(String, Outline)>),
    /// Its first element.
    List(Box<Outline>),
    /// Its first characters.
    Text(String),
    Other,
}

impl Outline {
    fn at(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

struct Seed(u8);

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Outline;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Outline, D::Error> {
        if self.0 == 0 {
            return from.deserialize_ignored_any(IgnoredAny).map(|_| Outline::Other);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Outline;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Outline, M::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if entries.len() < KEYS {
                entries.push((key, map.next_value_seed(Self(self.0 - 1))?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Outline::Object(entries))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Outline, S::Error> {
        let first = list.next_element_seed(Self(self.0 - 1))?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first.map_or(Outline::Other, |first| Outline::List(Box::new(first))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Outline, E> {
        Ok(Outline::Text(text.chars().take(100).collect()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Outline, E> {
        Ok(Outline::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Outline, E> {
        Ok(Outline::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Outline, E> {
        Ok(Outline::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Outline, E> {
        Ok(Outline::Other)
    }

    fn visit_unit<E>(self) -> Result<Outline, E> {
        Ok(Outline::Other)
    }
}
