//! A store of producers that the host shares with other programs.

use std::sync::{Arc, Mutex, PoisonError};

use linkmend_core::Scope;
use linkmend_core::index::{Entry, Lookups, SharedStore};
use linkmend_core::interface::{MessageKey, Producer};

use crate::host::Host;
use crate::numbers::{self, Numbers};

/// The store of the host.
#[derive(Debug)]
pub(crate) struct HostStore {
    host: Arc<dyn Host>,
    looked_up: Mutex<Lookups>,
}

impl HostStore {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            looked_up: Mutex::default(),
        }
    }

    /// Where the keys of all questions together were known.
    pub(crate) fn lookups(&self) -> Lookups {
        *self
            .looked_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedStore for HostStore {
    fn remember(&self, _: Option<Scope>, producers: &[Producer], texts: &[u8]) {
        let mut bytes = Vec::with_capacity(producers.len() * numbers::OF_PRODUCER);
        for producer in producers {
            numbers::put_producer(&mut bytes, producer);
        }
        self.host.store_remember(&bytes, texts);
    }

    fn recall(&self, _: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        let mut bytes = Vec::with_capacity(keys.len() * numbers::OF_KEY);
        for key in keys {
            numbers::put_key(&mut bytes, *key);
        }
        entries(&self.host.store_recall(&bytes)).unwrap_or_default()
    }

    fn looked_up(&self, more: Lookups) {
        let mut all = self
            .looked_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.here += more.here;
        all.there += more.there;
        all.nowhere += more.nowhere;
    }
}

/// What the host answers: two lengths in bytes, producers, and their trace states.
fn entries(answer: &[u8]) -> Option<Vec<Entry>> {
    let mut lengths = Numbers(answer.get(..8)?);
    let (producers, texts) = (lengths.u32() as usize, lengths.u32() as usize);
    let (producers, rest) = answer.get(8..)?.split_at_checked(producers)?;
    let texts = rest.get(..texts)?;
    let producers = numbers::producers(producers)?.into_iter();
    producers
        .map(|producer| {
            let trace_state = producer.trace_state.of(texts)?.into();
            Some(Entry {
                producer,
                trace_state,
            })
        })
        .collect()
}
