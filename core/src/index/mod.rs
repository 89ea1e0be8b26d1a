//! The message index: which span produced which message.
//!
//! It is the only state that outlives a batch, and it is the host's: rules
//! reach it through three functions, each for a whole batch at once.

mod answers;
mod bounded;
mod contract;
mod key;
mod memory;
mod nothing;
mod scoped;
mod shard;
mod shards;
mod shared;

pub use crate::interface::{IndexError, MessageKey, Producer, Recalled, Text};
pub use answers::Answers;
pub use bounded::{Bounded, MOST_ENTRIES};
pub use contract::MessageIndex;
pub use key::message_key;
pub use memory::MemoryIndex;
pub use nothing::Nothing;
pub(crate) use scoped::Room;
pub use scoped::{ScopeStats, ScopedIndex, Scopes};
pub(crate) use shard::KeyHasher;
pub use shards::{IndexOptions, IndexStats};
pub use shared::{Entry, Lookups, SharedIndex, SharedStore};
