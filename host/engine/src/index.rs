//! The message index: which span produced which message.
//!
//! It is the only state that outlives a batch, and it is the host's: rules
//! reach it through three functions, each for a whole batch at once.

use crate::clock::SystemClock;

pub use linkmend_core::index::{
    Answers, Entry, IndexError, IndexOptions, IndexStats, Lookups, MessageIndex, MessageKey,
    Producer, Recalled, ScopeStats, Scopes, SharedStore, Text,
};

/// The message index in memory.
pub type MemoryIndex = linkmend_core::index::MemoryIndex<SystemClock>;

/// The message indexes of several scopes.
pub type ScopedIndex = linkmend_core::index::ScopedIndex<SystemClock>;

/// The memory of this program, and a store that it shares with others.
pub type SharedIndex = linkmend_core::index::SharedIndex<SystemClock>;
