//! The clock of the system.

use std::time::{Duration, Instant};

use linkmend_core as core;

/// The clock of the system, which never goes back. It began when it was made: two of them do
/// not tell the same.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl core::Clock for SystemClock {
    fn now(&self) -> core::Instant {
        core::Instant::after_start(self.started.elapsed())
    }
}

impl SystemClock {
    /// What an instant of the system is here.
    pub(crate) fn at(&self, instant: Instant) -> core::Instant {
        match instant.checked_duration_since(self.started) {
            Some(after) => core::Instant::after_start(after),
            None => core::Instant::before_start(self.started - instant),
        }
    }

    /// The same the other way around. What was before it began is so long past that it
    /// does not matter when that was.
    pub(crate) fn back(&self, instant: core::Instant) -> Instant {
        let after = instant.since_start().unwrap_or(Duration::ZERO);
        self.started.checked_add(after).unwrap_or(self.started)
    }
}
