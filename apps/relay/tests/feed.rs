//! RSS, Atom and JSON Feed as the relay reads them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Certainty, Message, Severity, Subject, Urgency};
use warproom_relay::formats::{Format, Refusal, detect, parse};
use warproom_relay::item::{Item, Parsed};

const UBUNTU: &[u8] = include_bytes!("../samples/feed/ubuntu.rss");
const DEBIAN: &[u8] = include_bytes!("../samples/feed/debian-news.rdf");
const LATIN1: &[u8] = include_bytes!("../samples/feed/latin1.rss");
const RSS: &[u8] = include_bytes!("../samples/feed/advisories.rss");
const ATOM: &[u8] = include_bytes!("../samples/feed/advisories.atom");
const JSON: &[u8] = include_bytes!("../samples/feed/advisories.json");
const ENTITIES: &[u8] = include_bytes!("../samples/feed/hostile-entities.rss");
const PAGE: &[u8] = include_bytes!("../samples/feed/hostile-page.html");
const SAMPLES: [&[u8]; 8] = [UBUNTU, DEBIAN, LATIN1, RSS, ATOM, JSON, ENTITIES, PAGE];

/// Far more than any of these takes, far less than a hostile document could want.
const AT_MOST: Duration = Duration::from_secs(40);

fn read(document: &[u8]) -> Parsed {
    parse(Format::Feed, document).unwrap()
}

fn cves(item: &Item) -> Vec<&str> {
    let mut found = Vec::new();
    for subject in &item.subjects {
        if let Subject::Cve(name) = subject {
            found.push(name.as_str());
        }
    }
    found
}

fn topics(item: &Item) -> Vec<&str> {
    let mut found = Vec::new();
    for subject in &item.subjects {
        if let Subject::Topic(name) = subject {
            found.push(name.as_str());
        }
    }
    found
}

#[test]
fn rss_2_as_ubuntu_has_it() {
    let parsed = read(UBUNTU);
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.items.len(), 2);
    let item = &parsed.items[0];
    assert_eq!(item.id, "https://ubuntu.com/security/notices/USN-4498-1");
    assert_eq!(item.headline, "USN-4498-1: Loofah vulnerability");
    assert_eq!(
        item.text,
        "It was discovered that Loofah does not properly sanitize JavaScript in\nsanitized output. An attacker could possibly use this issue to perform\nXSS attacks. (CVE-2019-15587)"
    );
    assert_eq!(item.references, ["https://ubuntu.com/security/notices/USN-4498-1"]);
    assert_eq!(item.issuer, "Ubuntu security notices");
    assert_eq!(item.issued_at_ms, Some(1_600_197_901_000));
    assert_eq!(cves(item), ["CVE-2019-15587"]);
    assert_eq!(
        (item.severity, item.urgency, item.certainty, item.message),
        (Severity::Unknown, Urgency::Unknown, Certainty::Unknown, Message::Alert)
    );
    assert_eq!(item.marks, Vec::<String>::new());
    assert_eq!(item.hints, Vec::<String>::new());
}

#[test]
fn rss_1_as_debian_has_it() {
    let item = read(DEBIAN).items.remove(0);
    assert_eq!(item.id, "https://www.debian.org/News/2022/20221217");
    assert_eq!(item.headline, "Updated Debian 11: 11.6 released");
    assert_eq!(item.issued_at_ms, Some(1_671_235_200_000));
    assert_eq!(item.issuer, "Debian News");
    assert!(item.text.starts_with("The Debian project is pleased to announce the sixth update of its\nstable distribution Debian 11 (codename bullseye)."), "{}", item.text);
}

#[test]
fn rss_0_91_in_latin_1_is_read_in_its_letters() {
    let item = read(LATIN1).items.remove(0);
    assert_eq!(item.headline, "Pwer - Toriad ym Môn");
    assert_eq!(item.id, "http://cert.example.org/20260406.php");
    assert_eq!(item.issued_at_ms, None);
    let bare =
        [b"<rss><channel><item><title>Caf\xe9 \x96 open</title></item></channel></rss>".as_slice()];
    assert_eq!(read(&bare.concat()).items[0].headline, "Café – open");
    let wide: Vec<u8> = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?><rss version=\"2.0\"><channel><item><title>Wide</title></item></channel></rss>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read(&wide).items[0].headline, "Wide");
    assert_eq!(detect(&wide), Some(Format::Feed));
}

