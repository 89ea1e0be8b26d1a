//! A message index that can be emptied.

use linkmend::index::{
    IndexError, IndexOptions, MemoryIndex, MessageIndex, MessageKey, Producer, Recalled,
};
use parking_lot::RwLock;

/// An index that can be emptied, so that one processor serves round after
/// round, or case after case, without being made anew.
#[derive(Debug)]
pub struct FreshIndex {
    options: IndexOptions,
    index: RwLock<MemoryIndex>,
}

impl FreshIndex {
    /// An empty one.
    #[must_use]
    pub fn new(options: IndexOptions) -> Self {
        Self {
            options,
            index: RwLock::new(MemoryIndex::new(options)),
        }
    }

    /// As `linkmend process` has it: the times in a file are past, so age says
    /// nothing there.
    #[must_use]
    pub fn for_files() -> Self {
        Self::new(IndexOptions {
            time_to_live: None,
            ..IndexOptions::default()
        })
    }

    /// Forgets all messages.
    pub fn forget(&self) {
        *self.index.write() = MemoryIndex::new(self.options);
    }
}

impl Default for FreshIndex {
    fn default() -> Self {
        Self::new(IndexOptions::default())
    }
}

impl MessageIndex for FreshIndex {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.index.read().remember(producers, texts)
    }

    fn may_wait(&self) -> bool {
        self.index.read().may_wait()
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.index.read().recall(keys)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        self.index.read().recall_before(keys, before)
    }
}
