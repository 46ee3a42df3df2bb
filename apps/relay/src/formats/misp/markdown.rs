//! An event report's Markdown as plain text: words and line breaks, no links, images or HTML. Where a
//! report embeds a part of its event (`@[attribute](…)`), nothing is left: the part is listed anyway.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// How much of a report is looked at: its text is bounded to a fraction of this.
const SOURCE_BYTES: usize = 64 * 1024;

/// The plain text of Markdown.
pub(super) fn words(markdown: &str) -> String {
    let source = &markdown[..markdown.floor_char_boundary(SOURCE_BYTES)];
    let mut text = String::new();
    let mut skipping = 0_usize;
    for event in Parser::new_ext(source, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Image { .. }) => skipping += 1,
            Event::Start(Tag::Link { .. }) if text.ends_with('@') => {
                text.pop();
                skipping += 1;
            }
            Event::End(TagEnd::Image | TagEnd::Link) => skipping = skipping.saturating_sub(1),
            Event::Text(words) | Event::Code(words) if skipping == 0 => text.push_str(&words),
            Event::SoftBreak | Event::End(TagEnd::TableCell) => text.push(' '),
            Event::HardBreak | Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => {
                text.push('\n');
            }
            Event::Start(Tag::Item) => text.push_str("- "),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::List(_)
                | TagEnd::BlockQuote(_),
            ) => text.push_str("\n\n"),
            _ => {}
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_are_left_of_markdown() {
        let markdown = "# Title\n\nSome **bold** [words](http://evil.example) and `code`.\n\n\
            - one\n- two @[attribute](5a3c2fda-78f4-44b7-8366-46da02de0b81)\n\n\
            ![track](http://evil.example/x.png)<script>alert(1)</script>";
        assert_eq!(
            words(markdown),
            "Title\n\nSome bold words and code.\n\n- one\n- two \n\n\nalert(1)"
        );
    }

    #[test]
    fn deep_quotes_end_quickly() {
        assert!(words(&"> ".repeat(200_000)).is_empty());
        words(&"[".repeat(200_000));
        words(&"*_".repeat(200_000));
    }
}
