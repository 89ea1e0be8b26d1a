//! Links that were not made in the last fifteen minutes, and what to do about it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use linkmend::Reasons;
use linkmend_advice::{Producers, Source, advice, why};
use linkmend_flows::{Unlinked, Window};

const SLOT: Duration = Duration::from_mins(1);
/// So many lines are shown.
const MOST: usize = 50;

/// By the minute.
#[derive(Default)]
pub(super) struct Missing(VecDeque<Slot>);

struct Slot {
    begun: Instant,
    reasons: Reasons,
    /// What was seen of producers: advice depends on it.
    producers: Producers,
}

impl Missing {
    pub(super) fn add(&mut self, reasons: &Reasons, now: Instant) {
        if let Some(slot) = self.slot(now) {
            slot.reasons += reasons;
        }
    }

    pub(super) fn see(&mut self, producers: &Producers, now: Instant) {
        if let Some(slot) = self.slot(now) {
            slot.producers += producers;
        }
    }

    /// What is shown at `now`, the most frequent first, and how many lines are not.
    pub(super) fn at(&mut self, now: Instant) -> (Vec<Unlinked>, usize) {
        self.forget(now);
        let (mut reasons, mut producers) = (Reasons::default(), Producers::default());
        for slot in &self.0 {
            reasons += &slot.reasons;
            producers += &slot.producers;
        }
        let mut lines = reasons.most_frequent();
        let left_out = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        let named = |name: &String| match name.as_str() {
            Reasons::NO_NAME => String::new(),
            name => name.to_owned(),
        };
        let lines = lines.iter().map(|line| Unlinked {
            reason: line.reason.to_string(),
            why: why(line.reason).to_owned(),
            service: named(&line.service),
            system: named(&line.messaging_system),
            count: line.count,
            advice: advice(line, &producers, Source::Senders).to_owned(),
        });
        (lines.collect(), left_out)
    }

    /// That of this minute.
    fn slot(&mut self, now: Instant) -> Option<&mut Slot> {
        let is_current = |slot: &Slot| now.saturating_duration_since(slot.begun) < SLOT;
        if !self.0.back().is_some_and(is_current) {
            self.forget(now);
            self.0.push_back(Slot {
                begun: now,
                reasons: Reasons::default(),
                producers: Producers::default(),
            });
        }
        self.0.back_mut()
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |slot: &Slot| now.saturating_duration_since(slot.begun) > Window::LENGTH;
        while self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use linkmend::Reason;

    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let begun = Instant::now();
        let mut missing = Missing::default();
        for minute in 0..40 {
            let mut reasons = Reasons::default();
            reasons.add(Reason::Unnamed, "orders", "kafka", 1);
            missing.add(&reasons, begun + SLOT * minute);
            assert!(missing.0.len() <= 17, "{}", missing.0.len());
        }
        let (lines, left_out) = missing.at(begun + SLOT * 39);
        assert_eq!((lines.len(), left_out), (1, 0));
        assert_eq!(lines.first().map(|line| line.count), Some(16));
        assert_eq!(missing.at(begun + SLOT * 60).0, []);
    }
}
