//! The message index, as rules see it where spans are held.

use std::sync::Arc;

use super::waiting::Hold;
use crate::index::MessageIndex;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};
use crate::scope::Scope;

/// An index that wakes held spans.
struct WakingIndex {
    index: Arc<dyn MessageIndex>,
    hold: Arc<Hold>,
    /// Of which scope the index is, where there are some.
    scope: Option<Scope>,
}

/// An index that tells a hold of what it is given to remember.
pub(crate) fn watch(
    hold: &Arc<Hold>,
    index: Arc<dyn MessageIndex>,
    scope: Option<Scope>,
) -> Arc<dyn MessageIndex> {
    Arc::new(WakingIndex {
        index,
        hold: Arc::clone(hold),
        scope,
    })
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
