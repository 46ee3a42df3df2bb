//! Markdown as it is read: what is hostile stays readable and steers nothing.

use proptest::prelude::*;

use super::token::is_steering;
use super::{Block, Document, Link, Span, SpanKind, Style, parse};

/// Every span of a text, from the top.
fn spans(document: &Document) -> Vec<&Span> {
    fn of<'d>(blocks: &'d [Block], into: &mut Vec<&'d Span>) {
        for block in blocks {
            match block {
                Block::Paragraph(spans) | Block::Heading(_, spans) => into.extend(spans),
                Block::List { items, .. } => items.iter().for_each(|item| of(item, into)),
                Block::Quote(blocks) => of(blocks, into),
                Block::Table(rows) => into.extend(rows.iter().flatten().flatten()),
                Block::Code(_) | Block::Rule => {}
            }
        }
    }
    let mut into = Vec::new();
    of(&document.blocks, &mut into);
    into
}

fn links(text: &str) -> Vec<(String, Link)> {
    let document = parse(text);
    let links = spans(&document).into_iter().filter_map(|span| match &span.kind {
        SpanKind::Link(link) => Some((span.text.clone(), link.clone())),
        _ => None,
    });
    links.collect()
}

fn of_kind(text: &str, kind: &SpanKind) -> Vec<String> {
    let document = parse(text);
    let spans = spans(&document).into_iter().filter(|span| span.kind == *kind);
    spans.map(|span| span.text.clone()).collect()
}

fn indicators(text: &str) -> Vec<String> {
    of_kind(text, &SpanKind::Indicator)
}

fn all_text(text: &str) -> String {
    spans(&parse(text)).into_iter().map(|span| span.text.as_str()).collect()
}

fn depth(blocks: &[Block]) -> usize {
    let deepest = blocks.iter().map(|block| match block {
        Block::Quote(blocks) => 1 + depth(blocks),
        Block::List { items, .. } => 1 + items.iter().map(|item| depth(item)).max().unwrap_or(0),
        _ => 0,
    });
    deepest.max().unwrap_or(0)
}

#[test]
fn blocks_are_what_they_look_like() {
    let text = "# Head\n\nOne *two* **three** ~~four~~ `five`\nsix\n\n> said\n\n1. a\n2. b\n\n---\n\n```\ncode\n```\n\n|a|b|\n|-|-|\n|1|2|\n";
    let blocks = parse(text).blocks;
    assert!(matches!(&blocks[0], Block::Heading(1, spans) if spans[0].text == "Head"));
    let Block::Paragraph(spans) = &blocks[1] else { panic!("a paragraph") };
    let set = |word: &str| spans.iter().find(|span| span.text == word).unwrap();
    assert!(set("two").style.emphasis && set("three").style.strong && set("four").style.strike);
    assert_eq!(set("five").kind, SpanKind::Code);
    assert_eq!(spans.last().unwrap().text, "\nsix");
    assert!(matches!(&blocks[2], Block::Quote(inner) if inner.len() == 1));
    assert!(matches!(&blocks[3], Block::List { first: Some(1), items } if items.len() == 2));
    assert_eq!(blocks[4], Block::Rule);
    assert_eq!(blocks[5], Block::Code("code".into()));
    assert!(matches!(&blocks[6], Block::Table(rows) if rows.len() == 2 && rows[1].len() == 2));
}

#[test]
fn raw_html_is_text() {
    for text in ["<script>alert(1)</script>", "a <b onclick=x>b</b>", "<!-- hidden -->"] {
        assert_eq!(all_text(text).trim(), text);
        assert!(links(text).is_empty());
    }
}

#[test]
fn an_image_is_a_link_with_its_description() {
    let found = links("![the map](https://maps.example/a.png)");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "the map");
    assert_eq!(found[0].1.target.as_str(), "https://maps.example/a.png");
    assert_eq!(links("![](https://maps.example/a.png)")[0].0, "https://maps.example/a.png");
}

#[test]
fn bare_addresses_are_links_to_what_they_say() {
    for (text, target) in [
        ("see https://www.ncsc.gov.uk/guidance.", "https://www.ncsc.gov.uk/guidance"),
        ("(https://en.example/wiki/A_(b))", "https://en.example/wiki/A_(b)"),
        ("HTTP://A.example:8080/?q=1", "HTTP://A.example:8080/?q=1"),
        ("<https://a.example>", "https://a.example"),
        ("x=\"https://a.example/\">", "https://a.example/"),
    ] {
        let found = links(text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1.target.as_str(), target);
        assert_eq!(found[0].0, target);
        assert!(!found[0].1.misleads, "{text}");
    }
}

