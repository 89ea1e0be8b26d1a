//! Which keys are waited for, and which were remembered of late: without a
//! lock, since every batch with producers passes here.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::index::{KeyHasher, MessageKey};
use crate::scope::Scope;

/// A power of two; 256 KiB. Keys that share a slot cost a look at the hold, or
/// a span a try too many.
const SLOTS: usize = 1 << 14;

/// A table of keys by their hash.
///
/// A span is held after its rule looked its keys up, and a producer may be
/// remembered in between, by another thread. So whoever holds a span first says
/// that it is waited for and then looks at what was remembered since the rule
/// was asked, and whoever remembers a producer does it the other way around:
/// one of the two sees the other.
#[derive(Debug)]
pub(super) struct Signals {
    clock: AtomicU64,
    slots: Box<[Slot]>,
    hasher: KeyHasher,
    /// Nobody outside is to know which keys of two scopes meet.
    seed: u64,
}

#[derive(Debug, Default)]
struct Slot {
    /// When a key of this slot was remembered last.
    remembered: AtomicU64,
    /// How many held spans wait for keys of this slot.
    awaited: AtomicU32,
}

impl Signals {
    pub(super) fn new() -> Self {
        Self {
            clock: AtomicU64::new(1),
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
            hasher: KeyHasher::random(),
            seed: RandomState::new().hash_one(0u8),
        }
    }

    /// What a key of a scope is here. The index of a scope is apart from others
    /// anyway: two keys that met would cost a span a try too many.
    pub(super) fn key_of(&self, key: MessageKey, scope: Option<Scope>) -> MessageKey {
        let Some(scope) = scope else {
            return key;
        };
        let mut named = [0; 32];
        let parts = [key.high.to_le_bytes(), key.low.to_le_bytes()];
        let bytes = parts.into_iter().flatten().chain(scope.to_bytes());
        named
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
        let hash = xxh3_128_with_seed(&named, self.seed);
        MessageKey {
            high: (hash >> 64) as u64,
            low: hash as u64,
        }
    }

    fn slot(&self, key: MessageKey) -> Option<&Slot> {
        self.slots.get(self.hasher.hash(key) as usize % SLOTS)
    }

    /// What is remembered from here on is seen by [`Self::was_remembered`].
    pub(super) fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Tells that keys were remembered; which of them may be waited for.
    pub(super) fn remembered(
        &self,
        keys: impl Iterator<Item = MessageKey> + Clone,
    ) -> Vec<MessageKey> {
        let now = self.clock.fetch_add(1, Ordering::SeqCst);
        for slot in keys.clone().filter_map(|key| self.slot(key)) {
            slot.remembered.fetch_max(now, Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
        let is_awaited = |slot: &Slot| slot.awaited.load(Ordering::Relaxed) > 0;
        keys.filter(|key| self.slot(*key).is_some_and(is_awaited))
            .collect()
    }

    /// A held span waits for the key.
    pub(super) fn wait(&self, key: MessageKey) {
        if let Some(slot) = self.slot(key) {
            slot.awaited.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It does not any more.
    pub(super) fn stop_waiting(&self, key: MessageKey) {
        if let Some(slot) = self.slot(key) {
            slot.awaited.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// One of these keys, which were given to [`Self::wait`] before, may have
    /// been remembered since then.
    pub(super) fn was_remembered(
        &self,
        keys: impl Iterator<Item = MessageKey>,
        since: u64,
    ) -> bool {
        fence(Ordering::SeqCst);
        let mut slots = keys.filter_map(|key| self.slot(key));
        slots.any(|slot| slot.remembered.load(Ordering::Relaxed) >= since)
    }
}
