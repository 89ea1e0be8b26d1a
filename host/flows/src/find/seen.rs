//! What was seen of deliveries and messages, so that none is counted twice.

use std::collections::HashMap;

use xxhash_rust::xxh3::Xxh3;

use super::Candidate;
use crate::flow::Flow;

/// By the hash of what was seen, in two generations: when the younger one is
/// full, or old, the older one goes.
#[derive(Debug)]
pub(crate) struct Seen {
    young: HashMap<u64, bool>,
    old: HashMap<u64, bool>,
    most: usize,
}

impl Seen {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            most: most.max(1),
        }
    }

    /// What was noted of this before; if nothing was, `note` is from now on.
    pub(crate) fn note(&mut self, what: u64, note: bool) -> Option<bool> {
        if let Some(noted) = self.young.get(&what).or_else(|| self.old.get(&what)) {
            return Some(*noted);
        }
        if self.young.len() >= self.most {
            self.age();
        }
        self.young.insert(what, note);
        None
    }

    /// What was noted before the last time is forgotten.
    pub(crate) fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

/// What a trace sent to a service: `receive` and `process` tell of it both, though
/// not always by the same of the spans that sent it.
pub(crate) fn delivery(flow: &Flow) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&flow.producer.context.trace);
    hasher.update(flow.consumer.service.as_bytes());
    hasher.digest()
}

/// A message, and who received it.
pub(crate) fn pair(flow: &Flow) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&flow.consumer.context.trace);
    hasher.update(&flow.consumer.context.span);
    hasher.update(&message(flow).to_le_bytes());
    hasher.digest()
}

/// A message, whoever received it.
pub(crate) fn message(flow: &Flow) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&flow.producer.context.trace);
    hasher.update(&flow.producer.context.span);
    if let Some(message) = &flow.message {
        hasher.update(message.as_bytes());
    }
    hasher.digest()
}

impl Candidate {
    pub(crate) fn is_receiving(&self) -> bool {
        self.is_receiving
    }
}