#[test]
fn rss_2_with_active_content_becomes_words() {
    let parsed = read(RSS);
    let item = &parsed.items[0];
    assert_eq!(
        item.headline,
        "2026-013: Critical Vulnerability in Example Gateway (\"Side Door\")"
    );
    assert_eq!(item.id, "https://cert.example.org/advisories/2026-013/");
    assert_eq!(item.issued_at_ms, Some(1_790_095_956_000));
    assert_eq!(item.issuer, "Example CERT – Security Advisories");
    assert_eq!(
        item.text,
        "The vendor confirmed active exploitation of CVE-2026-1001 and cve-2026-20022.\n\n- Patch\n- Then look at the logs\n\nMarked TLP:AMBER in the annex."
    );
    assert_eq!(cves(item), ["CVE-2026-1001", "CVE-2026-20022"]);
    assert_eq!(topics(item), ["vpn"]);
    assert_eq!(item.marks, ["TLP:GREEN"]);
    assert_eq!(item.hints, ["TLP:AMBER"]);
}

#[test]
fn items_without_guid_or_link_are_told_apart_and_empty_ones_are_named() {
    let parsed = read(RSS);
    let item = &parsed.items[1];
    assert_eq!(item.id.len(), 32);
    assert_eq!(item.text, "Cross-site scripting through the <script> tag; see Vec<u8> and 1 < 2.");
    assert_eq!(item.issued_at_ms, Some(1_788_921_360_000));
    assert_eq!(item.references, Vec::<String>::new());
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(parsed.problems[0].item, "item 3");
    assert_eq!(parsed.problems[0].reason, "it has no title, no text and no address");
    let linked = &parsed.items[2];
    assert_eq!(linked.headline, "Linked elsewhere");
    assert_eq!(linked.references, Vec::<String>::new());
}

#[test]
fn atom_with_a_prefix_relative_links_and_xhtml() {
    let parsed = read(ATOM);
    assert_eq!(parsed.problems, []);
    let item = &parsed.items[0];
    assert_eq!(item.id, "tag:cert.example.org,2026:av26-960");
    assert_eq!(item.revision, "2026-09-23T19:11:24Z");
    assert_eq!(item.headline, "Use of <script> in Example Portal");
    assert_eq!(item.text, "Serial AV26-960\n\nCVE-2026-1111 & others");
    assert_eq!(
        item.references,
        ["https://cert.example.org/av26-960", "https://vendor.example.com/psirt/7"]
    );
    assert_eq!(item.issued_at_ms, Some(1_789_902_000_000));
    assert_eq!(topics(item), ["Web portals"]);
    assert_eq!(item.marks, ["TLP:CLEAR"]);
    let second = &parsed.items[1];
    assert_eq!(second.headline, "Only a summary. In two paragraphs.");
    assert_eq!(second.text, "Only a summary.\n\nIn two paragraphs.");
    assert_eq!(second.revision.len(), 32);
}

#[test]
fn json_feed_with_null_items() {
    let parsed = read(JSON);
    assert_eq!(parsed.items.len(), 2);
    let item = &parsed.items[0];
    assert_eq!(item.id, "7");
    assert_eq!(item.revision, "2026-09-21T12:00:00Z");
    assert_eq!(item.references, ["https://cert.example.org/a/7"]);
    assert_eq!(item.text, "One\n\nTwo");
    assert_eq!(topics(item), ["ransomware"]);
    assert_eq!(item.marks, ["tlp:amber"]);
    assert_eq!(parsed.items[1].text, "a < b\nand more <b>");
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(parsed.problems[0].reason, "it is not an object");
}

#[test]
fn an_edited_item_is_a_new_revision_of_the_same() {
    let before = read(UBUNTU).items;
    assert_eq!(read(UBUNTU).items, before);
    let text = std::str::from_utf8(UBUNTU).unwrap().replace("XSS attacks", "worse attacks");
    let after = read(text.as_bytes()).items;
    assert_eq!(after[0].id, before[0].id);
    assert_ne!(after[0].revision, before[0].revision);
    assert_eq!(after[1], before[1]);
}

#[test]
fn two_items_under_one_guid_do_not_hide_each_other() {
    let feed = |items: &str| format!("<rss version='2.01'><channel>{items}</channel></rss>");
    let item = |title: &str, link: &str, day: u8| {
        format!(
            "<item><title>{title}</title><guid isPermaLink='false'>0</guid><link>https://example.org/{link}</link><pubDate>{day} Jan 2026 00:00:00 GMT</pubDate></item>"
        )
    };
    let different = feed(&[item("One", "a", 1), item("Two", "b", 2)].concat());
    let found = read(different.as_bytes()).items;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].id, "0");
    assert_ne!(found[1].id, "0");
    let same = feed(&[item("Old", "a", 1), item("New", "a", 2)].concat());
    let found = read(same.as_bytes()).items;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].headline, "New");
}

