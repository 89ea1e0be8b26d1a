//! A part of the index: producers by key, and in the order of their age.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

use crate::interface::{MessageKey, Producer, Text};

/// How many producers a key may have: sends of one message, of which more than
/// a few are a chain of retries under one id.
const MOST: usize = 16;

/// How many of them are given to who asks.
pub(super) const GIVEN: usize = 4;

/// What a producer takes, in bytes, with its place in the lists; and what a
/// trace state takes beside its own bytes.
pub(super) const ENTRY_COST: usize = 84;
const STATE_COST: usize = 64;

/// Producers are named by a number that counts up, and wraps: that of the
/// oldest is `first`.
type Number = u32;

/// One shard. Owned by one thread at a time.
#[derive(Debug)]
pub(super) struct Shard {
    /// Oldest first.
    entries: VecDeque<Entry>,
    first: Number,
    /// The newest producer of each key; the others follow by `next`.
    by_key: HashTable<Number>,
    /// Few producers have a trace state.
    trace_states: HashMap<Number, Box<[u8]>>,
    hasher: KeyHasher,
    /// How many producers without a trace state there is room for.
    capacity: usize,
    /// How much of that is taken: senders choose their trace states.
    weight: usize,
    /// Milliseconds.
    time_to_live: Option<u64>,
    pub(super) evicted: u64,
    pub(super) expired: u64,
}

/// Hashes keys. They are hashes already, but it is a rule that makes them: keys
/// that differ in one half alone, or were chosen to meet in a table, must not
/// make the host slow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyHasher {
    seed: (u64, u64),
}

/// A producer. 72 bytes: what is rare lies elsewhere.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: MessageKey,
    trace_id: (u64, u64),
    span_id: u64,
    start: u64,
    end: u64,
    /// The lower bits of [`Entry::since`].
    since: u32,
    /// An older producer of the same key; the last one names itself.
    next: Number,
    flags: u32,
    hint: u16,
    rank: u8,
    /// The upper bits of [`Entry::since`], and [`Entry::has_more`].
    since_and_more: u8,
}

/// Of [`Entry::since_and_more`].
const MORE: u8 = 0x80;
const LATEST: u64 = (1 << 39) - 1;

/// A producer that was looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) producer: Producer,
    pub(super) trace_state: &'a [u8],
}

impl Shard {
    pub(super) fn new(capacity: usize, time_to_live: Option<u64>, hasher: KeyHasher) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            by_key: HashTable::new(),
            trace_states: HashMap::new(),
            hasher,
            // Numbers wrap: those in use must differ.
            capacity: capacity.min(Number::MAX as usize / 2),
            weight: 0,
            time_to_live,
            evicted: 0,
            expired: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How much of its capacity is taken.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Lets the oldest go; how much that frees.
    pub(super) fn evict_one(&mut self) -> usize {
        let before = self.weight;
        if !self.entries.is_empty() {
            self.evicted += 1;
            self.pop_oldest();
        }
        before - self.weight
    }

    /// Adds a producer unless it is known.
    pub(super) fn insert(&mut self, producer: &Producer, trace_state: &[u8], now: u64) {
        self.expire(now);
        let entry = Entry::new(producer, now);
        let chain = self.chain(producer.key);
        for number in chain.iter() {
            let Some(other) = self.get(*number) else {
                continue;
            };
            if other.is_same(&entry) {
                return;
            }
            if other.is_same_send(&entry) && !self.is_expired(other, now) {
                if entry.order() < other.order() {
                    self.replace(*number, entry, trace_state);
                }
                return;
            }
        }
        if chain.len() < MOST {
            self.push(entry, &chain, trace_state);
        } else {
            self.replace_worst(entry, &chain, trace_state, now);
        }
    }

