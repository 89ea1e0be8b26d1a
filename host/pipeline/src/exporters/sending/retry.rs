//! The waits between tries: they grow, and part of each is left to chance.

use std::time::{Duration, Instant};

use crate::config::Retry;

/// The waits of one batch.
pub(super) struct Backoff<'r> {
    retry: &'r Retry,
    begun: Instant,
    interval: Duration,
}

impl<'r> Backoff<'r> {
    pub(super) fn new(retry: &'r Retry) -> Self {
        Self {
            retry,
            begun: Instant::now(),
            interval: retry.initial_interval.min(retry.max_interval),
        }
    }

    /// How long to wait, if it is to be tried again at all; `least` is what the
    /// other side asked for.
    pub(super) fn next(&mut self, least: Duration) -> Option<Duration> {
        if !self.retry.enabled {
            return None;
        }
        let wait = self.by_chance().max(least);
        let grown = self.interval.as_secs_f64() * self.retry.multiplier;
        let most = self.retry.max_interval.as_secs_f64();
        self.interval = Duration::try_from_secs_f64(grown.min(most)).unwrap_or_default();
        let elapsed = self.begun.elapsed().checked_add(wait)?;
        let most = self.retry.max_elapsed_time;
        (most.is_zero() || elapsed <= most).then_some(wait)
    }

    fn by_chance(&self) -> Duration {
        let factor = self.retry.randomization_factor;
        let factor = 1.0 + factor * (fastrand::f64() * 2.0 - 1.0);
        let seconds = self.interval.as_secs_f64() * factor;
        Duration::try_from_secs_f64(seconds).unwrap_or(self.interval)
    }
}
