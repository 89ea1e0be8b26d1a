//! Whom a failure is blamed on: the batch, its sender, or the rule.
//!
//! - A **batch** that fails on a fresh instance is bad. For [`BAD_FOR`] it is not
//!   shown to the rule again.
//! - A **sender** is left alone for a while when [`SENDER`]`.batches` of its
//!   batches failed in a row and took [`SENDER`]`.time` to do so, and none went
//!   well in the last [`LATELY`]. Who sends is told by the resources of a batch:
//!   nothing else is known of it here.
//! - The **rule** is bad when [`RULE`]`.batches` batches of [`RULE`]`.senders`
//!   senders failed in a row and took [`RULE`]`.time`, and none of anybody's went
//!   well in the last [`LATELY`]. Then all are left alone for a while but for
//!   those with whose batches it went well before.
//!
//! What fails at once costs nothing, and leaves nobody alone: all this is there
//! so that failures do not take the time of others. With every further failure
//! they are left alone for twice as long.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::time::Duration;

use crate::clock::Instant;

use hashbrown::{HashMap, HashSet};
use linkmend_wire::otlp::{resource_spans, traces_data};
use linkmend_wire::walk::Walk;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::FaultReason;
use crate::interface::Tasks;
use crate::scope::Scope;

/// How long a batch that failed is known.
const BAD_FOR: Duration = Duration::from_secs(10);
/// How many of these are known; when there are more, the oldest go.
const MOST_BAD: usize = 256;

/// Of how many senders it is known how it went.
const MOST_SENDERS: usize = 4096;

/// Whoever had success so lately is not left alone.
const LATELY: Duration = Duration::from_secs(10);

/// How much may fail in a row.
struct Patience {
    batches: u32,
    senders: usize,
    time: Duration,
}

const SENDER: Patience = Patience {
    batches: 5,
    senders: 1,
    time: Duration::from_secs(1),
};

const RULE: Patience = Patience {
    batches: 20,
    senders: 5,
    time: Duration::from_secs(5),
};

/// Of one rule.
#[derive(Debug)]
pub(crate) struct Blame {
    /// Of hashes: others must not know which batches have the same one.
    seed: u64,
    state: Mutex<State>,
}

/// A batch that a rule is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect<'a> {
    sender: u64,
    tasks: Tasks,
    traces: &'a [u8],
}

#[derive(Debug, Default)]
struct State {
    /// The oldest first.
    bad: VecDeque<(u64, Instant)>,
    senders: HashMap<u64, Streak>,
    rule: Streak,
    /// Of its streak; no more than it takes.
    of_senders: HashSet<u64>,
}

impl Blame {
    pub(crate) fn new() -> Self {
        Self {
            seed: std::hash::RandomState::new().hash_one(0),
            state: Mutex::default(),
        }
    }

