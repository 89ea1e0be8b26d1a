//! Consumers that wait for their producers.

use std::collections::VecDeque;

use super::candidate::{Candidate, Claim};
use super::seen::{ByHash, Millis};

/// Consumers by the hash of the context that they name.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_target: ByHash<Waiter>,
    /// In the order in which they came.
    order: VecDeque<(Millis, u64)>,
}

/// A consumer, and what it says.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) candidate: Candidate,
    pub(super) claim: Claim,
    /// It waits for the same: seldom does more than one.
    others: Vec<(Candidate, Claim)>,
}

impl Waiter {
    /// All that wait for the same, in the order in which they came.
    pub(super) fn all(self) -> impl Iterator<Item = (Candidate, Claim)> {
        std::iter::once((self.candidate, self.claim)).chain(self.others)
    }
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Somebody waits for this one.
    pub(super) fn is_for(&self, target: u64) -> bool {
        self.by_target.contains_key(&target)
    }

    /// Takes those out that wait for this one.
    pub(super) fn take(&mut self, target: u64) -> Option<Waiter> {
        if self.by_target.is_empty() {
            return None;
        }
        self.by_target.remove(&target)
    }

    /// Adds one; of more than `most` those that wait for the same as the first go.
    pub(super) fn add(
        &mut self,
        target: u64,
        (candidate, claim): (&Candidate, &Claim),
        now: Millis,
        most: usize,
    ) {
        if self.order.len() >= most {
            self.drop_first();
        }
        let (candidate, claim) = (candidate.clone(), claim.clone());
        self.order.push_back((now, target));
        if let Some(first) = self.by_target.get_mut(&target) {
            first.others.push((candidate, claim));
        } else {
            let waiter = Waiter {
                candidate,
                claim,
                others: Vec::new(),
            };
            self.by_target.insert(target, waiter);
        }
    }

    /// Forgets what is old.
    pub(super) fn forget(&mut self, is_old: impl Fn(Millis) -> bool) {
        while self.order.front().is_some_and(|(at, _)| is_old(*at)) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, target)) = self.order.pop_front() {
            self.by_target.remove(&target);
        }
    }
}
