//! The spans that are held: in the order of their time, and by key.

use crate::clock::Instant;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::held::{Held, Ticket};
use super::hope::{Hope, Service};
use super::options::{HoldOptions, HoldStats};
use super::shares::{First, Shares, Surplus};
use super::signals::Signals;
use crate::index::MessageKey;
use crate::scope::Scope;

/// A key that can be ordered.
type Key = (u64, u64);

/// What a held span takes beside its bytes, and what each of its keys does:
/// places in the ordered lists, which are half empty at worst.
const SPAN_COST: usize = 256;
const KEY_COST: usize = 96;
/// The same for its place in the list of its scope.
const SCOPE_COST: usize = 64;

/// Spans that were taken out of the hold.
#[derive(Debug, Default)]
pub(super) struct Released {
    /// Those that may be deferred once more.
    pub(super) again: Vec<Held>,
    /// Those that may not.
    pub(super) last: Vec<Held>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    waiting: BTreeMap<Ticket, Held>,
    /// A producer of theirs was remembered.
    ready: VecDeque<Held>,
    by_key: BTreeSet<(Key, Ticket)>,
    bytes: usize,
    shares: Shares,
    numbers: u64,
    pub(super) is_closed: bool,
    /// `held` and `bytes` are not kept here.
    stats: HoldStats,
    hope: Hope,
}

impl Held {
    fn cost(&self) -> usize {
        let of_scope = self.term.room.as_ref().map_or(0, |_| SCOPE_COST);
        SPAN_COST + of_scope + self.piece.span.len() + self.keys.len() * KEY_COST
    }

    fn scope(&self) -> Option<Scope> {
        self.term.scope()
    }

    /// What it waits for, as the keys of its scope are called here.
    fn names<'h>(&'h self, signals: &'h Signals) -> impl Iterator<Item = MessageKey> + 'h {
        let scope = self.scope();
        self.keys.iter().map(move |key| signals.key_of(*key, scope))
    }

    /// Whose producers it waits for.
    fn service(&self) -> Service {
        (self.scope(), self.piece.origin.resource.hash)
    }
}

