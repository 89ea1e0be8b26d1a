//! What time it is. Whoever runs a processor says so: there is no clock in here.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::time::Duration;

/// How long before its clock began the first instant is: what was remembered by a program
/// before this one is older than the clock.
const BEFORE: Duration = Duration::from_hours(24 * 365);

/// A point in the time of a [`Clock`], to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

/// Tells the time: it never goes back. Whoever asks two clocks may not compare what they say.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Instant;
}

impl Instant {
    /// The first one: it has passed, whatever the clock.
    pub const FIRST: Self = Self(0);

    /// So long after its clock began.
    #[must_use]
    pub fn after_start(elapsed: Duration) -> Self {
        Self::FIRST + BEFORE + elapsed
    }

    /// So long before its clock began.
    #[must_use]
    pub fn before_start(earlier: Duration) -> Self {
        Self::FIRST + BEFORE.saturating_sub(earlier)
    }

    /// How long after its clock began; `None` where it is before that.
    #[must_use]
    pub fn since_start(self) -> Option<Duration> {
        Duration::from_nanos(self.0).checked_sub(BEFORE)
    }

    /// How long after another one; zero where it is before that.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// So much later, where there is such an instant.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let nanoseconds = u64::try_from(duration.as_nanos()).ok()?;
        self.0.checked_add(nanoseconds).map(Self)
    }

    /// In milliseconds since the first one.
    pub(crate) fn millis(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// So much later; the last one, where there is no such instant.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self(u64::MAX))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}
