//! A collection of a TAXII 2.1 server (OASIS, TAXII 2.1, section 5.4): the objects added since the
//! last time, page by page.

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{GatherError, Gathered};
use crate::cursor::Marks;
use crate::fetch::{Fetched, Fetcher};
use crate::formats::{self, DOCUMENT_BYTES, Format};
use crate::item::{Parsed, Problem};

/// The media type of TAXII 2.1 (section 1.6.8).
const ACCEPT: &str = "application/taxii+json;version=2.1";

/// The most pages of one reading; the next one goes on where it ended.
const PAGES: usize = 32;

/// How many objects a page is asked to have.
const OBJECTS: &str = "500";

/// An answer (section 3.7). Objects stay as they were written, for the one reader of STIX.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    more: bool,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    objects: Vec<Box<RawValue>>,
}

/// Reads what was added. All pages are put together before they are read: a report on one may be
/// marked by a label that stands on another.
pub(super) fn gather(
    fetcher: &Fetcher,
    url: &Url,
    mut marks: Marks,
) -> Result<Option<Gathered>, GatherError> {
    let objects_url = objects_url(url);
    let mut objects: Vec<Box<RawValue>> = Vec::new();
    let mut bytes = 0;
    let mut next: Option<String> = None;
    let mut more = false;
    // Pages named by `next` are asked for with the filter that the first of them was.
    let mut after = marks.added_after.clone();
    for _ in 0..PAGES {
        let page_url = page_url(&objects_url, after.as_deref(), next.as_deref());
        let Fetched::Document(page) = fetcher.fetch(&page_url, ACCEPT, None)? else {
            return Err(GatherError::Envelope);
        };
        let envelope = envelope(&page.bytes)?;
        bytes += page.bytes.len();
        if bytes > DOCUMENT_BYTES {
            // Not taken over: the next reading begins with this page.
            more = true;
            break;
        }
        let advanced = page.date_added_last.is_some() && page.date_added_last != marks.added_after;
        objects.extend(envelope.objects);
        more = envelope.more;
        // A page is named by `next` if there is one, else by the time its last object was added.
        next = envelope.next.filter(|_| more);
        if next.is_none() && !advanced {
            more = false;
        }
        if let Some(added) = page.date_added_last {
            marks.added_after = Some(added);
        }
        if next.is_none() {
            after.clone_from(&marks.added_after);
        }
        if !more {
            break;
        }
    }
    if objects.is_empty() && !more {
        return Ok(None);
    }
    let Parsed { items, problems } = parsed(&objects);
    Ok(Some(Gathered { items, problems, marks, more, unread: 0 }))
}

/// What one answer brings, if it is one.
pub(super) fn brought(bytes: &[u8]) -> Result<Parsed, GatherError> {
    Ok(parsed(&envelope(bytes)?.objects))
}

fn envelope(bytes: &[u8]) -> Result<Envelope, GatherError> {
    serde_json::from_slice(bytes).map_err(|_| GatherError::Envelope)
}

/// The address of a collection's objects, whether the collection or its objects are configured.
fn objects_url(url: &Url) -> Url {
    let mut url = url.clone();
    let path = url.path().trim_end_matches('/').to_owned();
    let path = if path.ends_with("/objects") { path } else { format!("{path}/objects") };
    url.set_path(&format!("{path}/"));
    url
}

fn page_url(objects: &Url, added_after: Option<&str>, next: Option<&str>) -> Url {
    let mut url = objects.clone();
    let mut query = url.query_pairs_mut();
    query.append_pair("limit", OBJECTS);
    if let Some(added_after) = added_after {
        query.append_pair("added_after", added_after);
    }
    if let Some(next) = next {
        query.append_pair("next", next);
    }
    drop(query);
    url
}

/// The items of these objects. Where they are refused as a whole, those that are refused alone are left
/// out: one object never stops the others, nor what comes after them.
fn parsed(objects: &[Box<RawValue>]) -> Parsed {
    let parse = |objects: &[&RawValue]| formats::parse(Format::Stix, &together(objects));
    let all: Vec<&RawValue> = objects.iter().map(|object| &**object).collect();
    if let Ok(parsed) = parse(&all) {
        return parsed;
    }
    let mut bad = Vec::new();
    let mut alone = Parsed::default();
    let mut good = Vec::new();
    for (place, object) in (1..).zip(all) {
        match parse(&[object]) {
            Ok(Parsed { items, problems }) => {
                alone.items.extend(items);
                alone.problems.extend(problems);
                good.push(object);
            }
            Err(refusal) => {
                bad.push(Problem { item: named(object, place), reason: refusal.to_string() });
            }
        }
    }
    // Together they say more: what one object is marked with stands on another.
    let mut parsed = parse(&good).unwrap_or(alone);
    parsed.problems.extend(bad);
    parsed
}

/// An object's id where it can be read, else its place.
fn named(object: &RawValue, place: usize) -> String {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let named: Result<Named, _> = serde_json::from_str(object.get());
    named.map_or_else(|_| format!("object {place}"), |named| named.id)
}

fn together(objects: &[&RawValue]) -> Vec<u8> {
    let mut envelope = b"{\"objects\":[".to_vec();
    for (place, object) in objects.iter().enumerate() {
        if place > 0 {
            envelope.push(b',');
        }
        envelope.extend_from_slice(object.get().as_bytes());
    }
    envelope.extend_from_slice(b"]}");
    envelope
}
