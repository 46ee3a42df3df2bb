//! CSAF documents by a list of them: a ROLIE feed (CSAF 2.0, section 7.1.15; RFC 8322), or a
//! directory's `index.txt` or `changes.csv` (sections 7.1.12 and 7.1.13). Only what is new or has
//! changed is fetched, a bounded number at a time, and only from the host that has the list.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::{GatherError, Gathered};
use crate::config::Kind;
use crate::cursor::Marks;
use crate::fetch::{FetchError, Fetched, Fetcher, Validators, shown};
use crate::formats::{self, Format};
use crate::item::{Parsed, Problem};

/// The most documents of one reading: a few minutes at a second each.
const DOCUMENTS: usize = 50;

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
        let mut listed = self.listed(text, &mut gathered.problems)?;
        // Oldest first, so that what is left for the next time is newer than what was posted.
        listed.sort_by(|a, b| a.changed.cmp(&b.changed));

        let before = std::mem::take(&mut marks.documents);
        let is_known = |one: &Listed| before.get(one.url.as_str()) == Some(&one.changed);
        let (known, mut new): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_known);
        marks.documents = known.into_iter().map(entry).collect();
        if first_look && new.len() > DOCUMENTS {
            // The first look is at the newest; the rest is history and stays there.
            let history: Vec<_> = new.drain(..new.len() - DOCUMENTS).collect();
            gathered.unread = history.len();
            marks.documents.extend(history.into_iter().map(entry));
        }
        let done = self.fetch(new, &mut marks.documents, &mut gathered)?;
        marks.validators = if done { list.validators } else { Validators::default() };
        gathered.marks = marks;
        Ok(Some(gathered))
    }

    /// Fetches documents up to the bound. Says whether all were read.
    fn fetch(
        &self,
        new: Vec<Listed>,
        read: &mut BTreeMap<String, String>,
        into: &mut Gathered,
    ) -> Result<bool, GatherError> {
        let mut bytes = 0;
        let mut done = true;
        for (place, one) in new.into_iter().enumerate() {
            if place == DOCUMENTS || bytes > BYTES {
                into.more = true;
                return Ok(false);
            }
            match self.document(&one.url) {
                Ok((size, parsed)) => {
                    bytes += size;
                    into.items.extend(parsed.items);
                    into.problems.extend(parsed.problems);
                }
                // It will not get better by itself: the others go on, and so does the next reading.
                Err(GatherError::Document(refusal)) => into.problems.push(problem(&one, &refusal)),
                // The server has had enough, or is gone: so will the rest be.
                Err(GatherError::Fetch(error)) if is_of_the_server(&error) => {
                    if into.items.is_empty() {
                        return Err(error.into());
                    }
                    into.problems.push(problem(&one, &error));
                    return Ok(false);
                }
                Err(error) => {
                    done = false;
                    into.problems.push(problem(&one, &error));
                    continue;
                }
            }
            let (url, changed) = entry(one);
            read.insert(url, changed);
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
        let entries = if self.kind == Kind::CsafFeed { rolie(text)? } else { directory(text) };
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

fn entry(one: Listed) -> (String, String) {
    (one.url.into(), one.changed)
}

fn problem(one: &Listed, reason: &dyn std::fmt::Display) -> Problem {
    Problem { item: shown(&one.url), reason: reason.to_string() }
}

fn is_of_the_server(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => *status == 429 || *status >= 500,
        FetchError::NoHost
        | FetchError::TooSlow(_)
        | FetchError::Tls(_)
        | FetchError::Proxy(_)
        | FetchError::Connection(_) => true,
        _ => false,
    }
}

#[derive(Deserialize)]
struct Rolie {
    feed: RolieFeed,
}

#[derive(Deserialize)]
struct RolieFeed {
    #[serde(default)]
    entry: Vec<RolieEntry>,
}

#[derive(Deserialize)]
struct RolieEntry {
    #[serde(default)]
    updated: String,
    #[serde(default)]
    link: Vec<RolieLink>,
    content: Option<RolieContent>,
}

#[derive(Deserialize)]
struct RolieLink {
    #[serde(default)]
    rel: String,
    href: String,
}

#[derive(Deserialize)]
struct RolieContent {
    src: String,
}

/// The documents of a ROLIE feed: an entry's own link, or what its content points to.
fn rolie(text: &str) -> Result<Vec<(String, String)>, GatherError> {
    let rolie: Rolie = serde_json::from_str(text).map_err(|error| {
        GatherError::Index(format!("it is not a ROLIE feed (line {})", error.line()))
    })?;
    let address = |entry: RolieEntry| {
        let named = |rel: &str| {
            let mut links = entry.link.iter().filter(|link| link.rel == rel);
            links.find(|link| is_json(&link.href)).map(|link| link.href.clone())
        };
        let content = || entry.content.as_ref().map(|content| content.src.clone());
        let address = named("self").or_else(content).or_else(|| named("alternate"))?;
        Some((address, entry.updated.clone()))
    };
    Ok(rolie.feed.entry.into_iter().filter_map(address).collect())
}

/// The documents of a directory: `path` or `"path","time"` in each line.
fn directory(text: &str) -> Vec<(String, String)> {
    let unquoted = |part: &str| part.trim().trim_matches('"').to_owned();
    let line = |line: &str| match line.rsplit_once(',') {
        Some((path, changed)) => (unquoted(path), unquoted(changed)),
        None => (unquoted(line), String::new()),
    };
    text.lines().map(line).filter(|(path, _)| is_json(path)).collect()
}

fn is_json(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.len() > 5 && path.to_ascii_lowercase().ends_with(".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_lists_paths_with_or_without_times() {
        let text =
            "\"2026/a-1.json\",\"2026-01-05T08:00:00Z\"\n2026/b.json,2026-01-06T08:00:00Z\r\n";
        let pair = |path: &str, time: &str| (path.to_owned(), time.to_owned());
        let wanted = [
            pair("2026/a-1.json", "2026-01-05T08:00:00Z"),
            pair("2026/b.json", "2026-01-06T08:00:00Z"),
        ];
        assert_eq!(directory(text), wanted);
        assert_eq!(directory("2026/a.json\n\nREADME\n"), [pair("2026/a.json", "")]);
    }

    #[test]
    fn an_entry_without_an_own_link_is_read_where_its_content_is() {
        let text = r#"{"feed":{"entry":[
            {"id":"1","updated":"t1","link":[{"rel":"self","href":"https://x.example/1.json"},
                {"rel":"signature","href":"https://x.example/1.json.asc"}]},
            {"id":"2","updated":"t2","link":[],"content":{"type":"application/json","src":"2.json"}},
            {"id":"3","updated":"t3"}]}}"#;
        let urls: Vec<_> = rolie(text).unwrap().into_iter().map(|(url, _)| url).collect();
        assert_eq!(urls, ["https://x.example/1.json", "2.json"]);
    }
}
