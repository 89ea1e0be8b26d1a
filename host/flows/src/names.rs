//! Texts that come again and again, each kept once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

/// What is kept of a text: names come from the data.
const MOST_BYTES: usize = 256;
/// So many are found without a search.
const NEAR: usize = 64;

/// Each text once, up to a number; then it begins anew.
#[derive(Debug)]
pub(crate) struct Names {
    known: HashSet<Arc<str>>,
    /// By the hash: one text each, the last one.
    near: Vec<Arc<str>>,
    most: usize,
    empty: Arc<str>,
}

impl Names {
    pub(crate) fn new(most: usize) -> Self {
        let empty: Arc<str> = Arc::from("");
        Self {
            known: HashSet::new(),
            near: vec![Arc::clone(&empty); NEAR],
            most,
            empty,
        }
    }

    /// The text, the first 256 bytes of it, with U+FFFD for what is no UTF-8.
    pub(crate) fn of(&mut self, text: &[u8]) -> Arc<str> {
        if text.is_empty() {
            return Arc::clone(&self.empty);
        }
        let place = xxh3_64(text) as usize % NEAR;
        if let Some(near) = self.near.get(place)
            && near.as_bytes() == text
        {
            return Arc::clone(near);
        }
        let name = self.find(text);
        if let Some(near) = self.near.get_mut(place) {
            *near = Arc::clone(&name);
        }
        name
    }

    fn find(&mut self, text: &[u8]) -> Arc<str> {
        let text = cut(text);
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

/// A text that comes once: an id.
pub(crate) fn once(text: &[u8]) -> Arc<str> {
    Arc::from(&*cut(text))
}

fn cut(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text.get(..MOST_BYTES).unwrap_or(text))
}
