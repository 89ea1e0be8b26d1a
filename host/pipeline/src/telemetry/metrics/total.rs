//! Counters of what is counted elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;

/// A counter of what is counted elsewhere.
pub(super) struct Total {
    counter: IntCounter,
    last: AtomicU64,
}

impl Total {
    pub(super) fn new(counter: IntCounter) -> Self {
        let last = AtomicU64::new(0);
        Self { counter, last }
    }

    /// Several threads may tell what they saw, in any order.
    pub(super) fn raise(&self, to: u64) {
        let before = self.last.fetch_max(to, Ordering::Relaxed);
        self.counter.inc_by(to.saturating_sub(before));
    }
}
