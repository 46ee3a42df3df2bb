//! CSAF documents by a list of them: a ROLIE feed (CSAF 2.0, section 7.1.15; RFC 8322), or a
//! directory's `index.txt` or `changes.csv` (sections 7.1.12 and 7.1.13). Only what is new or has
//! changed is fetched, a bounded number at a time, and only from the host that has the list.

mod list;

use std::collections::BTreeMap;

use url::Url;

use super::{GatherError, Gathered};
use crate::config::Kind;
use crate::cursor::{Failed, Marks};
use crate::fetch::{FetchError, Fetched, Fetcher, Validators, shown};
use crate::formats::{self, Format};
use crate::item::{Parsed, Problem};

/// The most documents of one reading: a few minutes at a second each.
const DOCUMENTS: usize = 50;

/// The most documents of one reading that are not there: a list of dead links costs no more than one of
/// documents.
const FAILURES: usize = 50;

/// How often a document is tried that is on the list and cannot be fetched.
const TRIES: u32 = 5;

/// The most bytes of one reading: a few of the largest documents.
const BYTES: usize = 2 * formats::DOCUMENT_BYTES;

const ACCEPT: &str = "application/json, */*;q=0.5";

/// A list of documents.
pub(super) struct Index<'a> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) url: &'a Url,
    pub(super) kind: Kind,
}

/// A document of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    url: Url,
    /// When it was changed; empty where the list does not say.
    changed: String,
}

impl Index<'_> {
    /// Reads the list, and of it what is new.
    pub(super) fn gather(
        &self,
        mut marks: Marks,
        first_look: bool,
    ) -> Result<Option<Gathered>, GatherError> {
        // What was left over the last time is fetched although the list is as it was.
        let leftover = marks.validators == Validators::default();
        let known = (!leftover).then_some(&marks.validators);
        let Fetched::Document(list) = self.fetcher.fetch(self.url, ACCEPT, known)? else {
            return Ok(None);
        };
        let text = str::from_utf8(&list.bytes)
            .map_err(|_| GatherError::Index("it is not UTF-8".into()))?;
        let mut gathered = Gathered::default();
        let listed = self.listed(text, &mut gathered.problems)?;
        let before = std::mem::take(&mut marks.documents);
        let is_known = |one: &Listed| before.get(one.url.as_str()) == Some(&one.changed);
        let (known, new): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_known);
        marks.documents = known.into_iter().map(entry).collect();
        marks.failed.retain(|url, failed| {
            new.iter().any(|one| one.url.as_str() == url && one.changed == failed.changed)
        });
        let done =
            self.fetch(in_order(new, &marks, first_look), first_look, &mut marks, &mut gathered)?;
        marks.validators = if done { list.validators } else { Validators::default() };
        gathered.marks = marks;
        Ok(Some(gathered))
    }

    /// Fetches documents up to the bound. Says whether all were read.
    fn fetch(
        &self,
        new: Vec<Listed>,
        first_look: bool,
        marks: &mut Marks,
        into: &mut Gathered,
    ) -> Result<bool, GatherError> {
        let (mut read, mut failed, mut bytes) = (0, 0, 0);
        let mut done = true;
        let mut new = new.into_iter();
        while let Some(one) = new.next() {
            if first_look && read == DOCUMENTS {
                // The first look is at the newest; the rest is history and stays there.
                into.unread = 1 + new.len();
                marks.documents.extend(std::iter::once(one).chain(new).map(entry));
                return Ok(done);
            }
            if read == DOCUMENTS || failed == FAILURES || bytes > BYTES {
                into.more = true;
                return Ok(false);
            }
            match self.document(&one.url) {
                Ok((size, parsed)) => {
                    bytes += size;
                    read += 1;
                    into.items.extend(parsed.items);
                    into.problems.extend(parsed.problems);
                }
                // It will not get better by itself: the others go on, and so does the next reading.
                Err(GatherError::Document(refusal)) => {
                    read += 1;
                    into.problems.push(problem(&one, &refusal));
                }
                // The server has had enough, or is gone: so will the rest be.
                Err(GatherError::Fetch(error)) if is_of_the_server(&error) => {
                    let is_slow = matches!(error, FetchError::TooSlow(_));
                    if read == 0 && !is_slow {
                        return Err(error.into());
                    }
                    // It may be this document alone: it comes last then.
                    count(&one, &mut marks.failed);
                    into.problems.push(problem(&one, &error));
                    into.more = first_look;
                    return Ok(false);
                }
                Err(error) => {
                    failed += 1;
                    if !give_up(&one, &error, &mut marks.failed, &mut into.problems) {
                        done = false;
                        continue;
                    }
                }
            }
            let (url, changed) = entry(one);
            marks.failed.remove(&url);
            marks.documents.insert(url, changed);
        }
        Ok(done)
    }

    fn document(&self, url: &Url) -> Result<(usize, Parsed), GatherError> {
        match self.fetcher.fetch(url, ACCEPT, None)? {
            Fetched::Document(document) => {
                Ok((document.bytes.len(), formats::parse(Format::Csaf, &document.bytes)?))
            }
            Fetched::Unchanged => Err(FetchError::Status { status: 304, retry_after: None }.into()),
        }
    }

    fn listed(&self, text: &str, problems: &mut Vec<Problem>) -> Result<Vec<Listed>, GatherError> {
        let entries = if self.kind == Kind::CsafFeed {
            list::rolie(text, problems)?
        } else {
            list::directory(text)
        };
        let mut listed = Vec::new();
        for (address, changed) in entries {
            match self.url.join(&address) {
                Ok(url) if url.origin() == self.url.origin() => {
                    listed.push(Listed { url, changed });
                }
                _ => problems.push(Problem {
                    item: address.chars().take(200).collect(),
                    reason: "it is not on the host of the list, and is not fetched".into(),
                }),
            }
        }
        Ok(listed)
    }
}

