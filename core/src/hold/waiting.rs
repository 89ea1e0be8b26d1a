//! The spans that wait, for all threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::held::Held;
use super::options::{HoldOptions, HoldStats};
use super::signals::Signals;
use super::state::{Released, State};
use super::term::{Term, Terms};
use crate::clock::Instant;
use crate::index::Room;
use crate::interface::{MessageKey, Producer};
use crate::options::ProcessOptions;
use crate::scope::Scope;

/// The spans that are held. Shared by all threads.
pub(crate) struct Hold {
    options: HoldOptions,
    state: Mutex<State>,
    signals: Signals,
    is_open: AtomicBool,
}

/// Entries of this rank are notes of a rule for itself: no span waits for them
/// (`rule.wit`, `producer.rank`).
const NOTE_RANK: u8 = 255;

impl Hold {
    /// `None` when nothing is to be held.
    pub(crate) fn new(options: HoldOptions) -> Option<Arc<Self>> {
        (!options.time.is_zero()).then(|| {
            Arc::new(Self {
                options,
                state: Mutex::default(),
                signals: Signals::new(),
                is_open: AtomicBool::new(true),
            })
        })
    }

    /// Of spans that come now, of a scope where there are some.
    pub(crate) fn terms(&self, options: &ProcessOptions, room: Option<&Arc<Room>>) -> Terms {
        const LONGEST: Duration = Duration::from_hours(24 * 365);
        let time = self.options.time.min(LONGEST);
        let time = options.hold_at_most.map_or(time, |most| most.min(time));
        Terms::All(Term {
            deadline: options.now.checked_add(time).unwrap_or(options.now),
            tries: 0,
            acknowledgement: options.acknowledgement.clone(),
            room: room.cloned(),
        })
    }

    /// What is remembered from here on will be seen by [`Self::keep`].
    pub(crate) fn begin(&self) -> u64 {
        self.signals.now()
    }

    /// Spans may be deferred.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Holds spans that were deferred by rules that were asked after `since`,
    /// [`Self::begin`]; they came at `arrived`, or were held before. Those that
    /// have to go for it, or are not worth to be held, are given back.
    pub(crate) fn keep(&self, held: Vec<Held>, since: u64, arrived: Option<Instant>) -> Vec<Held> {
        if held.is_empty() {
            return Vec::new();
        }
        let mut surplus = Vec::new();
        let (before, after) = {
            let mut state = self.state.lock();
            let before = next(&state);
            for held in held {
                let hopeless = arrived
                    .is_some_and(|now| !state.has_hope(&held, self.options.give_up_after, now));
                if hopeless {
                    surplus.push(held);
                    continue;
                }
                state.count_in(arrived.is_none());
                state.insert(held, &self.signals, since);
                surplus.append(&mut state.take_surplus(&self.options, &self.signals));
            }
            (before, next(&state))
        };
        self.tell_if_sooner(before, after);
        surplus
    }

    /// Producers of a scope were remembered.
    pub(crate) fn remembered(&self, producers: &[Producer], scope: Option<Scope>) {
        if producers.is_empty() {
            return;
        }
        let sends = producers
            .iter()
            .filter(|producer| producer.rank < NOTE_RANK);
        self.came(sends.map(|producer| self.signals.key_of(producer.key, scope)));
    }

    /// Producers are known that other programs have remembered.
    pub(crate) fn known_elsewhere(&self, keys: &[(Option<Scope>, MessageKey)]) {
        let keys = keys.iter();
        self.came(keys.map(|(scope, key)| self.signals.key_of(*key, *scope)));
    }

    /// What is waited for.
    pub(crate) fn awaited(&self) -> Vec<(Option<Scope>, MessageKey)> {
        self.state.lock().awaited()
    }

    fn came(&self, keys: impl Iterator<Item = MessageKey> + Clone) {
        let awaited = self.signals.remembered(keys);
        if awaited.is_empty() {
            return;
        }
        let (before, after) = {
            let mut state = self.state.lock();
            let before = next(&state);
            for key in awaited {
                state.wake(key, &self.signals);
            }
            (before, next(&state))
        };
        self.tell_if_sooner(before, after);
    }

    /// Takes what is to be released now.
    pub(crate) fn take(&self, now: Instant) -> (Vec<Held>, Vec<Held>) {
        let Released { again, last } = self.state.lock().take(now, &self.signals);
        (again, last)
    }

    /// Takes all, and holds nothing any more.
    pub(crate) fn close(&self) -> Vec<Held> {
        // Those that are on their way here are given back by `keep`.
        self.is_open.store(false, Ordering::Relaxed);
        self.state.lock().close(&self.signals)
    }

    pub(crate) fn next_release(&self) -> Option<Instant> {
        match next(&self.state.lock()) {
            Next::Now => Some(Instant::FIRST),
            Next::At(then) => Some(then),
            Next::Never => None,
        }
    }

    pub(crate) fn stats(&self) -> HoldStats {
        self.state.lock().stats()
    }

    /// Outside of the lock: whoever is told may ask.
    fn tell_if_sooner(&self, before: Next, after: Next) {
        if after < before
            && let Some(tell) = &self.options.on_sooner
        {
            tell();
        }
    }
}

/// When there is something to release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Now,
    At(Instant),
    Never,
}

fn next(state: &State) -> Next {
    if state.is_ready() {
        return Next::Now;
    }
    state.first_deadline().map_or(Next::Never, Next::At)
}
