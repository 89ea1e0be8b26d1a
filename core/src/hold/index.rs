//! The message index, as rules see it where spans are held.

use std::sync::Arc;

use super::Hold;
use crate::index::{IndexError, MessageIndex, MessageKey, Producer, Recalled};
use crate::scope::Scope;

/// An index that wakes held spans.
pub(super) struct WakingIndex {
    pub(super) index: Arc<dyn MessageIndex>,
    pub(super) hold: Arc<Hold>,
    /// Of which scope the index is, where there are some.
    pub(super) scope: Option<Scope>,
}

impl MessageIndex for WakingIndex {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        // First: a span that is woken is to find them.
        let remembered = self.index.remember(producers, texts);
        self.hold.remembered(producers, self.scope);
        remembered
    }

    fn may_wait(&self) -> bool {
        self.index.may_wait()
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.index.recall(keys)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        self.index.recall_before(keys, before)
    }
}