#[test]
fn old_and_sloppy_documents_are_read() {
    for document in [
        "<!DOCTYPE rss PUBLIC \"-//Netscape Communications//DTD RSS 0.91//EN\" \"http://my.netscape.com/publish/formats/rss-0.91.dtd\"><rss version=\"0.91\"><channel><item><title>A &eacute; &amp; B</title></item></channel></rss>",
        "\n\n<?xml version='1.0'?><rss><channel><item><title>A é & B</title></item></channel></rss>",
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><item><title>A <b>é</b> &amp; B</title></item></rdf:RDF>",
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='escaped' type='text/html'>A &amp;eacute; &amp;amp; B</title></entry></feed>",
        "<entry xmlns='http://www.w3.org/2005/Atom'><title>A é &amp; B</title></entry>",
    ] {
        assert_eq!(read(document.as_bytes()).items[0].headline, "A é & B", "{document}");
        assert_eq!(detect(document.as_bytes()), Some(Format::Feed));
    }
}

#[test]
fn what_is_no_feed_is_refused_for_what_it_is() {
    assert_eq!(parse(Format::Feed, PAGE), Err(Refusal::WebPage));
    assert_eq!(parse(Format::Feed, b"<html><body>moved"), Err(Refusal::WebPage));
    assert_eq!(parse(Format::Feed, ENTITIES), Err(Refusal::Entities));
    assert_eq!(detect(PAGE), None);
    let reason = |document: &[u8]| match parse(Format::Feed, document) {
        Err(Refusal::Unreadable { format: "a feed", reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(b"<alert/>").contains("\"alert\""));
    assert!(reason(b"<rss><channel><item><title>half").contains("was cut"));
    assert!(reason(b"{\"a\": 1}").contains("not JSON Feed"));
    reason(b"");
    reason(b"Access denied");
}

#[test]
fn nesting_and_size_end_in_a_refusal_or_within_bounds() {
    let started = Instant::now();
    for unit in ["<rss>", "<item>", "<item/>", "<!--", "&#x26;", "<![CDATA[", "&amp;"] {
        let document = ["<rss><channel>", &unit.repeat(30_000_000 / unit.len())].concat();
        let refused = parse(Format::Feed, document.as_bytes());
        assert!(matches!(refused, Err(Refusal::Unreadable { .. })), "{unit}: {refused:?}");
    }
    let around = |unit: &str| {
        let body = unit.repeat(10_000_000 / unit.len());
        let document = format!(
            "<rss><channel><item><title>T</title><description><![CDATA[{body}]]></description></item></channel></rss>"
        );
        read(document.as_bytes()).items.remove(0)
    };
    for unit in [
        "<div>",
        "<a b='",
        "<script>",
        "<a x='>' ",
        "&lt;",
        "<",
        "word ",
        "CVE-2026-1234 ",
        "TLP:RED ",
    ] {
        let item = around(unit);
        assert!(item.text.chars().count() <= 8000, "{unit}");
        assert!(item.subjects.len() <= 32);
    }
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
}

fn rss(items: &str) -> Parsed {
    read(format!("<rss version='2.0'><channel><title>C</title>{items}</channel></rss>").as_bytes())
}

#[test]
fn an_encoding_is_taken_from_the_beginning_alone_and_never_makes_it_fault() {
    let body = "<rss version=\"2.0\"><channel><item><title>Caf\u{e9} &amp; Bar</title><guid>1</guid></item></channel></rss>";
    let wide = |text: &str, little: bool| -> Vec<u8> {
        let order = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        format!("\u{feff}{text}").encode_utf16().flat_map(order).collect()
    };
    let latin =
        |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(c).unwrap()).collect() };
    let declared =
        |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{body}");
    let padding = " ".repeat(300);
    for document in [
        wide(&declared("utf-16"), true),
        wide(&declared("utf-16"), false),
        wide(body, false),
        wide(&declared("utf-8"), false),
        latin(&declared("iso-8859-1")),
        latin(&declared(&format!("iso-8859-1\"{padding}standalone=\"yes"))),
        latin(&format!("<?xml version=\"1.0\"{padding}encoding=\"iso-8859-1\"?>{body}")),
        declared("utf-16").into_bytes(),
        declared("utf-8").into_bytes(),
        format!("\u{feff}{}", declared("iso-8859-1")).into_bytes(),
        format!("<!--{padding}-->{}", declared("utf-8")).into_bytes(),
        latin(body),
    ] {
        assert_eq!(read(&document).items[0].headline, "Caf\u{e9} & Bar", "{document:?}");
    }
    let unknown = parse(Format::Feed, &latin(&declared("no-such-thing")));
    assert!(matches!(unknown, Err(Refusal::Unreadable { .. })), "no letters are guessed");
    let late = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
    for document in [
        format!("<rss><channel>{}</channel></rss>", late("utf-16")),
        format!("{}{}", late("utf-8"), declared("iso-8859-1")),
        format!("<!--{padding}-->{}", declared("utf-16")),
        format!("<rss><channel>{padding}{padding}{}</channel></rss>", late("iso-8859-1")),
    ] {
        let Err(Refusal::Unreadable { reason, .. }) = parse(Format::Feed, document.as_bytes())
        else {
            panic!("{document} was read");
        };
        assert!(reason.contains("declares another encoding"), "{reason}");
    }
}

