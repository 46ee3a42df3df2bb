//! The lists themselves: which documents a ROLIE feed or a directory names, and when each was changed.
//! What is done with them is decided elsewhere.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::GatherError;
use crate::item::Problem;

#[derive(Deserialize)]
struct Rolie {
    feed: RolieFeed,
}

/// Its entries are read one by one: a broken one costs no other.
#[derive(Deserialize)]
struct RolieFeed {
    #[serde(default)]
    entry: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct RolieEntry {
    #[serde(default)]
    updated: Option<String>,
    #[serde(default)]
    link: Option<Vec<RolieLink>>,
    #[serde(default)]
    content: Option<RolieContent>,
}

#[derive(Deserialize)]
struct RolieLink {
    #[serde(default)]
    rel: Option<String>,
    #[serde(default)]
    href: Option<String>,
}

#[derive(Deserialize)]
struct RolieContent {
    #[serde(default)]
    src: Option<String>,
}

/// The documents of a ROLIE feed: an entry's own link, or what its content points to.
pub(super) fn rolie(
    text: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(String, String)>, GatherError> {
    let rolie: Rolie = serde_json::from_str(text).map_err(|error| {
        GatherError::Index(format!("it is not a ROLIE feed (line {})", error.line()))
    })?;
    let mut documents = Vec::new();
    for (place, entry) in (1..).zip(rolie.feed.entry.iter().flatten()) {
        let entry: Option<RolieEntry> = serde_json::from_str(entry.get()).ok();
        match entry.and_then(RolieEntry::document) {
            Some(document) => documents.push(document),
            None => problems.push(Problem {
                item: format!("entry {place}"),
                reason: "it names no document as an entry of a ROLIE feed does".into(),
            }),
        }
    }
    Ok(documents)
}

impl RolieEntry {
    /// Where its document is, and when it was changed.
    fn document(mut self) -> Option<(String, String)> {
        let links = self.link.take().unwrap_or_default();
        let named = |rel: &str| {
            let ours = links.iter().filter(|link| link.rel.as_deref() == Some(rel));
            let mut addresses = ours.filter_map(|link| link.href.clone());
            addresses.find(|address| is_json(address))
        };
        let content = || self.content.and_then(|content| content.src);
        let address = named("self").or_else(content).or_else(|| named("alternate"))?;
        Some((address, self.updated.unwrap_or_default()))
    }
}

/// The documents of a directory: `path` or `"path","time"` in each line.
pub(super) fn directory(text: &str) -> Vec<(String, String)> {
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
        let urls: Vec<_> =
            rolie(text, &mut Vec::new()).unwrap().into_iter().map(|(url, _)| url).collect();
        assert_eq!(urls, ["https://x.example/1.json", "2.json"]);
    }
}
