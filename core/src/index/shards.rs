//! Producers in memory, in parts that threads seldom meet in. What time it is is said by
//! whoever asks.

use std::time::Duration;

use parking_lot::Mutex;

use super::answers::Answers;
use super::shard::{ENTRY_COST, KeyHasher, Shard};
use crate::clock::Instant;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};

/// How many shards at most: enough that threads seldom meet. With so many, the tables of an
/// index of 1,000,000 are full when it is (14,336 of 16,384 places each), and not half empty.
const MOST_SHARDS: usize = 70;

/// How many producers a shard has room for at least: of small shards, some
/// fill long before the others.
const SMALLEST_SHARD: usize = 1024;

/// What is kept of a trace state (W3C Trace Context: vendors should propagate
/// at least 512 characters). One that is longer is left away, as a whole.
const LONGEST_TRACE_STATE: usize = 512;

/// Bounds of a [`MemoryIndex`](super::MemoryIndex).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexOptions {
    /// How many producers to hold; the oldest go first (of each of up to 70
    /// parts of the index). Memory is taken as they come, at most 84 bytes
    /// each; one with a trace state counts for up to eight. Default: 1,000,000.
    pub max_entries: usize,
    /// How long to hold a producer. `None`: for good, as fits data that is
    /// read from files. Default: 15 minutes.
    pub time_to_live: Option<Duration>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            max_entries: 1_000_000,
            time_to_live: Some(Duration::from_mins(15)),
        }
    }
}

impl IndexOptions {
    /// What so many producers take, in bytes.
    #[must_use]
    pub fn most_bytes(&self) -> usize {
        self.max_entries.saturating_mul(ENTRY_COST)
    }
}

/// What a [`MemoryIndex`](super::MemoryIndex) holds and has lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Producers held.
    pub entries: usize,
    /// Producers that went because the index was full.
    pub evicted: u64,
    /// Producers that went because their time was up.
    pub expired: u64,
}

impl IndexStats {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            evicted: self.evicted + other.evicted,
            expired: self.expired + other.expired,
        }
    }
}

/// Producers, by the keys of their messages.
#[derive(Debug)]
pub(super) struct Shards {
    parts: Vec<Mutex<Shard>>,
    hasher: KeyHasher,
    options: IndexOptions,
}

impl Shards {
    pub(super) fn new(options: IndexOptions) -> Self {
        Self::at_most(options, MOST_SHARDS)
    }

    /// So many parts at most.
    pub(super) fn at_most(options: IndexOptions, most: usize) -> Self {
        let entries = options.max_entries.max(1);
        let shards = (entries / SMALLEST_SHARD).clamp(1, most);
        let time_to_live = options.time_to_live.map(millis);
        let hasher = KeyHasher::random();
        let shard = |number| {
            let capacity = entries / shards + usize::from(number < entries % shards);
            Mutex::new(Shard::new(capacity, time_to_live, hasher))
        };
        Self {
            parts: (0..shards).map(shard).collect(),
            hasher,
            options,
        }
    }

    pub(super) fn options(&self) -> IndexOptions {
        self.options
    }

    /// What is held and was lost.
    pub(super) fn stats(&self) -> IndexStats {
        let mut stats = IndexStats::default();
        for shard in &self.parts {
            let shard = shard.lock();
            stats.entries += shard.len();
            stats.evicted += shard.evicted;
            stats.expired += shard.expired;
        }
        stats
    }

    /// What it takes, in entries without a trace state.
    pub(super) fn weight(&self) -> usize {
        let shards = self.parts.iter();
        shards.map(|shard| shard.lock().weight()).sum()
    }

    /// Lets the oldest go, from the fullest part on, until so much is free.
    pub(super) fn evict(&self, weight: usize) {
        let mut left = weight;
        while left > 0 {
            let shards = self.parts.iter();
            let Some(fullest) = shards.max_by_key(|shard| shard.lock().weight()) else {
                return;
            };
            match fullest.lock().evict_one() {
                0 => return,
                freed => left = left.saturating_sub(freed),
            }
        }
    }

    /// Lets those go whose time is up.
    pub(super) fn expire(&self, now: Instant) {
        for shard in &self.parts {
            shard.lock().expire(now.millis());
        }
    }

    /// Takes producers that were remembered so long ago.
    pub(super) fn restore(
        &self,
        producers: &[Producer],
        texts: &[u8],
        age: Duration,
        now: Instant,
    ) -> Result<(), IndexError> {
        let age = millis(age);
        let is_over = self.options.time_to_live.map(millis);
        if is_over.is_some_and(|time_to_live| age >= time_to_live) {
            return Ok(());
        }
        self.insert(producers, texts, now.millis().saturating_sub(age))
    }

    pub(super) fn remember(
        &self,
        producers: &[Producer],
        texts: &[u8],
        now: Instant,
    ) -> Result<(), IndexError> {
        self.insert(producers, texts, now.millis())
    }

    pub(super) fn recall(&self, keys: &[MessageKey], now: Instant) -> Recalled {
        self.look_up(keys.iter().map(|key| (*key, None)), now)
    }

    pub(super) fn recall_before(
        &self,
        keys: &[MessageKey],
        before: &[u64],
        now: Instant,
    ) -> Result<Recalled, IndexError> {
        if keys.len() != before.len() {
            return Err(IndexError::Malformed);
        }
        let keys = keys.iter().zip(before);
        Ok(self.look_up(keys.map(|(key, before)| (*key, Some(*before))), now))
    }

    fn shard(&self, key: MessageKey) -> Option<&Mutex<Shard>> {
        // The ends of the hash choose the place inside the shard.
        let part = self.hasher.hash(key) >> 24 & 0xffff_ffff;
        self.parts.get((part % self.parts.len() as u64) as usize)
    }

    fn insert(&self, producers: &[Producer], texts: &[u8], since: u64) -> Result<(), IndexError> {
        for producer in producers {
            let state = producer.trace_state.of(texts);
            let state = Some(state.ok_or(IndexError::Malformed)?)
                .filter(|state| state.len() <= LONGEST_TRACE_STATE)
                .unwrap_or_default();
            if let Some(shard) = self.shard(producer.key) {
                shard.lock().insert(producer, state, since);
            }
        }
        Ok(())
    }

    fn look_up(
        &self,
        keys: impl ExactSizeIterator<Item = (MessageKey, Option<u64>)>,
        now: Instant,
    ) -> Recalled {
        let now = now.millis();
        let mut answers = Answers::with_capacity(keys.len());
        for (key, before) in keys {
            let Some(shard) = self.shard(key) else {
                continue;
            };
            let shard = shard.lock();
            let (found, more) = shard.find(key, before, now);
            answers.push(&found, more);
        }
        answers.end()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
