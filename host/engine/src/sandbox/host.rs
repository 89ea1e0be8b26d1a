//! What a rule is given: the message index, and a log.

use std::sync::Arc;

use wasmtime::UpdateDeadline;

use crate::bindings::linkmend::rule::index::{
    Host, IndexError, Producer, Recalled, RecalledNumbers,
};
use crate::bindings::linkmend::rule::types::{self, MessageKey};
use crate::bindings::saying::linkmend::rule::log::{self, Level as Said};
use crate::index::{MessageIndex, away, message_key};
use crate::limits::Limits;
use crate::said::{Level, Saying};
use crate::sandbox::clock::{Clock, Overrun};
use crate::sandbox::limiter::Limiter;
use crate::sandbox::numbers;

/// What one call of `remember` or `recall` may bring.
const MOST_ENTRIES: usize = 1 << 20;

/// How many keys are looked up before the size of the answer is looked at: a
/// key that is asked for again and again has a large one.
const KEYS_AT_ONCE: usize = 16_384;

/// What the host keeps for an instance.
pub(super) struct HostState {
    pub(super) limiter: Limiter,
    /// Of the call that is under way.
    pub(super) clock: Clock,
    /// Why it was interrupted, if it was.
    pub(super) overrun: Option<Overrun>,
    /// What the rule says: `said.line(level, text)`.
    pub(super) said: Saying,
    /// What the rule knows of messages, in the call that is under way.
    pub(super) index: Arc<dyn MessageIndex>,
    /// What the index may hand to the guest in one call, in bytes.
    most_recalled: usize,
}

impl HostState {
    pub(super) fn new(limits: Limits, index: Arc<dyn MessageIndex>) -> Self {
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
    pub(super) fn go_on(&mut self) -> UpdateDeadline {
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
    fn put(&mut self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
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

    /// Looks up keys, some at a time.
    fn look_up(&mut self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
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

impl types::Host for HostState {}

impl log::Host for HostState {
    fn line(&mut self, level: Said, text: String) {
        let level = match level {
            Said::Trace => Level::Trace,
            Said::Debug => Level::Debug,
            Said::Info => Level::Info,
            Said::Warn => Level::Warn,
            Said::Error => Level::Error,
        };
        for line in text.lines() {
            self.said.line(level, line);
        }
    }
}

impl Host for HostState {
    /// What comes in is bounded, as all that a guest hands over in one call.
    fn hash(&mut self, messages: Vec<Vec<String>>) -> Vec<MessageKey> {
        let mut buffer = Vec::new();
        let keys = messages.iter();
        keys.map(|parts| message_key(parts, &mut buffer)).collect()
    }

    fn remember(&mut self, producers: Vec<Producer>, texts: Vec<u8>) -> Result<(), IndexError> {
        self.put(&producers, &texts)
    }

    fn recall(&mut self, keys: Vec<MessageKey>) -> Result<Recalled, IndexError> {
        self.ask(|host, index| {
            let parts = keys.chunks(KEYS_AT_ONCE);
            let parts = parts.map(|keys| (keys.len(), index.recall(keys)));
            host.recall_parts(keys.len(), parts)
        })
    }

    fn recall_before(
        &mut self,
        keys: Vec<MessageKey>,
        before: Vec<u64>,
    ) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        self.look_up(&keys, &before)
    }

    fn remember_numbers(&mut self, producers: Vec<u64>, texts: Vec<u8>) -> Result<(), IndexError> {
        if producers.len() / numbers::OF_PRODUCER > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        let producers = numbers::producers(&producers).ok_or(IndexError::Malformed)?;
        self.put(&producers, &texts)
    }

    fn recall_numbers(&mut self, keys: Vec<u64>) -> Result<RecalledNumbers, IndexError> {
        let (keys, before) = numbers::keys(&keys).ok_or(IndexError::Malformed)?;
        let recalled = self.look_up(&keys, &before)?;
        Ok(RecalledNumbers {
            counts: recalled.counts,
            producers: numbers::of_producers(&recalled.producers),
            texts: recalled.texts,
        })
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
