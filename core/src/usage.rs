//! How near a rule came to its limits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// What a rule used at most, so far. All zero for a rule without a sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleUsage {
    /// Linear memory of an instance, in bytes: see [`crate::Limits::memory`].
    pub memory: usize,
    /// What the longest call ran, in time of its thread: see [`crate::Limits::call_time`].
    pub longest_call: Duration,
}

/// The same while it grows, for all instances together.
#[derive(Debug, Default)]
pub struct Usage {
    memory: AtomicUsize,
    /// In nanoseconds.
    longest_call: AtomicU64,
}

impl Usage {
    /// An instance has so much linear memory, in bytes.
    pub fn saw_memory(&self, bytes: usize) {
        self.memory.fetch_max(bytes, Ordering::Relaxed);
    }

    /// A call lasted so long; `ran` says how long it ran, which is never longer.
    pub fn saw_call(&self, lasted: Duration, ran: impl FnOnce() -> Duration) {
        let longest = Duration::from_nanos(self.longest_call.load(Ordering::Relaxed));
        if lasted > longest {
            let nanoseconds = u64::try_from(ran().as_nanos()).unwrap_or(u64::MAX);
            self.longest_call.fetch_max(nanoseconds, Ordering::Relaxed);
        }
    }

    pub(crate) fn so_far(&self) -> RuleUsage {
        RuleUsage {
            memory: self.memory.load(Ordering::Relaxed),
            longest_call: Duration::from_nanos(self.longest_call.load(Ordering::Relaxed)),
        }
    }
}
