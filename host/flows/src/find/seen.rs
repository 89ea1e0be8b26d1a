//! What was seen of deliveries and messages, so that none is counted twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::flow::{Context, End, Flow};

/// A map by hashes that nobody outside can guess: they are not hashed again.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Takes a hash as it is.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// By the hash of what was seen, in two generations: when the younger one is
/// full, or old, the older one goes.
#[derive(Debug)]
pub(crate) struct Seen {
    young: ByHash<bool>,
    old: ByHash<bool>,
    most: usize,
}

impl Seen {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            young: ByHash::default(),
            old: ByHash::default(),
            most: most.max(1),
        }
    }

    /// What was noted of this before; if nothing was, `note` is from now on.
    pub(crate) fn note(&mut self, what: u64, note: bool) -> Option<bool> {
        if let Some(noted) = self.old.get(&what) {
            return Some(*noted);
        }
        if self.young.len() >= self.most {
            self.age();
        }
        match self.young.entry(what) {
            Entry::Occupied(noted) => Some(*noted.get()),
            Entry::Vacant(place) => {
                place.insert(note);
                None
            }
        }
    }

    /// What was noted before the last time is forgotten.
    pub(crate) fn age(&mut self) {
        std::mem::swap(&mut self.old, &mut self.young);
        // Its memory serves again.
        self.young.clear();
    }
}

/// Hashes, of which each instance has its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashes(u64);

impl Hashes {
    pub(crate) fn new() -> Self {
        Self(RandomState::new().hash_one(0))
    }

    /// What a trace sent to a service: `receive` and `process` tell of it both,
    /// though not always by the same of the spans that sent it.
    pub(crate) fn delivery(self, producer: &End, consumer: &End) -> u64 {
        let seed = self.0 ^ consumer.site.service_hash;
        xxh3_64_with_seed(&producer.context.trace, seed)
    }

    /// The message of a flow, whoever received it.
    pub(crate) fn message_of(self, flow: &Flow) -> u64 {
        let id = flow.message.as_ref().map(|id| self.text(id.as_bytes()));
        Self::message(self.context(&flow.producer.context), id)
    }

    /// A message of a producer, whoever received it.
    pub(crate) fn message(producer: u64, id: Option<u64>) -> u64 {
        id.map_or(producer, |id| {
            xxh3_64_with_seed(&id.to_le_bytes(), producer)
        })
    }

    /// A message, and who received it.
    pub(crate) fn pair(message: u64, consumer: &Context) -> u64 {
        Self(message).context(consumer)
    }

    /// An id.
    pub(crate) fn text(self, text: &[u8]) -> u64 {
        xxh3_64_with_seed(text, self.0)
    }

    /// A span.
    pub(crate) fn context(self, context: &Context) -> u64 {
        let mut bytes = [0; 24];
        let (trace, span) = bytes.split_at_mut(16);
        trace.copy_from_slice(&context.trace);
        span.copy_from_slice(&context.span);
        xxh3_64_with_seed(&bytes, self.0)
    }
}