/// Those that failed before come last, so that they hold up nothing. Of the others the oldest first, so
/// that what is left for the next time is newer than what was posted; at the first look the newest.
fn in_order(mut new: Vec<Listed>, marks: &Marks, first_look: bool) -> Vec<Listed> {
    new.sort_by(|a, b| a.changed.cmp(&b.changed));
    if first_look {
        new.reverse();
    }
    new.sort_by_key(|one| marks.failed.get(one.url.as_str()).map_or(0, |failed| failed.tries));
    new
}

/// Takes a document that cannot be fetched, and says whether it is given up until it changes. It is
/// reported the first time and the last.
fn give_up(
    one: &Listed,
    error: &GatherError,
    failed: &mut BTreeMap<String, Failed>,
    problems: &mut Vec<Problem>,
) -> bool {
    let tries = count(one, failed);
    // A server in trouble gets over it.
    let in_trouble = matches!(
        error,
        GatherError::Fetch(FetchError::Status { status, .. }) if *status >= 500
    );
    let over = tries >= TRIES && !in_trouble;
    if over {
        let reason = format!("{error}, {TRIES} times: it is not tried again until it changes");
        problems.push(problem(one, &reason));
    } else if tries == 1 {
        problems.push(problem(one, error));
    }
    over
}

/// Counts a try that failed.
fn count(one: &Listed, failed: &mut BTreeMap<String, Failed>) -> u32 {
    let known = failed
        .entry(one.url.as_str().to_owned())
        .or_insert_with(|| Failed { changed: one.changed.clone(), tries: 0 });
    known.tries = known.tries.saturating_add(1);
    known.tries
}

/// The documents that a list names, as they stand there.
pub(super) fn named(text: &str) -> Vec<(String, String)> {
    list::rolie(text, &mut Vec::new()).unwrap_or_else(|_| list::directory(text))
}

fn entry(one: Listed) -> (String, String) {
    (one.url.into(), one.changed)
}

fn problem(one: &Listed, reason: &dyn std::fmt::Display) -> Problem {
    Problem { item: shown(&one.url), reason: reason.to_string() }
}

fn is_of_the_server(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => *status == 429 || *status == 503,
        FetchError::NoHost
        | FetchError::TooSlow(_)
        | FetchError::Tls(_)
        | FetchError::Proxy(_)
        | FetchError::Connection(_) => true,
        _ => false,
    }
}