#[test]
fn a_category_is_a_mark_by_its_term_its_name_or_whose_it_is() {
    let atom = |category: &str| {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>T</title>{category}</entry></feed>"
        );
        read(feed.as_bytes()).items.remove(0)
    };
    let item = atom("<category term='TLP:RED' label='Named recipients only'/>");
    assert_eq!(
        (&*item.marks, topics(&item)),
        (&["TLP:RED".to_owned()][..], vec!["Named recipients only"])
    );
    let item = atom("<category scheme='urn:tlp' term='red'/>");
    assert_eq!((&*item.marks, topics(&item)), (&["TLP:red".to_owned()][..], vec![]));
    let item = atom("<category scheme='https://www.first.org/tlp/' term='amber' label='Members'/>");
    assert_eq!(item.marks, ["TLP:Members", "TLP:amber"]);
    assert_eq!(atom("<x:tlp xmlns:x='urn:x'>RED</x:tlp>").marks, ["TLP:RED"]);
    let item =
        rss("<item><title>T</title><category domain='TLP'>AMBER</category></item>").items.remove(0);
    assert_eq!((&*item.marks, topics(&item)), (&["TLP:AMBER".to_owned()][..], vec![]));
    let whole = rss("<category domain='TLP'>RED</category><item><title>T</title></item>");
    assert_eq!(whole.items[0].marks, ["TLP:RED"]);
}

#[test]
fn no_number_of_categories_crowds_out_the_strictest_mark() {
    let nonsense: Vec<String> =
        (0..40).map(|number| format!("<category>TLP:x{number}</category>")).collect();
    let nonsense = nonsense.concat();
    let parsed =
        rss(&format!("<item><title>T</title>{nonsense}<category>TLP:RED</category></item>"));
    assert!(parsed.items[0].marks.contains(&"TLP:RED".to_owned()), "{:?}", parsed.items[0].marks);
    let long = format!("TLP:{} RED", "x".repeat(500));
    let parsed = rss(&format!("<item><title>T</title><category>{long}</category></item>"));
    assert!(parsed.items[0].marks.contains(&"TLP:RED".to_owned()), "{:?}", parsed.items[0].marks);
}

#[test]
fn an_exercise_in_a_feed_is_one() {
    let exercise = |item: &str| rss(&format!("<item>{item}</item>")).items[0].exercise;
    assert!(exercise("<title>EXERCISE EXERCISE: outage</title>"));
    assert!(exercise("<title>Outage</title><category>Exercise</category>"));
    assert!(exercise("<title>[Test] Outage</title>"));
    assert!(!exercise("<title>Exercise caution</title><category>tests</category>"));
    assert!(rss("<category>exercise</category><item><title>T</title></item>").items[0].exercise);
}

#[test]
fn items_at_one_address_without_a_guid_are_told_apart_by_what_they_are_called() {
    let item = |title: &str, day: u8| {
        format!(
            "<item><title>{title}</title><link>https://status.example.org/</link><pubDate>{day} Jan 2026 00:00:00 GMT</pubDate></item>"
        )
    };
    let found =
        rss(&[item("Mail is down", 3), item("Network is slow", 2), item("Mail is down", 4)]
            .concat())
        .items;
    let told: Vec<&str> = found.iter().map(|item| item.headline.as_str()).collect();
    assert_eq!(told, ["Mail is down", "Network is slow"]);
    assert_ne!(found[0].id, found[1].id);
    assert_eq!(found[0].issued_at_ms, Some(1_767_484_800_000), "of the same the newest");
    let own = "<guid>https://status.example.org/</guid>";
    let both = [item("Old", 1), item("New", 2)].concat().replace("<item>", &format!("<item>{own}"));
    let found = rss(&both).items;
    assert_eq!(found.len(), 1, "under a guid of their own they are one");
    assert_eq!(found[0].headline, "New");
}

#[test]
fn feeds_are_known_by_what_is_in_them() {
    for sample in [UBUNTU, DEBIAN, LATIN1, RSS, ATOM, JSON] {
        assert_eq!(detect(sample), Some(Format::Feed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(Format::Feed, &bytes);
        let _ = detect(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(
        sample in 0..SAMPLES.len(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = SAMPLES[sample].to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let _ = parse(Format::Feed, &bytes);
        let _ = detect(&bytes);
    }
}
