//! What reports and groupings of one document fold in, looked at once however many of them refer to it,
//! and within a budget: each of ten thousand reports may refer to the same five thousand objects.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::fold::TOPICS;
use crate::formats::csaf::json::Node;
use crate::formats::csaf::write::PlainWords;
use crate::plain::line;

/// How much is folded in over a whole document: objects, and the entries of the lists in them that are
/// looked at. The largest knowledge bases have thirty thousand objects, and few are referred to twice.
const BUDGET: usize = 500_000;

/// The most characters of a name.
pub(super) const NAME_CHARS: usize = 200;

/// The words of a document's parts, and what is left of its budget.
pub(super) struct Parts {
    left: Cell<usize>,
    words: RefCell<HashMap<*const Node, Rc<PlainWords>>>,
    names: RefCell<HashMap<*const Node, Rc<str>>>,
}

impl Default for Parts {
    fn default() -> Self {
        let (words, names) = (RefCell::default(), RefCell::default());
        Self { left: Cell::new(BUDGET), words, names }
    }
}

impl Parts {
    /// Whether there is enough left for one more part. What is not folded in is not shown, so that its
    /// markings need not count.
    pub(super) fn take(&self, part: &Node) -> bool {
        let left = self.left.get();
        if left > 0 {
            let lists = TOPICS.iter().chain(&["external_references"]);
            let weight = lists.map(|field| part.every(&[field]).len()).sum::<usize>() + 1;
            self.left.set(left.saturating_sub(weight));
        }
        left > 0
    }

    /// The words of a part. Each part is only ever asked for the same ones.
    pub(super) fn words(&self, part: &Node, said: impl FnOnce() -> String) -> Rc<PlainWords> {
        let mut words = self.words.borrow_mut();
        Rc::clone(
            words
                .entry(std::ptr::from_ref(part))
                .or_insert_with(|| Rc::new(PlainWords::of(&said()))),
        )
    }

    /// The name of a part as it may be shown.
    pub(super) fn name(&self, part: &Node) -> Rc<str> {
        let mut names = self.names.borrow_mut();
        let name = || super::fold::name_of(part, NAME_CHARS).into();
        Rc::clone(names.entry(std::ptr::from_ref(part)).or_insert_with(name))
    }

    /// The name of whoever created something.
    pub(super) fn issuer(&self, creator: &Node) -> Rc<str> {
        let mut names = self.names.borrow_mut();
        let name = || line(creator.at("name").text(), NAME_CHARS).into();
        Rc::clone(names.entry(std::ptr::from_ref(creator)).or_insert_with(name))
    }
}
