//! An index that is here and elsewhere: in the memory of this program, and in a
//! store that it shares with others.

use std::sync::Arc;

use super::answers::{Answers, read_count};
use super::contract::MessageIndex;
use super::memory::MemoryIndex;
use super::shard::GIVEN;
use crate::clock::Clock;
use crate::interface::{IndexError, MessageKey, Producer, Recalled};
use crate::scope::Scope;

/// A store of producers that several programs share, behind the memory of each:
/// see [`SharedIndex`]. Where senders have scopes, what is of one
/// must not be found in another.
pub trait SharedStore: Send + Sync + 'static {
    /// Takes producers, whose trace states lie in `texts`, to be found by others
    /// some time soon. It must not wait; what it cannot take it drops, and counts.
    fn remember(&self, scope: Option<Scope>, producers: &[Producer], texts: &[u8]);

    /// All that is known of some keys, in any order; none of them twice. It may
    /// wait, for as long as a batch may be late; what is not there by then is not
    /// known.
    fn recall(&self, scope: Option<Scope>, keys: &[MessageKey]) -> Vec<Entry>;

    /// The same; `meanwhile` is what there is to do while it is waited for, and is called
    /// once. Default: that comes first.
    fn recall_while(
        &self,
        scope: Option<Scope>,
        keys: &[MessageKey],
        meanwhile: &mut dyn FnMut(),
    ) -> Vec<Entry> {
        meanwhile();
        self.recall(scope, keys)
    }

    /// Is told where the keys of a question were known. Default: nobody counts.
    fn looked_up(&self, _: Lookups) {}
}

/// Where producers of the keys of a question were known, in numbers of keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookups {
    /// In this program, whatever the store knew.
    pub here: usize,
    /// In the store alone.
    pub there: usize,
    /// Nowhere.
    pub nowhere: usize,
}

/// A producer in a [`SharedStore`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// Without its trace state.
    pub producer: Producer,
    /// Its trace state.
    pub trace_state: Box<[u8]>,
}

/// The memory of this program, and a store that it shares with others.
///
/// What is remembered is known here at once, and goes on to the store. Every key
/// that is looked up is looked up in both: what is known here may be one of several
/// sends of an id that an application made up, and the nearest may have passed
/// another program.
pub struct SharedIndex<C> {
    here: Arc<MemoryIndex<C>>,
    store: Arc<dyn SharedStore>,
}

impl<C: Clock> SharedIndex<C> {
    /// One of both.
    #[must_use]
    pub fn new(here: Arc<MemoryIndex<C>>, store: Arc<dyn SharedStore>) -> Self {
        Self { here, store }
    }

    /// What is known in this program.
    #[must_use]
    pub fn here(&self) -> &Arc<MemoryIndex<C>> {
        &self.here
    }
}

impl<C: Clock> std::fmt::Debug for SharedIndex<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedIndex")
            .field("here", &self.here)
            .finish_non_exhaustive()
    }
}

impl<C: Clock> MessageIndex for SharedIndex<C> {
    fn remember(&self, producers: &[Producer], texts: &[u8]) -> Result<(), IndexError> {
        self.here.remember(producers, texts)?;
        self.store.remember(None, producers, texts);
        Ok(())
    }

    fn recall(&self, keys: &[MessageKey]) -> Result<Recalled, IndexError> {
        both(|| self.here.recall(keys), &*self.store, None, keys, None)
    }

    fn recall_before(&self, keys: &[MessageKey], before: &[u64]) -> Result<Recalled, IndexError> {
        let here = || self.here.recall_before(keys, before);
        both(here, &*self.store, None, keys, Some(before))
    }
}

/// What is known here together with what the store knows. It is looked for here while the
/// store is waited for.
pub(super) fn both(
    here: impl Fn() -> Result<Recalled, IndexError>,
    store: &dyn SharedStore,
    scope: Option<Scope>,
    keys: &[MessageKey],
    before: Option<&[u64]>,
) -> Result<Recalled, IndexError> {
    let mut known_here = None;
    let mut there = store.recall_while(scope, keys, &mut || known_here = Some(here()));
    let here = known_here.unwrap_or_else(here)?;
    let known_here = here.counts.iter().filter(|count| **count > 0).count();
    let mut lookups = Lookups {
        here: known_here,
        there: 0,
        nowhere: keys.len() - known_here.min(keys.len()),
    };
    if there.is_empty() {
        store.looked_up(lookups);
        return Ok(here);
    }
    there.sort_unstable_by_key(|entry| ordered(entry.producer.key));
    let mut answers = Answers::with_capacity(keys.len());
    let mut producers = here.producers.iter();
    for (number, key) in keys.iter().enumerate() {
        let (more, count) = read_count(here.counts.get(number).copied().unwrap_or(0));
        let key = ordered(*key);
        let first = there.partition_point(|entry| ordered(entry.producer.key) < key);
        let there = there.iter().skip(first);
        let there = there.take_while(|entry| ordered(entry.producer.key) == key);
        let there = there.map(|entry| (entry.producer, &*entry.trace_state));
        let mut known = [None; GIVEN];
        for (place, producer) in known.iter_mut().zip(producers.by_ref().take(count)) {
            let state = producer.trace_state.of(&here.texts);
            *place = Some((*producer, state.ok_or(IndexError::Malformed)?));
        }
        if count == 0 && there.clone().next().is_some() {
            lookups.there += 1;
            lookups.nowhere -= 1;
        }
        let before = before.and_then(|before| before.get(number).copied());
        answers.add(before, more, known.into_iter().flatten().chain(there));
    }
    store.looked_up(lookups);
    Ok(answers.end())
}

fn ordered(key: MessageKey) -> (u64, u64) {
    (key.high, key.low)
}
