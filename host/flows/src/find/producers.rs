//! The producers that were seen, for a while.

use std::collections::VecDeque;

use super::seen::Millis;
use crate::flow::End;

/// Producers in the order in which they came, and where each is by the hash of its
/// context.
#[derive(Debug, Default)]
pub(super) struct Producers {
    list: VecDeque<Producer>,
    /// How many came before the first of the list.
    gone: u32,
    /// A power of two of them, at least half of them [`NOTHING`]: the upper half of a
    /// hash, and how many came before that producer. Those that have gone are left
    /// there until all are arranged anew.
    slots: Vec<u64>,
    taken: usize,
}

/// A span that sent messages.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) hash: u64,
    pub(super) end: End,
    at: Millis,
    /// The first message of it that was delivered. Most have no other, and it is
    /// remembered here.
    pub(super) message: Option<u64>,
    /// The same, and who received it.
    pub(super) pair: Option<u64>,
}

/// No hash has this upper half.
const NOTHING: u64 = 0;
const LEAST_SLOTS: usize = 64;
const UPPER: u64 = !0 << 32;

impl Producers {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&mut self, hash: u64) -> Option<&mut Producer> {
        let place = self.find(hash)?;
        self.list.get_mut(place)
    }

    /// Adds one, and says whether it was not there; of more than `most` the first
    /// goes.
    #[inline]
    pub(super) fn add(
        &mut self,
        hash: u64,
        at: Millis,
        most: usize,
        end: impl FnOnce() -> End,
    ) -> bool {
        if self.find(hash).is_some() {
            return false;
        }
        self.list.push_back(Producer {
            hash,
            end: end(),
            at,
            message: None,
            pair: None,
        });
        if self.list.len() > most {
            self.drop_first();
        }
        if (self.taken + 1) * 2 > self.slots.len() {
            self.arrange();
        } else if let Some(last) = self.list.len().checked_sub(1) {
            self.place(hash, last);
        }
        true
    }

    /// Forgets what is old.
    pub(super) fn forget(&mut self, is_old: impl Fn(Millis) -> bool) {
        while self.list.front().is_some_and(|first| is_old(first.at)) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if self.list.pop_front().is_some() {
            self.gone = self.gone.wrapping_add(1);
        }
    }

    /// Its place in the list.
    #[inline]
    fn find(&self, hash: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let wanted = upper(hash);
        let mut place = hash as usize & mask;
        loop {
            let slot = *self.slots.get(place)?;
            if slot == NOTHING {
                return None;
            }
            if slot & UPPER == wanted {
                let place = (slot as u32).wrapping_sub(self.gone) as usize;
                let found = self.list.get(place);
                if found.is_some_and(|producer| producer.hash == hash) {
                    return Some(place);
                }
            }
            place = (place + 1) & mask;
        }
    }

    /// Notes where the one with this hash is in the list.
    #[inline]
    fn place(&mut self, hash: u64, in_list: usize) {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while self.slots.get(place).is_some_and(|slot| *slot != NOTHING) {
            place = (place + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = upper(hash) | u64::from(self.gone.wrapping_add(in_list as u32));
        }
        self.taken += 1;
    }

    /// Notes all of them anew, without those that have gone.
    fn arrange(&mut self) {
        let slots = (self.list.len() * 4).next_power_of_two().max(LEAST_SLOTS);
        self.slots.clear();
        self.slots.resize(slots, NOTHING);
        self.taken = 0;
        for place in 0..self.list.len() {
            if let Some(hash) = self.list.get(place).map(|producer| producer.hash) {
                self.place(hash, place);
            }
        }
    }
}

fn upper(hash: u64) -> u64 {
    (hash & UPPER).max(1 << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Context, Site};
    use std::sync::Arc;

    fn end(number: u64) -> End {
        let empty: Arc<str> = Arc::from("");
        let site = Site {
            number,
            service_hash: 0,
            service: Arc::clone(&empty),
            namespace: Arc::clone(&empty),
            name: Arc::clone(&empty),
            operation: Arc::clone(&empty),
            system: Arc::clone(&empty),
            destination: empty,
            kind: 4,
        };
        End {
            context: Context::default(),
            site: Arc::new(site),
            start: number,
            end: 0,
            flags: 0,
            status: 0,
        }
    }

    /// Scenario: many more come than are kept; hashes that share their halves; an
    /// hour passes.
    /// Guarantees: the latest are found, each by its own hash, and no others.
    #[test]
    fn the_latest_are_found_and_no_others() {
        let mut producers = Producers::default();
        // Few upper halves, and few lower ones.
        let hash = |number: u64| ((number % 61) << 32) | (number / 61);
        for number in 0..20_000 {
            let at = Millis(number);
            assert!(producers.add(hash(number), at, 1_000, || end(number)));
            assert!(!producers.add(hash(number), at, 1_000, || end(0)));
        }
        for number in 0..20_000 {
            let start = producers.get(hash(number)).map(|found| found.end.start);
            assert_eq!(start, (number >= 19_000).then_some(number));
        }
        producers.forget(|at| at.0 < 19_500);
        assert_eq!(producers.len(), 500);
        assert!(producers.get(hash(19_499)).is_none());
        assert!(producers.get(hash(19_500)).is_some());
        assert!(producers.slots.len() <= 8_192, "{}", producers.slots.len());
    }
}
