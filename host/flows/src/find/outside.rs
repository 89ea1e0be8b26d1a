//! What of a batch concerns other hosts: producers that they may ask for, and producers
//! that may have passed them.

use crate::flow::{Context, End};

/// See the module. The numbers are those of `ResourceSpans` in the batch, from 0 on: whose
/// they are may stand there.
#[derive(Debug, Default)]
pub struct Outside {
    /// Producers that passed here.
    pub produced: Vec<(u32, End)>,
    /// Those that consumers name, and that have not passed here so far.
    pub missed: Vec<(u32, Context)>,
}

impl Outside {
    /// There is nothing to tell or to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.produced.is_empty() && self.missed.is_empty()
    }
}
