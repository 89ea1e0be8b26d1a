//! The message index in memory.

use std::time::Duration;

use super::contract::MessageIndex;
use super::shards::{IndexOptions, IndexStats, Shards};
use crate::clock::Clock;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};

/// The message index in memory.
///
/// Trace states of more than 512 bytes are not kept.
///
/// A general cache would do but for three things: it may refuse what is new
/// (the admission policies of `TinyLFU` and its kin: here nearly every key is
/// written once and read once), it needs some 200 bytes an entry, and it orders
/// by use where here entries go by age.
#[derive(Debug)]
pub struct MemoryIndex<C> {
    shards: Shards,
    clock: C,
}

impl<C: Clock + Default> Default for MemoryIndex<C> {
    fn default() -> Self {
        Self::new(IndexOptions::default())
    }
}

impl<C: Clock + Default> MemoryIndex<C> {
    /// An empty one.
    #[must_use]
    pub fn new(options: IndexOptions) -> Self {
        Self::with_clock(options, C::default())
    }
}

impl<C: Clock> MemoryIndex<C> {
    /// An empty one, by whose age goes what this clock tells.
    #[must_use]
    pub fn with_clock(options: IndexOptions, clock: C) -> Self {
        Self {
            shards: Shards::new(options),
            clock,
        }
    }

    /// Its bounds.
    #[must_use]
    pub fn options(&self) -> IndexOptions {
        self.shards.options()
    }

    /// What the index holds and has lost.
    #[must_use]
    pub fn stats(&self) -> IndexStats {
        self.shards.stats()
    }

    /// Takes producers back that were remembered so long ago, by this program or by one
    /// before it. To be called for the oldest first, and before anything new comes.
    ///
    /// # Errors
    ///
    /// As [`MessageIndex::remember`].
    pub fn restore(
        &self,
        producers: &[Producer],
        texts: &[u8],
        age: Duration,
    ) -> Result<(), IndexError> {
        self.shards.restore(producers, texts, age, self.clock.now())
    }
}

impl<C: Clock> MessageIndex for MemoryIndex<C> {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.shards.remember(producers, texts, self.clock.now())
    }

    fn may_wait(&self) -> bool {
        false
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        Ok(self.shards.recall(keys, self.clock.now()))
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        self.shards.recall_before(keys, before, self.clock.now())
    }
}
