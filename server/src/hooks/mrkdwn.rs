//! Slack's way of writing links and mentions, put as plain words; and images of Mattermost's
//! Markdown, of which only the words stay. Nobody is mentioned by what a webhook writes, and nothing
//! is fetched because of it.

/// Schemes whose addresses are shown as links. Others stay as they were written.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];

/// How long an image's Markdown may be, in bytes: longer than any address in use. Beyond it, it is no
/// image but a link; so no text is searched for its end over and over.
const IMAGE_BYTES: usize = 1024;

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
/// to an address elsewhere, is no image any more.
fn without_images(markdown: &str) -> String {
    let mut kept = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(at) = rest.find("![") {
        kept.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let near = &after[..after.floor_char_boundary(IMAGE_BYTES)];
        let image = near.split_once("](").and_then(|(words, address)| {
            let end = closing(address)?;
            Some((words, words.len() + 2 + end + 1))
        });
        if let Some((words, length)) = image {
            kept.push_str(words);
            rest = &after[length..];
        } else {
            kept.push('[');
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

/// Where the bracket closes in which a text begins.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return Some(at),
            ')' => open -= 1,
            _ => {}
        }
    }
    None
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
        ] {
            assert_eq!(plain(written), read, "{written}");
        }
    }

    #[test]
    fn any_text_is_read_and_none_takes_long() {
        use proptest::prelude::*;
        proptest!(|(text in "[<>!@#|^a-z(\\[\\])&;\\n ]{0,200}")| { plain(&text); });
        for piece in ["<", "![", "![](", "<!", "((", "![a](b", "<a|"] {
            plain(&piece.repeat(warproom_proto::limits::HOOK_BYTES / piece.len()));
        }
    }
}