#[test]
fn only_what_a_browser_or_mailer_reads_as_it_looks_can_be_opened() {
    for target in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.example",
        "relative/path",
        "https://",
        "https://a%2eexample/",
        "https://a.example\u{202e}/",
        "https://[::1/",
        "mailto:nobody",
    ] {
        let text = format!("[click](<{target}>)");
        assert!(links(&text).is_empty(), "{target}");
        let shown = super::visible(target);
        assert!(all_text(&text).contains(&shown), "{target} is shown: {}", all_text(&text));
    }
    let found = links("[write](mailto:desk@warp.example)");
    assert_eq!(found[0].1.target.host(), "desk@warp.example");
}

#[test]
fn a_link_that_looks_like_another_address_says_so() {
    for (text, host, misleads) in [
        ("[https://ncsc.gov.uk](https://evil.example/)", "evil.example", true),
        ("[ncsc.gov.uk/login](https://evil.example/)", "evil.example", true),
        ("[go to www.ncsc.gov.uk now](https://evil.example/)", "evil.example", true),
        ("[ncsс.gov.uk](https://ncsc.gov.uk/)", "ncsc.gov.uk", true),
        ("https://ncsc.gov.uk@evil.example/", "evil.example", true),
        ("[x](https://ncsc.gov.uk\\\\@evil.example)", "ncsc.gov.uk", false),
        ("[a@b.example](mailto:c@d.example)", "c@d.example", true),
        ("[www.ncsc.gov.uk](https://ncsc.gov.uk/)", "ncsc.gov.uk", false),
        ("[the advisory](https://ncsc.gov.uk/a)", "ncsc.gov.uk", false),
        ("[version 3.14](https://ncsc.gov.uk/a)", "ncsc.gov.uk", false),
    ] {
        let found = links(text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1.target.host(), host, "{text}");
        assert_eq!(found[0].1.misleads, misleads, "{text}");
    }
}

#[test]
fn indicators_stand_as_they_were_written_and_are_no_links() {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    for indicator in [
        "hxxp://evil.example/a",
        "hxxps://evil[.]example",
        "https://evil[.]example/x",
        "evil(.)example",
        "evil[.]example",
        "http[:]//evil.example",
        "desk[at]evil.example",
        "203.0.113.77",
        "203.0.113.77:8443",
        "203[.]0[.]113[.]77",
        "CVE-2024-21887",
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        hash,
    ] {
        for text in
            [indicator.to_owned(), format!("see ({indicator}), and"), format!("**{indicator}**")]
        {
            assert_eq!(indicators(&text), [indicator], "{text}");
            assert!(links(&text).is_empty(), "{text}");
        }
    }
    for plain in ["1.2.3", "999.1.1.1", "CVE-24-1", "deadbeef", "[see] (there)"] {
        assert!(indicators(plain).is_empty(), "{plain}");
    }
}

#[test]
fn nothing_makes_a_link_of_what_is_defanged() {
    for text in [
        "evil[.]example\n\n[.]: https://evil.example",
        "hxxps://evil[.](https://evil.example)example",
        "user[at]evil[.]example\n\n[at]: https://evil.example\n[.]: https://evil.example",
        "https://evil**[.]**example",
        "https://evil*[.]example*",
        "https://evil\u{200b}[.]example",
        "<hxxps://evil.example>",
    ] {
        let found = links(text);
        let bare = found.iter().filter(|(said, link)| said != link.target.as_str());
        assert_eq!(bare.count(), 0, "{text}");
        assert!(!found.iter().any(|(said, _)| said == "https://evil"), "{text}");
        assert!(!indicators(text).is_empty(), "{text}");
    }
    // A link that speaks of an indicator: the one stays an indicator, the other shows where it leads.
    let text = "[203.0.113.7](https://look.example/203)";
    assert_eq!(indicators(text), ["203.0.113.7"]);
    assert_eq!(links(text)[0].0, "https://look.example/203");
}

#[test]
fn invisible_and_steering_characters_are_shown_by_their_number() {
    let text = "pay \u{202e}txt.exe\u{202c} &#x200b;`a\u{2066}b` [x\u{200f}](https://a.example)";
    let shown = all_text(text);
    assert!(shown.contains("[U+202E]txt.exe[U+202C] [U+200B]a[U+2066]b x[U+200F]"), "{shown}");
    assert_eq!(of_kind(text, &SpanKind::Sign).len(), 3);
    let code = parse("```\na\u{202e}b\n```");
    assert_eq!(code.blocks, [Block::Code("a[U+202E]b".into())]);
    // A joined emoji is nothing hidden.
    assert_eq!(all_text("👩\u{200d}🚒"), "👩\u{200d}🚒");
}

#[test]
fn what_is_nested_deeper_than_anybody_reads_stands_in_the_block_around_it() {
    for text in [">".repeat(1000) + " deep", "- ".repeat(1000) + "deep"] {
        let document = parse(&text);
        assert!(depth(&document.blocks) <= 8);
        assert!(all_text(&text).contains("deep"));
    }
}

