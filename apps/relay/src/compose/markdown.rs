//! Plain words in a Markdown text: what they would start there is taken from them, so that a feed
//! cannot plant a link that says one thing and leads to another.

/// Plain text, as Markdown shows it unchanged (`CommonMark` 0.31, section 2.4). Emphasis and lists do no
/// harm and are left; links, pictures, code and HTML are not.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | '<' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A link with these words, or the words alone where the address cannot stand in one.
pub(super) fn link(words: &str, address: Option<&str>) -> String {
    let words = plain(words);
    let stands = |address: &&str| {
        !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\\".contains(c))
    };
    match address.filter(stands) {
        Some(address) => format!("[{words}](<{address}>)"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_become_links() {
        assert_eq!(
            plain("see [here](https://evil.example)"),
            "see \\[here\\](https://evil.example)"
        );
        assert_eq!(plain("\\[here](x)"), "\\\\\\[here\\](x)");
        assert_eq!(plain("<script>`"), "\\<script>\\`");
    }

    #[test]
    fn an_address_that_would_end_its_link_is_left_out() {
        assert_eq!(link("a]b", Some("https://x.example/1")), "[a\\]b](<https://x.example/1>)");
        assert_eq!(link("a", Some("https://x.example/> [b](<y")), "a");
        assert_eq!(link("a", None), "a");
    }
}
