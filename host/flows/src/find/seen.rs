//! What was seen of deliveries and messages, so that none is counted twice.

use std::collections::HashMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::Candidate;
use crate::flow::{Context, Flow};

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
    let trace = xxh3_64(&flow.producer.context.trace);
    xxh3_64_with_seed(flow.consumer.service.as_bytes(), trace)
}

/// A message, and who received it.
pub(crate) fn pair(flow: &Flow) -> u64 {
    hash(&flow.consumer.context, message(flow))
}

/// A message, whoever received it.
pub(crate) fn message(flow: &Flow) -> u64 {
    let producer = hash(&flow.producer.context, 0);
    match &flow.message {
        Some(message) => xxh3_64_with_seed(message.as_bytes(), producer),
        None => producer,
    }
}

fn hash(context: &Context, seed: u64) -> u64 {
    let mut bytes = [0; 24];
    let (trace, span) = bytes.split_at_mut(16);
    trace.copy_from_slice(&context.trace);
    span.copy_from_slice(&context.span);
    xxh3_64_with_seed(&bytes, seed)
}

impl Candidate {
    pub(crate) fn is_receiving(&self) -> bool {
        self.is_receiving
    }
}
