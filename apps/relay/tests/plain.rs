//! From HTML to plain text that a room takes.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use warproom_client::proto::{Line, Name, Text};
use warproom_relay::plain::{address, line, name, plain};

#[test]
fn blocks_make_paragraphs_and_tags_go() {
    for (html, text) in [
        ("<p>One</p><p>Two <b>bold</b>\nwords</p>", "One\n\nTwo bold words"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b <i>c</i></li></ul>d", "- a\n- b c\n\nd"),
        (
            "<table><tr><th>Name</th><td>x</td></tr><tr><th>Age</th><td>y</td></tr></table>",
            "Name | x\nAge | y",
        ),
        ("<h1>Title</h1>text<pre>a\n  b</pre>end", "Title\n\ntext\n\na\nb\n\nend"),
        ("&lt;b&gt; &amp;amp; &eacute;&#233;&#x1F600;&nbsp;x", "<b> &amp; éé😀 x"),
        ("plain\nlines\n\n\n\nstay", "plain\nlines\n\nstay"),
        ("  \r\n a \t b \r\n", "a b"),
        ("", ""),
    ] {
        assert_eq!(plain(html, 1000), text, "{html}");
    }
}

#[test]
fn what_is_active_or_invisible_goes() {
    for (html, text) in [
        ("a<script>alert('</p>')</script>b", "ab"),
        ("a<SCRIPT src=x></SCRIPT >b", "ab"),
        ("a<style>p{}</style>b<!-- c --><img src=x onerror=\"alert(1)\">d", "abd"),
        ("<svg><script>1</script><text>x</text></svg>y", "y"),
        ("<a href=\"javascript:alert(1)\" onclick='x'>link</a>", "link"),
        ("<p title='>'>a</p><p title=\">\">b</p>", "a\n\nb"),
        ("<iframe srcdoc='<p>x'>inner</iframe>after", "after"),
        ("<head><title>t</title></head><body>b</body>", "b"),
        ("a\u{202e}b\u{200b}c\u{feff}d\u{7}e\u{1b}[31mf\u{ad}g", "abcde[31mfg"),
        ("a\u{0}b", "ab"),
        ("<![CDATA[<p>x</p>]]>", "x\n\n]]>"),
    ] {
        assert_eq!(plain(html, 1000), text, "{html}");
    }
}

#[test]
fn what_only_looks_like_a_tag_stays() {
    for text in [
        "1 < 2 and 3 > 2",
        "Vec<T> and <https://example.org/a>",
        "<user@example.org>",
        "XSS through the <script> tag",
        "a <b and no end",
        "x <-- y",
        "ends with <",
        "<",
        "<!-- never closed",
    ] {
        assert_eq!(plain(text, 1000), text);
    }
}

#[test]
fn texts_are_cut_on_a_character_and_say_so() {
    assert_eq!(plain("ééééé", 3), "éé…");
    assert_eq!(plain("ééé", 3), "ééé");
    assert_eq!(plain("abc", 0), "");
    assert_eq!(plain("abc", 1), "…");
    assert_eq!(line("<p>a</p><p>b</p> c", 100), "a b c");
    assert_eq!(line("one two three", 8), "one two…");
    assert_eq!(name(&"é".repeat(81)).unwrap().as_str().chars().count(), 80);
    assert_eq!(
        name(" <b>Ivanti</b>\n Connect  Secure "),
        "Ivanti Connect Secure".parse::<Name>().ok()
    );
    assert_eq!(name("\u{200b} \n"), None);
}

#[test]
fn addresses_are_of_the_web_and_carry_no_secrets() {
    for (text, shown) in [
        (" https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        ("HTTP://EXAMPLE.org", "http://example.org/"),
        ("https://exämple.org/ü x", "https://xn--exmple-cua.org/%C3%BC%20x"),
        ("https://example.org/\u{202e}x", "https://example.org/%E2%80%AEx"),
    ] {
        assert_eq!(address(text).as_deref(), Some(shown));
    }
    for bad in [
        "",
        "example.org",
        "/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://user:pw@example.org/",
        "https://user@example.org/",
        "https://",
        "https://a b/",
        "https://example.org/\na",
    ] {
        assert_eq!(address(bad), None, "{bad}");
    }
    assert_eq!(address(&format!("https://example.org/{}", "a".repeat(1000))), None);
}

#[test]
fn hostile_texts_cost_little() {
    let started = Instant::now();
    for unit in [
        "<div>",
        "<script>",
        "<a x='>' ",
        "<a \"",
        "<a x=\"",
        "<!--",
        "<![CDATA[",
        "<",
        "</",
        "&",
        "&#",
        "<p a b c d e f ",
        "<svg>",
        "<pre>\n",
        "<li>",
        "a b ",
        "\u{202e}",
        "<b a=1 b=2 c=3>",
        "<textarea>",
        "<style></style>",
    ] {
        for around in [("", ""), ("<p ", ">"), ("<p x='", "'>"), ("", "</script>--></svg>")] {
            let text = format!("{}{}{}", around.0, unit.repeat(500_000 / unit.len()), around.1);
            assert!(plain(&text, 8000).chars().count() <= 8000, "{unit}");
        }
    }
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

fn html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>".to_owned()),
        Just("</p>".to_owned()),
        Just("<script>".to_owned()),
        Just("</script>".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<a href='".to_owned()),
        Just("'>".to_owned()),
        Just("<li>".to_owned()),
        Just("<td>".to_owned()),
        Just("<pre>".to_owned()),
        Just("&nbsp;".to_owned()),
        Just("&#0;".to_owned()),
        Just("&#x202e;".to_owned()),
        Just("\n".to_owned()),
        any::<String>(),
        "[a-z ]{0,9}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_comes_in_the_server_takes_what_comes_out(text in html(), most in 0_usize..300) {
        let out = plain(&text, most);
        prop_assert!(out.chars().count() <= most);
        prop_assert!(out.is_empty() || out.parse::<Text>().is_ok(), "{:?}", out);
        prop_assert_eq!(out.trim(), &out);
        let out = line(&text, most);
        prop_assert!(out.chars().count() <= most);
        prop_assert!(out.is_empty() || out.parse::<Line>().is_ok(), "{:?}", out);
        let _ = name(&text);
        if let Some(address) = address(&text) {
            prop_assert!(address.parse::<Line>().is_ok());
        }
    }
}
