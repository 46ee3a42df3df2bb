//! Sources of more than one document: TAXII pages, ROLIE feeds, directories.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use warproom_relay::config::Source;
use warproom_relay::cursor::Cursor;
use warproom_relay::fetch::Fetcher;
use warproom_relay::source::{GatherError, Gathered, gather};

use crate::settings::web;
use crate::web::{Reply, Request, Web};

fn read(source: &Source, cursor: &Cursor) -> Result<Option<Gathered>, GatherError> {
    let fetcher = Fetcher::new(source).map_err(|error| error.to_string()).unwrap();
    gather(source, &fetcher, cursor, 0)
}

/// Reads, and takes over how far.
fn go_on(source: &Source, cursor: &mut Cursor) -> Option<Gathered> {
    let gathered = read(source, cursor).unwrap_or_else(|error| panic!("{error}"))?;
    cursor.marks = gathered.marks.clone();
    cursor.looked = !gathered.more;
    Some(gathered)
}

fn ids(gathered: &Gathered) -> Vec<&str> {
    gathered.items.iter().map(|item| &*item.id).collect()
}

fn vulnerability(number: usize) -> Value {
    json!({
        "type": "vulnerability", "spec_version": "2.1",
        "id": format!("vulnerability--00000000-0000-4000-8000-{number:012}"),
        "created": "2026-01-05T08:00:00.000Z", "modified": "2026-01-05T08:00:00.000Z",
        "name": format!("CVE-2026-{number:04}"), "description": "A weakness.",
    })
}

fn query(request: &Request, name: &str) -> Option<String> {
    let url: url::Url = format!("http://x{}", request.target).parse().unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn envelope(objects: &[Value], next: Option<&str>, added: &str) -> Reply {
    let mut body = json!({ "objects": objects, "more": next.is_some() });
    if let Some(next) = next {
        body["next"] = next.into();
    }
    Reply::ok(body.to_string())
        .header("Content-Type", "application/taxii+json;version=2.1")
        .header("X-TAXII-Date-Added-Last", added)
}

#[test]
fn a_taxii_collection_is_read_page_by_page_and_then_from_where_it_ended() {
    let web = Web::start(|request| {
        match (query(request, "added_after").as_deref(), query(request, "next").as_deref()) {
            (None, None) => envelope(&[vulnerability(1), vulnerability(2)], Some("p2"), "t2"),
            (None, Some("p2")) => envelope(&[vulnerability(3)], Some("p3"), "t3"),
            (None, Some("p3")) => envelope(&[vulnerability(4)], None, "t4"),
            (Some("t4"), None) => Reply::ok("{}"),
            _ => Reply::new(400),
        }
    });
    let source = crate::settings::web("taxii", &web.url("/api1/collections/c1"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!((ids(&first).len(), first.more), (4, false));
    assert_eq!(cursor.marks.added_after.as_deref(), Some("t4"));
    assert!(go_on(&source, &mut cursor).is_none());
    let asked = web.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[0].target.starts_with("/api1/collections/c1/objects/?"), "{}", asked[0].target);
    assert_eq!(asked[0].header("accept"), Some("application/taxii+json;version=2.1"));
}

#[test]
fn a_server_that_never_ends_is_left_for_the_next_time() {
    let page = AtomicUsize::new(0);
    let web = Web::start(move |_| {
        let number = page.fetch_add(1, Ordering::Relaxed);
        envelope(&[vulnerability(number)], Some(&format!("p{number}")), &format!("t{number}"))
    });
    let source = crate::settings::web("taxii", &web.url("/c/objects/"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!((first.items.len(), first.more, web.asked().len()), (32, true, 32));
    assert!(!cursor.looked);
    assert_eq!(cursor.marks.added_after.as_deref(), Some("t31"));
}

#[test]
fn one_object_that_cannot_be_read_costs_no_other_and_is_not_asked_for_again() {
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let bad = [
        format!("{{\"type\":\"note\",\"id\":\"note--deep\",\"x\":{deep}}}"),
        "{\"type\":\"note\",\"id\":\"note--number\",\"x\":1e999}".to_owned(),
        "{\"type\":\"note\",\"id\":\"\\u001b[31mnote--red\",\"x\":1e999}".to_owned(),
    ];
    let web = Web::start(move |request| {
        if query(request, "added_after").is_some() {
            return Reply::ok("{}");
        }
        let (first, last) = (vulnerability(1), vulnerability(2));
        let objects =
            [&*first.to_string(), &*bad[0], &*bad[1], &*bad[2], &*last.to_string()].join(",");
        Reply::ok(format!("{{\"objects\":[{objects}]}}")).header("X-TAXII-Date-Added-Last", "t1")
    });
    let source = crate::settings::web("taxii", &web.url("/c/"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!(ids(&first).len(), 2, "{:?}", first.problems);
    let named: Vec<_> = first.problems.iter().map(|problem| &*problem.item).collect();
    assert_eq!(named.len(), 3, "{:?}", first.problems);
    assert_eq!(named[..2], ["note--deep", "note--number"]);
    assert!(!named[2].contains(char::is_control) && named[2].ends_with("note--red"), "{named:?}");
    assert!(go_on(&source, &mut cursor).is_none());
}

#[test]
fn a_page_of_something_else_is_no_envelope() {
    let web = Web::start(|_| Reply::ok("<html>"));
    let source = crate::settings::web("taxii", &web.url("/c/"), "");
    assert!(matches!(read(&source, &Cursor::default()), Err(GatherError::Envelope)));
}

fn advisory(id: &str, version: usize) -> String {
    json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": format!("Advisory {id}"),
            "distribution": { "tlp": { "label": "WHITE" } },
            "publisher": { "category": "vendor", "name": "V", "namespace": "https://v.example" },
            "tracking": {
                "id": id, "version": version.to_string(), "status": "final",
                "current_release_date": "2026-01-05T08:00:00Z",
                "initial_release_date": "2026-01-05T08:00:00Z",
                "revision_history": [],
            },
        },
    })
    .to_string()
}

/// A provider whose list can be changed.
fn provider(list: &Arc<Mutex<Vec<(String, usize)>>>) -> Web {
    let list = list.clone();
    Web::start(move |request| {
        let list = list.lock().unwrap();
        if request.target.ends_with("feed.json") {
            let entry = |(name, version): &(String, usize)| {
                json!({
                    "id": name, "title": name, "updated": format!("2026-01-05T08:00:{version:02}Z"),
                    "link": [{ "rel": "self", "href": format!("docs/{name}.json") }],
                    "content": { "type": "application/json", "src": format!("docs/{name}.json") },
                })
            };
            let entries: Vec<_> = list.iter().map(entry).collect();
            return Reply::ok(json!({ "feed": { "id": "f", "entry": entries } }).to_string());
        }
        if request.target.ends_with("changes.csv") {
            let line = |(name, version): &(String, usize)| {
                format!("\"docs/{name}.json\",\"2026-01-05T08:00:{version:02}Z\"\n")
            };
            return Reply::ok(list.iter().map(line).collect::<String>());
        }
        let named =
            |(name, _): &&(String, usize)| request.target.ends_with(&format!("/{name}.json"));
        match list.iter().find(named) {
            Some((name, _)) if name.starts_with("lost") => Reply::new(404),
            Some((name, _)) if name.starts_with("broken") => Reply::new(500),
            Some((name, version)) => Reply::ok(advisory(name, *version)),
            None => Reply::new(404),
        }
    })
}

fn documents(web: &Web) -> Vec<String> {
    let asked = web.asked();
    let target = |request: &Request| request.target.rsplit('/').next().unwrap().to_owned();
    asked.iter().filter(|one| one.target.contains("/docs/")).map(target).collect()
}

#[test]
fn of_a_list_only_what_is_new_or_changed_is_fetched() {
    for (kind, path) in [("csaf_feed", "/csaf/feed.json"), ("csaf_directory", "/csaf/changes.csv")]
    {
        let list = Arc::new(Mutex::new(vec![("a".to_owned(), 1), ("b".to_owned(), 1)]));
        let web = provider(&list);
        let source = crate::settings::web(kind, &web.url(path), "");
        let mut cursor = Cursor::default();
        assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 2);
        assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 0);
        list.lock().unwrap()[1].1 = 2;
        list.lock().unwrap().push(("c".to_owned(), 1));
        assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 2);
        let mut fetched = documents(&web);
        fetched.sort();
        assert_eq!(fetched, ["a.json", "b.json", "b.json", "c.json"], "{kind}");
    }
}

