//! Spans that wait for their producers.
//!
//! A consumer often arrives before its producer: batch span processors wait
//! five seconds, each for itself. A rule may *defer* such a span. It is taken
//! out of its batch then, kept here, and shown to the rule again when one of
//! the keys that it waits for is remembered, or when its time is up, the last
//! time. Whatever happens, each span that is held goes out again exactly once.
//!
//! # Layout
//!
//! | module | what it does |
//! |---|---|
//! | `cut` | taking spans out of a batch |
//! | `state` | the spans that are held, by time and by key |
//! | `shares` | what those of each scope take |
//! | `term` | how long, and how often, a span is tried |
//! | `hope` | services whose producers never come |
//! | `signals` | which keys are waited for, and were remembered of late |
//! | `index` | tells of the producers that are remembered |
//! | `batches` | making batches of held spans |

mod batches;
mod cut;
mod hope;
mod index;
mod shares;
mod signals;
mod state;
mod term;

pub(crate) use batches::{Batches, HeldBatch, copy};
pub(crate) use cut::places;
pub(crate) use state::Held;
pub(crate) use term::{Term, Terms};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Instant;

use parking_lot::Mutex;

use crate::index::{MessageIndex, MessageKey, Producer, Room};
use crate::options::ProcessOptions;
use crate::scope::Scope;
use index::WakingIndex;
use signals::Signals;
use state::{State, Taken};

/// Bounds of the spans that are held, see
/// `ProcessorBuilder::hold`.
#[derive(Clone)]
pub struct HoldOptions {
    /// How long a span is held at most. Zero: none is held at all. Default: 6
    /// seconds, more than the 5 that batch span processors wait.
    pub time: Duration,
    /// How many spans are held at most. Default: 20,000.
    pub max_spans: usize,
    /// How much memory held spans take at most: their bytes, those of their
    /// resources and scopes, their keys, and what the host needs to find them.
    /// Default: 64 MiB.
    pub max_bytes: usize,
    /// How many spans of one resource may be held in vain, one after the other;
    /// then its spans are not held any more but for one each 30 seconds, until a
    /// producer comes in time again. 0: any number. Default: 0.
    pub give_up_after: usize,
    /// Called whenever [`Processor::next_release`](crate::Processor::next_release)
    /// has become sooner: a held span is ready, or a span is held where none
    /// was. It is called in the middle of a batch, by the thread that processes
    /// it: wake the thread that releases spans, and do nothing else. Default:
    /// nobody is told.
    pub on_sooner: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Default for HoldOptions {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(6),
            max_spans: 20_000,
            max_bytes: 64 << 20,
            give_up_after: 0,
            on_sooner: None,
        }
    }
}

impl fmt::Debug for HoldOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HoldOptions")
            .field("time", &self.time)
            .field("max_spans", &self.max_spans)
            .field("max_bytes", &self.max_bytes)
            .field("give_up_after", &self.give_up_after)
            .field("on_sooner", &self.on_sooner.is_some())
            .finish()
    }
}

/// What is held, and what became of what was.
///
/// `held_total = held + released_ready + released_due + released_overflow +
/// released_drained`, but for spans that are with a rule at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldStats {
    /// Spans held now.
    pub held: usize,
    /// What they take, as [`HoldOptions::max_bytes`] counts.
    pub bytes: usize,
    /// Spans that were held, each once however often it was deferred.
    pub held_total: u64,
    /// Spans that went because a producer that they waited for was remembered.
    pub released_ready: u64,
    /// Spans that went because their time was up.
    pub released_due: u64,
    /// Spans that went because there was no room.
    pub released_overflow: u64,
    /// Spans that were not held, since many before them were held in vain: see
    /// [`HoldOptions::give_up_after`]. They are not in `held_total`.
    pub given_up: u64,
    /// Spans that went because of [`Processor::drain`](crate::Processor::drain).
    pub released_drained: u64,
}

/// The spans that are held. Shared by all threads.
pub(crate) struct Hold {
    options: HoldOptions,
    state: Mutex<State>,
    signals: Signals,
    is_open: AtomicBool,
}

/// A span that is to be taken out of a batch.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// Among all spans of the batch.
    pub(crate) place: usize,
    pub(crate) links: u64,
    /// What it waits for.
    pub(crate) keys: Box<[MessageKey]>,
}

/// Takes spans, which are in their order, out of a batch for a rule: what is
/// left of the batch, and the spans.
pub(crate) fn take_out(
    batch: &[u8],
    rule: usize,
    leaving: Vec<Leaving>,
    terms: &mut Terms,
) -> (Vec<u8>, Vec<Held>) {
    let places: Vec<usize> = leaving.iter().map(|leaving| leaving.place).collect();
    let (rest, pieces) = cut::cut(batch, &places);
    let terms = terms.take(&places);
    let held = pieces.into_iter().zip(leaving).zip(terms);
    let held = held.map(|((piece, leaving), term)| Held {
        rule,
        term,
        piece,
        links: leaving.links,
        keys: leaving.keys,
    });
    (rest, held.collect())
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

    /// An index that tells of what it is given to remember.
    pub(crate) fn watch(
        self: &Arc<Self>,
        index: Arc<dyn MessageIndex>,
        scope: Option<Scope>,
    ) -> Arc<dyn MessageIndex> {
        Arc::new(WakingIndex {
            index,
            hold: Arc::clone(self),
            scope,
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
        let Taken { again, last } = self.state.lock().take(now, &self.signals);
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
