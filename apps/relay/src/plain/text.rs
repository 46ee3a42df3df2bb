//! Words and breaks, written as plain text: white space collapsed as a browser does, what is invisible
//! left out, never more than was asked for.

/// What an element does to the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// Nothing: it is within a line.
    None,
    /// A new line.
    Line,
    /// An empty line.
    Paragraph,
    /// An item of a list: a new line with a hyphen.
    Item,
    /// A cell of a table: apart from the one before it.
    Cell,
    /// A paragraph whose lines are kept.
    Preformatted,
}

/// Whether a character is left out: it cannot be seen, or it changes how others are.
/// Unicode UAX #9 (direction), zero widths, language tags, interlinear marks.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Writes a text.
pub(super) struct Writer {
    text: String,
    chars: usize,
    most: usize,
    /// Breaks before the next word: 0, 1 or 2 new lines.
    lines: u8,
    /// Whether a space goes before the next word.
    space: bool,
    /// What goes before the next word of a line: the mark of an item, or of a cell.
    lead: &'static str,
    /// Whether new lines of the source are new lines here.
    keeps_lines: bool,
    /// How many preformatted elements are open.
    preformatted: u32,
    full: bool,
}

impl Writer {
    pub(super) fn new(most: usize, keeps_lines: bool) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            most,
            lines: 0,
            space: false,
            lead: "",
            keeps_lines,
            preformatted: 0,
            full: false,
        }
    }

    /// Whether nothing more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Takes words.
    pub(super) fn words(&mut self, words: &str) {
        let keeps_lines = self.keeps_lines || self.preformatted > 0;
        for c in words.chars() {
            if self.full {
                return;
            }
            match c {
                '\n' | '\u{2028}' | '\u{85}' if keeps_lines => self.new_line(),
                '\u{2029}' if keeps_lines => self.breaks(Break::Paragraph),
                c if c.is_whitespace() => self.space = true,
                c if c.is_control() || is_hidden(c) => {}
                c => self.put(c),
            }
        }
    }

    /// A new line of the source; a second one is an empty line.
    fn new_line(&mut self) {
        self.lines = (self.lines + 1).min(2);
        self.space = false;
    }

    /// Takes what an element does.
    pub(super) fn breaks(&mut self, what: Break) {
        let lines = match what {
            Break::None => return,
            Break::Cell => {
                self.lead = if self.lines == 0 && !self.text.is_empty() { " | " } else { "" };
                return;
            }
            Break::Item => {
                self.lead = "- ";
                1
            }
            Break::Line => {
                self.lead = "";
                1
            }
            Break::Paragraph | Break::Preformatted => {
                self.lead = "";
                2
            }
        };
        self.lines = self.lines.max(lines);
        self.space = false;
    }

    /// A preformatted element begins or ends.
    pub(super) fn preformatted(&mut self, begins: bool) {
        self.breaks(Break::Preformatted);
        self.preformatted =
            if begins { self.preformatted + 1 } else { self.preformatted.saturating_sub(1) };
    }

    /// Writes one character that can be seen, and before it what was due.
    fn put(&mut self, c: char) {
        let due = if self.text.is_empty() {
            ""
        } else {
            match (self.lines, self.space && self.lead.is_empty()) {
                (0, true) => " ",
                (0, false) => "",
                (1, _) => "\n",
                _ => "\n\n",
            }
        };
        let more = due.len() + self.lead.len() + 1;
        if self.chars + more > self.most {
            self.full = true;
            return;
        }
        self.text.push_str(due);
        self.text.push_str(self.lead);
        self.text.push(c);
        self.chars += more;
        self.lines = 0;
        self.space = false;
        self.lead = "";
    }

    /// The text. Where something was left out at its end, it ends with `…`.
    pub(super) fn finish(mut self, source_was_cut: bool) -> String {
        if self.full || (source_was_cut && !self.text.is_empty()) {
            if self.chars >= self.most {
                self.text.pop();
            }
            self.text.truncate(self.text.trim_end().len());
            if self.most > 0 {
                self.text.push('…');
            }
        }
        self.text
    }
}
