//! The label of a relayed item: what its markings mean, and which label follows from all of them under
//! the rule of the source it came from. Pure; what an item says and where it goes is others' business.
//!
//! The rule: an explicit label wins; of several the strictest; none or an unknown one means the
//! source's default, which is never below GREEN unless the source is registered as public; labels named
//! in words may raise, never lower. A relay never lowers.

mod hint;
mod spelling;

pub use self::hint::hints;
pub use self::spelling::{is_marking, named_label, names_tlp, read_mark};

use warproom_client::proto::Label;

/// What is settled about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelRule {
    /// The label of what comes without one.
    pub default: Label,
    /// Whether everything of this source is public anyway, so that its default may be CLEAR.
    pub public: bool,
}

impl LabelRule {
    /// The default that holds: GREEN at least, unless the source is public.
    #[must_use]
    pub fn floor(&self) -> Label {
        if self.public { self.default } else { self.default.max(Label::Green) }
    }
}

/// The label of an item with these marks on it and these labels named in its words.
///
/// A mark that looks like a marking and cannot be read stands for the default, and for the strictest
/// label that it names where that is stricter: it may have been strict. Marks that are none (a plain category) say nothing.
#[must_use]
pub fn decide(rule: &LabelRule, marks: &[String], hints: &[String]) -> Label {
    let marked = marks
        .iter()
        .filter_map(|mark| {
            let unread = || rule.floor().max(named_label(mark).unwrap_or(Label::Clear));
            read_mark(mark).or_else(|| is_marking(mark).then(unread))
        })
        .max();
    let hinted = hints.iter().filter_map(|hint| read_mark(hint)).max();
    let label = marked.unwrap_or_else(|| rule.floor());
    hinted.map_or(label, |hinted| label.max(hinted))
}