    /// Its scope and all of its resources together tell who sent it: what another
    /// program has put into one batch is that program's.
    pub(crate) fn suspect<'a>(
        &self,
        tasks: Tasks,
        traces: &'a [u8],
        scope: Option<Scope>,
    ) -> Suspect<'a> {
        let seed = match scope {
            Some(scope) => xxh3_64_with_seed(&scope.to_bytes(), self.seed),
            None => self.seed,
        };
        let resources = Walk::new(traces)
            .all(traces_data::RESOURCE_SPANS)
            .flat_map(|of_resource| Walk::new(of_resource).all(resource_spans::RESOURCE));
        let sender = resources.fold(seed, |seed, resource| xxh3_64_with_seed(resource, seed));
        Suspect {
            sender,
            tasks,
            traces,
        }
    }

    /// Whether the rule is to be shown this batch.
    pub(crate) fn ask(&self, suspect: Suspect<'_>, now: Instant) -> Result<(), FaultReason> {
        let mut state = self.state.lock();
        if state.has_bad(now) {
            // Not under the lock: it is all of its bytes.
            drop(state);
            let digest = self.digest(suspect);
            state = self.state.lock();
            if let Some((_, since)) = state.bad.iter().find(|(bad, _)| *bad == digest) {
                let ago = now.saturating_duration_since(*since);
                return Err(FaultReason::Again { ago });
            }
        }
        let sender = state.senders.get(&suspect.sender);
        if let Some((faults, wait)) = sender.and_then(|sender| sender.wait(now)) {
            return Err(FaultReason::Sender { faults, wait });
        }
        match state.rule.wait(now) {
            Some((faults, wait)) if !sender.is_some_and(Streak::went_well) => {
                Err(FaultReason::Circuit { faults, wait })
            }
            _ => Ok(()),
        }
    }

    /// It failed on a fresh instance, and took so long to do so.
    pub(crate) fn failed(&self, suspect: Suspect<'_>, took: Duration, now: Instant) {
        let digest = self.digest(suspect);
        let mut state = self.state.lock();
        // Two threads may have had it at the same time.
        if !state.bad.iter().any(|(bad, _)| *bad == digest) {
            if state.bad.len() >= MOST_BAD {
                state.bad.pop_front();
            }
            state.bad.push_back((digest, now));
        }
        state.sender(suspect.sender).fail(&SENDER, 1, took, now);
        if state.of_senders.len() < RULE.senders {
            state.of_senders.insert(suspect.sender);
        }
        let senders = state.of_senders.len();
        state.rule.fail(&RULE, senders, took, now);
    }

    /// It went well.
    pub(crate) fn succeeded(&self, suspect: Suspect<'_>, now: Instant) {
        let mut state = self.state.lock();
        state.sender(suspect.sender).succeed(now);
        state.rule.succeed(now);
        if !state.of_senders.is_empty() {
            state.of_senders.clear();
        }
    }

    /// What is asked of the rule is a part of it.
    fn digest(&self, suspect: Suspect<'_>) -> u64 {
        let all = [Tasks::REMEMBER, Tasks::MEND, Tasks::DEFER, Tasks::EXPLAIN];
        let asked = all.iter().enumerate();
        let asked = asked.filter(|(_, task)| suspect.tasks.contains(**task));
        let asked = asked.fold(0, |asked, (number, _)| asked | 1 << number);
        xxh3_64_with_seed(suspect.traces, self.seed.wrapping_add(asked))
    }
}

impl State {
    fn has_bad(&mut self, now: Instant) -> bool {
        let is_old = |(_, since): &(u64, Instant)| now.saturating_duration_since(*since) >= BAD_FOR;
        while self.bad.front().is_some_and(is_old) {
            self.bad.pop_front();
        }
        !self.bad.is_empty()
    }

    fn sender(&mut self, sender: u64) -> &mut Streak {
        if self.senders.len() >= MOST_SENDERS && !self.senders.contains_key(&sender) {
            // Somebody makes up senders. What is forgotten is tried again.
            self.senders.clear();
        }
        self.senders.entry(sender).or_default()
    }
}

/// How it went of late, with one sender or with all.
#[derive(Debug, Clone, Copy, Default)]
struct Streak {
    /// Failures in a row, and what they took.
    faults: u32,
    took: Duration,
    last_success: Option<Instant>,
    /// Until when it is left alone.
    until: Option<Instant>,
    /// How often it was.
    waits: u32,
}

impl Streak {
    const FIRST_WAIT: Duration = Duration::from_millis(100);
    const LONGEST_WAIT: Duration = Duration::from_secs(30);

    fn went_well(&self) -> bool {
        self.last_success.is_some()
    }

    /// How often it failed and how long it is still left alone, if it is.
    fn wait(&self, now: Instant) -> Option<(u32, Duration)> {
        let wait = self.until?.saturating_duration_since(now);
        (!wait.is_zero()).then_some((self.faults, wait))
    }

    fn succeed(&mut self, now: Instant) {
        *self = Self {
            last_success: Some(now),
            ..Self::default()
        };
    }

    fn fail(&mut self, patience: &Patience, senders: usize, took: Duration, now: Instant) {
        self.faults = self.faults.saturating_add(1);
        self.took = self.took.saturating_add(took);
        let lately = |then| now.saturating_duration_since(then) < LATELY;
        let is_bad = self.faults >= patience.batches
            && self.took >= patience.time
            && senders >= patience.senders
            && !self.last_success.is_some_and(lately);
        if is_bad {
            let wait = Self::FIRST_WAIT.saturating_mul(1 << self.waits.min(16));
            self.until = now.checked_add(wait.min(Self::LONGEST_WAIT));
            self.waits = self.waits.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
