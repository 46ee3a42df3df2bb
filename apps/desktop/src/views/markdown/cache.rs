//! Texts that were read already, in egui's memory.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Context, Id};

use crate::model::markdown::{Document, parse};

/// The most texts of a generation: two are kept, and a screen shows far fewer than one.
const TEXTS: usize = 256;

/// The most bytes of text of a generation: the trees are several times as large.
const BYTES: usize = 2 * 1024 * 1024;

/// Two generations: when the young one is full it becomes the old one, and what is not asked for
/// meanwhile goes with the next. By the text itself, so that no two texts can be taken for each other.
#[derive(Clone, Default)]
struct Cache {
    young: HashMap<String, Arc<Document>>,
    old: HashMap<String, Arc<Document>>,
    young_bytes: usize,
}

/// A text, read.
pub(super) fn document(context: &Context, text: &str) -> Arc<Document> {
    let id = Id::unique("markdown that was read");
    context.data_mut(|data| data.get_temp_mut_or_default::<Cache>(id).of(text))
}

impl Cache {
    fn of(&mut self, text: &str) -> Arc<Document> {
        if let Some(document) = self.young.get(text) {
            return Arc::clone(document);
        }
        let document = self.old.remove(text).unwrap_or_else(|| Arc::new(parse(text)));
        if self.young.len() >= TEXTS || self.young_bytes + text.len() > BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += text.len();
        self.young.insert(text.to_owned(), Arc::clone(&document));
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_the_memory_is_bounded() {
        let mut cache = Cache::default();
        let first = cache.of("first");
        assert!(Arc::ptr_eq(&first, &cache.of("first")));
        for number in 0..10 * TEXTS {
            let _ = cache.of(&number.to_string());
            // What is on the screen is asked for in every frame, and stays.
            assert!(Arc::ptr_eq(&first, &cache.of("first")));
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * TEXTS);
        let long = "x".repeat(64 * 1024);
        for number in 0..100 {
            let _ = cache.of(&format!("{number}{long}"));
        }
        assert!(cache.young.len() <= BYTES / long.len());
    }
}
