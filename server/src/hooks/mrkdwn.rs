//! Slack's way of writing links and mentions, put as plain words; and images of Mattermost's
//! Markdown, of which only the words stay. Nobody is mentioned by what a webhook writes, and nothing
//! is fetched because of it.

use std::collections::HashMap;

/// Schemes whose addresses are shown as links. Others stay as they were written.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];

/// How long an image's Markdown may be, in bytes: longer than any address in use. Beyond it, it is no
/// image but a link.
const IMAGE_BYTES: usize = 1024;

/// What stands between the words of an image and its address.
const MIDDLE: &str = "](";

/// A text with its sequences in angle brackets and its entities put as words.
pub fn plain(mrkdwn: &str) -> String {
    let mut said = String::with_capacity(mrkdwn.len());
    let mut rest = mrkdwn;
    while let Some(at) = rest.find('<') {
        said.push_str(&unescaped(&rest[..at]));
        let after = &rest[at + 1..];
        let end = after.find(['<', '>', '\n']).filter(|end| after[*end..].starts_with('>'));
        if let Some((end, words)) = end.and_then(|end| Some((end, sequence(&after[..end])?))) {
            said.push_str(&words);
            rest = &after[end + 1..];
        } else {
            said.push('<');
            rest = after;
        }
    }
    said.push_str(&unescaped(rest));
    without_images(&said)
}

/// What stands between angle brackets; `None` if it is nothing of Slack's.
fn sequence(inner: &str) -> Option<String> {
    let (target, shown) = match inner.split_once('|') {
        Some((target, shown)) => (target, unescaped(shown.trim())),
        None => (inner, String::new()),
    };
    let or = |sign: char, other: &str| match shown.trim_start_matches(sign) {
        "" => format!("{sign}{other}"),
        shown => format!("{sign}{shown}"),
    };
    if let Some(special) = target.strip_prefix('!') {
        let (kind, rest) = special.split_once('^').unwrap_or((special, ""));
        return Some(match kind {
            "date" if shown.is_empty() => rest.split('^').next().unwrap_or_default().to_owned(),
            "date" => shown,
            "subteam" => or('@', rest),
            everyone => or('@', everyone),
        });
    }
    for sign in ['@', '#'] {
        if let Some(id) = target.strip_prefix(sign) {
            return Some(or(sign, id));
        }
    }
    let lower = target.to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| lower.starts_with(scheme)).then(|| link(&unescaped(target), &shown))
}

/// An address with the words shown for it. The address is always seen: the words may lie.
pub fn link(address: &str, shown: &str) -> String {
    let bare = address.strip_prefix("mailto:").unwrap_or(address);
    if shown.is_empty() || shown == address || shown == bare {
        return bare.to_owned();
    }
    format!("{shown} ({bare})")
}

/// The three entities that Slack knows.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Markdown without images: the words of each stay, its address goes. What is not closed, or refers
/// to an address elsewhere, is no image any more. Every part of the text is looked at once, however
/// many images seem to begin in it.
fn without_images(markdown: &str) -> String {
    let find = |what: &str, from: usize| markdown[from..].find(what).map(|at| from + at);
    let Some(mut begins) = find("![", 0) else { return markdown.to_owned() };
    let closings = closings(markdown);
    let mut middle = find(MIDDLE, 0);
    let mut kept = String::with_capacity(markdown.len());
    let mut from = 0;
    loop {
        kept.push_str(&markdown[from..begins]);
        let words = begins + 2;
        if middle.is_some_and(|middle| middle < words) {
            middle = find(MIDDLE, words);
        }
        let image = middle.and_then(|middle| {
            let end = *closings.get(&(middle + 1))?;
            (end - words < IMAGE_BYTES).then_some((&markdown[words..middle], end + 1))
        });
        from = if let Some((said, end)) = image {
            kept.push_str(said);
            end
        } else {
            kept.push('[');
            words
        };
        match find("![", from) {
            Some(next) => begins = next,
            None => break,
        }
    }
    kept.push_str(&markdown[from..]);
    kept
}

/// Where each bracket closes that opens an address.
fn closings(text: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closings = HashMap::new();
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'(' {
            open.push(at);
        } else if byte == b')'
            && let Some(opened) = open.pop()
            && text[..opened].ends_with(']')
        {
            closings.insert(opened, at);
        }
    }
    closings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_mentions_become_words() {
        for (written, read) in [
            ("<https://warp.example/a?b=1&amp;c=2>", "https://warp.example/a?b=1&c=2"),
            ("<https://warp.example|the page>", "the page (https://warp.example)"),
            (
                "<https://warp.example|https://bank.example>",
                "https://bank.example (https://warp.example)",
            ),
            ("<mailto:a@b.example|a@b.example>", "a@b.example"),
            ("<!channel> <!here|here> <!everyone>", "@channel @here @everyone"),
            ("<!subteam^S1|@oncall> <!subteam^S1>", "@oncall @S1"),
            ("<!date^1392734382^{date}|18 February>", "18 February"),
            ("<!date^1392734382^{date}>", "1392734382"),
            ("<@U012AB3CD> <@U012AB3CD|jo> <#C1|general>", "@U012AB3CD @jo #general"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt;", "1 < 2 && 3 > 2, &lt;"),
            (
                "a < b > c, <b>, <script>, <javascript:alert(1)|click>",
                "a < b > c, <b>, <script>, <javascript:alert(1)|click>",
            ),
            ("<https://a.example", "<https://a.example"),
            ("<<https://a.example>>", "<https://a.example>"),
            ("<!>", "@"),
            ("", ""),
        ] {
            assert_eq!(plain(written), read, "{written}");
        }
    }

    #[test]
    fn of_images_only_the_words_stay() {
        for (written, read) in [
            ("see ![a graph](https://tracker.example/p.gif) here", "see a graph here"),
            ("![](https://tracker.example/a(b).gif)!", "!"),
            ("![a][1] and ![b](unclosed", "[a][1] and [b](unclosed"),
            (
                "[![badge](https://t.example/i.svg)](https://ci.example)",
                "[badge](https://ci.example)",
            ),
            ("wow![", "wow["),
            ("![a ![b](c) d](e)", "a ![b d](e)"),
            ("![a](b ![c](d) (e", "[a](b c (e"),
            ("![ä](ö)![ü](b(", "ä[ü](b("),
        ] {
            assert_eq!(plain(written), read, "{written}");
        }
    }

    #[test]
    fn any_text_is_read_and_none_takes_long() {
        use proptest::prelude::*;
        proptest!(|(text in "[<>!@#|^a-z(\\[\\])&;\\n ]{0,200}")| { plain(&text); });
        // Twenty times what a webhook brings: read in one go it takes a moment, and far longer if every
        // beginning of an image is a search of its own.
        for piece in ["<", "![", "![](", "<!", "((", "![a](b", "<a|", "![](((("] {
            let began = std::time::Instant::now();
            plain(&piece.repeat(20 * warproom_proto::limits::HOOK_BYTES / piece.len()));
            assert!(began.elapsed().as_secs() < 5, "{piece}: {:?}", began.elapsed());
        }
    }
}
