//! How much memory requests may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a request takes of the memory of the process while it waits, beside its
/// headers and its body: buffers, and what is known of it on its way. Measured with
/// 2,000 and more that waited for their bodies, or for the backend
/// (docs/reliability.md). One of HTTP/1 has a connection for itself.
pub(crate) const HTTP1_REQUEST: u64 = 44 << 10;
pub(crate) const HTTP2_REQUEST: u64 = 18 << 10;

/// The same for an answer that its client does not take.
pub(crate) const ANSWER: u64 = 3 << 10;

/// The bytes that all requests of a receiver may take at once.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
}

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom {
    /// There is none even when nothing else is on its way.
    pub(crate) never: bool,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        let used = AtomicU64::new(0);
        Arc::new(Self { limit, used })
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// What one request takes; so much to begin with.
    pub(crate) fn charge(self: &Arc<Self>, bytes: u64) -> Result<Charge, NoRoom> {
        let mut charge = Charge {
            budget: Arc::clone(self),
            bytes: 0,
        };
        charge.grow(bytes)?;
        Ok(charge)
    }

    /// What all of them take.
    #[cfg(test)]
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// What one request takes of a budget, until it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Charge {
    /// Takes more, or nothing at all: whoever waited for others could wait for
    /// one that waits for him.
    pub(crate) fn grow(&mut self, by: u64) -> Result<(), NoRoom> {
        let limit = self.budget.limit;
        let fits = |used: u64| used.checked_add(by).filter(|used| *used <= limit);
        let ordering = Ordering::Relaxed;
        let used = &self.budget.used;
        if used.fetch_update(ordering, ordering, fits).is_err() {
            let never = self.bytes.saturating_add(by) > limit;
            return Err(NoRoom { never });
        }
        self.bytes += by;
        Ok(())
    }

    /// How much it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives all back but so much.
    pub(crate) fn keep(&mut self, most: u64) {
        self.shrink(self.bytes.saturating_sub(most));
    }

    /// Gives some of it back.
    pub(crate) fn shrink(&mut self, by: u64) {
        let by = by.min(self.bytes);
        self.bytes -= by;
        self.budget.used.fetch_sub(by, Ordering::Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use super::*;

    #[test]
    fn what_is_taken_comes_back() {
        let budget = Budget::new(100);
        let mut one = budget.charge(60).unwrap();
        let two = budget.charge(40).unwrap();
        assert_eq!(one.grow(1), Err(NoRoom { never: false }));
        assert_eq!(one.grow(41), Err(NoRoom { never: true }));
        assert_eq!(one.grow(u64::MAX), Err(NoRoom { never: true }));
        drop(two);
        one.grow(40).unwrap();
        one.shrink(30);
        assert_eq!(budget.used(), 70);
        drop(one);
        assert_eq!(budget.used(), 0);
    }
}
