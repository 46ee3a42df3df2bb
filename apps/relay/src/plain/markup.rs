//! Which elements HTML has and what each does to text, and the first step of reading it: tags become
//! their bare names, and what is no tag of HTML becomes words.
//!
//! Attributes go here, before the tokenizer, because it compares each with all before it: a tag with
//! a hundred thousand of them would cost minutes.

use super::text::Break;

/// Elements whose content is not words. Those of [`RAW`] may hold `<` that is no tag.
const DROPPED: [&str; 10] = [
    "script", "style", "iframe", "noframes", "noembed", "head", "object", "template", "svg", "math",
];

/// Elements whose content is read up to their end tag whatever it is.
const RAW: [&str; 5] = ["script", "style", "iframe", "noframes", "noembed"];

/// Elements within a line, or that leave no trace at all.
const INLINE: [&str; 66] = [
    "a", "abbr", "acronym", "applet", "area", "audio", "b", "base", "bdi", "bdo", "big", "blink",
    "body", "button", "canvas", "cite", "code", "col", "colgroup", "data", "datalist", "del",
    "dfn", "em", "embed", "font", "frame", "frameset", "html", "i", "img", "input", "ins", "kbd",
    "label", "link", "map", "mark", "marquee", "meta", "meter", "nobr", "noscript", "option",
    "optgroup", "output", "param", "picture", "progress", "q", "rp", "rt", "ruby", "s", "samp",
    "select", "small", "source", "span", "strike", "strong", "sub", "sup", "time", "title", "tt",
];

/// More of these.
const INLINE_TOO: [&str; 6] = ["textarea", "track", "u", "var", "video", "wbr"];

/// Elements that begin and end a line.
const LINES: [&str; 8] = ["br", "dd", "dt", "legend", "summary", "tr", "caption", "figcaption"];

/// Elements that are paragraphs of their own.
const PARAGRAPHS: [&str; 35] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "search",
    "section",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "ul",
];

/// What an element does to the text around it.
pub(super) fn break_of(name: &str) -> Break {
    match name {
        "li" => Break::Item,
        "td" | "th" => Break::Cell,
        "pre" | "xmp" | "listing" => Break::Preformatted,
        name if LINES.contains(&name) => Break::Line,
        name if PARAGRAPHS.contains(&name) => Break::Paragraph,
        _ => Break::None,
    }
}

/// The element's name if its content is dropped.
pub(super) fn dropped(name: &str) -> Option<&'static str> {
    DROPPED.into_iter().find(|dropped| *dropped == name)
}

/// Whether its content is read up to its end tag whatever it is.
pub(super) fn is_raw(name: &str) -> bool {
    RAW.contains(&name)
}

fn is_known(name: &str) -> bool {
    break_of(name) != Break::None
        || INLINE.contains(&name)
        || INLINE_TOO.contains(&name)
        || DROPPED.contains(&name)
}

/// A source that is ready for the tokenizer.
pub(super) struct Tamed {
    pub(super) source: String,
    /// Whether any element in it makes lines. Where none does it is plain text, and its own lines are
    /// kept.
    pub(super) has_blocks: bool,
}

/// Makes a source ready for the tokenizer.
pub(super) fn tame(source: &str) -> Tamed {
    let mut tamer = Tamer::new(source);
    let mut at = 0;
    while let Some(found) = source[at..].find('<') {
        let open = at + found;
        tamer.out.push_str(&source[at..open]);
        at = tamer.markup(open);
    }
    tamer.out.push_str(&source[at..]);
    Tamed { source: tamer.out, has_blocks: tamer.has_blocks }
}

struct Tamer<'a> {
    source: &'a str,
    out: String,
    has_blocks: bool,
    /// The last `>`, and the last end tag of each dropped element: what begins after it never ends, and
    /// so is no markup. Known beforehand, so that nothing is looked for twice.
    last_close: Option<usize>,
    last_comment_end: Option<usize>,
    last_ends: [Option<usize>; DROPPED.len()],
    /// Up to here quotes in tags are not heeded: they did not pair.
    quoteless_until: usize,
}

