//! What was seen of deliveries and messages, so that none is counted twice.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::flow::{Context, End, Flow};

/// A map by hashes that nobody outside can guess: they are not hashed again.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Milliseconds since the looking began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) u64);

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
    /// A power of two of them, at least half of them [`NOTHING`]: hashes, each where its
    /// upper half leads, or behind it. The last three bits hold what was noted.
    slots: Vec<u64>,
    /// [`GENERATION`] or 0: that of the younger ones.
    generation: u64,
    young: usize,
    old: usize,
    most: usize,
}

const NOTHING: u64 = 0;
/// In every slot that is taken.
const TAKEN: u64 = 1;
const GENERATION: u64 = 2;
const NOTE: u64 = 4;
const HASH: u64 = !(TAKEN | GENERATION | NOTE);
const LEAST_SLOTS: usize = 64;

impl Seen {
    /// `most`: so many are in a generation.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            slots: vec![NOTHING; LEAST_SLOTS],
            generation: 0,
            young: 0,
            old: 0,
            most: most.max(1),
        }
    }

    /// What was noted of this before; if nothing was, `note` is from now on.
    pub(crate) fn note(&mut self, what: u64, note: bool) -> Option<bool> {
        if let Some(taken) = self.slot(what).filter(|slot| **slot != NOTHING) {
            return Some(*taken & NOTE != 0);
        }
        if self.young >= self.most {
            self.age();
        }
        if (self.young + self.old + 1) * 2 > self.slots.len() {
            self.arrange(self.slots.len() * 2);
        }
        let noted = if note { NOTE } else { 0 };
        let taken = what & HASH | TAKEN | self.generation | noted;
        if let Some(slot) = self.slot(what) {
            *slot = taken;
        }
        self.young += 1;
        None
    }

    /// What was noted before the last time is forgotten.
    pub(crate) fn age(&mut self) {
        let young = self.generation;
        for slot in &mut self.slots {
            if *slot & GENERATION != young {
                *slot = NOTHING;
            }
        }
        self.generation ^= GENERATION;
        (self.old, self.young) = (self.young, 0);
        self.arrange(self.slots.len());
    }

    /// Puts all into so many slots.
    fn arrange(&mut self, slots: usize) {
        let all = std::mem::replace(&mut self.slots, vec![NOTHING; slots]);
        for taken in all.into_iter().filter(|slot| *slot != NOTHING) {
            if let Some(slot) = self.slot(taken) {
                *slot = taken;
            }
        }
    }

    /// Where this is, or would be.
    #[inline]
    fn slot(&mut self, what: u64) -> Option<&mut u64> {
        let mask = self.slots.len() - 1;
        let mut place = (what >> 32) as usize & mask;
        while let Some(slot) = self.slots.get(place).copied()
            && slot != NOTHING
            && slot & HASH != what & HASH
        {
            place = (place + 1) & mask;
        }
        self.slots.get_mut(place)
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

    /// A span of whom; the scope is a hash by itself, or 0.
    pub(crate) fn of(self, context: &Context, scope: u64) -> u64 {
        self.context(context) ^ scope
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario: many more than a generation holds, each asked for again at once.
    /// Guarantees: each is known until two generations have passed, and no longer.
    #[test]
    fn what_was_seen_is_known_for_two_generations() {
        let hashes = Hashes::new();
        let hash = |number: u64| hashes.text(&number.to_le_bytes());
        let mut seen = Seen::new(1_000);
        for number in 0..10_000 {
            assert_eq!(seen.note(hash(number), number % 3 == 0), None);
            assert_eq!(seen.note(hash(number), false), Some(number % 3 == 0));
        }
        for number in 9_000..10_000 {
            assert_eq!(seen.note(hash(number), false), Some(number % 3 == 0));
        }
        assert!(seen.slots.len() <= 8_192, "{}", seen.slots.len());
        seen.age();
        assert_eq!(seen.note(hash(9_999), false), Some(true));
        seen.age();
        assert_eq!(seen.note(hash(9_999), false), None);
    }
}
