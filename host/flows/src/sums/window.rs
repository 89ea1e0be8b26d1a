//! The last fifteen minutes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::edges::{Sums, SumsOptions};
use crate::flow::Flow;

/// Sums are kept by the minute.
const SLOT: Duration = Duration::from_mins(1);
const SLOTS: u32 = 15;
/// So many flows of the window are kept as they are, the latest.
const MOST_FLOWS: usize = 2_000;

/// Flows of the last fifteen minutes: all of them summed up, the latest 2,000 as
/// they are.
#[derive(Debug)]
pub struct Window {
    options: SumsOptions,
    slots: VecDeque<(Instant, Sums)>,
    flows: VecDeque<(Instant, Flow)>,
}

impl Window {
    /// How long it is.
    pub const LENGTH: Duration = SLOT.saturating_mul(SLOTS);

    /// With no flows yet.
    #[must_use]
    pub fn new(options: SumsOptions) -> Self {
        Self {
            options,
            slots: VecDeque::new(),
            flows: VecDeque::new(),
        }
    }

    /// Takes a flow that was found now.
    pub fn add(&mut self, flow: &Flow, is_new: bool, now: Instant) {
        self.forget(now);
        let is_current = |(begun, _): &(Instant, Sums)| now.duration_since(*begun) < SLOT;
        if !self.slots.back().is_some_and(is_current) {
            self.slots.push_back((now, Sums::new(self.options)));
        }
        if let Some((_, sums)) = self.slots.back_mut() {
            sums.add(flow, is_new);
        }
        if self.flows.len() >= MOST_FLOWS {
            self.flows.pop_front();
        }
        self.flows.push_back((now, flow.clone()));
    }

    /// What is left of it at `now`: all sums, and the flows that were kept.
    pub fn at(&mut self, now: Instant) -> (Sums, Vec<Flow>) {
        self.forget(now);
        let mut all = Sums::new(self.options);
        for (_, sums) in &self.slots {
            all.merge(sums);
        }
        let flows = self.flows.iter().map(|(_, flow)| flow.clone());
        (all, flows.collect())
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |at: Instant| now.saturating_duration_since(at) > Self::LENGTH;
        while self.slots.front().is_some_and(|(at, _)| is_old(*at)) {
            self.slots.pop_front();
        }
        while self.flows.front().is_some_and(|(at, _)| is_old(*at)) {
            self.flows.pop_front();
        }
    }
}
