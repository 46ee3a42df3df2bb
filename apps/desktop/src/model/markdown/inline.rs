//! A line of running text while it is read. It becomes spans as a whole, because a word may be set in
//! several styles and is still one word: half a defanged address must not become a link.

use std::ops::Range;

use super::address::Target;
use super::token::{Piece, STAND_IN, Token, cut, sign, tokens, visible};
use super::{Link, Span, SpanKind, Style};

/// A line.
#[derive(Default)]
pub(super) struct Line {
    text: String,
    /// In order, without gaps: each begins where the one before ends.
    runs: Vec<Run>,
}

/// A stretch of one style.
struct Run {
    end: usize,
    style: Style,
    kind: RunKind,
}

enum RunKind {
    Text,
    Code(String),
    Link { text: String, target: Target },
}

impl Line {
    /// Adds text.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let end = self.text.len();
        match self.runs.last_mut() {
            Some(run) if run.style == style && matches!(run.kind, RunKind::Text) => run.end = end,
            _ => self.runs.push(Run { end, style, kind: RunKind::Text }),
        }
    }

    /// Adds code.
    pub(super) fn push_code(&mut self, code: &str, style: Style) {
        self.push_other(RunKind::Code(code.to_owned()), style);
    }

    /// Adds a link that somebody wrote as one.
    pub(super) fn push_link(&mut self, text: String, target: Target, style: Style) {
        self.push_other(RunKind::Link { text, target }, style);
    }

    fn push_other(&mut self, kind: RunKind, style: Style) {
        self.text.push(STAND_IN);
        self.runs.push(Run { end: self.text.len(), style, kind });
    }

    /// Whether there is nothing in it.
    pub(super) const fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The line as spans. No more than so many addresses in it become links.
    pub(super) fn finish(self, links_left: &mut usize) -> Vec<Span> {
        let tokens = tokens(&self.text);
        let mut spans = Vec::new();
        let mut start = 0;
        for run in self.runs {
            let range = start..run.end;
            start = run.end;
            let style = run.style;
            match run.kind {
                RunKind::Text => {
                    words(&mut spans, &self.text, range, style, &tokens, links_left);
                }
                RunKind::Code(code) => {
                    spans.push(Span { text: visible(&code), style, kind: SpanKind::Code });
                }
                RunKind::Link { text, target } => {
                    let is_torn = token_at(&tokens, range.start) == Some(&Token::Indicator);
                    spans.push(link(&text, target, style, is_torn, links_left));
                }
            }
        }
        spans
    }
}

/// A link somebody wrote; in the middle of an indicator it is text.
fn link(text: &str, target: Target, style: Style, is_torn: bool, left: &mut usize) -> Span {
    let text = visible(text);
    if is_torn || *left == 0 {
        let text = format!("{text} ({})", target.as_str());
        let kind = if is_torn { SpanKind::Indicator } else { SpanKind::Text };
        return Span { text, style, kind };
    }
    *left -= 1;
    let misleads = target.is_misled_by(&text);
    Span { text, style, kind: SpanKind::Link(Link { target, misleads }) }
}

/// The spans of a stretch of text.
fn words(
    spans: &mut Vec<Span>,
    line: &str,
    range: Range<usize>,
    style: Style,
    tokens: &[(Range<usize>, Token)],
    links_left: &mut usize,
) {
    let mut at = range.start;
    let first = tokens.partition_point(|(token, _)| token.end <= at);
    for (token, what) in &tokens[first..] {
        if token.start >= range.end {
            break;
        }
        let within = token.start.max(at)..token.end.min(range.end);
        plain(spans, &line[at..within.start], style, &SpanKind::Text);
        at = within.end;
        let kind = match what {
            Token::Indicator => SpanKind::Indicator,
            Token::Address(_) if *links_left == 0 => SpanKind::Text,
            Token::Address(target) => {
                *links_left -= 1;
                let misleads = target.is_misled_by(target.as_str());
                SpanKind::Link(Link { target: target.clone(), misleads })
            }
        };
        plain(spans, &line[within], style, &kind);
    }
    plain(spans, &line[at..range.end], style, &SpanKind::Text);
}

/// The spans of a stretch of one kind: its invisible characters stand by themselves.
fn plain(spans: &mut Vec<Span>, text: &str, style: Style, kind: &SpanKind) {
    for piece in cut(text) {
        spans.push(match piece {
            Piece::Plain(text) => Span { text: text.to_owned(), style, kind: kind.clone() },
            Piece::Sign(c) => Span { text: sign(c), style, kind: SpanKind::Sign },
        });
    }
}

fn token_at(tokens: &[(Range<usize>, Token)], at: usize) -> Option<&Token> {
    let place = tokens.partition_point(|(token, _)| token.end <= at);
    tokens.get(place).filter(|(token, _)| token.contains(&at)).map(|(_, token)| token)
}
