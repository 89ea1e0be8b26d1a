//! The producers that were seen, for a while.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::time::Instant;

use super::seen::ByHash;
use crate::flow::End;

/// Producers in the order in which they came, and by the hash of their contexts.
#[derive(Debug, Default)]
pub(super) struct Producers {
    list: VecDeque<Producer>,
    /// How many came before the first of the list.
    gone: u64,
    /// How many came before each.
    places: ByHash<u64>,
}

/// A span that sent messages.
#[derive(Debug)]
pub(super) struct Producer {
    at: Instant,
    pub(super) hash: u64,
    pub(super) end: End,
    /// The first message of it that was delivered. Most have no other, and it is
    /// remembered here.
    pub(super) message: Option<u64>,
    /// The same, and who received it.
    pub(super) pair: Option<u64>,
}

impl Producers {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&mut self, hash: u64) -> Option<&mut Producer> {
        let place = self.places.get(&hash)?.checked_sub(self.gone)?;
        self.list.get_mut(usize::try_from(place).ok()?)
    }

    /// Adds one, and says whether it was not there; of more than `most` the first
    /// goes.
    pub(super) fn add(
        &mut self,
        hash: u64,
        now: Instant,
        most: usize,
        end: impl FnOnce() -> End,
    ) -> bool {
        let Entry::Vacant(place) = self.places.entry(hash) else {
            return false;
        };
        place.insert(self.gone + self.list.len() as u64);
        self.list.push_back(Producer {
            at: now,
            hash,
            end: end(),
            message: None,
            pair: None,
        });
        if self.list.len() > most {
            self.drop_first();
        }
        true
    }

    /// Forgets what is old.
    pub(super) fn forget(&mut self, is_old: impl Fn(Instant) -> bool) {
        while self.list.front().is_some_and(|first| is_old(first.at)) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.list.pop_front() {
            self.places.remove(&first.hash);
            self.gone += 1;
        }
    }
}
