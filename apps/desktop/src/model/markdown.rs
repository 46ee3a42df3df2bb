//! Markdown, read into what a screen can lay out: no images are fetched, no address is followed, and
//! what is defanged stays so.
//!
//! Pure. [`parse`] makes a small tree of [`Block`]s of [`Span`]s. What it promises about untrusted
//! text: nothing is hidden (raw HTML, targets that cannot be opened and invisible characters are all
//! shown as text), nothing steers (no span holds a character that reorders or hides others), and an
//! indicator is never a link, nor part of one.

mod address;
mod indicators;
mod inline;
mod read;
#[cfg(test)]
mod tests;
mod token;

pub use address::{Target, defanged};
pub use indicators::{has_indicators, indicators};
pub use read::parse;
pub use token::visible;

/// A text as it is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// From the top.
    pub blocks: Vec<Block>,
}

/// A part of a text that stands under the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// A heading of this level, 1 to 6.
    Heading(u8, Vec<Span>),
    /// A list.
    List {
        /// The number of its first item; none: bullets.
        first: Option<u64>,
        /// Its items.
        items: Vec<Vec<Self>>,
    },
    /// Somebody else's words.
    Quote(Vec<Self>),
    /// Code, as it stands.
    Code(String),
    /// A line across.
    Rule,
    /// Rows of cells; the first row is the head.
    Table(Vec<Vec<Vec<Span>>>),
}

/// A stretch of running text. A line break is a new line in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// How it is set.
    pub style: Style,
    /// What it is.
    pub kind: SpanKind,
}

/// How a span is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Semibold.
    pub strong: bool,
    /// Italic.
    pub emphasis: bool,
    /// Struck through.
    pub strike: bool,
}

/// What a span is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Plain text.
    Text,
    /// Code within a line.
    Code,
    /// Something dangerous that is written about: a defanged address, a hash, an IP address, a CVE.
    Indicator,
    /// An invisible or steering character, by its number: `[U+202E]`.
    Sign,
    /// Something to open, once it was looked at.
    Link(Link),
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub target: Target,
    /// Whether what it says looks like another address, so that its real host is to stand beside it.
    pub misleads: bool,
}
