//! The message index: which span produced which message.
//!
//! It is the only state that outlives a batch, and it is the host's: rules
//! reach it through three functions, each for a whole batch at once.

mod key;
mod memory;
mod scoped;
mod shard;

pub use crate::bindings::linkmend::rule::index::{IndexError, Producer, Recalled};
pub use crate::bindings::linkmend::rule::types::{MessageKey, Text};
pub(crate) use key::message_key;
pub use memory::{IndexOptions, IndexStats, MemoryIndex};
pub(crate) use scoped::{Nothing, Room, Within};
pub use scoped::{ScopeStats, ScopedIndex};
pub(crate) use shard::KeyHasher;

/// A place that remembers producers. Shared by all rules and all threads.
pub trait MessageIndex: Send + Sync + 'static {
    /// Adds producers, whose trace states lie in `texts`. Adding one twice (the
    /// same key, trace id and span id) is harmless. Spans of one send are one
    /// producer: of two with one key and trace of which one lies within the
    /// time of the other, the one of the better rank is kept, of the same rank
    /// the inner one.
    ///
    /// # Errors
    ///
    /// [`IndexError::Malformed`] when a range is not in `texts`; what a store
    /// that is not in memory may have to say.
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError>;

    /// Looks up keys: for each the best four producers, by rank and then the
    /// latest start.
    ///
    /// # Errors
    ///
    /// What a store that is not in memory may have to say.
    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError>;

    /// Looks up keys, each for a consumer that had its message `before` then
    /// (nanoseconds since the Unix epoch, one for each key): producers that
    /// started by then go before the others, of which the earliest go first.
    /// The count is 5 when there were more than four that started by then.
    ///
    /// A store that cannot tell answers as [`MessageIndex::recall`] does, and
    /// may miss the producer of a message that was sent again later.
    ///
    /// # Errors
    ///
    /// As [`MessageIndex::recall`]; [`IndexError::Malformed`] when there are not
    /// as many times as keys.
    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        self.recall(keys)
    }
}

/// The bytes of a text.
pub(crate) fn text(range: Text, texts: &[u8]) -> Option<&[u8]> {
    if range.length == 0 {
        return Some(&[]);
    }
    let start = range.offset as usize;
    texts.get(start..start.checked_add(range.length as usize)?)
}
