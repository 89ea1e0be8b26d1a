//! Which of many messages are told.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The first ones of each second, then every n-th.
pub(super) struct Sampler {
    initial: u64,
    thereafter: u64,
    second: Mutex<Option<(Instant, u64)>>,
}

impl Sampler {
    pub(super) fn new(initial: u64, thereafter: u64) -> Self {
        Self {
            initial,
            thereafter,
            second: Mutex::new(None),
        }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        let mut second = self.second.lock();
        let (start, count) = match *second {
            Some((start, count)) if now < start + Duration::from_secs(1) => (start, count + 1),
            _ => (now, 1),
        };
        *second = Some((start, count));
        let beyond = count.saturating_sub(self.initial);
        beyond == 0 || self.thereafter > 0 && beyond.is_multiple_of(self.thereafter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(initial: u64, thereafter: u64) -> Vec<u64> {
        let (sampler, now) = (Sampler::new(initial, thereafter), Instant::now());
        (1..=10).filter(|_| sampler.is_due(now)).collect()
    }

    #[test]
    fn the_first_and_then_every_third() {
        assert_eq!(told(2, 3), [1, 2, 5, 8]);
        assert_eq!(told(2, 0), [1, 2]);
        assert_eq!(told(0, 5), [5, 10]);
        assert_eq!(told(2, 1).len(), 10);
    }

    #[test]
    fn each_second_begins_anew() {
        let (sampler, now) = (Sampler::new(1, 0), Instant::now());
        assert!(sampler.is_due(now));
        assert!(!sampler.is_due(now + Duration::from_millis(999)));
        assert!(sampler.is_due(now + Duration::from_secs(1)));
    }
}