impl State {
    pub(super) fn stats(&self) -> HoldStats {
        HoldStats {
            held: self.len(),
            bytes: self.bytes,
            ..self.stats
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.ready.len()
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// When the time of the oldest is up.
    pub(super) fn first_deadline(&self) -> Option<Instant> {
        let (ticket, _) = self.waiting.first_key_value()?;
        Some(ticket.deadline)
    }

    /// Counts a span that comes in for the first time, or that was taken to be
    /// tried again and did not go.
    pub(super) fn count_in(&mut self, is_back: bool) {
        if is_back {
            self.stats.released_ready = self.stats.released_ready.saturating_sub(1);
        } else {
            self.stats.held_total += 1;
        }
    }

    /// Whether it is of use to hold a span that comes for the first time.
    pub(super) fn has_hope(&mut self, held: &Held, patience: usize, now: Instant) -> bool {
        let has_hope = self.hope.is_left(held.service(), patience, now);
        self.stats.given_up += u64::from(!has_hope);
        has_hope
    }

    /// Holds a span. It is ready at once if one of its keys was remembered
    /// `since` its rule was asked.
    pub(super) fn insert(&mut self, mut held: Held, signals: &Signals, since: u64) {
        if !held.term.may_be_woken() {
            held.keys = Box::default();
        }
        let bytes = held.cost() + held.piece.origin.hold();
        self.bytes += bytes;
        held.names(signals).for_each(|key| signals.wait(key));
        if signals.was_remembered(held.names(signals), since) {
            stop_waiting(&held, signals);
            self.shares.add(held.scope(), bytes, None);
            self.ready.push_back(held);
            return;
        }
        let ticket = Ticket {
            deadline: held.term.deadline,
            number: self.numbers,
        };
        self.numbers += 1;
        self.shares.add(held.scope(), bytes, Some(ticket));
        for key in held.names(signals) {
            self.by_key.insert((ordered(key), ticket));
        }
        self.waiting.insert(ticket, held);
    }

    /// The spans that wait for this key are ready.
    pub(super) fn wake(&mut self, key: MessageKey, signals: &Signals) {
        let key = ordered(key);
        while let Some(ticket) = self.first_of(key) {
            match self.take_waiting(ticket, signals) {
                Some(held) => self.ready.push_back(held),
                // Cannot be: both lists are changed together.
                None => {
                    self.by_key.remove(&(key, ticket));
                }
            }
        }
    }

    /// What is waited for, each once.
    pub(super) fn awaited(&self) -> Vec<(Option<Scope>, MessageKey)> {
        let of = |held: &Held| {
            let scope = held.scope();
            held.keys
                .iter()
                .map(move |key| (scope, *key))
                .collect::<Vec<_>>()
        };
        let mut awaited: Vec<_> = self.waiting.values().flat_map(of).collect();
        awaited.sort_unstable_by_key(|(scope, key)| (*scope, ordered(*key)));
        awaited.dedup_by_key(|(scope, key)| (*scope, ordered(*key)));
        awaited
    }

    fn first_of(&self, key: Key) -> Option<Ticket> {
        let (first, _) = self.waiting.first_key_value()?;
        let (found, ticket) = self.by_key.range((key, *first)..).next()?;
        (*found == key).then_some(*ticket)
    }

    fn take_waiting(&mut self, ticket: Ticket, signals: &Signals) -> Option<Held> {
        let held = self.waiting.remove(&ticket)?;
        for key in held.names(signals) {
            self.by_key.remove(&(ordered(key), ticket));
        }
        self.shares.is_ready(held.scope(), ticket);
        stop_waiting(&held, signals);
        Some(held)
    }

    fn take_oldest(&mut self, signals: &Signals) -> Option<Held> {
        let (ticket, _) = self.waiting.first_key_value()?;
        let held = self.take_waiting(*ticket, signals)?;
        self.forget(&held);
        Some(held)
    }

    fn take_ready(&mut self) -> Option<Held> {
        let held = self.ready.pop_front()?;
        self.forget(&held);
        Some(held)
    }

    fn forget(&mut self, held: &Held) {
        let given_back = held.cost() + held.piece.origin.forget();
        self.bytes = self.bytes.saturating_sub(given_back);
        self.shares.forget(held.scope(), given_back);
    }

    /// Takes what there is too much of, if it is of the scope that has the most.
    fn take_of_largest(&mut self, surplus: Surplus, signals: &Signals) -> Option<(bool, Held)> {
        let (is_ready, held) = match self.shares.first_of_largest(surplus)? {
            First::Ready(scope) => {
                let mut ready = self.ready.iter();
                let place = ready.position(|held| held.scope() == Some(scope))?;
                (true, self.ready.remove(place)?)
            }
            First::Waiting(ticket) => (false, self.take_waiting(ticket, signals)?),
        };
        self.forget(&held);
        Some((is_ready, held))
    }

    /// Takes what is ready, and what is due.
    pub(super) fn take(&mut self, now: Instant, signals: &Signals) -> Released {
        let mut taken = Released::default();
        while let Some(held) = self.take_ready() {
            self.stats.released_ready += 1;
            self.hope.came(held.service());
            if held.term.deadline > now {
                taken.again.push(held);
            } else {
                taken.last.push(held);
            }
        }
        while self.first_deadline().is_some_and(|first| first <= now) {
            let Some(held) = self.take_oldest(signals) else {
                break;
            };
            self.stats.released_due += 1;
            // One that was woken, and has waited on for a better producer, gets
            // the one that came: where clocks differ, all are such.
            if held.term.tries == 0 {
                self.hope.missed(held.service(), now);
            }
            taken.last.push(held);
        }
        taken
    }

    /// Takes what has to go next, and says whether it was ready.
    fn take_next(&mut self, surplus: Surplus, signals: &Signals) -> Option<(bool, Held)> {
        if !self.is_closed
            && let Some(taken) = self.take_of_largest(surplus, signals)
        {
            return Some(taken);
        }
        if let Some(held) = self.take_ready() {
            return Some((true, held));
        }
        self.take_oldest(signals).map(|held| (false, held))
    }

    /// Takes what is too much: what would be released next in any case, and
    /// then the oldest; where there are scopes, of the one that has the most.
    pub(super) fn take_surplus(&mut self, options: &HoldOptions, signals: &Signals) -> Vec<Held> {
        let mut surplus = Vec::new();
        while self.is_closed || self.len() > options.max_spans || self.bytes > options.max_bytes {
            let kind = if self.len() > options.max_spans {
                Surplus::Spans
            } else {
                Surplus::Bytes
            };
            let Some((is_ready, held)) = self.take_next(kind, signals) else {
                break;
            };
            let released = match (is_ready, self.is_closed) {
                (true, _) => &mut self.stats.released_ready,
                (false, true) => &mut self.stats.released_drained,
                (false, false) => &mut self.stats.released_overflow,
            };
            *released += 1;
            surplus.push(held);
        }
        surplus
    }

    /// Takes all, for good.
    pub(super) fn close(&mut self, signals: &Signals) -> Vec<Held> {
        self.is_closed = true;
        let mut all = Vec::with_capacity(self.len());
        while let Some(held) = self.take_ready() {
            self.stats.released_ready += 1;
            all.push(held);
        }
        while let Some(held) = self.take_oldest(signals) {
            self.stats.released_drained += 1;
            all.push(held);
        }
        all
    }
}

fn ordered(key: MessageKey) -> Key {
    (key.high, key.low)
}

fn stop_waiting(held: &Held, signals: &Signals) {
    held.names(signals)
        .for_each(|key| signals.stop_waiting(key));
}
