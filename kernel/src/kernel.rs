//! What the exports of the module do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use linkmend_core::index::{
    Bounded, MOST_ENTRIES, MemoryIndex, MessageIndex, SharedIndex, message_key,
};
use linkmend_core::interface::{IndexError, Recalled, World};
use linkmend_core::{
    Asked, Counts, Instant, LoadedRule, Mended, OnError, ProcessError, ProcessOptions, Processor,
    ProcessorOptions, Releasing,
};

use crate::host::{Host, HostClock};
use crate::numbers::{self, Numbers};
use crate::options::{Options, RuleOptions};
use crate::rules::{HostedRule, Running};
use crate::store::HostStore;
use crate::{answer, report};

/// A processor whose rules the host runs.
pub struct Kernel {
    host: Arc<dyn Host>,
    processor: Processor,
    index: Arc<MemoryIndex<HostClock>>,
    /// Where the host shares one with others.
    store: Option<Arc<HostStore>>,
    running: Running,
    totals: Mutex<Counts>,
    /// Held spans on their way out.
    releasing: Mutex<Option<Releasing>>,
    /// From now on nothing is held.
    is_draining: Mutex<bool>,
}

impl Kernel {
    /// One that is configured with this JSON: `configure`.
    ///
    /// # Errors
    ///
    /// When it is not what is expected, with the place in it.
    pub fn new(host: Arc<dyn Host>, options: &[u8]) -> Result<Self, String> {
        let options: Options =
            serde_json::from_slice(options).map_err(|error| format!("the options: {error}"))?;
        let clock = HostClock(Arc::clone(&host));
        let index = Arc::new(MemoryIndex::with_clock(options.index(), clock.clone()));
        let store = options
            .store
            .then(|| Arc::new(HostStore::new(Arc::clone(&host))));
        let shared: Arc<dyn MessageIndex> = match &store {
            Some(store) => {
                let store = Arc::<HostStore>::clone(store);
                Arc::new(SharedIndex::new(Arc::clone(&index), store))
            }
            None => Arc::<MemoryIndex<HostClock>>::clone(&index),
        };
        let running = Running::default();
        let rules = (0..).zip(&options.rules);
        let rules = rules
            .map(|(number, rule)| loaded(&host, number, rule, &running))
            .collect();
        let processor = ProcessorOptions {
            clock: Arc::new(clock),
            index: shared,
            scoping: None,
            hold: options.hold(),
            count_systems: options.count_systems,
        };
        Ok(Self {
            host,
            processor: Processor::new(processor, rules),
            index,
            store,
            running,
            totals: Mutex::default(),
            releasing: Mutex::default(),
            is_draining: Mutex::default(),
        })
    }

    /// Mends a batch that came then: `process`.
    pub fn process(&self, batch: Vec<u8>, now: Duration) -> Vec<u8> {
        let batch = Bytes::from(batch);
        let mut options = ProcessOptions::at(Instant::after_start(now));
        options.tell_changes = true;
        match self.processor.process(batch, &options) {
            Ok(mended) => {
                self.count(&mended);
                answer::of_mended(&mended)
            }
            Err(error @ ProcessError::Rejected(_)) => answer::rejected(&error.to_string()),
            Err(error) => answer::malformed(&error.to_string()),
        }
    }

    /// The next batch of held spans that are to go on: `release`. `None` when there is none.
    pub fn release(&self, now: Duration) -> Option<Bytes> {
        self.next(|processor| processor.releasing(Instant::after_start(now)))
    }

    /// The next batch of all that is held: `drain`. `None` when nothing is.
    pub fn drain(&self) -> Option<Bytes> {
        let mut is_draining = guard(&self.is_draining);
        if !*is_draining {
            // What was on its way out goes first.
            let rest = self.next(|_| Releasing::none());
            if rest.is_some() {
                return rest;
            }
            *is_draining = true;
            *guard(&self.releasing) = Some(self.processor.draining());
        }
        drop(is_draining);
        self.next(|_| Releasing::none())
    }

    /// When `release` has something: nanoseconds since the host began.
    pub fn next_release(&self) -> u64 {
        let next = self.processor.next_release();
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        next.map_or(u64::MAX, |next| next.since_start().map_or(0, nanos))
    }

    /// Figures, as JSON: `counts`.
    pub fn counts(&self) -> Vec<u8> {
        let lookups = self.store.as_ref().map(|store| store.lookups());
        let totals = guard(&self.totals);
        report::counts(&self.processor, &totals, self.index.stats(), lookups)
    }

    /// Why spans are or are not mended, as JSON: `explain`. `asked`: `all`, and ids of spans
    /// and traces in hex, one a line. What the batch says of messages is remembered; it is
    /// mended nowhere.
    ///
    /// # Errors
    ///
    /// When that cannot be read, or the batch cannot.
    pub fn explain(&self, batch: Vec<u8>, asked: &[u8]) -> Result<Vec<u8>, String> {
        let text = std::str::from_utf8(asked).map_err(|error| error.to_string())?;
        let mut asked = Asked::default();
        for line in text.lines() {
            asked.add(line).map_err(|error| error.to_string())?;
        }
        let batch = Bytes::from(batch);
        let remembered = self.processor.remember(batch.clone());
        let explained = remembered.and_then(|_| self.processor.explain(batch, &asked));
        let explained = explained.map_err(|error| error.to_string())?;
        Ok(report::explanations(&explained.explanations))
    }