    /// The producers of a key, best first, and whether there were more; of a
    /// consumer that had its message `before` then, if that is known.
    pub(super) fn find(
        &self,
        key: MessageKey,
        before: Option<u64>,
        now: u64,
    ) -> ([Option<Found<'_>>; GIVEN], bool) {
        let chain = self.chain(key);
        if let [only] = chain.iter().as_slice() {
            let found = self.found(*only, now);
            let more = found.is_some() && self.get(*only).is_some_and(Entry::has_more);
            return ([found, None, None, None], more);
        }
        // What nobody remembered is asked for most of all.
        if chain.len() == 0 {
            return ([None; GIVEN], false);
        }
        let mut best = Ranking::default();
        let mut more = false;
        let mut in_time = 0;
        for number in chain.iter() {
            let entry = self.get(*number);
            let Some(entry) = entry.filter(|entry| !self.is_expired(entry, now)) else {
                continue;
            };
            let late = before.map_or(0, |before| entry.start.saturating_sub(before));
            more |= entry.has_more();
            in_time += usize::from(late == 0);
            best.insert((late, entry.order()), *number);
        }
        let mut found = [None; GIVEN];
        for (place, number) in found.iter_mut().zip(best.numbers()) {
            *place = self.found(number, now);
        }
        (found, more || in_time > GIVEN)
    }

    fn found(&self, number: Number, now: u64) -> Option<Found<'_>> {
        let entry = self.get(number)?;
        let trace_state = || {
            self.trace_states
                .get(&number)
                .map_or(&[][..], |state| state)
        };
        (!self.is_expired(entry, now)).then(|| Found {
            producer: entry.producer(),
            trace_state: trace_state(),
        })
    }

    /// The numbers of the producers of a key, newest first.
    fn chain(&self, key: MessageKey) -> Chain {
        let mut chain = Chain::default();
        let hash = self.hasher.hash(key);
        let head = self.by_key.find(hash, |number| self.has_key(*number, key));
        let mut next = head.copied();
        while let Some(number) = next {
            chain.push(number);
            next = self.next(number);
        }
        chain
    }

    fn next(&self, number: Number) -> Option<Number> {
        let next = self.get(number)?.next;
        (next != number).then_some(next)
    }

    fn get(&self, number: Number) -> Option<&Entry> {
        self.entries.get(number.wrapping_sub(self.first) as usize)
    }

    fn get_mut(&mut self, number: Number) -> Option<&mut Entry> {
        self.entries
            .get_mut(number.wrapping_sub(self.first) as usize)
    }

    fn has_key(&self, number: Number, key: MessageKey) -> bool {
        self.get(number).is_some_and(|entry| entry.key == key)
    }

    fn push(&mut self, entry: Entry, chain: &Chain, trace_state: &[u8]) {
        self.make_room(weight(trace_state));
        self.grow();
        let key = entry.key;
        let number = self.first.wrapping_add(self.entries.len() as u32);
        // The oldest may have been the last of this very chain.
        let head = chain.iter().copied().find(|head| self.get(*head).is_some());
        let more = head
            .and_then(|head| self.get(head))
            .is_some_and(Entry::has_more);
        let mut entry = Entry {
            next: head.unwrap_or(number),
            ..entry
        };
        entry.set_more(more);
        self.entries.push_back(entry);
        self.weight += 1;
        self.put_trace_state(number, trace_state);
        self.set_head(key, number);
    }

    /// Lets the oldest go until there is room for so much.
    fn make_room(&mut self, weight: usize) {
        while self.weight + weight > self.capacity && !self.entries.is_empty() {
            self.evicted += 1;
            self.pop_oldest();
        }
    }

    fn put_trace_state(&mut self, number: Number, trace_state: &[u8]) {
        if !trace_state.is_empty() {
            self.weight += weight(trace_state) - 1;
            self.trace_states.insert(number, trace_state.into());
        }
    }

    fn remove_trace_state(&mut self, number: Number) {
        if let Some(trace_state) = self.trace_states.remove(&number) {
            self.weight = self.weight.saturating_sub(weight(&trace_state) - 1);
        }
    }

