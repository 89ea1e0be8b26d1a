//! Telling what happens often only now and then.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long nothing more is told then.
const PAUSE: Duration = Duration::from_secs(10);

/// Something that is told now and then.
#[derive(Debug, Default)]
pub(crate) struct Occasion(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told_at: Option<Instant>,
    not_told: u64,
}

impl Occasion {
    /// Whether it is told now: how often it was not told since the last time.
    pub(crate) fn is_due(&self) -> Option<u64> {
        let mut state = self.0.lock();
        if state.told_at.is_some_and(|told| told.elapsed() < PAUSE) {
            state.not_told += 1;
            return None;
        }
        state.told_at = Some(Instant::now());
        Some(std::mem::take(&mut state.not_told))
    }
}