    /// The rule that runs remembers producers: `index_remember`.
    pub fn index_remember(&self, producers: &[u8], texts: &[u8]) -> u32 {
        let remembered = self.of_running(producers.len() / numbers::OF_PRODUCER, |index| {
            let producers = numbers::producers(producers).ok_or(IndexError::Malformed)?;
            index.remember(&producers, texts)
        });
        status(remembered.err())
    }

    /// The rule that runs looks keys up: `index_recall`.
    pub fn index_recall(&self, keys: &[u8]) -> Vec<u8> {
        let recalled = self.of_running(keys.len() / numbers::OF_KEY_BEFORE, |index| {
            let keys = numbers::keys_before(keys).ok_or(IndexError::Malformed)?;
            let any_time = numbers::are_of_any_time(&keys);
            let (keys, before): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
            if any_time {
                index.recall(&keys)
            } else {
                index.recall_before(&keys, &before)
            }
        });
        match recalled {
            Ok(recalled) => put_recalled(&recalled),
            Err(error) => put_lengths(status(Some(error)), &[0; 3]),
        }
    }

    /// The keys of messages: `index_hash`.
    pub fn index_hash(messages: &[u8]) -> Vec<u8> {
        let mut rest = Numbers(messages);
        let (mut out, mut buffer) = (Vec::new(), Vec::new());
        while !rest.0.is_empty() {
            let count = rest.u32() as usize;
            let mut parts = Vec::new();
            while parts.len() < count && !rest.0.is_empty() {
                let length = rest.u32() as usize;
                let text = rest.0.get(..length).unwrap_or(rest.0);
                parts.push(String::from_utf8_lossy(text).into_owned());
                rest.skip(length);
            }
            numbers::put_key(&mut out, message_key(&parts, &mut buffer));
        }
        out
    }

    /// The keys that held spans wait for: `awaited`.
    pub fn awaited(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (_, key) in self.processor.awaited() {
            numbers::put_key(&mut out, key);
        }
        out
    }

    /// Another program has remembered producers of these keys: `wake`.
    pub fn wake(&self, keys: &[u8]) {
        let keys = numbers::keys(keys).unwrap_or_default();
        let keys: Vec<_> = keys.into_iter().map(|key| (None, key)).collect();
        self.processor.wake(&keys);
    }

    /// The next batch that has something in it of those that are on their way out; where none
    /// are, of what is to go on now.
    fn next(&self, begin: impl FnOnce(&Processor) -> Releasing) -> Option<Bytes> {
        let mut releasing = guard(&self.releasing);
        let queue = releasing.get_or_insert_with(|| begin(&self.processor));
        while let Some(mended) = queue.next(&self.processor) {
            self.count(&mended);
            if let Some(traces) = mended.traces.filter(|_| !mended.is_dropped) {
                return Some(traces);
            }
        }
        *releasing = None;
        None
    }

    /// Adds to the totals what was done, and tells of faults.
    fn count(&self, mended: &Mended) {
        let mut totals = guard(&self.totals);
        *totals += &mended.counts;
        for overflow in &mended.overflow {
            *totals += &overflow.counts;
        }
        drop(totals);
        let overflow = mended.overflow.iter().flat_map(|mended| &mended.faults);
        for fault in mended.faults.iter().chain(overflow) {
            self.host.log(WARN, &fault.to_string());
        }
    }

    /// Asks the index of the rule that runs, for so many entries at most.
    fn of_running<T>(
        &self,
        entries: usize,
        ask: impl FnOnce(Bounded<'_>) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        if entries > MOST_ENTRIES {
            return Err(IndexError::TooMany);
        }
        match self.running.index() {
            Some((index, most_recalled)) => ask(Bounded {
                index: &*index,
                most_recalled,
                // The host says so by itself: the store is its own.
                away: || (),
            }),
            None => Err(IndexError::Unavailable),
        }
    }
}

const WARN: u32 = 4;

/// A rule of the host, as a processor takes it.
fn loaded(
    host: &Arc<dyn Host>,
    number: u32,
    options: &RuleOptions,
    running: &Running,
) -> LoadedRule {
    let limits = options.limits();
    let rule = HostedRule {
        host: Arc::clone(host),
        number,
        limits,
        reads: options.reads().map(Arc::new),
        running: running.clone(),
    };
    let on_error: OnError = options.on_error();
    let make = Box::new(move || rule.instance());
    let loaded = LoadedRule::new(options.about(), options.plan(), limits, on_error, make);
    match options.world() {
        World::Field => loaded.of_fields(),
        World::Batch | World::Span => loaded,
    }
}

fn put_recalled(recalled: &Recalled) -> Vec<u8> {
    let producers = recalled.producers.len() * numbers::OF_PRODUCER;
    let lengths = [recalled.counts.len(), producers, recalled.texts.len()];
    let mut out = put_lengths(0, &lengths);
    out.reserve(lengths.iter().sum());
    out.extend_from_slice(&recalled.counts);
    for producer in &recalled.producers {
        numbers::put_producer(&mut out, producer);
    }
    out.extend_from_slice(&recalled.texts);
    out
}

fn put_lengths(status: u32, lengths: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 + lengths.len() * 4);
    numbers::put_u32(&mut out, status);
    for length in lengths {
        numbers::put_u32(&mut out, *length as u32);
    }
    out
}

fn status(error: Option<IndexError>) -> u32 {
    match error {
        None => 0,
        Some(IndexError::Malformed) => 1,
        Some(IndexError::TooMany) => 2,
        Some(IndexError::Unavailable) => 3,
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel")
            .field("host", &self.host)
            .field("processor", &self.processor)
            .finish_non_exhaustive()
    }
}
