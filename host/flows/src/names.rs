//! Texts that come again and again, each kept once.

use std::collections::HashSet;
use std::sync::Arc;

/// What is kept of a text: names come from the data.
const MOST_BYTES: usize = 256;

/// Each text once, up to a number; then it begins anew.
#[derive(Debug)]
pub(crate) struct Names {
    known: HashSet<Arc<str>>,
    most: usize,
    empty: Arc<str>,
}

impl Names {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            known: HashSet::new(),
            most,
            empty: Arc::from(""),
        }
    }

    /// The text, the first 256 bytes of it, with U+FFFD for what is no UTF-8.
    pub(crate) fn of(&mut self, text: &[u8]) -> Arc<str> {
        if text.is_empty() {
            return Arc::clone(&self.empty);
        }
        let text = text.get(..MOST_BYTES).unwrap_or(text);
        let text = String::from_utf8_lossy(text);
        if let Some(known) = self.known.get(&*text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(&*text);
        if self.known.len() >= self.most {
            self.known.clear();
        }
        self.known.insert(Arc::clone(&new));
        new
    }
}