#[test]
fn one_document_that_is_lost_does_not_hold_up_the_others_and_is_tried_again() {
    let list = Arc::new(Mutex::new(vec![("lost".to_owned(), 1), ("b".to_owned(), 1)]));
    let web = provider(&list);
    let source = crate::settings::web("csaf_feed", &web.url("/csaf/feed.json"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!((first.items.len(), first.problems.len()), (1, 1));
    assert!(first.problems[0].reason.contains("404"), "{:?}", first.problems);
    list.lock().unwrap()[0] = ("lest".to_owned(), 1);
    assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 1);
}

#[test]
fn dead_links_hold_up_nothing_and_are_given_up() {
    let dead = (0..120).map(|number| (format!("lost{number:03}"), 1));
    let all = dead.chain([("live".to_owned(), 2)]).collect();
    let list = Arc::new(Mutex::new(all));
    let web = provider(&list);
    let source = crate::settings::web("csaf_feed", &web.url("/csaf/feed.json"), "");
    // Not the first look, which begins with the newest.
    let mut cursor = Cursor { looked: true, ..Cursor::default() };
    let mut found = Vec::new();
    let mut reported = 0;
    let mut given_up = 0;
    for _ in 0..20 {
        let Some(gathered) = go_on(&source, &mut cursor) else { break };
        cursor.looked = true;
        found.extend(gathered.items.iter().map(|item| item.id.clone()));
        reported += gathered.problems.len();
        given_up +=
            gathered.problems.iter().filter(|problem| problem.reason.contains("5 times")).count();
    }
    assert_eq!((found.len(), reported, given_up), (1, 240, 120));
    let fetched = documents(&web);
    assert_eq!(fetched.iter().filter(|name| *name == "lost007.json").count(), 5);
    // The live one was reached as soon as each dead one was tried once.
    assert!(fetched.iter().position(|name| name == "live.json").unwrap() <= 150, "{fetched:?}");
    list.lock().unwrap()[7] = ("lost007".to_owned(), 3);
    go_on(&source, &mut cursor);
    assert_eq!(documents(&web).last().unwrap(), "lost007.json");
}

#[test]
fn a_first_look_at_dead_links_goes_on_to_what_is_there() {
    let live = (0..10).map(|number| (format!("d{number:02}"), number));
    let all = live.chain((0..60).map(|number| (format!("lost{number:02}"), 20 + number))).collect();
    let list = Arc::new(Mutex::new(all));
    let web = provider(&list);
    let source = crate::settings::web("csaf_feed", &web.url("/csaf/feed.json"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!((first.items.len(), first.more, first.unread), (0, true, 0));
    assert!(!cursor.looked);
    assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 10);
}

#[test]
fn a_document_that_the_server_fails_on_is_tried_on_and_comes_last() {
    let all = vec![("broken".to_owned(), 1), ("b".to_owned(), 2)];
    let web = provider(&Arc::new(Mutex::new(all)));
    let source = crate::settings::web("csaf_feed", &web.url("/csaf/feed.json"), "");
    let mut cursor = Cursor { looked: true, ..Cursor::default() };
    assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 1);
    for _ in 0..7 {
        go_on(&source, &mut cursor);
    }
    let tries = documents(&web).iter().filter(|name| *name == "broken.json").count();
    assert_eq!(tries, 8);
}

#[test]
fn one_broken_entry_of_a_list_costs_no_other() {
    let web = Web::start(|request| {
        if request.target.ends_with("/feed.json") {
            return Reply::ok(
                r#"{"feed":{"entry":[
                    {"updated":null,"link":[{"rel":"self"},{"rel":"self","href":"a.json"}]},
                    {"updated":5,"link":[{"rel":"self","href":"never.json"}]},
                    "none", {"link":null,"content":null},
                    {"updated":"t","content":{"src":"b.json"},"link":[{"href":null,"rel":null}]}
                ]}}"#,
            );
        }
        let name = request.target.trim_start_matches('/').trim_end_matches(".json").to_owned();
        Reply::ok(advisory(&name, 1))
    });
    let gathered = go_on(&web_source(&web), &mut Cursor::default()).unwrap();
    let mut ids = ids(&gathered);
    ids.sort_unstable();
    assert_eq!(ids.len(), 2, "{:?}", gathered.problems);
    let named: Vec<_> = gathered.problems.iter().map(|problem| &*problem.item).collect();
    assert_eq!(named, ["entry 2", "entry 3", "entry 4"]);
}

