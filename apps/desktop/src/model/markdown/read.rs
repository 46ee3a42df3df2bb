//! Reads Markdown events into blocks. Bounded: whatever is nested deeper than [`DEPTH`] stands in the
//! block around it, what comes after [`BLOCKS`] is one paragraph, and what comes after [`LINKS`] is
//! not linked; all of it stays readable.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::address::Target;
use super::inline::Line;
use super::token::{is_indicator, visible};
use super::{Block, Document, Style};

/// How deep blocks nest: a list in a quote in a list, and some more.
const DEPTH: usize = 8;

/// The most blocks, items and cells of a text: some screens full, still laid out within a frame.
const BLOCKS: usize = 400;

/// The most links of a text: each is a control of its own.
const LINKS: usize = 100;

/// Reads a text.
pub fn parse(text: &str) -> Document {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut reader = Reader::new(text);
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.take(event, range);
    }
    reader.finish()
}

/// What is open around what is being read.
enum Frame {
    Quote(Vec<Block>),
    List(Option<u64>, Vec<Vec<Block>>),
    Item(Vec<Block>),
    Table(Vec<Vec<Vec<super::Span>>>),
    Row(Vec<Vec<super::Span>>),
}

/// A link or image being read.
struct OpenLink {
    target: String,
    text: String,
    style: Style,
    source: Range<usize>,
    /// How many images are open within it.
    within: usize,
}

struct Reader<'t> {
    source: &'t str,
    blocks: Vec<Block>,
    frames: Vec<Frame>,
    /// How many frames are open that are too deep or too many. They are the innermost ones.
    skipped: usize,
    made: usize,
    links_left: usize,
    line: Line,
    link: Option<OpenLink>,
    code: Option<String>,
    strong: usize,
    emphasis: usize,
    strike: usize,
}

impl<'t> Reader<'t> {
    fn new(source: &'t str) -> Self {
        Self {
            source,
            blocks: Vec::new(),
            frames: Vec::new(),
            skipped: 0,
            made: 0,
            links_left: LINKS,
            line: Line::default(),
            link: None,
            code: None,
            strong: 0,
            emphasis: 0,
            strike: 0,
        }
    }

    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Code(code) => self.code(&code),
            Event::SoftBreak | Event::HardBreak => self.text("\n"),
            Event::TaskListMarker(true) => self.text("☑ "),
            Event::TaskListMarker(false) => self.text("☐ "),
            Event::Rule => {
                self.flush(Block::Paragraph);
                self.add(Block::Rule);
            }
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::FootnoteReference(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => self.text(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::BlockQuote(_) => self.open(Frame::Quote(Vec::new())),
            Tag::List(first) => self.open(Frame::List(first, Vec::new())),
            Tag::Item => self.open(Frame::Item(Vec::new())),
            Tag::Table(_) => self.open(Frame::Table(Vec::new())),
            Tag::TableHead | Tag::TableRow => self.open(Frame::Row(Vec::new())),
            Tag::CodeBlock(_) => {
                self.flush(Block::Paragraph);
                self.code = Some(String::new());
            }
            Tag::Heading { .. } | Tag::HtmlBlock => self.flush(Block::Paragraph),
            Tag::Emphasis => self.emphasis += 1,
            Tag::Strong => self.strong += 1,
            Tag::Strikethrough => self.strike += 1,
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                let is_mail = link_type == LinkType::Email;
                let target = if is_mail { format!("mailto:{dest_url}") } else { dest_url.into() };
                self.open_link(target, range);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(Block::Paragraph),
            TagEnd::Heading(level) => self.flush(|spans| Block::Heading(level as u8, spans)),
            TagEnd::BlockQuote(_)
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow => self.close(),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                self.add(Block::Code(visible(code.trim_end_matches('\n'))));
            }
            TagEnd::Emphasis => self.emphasis -= 1,
            TagEnd::Strong => self.strong -= 1,
            TagEnd::Strikethrough => self.strike -= 1,
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    const fn style(&self) -> Style {
        Style { strong: self.strong > 0, emphasis: self.emphasis > 0, strike: self.strike > 0 }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
        } else if let Some(link) = &mut self.link {
            link.text.push_str(if text == "\n" { " " } else { text });
        } else {
            self.line.push(text, self.style());
        }
    }

