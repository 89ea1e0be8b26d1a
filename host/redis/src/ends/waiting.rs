//! Ends that wait to be written, and what became of others.

use std::sync::atomic::{AtomicU64, Ordering};

use super::format::SpanKey;
use crate::queue::{Again, Queue};

/// What was written of ends so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndStats {
    /// Ends that were written.
    pub written: u64,
    /// Ends that were not, since too many waited to be written.
    pub dropped: u64,
    /// Ends that the store did not take: it has no room, or no right.
    pub refused: u64,
    /// Ends that wait to be written now.
    pub waiting: u64,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Ends {
    pub(crate) queue: Queue<PendingEnd>,
    pub(super) written: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// An end that is to be written.
pub(crate) struct PendingEnd {
    /// It was written before.
    pub(super) is_again: bool,
    pub(super) key: SpanKey,
    pub(super) value: Box<[u8]>,
}

impl Again for PendingEnd {
    fn is_again(&self) -> bool {
        self.is_again
    }

    fn again(self) -> Self {
        Self {
            is_again: true,
            ..self
        }
    }
}

impl Ends {
    pub(super) fn stats(&self) -> EndStats {
        let so_far = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EndStats {
            written: so_far(&self.written),
            dropped: so_far(&self.dropped),
            refused: so_far(&self.refused),
            waiting: self.queue.len() as u64,
        }
    }
}
