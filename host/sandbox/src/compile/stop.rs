//! Ends compilations from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends compilations that are under way in processes of their own, from another
/// thread.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends what is under way, and what begins after it.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// From now on compilations go on.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
