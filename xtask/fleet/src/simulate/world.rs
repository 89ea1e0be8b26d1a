//! The store and the network, as a model: time is a number, and nothing waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use linkmend::Scope;
use linkmend::index::{Entry, MessageKey, Producer, SharedStore};
use parking_lot::Mutex;

/// A key that can be told from others.
type Key = (u64, u64);

/// What all hosts share.
#[derive(Default)]
pub struct World {
    now: AtomicU64,
    known: Mutex<HashMap<Key, Vec<Known>>>,
    /// From the batch that brings a producer to where others see it.
    write_delay: Duration,
}

struct Known {
    since: Duration,
    producer: Producer,
}

/// What a host has asked and written.
#[derive(Default)]
pub struct Asked {
    pub written: AtomicU64,
    pub looked_up: AtomicU64,
    pub questions: AtomicU64,
}

/// The store as a host sees it.
pub struct View {
    pub world: Arc<World>,
    pub asked: Arc<Asked>,
}

impl World {
    pub fn new(write_delay: Duration) -> Arc<Self> {
        Arc::new(Self {
            write_delay,
            ..Self::default()
        })
    }

    pub fn set(&self, now: Duration) {
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.now.store(nanos, Ordering::Relaxed);
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.now.load(Ordering::Relaxed))
    }

    /// How many producers of a key can be seen.
    pub fn count(&self, key: MessageKey) -> usize {
        let now = self.now();
        let known = self.known.lock();
        let of_key = known.get(&(key.high, key.low));
        of_key.map_or(0, |all| {
            all.iter().filter(|known| known.since <= now).count()
        })
    }
}

impl SharedStore for View {
    fn remember(&self, _: Option<Scope>, producers: &[Producer], _: &[u8]) {
        let since = self.world.now() + self.world.write_delay;
        let mut known = self.world.known.lock();
        for producer in producers {
            let key = (producer.key.high, producer.key.low);
            let producer = Producer {
                trace_state: linkmend::index::Text {
                    offset: 0,
                    length: 0,
                },
                ..*producer
            };
            known
                .entry(key)
                .or_default()
                .push(Known { since, producer });
        }
        let written = producers.len() as u64;
        self.asked.written.fetch_add(written, Ordering::Relaxed);
    }

    fn recall(&self, _: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry> {
        let looked_up = keys.len() as u64;
        self.asked.looked_up.fetch_add(looked_up, Ordering::Relaxed);
        self.asked.questions.fetch_add(1, Ordering::Relaxed);
        let now = self.world.now();
        let known = self.world.known.lock();
        let of_keys = keys
            .iter()
            .filter_map(|key| known.get(&(key.high, key.low)));
        let seen = of_keys.flatten().filter(|known| known.since <= now);
        seen.map(|known| Entry {
            producer: known.producer,
            trace_state: Box::default(),
        })
        .collect()
    }
}
