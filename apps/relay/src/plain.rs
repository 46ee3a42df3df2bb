//! From what a feed says to plain text that a room takes: no tags, no scripts, no images, nothing
//! invisible or steering, bounded. It judges nothing and looks up nothing.
//!
//! Two steps. [`tame`](markup::tame) rewrites the source so that only names of known HTML elements are
//! left as tags, and everything else that looks like one (`Vec<T>`, `<https://…>`, an XSS payload in a
//! title) stays what it is: words. Then html5ever's tokenizer, which knows character references,
//! comments and raw text, reads it, and [`text`] writes words and breaks. No tree is built, so nesting
//! costs nothing, and both steps are linear in the source.

mod markup;
mod text;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use url::Url;
use warproom_client::proto::Name;

use self::text::{Break, Writer};

/// How much of a source is looked at: eight thousand characters of words with a very generous amount
/// of markup around them.
const SOURCE_BYTES: usize = 256 * 1024;

/// What is looked at in any case, however few characters are asked for.
const SLACK_BYTES: usize = 16 * 1024;

/// How much is read before it is asked whether there is enough.
const PART_BYTES: usize = 4096;

/// The characters of a web address: as many as a `Line` of the server takes.
const ADDRESS_CHARS: usize = 1000;

/// The characters of a name, as the server counts them.
const NAME_CHARS: usize = 80;

/// The words of HTML or of plain text, paragraphs apart by an empty line, at most `most_chars`
/// characters; a text that was cut ends with `…`.
#[must_use]
pub fn plain(html_or_text: &str, most_chars: usize) -> String {
    let source = head(html_or_text, SOURCE_BYTES.min(most_chars.saturating_mul(16) + SLACK_BYTES));
    let tamed = markup::tame(source);
    let keeps_lines = !tamed.has_blocks;
    let words =
        Words(RefCell::new(State { writer: Writer::new(most_chars, keeps_lines), dropping: None }));
    let tokenizer = Tokenizer::new(words, TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = tamed.source.as_str();
    while !rest.is_empty() && !tokenizer.sink.0.borrow().writer.is_full() {
        let part = head(rest, PART_BYTES);
        rest = &rest[part.len()..];
        input.push_back(StrTendril::from_slice(part));
        // Nothing asks for scripts to be run, so a call reads all there is.
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().writer.finish(source.len() < html_or_text.len())
}

/// The same in one line.
#[must_use]
pub fn line(text: &str, most_chars: usize) -> String {
    // Breaks become spaces, so a line needs no more characters than its paragraphs.
    let all = plain(text, most_chars.saturating_mul(2));
    let mut line = String::with_capacity(all.len());
    for word in all.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    cut(&line, most_chars)
}

/// A web address that may be shown: `http` or `https`, without a user or password, at most 1000
/// characters. Its words are those of the URL standard, so nothing in it can steer a display.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 4 * ADDRESS_CHARS || text.chars().any(char::is_control) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let shown = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.host_str().is_some_and(|host| !host.is_empty());
    let address = String::from(url);
    (shown && address.chars().count() <= ADDRESS_CHARS && !address.contains(text::is_hidden))
        .then_some(address)
}

/// A name as the server takes it: one line of at most 80 characters; `None` if nothing is left.
#[must_use]
pub fn name(text: &str) -> Option<Name> {
    cut(&line(text, 4 * NAME_CHARS), NAME_CHARS).parse().ok()
}

/// The first `most` characters; where something was cut, the last of them is `…`.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let mut kept = kept.trim_end().to_owned();
    if most > 0 {
        kept.push('…');
    }
    kept
}

/// The first `most` bytes, or a little less so that no character is cut in two.
fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Takes tokens and writes words.
struct Words(RefCell<State>);

struct State {
    writer: Writer,
    /// The element whose content is being dropped, until its end tag.
    dropping: Option<&'static str>,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(words) if state.dropping.is_none() => {
                state.writer.words(&words);
            }
            Token::TagToken(tag) => return state.tag(&tag.name, tag.kind, tag.self_closing),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn tag(&mut self, name: &str, kind: TagKind, closed: bool) -> TokenSinkResult<()> {
        if let Some(dropped) = self.dropping {
            if kind == TagKind::EndTag && name == dropped {
                self.dropping = None;
            }
            return TokenSinkResult::Continue;
        }
        if kind == TagKind::StartTag
            && !closed
            && let Some(dropped) = markup::dropped(name)
        {
            self.dropping = Some(dropped);
            return if markup::is_raw(dropped) {
                TokenSinkResult::RawData(RawKind::Rawtext)
            } else {
                TokenSinkResult::Continue
            };
        }
        match markup::break_of(name) {
            Break::Preformatted => self.writer.preformatted(kind == TagKind::StartTag),
            Break::Item if kind == TagKind::EndTag => self.writer.breaks(Break::Line),
            other => self.writer.breaks(other),
        }
        TokenSinkResult::Continue
    }
}
