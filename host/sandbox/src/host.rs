//! What a rule is given: the message index, and a log.

use std::sync::Arc;

use linkmend_core::Limits;
use linkmend_core::index::MessageIndex;
use linkmend_core::interface::{IndexError, MessageKey, Producer, Recalled};
use wasmtime::UpdateDeadline;

use crate::away;
use crate::clock::{Clock, Overrun};
use crate::limiter::Limiter;
use crate::said::Saying;

/// What one call of `remember` or `recall` may bring.
pub(crate) const MOST_ENTRIES: usize = 1 << 20;

/// How many keys are looked up before the size of the answer is looked at: a
/// key that is asked for again and again has a large one.
const KEYS_AT_ONCE: usize = 16_384;

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
    fn ask<T>(
        &mut self,
        question: impl FnOnce(&Self, &dyn MessageIndex) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        let index = Arc::clone(&self.index);
        if !index.may_wait() {
            return question(self, &*index);
        }
        let pause = Clock::pause();
        let answer = question(self, &*index);
        self.clock.go_on(pause);
        answer
    }

    /// Remembers producers.
    pub(crate) fn put(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        if producers.len() > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        match self.ask(|_, index| index.remember(producers, texts)) {
            Err(IndexError::Unavailable) => {
                away::tell();
                Ok(())
            }
            remembered => remembered,
        }
    }

    /// Looks up keys of any time, some at a time.
    pub(crate) fn look_up_any(&mut self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        self.ask(|host, index| {
            let parts = keys.chunks(KEYS_AT_ONCE);
            let parts = parts.map(|keys| (keys.len(), index.recall(keys)));
            host.recall_parts(keys.len(), parts)
        })
    }

    /// Looks up keys, some at a time.
    pub(crate) fn look_up(
        &mut self,
        keys: &[MessageKey],
        before: &[u64],
    ) -> Result<Recalled, IndexError> {
        self.ask(|host, index| {
            let parts = keys.chunks(KEYS_AT_ONCE).zip(before.chunks(KEYS_AT_ONCE));
            let parts = parts.map(|(keys, before)| (keys.len(), index.recall_before(keys, before)));
            host.recall_parts(keys.len(), parts)
        })
    }

    /// Puts the answers for some keys at a time together. Of what cannot be
    /// reached nothing is known: that is no fault of the rule.
    fn recall_parts(
        &self,
        keys: usize,
        parts: impl Iterator<Item = (usize, Result<Recalled, IndexError>)>,
    ) -> Result<Recalled, IndexError> {
        if keys > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        let mut all = Recalled {
            counts: Vec::new(),
            producers: Vec::new(),
            texts: Vec::new(),
        };
        for (keys, part) in parts {
            let part = match part {
                Err(IndexError::Unavailable) => away::nothing(keys),
                part => part?,
            };
            if all.counts.is_empty() {
                all = part;
            } else {
                append(&mut all, &part)?;
            }
            self.check_size(&all)?;
        }
        Ok(all)
    }

    fn check_size(&self, recalled: &Recalled) -> Result<(), IndexError> {
        let producers = size_of_val(recalled.producers.as_slice());
        if producers + recalled.texts.len() > self.most_recalled {
            return Err(IndexError::TooMany);
        }
        Ok(())
    }
}

fn append(all: &mut Recalled, part: &Recalled) -> Result<(), IndexError> {
    let before = u32::try_from(all.texts.len()).map_err(|_| IndexError::TooMany)?;
    all.counts.extend_from_slice(&part.counts);
    all.texts.extend_from_slice(&part.texts);
    all.producers.reserve(part.producers.len());
    for producer in &part.producers {
        let mut producer = *producer;
        let offset = producer.trace_state.offset.checked_add(before);
        producer.trace_state.offset = offset.ok_or(IndexError::TooMany)?;
        all.producers.push(producer);
    }
    Ok(())
}