    fn code(&mut self, code: &str) {
        if self.link.is_some() {
            self.text(code);
        } else {
            self.line.push_code(code, self.style());
        }
    }

    fn open_link(&mut self, target: String, source: Range<usize>) {
        let style = self.style();
        match &mut self.link {
            Some(link) => link.within += 1,
            None => {
                self.link =
                    Some(OpenLink { target, text: String::new(), style, source, within: 0 });
            }
        }
    }

    fn close_link(&mut self) {
        match &mut self.link {
            Some(link) if link.within > 0 => link.within -= 1,
            _ => {
                if let Some(link) = self.link.take() {
                    self.end_link(link);
                }
            }
        }
    }

    fn end_link(&mut self, link: OpenLink) {
        let OpenLink { target, mut text, style, source, .. } = link;
        let is_sign = matches!(text.trim(), "." | ":" | "://" | "@" | "at" | "dot");
        if is_sign {
            // The `[.]` of something defanged, made into a link by a definition elsewhere.
            return self.line.push(&self.source[source], style);
        }
        if text.trim().is_empty() {
            text.clone_from(&target);
        }
        let has_indicator = text.split_whitespace().any(is_indicator);
        match Target::parse(&target) {
            Some(target) if has_indicator => {
                self.line.push(&format!("{text} ("), style);
                self.line.push_link(target.as_str().to_owned(), target, style);
                self.line.push(")", style);
            }
            Some(target) => self.line.push_link(text, target, style),
            None if text == target => self.line.push(&text, style),
            None => self.line.push(&format!("{text} ({target})"), style),
        }
    }

    fn end_cell(&mut self) {
        if self.skipped > 0 {
            return self.line.push(" | ", Style::default());
        }
        let cell = std::mem::take(&mut self.line).finish(&mut self.links_left);
        self.made += 1;
        if let Some(Frame::Row(cells)) = self.frames.last_mut() {
            cells.push(cell);
        }
    }

    const fn is_full(&self) -> bool {
        self.made >= BLOCKS
    }

    /// Ends a block of running text.
    fn flush(&mut self, block: impl FnOnce(Vec<super::Span>) -> Block) {
        if self.line.is_empty() {
            return;
        }
        if self.is_full() {
            return self.line.push("\n", Style::default());
        }
        let spans = std::mem::take(&mut self.line).finish(&mut self.links_left);
        self.add(block(spans));
    }

    fn open(&mut self, frame: Frame) {
        self.flush(Block::Paragraph);
        if self.skipped > 0 || self.frames.len() >= DEPTH || self.is_full() {
            self.skipped += 1;
        } else {
            self.frames.push(frame);
        }
    }

    fn close(&mut self) {
        // What is left of the line belongs to the frame that closes.
        self.flush(Block::Paragraph);
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        match self.frames.pop() {
            Some(Frame::Quote(blocks)) => self.add(Block::Quote(blocks)),
            Some(Frame::List(first, items)) => self.add(Block::List { first, items }),
            Some(Frame::Table(rows)) => self.add(Block::Table(rows)),
            Some(Frame::Item(blocks)) => match self.frames.last_mut() {
                Some(Frame::List(_, items)) => items.push(blocks),
                _ => self.blocks.extend(blocks),
            },
            Some(Frame::Row(cells)) => {
                if let Some(Frame::Table(rows)) = self.frames.last_mut() {
                    rows.push(cells);
                }
            }
            None => {}
        }
    }

    fn add(&mut self, block: Block) {
        self.made += 1;
        match self.frames.last_mut() {
            Some(Frame::Quote(blocks) | Frame::Item(blocks)) => blocks.push(block),
            Some(Frame::List(_, items)) => items.push(vec![block]),
            Some(Frame::Table(_) | Frame::Row(_)) | None => self.blocks.push(block),
        }
    }

    fn finish(mut self) -> Document {
        self.made = 0;
        self.flush(Block::Paragraph);
        Document { blocks: self.blocks }
    }
}
