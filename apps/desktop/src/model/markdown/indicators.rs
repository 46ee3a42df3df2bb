//! The indicators of a text, to be taken elsewhere: as they are written, so that what is defanged stays
//! so.

use super::token::{Token, tokens, visible};
use super::{Block, Span, SpanKind, parse};

/// Whether there is one, as far as the words tell. Cheaper than finding them.
pub fn has_indicators(text: &str) -> bool {
    text.lines().any(|line| tokens(line).iter().any(|(_, what)| *what == Token::Indicator))
}

/// Every indicator of a text, each once, in the order in which they come.
pub fn indicators(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    of_blocks(&parse(text).blocks, &mut found);
    let mut seen = std::collections::HashSet::new();
    found.retain(|one| seen.insert(one.clone()));
    found
}

fn of_blocks(blocks: &[Block], found: &mut Vec<String>) {
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading(_, spans) => of_spans(spans, found),
            Block::List { items, .. } => items.iter().for_each(|item| of_blocks(item, found)),
            Block::Quote(blocks) => of_blocks(blocks, found),
            Block::Table(rows) => rows.iter().flatten().for_each(|cell| of_spans(cell, found)),
            Block::Code(code) => of_code(code, found),
            Block::Rule => {}
        }
    }
}

fn of_spans(spans: &[Span], found: &mut Vec<String>) {
    // One word may be set in several spans, and have invisible characters in it.
    let mut word = String::new();
    for span in spans {
        match span.kind {
            SpanKind::Indicator => word.push_str(&span.text),
            SpanKind::Sign if !word.is_empty() => word.push_str(&span.text),
            SpanKind::Text | SpanKind::Sign | SpanKind::Link(_) => end(&mut word, found),
            SpanKind::Code => {
                end(&mut word, found);
                of_code(&span.text, found);
            }
        }
    }
    end(&mut word, found);
}

fn end(word: &mut String, found: &mut Vec<String>) {
    if !word.is_empty() {
        found.push(std::mem::take(word));
    }
}

fn of_code(code: &str, found: &mut Vec<String>) {
    for line in code.lines() {
        let words = tokens(line).into_iter();
        let words = words.filter(|(_, what)| *what == Token::Indicator);
        found.extend(words.map(|(place, _)| visible(&line[place])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_are_found_wherever_they_stand_and_each_once() {
        let text = "Block hxxps://update[.]example/api, **and** `203[.]0[.]113[.]77`.\n\n\
                    > CVE-2023-46805 again\n\n\
                    ```\nhxxps://update[.]example/api\nSHA256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n```\n\n\
                    - evil[.]**example**\n\nMore at [the advisory](https://www.ncsc.gov.uk/guidance).";
        assert!(has_indicators(text));
        assert_eq!(
            indicators(text),
            [
                "hxxps://update[.]example/api",
                "203[.]0[.]113[.]77",
                "CVE-2023-46805",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "evil[.]example",
            ]
        );
    }

    #[test]
    fn a_text_without_any_has_none() {
        let text = "The call is at 15:00; see https://www.ncsc.gov.uk/guidance.";
        assert!(!has_indicators(text));
        assert_eq!(indicators(text), Vec::<String>::new());
    }
}
