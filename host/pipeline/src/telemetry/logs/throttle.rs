//! What could come a thousand times a second, and is told once.

use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long a place is silent after it has told something.
const SILENCE: Duration = Duration::from_secs(1);

/// A place that tells something at most once a second, and then how often it
/// did not:
///
/// ```
/// use linkmend_pipeline::telemetry::logs::Throttle;
///
/// let refusals = Throttle::default();
/// for _ in 0..1000 {
///     refusals.tell(|more| tracing::warn!("the backend refuses traces{more}"));
/// }
/// ```
///
/// The second line then reads "… traces (and 998 more like this one)".
#[derive(Debug, Default)]
pub struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: Option<Instant>,
    silenced: u64,
}

/// How often something was not told since it was told last; to be written
/// behind the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed(pub u64);

impl Throttle {
    /// Tells it now, if nothing was told for a second.
    pub fn tell(&self, tell: impl FnOnce(Suppressed)) {
        if let Some(more) = self.due(Instant::now()) {
            tell(more);
        }
    }

    fn due(&self, now: Instant) -> Option<Suppressed> {
        let mut state = self.0.lock();
        if state.told.is_some_and(|told| now < told + SILENCE) {
            state.silenced += 1;
            return None;
        }
        state.told = Some(now);
        Some(Suppressed(std::mem::take(&mut state.silenced)))
    }
}

impl fmt::Display for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(f, " (and {more} more like this one)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_in_a_second_are_one_and_counted() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        assert_eq!(throttle.due(start), Some(Suppressed(0)));
        for millis in 1..1000 {
            assert_eq!(throttle.due(start + Duration::from_millis(millis)), None);
        }
        let next = start + SILENCE;
        assert_eq!(throttle.due(next), Some(Suppressed(999)));
        assert_eq!(throttle.due(next + SILENCE), Some(Suppressed(0)));
        assert_eq!(
            format!("x{}{}", Suppressed(0), Suppressed(2)),
            "x (and 2 more like this one)"
        );
    }
}
