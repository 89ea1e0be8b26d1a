//! What a rule is given: the message index, and a log.

use std::sync::Arc;

use linkmend_core::Limits;
use linkmend_core::index::{Bounded, MessageIndex};
use linkmend_core::interface::{IndexError, MessageKey, Producer, Recalled};
use wasmtime::UpdateDeadline;

use crate::away;
use crate::clock::{Clock, Overrun};
use crate::limiter::Limiter;
use crate::numbers::Parsed;
use crate::said::Saying;

/// What the host keeps for an instance.
pub(crate) struct HostState {
    pub(crate) limiter: Limiter,
    /// Of the call that is under way.
    pub(crate) clock: Clock,
    /// Why it was interrupted, if it was.
    pub(crate) overrun: Option<Overrun>,
    /// What the rule says: `said.line(level, text)`.
    pub(crate) said: Saying,
    /// What the rule knows of messages, in the call that is under way.
    pub(crate) index: Arc<dyn MessageIndex>,
    /// What the index may hand to the guest in one call, in bytes.
    most_recalled: usize,
    /// Empty between calls.
    parsed: Parsed,
}

impl HostState {
    pub(crate) fn new(limits: Limits, index: Arc<dyn MessageIndex>) -> Self {
        Self {
            limiter: Limiter::new(limits),
            clock: Clock::start(limits.init_time),
            overrun: None,
            said: Saying::default(),
            index,
            most_recalled: limits.output,
            parsed: Parsed::default(),
        }
    }

    /// Looks at the clock: at each tick of the epoch.
    pub(crate) fn go_on(&mut self) -> UpdateDeadline {
        self.overrun = self.clock.overrun();
        match self.overrun {
            Some(_) => UpdateDeadline::Interrupt,
            None => UpdateDeadline::Continue(1),
        }
    }

    /// Asks the index. What that takes is not the time of the rule: the index may
    /// be at the other end of a network.
    fn ask<T>(&mut self, question: impl FnOnce(Bounded<'_>) -> T) -> T {
        let index = Arc::clone(&self.index);
        let bounded = Bounded {
            index: &*index,
            most_recalled: self.most_recalled,
            away: away::tell,
        };
        if !index.may_wait() {
            return question(bounded);
        }
        let pause = Clock::pause();
        let answer = question(bounded);
        self.clock.go_on(pause);
        answer
    }

    /// Lends out what numbers are read into.
    pub(crate) fn with_parsed<T>(&mut self, call: impl FnOnce(&mut Self, &mut Parsed) -> T) -> T {
        let mut parsed = std::mem::take(&mut self.parsed);
        let answer = call(self, &mut parsed);
        parsed.clear();
        self.parsed = parsed;
        answer
    }

    /// Remembers producers.
    pub(crate) fn put(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.ask(|index| index.remember(producers, texts))
    }

    /// Looks up keys of any time.
    pub(crate) fn look_up_any(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.ask(|index| index.recall(keys))
    }

    /// Looks up keys.
    pub(crate) fn look_up(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        self.ask(|index| index.recall_before(keys, before))
    }
}