#[test]
fn the_first_look_at_a_long_list_is_at_its_newest() {
    let all = (0..60).map(|number| (format!("d{number:02}"), number)).collect();
    let list = Arc::new(Mutex::new(all));
    let web = provider(&list);
    let source = crate::settings::web("csaf_feed", &web.url("/csaf/feed.json"), "");
    let mut cursor = Cursor::default();
    let first = go_on(&source, &mut cursor).unwrap();
    assert_eq!((first.items.len(), first.unread, first.more), (50, 10, false));
    assert!(!documents(&web).contains(&"d09.json".to_owned()));
    // Later the same number comes in two readings, and none is passed over.
    list.lock().unwrap().extend((0..60).map(|number| (format!("e{number:02}"), number)));
    let second = go_on(&source, &mut cursor).unwrap();
    assert_eq!((second.items.len(), second.unread, second.more), (50, 0, true));
    assert_eq!(go_on(&source, &mut cursor).unwrap().items.len(), 10);
}

#[test]
fn a_document_on_another_host_is_not_fetched() {
    let other = Web::start(|_| Reply::ok(advisory("x", 1)));
    let href = other.url("/x.json");
    let web = Web::start(move |_| {
        let link = json!([{ "rel": "self", "href": href }]);
        Reply::ok(json!({ "feed": { "entry": [{ "updated": "t", "link": link }] } }).to_string())
    });
    let source = web_source(&web);
    let gathered = go_on(&source, &mut Cursor::default()).unwrap();
    assert!(gathered.problems[0].reason.contains("not on the host of the list"));
    assert!(other.asked().is_empty());
}

fn web_source(server: &Web) -> Source {
    web("csaf_feed", &server.url("/feed.json"), "")
}

#[test]
fn another_address_begins_anew() {
    let web = Web::start(|request| match request.header("if-none-match") {
        Some(_) => Reply::new(304),
        None => Reply::ok("{\"feed\":{}}").header("ETag", "\"1\""),
    });
    let mut cursor = Cursor::default();
    let source = crate::settings::web("csaf_feed", &web.url("/one.json"), "");
    assert!(go_on(&source, &mut cursor).is_some());
    assert!(go_on(&source, &mut cursor).is_none());
    let moved = crate::settings::web("csaf_feed", &web.url("/two.json"), "");
    assert!(go_on(&moved, &mut cursor).is_some());
}
