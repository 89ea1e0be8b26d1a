//! The ends of flows at producers: a host tells of those that pass it, so that another one,
//! which a consumer passes, knows whose messages they are.
//!
//! | module | what it does |
//! |---|---|
//! | `format` | what stands in the store |
//! | `waiting` | what waits to be written |
//! | `write` | writing behind, with what is remembered |
//! | `tell` | taking what is to be written |
//! | `ask` | asking for some of them |

mod ask;
mod format;
mod tell;
mod waiting;
mod write;

pub use ask::Answer;
pub use format::{End, SpanKey, key, read, value};
pub use waiting::EndStats;
pub(crate) use waiting::Ends;