    /// Makes room for one more. A ring that doubles would end at up to twice
    /// its capacity.
    fn grow(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            let room = self.entries.len().max(16);
            let room = room.min(self.capacity.saturating_sub(self.entries.len()).max(1));
            self.entries.reserve_exact(room);
        }
    }

    fn set_head(&mut self, key: MessageKey, number: Number) {
        let (entries, first, hasher) = (&self.entries, self.first, self.hasher);
        let entry = |number: Number| entries.get(number.wrapping_sub(first) as usize);
        let same = |other: &Number| entry(*other).is_some_and(|entry| entry.key == key);
        let rehash = |number: &Number| entry(*number).map_or(0, |entry| hasher.hash(entry.key));
        let hash = hasher.hash(key);
        match self.by_key.find_mut(hash, same) {
            Some(head) => *head = number,
            None => {
                self.by_key.insert_unique(hash, number, rehash);
            }
        }
    }

    /// Puts one producer too many in the place of the worst, unless it is the worst
    /// itself: which are kept must not depend on the order in which they
    /// came.
    fn replace_worst(&mut self, entry: Entry, chain: &Chain, trace_state: &[u8], now: u64) {
        for number in chain.iter() {
            if let Some(entry) = self.get_mut(*number) {
                entry.set_more(true);
            }
        }
        let worst = chain.iter().filter_map(|number| {
            let entry = self.get(*number)?;
            Some((self.is_expired(entry, now), entry.order(), *number))
        });
        let Some((is_expired, worst, number)) = worst.max() else {
            return;
        };
        if !is_expired && entry.order() > worst {
            return;
        }
        self.replace(number, entry, trace_state);
    }

    /// Puts a producer in the place of another one of its key.
    fn replace(&mut self, number: Number, entry: Entry, trace_state: &[u8]) {
        if let Some(place) = self.get_mut(number) {
            let more = place.has_more();
            *place = Entry {
                next: place.next,
                ..entry
            };
            place.set_more(more);
        }
        self.remove_trace_state(number);
        self.put_trace_state(number, trace_state);
        self.make_room(0);
    }

    fn is_expired(&self, entry: &Entry, now: u64) -> bool {
        self.time_to_live
            .is_some_and(|time_to_live| now.saturating_sub(entry.since()) >= time_to_live)
    }

    pub(super) fn expire(&mut self, now: u64) {
        while self
            .entries
            .front()
            .is_some_and(|oldest| self.is_expired(oldest, now))
        {
            self.expired += 1;
            self.pop_oldest();
        }
    }

    fn pop_oldest(&mut self) {
        let number = self.first;
        let Some(key) = self.entries.front().map(|oldest| oldest.key) else {
            return;
        };
        self.unlink(key, number);
        self.entries.pop_front();
        self.first = self.first.wrapping_add(1);
        self.weight = self.weight.saturating_sub(1);
        self.remove_trace_state(number);
    }

    fn unlink(&mut self, key: MessageKey, number: Number) {
        let next = self.next(number);
        let chain = self.chain(key);
        let before = chain
            .iter()
            .copied()
            .take_while(|other| *other != number)
            .last();
        if let Some(before) = before {
            if let Some(entry) = self.get_mut(before) {
                entry.next = next.unwrap_or(before);
            }
            return;
        }
        let entries = &self.entries;
        let first = self.first;
        let same = |other: &Number| {
            let entry = entries.get(other.wrapping_sub(first) as usize);
            entry.is_some_and(|entry| entry.key == key)
        };
        if let Ok(mut head) = self.by_key.find_entry(self.hasher.hash(key), same) {
            match next {
                Some(next) => *head.get_mut() = next,
                None => drop(head.remove()),
            }
        }
    }
}

/// How many producers without a trace state take as much as one with this one.
fn weight(trace_state: &[u8]) -> usize {
    match trace_state.len() {
        0 => 1,
        length => 1 + (length + STATE_COST).div_ceil(ENTRY_COST),
    }
}

