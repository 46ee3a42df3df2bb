//! Reading a source: what is there now, as items, and how far it was read with that.
//!
//! It decides nothing: what is new and what is posted is planned elsewhere. It blocks, on the network
//! or the disk. One document that cannot be read is a problem beside the others; only where nothing
//! could be read is it an error.

mod csaf;
mod folder;
mod taxii;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::config::{Kind, Place, Source};
use crate::cursor::{Cursor, Marks};
use crate::fetch::{FetchError, Fetched, Fetcher, FetcherProblem};
use crate::formats::{self, Format, Refusal};
use crate::item::{Item, Parsed, Problem};
use crate::plain;

/// What a source gave.
#[derive(Default)]
pub struct Gathered {
    /// What is there, or what has changed.
    pub items: Vec<Item>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// How far it was read with this.
    pub marks: Marks,
    /// Whether there is more to be read, the next time.
    pub more: bool,
    /// How many older documents are passed over for good.
    pub unread: usize,
}

/// The documents that a list of a CSAF provider names, a ROLIE feed or a directory's, with when each was
/// changed. Fetched from a source they are filtered further.
pub fn listed(text: &str) -> Vec<(String, String)> {
    csaf::named(text)
}

/// What one answer of a TAXII server brings. Fetched from a source, all its pages are put together first.
pub fn brought(answer: &[u8]) -> Result<Parsed, GatherError> {
    taxii::brought(answer)
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// The configuration names something that is not there.
    #[error(transparent)]
    Setting(#[from] FetcherProblem),
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The document is not what it should be.
    #[error(transparent)]
    Document(#[from] Refusal),
    /// The list of documents is not one.
    #[error("the list of documents cannot be read: {0}")]
    Index(String),
    /// The answer of a TAXII server is not one.
    #[error("the answer is not a TAXII 2.1 envelope; the url is that of a collection's objects")]
    Envelope,
    /// The folder cannot be read.
    #[error("the folder cannot be read: {0}")]
    Folder(std::io::Error),
}

/// Reads a source, from where it was read to the last time. `None`: nothing has changed.
pub fn gather(
    source: &Source,
    fetcher: &Fetcher,
    cursor: &Cursor,
    now_ms: i64,
) -> Result<Option<Gathered>, GatherError> {
    let marks = marks_here(source, cursor);
    let gathered = read(source, fetcher, marks, !cursor.looked, now_ms)?;
    Ok(gathered.map(|gathered| Gathered {
        problems: gathered.problems.iter().map(tame).collect(),
        ..gathered
    }))
}

/// A problem as it may be logged and shown: ids, names and addresses are others' words, and could
/// steer a terminal.
fn tame(problem: &Problem) -> Problem {
    /// Enough to find it.
    const ITEM_CHARS: usize = 200;
    /// A sentence or two.
    const REASON_CHARS: usize = 500;
    Problem {
        item: plain::line(&problem.item, ITEM_CHARS),
        reason: plain::line(&problem.reason, REASON_CHARS),
    }
}

fn read(
    source: &Source,
    fetcher: &Fetcher,
    marks: Marks,
    first_look: bool,
    now_ms: i64,
) -> Result<Option<Gathered>, GatherError> {
    match (&source.place, source.kind.format()) {
        (Place::Folder(path), _) => {
            folder::gather(path, &marks, now_ms).map_err(GatherError::Folder)
        }
        (Place::Web(url), Some(format)) => document(fetcher, url, format, marks),
        (Place::Web(url), None) if source.kind == Kind::Taxii => taxii::gather(fetcher, url, marks),
        (Place::Web(url), None) => {
            let index = csaf::Index { fetcher, url, kind: source.kind };
            index.gather(marks, first_look)
        }
    }
}

/// The marks, if they are of the place that is configured now.
fn marks_here(source: &Source, cursor: &Cursor) -> Marks {
    let place = match &source.place {
        Place::Web(url) => url.as_str().to_owned(),
        Place::Folder(path) => path.to_string_lossy().into_owned(),
    };
    // Hashed, because an address may carry a secret.
    let place = HEXLOWER.encode(&Sha256::digest(format!("{:?} {place}", source.kind)));
    if cursor.marks.place == place {
        cursor.marks.clone()
    } else {
        Marks { place, ..Marks::default() }
    }
}

/// Reads a source that is one document.
fn document(
    fetcher: &Fetcher,
    url: &Url,
    format: Format,
    marks: Marks,
) -> Result<Option<Gathered>, GatherError> {
    match fetcher.fetch(url, accepted(format), Some(&marks.validators))? {
        Fetched::Unchanged => Ok(None),
        Fetched::Document(document) => {
            let Parsed { items, problems } = formats::parse(format, &document.bytes)?;
            let marks = Marks { validators: document.validators, ..marks };
            Ok(Some(Gathered { items, problems, marks, ..Gathered::default() }))
        }
    }
}

/// What to ask for: some servers give a page for people to who asks for nothing in particular.
const fn accepted(format: Format) -> &'static str {
    match format {
        Format::Feed => {
            "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
        }
        Format::Cap => "application/cap+xml, application/xml;q=0.9, */*;q=0.5",
        Format::Kev | Format::Csaf | Format::Stix | Format::Misp => "application/json, */*;q=0.5",
    }
}
