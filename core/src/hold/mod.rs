//! Spans that wait for their producers.
//!
//! A consumer often arrives before its producer: batch span processors wait
//! five seconds, each for itself. A rule may *defer* such a span. It is taken
//! out of its batch then, kept here, and shown to the rule again when one of
//! the keys that it waits for is remembered, or when its time is up, the last
//! time. Whatever happens, each span that is held goes out again exactly once.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `options` | what is held at most, and what was |
//! | `waiting` | the spans that wait, for all threads |
//! | `cut`, `taking` | taking spans out of a batch |
//! | `held` | a span that is held |
//! | `state` | the spans that are held, by time and by key |
//! | `shares` | what those of each scope take |
//! | `term` | how long, and how often, a span is tried |
//! | `hope` | services whose producers never come |
//! | `signals` | which keys are waited for, and were remembered of late |
//! | `index` | tells of the producers that are remembered |
//! | `batches` | making batches of held spans |

mod batches;
mod cut;
mod held;
mod hope;
mod index;
mod options;
mod shares;
mod signals;
mod state;
mod taking;
mod term;
mod waiting;

pub(crate) use batches::{Batches, HeldBatch, copy};
pub(crate) use held::Held;
pub(crate) use index::watch;
pub use options::{HoldOptions, HoldStats};
pub(crate) use taking::{Leaving, take_out};
pub(crate) use term::Terms;
pub(crate) use waiting::Hold;
