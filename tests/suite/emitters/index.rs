//! An index that can be emptied, so that a rule is compiled once for many
//! worlds.

use std::sync::RwLock;

use linkmend::index::{
    IndexError, IndexOptions, MemoryIndex, MessageIndex, MessageKey, Producer, Recalled,
};

/// See the module.
pub struct Fresh(RwLock<MemoryIndex>);

impl Fresh {
    /// An empty one.
    pub fn new() -> Self {
        Self(RwLock::new(empty()))
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.0.write().unwrap() = empty();
    }
}

fn empty() -> MemoryIndex {
    MemoryIndex::new(IndexOptions {
        max_entries: 10_000,
        time_to_live: None,
    })
}

impl MessageIndex for Fresh {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.0.read().unwrap().remember(producers, texts)
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.0.read().unwrap().recall(keys)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        self.0.read().unwrap().recall_before(keys, before)
    }
}
