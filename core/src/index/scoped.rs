//! Indexes of several scopes, side by side, under one bound.
//!
//! Each scope has an index of its own: what is in another one cannot be found,
//! whatever its keys are. All of them share the bound on producers; when it is
//! reached, the oldest of the scope that has the most go, so that whoever fills
//! it makes its own entries go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::contract::MessageIndex;
use super::shards::{IndexOptions, IndexStats, Shards};
use super::shared::{SharedStore, both};
use crate::clock::{Clock, Instant};
use crate::interface::{IndexError, MessageKey, Producer, Recalled};
use crate::scope::Scope;

/// There may be a thousand indexes: each has fewer parts than a single one.
const SHARDS: usize = 4;

/// How many producers are taken at once before it is looked at what all have.
const AT_ONCE: usize = 1024;

/// A scope without a time to live is forgotten after so long without a batch,
/// when there is no room for another one.
const IDLE: Duration = Duration::from_mins(15);

/// How often it is looked at most for what can be forgotten.
const SWEEP: Duration = Duration::from_secs(1);

/// Whoever knows what is remembered of each scope.
pub trait Scopes: std::fmt::Debug + Send + Sync + 'static {
    /// What all scopes together hold and have lost.
    fn stats(&self) -> IndexStats;

    /// How many scopes there are.
    fn scope_stats(&self) -> ScopeStats;

    /// Takes producers of a scope back, as
    /// [`MemoryIndex::restore`](super::MemoryIndex::restore) does; those of scopes for which
    /// there is no room are left away.
    ///
    /// # Errors
    ///
    /// As [`MessageIndex::remember`].
    fn restore(
        &self,
        scope: Scope,
        producers: &[Producer],
        texts: &[u8],
        age: Duration,
    ) -> Result<(), IndexError>;

    /// What is known of a scope, asked for in vain when there are too many.
    #[doc(hidden)]
    fn room(&self, scope: Scope) -> Option<Arc<Room>>;

    /// What a rule sees of the messages of one scope.
    #[doc(hidden)]
    fn within(self: Arc<Self>, room: Arc<Room>) -> Arc<dyn MessageIndex>;
}

/// The message indexes of several scopes.
pub struct ScopedIndex<C> {
    options: IndexOptions,
    most_scopes: usize,
    /// Where producers are found that other programs remember.
    store: Option<Arc<dyn SharedStore>>,
    clock: C,
    /// What all of them take together.
    weight: AtomicUsize,
    rooms: Mutex<Rooms>,
}

#[derive(Debug, Default)]
struct Rooms {
    by_scope: HashMap<Scope, Arc<Room>>,
    /// Of scopes that are forgotten.
    gone: IndexStats,
    refused: u64,
    /// When it was looked last for scopes to forget, and for what has expired.
    looked: Option<Instant>,
    swept: Option<Instant>,
}

/// What is remembered of one scope.
#[derive(Debug)]
pub struct Room {
    pub(crate) scope: Scope,
    index: Shards,
    /// What it took when it was looked at last.
    weight: AtomicUsize,
    /// When it was asked for last, in milliseconds.
    used: AtomicU64,
}

/// What the index holds, scope by scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScopeStats {
    /// Scopes of which something is known.
    pub scopes: usize,
    /// How often there was no room for one more, by batch.
    pub refused: u64,
}

impl<C: Clock + Default> ScopedIndex<C> {
    /// An empty one, of so many scopes at most. The bound on entries is one of all
    /// scopes together.
    #[must_use]
    pub fn new(options: IndexOptions, most_scopes: usize) -> Arc<Self> {
        Self::build(options, most_scopes, None)
    }

    /// One in front of a store that other programs share.
    #[must_use]
    pub fn with_store(
        options: IndexOptions,
        most_scopes: usize,
        store: Arc<dyn SharedStore>,
    ) -> Arc<Self> {
        Self::build(options, most_scopes, Some(store))
    }

    fn build(
        options: IndexOptions,
        most_scopes: usize,
        store: Option<Arc<dyn SharedStore>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            options,
            most_scopes,
            store,
            clock: C::default(),
            weight: AtomicUsize::new(0),
            rooms: Mutex::default(),
        })
    }
}

impl<C: Clock> ScopedIndex<C> {
    /// Forgets the scope that nobody has asked for for the longest time, if that
    /// is so long that nothing of it is left.
    fn forget_one(&self, rooms: &mut Rooms, now: Instant) -> bool {
        if !is_due(&mut rooms.looked, now) {
            return false;
        }
        let idle = self.options.time_to_live.unwrap_or(IDLE);
        let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        let Some(before) = now.millis().checked_sub(idle) else {
            return false;
        };
        let old = rooms.by_scope.values().filter(|room| {
            room.used.load(Ordering::Relaxed) <= before && Arc::strong_count(room) == 1
        });
        let oldest = old.min_by_key(|room| room.used.load(Ordering::Relaxed));
        let Some(scope) = oldest.map(|room| room.scope) else {
            return false;
        };
        if let Some(room) = rooms.by_scope.remove(&scope) {
            let mut stats = room.index.stats();
            stats.expired += stats.entries as u64;
            stats.entries = 0;
            rooms.gone = rooms.gone.and(stats);
            let weight = room.weight.load(Ordering::Relaxed);
            self.weight.fetch_sub(weight, Ordering::Relaxed);
        }
        // Others may have gone, too.
        rooms.looked = None;
        true
    }