/// How long a tag may be for its quotes to be heeded. Longer ones are pictures written into an
/// address, which have no `>` in them.
const QUOTED_TAG_BYTES: usize = 2048;

impl<'a> Tamer<'a> {
    fn new(source: &'a str) -> Self {
        let lower = source.to_ascii_lowercase();
        Self {
            source,
            out: String::with_capacity(source.len()),
            has_blocks: false,
            last_close: source.rfind('>'),
            last_comment_end: source.rfind("-->"),
            last_ends: DROPPED.map(|name| lower.rfind(&format!("</{name}"))),
            quoteless_until: 0,
        }
    }

    /// Takes what begins with the `<` at `open`, and gives where it goes on.
    fn markup(&mut self, open: usize) -> usize {
        let rest = &self.source[open..];
        if rest.starts_with("<!--") && self.last_comment_end.is_some_and(|end| end >= open + 4) {
            let end = rest[4..].find("-->").map_or(rest.len(), |at| at + 7);
            return open + end;
        }
        if rest.starts_with("<![CDATA[") {
            return open + 9;
        }
        if (rest.starts_with("<!") || rest.starts_with("<?")) && self.closes_after(open) {
            let end = rest.find('>').map_or(rest.len(), |at| at + 1);
            return open + end;
        }
        self.tag(open).unwrap_or_else(|| {
            self.out.push_str("&lt;");
            open + 1
        })
    }

    fn closes_after(&self, at: usize) -> bool {
        self.last_close.is_some_and(|last| last > at)
    }

    /// Takes the tag at `open`, if it is one of HTML.
    fn tag(&mut self, open: usize) -> Option<usize> {
        let rest = &self.source[open + 1..];
        let (slash, rest) = match rest.strip_prefix('/') {
            Some(rest) => ("/", rest),
            None => ("", rest),
        };
        let long = rest.bytes().take(12).take_while(u8::is_ascii_alphanumeric).count();
        let name = rest[..long].to_ascii_lowercase();
        let after = rest[long..].chars().next()?;
        let ends = after == '>' || after == '/' || after.is_ascii_whitespace();
        if !ends || !is_known(&name) || !self.closes_after(open) {
            return None;
        }
        let place = DROPPED.iter().position(|dropped| *dropped == name);
        if slash.is_empty() && place.is_some_and(|place| self.last_ends[place] < Some(open)) {
            return None;
        }
        self.has_blocks |= !matches!(break_of(&name), Break::None | Break::Cell);
        let from = open + 1 + slash.len() + long;
        let end = self.end_of_tag(from)?;
        let empty = if self.source[..end].ends_with("/>") { "/" } else { "" };
        for part in ["<", slash, &name, empty, ">"] {
            self.out.push_str(part);
        }
        Some(end)
    }

    /// Where the tag ends whose name ends at `from`: after the first `>` outside quotes, or where those
    /// do not pair nearby, after the first one at all.
    fn end_of_tag(&mut self, from: usize) -> Option<usize> {
        let bytes = self.source.as_bytes();
        if from >= self.quoteless_until {
            let until = bytes.len().min(from + QUOTED_TAG_BYTES);
            let mut quote = None;
            let mut after_equals = false;
            for (at, byte) in bytes[from..until].iter().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return Some(from + at + 1),
                    (None, b'"' | b'\'') if after_equals => quote = Some(*byte),
                    (Some(open), close) if open == *close => quote = None,
                    _ => {}
                }
                after_equals = *byte == b'='
                    || (after_equals && byte.is_ascii_whitespace() && quote.is_none());
            }
            self.quoteless_until = until;
        }
        self.source[from..].find('>').map(|at| from + at + 1)
    }
}