#[test]
fn a_text_of_many_parts_is_bounded_and_whole() {
    let lines: Vec<_> = (0..10_000).map(|number| format!("- {number}")).collect();
    let items = lines.join("\n");
    let document = parse(&items);
    let Block::List { items: kept, .. } = &document.blocks[0] else { panic!("a list") };
    assert!(kept.len() < 1000);
    assert!(all_text(&items).contains("9999"));
    let addresses = "https://a.example ".repeat(3000);
    assert!(links(&addresses).len() <= 100);
    assert_eq!(all_text(&addresses).matches("https").count(), 3000);
}

#[test]
fn hostile_texts_of_full_length_are_read() {
    let full = |unit: &str| unit.repeat(64 * 1024 / unit.len());
    for unit in [
        "[", "![", "[](", "<", "(", ")", "`", "*", "**a", "> ", "- ", "_a_", "|", "\\", "&#x202e;",
        "\u{202e}", "http://", "CVE-", "1.", "[.]", "~", "|a\n|-\n", "hxxp",
    ] {
        assert!(spans(&parse(&full(unit))).len() <= 64 * 1024);
    }
}

#[test]
fn addresses_are_defanged_whole() {
    let found = links("https://user@www.evil.example/a.b [m](mailto:a@b.example)");
    assert_eq!(super::defanged(&found[0].1.target), "hxxps://user[@]www[.]evil[.]example/a.b");
    assert_eq!(super::defanged(&found[1].1.target), "a[@]b[.]example");
    for (_, link) in found {
        let text = super::defanged(&link.target);
        assert_eq!(indicators(&text), [text]);
    }
}

#[test]
fn what_is_defanged_opens_nothing_in_whatever_case_it_was_written() {
    for (text, defanged) in [
        ("HtTp://localhost/", "hxxp://localhost/"),
        ("hTTPs://[::1]:443/a", "hxxps://[::1]:443/a"),
        ("HTTPS://a@b.example/", "hxxpS://a[@]b[.]example/"),
        ("MailTo:a@b.example", "a[@]b[.]example"),
    ] {
        let target = super::Target::parse(text).unwrap();
        assert_eq!(super::defanged(&target), defanged);
        assert_eq!(super::Target::parse(defanged), None);
    }
}

#[test]
fn odd_hosts_are_pointed_out() {
    let odd = |text: &str| super::Target::parse(text).unwrap().oddities().len();
    assert_eq!(odd("https://www.ncsc.gov.uk/"), 0);
    assert_eq!(odd("https://xn--ncc-5cd.gov.uk/"), 1);
    assert_eq!(odd("https://ncsс.gov.uk/"), 1);
    assert_eq!(odd("https://203.0.113.7/"), 1);
    assert_eq!(odd("https://[::1]/"), 1);
    assert_eq!(odd("https://bank@evil.example/"), 1);
}

/// Words that people and attackers put beside each other.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "hxxps://evil[.]example",
        "https://a.example/b",
        "[",
        "]",
        "(",
        ")",
        "![",
        "](https://x.example)",
        "[.]",
        "[at]",
        "[.]: https://x.example\n",
        "**",
        "*",
        "_",
        "~~",
        "`",
        "```\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "\n",
        "\n\n",
        " ",
        "|",
        "|-|\n",
        "<b>",
        "<!--",
        "\\",
        "&#x202e;",
        "\u{202e}",
        "\u{200b}",
        "\u{fffc}",
        "203.0.113.7",
        "CVE-2024-21887",
        "é",
        "word",
        "http://",
        "@",
        ".",
        "😀",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn reading_never_fails_and_no_span_steers(text in prop_oneof![words(), any::<String>()]) {
        let document = parse(&text);
        prop_assert!(depth(&document.blocks) <= 8);
        for span in spans(&document) {
            let steers = |(c, next): (char, Option<char>)| {
                is_steering(c) && !(c == '\u{200d}' && next.is_some())
            };
            let next = span.text.chars().skip(1).map(Some).chain([None]);
            prop_assert!(!span.text.chars().zip(next).any(steers), "{:?}", span.text);
        }
    }

    #[test]
    fn no_indicator_is_a_link(text in words()) {
        for (said, link) in links(&text) {
            let is_one = said.split_whitespace().any(super::token::is_indicator);
            prop_assert!(!is_one, "{text:?}: {said:?} leads to {:?}", link.target);
        }
    }

    #[test]
    fn words_without_signs_stay_as_they_are(text in "[a-z ]{1,40}[a-z]") {
        let text = text.trim();
        let plain = Span { text: text.into(), style: Style::default(), kind: SpanKind::Text };
        prop_assert_eq!(parse(text).blocks, [Block::Paragraph(vec![plain])]);
    }
}