impl KeyHasher {
    /// For a table of a single key.
    pub(super) const fn fixed() -> Self {
        Self { seed: (0, 0) }
    }

    pub(crate) fn random() -> Self {
        let seed = || RandomState::new().hash_one(0u8);
        Self {
            seed: (seed(), seed()),
        }
    }

    /// A folded multiplication: every bit of the key reaches every bit of the
    /// hash.
    pub(crate) fn hash(self, key: MessageKey) -> u64 {
        let product = u128::from(key.low ^ self.seed.0) * u128::from(key.high ^ self.seed.1);
        (product as u64) ^ (product >> 64) as u64
    }
}

impl Entry {
    fn new(producer: &Producer, since: u64) -> Self {
        let since = since.min(LATEST);
        Self {
            key: producer.key,
            trace_id: (producer.trace_id_high, producer.trace_id_low),
            span_id: producer.span_id,
            start: producer.start,
            end: producer.end,
            since: since as u32,
            next: 0,
            flags: producer.flags,
            hint: producer.hint,
            rank: producer.rank,
            since_and_more: (since >> 32) as u8,
        }
    }

    /// When it came, in milliseconds on the clock of the index: seventeen years of them.
    fn since(&self) -> u64 {
        u64::from(self.since_and_more & !MORE) << 32 | u64::from(self.since)
    }

    /// The key has, or had, more than [`MOST`] producers.
    fn has_more(&self) -> bool {
        self.since_and_more & MORE != 0
    }

    fn set_more(&mut self, more: bool) {
        self.since_and_more = self.since_and_more & !MORE | if more { MORE } else { 0 };
    }

    fn is_same(&self, other: &Self) -> bool {
        self.trace_id == other.trace_id && self.span_id == other.span_id
    }

    /// Both are spans of one send, one inside of the other: instrumentations
    /// wrap the sending of a message two or three times.
    fn is_same_send(&self, other: &Self) -> bool {
        let within = |outer: &Self, inner: &Self| {
            outer.start <= inner.start && inner.end <= outer.end && inner.start <= inner.end
        };
        self.trace_id == other.trace_id && (within(self, other) || within(other, self))
    }

    fn order(&self) -> Order {
        (self.rank, Reverse(self.start), self.trace_id, self.span_id)
    }

    fn producer(&self) -> Producer {
        Producer {
            key: self.key,
            trace_id_high: self.trace_id.0,
            trace_id_low: self.trace_id.1,
            span_id: self.span_id,
            start: self.start,
            end: self.end,
            trace_state: Text {
                offset: 0,
                length: 0,
            },
            flags: self.flags,
            hint: self.hint,
            rank: self.rank,
        }
    }
}

/// Best first: by rank, then the latest start; the rest makes it total.
type Order = (u8, Reverse<u64>, (u64, u64), u64);

/// The best of the producers of a key, as many as are given.
#[derive(Debug, Default)]
struct Ranking {
    places: [Option<((u64, Order), Number)>; GIVEN],
}

impl Ranking {
    fn insert(&mut self, order: (u64, Order), number: Number) {
        let mut next = Some((order, number));
        for place in &mut self.places {
            let Some(new) = next else {
                return;
            };
            if place.is_none_or(|held| new.0 < held.0) {
                next = place.replace(new);
            }
        }
    }

    fn numbers(&self) -> impl Iterator<Item = Number> {
        self.places.iter().flatten().map(|(_, number)| *number)
    }
}

/// The numbers of the producers of one key, without an allocation.
#[derive(Debug, Default)]
struct Chain {
    numbers: [Number; MOST],
    length: usize,
}

impl Chain {
    fn push(&mut self, number: Number) {
        if let Some(place) = self.numbers.get_mut(self.length) {
            *place = number;
            self.length += 1;
        }
    }

    fn len(&self) -> usize {
        self.length
    }

    fn iter(&self) -> std::slice::Iter<'_, Number> {
        self.numbers.get(..self.length).unwrap_or_default().iter()
    }
}