    fn remember(
        &self,
        room: &Room,
        producers: &[Producer],
        texts: &[u8],
    ) -> Result<(), IndexError> {
        for producers in producers.chunks(AT_ONCE) {
            room.index.remember(producers, texts, self.clock.now())?;
            self.weigh(room);
            if self.weight.load(Ordering::Relaxed) > self.options.max_entries {
                self.make_room();
            }
        }
        Ok(())
    }

    /// Looks at what a scope takes.
    fn weigh(&self, room: &Room) {
        let now = room.index.weight();
        let before = room.weight.swap(now, Ordering::Relaxed);
        if now >= before {
            self.weight.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.weight.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    /// Lets those producers go whose time is up: of a scope from which nothing
    /// comes any more, nothing else does.
    fn sweep(&self, rooms: &mut Rooms) {
        let now = self.clock.now();
        if is_due(&mut rooms.swept, now) {
            for room in rooms.by_scope.values() {
                room.index.expire(now);
                self.weigh(room);
            }
        }
    }

    /// Lets the oldest producers go of those scopes that have the most.
    fn make_room(&self) {
        let mut rooms = self.rooms.lock();
        self.sweep(&mut rooms);
        loop {
            let weight = self.weight.load(Ordering::Relaxed);
            let surplus = weight.saturating_sub(self.options.max_entries);
            if surplus == 0 {
                return;
            }
            let Some((largest, most, second)) = two_largest(&rooms) else {
                return;
            };
            // Those that have as much as others lose a few in turn.
            let step = (most - second).max(most / 16).clamp(1, surplus);
            largest.index.evict(step);
            self.weigh(largest);
            if largest.weight.load(Ordering::Relaxed) >= most {
                // Another thread fills it at the same time, and comes here next.
                return;
            }
        }
    }
}

/// The scope that has the most, what that is, and what the next one has.
fn two_largest(rooms: &Rooms) -> Option<(&Arc<Room>, usize, usize)> {
    let mut largest: Option<(&Arc<Room>, usize)> = None;
    let mut second = 0;
    for room in rooms.by_scope.values() {
        let weight = room.weight.load(Ordering::Relaxed);
        match largest {
            Some((_, most)) if weight <= most => second = second.max(weight),
            other => {
                second = other.map_or(0, |(_, most)| most);
                largest = Some((room, weight));
            }
        }
    }
    let (room, most) = largest?;
    (most > 0).then_some((room, most, second))
}

/// Whether it was so long ago, and then it is now.
fn is_due(last: &mut Option<Instant>, now: Instant) -> bool {
    let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= SWEEP);
    if is_due {
        *last = Some(now);
    }
    is_due
}

impl<C> std::fmt::Debug for ScopedIndex<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScopedIndex")
            .field("options", &self.options)
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

impl<C: Clock> Scopes for ScopedIndex<C> {
    fn stats(&self) -> IndexStats {
        let mut rooms = self.rooms.lock();
        self.sweep(&mut rooms);
        let stats = rooms.by_scope.values().map(|room| room.index.stats());
        stats.fold(rooms.gone, IndexStats::and)
    }

    fn scope_stats(&self) -> ScopeStats {
        let rooms = self.rooms.lock();
        ScopeStats {
            scopes: rooms.by_scope.len(),
            refused: rooms.refused,
        }
    }

    fn restore(
        &self,
        scope: Scope,
        producers: &[Producer],
        texts: &[u8],
        age: Duration,
    ) -> Result<(), IndexError> {
        let Some(room) = self.room(scope) else {
            return Ok(());
        };
        room.index
            .restore(producers, texts, age, self.clock.now())?;
        self.weigh(&room);
        if self.weight.load(Ordering::Relaxed) > self.options.max_entries {
            self.make_room();
        }
        Ok(())
    }

    fn room(&self, scope: Scope) -> Option<Arc<Room>> {
        let now = self.clock.now();
        let millis = now.millis();
        let mut rooms = self.rooms.lock();
        if let Some(room) = rooms.by_scope.get(&scope) {
            room.used.store(millis, Ordering::Relaxed);
            return Some(Arc::clone(room));
        }
        if rooms.by_scope.len() >= self.most_scopes && !self.forget_one(&mut rooms, now) {
            rooms.refused += 1;
            return None;
        }
        let room = Arc::new(Room {
            scope,
            index: Shards::at_most(self.options, SHARDS),
            weight: AtomicUsize::new(0),
            used: AtomicU64::new(millis),
        });
        rooms.by_scope.insert(scope, Arc::clone(&room));
        Some(room)
    }

    fn within(self: Arc<Self>, room: Arc<Room>) -> Arc<dyn MessageIndex> {
        Arc::new(Within { all: self, room })
    }
}

/// What a rule sees of the messages of one scope.
struct Within<C> {
    all: Arc<ScopedIndex<C>>,
    room: Arc<Room>,
}

impl<C: Clock> MessageIndex for Within<C> {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.all.remember(&self.room, producers, texts)?;
        if let Some(store) = &self.all.store {
            store.remember(Some(self.room.scope), producers, texts);
        }
        Ok(())
    }

    fn may_wait(&self) -> bool {
        self.all.store.is_some()
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        let here = || Ok(self.room.index.recall(keys, self.all.clock.now()));
        self.with_store(here, keys, None)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        let now = self.all.clock.now();
        let here = || self.room.index.recall_before(keys, before, now);
        self.with_store(here, keys, Some(before))
    }
}

impl<C> Within<C> {
    fn with_store(
        &self,
        here: impl Fn() -> Result<Recalled, IndexError>,
        keys: &[MessageKey],
        before: Option<&[u64]>,
    ) -> Result<Recalled, IndexError> {
        let Some(store) = &self.all.store else {
            return here();
        };
        both(here, &**store, Some(self.room.scope), keys, before)
    }
}
